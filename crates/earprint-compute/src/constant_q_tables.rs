//! What `track/decimate` and `track/constant_q` read, in the layout of their WGSL: tables that never change, and the index
//! tables of a batch. Both GPU crates upload exactly this.
//!
//! A batch is cut into blocks of [`HOP`] samples, each segment's `T + 83` after the segment's before it. The buffer
//! `stages` holds all of them at half the rate, then all of them at a quarter of it, and so on to 1/256: halving `s`
//! leaves `1024 >> s` samples of each block. A segment is therefore one stretch at every rate, wherever its samples lie
//! in `pcm`, and a batch takes 1,020 values a block.

use earprint_shaders::{ConstantQParams, DecimateParams};
use earprint_signal::track::{
    CLASSES, CONTEXT_FRAMES, ConstantQTables, HOP, PADDED, PAIRS, REACH, STAGES, TrackSegment,
};

/// Outputs of a workgroup of `track/decimate`.
const TILE: usize = 1024;
/// Frames of a workgroup of `track/constant_q`.
const FRAMES: usize = 4;

/// Tables of the constant-Q kernels.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstantQGpuTables {
    /// Filters one after another: centre tap, then those at distance 1, 3, 5, ...
    pub taps: Vec<f32>,
    /// Window times (cosine, sine), `(REACH, CLASSES, 2)`.
    pub waves: Vec<f32>,
    /// Distances at which a class's window is not zero, `(CLASSES)`.
    pub lengths: Vec<u32>,
}

impl ConstantQGpuTables {
    /// The tables, packed.
    pub fn new(from: &ConstantQTables) -> Self {
        let at = |i: usize| (i / CLASSES) * PADDED + i % CLASSES;
        Self {
            taps: from.half_bands.concat(),
            waves: (0..REACH * CLASSES).flat_map(|i| [from.cosine[at(i)], from.sine[at(i)]]).collect(),
            lengths: from.length[..CLASSES].to_vec(),
        }
    }
}

/// Where one segment lies in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstantQSegment {
    /// Its first sample in `pcm`; `TrackSegment::samples(frames)` samples follow.
    pub pcm: usize,
    /// Its frames T, at least 1.
    pub frames: usize,
}

impl ConstantQSegment {
    /// Blocks of a segment of `frames` frames.
    fn blocks(frames: usize) -> usize {
        TrackSegment::samples(frames) / HOP
    }

    /// Values of `stages` for a segment of `frames` frames: those of a batch are the sum.
    pub fn stage_samples(frames: usize) -> usize {
        Self::blocks(frames) * (HOP - (HOP >> STAGES))
    }

    /// Words of [`ConstantQBatch::tiles`] for a segment of `frames` frames: those of a batch are the sum.
    pub fn tile_words(frames: usize) -> usize {
        (1..=STAGES).map(|s| 4 * (Self::blocks(frames) * (HOP >> s)).div_ceil(TILE)).sum()
    }
}

/// Index tables of a batch: any segments, in the order of their frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantQBatch {
    /// `(tiles, 4)`, all halvings one after another: a segment's first sample in the input, its samples there, its first
    /// sample in the output, first output of the tile counted from there.
    pub tiles: Vec<u32>,
    /// `(T)`: the block that begins with a frame's centre, segment after segment.
    pub blocks: Vec<u32>,
    /// Values that `stages` must hold.
    pub stage_samples: usize,
    /// Where each halving's tiles begin, and where the last one's end.
    first_tile: [u32; STAGES + 1],
    block_count: u32,
}

impl ConstantQBatch {
    /// Tables of a batch.
    ///
    /// # Panics
    /// If a segment has no frames, or the batch more samples than 32 bits count.
    pub fn new(segments: &[ConstantQSegment]) -> Self {
        let index = |i: usize| u32::try_from(i).expect("a batch of less than 2^32 samples");
        let mut first_block = vec![0];
        let mut blocks = Vec::new();
        for segment in segments {
            assert!(segment.frames > 0, "a segment has at least one frame");
            let first = first_block[first_block.len() - 1];
            blocks.extend((0..segment.frames).map(|j| index(first + CONTEXT_FRAMES + j)));
            first_block.push(first + ConstantQSegment::blocks(segment.frames));
        }
        let block_count = first_block[segments.len()];
        // First sample in `stages` of block b after s halvings, behind those of the halvings before.
        let at = |s: usize, b: usize| block_count * (HOP - 2 * (HOP >> s)) + b * (HOP >> s);
        let (mut tiles, mut first_tile) = (Vec::new(), [0; STAGES + 1]);
        for s in 1..=STAGES {
            for (segment, ends) in segments.iter().zip(first_block.windows(2)) {
                let input = if s == 1 { segment.pcm } else { at(s - 1, ends[0]) };
                let samples = (ends[1] - ends[0]) * (HOP >> (s - 1));
                index(input + samples);
                for tile in (0..samples / 2).step_by(TILE) {
                    tiles.extend([input, samples, at(s, ends[0]), tile].map(index));
                }
            }
            first_tile[s] = index(tiles.len() / 4);
        }
        let stage_samples = block_count * (HOP - (HOP >> STAGES));
        index(stage_samples);
        Self { tiles, blocks, stage_samples, first_tile, block_count: index(block_count) }
    }

