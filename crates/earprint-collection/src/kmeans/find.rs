//! Every row's label in one pass: the fastest kernel first, and what it leaves in doubt by the next better one.
//!
//! Products of 16-bit integers ([`super::short`]), where rows have them; products of f32 ([`super::assign`]); the definition in f64
//! ([`Part::nearest`]), which decides the rest. Each is certain only of what the definition says, so the labels depend on none of them.

use earprint_lanes::{Line, Width};

use super::assign::{Centres, Nearest, nearest};
use super::device::CERTAIN;
use super::part::Part;
use super::rows::{BLOCK, CHUNK, Rows};
use super::short::{self, ShortCentres, ShortRows};

/// Products of a row with all centres from which on integers are used. With 8,192 they took 0.8 of the time of f32, with 1,600 (25
/// columns, 64 centres) 1.06, and memory of their own (decision 0019).
const WORTH_SHORT: usize = 4096;

/// Centres, for every kernel that may be asked.
pub(super) struct Asked<'a> {
    centres: &'a Centres,
    short: Option<(&'a ShortRows, ShortCentres)>,
    /// A device's words for all rows.
    found: Option<&'a [u32]>,
    width: Width,
}

impl<'a> Asked<'a> {
    pub fn new(rows: &'a Rows, centres: &'a Centres, found: Option<&'a [u32]>, width: Width) -> Self {
        let worth = found.is_none() && centres.k * rows.d >= WORTH_SHORT;
        let short = if worth { rows.short(width) } else { None };
        let short = short.map(|rows_in_short| (rows_in_short, ShortCentres::new(centres, rows.d, rows.reach)));
        Self { centres, short, found, width }
    }
}

/// One thread's way through some of the rows.
pub(super) struct Finder<'a> {
    asked: &'a Asked<'a>,
    rows: &'a Rows,
    out: Nearest,
    /// Rows that integers left in doubt, and a block for them.
    doubt: Vec<usize>,
    block: Vec<Line>,
    /// Rows that f32 left in doubt.
    open: Vec<usize>,
    /// Integers tell enough rows apart to be worth it.
    telling: bool,
}

impl<'a> Finder<'a> {
    pub fn new(rows: &'a Rows, asked: &'a Asked<'a>) -> Self {
        let out = Nearest { index: [0.0; BLOCK], certain: [0.0; BLOCK] };
        Self { asked, rows, out, doubt: Vec::new(), block: Vec::new(), open: Vec::new(), telling: true }
    }

    /// The labels of rows from `first` on, which `part` holds, [`CHUNK`] at most; those of rows that belong nowhere are any. Returns how many
    /// the definition had to decide.
    pub fn labels(&mut self, part: Part, first: usize, labels: &mut [u32]) -> u64 {
        assert!(labels.len() <= CHUNK);
        self.doubt.clear();
        self.open.clear();
        let asked = self.asked;
        match (asked.found, &asked.short) {
            (Some(found), _) => {
                for (label, (row, word)) in labels.iter_mut().zip((first..).zip(&found[first..])) {
                    *label = word & !CERTAIN;
                    if word & CERTAIN == 0 {
                        self.open.push(row);
                    }
                }
            }
            (None, Some((rows, centres))) if self.telling => {
                for (b, labels) in labels.chunks_mut(BLOCK).enumerate() {
                    let first = first + b * BLOCK;
                    let block = rows.block(first / BLOCK, &self.rows.norms[first..first + BLOCK]);
                    short::nearest(block, centres, asked.width, &mut self.out);
                    take(&self.out, first, labels, &mut self.doubt);
                }
                let Rows { weights, norms, .. } = self.rows;
                // A row that misses a number is certain in no kernel.
                self.open.extend(self.doubt.iter().filter(|&&row| norms[row].is_infinite()));
                self.doubt.retain(|&row| weights[row] > 0 && norms[row].is_finite());
                self.telling = 2 * self.doubt.len() <= labels.len();
                self.look_again(part, first, labels);
            }
            _ => {
                for (b, (block, labels)) in part.blocks().zip(labels.chunks_mut(BLOCK)).enumerate() {
                    nearest(block, asked.centres, asked.width, &mut self.out);
                    take(&self.out, first + b * BLOCK, labels, &mut self.open);
                }
            }
        }
        self.open.retain(|&row| self.rows.weights[row] > 0);
        for &row in &self.open {
            labels[row - first] = part.nearest(row, &asked.centres.plain);
        }
        self.open.len() as u64
    }

    /// Rows in doubt in f32, a block of them at a time.
    fn look_again(&mut self, part: Part, first: usize, labels: &mut [u32]) {
        let d = self.rows.d;
        self.block.resize(BLOCK * d / 16, Line::ZERO);
        let mut norms = [0.0f32; BLOCK];
        for some in self.doubt.chunks(BLOCK) {
            let values = Line::values_mut(&mut self.block);
            for (r, &row) in some.iter().enumerate() {
                (0..d).for_each(|j| values[j * BLOCK + r] = part.value(row, j));
                norms[r] = self.rows.norms[row];
            }
            nearest((values, &norms), self.asked.centres, self.asked.width, &mut self.out);
            for (r, &row) in some.iter().enumerate() {
                labels[row - first] = self.out.index[r] as u32;
                if self.out.certain[r] == 0.0 {
                    self.open.push(row);
                }
            }
        }
    }
}

/// The labels of a block, and its rows in doubt.
fn take(out: &Nearest, first: usize, labels: &mut [u32], doubt: &mut Vec<usize>) {
    // By way of i32, which has an instruction for many at once.
    labels.iter_mut().zip(&out.index).for_each(|(label, &index)| *label = index as i32 as u32);
    // Most blocks have none.
    if out.certain.contains(&0.0) {
        doubt.extend((0..labels.len()).filter(|&r| out.certain[r] == 0.0).map(|r| first + r));
    }
}
