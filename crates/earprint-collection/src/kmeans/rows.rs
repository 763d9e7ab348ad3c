//! Rows of numbers as the kernels take them: scaled, centred, 64 rows side by side.
//!
//! **Scaling** (`DEFINITIONS` section 4): every column less its mean (or median), over its population deviation (or the distance
//! between its quartiles), and all over one power of two that brings the largest number to 1 at most; in f64, rounded to f32 once. Centred even without scaling: sums of products of numbers far
//! from zero have nothing left of their differences. Statistics are weighted and over known values.
//!
//! **Missing.** NaN is an unknown number: it drops out of distances and means. A row that knows nothing belongs to no cluster.

use std::collections::BTreeMap;

use earprint_lanes::Line;

use super::KMeansError;

/// Rows of a block, which a kernel takes at once: value `(r, j)` of block `b` is at `(b * d + j) * BLOCK + r`. Four vectors of the
/// widest lanes, and one stream of memory.
pub const BLOCK: usize = 64;

/// Rows of a partial sum in f64, whatever the number of threads.
pub(super) const CHUNK: usize = 64 * BLOCK;

/// How columns are made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// Only centred.
    None,
    /// Less the mean, over the population deviation.
    #[default]
    ZScore,
    /// Less the median, over the interquartile range.
    Robust,
}

impl Scaling {
    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ZScore => "zscore",
            Self::Robust => "robust",
        }
    }
}

