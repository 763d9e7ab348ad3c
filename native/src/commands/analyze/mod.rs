//! `earprint analyze` and `earprint watch`: every track of folders, into records and a library.

mod estimate;
mod ledger;
mod status;
pub mod watch;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use earprint_analyzer::modified_ns;
use earprint_audio::walk::{Outcome as WalkOutcome, WalkEntry};
use earprint_core::{Status, TRACK_SCHEMA};
use earprint_library::{Known, Library};
use earprint_pipeline::Control;
use earprint_pipeline::tracks::{CpuMakers, DeviceRows, RowMakers, TrackJob, TrackProgress, run_tracks};

use crate::args::{AnalyzeArgs, FailOn, RunArgs, typed};
use crate::device::{self, Chosen};
use crate::fate::{Ended, goes_on};
use crate::inputs::{self, Found, Names};
use crate::job::usage;
use crate::progress::clock;
use crate::{out, supervise};

use ledger::{Counts, Inputs, Ledger, failed};

/// Runs the verb.
pub fn run(args: &AnalyzeArgs) -> Result<Ended> {
    // Where a library remembers what was there, an empty folder is news and not a mistake.
    let found = match args.library {
        Some(_) => inputs::find(&args.inputs, args.run.memory)?,
        None => Found { roots: Vec::new(), ..inputs::inputs(&args.inputs, args.run.memory)? },
    };
    if args.library.is_some() && !found.open.is_default() {
        return analyze(&without_library(args)?, &Found { roots: Vec::new(), ..found }, &mut None);
    }
    analyze(args, &found, &mut None)
}

/// Analysis without a library. Streams, excerpts (`--seconds`) and raw PCM are not stored: their numbers would be taken
/// for those of a whole file.
///
/// # Errors
/// Usage: a library that was typed.
fn without_library(args: &AnalyzeArgs) -> Result<AnalyzeArgs> {
    // Also `-lFILE`, in one word.
    let short = |arg: &std::ffi::OsStr| arg.to_string_lossy().starts_with("-l");
    if typed("--library") || std::env::args_os().any(|arg| short(&arg)) {
        return usage(
            "--library keeps whole files; expected none with sound on stdin, --pcm or --seconds: leave it out for a \
             record on stdout, or save the sound as a file first",
        );
    }
    if args.retry_failed {
        return usage("--retry-failed needs a library, and sound on stdin, --pcm and --seconds have none");
    }
    eprintln!("note: the library is not used for sound on stdin, --pcm and --seconds");
    Ok(AnalyzeArgs { library: None, ..args.clone() })
}

/// What is known of an input before anything is opened.
enum Plan {
    /// It goes through the queue.
    Analyse,
    /// The library has its numbers: `Ok` or `Partial`.
    Numbers(Status),
    /// It failed before, and nobody asked to try again.
    Failed { skipped: bool, code: String, detail: String },
}

/// Analyses what was found. `opened`: where rows are made, opened here once there is something to do, for the next time too.
fn analyze(args: &AnalyzeArgs, found: &Found, opened: &mut Option<(Makers, String)>) -> Result<Ended> {
    if args.retry_failed && args.library.is_none() {
        return usage("--retry-failed needs --library, which remembers what failed");
    }
    let mut library = match &args.library {
        // A dry run makes nothing, not even an empty library.
        Some(path) if args.dry_run && !path.exists() => None,
        Some(path) if args.dry_run => Some(Library::open_read_only(path)?),
        Some(path) => Some(Library::open_or_create(path)?),
        None => None,
    };
    let inputs = &found.entries;
    let mut names = Names::default();
    let paths = inputs.iter().map(|e| names.of(&e.path)).collect::<Result<Vec<_>>>()?;
    let plans = plans(args, inputs, &paths, library.as_ref())?;
    let todo: Vec<WalkEntry> =
        inputs.iter().zip(&plans).filter(|(_, p)| matches!(p, Plan::Analyse)).map(|(e, _)| e.clone()).collect();
    if args.dry_run {
        return estimate::tell(args, inputs, &todo, library.as_ref());
    }
    // Choosing a device may take a trial on each: not for nothing.
    let to_compute = todo.iter().any(|e| e.outcome == WalkOutcome::Audio);
    let (makers, device) = match opened {
        _ if !to_compute => (&Makers::Cpu(Arc::new(CpuMakers)), None),
        Some((makers, device)) => (&*makers, Some(device.clone())),
        None => {
            let (makers, device) = opened.insert(makers(&args.run)?);
            if !args.run.quiet {
                eprintln!("device: {device}");
            }
            (&*makers, Some(device.clone()))
        }
    };
    let mut job = TrackJob::new(todo, supervise::workers(&args.run), args.run.memory);
    job.open = found.open.clone();
    job.limit = args.time_limit.duration();
    if let Some(frames) = args.segment_frames {
        job.segment_frames = frames as usize;
    }
    if let Some(library) = &library
        && !args.force
    {
        job.known = known_ids(library)?;
    }
    let least = job.least_memory(makers.all().as_ref());
    if job.memory < least {
        return usage(format!(
            "--memory: tracks on this device take at least {} MB; give more",
            least.div_ceil(1_000_000)
        ));
    }
    let started = Instant::now();
    let control = Control::default();
    let progress = Arc::new(TrackProgress::default());
    let (total, work) = (supervise::not_skipped(&job.inputs), job.work());
    let inputs = Inputs { roots: &found.roots, entries: inputs, paths: &paths, plans: &plans };
    let mut ledger = Ledger::new(args, inputs, library.as_mut(), progress.clone())?;
    let done = supervise::supervised_with(
        &args.run,
        "analyze",
        total,
        &control,
        &|verbose| {
            status::line(
                &progress.counts(),
                started.elapsed(),
                work,
                job.workers_in_memory(makers.all().as_ref()),
                verbose,
            )
        },
        || {
            run_tracks(&job, makers.all(), &progress, &|| control.cancelled(), &mut |result| {
                let Some((at, fate)) = result else { return ledger.tick() };
                if fate.is_interrupted() {
                    // The pipe may have noticed before the watcher of Ctrl-C did.
                    control.cancel();
                    return Ok(());
                }
                control.count_opened(0);
                control.count_computed();
                if !matches!(job.inputs[at].outcome, WalkOutcome::Skipped(_)) {
                    control.count_done(if failed(&fate) { Status::Error } else { Status::Ok });
                }
                ledger.put(at, fate)
            })
        },
    );
    for note in makers.notes() {
        eprintln!("note: {note}");
    }
    let interrupted = control.cancelled();
    let counts = match done {
        Ok(_) => ledger.end(!interrupted, started.elapsed())?,
        Err(why) => {
            let why = ledger.why().unwrap_or_else(|| anyhow!(why));
            // Nobody reads, and nothing else remembers: there is no reason to go on.
            if out::closed(&why) {
                return Err(why);
            }
            let saved = ledger.end(false, started.elapsed());
            let kept = saved.map_or(String::new(), |c| format!(", {} of {} inputs were saved", c.all(), paths.len()));
            return Err(why.context(format!("stopped{kept}; the same command continues")));
        }
    };
    if !args.run.quiet {
        tell(args, &counts, interrupted.then(|| goes_on(found.open.piped.is_some())), started.elapsed(), &progress);
    }
    Ok(Ended { code: exit_code(&counts, args.run.fail_on, interrupted), device })
}

