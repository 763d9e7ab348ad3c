//! The operations on a collection, each from the state of its library.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use earprint_audio::walk::{Outcome as WalkOutcome, WalkEntry, WalkOptions, walk};
use earprint_audio::{AudioError, Limits, PlanarStream, Stream, StreamOptions};
use earprint_collection::order::{Goal, Order, OrderJob, OrderTrack, order};
use earprint_compute::PoolCrew;
use earprint_core::{TRACK_RATE_HZ, TRACK_SCHEMA, path_text};
use earprint_library::{Entry, Library, QueueTimes, RunEnd};
use earprint_pipeline::tracks::{
    Clock, CpuMakers, RowMakers, SEGMENT_FRAMES, StageTimes, TrackFate, TrackJob, TrackProgress, describe, record,
    run_tracks,
};
use earprint_report::Figures;

use crate::documents::{last_run, title_of};
use crate::entry::{entry, modified_ns};
use crate::stream::{Chunks, Looking};
use crate::{
    AnalyzerError, Chunk, Collected, Group, Ordered, Settings, Streamed, Survey, SurveyJob, figures, report, survey,
};

/// A collection: a library and how to work on it.
///
/// ```no_run
/// use earprint_analyzer::{Analyzer, Group, Settings, SurveyJob};
/// use earprint_collection::order::{Goal, OrderJob};
///
/// let analyzer = Analyzer::new("music.db", Settings::default())?;
/// analyzer.analyze_directory("music".as_ref(), &|| false)?;
/// let survey = analyzer.cluster(&SurveyJob::default())?;
/// let (_, order) = analyzer.recommend_sequence(&OrderJob::new(Goal::Free), Group::Folder)?;
/// println!("{} clusters; cost {:.1}", survey.grouping.map_or(0, |g| g.portraits.len()), order.score.total);
/// analyzer.export_everything("report".as_ref())?;
/// # Ok::<(), earprint_analyzer::AnalyzerError>(())
/// ```
pub struct Analyzer {
    library: PathBuf,
    settings: Settings,
    makers: Arc<dyn RowMakers>,
}

/// What became of the files of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Analyzed {
    /// Files that were found.
    pub files: u64,
    /// Of them with numbers from this run.
    pub analysed: u64,
    /// Of them that the library knew.
    pub known: u64,
    /// Of them without numbers: failed now or earlier, or left out.
    pub failed: u64,
    /// Whether all were seen.
    pub finished: bool,
}

/// Measured figures of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Of the tracks and the last run that analysed any.
    pub figures: Figures,
    /// How that run's queue went; `None` where it was not measured.
    pub queue: Option<QueueTimes>,
}

impl Analyzer {
    /// On a library, which the first analysis makes if it is missing. Rows are made on the CPU.
    ///
    /// # Errors
    /// `Setting` for settings that make no sense.
    pub fn new(library: impl Into<PathBuf>, settings: Settings) -> Result<Self, AnalyzerError> {
        settings.check()?;
        Ok(Self { library: library.into(), settings, makers: Arc::new(CpuMakers) })
    }

    /// With rows made elsewhere: `earprint_pipeline::tracks::DeviceRows` makes them on a GPU.
    #[must_use]
    pub fn with_makers(mut self, makers: Arc<dyn RowMakers>) -> Self {
        self.makers = makers;
        self
    }

