//! The low-pass filter between two rates: how long it is, how it is stored, its coefficients.
//!
//! A sinc under a Kaiser window (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function",
//! IEEE ISCAS 1974), as one row of coefficients for every place an output instant can have between two input samples
//! (polyphase form: R. E. Crochiere, L. R. Rabiner, "Multirate Digital Signal Processing", 1983). Rates with a large common
//! divisor have few such places. For others rows stand at evenly spaced places, and what lies between is interpolated by a
//! cubic through four rows: memory is bounded for every pair of rates.
//!
//! Sine and square root come from `libm` and from IEEE 754, so that a filter has the same bits on every machine.

use std::f64::consts::PI;

use crate::error::AudioError;

/// Frequency of half amplitude, as a share of the lower Nyquist frequency. With the two numbers below: flat within
/// 0.00001 dB up to 0.9136 (0.01 dB are reached at 0.924), below -126 dB from 1.0 on. They are those of `soxr_hq`, which
/// librosa uses, fitted to its measured response (0.92 to 0.995: within 6e-7 of full scale).
const CUTOFF: f64 = 0.956872;
/// Half the length of the filter, in samples of the lower rate.
const HALF_LENGTH: f64 = 97.25;
/// Shape of the Kaiser window.
const BETA: f64 = 13.04;
/// Coefficients that are stored row by row without interpolation: 2 MiB. 768 kHz to 44.1 kHz are 1.9 MiB, 48 to 44.1 kHz 125 KiB.
const MAX_EXACT: usize = 1 << 19;
/// Rows in one period of the lower rate, where rows are interpolated. The cubic is then within
/// 9/16 / 4! * (pi / 128)^4 = 8.5e-9 of the filter, -161 dB.
const ROWS_PER_PERIOD: usize = 128;
/// Coefficients of a row are a multiple of this many.
pub(super) const LANES: usize = 8;

/// Sizes of a filter, known before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Output samples in one period of the pattern: `to / gcd`.
    pub phases: usize,
    /// Input samples in one period of the pattern: `from / gcd`.
    pub step: usize,
    /// Coefficients of one row: input samples that one output sample depends on.
    pub taps: usize,
    /// Rows from one input sample to the next; `None` where every phase has its own row.
    pub interpolated: Option<usize>,
}

impl Shape {
    /// For different rates above 0.
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        let divisor = gcd(from_hz, to_hz);
        let (phases, step) = ((to_hz / divisor) as usize, (from_hz / divisor) as usize);
        let reach = half_length(phases, step).ceil() as usize;
        let taps = (2 * reach).next_multiple_of(LANES);
        // Beside the rows between two samples, one before and two behind them.
        let rows = (ROWS_PER_PERIOD * phases).div_ceil(step.max(phases));
        if phases * taps <= MAX_EXACT || phases <= rows + 3 {
            return Self { phases, step, taps, interpolated: None };
        }
        // The rows besides reach two samples further.
        Self { phases, step, taps: (2 * reach + 4).next_multiple_of(LANES), interpolated: Some(rows) }
    }

    /// Rows that are stored.
    fn rows(&self) -> usize {
        self.interpolated.map_or(self.phases, |rows| rows + 3)
    }

    /// Memory of the coefficients.
    pub fn bytes(&self) -> u64 {
        (self.rows() * self.taps * size_of::<f32>()) as u64
    }
}

/// A filter's coefficients, shared by all channels of a source.
pub(super) struct Filter {
    pub shape: Shape,
    rows: Vec<f32>,
}

impl Filter {
    /// Designs the filter of a shape.
    ///
    /// # Errors
    /// [`AudioError::OutOfMemory`].
    pub fn new(shape: Shape) -> Result<Self, AudioError> {
        let (taps, count) = (shape.taps, shape.rows());
        let mut rows = Vec::new();
        rows.try_reserve_exact(count * taps).map_err(|_| AudioError::OutOfMemory { bytes: shape.bytes() })?;
        rows.resize(count * taps, 0.0);
        let (design, mut exact) = (Design::new(shape), vec![0.0; taps]);
        for (number, row) in rows.chunks_exact_mut(taps).enumerate() {
            match shape.interpolated {
                // The second half of the phases mirrors the first.
                None if number > shape.phases / 2 => break,
                None => design.fill(row, &mut exact, number as f64 / shape.phases as f64),
                Some(between) => design.fill(row, &mut exact, (number as f64 - 1.0) / between as f64),
            }
        }
        if shape.interpolated.is_none() {
            for phase in shape.phases / 2 + 1..shape.phases {
                let (done, rest) = rows.split_at_mut(phase * taps);
                let twin = &done[(shape.phases - phase) * taps..][..taps];
                for (to, from) in rest[..taps].iter_mut().zip(twin.iter().rev()) {
                    *to = *from;
                }
            }
        }
        Ok(Self { shape, rows })
    }

    /// Row `number`.
    #[inline(always)]
    pub fn row(&self, number: usize) -> &[f32] {
        &self.rows[number * self.shape.taps..][..self.shape.taps]
    }

    /// For a phase of a filter whose rows lie `between` to an input sample: the first of four rows, and the weights of the cubic
    /// through them (Lagrange).
    #[inline(always)]
    pub fn cubic(&self, phase: usize, between: usize) -> (usize, [f64; 4]) {
        let at = phase * between;
        let t = (at % self.shape.phases) as f64 / self.shape.phases as f64;
        let (before, after, far) = (t + 1.0, t - 1.0, t - 2.0);
        let weights = [
            -(t * after * far) / 6.0,
            (before * after * far) / 2.0,
            -(before * t * far) / 2.0,
            (before * t * after) / 6.0,
        ];
        (at / self.shape.phases, weights)
    }
}

