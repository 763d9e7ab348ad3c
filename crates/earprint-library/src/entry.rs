//! What is told to a library about one file.

use std::path::PathBuf;

use earprint_core::{Descriptor, Status, TrackTable};

/// One look at one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it lies; absolute, so that it means the same tomorrow.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When its content last changed, nanoseconds since 1970 UTC. `None` where the system does not say: such a file is
    /// never taken for unchanged.
    pub modified_ns: Option<i64>,
    /// Hash of its encoded packets, where it came that far.
    pub audio_id: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// New numbers. They replace those the audio had under the same version.
    Numbers(Box<Numbers>),
    /// The audio has numbers already, from this or another file: nothing was computed.
    Existing,
    /// No numbers.
    Failure {
        /// True where the file was left out on purpose, false where something went wrong.
        skipped: bool,
        /// Stable code.
        code: String,
        /// In words.
        detail: String,
    },
}

/// The numbers of a track and how they came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// True where less than the whole input was measured.
    pub partial: bool,
    /// Stable code of what was not as promised.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// What decoded it.
    pub decoder: Option<String>,
    /// What computed it.
    pub backend: Option<String>,
    /// The 25 numbers.
    pub descriptor: Descriptor,
    /// The wider table.
    pub table: TrackTable,
}

impl Outcome {
    /// A failure with words.
    pub fn error(code: &str, detail: impl Into<String>) -> Self {
        Self::Failure { skipped: false, code: code.to_owned(), detail: detail.into() }
    }
}

impl Numbers {
    pub(crate) fn status(&self) -> Status {
        if self.partial { Status::Partial } else { Status::Ok }
    }
}