    /// Analyses every audio file below a folder that the library does not know yet; one that failed before is left alone. `cancelled` is asked
    /// now and then: what is under way is finished, all of it is stored, and the next call goes on.
    ///
    /// # Errors
    /// `Input` for a folder that is not there; `Library`. A bad file is a record and no error.
    pub fn analyze_directory(&self, folder: &Path, cancelled: &dyn Fn() -> bool) -> Result<Analyzed, AnalyzerError> {
        let started = Instant::now();
        let root = folder.canonicalize().map_err(|e| AnalyzerError::Input {
            path: folder.display().to_string(),
            code: "E_IO",
            why: format!("{e}; expected a folder of sound"),
        })?;
        let mut library = Library::open_or_create(&self.library)?;
        let entries = walk(std::slice::from_ref(&root), &WalkOptions::default());
        let looks = entries.iter().map(|e| (e.path.as_path(), e.bytes, modified_ns(e)));
        let known = library.known_all(looks, TRACK_SCHEMA)?;
        let mut analyzed = Analyzed { files: entries.len() as u64, ..Analyzed::default() };
        let mut todo: Vec<WalkEntry> = Vec::new();
        let mut seen = Vec::new();
        for (input, known) in entries.into_iter().zip(known) {
            match known.filter(|_| input.outcome == WalkOutcome::Audio) {
                None => todo.push(input),
                Some(known) => {
                    analyzed.known += 1;
                    analyzed.failed += u64::from(matches!(known, earprint_library::Known::Failed { .. }));
                    seen.push(input.path);
                }
            }
        }
        let run = library.begin_run(&serde_json::Map::new())?;
        library.seen(run, &seen)?;
        let mut job = TrackJob::new(todo, self.settings.workers, self.settings.memory);
        job.limit = self.settings.time_limit;
        job.known = library.audio_ids(TRACK_SCHEMA)?.into_iter().collect();
        let progress = Arc::new(TrackProgress::default());
        let mut waiting: Vec<Entry> = Vec::new();
        let mut trouble = None;
        let done = run_tracks(&job, self.makers.clone(), &progress, cancelled, &mut |result| {
            let Some((at, fate)) = result else { return Ok(()) };
            let input = &job.inputs[at];
            match &fate {
                TrackFate::Record(r) if r.descriptor.is_some() => analyzed.analysed += 1,
                TrackFate::Record(_) => analyzed.failed += 1,
                TrackFate::Recognised { .. } => analyzed.known += 1,
            }
            waiting.extend(entry(input, &input.path, &fate));
            if waiting.len() >= self.settings.batch {
                let stored = library.commit(run, TRACK_SCHEMA, &std::mem::take(&mut waiting));
                return stored.map_err(|e| {
                    let words = e.to_string();
                    trouble = Some(e);
                    words
                });
            }
            Ok(())
        });
        if let Some(e) = trouble {
            return Err(e.into());
        }
        library.commit(run, TRACK_SCHEMA, &waiting)?;
        analyzed.finished = done.is_ok_and(|done| done == job.inputs.len());
        let p = progress.counts();
        if analyzed.finished {
            library.find_gone(run, &[root])?;
        }
        let end = RunEnd {
            files: analyzed.files,
            analysed: analyzed.analysed,
            known: analyzed.known,
            failed: analyzed.failed,
            audio_seconds: p.audio_s,
            wall_seconds: started.elapsed().as_secs_f64(),
            stages: p.stages.named().map(|(name, t)| (name.to_owned(), t.as_secs_f64())).to_vec(),
            queue: queue_times(&progress),
        };
        library.end_run(run, analyzed.finished, &end)?;
        library.update_scale(TRACK_SCHEMA)?;
        Ok(analyzed)
    }

    /// The collection as it stands.
    ///
    /// # Errors
    /// `Library`.
    pub fn collected(&self) -> Result<Collected, AnalyzerError> {
        Collected::read(&Library::open_read_only(&self.library)?)
    }

    /// Clusters with portraits, tags of tracks, a map.
    ///
    /// # Errors
    /// `Library`; as [`survey`].
    pub fn cluster(&self, job: &SurveyJob) -> Result<Survey, AnalyzerError> {
        survey(&self.collected()?, job, &self.crew()?, None, &|| false)
    }

    /// A listening order, with the tracks its indices count.
    ///
    /// # Errors
    /// `Library`, `Order`.
    pub fn recommend_sequence(&self, job: &OrderJob, group: Group) -> Result<(Vec<OrderTrack>, Order), AnalyzerError> {
        let tracks = self.collected()?.order_tracks(group);
        let found = order(&tracks, job)?;
        Ok((tracks, found))
    }

    /// Every document of a report (CSV, JSON with its schema, NDJSON, Markdown, PNG, HTML, M3U8) in a folder.
    ///
    /// # Errors
    /// `Library`, `Report`; as [`Analyzer::cluster`].
    pub fn export_everything(&self, folder: &Path) -> Result<Vec<PathBuf>, AnalyzerError> {
        let library = Library::open_read_only(&self.library)?;
        let collected = Collected::read(&library)?;
        let seen = survey(&collected, &SurveyJob::default(), &self.crew()?, None, &|| false)?;
        let order = order(&collected.order_tracks(Group::Folder), &OrderJob::new(Goal::Free))?;
        let ordered = Ordered { goal: Goal::Free, order: &order };
        let figures = figures(&collected, &library)?;
        let title = title_of(&self.library);
        Ok(earprint_report::write_all(&report(&title, &collected, &seen, Some(ordered), figures), folder)?)
    }

