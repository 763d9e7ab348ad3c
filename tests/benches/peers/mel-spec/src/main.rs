//! Mel 2048/512/128 at 22,050 Hz beside the `mel_spec` crate, one thread, samples in memory, in one run.
//!
//! Job: f32 samples to (M, T) f32 natural-log mel, padding of the ends included, allocations of the output included.
//! Both results are compared before the clock starts. Prints one JSON line. `cargo run --release`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use earprint_core::{Log, MelJob};
use earprint_signal::{FrameGrid, Layout, MelKernel, MelTables, Out, PcmSlice, Scratch, Width, pad_clip};
use mel_spec::mel::{BatchLogMelConfig, BatchLogMelSpectrogram};

const RATE_HZ: usize = 22_050;
const ROUNDS: usize = 15;

fn main() {
    // A minute of three gliding tones over noise.
    let mut state = 1_u64;
    let clip: Vec<f32> = (0..60 * RATE_HZ)
        .map(|i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 40) as f32 / 8_388_608.0 - 1.0;
            let t = i as f32 / RATE_HZ as f32;
            let tones = [110.0, 700.0, 3100.0].map(|f| (t * f * (6.0 + 0.01 * t)).sin());
            0.2 * (tones[0] + tones[1] + tones[2]) + 0.05 * noise
        })
        .collect();

    let mut job = MelJob::preset("librosa").expect("a preset");
    job.spec.log = Log::Ln { amin: 1e-10 };
    let grid = FrameGrid::of(&job);
    let kernel = MelKernel::new(&job.spec, Arc::new(MelTables::new(&job.spec)), grid, Width::best());
    let mut scratch = Scratch::default();
    let mut ours = || {
        let padded = pad_clip(&clip, &job);
        let frames = job.spec.frames(clip.len());
        let mut out = vec![0.0; frames * job.spec.n_mels];
        kernel.run(PcmSlice::F32(&padded), frames, Layout::BandMajor, Out::F32(&mut out), &mut scratch);
        out
    };

    let peer = BatchLogMelSpectrogram::new(BatchLogMelConfig {
        sample_rate: RATE_HZ,
        n_fft: 2048,
        win_length: 2048,
        hop_length: 512,
        n_mels: 128,
        log_zero_guard: 1e-10,
        ..BatchLogMelConfig::default()
    })
    .expect("a valid configuration");
    let mut peer_scratch = peer.scratch();
    let mut theirs = || peer.compute_flat_with_scratch(&clip, &mut peer_scratch).expect("a valid clip");

    let (a, b) = (ours(), theirs());
    let frames = (a.len() / 128).min(b.cols);
    let mut worst = 0.0_f32;
    for m in 0..128 {
        // The first and last frames lie in the padding, where the two programs may differ by definition.
        for t in 4..frames - 4 {
            worst = worst.max((a[m * (a.len() / 128) + t] - b.data[m * b.cols + t]).abs());
        }
    }
    let worst_db = worst * 10.0 / std::f32::consts::LN_10;
    assert!(worst_db < 0.2, "the two results differ by {worst_db} dB: not the same job, not timed");

    let mut least = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        let started = Instant::now();
        black_box(ours());
        least[0] = least[0].min(1e3 * started.elapsed().as_secs_f64());
        let started = Instant::now();
        black_box(theirs());
        least[1] = least[1].min(1e3 * started.elapsed().as_secs_f64());
    }
    println!(
        "{{\"job\":\"mel 2048/512/128, one minute at 22,050 Hz\",\"width\":\"{}\",\"earprint_ms\":{:.2},\"mel_spec_ms\":{:.2},\"ratio\":{:.2},\"largest_difference_db\":{worst_db:.4}}}",
        kernel.width().name(),
        least[0],
        least[1],
        least[1] / least[0]
    );
}
