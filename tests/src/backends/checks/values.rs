//! Checks of values: the backend's against those of the one it is compared with.

use earprint_compute::{Dtype, MelBatch, MelValues, PcmBuffer, Slot};
use earprint_core::{Log, MelJob, Power};
use earprint_signal::f16_from_f32;

use super::jobs::{all_frames, as_floats, batch, clip, clips, plan, pooled, preset, sized};
use crate::backends::{Promise, Trial};

const DTYPES: [Dtype; 2] = [Dtype::F32, Dtype::F16];

/// Every preset: 16-bit and float input, both types out; f16 is the f32 value rounded once.
pub fn presets(trial: &mut Trial) {
    let named = ["leak", "leak-64", "librosa", "whisper", "whisper-128"].map(|name| (name, preset(name)));
    for (name, job) in named.into_iter().chain([("leak-64, all frames", all_frames())]) {
        let n = if job.windows.is_some() { 40_960 } else { 8_001 };
        let integers = batch(&job, &clips(&job, 2, n));
        for (input, batch) in [("i16", &integers), ("f32", &as_floats(&integers))] {
            let mut single = None;
            for dtype in DTYPES {
                let case = format!("{name} {input} to {dtype:?}");
                match (trial.agrees(&case, &plan(&job, dtype), batch), &single) {
                    (Some(MelValues::F16(half)), Some(MelValues::F32(single))) => {
                        let rounded: Vec<u16> = single.iter().map(|&x| f16_from_f32(x)).collect();
                        trial.same(&format!("{case}, rounded once"), &MelValues::F16(rounded), &MelValues::F16(half));
                    }
                    (got, _) => single = got,
                }
            }
        }
    }
}

/// Sizes of the transform, with hops that overlap, abut and leave gaps, few and many bands, powers and magnitudes.
pub fn sizes(trial: &mut Trial) {
    let mut seed = 0;
    for n_fft in [16, 30, 64, 100, 128, 200, 256, 400, 480, 512, 1000, 1024, 1536, 2048, 3750, 4096] {
        for (hop, n_mels) in [(n_fft / 4, 13), (n_fft / 2 + 3, 40), (3 * n_fft, 8)] {
            seed += 1;
            let mut job = sized(n_fft, hop, n_mels);
            job.spec.power = if seed % 3 == 0 { Power::Magnitude } else { Power::Power };
            if seed % 5 == 0 {
                job.spec.log = Log::None;
            }
            // The definition takes n_fft^2 operations a frame: fewer frames where they are long.
            let frames = if n_fft > 1024 { 5 } else { 21 };
            let integers = batch(&job, &[clip(&job, seed, n_fft + hop * frames + 5)]);
            for (dtype, batch) in [(Dtype::F32, &integers), (Dtype::F16, &as_floats(&integers))] {
                let case = format!("n_fft {n_fft} hop {hop} n_mels {n_mels} {dtype:?}");
                trial.agrees(&case, &plan(&job, dtype), batch);
            }
        }
    }
    // Beyond a workgroup's memory: refused by name, or computed like any other.
    let job = sized(8192, 4096, 40);
    let (plan, batch) = (plan(&job, Dtype::F32), batch(&job, &[clip(&job, 1, 16_384)]));
    match trial.candidate.backend.submit(&plan, &batch) {
        Err(e) if e.code() == "E_GPU_UNSUPPORTED" && e.to_string().contains("8192") => {}
        Err(e) => trial.fail("n_fft 8192", e.to_string()),
        Ok(ticket) => {
            // Collected, so that the next batch may come.
            let done = pollster::block_on(trial.candidate.backend.collect(ticket));
            trial.noted("n_fft 8192", done);
            if trial.candidate.promise == Promise::EqualBits {
                trial.agrees("n_fft 8192", &plan, &batch);
            }
        }
    }
}

/// Pooled windows: chunks that are shared, cut, whole, and off the hop's grid; the largest transform; odd bands in f16.
pub fn pooled_sizes(trial: &mut Trial) {
    let cases = [
        (64, 16, 512, 32),
        (64, 16, 256, 31),
        (64, 64, 512, 1),
        (128, 48, 512, 13),
        (512, 128, 1024, 40),
        (64, 128, 1024, 32),
        (100, 16, 404, 7),
        (480, 240, 1500, 9),
        (1000, 256, 2300, 31),
        (4096, 256, 4864, 33),
        (4096, 1000, 6096, 8),
    ];
    for (n_fft, hop, short, n_mels) in cases {
        let job = pooled(n_fft, hop, short, n_mels);
        let windows = if n_fft > 1024 { 2 } else { 23 };
        let mut integers = batch(&job, &[clip(&job, n_fft as u64, job.windows.expect("it has").clip_samples)]);
        integers.slots[0].outputs = windows;
        for (dtype, batch) in [(Dtype::F32, as_floats(&integers)), (Dtype::F16, integers)] {
            let case = format!("n_fft {n_fft} hop {hop} short {short} n_mels {n_mels} {dtype:?}");
            trial.agrees(&case, &plan(&job, dtype), &batch);
        }
    }
}

/// One output, none, one band, samples that end with the last frame, an odd first sample, digital silence.
pub fn small_batches(trial: &mut Trial) {
    let jobs: [(&str, MelJob); 4] =
        [("leak", preset("leak")), ("leak-64", preset("leak-64")), ("odd", sized(30, 7, 3)), ("one", sized(64, 64, 1))];
    for (name, job) in jobs {
        for dtype in DTYPES {
            let plan = plan(&job, dtype);
            let samples = plan.grid.samples(1);
            let sound = clip(&job, 4, samples + 1);
            let of = |pcm: &[i16], start| MelBatch {
                pcm: PcmBuffer::I16(pcm.to_vec()),
                slots: vec![Slot { start, outputs: 1 }],
            };
            trial.agrees(&format!("{name} {dtype:?}, one output"), &plan, &of(&sound[..samples], 0));
            trial.agrees(&format!("{name} {dtype:?}, from sample 1"), &plan, &of(&sound, 1));
            trial.agrees(&format!("{name} {dtype:?}, silence"), &plan, &of(&vec![0; samples], 0));
            for slots in [vec![], vec![Slot { start: 0, outputs: 0 }]] {
                let case = format!("{name} {dtype:?}, no output of {} slots", slots.len());
                let none = MelBatch { pcm: PcmBuffer::I16(sound.clone()), slots };
                let got = trial.got(&case, &plan, &none);
                if let Some(MelValues::F32(v)) = &got
                    && !v.is_empty()
                {
                    trial.fail(&case, format!("{} values", v.len()));
                }
            }
        }
    }
}
