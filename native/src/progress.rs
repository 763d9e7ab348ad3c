//! Progress on stderr: a bar on a terminal, a line every few seconds in a pipe, JSON for programs.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use earprint_pipeline::{Control, Counts};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{ProgressKind, RunArgs};

/// Tells progress as long as `wait`, which pauses for the time it is given, says that the run goes on.
pub fn watch(
    args: &RunArgs,
    phase: &str,
    total: u64,
    control: &Control,
    words: &dyn Fn(bool) -> String,
    mut wait: impl FnMut(Duration) -> bool,
) {
    let kind = match args.progress {
        _ if args.quiet => ProgressKind::None,
        ProgressKind::Auto if std::io::stderr().is_terminal() => ProgressKind::Bar,
        ProgressKind::Auto => ProgressKind::Lines,
        other => other,
    };
    let started = Instant::now();
    let first = control.counts().done;
    let bar = (kind == ProgressKind::Bar).then(|| {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} files  {msg}").expect("a fixed template");
        ProgressBar::new(total).with_style(style)
    });
    let every = Duration::from_millis(if bar.is_some() { 100 } else { 5000 });
    let mut told = Instant::now();
    while wait(Duration::from_millis(20)) {
        if kind == ProgressKind::None || told.elapsed() < every {
            continue;
        }
        told = Instant::now();
        let c = control.counts();
        let more = words(args.verbose);
        let line = match more.as_str() {
            "" => line(phase, &c, first, total, started.elapsed().as_secs_f64(), args.verbose),
            more => format!("{phase}  {more}"),
        };
        match (&bar, kind) {
            (Some(bar), _) => {
                bar.set_position(c.done);
                bar.set_message(line);
            }
            (None, ProgressKind::Json) => eprintln!("{}", json(phase, &c, total, started.elapsed().as_secs_f64())),
            _ => eprintln!("{}/{total} files  {line}", c.done),
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn line(phase: &str, c: &Counts, first: u64, total: u64, seconds: f64, verbose: bool) -> String {
    let rate = c.done.saturating_sub(first) as f64 / seconds.max(1e-3);
    let left = if rate > 0.0 { clock((total.saturating_sub(c.done)) as f64 / rate) } else { "?".into() };
    let mut text = format!("{phase}  {rate:.0} files/s  {left} left");
    if c.failed > 0 {
        text += &format!("  {} failed", c.failed);
    }
    if verbose {
        // Queue depths: opened but not computed; computed but waiting for an earlier file.
        text += &format!("  queued {}  waiting {}", c.opened.saturating_sub(c.computed), c.waiting);
        if let Some((cpu, memory)) = resources() {
            text += &format!("  cpu {:.0} %  memory {} MB", 100.0 * cpu / seconds.max(1e-3), memory >> 20);
        }
    }
    text
}

fn json(phase: &str, c: &Counts, total: u64, seconds: f64) -> String {
    serde_json::json!({
        "phase": phase, "seconds": (seconds * 10.0).round() / 10.0, "files": total, "opened": c.opened,
        "computed": c.computed, "done": c.done, "failed": c.failed, "waiting": c.waiting, "bytes": c.bytes,
    })
    .to_string()
}

/// Seconds as `m:ss` or `h:mm:ss`.
pub fn clock(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 1e9) as u64;
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        h => format!("{h}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// CPU seconds of this process and its resident bytes, where the system tells them simply.
fn resources() -> Option<(f64, u64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    // Fields 14 and 15 of proc(5), in ticks of 1/100 s; the first two stand before the bracket.
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    let pages: u64 = fields.get(21)?.parse().ok()?;
    Some((ticks / 100.0, pages * 4096))
}
