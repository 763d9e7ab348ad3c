//! Rows of the track descriptor as a recording: every segment of a batch through every kernel, one after another.
//!
//! In: segments of any tracks, of any lengths, packed one behind another; nothing is padded. Out: rows `(T, ROW)` f32 of all
//! frames, segment after segment. No kernel knows of segments: which samples and which frames belong to a row stands in the
//! index tables made here, reflection at the ends of a track included, so no row depends on what else is in the batch.

use std::borrow::Cow;
use std::sync::Arc;

use earprint_shaders::{
    FluxParams, HpssParams, TRACK_CONSTANT_Q, TRACK_DECIMATE, TRACK_FLUX, TRACK_HPSS, TRACK_SPECTRUM, YIN_DIFFERENCE,
    YIN_SEARCH, YinParams,
};
use earprint_signal::Width;
use earprint_signal::track::row::{APERIODICITY, F0, ROW};
use earprint_signal::track::{
    CONTEXT_SAMPLES, ConstantQTables, HOP, MEDIAN_REACH, MELS, N_FFT, STAGES, STRIDE, SpectrumKernel, TrackSegment,
    YIN_LAGS, YinTables,
};

use crate::recording::{BufferId, Content, Recording};
use crate::{ConstantQBatch, ConstantQGpuTables, ConstantQSegment, Room, SpectrumGpuTables};

/// No row, or no frame before.
const NONE: u32 = u32::MAX;
/// Frames of a group of `track/hpss`, and frames around it that its medians see.
const GROUP: usize = 16;
const WINDOW: usize = GROUP + 2 * MEDIAN_REACH;
/// Rows of a workgroup of `track/flux`.
const FLUX_ROWS: usize = 4;
/// Frames of a workgroup of `track/yin_search`.
const YIN_FRAMES: usize = 64;

/// What a segment takes on a device; a batch takes the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackBytes {
    /// Its power spectra, the largest buffer but for very short segments.
    pub power: u64,
    /// Its samples, the largest buffer of those.
    pub samples: u64,
    /// All its buffers, rows once more for reading back.
    pub total: u64,
}

impl TrackBytes {
    /// A segment of `frames` frames with all the context there can be: linear in the frames.
    pub fn of(frames: usize) -> Self {
        let seen = frames + 2 * MEDIAN_REACH;
        let groups = frames.div_ceil(GROUP);
        let words = TrackSegment::samples(frames)
            // starts and rows of frames, power, log-mel
            + seen * (2 + STRIDE + MELS)
            // medians: windows and rows
            + groups * (WINDOW + GROUP)
            // onset envelope: frames now and before
            + 2 * frames
            // YIN: blocks, their differences, each frame's two blocks
            + (frames + 1) * (1 + YIN_LAGS) + 2 * frames
            // constant-Q: tiles, halved rates, each frame's block
            + ConstantQSegment::tile_words(frames) + ConstantQSegment::stage_samples(frames) + frames
            // numbers of rows, rows, rows for reading back
            + frames * (1 + 2 * ROW);
        Self {
            power: (seen * STRIDE) as u64 * 4,
            samples: TrackSegment::samples(frames) as u64 * 4,
            total: words as u64 * 4,
        }
    }

    /// Its largest buffer, bytes.
    pub fn largest(self) -> u64 {
        self.power.max(self.samples)
    }

    /// True where a batch that takes this fits.
    pub fn fits(self, room: Room) -> bool {
        // Tables that stay on the device take 0.2 MB; a megabyte is theirs.
        self.largest() <= room.largest_buffer && self.total + (1 << 20) <= room.total
    }
}

impl std::ops::Add for TrackBytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { power: self.power + other.power, samples: self.samples + other.samples, total: self.total + other.total }
    }
}

/// Makes recordings of segments. Keep one: machines hold on to its tables.
pub struct TrackRecorder {
    spectrum: SpectrumGpuTables,
    spectrum_tables: Arc<[u32]>,
    spectrum_indices: Arc<[u32]>,
    yin: YinTables,
    yin_tables: Arc<[u32]>,
    yin_indices: Arc<[u32]>,
    taps: Arc<[u32]>,
    waves: Arc<[u32]>,
    lengths: Arc<[u32]>,
}

