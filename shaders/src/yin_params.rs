//! The uniform block of the YIN kernels.

use crate::uniform::uniform;

uniform! {
    /// Twin of `YinParams` in `track/yin_params.wgsl`; meanings stand there.
    YinParams {
        /// Blocks of the dispatch, B.
        blocks: u32,
        /// Frames of the dispatch, T.
        frames: u32,
        /// Complex points of the transform.
        points: u32,
        /// Passes of the transform.
        stages: u32,
        /// Index of the split's table.
        split_at: u32,
        /// Index of the twiddles.
        twiddles_at: u32,
        /// Index of the stages.
        stages_at: u32,
        /// Columns of a row.
        row: u32,
        /// Column of f0.
        f0_at: u32,
        /// Column of the aperiodicity.
        aperiodicity_at: u32,
        /// sqrt(1/2), as a value no compiler can see: see `butterfly8`.
        sqrt_half: f32,
    }
}
