//! Resampling: amplitude, phase, stop band, length, and independence of the cut.
#![cfg(feature = "resample")]

mod common;

use common::Dice;
use earprint_audio::{Resampler, resample, resampled_len};
use std::f64::consts::TAU;

fn sine(f_hz: f64, rate_hz: u32, n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.5 * (TAU * f_hz * i as f64 / f64::from(rate_hz)).sin()) as f32).collect()
}

/// Amplitude and phase (against a sine) of `f_hz` over the middle of a signal, by projection over
/// whole periods as far as a Hann window makes them whole.
fn measure(x: &[f32], f_hz: f64, rate_hz: u32) -> (f64, f64) {
    let (start, n) = (x.len() / 4, x.len() / 2);
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    for i in 0..n {
        let w = 0.5 - 0.5 * (TAU * i as f64 / n as f64).cos();
        let angle = TAU * f_hz * (start + i) as f64 / f64::from(rate_hz);
        re += w * f64::from(x[start + i]) * angle.sin();
        im += w * f64::from(x[start + i]) * angle.cos();
        weight += w;
    }
    (2.0 * re.hypot(im) / weight, im.atan2(re))
}

#[test]
fn tones_keep_amplitude_and_phase_over_a_matrix_of_rates() {
    let pairs = [
        (44_100, 22_050),
        (48_000, 22_050),
        (22_050, 44_100),
        (44_100, 48_000),
        (96_000, 44_100),
        (8_000, 22_050),
        (192_000, 22_050),
        (44_101, 22_050),
        (11_025, 16_000),
    ];
    for (from, to) in pairs {
        for f_hz in [100.0, 1000.0, 0.4 * f64::from(from.min(to))] {
            let y = resample(&sine(f_hz, from, from as usize * 2), from, to).expect("resamples");
            assert_eq!(y.len(), to as usize * 2, "{from} to {to}");
            let (amplitude, phase) = measure(&y, f_hz, to);
            let db = 20.0 * (amplitude / 0.5).log10();
            assert!(db.abs() < 0.01, "{from} to {to}, {f_hz} Hz: {db} dB");
            assert!(phase.abs() < 1e-4, "{from} to {to}, {f_hz} Hz: {phase} rad");
        }
    }
}

#[test]
fn a_tone_above_the_new_nyquist_rate_is_gone() {
    for (f_hz, from, to) in [(15_000.0, 44_100, 22_050), (11_100.0, 44_100, 22_050), (30_000.0, 96_000, 44_100)] {
        let y = resample(&sine(f_hz, from, from as usize * 2), from, to).expect("resamples");
        let middle = &y[y.len() / 4..y.len() * 3 / 4];
        let peak = middle.iter().fold(0f32, |m, x| m.max(x.abs()));
        let db = 20.0 * (peak / 0.5).log10();
        println!("{f_hz} Hz, {from} to {to}: {db:.1} dB");
        assert!(db < -90.0, "{f_hz} Hz, {from} to {to}: {db} dB");
    }
}

#[test]
fn the_passband_reaches_close_to_nyquist() {
    for share in [0.90, 0.94, 0.96, 0.98, 0.985, 0.99, 0.995] {
        let f_hz = 11_025.0 * share;
        let y = resample(&sine(f_hz, 44_100, 88_200), 44_100, 22_050).expect("resamples");
        let db = 20.0 * (measure(&y, f_hz, 22_050).0 / 0.5).log10();
        println!("{share:.3} of Nyquist: {db:.4} dB");
        assert!(share > 0.98 || db.abs() < 0.01, "{share} of Nyquist: {db} dB");
    }
}

#[test]
fn the_cut_of_the_input_leaves_no_trace() {
    let mut dice = Dice(7);
    let x: Vec<f32> = (0..30_011).map(|_| (dice.roll() as i32 as f32) / 2f32.powi(31)).collect();
    for (from, to) in [(44_100, 22_050), (22_050, 48_000), (44_100, 44_100), (48_000, 44_101)] {
        let whole = resample(&x, from, to).expect("resamples");
        for _ in 0..4 {
            let mut resampler = Resampler::new(from, to).expect("rates");
            let (mut joined, mut rest) = (Vec::new(), x.as_slice());
            while !rest.is_empty() {
                let (now, later) = rest.split_at((1 + dice.below(9000)).min(rest.len()));
                joined.extend(resampler.push(now).expect("resamples"));
                rest = later;
            }
            joined.extend(resampler.finish().expect("resamples"));
            assert!(whole.iter().map(|v| v.to_bits()).eq(joined.iter().map(|v| v.to_bits())), "{from} to {to}");
        }
    }
}

#[test]
fn the_length_is_exact_for_every_length_and_rate() {
    for (from, to) in [(44_100, 22_050), (48_000, 44_100), (8_000, 44_100), (44_101, 8_000)] {
        for n in [0, 1, 2, 3, 146, 2047, 4096, 4097, 10_007] {
            let y = resample(&vec![0.25; n], from, to).expect("resamples");
            assert_eq!(y.len() as u64, resampled_len(n as u64, from, to), "{n} samples, {from} to {to}");
            assert_eq!(y.len(), (n * to as usize).div_ceil(from as usize));
            assert!(y.iter().all(|v| v.is_finite()));
        }
    }
    assert_eq!(resample(&[0.1], 0, 8000).expect_err("rate").code(), "E_SAMPLE_RATE");
}
