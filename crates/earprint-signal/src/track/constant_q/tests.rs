use std::f64::consts::TAU;

use super::tables::{half_band, quality};
use super::*;
use crate::track::row::CHROMA;
use crate::track::{CONTEXT_SAMPLES, HOP};

fn run(width: Width, pcm: &[f32], frames: usize) -> Vec<[f32; CLASSES]> {
    let mut rows = vec![-7.0; frames * ROW];
    ConstantQKernel::new(width).run(pcm, frames, &mut rows, &mut ConstantQScratch::default());
    let pick = |r: &[f32]| {
        assert!(r[..CHROMA].iter().all(|&v| v == -7.0));
        r[CHROMA..CHROMA + CLASSES].try_into().unwrap()
    };
    rows.chunks(ROW).map(pick).collect()
}

fn noise(n: usize) -> Vec<f32> {
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    (0..n)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

fn tone(hz: f64, n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.5 * (TAU * hz * i as f64 / 44_100.0).sin()) as f32).collect()
}

/// The definition at 44,100 Hz, without halving, in f64.
fn definition(pcm: &[f32], frame: usize) -> Vec<f64> {
    let centre = (CONTEXT_SAMPLES + frame * HOP) as isize;
    let mut out = vec![0.0; CLASSES];
    for k in 0..CLASSES * OCTAVES {
        let f = C1_HZ * (k as f64 / CLASSES as f64).exp2() / 44_100.0;
        let half = quality() / (2.0 * f);
        let reach = half.ceil() as isize;
        let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
        for i in 1 - reach..reach {
            let w = 0.5 + 0.5 * (std::f64::consts::PI * i as f64 / half).cos();
            let x = f64::from(pcm[(centre + i) as usize]) * w;
            let angle = TAU * f * i as f64;
            (re, im, sum) = (re + x * angle.cos(), im - x * angle.sin(), sum + w);
        }
        out[k % CLASSES] += (re * re + im * im).sqrt() / sum;
    }
    out
}

#[test]
fn it_is_the_definition_without_halving() {
    let frames = 3;
    let n = TrackSegment::samples(frames);
    let mut mixed = tone(51.3, n);
    for (i, x) in mixed.iter_mut().enumerate() {
        *x += 0.3 * noise(1)[0] + (0.2 * (TAU * 987.77 * i as f64 / 44_100.0).sin()) as f32;
    }
    for (name, pcm) in [("noise", noise(n)), ("tones", mixed), ("high", tone(3950.0, n))] {
        let got = run(Width::best(), &pcm, frames);
        for frame in [0, 2] {
            let want = definition(&pcm, frame);
            let top = want.iter().copied().fold(0.0, f64::max);
            let worst = (0..CLASSES).map(|c| (f64::from(got[frame][c]) - want[c]).abs() / top).fold(0.0, f64::max);
            println!("{name}, frame {frame}: largest error {worst:.1e} of the loudest class");
            // Measured 2026-11: 4.1e-5 on noise (the filters' ripple), 2.3e-5 on tones.
            assert!(worst < 1e-4, "{name}, frame {frame}: {worst}");
        }
    }
}

#[test]
fn every_third_of_a_semitone_lands_in_its_class() {
    let n = TrackSegment::samples(1);
    for k in (0..CLASSES * OCTAVES).step_by(5) {
        let hz = C1_HZ * (k as f64 / CLASSES as f64).exp2();
        let got = run(Width::best(), &tone(hz, n), 1)[0];
        let best = (0..CLASSES).max_by(|&a, &b| got[a].total_cmp(&got[b])).unwrap();
        assert_eq!(best, k % CLASSES, "bin {k}, {hz} Hz: {got:?}");
        // A sine of amplitude a has |X| = a / 2 at its own bin, and the other octaves see nothing of it.
        assert!((got[best] - 0.25).abs() < 0.003, "bin {k}: {}", got[best]);
        // One bin away a Hann window still passes half; six bins (two semitones) away hardly anything.
        assert!(got[(best + 6) % CLASSES] < 0.004 && got[(best + 30) % CLASSES] < 0.004, "bin {k}: {got:?}");
    }
}

#[test]
fn widths_agree_and_a_disturbed_sample_is_seen() {
    let frames = 21;
    let pcm = noise(TrackSegment::samples(frames));
    let want = run(Width::Scalar, &pcm, frames);
    for width in Width::available() {
        assert_eq!(run(width, &pcm, frames), want, "{}", width.name());
    }
    let mut other = pcm.clone();
    other[CONTEXT_SAMPLES + 3] += 0.1;
    assert_ne!(run(Width::best(), &other, frames), want);
}

#[test]
fn frames_do_not_see_how_a_track_was_cut() {
    let frames = 40;
    let pcm = noise(TrackSegment::samples(frames));
    let whole = run(Width::best(), &pcm, frames);
    for (from, count) in [(0, 1), (7, 20), (39, 1), (13, 27)] {
        let part = &pcm[from * HOP..][..TrackSegment::samples(count)];
        assert_eq!(run(Width::best(), part, count), whole[from..from + count]);
    }
}

#[test]
fn silence_is_nothing_and_powers_of_two_are_exact() {
    let n = TrackSegment::samples(2);
    assert_eq!(run(Width::best(), &vec![0.0; n], 2), [[0.0; CLASSES]; 2]);
    let pcm = noise(n);
    let quiet: Vec<f32> = pcm.iter().map(|x| x / 64.0).collect();
    let (a, b) = (run(Width::best(), &pcm, 2), run(Width::best(), &quiet, 2));
    for (x, y) in a.iter().flatten().zip(b.iter().flatten()) {
        assert_eq!(x / 64.0, *y);
    }
}

#[test]
fn half_bands_pass_and_stop_where_they_must() {
    let gain = |taps: &[f32], f: f64| {
        let odd = taps[1..].iter().enumerate();
        f64::from(taps[0]) + odd.map(|(m, &h)| 2.0 * f64::from(h) * (TAU * f * (2 * m + 1) as f64).cos()).sum::<f64>()
    };
    // Highest frequency used at the rate behind a filter: B7's last third with its window's main lobe, 4,270 Hz of 11,025.
    for (pairs, edge) in [(PAIRS[0], 4270.0 / 44_100.0), (PAIRS[1], 4270.0 / 22_050.0)] {
        let taps = half_band(pairs);
        let (mut ripple, mut leak) = (0.0_f64, 0.0_f64);
        for i in 0..=1000 {
            let f = edge * f64::from(i) / 1000.0;
            ripple = ripple.max((20.0 * gain(&taps, f).log10()).abs());
            leak = leak.max(gain(&taps, 0.5 - f).abs());
        }
        let leak_db = 20.0 * leak.log10();
        println!("{pairs} pairs: ripple {ripple:.1e} dB, leak {leak_db:.1} dB");
        assert!(ripple < 1e-3 && leak_db < -96.0, "{pairs} pairs: {ripple} dB, {leak_db} dB");
    }
}
