//! The library: tracks, their numbers, failures and runs of a collection in one SQLite file.
//!
//! Enters: looks at files with what came of them ([`Entry`]). Leaves: what is known ([`Known`], [`TrackRecord`]), lists, failures,
//! runs, the scale of the collection, and exports ([`export`]). The tables and views are described in `migrations/`, in
//! the file itself (`sqlite3 lib.db .schema`), and stay readable for any SQLite.
//!
//! A track is its audio: the hash of the encoded packets. So a file that was moved, renamed or retagged keeps its numbers,
//! and copies share them.
//!
//! **What survives.** Every batch is one transaction in write-ahead mode with `synchronous = NORMAL`: a killed process loses
//! nothing it was told is committed, and never corrupts. A power cut or a crash of the system keeps the file whole too, but
//! may lose the last batches, back to the last checkpoint (about four megabytes of changes, or the end of a run, which
//! flushes); those files are then unknown and are analysed again. Write-ahead mode needs shared memory between the
//! processes that have the file open: keep it on a disk of the machine, not on a network share.

mod commit;
mod entry;
mod error;
pub mod export;
mod library;
mod migrate;
mod moves;
mod read;
mod rows;
mod runs;
mod scales;

pub use earprint_core::{TrackRecord, path_from_text, path_text};
pub use entry::{Entry, Numbers, Outcome};
pub use error::LibraryError;
pub use library::Library;
pub use migrate::VERSION;
pub use moves::{Move, Settled};
pub use read::{FailedFile, Filter, Known, Row, Sort};
pub use runs::{QueueTimes, RunEnd, RunId, RunState, RunSummary};
pub use scales::StoredScale;
