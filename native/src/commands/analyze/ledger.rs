//! Fates of inputs: into the library batch by batch as they come, and as records on stdout once they are stored, in the order
//! of the inputs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use earprint_analyzer::{entry, modified_ns, queue_times};
use earprint_audio::UnreadCounts;
use earprint_audio::walk::WalkEntry;
use earprint_core::{Status, TRACK_SCHEMA, TrackRecord, path_from_text, path_text};
use earprint_library::{Entry, Known, Library, LibraryError, RunEnd, RunId};
use earprint_pipeline::tracks::{StageTimes, TrackFate, TrackProgress};

use super::Plan;
use crate::args::AnalyzeArgs;
use crate::inputs::absolute;
use crate::out::{Out, closed, out, plain, words};

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

/// What a run is about.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// Folders and files that were walked.
    pub roots: &'a [PathBuf],
    /// What was found in them.
    pub entries: &'a [WalkEntry],
    /// What each is called in a library.
    pub paths: &'a [PathBuf],
    /// What each needs.
    pub plans: &'a [Plan],
}

/// Where fates go.
pub struct Ledger<'a> {
    inputs: Inputs<'a>,
    /// Inputs that are to be analysed, in order.
    todo: Vec<usize>,
    /// Inputs before this one were told, or have no fate in this run.
    told: usize,
    /// Of `todo`, those before this one were told.
    next: usize,
    /// Stored, and waiting for an earlier input to be told.
    untold: BTreeMap<usize, TrackFate>,
    library: Option<(&'a mut Library, RunId)>,
    library_path: Option<&'a Path>,
    progress: Arc<TrackProgress>,
    batch: Vec<(usize, TrackFate)>,
    batch_files: usize,
    since: Instant,
    /// `None` where nobody wants records, or nobody reads them any more.
    json: Option<Out>,
    /// What ended the run.
    why: Option<anyhow::Error>,
    counts: Counts,
    analysed: u64,
    words: Vec<String>,
    unread: UnreadCounts,
    more: usize,
    quiet: bool,
    /// Folders and files that were walked: what lay under them and does not any more is gone. One that is not there itself
    /// says nothing: its disk may be in a drawer.
    roots: Vec<PathBuf>,
}

impl<'a> Ledger<'a> {
    /// Begins a run of the library, if there is one.
    ///
    /// # Errors
    /// What the library says.
    pub fn new(
        args: &'a AnalyzeArgs,
        inputs: Inputs<'a>,
        library: Option<&'a mut Library>,
        progress: Arc<TrackProgress>,
    ) -> Result<Self> {
        let library = match library {
            None => None,
            Some(library) => {
                let mut options = serde_json::Map::new();
                options.insert("paths".into(), args.inputs.paths.iter().map(|p| p.display().to_string()).collect());
                options.insert("retry_failed".into(), args.retry_failed.into());
                options.insert("force".into(), args.force.into());
                let run = library.begin_run(&options)?;
                let known = inputs.paths.iter().zip(inputs.plans).filter(|(_, p)| !matches!(p, Plan::Analyse));
                library.seen(run, &known.map(|(path, _)| path.clone()).collect::<Vec<_>>())?;
                Some((library, run))
            }
        };
        let (there, missing): (Vec<_>, Vec<_>) = inputs.roots.iter().partition(|root| root.exists());
        if library.is_some() {
            for root in missing {
                let root = plain(&root.to_string_lossy()).into_owned();
                eprintln!("note: {root} is not there; what the library knows below it stays as it is");
            }
        }
        Ok(Self {
            inputs,
            todo: (0..inputs.plans.len()).filter(|&i| matches!(inputs.plans[i], Plan::Analyse)).collect(),
            told: 0,
            next: 0,
            untold: BTreeMap::new(),
            library,
            library_path: args.library.as_deref(),
            progress,
            batch: Vec::new(),
            batch_files: args.batch_files.map_or(50, |n| n as usize),
            since: Instant::now(),
            // Records go to stdout when they are asked for, and where there is no other place for them.
            json: (args.json || args.library.is_none()).then(out),
            why: None,
            counts: Counts::default(),
            analysed: 0,
            words: Vec::new(),
            unread: UnreadCounts::default(),
            more: 0,
            quiet: args.run.quiet,
            roots: there.into_iter().map(|root| absolute(root)).collect::<Result<_>>()?,
        })
    }

    /// The fate of input `at` of those that were to be analysed. They come in any order; a run that was stopped leaves some out.
    ///
    /// # Errors
    /// What ends the run, in short; [`Ledger::why`] has all of it.
    pub fn put(&mut self, at: usize, fate: TrackFate) -> Result<(), String> {
        self.batch.push((self.todo[at], fate));
        if self.batch.len() >= self.batch_files { self.store_or_end() } else { self.tick() }
    }

    /// Stores what has waited long enough: the next result may take its time.
    ///
    /// # Errors
    /// As [`Ledger::put`].
    pub fn tick(&mut self) -> Result<(), String> {
        if self.batch.is_empty() {
            self.since = Instant::now();
        }
        if self.since.elapsed() >= PATIENCE { self.store_or_end() } else { Ok(()) }
    }

    fn store_or_end(&mut self) -> Result<(), String> {
        self.store().map_err(|e| {
            let text = words(&e);
            self.why = Some(e);
            text
        })
    }

    /// What ended the run, where it was the library or stdout.
    pub fn why(&mut self) -> Option<anyhow::Error> {
        self.why.take()
    }

