//! One input through the decoder and the analysis, and what must not happen on the way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use earprint_audio::{AudioError, Limits, PlanarStream, Stream, StreamOptions, panic_is_contained};
use earprint_core::TRACK_RATE_HZ;
use earprint_pipeline::tracks::{Clock, CpuRows, SEGMENT_FRAMES, StageTimes, describe, record};

use crate::memory;
use crate::steps::CountingSource;

/// Memory one input may add, decoding and analysis together.
const BUDGET_BYTES: u64 = 500 << 20;
/// Frames at most: silence that unpacks to hours is cut here, with an error of its own.
const MAX_FRAMES: u64 = 1 << 21;

/// Panics that no guard contains: they would stand on stderr.
static LOOSE_PANICS: AtomicU64 = AtomicU64::new(0);

/// What became of an input.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// `ok`, `partial`, or the code of an error.
    pub outcome: String,
    /// What must not happen; empty where all is well.
    pub findings: Vec<String>,
}

/// Runs inputs one after another.
pub struct Checker {
    maker: CpuRows,
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

impl Checker {
    /// A checker; the process prints no panic text from here on, but counts what would have been printed.
    pub fn new() -> Self {
        std::panic::set_hook(Box::new(|_| {
            if !panic_is_contained() {
                LOOSE_PANICS.fetch_add(1, Ordering::Relaxed);
            }
        }));
        Checker { maker: CpuRows::new() }
    }

    /// Decodes and describes a file of this name and content, as `analyze` does.
    pub fn run(&mut self, name: &str, bytes: Vec<u8>) -> Report {
        memory::reset();
        let before = memory::current_and_peak();
        let loose = LOOSE_PANICS.load(Ordering::Relaxed);
        let stop = Arc::new(AtomicBool::new(false));
        let hint = name.rsplit_once('.').map(|(_, extension)| extension);
        let done = catch_unwind(AssertUnwindSafe(|| self.analyze(hint, bytes, &stop)));
        let mut findings = Vec::new();
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(_) => {
                // Rows may be under way in the maker: a new one has none.
                self.maker = CpuRows::new();
                "panic".into()
            }
        };
        let loose = LOOSE_PANICS.load(Ordering::Relaxed) - loose;
        if loose > 0 {
            findings.push(format!("{loose} panics that nothing contains"));
        }
        if stop.load(Ordering::Relaxed) {
            findings.push("does not end: too many reads for its size".into());
        }
        if let (Some((before, _)), Some((_, peak))) = (before, memory::current_and_peak())
            && peak.saturating_sub(before) > BUDGET_BYTES
        {
            findings.push(format!("took {} MiB of memory", peak.saturating_sub(before) >> 20));
        }
        if outcome == "E_IO" {
            findings.push("E_IO, although every read succeeds".into());
        }
        Report { outcome, findings }
    }

    fn analyze(&mut self, hint: Option<&str>, bytes: Vec<u8>, stop: &Arc<AtomicBool>) -> String {
        let source = Box::new(CountingSource::new(bytes, stop.clone()));
        let limits = Limits { max_frames: MAX_FRAMES, ..Limits::default() };
        let options = StreamOptions { stop: Some(stop.clone()), identify: true };
        let mut times = StageTimes::default();
        let described = Stream::open_with(source, hint, &limits, options)
            .and_then(|stream| PlanarStream::new(stream, TRACK_RATE_HZ))
            .and_then(|stream| {
                let work = describe(stream, SEGMENT_FRAMES, &mut self.maker, Clock::Absent, &mut times);
                pollster::block_on(work)
            });
        match described {
            Ok(described) => {
                let record = record(String::new(), described);
                record.code.unwrap_or_else(|| "ok".into())
            }
            Err(AudioError::DecoderPanicked { .. }) => "E_DECODER_PANICKED".into(),
            Err(error) => error.code().into(),
        }
    }
}
