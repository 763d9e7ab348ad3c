//! The frame features of the track descriptor: mono samples of one segment in, one row of numbers per frame out.
//!
//! Frame `t` of a track is centred on sample `1024 t` of its mono signal at 44,100 Hz and spans 4,096 samples (zeros
//! outside the track); a track of N samples has `1 + N / 1024` frames. A segment is a run of frames with enough samples
//! and frames around it that its rows do not depend on where a track was cut: that is what makes streaming equal to
//! the whole, and lets a device compute any mixture of segments.

pub mod row;
mod segment;

pub use segment::{CONTEXT_FRAMES, CONTEXT_SAMPLES, HOP, MEDIAN_REACH, N_FFT, TrackSegment, frames_of, reflected};