/// `n` rows of `d` numbers, ready to be clustered.
#[derive(Debug)]
pub struct Rows {
    pub(super) n: usize,
    pub(super) d: usize,
    /// Whole blocks, zeros where a number is missing and past the last row.
    lines: Vec<Line>,
    /// Not below the norm of a row; infinite where a number is missing, so that no shortcut takes the row.
    pub(super) norms: Vec<f32>,
    /// The largest of the finite norms.
    pub(super) reach: f32,
    /// 0: belongs to no cluster.
    pub(super) weights: Vec<u32>,
    /// Unknown columns of rows that have some.
    pub(super) missing: BTreeMap<usize, Vec<usize>>,
    /// In the units of the input: value = scaled * factor + shift.
    pub(super) shift: Vec<f64>,
    pub(super) factor: Vec<f64>,
    /// The power of two that is in every factor beside what was asked for.
    pub(super) unit: f64,
    /// Powers of two that turn scaled values into integers whose weighted sum fits i64.
    pub(super) quanta: Vec<f64>,
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
        if n == 0 || n * d != values.len() || weights.is_some_and(|w| w.len() != n) {
            return Err(KMeansError::Shape { values: values.len(), d, weights: weights.map(<[u32]>::len) });
        }
        let mut weights = weights.map_or_else(|| vec![1; n], <[u32]>::to_vec);
        let mut missing = BTreeMap::new();
        for (row, values) in values.chunks_exact(d).enumerate() {
            if values.iter().fold(true, |all, &v| all & v.into().is_finite()) {
                continue;
            }
            if let Some(column) = values.iter().position(|&v| v.into().is_infinite()) {
                return Err(KMeansError::Infinite { row, column });
            }
            let unknown: Vec<usize> = (0..d).filter(|&j| values[j].into().is_nan()).collect();
            if unknown.len() == d {
                weights[row] = 0;
            }
            missing.insert(row, unknown);
        }
        let total: u64 = weights.iter().map(|&w| u64::from(w)).sum();
        if total == 0 || total > 1 << 40 {
            return Err(KMeansError::Weights { total });
        }
        let (shift, mut factor): (Vec<f64>, Vec<f64>) = match scaling {
            Scaling::Robust => (0..d).map(|j| quartiles(values, d, j, &weights)).unzip(),
            _ => moments(values, d, &weights, scaling),
        };
        if let Some(column) = (0..d).find(|&j| !(shift[j].is_finite() && factor[j].is_finite())) {
            return Err(KMeansError::Range { column });
        }
        // In f64: what is scaled may be far beyond f32.
        let mut largest = vec![0.0f64; d];
        for (values, _) in values.chunks_exact(d).zip(&weights).filter(|(_, w)| **w > 0) {
            for (((largest, v), shift), factor) in largest.iter_mut().zip(values).zip(&shift).zip(&factor) {
                *largest = largest.max(((*v).into() - shift).abs() / factor);
            }
        }
        // All columns over one power of two, so that the largest number is at most 1 and no square leaves f32.
        let unit = exp2(exponent(largest.iter().copied().fold(f64::MIN_POSITIVE, f64::max)));
        factor.iter_mut().for_each(|factor| *factor *= unit);
        largest.iter_mut().for_each(|largest| *largest /= unit);
        let filled = n.next_multiple_of(BLOCK);
        let mut lines = vec![Line::ZERO; filled * d / 16];
        let mut norms = vec![0.0f32; filled];
        let mut reach = 0.0f32;
        let blocks = Line::values_mut(&mut lines).chunks_exact_mut(BLOCK * d).zip(norms.chunks_exact_mut(BLOCK));
        for ((values, weights), (block, norms)) in values.chunks(BLOCK * d).zip(weights.chunks(BLOCK)).zip(blocks) {
            let mut squares = [0.0f64; BLOCK];
            for (j, column) in block.chunks_exact_mut(BLOCK).enumerate() {
                let (shift, factor) = (shift[j], factor[j]);
                let values = values.iter().skip(j).step_by(d).zip(weights);
                for ((x, square), (&v, &w)) in column.iter_mut().zip(&mut squares).zip(values) {
                    let scaled = ((v.into() - shift) / factor) as f32;
                    // What is unknown, and what counts for nothing.
                    *x = if scaled.is_nan() || w == 0 { 0.0 } else { scaled };
                    *square += f64::from(*x) * f64::from(*x);
                }
            }
            for (norm, square) in norms.iter_mut().zip(squares) {
                // A little more, for its own rounding.
                *norm = (square.sqrt() * (1.0 + 1e-6)) as f32;
                reach = reach.max(*norm);
            }
        }
        missing.keys().for_each(|&row| norms[row] = f32::INFINITY);
        // At most 51 bits, so that f64 holds every integer exactly.
        let bits = 51.min(62 - (64 - total.leading_zeros() as i32));
        let quanta = largest.into_iter().map(|m| if m > 0.0 { exp2(bits - 1 - exponent(m)) } else { 1.0 }).collect();
        Ok(Self { n, d, lines, norms, reach, weights, missing, shift, factor, unit, quanta })
    }

    /// The first `n` rows that belong somewhere, or all of them, scaled as they are here.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        self.subset(&(0..self.n).filter(|&row| self.weights[row] > 0).take(n).collect::<Vec<_>>())
    }

    /// Some of the rows, scaled as they are here.
    pub(super) fn subset(&self, rows: &[usize]) -> Self {
        let d = self.d;
        let filled = rows.len().next_multiple_of(BLOCK);
        let mut lines = vec![Line::ZERO; filled * d / 16];
        let mut norms = vec![0.0; filled];
        let (values, mut missing) = (Line::values_mut(&mut lines), BTreeMap::new());
        for (to, &from) in rows.iter().enumerate() {
            (0..d).for_each(|j| values[at(to, j, d)] = self.value(from, j));
            norms[to] = self.norms[from];
            if let Some(unknown) = self.missing.get(&from) {
                missing.insert(to, unknown.clone());
            }
        }
        Self {
            n: rows.len(),
            d,
            lines,
            norms,
            weights: rows.iter().map(|&row| self.weights[row]).collect(),
            missing,
            shift: self.shift.clone(),
            factor: self.factor.clone(),
            unit: self.unit,
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

    /// A row in the units of the input, the collection's middle for what is unknown.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> Vec<f64> {
        assert!(row < self.n, "row {row} of {}", self.n);
        self.in_units(&(0..self.d).map(|j| self.value(row, j)).collect::<Vec<_>>())
    }

    /// Centres in the units of the input, `(k, d)`, to scaled ones.
    pub(super) fn scaled(&self, centres: &[f64]) -> Vec<f32> {
        let scale = |(at, &c): (usize, &f64)| ((c - self.shift[at % self.d]) / self.factor[at % self.d]) as f32;
        centres.iter().enumerate().map(scale).collect()
    }

    /// The other way.
    pub(super) fn in_units(&self, centres: &[f32]) -> Vec<f64> {
        let unit = |(at, &c): (usize, &f32)| f64::from(c) * self.factor[at % self.d] + self.shift[at % self.d];
        centres.iter().enumerate().map(unit).collect()
    }

    pub(super) fn blocks(&self) -> &[f32] {
        Line::values(&self.lines)
    }

    pub(super) fn value(&self, row: usize, j: usize) -> f32 {
        self.blocks()[at(row, j, self.d)]
    }

    /// The definition of nearness: the sum of squares over known columns, f64, columns ascending.
    pub(super) fn distance(&self, row: usize, centre: &[f32]) -> f64 {
        let square = |j: usize| {
            let t = f64::from(self.value(row, j)) - f64::from(centre[j]);
            t * t
        };
        match self.missing.get(&row) {
            None => (0..self.d).fold(0.0, |sum, j| sum + square(j)),
            Some(unknown) => (0..self.d).filter(|j| unknown.binary_search(j).is_err()).fold(0.0, |s, j| s + square(j)),
        }
    }

    /// The definition of a label: the nearest of `centres`, `(k, d)`, the first among equals.
    pub(super) fn nearest(&self, row: usize, centres: &[f32]) -> u32 {
        let mut best = (f64::INFINITY, 0);
        for (c, centre) in centres.chunks_exact(self.d).enumerate() {
            let distance = self.distance(row, centre);
            if distance < best.0 {
                best = (distance, c as u32);
            }
        }
        best.1
    }
}

