//! What becomes of one input.

use std::sync::Arc;

use earprint_audio::AudioError;
use earprint_core::{SpecError, Status};

use crate::Features;

/// An input without numbers, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `Skipped` or `Error`.
    pub status: Status,
    /// Stable code.
    pub code: String,
    /// In words: expected, came, what to do.
    pub reason: String,
}

impl Failure {
    /// An error with a code and words.
    pub fn error(code: &str, reason: impl Into<String>) -> Self {
        Self { status: Status::Error, code: code.to_owned(), reason: reason.into() }
    }
}

impl From<AudioError> for Failure {
    fn from(e: AudioError) -> Self {
        Self::error(e.code(), e.to_string())
    }
}

impl From<SpecError> for Failure {
    fn from(e: SpecError) -> Self {
        Self::error("E_SPEC", e.to_string())
    }
}

/// What is known of an input that was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeta {
    /// Samples per channel that were decoded.
    pub frames_read: u64,
    /// The input's own sample rate, Hz.
    pub sample_rate: u32,
    /// The input's own channels, of which one was made.
    pub channels: u32,
    /// What decoded it.
    pub decoder: &'static str,
    /// True where only a part could be decoded.
    pub partial: bool,
    /// What was not as the input promised.
    pub note: Option<String>,
}

/// The fate of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct FileOutcome {
    /// Its number in the run.
    pub index: usize,
    /// What is known of it; `None` where it could not be decoded.
    pub meta: Option<FileMeta>,
    /// Its numbers, or why there are none.
    pub features: Result<Features, Failure>,
    /// What computed it.
    pub backend: Arc<str>,
}
