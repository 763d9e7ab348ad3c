//! Milliseconds per minute of audio for the constant-Q classes, per instruction set; results equal the scalar ones first.

use std::time::Instant;

use earprint_signal::Width;
use earprint_signal::track::{ConstantQKernel, ConstantQScratch, TrackSegment, row::ROW};

/// Frames of a minute at 44,100 Hz.
const MINUTE: f64 = 60.0 * 44_100.0 / 1024.0;

fn main() {
    let frames = 512;
    let mut state = 1_u64;
    let pcm: Vec<f32> = (0..TrackSegment::samples(frames))
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 * 1e-7
        })
        .collect();
    let mut want = None;
    for width in Width::available() {
        let kernel = ConstantQKernel::new(width);
        let mut scratch = ConstantQScratch::default();
        let mut rows = vec![0.0; frames * ROW];
        let mut best = f64::MAX;
        for _ in 0..if width == Width::Scalar { 2 } else { 10 } {
            let started = Instant::now();
            kernel.run(&pcm, frames, &mut rows, &mut scratch);
            best = best.min(started.elapsed().as_secs_f64());
        }
        assert_eq!(want.get_or_insert_with(|| rows.clone()), &rows);
        println!("{:<8} {:6.1} ms a minute", width.name(), best * 1e3 * MINUTE / frames as f64);
    }
}
