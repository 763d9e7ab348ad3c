//! Click trains through the spectrum kernel: onsets counted, tempo found.

use earprint_signal::Width;
use earprint_signal::track::row::ROW;
use earprint_signal::track::{HOP, MELS, N_FFT, STRIDE, SpectrumKernel, SpectrumOut, SpectrumScratch, flux};

use crate::onsets::onsets;
use crate::tempo::tempo;

fn envelope(pcm: &[f32]) -> Vec<f32> {
    let frames = 1 + pcm.len() / HOP;
    let mut padded = vec![0.0; N_FFT / 2];
    padded.extend_from_slice(pcm);
    padded.resize(pcm.len() + 2 * N_FFT, 0.0);
    let (mut power, mut mel) = (vec![0.0; frames * STRIDE], vec![0.0; frames * MELS]);
    let mut rows = vec![0.0; frames * ROW];
    let out = SpectrumOut { power: &mut power, log_mel: &mut mel, rows: &mut rows, first_row: 0 };
    let width = Width::available().last().copied().expect("scalar at least");
    SpectrumKernel::new(width).run(&padded, frames, out, &mut SpectrumScratch::default());
    let (mel, _) = mel.as_chunks::<MELS>();
    (0..frames).map(|t| if t == 0 { 0.0 } else { flux(&mel[t - 1], &mel[t]) }).collect()
}

#[test]
fn click_trains_are_counted_and_timed() {
    let mut octaves = Vec::new();
    for bpm in [40.0, 53.0, 60.0, 77.0, 90.0, 101.0, 120.0, 128.0, 133.0, 150.0, 166.0, 174.0, 190.0, 207.0, 240.0] {
        let n = 20 * 44_100;
        let mut pcm = vec![0.0f32; n];
        let mut count = 0;
        let mut at = 9000.0f64;
        while (at as usize) < n - 3000 {
            let at_sample = at as usize;
            (0..40)
                .for_each(|k| pcm[at_sample + k] = 0.5 * (-0.1 * k as f32).exp() * if k % 2 == 0 { 1.0 } else { -0.6 });
            at += 60.0 * 44_100.0 / bpm;
            count += 1;
        }
        let envelope = envelope(&pcm);
        assert_eq!(onsets(&envelope).count(), count, "{bpm} BPM");
        let found = tempo(&envelope).0.unwrap();
        let ratio = [1.0, 2.0, 0.5].into_iter().find(|f| (found / bpm / f - 1.0).abs() < 0.01);
        match ratio {
            Some(1.0) => (),
            Some(_) => octaves.push(format!("{bpm}: {found:.1}")),
            None => panic!("{bpm} BPM found as {found}"),
        }
    }
    println!("an octave away: {}", octaves.join(", "));
}

#[test]
fn noise_and_tones_have_no_onsets() {
    let mut s = 5u32;
    let noise: Vec<f32> = (0..30 * 44_100)
        .map(|_| {
            s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.1 * ((s >> 8) as f32 / 8_388_608.0 - 1.0)
        })
        .collect();
    let tone: Vec<f32> =
        (0..30 * 44_100).map(|i| (std::f64::consts::TAU * 440.0 * i as f64 / 44_100.0).sin() as f32).collect();
    // The begin of the track is one.
    assert!(onsets(&envelope(&noise)).count() <= 1);
    assert!(onsets(&envelope(&tone)).count() <= 1);
}
