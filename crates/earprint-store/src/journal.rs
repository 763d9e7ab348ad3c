//! The journal of a run in progress: a line per finished file, in the order of the rows. What it lists is on disk.
//!
//! Order of writing: rows are flushed first, their lines appended and flushed after. A line cut short by a crash is
//! ignored with everything behind it, so the journal never claims more than the arrays hold.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{FileEntry, StoreError};

/// What must be equal for a run to be continued: anything that could change a byte of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHeader {
    /// Version of earprint.
    pub tool: String,
    /// SHA-256 of the job.
    pub spec_hash: String,
    /// `f16` or `f32`.
    pub dtype: String,
    /// True where unreadable files get rows of zeros.
    pub keep_geometry: bool,
    /// SHA-256 over the paths and sizes of the inputs.
    pub inputs: String,
    /// What computes the run.
    pub backend: String,
}

/// What a journal held.
#[derive(Debug)]
pub struct Recovered {
    /// The journal, ready for more lines.
    pub journal: Journal,
    /// Finished files, a prefix of the inputs; empty where the run is a new one.
    pub entries: Vec<FileEntry>,
    /// Why an older journal was not continued.
    pub discarded: Option<String>,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens or begins the journal at `path`.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn open(path: &Path, header: &JournalHeader) -> Result<Recovered, StoreError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(StoreError::io("opening", path))?;
        // Held until the process ends, however it ends.
        file.try_lock().map_err(|e| match e {
            std::fs::TryLockError::WouldBlock => {
                StoreError::format(path, "another run writes into this folder; wait for it or choose another folder")
            }
            std::fs::TryLockError::Error(e) => StoreError::io("locking", path)(e),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(StoreError::io("reading", path))?;
        let mut keep = 0;
        let mut entries = Vec::new();
        let mut discarded = None;
        let mut lines = bytes.split_inclusive(|&b| b == b'\n');
        if let Some(first) = lines.next() {
            match serde_json::from_slice::<JournalHeader>(first) {
                Ok(old) if old == *header => {
                    keep = first.len();
                    for line in lines.take_while(|l| l.ends_with(b"\n")) {
                        let Ok(entry) = serde_json::from_slice(line) else { break };
                        entries.push(entry);
                        keep += line.len();
                    }
                }
                Ok(old) => discarded = Some(difference(&old, header)),
                Err(_) => discarded = Some("its first line is not a header".into()),
            }
        }
        file.set_len(keep as u64).map_err(StoreError::io("cutting", path))?;
        file.seek(SeekFrom::Start(keep as u64)).map_err(StoreError::io("seeking in", path))?;
        let mut journal = Self { path: path.to_owned(), file };
        if keep == 0 {
            let mut line = serde_json::to_vec(header).expect("plain data");
            line.push(b'\n');
            journal.write(&line)?;
        }
        Ok(Recovered { journal, entries, discarded })
    }

    /// Whether the journal at `path` is that of a run with this header which nobody carries on at the moment: of one that was killed.
    pub fn left_behind(path: &Path, header: &JournalHeader) -> bool {
        let first_line = || -> Option<JournalHeader> {
            let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
            // Whoever writes to it holds the lock.
            file.try_lock().ok()?;
            let mut line = String::new();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(file), &mut line).ok()?;
            serde_json::from_str(&line).ok()
        };
        first_line().is_some_and(|found| found == *header)
    }

    /// Appends finished files and flushes. Their rows must be on disk already.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn append(&mut self, entries: &[FileEntry]) -> Result<(), StoreError> {
        let mut lines = Vec::new();
        for e in entries {
            serde_json::to_writer(&mut lines, e).expect("plain data");
            lines.push(b'\n');
        }
        self.write(&lines)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).and_then(|()| self.file.sync_data()).map_err(StoreError::io("writing", &self.path))
    }
}

fn difference(old: &JournalHeader, new: &JournalHeader) -> String {
    let fields = [
        ("tool version", old.tool != new.tool),
        ("spec", old.spec_hash != new.spec_hash),
        ("dtype", old.dtype != new.dtype),
        ("--keep-geometry", old.keep_geometry != new.keep_geometry),
        ("input files", old.inputs != new.inputs),
        ("backend", old.backend != new.backend),
    ];
    let changed: Vec<&str> = fields.iter().filter(|(_, d)| *d).map(|(n, _)| *n).collect();
    format!("{} changed since the interrupted run", changed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::Status;

    fn entry(path: &str) -> FileEntry {
        FileEntry {
            path: path.into(),
            bytes: 1,
            frames_read: 2,
            sample_rate: 3,
            channels: 2,
            processing: Some("mixed from 2 channels".into()),
            first_row: 0,
            rows: 4,
            status: Status::Ok,
            code: None,
            reason: None,
            decoder: None,
            backend: None,
            features: None,
        }
    }

    #[test]
    fn torn_lines_are_dropped_and_other_runs_are_not_continued() {
        let path = std::env::temp_dir().join(format!("earprint-journal-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut header = JournalHeader {
            tool: "t".into(),
            spec_hash: "s".into(),
            dtype: "f16".into(),
            keep_geometry: false,
            inputs: "i".into(),
            backend: "cpu".into(),
        };
        let mut r = Journal::open(&path, &header).unwrap();
        r.journal.append(&[entry("a"), entry("b")]).unwrap();
        drop(r);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let r = Journal::open(&path, &header).unwrap();
            let lines = whole[..cut].iter().filter(|&&b| b == b'\n').count();
            assert_eq!(r.entries.len(), lines.saturating_sub(1), "cut at {cut}");
        }
        std::fs::write(&path, &whole).unwrap();
        header.dtype = "f32".into();
        let r = Journal::open(&path, &header).unwrap();
        assert_eq!(r.discarded.unwrap(), "dtype changed since the interrupted run");
        assert!(r.entries.is_empty());
        std::fs::remove_file(&path).unwrap();
    }
}