    /// Uniform block and workgroups of `track/decimate` for one halving, `0 .. STAGES`; each needs the one before. The
    /// workgroups may be spread over two dimensions; those too many do nothing.
    pub fn decimate(&self, halving: usize) -> (DecimateParams, usize) {
        let kind = usize::from(halving > 0);
        let (first_tile, end) = (self.first_tile[halving], self.first_tile[halving + 1]);
        let params = DecimateParams {
            tiles: end - first_tile,
            first_tile,
            from_pcm: u32::from(halving == 0),
            pairs: PAIRS[kind] as u32,
            taps_at: [0, 1 + PAIRS[0] as u32][kind],
        };
        (params, params.tiles as usize)
    }

    /// Uniform block and workgroups of `track/constant_q`, after all halvings; workgroups as for `decimate`.
    pub fn constant_q(&self) -> (ConstantQParams, usize) {
        let frames = self.blocks.len();
        (ConstantQParams { frames: frames as u32, blocks: self.block_count }, frames.div_ceil(FRAMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_signal::track::CONTEXT_SAMPLES;

    #[test]
    fn tiles_write_every_value_once_and_read_their_own_segment() {
        let frames = [1, 64, 2, 1000, 31];
        let mut pcm = 7;
        let segments = frames.map(|frames| {
            let segment = ConstantQSegment { pcm, frames };
            pcm += TrackSegment::samples(frames) + 13;
            segment
        });
        let batch = ConstantQBatch::new(&segments);
        assert_eq!(batch.stage_samples, frames.iter().map(|&t| ConstantQSegment::stage_samples(t)).sum::<usize>());
        assert_eq!(batch.tiles.len(), frames.iter().map(|&t| ConstantQSegment::tile_words(t)).sum::<usize>());

        // The segment that wrote each value, and how many halvings ago it was a sample.
        let mut written = vec![None; batch.stage_samples];
        let mut tiles = batch.tiles.chunks(4);
        for s in 0..STAGES {
            let (params, groups) = batch.decimate(s);
            assert_eq!(4 * params.first_tile as usize, batch.tiles.len() - 4 * tiles.len());
            for tile in tiles.by_ref().take(groups) {
                let [input, samples, output, first] = [0, 1, 2, 3].map(|i| tile[i] as usize);
                let k = if s == 0 {
                    segments.iter().position(|g| g.pcm == input).unwrap()
                } else {
                    let (k, halvings) = written[input].unwrap();
                    assert_eq!(halvings, s);
                    assert!(written[input..input + samples].iter().all(|&w| w == Some((k, s))));
                    k
                };
                assert_eq!(samples, TrackSegment::samples(frames[k]) >> s);
                for w in &mut written[output + first..output + samples / 2][..TILE.min(samples / 2 - first)] {
                    assert_eq!(w.replace((k, s + 1)), None);
                }
            }
        }
        assert!(tiles.next().is_none() && written.iter().all(Option::is_some));
    }

    #[test]
    fn a_frames_block_begins_with_its_centre() {
        let segments = [3, 1].map(|frames| ConstantQSegment { pcm: 0, frames });
        let batch = ConstantQBatch::new(&segments);
        let first = [0, 0, 0, TrackSegment::samples(3)];
        for (j, block) in batch.blocks.iter().enumerate() {
            assert_eq!(*block as usize * HOP, first[j] + CONTEXT_SAMPLES + (j % 3) * HOP);
        }
        assert_eq!(batch.constant_q(), (ConstantQParams { frames: 4, blocks: 86 + 84 }, 1));
        assert_eq!(ConstantQBatch::new(&[]).stage_samples, 0);
    }
}
