//! Workers are processes of this program: an input that aborts one, or hangs it, is named and the next one goes on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use earprint_fuzz::{Checker, Seeds};

use crate::Options;

/// Seconds after which an input counts as hanging. The slowest take about one.
const HANG: Duration = Duration::from_secs(120);

/// What all workers found.
#[derive(Default)]
struct Totals {
    inputs: u64,
    outcomes: BTreeMap<String, u64>,
    findings: Vec<String>,
}

/// Runs cases `first`, `first + jobs`, … and prints a line before and after each.
pub fn work(options: &Options, first: u64) {
    let seeds = Seeds::of_goldens();
    let mut checker = Checker::new();
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
    let mut number = first;
    while number < options.inputs {
        let case = seeds.case(options.seed, number);
        if !say(format!("begin {}", case.name)) {
            return;
        }
        let report = checker.run(&case.name, case.bytes);
        for what in report.findings {
            say(format!("found {}: {what}", case.name));
        }
        say(format!("end {}", report.outcome));
        number += options.jobs;
    }
}

/// Runs all workers to the end; words of the summary, and whether nothing was found.
pub fn run(options: &Options) -> Result<(String, bool), String> {
    let started = Instant::now();
    let threads: Vec<_> = (0..options.jobs)
        .map(|job| {
            let options = options.clone();
            std::thread::spawn(move || lane(&options, job, started))
        })
        .collect();
    let mut all = Totals::default();
    for thread in threads {
        let totals = thread.join().map_err(|_| "a thread panicked")??;
        all.inputs += totals.inputs;
        all.findings.extend(totals.findings);
        for (outcome, n) in totals.outcomes {
            *all.outcomes.entry(outcome).or_default() += n;
        }
    }
    let outcomes: Vec<String> = all.outcomes.iter().map(|(outcome, n)| format!("{outcome} {n}")).collect();
    let words = format!(
        "{}\n{} inputs of seed {} in {:.0} s with {} jobs: {}\n{} findings",
        all.findings.join("\n"),
        all.inputs,
        options.seed,
        started.elapsed().as_secs_f64(),
        options.jobs,
        outcomes.join(", "),
        all.findings.len()
    );
    Ok((words.trim_start().to_string(), all.findings.is_empty()))
}

/// One worker after another for the cases of one job, until all are done or the time is up.
fn lane(options: &Options, job: u64, started: Instant) -> Result<Totals, String> {
    let mut totals = Totals::default();
    let mut next = job;
    while next < options.inputs && options.limit.is_none_or(|limit| started.elapsed() < limit) {
        let mut child = start(options, next)?;
        let ended = watch(options, &mut child, started, &mut totals);
        // It may be hanging; what it has ended already does not mind.
        let _ = child.kill();
        let _ = child.wait();
        let Some((case, how)) = ended else { return Ok(totals) };
        totals.findings.push(format!("{case}: {how}"));
        let number: u64 = case.split('-').next().and_then(|n| n.parse().ok()).unwrap_or(next);
        next = number + options.jobs;
    }
    Ok(totals)
}

fn start(options: &Options, first: u64) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let numbers =
        [("--worker", first), ("--seed", options.seed), ("--jobs", options.jobs), ("--inputs", options.inputs)];
    Command::new(program)
        .args(numbers.iter().flat_map(|(name, n)| [(*name).to_string(), n.to_string()]))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("a worker could not be started: {e}"))
}

/// Takes a worker's lines; the case it died or hung in, and how. `None` when it ended as it should or the time is up.
fn watch(options: &Options, child: &mut Child, started: Instant, totals: &mut Totals) -> Option<(String, String)> {
    let (sender, lines) = channel();
    let stdout = child.stdout.take()?;
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut under_way = None;
    loop {
        match lines.recv_timeout(HANG) {
            Ok(line) => match line.split_once(' ') {
                Some(("begin", case)) => under_way = Some(case.to_string()),
                Some(("found", what)) => totals.findings.push(what.to_string()),
                Some(("end", outcome)) => {
                    under_way = None;
                    totals.inputs += 1;
                    *totals.outcomes.entry(outcome.to_string()).or_default() += 1;
                    if options.limit.is_some_and(|limit| started.elapsed() >= limit) {
                        return None;
                    }
                }
                _ => {}
            },
            Err(RecvTimeoutError::Timeout) => return under_way.map(|case| (case, "hangs".to_string())),
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().map_or_else(|e| e.to_string(), |s| s.to_string());
                return under_way.map(|case| (case, format!("ended the process: {status}")));
            }
        }
    }
}
