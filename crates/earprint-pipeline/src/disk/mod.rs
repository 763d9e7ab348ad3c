//! Folders in, files out: worker threads over the corridor, an ordered writer, resume.
//!
//! Layout of an output folder: see `DEFINITIONS` section 1. While a run goes on, `.earprint-run/` holds its journal and
//! the rows so far; it disappears with the last rename.

mod commit;
mod files;
mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use earprint_audio::AudioError;
use earprint_audio::walk::{Outcome, WalkEntry};
use earprint_compute::{Backend, ComputeError, Dtype, MelPlan};
use earprint_core::{MelJob, Status};
use earprint_store::{FileEntry, Journal, JournalHeader, Manifest, StoreError};
use sha2::{Digest, Sha256};

use crate::input::InputOptions;
use crate::{Control, Failure, FileOutcome};
use commit::Committer;
pub use files::{Files, OnOutcome, run_files, unique_names};

/// Opens the backend of a thread. `workers` 1: a device that computes for all, fed by reading threads.
pub trait Backends: Sync {
    /// A backend for the calling thread.
    ///
    /// # Errors
    /// As the backend's own opening.
    fn open(&self) -> Result<Box<dyn Backend>, ComputeError>;
    /// True where every worker has its own backend (the CPU); false where one device serves the run.
    fn per_worker(&self) -> bool;
    /// Name for journal and manifest.
    fn name(&self) -> &str;
}

/// A run over files.
pub struct DiskJob {
    /// What was found, in order.
    pub inputs: Vec<WalkEntry>,
    /// How they are opened.
    pub open: InputOptions,
    /// Output folder.
    pub out: PathBuf,
    /// What to compute.
    pub job: MelJob,
    /// Type of the stored values.
    pub dtype: Dtype,
    /// Also write headerless copies.
    pub raw: bool,
    /// Unreadable files get rows of zeros.
    pub keep_geometry: bool,
    /// Threads.
    pub workers: usize,
    /// Memory the run may take, bytes.
    pub memory: u64,
    /// Most inputs in a batch; `None`: by memory.
    pub batch_files: Option<usize>,
    /// Rows reach the disk and the journal at least this often.
    pub flush_every: Duration,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Inputs with numbers from all of them.
    pub ok: u64,
    /// Inputs with numbers from a part.
    pub partial: u64,
    /// Inputs left out on purpose.
    pub skipped: u64,
    /// Inputs without numbers.
    pub failed: u64,
    /// Rows (or mel frames) in all.
    pub rows: u64,
    /// Files that an earlier, interrupted run had finished.
    pub resumed: u64,
    /// True when the run was stopped before its end; the same command continues it.
    pub interrupted: bool,
}

impl Summary {
    /// Counts over finished files.
    fn of(entries: &[FileEntry]) -> Self {
        let mut summary = Self::default();
        for e in entries {
            summary.rows += e.rows;
            match e.status {
                Status::Ok => summary.ok += 1,
                Status::Partial => summary.partial += 1,
                Status::Skipped => summary.skipped += 1,
                Status::Error => summary.failed += 1,
            }
        }
        summary
    }
}

/// A run that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The job itself is impossible.
    #[error(transparent)]
    Spec(#[from] earprint_core::SpecError),
    /// No kernel for the job, or no device.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// The output folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Anything a worker reported.
    #[error("{0}")]
    Worker(String),
}

/// Called for every input once its fate is written, in the order of the inputs.
pub type OnFile<'a> = &'a (dyn Fn(&FileEntry) + Sync);

/// Runs a job to its end, or until `control` stops it.
///
/// # Errors
/// What ends a run as a whole; a bad input never does.
pub fn run_disk(
    job: &DiskJob,
    backends: &dyn Backends,
    control: &Control,
    on_file: OnFile,
) -> Result<Summary, RunError> {
    job.job.check()?;
    let plan = Arc::new(MelPlan::new(job.job.clone(), job.dtype)?);
    let header = JournalHeader {
        tool: earprint_core::TOOL_VERSION.into(),
        spec_hash: job.job.hash(),
        dtype: dtype_name(job.dtype).into(),
        keep_geometry: job.keep_geometry,
        inputs: inputs_hash(&job.inputs, &job.open),
        backend: backends.name().into(),
    };
    if let Some(summary) = done_already(job, &header, control, on_file) {
        return Ok(summary);
    }
    let committer = Committer::open(job, &plan, header, control, on_file)?;
    let files = Files {
        inputs: &job.inputs,
        open: &job.open,
        plan: &plan,
        dtype: job.dtype,
        workers: job.workers,
        memory: job.memory,
        batch_files: job.batch_files,
    };
    std::thread::scope(|scope| {
        let flusher = scope.spawn(|| committer.flush_now_and_then());
        let take = |outcome| committer.take(outcome).map_err(|e| e.to_string());
        let ran = run_files(&files, committer.resumed(), backends, control, &take);
        committer.stop_flushing();
        let flushed = flusher.join().unwrap_or_else(|panic| Err(crate::words_of_panic(panic.as_ref())));
        ran.and(flushed.map_err(RunError::Worker))
    })?;
    committer.finish(job, control)
}

