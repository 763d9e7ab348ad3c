//! Files in, records out: what every worker does with an input, and what the run counts.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use earprint_audio::walk::{Outcome, WalkEntry};
use earprint_audio::{Limits, PlanarStream, StreamOptions, identify_path};
use earprint_core::{Status, TRACK_RATE_HZ, TrackRecord, path_text};
use earprint_signal::track::TrackSegment;

use super::describe::{SEGMENT_FRAMES, describe, record};
use super::maker::{CpuRows, RowMaker};
use super::makespan::Makespan;
use super::queue::{QueueOptions, Sink, Worker, Workers, run_queue};
use super::stages::{Clock, StageTimes};
use crate::input::{INTERRUPTED, InputOptions, PIPED};

/// Memory one worker takes, bytes: three segments with their rows, the halved rates, the window of spectra, a decoder.
/// Measured with real music (32 MB a worker); an hour of the track at hand adds 5.6 MB, which no sum here knows of beforehand.
pub const WORKER_BYTES: u64 = 34 << 20;

/// Memory of a run besides its workers, bytes: the program, the library's cache.
pub const BASE_BYTES: u64 = 12 << 20;

/// A run over files.
pub struct TrackJob {
    /// What to analyse, in order.
    pub inputs: Vec<WalkEntry>,
    /// How they are opened; identities are looked up only where they are files and read to their ends.
    pub open: InputOptions,
    /// Identities that have a record already: such a file is recognised by its packets and not analysed again.
    pub known: HashSet<String>,
    /// Threads.
    pub workers: usize,
    /// Memory the run may take, bytes.
    pub memory: u64,
    /// Frames of a segment; no number depends on it.
    pub segment_frames: usize,
    /// Time one file may take.
    pub limit: Option<Duration>,
}

impl TrackJob {
    /// A job with the usual segments.
    pub fn new(inputs: Vec<WalkEntry>, workers: usize, memory: u64) -> Self {
        let segment_frames = SEGMENT_FRAMES;
        let open = InputOptions::default();
        Self { inputs, open, known: HashSet::new(), workers, memory, segment_frames, limit: None }
    }

    /// All that is to be done, in the unit of [`TrackCounts::work`].
    pub fn work(&self) -> u64 {
        self.inputs.iter().map(weight).fold(0, u64::saturating_add)
    }

    /// Threads that fit into the memory beside what `makers` take, at least one.
    pub fn workers_in_memory(&self, makers: &dyn RowMakers) -> usize {
        let free = self.memory.saturating_sub(BASE_BYTES + makers.reserved());
        self.workers.clamp(1, (free / self.worker_bytes(makers)).max(1) as usize)
    }

    /// The least memory a run can do with, bytes.
    pub fn least_memory(&self, makers: &dyn RowMakers) -> u64 {
        BASE_BYTES + makers.reserved() + self.worker_bytes(makers)
    }

    fn worker_bytes(&self, makers: &dyn RowMakers) -> u64 {
        let more = (makers.depth() - 1) * TrackSegment::samples(self.segment_frames) * size_of::<f32>();
        WORKER_BYTES + more as u64
    }
}

/// What became of one input.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackFate {
    /// Analysed, or failed: the record says which.
    Record(Box<TrackRecord>),
    /// A file whose packets have a record already.
    Recognised {
        /// Their identity.
        audio_id: String,
    },
}

impl TrackFate {
    /// True for a pipe that was left because the run was interrupted: there is nothing to tell of it.
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Record(r) if r.code.as_deref() == Some(INTERRUPTED))
    }
}

/// Where rows of a run are made.
pub trait RowMakers: Send + Sync {
    /// For the calling thread.
    fn make(&self) -> Box<dyn RowMaker>;

    /// Segments of one worker under way.
    fn depth(&self) -> usize {
        1
    }

    /// Memory taken besides the workers', bytes.
    fn reserved(&self) -> u64 {
        0
    }
}

/// The CPU kernels on every worker's own thread.
pub struct CpuMakers;

impl RowMakers for CpuMakers {
    fn make(&self) -> Box<dyn RowMaker> {
        Box::new(CpuRows::new())
    }
}

