//! Fates of inputs: into the library batch by batch as they come, and as records on stdout once they are stored, in the order
//! of the inputs.

use std::collections::BTreeMap;
use std::io::{BufWriter, Stdout, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use earprint_audio::walk::WalkEntry;
use earprint_core::{Status, TRACK_SCHEMA, TrackRecord};
use earprint_library::{Entry, Library, LibraryError, Numbers, Outcome, RunEnd, RunId};
use earprint_pipeline::tracks::{StageTimes, TrackFate, TrackProgress};

use super::{Plan, absolute, bare, modified_ns};
use crate::args::AnalyzeArgs;

/// Longest time a finished track waits for its batch to be stored.
const PATIENCE: Duration = Duration::from_millis(300);
/// Failures told in words; the rest is counted.
const TOLD: usize = 5;

/// How many inputs ended how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub ok: u64,
    pub partial: u64,
    pub skipped: u64,
    pub failed: u64,
    /// Of all of them, known before this run.
    pub known: u64,
}

impl Counts {
    pub fn all(&self) -> u64 {
        self.ok + self.partial + self.skipped + self.failed
    }

    fn add(&mut self, status: Status) {
        *match status {
            Status::Ok => &mut self.ok,
            Status::Partial => &mut self.partial,
            Status::Skipped => &mut self.skipped,
            Status::Error => &mut self.failed,
        } += 1;
    }
}

/// True for a fate without numbers.
pub fn failed(fate: &TrackFate) -> bool {
    matches!(fate, TrackFate::Record(r) if r.status == Status::Error)
}

/// Where fates go.
pub struct Ledger<'a> {
    inputs: &'a [WalkEntry],
    plans: &'a [Plan],
    /// Inputs that are to be analysed, in order.
    todo: Vec<usize>,
    /// Inputs before this one were told, or have no fate in this run.
    told: usize,
    /// Of `todo`, those before this one were told.
    next: usize,
    /// Stored, and waiting for an earlier input to be told.
    untold: BTreeMap<usize, TrackFate>,
    library: Option<(&'a mut Library, RunId)>,
    progress: Arc<TrackProgress>,
    batch: Vec<(usize, TrackFate)>,
    batch_files: usize,
    since: Instant,
    json: Option<BufWriter<Stdout>>,
    counts: Counts,
    analysed: u64,
    words: Vec<String>,
    more: usize,
    /// Folders and files that were walked: what lay under them and does not any more is gone.
    roots: Vec<PathBuf>,
}

impl<'a> Ledger<'a> {
    /// Begins a run of the library, if there is one.
    ///
    /// # Errors
    /// What the library says.
    pub fn new(
        args: &AnalyzeArgs,
        inputs: &'a [WalkEntry],
        plans: &'a [Plan],
        library: Option<&'a mut Library>,
        progress: Arc<TrackProgress>,
    ) -> Result<Self> {
        let library = match library {
            None => None,
            Some(library) => {
                let mut options = serde_json::Map::new();
                options.insert("paths".into(), args.paths.iter().map(|p| p.display().to_string()).collect());
                options.insert("retry_failed".into(), args.retry_failed.into());
                options.insert("force".into(), args.force.into());
                let run = library.begin_run(&options)?;
                let known = inputs.iter().zip(plans).filter(|(_, p)| !matches!(p, Plan::Analyse));
                library.seen(run, &known.map(|(e, _)| absolute(&e.path)).collect::<Result<Vec<_>>>()?)?;
                Some((library, run))
            }
        };
        // Records go to stdout when they are asked for, and where there is no other place for them.
        let json = (args.json || args.library.is_none()).then(|| BufWriter::new(std::io::stdout()));
        Ok(Self {
            inputs,
            plans,
            todo: (0..plans.len()).filter(|&i| matches!(plans[i], Plan::Analyse)).collect(),
            told: 0,
            next: 0,
            untold: BTreeMap::new(),
            library,
            progress,
            batch: Vec::new(),
            batch_files: args.batch_files.map_or(50, |n| n as usize),
            since: Instant::now(),
            json,
            counts: Counts::default(),
            analysed: 0,
            words: Vec::new(),
            more: 0,
            roots: args.paths.iter().map(|p| absolute(p)).collect::<Result<_>>()?,
        })
    }

    /// The fate of input `at` of those that were to be analysed. They come in any order; a run that was stopped leaves some out.
    ///
    /// # Errors
    /// What ends the run: the library's words.
    pub fn put(&mut self, at: usize, fate: TrackFate) -> Result<(), String> {
        self.batch.push((self.todo[at], fate));
        if self.batch.len() >= self.batch_files { self.store().map_err(|e| format!("{e:#}")) } else { self.tick() }
    }

    /// Stores what has waited long enough: the next result may take its time.
    ///
    /// # Errors
    /// As [`Ledger::put`].
    pub fn tick(&mut self) -> Result<(), String> {
        if self.batch.is_empty() {
            self.since = Instant::now();
        }
        if self.since.elapsed() >= PATIENCE { self.store().map_err(|e| format!("{e:#}")) } else { Ok(()) }
    }

    /// Stores the batch, then tells what no earlier input holds back, with the inputs between that were known before.
    fn store(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.since = Instant::now();
        if let Some((library, run)) = &mut self.library {
            let entries = batch.iter().map(|(i, fate)| entry(&self.inputs[*i], fate)).collect::<Result<Vec<_>>>()?;
            let started = Instant::now();
            library.commit(*run, TRACK_SCHEMA, &entries)?;
            self.progress.add(&StageTimes { commit: started.elapsed(), ..StageTimes::default() });
        }
        self.untold.extend(batch);
        while let Some(&index) = self.todo.get(self.next)
            && let Some(fate) = self.untold.remove(&index)
        {
            self.tell_next(index, fate)?;
            self.next += 1;
        }
        if let Some(out) = &mut self.json {
            // A closed pipe is the reader's choice; the run goes on for the library.
            let _ = out.flush();
        }
        Ok(())
    }