/// The summary of an earlier run that did exactly this to its end, if the folder holds one: nothing is computed twice.
fn done_already(job: &DiskJob, header: &JournalHeader, control: &Control, on_file: OnFile) -> Option<Summary> {
    let manifest = Manifest::read(&job.out).ok()?;
    let same = JournalHeader {
        tool: manifest.tool,
        spec_hash: manifest.spec_hash,
        dtype: manifest.dtype,
        keep_geometry: manifest.keep_geometry,
        backend: manifest.backend,
        inputs: manifest.inputs,
    } == *header;
    let needed: &[&str] = match (&job.job.windows, job.raw) {
        (Some(_), true) => &["features.npy", "index.npy", "features.raw", "index.raw"],
        (Some(_), false) => &["features.npy", "index.npy"],
        (None, true) => return None,
        (None, false) => &[],
    };
    let arrays = manifest.files.iter().filter_map(|f| f.features.as_deref());
    if !same || !needed.iter().copied().chain(arrays).all(|name| job.out.join(name).exists()) {
        return None;
    }
    // Killed after its manifest was written and before its working folder was gone. That of another job stays: it may be continued.
    let folder = run_folder(&job.out);
    if Journal::left_behind(&folder.join(JOURNAL), header) {
        // What cannot be removed harms nobody.
        let _ = std::fs::remove_dir_all(&folder);
    } else {
        // Only where it is empty: the journal went first.
        let _ = std::fs::remove_dir(&folder);
    }
    for e in &manifest.files {
        on_file(e);
        control.count_done(e.status);
    }
    let mut summary = Summary::of(&manifest.files);
    summary.resumed = manifest.files.len() as u64;
    Some(summary)
}

fn dtype_name(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F16 => "f16",
        Dtype::F32 => "f32",
    }
}

/// SHA-256 over path, size and time of change of every input, and over what else changes what is read of them.
fn inputs_hash(inputs: &[WalkEntry], open: &InputOptions) -> String {
    let mut h = Sha256::new();
    h.update(open.key());
    for i in inputs {
        let changed = i.modified.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos());
        h.update(i.relative.as_bytes());
        h.update([0]);
        h.update(i.bytes.to_le_bytes());
        h.update(changed.to_le_bytes());
    }
    h.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// What the walk already knows to be no input.
fn known_failure(entry: &WalkEntry) -> Option<Failure> {
    match &entry.outcome {
        Outcome::Audio => None,
        Outcome::Skipped(why) => {
            Some(Failure { status: Status::Skipped, code: "E_NOT_AUDIO".into(), reason: why.text().into() })
        }
        Outcome::Failed(e) => Some(Failure::from(AudioError::clone(e))),
    }
}

/// The entry of an outcome, as manifests and records tell it; row numbers and names of arrays are whoever's who writes
/// them. `windowed`: the job has windows; `rate_hz`: the job's rate.
pub fn entry_of(
    input: &WalkEntry,
    outcome: &FileOutcome,
    windowed: bool,
    rate_hz: u32,
    run_backend: &str,
) -> FileEntry {
    let (rows, failure) = match &outcome.features {
        // Without windows the shape is (1, M, T), and a file's rows are its T frames.
        Ok(f) => (if windowed { f.shape[0] } else { f.shape[2] }, None),
        Err(failure) => (0, Some(failure)),
    };
    let meta = outcome.meta.as_ref();
    let partial = meta.is_some_and(|m| m.partial);
    FileEntry {
        path: input.relative.clone(),
        bytes: input.bytes,
        frames_read: meta.map_or(0, |m| m.frames_read),
        sample_rate: meta.map_or(0, |m| m.sample_rate),
        channels: meta.map_or(0, |m| m.channels),
        processing: meta.and_then(|m| earprint_core::processing(m.channels, true, m.sample_rate, rate_hz)),
        first_row: 0,
        rows: rows as u64,
        status: failure.map_or(if partial { Status::Partial } else { Status::Ok }, |f| f.status),
        code: failure.map(|f| f.code.clone()).or(partial.then(|| "E_DECODE_TRUNCATED".into())),
        reason: failure.map(|f| f.reason.clone()).or(meta.and_then(|m| m.note.clone())),
        decoder: meta.map(|m| m.decoder.to_owned()),
        backend: (failure.is_none() && &*outcome.backend != run_backend).then(|| outcome.backend.to_string()),
        features: None,
    }
}

/// Where the arrays of files without windows stand, below the output folder.
fn features_path(relative: &str) -> String {
    format!("features/{relative}.npy")
}

/// The journal's name in the working folder.
const JOURNAL: &str = "journal.ndjson";

fn run_folder(out: &Path) -> PathBuf {
    out.join(".earprint-run")
}
