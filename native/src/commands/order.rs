//! `earprint order`: tracks of a library in an order to listen to.

use std::path::Path;

use anyhow::Result;
use earprint_analyzer::{AnalyzerError, Collected, goal_words};
use earprint_collection::order::{Curve, Fault, Limits, Order, OrderJob, Part, lint, order};
use earprint_core::path_from_text;
use earprint_library::Library;
use earprint_store::AtomicFile;
use serde_json::{Value, json};

use crate::args::{OrderArgs, ShapeArg};
use crate::inputs::absolute;
use crate::job::usage;
use crate::out::{out, plain};
use crate::progress::clock;

/// Runs the verb.
pub fn run(args: &OrderArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    let collected = Collected::read(&library)?;
    let tracks = collected.order_tracks(args.group.into());
    if let Some(list) = &args.lint {
        return check(args, &collected, &tracks, list);
    }
    if tracks.is_empty() {
        return usage(format!(
            "{}: no tracks with numbers; `earprint analyze` measures some",
            library.path().display()
        ));
    }
    let job = wanted(args, &collected)?;
    let goal = goal_words(job.goal);
    let found = match order(&tracks, &job) {
        Ok(found) => found,
        Err(e) => return usage(e.to_string()),
    };
    if let Some(path) = &args.out {
        let mut file = AtomicFile::create(path)?;
        file.write(playlist(&collected, &found, path).as_bytes())?;
        file.finish()?;
    }
    let mut out = out();
    if args.json {
        out.line(record(&collected, &found, goal))?;
    } else if args.out.is_none() {
        for (position, &track) in found.sequence.iter().enumerate() {
            let how = position.checked_sub(1).map_or_else(
                || "-".to_owned(),
                |before| {
                    let t = &found.transitions[before];
                    format!("{:.2} {}", t.total, t.words())
                },
            );
            out.line(format_args!("{}\t{}\t{how}", position + 1, plain(&collected.members[track].path)))?;
        }
    }
    out.flush()?;
    if !args.quiet {
        tell(&found, goal);
    }
    Ok(0)
}

/// What the flags ask for.
fn wanted(args: &OrderArgs, collected: &Collected) -> Result<OrderJob> {
    let find = |text: &String| -> Result<usize> {
        // What `list` prints can be pasted; a path on disk means the file of that name.
        let whole = absolute(Path::new(text)).map(|p| earprint_core::path_text(&p)).unwrap_or_default();
        if let Some(at) = collected.members.iter().position(|m| m.path == whole) {
            return Ok(at);
        }
        match collected.find(text) {
            Ok(at) => Ok(at),
            Err(e @ AnalyzerError::Track { .. }) => usage(e.to_string()),
            Err(e) => Err(e.into()),
        }
    };
    let from = args.from.as_ref().map(find).transpose()?;
    let to = args.to.as_ref().map(find).transpose()?;
    let curve = match args.shape {
        ShapeArg::Free => None,
        ShapeArg::Arc => Some(Curve::Peak(args.peak)),
        ShapeArg::Rise => Some(Curve::Rise),
        ShapeArg::Fall => Some(Curve::Fall),
        ShapeArg::Flat => Some(Curve::Flat),
    };
    let limits = Limits {
        per_artist: args.per_group.map(|n| n as usize),
        artist_gap: args.gap as usize,
        tracks: args.tracks.map(|n| n as usize),
        duration: args.minutes.map(|m| m * 60.0),
        ..Limits::default()
    };
    Ok(OrderJob { seed: args.seed, ..OrderJob::wanted(curve, from, to, limits) })
}

/// The score beside greedy and random, and what a listener may stumble over.
fn tell(found: &Order, goal: &str) {
    let n = found.sequence.len();
    eprintln!(
        "{n} tracks, {goal}: cost {:.2}; greedy {:.2}; {} random orders {:.2} +- {:.2}",
        found.score.total, found.greedy.total, found.random.orders, found.random.mean, found.random.deviation
    );
    if found.score.too_near > 0 {
        eprintln!(
            "note: {} pairs of one group are nearer than --gap asks for; no order without was found",
            found.score.too_near
        );
    }
    if !found.left_out.is_empty() {
        eprintln!("{} tracks are left out", found.left_out.len());
    }
    if !found.lint.is_empty() {
        eprintln!("{} places worth a second look; --json lists them", found.lint.len());
    }
}

