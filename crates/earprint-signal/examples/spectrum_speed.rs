//! Milliseconds of one thread for the spectrum of a minute of audio, at every width: segments of 1,024 frames, the quietest
//! of several runs. `cargo run --release -p earprint-signal --example spectrum_speed`

use std::time::Instant;

use earprint_signal::Width;
use earprint_signal::track::row::{MFCC, POWER, ROW};
use earprint_signal::track::{MELS, STRIDE, SpectrumKernel, SpectrumOut, SpectrumScratch, flux};

/// Frames of a segment.
const FRAMES: usize = 1024;
/// Frames of a minute.
const MINUTE: f64 = 60.0 * 44_100.0 / 1024.0;

fn main() {
    let mut state = 1_u32;
    let pcm: Vec<f32> = (0..SpectrumKernel::samples(FRAMES))
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.1 * (state as f32 / u32::MAX as f32 - 0.5) + 0.3 * (i as f32 * 0.07).sin()
        })
        .collect();
    let (mut power, mut log_mel) = (vec![0.0; FRAMES * STRIDE], vec![0.0; FRAMES * MELS]);
    let (mut rows, mut want) = (vec![0.0; FRAMES * ROW], Vec::new());
    for width in Width::available() {
        let kernel = SpectrumKernel::new(width);
        let mut scratch = SpectrumScratch::default();
        let mut quietest = f64::INFINITY;
        for _ in 0..12 {
            let begin = Instant::now();
            let out = SpectrumOut { power: &mut power, log_mel: &mut log_mel, rows: &mut rows, first_row: 0 };
            kernel.run(&pcm, FRAMES, out, &mut scratch);
            quietest = quietest.min(begin.elapsed().as_secs_f64());
        }
        if want.is_empty() {
            want.clone_from(&rows);
        }
        assert!(want == rows && rows.iter().all(|x| x.is_finite()), "{} differs from scalar", width.name());
        assert!(rows[POWER] > 1.0 && rows[MFCC] != 0.0);
        println!("{:10} {:7.2} ms per minute", width.name(), 1e3 * quietest * MINUTE / FRAMES as f64);
    }
    let (bands, _) = log_mel.as_chunks::<MELS>();
    let mut quietest = f64::INFINITY;
    for _ in 0..12 {
        let begin = Instant::now();
        let sum: f32 = bands.windows(2).map(|two| flux(&two[0], &two[1])).sum();
        quietest = quietest.min(begin.elapsed().as_secs_f64());
        assert!(sum > 0.0);
    }
    println!("{:10} {:7.2} ms per minute", "flux", 1e3 * quietest * MINUTE / FRAMES as f64);
}
