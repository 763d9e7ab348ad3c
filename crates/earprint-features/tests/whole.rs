//! Samples in, numbers out: laws and cases whose truth is known. The rows are made up from the segments' samples.

use std::f64::consts::TAU;

use earprint_core::{DIMENSIONS, Why, dim};
use earprint_features::{SourceInfo, SourceNote, TrackAnalysis, TrackNumbers};
use earprint_signal::track::row::{self, ROW};
use earprint_signal::track::{CONTEXT_SAMPLES, HOP, N_FFT, TrackSegment};

const RATE: usize = 44_100;

/// Rows that depend on the frame's samples alone and not on their level, but for the mean square and the powers.
fn rows_of(segment: &TrackSegment) -> Vec<f32> {
    let mut rows = vec![0.0; segment.frames * ROW];
    for (j, row) in rows.chunks_exact_mut(ROW).enumerate() {
        let from = CONTEXT_SAMPLES + j * HOP - N_FFT / 2;
        let frame = &segment.pcm[from..from + N_FFT];
        let square: f32 = frame.iter().map(|x| x * x).sum();
        if square == 0.0 {
            continue;
        }
        row[row::MEAN_SQUARE] = square / N_FFT as f32;
        let crossings = frame.windows(2).filter(|w| w[0] * w[1] < 0.0).count() as f32;
        let rising: f32 = frame[N_FFT / 2..].iter().map(|x| x * x).sum::<f32>() / square;
        for b in 0..7 {
            row[row::BANDS + b] = square * (1.0 + b as f32);
        }
        row[row::CENTROID] = crossings;
        row[row::ROLLOFF] = 2.0 * crossings;
        row[row::FLATNESS] = -rising;
        row[row::BANDWIDTH] = rising;
        row[row::HARMONIC] = square * rising;
        row[row::PERCUSSIVE] = square;
        row[row::F0] = 100.0 + crossings;
        row[row::FLUX] = 10.0 * rising;
        for p in 0..36 {
            row[row::CHROMA + p] = square * (1.0 + ((p + crossings as usize) % 7) as f32);
        }
    }
    rows
}

struct Case {
    rate_hz: u32,
    block: usize,
    segment: usize,
    non_finite: u64,
}

const PLAIN: Case = Case { rate_hz: 44_100, block: 4096, segment: 64, non_finite: 0 };

fn measure(planar: &[Vec<f32>], case: &Case) -> TrackNumbers {
    let source = SourceInfo { rate_hz: case.rate_hz, channels: planar.len() as u32, codec: "made up".to_owned() };
    let mut analysis = TrackAnalysis::new(source, case.segment);
    let drain = |analysis: &mut TrackAnalysis| {
        while let Some(segment) = analysis.next_segment() {
            analysis.rows(&rows_of(&segment.view()));
            analysis.give_back(segment.pcm);
        }
    };
    let n = planar[0].len();
    for from in (0..n).step_by(case.block) {
        let to = (from + case.block).min(n);
        analysis.push(&planar.iter().map(|x| &x[from..to]).collect::<Vec<_>>());
        drain(&mut analysis);
    }
    analysis.end(SourceNote { non_finite: case.non_finite, frames_at_source_rate: n as u64 });
    drain(&mut analysis);
    analysis.finish()
}

fn of(planar: &[Vec<f32>]) -> TrackNumbers {
    measure(planar, &PLAIN)
}

fn noise(n: usize, seed: u32) -> Vec<f32> {
    let mut s = seed;
    (0..n)
        .map(|_| {
            s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.5 * ((s >> 8) as f32 / 8_388_608.0 - 1.0)
        })
        .collect()
}

/// Noise in bursts, with a stretch of digital silence and one of -70 dB.
fn music(n: usize, seed: u32) -> Vec<f32> {
    let mut x = noise(n, seed);
    for (i, x) in x.iter_mut().enumerate() {
        let beat = (i % 22_050) as f32 / 22_050.0;
        *x *= match i * 10 / n {
            3 => 0.0,
            6 => 3e-4,
            _ => (1.0 - beat) * (1.0 - beat),
        };
    }
    x
}

fn sine(db: f64, seconds: f64) -> Vec<f32> {
    let a = 10f64.powf(db / 20.0);
    (0..(seconds * RATE as f64) as usize).map(|n| (a * (TAU * 1000.0 * n as f64 / RATE as f64).sin()) as f32).collect()
}

fn bits(t: &TrackNumbers) -> String {
    let values: Vec<u32> = t.descriptor.values.iter().map(|v| v.to_bits()).collect();
    // Debug prints the shortest text that reads back as the same float.
    format!("{values:?} {:?} {:?}", t.descriptor.why, t.table)
}

#[test]
fn no_number_depends_on_blocks_or_segments() {
    for channels in [1, 2, 3] {
        let x: Vec<_> = (0..channels).map(|c| music(5 * RATE + 777, 3 + c)).collect();
        let want = of(&x);
        assert!(want.descriptor.why.iter().all(Option::is_none), "{:?}", want.descriptor.why);
        for (block, segment) in [(1, 64), (4410, 7), (4409, 1), (777, 1000), (1_000_000, 33)] {
            let got = measure(&x, &Case { block, segment, ..PLAIN });
            assert_eq!(bits(&got), bits(&want), "{channels} channels, blocks of {block}, segments of {segment}");
        }
        // The comparison can fail: one sample moves something.
        let mut other = x.clone();
        other[0][100_000] += 0.25;
        assert_ne!(bits(&of(&other)), bits(&want));
    }
}