fn record(collected: &Collected, found: &Order, goal: &str) -> Value {
    let known = |v: f64| Some(v).filter(|v| v.is_finite());
    let path = |track: usize| &collected.members[track].path;
    let transition = |t: &earprint_collection::order::Transition| {
        let parts: serde_json::Map<String, Value> =
            Part::ALL.iter().zip(t.parts).map(|(part, cost)| (part.name().to_owned(), json!(known(cost)))).collect();
        json!({ "cost": known(t.total), "parts": parts, "words": t.words() })
    };
    json!({
        "v": 1,
        "goal": goal,
        "sequence": found.sequence.iter().map(|&t| path(t)).collect::<Vec<_>>(),
        "transitions": found.transitions.iter().map(transition).collect::<Vec<_>>(),
        "total": found.score.total,
        "greedy": found.greedy.total,
        "random": { "orders": found.random.orders, "mean": known(found.random.mean), "deviation": known(found.random.deviation) },
        "too_near": found.score.too_near,
        "left_out": found.left_out.iter().map(|(t, why)| json!({ "path": path(*t), "reason": why.name() })).collect::<Vec<_>>(),
        "findings": findings(&found.lint),
    })
}

fn findings(lint: &[earprint_collection::order::Finding]) -> Vec<Value> {
    let one = |f: &earprint_collection::order::Finding| json!({ "at": f.position + 1, "kind": f.fault.name(), "severity": f.severity, "words": f.words });
    lint.iter().map(one).collect()
}

/// M3U8: UTF-8, a length and a name for each track, paths relative to the playlist where that is possible.
fn playlist(collected: &Collected, found: &Order, to: &Path) -> String {
    let folder = absolute(to).ok().and_then(|p| p.parent().map(Path::to_owned)).unwrap_or_default();
    let tracks =
        found.sequence.iter().map(|&t| (collected.members[t].path.as_str(), Some(collected.members[t].table.duration)));
    earprint_report::playlist(tracks, &folder)
}

/// `--lint`: what a listener may stumble over in a playlist that somebody made.
fn check(
    args: &OrderArgs,
    collected: &Collected,
    tracks: &[earprint_collection::order::OrderTrack],
    list: &Path,
) -> Result<u8> {
    let text = match std::fs::read_to_string(list) {
        Ok(text) => text,
        Err(e) => return usage(format!("{}: {e}; expected a playlist in UTF-8, a path a line", list.display())),
    };
    let folder = list.parent().unwrap_or(Path::new(""));
    let place = |line: &str| {
        let path = path_from_text(line).map(|p| folder.join(p));
        let whole = path.and_then(|p| absolute(&p).ok()).map(|p| earprint_core::path_text(&p));
        collected.members.iter().position(|m| whole.as_deref() == Some(&m.path) || m.path == line)
    };
    let lines: Vec<&str> = text
        .lines()
        .map(|l| l.trim_start_matches('\u{feff}').trim())
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect();
    // What is not in the library keeps its place, and is a finding there.
    const NO_TRACK: usize = usize::MAX;
    let sequence: Vec<usize> = lines.iter().map(|line| place(line).unwrap_or(NO_TRACK)).collect();
    let limits = earprint_collection::order::LintLimits {
        artist_gap: args.gap as usize,
        per_artist: args.per_group.map(|n| n as usize),
        ..Default::default()
    };
    let mut found = lint(tracks, &sequence, &limits);
    for unknown in found.iter_mut().filter(|f| f.fault == Fault::NoSuchTrack) {
        unknown.words = format!("{}: not in the library", lines[unknown.position]);
    }
    let mut out = out();
    if args.json {
        out.line(json!({ "v": 1, "tracks": sequence.len(), "findings": findings(&found) }))?;
    } else {
        for f in &found {
            out.line(format_args!("{}\t{}\t{:.2}\t{}", f.position + 1, f.fault.name(), f.severity, plain(&f.words)))?;
        }
    }
    out.flush()?;
    if !args.quiet {
        let known = sequence.iter().filter_map(|&at| collected.members.get(at));
        let total: f64 = known.map(|m| m.table.duration).sum();
        eprintln!("{} tracks, {}: {} places worth a second look", sequence.len(), clock(total), found.len());
    }
    Ok(0)
}
