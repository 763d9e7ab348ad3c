//! Harmonic and percussive energy of frames: power over time and frequency in, two columns of the rows out.
//!
//! Mh(t, f) is the median of the power over the frames t - 15 ..= t + 15, Mp(t, f) over the bins f - 15 ..= f + 15 (bins
//! reflected with the edge repeated; frames by whoever fills the tile). Medians of power stand in the order of medians
//! of magnitude, so the soft mask of power two on magnitudes is Mh / (Mh + Mp), and Mp / (Mh + Mp); the columns are the sums
//! over bins of power times squared mask. Source: D. Fitzgerald, "Harmonic/percussive separation using median filtering",
//! DAFx 2010.
//!
//! Order: a block is 16 bins, ascending; a group 16 blocks; then 8 groups and bin 2048. A mask is the median times
//! 1 / max(Mh + Mp, smallest normal f32). Twin: `shaders/track/hpss.wgsl`.

mod kernel;
mod median;
#[cfg(test)]
mod tests;

use super::row::ROW;
use super::segment::MEDIAN_REACH;
use super::spectrum::STRIDE;
use crate::Width;
use crate::room::Line;
use earprint_lanes::at_width;

/// Medians and masks for one instruction set.
#[derive(Debug, Clone)]
pub struct HpssKernel {
    width: Width,
}

/// Working memory of one thread.
#[derive(Debug, Default)]
pub struct HpssScratch {
    /// Sixteen frames, turned: `(bins, 16)`.
    turned: Vec<Line>,
    /// Rows of a last group that is not full.
    last: Vec<f32>,
}

impl HpssKernel {
    /// For an instruction set.
    ///
    /// # Panics
    /// If this machine lacks it.
    pub fn new(width: Width) -> Self {
        assert!(Width::available().contains(&width), "{} is not available on this machine", width.name());
        Self { width }
    }

    /// Columns `HARMONIC` and `PERCUSSIVE` of `rows (T, ROW)`. `power (T + 30, stride)`: row `r` is frame `r - 15`, bins 0
    /// ..= 2048 first; values must be finite and not negative.
    ///
    /// # Panics
    /// If a length is not what its shape says, or `stride` is below [`STRIDE`].
    pub fn run(&self, power: &[f32], stride: usize, frames: usize, rows: &mut [f32], scratch: &mut HpssScratch) {
        assert!(stride >= STRIDE, "rows of {stride} values; expected at least {STRIDE}");
        let needed = frames + 2 * MEDIAN_REACH;
        assert_eq!(power.len(), needed * stride, "power must be (T + 30, stride) = ({needed}, {stride})");
        assert_eq!(rows.len(), frames * ROW, "rows must be (T, ROW) = ({frames}, {ROW})");
        at_width!(
            self.width,
            kernel::run(power: &[f32], stride: usize, frames: usize, rows: &mut [f32], scratch: &mut HpssScratch)
        );
    }
}
