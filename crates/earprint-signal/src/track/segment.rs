//! What a kernel gets: samples around a run of frames.

/// Samples of a frame.
pub const N_FFT: usize = 4096;
/// Samples from one frame to the next.
pub const HOP: usize = 1024;
/// Frames on either side that the running medians of 31 frames reach.
pub const MEDIAN_REACH: usize = 15;
/// Frames' worth of samples on either side of a segment's frame centres: the constant-Q window of C1 (0.79 s to each
/// side) with the tails of its decimators, and the medians' frames with theirs, fit inside.
pub const CONTEXT_FRAMES: usize = 42;
/// The same in samples.
pub const CONTEXT_SAMPLES: usize = CONTEXT_FRAMES * HOP;

/// Frames of a track of `samples` samples: `1 + samples / HOP`; none without samples.
pub fn frames_of(samples: u64) -> u64 {
    if samples == 0 { 0 } else { 1 + samples / HOP as u64 }
}

/// A run of frames of one track.
#[derive(Debug, Clone, Copy)]
pub struct TrackSegment<'a> {
    /// Mono samples, full scale 1, finite: the centre of frame `j` of the segment is `pcm[CONTEXT_SAMPLES + j * HOP]`.
    /// Length `2 * CONTEXT_SAMPLES + (frames - 1) * HOP`, zeros where the track has no samples.
    pub pcm: &'a [f32],
    /// Frames T of the segment, at least 1.
    pub frames: usize,
    /// Frames of the track before the segment, as far as [`MEDIAN_REACH`] needs to know: 0 ..= 15.
    pub before: usize,
    /// Frames of the track after the segment: 0 ..= 15.
    pub after: usize,
}

impl TrackSegment<'_> {
    /// Samples a segment of `frames` frames carries.
    pub fn samples(frames: usize) -> usize {
        2 * CONTEXT_SAMPLES + (frames - 1) * HOP
    }

    /// Frame of the segment (negative: before it) whose spectrum stands at frame `j` (-15 .. T + 15): `j` itself where the
    /// track has it, else reflected at the track's end, edge repeated (d c b a | a b c d | d c b a), as
    /// `scipy.ndimage.median_filter(mode="reflect")` has it.
    pub fn median_frame(&self, j: isize) -> isize {
        // Seen from the segment, the track spans these frames; what lies farther than 15 away is never reflected onto.
        let (first, last) = (-(self.before as isize), (self.frames + self.after) as isize - 1);
        let open = |side: usize| side == MEDIAN_REACH;
        if (j < first && open(self.before)) || (j > last && open(self.after)) || (first..=last).contains(&j) {
            return j;
        }
        if !open(self.before) && !open(self.after) {
            return first + reflected(j - first, last - first + 1);
        }
        if j < first { 2 * first - 1 - j } else { 2 * last + 1 - j }
    }
}

/// Index `i` folded into `0 .. n` by reflection with the edge repeated, however far outside it lies.
pub fn reflected(i: isize, n: isize) -> isize {
    let k = i.rem_euclid(2 * n);
    if k < n { k } else { 2 * n - 1 - k }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflection_repeats_the_edge_and_folds_short_tracks() {
        let at = |i| reflected(i, 3);
        assert_eq!((-4..8).map(at).collect::<Vec<_>>(), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
        let s = TrackSegment { pcm: &[], frames: 4, before: 0, after: 15 };
        assert_eq!((-3..3).map(|j| s.median_frame(j)).collect::<Vec<_>>(), [2, 1, 0, 0, 1, 2]);
        assert_eq!(s.median_frame(12), 12);
        let s = TrackSegment { pcm: &[], frames: 3, before: 15, after: 2 };
        assert_eq!((2..8).map(|j| s.median_frame(j)).collect::<Vec<_>>(), [2, 3, 4, 4, 3, 2]);
        assert_eq!(s.median_frame(-15), -15);
        let s = TrackSegment { pcm: &[], frames: 2, before: 1, after: 0 };
        assert_eq!((-4..6).map(|j| s.median_frame(j)).collect::<Vec<_>>(), [1, 0, -1, -1, 0, 1, 1, 0, -1, -1]);
    }
}