/// What a run did so far, for those who watch it.
#[derive(Debug, Default)]
pub struct TrackProgress {
    stages: Mutex<StageTimes>,
    done: AtomicU64,
    failed: AtomicU64,
    recognised: AtomicU64,
    audio_ms: AtomicU64,
    bytes: AtomicU64,
    work: AtomicU64,
    makespan: Mutex<Option<Makespan>>,
}

/// A moment of [`TrackProgress`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrackCounts {
    /// Inputs with a fate.
    pub done: u64,
    /// Of these, without numbers.
    pub failed: u64,
    /// Of these, recognised by their packets.
    pub recognised: u64,
    /// Seconds of sound analysed.
    pub audio_s: f64,
    /// Bytes of the files that are done.
    pub bytes: u64,
    /// What is done of [`TrackJob::work`]: bytes, weighed by how much sound they hold.
    pub work: u64,
    /// Time of the stages, all workers together.
    pub stages: StageTimes,
    /// How close the queue came to its lower bound; once it has ended.
    pub makespan: Option<Makespan>,
}

impl TrackProgress {
    /// The moment.
    pub fn counts(&self) -> TrackCounts {
        let get = |a: &AtomicU64| a.load(Ordering::Relaxed);
        TrackCounts {
            done: get(&self.done),
            failed: get(&self.failed),
            recognised: get(&self.recognised),
            audio_s: get(&self.audio_ms) as f64 / 1e3,
            bytes: get(&self.bytes),
            work: get(&self.work),
            stages: *self.stages.lock().expect("no panic holds it"),
            makespan: *self.makespan.lock().expect("no panic holds it"),
        }
    }

    /// Adds time of a stage.
    pub fn add(&self, times: &StageTimes) {
        self.stages.lock().expect("no panic holds it").add(times);
    }

    fn count(&self, fate: &TrackFate, input: &WalkEntry) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(input.bytes, Ordering::Relaxed);
        self.work.fetch_add(weight(input), Ordering::Relaxed);
        match fate {
            TrackFate::Recognised { .. } => {
                self.recognised.fetch_add(1, Ordering::Relaxed);
            }
            TrackFate::Record(r) => {
                self.failed.fetch_add(u64::from(r.status == Status::Error), Ordering::Relaxed);
                let seconds = r.table.as_ref().map_or(0.0, |t| t.duration);
                self.audio_ms.fetch_add((seconds * 1e3) as u64, Ordering::Relaxed);
            }
        }
    }
}

/// Takes the fate of each input as it comes, with the input's number, on the calling thread; `None` a few times a second
/// while there is none. An error ends the run.
pub type OnTrack<'a> = Sink<'a, TrackFate>;

/// Analyses every input of a job, or stops early once `cancelled` says so. Returns the number of inputs with a fate.
///
/// # Errors
/// What `take` returns. A bad input never ends a run.
pub fn run_tracks(
    job: &TrackJob,
    makers: Arc<dyn RowMakers>,
    progress: &Arc<TrackProgress>,
    cancelled: &dyn Fn() -> bool,
    take: OnTrack,
) -> Result<usize, String> {
    let options =
        QueueOptions { workers: job.workers_in_memory(makers.as_ref()), limit: job.limit, ..QueueOptions::default() };
    let weights = job.inputs.iter().map(weight).collect();
    let workers = Files {
        inputs: job.inputs.clone().into(),
        open: job.open.clone(),
        known: Arc::new(job.known.clone()),
        makers,
        progress: progress.clone(),
        segment_frames: job.segment_frames,
    };
    let (done, makespan) = run_queue(workers, weights, options, cancelled, &mut |result| {
        if let Some((index, fate)) = &result {
            progress.count(fate, &job.inputs[*index]);
        }
        take(result)
    })?;
    *progress.makespan.lock().expect("no panic holds it") = Some(makespan);
    Ok(done)
}

/// How long an input will take, in no unit: compressed bytes hold several times the sound of plain ones, and most bytes of a
/// video are none of sound. What is refused by its format takes no time.
fn weight(entry: &WalkEntry) -> u64 {
    let extension = entry.path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let factor = match extension.as_deref() {
        _ if entry.is_unread() => 0,
        Some("mkv" | "webm" | "mov" | "m4v" | "ogv" | "3gp") => 1,
        Some("wav" | "wave" | "bwf" | "rf64" | "w64" | "au" | "snd" | "aif" | "aiff" | "aifc" | "caf") => 2,
        Some("flac" | "alac" | "wv") => 3,
        _ => 12,
    };
    entry.bytes.saturating_mul(factor)
}

