//! `earprint stats`: how the last runs went. Only what was measured is told.

use anyhow::Result;
use earprint_library::{Library, RunEnd, RunSummary};

use crate::args::StatsArgs;
use crate::out::{date, out};
use crate::progress::clock;

/// Runs the verb.
pub fn run(args: &StatsArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    let mut out = out();
    for run in library.stats(args.limit)? {
        out.line(if args.json { json(&run) } else { text(&run) })?;
    }
    out.flush()?;
    Ok(0)
}

fn json(run: &RunSummary) -> String {
    let end = run.end.as_ref();
    let stages: Option<serde_json::Map<_, _>> =
        end.map(|e| e.stages.iter().map(|(k, v)| (k.clone(), (*v).into())).collect());
    serde_json::json!({
        "v": 1, "run": run.id.0, "state": run.state.as_str(), "started_ms": run.started_ms,
        "ended_ms": run.ended_ms, "tool_version": run.tool_version, "files": end.map(|e| e.files),
        "analysed": end.map(|e| e.analysed), "known": end.map(|e| e.known), "failed": end.map(|e| e.failed),
        "audio_seconds": end.map(|e| e.audio_seconds), "wall_seconds": end.map(|e| e.wall_seconds),
        "stages": stages,
        "queue": end.and_then(|e| e.queue).map(|q| serde_json::json!({
            "workers": q.workers, "makespan_seconds": q.makespan, "busy_seconds": q.busy,
            "longest_seconds": q.longest, "over_bound": q.over_bound(),
        })),
    })
    .to_string()
}

/// One line, and one for the stages of a run that analysed something.
fn text(run: &RunSummary) -> String {
    let head = format!("run {}, {}: {}", run.id.0, date(run.started_ms), run.state.as_str());
    let Some(end) = &run.end else { return format!("{head}, nothing measured") };
    let RunEnd { files, analysed, known, failed, audio_seconds, wall_seconds, stages, queue } = end;
    let mut text = format!("{head}; {files} files, {analysed} analysed, {known} known, {failed} failed");
    // A run that heard nothing has no speed, and its time is in no stage.
    if *audio_seconds <= 0.0 {
        return format!("{text}; {wall_seconds:.1} s");
    }
    let rate = audio_seconds / wall_seconds.max(1e-3);
    text += &format!("; {} of sound in {wall_seconds:.1} s, {rate:.0} times real time", clock(*audio_seconds));
    let busy: f64 = stages.iter().map(|s| s.1).sum();
    if busy > 0.0 {
        let each = stages.iter().map(|(name, s)| format!("{name} {s:.1} s ({:.0} %)", 100.0 * s / busy));
        text += &format!("\n  stages, all threads: {}", each.collect::<Vec<_>>().join(", "));
    }
    if let Some((q, over)) = queue.and_then(|q| Some((q, q.over_bound()?))) {
        text += &format!("\n  queue, {} workers: {:.1} s, {over:.3} of its lower bound", q.workers, q.makespan);
    }
    text
}