fn at(row: usize, j: usize, d: usize) -> usize {
    (row / BLOCK * d + j) * BLOCK + row % BLOCK
}

/// The exponent of the power of two not below `m`.
fn exponent(m: f64) -> i32 {
    let bits = m.to_bits();
    // A subnormal m has a larger power of two above it than it needs: no harm.
    let floor = (bits >> 52 & 0x7ff) as i32 - 1023;
    if bits << 12 == 0 { floor } else { floor + 1 }
}

/// 2^e, for exponents of normal numbers.
fn exp2(e: i32) -> f64 {
    f64::from_bits(((e.clamp(-1000, 1000) + 1023) as u64) << 52)
}

/// What is taken off each column, and what it is then divided by: mean, and deviation or 1.
fn moments<T: Copy + Into<f64>>(values: &[T], d: usize, weights: &[u32], scaling: Scaling) -> (Vec<f64>, Vec<f64>) {
    let (mut count, mut mean, mut spread) = (vec![0.0f64; d], vec![0.0f64; d], vec![0.0f64; d]);
    for (values, &w) in values.chunks_exact(d).zip(weights) {
        let w = f64::from(w);
        for ((count, sum), &v) in count.iter_mut().zip(&mut mean).zip(values) {
            let v: f64 = v.into();
            let (v, w) = if v.is_nan() { (0.0, 0.0) } else { (v, w) };
            *count += w;
            *sum += w * v;
        }
    }
    mean.iter_mut().zip(&count).for_each(|(sum, &count)| *sum = if count > 0.0 { *sum / count } else { 0.0 });
    if scaling == Scaling::None {
        return (mean, vec![1.0; d]);
    }
    for (values, &w) in values.chunks_exact(d).zip(weights) {
        let w = f64::from(w);
        for ((sum, mean), &v) in spread.iter_mut().zip(&mean).zip(values) {
            let v: f64 = v.into();
            let t = if v.is_nan() { 0.0 } else { v - mean };
            *sum += w * (t * t);
        }
    }
    spread.iter_mut().zip(count).for_each(|(sum, count)| *sum = or_one((*sum / count).sqrt()));
    (mean, spread)
}