#[test]
fn a_quieter_copy_moves_only_level_numbers() {
    let x = [music(6 * RATE, 1), music(6 * RATE, 2)];
    let quiet = x.clone().map(|c| c.into_iter().map(|v| v * 0.25).collect::<Vec<_>>());
    let (a, b) = (of(&x), of(&quiet));
    for d in 0..DIMENSIONS {
        let (a, b) = (a.descriptor.values[d], b.descriptor.values[d]);
        if d == dim::LOUDNESS {
            assert!((a - b - 12.0412).abs() < 0.01, "{a} {b}");
        } else if d == dim::LOUDNESS_VARIATION {
            // Momentary blocks near -70 LUFS fall below the absolute gate: it is one.
            assert!(a.is_finite() && b.is_finite());
        } else {
            assert_eq!(a, b, "{}", earprint_core::TRACK_DIMENSIONS[d].name);
        }
    }
    assert!((a.table.true_peak.unwrap() - b.table.true_peak.unwrap() - 12.0412).abs() < 1e-4);
    assert_eq!((a.table.key, a.table.zero_crossing_rate), (b.table.key, b.table.zero_crossing_rate));
}

/// EBU Tech 3341 cases 1 to 5 (stereo), at the levels and lengths it gives, within a true 0.1 LU.
#[test]
fn integrated_loudness_of_the_ebu_cases() {
    for (parts, want) in [
        (&[(-23.0, 20.0)][..], -23.0),
        (&[(-33.0, 20.0)], -33.0),
        (&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        (&[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        (&[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ] {
        let x: Vec<f32> = parts.iter().flat_map(|&(db, seconds)| sine(db, seconds)).collect();
        let got = of(&[x.clone(), x]).descriptor.values[dim::LOUDNESS];
        assert!((f64::from(got) - want).abs() < 0.1, "{parts:?}: {got} LUFS");
    }
}

/// Case 6: five channels, centre at -24, front at -28, surround at -30 dBFS: -23 LUFS.
#[test]
fn surround_channels_weigh_more() {
    let x = [-28.0, -28.0, -24.0, -30.0, -30.0].map(|db| sine(db, 20.0));
    let got = of(&x).descriptor.values[dim::LOUDNESS];
    assert!((got + 23.0).abs() < 0.1, "{got} LUFS");
}

/// EBU Tech 3342 cases 1 to 3, within 1 LU.
#[test]
fn loudness_range_of_the_ebu_cases() {
    for (parts, want) in [([-20.0, -30.0], 10.0), ([-20.0, -15.0], 5.0), ([-40.0, -20.0], 20.0f32)] {
        let x: Vec<f32> = parts.iter().flat_map(|&db| sine(db, 20.0)).collect();
        let got = of(&[x.clone(), x]).table.loudness_range.unwrap();
        assert!((got - want).abs() < 1.0, "{parts:?}: {got} LU");
    }
}

#[test]
fn levels_of_a_sine_are_those_of_the_formula() {
    let x = sine(-6.0, 10.0);
    let t = of(&[x.clone(), x.clone()]);
    let v = |d: usize| t.descriptor.values[d];
    assert!((v(dim::CREST) - 3.0103).abs() < 1e-3);
    assert!(v(dim::CREST_VARIATION) < 1e-3 && v(dim::PEAK_CONSISTENCY) > 0.9999);
    assert!(v(dim::LOUDNESS_VARIATION) < 0.01);
    assert_eq!((v(dim::STEREO_WIDTH), v(dim::PHASE_CORRELATION), v(dim::SILENCE_RATIO)), (0.0, 1.0, 0.0));
    assert!((t.table.zero_crossing_rate.unwrap() - 2000.0).abs() < 1.0);
    assert!((t.table.true_peak.unwrap() + 6.0).abs() < 0.05);
    // One channel alone is half as loud; half of the track silent: half of the frames.
    let mut half = x.clone();
    half[..x.len() / 2].fill(0.0);
    let h = of(&[half]);
    assert!((h.descriptor.values[dim::SILENCE_RATIO] - 0.5).abs() < 0.01);
    assert!((h.descriptor.values[dim::CREST] - 6.0206).abs() < 1e-3);
    assert!(h.descriptor.why[dim::CREST_VARIATION].is_none());
}

#[test]
fn channels_that_cancel_have_levels_and_no_features() {
    let x = music(5 * RATE, 4);
    let minus = x.iter().map(|v| -v).collect();
    let t = of(&[x, minus]).descriptor;
    assert_eq!((t.values[dim::STEREO_WIDTH], t.values[dim::PHASE_CORRELATION]), (1.0, -1.0));
    for d in [dim::LOUDNESS, dim::CREST, dim::SILENCE_RATIO, dim::CREST_VARIATION, dim::PEAK_CONSISTENCY] {
        assert_eq!(t.why[d], None, "{d}");
    }
    for d in [dim::SUB_BASS, dim::BASS_MID_RATIO, dim::TEMPO, dim::ONSET_RATE, dim::CENTROID, dim::PITCH_STABILITY] {
        assert_eq!(t.why[d], Some(Why::Silence), "{d}");
    }
    assert_eq!(t.why[dim::CHROMA_CONCENTRATION], Some(Why::Silence));
}

#[test]
fn independent_channels_are_half_side_and_uncorrelated() {
    let t = of(&[noise(5 * RATE, 1), noise(5 * RATE, 99)]).descriptor;
    assert!((t.values[dim::STEREO_WIDTH] - 0.5).abs() < 0.01);
    assert!(t.values[dim::PHASE_CORRELATION].abs() < 0.01);
}

#[test]
fn silence_is_unknown_everywhere_for_that_reason() {
    let t = of(&[vec![0.0; 5 * RATE], vec![0.0; 5 * RATE]]);
    assert_eq!(t.descriptor.why, [Some(Why::Silence); DIMENSIONS]);
    let known = (t.table.key, t.table.true_peak, t.table.rms_mean, t.table.loudness_range, t.table.flux);
    assert_eq!(known, (None, None, None, None, None));
    // Mono is of no width by definition.
    let t = of(&[vec![0.0; 5 * RATE]]).descriptor;
    assert_eq!((t.values[dim::STEREO_WIDTH], t.values[dim::PHASE_CORRELATION]), (0.0, 1.0));
}

#[test]
fn a_constant_has_no_correlation_and_no_loudness_range() {
    let t = of(&[vec![0.5; 5 * RATE], noise(5 * RATE, 3)]).descriptor;
    assert_eq!(t.why[dim::PHASE_CORRELATION], Some(Why::Undefined));
    let t = of(&[vec![0.5; 5 * RATE], vec![0.5; 5 * RATE]]);
    assert_eq!(t.descriptor.why[dim::PHASE_CORRELATION], Some(Why::Undefined));
    assert_eq!(t.descriptor.values[dim::CREST], 0.0);
    assert_eq!(t.table.zero_crossing_rate, Some(0.0));
}

#[test]
fn short_tracks_say_so() {
    for n in [0, 1, 4095] {
        let t = of(&[noise(n.max(1), 1)[..n].to_vec()]);
        assert_eq!(t.descriptor.why, [Some(Why::TooShort); DIMENSIONS], "{n} samples");
        assert_eq!(t.table.duration, n as f64 / 44_100.0);
        assert_eq!(t.table.true_peak, None);
    }
    // 0.3 s: what a few frames tell, and nothing that needs more.
    let t = of(&[noise(13_230, 1), noise(13_230, 2)]).descriptor;
    let short: Vec<usize> = (0..DIMENSIONS).filter(|&d| t.why[d] == Some(Why::TooShort)).collect();
    let want = [
        dim::LOUDNESS,
        dim::TEMPO,
        dim::RHYTHM_STABILITY,
        dim::ONSET_RATE,
        dim::CREST_VARIATION,
        dim::LOUDNESS_VARIATION,
        dim::PEAK_CONSISTENCY,
    ];
    assert_eq!(short, want);
    assert!((0..DIMENSIONS).all(|d| want.contains(&d) || t.why[d].is_none()), "{:?}", t.why);
}

#[test]
fn a_very_quiet_track_is_below_the_gate_and_keeps_the_rest() {
    let t = of(&[noise(5 * RATE, 1).into_iter().map(|x| x * 1e-4).collect()]).descriptor;
    assert_eq!(t.why[dim::LOUDNESS], Some(Why::BelowGate));
    assert_eq!(t.why[dim::LOUDNESS_VARIATION], Some(Why::BelowGate));
    assert_eq!((t.why[dim::CREST], t.why[dim::CENTROID]), (None, None));
}

#[test]
fn a_source_with_nan_or_a_low_rate_says_so() {
    let x = [music(5 * RATE, 1)];
    let t = measure(&x, &Case { non_finite: 1, ..PLAIN });
    assert_eq!(t.descriptor.why, [Some(Why::NonFinite); DIMENSIONS]);
    assert_eq!((t.table.true_peak, t.table.sample_rate), (None, 44_100));
    let t = measure(&x, &Case { rate_hz: 8000, ..PLAIN }).descriptor;
    assert_eq!(t.why[dim::PRESENCE], Some(Why::AboveNyquist));
    assert_eq!(t.why[dim::AIR], Some(Why::AboveNyquist));
    let sum: f32 = t.values[..dim::PRESENCE].iter().sum();
    assert!((sum - 1.0).abs() < 1e-6);
}

#[test]
#[should_panic(expected = "rows of every frame")]
fn missing_rows_are_noticed() {
    let mut a = TrackAnalysis::new(SourceInfo { rate_hz: 44_100, channels: 1, codec: String::new() }, 8);
    a.push(&[&[0.5; 10_000]]);
    a.end(SourceNote::default());
    a.finish();
}
