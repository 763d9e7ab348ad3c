//! Mel from the definition, in f64, with a plain sum for every bin: slow, short, and independent of the kernels.

use earprint_core::{Log, MelJob, MelNorm, MelScale, MelSpec, PadMode, Pool, Power, WindowShape};

/// Mel values of one clip: `(T, M)` row-major for jobs without windows; `(rows, M, frames)` for jobs with windows.
pub fn mel(clip: &[f64], job: &MelJob) -> Vec<f64> {
    let spec = &job.spec;
    if let Some(w) = &job.windows {
        let mut padded = clip[..clip.len().min(w.clip_samples)].to_vec();
        padded.resize(w.clip_samples, 0.0);
        let mut out = Vec::new();
        for long in 0..w.longs() {
            for short in 0..w.shorts_per_long() {
                let start = w.start(long, short);
                let window = &padded[start..start + w.short_length];
                let frames: Vec<Vec<f64>> =
                    (0..spec.frames(w.short_length)).map(|t| power(&window[t * spec.hop_length..], spec)).collect();
                let kept: Vec<Vec<f64>> = match job.pool {
                    Pool::None => frames,
                    Pool::MeanPower => {
                        let n = frames.len() as f64;
                        vec![(0..spec.n_bins()).map(|f| frames.iter().map(|p| p[f]).sum::<f64>() / n).collect()]
                    }
                };
                let mels: Vec<Vec<f64>> = kept.iter().map(|p| bank_and_log(p, spec)).collect();
                for m in 0..spec.n_mels {
                    out.extend(mels.iter().map(|frame| frame[m]));
                }
            }
        }
        return out;
    }
    let pad = if spec.center { spec.n_fft as isize / 2 } else { 0 };
    let n = clip.len() as isize;
    let at = |i: isize| -> f64 {
        if (0..n).contains(&i) {
            return clip[i as usize];
        }
        match spec.pad_mode {
            PadMode::Zero => 0.0,
            PadMode::Reflect => {
                let mut k = i;
                while !(0..n).contains(&k) {
                    k = if k < 0 { -k } else { 2 * (n - 1) - k };
                }
                clip[k as usize]
            }
        }
    };
    let mut out = Vec::new();
    for t in 0..spec.frames(clip.len()) {
        let start = (t * spec.hop_length) as isize - pad;
        let frame: Vec<f64> = (0..spec.n_fft as isize).map(|i| at(start + i)).collect();
        out.extend(bank_and_log(&power(&frame, spec), spec));
    }
    let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for v in &mut out {
        match spec.log {
            Log::Db { top_db: Some(top), .. } => *v = v.max(largest - f64::from(top)),
            Log::Whisper => *v = (v.max(largest - 8.0) + 4.0) / 4.0,
            _ => {}
        }
    }
    out
}

fn power(samples: &[f64], spec: &MelSpec) -> Vec<f64> {
    let n = spec.n_fft;
    let left = (n - spec.win_length) / 2;
    let windowed: Vec<f64> = (0..n)
        .map(|i| {
            if i < left || i >= left + spec.win_length {
                return 0.0;
            }
            let c = (std::f64::consts::TAU * (i - left) as f64 / spec.win_length as f64).cos();
            samples[i]
                * match spec.window {
                    WindowShape::Hann => 0.5 * (1.0 - c),
                    WindowShape::Hamming => 0.54 - 0.46 * c,
                    WindowShape::Rectangular => 1.0,
                }
        })
        .collect();
    let turn: Vec<(f64, f64)> = (0..n)
        .map(|k| {
            let a = std::f64::consts::TAU * k as f64 / n as f64;
            (a.cos(), a.sin())
        })
        .collect();
    (0..=n / 2)
        .map(|f| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in windowed.iter().enumerate() {
                let (c, s) = turn[f * i % n];
                re += x * c;
                im -= x * s;
            }
            match spec.power {
                Power::Power => re * re + im * im,
                Power::Magnitude => (re * re + im * im).sqrt(),
            }
        })
        .collect()
}

fn bank_and_log(power: &[f64], spec: &MelSpec) -> Vec<f64> {
    let mel = |hz: f64| match spec.mel_scale {
        MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
        MelScale::Slaney if hz < 1000.0 => 3.0 * hz / 200.0,
        MelScale::Slaney => 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4_f64.ln(),
    };
    let hertz = |mel: f64| match spec.mel_scale {
        MelScale::Htk => 700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0),
        MelScale::Slaney if mel < 15.0 => 200.0 * mel / 3.0,
        MelScale::Slaney => 1000.0 * 6.4_f64.powf((mel - 15.0) / 27.0),
    };
    let (lo, hi) = (mel(spec.f_min), mel(spec.f_max));
    let edge = |i: usize| hertz(lo + (hi - lo) * i as f64 / (spec.n_mels + 1) as f64);
    let decade = match spec.power {
        Power::Power => 10.0,
        Power::Magnitude => 20.0,
    };
    (0..spec.n_mels)
        .map(|m| {
            let (l, c, r) = (edge(m), edge(m + 1), edge(m + 2));
            let mut sum = 0.0;
            for (f, p) in power.iter().enumerate() {
                let hz = f as f64 * f64::from(spec.sample_rate) / spec.n_fft as f64;
                let weight = if hz <= l || hz >= r {
                    0.0
                } else if hz <= c {
                    (hz - l) / (c - l)
                } else {
                    (r - hz) / (r - c)
                };
                sum += p * weight * if spec.norm == MelNorm::Slaney { 2.0 / (r - l) } else { 1.0 };
            }
            match spec.log {
                Log::None => sum,
                Log::Ln { amin } => sum.max(f64::from(amin)).ln(),
                Log::Log10 { amin } => sum.max(f64::from(amin)).log10(),
                Log::Whisper => sum.max(1e-10).log10(),
                Log::Db { amin, reference, .. } => {
                    let amin = f64::from(amin);
                    decade * (sum.max(amin).log10() - f64::from(reference).max(amin).log10())
                }
            }
        })
        .collect()
}
