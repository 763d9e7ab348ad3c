//! `MelSpec`: every knob of a mel spectrogram, in the field's own words, with a stable text and hash.

use sha2::{Digest, Sha256};

use crate::{SpecError, Windows};

/// Shape of the analysis window. All are periodic (period `win_length`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum WindowShape {
    /// 0.5 - 0.5 cos(2 pi i / win_length).
    Hann,
    /// 0.54 - 0.46 cos(2 pi i / win_length).
    Hamming,
    /// 1 everywhere.
    Rectangular,
}

/// What stands before the first and after the last sample of a centred analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum PadMode {
    /// Zeros.
    Zero,
    /// The signal mirrored at its end samples, which are not repeated.
    Reflect,
}

/// Exponent of the magnitude spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Power {
    /// |X|: exponent 1.
    Magnitude,
    /// |X|^2: exponent 2.
    Power,
}

/// Formula that maps hertz to mel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum MelScale {
    /// 2595 log10(1 + f / 700).
    Htk,
    /// Slaney's Auditory Toolbox: linear below 1 kHz, logarithmic above.
    Slaney,
}

/// Scaling of each triangle of the filter bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum MelNorm {
    /// Peak 1.
    None,
    /// Area 1 (2 over the width in hertz).
    Slaney,
}

/// What is done to mel power after the filter bank.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Log {
    /// Nothing: linear power (or magnitude).
    None,
    /// ln(max(x, amin)).
    Ln {
        /// Smallest value the logarithm sees.
        amin: f32,
    },
    /// log10(max(x, amin)).
    Log10 {
        /// Smallest value the logarithm sees.
        amin: f32,
    },
    /// 10 log10(max(x, amin) / max(ref, amin)) dB (20 log10 for magnitudes), then, where `top_db` is given,
    /// no value lower than that many dB below the largest of the same file.
    Db {
        /// Smallest value the logarithm sees.
        amin: f32,
        /// Value that is 0 dB.
        reference: f32,
        /// Dynamic range kept, dB, per file.
        top_db: Option<f32>,
    },
    /// log10(max(x, 1e-10)), no value lower than 8 below the largest of the same file, then (x + 4) / 4.
    Whisper,
}

impl Log {
    /// True where the largest value of a file decides the smallest one.
    pub fn floor_needs_file_maximum(&self) -> bool {
        matches!(self, Self::Whisper | Self::Db { top_db: Some(_), .. })
    }

    /// Unit of the values, for axes and manifests.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::None => "linear",
            Self::Ln { .. } => "ln",
            Self::Log10 { .. } => "log10",
            Self::Db { .. } => "dB",
            Self::Whisper => "whisper",
        }
    }
}

/// How the frames of one window become one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Pool {
    /// Every frame is kept.
    None,
    /// Mean of the power over the frames of a window, before the logarithm: one frame.
    MeanPower,
}

/// Every knob of one mel spectrogram.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MelSpec {
    /// Samples a second the analysis runs at; other inputs are resampled.
    pub sample_rate: u32,
    /// Points of the transform.
    pub n_fft: usize,
    /// Samples under the window, at most `n_fft`; a shorter window stands in the middle.
    pub win_length: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Shape of the window.
    pub window: WindowShape,
    /// True: frame `t` is centred on sample `t * hop_length`; false: it starts there.
    pub center: bool,
    /// What stands outside a centred signal.
    pub pad_mode: PadMode,
    /// True: the last frame is dropped (whisper).
    pub drop_last: bool,
    /// Exponent of the magnitude.
    pub power: Power,
    /// Mel bands.
    pub n_mels: usize,
    /// Lower edge of the first band, Hz.
    pub f_min: f64,
    /// Upper edge of the last band, Hz.
    pub f_max: f64,
    /// Hertz to mel.
    pub mel_scale: MelScale,
    /// Scaling of the triangles.
    pub norm: MelNorm,
    /// What is done to mel power.
    pub log: Log,
}

impl MelSpec {
    /// Bins of the one-sided spectrum, `n_fft / 2 + 1`.
    pub fn n_bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Frames of a signal of `n` samples.
    pub fn frames(&self, n: usize) -> usize {
        let frames = if self.center {
            1 + n / self.hop_length
        } else if n < self.n_fft {
            0
        } else {
            1 + (n - self.n_fft) / self.hop_length
        };
        frames.saturating_sub(usize::from(self.drop_last))
    }

