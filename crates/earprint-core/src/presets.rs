//! The presets of `DEFINITIONS` section 1, by name.

use crate::{Log, MelJob, MelNorm, MelScale, MelSpec, PadMode, Pool, Power, SpecError, WindowShape, Windows};

/// Names [`MelJob::preset`] knows. `whisper` has 80 bands, `whisper-128` has 128.
pub const PRESET_NAMES: [&str; 5] = ["leak", "leak-64", "librosa", "whisper", "whisper-128"];

const LEAK_WINDOWS: Windows =
    Windows { clip_samples: 40_960, long_length: 1024, long_step: 512, short_length: 512, short_step: 256 };

fn leak(n_fft: usize, hop_length: usize) -> MelSpec {
    MelSpec {
        sample_rate: 4096,
        n_fft,
        win_length: n_fft,
        hop_length,
        window: WindowShape::Hann,
        center: false,
        pad_mode: PadMode::Zero,
        drop_last: false,
        power: Power::Power,
        n_mels: 32,
        f_min: 0.0,
        f_max: 2048.0,
        mel_scale: MelScale::Htk,
        norm: MelNorm::Slaney,
        log: Log::Db { amin: 1e-10, reference: 1.0, top_db: None },
    }
}

fn librosa() -> MelSpec {
    MelSpec {
        sample_rate: 22_050,
        n_fft: 2048,
        win_length: 2048,
        hop_length: 512,
        window: WindowShape::Hann,
        center: true,
        pad_mode: PadMode::Zero,
        drop_last: false,
        power: Power::Power,
        n_mels: 128,
        f_min: 0.0,
        f_max: 11_025.0,
        mel_scale: MelScale::Slaney,
        norm: MelNorm::Slaney,
        log: Log::Db { amin: 1e-10, reference: 1.0, top_db: Some(80.0) },
    }
}

fn whisper(n_mels: usize) -> MelSpec {
    MelSpec {
        sample_rate: 16_000,
        n_fft: 400,
        win_length: 400,
        hop_length: 160,
        pad_mode: PadMode::Reflect,
        drop_last: true,
        n_mels,
        f_max: 8000.0,
        log: Log::Whisper,
        ..librosa()
    }
}

impl MelJob {
    /// The preset called `name`; `leak-64` pools its 29 frames to one.
    ///
    /// # Errors
    /// `UnknownPreset` lists the names there are.
    pub fn preset(name: &str) -> Result<Self, SpecError> {
        let (spec, windows, pool) = match name {
            "leak" => (leak(512, 128), Some(LEAK_WINDOWS), Pool::None),
            "leak-64" => (leak(64, 16), Some(LEAK_WINDOWS), Pool::MeanPower),
            "librosa" => (librosa(), None, Pool::None),
            "whisper" => (whisper(80), None, Pool::None),
            "whisper-128" => (whisper(128), None, Pool::None),
            _ => return Err(SpecError::UnknownPreset { got: name.to_owned() }),
        };
        Ok(Self { name: name.to_owned(), spec, windows, pool })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_different() {
        let jobs: Vec<_> = PRESET_NAMES.iter().map(|n| MelJob::preset(n).unwrap()).collect();
        for (i, job) in jobs.iter().enumerate() {
            job.check().unwrap();
            for other in &jobs[..i] {
                assert_ne!(job.hash(), other.hash());
            }
        }
        assert_eq!(MelJob::preset("leak").unwrap().frames_per_row(), 1);
        let mut all = MelJob::preset("leak-64").unwrap();
        assert_eq!(all.frames_per_row(), 1);
        all.pool = Pool::None;
        assert_eq!(all.frames_per_row(), 29);
    }
}