impl TrackRecorder {
    /// The tables of all kernels.
    pub fn new() -> Self {
        let words = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Arc<[u32]>>();
        let spectrum = SpectrumGpuTables::new(SpectrumKernel::new(Width::Scalar).tables());
        let yin = YinTables::new();
        let constant_q = ConstantQGpuTables::new(&ConstantQTables::new());
        Self {
            spectrum_tables: words(&spectrum.tables),
            spectrum_indices: spectrum.indices.as_slice().into(),
            spectrum,
            yin_tables: words(&yin.tables),
            yin_indices: yin.indices.as_slice().into(),
            yin,
            taps: words(&constant_q.taps),
            waves: words(&constant_q.waves),
            lengths: constant_q.lengths.into(),
        }
    }

    /// The recording of a batch; its result are rows `(T, ROW)` f32 of all segments' frames.
    ///
    /// # Panics
    /// Without segments, if a segment's samples do not have the length its frames ask for, or if the batch holds 2^30 samples.
    pub fn record(&self, segments: &[TrackSegment]) -> Recording<'static> {
        let batch = Places::of(segments);
        let mut r = Recording::new();
        let rows = r.scratch(batch.rows * ROW);
        r.result = rows;
        let pcm = r.buffer(Content::Fresh(Cow::Owned(batch.pcm)));
        // Frames with a row come in the order of the rows, in the kernels that ask.
        let row_of = r.words((0..batch.rows as u32).collect());
        self.spectrum(&mut r, pcm, rows, batch.frames);
        self.yin(&mut r, pcm, [row_of, rows], batch.yin);
        self.constant_q(&mut r, pcm, [row_of, rows], &batch.constant_q);
        r
    }

    fn spectrum(&self, r: &mut Recording, pcm: BufferId, rows: BufferId, batch: Frames) {
        let frames = batch.starts.len();
        let starts = r.words(batch.starts);
        let row_of = r.words(batch.row_of);
        let tables = r.buffer(Content::Table(self.spectrum_tables.clone()));
        let indices = r.buffer(Content::Table(self.spectrum_indices.clone()));
        let power = r.scratch(frames * STRIDE);
        let log_mel = r.scratch(frames * MELS);
        let buffers = [pcm, starts, row_of, tables, indices, power, log_mel, rows];
        r.step(&TRACK_SPECTRUM, self.spectrum.params(frames).bytes(), frames, &buffers);

        let (count, groups) = (batch.now.len(), batch.group_row_of.len() / GROUP);
        let now = r.words(batch.now);
        let before = r.words(batch.before);
        let params = FluxParams { rows: count as u32 };
        r.step(&TRACK_FLUX, params.bytes(), count.div_ceil(FLUX_ROWS), &[log_mel, now, before, rows]);

        let windows = r.words(batch.windows);
        let row_of = r.words(batch.group_row_of);
        let params = HpssParams { groups: groups as u32 };
        r.step(&TRACK_HPSS, params.bytes(), groups, &[power, windows, row_of, rows]);
    }

    fn yin(&self, r: &mut Recording, pcm: BufferId, [row_of, rows]: [BufferId; 2], batch: Yin) {
        let (blocks, frames) = (batch.blocks.len(), batch.blocks_of.len() / 2);
        let params = YinParams {
            blocks: blocks as u32,
            frames: frames as u32,
            points: HOP as u32,
            stages: self.yin.stages as u32,
            split_at: self.yin.split_at as u32,
            twiddles_at: self.yin.twiddles_at as u32,
            stages_at: self.yin.stages_at as u32,
            row: ROW as u32,
            f0_at: F0 as u32,
            aperiodicity_at: APERIODICITY as u32,
            sqrt_half: std::f32::consts::FRAC_1_SQRT_2,
        };
        let starts = r.words(batch.blocks);
        let tables = r.buffer(Content::Table(self.yin_tables.clone()));
        let indices = r.buffer(Content::Table(self.yin_indices.clone()));
        let difference = r.scratch(blocks * YIN_LAGS);
        r.step(&YIN_DIFFERENCE, params.bytes(), blocks, &[pcm, starts, tables, indices, difference]);
        let blocks_of = r.words(batch.blocks_of);
        r.step(&YIN_SEARCH, params.bytes(), frames.div_ceil(YIN_FRAMES), &[difference, blocks_of, row_of, rows]);
    }

    fn constant_q(
        &self,
        r: &mut Recording,
        pcm: BufferId,
        [row_of, rows]: [BufferId; 2],
        segments: &[ConstantQSegment],
    ) {
        let batch = ConstantQBatch::new(segments);
        let tiles = r.words(batch.tiles.clone());
        let taps = r.buffer(Content::Table(self.taps.clone()));
        let stages = r.scratch(batch.stage_samples);
        for halving in 0..STAGES {
            let (params, groups) = batch.decimate(halving);
            r.step(&TRACK_DECIMATE, params.bytes(), groups, &[pcm, tiles, taps, stages]);
        }
        let (params, groups) = batch.constant_q();
        let blocks = r.words(batch.blocks);
        let waves = r.buffer(Content::Table(self.waves.clone()));
        let lengths = r.buffer(Content::Table(self.lengths.clone()));
        r.step(&TRACK_CONSTANT_Q, params.bytes(), groups, &[stages, blocks, row_of, waves, lengths, rows]);
    }
}

