//! From a decoded clip to samples on the job's grid: one channel, the job's rate, padded.

use earprint_audio::{Clip, Mono};
use earprint_compute::{MelPlan, PcmBuffer, Slot};
use earprint_signal::pad_into;

use crate::{Failure, FileMeta};

/// The samples of an opened input.
#[derive(Debug, Clone, PartialEq)]
pub enum Sound {
    /// One channel.
    Mono(Mono),
    /// One channel of 16-bit samples at the job's rate that already stand at the end of the batch: the path on which
    /// plain PCM goes from the file to the kernel without being copied.
    InBatch {
        /// Index of its first sample in the batch.
        start: usize,
        /// Samples.
        samples: usize,
    },
}

/// An opened input.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Samples.
    pub sound: Sound,
    /// Their rate, Hz; the input's own stands in `meta`.
    pub rate_hz: u32,
    /// What is known of it.
    pub meta: FileMeta,
}

/// A decoded clip as the corridor takes it.
pub fn load_clip(clip: Clip) -> Loaded {
    let meta = FileMeta {
        frames_read: clip.frames() as u64,
        sample_rate: clip.rate_hz,
        channels: clip.channels() as u32,
        decoder: clip.decoder,
        partial: clip.note.as_ref().is_some_and(|n| n.is_partial()),
        note: clip.note.as_ref().map(ToString::to_string),
    };
    Loaded { rate_hz: clip.rate_hz, sound: Sound::Mono(clip.into_mono()), meta }
}

/// A channel that was brought to the job's rate while it was decoded.
#[cfg(feature = "disk")]
pub(crate) fn load_mono(clip: earprint_audio::MonoClip, rate_hz: u32) -> Loaded {
    let meta = FileMeta {
        frames_read: clip.frames_read,
        sample_rate: clip.source_rate_hz,
        channels: clip.source_channels as u32,
        decoder: clip.decoder,
        partial: clip.note.as_ref().is_some_and(|n| n.is_partial()),
        note: clip.note.as_ref().map(ToString::to_string),
    };
    Loaded { sound: Sound::Mono(clip.samples), rate_hz, meta }
}

/// Puts an opened input's samples at the end of `pcm` and says which outputs to compute.
///
/// # Errors
/// `E_EMPTY` without samples, `E_TOO_SHORT` where no frame fits, `E_RESAMPLE` where the rate cannot be changed.
pub(crate) fn place(loaded: Loaded, plan: &MelPlan, pcm: &mut PcmBuffer) -> Result<(Slot, FileMeta), Failure> {
    let Loaded { sound, rate_hz, meta } = loaded;
    let (start, samples) = match sound {
        Sound::InBatch { start, samples } => {
            let PcmBuffer::I16(buffer) = pcm else { unreachable!("16-bit samples stand in a 16-bit batch") };
            let clip = plan.job.windows.as_ref().map_or(samples, |w| w.clip_samples);
            buffer.truncate(start + samples.min(clip));
            buffer.resize(start + clip, 0);
            (start, samples)
        }
        Sound::Mono(mono) => {
            let mono = at_rate(mono, rate_hz, plan.job.spec.sample_rate)?;
            let start = match pcm {
                PcmBuffer::I16(b) => b.len(),
                PcmBuffer::F32(b) => b.len(),
            };
            match (&mono, pcm) {
                (Mono::I16(s), PcmBuffer::I16(buffer)) => pad_into(s, &plan.job, buffer),
                (Mono::F32(s), PcmBuffer::F32(buffer)) => pad_into(s, &plan.job, buffer),
                _ => unreachable!("a batch holds samples of one type; `run` begins a new one"),
            }
            (start, mono.len())
        }
    };
    if samples == 0 {
        return Err(Failure::error("E_EMPTY", "0 samples; expected at least 1"));
    }
    let spec = &plan.job.spec;
    let outputs = match &plan.job.windows {
        Some(w) => plan.grid.outputs(w.clip_samples),
        None => spec.frames(samples),
    };
    if outputs == 0 {
        let reason = format!("{samples} samples at {} Hz; expected at least {} (n_fft)", spec.sample_rate, spec.n_fft);
        return Err(Failure::error("E_TOO_SHORT", reason));
    }
    Ok((Slot { start, outputs }, meta))
}

/// True when the samples will travel as 16-bit integers.
pub(crate) fn stays_i16(loaded: &Loaded, plan: &MelPlan) -> bool {
    match &loaded.sound {
        Sound::InBatch { .. } => true,
        Sound::Mono(Mono::I16(_)) => loaded.rate_hz == plan.job.spec.sample_rate,
        Sound::Mono(Mono::F32(_)) => false,
    }
}

fn at_rate(mono: Mono, from_hz: u32, to_hz: u32) -> Result<Mono, Failure> {
    if from_hz == to_hz {
        return Ok(mono);
    }
    #[cfg(feature = "resample")]
    return Ok(Mono::F32(earprint_audio::resample(&mono.into_f32(), from_hz, to_hz)?));
    #[cfg(not(feature = "resample"))]
    Err(Failure::error(
        "E_RESAMPLE",
        format!("{from_hz} Hz; expected {to_hz} Hz (this build cannot change the sample rate)"),
    ))
}
