//! `earprint mel`.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use earprint_audio::walk::{Outcome, WalkEntry, WalkOptions, walk};
use earprint_compute::Dtype;
use earprint_core::{MelJob, Pool};
use earprint_pipeline::Control;
use earprint_pipeline::disk::{Backends, DiskJob, Summary, run_disk};
use earprint_store::FileEntry;

use crate::args::{DtypeArg, FailOn, Frames, MelArgs};
use crate::{device, progress};

/// Runs the verb.
pub fn run(args: &MelArgs) -> Result<ExitCode> {
    let job = job(args)?;
    let inputs = inputs(&args.paths, args.files_from.as_ref())?;
    let audio = inputs.iter().filter(|i| i.outcome == Outcome::Audio).count();
    if inputs.is_empty() {
        bail!("no files found in {}; expected audio files or folders of them", show(&args.paths));
    }
    let workers = args.run.jobs.map_or_else(default_workers, usize::from);
    let (chosen, why) = device::choose(args.run.device, workers)?;
    if !args.run.quiet {
        eprintln!("device: {why}");
    }
    let disk = DiskJob {
        inputs,
        out: args.out.clone(),
        job,
        dtype: match args.dtype {
            DtypeArg::F16 => Dtype::F16,
            DtypeArg::F32 => Dtype::F32,
        },
        raw: args.raw,
        keep_geometry: args.keep_geometry,
        workers,
        memory: args.run.memory,
        batch_files: args.batch_files.map(|n| n as usize),
    };
    if args.dry_run {
        let bytes: u64 = disk.inputs.iter().map(|i| i.bytes).sum();
        eprintln!("{audio} audio files of {} found, {bytes} bytes; nothing computed", disk.inputs.len());
        return Ok(ExitCode::SUCCESS);
    }
    let control = Control::default();
    let summary = supervised(args, &disk, &chosen, &control)?;
    for event in control.events() {
        eprintln!("note: {event}");
    }
    if !args.run.quiet {
        tell(&summary, &disk);
    }
    Ok(exit_code(&summary, args.run.fail_on))
}

/// Runs with progress, records and Ctrl-C.
fn supervised(args: &MelArgs, disk: &DiskJob, chosen: &dyn Backends, control: &Control) -> Result<Summary> {
    let stdout = Mutex::new(std::io::BufWriter::new(std::io::stdout()));
    let on_file = |entry: &FileEntry| {
        if args.json {
            let line = record(entry, chosen.name());
            // A closed pipe is the reader's choice; the run goes on for the files.
            let _ = writeln!(stdout.lock().expect("no panic holds it"), "{line}");
        }
    };
    interrupt_once();
    let done = AtomicBool::new(false);
    let summary = std::thread::scope(|scope| {
        scope.spawn(|| progress::watch(&args.run, disk.inputs.len() as u64, control, &done));
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if INTERRUPTED.load(Ordering::Relaxed) {
                    control.cancel();
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        let summary = run_disk(disk, chosen, control, &on_file);
        done.store(true, Ordering::Relaxed);
        summary
    })?;
    let _ = stdout.into_inner().expect("no panic holds it").flush();
    Ok(summary)
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C once: finish the batches at hand, save, leave. Twice: leave now; what the journal holds stays.
fn interrupt_once() {
    let set = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("finishing the files at hand; once more to stop now");
    });
    if let Err(e) = set {
        eprintln!("note: Ctrl-C will stop at once, without finishing files at hand ({e})");
    }
}

/// The job of preset and changes.
fn job(args: &MelArgs) -> Result<MelJob> {
    let mut job = MelJob::preset(&args.preset)?;
    match args.frames {
        Frames::Preset => {}
        Frames::All => job.pool = Pool::None,
        Frames::Pooled if job.windows.is_some() => job.pool = Pool::MeanPower,
        Frames::Pooled => bail!("--frames pooled needs a preset with windows (leak, leak-64), not {}", args.preset),
    }
    if !args.set.is_empty() {
        job = changed(job, &args.set)?;
    }
    job.check()?;
    Ok(job)
}

/// The job with fields replaced, by the names they have in `manifest.json`.
fn changed(job: MelJob, changes: &[String]) -> Result<MelJob> {
    let mut value = serde_json::to_value(&job)?;
    for change in changes {
        let (field, text) = change.split_once('=').with_context(|| format!("--set {change}: expected FIELD=VALUE"))?;
        let spec = value["spec"].as_object_mut().expect("a struct");
        let Some(old) = spec.get_mut(field) else {
            let names: Vec<&str> = spec.keys().map(String::as_str).collect();
            bail!("--set {change}: no field {field}; expected one of {}", names.join(", "));
        };
        *old = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_owned()));
    }
    let mut job: MelJob =
        serde_json::from_value(value).with_context(|| format!("--set {}: a value does not fit", changes.join(" ")))?;
    job.name = format!("{} with {}", job.name, changes.join(", "));
    Ok(job)
}

/// Files of paths and lists.
pub fn inputs(paths: &[PathBuf], files_from: Option<&PathBuf>) -> Result<Vec<WalkEntry>> {
    let dash = PathBuf::from("-");
    let mut all: Vec<PathBuf> = paths.iter().filter(|p| **p != dash).cloned().collect();
    let lists = paths.iter().filter(|p| **p == dash).chain(files_from);
    for list in lists {
        let lines: Vec<String> = if *list == dash {
            std::io::stdin().lock().lines().collect::<Result<_, _>>().context("reading the list on stdin")?
        } else {
            let text = std::fs::read_to_string(list).with_context(|| format!("reading {}", list.display()))?;
            text.lines().map(str::to_owned).collect()
        };
        all.extend(lines.into_iter().filter(|l| !l.is_empty()).map(PathBuf::from));
    }
    Ok(walk(&all, &WalkOptions::default()))
}

/// One NDJSON record.
fn record(e: &FileEntry, backend: &str) -> String {
    serde_json::json!({
        "v": 1, "path": e.path, "status": e.status.as_str(), "code": e.code, "detail": e.reason,
        "decoder": e.decoder, "backend": e.backend.as_deref().unwrap_or(backend), "schema": earprint_core::MEL_SCHEMA,
        "sample_rate": e.sample_rate, "frames_read": e.frames_read, "first_row": e.first_row, "rows": e.rows,
        "features": e.features,
    })
    .to_string()
}

fn tell(s: &Summary, disk: &DiskJob) {
    let resumed = if s.resumed > 0 { format!(", {} of them by an earlier run", s.resumed) } else { String::new() };
    let counts = format!(
        "{} files: {} ok, {} partial, {} skipped, {} failed{resumed}",
        s.ok + s.partial + s.skipped + s.failed,
        s.ok,
        s.partial,
        s.skipped,
        s.failed
    );
    if s.interrupted {
        eprintln!("interrupted after {counts}; the same command continues");
    } else {
        eprintln!("{counts}; {} rows in {}", s.rows, disk.out.display());
    }
}

fn exit_code(s: &Summary, fail_on: FailOn) -> ExitCode {
    let with_numbers = s.ok + s.partial;
    match fail_on {
        _ if s.interrupted => ExitCode::from(130),
        FailOn::Any if s.failed > 0 => ExitCode::from(3),
        FailOn::All if s.failed > 0 && with_numbers == 0 => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    }
}

fn show(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
