//! The uniform blocks of the constant-Q kernels.

use crate::uniform::uniform;

uniform! {
    /// Twin of `DecimateParams` in `track/decimate.wgsl`; meanings stand there.
    DecimateParams {
        /// Tiles of this halving.
        tiles: u32,
        /// The first of them in the table.
        first_tile: u32,
        /// 1: the input is the batch's samples.
        from_pcm: u32,
        /// Pairs of taps.
        pairs: u32,
        /// Index of the centre tap.
        taps_at: u32,
    }
}

uniform! {
    /// Twin of `ConstantQParams` in `track/constant_q.wgsl`; meanings stand there.
    ConstantQParams {
        /// Frames of the dispatch, T.
        frames: u32,
        /// Blocks of the batch.
        blocks: u32,
    }
}
