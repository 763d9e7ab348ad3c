//! Pitch classes of frames: mono samples in, 36 columns of the rows out.
//!
//! Bin k = 0 .. 252 lies at C1 2^(k / 36) with Q = 1 / (2^(1/36) - 1): X_k is the sum of the samples around the frame's centre
//! times a Hann window of Q periods, normalised to unit sum, times exp(-2 pi i f_k t). Class k mod 36 is the sum of |X_k| over
//! the seven octaves, lowest first. Sources: J. C. Brown, "Calculation of a constant Q spectral transform", JASA 1991;
//! octave by octave on halved rates: C. Schoerkhuber, A. Klapuri, SMC 2010.
//!
//! At its own rate (44,100 / 4 Hz for C7 to B7, half of that for each octave below) every octave has the same 36 windowed
//! waves. They are symmetric, so samples at equal distance from the centre are added and subtracted once, and then
//! compared with half of each wave: nothing is approximated but the halvings, whose filters pass what is used within
//! 0.001 dB and keep away by 96 dB what would fold onto it. Twins: `shaders/track/decimate.wgsl`,
//! `shaders/track/constant_q.wgsl`.

mod kernel;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::row::ROW;
use super::segment::TrackSegment;
use crate::Width;
use earprint_lanes::at_width;

pub use tables::{C1_HZ, CLASSES, ConstantQTables, FIRST_STAGE, OCTAVES, PADDED, PAIRS, REACH, STAGES};

/// Pitch classes for one instruction set.
#[derive(Debug, Clone)]
pub struct ConstantQKernel {
    tables: Arc<ConstantQTables>,
    width: Width,
}

/// Working memory of one thread. Grows to what the largest call needs and stays.
#[derive(Debug)]
pub struct ConstantQScratch {
    even: Vec<f32>,
    odd: Vec<f32>,
    /// The segment at every halved rate.
    stages: Vec<Vec<f32>>,
    folded: Vec<kernel::Folded>,
}

impl Default for ConstantQScratch {
    fn default() -> Self {
        let folded = vec![kernel::Folded::ZERO; 16];
        Self { even: Vec::new(), odd: Vec::new(), stages: Vec::new(), folded }
    }
}

impl ConstantQKernel {
    /// For an instruction set.
    ///
    /// # Panics
    /// If this machine lacks it.
    pub fn new(width: Width) -> Self {
        assert!(Width::available().contains(&width), "{} is not available on this machine", width.name());
        Self { tables: Arc::new(ConstantQTables::new()), width }
    }

    /// Tables in use.
    pub fn tables(&self) -> &Arc<ConstantQTables> {
        &self.tables
    }

    /// Columns `CHROMA ..` of `rows (T, ROW)` for the frames of a segment; `pcm` as [`TrackSegment`] has it.
    ///
    /// # Panics
    /// If a length is not what its shape says.
    pub fn run(&self, pcm: &[f32], frames: usize, rows: &mut [f32], scratch: &mut ConstantQScratch) {
        assert_eq!(pcm.len(), TrackSegment::samples(frames), "samples of {frames} frames");
        assert_eq!(rows.len(), frames * ROW, "rows must be (T, ROW) = ({frames}, {ROW})");
        let tables = &*self.tables;
        at_width!(
            self.width,
            kernel::run(
                tables: &ConstantQTables,
                pcm: &[f32],
                frames: usize,
                rows: &mut [f32],
                scratch: &mut ConstantQScratch,
            )
        );
    }
}
