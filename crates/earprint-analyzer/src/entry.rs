//! What a library is told of an input.

use std::path::Path;

use earprint_audio::walk::{Outcome as WalkOutcome, WalkEntry};
use earprint_core::Status;
use earprint_library::{Entry, Numbers, Outcome};
use earprint_pipeline::tracks::TrackFate;

/// Nanoseconds since 1970 at which a file last changed.
pub fn modified_ns(entry: &WalkEntry) -> Option<i64> {
    let since = entry.modified?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

/// What the library is told of an input. `None`: nothing; of a folder that cannot be read and of a root that is not there the
/// run tells, but no later walk would meet them as files and take the failure back.
pub fn entry(input: &WalkEntry, path: &Path, fate: &TrackFate) -> Option<Entry> {
    let failed = matches!(input.outcome, WalkOutcome::Failed(_));
    if failed && input.path.symlink_metadata().map_or(true, |meta| meta.is_dir()) {
        return None;
    }
    let (audio_id, outcome) = match fate {
        TrackFate::Recognised { audio_id } => (Some(audio_id.clone()), Outcome::Existing),
        TrackFate::Record(r) => {
            let outcome = match (&r.descriptor, &r.table) {
                (Some(descriptor), Some(table)) => Outcome::Numbers(Box::new(Numbers {
                    partial: r.status == Status::Partial,
                    code: r.code.clone(),
                    detail: r.detail.clone(),
                    decoder: r.decoder.clone(),
                    backend: r.backend.clone(),
                    descriptor: *descriptor,
                    table: table.clone(),
                })),
                _ => Outcome::Failure {
                    skipped: r.status == Status::Skipped,
                    code: r.code.clone().unwrap_or_else(|| "E_UNKNOWN".into()),
                    detail: r.detail.clone().unwrap_or_default(),
                },
            };
            (r.audio_id.clone(), outcome)
        }
    };
    Some(Entry { path: path.to_owned(), bytes: input.bytes, modified_ns: modified_ns(input), audio_id, outcome })
}
