//! Lloyd's iteration (S. P. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28, 1982), the same to the label everywhere.
//!
//! Labels are the definition's (see [`super::find`]). Sums are integers: every scaled value is rounded once to a multiple
//! of a power of two, at least 2^-41 of the column's largest for a million rows, and added exactly, so no order matters, and a row that changes its cluster
//! is taken off one sum and put on another without a trace. Only such rows cost anything after the first iteration. A
//! centre is the quotient in f64, rounded to f32.

use earprint_lanes::Width;

use super::assign::Centres;
use super::crew::{Alone, Crew};
use super::find::{Asked, Finder};
use super::part::Part;
use super::rows::{BLOCK, CHUNK, Room, Rows};
use super::scaling::round;

/// The label of a row that belongs nowhere (yet).
pub(super) const NONE: u32 = u32::MAX;

/// Sums of all rows with their labels.
#[derive(Debug, Clone)]
pub(super) struct Totals {
    /// `(k, d)`, in quanta.
    sums: Vec<i64>,
    /// Weight of each cluster.
    pub weights: Vec<i64>,
    /// Weight of the known values, `(k, d)`; empty where all are known.
    known: Vec<i64>,
    /// Rows whose label changed.
    pub changed: u64,
    /// Rows that the definition had to decide.
    pub rechecked: u64,
}

impl Totals {
    pub fn none(rows: &Rows, k: usize) -> Self {
        let known = if rows.missing.is_empty() { Vec::new() } else { vec![0; k * rows.d] };
        Self { sums: vec![0; k * rows.d], weights: vec![0; k], known, changed: 0, rechecked: 0 }
    }

