//! What one batch under way needs: a stream, device buffers, and page-locked host memory at both ends. They grow and stay.

use earprint_compute::{MelBatch, MelPlan, MelValues};

use super::tables::Tables;
use crate::driver::{Buffer, CudaError, Device, Kernel, LaunchArg, Staging, Stream};
use crate::mel::{self, Sizes};

/// Stream and buffers of one batch.
pub(super) struct BufferSet {
    /// Samples, then starts, as they go up; and what they are copied from.
    up: Option<Staging>,
    input: Option<Buffer>,
    /// Values as the kernel writes them; and what they are copied to.
    out: Option<Buffer>,
    down: Option<Staging>,
    stream: Stream,
}

impl BufferSet {
    /// Without memory yet.
    pub fn new(device: &Device) -> Result<Self, CudaError> {
        Ok(Self { up: None, input: None, out: None, down: None, stream: device.stream()? })
    }

    /// Queues one upload, one launch and one download, and returns while they run. The set must be idle.
    pub fn start(
        &mut self,
        device: &Device,
        kernel: &Kernel,
        tables: &Tables,
        plan: &MelPlan,
        batch: &MelBatch,
        sizes: Sizes,
    ) -> Result<(), CudaError> {
        // Launch arguments begin at multiples of 16; 256 is what cuMemAlloc aligns to.
        let starts_at = sizes.pcm.next_multiple_of(256);
        let bytes = starts_at + sizes.starts;
        let stream = &self.stream;
        let up = room(&mut self.up, bytes, Staging::bytes, |bytes| stream.staging(bytes))?;
        let input = room(&mut self.input, bytes, Buffer::bytes, |bytes| device.alloc(bytes))?;
        let out = room(&mut self.out, sizes.values, Buffer::bytes, |bytes| device.alloc(bytes))?;
        let down = room(&mut self.down, sizes.values, Staging::bytes, |bytes| stream.staging(bytes))?;

        let host = up.wait()?;
        let samples = mel::samples(&batch.pcm);
        host[..samples.len()].copy_from_slice(samples);
        let starts = batch.starts(&plan.grid);
        host[starts_at as usize..bytes as usize].copy_from_slice(bytemuck::cast_slice(&starts));
        up.upload(input, bytes)?;

        let (x, y) = tables.host.fused_groups(batch.outputs());
        let params = mel::params(&tables.host, batch, sizes);
        // Exactly the batch's part of each buffer, in the order of `common/mel_params.wgsl`.
        let args = [
            LaunchArg::Uniform(&params),
            LaunchArg::Range { buffer: input, offset: 0, bytes: sizes.pcm },
            LaunchArg::Range { buffer: input, offset: starts_at, bytes: sizes.starts },
            LaunchArg::Buffer(&tables.tables),
            LaunchArg::Buffer(&tables.indices),
            LaunchArg::Range { buffer: out, offset: 0, bytes: sizes.values },
        ];
        kernel.launch_on(stream, [x, y, 1], &args)?;
        down.download(out, sizes.values)
    }

    /// Waits for the batch of [`BufferSet::start`] and reads its values.
    pub fn values(&mut self, plan: &MelPlan, sizes: Sizes) -> Result<MelValues, CudaError> {
        let down = self.down.as_mut().expect("a batch was started");
        Ok(mel::values(plan, sizes, &down.wait()?[..sizes.values as usize]))
    }
}

/// Memory of at least `bytes`. A new one gets a quarter more, so that a batch a little larger than the last finds room.
pub(super) fn room<T>(
    kept: &mut Option<T>,
    bytes: u64,
    size: impl Fn(&T) -> u64,
    make: impl FnOnce(u64) -> Result<T, CudaError>,
) -> Result<&mut T, CudaError> {
    if kept.as_ref().is_none_or(|memory| size(memory) < bytes) {
        // The old one goes first: both together may not fit.
        *kept = None;
        *kept = Some(make((bytes + bytes / 4).next_multiple_of(256))?);
    }
    Ok(kept.as_mut().expect("made above"))
}
