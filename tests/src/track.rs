//! A track from samples, on the calling thread: the shortest way through the corridor, for tests that know the truth.

use earprint_core::{Descriptor, TrackTable};
use earprint_features::{OwnedSegment, SourceInfo, SourceNote, TrackAnalysis, TrackNumbers};
use earprint_signal::Width;
use earprint_signal::track::{TrackKernel, TrackScratch, row::ROW};

use crate::signals;

/// Segments of `frames` frames of planar samples at 44,100 Hz.
pub fn segments(planes: &[Vec<f32>], frames: usize) -> Vec<OwnedSegment> {
    let source = SourceInfo { rate_hz: 44_100, channels: planes.len() as u32, codec: "pcm".into() };
    let mut analysis = TrackAnalysis::new(source, frames);
    analysis.push(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: planes[0].len() as u64 });
    std::iter::from_fn(|| analysis.next_segment()).collect()
}

/// Rows `(T, ROW)` of segments, one after another, on the CPU.
pub fn rows_of(segments: &[OwnedSegment], width: Width) -> Vec<f32> {
    let (kernel, mut scratch) = (TrackKernel::new(width), TrackScratch::default());
    let one = |s: &OwnedSegment| {
        let mut rows = vec![0.0; s.frames * ROW];
        kernel.run(&s.view(), &mut rows, &mut scratch);
        rows
    };
    segments.iter().flat_map(one).collect()
}

/// Numbers of planar samples at 44,100 Hz whose rows somebody else makes, in segments of `segment` frames.
pub fn numbers_by(
    planes: &[Vec<f32>],
    segment: usize,
    mut rows: impl FnMut(&OwnedSegment) -> Vec<f32>,
) -> TrackNumbers {
    let source = SourceInfo { rate_hz: 44_100, channels: planes.len() as u32, codec: "pcm".into() };
    let mut analysis = TrackAnalysis::new(source, segment);
    analysis.push(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: planes[0].len() as u64 });
    while let Some(segment) = analysis.next_segment() {
        analysis.rows(&rows(&segment));
    }
    analysis.finish()
}

/// Numbers of planar samples at 44,100 Hz, pushed in blocks of `block` frames, computed in segments of `segment` frames.
pub fn numbers_in(planes: &[Vec<f32>], block: usize, segment: usize, width: Width) -> TrackNumbers {
    let source = SourceInfo { rate_hz: 44_100, channels: planes.len() as u32, codec: "pcm".into() };
    let mut analysis = TrackAnalysis::new(source, segment);
    let kernel = TrackKernel::new(width);
    let mut scratch = TrackScratch::default();
    let all = planes[0].len();
    let mut drain = |analysis: &mut TrackAnalysis| {
        while let Some(segment) = analysis.next_segment() {
            let mut rows = vec![0.0; segment.frames * ROW];
            kernel.run(&segment.view(), &mut rows, &mut scratch);
            analysis.rows(&rows);
        }
    };
    for from in (0..all).step_by(block) {
        let to = all.min(from + block);
        analysis.push(&planes.iter().map(|p| &p[from..to]).collect::<Vec<_>>());
        drain(&mut analysis);
    }
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: all as u64 });
    drain(&mut analysis);
    analysis.finish()
}

/// Numbers of planar samples at 44,100 Hz.
pub fn numbers(planes: &[Vec<f32>]) -> TrackNumbers {
    numbers_in(planes, 44_100, 512, Width::best())
}

/// The descriptor of one channel.
pub fn mono(samples: Vec<f32>) -> Descriptor {
    numbers(&[samples]).descriptor
}

/// A sine.
pub fn sine(hz: f64, amplitude: f64, seconds: f64) -> Vec<f32> {
    let n = (seconds * 44_100.0) as usize;
    (0..n).map(|i| (amplitude * (std::f64::consts::TAU * hz * i as f64 / 44_100.0).sin()) as f32).collect()
}

/// White noise, uniform in +-amplitude, from a seed.
pub fn noise(seed: u64, amplitude: f64, seconds: f64) -> Vec<f32> {
    (0..(seconds * 44_100.0) as u64).map(|i| (amplitude * signals::noise(seed, i)) as f32).collect()
}

/// Clicks (decaying bursts of 5 ms) at a steady tempo.
pub fn clicks(bpm: f64, seconds: f64) -> Vec<f32> {
    let mut out = vec![0.0; (seconds * 44_100.0) as usize];
    let burst = noise(7, 0.8, 0.005);
    let period = 60.0 / bpm * 44_100.0;
    let mut at = 0.3 * 44_100.0;
    while (at as usize) < out.len() {
        for (i, b) in burst.iter().enumerate() {
            if let Some(o) = out.get_mut(at as usize + i) {
                *o += b * (-(i as f32) / 60.0).exp();
            }
        }
        at += period;
    }
    out
}

/// The value of a dimension, for messages that name it.
pub fn value(d: &Descriptor, index: usize) -> f64 {
    f64::from(d.values[index])
}

/// The table of planar samples.
pub fn table(planes: &[Vec<f32>]) -> TrackTable {
    numbers(planes).table
}
