//! How columns are made comparable: what is taken off them, and what they are divided by.
//!
//! Statistics are weighted and over known values. Sums are integers: every term is rounded once to a multiple of a power of two, 2^-50 of
//! the largest, and added exactly, so neither the order of rows matters nor whether a row comes twice or counts twice. What is
//! scaled is at most 1: the largest number of all columns gives a power of two that goes into every divisor, so no square
//! leaves f32.

use earprint_lanes::widest;

use super::KMeansError;
use super::source::{Input, Number};

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

/// Value = scaled * factor + shift.
#[derive(Debug, Clone)]
pub(super) struct Scaled {
    /// Taken off.
    pub shift: Vec<f64>,
    /// Divided by.
    pub factor: Vec<f64>,
    /// The power of two that is in every factor beside what was asked for.
    pub unit: f64,
    /// The largest scaled number of each column, at most 1.
    pub largest: Vec<f64>,
}

/// What one look at all rows tells of each column.
#[derive(Debug)]
pub(super) struct Look {
    /// Weight of the known values.
    count: Vec<f64>,
    /// Ends of the values that count.
    low: Vec<f64>,
    high: Vec<f64>,
}

/// Rows whose terms, each at most 2^50, are first added in i64.
const RUN: usize = 1024;

/// A sum of weighted terms that is the same in any order.
#[derive(Debug, Clone, Copy)]
struct Sum {
    quantum: f64,
    units: i128,
}

impl Sum {
    /// Of terms of `largest` at most.
    fn new(largest: f64) -> Self {
        Self { quantum: exp2(50 - exponent(largest.max(f64::MIN_POSITIVE))), units: 0 }
    }

    #[inline(always)]
    fn add(&mut self, term: f64, weight: u32) {
        self.units += i128::from(round(term * self.quantum)) * i128::from(weight);
    }

    /// The sum over `by`.
    fn over(self, by: f64) -> f64 {
        if by > 0.0 { self.units as f64 / by / self.quantum } else { 0.0 }
    }
}

/// To the nearest integer, halves to even; |x| below 2^51.
#[inline(always)]
pub(super) fn round(x: f64) -> i64 {
    // At this size the last bit of an f64 is 1.
    const ONES: f64 = 6_755_399_441_055_744.0;
    (x + ONES).to_bits() as i64 - ONES.to_bits() as i64
}

impl Look {
    pub fn new(d: usize) -> Self {
        Self { count: vec![0.0; d], low: vec![f64::INFINITY; d], high: vec![f64::NEG_INFINITY; d] }
    }

    /// Rows of finite numbers and NaN.
    pub fn add<T: Number>(&mut self, values: &[T], weights: &[u32]) {
        let look = self;
        widest!(<T: Number> look_at(look: &mut Look, values: &[T], weights: &[u32]));
    }

    /// Shift and factor of every column of `input`, at which this was the first look.
    pub fn scaled<T: Number>(
        self,
        input: &dyn Input<T>,
        weights: &[u32],
        scaling: Scaling,
    ) -> Result<Scaled, KMeansError> {
        let d = self.count.len();
        let (shift, mut factor) = match scaling {
            Scaling::Robust => {
                let columns: Result<Vec<(f64, f64)>, _> = (0..d).map(|j| quartiles(input, weights, j)).collect();
                columns?.into_iter().unzip()
            }
            Scaling::None => (self.means(input, weights, &vec![0.0; d], Power::First)?, vec![1.0; d]),
            Scaling::ZScore => {
                let means = self.means(input, weights, &vec![0.0; d], Power::First)?;
                let variances = self.means(input, weights, &means, Power::Second)?;
                (means, variances.into_iter().map(|variance| or_one(variance.sqrt())).collect())
            }
        };
        if let Some(column) = (0..d).find(|&j| !(shift[j].is_finite() && factor[j].is_finite())) {
            return Err(KMeansError::Range { column });
        }
        // In f64: what is scaled may be far beyond f32.
        let mut largest: Vec<f64> = (0..d).map(|j| self.largest(j, shift[j]) / factor[j]).collect();
        let unit = exp2(exponent(largest.iter().copied().fold(f64::MIN_POSITIVE, f64::max)));
        factor.iter_mut().for_each(|factor| *factor *= unit);
        largest.iter_mut().for_each(|largest| *largest /= unit);
        Ok(Scaled { shift, factor, unit, largest })
    }

