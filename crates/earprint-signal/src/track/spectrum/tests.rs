//! The spectrum against its definition in f64, by hand, and against itself at every width.

use earprint_core::BANDS_HZ;

use super::*;
use crate::track::row::{BANDS, BANDWIDTH, CENTROID, FLATNESS, MEAN_SQUARE, MFCC, POWER, ROLLOFF, ROW};
use crate::{mel_filter_bank, window_f64};

/// What one call gives.
struct Got {
    power: Vec<f32>,
    log_mel: Vec<f32>,
    rows: Vec<f32>,
}

/// Marks what no kernel wrote.
const UNTOUCHED: f32 = -777.0;

fn run(width: Width, pcm: &[f32], frames: usize, first_row: usize, rows: usize) -> Got {
    let mut got = Got {
        power: vec![f32::NAN; frames * STRIDE],
        log_mel: vec![f32::NAN; frames * MELS],
        rows: vec![UNTOUCHED; rows * ROW],
    };
    let out = SpectrumOut { power: &mut got.power, log_mel: &mut got.log_mel, rows: &mut got.rows, first_row };
    SpectrumKernel::new(width).run(pcm, frames, out, &mut SpectrumScratch::default());
    got
}

/// Noise under two tones, a different level in every frame; silence and one click at the end.
fn signal(frames: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_u32;
    let n = SpectrumKernel::samples(frames);
    let mut pcm: Vec<f32> = (0..n)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
            let t = i as f32 / 44_100.0;
            let level = 0.01 + 0.2 * ((i / 3000) % 5) as f32;
            level * (0.02 * noise + 0.5 * (1.4e3 * t).sin() + 0.3 * (2.3e4 * t).sin())
        })
        .collect();
    pcm[n - 4500..].fill(0.0);
    pcm
}

/// The frame's power, by the sum that defines it.
fn power_f64(frame: &[f32]) -> Vec<f64> {
    let window = window_f64(earprint_core::WindowShape::Hann, N_FFT, N_FFT);
    let circle: Vec<(f64, f64)> =
        (0..N_FFT).map(|k| (std::f64::consts::TAU * k as f64 / N_FFT as f64).sin_cos()).collect();
    let seen: Vec<f64> = frame.iter().zip(&window).map(|(&x, w)| f64::from(x) * w).collect();
    (0..BINS)
        .map(|k| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in seen.iter().enumerate() {
                let (s, c) = circle[k * i % N_FFT];
                re += x * c;
                im -= x * s;
            }
            re * re + im * im
        })
        .collect()
}

/// The columns by their definitions; those of other kernels are left at NaN.
fn row_f64(frame: &[f32], p: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let hz = |k: usize| k as f64 * 44_100.0 / 4096.0;
    let mut row = vec![f64::NAN; ROW];
    row[MEAN_SQUARE] = frame.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / 4096.0;
    let total: f64 = p.iter().sum();
    row[POWER] = total;
    for (b, (from, to)) in BANDS_HZ.into_iter().enumerate() {
        row[BANDS + b] = (0..BINS).filter(|&k| hz(k) >= from && hz(k) < to).map(|k| p[k]).sum();
    }
    row[CENTROID] = (0..BINS).map(|k| hz(k) * p[k]).sum::<f64>() / total;
    let mut running = 0.0;
    row[ROLLOFF] = hz(p
        .iter()
        .position(|x| {
            running += x;
            running >= 0.85 * total
        })
        .unwrap());
    let logs: f64 = p.iter().map(|x| x.max(1e-30).ln()).sum();
    row[FLATNESS] = logs / BINS as f64 - (total / BINS as f64).ln();
    let c = row[CENTROID];
    row[BANDWIDTH] = ((0..BINS).map(|k| (hz(k) - c).powi(2) * p[k]).sum::<f64>() / total).sqrt();
    let bank = mel_filter_bank(&track_mel_spec());
    let mel: Vec<f64> = bank
        .chunks_exact(BINS)
        .map(|band| 10.0 * band.iter().zip(p).map(|(w, p)| w * p).sum::<f64>().max(1e-20).log10())
        .collect();
    for k in 0..MFCCS {
        let scale = (if k == 0 { 1.0 } else { 2.0 } / MELS as f64).sqrt();
        let turn = |m: usize| (std::f64::consts::PI * k as f64 * (m as f64 + 0.5) / MELS as f64).cos();
        row[MFCC + k] = scale * mel.iter().enumerate().map(|(m, x)| x * turn(m)).sum::<f64>();
    }
    (mel, row)
}