    fn tell_next(&mut self, index: usize, fate: TrackFate) -> Result<()> {
        self.tell_known(index)?;
        self.tell(index, fate)?;
        self.told = index + 1;
        Ok(())
    }

    fn tell(&mut self, index: usize, fate: TrackFate) -> Result<()> {
        let record = match fate {
            TrackFate::Record(record) => {
                self.analysed += u64::from(record.descriptor.is_some());
                *record
            }
            TrackFate::Recognised { .. } => {
                self.counts.known += 1;
                self.stored(index)?
            }
        };
        self.print(&record);
        Ok(())
    }

    /// Tells the inputs before `to` that were known before the run.
    fn tell_known(&mut self, to: usize) -> Result<()> {
        for index in self.told..to {
            let record = match &self.plans[index] {
                Plan::Numbers => self.stored(index)?,
                Plan::Failed { skipped, code, detail } => {
                    let status = if *skipped { Status::Skipped } else { Status::Error };
                    let path = self.inputs[index].path.to_string_lossy().into_owned();
                    bare(path, status, Some(code.clone()), Some(detail.clone()))
                }
                Plan::Analyse => continue,
            };
            self.counts.known += 1;
            self.print(&record);
        }
        Ok(())
    }

    /// The record the library has of an input.
    fn stored(&self, index: usize) -> Result<TrackRecord> {
        let input = &self.inputs[index];
        let (library, _) = self.library.as_ref().expect("only a library knows records");
        let found = if self.json.is_some() { library.record(&absolute(&input.path)?, TRACK_SCHEMA)? } else { None };
        // Without a reader of records only the count matters.
        let mut record = found.unwrap_or_else(|| bare(String::new(), Status::Ok, None, None));
        record.path = input.path.to_string_lossy().into_owned();
        Ok(record)
    }

    fn print(&mut self, record: &TrackRecord) {
        self.counts.add(record.status);
        if let Some(out) = &mut self.json {
            let _ = serde_json::to_writer(&mut *out, record);
            let _ = out.write_all(b"\n");
        } else if record.status == Status::Error {
            if self.words.len() < TOLD {
                let code = record.code.as_deref().unwrap_or("E_UNKNOWN");
                self.words.push(format!("{}: {} ({code})", record.path, record.detail.as_deref().unwrap_or("?")));
            } else {
                self.more += 1;
            }
        }
    }

    /// Stores what waits and ends the run. `finished`: every input has a fate.
    ///
    /// # Errors
    /// What the library says.
    pub fn end(mut self, finished: bool, took: Duration) -> Result<Counts> {
        self.store()?;
        // Of a run that was stopped: what came after an input without a fate.
        for (index, fate) in std::mem::take(&mut self.untold) {
            self.tell_next(index, fate)?;
        }
        if finished {
            self.tell_known(self.inputs.len())?;
        }
        if let Some(out) = &mut self.json {
            let _ = out.flush();
        }
        for words in &self.words {
            eprintln!("failed: {words}");
        }
        if self.more > 0 {
            eprintln!("failed: {} more, see `earprint list --failed`", self.more);
        }
        if let Some((library, run)) = self.library.take() {
            let p = self.progress.counts();
            let stages = p.stages.named().map(|(name, t)| (name.to_owned(), t.as_secs_f64())).to_vec();
            let end = RunEnd {
                files: self.counts.all(),
                analysed: self.analysed,
                known: self.counts.known,
                failed: self.counts.failed,
                audio_seconds: p.audio_s,
                wall_seconds: took.as_secs_f64(),
                stages,
            };
            if finished {
                library.find_gone(run, &self.roots)?;
            }
            let settled = library.end_run(run, finished, &end)?;
            for m in settled.moves {
                eprintln!("moved: {} is now {}", m.from, m.to);
            }
            for note in settled.undecided {
                eprintln!("note: {note}");
            }
            match library.update_scale(TRACK_SCHEMA) {
                Err(e @ (LibraryError::Busy { .. } | LibraryError::Full { .. })) => eprintln!("note: {e}"),
                other => drop(other?),
            }
        }
        Ok(self.counts)
    }
}

/// What the library is told of an input.
fn entry(input: &WalkEntry, fate: &TrackFate) -> Result<Entry> {
    let (audio_id, outcome) = match fate {
        TrackFate::Recognised { audio_id } => (Some(audio_id.clone()), Outcome::Existing),
        TrackFate::Record(r) => {
            let outcome = match (&r.descriptor, &r.table) {
                (Some(descriptor), Some(table)) => Outcome::Numbers(Box::new(Numbers {
                    partial: r.status == Status::Partial,
                    code: r.code.clone(),
                    detail: r.detail.clone(),
                    decoder: r.decoder.clone(),
                    backend: r.backend.clone(),
                    descriptor: *descriptor,
                    table: table.clone(),
                })),
                _ => Outcome::Failure {
                    skipped: r.status == Status::Skipped,
                    code: r.code.clone().unwrap_or_else(|| "E_UNKNOWN".into()),
                    detail: r.detail.clone().unwrap_or_default(),
                },
            };
            (r.audio_id.clone(), outcome)
        }
    };
    let modified_ns = modified_ns(input);
    Ok(Entry { path: absolute(&input.path)?, bytes: input.bytes, modified_ns, audio_id, outcome })
}