    fn add(&mut self, other: &Self) {
        let plus = |a: &mut [i64], b: &[i64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        plus(&mut self.sums, &other.sums);
        plus(&mut self.weights, &other.weights);
        plus(&mut self.known, &other.known);
        self.changed += other.changed;
        self.rechecked += other.rechecked;
    }

    /// Takes row `row` from cluster `from`, or from none, to another one, `to`.
    fn move_row(&mut self, rows: &Rows, part: Part, row: usize, from: u32, to: u32) {
        let (d, weight) = (rows.d, i64::from(rows.weights[row]));
        let span = |label: u32| label as usize * d..(label as usize + 1) * d;
        let terms = part.row(row).zip(&rows.quanta).map(|(x, quantum)| weight * round(f64::from(*x) * quantum));
        if from == NONE {
            self.sums[span(to)].iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        } else {
            let [less, more] = self.sums.get_disjoint_mut([span(from), span(to)]).expect("two clusters");
            for ((less, more), term) in less.iter_mut().zip(more).zip(terms) {
                *less -= term;
                *more += term;
            }
        }
        for (label, weight) in [(from, -weight), (to, weight)].into_iter().filter(|(label, _)| *label != NONE) {
            self.weights[label as usize] += weight;
            if let Some(known) = self.known.get_mut(span(label)) {
                known.iter_mut().for_each(|known| *known += weight);
                rows.missing.get(&row).into_iter().flatten().for_each(|&j| known[j] -= weight);
            }
        }
    }

    /// Sum and weight of the known values of column `j` in cluster `c`, scaled.
    pub fn sum(&self, rows: &Rows, c: usize, j: usize) -> (f64, f64) {
        let at = c * rows.d + j;
        let count = self.known.get(at).copied().unwrap_or(self.weights[c]);
        (self.sums[at] as f64 / rows.quanta[j], count as f64)
    }

    /// The centres, `(k, d)`: 0, the collection's middle, where nothing is known. `before` stays where a cluster is empty.
    pub fn centres(&self, rows: &Rows, before: &[f32]) -> Vec<f32> {
        let centre = |(at, &sum): (usize, &i64)| {
            let (c, j) = (at / rows.d, at % rows.d);
            let count = self.known.get(at).copied().unwrap_or(self.weights[c]);
            match (self.weights[c], count) {
                (0, _) => before[at],
                (_, 0) => 0.0,
                _ => (sum as f64 / (rows.quanta[j] * count as f64)) as f32,
            }
        };
        self.sums.iter().enumerate().map(centre).collect()
    }
}

/// One pass: every row takes the label of its nearest centre, and `totals` follow. `found`: a device's words for all rows.
pub(super) fn assign<C: Crew>(
    rows: &Rows,
    centres: &Centres,
    found: Option<&[u32]>,
    labels: &mut [u32],
    totals: &mut Totals,
    crew: &C,
    width: Width,
) {
    (totals.changed, totals.rechecked) = (0, 0);
    // A few tasks for each thread: they need sums of their own.
    let tasks = if crew.size() == 1 { 1 } else { 4 * crew.size() };
    let share = labels.len().div_ceil(tasks).next_multiple_of(BLOCK);
    let mut parts: Vec<Option<Totals>> = vec![None; labels.len().div_ceil(share)];
    let asked = Asked::new(rows, centres, found, width);
    let tasks: Vec<_> = labels.chunks_mut(share).zip(&mut parts).enumerate().collect();
    crew.each(tasks, |(task, (labels, part))| {
        *part = Some(assign_some(rows, &asked, centres.k, task * share, labels));
    });
    parts.iter().flatten().for_each(|part| totals.add(part));
}

/// Rows from `first`, a multiple of [`BLOCK`].
fn assign_some(rows: &Rows, asked: &Asked, k: usize, first: usize, labels: &mut [u32]) -> Totals {
    let mut totals = Totals::none(rows, k);
    let (mut room, mut now) = (Room::default(), [0; CHUNK]);
    let mut finder = Finder::new(rows, asked);
    for (chunk, labels) in labels.chunks_mut(CHUNK).enumerate() {
        let first = first + chunk * CHUNK;
        let part = rows.part(first, labels.len(), &mut room);
        let now = &mut now[..labels.len()];
        totals.rechecked += finder.labels(part, first, now);
        for (row, (label, &now)) in (first..).zip(labels.iter_mut().zip(&*now)) {
            if now != *label && rows.weights[row] > 0 {
                totals.move_row(rows, part, row, *label, now);
                totals.changed += 1;
                *label = now;
            }
        }
    }
    totals
}

impl Rows {
    /// The label of every row under centres `(k, d)`; `None` for rows that know no number.
    pub(super) fn nearest_of_all(&self, centres: &[f32], width: Width) -> Vec<Option<u32>> {
        let centres = Centres::new(centres.to_vec(), self);
        let mut labels = vec![NONE; self.n];
        let mut totals = Totals::none(self, centres.k);
        assign(self, &centres, None, &mut labels, &mut totals, &Alone, width);
        labels.into_iter().map(|l| (l != NONE).then_some(l)).collect()
    }
}

/// Puts the centres of empty clusters where rows are farthest from their own: the farthest for the first, the lower row among equals.
/// Returns how many.
pub(super) fn reseed<C: Crew>(rows: &Rows, centres: &mut [f32], labels: &[u32], totals: &Totals, crew: &C) -> usize {
    let empty: Vec<usize> = (0..totals.weights.len()).filter(|&c| totals.weights[c] == 0).collect();
    if empty.is_empty() {
        return 0;
    }
    let own = distances(rows, centres, labels, crew);
    let mut far: Vec<usize> = (0..rows.n).filter(|&row| own[row] > 0.0).collect();
    far.sort_unstable_by(|&a, &b| own[b].total_cmp(&own[a]).then(a.cmp(&b)));
    let mut taken: Vec<Vec<f32>> = Vec::new();
    for row in far {
        if taken.len() == empty.len() {
            break;
        }
        let values = rows.one(row);
        // A copy of a row would leave its cluster empty again.
        if !taken.contains(&values) {
            centres[empty[taken.len()] * rows.d..][..rows.d].copy_from_slice(&values);
            taken.push(values);
        }
    }
    taken.len()
}

/// Squared distance of every row to its own centre; 0 without one.
fn distances<C: Crew>(rows: &Rows, centres: &[f32], labels: &[u32], crew: &C) -> Vec<f64> {
    let mut own = vec![0.0; rows.n];
    let tasks: Vec<_> = own.chunks_mut(CHUNK).zip(labels.chunks(CHUNK)).enumerate().collect();
    crew.each(tasks, |(chunk, (own, labels))| distances_of_chunk(rows, centres, chunk, labels, own));
    own
}

fn distances_of_chunk(rows: &Rows, centres: &[f32], chunk: usize, labels: &[u32], own: &mut [f64]) {
    let mut room = Room::default();
    let part = rows.part(chunk * CHUNK, labels.len(), &mut room);
    for (row, (own, &label)) in (chunk * CHUNK..).zip(own.iter_mut().zip(labels)) {
        if label != NONE {
            *own = part.distance(row, &centres[label as usize * rows.d..][..rows.d]);
        }
    }
}

/// The weighted sum of squared distances, scaled: of chunks in f64, and of their sums in order.
pub(super) fn inertia<C: Crew>(rows: &Rows, centres: &[f32], labels: &[u32], crew: &C) -> f64 {
    let mut sums = vec![0.0f64; labels.len().div_ceil(CHUNK)];
    let tasks: Vec<_> = labels.chunks(CHUNK).zip(&mut sums).enumerate().collect();
    crew.each(tasks, |(chunk, (labels, sum))| {
        let mut own = vec![0.0; labels.len()];
        distances_of_chunk(rows, centres, chunk, labels, &mut own);
        *sum = own.iter().zip(&rows.weights[chunk * CHUNK..]).map(|(d, &w)| d * f64::from(w)).sum();
    });
    let sum: f64 = sums.iter().sum();
    sum * rows.square_unit()
}
