//! The suite: checks that every backend passes, in [`CHECKS`]. A check runs the backend over cases and hands every result to a
//! comparison of [`Trial`]; it never ends early, so that a disturbed backend shows whether each comparison can fail.

mod batches;
pub mod jobs;
mod values;

use std::time::{Duration, Instant};

use super::closeness::DEPTH_DB;
use super::{Candidate, Promise, Report, Trial};

/// A check: a name and a body.
pub type Check = (&'static str, fn(&mut Trial));

/// All checks.
pub const CHECKS: [Check; 8] = [
    ("presets", values::presets),
    ("sizes", values::sizes),
    ("pooled sizes", values::pooled_sizes),
    ("small batches", values::small_batches),
    ("batch sizes", batches::batch_sizes),
    ("reversed clips", batches::reversed_clips),
    ("slots in pieces", batches::slots_in_pieces),
    ("two under way", batches::two_under_way),
];

/// Runs `checks` and returns what they found, and the time they took.
pub fn run(candidate: Candidate, checks: &[Check]) -> (Report, Duration) {
    let mut trial = Trial::new(candidate);
    let start = Instant::now();
    for (name, body) in checks {
        trial.check = name;
        let (before, began) = (trial.report.comparisons, Instant::now());
        body(&mut trial);
        let made = trial.report.comparisons - before;
        println!("  {name}: {made} comparisons, {:.1} s", began.elapsed().as_secs_f64());
        // Skipped looks like passed: a check that compares nothing is a failure.
        if made == 0 {
            trial.fail("no case", "nothing was compared".to_owned());
        }
    }
    (trial.report, start.elapsed())
}

/// The suite for one backend; a backend that cannot be had is skipped, with the reason.
///
/// # Panics
/// With every comparison that failed.
pub fn suite(name: &str, open: impl FnOnce() -> Result<Candidate, String>) {
    let candidate = match open() {
        Ok(candidate) => candidate,
        Err(why) => {
            println!("{name:<16} skipped, because {why}");
            return;
        }
    };
    let (info, other) = (candidate.backend.info().clone(), candidate.against.info().clone());
    let (promise, clips) = (candidate.promise, candidate.clips);
    let (report, time) = run(candidate, &CHECKS);
    let against = format!("{}, {}", other.kind.name(), other.device);
    let claim = match promise {
        Promise::EqualBits => format!("equal bits to {against}"),
        Promise::Within(bound) => format!(
            "within {bound:.0e} dB of {against} (largest {:.1e} dB to {DEPTH_DB} dB below the loudest band, {:.2} of the bound anywhere)",
            report.closeness.largest_db, report.closeness.share
        ),
    };
    println!(
        "{name:<16} {} ({}): {claim}; itself: equal bits; {} values in {} comparisons, batches to {clips} clips, {:.1} s",
        info.kind.name(),
        info.device,
        report.values,
        report.comparisons,
        time.as_secs_f64()
    );
    assert!(report.failures.is_empty(), "{name}: {} failures:\n{}", report.failures.len(), report.failures.join("\n"));
}