/// Where rows are made, and in words which device that is and why.
///
/// # Errors
/// A device that was asked for and is not there, or does not open.
fn makers(args: &RunArgs) -> Result<(Makers, String)> {
    let (chosen, why) = device::choose(args.device, supervise::workers(args), &device::track_trial)?;
    if chosen == Chosen::Cpu {
        return Ok((Makers::Cpu(Arc::new(CpuMakers)), why));
    }
    let memory = args.memory;
    let open = move || chosen.machine(Some(memory)).map(|m| m.expect("a device that is not the CPU"));
    Ok((Makers::Device(Arc::new(DeviceRows::open(open, None)?)), why))
}

/// Where rows of a run are made.
enum Makers {
    Cpu(Arc<CpuMakers>),
    Device(Arc<DeviceRows>),
}

impl Makers {
    fn all(&self) -> Arc<dyn RowMakers> {
        match self {
            Self::Cpu(makers) => makers.clone(),
            Self::Device(makers) => makers.clone(),
        }
    }

    /// What happened to the device.
    fn notes(&self) -> Vec<String> {
        match self {
            Self::Cpu(_) => Vec::new(),
            Self::Device(makers) => makers.notes(),
        }
    }
}

/// Looks every input up; `paths`: what each is called.
fn plans(args: &AnalyzeArgs, inputs: &[WalkEntry], paths: &[PathBuf], library: Option<&Library>) -> Result<Vec<Plan>> {
    let Some(library) = library.filter(|_| !args.force) else {
        return Ok(inputs.iter().map(|_| Plan::Analyse).collect());
    };
    let looks = inputs.iter().zip(paths).map(|(e, path)| (path.as_path(), e.bytes, modified_ns(e)));
    let known = library.known_all(looks, TRACK_SCHEMA)?;
    let plan = |(entry, known): (&WalkEntry, Option<Known>)| match known {
        _ if entry.outcome != WalkOutcome::Audio => Plan::Analyse,
        Some(Known::Numbers { status }) => Plan::Numbers(status),
        Some(Known::Failed { status, code, detail, .. }) if !args.retry_failed => {
            Plan::Failed { skipped: status == Status::Skipped, code, detail }
        }
        _ => Plan::Analyse,
    };
    Ok(inputs.iter().zip(known).map(plan).collect())
}

/// Identities with numbers.
fn known_ids(library: &Library) -> Result<HashSet<String>> {
    Ok(library.audio_ids(TRACK_SCHEMA)?.into_iter().collect())
}

fn tell(args: &AnalyzeArgs, c: &Counts, interrupted: Option<&str>, took: Duration, progress: &TrackProgress) {
    let p = progress.counts();
    let mut words =
        format!("{} inputs: {} ok, {} partial, {} skipped, {} failed", c.all(), c.ok, c.partial, c.skipped, c.failed);
    if c.known > 0 {
        words += &format!(", {} of them known before", c.known);
    }
    if p.audio_s > 0.0 {
        let rate = p.audio_s / took.as_secs_f64().max(1e-3);
        words += &format!("; {} of sound in {:.1} s, {rate:.0} times real time", clock(p.audio_s), took.as_secs_f64());
    }
    if let Some(library) = &args.library {
        words += &format!("; in {}", library.display());
    }
    if let Some(goes_on) = interrupted {
        eprintln!("interrupted after {words}; {goes_on}");
    } else {
        eprintln!("{words}");
    }
}

/// 0 all done, 3 some inputs failed, 130 interrupted.
fn exit_code(c: &Counts, fail_on: FailOn, interrupted: bool) -> u8 {
    match fail_on {
        _ if interrupted => 130,
        FailOn::Any if c.failed > 0 => 3,
        FailOn::All if c.failed > 0 && c.ok + c.partial == 0 => 3,
        _ => 0,
    }
}
