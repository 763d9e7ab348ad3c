//! Jobs, clips and batches of the suite, all from seeds.

use std::sync::Arc;

use earprint_compute::{Dtype, MelBatch, MelPlan, PcmBuffer, Slot};
use earprint_core::{Log, MelJob, Pool};
use earprint_signal::{FrameGrid, pad_clip};

use crate::signals;

/// A preset.
pub fn preset(name: &str) -> MelJob {
    MelJob::preset(name).expect("it is one")
}

/// `leak-64` without its mean: every frame of every window.
pub fn all_frames() -> MelJob {
    let mut job = preset("leak-64");
    job.pool = Pool::None;
    job
}

/// A job without per-file floor, so that both types leave the device.
pub fn sized(n_fft: usize, hop_length: usize, n_mels: usize) -> MelJob {
    let mut job = preset("librosa");
    let spec = &mut job.spec;
    (spec.n_fft, spec.win_length, spec.hop_length, spec.n_mels) = (n_fft, n_fft, hop_length, n_mels);
    spec.log = Log::Db { amin: 1e-10, reference: 1.0, top_db: None };
    job
}

/// Pooled windows over clips of 23 of them.
pub fn pooled(n_fft: usize, hop_length: usize, short_length: usize, n_mels: usize) -> MelJob {
    let mut job = preset("leak-64");
    let spec = &mut job.spec;
    (spec.n_fft, spec.win_length, spec.hop_length, spec.n_mels) = (n_fft, n_fft, hop_length, n_mels);
    let windows = job.windows.as_mut().expect("leak-64 has windows");
    (windows.short_length, windows.long_length) = (short_length, short_length + windows.short_step);
    windows.clip_samples = short_length + 22 * windows.short_step;
    job.check().expect("it is a job");
    job
}

/// The job ready to run.
pub fn plan(job: &MelJob, dtype: Dtype) -> Arc<MelPlan> {
    Arc::new(MelPlan::new(job.clone(), dtype).expect("its n_fft has a kernel"))
}

/// A varied clip of `n` samples at the job's rate.
pub fn clip(job: &MelJob, seed: u64, n: usize) -> Vec<i16> {
    signals::varied_i16(seed, n, job.spec.sample_rate.into())
}

/// `count` clips of `n` samples: 16 different ones, then the same ones turned by ever more samples, which is cheaper to make.
pub fn clips(job: &MelJob, count: usize, n: usize) -> Vec<Vec<i16>> {
    let first: Vec<_> = (0..count.min(16) as u64).map(|seed| clip(job, seed, n)).collect();
    (0..count)
        .map(|i| {
            let mut clip = first[i % 16].clone();
            clip.rotate_left((i / 16 * 613) % n);
            clip
        })
        .collect()
}

/// Whole clips, one after another, one slot each; a sample more where that makes their number odd.
pub fn batch(job: &MelJob, clips: &[Vec<i16>]) -> MelBatch {
    let grid = FrameGrid::of(job);
    let (mut pcm, mut slots) = (Vec::new(), Vec::new());
    for clip in clips {
        let padded = pad_clip(clip, job);
        slots.push(Slot { start: pcm.len(), outputs: grid.outputs(padded.len()) });
        pcm.extend(padded);
    }
    if pcm.len().is_multiple_of(2) {
        pcm.push(77);
    }
    MelBatch { pcm: PcmBuffer::I16(pcm), slots }
}

/// The same slots over floats that no 16-bit integer stands for.
pub fn as_floats(batch: &MelBatch) -> MelBatch {
    let PcmBuffer::I16(pcm) = &batch.pcm else { panic!("integers") };
    let floats = pcm.iter().map(|&x| f32::from(x) * 2.7e-5).collect();
    MelBatch { pcm: PcmBuffer::F32(floats), slots: batch.slots.clone() }
}