    /// The largest |value - shift| of a column: taking off keeps the order of numbers, so it is an end's.
    fn largest(&self, j: usize, shift: f64) -> f64 {
        let ends = (self.low[j] - shift).abs().max((self.high[j] - shift).abs());
        if self.low[j] <= self.high[j] { ends } else { 0.0 }
    }

    /// The mean of a power of every known value less its column's `shift`: 0 where nothing is known.
    ///
    /// # Errors
    /// `Range` where a term is beyond f64, and what `input` returns.
    fn means<T: Number>(
        &self,
        input: &dyn Input<T>,
        weights: &[u32],
        shift: &[f64],
        power: Power,
    ) -> Result<Vec<f64>, KMeansError> {
        let d = shift.len();
        let largest: Vec<f64> = (0..d).map(|j| power.of(self.largest(j, shift[j]))).collect();
        // Sums of such terms would leave their integers.
        if let Some(column) = largest.iter().position(|l| l.is_infinite()) {
            return Err(KMeansError::Range { column });
        }
        let mut sums: Vec<Sum> = largest.iter().map(|&l| Sum::new(l)).collect();
        let quanta: Vec<f64> = sums.iter().map(|sum| sum.quantum).collect();
        let columns = (shift, quanta.as_slice());
        let mut units = vec![0i64; d];
        input.each(&mut |first, values| {
            for (values, weights) in values.chunks(RUN * d).zip(weights[first..].chunks(RUN)) {
                if weights.iter().all(|&w| w == 1) {
                    let units = units.as_mut_slice();
                    widest!(<T: Number> add_terms(values: &[T], columns: (&[f64], &[f64]), power: Power, units: &mut [i64]));
                    sums.iter_mut().zip(units).for_each(|(sum, units)| sum.units += i128::from(std::mem::take(units)));
                    continue;
                }
                for (values, &w) in values.chunks_exact(d).zip(weights) {
                    let terms = values.iter().zip(shift).map(|(&v, &shift)| power.term(v, shift));
                    sums.iter_mut().zip(terms).for_each(|(sum, term)| sum.add(term, w));
                }
            }
            Ok(())
        })?;
        Ok(sums.into_iter().zip(&self.count).map(|(sum, n)| sum.over(*n)).collect())
    }
}

/// What a mean is of.
#[derive(Debug, Clone, Copy)]
enum Power {
    First,
    Second,
}

impl Power {
    /// Grows with the size of `v`.
    #[inline(always)]
    fn of(self, v: f64) -> f64 {
        match self {
            Self::First => v,
            Self::Second => v * v,
        }
    }

    /// 0 for what is unknown.
    #[inline(always)]
    fn term<T: Number>(self, v: T, shift: f64) -> f64 {
        let v: f64 = v.into();
        if v.is_nan() { 0.0 } else { self.of(v - shift) }
    }
}

#[inline(always)]
fn look_at<T: Number>(look: &mut Look, values: &[T], weights: &[u32]) {
    let d = look.count.len();
    let (count, low, high) = (&mut look.count[..d], &mut look.low[..d], &mut look.high[..d]);
    for (values, &w) in values.chunks_exact(d).zip(weights).filter(|(_, w)| **w > 0) {
        let w = f64::from(w);
        for j in 0..d {
            let v: f64 = values[j].into();
            count[j] += if v.is_nan() { 0.0 } else { w };
            // Neither takes NaN.
            low[j] = if v < low[j] { v } else { low[j] };
            high[j] = if v > high[j] { v } else { high[j] };
        }
    }
}

