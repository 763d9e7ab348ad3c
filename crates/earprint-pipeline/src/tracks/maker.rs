//! Who makes rows of segments: the calling thread's CPU, or a device that serves every worker.

use std::collections::VecDeque;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earprint_features::OwnedSegment;
use earprint_signal::Width;
use earprint_signal::track::{TrackKernel, TrackScratch, row::ROW};

/// Rows of one segment.
pub struct Made {
    /// `(T, ROW)`.
    pub rows: Vec<f32>,
    /// The segment, so that its memory can serve again.
    pub segment: OwnedSegment,
    /// What computed it.
    pub backend: Arc<str>,
    /// Why it was not computed by what was asked.
    pub why: Option<Arc<str>>,
}

/// Makes rows of segments in the order in which they came.
pub trait RowMaker {
    /// Segments worth having under way, at least 1.
    fn depth(&self) -> usize;

    /// A new track begins. `stop`: set once nobody waits for it any more; a maker that waits for a device looks at it.
    fn begin(&mut self, stop: &Arc<AtomicBool>) {
        let _ = stop;
    }

    /// Takes a segment.
    fn submit(&mut self, segment: OwnedSegment);

    /// The rows of the oldest segment under way. Never fails: a device that does is followed by the CPU, and `Made` says so.
    fn collect(&mut self) -> Pin<Box<dyn Future<Output = Made> + '_>>;

    /// Takes rows back for a later segment.
    fn recycle(&mut self, rows: Vec<f32>) {
        drop(rows);
    }
}

/// The CPU kernels on the calling thread.
pub struct CpuRows {
    kernel: TrackKernel,
    scratch: TrackScratch,
    done: VecDeque<Made>,
    spare: Vec<Vec<f32>>,
    name: Arc<str>,
}

impl CpuRows {
    /// With the widest instruction set.
    pub fn new() -> Self {
        Self::with_width(Width::best())
    }

    /// With a given instruction set.
    pub fn with_width(width: Width) -> Self {
        let kernel = TrackKernel::new(width);
        let (scratch, done, spare) = (TrackScratch::default(), VecDeque::new(), Vec::new());
        Self { kernel, scratch, done, spare, name: "cpu".into() }
    }

    /// The rows of a segment, now.
    pub fn make(&mut self, segment: OwnedSegment, why: Option<Arc<str>>) -> Made {
        let mut rows = self.spare.pop().unwrap_or_default();
        rows.resize(segment.frames * ROW, 0.0);
        self.kernel.run(&segment.view(), &mut rows, &mut self.scratch);
        Made { rows, segment, backend: self.name.clone(), why }
    }
}

impl Default for CpuRows {
    fn default() -> Self {
        Self::new()
    }
}

impl RowMaker for CpuRows {
    fn depth(&self) -> usize {
        1
    }

    fn submit(&mut self, segment: OwnedSegment) {
        let made = self.make(segment, None);
        self.done.push_back(made);
    }

    fn collect(&mut self) -> Pin<Box<dyn Future<Output = Made> + '_>> {
        Box::pin(ready(self.done.pop_front().expect("one collect for each submit")))
    }

    fn recycle(&mut self, rows: Vec<f32>) {
        self.spare.push(rows);
        self.spare.truncate(2);
    }
}
