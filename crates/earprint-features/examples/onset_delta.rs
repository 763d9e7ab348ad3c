//! How far the onset envelope stands above its surroundings for signals with and without onsets: what
//! `onsets::DELTA_DB` was chosen from. `cargo run --release -p earprint-features --example onset_delta`

use earprint_signal::Width;
use earprint_signal::track::row::ROW;
use earprint_signal::track::{CONTEXT_SAMPLES, HOP, MELS, N_FFT, STRIDE};
use earprint_signal::track::{SpectrumKernel, SpectrumOut, SpectrumScratch, flux};

fn envelope(pcm: &[f32]) -> Vec<f32> {
    let frames = 1 + pcm.len() / HOP;
    let mut padded = vec![0.0; N_FFT / 2];
    padded.extend_from_slice(pcm);
    padded.resize(CONTEXT_SAMPLES + pcm.len(), 0.0);
    let (mut power, mut mel) = (vec![0.0; frames * STRIDE], vec![0.0; frames * MELS]);
    let mut rows = vec![0.0; frames * ROW];
    let out = SpectrumOut { power: &mut power, log_mel: &mut mel, rows: &mut rows, first_row: 0 };
    SpectrumKernel::new(Width::available().last().copied().expect("at least one")).run(
        &padded,
        frames,
        out,
        &mut SpectrumScratch::default(),
    );
    let (mel, _) = mel.as_chunks::<MELS>();

    (0..frames).map(|t| if t == 0 { 0.0 } else { flux(&mel[t - 1], &mel[t]) }).collect()
}

/// Heights above the mean of t-4 ..= t+3 of the local maxima, descending.
fn heights(envelope: &[f32]) -> Vec<f64> {
    // The first and last frames hold the track's own begin and end.
    let mut out: Vec<f64> = (8..envelope.len() - 8)
        .filter(|&t| envelope[t] >= envelope[t - 1] && envelope[t] >= envelope[t + 1])
        .map(|t| f64::from(envelope[t]) - envelope[t - 4..t + 4].iter().map(|&x| f64::from(x)).sum::<f64>() / 8.0)
        .collect();
    out.sort_by(|a, b| b.total_cmp(a));
    out
}

fn main() {
    let mut s = 1u32;
    let mut white = move || {
        s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (s >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let n = 44_100 * 240;
    let noise: Vec<f32> = (0..n).map(|_| 0.1 * white()).collect();
    let mut low = 0.0;
    let brown: Vec<f32> = noise
        .iter()
        .map(|x| {
            low = 0.995 * low + 0.1 * x;
            low
        })
        .collect();
    let tone: Vec<f32> =
        (0..n).map(|i| 0.3 * (std::f64::consts::TAU * 440.0 * i as f64 / 44_100.0).sin() as f32).collect();
    for (name, x) in [("white noise", &noise), ("brown noise", &brown), ("tone", &tone)] {
        let h = heights(&envelope(x));
        println!("{name}, 4 min: highest {:.2}, {:.2}, {:.2} dB", h[0], h[1], h[2]);
    }
    for (name, under, length, gain) in [
        ("clicks in silence", 0.0, 1, 0.5),
        ("1 ms bursts 0 dB over noise", 1.0, 44, 0.1),
        ("10 ms bursts 0 dB over noise", 1.0, 441, 0.1),
        ("10 ms bursts 10 dB over noise", 1.0, 441, 0.32),
        ("50 ms bursts 3 dB over noise", 1.0, 2205, 0.14),
        ("50 ms bursts 6 dB over noise", 1.0, 2205, 0.2),
        ("50 ms bursts 10 dB over noise", 1.0, 2205, 0.32),
    ] {
        let mut x: Vec<f32> = noise.iter().map(|x| under * x).collect();
        for (i, at) in (30_000..n - 30_000).step_by(22_050).enumerate() {
            for k in 0..length {
                x[at + 37 * (i % 27) + k] += gain * if length == 1 { 1.0 } else { white() };
            }
        }
        let count = (30_000..n - 30_000).step_by(22_050).count();
        let h = heights(&envelope(&x));
        println!("{name}: {count} onsets, lowest {:.2}, next maximum {:.2} dB", h[count - 1], h[count]);
    }
}
