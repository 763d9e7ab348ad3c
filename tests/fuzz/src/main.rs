//! Long runs: `cargo xtask fuzz --minutes N [--seed S] [--inputs N] [--jobs J] [--save DIR] [--program PATH]`.
//!
//! Without a program every input is decoded and described in processes of this one; with one, batches of files go
//! through `PATH analyze`, and its records, exit code, words and memory are checked. `--case K` runs one case and
//! keeps its file.

mod program;
mod workers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use earprint_fuzz::{Checker, Seeds};

/// What was asked for.
#[derive(Clone)]
struct Options {
    seed: u64,
    inputs: u64,
    limit: Option<Duration>,
    jobs: u64,
    save: Option<PathBuf>,
    program: Option<PathBuf>,
    case: Option<u64>,
    /// This process is worker number so-and-so, and begins with that case.
    worker: Option<u64>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(words) => {
            eprintln!("{words}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool, String> {
    if let Some(case) = options.case {
        return one(options, case);
    }
    if let Some(first) = options.worker {
        workers::work(options, first);
        return Ok(true);
    }
    let (words, clean) = match &options.program {
        Some(program) => program::run(options, program)?,
        None => workers::run(options)?,
    };
    println!("{words}");
    Ok(clean)
}

/// One case, its file written to the current folder or the one of `--save`.
fn one(options: &Options, number: u64) -> Result<bool, String> {
    let case = Seeds::of_goldens().case(options.seed, number);
    let path = options.save.clone().unwrap_or_default().join(&case.name);
    std::fs::write(&path, &case.bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    let report = Checker::new().run(&case.name, case.bytes);
    println!("{}: {} {:?}", path.display(), report.outcome, report.findings);
    Ok(report.findings.is_empty())
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seed: 1,
        inputs: u64::MAX,
        limit: None,
        jobs: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
        save: None,
        program: None,
        case: None,
        worker: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or(format!("{name}: a value was expected"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: a number was expected"));
        match name.as_str() {
            "--seed" => options.seed = number()?,
            "--inputs" => options.inputs = number()?,
            "--minutes" => options.limit = Some(Duration::from_secs(60 * number()?)),
            "--jobs" => options.jobs = number()?.max(1),
            "--case" => options.case = Some(number()?),
            "--worker" => options.worker = Some(number()?),
            "--save" => options.save = Some(value.into()),
            "--program" => options.program = Some(value.into()),
            _ => return Err(format!("{name}: unknown option")),
        }
    }
    if options.inputs == u64::MAX && options.limit.is_none() && options.case.is_none() && options.worker.is_none() {
        return Err("--minutes N or --inputs N was expected: without one the run has no end".into());
    }
    Ok(options)
}
