//! How an [`crate::Analyzer`] works.

use std::time::Duration;

use earprint_signal::track::HOP;

use crate::AnalyzerError;

/// Workers, memory, sizes. No number of a track depends on any of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Tracks analysed at once.
    pub workers: usize,
    /// Records stored at once: what is lost at most when the power fails.
    pub batch: usize,
    /// Memory for the analysis, bytes; fewer workers where it is too little for all.
    pub memory: u64,
    /// Time a file may take; `None`: without end.
    pub time_limit: Option<Duration>,
    /// Length of a chunk of [`crate::Analyzer::stream`], seconds.
    pub chunk_s: f64,
    /// How much of the next chunk each one holds too, seconds, below a chunk.
    pub overlap_s: f64,
}

impl Default for Settings {
    /// As many workers as cores, 64 records, 500 MB, an hour; chunks of 10 s without overlap.
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            batch: 64,
            memory: 500_000_000,
            time_limit: Some(Duration::from_secs(3600)),
            chunk_s: 10.0,
            overlap_s: 0.0,
        }
    }
}

impl Settings {
    /// Says what makes no sense.
    ///
    /// # Errors
    /// `Setting` with the first of it.
    pub fn check(&self) -> Result<(), AnalyzerError> {
        let wrong = |what, came: String, expected| Err(AnalyzerError::Setting { what, came, expected });
        if self.workers == 0 {
            return wrong("workers", "0".into(), "at least one");
        }
        if self.batch == 0 {
            return wrong("batch", "0".into(), "at least one record");
        }
        if !(self.chunk_s.is_finite() && self.frames_of(self.chunk_s) > 0) {
            return wrong("chunk", format!("{} s", self.chunk_s), "a frame (0.0232 s) or more");
        }
        if !(self.overlap_s >= 0.0 && self.overlap_s < self.chunk_s) {
            return wrong("overlap", format!("{} s", self.overlap_s), "0 or more, and less than a chunk");
        }
        Ok(())
    }

    /// Frames of a stretch of time.
    pub(crate) fn frames_of(&self, seconds: f64) -> usize {
        (seconds * f64::from(earprint_core::TRACK_RATE_HZ) / HOP as f64) as usize
    }
}