    /// Checks every range.
    ///
    /// # Errors
    /// `OutOfRange` names the first field that breaks a rule, with its value and the rule.
    pub fn check(&self) -> Result<(), SpecError> {
        let whole = |field, v: usize, least: usize, most: usize| {
            if (least..=most).contains(&v) {
                Ok(())
            } else {
                Err(SpecError::range(field, v, format!("{least} to {most}")))
            }
        };
        whole("sample_rate", self.sample_rate as usize, 100, 768_000)?;
        whole("n_fft", self.n_fft, 16, 65_536)?;
        whole("win_length", self.win_length, 1, self.n_fft)?;
        whole("hop_length", self.hop_length, 1, 1 << 24)?;
        whole("n_mels", self.n_mels, 1, 4096)?;
        let nyquist = f64::from(self.sample_rate) / 2.0;
        if !(self.f_min >= 0.0 && self.f_min < self.f_max) {
            return Err(SpecError::range("f_min", self.f_min, format!("0 to below f_max ({} Hz)", self.f_max)));
        }
        if self.f_max.is_nan() || self.f_max > nyquist {
            return Err(SpecError::range("f_max", self.f_max, format!("at most {nyquist} Hz, half the sample rate")));
        }
        let amin = match self.log {
            Log::None | Log::Whisper => 1e-10,
            Log::Ln { amin } | Log::Log10 { amin } | Log::Db { amin, .. } => amin,
        };
        // Below the smallest normal number the logarithm's bit split would be wrong.
        if !(amin.is_finite() && amin >= f32::MIN_POSITIVE) {
            return Err(SpecError::range("amin", amin, format!("at least {:e}", f32::MIN_POSITIVE)));
        }
        if let Log::Db { reference, top_db, .. } = self.log {
            if !(reference.is_finite() && reference > 0.0) {
                return Err(SpecError::range("ref", reference, "a positive number"));
            }
            if let Some(top_db) = top_db
                && !(top_db.is_finite() && top_db > 0.0)
            {
                return Err(SpecError::range("top_db", top_db, "a positive number of dB"));
            }
        }
        Ok(())
    }
}

/// A whole job: the spec, the windows it is cut by, and how a window's frames become a row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MelJob {
    /// Preset the job started from, or `custom`.
    pub name: String,
    /// The mel spectrogram.
    pub spec: MelSpec,
    /// Windows of fixed geometry; `None`: one array a file.
    pub windows: Option<Windows>,
    /// How a window's frames become a row.
    pub pool: Pool,
}

impl MelJob {
    /// Frames in one row: 1 for pooled windows, 0 for jobs without windows (a file decides).
    pub fn frames_per_row(&self) -> usize {
        match (&self.windows, self.pool) {
            (None, _) => 0,
            (Some(_), Pool::MeanPower) => 1,
            (Some(w), Pool::None) => self.spec.frames(w.short_length),
        }
    }

    /// Checks spec, windows, and that they fit each other.
    ///
    /// # Errors
    /// `OutOfRange` names the first field that breaks a rule.
    pub fn check(&self) -> Result<(), SpecError> {
        self.spec.check()?;
        let Some(w) = &self.windows else {
            return match self.pool {
                Pool::None => Ok(()),
                Pool::MeanPower => Err(SpecError::range("pool", "mean power", "windows to pool over")),
            };
        };
        w.check()?;
        if self.spec.center {
            return Err(SpecError::range("center", true, "false for a job with windows"));
        }
        if self.spec.log.floor_needs_file_maximum() {
            return Err(SpecError::range("top_db", "per file", "none for a job with windows"));
        }
        if self.spec.frames(w.short_length) == 0 {
            return Err(SpecError::range(
                "short_length",
                w.short_length,
                format!("at least n_fft ({})", self.spec.n_fft),
            ));
        }
        Ok(())
    }

    /// The job as one line of text, equal exactly when the numbers are defined the same way. The preset's name is not
    /// part of it: two names for the same numbers have the same text.
    pub fn canonical(&self) -> String {
        let s = &self.spec;
        format!(
            "{};rate={};n_fft={};win={};hop={};window={:?};center={};pad={:?};drop_last={};power={:?};mels={};f_min={};f_max={};scale={:?};norm={:?};log={:?};windows={:?};pool={:?}",
            crate::MEL_SCHEMA,
            s.sample_rate,
            s.n_fft,
            s.win_length,
            s.hop_length,
            s.window,
            s.center,
            s.pad_mode,
            s.drop_last,
            s.power,
            s.n_mels,
            s.f_min,
            s.f_max,
            s.mel_scale,
            s.norm,
            s.log,
            self.windows,
            self.pool
        )
    }

    /// SHA-256 of [`MelJob::canonical`], 64 hex digits.
    pub fn hash(&self) -> String {
        Sha256::digest(self.canonical().as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_the_definition() {
        let mut s = MelJob::preset("librosa").unwrap().spec;
        assert_eq!((s.frames(0), s.frames(511), s.frames(512)), (1, 1, 2));
        s.center = false;
        assert_eq!((s.frames(2047), s.frames(2048), s.frames(2560)), (0, 1, 2));
        let w = MelJob::preset("whisper").unwrap().spec;
        assert_eq!(w.frames(480_000), 3000);
    }

    #[test]
    fn hash_moves_with_every_field_that_moves_a_number() {
        let a = MelJob::preset("leak-64").unwrap();
        let mut b = a.clone();
        b.name = "mine".into();
        assert_eq!(a.hash(), b.hash());
        b.spec.f_max = 2000.0;
        assert_ne!(a.hash(), b.hash());
        let mut c = a.clone();
        c.pool = Pool::None;
        assert_ne!(a.hash(), c.hash());
    }

    #[test]
    fn bad_specs_name_field_value_and_rule() {
        let mut j = MelJob::preset("librosa").unwrap();
        j.spec.f_max = 20_000.0;
        let text = j.check().unwrap_err().to_string();
        assert!(text.contains("f_max is 20000") && text.contains("11025"), "{text}");
        j = MelJob::preset("librosa").unwrap();
        j.spec.f_min = f64::NAN;
        assert!(j.check().is_err());
        assert!(MelJob::preset("nope").unwrap_err().to_string().contains("leak-64"));
    }
}
