//! How inputs ended, told three ways: one NDJSON record each, one line of words, one exit code.

use std::io::{BufWriter, Stdout, Write};
use std::sync::Mutex;

use earprint_pipeline::disk::Summary;
use earprint_store::FileEntry;
use serde_json::Value;

use crate::args::FailOn;

/// NDJSON on stdout, or nothing.
pub struct Records(Option<Mutex<BufWriter<Stdout>>>);

impl Records {
    /// `on`: `--json`.
    pub fn new(on: bool) -> Self {
        Self(on.then(|| Mutex::new(BufWriter::new(std::io::stdout()))))
    }

    /// One line; `record` is made only where somebody reads it.
    pub fn put(&self, record: impl FnOnce() -> Value) {
        if let Some(out) = &self.0 {
            // A closed pipe is the reader's choice; the run goes on for the files.
            let _ = writeln!(out.lock().expect("no panic holds it"), "{}", record());
        }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if let Some(out) = &self.0 {
            let _ = out.lock().expect("no panic holds it").flush();
        }
    }
}

/// The record of one input; `backend`: what computed the run.
pub fn record(e: &FileEntry, backend: &str) -> Value {
    serde_json::json!({
        "v": 1, "path": e.path, "status": e.status.as_str(), "code": e.code, "detail": e.reason,
        "decoder": e.decoder, "backend": e.backend.as_deref().unwrap_or(backend), "schema": earprint_core::MEL_SCHEMA,
        "sample_rate": e.sample_rate, "frames_read": e.frames_read, "first_row": e.first_row, "rows": e.rows,
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
