//! `earprint stats`: how the last runs went. Only what was measured is told.

use std::io::Write;

use anyhow::Result;
use earprint_library::Library;

use super::analyze::clock;
use crate::args::StatsArgs;

/// Runs the verb.
pub fn run(args: &StatsArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for run in library.stats(args.limit)? {
        if args.json {
            let end = run.end.as_ref();
            let stages: Option<serde_json::Map<_, _>> =
                end.map(|e| e.stages.iter().map(|(k, v)| (k.clone(), (*v).into())).collect());
            let record = serde_json::json!({
                "v": 1, "run": run.id.0, "state": run.state.as_str(), "started_ms": run.started_ms,
                "ended_ms": run.ended_ms, "tool_version": run.tool_version, "files": end.map(|e| e.files),
                "analysed": end.map(|e| e.analysed), "known": end.map(|e| e.known), "failed": end.map(|e| e.failed),
                "audio_seconds": end.map(|e| e.audio_seconds), "wall_seconds": end.map(|e| e.wall_seconds),
                "stages": stages,
            });
            writeln!(out, "{record}")?;
            continue;
        }
        let Some(end) = run.end else {
            writeln!(out, "run {}: {}, nothing measured", run.id.0, run.state.as_str())?;
            continue;
        };
        let rate = end.audio_seconds / end.wall_seconds.max(1e-3);
        writeln!(
            out,
            "run {}: {}; {} files, {} analysed, {} known, {} failed; {} of sound in {:.1} s, {rate:.0} times real time",
            run.id.0,
            run.state.as_str(),
            end.files,
            end.analysed,
            end.known,
            end.failed,
            clock(end.audio_seconds),
            end.wall_seconds,
        )?;
        let busy: f64 = end.stages.iter().map(|s| s.1).sum();
        if busy > 0.0 {
            let each = end.stages.iter().map(|(name, s)| format!("{name} {s:.1} s ({:.0} %)", 100.0 * s / busy));
            writeln!(out, "  stages, all threads: {}", each.collect::<Vec<_>>().join(", "))?;
        }
    }
    Ok(0)
}