// Largest on an x86-64: 2.6e-7 in sums and moments, 7.4e-7 in ln flatness, 1.2e-5 dB in bands, 2.0e-5 dB in MFCC.
#[test]
fn frames_meet_their_definition() {
    let pcm = signal(6);
    let got = run(Width::best(), &pcm, 6, 0, 6);
    for j in [0, 1, 4] {
        let frame = &pcm[j * HOP..][..N_FFT];
        let p = power_f64(frame);
        let (mel, row) = row_f64(frame, &p);
        let loudest = p.iter().copied().fold(0.0, f64::max);
        for k in 0..BINS {
            // An error of the transform is as large as the loudest bin makes it.
            let off = (f64::from(got.power[j * STRIDE + k]) - p[k]).abs();
            assert!(off < 1e-6 * p[k] + 5e-7 * (p[k] * loudest).sqrt() + 1e-13 * loudest, "frame {j} bin {k}: {off:e}");
        }
        assert!(got.power[j * STRIDE + BINS..(j + 1) * STRIDE].iter().all(|&pad| pad == 0.0));
        for m in 0..MELS {
            let off = (f64::from(got.log_mel[j * MELS + m]) - mel[m]).abs();
            assert!(off < 1e-4, "frame {j} band {m}: {off:e} dB");
        }
        let at = |c: usize| f64::from(got.rows[j * ROW + c]);
        for c in [MEAN_SQUARE, POWER, CENTROID, BANDWIDTH].into_iter().chain(BANDS..BANDS + 7) {
            let off = (at(c) / row[c] - 1.0).abs();
            assert!(off < 1e-6, "frame {j} column {c}: {} for {}, {off:e}", at(c), row[c]);
        }
        assert_eq!(at(ROLLOFF) as f32, row[ROLLOFF] as f32, "frame {j}");
        assert!((at(FLATNESS) - row[FLATNESS]).abs() < 5e-6, "frame {j}: {} for {}", at(FLATNESS), row[FLATNESS]);
        for k in MFCC..MFCC + MFCCS {
            assert!((at(k) - row[k]).abs() < 1e-4, "frame {j} column {k}: {} for {}", at(k), row[k]);
        }
    }
}

#[test]
fn every_width_gives_the_same_bits() {
    // More than two groups of sixteen, and a group that is not full.
    let frames = 37;
    let pcm = signal(frames);
    let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let want = run(Width::Scalar, &pcm, frames, 3, 31);
    assert!(want.power.iter().chain(&want.log_mel).chain(&want.rows).all(|x| x.is_finite()));
    for width in Width::available() {
        let got = run(width, &pcm, frames, 3, 31);
        assert_eq!(bits(&got.power), bits(&want.power), "power, {}", width.name());
        assert_eq!(bits(&got.log_mel), bits(&want.log_mel), "log_mel, {}", width.name());
        assert_eq!(bits(&got.rows), bits(&want.rows), "rows, {}", width.name());
    }
}

#[test]
fn a_frame_does_not_know_its_neighbours() {
    let pcm = signal(20);
    let width = Width::best();
    let all = run(width, &pcm, 20, 0, 20);
    let tail = run(width, &pcm[7 * HOP..], 13, 2, 9);
    assert_eq!(tail.power, all.power[7 * STRIDE..]);
    assert_eq!(tail.log_mel, all.log_mel[7 * MELS..]);
    assert_eq!(tail.rows, all.rows[9 * ROW..18 * ROW]);
    // Other kernels' columns stay.
    for c in (BANDWIDTH + 1..MFCC).chain(MFCC + MFCCS..ROW) {
        assert!(tail.rows.iter().skip(c).step_by(ROW).all(|&x| x == UNTOUCHED), "column {c}");
    }
}

#[test]
fn silence_has_no_shape() {
    let got = run(Width::best(), &[0.0; 2 * N_FFT], 3, 0, 3);
    assert!(got.power.iter().all(|&p| p == 0.0));
    assert!(got.log_mel.iter().all(|&x| (x + 200.0).abs() < 1e-3));
    for row in got.rows.chunks_exact(ROW) {
        assert!(row[..=BANDWIDTH].iter().all(|&x| x == 0.0), "{row:?}");
        assert!((row[MFCC] + 200.0 * 128.0_f32.sqrt()).abs() < 0.01 && row[MFCC + 1].abs() < 0.01);
    }
}

