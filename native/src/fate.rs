//! How inputs ended, told three ways: one NDJSON record each, one line of words, one exit code.

use std::sync::Mutex;

use earprint_audio::UnreadCounts;
use earprint_core::Status;
use earprint_pipeline::disk::Summary;
use earprint_store::FileEntry;
use serde_json::Value;

use crate::args::FailOn;
use crate::out::{Out, note_lost, out, plain};

/// Failures told in words; the rest is counted.
const TOLD: usize = 5;

/// How a verb ended.
pub struct Ended {
    /// Exit code.
    pub code: u8,
    /// What computed and why it was chosen; `None` where nothing was computed.
    pub device: Option<String>,
}

/// One NDJSON record per input on stdout; without `--json` the first failures in words on stderr, at the end.
pub struct Records {
    json: Option<Mutex<Out>>,
    failures: Mutex<Vec<String>>,
    unread: Mutex<UnreadCounts>,
    quiet: bool,
}

impl Records {
    /// `json`: `--json`; `quiet`: failures, but no sums.
    pub fn new(json: bool, quiet: bool) -> Self {
        let json = json.then(|| Mutex::new(out()));
        Self { json, failures: Mutex::default(), unread: Mutex::default(), quiet }
    }

    /// The fate of one input; `record` is made only where somebody reads it.
    pub fn put(&self, entry: &FileEntry, record: impl FnOnce() -> Value) {
        self.unread.lock().expect("no panic holds it").add(entry.code.as_deref(), entry.reason.as_deref());
        if let Some(out) = &self.json {
            // The run goes on for the files.
            note_lost(out.lock().expect("no panic holds it").line(record()));
        } else if entry.status == Status::Error {
            let mut failures = self.failures.lock().expect("no panic holds it");
            // Beyond what will be told only the number matters.
            let words = if failures.len() < TOLD { sentence(entry) } else { String::new() };
            failures.push(words);
        }
    }

    /// Ends the records. `where_all`: where every failure is told.
    pub fn end(self, where_all: &str) {
        if let Some(out) = self.json {
            note_lost(out.into_inner().expect("no panic holds it").flush());
        }
        let failures = self.failures.into_inner().expect("no panic holds it");
        for words in failures.iter().take(TOLD) {
            eprintln!("failed: {words}");
        }
        if failures.len() > TOLD {
            eprintln!("failed: {} more, see {where_all}", failures.len() - TOLD);
        }
        let unread = self.unread.into_inner().expect("no panic holds it");
        if !unread.is_empty() && !self.quiet {
            eprintln!("{unread}");
        }
    }
}

fn sentence(e: &FileEntry) -> String {
    let code = e.code.as_deref().unwrap_or("E_UNKNOWN");
    plain(&format!("{}: {} ({code})", e.path, e.reason.as_deref().unwrap_or("no reason known"))).into_owned()
}

/// The record of one input; `backend`: what computed the run.
pub fn record(e: &FileEntry, backend: &str) -> Value {
    serde_json::json!({
        "v": 1, "path": e.path, "status": e.status.as_str(), "code": e.code, "detail": e.reason,
        "decoder": e.decoder, "backend": e.backend.as_deref().unwrap_or(backend), "schema": earprint_core::MEL_SCHEMA,
        "sample_rate": e.sample_rate, "channels": e.channels, "processing": e.processing, "frames_read": e.frames_read, "first_row": e.first_row, "rows": e.rows,
        "features": e.features,
    })
}

/// `12 files: 10 ok, …`.
pub fn words(s: &Summary) -> String {
    let resumed = if s.resumed > 0 { format!(", {} of them by an earlier run", s.resumed) } else { String::new() };
    let all = s.ok + s.partial + s.skipped + s.failed;
    let files = if all == 1 { "file" } else { "files" };
    format!("{all} {files}: {} ok, {} partial, {} skipped, {} failed{resumed}", s.ok, s.partial, s.skipped, s.failed)
}

/// How an interrupted run goes on. `piped`: it read stdin, which is gone.
pub fn goes_on(piped: bool) -> &'static str {
    if piped { "stdin cannot be read again: start it anew" } else { "the same command continues" }
}

/// 0 all done, 3 some inputs failed, 130 interrupted.
pub fn exit_code(s: &Summary, fail_on: FailOn) -> u8 {
    let with_numbers = s.ok + s.partial;
    match fail_on {
        _ if s.interrupted => 130,
        FailOn::Any if s.failed > 0 => 3,
        FailOn::All if s.failed > 0 && with_numbers == 0 => 3,
        _ => 0,
    }
}
