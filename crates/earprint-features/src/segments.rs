//! Mono segments, cut as the samples come.
//!
//! A segment of `T` frames carries 43,008 samples before its first centre and as many after its last, zeros where the
//! track has none. It is ready as soon as those samples came; the last ones are ready when the track has ended.

use std::collections::VecDeque;

use earprint_signal::track::{CONTEXT_SAMPLES, HOP, MEDIAN_REACH, TrackSegment, frames_of};

/// A segment that owns its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedSegment {
    /// Mono samples, `2 * 43,008 + (frames - 1) * 1,024` of them.
    pub pcm: Vec<f32>,
    /// Frames T.
    pub frames: usize,
    /// Frames of the track before the segment, at most 15.
    pub before: usize,
    /// Frames of the track after the segment, at most 15.
    pub after: usize,
    /// The segment's first frame in the track.
    pub first_frame: u64,
}

impl OwnedSegment {
    /// `frames` frames of noise, with frames on either side: for trials of speed, where any samples do.
    pub fn noise(frames: usize) -> Self {
        let value = |i: usize| (i as u32).wrapping_mul(2_654_435_761) as i32 as f32 * (0.1 / 2_147_483_648.0);
        let pcm = (0..TrackSegment::samples(frames)).map(value).collect();
        Self { pcm, frames, before: MEDIAN_REACH, after: MEDIAN_REACH, first_frame: MEDIAN_REACH as u64 }
    }

    /// As the kernels take it.
    pub fn view(&self) -> TrackSegment<'_> {
        TrackSegment { pcm: &self.pcm, frames: self.frames, before: self.before, after: self.after }
    }
}

/// Mono samples waiting to be cut.
#[derive(Debug)]
pub struct Cutter {
    segment_frames: usize,
    /// Samples from `(next_frame * HOP) - CONTEXT_SAMPLES` on; zeros before the track.
    waiting: VecDeque<f32>,
    next_frame: u64,
    samples: u64,
    ended: bool,
    spare: Vec<Vec<f32>>,
}

impl Cutter {
    pub fn new(segment_frames: usize) -> Self {
        assert!(segment_frames > 0, "a segment has at least one frame");
        let waiting = std::iter::repeat_n(0.0, CONTEXT_SAMPLES).collect();
        Self { segment_frames, waiting, next_frame: 0, samples: 0, ended: false, spare: Vec::new() }
    }

    pub fn push(&mut self, mono: &[f32]) {
        self.waiting.extend(mono);
        self.samples += mono.len() as u64;
    }

    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Frames of all samples so far.
    pub fn frames(&self) -> u64 {
        frames_of(self.samples)
    }

    pub fn give_back(&mut self, pcm: Vec<f32>) {
        if self.spare.len() < 2 {
            self.spare.push(pcm);
        }
    }

    pub fn next_segment(&mut self) -> Option<OwnedSegment> {
        let left = self.frames().saturating_sub(self.next_frame);
        let frames = if self.ended { left.min(self.segment_frames as u64) as usize } else { self.segment_frames };
        if frames == 0 {
            return None;
        }
        let length = TrackSegment::samples(frames);
        if !self.ended && self.waiting.len() < length {
            return None;
        }
        let mut pcm = self.spare.pop().unwrap_or_default();
        pcm.clear();
        let here = self.waiting.len().min(length);
        let (a, b) = self.waiting.as_slices();
        let from_a = a.len().min(here);
        pcm.extend_from_slice(&a[..from_a]);
        pcm.extend_from_slice(&b[..here - from_a]);
        pcm.resize(length, 0.0);
        self.waiting.drain(..here.min(frames * HOP));

        let reach = MEDIAN_REACH as u64;
        let first_frame = self.next_frame;
        self.next_frame += frames as u64;
        // Before the end the 42 frames' worth of samples after the last centre are there, so 15 frames are, too.
        let after = if self.ended { (left - frames as u64).min(reach) } else { reach };
        Some(OwnedSegment { pcm, frames, before: first_frame.min(reach) as usize, after: after as usize, first_frame })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments of a ramp of `n` samples pushed in blocks of `block`.
    fn segments(n: usize, block: usize, frames: usize) -> Vec<OwnedSegment> {
        let ramp: Vec<f32> = (1..=n).map(|i| i as f32).collect();
        let mut cutter = Cutter::new(frames);
        let mut out = Vec::new();
        for b in ramp.chunks(block) {
            cutter.push(b);
            while let Some(s) = cutter.next_segment() {
                out.push(s);
            }
        }
        cutter.end();
        while let Some(s) = cutter.next_segment() {
            out.push(s);
        }
        out
    }

    #[test]
    fn every_sample_stands_at_its_centre_and_nothing_depends_on_the_blocks() {
        for n in
            [1, 1023, 1024, CONTEXT_SAMPLES - 1, CONTEXT_SAMPLES, CONTEXT_SAMPLES + 1, 2 * CONTEXT_SAMPLES, 200_000]
        {
            let all = segments(n, 4410, 32);
            assert_eq!(all, segments(n, 777, 32));
            assert_eq!(all, segments(n, n, 32));
            let total = frames_of(n as u64);
            assert_eq!(all.iter().map(|s| s.frames as u64).sum::<u64>(), total);
            for s in &all {
                assert_eq!(s.pcm.len(), TrackSegment::samples(s.frames));
                let first = s.first_frame as i64 * HOP as i64 - CONTEXT_SAMPLES as i64;
                for (i, &x) in s.pcm.iter().enumerate() {
                    let at = first + i as i64;
                    let want = if (0..n as i64).contains(&at) { (at + 1) as f32 } else { 0.0 };
                    assert_eq!(x, want, "n {n}, sample {at}");
                }
                assert_eq!(s.before as u64, s.first_frame.min(15));
                assert_eq!(s.after as u64, (total - s.first_frame - s.frames as u64).min(15), "n {n}");
            }
        }
    }

    #[test]
    fn no_samples_no_segments() {
        assert!(segments(0, 1, 8).is_empty());
    }

    #[test]
    fn a_segment_comes_as_soon_as_its_context_is_there() {
        let mut cutter = Cutter::new(4);
        cutter.push(&vec![0.5; 3 * HOP + CONTEXT_SAMPLES - 1]);
        assert_eq!(cutter.next_segment(), None);
        cutter.push(&[0.5]);
        assert_eq!(cutter.next_segment().unwrap().frames, 4);
        assert_eq!(cutter.next_segment(), None);
    }
}
