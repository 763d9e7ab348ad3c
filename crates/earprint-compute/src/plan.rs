//! What is computed ([`MelPlan`]), in which portions ([`MelBatch`]), and how many bytes a portion takes ([`Bytes`]).

use std::sync::Arc;

use earprint_core::MelJob;
use earprint_signal::{FrameGrid, MelTables, PcmSlice, fft_supports};

use crate::ComputeError;

/// Type of the values that leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// 16-bit floats, rounded once at the end.
    F16,
    /// 32-bit floats.
    F32,
}

impl Dtype {
    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 => 4,
        }
    }
}

/// A job made ready: grid and tables. Shared by every thread and backend of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct MelPlan {
    /// The job.
    pub job: MelJob,
    /// Where outputs lie.
    pub grid: FrameGrid,
    /// What kernels look up.
    pub tables: Arc<MelTables>,
    /// Type a backend returns. f32 where a per-file floor follows, whatever the file will hold.
    pub dtype: Dtype,
}

impl MelPlan {
    /// Plans a checked job whose values leave as `dtype`.
    ///
    /// # Errors
    /// `Unsupported` where `n_fft` is odd or has a prime factor above 5 in its half.
    pub fn new(job: MelJob, dtype: Dtype) -> Result<Self, ComputeError> {
        let n = job.spec.n_fft;
        if !fft_supports(n) {
            let what = format!("n_fft {n}; expected an even number whose half is a product of 2, 3 and 5");
            return Err(ComputeError::Unsupported { backend: "earprint", what });
        }
        let dtype = if job.spec.log.floor_needs_file_maximum() { Dtype::F32 } else { dtype };
        Ok(Self { grid: FrameGrid::of(&job), tables: Arc::new(MelTables::new(&job.spec)), job, dtype })
    }

    /// Bytes a batch of `samples` samples and `outputs` outputs takes: linear in both.
    pub fn bytes(&self, samples: usize, sample_bytes: usize, outputs: usize) -> Bytes {
        let (samples, outputs) = (samples as u64, outputs as u64);
        Bytes {
            pcm: samples * sample_bytes as u64,
            starts: outputs * 4,
            values: outputs * self.job.spec.n_mels as u64 * self.dtype.bytes() as u64,
        }
    }
}

/// Bytes of a batch, by buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes {
    /// Samples.
    pub pcm: u64,
    /// First sample of every output.
    pub starts: u64,
    /// Results.
    pub values: u64,
}

impl Bytes {
    /// What the device holds: inputs, results, and the results once more for reading back.
    pub fn device(&self) -> u64 {
        self.pcm + self.starts + 2 * self.values
    }
}

/// How much one batch may hold on a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Largest single buffer, bytes.
    pub largest_buffer: u64,
    /// All buffers of a batch together, bytes.
    pub total: u64,
    /// Largest number of outputs.
    pub outputs: u64,
}

impl Budget {
    /// True when a batch fits.
    pub fn holds(&self, bytes: Bytes, outputs: usize) -> bool {
        bytes.pcm.max(bytes.starts).max(bytes.values) <= self.largest_buffer
            && bytes.device() <= self.total
            && outputs as u64 <= self.outputs
    }

    /// Most outputs of one slot that fit alone: how long clips are cut.
    pub fn outputs_alone(&self, plan: &MelPlan, sample_bytes: usize) -> usize {
        let (mut fits, mut beyond) = (1, 1 << 30);
        while beyond - fits > 1 {
            let middle = fits + (beyond - fits) / 2;
            if self.holds(plan.bytes(plan.grid.samples(middle), sample_bytes, middle), middle) {
                fits = middle;
            } else {
                beyond = middle;
            }
        }
        fits
    }
}

/// Samples of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum PcmBuffer {
    /// 16-bit integers.
    I16(Vec<i16>),
    /// Finite floats.
    F32(Vec<f32>),
}

impl PcmBuffer {
    /// As the kernels take them.
    pub fn as_slice(&self) -> PcmSlice<'_> {
        match self {
            Self::I16(s) => PcmSlice::I16(s),
            Self::F32(s) => PcmSlice::F32(s),
        }
    }

    /// Bytes of one sample.
    pub fn sample_bytes(&self) -> usize {
        match self {
            Self::I16(_) => 2,
            Self::F32(_) => 4,
        }
    }
}

/// A run of outputs over one stretch of the batch's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// First sample of output 0, index into the batch's samples.
    pub start: usize,
    /// Outputs, at the grid's step.
    pub outputs: usize,
}

/// One portion of work.
#[derive(Debug, Clone, PartialEq)]
pub struct MelBatch {
    /// Samples of all slots; slots may share or overlap.
    pub pcm: PcmBuffer,
    /// What to compute, in the order of the results.
    pub slots: Vec<Slot>,
}

impl MelBatch {
    /// Outputs of all slots.
    pub fn outputs(&self) -> usize {
        self.slots.iter().map(|s| s.outputs).sum()
    }

    /// First sample of each output, `(T)`.
    pub fn starts(&self, grid: &FrameGrid) -> Vec<u32> {
        let each = |s: &Slot| (s.start..).step_by(grid.step).take(s.outputs).map(|at| at as u32);
        self.slots.iter().flat_map(each).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: &str) -> MelPlan {
        MelPlan::new(MelJob::preset(name).unwrap(), Dtype::F16).unwrap()
    }

    #[test]
    fn estimate_is_linear_and_cuts_fit() {
        let p = plan("leak-64");
        let one = p.bytes(40_960, 2, 159);
        assert_eq!((one.pcm, one.starts, one.values), (81_920, 636, 159 * 64));
        let many = p.bytes(356 * 40_960, 2, 356 * 159);
        assert_eq!(many.device(), 356 * one.device());
        let budget = Budget { largest_buffer: 1 << 20, total: 3 << 20, outputs: 65_535 };
        let n = budget.outputs_alone(&p, 2);
        assert!(budget.holds(p.bytes(p.grid.samples(n), 2, n), n));
        assert!(!budget.holds(p.bytes(p.grid.samples(n + 1), 2, n + 1), n + 1));
    }

    #[test]
    fn floors_keep_f32_until_the_file_is_whole() {
        assert_eq!(plan("librosa").dtype, Dtype::F32);
        assert_eq!(plan("leak").dtype, Dtype::F16);
    }

    #[test]
    fn sizes_no_kernel_has_are_refused_with_the_rule() {
        let mut job = MelJob::preset("librosa").unwrap();
        job.spec.n_fft = 2018;
        let text = MelPlan::new(job, Dtype::F32).unwrap_err().to_string();
        assert!(text.contains("2018") && text.contains("2, 3 and 5"), "{text}");
    }
}
