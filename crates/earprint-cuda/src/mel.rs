//! The mel kernel's side of a batch: its text, the bytes that go up, what comes down. Shared by the CUDA backend and by the
//! emulated one of the tests, so that both run the same text over the same bytes.
//!
//! Up: samples, first samples `(T) u32`, the uniform block. Down: `(T, M)` row-major, f32, or f16 pairs where bands pair up.

use earprint_compute::{ComputeError, Dtype, GpuTables, MelBatch, MelPlan, MelValues, PcmBuffer};
use earprint_shaders::{MEL_FUSED, MelParams};
use earprint_signal::f16_from_f32;

use crate::translate::{CudaKernel, TranslateError, translate};

/// Largest buffer, whatever the device has: kernels index samples and values with 32 bits.
pub const LARGEST_BUFFER: u64 = 1 << 31;

/// `mel/mel_fused` as CUDA C++.
///
/// # Errors
/// None for the text in this tree; the tests see to that.
pub fn kernel() -> Result<CudaKernel, TranslateError> {
    translate(MEL_FUSED.source, MEL_FUSED.entry)
}

/// Bytes of a batch's buffers, as the device holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Samples, to a whole word.
    pub pcm: u64,
    /// First sample of every output.
    pub starts: u64,
    /// Results as the kernel writes them; 0 without outputs.
    pub values: u64,
    /// True: the kernel writes f16 pairs. False though f16 is asked: [`values`] rounds.
    pub packed: bool,
}

impl Sizes {
    /// Sizes of a batch that may be handed to the kernel: every slot inside the samples (the kernel does not look), and every
    /// buffer within 32-bit indices.
    ///
    /// # Errors
    /// `Failed` names the slot; `OutOfMemory` where a smaller batch would do.
    pub fn of(plan: &MelPlan, batch: &MelBatch, backend: &'static str) -> Result<Self, ComputeError> {
        let samples = batch.pcm.as_slice().len();
        for (i, slot) in batch.slots.iter().enumerate() {
            let end = slot.start.checked_add(plan.grid.samples(slot.outputs));
            if slot.outputs > 0 && end.is_none_or(|end| end > samples) {
                let why = format!("slot {i} ({slot:?}) ends at {end:?}; expected at most {samples} samples");
                return Err(ComputeError::Failed { backend, why });
            }
        }
        let (outputs, n_mels) = (batch.outputs() as u64, plan.job.spec.n_mels as u64);
        let packed = plan.dtype == Dtype::F16 && n_mels.is_multiple_of(2);
        let pcm = samples as u64 * batch.pcm.sample_bytes() as u64;
        let values = outputs * n_mels * if packed { 2 } else { 4 };
        let sizes = Self { pcm: pcm.next_multiple_of(4), starts: outputs * 4, values, packed };
        if sizes.pcm.max(sizes.starts).max(sizes.values) > LARGEST_BUFFER {
            return Err(ComputeError::OutOfMemory { backend, bytes: sizes.device() });
        }
        Ok(sizes)
    }

    /// All buffers together, the results once more for reading back.
    pub fn device(&self) -> u64 {
        self.pcm + self.starts + 2 * self.values
    }
}

/// Samples as bytes; the last word may be a half.
pub fn samples(pcm: &PcmBuffer) -> &[u8] {
    match pcm {
        PcmBuffer::I16(s) => bytemuck::cast_slice(s),
        PcmBuffer::F32(s) => bytemuck::cast_slice(s),
    }
}

/// The uniform block of one dispatch, 80 bytes.
pub fn params(tables: &GpuTables, batch: &MelBatch, sizes: Sizes) -> [u8; size_of::<MelParams>()] {
    let dtype = if sizes.packed { Dtype::F16 } else { Dtype::F32 };
    let block = tables.params(batch.outputs(), &batch.pcm, dtype);
    // SAFETY: `MelParams` is repr(C) and made of u32 and f32 alone: no padding, every byte initialised, any bytes are u8.
    unsafe { std::mem::transmute(block) }
}

/// Results of the plan's type from the `sizes.values` bytes the kernel wrote.
pub fn values(plan: &MelPlan, sizes: Sizes, bytes: &[u8]) -> MelValues {
    assert_eq!(bytes.len() as u64, sizes.values, "bytes must be (T, M)");
    if sizes.packed {
        let mut half = vec![0_u16; bytes.len() / 2];
        bytemuck::cast_slice_mut(&mut half).copy_from_slice(bytes);
        return MelValues::F16(half);
    }
    let mut single = vec![0.0_f32; bytes.len() / 4];
    bytemuck::cast_slice_mut(&mut single).copy_from_slice(bytes);
    match plan.dtype {
        Dtype::F32 => MelValues::F32(single),
        Dtype::F16 => MelValues::F16(single.into_iter().map(f16_from_f32).collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use earprint_compute::Slot;
    use earprint_core::MelJob;

    use super::*;

    fn plan(n_mels: usize) -> Arc<MelPlan> {
        let mut job = MelJob::preset("leak").unwrap();
        job.spec.n_mels = n_mels;
        Arc::new(MelPlan::new(job, Dtype::F16).unwrap())
    }

    #[test]
    fn sizes_and_values_of_bands_that_pair_up_or_not() {
        let batch = MelBatch { pcm: PcmBuffer::I16(vec![0; 1025]), slots: vec![Slot { start: 0, outputs: 2 }; 2] };
        let even = Sizes::of(&plan(32), &batch, "cuda").unwrap();
        assert_eq!(even, Sizes { pcm: 2052, starts: 16, values: 4 * 64, packed: true });
        let odd = Sizes::of(&plan(31), &batch, "cuda").unwrap();
        assert_eq!(odd, Sizes { pcm: 2052, starts: 16, values: 4 * 31 * 4, packed: false });
        let MelValues::F16(v) = values(&plan(31), odd, &1.5_f32.to_ne_bytes().repeat(124)) else { panic!("f16") };
        assert_eq!(v, [0x3e00; 124]);
    }

    #[test]
    fn a_slot_beyond_the_samples_is_named() {
        for start in [3, usize::MAX - 5] {
            let slots = vec![Slot { start: 0, outputs: 1 }, Slot { start, outputs: 1 }];
            let batch = MelBatch { pcm: PcmBuffer::I16(vec![0; 513]), slots };
            let text = Sizes::of(&plan(32), &batch, "cuda").unwrap_err().to_string();
            assert!(text.contains("slot 1") && text.contains("513 samples"), "{text}");
        }
    }

    #[test]
    fn the_block_is_its_bytes() {
        let (plan, pcm) = (plan(31), PcmBuffer::I16(vec![0; 1024]));
        let tables = GpuTables::fused(&plan, "cuda").unwrap();
        let batch = MelBatch { pcm, slots: vec![Slot { start: 0, outputs: 3 }] };
        let bytes = params(&tables, &batch, Sizes::of(&plan, &batch, "cuda").unwrap());
        assert_eq!((bytes[0], bytes[4], bytes[9]), (3, 31, 1), "outputs, n_mels, points = 256");
    }
}