struct Files {
    inputs: Arc<[WalkEntry]>,
    open: InputOptions,
    known: Arc<HashSet<String>>,
    makers: Arc<dyn RowMakers>,
    progress: Arc<TrackProgress>,
    segment_frames: usize,
}

struct FileWorker {
    inputs: Arc<[WalkEntry]>,
    open: InputOptions,
    known: Arc<HashSet<String>>,
    maker: Box<dyn RowMaker>,
    progress: Arc<TrackProgress>,
    segment_frames: usize,
}

impl Workers for Files {
    type Worker = FileWorker;

    fn make(&self) -> FileWorker {
        FileWorker {
            inputs: self.inputs.clone(),
            open: self.open.clone(),
            known: self.known.clone(),
            maker: self.makers.make(),
            progress: self.progress.clone(),
            segment_frames: self.segment_frames,
        }
    }

    fn timed_out(&self, index: usize, after: Duration) -> TrackFate {
        let words = format!(
            "no answer for {:.0} s; its reader or decoder hangs and was left behind; check the file, or raise --time-limit",
            after.as_secs_f64()
        );
        failed(&self.inputs[index], "E_TIME_LIMIT", words)
    }

    fn panicked(&self, index: usize, message: String) -> TrackFate {
        failed(&self.inputs[index], "E_PANICKED", format!("{message}; please report the file to earprint"))
    }
}

impl Worker for FileWorker {
    type Out = TrackFate;

    fn run(&mut self, index: usize, stop: &Arc<AtomicBool>) -> TrackFate {
        let entry = &self.inputs[index];
        match &entry.outcome {
            Outcome::Audio => {}
            Outcome::Skipped(why) => {
                let mut record = TrackRecord::without_numbers(path_text(&entry.path), Status::Skipped);
                (record.code, record.detail) = (Some("E_NOT_AUDIO".into()), Some(why.text().into()));
                return TrackFate::Record(Box::new(record));
            }
            Outcome::Failed(e) => return failed(entry, e.code(), e.to_string()),
        }
        let limits = Limits::default();
        let mut times = StageTimes::default();
        if !self.known.is_empty() && self.open.is_default() {
            let options = StreamOptions { stop: Some(stop.clone()), identify: true };
            let (identity, took) = Clock::Running.time(|| identify_path(&entry.path, &limits, options));
            times.decode += took;
            if let Ok(found) = identity
                && self.known.contains(&found.audio_id.to_string())
            {
                self.progress.add(&times);
                return TrackFate::Recognised { audio_id: found.audio_id.to_string() };
            }
        }
        let options = StreamOptions { stop: Some(stop.clone()), identify: true };
        let opened = self.open.open(entry, false, &limits, options);
        let done = opened.and_then(|s| PlanarStream::new(s, TRACK_RATE_HZ)).and_then(|stream| {
            let maker = self.maker.as_mut();
            maker.begin(stop);
            pollster::block_on(describe(stream, self.segment_frames, maker, Clock::Running, &mut times))
        });
        self.progress.add(&times);
        if self.open.interrupted(entry) {
            let words = "the run was interrupted while standard input was read";
            return failed(entry, INTERRUPTED, words.into());
        }
        match done {
            Ok(described) => TrackFate::Record(Box::new(record(shown(entry), described))),
            Err(e) => failed(entry, e.code(), e.to_string()),
        }
    }
}

/// An input's path in its record; a pipe has a name instead.
fn shown(entry: &WalkEntry) -> String {
    if entry.path == Path::new(PIPED) { entry.relative.clone() } else { path_text(&entry.path) }
}

fn failed(entry: &WalkEntry, code: &str, detail: String) -> TrackFate {
    let mut record = TrackRecord::without_numbers(shown(entry), Status::Error);
    (record.code, record.detail) = (Some(code.to_owned()), Some(detail));
    TrackFate::Record(Box::new(record))
}
