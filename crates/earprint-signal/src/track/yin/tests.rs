//! f0 against the definition in f64, against the tones it was made from, and the laws of the kernel.

use std::f64::consts::TAU;

use super::*;
use crate::track::row::{APERIODICITY, F0};

const RATE: f64 = 44_100.0;

fn run(pcm: &[f32], frames: usize, width: Width) -> Vec<(f32, f32)> {
    let mut rows = vec![f32::NAN; frames * ROW];
    YinKernel::new(width).run(pcm, frames, &mut rows, &mut YinScratch::default());
    for (c, v) in rows.iter().enumerate() {
        assert_eq!(v.is_nan(), ![F0, APERIODICITY].contains(&(c % ROW)), "column {}", c % ROW);
    }
    rows.chunks(ROW).map(|r| (r[F0], r[APERIODICITY])).collect()
}

fn samples(frames: usize) -> usize {
    (frames - 1) * HOP + N_FFT
}

/// d' of one frame from the definition.
fn normalised(frame: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let x: Vec<f64> = frame.iter().map(|&v| f64::from(v)).collect();
    let d: Vec<f64> = (0..=TAU_MAX).map(|t| (0..2 * HOP).map(|i| (x[i] - x[i + t]).powi(2)).sum()).collect();
    let (mut sum, mut out) = (0.0, vec![1.0]);
    for t in 1..=TAU_MAX {
        sum += d[t];
        out.push(if sum > 0.0 { d[t] * t as f64 / sum } else { 1.0 });
    }
    (d, out)
}

/// f0 and aperiodicity of one frame from the definition, and how near a decision was to going the other way.
fn definition(frame: &[f32]) -> (f64, f64, f64) {
    let (d, n) = normalised(frame);
    let least = n[TAU_MIN..TAU_MAX].iter().copied().fold(f64::MAX, f64::min);
    let mut margin = f64::MAX;
    let Some(mut t) = (TAU_MIN..TAU_MAX).find(|&t| {
        margin = margin.min((n[t] - f64::from(THRESHOLD)).abs());
        n[t] < f64::from(THRESHOLD)
    }) else {
        return (0.0, least, margin);
    };
    while t + 1 < TAU_MAX {
        if n[t + 1] >= n[t] {
            break;
        }
        t += 1;
    }
    let opening = d[t - 1] - 2.0 * d[t] + d[t + 1];
    let offset = if opening > 0.0 { (0.5 * (d[t - 1] - d[t + 1]) / opening).clamp(-1.0, 1.0) } else { 0.0 };
    let f0 = RATE / (t as f64 + offset);
    for edge in [F0_MIN, F0_MAX] {
        margin = margin.min((f0 / f64::from(edge) - 1.0).abs());
    }
    if (65.0..=2093.0).contains(&f0) { (f0, n[t], margin) } else { (0.0, least, margin) }
}

