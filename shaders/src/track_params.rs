//! The uniform blocks of the track kernels.

use crate::uniform::uniform;

uniform! {
    /// Twin of `SpectrumParams` in `track/spectrum.wgsl`; meanings stand there.
    SpectrumParams {
        /// Frames of the dispatch, T.
        frames: u32,
        /// Complex points of a frame, 2048.
        points: u32,
        /// Passes of the transform.
        stages: u32,
        /// sqrt(1/2), as a value no compiler can see: see `butterfly8`.
        sqrt_half: f32,
        /// Smallest mel power the logarithm sees.
        amin: f32,
        /// 10 / ln 10.
        db_per_neper: f32,
        /// ln 2049, as a value no compiler can see: see `flatness_of`.
        ln_bins: f32,
        /// Index of the split's table.
        split_at: u32,
        /// Index of the twiddles.
        twiddles_at: u32,
        /// Index of the weights.
        weights_at: u32,
        /// Index of the DCT-II.
        dct_at: u32,
        /// Index of the stages.
        stages_at: u32,
        /// Index of the first bins.
        first_bin_at: u32,
        /// Index of the weights' offsets.
        offset_at: u32,
        /// Index of the bands' bins.
        bands_at: u32,
    }
}

uniform! {
    /// Twin of `FluxParams` in `track/flux.wgsl`.
    FluxParams {
        /// Rows of the dispatch, R.
        rows: u32,
    }
}
