//! Rows of numbers as the kernels take them: scaled, centred, 64 rows side by side.
//!
//! **Scaling** (`DEFINITIONS` section 4, [`Scaling`]): in f64, rounded to f32 once. Centred even without scaling: sums of products of
//! numbers far from zero have nothing left of their differences.
//!
//! **Missing.** NaN is an unknown number: it drops out of distances and means. A row that knows nothing belongs to no cluster.
//!
//! **Held or read.** Rows stay in memory, or are read from a [`Source`] and scaled again in every pass, [`CHUNK`] of them at a time in
//! each thread; no result depends on it. Of a row that is read, 8 bytes stay: its norm and its weight.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use earprint_lanes::{Line, Width, widest};

use super::KMeansError;
use super::part::{Part, at};
use super::scaling::{Look, Scaled, Scaling, exp2, exponent};
use super::short::ShortRows;
use super::source::{Input, Matrix, Number, Source, Stream};

/// Rows of a block, which a kernel takes at once: value `(r, j)` of block `b` is at `(b * d + j) * BLOCK + r`. Four vectors of the
/// widest lanes, and one stream of memory.
pub const BLOCK: usize = 64;

/// Rows of a partial sum in f64, whatever the number of threads.
pub(super) const CHUNK: usize = 64 * BLOCK;

/// `n` rows of `d` numbers, ready to be clustered.
pub struct Rows {
    pub(super) n: usize,
    pub(super) d: usize,
    held: Held,
    /// The same in integers, once they are asked for.
    short: OnceLock<Option<ShortRows>>,
    /// Not below the norm of a row; infinite where a number is missing, so that no shortcut takes the row.
    pub(super) norms: Vec<f32>,
    /// The largest of the finite norms.
    pub(super) reach: f32,
    /// 0: belongs to no cluster.
    pub(super) weights: Vec<u32>,
    /// Unknown columns of rows that have some.
    pub(super) missing: BTreeMap<usize, Vec<usize>>,
    scaled: Scaled,
    /// Powers of two that turn scaled values into integers whose weighted sum fits i64.
    pub(super) quanta: Vec<f64>,
}

enum Held {
    /// Whole blocks, zeros where a number is missing and past the last row.
    Here(Vec<Line>),
    There {
        source: Box<dyn Source>,
        /// Why it could not be read, the first time.
        fault: OnceLock<String>,
    },
}

/// Memory for rows that are read.
#[derive(Default)]
pub(super) struct Room {
    values: Vec<f32>,
    lines: Vec<Line>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let held = matches!(self.held, Held::Here(_));
        f.debug_struct("Rows").field("n", &self.n).field("d", &self.d).field("held", &held).finish_non_exhaustive()
    }
}

impl Rows {
    /// Takes `values`, `(n, d)` row-major, and how often each row counts (once where there are no weights).
    ///
    /// # Errors
    /// `Shape` if the counts disagree or are nothing, `Infinite` for a value that is no number and not missing either, `Range` where a column's variance is beyond f64,
    /// `Weights` if all are 0 or they sum up to more than 2^40.
    pub fn new<T: Copy + Into<f64>>(
        values: &[T],
        d: usize,
        weights: Option<&[u32]>,
        scaling: Scaling,
    ) -> Result<Self, KMeansError> {
        let n = values.len().checked_div(d).unwrap_or(0);
        if n * d != values.len() {
            return Err(KMeansError::Shape { values: values.len(), d, weights: weights.map(<[u32]>::len) });
        }
        Self::take(n, d, &Matrix { values, d }, weights, scaling, true)
    }

    /// The same of a source, held in memory.
    ///
    /// # Errors
    /// As [`Rows::new`]; `Source` where they cannot be read.
    pub fn held(source: &dyn Source, weights: Option<&[u32]>, scaling: Scaling) -> Result<Self, KMeansError> {
        Self::take(source.rows(), source.columns(), &Stream(source), weights, scaling, true)
    }

