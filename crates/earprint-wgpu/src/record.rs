//! One batch, recorded: samples and starts up, one dispatch, values down.

use std::num::NonZeroU64;
use std::rc::Rc;

use earprint_compute::{ComputeError, Dtype, MelBatch, MelPlan, PcmBuffer};
use earprint_shaders::MelParams;

use crate::KernelChoice;
use crate::buffers::{BufferSet, write};
use crate::gpu::Gpu;
use crate::kernel::Kernel;
use crate::oneshot::{Receiver, oneshot};
use crate::tables::Tables;

/// Bytes of a batch's buffers, as the device holds them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pcm: u64,
    starts: u64,
    pub values: u64,
    /// True: the kernel writes pairs of f16.
    pub packed: bool,
}

impl Sizes {
    /// Sizes of a batch, values as the kernel writes them.
    fn of(plan: &MelPlan, batch: &MelBatch, choice: KernelChoice) -> Self {
        let (outputs, n_mels) = (batch.outputs() as u64, plan.job.spec.n_mels as u64);
        // The plain kernel writes f32 alone; so does the fused one where bands do not pair up. Those are rounded here.
        let packed = choice == KernelChoice::Fused && plan.dtype == Dtype::F16 && n_mels.is_multiple_of(2);
        let pcm = (batch.pcm.as_slice().len() * batch.pcm.sample_bytes()) as u64;
        Self {
            pcm: pcm.next_multiple_of(4),
            starts: outputs * 4,
            values: outputs * n_mels * if packed { 2 } else { 4 },
            packed,
        }
    }

    /// All buffers together.
    pub fn device(&self) -> u64 {
        self.pcm + self.starts + 2 * self.values
    }
}

/// A batch's sizes, if it may be handed to the kernel: every slot inside the samples (the kernel does not look) and
/// every buffer inside the device's limits (some browsers throw where a limit is broken).
pub(crate) fn check(gpu: &Gpu, plan: &MelPlan, batch: &MelBatch, choice: KernelChoice) -> Result<Sizes, ComputeError> {
    let samples = batch.pcm.as_slice().len();
    for (i, slot) in batch.slots.iter().enumerate() {
        let end = slot.start.checked_add(plan.grid.samples(slot.outputs));
        if slot.outputs > 0 && end.is_none_or(|e| e > samples) {
            let why = format!("slot {i} ({slot:?}) ends at {end:?}; expected at most {samples} samples");
            return Err(gpu.faults.failed(why));
        }
    }
    let sizes = Sizes::of(plan, batch, choice);
    if sizes.pcm.max(sizes.starts).max(sizes.values) > gpu.largest_buffer {
        return Err(ComputeError::OutOfMemory { backend: gpu.faults.backend(), bytes: sizes.device() });
    }
    Ok(sizes)
}

/// A mapping under way.
pub(crate) struct Mapping {
    /// Submission to wait for, natively.
    pub submission: wgpu::SubmissionIndex,
    /// Whether the values can be read.
    pub done: Receiver<Result<(), wgpu::BufferAsyncError>>,
}

/// Uploads, computes and starts the way back of a batch with at least one output. Errors go to the scopes around.
pub(crate) fn record(
    gpu: &Gpu,
    kernel: &Kernel,
    tables: &Rc<Tables>,
    set: &mut BufferSet,
    plan: &MelPlan,
    batch: &MelBatch,
    sizes: Sizes,
) -> Mapping {
    let outputs = batch.outputs();
    let dtype = if sizes.packed { Dtype::F16 } else { Dtype::F32 };
    let params = tables.host.params(outputs, &batch.pcm, dtype);
    let (device, queue, largest) = (&gpu.device, &gpu.queue, gpu.largest_buffer);

    write(queue, set.params.room(device, size_of::<MelParams>() as u64, largest), &params.bytes());
    let samples = match &batch.pcm {
        PcmBuffer::I16(s) => bytemuck::cast_slice(s),
        PcmBuffer::F32(s) => bytemuck::cast_slice(s),
    };
    write(queue, set.pcm.room(device, sizes.pcm, largest), samples);
    let starts = batch.starts(&plan.grid);
    write(queue, set.starts.room(device, sizes.starts, largest), bytemuck::cast_slice(&starts));
    set.out.room(device, sizes.values, largest);
    set.read.room(device, sizes.values, largest);

    // Exactly the batch's part of each buffer: what an earlier batch left behind is out of reach.
    let bound = [
        (set.params.get(), size_of::<MelParams>() as u64),
        (set.pcm.get(), sizes.pcm),
        (set.starts.get(), sizes.starts),
        (&tables.tables, tables.tables.size()),
        (&tables.indices, tables.indices.size()),
        (set.out.get(), sizes.values),
    ];
    let entries: [wgpu::BindGroupEntry<'_>; 6] = std::array::from_fn(|i| {
        let (buffer, size) = bound[i];
        let binding = wgpu::BufferBinding { buffer, offset: 0, size: NonZeroU64::new(size) };
        wgpu::BindGroupEntry { binding: i as u32, resource: wgpu::BindingResource::Buffer(binding) }
    });
    let descriptor = wgpu::BindGroupDescriptor { label: Some("mel"), layout: &kernel.layout, entries: &entries };
    let group = device.create_bind_group(&descriptor);

    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("mel") });
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&kernel.pipeline);
        pass.set_bind_group(0, &group, &[]);
        let (x, y) = match kernel.choice {
            KernelChoice::Fused => tables.host.fused_groups(outputs),
            KernelChoice::Plain => tables.host.plain_groups(outputs),
        };
        pass.dispatch_workgroups(x, y, 1);
    }
    encoder.copy_buffer_to_buffer(set.out.get(), 0, set.read.get(), 0, sizes.values);
    let submission = queue.submit([encoder.finish()]);
    // Asked for now, so that the values come down while the next batch is prepared.
    let (tell, done) = oneshot();
    set.read.get().map_async(wgpu::MapMode::Read, 0..sizes.values, tell);
    Mapping { submission, done }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_compute::Slot;
    use earprint_core::MelJob;

    #[test]
    fn sizes_are_those_of_the_plan_where_the_kernel_packs() {
        let mut job = MelJob::preset("leak").unwrap();
        let batch = MelBatch { pcm: PcmBuffer::I16(vec![0; 1025]), slots: vec![Slot { start: 0, outputs: 3 }; 2] };
        let plan = MelPlan::new(job.clone(), Dtype::F16).unwrap();
        let sizes = Sizes::of(&plan, &batch, KernelChoice::Fused);
        assert_eq!((sizes.pcm, sizes.starts, sizes.values, sizes.packed), (2052, 24, 6 * 64, true));
        assert_eq!(sizes.values, plan.bytes(1025, 2, 6).values);
        assert!(!Sizes::of(&plan, &batch, KernelChoice::Plain).packed);
        job.spec.n_mels = 31;
        let plan = MelPlan::new(job, Dtype::F16).unwrap();
        let sizes = Sizes::of(&plan, &batch, KernelChoice::Fused);
        assert_eq!((sizes.values, sizes.packed), (6 * 31 * 4, false));
    }
}
