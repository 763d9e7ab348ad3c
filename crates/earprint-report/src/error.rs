//! How a report can fail.

use earprint_store::StoreError;

/// A report that cannot be made into documents, or documents that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A part of the report contradicts another.
    #[error("{place}: {came}; expected {expected}")]
    Unsound {
        /// Where, as a path into the report: `clusters[2].medoids`.
        place: String,
        /// What stands there.
        came: String,
        /// What should.
        expected: String,
    },
    /// A layout of another version.
    #[error("report of version {actual}; expected version {expected}; make it again with this earprint")]
    Version {
        /// The version this library knows.
        expected: u32,
        /// What came.
        actual: u32,
    },
    /// Text that is no report.
    #[error("no report: {0}; expected the text of a report.json")]
    Text(serde_json::Error),
    /// A document could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A folder has no place in the file system.
    #[error("folder {folder}: {source}; choose another folder")]
    Folder {
        /// The folder.
        folder: String,
        /// The system's words.
        source: std::io::Error,
    },
}

impl ReportError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsound { .. } => "E_REPORT_UNSOUND",
            Self::Version { .. } => "E_REPORT_VERSION",
            Self::Text(_) => "E_REPORT_TEXT",
            Self::Store(_) | Self::Folder { .. } => "E_IO",
        }
    }
}
