//! How storing can fail.

use std::path::{Path, PathBuf};

/// A layout that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error("{what} {}: {source}{}", path.display(), hint(source))]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file is not what its name says.
    #[error("{}: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected and what came.
        why: String,
    },
}

fn hint(e: &std::io::Error) -> &'static str {
    match e.kind() {
        std::io::ErrorKind::StorageFull => {
            "; free space or choose another output folder, then run the same command again: finished files are kept"
        }
        std::io::ErrorKind::PermissionDenied => "; choose an output folder you may write to",
        _ => "",
    }
}

impl StoreError {
    /// For `map_err`: what was tried on which path.
    pub fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |source| Self::Io { what, path: path.to_owned(), source }
    }

    pub(crate) fn format(path: &Path, why: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), why: why.into() }
    }
}
