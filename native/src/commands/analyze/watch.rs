//! `earprint watch`: a folder that grows. What has come to rest is analysed, again and again until Ctrl-C.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use earprint_analyzer::modified_ns;
use earprint_audio::walk::{Outcome, WalkEntry};
use earprint_core::TRACK_SCHEMA;
use earprint_library::{Library, LibraryError};

use super::{Makers, analyze};
use crate::args::{AnalyzeArgs, InputArgs, WatchArgs};
use crate::fate::Ended;
use crate::inputs::{Found, Names, find};
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
    if let Err(e) = Library::open_or_create(&args.library).map(drop) {
        wait_for_others(e.into())?;
    }
    if !args.run.quiet {
        eprintln!(
            "watching {}; Ctrl-C ends",
            args.paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
        );
    }
    let job = AnalyzeArgs {
        inputs: InputArgs { paths: args.paths.clone(), ..InputArgs::default() },
        library: Some(args.library.clone()),
        json: args.json,
        time_limit: args.time_limit,
        run: args.run.clone(),
        retry_failed: false,
        force: false,
        dry_run: false,
        batch_files: None,
        segment_frames: None,
    };
    let mut missing = HashSet::new();
    let mut opened: Option<(Makers, String)> = None;
    loop {
        let found = find(&job.inputs, args.run.memory)?;
        tell_missing(&args.paths, &mut missing);
        let audio: Vec<WalkEntry> = found.entries.into_iter().filter(|e| e.outcome == Outcome::Audio).collect();
        let looks: HashMap<PathBuf, Look> = audio.iter().map(|e| (e.path.clone(), (e.bytes, e.modified))).collect();
        let done = at_rest(audio, &seen, &args.library).and_then(|entries| {
            if entries.is_empty() {
                return Ok(());
            }
            // What is not there was told above, once and not at every look.
            let roots = found.roots.into_iter().filter(|root| root.exists()).collect();
            analyze(&job, &Found { roots, entries, open: found.open }, &mut opened).map(drop)
        });
        if let Err(e) = done {
            wait_for_others(e)?;
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

/// Tells of a library that another process writes to: the next look finds the same files again. Every other error ends it.
fn wait_for_others(e: anyhow::Error) -> Result<()> {
    match e.downcast_ref::<LibraryError>() {
        Some(busy @ LibraryError::Busy { .. }) => {
            eprintln!("note: {busy}; watching goes on and tries again");
            Ok(())
        }
        _ => Err(e),
    }
}

/// Tells of folders that are not there, and of those that are there again.
fn tell_missing(paths: &[PathBuf], missing: &mut HashSet<PathBuf>) {
    for path in paths {
        if path.exists() {
            if missing.remove(path) {
                eprintln!("note: {} is there now", path.display());
            }
        } else if missing.insert(path.clone()) {
            eprintln!("note: {} is not there; watching goes on in case it comes", path.display());
        }
    }
}

/// Files that did not change since the last look and that the library does not know yet.
fn at_rest(found: Vec<WalkEntry>, seen: &HashMap<PathBuf, Look>, library: &Path) -> Result<Vec<WalkEntry>> {
    let library = Library::open_or_create(library)?;
    let mut names = Names::default();
    let mut ready = Vec::new();
    for entry in found {
        if seen.get(&entry.path) != Some(&(entry.bytes, entry.modified)) {
            continue;
        }
        if library.known(&names.of(&entry.path)?, entry.bytes, modified_ns(&entry), TRACK_SCHEMA)?.is_none() {
            ready.push(entry);
        }
    }
    Ok(ready)
}
