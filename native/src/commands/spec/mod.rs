//! `earprint spec`: the corridor of `mel`, with a painter at its end.

mod paint;
mod target;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use earprint_compute::{Dtype, MelPlan};
use earprint_core::{MelJob, Status};
use earprint_pipeline::disk::{Backends, Files, Summary, entry_of, run_files};
use earprint_pipeline::{Control, Failure, FileOutcome};
use earprint_store::FileEntry;
use serde_json::Value;

use crate::args::SpecArgs;
use crate::fate::{self, Ended, Records};
use crate::inputs::{Found, inputs};
use crate::job::{changed, check, usage};
use crate::supervise;
pub use paint::{Look, band_hz};
use target::{Target, Trouble};

/// Runs the verb.
pub fn run(args: &SpecArgs) -> Result<Ended> {
    let job = job(args)?;
    let Found { entries: inputs, open, .. } = inputs(&args.inputs, args.run.memory)?;
    let workers = supervise::workers(&args.run);
    let look = Look::of(args, workers)?;
    let target = Target::of(args, &inputs)?;
    let (chosen, why) = supervise::open(&args.run, &job)?;
    let plan = Arc::new(MelPlan::new(job, Dtype::F32)?);
    let files = Files {
        inputs: &inputs,
        open: &open,
        plan: &plan,
        dtype: Dtype::F32,
        workers,
        memory: args.run.memory,
        batch_files: None,
    };
    let control = Control::default();
    let line = Line {
        records: Records::new(args.json, args.run.quiet),
        backend: chosen.name(),
        control: &control,
        waiting: Mutex::new(Waiting::default()),
    };
    let take = |mut outcome: FileOutcome| {
        let index = outcome.index;
        let mut written = [None, None];
        if let Ok(features) = &outcome.features {
            match target.write(index, &inputs[index].relative, features, &plan.job.spec, &look) {
                Ok(paths) => written = paths,
                Err(Trouble::File(failure)) => outcome.features = Err(failure),
                Err(Trouble::Run(e)) => return Err(e.to_string()),
            }
        }
        let entry = entry_of(&inputs[index], &outcome, false, plan.job.spec.sample_rate, chosen.name());
        line.put(index, entry, written);
        Ok(())
    };
    let total = inputs.len() as u64;
    let audio = supervise::not_skipped(&inputs);
    let ran =
        supervise::supervised(&args.run, "spec", audio, &control, || run_files(&files, 0, &chosen, &control, &take));
    let mut summary = line.end();
    ran?;
    summary.interrupted = summary.ok + summary.partial + summary.skipped + summary.failed < total;
    if !args.run.quiet {
        let words = fate::words(&summary);
        if summary.interrupted {
            eprintln!("interrupted after {words}; what was written stays");
        } else {
            eprintln!("{words}; in {}", args.out.display());
        }
    }
    Ok(Ended { code: fate::exit_code(&summary, args.run.fail_on), device: Some(why) })
}

fn job(args: &SpecArgs) -> Result<MelJob> {
    let job = MelJob::preset(&args.preset)?;
    if job.windows.is_some() {
        return usage(format!(
            "preset {} cuts files into windows and gives rows, not one spectrogram a file; expected librosa, whisper or \
             whisper-128 (its rows: earprint mel --preset {})",
            args.preset, args.preset
        ));
    }
    let job = changed(job, &args.set)?;
    check(&job)?;
    Ok(job)
}

/// Paths of what was written of one input: picture, values.
type Written = [Option<String>; 2];

/// Fates in the order of the inputs, whatever the workers did.
struct Line<'a> {
    records: Records,
    backend: &'a str,
    control: &'a Control,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: usize,
    fates: BTreeMap<usize, (FileEntry, Written)>,
    summary: Summary,
}

impl Line<'_> {
    fn put(&self, index: usize, entry: FileEntry, written: Written) {
        let mut waiting = self.waiting.lock().expect("no panic holds it");
        waiting.fates.insert(index, (entry, written));
        loop {
            let next = waiting.next;
            let Some((entry, written)) = waiting.fates.remove(&next) else { break };
            self.tell(&mut waiting.summary, &entry, written);
            waiting.next += 1;
        }
        self.control.set_waiting(waiting.fates.len() as u64);
    }

    fn tell(&self, summary: &mut Summary, entry: &FileEntry, written: Written) {
        match entry.status {
            Status::Ok => summary.ok += 1,
            Status::Partial => summary.partial += 1,
            Status::Skipped => summary.skipped += 1,
            Status::Error => summary.failed += 1,
        }
        summary.rows += entry.rows;
        self.control.count_done(entry.status);
        self.records.put(entry, || {
            let mut record = fate::record(entry, self.backend);
            let [picture, features] = written.map(|path| path.map_or(Value::Null, Value::String));
            let fields = record.as_object_mut().expect("a record is an object");
            // Rows of one array for all are no thing of this verb.
            fields.remove("first_row");
            fields.insert("features".into(), features);
            fields.insert("picture".into(), picture);
            record
        });
    }

    /// Tells what an interruption left behind a gap, and the sums.
    fn end(self) -> Summary {
        let waiting = std::mem::take(&mut *self.waiting.lock().expect("no panic holds it"));
        let mut summary = waiting.summary;
        for (entry, written) in waiting.fates.into_values() {
            self.tell(&mut summary, &entry, written);
        }
        self.records.end("--json");
        summary
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::File(failure)
    }
}
