//! Resampling: amplitude, phase, stop band, length, and independence of the cut.
#![cfg(feature = "resample")]

mod common;

use common::Dice;
use earprint_audio::{Limits, Resampler, resample, resampled_len};
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
fn a_tone_above_the_lower_nyquist_frequency_is_gone() {
    // The filter stops from 1.0 of the lower Nyquist frequency on, 120 dB down. (When rates rise the images lie there.)
    let pairs = [(44_100, 22_050), (96_000, 44_100), (44_100, 16_000), (44_101, 22_050), (47_999, 16_000)];
    for (from, to) in pairs {
        for share in [1.0001, 1.001, 1.005, 1.02, 1.36, 1.9] {
            let f_hz = share * f64::from(to) / 2.0;
            if f_hz > 0.499 * f64::from(from) {
                continue;
            }
            let y = resample(&sine(f_hz, from, from as usize), from, to).expect("resamples");
            let middle = &y[y.len() / 4..y.len() * 3 / 4];
            let peak = middle.iter().fold(0f32, |m, x| m.max(x.abs()));
            let db = 20.0 * (peak / 0.5).log10();
            assert!(db < -120.0, "{f_hz} Hz, {from} to {to}: {db} dB");
        }
    }
}

#[test]
fn what_is_computed_is_the_sine_itself() {
    // f32 rounds the input 150 dB below full scale. Interpolated rows (odd rates) and images of rising rates count too.
    for (from, to) in
        [(44_100, 22_050), (48_000, 44_100), (44_101, 44_100), (22_050, 44_100), (11_127, 44_100), (767_999, 44_100)]
    {
        for share in [0.013, 0.3, 0.9] {
            let f_hz = share * f64::from(from.min(to)) / 2.0;
            let y = resample(&sine(f_hz, from, from as usize / 4), from, to).expect("resamples");
            let (mut square, margin) = (0.0, y.len() / 4);
            for (i, y) in y.iter().enumerate().skip(margin).take(y.len() / 2) {
                let want = 0.5 * (TAU * f_hz * i as f64 / f64::from(to)).sin();
                square += (f64::from(*y) - want).powi(2);
            }
            let db = 10.0 * (square / (y.len() / 2) as f64 / 0.125).log10();
            println!("{from} to {to}, {f_hz:.0} Hz: error {db:.1} dB");
            assert!(db < -125.0, "{from} to {to}, {f_hz} Hz: {db} dB");
        }
    }
}

#[test]
fn the_edge_is_that_of_soxr_hq() {
    // Response of soxr 1.1.0 (quality HQ) from 44.1 to 22.05 kHz, measured with tones by `resample_edge.py` of
    // tests/golden/outside/mel, 2026-11-28.
    let soxr_db = [
        (0.500, 0.0),
        (0.910, 0.0),
        (0.920, -0.00163),
        (0.925, -0.01507),
        (0.930, -0.07418),
        (0.940, -0.67305),
        (0.950, -2.87516),
        (0.960, -8.03336),
        (0.970, -17.53408),
        (0.980, -33.24634),
        (0.990, -59.40728),
    ];
    for (share, want) in soxr_db {
        let f_hz = 11_025.0 * share;
        let y = resample(&sine(f_hz, 44_100, 88_200), 44_100, 22_050).expect("resamples");
        let db = 20.0 * (measure(&y, f_hz, 22_050).0 / 0.5).log10();
        println!("{share:.3} of Nyquist: {db:.5} dB");
        assert!((db - want).abs() < 0.01, "{share} of Nyquist: {db} dB; expected {want}");
        assert!(share > 0.91 || db.abs() < 0.0001, "{share} of Nyquist: {db} dB");
    }
}

#[test]
fn a_constant_stays_what_it_is() {
    for (from, to) in [(44_100, 22_050), (48_000, 44_100), (44_101, 44_100), (100, 44_100), (192_000, 16_000)] {
        let y = resample(&vec![0.75; from as usize * 4], from, to).expect("resamples");
        let off = y[y.len() / 4..y.len() * 3 / 4].iter().fold(0f32, |m, y| m.max((y - 0.75).abs()));
        assert!(off < 1e-6, "{from} to {to}: {off}");
    }
}

/// FNV-1a over the bits of all samples.
fn hash(y: &[f32]) -> u64 {
    y.iter()
        .flat_map(|v| v.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Every machine gives these bits: x86-64 with and without AVX2, and wasm (where `web/test/tracks.test.mjs` compares records).
#[test]
fn the_bits_are_the_same_everywhere() {
    let mut dice = Dice(42);
    let x: Vec<f32> = (0..12_000).map(|_| (dice.roll() as i32 as f32) / 2f32.powi(31)).collect();
    let pairs =
        [(44_100, 22_050), (48_000, 44_100), (44_100, 16_000), (8_000, 44_100), (44_101, 44_100), (767_999, 44_100)];
    let got: Vec<u64> = pairs.iter().map(|&(from, to)| hash(&resample(&x, from, to).expect("resamples"))).collect();
    assert_eq!(got, GOLDEN, "{got:#x?}");
}

const GOLDEN: [u64; 6] = [
    0x31da_f565_3f69_70db,
    0xfaeb_a6ad_83de_8eb4,
    0x3ee4_1571_83c1_b7e5,
    0x1d2d_6f32_c10e_863c,
    0xb865_8752_a2c0_0fc3,
    0x1bf7_dbc6_c8a6_63e2,
];

#[test]
fn what_it_takes_is_known_before() {
    // 64 channels of a file of 20 kB at a rate without a common divisor: 7.5 GB with one plan a channel.
    assert!(Resampler::bytes(767_999, 44_100, 64) < 16 << 20);
    assert!(Resampler::bytes(768_000, 44_100, 64) < 16 << 20);
    assert_eq!(Resampler::bytes(44_100, 44_100, 64), 0);
    let limits = Limits { max_resampler_bytes: 1 << 20, ..Limits::default() };
    let error = Resampler::for_channels(767_999, 44_100, 64, &limits).map(|_| ()).expect_err("over the bound");
    assert_eq!(error.code(), "E_TOO_LARGE");
    assert!(error.to_string().contains("expected at most 1,048,576"), "{error}");
    // The most of one channel is within the default bound, and works.
    let y = resample(&vec![0.5; 40_000], 767_999, 100).expect("resamples");
    assert_eq!(y.len(), 6);
    // All of 64 channels would not be.
    let error = Resampler::for_channels(767_999, 100, 64, &Limits::default()).map(|_| ()).expect_err("over the bound");
    assert_eq!(error.code(), "E_TOO_LARGE");
}

#[test]
fn the_cut_of_the_input_leaves_no_trace() {
    let mut dice = Dice(7);
    let x: Vec<f32> = (0..30_011).map(|_| (dice.roll() as i32 as f32) / 2f32.powi(31)).collect();
    for (from, to) in [(44_100, 22_050), (22_050, 48_000), (44_100, 44_100), (48_000, 44_101), (192_000, 8_001)] {
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