impl Default for TrackRecorder {
    fn default() -> Self {
        Self::new()
    }
}

/// A batch's samples and index tables.
struct Places {
    pcm: Vec<u8>,
    rows: usize,
    frames: Frames,
    yin: Yin,
    constant_q: Vec<ConstantQSegment>,
}

/// Frames whose spectrum is taken: those of the segments and those that their medians see.
#[derive(Default)]
struct Frames {
    /// `(F)`: a frame's first sample.
    starts: Vec<u32>,
    /// `(F)`: its row, if it has one.
    row_of: Vec<u32>,
    /// `(R)`: a row's frame, and the frame before it.
    now: Vec<u32>,
    before: Vec<u32>,
    /// `(G, WINDOW)` and `(G, GROUP)`: see the card of `track/hpss`.
    windows: Vec<u32>,
    group_row_of: Vec<u32>,
}

/// Blocks of 1,024 samples, each of which two frames share.
#[derive(Default)]
struct Yin {
    /// `(B)`: a block's first sample.
    blocks: Vec<u32>,
    /// `(R, 2)`: a frame's blocks.
    blocks_of: Vec<u32>,
}

impl Places {
    fn of(segments: &[TrackSegment]) -> Self {
        assert!(!segments.is_empty(), "a batch has at least one segment");
        let samples: usize = segments.iter().map(|s| s.pcm.len()).sum();
        assert!(samples < 1 << 30, "a batch of less than 2^30 samples; got {samples}");
        let mut batch = Self {
            pcm: Vec::with_capacity(samples * 4),
            rows: 0,
            frames: Frames::default(),
            yin: Yin::default(),
            constant_q: Vec::new(),
        };
        for segment in segments {
            let wanted = TrackSegment::samples(segment.frames);
            assert_eq!(segment.pcm.len(), wanted, "samples of {} frames", segment.frames);
            let first_sample = batch.pcm.len() / 4;
            batch.frames.add(segment, first_sample, batch.rows);
            batch.yin.add(segment, first_sample);
            batch.constant_q.push(ConstantQSegment { pcm: first_sample, frames: segment.frames });
            batch.pcm.extend(segment.pcm.iter().flat_map(|v| v.to_ne_bytes()));
            batch.rows += segment.frames;
        }
        batch
    }
}

