//! Filters and windowed waves, built in f64 and rounded once.

use std::f64::consts::{PI, TAU};

/// Bins of an octave: thirds of a semitone.
pub const CLASSES: usize = 36;
/// Octaves, from C1.
pub const OCTAVES: usize = 7;
/// The classes, padded to whole vectors of every width.
pub const PADDED: usize = 48;
/// Halvings before the highest octave.
pub const FIRST_STAGE: usize = 2;
/// Halvings in all: the lowest octave is computed at 44,100 / 256 Hz.
pub const STAGES: usize = FIRST_STAGE + OCTAVES - 1;
/// Lowest bin, Hz: C1 = 440 2^(-45/12).
pub const C1_HZ: f64 = 32.703_195_662_574_83;

/// Samples to one side of the longest window, at its own rate.
pub const REACH: usize = 136;

/// Pairs of taps of the first halving, and of the others (see [`half_band`]).
pub const PAIRS: [usize; 2] = [8, 15];

/// Bins per distance of neighbours: f / bandwidth.
pub fn quality() -> f64 {
    1.0 / (libm::exp2(1.0 / CLASSES as f64) - 1.0)
}

/// Everything the kernel looks up.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstantQTables {
    /// Centre tap 1/2, then the taps at distance 1, 3, 5, ... of each kind of half-band filter.
    pub half_bands: [Vec<f32>; 2],
    /// Window times cosine at distance i of the frame's centre, `(REACH, PADDED)`; the same for every octave.
    pub cosine: Vec<f32>,
    /// Window times sine.
    pub sine: Vec<f32>,
    /// Distances at which class c's window is not zero: `0 .. length[c]`, `(PADDED)`, 0 for padding.
    pub length: Vec<u32>,
}

impl ConstantQTables {
    /// The tables.
    pub fn new() -> Self {
        let q = quality();
        let rate = 44_100.0 / f64::from(1 << FIRST_STAGE);
        let mut cosine = vec![0.0_f32; REACH * PADDED];
        let mut sine = cosine.clone();
        let mut length = vec![0; PADDED];
        for c in 0..CLASSES {
            // Cycles a sample: the same in every octave at its own rate.
            let f = C1_HZ * libm::exp2((OCTAVES - 1) as f64 + c as f64 / CLASSES as f64) / rate;
            let half = q / (2.0 * f);
            let n = libm::ceil(half) as usize;
            assert!(n <= REACH, "a window of {n} samples to one side");
            let window = |i: usize| 0.5 + 0.5 * libm::cos(PI * i as f64 / half);
            let sum = window(0) + 2.0 * (1..n).map(window).sum::<f64>();
            for i in 0..n {
                let w = window(i) / sum;
                cosine[i * PADDED + c] = (w * libm::cos(TAU * f * i as f64)) as f32;
                sine[i * PADDED + c] = (w * libm::sin(TAU * f * i as f64)) as f32;
            }
            length[c] = n as u32;
        }
        Self { half_bands: PAIRS.map(half_band), cosine, sine, length }
    }
}

impl Default for ConstantQTables {
    fn default() -> Self {
        Self::new()
    }
}

/// A half-band low pass of `pairs` pairs of odd taps: 1/2, then h[1], h[3], ... A sinc under a Kaiser window of 100 dB,
/// scaled to unit gain at 0 Hz (J. F. Kaiser 1974).
pub fn half_band(pairs: usize) -> Vec<f32> {
    let reach = (2 * pairs) as f64;
    let beta = 0.1102 * (100.0 - 8.7);
    let tap = |k: usize| {
        let x = k as f64 / reach;
        let window = bessel_i0(beta * libm::sqrt(1.0 - x * x)) / bessel_i0(beta);
        let sign = if (k / 2).is_multiple_of(2) { 1.0 } else { -1.0 };
        sign / (PI * k as f64) * window
    };
    let odd: Vec<f64> = (0..pairs).map(|m| tap(2 * m + 1)).collect();
    let sum: f64 = 2.0 * odd.iter().sum::<f64>();
    std::iter::once(0.5).chain(odd.iter().map(|h| (h * 0.5 / sum) as f32)).collect()
}

/// Modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..200 {
        term *= (x / (2.0 * f64::from(k))) * (x / (2.0 * f64::from(k)));
        sum += term;
        if term < 1e-18 * sum {
            break;
        }
    }
    sum
}
