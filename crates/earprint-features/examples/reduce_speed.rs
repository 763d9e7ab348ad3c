//! Milliseconds per minute of stereo: `cargo run --release -p earprint-features --example reduce_speed`
//!
//! `push` is everything the samples of all channels need (levels, true peak, mono, segments, loudness); beside it the
//! loudness meter alone, and the reductions of rows. The quietest of several runs.

use std::time::{Duration, Instant};

use earprint_features::{SourceInfo, SourceNote, TrackAnalysis};
use earprint_signal::track::row::{self, ROW};

const MINUTES: usize = 4;

fn main() {
    let n = 44_100 * 60 * MINUTES;
    let mut s = 1u32;
    let mut white = move || {
        s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (s >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut lows = [0.0f32; 2];
    let music: Vec<Vec<f32>> = (0..2)
        .map(|c| {
            (0..n)
                .map(|i| {
                    lows[c] = 0.95 * lows[c] + 0.05 * white();
                    let beat = 1.0 - (i % 22_050) as f32 / 30_000.0;
                    (4.0 * lows[c] * beat + 0.1 * white()).clamp(-0.9, 0.9)
                })
                .collect()
        })
        .collect();
    let noise: Vec<Vec<f32>> = (0..2).map(|_| (0..n).map(|_| 0.9 * white()).collect()).collect();
    for (name, planar) in [("bursts of low noise", &music), ("white noise", &noise)] {
        let (mut push, mut rows_time, mut finish) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..5 {
            let (a, b, c) = once(planar, n);
            (push, rows_time, finish) = (push.min(a), rows_time.min(b), finish.min(c));
        }
        let meter = (0..5).map(|_| loudness(planar, n)).min().expect("five runs");
        let own = (0..5).map(|_| k_weighted(planar, n)).min().expect("five runs");
        let ms = |d: Duration| d.as_secs_f64() * 1e3 / MINUTES as f64;
        println!(
            "{name}: push {:.2} ms/min, of it loudness {:.2}; crate ebur128 beside it {:.2}",
            ms(push),
            ms(own),
            ms(meter)
        );
        println!("{name}: rows {:.2}, finish {:.2} ms/min", ms(rows_time), ms(finish));
    }
}

fn once(planar: &[Vec<f32>], n: usize) -> (Duration, Duration, Duration) {
    let source = SourceInfo { rate_hz: 44_100, channels: 2, codec: String::new() };
    let mut analysis = TrackAnalysis::new(source, 1024);
    let (mut push, mut reduce) = (Duration::ZERO, Duration::ZERO);
    let mut frame = 0usize;
    let mut drain = |analysis: &mut TrackAnalysis, push: &mut Duration| {
        loop {
            let clock = Instant::now();
            let segment = analysis.next_segment();
            *push += clock.elapsed();
            let Some(segment) = segment else { break };
            let rows = made_up(segment.frames, &mut frame);
            let clock = Instant::now();
            analysis.rows(&rows);
            reduce += clock.elapsed();
            analysis.give_back(segment.pcm);
        }
    };
    for from in (0..n).step_by(8192) {
        let to = (from + 8192).min(n);
        let clock = Instant::now();
        analysis.push(&[&planar[0][from..to], &planar[1][from..to]]);
        push += clock.elapsed();
        drain(&mut analysis, &mut push);
    }
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: n as u64 });
    drain(&mut analysis, &mut push);
    let clock = Instant::now();
    let numbers = analysis.finish();
    let finish = clock.elapsed();
    assert!(numbers.descriptor.why.iter().all(Option::is_none), "{:?}", numbers.descriptor.why);
    (push, reduce, finish)
}

fn made_up(frames: usize, frame: &mut usize) -> Vec<f32> {
    let mut rows = vec![0.0; frames * ROW];
    for r in rows.chunks_exact_mut(ROW) {
        let t = *frame;
        *frame += 1;
        let x = (t * 7919 % 1000) as f32 / 1000.0;
        r.iter_mut().enumerate().for_each(|(c, v)| *v = 1.0 + x * (c % 5) as f32);
        r[row::MEAN_SQUARE] = 0.1 * (0.01 + x * x);
        r[row::F0] = if x < 0.3 { 0.0 } else { 100.0 + 5.0 * x };
        r[row::FLUX] = if t.is_multiple_of(21) { 8.0 } else { x };
    }
    rows
}

fn loudness(planar: &[Vec<f32>], n: usize) -> Duration {
    use ebur128::{EbuR128, Mode};
    let mut meter = EbuR128::new(2, 44_100, Mode::I | Mode::LRA).expect("two channels");
    let clock = Instant::now();
    let mut sum = 0.0;
    for from in (0..n - 4409).step_by(4410) {
        meter.add_frames_planar_f32(&[&planar[0][from..from + 4410], &planar[1][from..from + 4410]]).expect("two");
        sum += meter.loudness_momentary().expect("in the mode");
    }
    assert!(sum.is_finite());
    clock.elapsed()
}

fn k_weighted(planar: &[Vec<f32>], n: usize) -> Duration {
    let mut meter = earprint_features::k_weighted::KWeighted::new(2);
    let clock = Instant::now();
    for from in (0..n - 4409).step_by(4410) {
        meter.step(&[&planar[0][from..from + 4410], &planar[1][from..from + 4410]]);
    }
    assert!(meter.finish().integrated.is_ok());
    clock.elapsed()
}
