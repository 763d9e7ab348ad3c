//! The transform's tables as two arrays, for kernels that index buffers.

use crate::fft::RealFft;

use super::POINTS;

/// Tables of YIN's transform. `tables` and `indices` are the same for every batch.
#[derive(Debug, Clone, PartialEq)]
pub struct YinTables {
    /// (cos, sin) of the split, then (re, im) of the twiddles.
    pub tables: Vec<f32>,
    /// Position of each bin, then (radix, len, twiddle offset) of each stage.
    pub indices: Vec<u32>,
    /// Where in `tables` the split begins.
    pub split_at: usize,
    /// Where in `tables` the twiddles begin.
    pub twiddles_at: usize,
    /// Where in `indices` the stages begin.
    pub stages_at: usize,
    /// Stages.
    pub stages: usize,
}

impl YinTables {
    /// The tables for [`POINTS`] real points.
    pub fn new() -> Self {
        let fft = RealFft::new(POINTS);
        let split: Vec<f32> = fft.split.iter().flatten().copied().collect();
        let twiddles_at = split.len();
        let mut indices = fft.position.clone();
        let stages_at = indices.len();
        for s in &fft.stages {
            indices.extend([s.radix as u32, s.len as u32, s.twiddle_offset as u32]);
        }
        let tables = split.into_iter().chain(fft.twiddles.iter().flatten().copied()).collect();
        Self { tables, indices, split_at: 0, twiddles_at, stages_at, stages: fft.stages.len() }
    }
}

impl Default for YinTables {
    fn default() -> Self {
        Self::new()
    }
}
