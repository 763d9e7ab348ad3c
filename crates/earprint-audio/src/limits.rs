//! What foreign data may ask for. Every bound is checked before memory is reserved.

use crate::error::AudioError;

/// Bounds on what is accepted from outside. [`Limits::default`] fits desktop and server use.
///
/// A bound that is crossed is an error naming the bound, never a silent cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lowest accepted sample rate in Hz. Default 100.
    pub min_rate_hz: u32,
    /// Highest accepted sample rate in Hz. Default 768,000.
    pub max_rate_hz: u32,
    /// Highest accepted number of channels. Default 64.
    pub max_channels: u16,
    /// Highest accepted length in frames (samples per channel). Default 2^34 (99 hours at 48 kHz).
    pub max_frames: u64,
    /// Largest accepted encoded input in bytes. Default 16 GiB.
    pub max_bytes: u64,
    /// Largest decoded [`crate::Clip`] in bytes, all channels together; it does not bind a
    /// [`crate::Stream`], which keeps one block only. Default 4 GiB, 1 GiB on 32-bit targets.
    /// It exists because a megabyte of FLAC silence may unpack to a hundred gigabytes.
    pub max_clip_bytes: u64,
    /// Most memory the resamplers of one source may take, bytes: their filter and what they hold of every channel
    /// ([`crate::Resampler::bytes`]). Default 128 MiB: 64 channels of 768 kHz to 44.1 kHz take 8, one of 767,999 to 100 Hz takes 37.
    pub max_resampler_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Limits {
            min_rate_hz: 100,
            max_rate_hz: 768_000,
            max_channels: 64,
            max_frames: 1 << 34,
            max_bytes: 16 * GIB,
            max_clip_bytes: if cfg!(target_pointer_width = "32") { GIB } else { 4 * GIB },
            max_resampler_bytes: GIB / 8,
        }
    }
}

impl Limits {
    /// Accepts `actual_hz` if it lies within `min_rate_hz..=max_rate_hz`.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`].
    pub fn check_rate(&self, actual_hz: u32) -> Result<(), AudioError> {
        if (self.min_rate_hz.max(1)..=self.max_rate_hz).contains(&actual_hz) {
            return Ok(());
        }
        Err(AudioError::SampleRate { min_hz: self.min_rate_hz, max_hz: self.max_rate_hz, actual_hz })
    }

    /// Accepts a channel count within `1..=max_channels`.
    ///
    /// # Errors
    /// [`AudioError::Channels`].
    pub fn check_channels(&self, actual: usize) -> Result<(), AudioError> {
        if actual >= 1 && actual <= usize::from(self.max_channels) {
            return Ok(());
        }
        Err(AudioError::Channels { max: self.max_channels, actual })
    }

    /// Accepts a length of at most `max_frames`.
    ///
    /// # Errors
    /// [`AudioError::TooLarge`].
    pub fn check_frames(&self, actual: u64) -> Result<(), AudioError> {
        too_large("frames", self.max_frames, actual)
    }

    /// Accepts an encoded input of at most `max_bytes` and at least one byte.
    ///
    /// # Errors
    /// [`AudioError::TooLarge`], [`AudioError::Empty`].
    pub fn check_bytes(&self, actual: u64) -> Result<(), AudioError> {
        if actual == 0 {
            return Err(AudioError::Empty { what: "the file has 0 bytes" });
        }
        too_large("input bytes", self.max_bytes, actual)
    }

    /// Accepts a decoded clip of at most `max_clip_bytes`.
    ///
    /// # Errors
    /// [`AudioError::TooLarge`].
    pub fn check_clip_bytes(&self, actual: u64) -> Result<(), AudioError> {
        too_large("decoded bytes", self.max_clip_bytes, actual)
    }

    /// Accepts resamplers of at most `max_resampler_bytes`.
    ///
    /// # Errors
    /// [`AudioError::TooLarge`].
    pub fn check_resampler_bytes(&self, actual: u64) -> Result<(), AudioError> {
        too_large("bytes to resample in", self.max_resampler_bytes, actual)
    }
}

fn too_large(what: &'static str, max: u64, actual: u64) -> Result<(), AudioError> {
    if actual <= max { Ok(()) } else { Err(AudioError::TooLarge { what, max, actual }) }
}