/// The same for quartiles: median, and the distance between the others; the deviation where that is 0, as where more than half of a
/// column are one value.
fn quartiles<T: Copy + Into<f64>>(values: &[T], d: usize, j: usize, weights: &[u32]) -> (f64, f64) {
    let column = values.iter().skip(j).step_by(d).map(|&v| v.into()).zip(weights);
    let mut sorted: Vec<(f64, u32)> = column.filter(|(v, w)| !v.is_nan() && **w > 0).map(|(v, &w)| (v, w)).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let [low, middle, high] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
    if high > low {
        return (middle, high - low);
    }
    let (values, weights): (Vec<f64>, Vec<u32>) = sorted.into_iter().unzip();
    let deviation = if values.is_empty() { 1.0 } else { moments(&values, 1, &weights, Scaling::ZScore).1[0] };
    (middle, deviation)
}

/// A column without spread stays as it is.
fn or_one(spread: f64) -> f64 {
    if spread > 0.0 { spread } else { 1.0 }
}

/// Of sorted values that count `weight` times each: linear between ranks, as NumPy's `percentile`.
fn quantile(sorted: &[(f64, u32)], share: f64) -> f64 {
    let total: u64 = sorted.iter().map(|v| u64::from(v.1)).sum();
    if total == 0 {
        return 0.0;
    }
    let rank = share * (total - 1) as f64;
    let value = |rank: u64| {
        let mut passed = 0;
        let here = sorted.iter().find(|v| {
            passed += u64::from(v.1);
            passed > rank
        });
        here.expect("a rank below the total").0
    };
    let (low, part) = (rank.floor() as u64, rank.fract());
    let low_value = value(low);
    if part > 0.0 { low_value + part * (value(low + 1) - low_value) } else { low_value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_scaled_by_what_is_known() {
        let values = [1.0, 10.0, 3.0, f32::NAN, 5.0, 10.0, f32::NAN, f32::NAN];
        let rows = Rows::new(&values, 2, None, Scaling::ZScore).unwrap();
        let deviation = (8.0f64 / 3.0).sqrt();
        assert_eq!((rows.unit, rows.shift[0], rows.factor[0]), (2.0, 3.0, 2.0 * deviation));
        assert_eq!((rows.shift[1], rows.factor[1]), (10.0, 2.0)); // constant
        assert_eq!(rows.value(0, 0), (-1.0 / deviation) as f32);
        assert_eq!(rows.weights, [1, 1, 1, 0]);
        assert_eq!(rows.distance(1, &[1.0, 99.0]), 1.0);
        let back = rows.in_units(&rows.scaled(&[5.0, 11.0]));
        assert!((back[0] - 5.0).abs() < 1e-6 && back[1] == 11.0, "{back:?}");
    }

    #[test]
    fn quartiles_of_weighted_values() {
        // 1 1 2 4 8: quartiles 1 and 4.
        let rows = Rows::new(&[8.0, 1.0, 4.0, 2.0], 1, Some(&[1, 2, 1, 1]), Scaling::Robust).unwrap();
        assert_eq!((rows.shift[0], rows.factor[0] / rows.unit), (2.0, 3.0));
        // Quartiles 1 and 1: the deviation.
        let rows = Rows::new(&[1.0, 1.0, 1.0, 1.0, 6.0], 1, None, Scaling::Robust).unwrap();
        assert_eq!((rows.shift[0], rows.factor[0] / rows.unit), (1.0, 2.0));
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

    #[test]
    fn powers_of_two() {
        for (m, e) in [(1.0, 0), (0.75, 0), (1.5, 1), (2.0, 1), (3.9, 2), (0.25, -2)] {
            assert_eq!(exponent(m), e, "{m}");
            assert!(exp2(e) >= m && exp2(e - 1) < m);
        }
    }
}
