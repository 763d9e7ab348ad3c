//! The uniform block of the mel kernels.

use crate::uniform::uniform;

/// Bits of [`MelParams::flags`].
pub mod flags {
    /// Samples are pairs of 16-bit integers.
    pub const PCM_I16: u32 = 1;
    /// The square root of the power goes through the bank.
    pub const MAGNITUDE: u32 = 2;
    /// The logarithm is applied.
    pub const LOG: u32 = 4;
    /// Values leave as pairs of f16.
    pub const OUT_F16: u32 = 8;
}

uniform! {
    /// Twin of `MelParams` in `common/mel_params.wgsl`; meanings stand there.
    MelParams {
        /// Outputs of the dispatch, T.
        outputs: u32,
        /// Bands, M.
        n_mels: u32,
        /// Complex points of a frame, n_fft / 2.
        points: u32,
        /// Samples from one pooled frame to the next.
        hop: u32,
        /// Frames of one output.
        pool_frames: u32,
        /// Frames of one chunk.
        chunk: u32,
        /// Passes of the transform.
        stages: u32,
        /// Frames a workgroup holds at a time.
        round: u32,
        /// See [`flags`].
        flags: u32,
        /// Smallest value the logarithm sees.
        amin: f32,
        /// Units per neper.
        log_scale: f32,
        /// Added after scaling.
        log_offset: f32,
        /// 1 / pool_frames.
        mean: f32,
        /// Index of the split's table.
        split_at: u32,
        /// Index of the twiddles.
        twiddles_at: u32,
        /// Index of the weights.
        weights_at: u32,
        /// Index of the stages.
        stages_at: u32,
        /// Index of the first bins.
        first_bin_at: u32,
        /// Index of the weights' offsets.
        offset_at: u32,
        /// sqrt(1/2), as a value no compiler can see: see `butterfly8`.
        sqrt_half: f32,
    }
}
