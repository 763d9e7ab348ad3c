//! A track from its first sample to its numbers.
//!
//! Samples are gathered to steps of 4,410 (100 ms) that lie at fixed places, whatever the blocks they came in; full steps
//! are read where they are. Mono is `((x0 + x1) + ...) / C` in f32, in the order of the channels.

use earprint_core::{Descriptor, TrackTable};

use earprint_lanes::widest;

use crate::frames::Frames;
use crate::k_weighted::KWeighted;
use crate::level::Level;
use crate::loudness::STEP;
use crate::numbers::numbers;
use crate::segments::{Cutter, OwnedSegment};

/// What is known of a source before its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// The source's own rate, Hz.
    pub rate_hz: u32,
    /// Channels C, at least 1.
    pub channels: u32,
    /// Codec as the decoder names it.
    pub codec: String,
}

/// What is known of a source after its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceNote {
    /// Samples that were NaN or infinite.
    pub non_finite: u64,
    /// Samples of one channel at the source's own rate.
    pub frames_at_source_rate: u64,
}

/// The numbers of a track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackNumbers {
    /// The 25.
    pub descriptor: Descriptor,
    /// The wider table.
    pub table: TrackTable,
}

/// Sums over a track while it streams past.
#[derive(Debug)]
pub struct TrackAnalysis {
    source: SourceInfo,
    /// Samples of an unfinished step, per channel.
    waiting: Vec<Vec<f32>>,
    mono: Vec<f32>,
    samples: u64,
    cutter: Cutter,
    level: Level,
    loudness: KWeighted,
    frames: Frames,
    note: Option<SourceNote>,
}

/// Mean of all channels.
#[inline(always)]
fn mix(planar: &[&[f32]], mono: &mut Vec<f32>) {
    mono.clear();
    mono.extend_from_slice(planar[0]);
    for x in &planar[1..] {
        for (m, &x) in mono.iter_mut().zip(*x) {
            *m += x;
        }
    }
    if planar.len() > 1 {
        let channels = planar.len() as f32;
        mono.iter_mut().for_each(|m| *m /= channels);
    }
}

impl TrackAnalysis {
    /// Nothing yet. Segments will have `segment_frames` frames, the last one fewer.
    ///
    /// # Panics
    /// Without channels, or if `segment_frames` is 0.
    pub fn new(source: SourceInfo, segment_frames: usize) -> Self {
        let channels = source.channels as usize;
        assert!(channels > 0, "a track has at least one channel");
        Self {
            waiting: vec![Vec::with_capacity(STEP); channels],
            mono: Vec::with_capacity(STEP),
            samples: 0,
            cutter: Cutter::new(segment_frames),
            level: Level::new(channels),
            loudness: KWeighted::new(channels),
            frames: Frames::new(),
            note: None,
            source,
        }
    }

    /// The next samples: `(C, N)` planar at 44,100 Hz, finite, full scale 1. Any N; no result depends on it.
    ///
    /// # Panics
    /// If the channels are not as many as the source's or not equally long, or after [`TrackAnalysis::end`].
    pub fn push(&mut self, planar: &[&[f32]]) {
        assert_eq!(planar.len(), self.waiting.len(), "as many channels as the source has");
        assert!(self.note.is_none(), "the track has ended");
        let n = planar[0].len();
        assert!(planar.iter().all(|x| x.len() == n), "channels must be equally long");
        let mut from = 0;
        while from < n {
            let held = self.waiting[0].len();
            let to = (from + STEP - held).min(n);
            if held == 0 && to - from == STEP {
                let step: Vec<&[f32]> = planar.iter().map(|x| &x[from..to]).collect();
                self.step(&step);
            } else {
                for (held, x) in self.waiting.iter_mut().zip(planar) {
                    held.extend_from_slice(&x[from..to]);
                }
                if held + to - from == STEP {
                    self.step_waiting();
                }
            }
            from = to;
        }
    }

    fn step_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let step: Vec<&[f32]> = waiting.iter().map(Vec::as_slice).collect();
        self.step(&step);
        waiting.iter_mut().for_each(Vec::clear);
        self.waiting = waiting;
    }

    fn step(&mut self, planar: &[&[f32]]) {
        let mono = &mut self.mono;
        widest!(mix(planar: &[&[f32]], mono: &mut Vec<f32>));
        self.level.step(planar, &self.mono);
        if self.mono.len() == STEP {
            self.loudness.step(planar);
        }
        self.samples += self.mono.len() as u64;
        self.cutter.push(&self.mono);
    }

    /// The next mono segment, as soon as the samples around it came; `None` until then, and after the last one.
    pub fn next_segment(&mut self) -> Option<OwnedSegment> {
        self.cutter.next_segment()
    }

    /// Takes a used segment's memory for the next one.
    pub fn give_back(&mut self, pcm: Vec<f32>) {
        self.cutter.give_back(pcm);
    }

    /// No more samples: the remaining segments become available.
    ///
    /// # Panics
    /// If called twice.
    pub fn end(&mut self, note: SourceNote) {
        assert!(self.note.replace(note).is_none(), "a track ends once");
        if !self.waiting[0].is_empty() {
            self.step_waiting();
        }
        self.cutter.end();
    }

    /// Rows `(T, ROW)` of the next segment's frames; segments in order.
    pub fn rows(&mut self, rows: &[f32]) {
        self.frames.add(rows);
    }

    /// The numbers.
    ///
    /// # Panics
    /// Before [`TrackAnalysis::end`], or if the rows of a frame did not come.
    pub fn finish(self) -> TrackNumbers {
        let note = self.note.expect("the track must have ended");
        assert_eq!(self.frames.count(), self.cutter.frames(), "rows of every frame must have come");
        numbers(self.source, note, self.samples, self.level, self.loudness, self.frames)
    }
}
