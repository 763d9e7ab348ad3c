//! How a library can fail: said with the file, what was expected, and what to do.

use std::path::{Path, PathBuf};

use earprint_collection::CollectionError;
use earprint_store::StoreError;
use rusqlite::ErrorCode;

/// A library that could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is no file.
    #[error("no library at {}; expected a file; run `earprint analyze` to make one, or check the path", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// Something is there already.
    #[error("{} exists; expected a free name; open it, or choose another name", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A file, but no library.
    #[error("{} is not an earprint library: {why}; check the path", path.display())]
    NotALibrary {
        /// The path.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// Written by a newer program.
    #[error(
        "{} has library version {version}; this program knows versions up to {known}; use a newer earprint", path.display()
    )]
    Newer {
        /// The path.
        path: PathBuf,
        /// Version of the file.
        version: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Written by an older program, and opened for reading only.
    #[error(
        "{} has library version {version}; expected {known}; open it once for writing, which brings it up to date", path.display()
    )]
    Older {
        /// The path.
        path: PathBuf,
        /// Version of the file.
        version: i64,
        /// The version this program reads.
        known: i64,
    },
    /// Another process writes.
    #[error(
        "{what} {}: another process has been writing to it for {waited_s:.1} s; wait for it to end, then run the same command again", path.display()
    )]
    Busy {
        /// What was tried.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// How long was waited, seconds, measured.
        waited_s: f64,
    },
    /// The file's pages or rows are not what they must be.
    #[error(
        "{what} {}: the library is damaged ({why}); restore a copy, or delete it and analyse again", path.display()
    )]
    Damaged {
        /// What was tried.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// The file or its folder may not be written.
    #[error("{what} {}: it or its folder cannot be written ({why}); choose a place you may write to", path.display())]
    ReadOnly {
        /// What was tried.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// SQLite's words.
        why: String,
    },
    /// No space left.
    #[error(
        "{what} {}: the disk is full; free space, then run the same command again: everything committed is kept", path.display()
    )]
    Full {
        /// What was tried.
        what: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// The system or SQLite refused for another reason.
    #[error("{what} {}: {why}", path.display())]
    Sqlite {
        /// What was tried.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// SQLite's words.
        why: String,
    },
    /// A file was said to have numbers already, and has none.
    #[error("{path}: audio {audio_id} has no record of version {schema}; expected one; analyse the file")]
    NoRecord {
        /// Path as text.
        path: String,
        /// Identity that was given, or `none`.
        audio_id: String,
        /// Version of the numbers.
        schema: String,
    },
    /// A value that the file cannot hold.
    #[error("{what} is {got}; expected {expected}")]
    OutOfRange {
        /// The value's name.
        what: &'static str,
        /// What came.
        got: String,
        /// What can be held.
        expected: &'static str,
    },
    /// Versions of numbers that cannot be compared.
    #[error(transparent)]
    Collection(#[from] CollectionError),
    /// An export could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LibraryError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "E_LIBRARY_MISSING",
            Self::Exists { .. } => "E_LIBRARY_EXISTS",
            Self::NotALibrary { .. } => "E_LIBRARY_FOREIGN",
            Self::Newer { .. } => "E_LIBRARY_NEWER",
            Self::Older { .. } => "E_LIBRARY_OLDER",
            Self::Busy { .. } => "E_LIBRARY_BUSY",
            Self::Damaged { .. } => "E_LIBRARY_DAMAGED",
            Self::ReadOnly { .. } => "E_LIBRARY_READ_ONLY",
            Self::Full { .. } => "E_LIBRARY_FULL",
            Self::Sqlite { .. } => "E_LIBRARY_SQLITE",
            Self::NoRecord { .. } => "E_LIBRARY_NO_RECORD",
            Self::OutOfRange { .. } => "E_LIBRARY_RANGE",
            Self::Collection(e) => e.code(),
            Self::Store(_) => "E_STORE",
        }
    }

    /// For `map_err`: what was tried on which library. To be made right before what may have to wait for others: the time
    /// since then is what the error says.
    pub(crate) fn sql<'a>(what: &'static str, path: &'a Path) -> impl Fn(rusqlite::Error) -> Self + use<'a> {
        let started = std::time::Instant::now();
        move |e| {
            let (path, why) = (path.to_owned(), e.to_string());
            match e.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    Self::Busy { what, path, waited_s: started.elapsed().as_secs_f64() }
                }
                Some(ErrorCode::NotADatabase) => Self::NotALibrary { path, why },
                Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { what, path, why },
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                    Self::ReadOnly { what, path, why }
                }
                Some(ErrorCode::DiskFull) => Self::Full { what, path },
                _ if is_of_a_row(&e) => Self::Damaged { what, path, why },
                _ => Self::Sqlite { what, path, why },
            }
        }
    }
}

/// True for errors of reading a row that is not as the tables promise.
fn is_of_a_row(e: &rusqlite::Error) -> bool {
    use rusqlite::Error as E;
    matches!(
        e,
        E::InvalidColumnType(..) | E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::Utf8Error(..)
    )
}