    /// The same of rows that are read again in every pass. Equal in every number to rows held in memory.
    ///
    /// # Errors
    /// As [`Rows::new`]; `Source` where they cannot be read.
    pub fn streamed(source: Box<dyn Source>, weights: Option<&[u32]>, scaling: Scaling) -> Result<Self, KMeansError> {
        let (n, d) = (source.rows(), source.columns());
        let mut rows = Self::take(n, d, &Stream(&*source), weights, scaling, false)?;
        rows.held = Held::There { source, fault: OnceLock::new() };
        Ok(rows)
    }

    /// `hold`: keep the rows; otherwise the caller says where they are.
    fn take<T: Number>(
        n: usize,
        d: usize,
        input: &dyn Input<T>,
        weights: Option<&[u32]>,
        scaling: Scaling,
        hold: bool,
    ) -> Result<Self, KMeansError> {
        if n == 0 || d == 0 || weights.is_some_and(|w| w.len() != n) {
            return Err(KMeansError::Shape { values: n * d, d, weights: weights.map(<[u32]>::len) });
        }
        let mut weights = weights.map_or_else(|| vec![1; n], <[u32]>::to_vec);
        let mut missing = BTreeMap::new();
        let mut look = Look::new(d);
        input.each(&mut |first, values| {
            let here = first..first + values.len() / d;
            unknown(values, first, d, &mut weights[here.clone()], &mut missing)?;
            look.add(values, &weights[here]);
            Ok(())
        })?;
        let total: u64 = weights.iter().map(|&w| u64::from(w)).sum();
        if total == 0 || total > 1 << 40 {
            return Err(KMeansError::Weights { total });
        }
        let scaled = look.scaled(input, &weights, scaling)?;
        let mut norms = vec![0.0f32; n.next_multiple_of(BLOCK)];
        let mut lines = vec![Line::ZERO; if hold { norms.len() } else { CHUNK } * d / 16];
        input.each(&mut |first, values| {
            let blocks = (values.len() / d).div_ceil(BLOCK) * BLOCK;
            let to = &mut Line::values_mut(&mut lines)[if hold { first * d } else { 0 }..][..blocks * d];
            scaled.fill(values, &weights[first..], to);
            let norms = &mut norms[first..][..blocks];
            widest!(measure(to: &[f32], d: usize, norms: &mut [f32]));
            Ok(())
        })?;
        let reach = norms.iter().copied().fold(0.0, f32::max);
        missing.keys().for_each(|&row| norms[row] = f32::INFINITY);
        // At most 51 bits, so that f64 holds every integer exactly.
        let bits = 51.min(62 - (64 - total.leading_zeros() as i32));
        let quantum = |&m: &f64| if m > 0.0 { exp2(bits - 1 - exponent(m)) } else { 1.0 };
        let quanta = scaled.largest.iter().map(quantum).collect();
        Ok(Self {
            n,
            d,
            held: Held::Here(lines),
            short: OnceLock::new(),
            norms,
            reach,
            weights,
            missing,
            scaled,
            quanta,
        })
    }

