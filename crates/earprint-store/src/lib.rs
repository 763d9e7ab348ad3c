//! Every layout that leaves earprint, each with a reader: `.npy` arrays, the manifest, the journal of a run that may be
//! interrupted. A file stands under its final name only when it is whole and flushed to disk.

mod atomic;
mod csv;
mod error;
mod index;
mod journal;
mod manifest;
mod npy;
mod npy_rows;
#[cfg(feature = "picture")]
pub mod picture;

pub use atomic::{AtomicFile, sync_folder};
pub use csv::csv_field;
pub use error::StoreError;
pub use index::write_index;
pub use journal::{Journal, JournalHeader, Recovered};
pub use manifest::{FileEntry, MANIFEST_VERSION, Manifest};
pub use npy::{NpyArray, NpyHeader, NpyType, NpyWriter, npy_header};
pub use npy_rows::NpyRows;