/// Uniform in [-1, 1), the same on every machine.
fn noise(seed: u64, i: usize) -> f64 {
    let mut z = seed.wrapping_add((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn cents(got: f32, want: f64) -> f64 {
    1200.0 * (f64::from(got) / want).log2()
}

/// Harmonics `from ..= to` of `f0` below Nyquist with amplitudes `amplitude(h)` and scattered phases.
fn harmonics(f0: f64, n: usize, from: usize, to: usize, amplitude: impl Fn(usize) -> f64) -> Vec<f32> {
    let top = to.min((0.99 * RATE / 2.0 / f0) as usize);
    (0..n)
        .map(|i| {
            let one = |h: usize| amplitude(h) * (TAU * (f0 * h as f64 * i as f64 / RATE + 0.37 * (h * h) as f64)).sin();
            (from..=top.max(from)).map(one).sum::<f64>() as f32
        })
        .collect()
}

/// Vowel-like: pulses with jitter through two resonances, gliding, between noise and silence.
fn speech(n: usize) -> Vec<f32> {
    let (mut phase, mut y) = (0.0, [[0.0; 2]; 2]);
    (0..n)
        .map(|i| {
            let t = i as f64 / RATE;
            phase += (120.0 + 30.0 * (TAU * 0.5 * t).sin() + 0.5 * noise(7, i / 300)) / RATE;
            let mut v = 0.0;
            if phase >= 1.0 {
                phase -= 1.0;
                v = 1.0;
            }
            let part = (t * 4.0) as usize % 5;
            v = match part {
                3 => 0.1 * noise(9, i),
                4 => 0.0,
                _ => v + 0.002 * noise(8, i),
            };
            for (k, (f, r)) in [(650.0, 0.985), (1900.0, 0.97)].into_iter().enumerate() {
                let next = v + 2.0 * r * (TAU * f / RATE).cos() * y[k][0] - r * r * y[k][1];
                y[k] = [next, y[k][0]];
            }
            (0.1 * (y[0][0] + 0.5 * y[1][0])) as f32
        })
        .collect()
}

#[test]
fn a_frame_worked_by_hand() {
    // A pulse every 100 samples: d is 0 at 100, 200 ... and one constant elsewhere, so d'(tau) is 1 before 100, the first
    // minimum is 0 at 100, and the parabola is symmetric: 441 Hz.
    let pcm: Vec<f32> = (0..N_FFT).map(|i| if i % 100 == 50 { 1.0 } else { 0.0 }).collect();
    for width in Width::available() {
        let got = run(&pcm, 1, width)[0];
        assert!((got.0 - 441.0).abs() < 0.05 && got.1 < 1e-4, "{}: {got:?}", width.name());
    }
}

#[test]
fn every_kind_of_signal_meets_the_definition() {
    let frames = 40;
    let n = samples(frames);
    let signals: Vec<(&str, Vec<f32>)> = vec![
        ("noise", (0..n).map(|i| 0.5 * noise(1, i) as f32).collect()),
        ("speech", speech(n)),
        ("sine", harmonics(196.3, n, 1, 1, |_| 0.7)),
        ("lowest sine", harmonics(65.4, n, 1, 1, |_| 0.7)),
        ("sawtooth", harmonics(83.1, n, 1, 500, |h| 0.4 / h as f64)),
        ("missing fundamental", harmonics(311.0, n, 3, 9, |_| 0.1)),
        (
            "two tones",
            (0..n).map(|i| (0.3 * (0.02 * i as f64).sin() + 0.25 * (0.0557 * i as f64).sin()) as f32).collect(),
        ),
        (
            "chirp over noise",
            (0..n)
                .map(|i| (0.4 * (0.01 * i as f64 + 2e-6 * (i * i) as f64).sin() + 0.05 * noise(3, i)) as f32)
                .collect(),
        ),
        (
            "quiet before loud",
            (0..n).map(|i| (if i < n / 2 { 0.01 } else { 1.0 }) * (0.031 * i as f64).sin() as f32).collect(),
        ),
    ];
    for (name, pcm) in signals {
        let got = run(&pcm, frames, Width::best());
        let (mut worst_cents, mut worst_ap, mut near, mut voiced) = (0.0_f64, 0.0_f64, 0, 0);
        for (j, &(f0, ap)) in got.iter().enumerate() {
            let (want_f0, want_ap, margin) = definition(&pcm[j * HOP..][..N_FFT]);
            if margin < 2e-5 {
                near += 1;
                continue;
            }
            assert_eq!(
                f0 > 0.0,
                want_f0 > 0.0,
                "{name} frame {j}: {f0} Hz, {want_f0} by the definition, margin {margin:e}"
            );
            if f0 > 0.0 {
                voiced += 1;
                worst_cents = worst_cents.max(cents(f0, want_f0).abs());
            }
            worst_ap = worst_ap.max((f64::from(ap) - want_ap).abs());
        }
        println!(
            "{name}: {voiced} voiced, {near} too near to call, {worst_cents:.4} cents, aperiodicity {worst_ap:.1e}"
        );
        assert!(worst_cents < 0.1 && worst_ap < 1e-4 && near < frames / 3, "{name}");
    }
}

/// Largest deviation in cents of all frames from `f0`.
fn deviation(pcm: &[f32], frames: usize, f0: f64) -> f64 {
    run(pcm, frames, Width::best()).iter().map(|&(got, _)| cents(got, f0).abs()).fold(0.0, f64::max)
}

#[test]
fn tones_over_five_octaves_are_read_as_they_are() {
    let frames = 3;
    let n = samples(frames);
    let mut worst = [0.0_f64; 5];
    // 65.4 Hz and up in steps of 41 cents, as far as 2,030 Hz; without its fundamental as far as 1 kHz, since higher up the
    // lag nearest the period can be half a sample off, which the seventh harmonic does not let pass for a period.
    for step in 0..146 {
        let f0 = 65.4 * (f64::from(step) * 41.0 / 1200.0).exp2();
        let all = [
            harmonics(f0, n, 1, 1, |_| 0.9),
            harmonics(f0, n, 1, 6, |h| 0.5 / h as f64),
            harmonics(f0, n, 1, 5000, |h| 0.4 / h as f64),
            harmonics(f0.min(1000.0), n, 2, 7, |_| 0.15),
            harmonics(f0, n, 1, 1, |_| 0.5)
                .iter()
                .enumerate()
                .map(|(i, x)| x + 0.02 * noise(step as u64, i) as f32)
                .collect(),
        ];
        for ((worst, pcm), want) in worst.iter_mut().zip(all).zip([f0, f0, f0, f0.min(1000.0), f0]) {
            *worst = worst.max(deviation(&pcm, frames, want));
        }
    }
    println!("sine, six harmonics, sawtooth, missing fundamental, over noise: {worst:.3?} cents");
    for (worst, bound) in worst.into_iter().zip([0.2, 3.0, 5.0, 4.0, 5.0]) {
        assert!(worst < bound, "{worst} cents, allowed {bound}");
    }
}

#[test]
fn beyond_the_range_there_is_no_pitch_outside_it() {
    for f0 in [40.0, 60.0, 64.0, 2100.0, 2150.0, 2300.0, 3000.0, 9000.0] {
        for (got, _) in run(&harmonics(f0, samples(2), 1, 1, |_| 0.5), 2, Width::best()) {
            assert!(got == 0.0 || (F0_MIN..=F0_MAX).contains(&got), "{f0} Hz read as {got}");
            assert!(f0 > 65.0 || got == 0.0, "{f0} Hz read as {got}");
        }
    }
}

#[test]
fn silence_and_constants_have_no_pitch() {
    for level in [0.0, 1e-30, 1e-6, 0.1, -0.3, 0.7771, 1.0] {
        for width in Width::available() {
            for got in run(&vec![level; samples(9)], 9, width) {
                assert_eq!(got, (0.0, 1.0), "constant {level} at {}", width.name());
            }
        }
    }
    // A tone 20 dB below the constant it rides on is still read.
    let pcm: Vec<f32> = harmonics(110.0, samples(3), 1, 1, |_| 0.05).iter().map(|x| x + 0.5).collect();
    assert!(deviation(&pcm, 3, 110.0) < 1.0);
}

#[test]
fn widths_and_groups_of_frames_change_no_bit() {
    let frames = 83;
    let mut pcm = speech(samples(frames));
    for (i, x) in pcm.iter_mut().enumerate().skip(30_000).take(20_000) {
        *x = 0.4 * noise(5, i) as f32;
    }
    let bits = |v: &[(f32, f32)]| v.iter().map(|&(a, b)| (a.to_bits(), b.to_bits())).collect::<Vec<_>>();
    let want = bits(&run(&pcm, frames, Width::Scalar));
    assert!(want.iter().filter(|w| w.0 != 0).count() > 20 && want.iter().any(|w| w.0 == 0));
    for width in Width::available() {
        assert_eq!(bits(&run(&pcm, frames, width)), want, "{}", width.name());
        for (from, len) in [(0, 1), (1, 1), (7, 5), (13, 16), (20, 17), (40, 33), (82, 1)] {
            let got = bits(&run(&pcm[from * HOP..], len, width));
            assert_eq!(got, want[from..from + len], "{} frames {from} + {len}", width.name());
        }
    }
    let mut other = pcm.clone();
    other[50_000] += 1e-4;
    assert_ne!(bits(&run(&other, frames, Width::best())), want, "a disturbed sample must show");
}

#[test]
fn a_power_of_two_changes_no_bit() {
    let pcm = speech(samples(30));
    let want = run(&pcm, 30, Width::best());
    for factor in [0.5_f32, 2.0_f32.powi(-14), 1024.0] {
        let scaled: Vec<f32> = pcm.iter().map(|x| x * factor).collect();
        for (got, want) in run(&scaled, 30, Width::best()).iter().zip(&want) {
            assert_eq!((got.0.to_bits(), got.1.to_bits()), (want.0.to_bits(), want.1.to_bits()), "{factor}");
        }
    }
}