    /// The first `n` rows that belong somewhere, or all of them, scaled as they are here.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        self.subset(&(0..self.n).filter(|&row| self.weights[row] > 0).take(n).collect::<Vec<_>>())
    }

    /// Some of the rows, scaled as they are here, in memory.
    pub(super) fn subset(&self, rows: &[usize]) -> Self {
        let d = self.d;
        let filled = rows.len().next_multiple_of(BLOCK);
        let mut lines = vec![Line::ZERO; filled * d / 16];
        let mut norms = vec![0.0; filled];
        let (values, mut missing) = (Line::values_mut(&mut lines), BTreeMap::new());
        let mut room = Room::default();
        for (to, &from) in rows.iter().enumerate() {
            let block = self.part(from / BLOCK * BLOCK, 1, &mut room);
            (0..d).for_each(|j| values[at(to, j, d)] = block.value(from, j));
            norms[to] = self.norms[from];
            if let Some(unknown) = self.missing.get(&from) {
                missing.insert(to, unknown.clone());
            }
        }
        Self {
            n: rows.len(),
            d,
            held: Held::Here(lines),
            short: OnceLock::new(),
            norms,
            weights: rows.iter().map(|&row| self.weights[row]).collect(),
            missing,
            scaled: self.scaled.clone(),
            reach: self.reach,
            // Fewer rows weigh no more.
            quanta: self.quanta.clone(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Never: there is at least one row.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Numbers of a row.
    pub fn columns(&self) -> usize {
        self.d
    }

    /// Whether rows that are read could be read whenever they were needed. If not, nothing computed since is worth anything.
    ///
    /// # Errors
    /// `Source` with the first reason.
    pub fn fault(&self) -> Result<(), KMeansError> {
        match &self.held {
            Held::There { fault, .. } => {
                fault.get().map_or(Ok(()), |why| Err(KMeansError::Source { why: why.clone() }))
            }
            Held::Here(_) => Ok(()),
        }
    }

    /// A row in the units of the input, the collection's middle for what is unknown.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> Vec<f64> {
        assert!(row < self.n, "row {row} of {}", self.n);
        self.in_units(&self.one(row))
    }

    /// A row, scaled, NaN where a number is unknown. Times [`Rows::unit`] it is in the units of the scaling.
    pub(crate) fn known(&self, row: usize) -> Vec<f64> {
        self.part(row / BLOCK * BLOCK, 1, &mut Room::default()).known(row)
    }

    /// What all scaled numbers are multiplied by in the units of the scaling, a power of two.
    pub(crate) fn unit(&self) -> f64 {
        self.scaled.unit
    }

    /// Square of what all scaled distances are multiplied by in the units of the scaling.
    pub(super) fn square_unit(&self) -> f64 {
        self.scaled.unit * self.scaled.unit
    }

    /// Centres in the units of the input, `(k, d)`, to scaled ones.
    pub fn scaled(&self, centres: &[f64]) -> Vec<f32> {
        let Scaled { shift, factor, .. } = &self.scaled;
        let scale = |(at, &c): (usize, &f64)| ((c - shift[at % self.d]) / factor[at % self.d]) as f32;
        centres.iter().enumerate().map(scale).collect()
    }

    /// The other way.
    pub(super) fn in_units(&self, centres: &[f32]) -> Vec<f64> {
        let Scaled { shift, factor, .. } = &self.scaled;
        let unit = |(at, &c): (usize, &f32)| f64::from(c) * factor[at % self.d] + shift[at % self.d];
        centres.iter().enumerate().map(unit).collect()
    }

    /// All blocks, if they are in memory.
    pub(super) fn blocks(&self) -> Option<&[f32]> {
        match &self.held {
            Held::Here(lines) => Some(Line::values(lines)),
            Held::There { .. } => None,
        }
    }

    /// The rows in integers, if they are in memory and `width` is faster with them: half as much memory again.
    pub(super) fn short(&self, width: Width) -> Option<&ShortRows> {
        let blocks = self.blocks().filter(|_| width.prefers_pairs())?;
        self.short.get_or_init(|| ShortRows::new(blocks, self.d)).as_ref()
    }

    /// A row, scaled; 0 for what is unknown.
    pub(super) fn one(&self, row: usize) -> Vec<f32> {
        let mut room = Room::default();
        let block = self.part(row / BLOCK * BLOCK, 1, &mut room);
        (0..self.d).map(|j| block.value(row, j)).collect()
    }

    /// `count` rows from `first` on, a multiple of [`BLOCK`], and those that fill their last block.
    pub(super) fn part<'a>(&'a self, first: usize, count: usize, room: &'a mut Room) -> Part<'a> {
        assert!(first.is_multiple_of(BLOCK), "whole blocks");
        let size = count.next_multiple_of(BLOCK) * self.d;
        let values = match &self.held {
            Held::Here(lines) => &Line::values(lines)[first * self.d..][..size],
            Held::There { source, fault } => {
                room.lines.resize((size / 16).max(room.lines.len()), Line::ZERO);
                room.values.resize(count.next_multiple_of(BLOCK).min(self.n - first) * self.d, 0.0);
                let to = &mut Line::values_mut(&mut room.lines)[..size];
                match source.read(first, &mut room.values) {
                    Ok(()) => self.scaled.fill(&room.values, &self.weights[first..], to),
                    Err(why) => {
                        // The run ends at its next question; until then any numbers do.
                        let _ = fault.set(why);
                        to.fill(0.0);
                    }
                }
                to
            }
        };
        Part { rows: self, first, values }
    }
}

impl Scaled {
    /// Whole blocks of `to` from rows `(…, d)`: zeros for what is unknown, what counts for nothing, and past the last row.
    fn fill<T: Number>(&self, values: &[T], weights: &[u32], to: &mut [f32]) {
        let columns = (self.shift.as_slice(), self.factor.as_slice());
        widest!(<T: Number> fill(columns: (&[f64], &[f64]), values: &[T], weights: &[u32], to: &mut [f32]));
    }
}

#[inline(always)]
fn fill<T: Number>((shift, factor): (&[f64], &[f64]), values: &[T], weights: &[u32], to: &mut [f32]) {
    let d = shift.len();
    let factor = &factor[..d];
    // Row by row first, as they lie: a division takes long, and neighbours share one instruction.
    let mut scaled = vec![0.0f32; BLOCK * d];
    let blocks = values.chunks(BLOCK * d).zip(weights.chunks(BLOCK)).zip(to.chunks_exact_mut(BLOCK * d));
    for ((values, weights), block) in blocks {
        let rows = values.len() / d;
        for ((to, values), &w) in scaled.chunks_exact_mut(d).zip(values.chunks_exact(d)).zip(weights) {
            for j in 0..d {
                let x = ((values[j].into() - shift[j]) / factor[j]) as f32;
                to[j] = if x.is_nan() { 0.0 } else { x };
            }
            if w == 0 {
                to.fill(0.0);
            }
        }
        scaled[rows * d..].fill(0.0);
        for (j, column) in block.chunks_exact_mut(BLOCK).enumerate() {
            for (r, x) in column.iter_mut().enumerate() {
                *x = scaled[r * d + j];
            }
        }
    }
}

/// Norms of the rows of whole blocks.
#[inline(always)]
fn measure(blocks: &[f32], d: usize, norms: &mut [f32]) {
    for (block, norms) in blocks.chunks_exact(BLOCK * d).zip(norms.chunks_exact_mut(BLOCK)) {
        let mut squares = [0.0f64; BLOCK];
        for column in block.chunks_exact(BLOCK) {
            for (square, &x) in squares.iter_mut().zip(column) {
                *square += f64::from(x) * f64::from(x);
            }
        }
        for (norm, square) in norms.iter_mut().zip(squares) {
            // A little more, for its own rounding.
            *norm = (square.sqrt() * (1.0 + 1e-6)) as f32;
        }
    }
}

#[inline(always)]
fn all_known<T: Number>(values: &[T]) -> bool {
    values.iter().fold(true, |all, &v| all & v.into().is_finite())
}

/// Notes the unknown numbers of rows from `first` on, and takes the weight of those that know nothing.
fn unknown<T: Number>(
    values: &[T],
    first: usize,
    d: usize,
    weights: &mut [u32],
    missing: &mut BTreeMap<usize, Vec<usize>>,
) -> Result<(), KMeansError> {
    if widest!(<T: Number> all_known(values: &[T]) -> bool) {
        return Ok(());
    }
    for (r, values) in values.chunks_exact(d).enumerate() {
        if all_known(values) {
            continue;
        }
        if let Some(column) = values.iter().position(|&v| v.into().is_infinite()) {
            return Err(KMeansError::Infinite { row: first + r, column });
        }
        let unknown: Vec<usize> = (0..d).filter(|&j| values[j].into().is_nan()).collect();
        if unknown.len() == d {
            weights[r] = 0;
        }
        missing.insert(first + r, unknown);
    }
    Ok(())
}

#[cfg(test)]
impl Rows {
    pub(super) fn value(&self, row: usize, j: usize) -> f32 {
        self.one(row)[j]
    }

    pub(super) fn distance(&self, row: usize, centre: &[f32]) -> f64 {
        self.part(row / BLOCK * BLOCK, 1, &mut Room::default()).distance(row, centre)
    }

    pub(super) fn nearest(&self, row: usize, centres: &[f32]) -> u32 {
        self.part(row / BLOCK * BLOCK, 1, &mut Room::default()).nearest(row, centres)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_scaled_by_what_is_known() {
        let values = [1.0, 10.0, 3.0, f32::NAN, 5.0, 10.0, f32::NAN, f32::NAN];
        let rows = Rows::new(&values, 2, None, Scaling::ZScore).unwrap();
        let deviation = (8.0f64 / 3.0).sqrt();
        let Scaled { shift, factor, unit, .. } = &rows.scaled;
        assert_eq!((*unit, shift[0], factor[0]), (2.0, 3.0, 2.0 * deviation));
        assert_eq!((shift[1], factor[1]), (10.0, 2.0)); // constant
        assert_eq!(rows.value(0, 0), (-1.0 / deviation) as f32);
        assert_eq!(rows.weights, [1, 1, 1, 0]);
        assert_eq!(rows.distance(1, &[1.0, 99.0]), 1.0);
        let back = rows.in_units(&rows.scaled(&[5.0, 11.0]));
        assert!((back[0] - 5.0).abs() < 1e-6 && back[1] == 11.0, "{back:?}");
    }

    /// Runs of rows that count once are added apart from those with weights: the sums are the same.
    #[test]
    fn rows_that_count_once_add_up_as_weighted_ones() {
        let mut values: Vec<f64> = (0..10_000).map(|i| f64::from(i % 977) * 0.1 + 1e6 * f64::from(i % 2)).collect();
        let once = Rows::new(&values, 2, None, Scaling::ZScore).unwrap().scaled;
        // A row that counts for nothing before every 500 others, so one in every run.
        let mut weights = Vec::new();
        for some in (0..10).rev() {
            values.splice(some * 1000..some * 1000, [5e8, -5e8]);
            weights.extend(std::iter::once(0).chain([1; 500]));
        }
        let weighted = Rows::new(&values, 2, Some(&weights), Scaling::ZScore).unwrap().scaled;
        assert_eq!((once.shift, once.factor, once.largest), (weighted.shift, weighted.factor, weighted.largest));
    }

    #[test]
    fn quartiles_of_weighted_values() {
        let of = |values: &[f64], weights: Option<&[u32]>| {
            let Scaled { shift, factor, unit, .. } = Rows::new(values, 1, weights, Scaling::Robust).unwrap().scaled;
            (shift[0], factor[0] / unit)
        };
        // 1 1 2 4 8: quartiles 1 and 4.
        assert_eq!(of(&[8.0, 1.0, 4.0, 2.0], Some(&[1, 2, 1, 1])), (2.0, 3.0));
        // Quartiles 1 and 1: the deviation.
        assert_eq!(of(&[1.0, 1.0, 1.0, 1.0, 6.0], None), (1.0, 2.0));
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        let code = |v: &[f64], d, w| Rows::new(v, d, w, Scaling::None).unwrap_err().code();
        assert_eq!(code(&[1.0, 2.0, 3.0], 2, None), "E_SHAPE");
        assert_eq!(code(&[], 2, None), "E_SHAPE");
        assert_eq!(code(&[1.0], 0, None), "E_SHAPE");
        assert_eq!(code(&[1.0, f64::INFINITY], 1, None), "E_NON_FINITE");
        assert_eq!(code(&[f64::NAN], 1, None), "E_WEIGHTS");
        assert_eq!(code(&[1.0], 1, Some(&[0])), "E_WEIGHTS");
        assert_eq!(code(&[1.0], 1, Some(&[1, 2])), "E_SHAPE");
    }
}