/// Adds every row's terms, rounded to their columns' quanta: rows `(…, d)`, [`RUN`] at most.
#[inline(always)]
fn add_terms<T: Number>(values: &[T], (shift, quanta): (&[f64], &[f64]), power: Power, units: &mut [i64]) {
    let d = shift.len();
    let (quanta, units) = (&quanta[..d], &mut units[..d]);
    for values in values.chunks_exact(d) {
        for j in 0..d {
            units[j] += round(power.term(values[j], shift[j]) * quanta[j]);
        }
    }
}

/// Median of a column, and the distance between its other quartiles; the deviation where that is 0, as where more than half of a column
/// are one value.
fn quartiles<T: Number>(input: &dyn Input<T>, weights: &[u32], j: usize) -> Result<(f64, f64), KMeansError> {
    let mut sorted: Vec<(f64, u32)> = Vec::new();
    input.each(&mut |first, values| {
        let column = values.iter().skip(j).step_by(input.columns()).map(|&v| v.into()).zip(&weights[first..]);
        sorted.extend(column.filter(|(v, w)| !v.is_nan() && **w > 0).map(|(v, &w)| (v, w)));
        Ok(())
    })?;
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let [low, middle, high] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
    if high > low {
        return Ok((middle, high - low));
    }
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else { return Ok((middle, 1.0)) };
    let total: f64 = sorted.iter().map(|v| f64::from(v.1)).sum();
    let mean_of = |largest: f64, of: &dyn Fn(f64) -> f64| {
        let mut sum = Sum::new(largest);
        sorted.iter().for_each(|&(v, w)| sum.add(of(v), w));
        sum.over(total)
    };
    let mean = mean_of(first.0.abs().max(last.0.abs()), &|v| v);
    let largest = (first.0 - mean).abs().max((last.0 - mean).abs()).powi(2);
    if !largest.is_finite() {
        return Ok((middle, f64::INFINITY));
    }
    Ok((middle, or_one(mean_of(largest, &|v| (v - mean) * (v - mean)).sqrt())))
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

/// The exponent of the power of two not below `m`.
pub(super) fn exponent(m: f64) -> i32 {
    let bits = m.to_bits();
    // A subnormal m has a larger power of two above it than it needs: no harm.
    let floor = (bits >> 52 & 0x7ff) as i32 - 1023;
    if bits << 12 == 0 { floor } else { floor + 1 }
}

/// 2^e, for exponents of normal numbers.
pub(super) fn exp2(e: i32) -> f64 {
    f64::from_bits(((e.clamp(-1000, 1000) + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding in f64 would tell these orders apart: 0.1 has no end.
    #[test]
    fn sums_know_no_order() {
        let terms: Vec<(f64, u32)> = (0..1000).map(|i| (f64::from(i % 37) * 0.1 - 1.7, i % 5)).collect();
        let sum = |terms: &[(f64, u32)]| {
            let mut sum = Sum::new(2.0);
            terms.iter().for_each(|&(term, weight)| sum.add(term, weight));
            sum.over(7.0)
        };
        let repeated: Vec<(f64, u32)> =
            terms.iter().rev().flat_map(|&(t, w)| std::iter::repeat_n((t, 1), w as usize)).collect();
        assert_eq!(sum(&terms).to_bits(), sum(&repeated).to_bits());
        let plain: f64 = terms.iter().map(|&(t, w)| t * f64::from(w)).sum();
        assert!((sum(&terms) - plain / 7.0).abs() < 1e-9, "{} {plain}", sum(&terms));
    }

    #[test]
    fn powers_of_two() {
        for (m, e) in [(1.0, 0), (0.75, 0), (1.5, 1), (2.0, 1), (3.9, 2), (0.25, -2)] {
            assert_eq!(exponent(m), e, "{m}");
            assert!(exp2(e) >= m && exp2(e - 1) < m);
        }
    }
}
