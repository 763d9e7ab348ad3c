//! `earprint watch`: a folder that grows. What has come to rest is analysed, again and again until Ctrl-C.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use earprint_audio::walk::{Outcome, WalkEntry, WalkOptions, walk};
use earprint_core::TRACK_SCHEMA;
use earprint_library::Library;

use super::{absolute, analyze, modified_ns};
use crate::args::{AnalyzeArgs, WatchArgs};
use crate::fate::Ended;
use crate::supervise;

/// Exit code: Ctrl-C is the only way to end, and the same command continues.
const INTERRUPTED: u8 = 130;

/// Size and time of change.
type Look = (u64, Option<SystemTime>);

/// Runs the verb.
pub fn run(args: &WatchArgs) -> Result<Ended> {
    let every = Duration::from_secs(args.every);
    let mut seen: HashMap<PathBuf, Look> = HashMap::new();
    supervise::interrupt_once();
    // Made at once, so that a folder that cannot be written is told now and not at the first file.
    drop(Library::open_or_create(&args.library)?);
    if !args.run.quiet {
        eprintln!(
            "watching {}; Ctrl-C ends",
            args.paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
        );
    }
    loop {
        let found: Vec<WalkEntry> =
            walk(&args.paths, &WalkOptions::default()).into_iter().filter(|e| e.outcome == Outcome::Audio).collect();
        let looks: HashMap<PathBuf, Look> = found.iter().map(|e| (e.path.clone(), (e.bytes, e.modified))).collect();
        let ready = at_rest(found, &seen, &args.library)?;
        if !ready.is_empty() {
            let job = AnalyzeArgs {
                paths: args.paths.clone(),
                library: Some(args.library.clone()),
                json: args.json,
                time_limit: args.time_limit,
                run: args.run.clone(),
                files_from: None,
                retry_failed: false,
                force: false,
                dry_run: false,
                batch_files: None,
                segment_frames: None,
            };
            analyze(&job, ready)?;
        }
        seen = looks;
        // Short naps, so that Ctrl-C is heard at once.
        let until = std::time::Instant::now() + every;
        while std::time::Instant::now() < until && !supervise::interrupted() {
            std::thread::sleep(Duration::from_millis(50));
        }
        if supervise::interrupted() {
            return Ok(Ended { code: INTERRUPTED, device: None });
        }
    }
}

/// Files that did not change since the last look and that the library does not know yet.
fn at_rest(found: Vec<WalkEntry>, seen: &HashMap<PathBuf, Look>, library: &Path) -> Result<Vec<WalkEntry>> {
    let library = Library::open(library)?;
    let mut ready = Vec::new();
    for entry in found {
        if seen.get(&entry.path) != Some(&(entry.bytes, entry.modified)) {
            continue;
        }
        if library.known(&absolute(&entry.path)?, entry.bytes, modified_ns(&entry), TRACK_SCHEMA)?.is_none() {
            ready.push(entry);
        }
    }
    Ok(ready)
}
