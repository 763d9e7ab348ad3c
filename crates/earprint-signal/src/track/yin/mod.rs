//! f0 of every frame by YIN (A. de Cheveigne, H. Kawahara 2002, steps 2 to 5): mono samples at 44,100 Hz in, the columns
//! `F0` and `APERIODICITY` of the rows out.
//!
//! Frame `j` starts at sample 1024 j. With d(tau) = sum over i = 0 .. 2047 of (x[i] - x[i + tau])^2 and
//! d'(tau) = d(tau) tau / (d(1) + ... + d(tau)):
//!
//! 1. tau is the first lag of 21 ..= 679 with d' < 0.15, moved on while the next lag's d' is smaller;
//! 2. the period is the vertex of the parabola through the raw d at tau - 1, tau, tau + 1, at most one lag away (tau
//!    itself where the three do not open upwards). The raw d, as the paper has it: d' falls with its running mean, which pulls
//!    its minima to one side, 2 cents at 2 kHz;
//! 3. F0 = 44100 / period, APERIODICITY = d'(tau). No such tau, or F0 outside 65 ..= 2093 Hz: unvoiced, F0 = 0 and
//!    APERIODICITY the smallest d' of the range.
//!
//! d' is 1 where the running sum is nothing but rounding (silence, or one constant). A tone above the range is reported as
//! the subharmonic inside it, or as unvoiced. Lags are whole samples: above some 1 kHz, where strong high harmonics let d'
//! fall below the threshold only within a fraction of a sample, the double period may be read instead.
//!
//! Two neighbouring frames share half of their sums, so d is made of blocks of 1,024 samples: D_b(tau) = e + E(tau) -
//! 2 r(tau) with the energies of the block and of the block moved by tau, and their correlation r. r comes from the
//! transform: with X_b the spectrum of block b and 1,024 zeros, the spectrum of both blocks b and b + 1 is X_b[k] +
//! (-1)^k X_{b+1}[k], so r is the inverse of conj X_b[k] (X_b[k] + (-1)^k X_{b+1}[k]) and a frame costs one transform and
//! one inverse of 2,048 real points. Where the circle closes, beyond lag 1,023, nobody looks.
//!
//! Rounding: D is off by some 1e-7 of the energy of its blocks. At the flattest minimum there is (a sine of 65 Hz) that
//! moves the period by less than 0.01 cents; where the block after a quiet tone is 80 dB louder, or a constant 40 dB louder
//! lies under it, by some cents.

mod kernel;
mod search;
mod tables;
#[cfg(test)]
mod tests;

pub use tables::YinTables;

use super::row::ROW;
use super::{HOP, N_FFT};
use crate::Width;
use crate::fft::RealFft;
use crate::room::Line;
use earprint_lanes::at_width;

/// Smallest lag searched, samples: floor(44100 / 2093).
pub const TAU_MIN: usize = 21;
/// Largest lag computed, samples: ceil(44100 / 65) + 1. The search ends one before it.
pub const TAU_MAX: usize = 680;
/// Lags of a block's difference function, 0 ..= [`TAU_MAX`].
pub const LAGS: usize = TAU_MAX + 1;
/// Real points of the transform: two blocks.
pub const POINTS: usize = 2 * HOP;
/// d' below this is periodic.
pub const THRESHOLD: f32 = 0.15;
/// Rate of the samples, Hz.
pub const RATE_HZ: f32 = 44_100.0;
/// Lowest f0, Hz.
pub const F0_MIN: f32 = 65.0;
/// Highest f0, Hz.
pub const F0_MAX: f32 = 2093.0;
/// Mean difference below which a frame's d is rounding, as a share of the energy of its 2,048 samples.
pub const ROUNDING: f32 = 1.0 / 131_072.0;

/// YIN for one instruction set.
#[derive(Debug, Clone)]
pub struct YinKernel {
    fft: RealFft,
    width: Width,
}

/// Working memory of one thread.
#[derive(Debug, Default)]
pub struct YinScratch {
    /// Samples of a group of blocks, lane = block.
    turned: Vec<Line>,
    /// Spectra of this group of blocks and the one before it.
    spectra: [Vec<Line>; 2],
    /// Points of the inverse.
    points: Vec<Line>,
    /// Running energies of the two groups of blocks.
    energies: [Vec<Line>; 2],
    /// Difference functions of the two groups of blocks.
    differences: [Vec<Line>; 2],
}

impl YinKernel {
    /// A kernel for `width`.
    ///
    /// # Panics
    /// If this machine lacks the instruction set.
    pub fn new(width: Width) -> Self {
        assert!(Width::available().contains(&width), "{} is not available on this machine", width.name());
        Self { fft: RealFft::new(POINTS), width }
    }

    /// f0 of `frames` frames, frame `j` being `pcm[1024 j ..][.. 4096]` (mono, 44,100 Hz, full scale 1, finite), into columns
    /// `F0` (Hz, 0 where unvoiced) and `APERIODICITY` of `rows (T, ROW)`; no other column is touched. A frame's numbers do not
    /// depend on the frames it is computed with.
    ///
    /// # Panics
    /// If `pcm` is shorter than `1024 (frames - 1) + 4096` or `rows` is not `frames * ROW` long.
    pub fn run(&self, pcm: &[f32], frames: usize, rows: &mut [f32], scratch: &mut YinScratch) {
        assert_eq!(rows.len(), frames * ROW, "rows must be (T, ROW) = ({frames}, {ROW})");
        if frames == 0 {
            return;
        }
        let needed = (frames - 1) * HOP + N_FFT;
        assert!(pcm.len() >= needed, "{frames} frames read {needed} samples, {} came", pcm.len());
        let (fft, pcm) = (&self.fft, &pcm[..needed]);
        at_width!(
            self.width,
            kernel::run(fft: &RealFft, pcm: &[f32], frames: usize, rows: &mut [f32], scratch: &mut YinScratch)
        );
    }
}
