//! No number depends on how a track was cut: blocks pushed, segments computed, instruction set.

use earprint_features::TrackNumbers;
use earprint_signal::Width;
use earprint_tests::track::{clicks, noise, numbers_in, rows_of, segments, sine};

fn song(seconds: f64) -> Vec<Vec<f32>> {
    let (beat, tone, air) = (clicks(128.0, seconds), sine(311.127, 0.2, seconds), noise(3, 0.02, seconds));
    let mix =
        |gain: f32| -> Vec<f32> { beat.iter().zip(&tone).zip(&air).map(|((b, t), n)| gain * b + t + n).collect() };
    vec![mix(0.6), mix(0.3)]
}

fn words(rows: &[f32]) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

fn bits(n: &TrackNumbers) -> (Vec<u32>, String) {
    (n.descriptor.values.iter().map(|v| v.to_bits()).collect(), format!("{:?}", n.table))
}

#[test]
fn cuts_change_nothing() {
    // 13.7 s: 591 frames, neither a multiple of a segment nor of a lane.
    let planes = song(13.7);
    let want = bits(&numbers_in(&planes, usize::MAX >> 1, 100_000, Width::best()));
    for (block, segment) in [(1000, 1024), (44_100, 1), (4_096, 7), (777, 50), (131_072, 64), (12_345, 590)] {
        // One frame a segment reads 85 frames' samples for each: a shorter stretch shows the same.
        if segment < 7 {
            let short: Vec<Vec<f32>> = planes.iter().map(|p| p[..60_000].to_vec()).collect();
            let whole = bits(&numbers_in(&short, 60_000, 1024, Width::best()));
            assert_eq!(bits(&numbers_in(&short, block, segment, Width::best())), whole);
            continue;
        }
        let got = bits(&numbers_in(&planes, block, segment, Width::best()));
        assert_eq!(got, want, "blocks of {block}, segments of {segment}");
    }
}

#[test]
fn every_width_gives_the_same_bits() {
    let planes = song(5.3);
    let want = bits(&numbers_in(&planes, 10_000, 100, Width::Scalar));
    for width in Width::available() {
        assert_eq!(bits(&numbers_in(&planes, 10_000, 100, width)), want, "{}", width.name());
    }
    // One sample more in one channel is seen: the comparison can fail.
    let mut other = planes.clone();
    other[0][100_000] += 1e-3;
    assert_ne!(bits(&numbers_in(&other, 10_000, 100, Width::best())), want);
}

#[test]
fn very_short_tracks_fold_their_frames() {
    for samples in [1, 100, 1023, 1024, 1025, 5000, 15 * 1024, 31 * 1024 + 1] {
        let planes: Vec<Vec<f32>> = song(1.0).iter().map(|p| p[..samples.min(p.len())].to_vec()).collect();
        let want = bits(&numbers_in(&planes, samples, 1024, Width::best()));
        assert_eq!(bits(&numbers_in(&planes, 333, 16, Width::best())), want, "{samples} samples");
        // Below a frame the numbers are unknown whatever the rows: so the rows themselves.
        let rows = |segment| words(&rows_of(&segments(&planes, segment), Width::best()));
        assert_eq!(rows(16), rows(1024), "{samples} samples");
        assert!(rows(1024).iter().any(|&w| w != 0));
    }
}