    /// Measured figures, none of them computed from an assumption.
    ///
    /// # Errors
    /// `Library`.
    pub fn statistics(&self) -> Result<Statistics, AnalyzerError> {
        let library = Library::open_read_only(&self.library)?;
        Ok(Statistics {
            figures: figures(&Collected::read(&library)?, &library)?,
            queue: last_run(&library)?.and_then(|end| end.queue),
        })
    }

    /// Measures how much sooner all workers are done with some files than one is: seconds of one over seconds of all, one after the
    /// other in this call, nothing stored. `None` where fewer than two files could be analysed, or there is one worker.
    ///
    /// # Errors
    /// `Input` where a file fails.
    pub fn serial_sample(&self, files: &[PathBuf]) -> Result<Option<f64>, AnalyzerError> {
        if files.len() < 2 || self.settings.workers < 2 {
            return Ok(None);
        }
        let entries = walk(files, &WalkOptions::default());
        let run = |workers: usize| -> Result<f64, AnalyzerError> {
            let mut job = TrackJob::new(entries.clone(), workers, self.settings.memory);
            job.limit = self.settings.time_limit;
            let started = Instant::now();
            let mut failed = None;
            let done = run_tracks(&job, self.makers.clone(), &Arc::default(), &|| false, &mut |result| {
                if let Some((at, TrackFate::Record(r))) = result
                    && r.descriptor.is_none()
                {
                    failed = Some((at, r));
                }
                Ok(())
            });
            debug_assert!(done.is_ok());
            match failed {
                None => Ok(started.elapsed().as_secs_f64()),
                Some((at, r)) => Err(AnalyzerError::Input {
                    path: path_text(&entries[at].path),
                    code: "E_SAMPLE",
                    why: r.detail.unwrap_or_default(),
                }),
            }
        };
        // Once before, so that both find the files in memory.
        run(self.settings.workers)?;
        let serial = run(1)?;
        Ok(Some(serial / run(self.settings.workers)?))
    }

    /// One file, chunk by chunk, in memory that does not grow with its length. Nothing is stored.
    ///
    /// # Errors
    /// `Input` for a file that cannot be read or decoded.
    pub fn stream(&self, file: &Path, on_chunk: &mut dyn FnMut(Chunk)) -> Result<Streamed, AnalyzerError> {
        let failed = |e: AudioError| AnalyzerError::Input {
            path: file.display().to_string(),
            code: e.code(),
            why: e.to_string(),
        };
        let options = StreamOptions { stop: None, identify: true };
        let opened = Stream::open_path_with(file, &Limits::default(), options);
        let stream = opened.and_then(|s| PlanarStream::new(s, TRACK_RATE_HZ)).map_err(failed)?;
        let length = self.settings.frames_of(self.settings.chunk_s);
        let overlap = self.settings.frames_of(self.settings.overlap_s).min(length - 1);
        let mut looking = Looking::new(Chunks::new(length, overlap, on_chunk));
        let mut times = StageTimes::default();
        let described = describe(stream, SEGMENT_FRAMES, &mut looking, Clock::Running, &mut times);
        let described = pollster::block_on(described).map_err(failed)?;
        looking.chunks.end();
        let (whole, chunks) = (looking.chunks.whole.clone(), looking.chunks.chunks);
        Ok(Streamed { record: record(path_text(file), described), whole, chunks })
    }

    fn crew(&self) -> Result<PoolCrew, AnalyzerError> {
        let threads = self.settings.workers;
        PoolCrew::new(threads).map_err(|e| AnalyzerError::Threads { threads, why: e.to_string() })
    }
}

/// Times of the queue, if it did anything.
pub fn queue_times(progress: &TrackProgress) -> Option<QueueTimes> {
    progress.counts().makespan.filter(|m| m.over_bound().is_some()).map(|m| QueueTimes {
        workers: m.workers as u32,
        makespan: m.took.as_secs_f64(),
        busy: m.busy.as_secs_f64(),
        longest: m.longest.as_secs_f64(),
    })
}