impl Frames {
    fn add(&mut self, segment: &TrackSegment, first_sample: usize, first_row: usize) {
        let (frames, before, after) = (segment.frames as isize, segment.before as isize, segment.after as isize);
        // Frame j of the segment, -before .. frames + after, is frame `zero + j` of the batch.
        let zero = self.starts.len() as isize + before;
        let centre = (first_sample + CONTEXT_SAMPLES - N_FFT / 2) as isize;
        for j in -before..frames + after {
            self.starts.push((centre + j * HOP as isize) as u32);
            self.row_of.push(if (0..frames).contains(&j) { (first_row as isize + j) as u32 } else { NONE });
        }
        for j in 0..frames {
            self.now.push((zero + j) as u32);
            self.before.push(if j > -before { (zero + j - 1) as u32 } else { NONE });
        }
        let reach = MEDIAN_REACH as isize;
        for group in (0..frames).step_by(GROUP) {
            let end = frames.min(group + GROUP as isize);
            for j in group - reach..group - reach + WINDOW as isize {
                // Beyond what the group's frames see any frame will do.
                let seen = if j < end + reach { segment.median_frame(j) } else { 0 };
                self.windows.push((zero + seen) as u32);
            }
            let row = |j: isize| if j < end { (first_row as isize + j) as u32 } else { NONE };
            self.group_row_of.extend((group..group + GROUP as isize).map(row));
        }
    }
}

impl Yin {
    fn add(&mut self, segment: &TrackSegment, first_sample: usize) {
        let start = first_sample + CONTEXT_SAMPLES - N_FFT / 2;
        let first_block = self.blocks.len();
        self.blocks.extend((0..=segment.frames).map(|b| (start + b * HOP) as u32));
        for j in 0..segment.frames {
            self.blocks_of.extend([first_block + j, first_block + j + 1].map(|b| b as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_what_a_recording_takes() {
        let recorder = TrackRecorder::new();
        let lengths = [(1, 15, 15), (40, 15, 15), (17, 3, 15), (64, 15, 15)];
        let pcm = vec![0.0; TrackSegment::samples(64)];
        let segments = lengths.map(|(frames, before, after)| TrackSegment {
            pcm: &pcm[..TrackSegment::samples(frames)],
            frames,
            before,
            after,
        });
        let tables = |r: &Recording| -> u64 {
            r.buffers.iter().filter(|b| matches!(b, Content::Table(_))).map(Content::bytes).sum()
        };
        for some in [&segments[..1], &segments[1..2], &segments[3..4]] {
            let r = recorder.record(some);
            assert_eq!(r.device_bytes() - tables(&r), TrackBytes::of(some[0].frames).total);
            assert_eq!(r.largest_bytes(), TrackBytes::of(some[0].frames).largest());
            assert!(tables(&r) < 1 << 20, "{}", tables(&r));
        }
        let all = segments.iter().map(|s| TrackBytes::of(s.frames)).fold(TrackBytes::default(), |a, b| a + b);
        let r = recorder.record(&segments);
        assert!(r.device_bytes() - tables(&r) < all.total && r.largest_bytes() < all.largest());
        let room = Room { largest_buffer: all.largest(), total: all.total };
        assert!(!all.fits(room), "no room for tables");
        assert!(all.fits(Room { total: all.total + (1 << 20), ..room }));
    }

    #[test]
    fn windows_stay_among_the_frames_of_their_track() {
        let pcm = vec![0.0; TrackSegment::samples(20)];
        let segment = |before, after| TrackSegment { pcm: &pcm, frames: 20, before, after };
        let places = Places::of(&[segment(0, 15), segment(15, 0), segment(2, 1)]);
        let f = &places.frames;
        assert_eq!(f.starts.len(), 35 + 35 + 23);
        for (g, window) in f.windows.chunks(WINDOW).enumerate() {
            let own = [0..35, 35..70, 70..93][g / 2].clone();
            assert!(window.iter().all(|&w| own.contains(&(w as usize))), "group {g}: {window:?}");
            for (j, &row) in f.group_row_of[g * GROUP..][..GROUP].iter().enumerate() {
                if row != NONE {
                    assert_eq!(f.row_of[window[MEDIAN_REACH + j] as usize], row, "the frame itself is in the middle");
                    assert_eq!(f.now[row as usize], window[MEDIAN_REACH + j]);
                }
            }
        }
        // A track's first frame has none before it; a later segment's has.
        assert_eq!((f.before[0], f.before[20], f.before[40]), (NONE, 49, 71));
        // Reflection with the edge repeated.
        assert_eq!(f.windows[..3], [14, 13, 12]);
    }
}
