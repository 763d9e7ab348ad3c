//! The frame features of the track descriptor: mono samples of one segment in, one row of numbers per frame out.
//!
//! Frame `t` of a track is centred on sample `1024 t` of its mono signal at 44,100 Hz and spans 4,096 samples (zeros
//! outside the track); a track of N samples has `1 + N / 1024` frames. A segment is a run of frames with enough samples
//! and frames around it that its rows do not depend on where a track was cut: that is what makes streaming equal to
//! the whole, and lets a device compute any mixture of segments.

mod constant_q;
mod hpss;
mod kernel;
pub mod row;
mod segment;
mod spectrum;
mod yin;

pub use constant_q::{
    C1_HZ, CLASSES, ConstantQKernel, ConstantQScratch, ConstantQTables, FIRST_STAGE, OCTAVES, PADDED, PAIRS, REACH,
    STAGES,
};
pub use hpss::{HpssKernel, HpssScratch};
pub use kernel::{TrackKernel, TrackScratch};
pub use segment::{CONTEXT_FRAMES, CONTEXT_SAMPLES, HOP, MEDIAN_REACH, N_FFT, TrackSegment, frames_of, reflected};
pub use spectrum::{
    BINS, HZ_PER_BIN, LN_BINS, MEL_AMIN, MELS, MFCCS, POWER_FLOOR, STRIDE, SpectrumKernel, SpectrumOut,
    SpectrumScratch, SpectrumTables, flux, track_mel_spec,
};
pub use yin::{LAGS as YIN_LAGS, YinKernel, YinScratch, YinTables};
