//! The library in forms other programs read. Every file appears whole or not at all, and holds one state of the library.
//!
//! CSV, NDJSON and Parquet hold every existing file that was tried, failures too; NPY holds those with numbers. Rows stand by
//! path, compared as bytes, so that the same library gives the same file.

mod csv;
mod ndjson;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;

use std::io::Write;
use std::path::Path;

use earprint_store::{AtomicFile, StoreError, sync_folder};

pub use self::csv::csv;
pub use self::ndjson::ndjson;
pub use self::npy::npy;
#[cfg(feature = "parquet")]
pub use self::parquet::parquet;

/// Bytes gathered before the system is asked to write them.
const BUFFER: usize = 1 << 18;

/// An atomic file with a buffer, for writers that write little at a time.
struct Out {
    file: AtomicFile,
    buffer: Vec<u8>,
    /// Why writing failed: `std::io::Write` would lose the path and the hint.
    why: Option<StoreError>,
}

impl Out {
    fn create(path: &Path) -> Result<Self, StoreError> {
        let file = AtomicFile::create(path).map_err(|e| match e {
            // Who asked for a file knows its name, not that of the unfinished one beside it.
            StoreError::Io { what, source, .. } => StoreError::Io { what, path: path.to_owned(), source },
            other => other,
        })?;
        Ok(Self { file, buffer: Vec::with_capacity(BUFFER), why: None })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER { self.empty() } else { Ok(()) }
    }

    fn empty(&mut self) -> Result<(), StoreError> {
        self.file.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<(), StoreError> {
        self.empty()?;
        self.file.finish()?;
        sync_folder(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.put(bytes).map_err(|e| {
            let text = e.to_string();
            self.why = Some(e);
            std::io::Error::other(text)
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
