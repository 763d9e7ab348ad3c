//! A file that appears whole or not at all: written under a temporary name in the same folder, flushed, renamed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Flushes a folder's entries to disk, so that a rename in it survives a power cut. No-op where folders cannot be opened.
///
/// # Errors
/// `Io` from the system.
pub fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        let f = File::open(folder).map_err(StoreError::io("opening folder", folder))?;
        f.sync_all().map_err(StoreError::io("flushing folder", folder))?;
    }
    Ok(())
}

/// A file under construction. Dropped without [`AtomicFile::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: PathBuf,
    path: PathBuf,
    file: Option<File>,
}

impl AtomicFile {
    /// Begins the file that will stand at `path`; its folder is made if missing.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(StoreError::io("making folder", folder))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // One name per file, so that what a killed run left is overwritten by the run that continues it; short, so that
        // every name the system takes as final can be made.
        let hash =
            name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let temporary = folder.join(format!(".{hash:016x}.part"));
        let file = File::create(&temporary).map_err(StoreError::io("creating", &temporary))?;
        Ok(Self { temporary, path: path.to_owned(), file: Some(file) })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// `Io` from the system, disk full among them.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.file.as_mut().expect("open until finished");
        file.write_all(bytes).map_err(StoreError::io("writing", &self.path))
    }

    /// Flushes and renames. The folder is the caller's to flush ([`sync_folder`]), once for many files.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn finish(mut self) -> Result<(), StoreError> {
        let file = self.file.take().expect("open until finished");
        let done = file.sync_all().and_then(|()| fs::rename(&self.temporary, &self.path));
        if done.is_err() {
            let _ = fs::remove_file(&self.temporary);
        }
        done.map_err(StoreError::io("finishing", &self.path))
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
