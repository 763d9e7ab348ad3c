//! `manifest.json`: what the numbers mean and what became of every file. No time or date is in it: two runs over the same
//! files write the same bytes.

use std::io::Write;
use std::path::Path;

use earprint_core::{MelJob, Status};
use serde::{Deserialize, Serialize};

use crate::{AtomicFile, StoreError, sync_folder};

/// Version of the manifest's own layout.
pub const MANIFEST_VERSION: u32 = 1;

/// The fate of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path below the folder it was found in, forward slashes.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// Samples per channel that were decoded.
    pub frames_read: u64,
    /// Its own sample rate, Hz; 0 where it could not be read.
    pub sample_rate: u32,
    /// Its own channels; 0 where it could not be read.
    #[serde(default)]
    pub channels: u32,
    /// What was done to its samples first, in words: `mixed from 2 channels, resampled from 44100 Hz to 22050 Hz`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub processing: Option<String>,
    /// Rows before this file's first one.
    pub first_row: u64,
    /// Rows (jobs with windows) or mel frames (jobs without).
    pub rows: u64,
    /// How it ended.
    pub status: Status,
    /// Stable code where the status is not `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What decoded it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decoder: Option<String>,
    /// What computed it, where that is not the run's backend.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backend: Option<String>,
    /// File of its array, for jobs without windows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub features: Option<String>,
}

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub version: u32,
    /// Version of the definition of the numbers.
    pub schema: String,
    /// Version of earprint.
    pub tool: String,
    /// SHA-256 of the job's canonical text.
    pub spec_hash: String,
    /// The job.
    pub job: MelJob,
    /// Unit of the values.
    pub unit: String,
    /// `f16` or `f32`.
    pub dtype: String,
    /// Shape of `features.npy`, or `[files, n_mels, 0]` where every file has its own array.
    pub shape: Vec<u64>,
    /// Rate that the sample offsets of `index.npy` count at, Hz: the job's, whatever rate a file has. Only for jobs with windows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offsets_rate_hz: Option<u32>,
    /// What computed the run.
    pub backend: String,
    /// True where unreadable files have rows of zeros.
    pub keep_geometry: bool,
    /// SHA-256 over path, size and time of change of every input: the same command over the same files is done already.
    pub inputs: String,
    /// What happened to the run as a whole: a lost device, a halved batch.
    pub events: Vec<String>,
    /// One entry per file, in the order of the rows.
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// Writes `manifest.json` into `folder`, whole or not at all.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join("manifest.json");
        let mut text = Vec::new();
        // One line per file: greppable, diffable, and a tenth of the lines pretty printing makes.
        let mut head = serde_json::to_value(self).expect("plain data");
        head["files"] = serde_json::Value::Array(Vec::new());
        let head = serde_json::to_string_pretty(&head).expect("plain data");
        let head = head.strip_suffix("[]\n}").expect("files is the last field");
        text.extend_from_slice(head.as_bytes());
        text.push(b'[');
        for (i, f) in self.files.iter().enumerate() {
            text.extend_from_slice(if i == 0 { b"\n    " } else { b",\n    " });
            serde_json::to_writer(&mut text, f).expect("plain data");
        }
        text.write_all(b"\n  ]\n}\n").expect("memory");
        let mut file = AtomicFile::create(&path)?;
        file.write(&text)?;
        file.finish()?;
        sync_folder(folder)
    }

    /// Reads `manifest.json` of `folder`.
    ///
    /// # Errors
    /// `Io`; `Format` where it is not a manifest of this version.
    pub fn read(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("manifest.json");
        let text = std::fs::read(&path).map_err(StoreError::io("reading", &path))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| StoreError::format(&path, e.to_string()))?;
        if manifest.version != MANIFEST_VERSION {
            let why = format!("manifest version {}; expected {MANIFEST_VERSION}", manifest.version);
            return Err(StoreError::format(&path, why));
        }
        Ok(manifest)
    }
}