    /// Stores the batch, then tells what no earlier input holds back, with the inputs between that were known before.
    fn store(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.since = Instant::now();
        if let Some((library, run)) = &mut self.library {
            let entry = |(i, fate): &(usize, TrackFate)| entry(&self.inputs.entries[*i], &self.inputs.paths[*i], fate);
            let entries: Vec<Entry> = batch.iter().filter_map(entry).collect();
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
        self.write(Out::flush)
    }

    /// Writes records, where somebody wants them.
    fn write(&mut self, put: impl FnOnce(&mut Out) -> Result<()>) -> Result<()> {
        let Some(out) = &mut self.json else { return Ok(()) };
        match put(out) {
            Ok(()) => Ok(()),
            Err(e) => {
                self.json = None;
                // A closed pipe is the reader's choice; with a library the run goes on for that.
                if closed(&e) && self.library.is_some() { Ok(()) } else { Err(e) }
            }
        }
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
                let (entry, path) = (&self.inputs.entries[index], &self.inputs.paths[index]);
                let (library, _) = self.library.as_ref().expect("only a library recognises");
                // It was stored a moment ago.
                let status = match library.known(path, entry.bytes, modified_ns(entry), TRACK_SCHEMA)? {
                    Some(Known::Numbers { status } | Known::Failed { status, .. }) => status,
                    None => Status::Ok,
                };
                self.stored(index, status)?
            }
        };
        self.print(&record)
    }

    /// Tells the inputs before `to` that were known before the run.
    fn tell_known(&mut self, to: usize) -> Result<()> {
        for index in self.told..to {
            let record = match &self.inputs.plans[index] {
                Plan::Numbers(status) => self.stored(index, *status)?,
                Plan::Failed { skipped, code, detail } => {
                    let status = if *skipped { Status::Skipped } else { Status::Error };
                    let path = path_text(&self.inputs.entries[index].path);
                    TrackRecord {
                        code: Some(code.clone()),
                        detail: Some(detail.clone()),
                        ..TrackRecord::without_numbers(path, status)
                    }
                }
                Plan::Analyse => continue,
            };
            self.counts.known += 1;
            self.print(&record)?;
        }
        Ok(())
    }

    /// The record the library has of an input; without a reader of records only its status.
    fn stored(&self, index: usize, status: Status) -> Result<TrackRecord> {
        let (library, _) = self.library.as_ref().expect("only a library knows records");
        let path = &self.inputs.paths[index];
        let found = if self.json.is_some() { library.record(path, TRACK_SCHEMA)? } else { None };
        // As the input is written here, which may be another way than the library's.
        let path = path_text(&self.inputs.entries[index].path);
        Ok(match found {
            Some(record) => TrackRecord { path, ..record },
            None => TrackRecord::without_numbers(path, status),
        })
    }

    fn print(&mut self, record: &TrackRecord) -> Result<()> {
        self.counts.add(record.status);
        self.unread.add(record.code.as_deref(), record.detail.as_deref());
        if self.json.is_some() {
            let line = serde_json::to_string(record)?;
            return self.write(|out| out.line(line));
        }
        if record.status == Status::Error {
            if self.words.len() < TOLD {
                let code = record.code.as_deref().unwrap_or("E_UNKNOWN");
                let text = format!("{}: {} ({code})", record.path, record.detail.as_deref().unwrap_or("?"));
                self.words.push(plain(&text).into_owned());
            } else {
                self.more += 1;
            }
        }
        Ok(())
    }

    /// Stores what waits and ends the run. `finished`: every input has a fate.
    ///
    /// # Errors
    /// What the library says, or stdout.
    pub fn end(mut self, finished: bool, took: Duration) -> Result<Counts> {
        let told = self.tell_rest(finished);
        for words in &self.words {
            eprintln!("failed: {words}");
        }
        if self.more > 0
            && let Some(library) = self.library_path
        {
            eprintln!("failed: {} more, see `earprint list --failed --library {}`", self.more, library.display());
        }
        if !self.unread.is_empty() && !self.quiet {
            eprintln!("{}", self.unread);
        }
        let ended = self.end_run(finished && told.is_ok(), took);
        told.and(ended).map(|()| self.counts)
    }

    /// Stores what waits, and tells what is left to tell.
    fn tell_rest(&mut self, finished: bool) -> Result<()> {
        self.store()?;
        // Of a run that was stopped: what came after an input without a fate.
        for (index, fate) in std::mem::take(&mut self.untold) {
            self.tell_next(index, fate)?;
        }
        if finished {
            self.tell_known(self.inputs.entries.len())?;
        }
        self.write(Out::flush)
    }

    fn end_run(&mut self, finished: bool, took: Duration) -> Result<()> {
        let Some((library, run)) = self.library.take() else { return Ok(()) };
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
            queue: queue_times(&self.progress),
        };
        let gone = if finished { library.find_gone(run, &self.roots)? } else { 0 };
        let settled = library.end_run(run, finished, &end)?;
        for m in &settled.moves {
            eprintln!("moved: {} is now {}", m.from, m.to);
        }
        let under =
            |text: &str| path_from_text(text).is_some_and(|p| self.roots.iter().any(|root| p.starts_with(root)));
        // What is found elsewhere was said already.
        let gone = gone.saturating_sub(settled.moves.iter().filter(|m| under(&m.from)).count());
        if gone > 0 && !self.quiet {
            let files = if gone == 1 { "file is" } else { "files are" };
            eprintln!("gone: {gone} {files} not there any more; the numbers are kept for when they come back");
        }
        for note in settled.undecided {
            eprintln!("note: {note}");
        }
        match library.update_scale(TRACK_SCHEMA) {
            Err(e @ (LibraryError::Busy { .. } | LibraryError::Full { .. })) => eprintln!("note: {e}"),
            other => drop(other?),
        }
        Ok(())
    }
}
