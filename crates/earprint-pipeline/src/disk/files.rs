//! Worker threads over the corridor, whoever takes the outcomes: the writer of arrays, the painter of pictures.
//!
//! Enters: files and a plan. Leaves: one outcome per file, on the thread that computed it, in no order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use earprint_audio::Limits;
use earprint_audio::walk::WalkEntry;
use earprint_compute::{Dtype, MelPlan};

use super::source::{BlockSource, Opener, Prefetch};
use super::{Backends, RunError};
use crate::input::InputOptions;
use crate::{Control, Engine, FileOutcome, Portion, Sink, run};

/// What is read and what is computed of it, whatever becomes of the numbers.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// What was found, in order.
    pub inputs: &'a [WalkEntry],
    /// How they are opened.
    pub open: &'a InputOptions,
    /// What to compute.
    pub plan: &'a Arc<MelPlan>,
    /// Type of the values handed over.
    pub dtype: Dtype,
    /// Threads.
    pub workers: usize,
    /// Memory the run may take, bytes.
    pub memory: u64,
    /// Most inputs in a batch; `None`: by memory.
    pub batch_files: Option<usize>,
}

/// Takes each outcome, on any thread. An error, as text for the user, ends the run.
pub type OnOutcome<'a> = &'a (dyn Fn(FileOutcome) -> Result<(), String> + Sync);

/// Hands an outcome of every input from number `first` on to `take`, or stops early once `control` says so.
///
/// # Errors
/// What ends a run as a whole: no device, or what `take` cannot survive. A bad input never does.
pub fn run_files(
    files: &Files,
    first: usize,
    backends: &dyn Backends,
    control: &Control,
    take: OnOutcome,
) -> Result<(), RunError> {
    let &Files { inputs, open, plan, dtype, memory, .. } = files;
    let workers = files.workers.max(1);
    let next = Arc::new(AtomicUsize::new(first));
    let limits = Limits { max_clip_bytes: memory / (3 * workers as u64), ..Limits::default() };
    let portion = portion(files);
    std::thread::scope(|scope| {
        let mut handles = Vec::new();
        let threads = if backends.per_worker() { workers } else { 1 };
        for _ in 0..threads {
            let next = next.clone();
            let opener = Opener { inputs, open, job: &plan.job, limits: &limits, control };
            handles.push(scope.spawn(move || -> Result<(), RunError> {
                let mut engine = Engine::new(backends.open()?);
                let mut sink = Taker(take);
                let done = if backends.per_worker() {
                    let mut source = BlockSource::new(opener, next);
                    pollster::block_on(run(&mut source, plan, dtype, &mut engine, portion, &mut sink, control))
                } else {
                    let mut source = Prefetch::start(scope, opener, next, workers);
                    pollster::block_on(run(&mut source, plan, dtype, &mut engine, portion, &mut sink, control))
                };
                done.map_err(RunError::Worker)
            }));
        }
        let mut first_error = None;
        for handle in handles {
            let ended =
                handle.join().unwrap_or_else(|panic| Err(RunError::Worker(crate::words_of_panic(panic.as_ref()))));
            if let Err(e) = ended {
                control.cancel();
                first_error.get_or_insert(e);
            }
        }
        first_error.map_or(Ok(()), Err)
    })
}

struct Taker<'a>(OnOutcome<'a>);

impl Sink for Taker<'_> {
    fn put(&mut self, outcome: FileOutcome) -> Result<(), String> {
        (self.0)(outcome)
    }
}

/// Files and bytes of one batch: small enough that every worker's batch stays in its cache, and within the budget.
fn portion(files: &Files) -> Portion {
    let share = files.memory / (8 * files.workers.max(1) as u64);
    Portion { files: files.batch_files.unwrap_or(usize::MAX), bytes: share.clamp(1 << 16, 2 << 20) }
}

/// A name for what is made of each input: its relative path; where several inputs have the same one (from two folders),
/// the later ones get a number: `a.wav`, `a.wav~2`. No two names are equal.
pub fn unique_names(inputs: &[WalkEntry]) -> Vec<String> {
    let mut seen = HashMap::<&str, usize>::new();
    let mut taken = HashSet::new();
    let mut name = |input: &'_ WalkEntry, n: &mut usize| loop {
        *n += 1;
        let name = if *n == 1 { input.relative.clone() } else { format!("{}~{n}", input.relative) };
        if taken.insert(name.clone()) {
            return name;
        }
    };
    inputs.iter().map(|i| name(i, seen.entry(&i.relative).or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_audio::walk::Outcome;

    #[test]
    fn names_are_never_equal() {
        let input = |relative: &str| WalkEntry {
            path: relative.into(),
            relative: relative.into(),
            bytes: 0,
            modified: None,
            outcome: Outcome::Audio,
        };
        let inputs: Vec<WalkEntry> = ["a", "b", "a", "a~2", "a"].map(input).into();
        assert_eq!(unique_names(&inputs), ["a", "b", "a~2", "a~2~2", "a~3"]);
    }
}
