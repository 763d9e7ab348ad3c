//! Segments through a [`Machine`] in batches: as many at once as fit, fewer once memory was short, none once the device is
//! gone.
//!
//! Segments of any tracks and lengths are packed one behind another. No row depends on what else is in its batch, so who
//! shares a batch with whom is left to chance.

use std::collections::VecDeque;
use std::sync::Arc;

use earprint_compute::{ComputeError, Machine, Ticket, TrackBytes, TrackRecorder};
use earprint_features::OwnedSegment;
use earprint_signal::track::row::ROW;

/// A segment's rows `(T, ROW)`, or why the device has none.
pub type Rows = Result<Vec<f32>, Arc<str>>;

/// One answer: whose segment it is, and its rows.
pub type Answer<K> = (K, Rows);

/// A segment on its way, with the word its owner knows it by.
type Waiting<K> = (K, Arc<OwnedSegment>);

/// A machine with segments waiting for it. `K` tells the caller's segments apart.
pub struct Batches<K> {
    machine: Box<dyn Machine>,
    recorder: TrackRecorder,
    waiting: VecDeque<Waiting<K>>,
    under_way: VecDeque<(Ticket, Vec<Waiting<K>>)>,
    /// Segments of a batch at most; less after memory was short.
    most: usize,
    /// Why the device computes no more.
    gone: Option<Arc<str>>,
    notes: Vec<String>,
}

impl<K> Batches<K> {
    /// Drives `machine`, with at most so many segments in a batch.
    pub fn new(machine: Box<dyn Machine>, segments: Option<usize>) -> Self {
        Self {
            machine,
            recorder: TrackRecorder::new(),
            waiting: VecDeque::new(),
            under_way: VecDeque::new(),
            most: segments.unwrap_or(usize::MAX).max(1),
            gone: None,
            notes: Vec::new(),
        }
    }

    /// Name of the machine's family, for records.
    pub fn name(&self) -> &'static str {
        self.machine.info().kind.name()
    }

    /// Takes a segment.
    pub fn push(&mut self, key: K, segment: Arc<OwnedSegment>) {
        self.waiting.push_back((key, segment));
    }

    /// True while nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// What happened to the run as a whole since the last call: batches halved, a device given up.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Starts what fits, waits for the oldest batch, and returns its answers; those of segments that never reached the
    /// device come at once. Empty only when idle.
    pub async fn next(&mut self) -> Vec<Answer<K>> {
        loop {
            let refused = self.start();
            if !refused.is_empty() {
                return refused;
            }
            let Some((ticket, batch)) = self.under_way.pop_front() else { return Vec::new() };
            let answers = match self.machine.collect(ticket).await {
                Ok(words) => rows_of_each(batch, &words),
                Err(error) => self.refused(batch, &error),
            };
            // None where the whole batch is tried again in halves.
            if !answers.is_empty() {
                return answers;
            }
        }
    }

    /// Starts batches until the machine has enough; answers for what it refuses for good.
    fn start(&mut self) -> Vec<Answer<K>> {
        let mut answers = Vec::new();
        while !self.waiting.is_empty() {
            if let Some(why) = &self.gone {
                answers.extend(self.waiting.drain(..).map(|(key, _)| (key, Err(why.clone()))));
                break;
            }
            if self.under_way.len() == self.machine.depth() {
                break;
            }
            let batch: Vec<Waiting<K>> = self.waiting.drain(..self.fitting()).collect();
            let views: Vec<_> = batch.iter().map(|(_, segment)| segment.view()).collect();
            match self.machine.submit(&self.recorder.record(&views)) {
                Ok(ticket) => self.under_way.push_back((ticket, batch)),
                Err(error) => answers.extend(self.refused(batch, &error)),
            }
        }
        answers
    }

    /// How many of the waiting segments make the next batch, by the linear estimate: at least one, which the machine may
    /// then refuse.
    fn fitting(&self) -> usize {
        let room = self.machine.room();
        let mut bytes = TrackBytes::default();
        let fits = |(_, segment): &&Waiting<K>| {
            bytes = bytes + TrackBytes::of(segment.frames);
            bytes.fits(room)
        };
        self.waiting.iter().take(self.most).take_while(fits).count().max(1)
    }

    /// What becomes of a batch the machine did not compute: half of it is tried again where memory was short; a segment
    /// that does not fit alone is answered for; after any other error the device is not asked again.
    fn refused(&mut self, batch: Vec<Waiting<K>>, error: &ComputeError) -> Vec<Answer<K>> {
        let why: Arc<str> = format!("computed on the cpu: {error}").into();
        match error {
            ComputeError::OutOfMemory { .. } if batch.len() > 1 => {
                self.most = batch.len() / 2;
                self.notes.push(format!("{error}; {} segments were halved", batch.len()));
                for waiting in batch.into_iter().rev() {
                    self.waiting.push_front(waiting);
                }
                return Vec::new();
            }
            ComputeError::OutOfMemory { .. } => {}
            _ if self.gone.is_none() => {
                self.gone = Some(why.clone());
                self.notes.push(format!("{error}; continuing on the cpu"));
            }
            _ => {}
        }
        batch.into_iter().map(|(key, _)| (key, Err(why.clone()))).collect()
    }
}

/// Cuts the rows of a batch into those of its segments.
fn rows_of_each<K>(batch: Vec<Waiting<K>>, words: &[u32]) -> Vec<Answer<K>> {
    let mut at = 0;
    let each = |(key, segment): Waiting<K>| {
        let from = at;
        at += segment.frames * ROW;
        (key, Ok(words[from..at].iter().map(|&word| f32::from_bits(word)).collect()))
    };
    batch.into_iter().map(each).collect()
}
