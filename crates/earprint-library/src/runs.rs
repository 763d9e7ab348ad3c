//! Runs: when the program worked on the library, on how much, and where its time went.

use earprint_core::TOOL_VERSION;
use rusqlite::types::Type;
use rusqlite::{TransactionBehavior, params};
use serde_json::{Map, Value};

use crate::library::now_ms;
use crate::{Library, LibraryError, Settled};

/// A run's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Under way, or killed and not yet found out.
    Running,
    /// Every input was seen.
    Finished,
    /// It ended early.
    Interrupted,
}

impl RunState {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What a run did, measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunEnd {
    /// Inputs.
    pub files: u64,
    /// Of them with new numbers.
    pub analysed: u64,
    /// Of them with numbers from earlier.
    pub known: u64,
    /// Of them without numbers.
    pub failed: u64,
    /// Length of what was analysed, seconds.
    pub audio_seconds: f64,
    /// Time it took, seconds.
    pub wall_seconds: f64,
    /// Seconds by stage, summed over threads.
    pub stages: Vec<(String, f64)>,
    /// How the queue ran; `None` where nothing was analysed.
    pub queue: Option<QueueTimes>,
}

/// Times of a run's queue, seconds, measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueTimes {
    /// Threads.
    pub workers: u32,
    /// From the start of the first input to the end of the last.
    pub makespan: f64,
    /// Summed over inputs.
    pub busy: f64,
    /// Of the input that took longest.
    pub longest: f64,
}

impl QueueTimes {
    /// The makespan over the shortest that so many workers could have reached with these inputs: 1 or more.
    pub fn over_bound(&self) -> Option<f64> {
        let bound = (self.busy / f64::from(self.workers.max(1))).max(self.longest);
        (bound > 0.0).then(|| self.makespan / bound)
    }
}

/// A run as it stands in the library.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Its number.
    pub id: RunId,
    /// Start, milliseconds since 1970 UTC.
    pub started_ms: i64,
    /// End, where it came to one.
    pub ended_ms: Option<i64>,
    /// How it stands.
    pub state: RunState,
    /// Version of the program.
    pub tool_version: String,
    /// Options, JSON.
    pub options: String,
    /// What it did; `None` for a run that was killed.
    pub end: Option<RunEnd>,
}

