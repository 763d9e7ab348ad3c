//! What stands around every run over files: the device, progress on stderr, Ctrl-C.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use anyhow::Result;
use earprint_audio::walk::{Outcome, WalkEntry};
use earprint_core::MelJob;
use earprint_pipeline::Control;

use crate::args::RunArgs;
use crate::device::{self, Chosen};
use crate::progress;

/// Threads of a run.
pub fn workers(args: &RunArgs) -> usize {
    threads(args.jobs)
}

/// As many threads as were asked for, or as there are cores.
pub fn threads(jobs: Option<u16>) -> usize {
    jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// The device, and in words which it is and why; told on stderr too.
///
/// # Errors
/// A device that was asked for and is not there.
pub fn open(args: &RunArgs, job: &MelJob) -> Result<(Chosen, String)> {
    let (chosen, why) = device::choose(args.device, workers(args), &device::mel_trial(job))?;
    if !args.quiet {
        eprintln!("device: {why}");
    }
    Ok((chosen, why))
}

/// Runs `run` with progress on stderr and Ctrl-C, then tells what happened to the run as a whole. `phase`: the verb.
pub fn supervised<R>(args: &RunArgs, phase: &str, total: u64, control: &Control, run: impl FnOnce() -> R) -> R {
    supervised_with(args, phase, total, control, &|_| String::new(), run)
}

/// As [`supervised`], with more to tell on each line of progress; `words` is told whether many words are wanted.
pub fn supervised_with<R>(
    args: &RunArgs,
    phase: &str,
    total: u64,
    control: &Control,
    words: &(dyn Fn(bool) -> String + Sync),
    run: impl FnOnce() -> R,
) -> R {
    interrupt_once();
    let done = std::thread::scope(|scope| {
        // Dropped when `run` ends, however it ends: the watcher never outlives it.
        let (alive, ended) = mpsc::channel::<()>();
        scope.spawn(move || {
            progress::watch(args, phase, total, control, words, |pause| {
                if INTERRUPTED.load(Ordering::Relaxed) {
                    control.cancel();
                }
                ended.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout)
            });
        });
        let done = run();
        drop(alive);
        done
    });
    for event in control.events() {
        eprintln!("note: {event}");
    }
    done
}

/// Inputs that progress counts: those left out on purpose cost no time.
pub fn not_skipped(inputs: &[WalkEntry]) -> u64 {
    inputs.iter().filter(|i| !matches!(i.outcome, Outcome::Skipped(_))).count() as u64
}

/// True after Ctrl-C.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C once: finish the batches at hand, save, leave. Twice: leave now; what is written stays.
pub fn interrupt_once() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let set = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            eprintln!("finishing the files at hand; once more to stop now");
        });
        if let Err(e) = set {
            eprintln!("note: Ctrl-C will stop at once, without finishing files at hand ({e})");
        }
    });
}
