//! Milliseconds per minute of audio, one thread, for every width: `cargo run --release --example yin_speed`.
//! Every width's rows are compared with the scalar ones before the clock starts; the quietest of the runs counts.

use std::time::Instant;

use earprint_signal::Width;
use earprint_signal::track::row::{F0, ROW};
use earprint_signal::track::{YinKernel, YinScratch};

/// Frames of a minute, and of a segment.
const MINUTE: usize = 2584;
const SEGMENT: usize = 1024;

fn main() {
    let pcm: Vec<f32> = (0..MINUTE * 1024 + 4096)
        .map(|i| {
            let t = i as f64 / 44_100.0;
            let f = 110.0 + 60.0 * (t * 0.7).sin();
            let buzz: f64 = (1..9).map(|h| (std::f64::consts::TAU * f * h as f64 * t).sin() / h as f64).sum();
            let grain = f64::from((i as u32).wrapping_mul(2_654_435_761)) / f64::from(u32::MAX) - 0.5;
            (0.2 * buzz + if (i / 30_000) % 4 == 0 { 0.5 } else { 0.02 } * grain) as f32
        })
        .collect();
    let minute = |kernel: &YinKernel, rows: &mut [f32], scratch: &mut YinScratch| {
        for from in (0..MINUTE).step_by(SEGMENT) {
            let frames = SEGMENT.min(MINUTE - from);
            kernel.run(&pcm[from * 1024..], frames, &mut rows[from * ROW..][..frames * ROW], scratch);
        }
    };
    let mut want = vec![0.0; MINUTE * ROW];
    minute(&YinKernel::new(Width::available()[0]), &mut want, &mut YinScratch::default());
    let voiced = want.chunks(ROW).filter(|r| r[F0] > 0.0).count();
    println!("{voiced} of {MINUTE} frames voiced");
    for width in Width::available() {
        let (kernel, mut scratch) = (YinKernel::new(width), YinScratch::default());
        let mut rows = vec![0.0; MINUTE * ROW];
        minute(&kernel, &mut rows, &mut scratch);
        assert!(rows.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits()), "{} differs", width.name());
        let mut best = f64::MAX;
        for _ in 0..9 {
            let start = Instant::now();
            minute(&kernel, &mut rows, &mut scratch);
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{:8} {:7.2} ms per minute", width.name(), 1e3 * best);
    }
}
