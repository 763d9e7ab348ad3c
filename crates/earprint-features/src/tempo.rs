//! Tempo of an onset envelope: the period the beats are looked for with, and tempo (11) and rhythm_stability (12) of
//! the beats found.
//!
//! Period: unbiased autocorrelation of the mean-removed envelope at lags of 40 to 240 BPM, weighted with
//! exp(-0.5 log2(bpm / 120)^2) (a log-normal prior of one octave's width); the
//! largest of the local maxima, lag and height of each by a parabola through the unweighted values beside it. Tempo: 60 / median interval between beats, so that it is that of the grid and not of
//! the prior. Stability: 1 / (1 + CV of the intervals). Under 3 s `too_short`; under four onsets, no positive
//! autocorrelation or under four beats `no_beats`: what does not rise has no beat.

use earprint_core::{Known, Why};
use earprint_signal::track::HOP;

use crate::beats::beats;
use crate::onsets::onsets;
use crate::stats::{Spread, median};

/// Frames a second.
pub const FRAME_RATE: f64 = 44_100.0 / HOP as f64;

const SLOWEST: f64 = 40.0;
const FASTEST: f64 = 240.0;
const PRIOR: f64 = 120.0;
const NEEDED: usize = 4;

/// Tempo in BPM and stability of an envelope; a track under 3 s is the caller's to turn away.
pub fn tempo(envelope: &[f32]) -> (Known, Known) {
    let none = (Err(Why::NoBeats), Err(Why::NoBeats));
    if onsets(envelope).take(NEEDED).count() < NEEDED {
        return none;
    }
    let Some(period) = period(envelope) else { return none };
    let beats = beats(envelope, period);
    if beats.len() < NEEDED {
        return none;
    }
    let intervals: Spread = beats.windows(2).map(|w| w[1] - w[0]).collect();
    let mut seconds: Vec<f32> = beats.windows(2).map(|w| ((w[1] - w[0]) / FRAME_RATE) as f32).collect();
    let between = median(&mut seconds).expect("three intervals at least");
    (Ok(60.0 / between), intervals.consistency())
}

/// Period of the envelope, frames.
fn period(envelope: &[f32]) -> Option<f64> {
    let n = envelope.len();
    let lag_of = |bpm: f64| 60.0 * FRAME_RATE / bpm;
    let first = libm::floor(lag_of(FASTEST)) as usize;
    let last = (libm::ceil(lag_of(SLOWEST)) as usize).min(n.saturating_sub(2));
    if last <= first {
        return None;
    }
    let mean = envelope.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
    let e: Vec<f32> = envelope.iter().map(|&x| (f64::from(x) - mean) as f32).collect();
    // One lag more on either side, for the parabola.
    let r: Vec<f64> = (first - 1..=last + 1).map(|lag| products(&e[..n - lag], &e[lag..]) / (n - lag) as f64).collect();
    let (mut best, mut period) = (0.0, None);
    for lag in first..=last {
        let [a, b, c] = [0, 1, 2].map(|i| r[lag - first + i]);
        if b < a || b < c {
            continue;
        }
        let offset = parabola(a, b, c);
        let at = (lag as f64 + offset).clamp(lag_of(FASTEST), lag_of(SLOWEST));
        let octaves = libm::log2(lag_of(PRIOR) / at);
        let value = (b - 0.25 * (a - c) * offset) * libm::exp(-0.5 * octaves * octaves);
        if value > best {
            (best, period) = (value, Some(at));
        }
    }
    period
}

/// Sum of a\[i\] b\[i\]: four partial sums, i % 4, in f64.
fn products(a: &[f32], b: &[f32]) -> f64 {
    let mut s = [0.0f64; 4];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    for (a, b) in a.iter().zip(b) {
        for j in 0..4 {
            s[j] += f64::from(a[j]) * f64::from(b[j]);
        }
    }
    for (j, (&a, &b)) in rest_a.iter().zip(rest_b).enumerate() {
        s[j] += f64::from(a) * f64::from(b);
    }
    (s[0] + s[1]) + (s[2] + s[3])
}

/// Where a parabola through (-1, a), (0, b), (1, c) is largest, if b is not below the others; else 0.
pub fn parabola(a: f64, b: f64, c: f64) -> f64 {
    let curve = a - 2.0 * b + c;
    if curve < 0.0 && b >= a && b >= c { 0.5 * (a - c) / curve } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Humps one frame wide every `60 / bpm` seconds for 30 s, over a small ripple.
    fn clicks(bpm: f64) -> Vec<f32> {
        let period = 60.0 * FRAME_RATE / bpm;
        (0..(30.0 * FRAME_RATE) as usize)
            .map(|t| {
                let from = (t as f64 - 3.3).rem_euclid(period);
                let away = from.min(period - from);
                (20.0 * (-0.5 * away * away).exp() + 0.05 * (t as f64 * 0.7).sin()) as f32
            })
            .collect()
    }

    #[test]
    fn click_trains_are_within_one_per_cent() {
        let mut octaves = Vec::new();
        for bpm in 40..=240 {
            let bpm = f64::from(bpm);
            let (found, stable) = tempo(&clicks(bpm));
            let found = found.unwrap();
            // The prior may hear an extreme tempo at half or double.
            let ratio = found / bpm;
            let near = [1.0, 2.0, 0.5].into_iter().find(|f| (ratio / f - 1.0).abs() < 0.01);
            let near = near.unwrap_or_else(|| panic!("{bpm} BPM found as {found}"));
            if near != 1.0 {
                octaves.push(format!("{bpm}: {found:.1}"));
            }
            assert!(stable.unwrap() > 0.98, "{bpm}: {stable:?}");
            if (70.0..170.0).contains(&bpm) {
                assert_eq!(near, 1.0, "{bpm} BPM found as {found}");
            }
        }
        println!("{} of 201 an octave away: {}", octaves.len(), octaves.join(", "));
    }

    #[test]
    fn what_does_not_rise_has_no_beats() {
        let none = (Err(Why::NoBeats), Err(Why::NoBeats));
        assert_eq!(tempo(&[0.0; 500]), none);
        assert_eq!(tempo(&[2.0; 500]), none);
        let mut one = [0.0; 500];
        one[1] = 40.0;
        assert_eq!(tempo(&one), none);
        assert_eq!(tempo(&[]), none);
    }

    #[test]
    fn uneven_beats_are_less_stable() {
        let even = tempo(&clicks(110.0)).1.unwrap();
        let mut uneven = vec![0.0f32; 1292];
        let (mut at, mut seed) = (5.0f64, 7u32);
        while (at as usize) < uneven.len() {
            uneven[at as usize] = 20.0;
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            at += 23.5 * (0.85 + 0.3 * f64::from(seed >> 8) / 16_777_216.0);
        }
        let loose = tempo(&uneven).1.unwrap();
        assert!(loose < 0.95 && even > 0.99, "{even} {loose}");
    }

    #[test]
    fn scaling_the_envelope_moves_nothing() {
        let e = clicks(97.0);
        let double: Vec<f32> = e.iter().map(|x| 2.0 * x).collect();
        let (a, b) = (tempo(&e), tempo(&double));
        assert!((a.0.unwrap() - b.0.unwrap()).abs() < 1e-9 && (a.1.unwrap() - b.1.unwrap()).abs() < 1e-9);
    }
}