#[test]
fn a_gain_of_a_power_of_two_changes_no_shape() {
    let pcm = signal(5);
    let quiet: Vec<f32> = pcm.iter().map(|x| x / 64.0).collect();
    let (a, b) = (run(Width::best(), &pcm, 5, 0, 5), run(Width::best(), &quiet, 5, 0, 5));
    for (a, b) in a.rows.chunks_exact(ROW).zip(b.rows.chunks_exact(ROW)).take(2) {
        for c in CENTROID..=BANDWIDTH {
            assert_eq!(a[c].to_bits(), b[c].to_bits(), "column {c}");
        }
        assert_eq!(a[POWER], b[POWER] * 4096.0);
        assert!(a[FLATNESS] < -1.0 && a[CENTROID] > 100.0);
    }
}

/// Columns of a made-up power spectrum, from every width.
fn columns_of(power: &[f32]) -> Vec<f32> {
    #[inline(always)]
    unsafe fn spread<L: earprint_lanes::Lane>(power: &[f32], to: &mut Vec<f32>) {
        let w = L::W;
        let lanes: Vec<f32> = power.iter().flat_map(|&p| std::iter::repeat_n(p, w)).collect();
        let (mut sums, mut out) = (vec![0.0; columns::ROOM * w], vec![0.0; ROW * w]);
        // SAFETY: sizes as `columns` asks; the width was checked by `available`.
        unsafe {
            columns::columns::<L>(&SpectrumTables::new().bands, lanes.as_ptr(), sums.as_mut_ptr(), out.as_mut_ptr())
        }
        *to = (0..=BANDWIDTH).map(|c| out[c * w + w - 1]).collect();
    }
    let mut all = Vec::new();
    for width in Width::available() {
        let (mut to, power) = (Vec::new(), power);
        let out = &mut to;
        at_width!(width, spread(power: &[f32], out: &mut Vec<f32>));
        all.push(to);
    }
    assert!(all.windows(2).all(|v| v[0] == v[1]), "{all:?}");
    all.remove(0)
}

#[test]
fn one_bin_by_hand() {
    for bin in [0, 1, 5, 6, 23, 24, 255, 256, 1000, 1857, 1858, 2047, 2048] {
        let mut power = vec![0.0; BINS];
        power[bin] = 8.0;
        let c = columns_of(&power);
        let hz = bin as f32 * HZ_PER_BIN;
        assert_eq!((c[POWER], c[CENTROID], c[ROLLOFF], c[BANDWIDTH]), (8.0, hz, hz, 0.0), "bin {bin}");
        for (b, (from, to)) in BANDS_HZ.into_iter().enumerate() {
            let inside = f64::from(hz) >= from && f64::from(hz) < to;
            assert_eq!(c[BANDS + b], if inside { 8.0 } else { 0.0 }, "bin {bin} band {b}");
        }
        assert!(c[FLATNESS] < -60.0);
    }
}

#[test]
fn two_bins_and_a_flat_spectrum_by_hand() {
    let mut power = vec![0.0; BINS];
    (power[100], power[300]) = (3.0, 1.0);
    let c = columns_of(&power);
    // Mean 150; variance (3 * 50^2 + 150^2) / 4 = 7500. 85 % of 4 needs both.
    let close = |got: f32, want: f64| (f64::from(got) / (want * 44_100.0 / 4096.0) - 1.0).abs() < 1e-6;
    assert!(close(c[CENTROID], 150.0) && close(c[BANDWIDTH], 7500.0_f64.sqrt()) && close(c[ROLLOFF], 300.0), "{c:?}");
    power[100] = 7.0;
    assert!(close(columns_of(&power)[ROLLOFF], 100.0));

    let c = columns_of(&[3.0; BINS]);
    assert!(c[FLATNESS].abs() < 3e-6, "{}", c[FLATNESS]);
    assert!(
        close(c[CENTROID], 1024.0) && close(c[BANDWIDTH], (2049.0_f64.powi(2) / 12.0 - 1.0 / 12.0).sqrt()),
        "{c:?}"
    );
    // 0.85 * 2049 = 1741.65 bins: the 1742nd is bin 1741.
    assert!(close(c[ROLLOFF], 1741.0), "{c:?}");
    assert_eq!(c[BANDS..BANDS + 7], [4.0, 18.0, 23.0, 139.0, 186.0, 186.0, 1300.0].map(|bins| 3.0 * bins));
}
