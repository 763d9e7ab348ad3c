//! Milliseconds per minute of audio for the running medians, per instruction set; results equal the scalar ones first.

use std::time::Instant;

use earprint_signal::Width;
use earprint_signal::track::{HpssKernel, HpssScratch, STRIDE, row::ROW};

/// Frames of a minute at 44,100 Hz.
const MINUTE: f64 = 60.0 * 44_100.0 / 1024.0;

fn main() {
    let frames = 64;
    let mut state = 1_u64;
    let power: Vec<f32> = (0..(frames + 30) * STRIDE)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32
        })
        .collect();
    let mut want = None;
    for width in Width::available() {
        let kernel = HpssKernel::new(width);
        let mut scratch = HpssScratch::default();
        let mut rows = vec![0.0; frames * ROW];
        let mut best = f64::MAX;
        for _ in 0..if width == Width::Scalar { 3 } else { 40 } {
            let started = Instant::now();
            kernel.run(&power, STRIDE, frames, &mut rows, &mut scratch);
            best = best.min(started.elapsed().as_secs_f64());
        }
        assert_eq!(want.get_or_insert_with(|| rows.clone()), &rows);
        println!("{:<8} {:6.1} ms a minute", width.name(), best * 1e3 * MINUTE / frames as f64);
    }
}
