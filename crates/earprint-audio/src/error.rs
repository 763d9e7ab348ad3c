//! One error type for the whole crate: what was expected, what came, what to do.

use std::fmt;
use std::io;

use crate::formats::{self, UNSUPPORTED};

/// Why bytes did not become a clip. Comparable and cloneable, so that reports can keep it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The first bytes match no known audio container.
    #[error(
        "not an audio file: it starts with {actual}; expected {expected}; check that the file is what its name says"
    )]
    NotAudio {
        /// The containers this build knows.
        expected: &'static str,
        /// The first bytes, printable.
        actual: String,
    },
    /// A known container holding something this build cannot decode.
    #[error("{UNSUPPORTED}{actual}; expected {expected}; {}", formats::cure(actual))]
    Unsupported {
        /// What can be decoded instead.
        expected: &'static str,
        /// What the file holds: a format's name first, as "Opus in Ogg", which summaries count.
        actual: String,
    },
    /// Sample rate outside the limits.
    #[error(
        "sample rate {} Hz; expected {} to {} Hz; resample the file or repair its header",
        Grouped(u64::from(*actual_hz)), Grouped(u64::from(*min_hz)), Grouped(u64::from(*max_hz))
    )]
    SampleRate {
        /// Lowest accepted rate in Hz.
        min_hz: u32,
        /// Highest accepted rate in Hz.
        max_hz: u32,
        /// The rate that came, in Hz.
        actual_hz: u32,
    },
    /// Channel count outside the limits.
    #[error("{actual} channels; expected 1 to {max}; mix the file down or raise the limit")]
    Channels {
        /// Highest accepted channel count.
        max: u16,
        /// The count that came.
        actual: usize,
    },
    /// Planar channels of different length.
    #[error("channel {channel} has {actual} samples; expected {expected} like channel 0")]
    ChannelLength {
        /// The first channel that differs, counted from 0.
        channel: usize,
        /// Samples in channel 0.
        expected: usize,
        /// Samples in `channel`.
        actual: usize,
    },
    /// A bound of [`crate::Limits`] was crossed.
    #[error(
        "{} {what}; expected at most {}; split the file or raise the limit",
        Grouped(*actual), Grouped(*max)
    )]
    TooLarge {
        /// The counted thing, with its unit.
        what: &'static str,
        /// The bound.
        max: u64,
        /// What came (a lower bound of it where decoding stopped there).
        actual: u64,
    },
    /// A well-formed input without a single sample.
    #[error("no audio: {what}; expected at least one frame; record or download the file again")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// The container breaks its own rules before any sample could be read.
    #[error("damaged {container} file: {what}; download or export the file again")]
    Malformed {
        /// The container's name.
        container: &'static str,
        /// Expected and actual, in words.
        what: String,
    },
    /// The file ends before its first sample. (A later end gives a clip with a note.)
    #[error(
        "the {container} file ends at byte {} before its first sample: {what}; download or copy the file again",
        Grouped(*at_bytes)
    )]
    Truncated {
        /// The container's name.
        container: &'static str,
        /// Length of the input in bytes.
        at_bytes: u64,
        /// What was expected next.
        what: &'static str,
    },
    /// No packet of the stream could be decoded.
    #[error("{decoder} decoded nothing: {what}; download or export the file again")]
    Decode {
        /// The decoder, such as `symphonia-mp3`.
        decoder: &'static str,
        /// The decoder's own words.
        what: String,
    },
    /// A third-party decoder panicked. The file is to blame, and so is the decoder.
    #[error("{decoder} panicked: {message}; please report the file to earprint")]
    DecoderPanicked {
        /// The decoder, such as `symphonia-mp3`.
        decoder: &'static str,
        /// The panic message, if it was text.
        message: String,
    },
    /// Reading from the source or the file system failed.
    #[error("cannot read {what}: {message}")]
    Io {
        /// The path or the operation.
        what: String,
        /// Kind of the underlying error.
        kind: io::ErrorKind,
        /// Message of the underlying error.
        message: String,
    },
    /// The allocator refused.
    #[error("out of memory: {} more bytes are needed; stream the file instead of loading it", Grouped(*bytes))]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// The stream was asked to stop before its end.
    #[error("stopped before the end: it took longer than it was allowed to; allow more time, or split the file")]
    Stopped,
    /// The resampler cannot serve this pair of rates.
    #[error("cannot resample {from_hz} Hz to {to_hz} Hz: {what}; choose another rate")]
    Resample {
        /// Input rate in Hz.
        from_hz: u32,
        /// Output rate in Hz.
        to_hz: u32,
        /// Expected and actual, in words.
        what: String,
    },
}

impl AudioError {
    /// A stable name for scripts and reports; it outlives changes of the wording.
    pub fn code(&self) -> &'static str {
        match self {
            AudioError::NotAudio { .. } => "E_NOT_AUDIO",
            AudioError::Unsupported { .. } => "E_UNSUPPORTED",
            AudioError::SampleRate { .. } => "E_SAMPLE_RATE",
            AudioError::Channels { .. } => "E_CHANNELS",
            AudioError::ChannelLength { .. } => "E_CHANNEL_LENGTH",
            AudioError::TooLarge { .. } => "E_TOO_LARGE",
            AudioError::Empty { .. } => "E_EMPTY",
            AudioError::Malformed { .. } => "E_MALFORMED",
            AudioError::Truncated { .. } => "E_DECODE_TRUNCATED",
            AudioError::Decode { .. } => "E_DECODE",
            AudioError::DecoderPanicked { .. } => "E_DECODER_PANICKED",
            AudioError::Io { .. } => "E_IO",
            AudioError::OutOfMemory { .. } => "E_OUT_OF_MEMORY",
            AudioError::Stopped => "E_TIME_LIMIT",
            AudioError::Resample { .. } => "E_RESAMPLE",
        }
    }

    /// Wraps an I/O error with the path or operation it happened on.
    pub fn io(what: impl Into<String>, error: &io::Error) -> Self {
        AudioError::Io { what: what.into(), kind: error.kind(), message: error.to_string() }
    }
}

/// Writes 768000 as "768,000": messages carry numbers that people compare by eye.
pub(crate) struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                write!(f, ",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::Limits;

    #[test]
    fn a_message_tells_expected_actual_and_what_to_do() {
        let error = Limits::default().check_rate(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "sample rate 0 Hz; expected 100 to 768,000 Hz; resample the file or repair its header"
        );
        assert_eq!(error.code(), "E_SAMPLE_RATE");
        let error = Limits { max_frames: 1000, ..Limits::default() }.check_frames(1_234_567).unwrap_err();
        assert!(error.to_string().starts_with("1,234,567 frames; expected at most 1,000;"), "{error}");
    }
}