/// Half the length of the filter in input samples.
fn half_length(phases: usize, step: usize) -> f64 {
    HALF_LENGTH * (step as f64 / phases as f64).max(1.0)
}

/// The continuous filter.
struct Design {
    /// Half amplitude, in half cycles an input sample.
    cutoff: f64,
    half_length: f64,
    /// 1 / k^2, for the Bessel function.
    reciprocals: [f64; TERMS],
}

/// Terms of the power series of I0: the next one is below 1e-18 of the sum.
const TERMS: usize = 34;
/// Coefficients computed side by side.
const SIDE: usize = 8;

impl Design {
    fn new(shape: Shape) -> Self {
        let ratio = (shape.phases as f64 / shape.step as f64).min(1.0);
        Self {
            cutoff: CUTOFF * ratio,
            half_length: half_length(shape.phases, shape.step),
            reciprocals: std::array::from_fn(|k| 1.0 / ((k + 1) * (k + 1)) as f64),
        }
    }

    /// The coefficients for an output instant `place` input samples behind the middle of `row`, with the sum 1: a constant stays
    /// what it is.
    fn fill(&self, row: &mut [f32], exact: &mut [f64], place: f64) {
        let middle = (row.len() / 2) as f64 - 1.0;
        let mut sum = 0.0;
        for (number, side) in exact.chunks_mut(SIDE).enumerate() {
            let t: [f64; SIDE] = std::array::from_fn(|l| place + middle - (number * SIDE + l) as f64);
            let window = self.kaiser(&t);
            for ((value, t), window) in side.iter_mut().zip(t).zip(window) {
                let angle = PI * self.cutoff * t;
                let sinc = if angle == 0.0 { 1.0 } else { libm::sin(angle) / angle };
                *value = sinc * window;
                sum += *value;
            }
        }
        for (value, exact) in row.iter_mut().zip(exact) {
            *value = (*exact / sum) as f32;
        }
    }

    /// I0(beta sqrt(1 - (t / half_length)^2)), not divided by I0(beta); 0 outside the filter.
    fn kaiser(&self, t: &[f64; SIDE]) -> [f64; SIDE] {
        let z = t.map(|t| {
            let x = t / self.half_length;
            BETA * BETA / 4.0 * (1.0 - x * x)
        });
        let mut sum = [1.0; SIDE];
        for reciprocal in self.reciprocals.iter().rev() {
            for (sum, z) in sum.iter_mut().zip(z) {
                *sum = 1.0 + *sum * (z * reciprocal);
            }
        }
        for (sum, z) in sum.iter_mut().zip(z) {
            if z < 0.0 {
                *sum = 0.0;
            }
        }
        sum
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_bounded_for_every_pair_of_rates() {
        // Phases over 2, 147 of 160; taps are 2 ceil(97.25 r), a multiple of 8.
        let shape = |from, to| Shape::new(from, to);
        assert_eq!(shape(44_100, 22_050), Shape { phases: 1, step: 2, taps: 392, interpolated: None });
        assert_eq!(shape(48_000, 44_100), Shape { phases: 147, step: 160, taps: 216, interpolated: None });
        assert_eq!(shape(22_050, 44_100), Shape { phases: 2, step: 1, taps: 200, interpolated: None });
        assert_eq!(shape(44_101, 44_100).interpolated, Some(128));
        let rates = [1, 100, 193, 8000, 44_099, 44_100, 48_000, 96_000, 192_001, 384_000, 767_999, 768_000];
        for from in rates {
            for to in rates {
                if from != to {
                    let (s, ratio) = (shape(from, to), (f64::from(from) / f64::from(to)).max(1.0));
                    // 4 MiB, or five rows where one is longer than a fifth of them.
                    let most = (4 << 20).max((5.0 * (2.0 * HALF_LENGTH * ratio + 16.0)) as u64 * 4);
                    assert!(s.bytes() <= most, "{from} to {to}: {} bytes", s.bytes());
                }
            }
        }
    }

    #[test]
    fn rows_that_mirror_each_other_are_what_they_would_be_computed_to() {
        let filter = Filter::new(Shape::new(48_000, 44_100)).unwrap();
        let design = Design::new(filter.shape);
        let (mut row, mut exact) = (vec![0.0; filter.shape.taps], vec![0.0; filter.shape.taps]);
        for phase in [0, 1, 73, 74, 100, 146] {
            design.fill(&mut row, &mut exact, phase as f64 / 147.0);
            let off = row.iter().zip(filter.row(phase)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-7, "phase {phase}: {off}");
            let sum: f64 = filter.row(phase).iter().map(|&v| f64::from(v)).sum();
            assert!((sum - 1.0).abs() < 1e-7, "phase {phase}: {sum}");
        }
    }

    #[test]
    fn a_cubic_goes_through_its_rows() {
        let filter = Filter::new(Shape::new(44_101, 44_100)).unwrap();
        assert_eq!(filter.cubic(0, 128), (0, [0.0, 1.0, 0.0, 0.0]));
        // Phase 22,050 of 44,100 is row 64 exactly; one quarter of a row further all four weigh in.
        assert_eq!(filter.cubic(22_050, 128).0, 64);
        let (_, w) = filter.cubic(1, 128);
        assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }
}