impl Library {
    /// Begins a run. Runs that never ended are marked as interrupted; one that is alive in another process says so with
    /// its next commit.
    ///
    /// # Errors
    /// `Busy`, `Full`, `ReadOnly`, `Damaged`.
    pub fn begin_run(&mut self, options: &Map<String, Value>) -> Result<RunId, LibraryError> {
        let sql = LibraryError::sql("beginning a run in", &self.path);
        let options = serde_json::to_string(options).expect("plain data");
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&sql)?;
        tx.execute("UPDATE run SET state = 'interrupted' WHERE state = 'running'", []).map_err(&sql)?;
        let text =
            "INSERT INTO run (started_ms, last_ms, state, tool_version, options) VALUES (?1, ?1, 'running', ?2, ?3)";
        tx.execute(text, params![now_ms(), TOOL_VERSION, options]).map_err(&sql)?;
        let id = RunId(tx.last_insert_rowid());
        tx.commit().map_err(&sql)?;
        Ok(id)
    }

    /// Ends a run, finished or interrupted, and flushes the library to the disk. After a finished run moves are decided.
    ///
    /// # Errors
    /// `Busy`, `Full`, `ReadOnly`, `Damaged`.
    pub fn end_run(&mut self, run: RunId, finished: bool, end: &RunEnd) -> Result<Settled, LibraryError> {
        let settled = if finished { self.settle_moves()? } else { Settled::default() };
        let sql = LibraryError::sql("ending a run in", &self.path);
        let state = if finished { RunState::Finished } else { RunState::Interrupted };
        let stages: Map<String, Value> = end.stages.iter().map(|(k, v)| (k.clone(), Value::from(*v))).collect();
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.db
            .execute(
                "UPDATE run SET ended_ms = ?2, last_ms = ?2, state = ?3, files = ?4, analysed = ?5, known = ?6, \
                 failed = ?7, audio_seconds = ?8, wall_seconds = ?9, stages = ?10, workers = ?11, makespan_seconds = ?12, \
                 busy_seconds = ?13, longest_seconds = ?14 WHERE id = ?1",
                params![
                    run.0,
                    now_ms(),
                    state.as_str(),
                    count(end.files),
                    count(end.analysed),
                    count(end.known),
                    count(end.failed),
                    end.audio_seconds,
                    end.wall_seconds,
                    Value::Object(stages).to_string(),
                    end.queue.map(|q| q.workers),
                    end.queue.map(|q| q.makespan),
                    end.queue.map(|q| q.busy),
                    end.queue.map(|q| q.longest)
                ],
            )
            .map_err(&sql)?;
        self.flush()?;
        Ok(settled)
    }

    /// Flushes everything committed into the file and to the disk. What readers still hold open stays in the log, which is
    /// flushed as well.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Damaged`.
    pub fn flush(&self) -> Result<(), LibraryError> {
        let sql = LibraryError::sql("flushing", &self.path);
        self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(&sql)
    }

    /// The last `n` runs, newest first.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn stats(&self, n: usize) -> Result<Vec<RunSummary>, LibraryError> {
        let sql = LibraryError::sql("reading runs of", &self.path);
        let mut q = self
            .db
            .prepare_cached(
                "SELECT id, started_ms, ended_ms, state, tool_version, options, files, analysed, known, failed, \
                 audio_seconds, wall_seconds, stages, workers, makespan_seconds, busy_seconds, longest_seconds \
                 FROM run ORDER BY id DESC LIMIT ?1",
            )
            .map_err(&sql)?;
        let rows = q.query_map([i64::try_from(n).unwrap_or(i64::MAX)], summary).map_err(&sql)?;
        rows.collect::<Result<_, _>>().map_err(&sql)
    }
}

fn summary(r: &rusqlite::Row<'_>) -> rusqlite::Result<RunSummary> {
    let word: String = r.get(3)?;
    let state = [RunState::Running, RunState::Finished, RunState::Interrupted]
        .into_iter()
        .find(|s| s.as_str() == word)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(3, "state".into(), Type::Text))?;
    let count = |at: usize| r.get::<_, Option<i64>>(at).map(|n| n.unwrap_or(0).max(0) as u64);
    let end = match r.get::<_, Option<String>>(12)? {
        None => None,
        Some(stages) => {
            let stages: Map<String, Value> = serde_json::from_str(&stages)
                .map_err(|e| rusqlite::Error::FromSqlConversionFailure(12, Type::Text, Box::new(e)))?;
            Some(RunEnd {
                files: count(6)?,
                analysed: count(7)?,
                known: count(8)?,
                failed: count(9)?,
                audio_seconds: r.get::<_, Option<f64>>(10)?.unwrap_or(0.0),
                wall_seconds: r.get::<_, Option<f64>>(11)?.unwrap_or(0.0),
                stages: stages.into_iter().map(|(k, v)| (k, v.as_f64().unwrap_or(0.0))).collect(),
                queue: match (r.get(13)?, r.get(14)?, r.get(15)?, r.get(16)?) {
                    (Some(workers), Some(makespan), Some(busy), Some(longest)) => {
                        Some(QueueTimes { workers, makespan, busy, longest })
                    }
                    _ => None,
                },
            })
        }
    };
    Ok(RunSummary {
        id: RunId(r.get(0)?),
        started_ms: r.get(1)?,
        ended_ms: r.get(2)?,
        state,
        tool_version: r.get(4)?,
        options: r.get(5)?,
        end,
    })
}
