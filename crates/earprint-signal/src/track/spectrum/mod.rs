//! The short-time spectrum of a track and what one frame of it tells: level, bands, centroid, roll-off, flatness,
//! bandwidth, mel spectrum in dB, MFCC, onset envelope.
//!
//! In: mono samples `(N)` f32 at 44,100 Hz, frame `j` at `j * 1024 .. j * 1024 + 4096`. Out: |X|^2 of every frame under a
//! periodic Hann window, time-major, for the running medians; 128 mel bands in dB; the columns of `row.rs` named above.
//!
//! **Order.** Sums over bins are trees of sixteens: 16 bins ascending make a chunk, 16 chunks ascending a group, the eight
//! groups and bin 2048 ascending the sum. A device needs 41 steps for 2,049 bins that way, and no chain of additions is
//! long. A band's sum is the same tree with the bins outside it left out. One frame per lane, so the order is the same
//! at every width; `shaders/track/spectrum.wgsl` repeats it.
//!
//! **Moments.** Each chunk keeps its moments around its own middle; the variance around the centroid follows from them
//! without a second look at the bins and without the cancellation of E\[f^2\] - E\[f\]^2, since a chunk is 172 Hz wide.
//! **Flatness.** Mantissas of 16 bins are multiplied and exponents added (both cannot overflow), so 2,049 logarithms
//! become 129; exponents relative to the frame's own, so that a gain of a power of two changes no bit.
//!
//! Sources: G. Peeters 2004 (centroid, spread, roll-off, flatness); S. B. Davis, P. Mermelstein 1980 (MFCC);
//! decisions/0008 for the onset envelope.

mod columns;
mod flux;
mod kernel;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{HOP, N_FFT, row};
use crate::Width;
use crate::room::Line;
use earprint_lanes::at_width;

pub use flux::flux;
pub use tables::{
    BINS, HZ_PER_BIN, LN_BINS, MEL_AMIN, MELS, MFCCS, POWER_FLOOR, STRIDE, SpectrumTables, track_mel_spec,
};

/// The spectrum of a track's frames: tables and instruction set.
#[derive(Debug, Clone)]
pub struct SpectrumKernel {
    tables: Arc<SpectrumTables>,
    width: Width,
}

/// Where the results go.
#[derive(Debug)]
pub struct SpectrumOut<'a> {
    /// |X|^2, `(T, STRIDE)`: bins 0 ..= 2048, then zeros. A full-scale sine has about 1e6 at its bin.
    pub power: &'a mut [f32],
    /// Mel power, `(T, 128)`, dB against 1, at least -200.
    pub log_mel: &'a mut [f32],
    /// Rows, `(R, ROW)`: row `r` is frame `first_row + r`. Written are `MEAN_SQUARE ..= BANDWIDTH` and `MFCC ..`; the other
    /// columns stay.
    pub rows: &'a mut [f32],
    /// Frame of the first row; `first_row + R <= T`.
    pub first_row: usize,
}

/// Working memory of one thread. Grows to what the largest call needs and stays.
#[derive(Debug, Default)]
pub struct SpectrumScratch {
    /// Samples, transposed: lane = frame.
    turned: Vec<Line>,
    /// Points of the transform.
    points: Vec<Line>,
    /// Power of one group of frames, `(STRIDE, W)`.
    power: Vec<Line>,
    /// Mel of one group, `(M, W)`.
    mel: Vec<Line>,
    /// Sums of chunks and groups of one group of frames.
    sums: Vec<Line>,
    /// Columns of one group, `(ROW, W)`.
    columns: Vec<Line>,
    /// Sum of squares of every 1,024 samples.
    blocks: Vec<Line>,
    /// Where sample `o` of a frame stands in `turned`.
    place: Vec<u32>,
}

impl SpectrumKernel {
    /// A kernel for one instruction set.
    ///
    /// # Panics
    /// If this machine lacks the instruction set.
    pub fn new(width: Width) -> Self {
        assert!(Width::available().contains(&width), "{} is not available on this machine", width.name());
        Self { tables: Arc::new(SpectrumTables::new()), width }
    }

    /// Tables in use.
    pub fn tables(&self) -> &SpectrumTables {
        &self.tables
    }

    /// Samples that `frames` frames read.
    pub fn samples(frames: usize) -> usize {
        if frames == 0 { 0 } else { (frames - 1) * HOP + N_FFT }
    }

    /// Computes `frames` frames, T; see the module and [`SpectrumOut`] for shapes.
    ///
    /// # Panics
    /// If `pcm` is shorter than [`SpectrumKernel::samples`] or an output has another length than its shape says.
    pub fn run(&self, pcm: &[f32], frames: usize, mut out: SpectrumOut, scratch: &mut SpectrumScratch) {
        let needed = Self::samples(frames);
        assert!(pcm.len() >= needed, "{frames} frames read {needed} samples, {} came", pcm.len());
        assert_eq!(out.power.len(), frames * STRIDE, "power must be (T, STRIDE) = ({frames}, {STRIDE})");
        assert_eq!(out.log_mel.len(), frames * MELS, "log_mel must be (T, M) = ({frames}, {MELS})");
        assert_eq!(out.rows.len() % row::ROW, 0, "rows must be (R, {})", row::ROW);
        let rows = out.rows.len() / row::ROW;
        assert!(out.first_row + rows <= frames, "rows {} + {rows} of {frames} frames", out.first_row);
        if frames == 0 {
            return;
        }
        // Samples behind the last frame are none of its business.
        let (tables, pcm, out) = (&*self.tables, &pcm[..needed], &mut out);
        at_width!(
            self.width,
            kernel::run(
                tables: &SpectrumTables,
                pcm: &[f32],
                frames: usize,
                out: &mut SpectrumOut,
                scratch: &mut SpectrumScratch,
            )
        );
    }
}
