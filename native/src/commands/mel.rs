//! `earprint mel`.

use std::time::Duration;

use anyhow::Result;
use earprint_audio::walk::Outcome;
use earprint_compute::Dtype;
use earprint_core::{MelJob, Pool};
use earprint_pipeline::Control;
use earprint_pipeline::disk::{Backends, DiskJob, run_disk};
use earprint_store::FileEntry;

use crate::args::{DtypeArg, Frames, MelArgs};
use crate::fate::{self, Ended, Records};
use crate::inputs::{Found, inputs};
use crate::job::{changed, check, usage};
use crate::supervise;

/// Runs the verb.
pub fn run(args: &MelArgs) -> Result<Ended> {
    let job = job(args)?;
    let Found { entries: inputs, open, .. } = inputs(&args.inputs, args.run.memory)?;
    let audio = inputs.iter().filter(|i| i.outcome == Outcome::Audio).count();
    if args.dry_run {
        let bytes: u64 = inputs.iter().map(|i| i.bytes).sum();
        eprintln!("{audio} audio files of {} found, {bytes} bytes; nothing computed", inputs.len());
        return Ok(Ended { code: 0, device: None });
    }
    let (chosen, why) = supervise::open(&args.run, &job)?;
    let disk = DiskJob {
        inputs,
        open,
        out: args.out.clone(),
        job,
        dtype: match args.dtype {
            DtypeArg::F16 => Dtype::F16,
            DtypeArg::F32 => Dtype::F32,
        },
        raw: args.raw,
        keep_geometry: args.keep_geometry,
        workers: supervise::workers(&args.run),
        memory: args.run.memory,
        batch_files: args.batch_files.map(|n| n as usize),
        flush_every: Duration::from_millis(args.flush_ms),
    };
    let control = Control::default();
    let records = Records::new(args.json, args.run.quiet);
    let on_file = |entry: &FileEntry| records.put(entry, || fate::record(entry, chosen.name()));
    let total = supervise::not_skipped(&disk.inputs);
    let summary =
        supervise::supervised(&args.run, "mel", total, &control, || run_disk(&disk, &chosen, &control, &on_file))?;
    records.end(&disk.out.join("manifest.json").display().to_string());
    if !args.run.quiet {
        let words = fate::words(&summary);
        if summary.interrupted {
            eprintln!("interrupted after {words}; {}", fate::goes_on(disk.open.piped.is_some()));
        } else {
            eprintln!("{words}; {} rows in {}", summary.rows, disk.out.display());
        }
    }
    Ok(Ended { code: fate::exit_code(&summary, args.run.fail_on), device: Some(why) })
}

/// The job of preset and changes.
fn job(args: &MelArgs) -> Result<MelJob> {
    let mut job = MelJob::preset(&args.preset)?;
    match args.frames {
        Frames::Preset => {}
        Frames::All => job.pool = Pool::None,
        Frames::Pooled if job.windows.is_some() => job.pool = Pool::MeanPower,
        Frames::Pooled => {
            let got = &args.preset;
            return usage(format!("--frames pooled needs a preset with windows (leak, leak-64), not {got}"));
        }
    }
    if args.keep_geometry && job.windows.is_none() {
        let got = &args.preset;
        return usage(format!("--keep-geometry needs a preset with windows (leak, leak-64), not {got}"));
    }
    let job = changed(job, &args.set)?;
    check(&job)?;
    Ok(job)
}
