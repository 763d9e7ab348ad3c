//! An open device: queue, limits, faults.

use std::sync::Arc;

use earprint_compute::{Budget, ComputeError};

use crate::adapters::FAMILY;
use crate::faults::Faults;

/// Largest buffer used whatever the device offers: kernels index samples and values with 32 bits.
const LARGEST_BUFFER: u64 = 1 << 31;

/// Bytes of one batch where nobody chose: twice this is under way at most, which a GPU of 2 GB holds beside a desktop.
/// In a browser samples also stand in the wasm heap and in the browser's transfer buffers.
const DEFAULT_TOTAL: u64 = if cfg!(target_family = "wasm") { 96 << 20 } else { 256 << 20 };

/// A device and what is known about it.
pub(crate) struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub faults: Arc<Faults>,
    /// Largest buffer that may be made and bound, bytes.
    pub largest_buffer: u64,
}

#[cfg(target_family = "wasm")]
impl Drop for Gpu {
    /// Frees the memory now: a browser would keep it until it looks for garbage.
    fn drop(&mut self) {
        self.device.destroy();
    }
}

impl Gpu {
    /// Opens `adapter` with plain WebGPU's limits, buffers as large as it offers.
    pub async fn open(adapter: &wgpu::Adapter, backend: &'static str) -> Result<Self, ComputeError> {
        let offered = adapter.limits();
        let required_limits = limits(&offered)
            .map_err(|why| ComputeError::NoDevice { backend: FAMILY, why: format!("{backend}: {why}") })?;
        let largest_buffer =
            required_limits.max_storage_buffer_binding_size.min(required_limits.max_buffer_size).min(LARGEST_BUFFER);
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("earprint"), required_limits, ..wgpu::DeviceDescriptor::default() };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|e| ComputeError::NoDevice { backend: FAMILY, why: format!("{backend}: {e}") })?;
        let faults = Faults::listen(&device, backend);
        Ok(Self { device, queue, faults, largest_buffer: largest_buffer & !3 })
    }

    /// Waits for a submission whose result `arrived` tells of. Natively nobody else polls: this is where a thread waits for
    /// the device. In a browser the caller's future waits.
    pub fn wait(&self, submission: wgpu::SubmissionIndex, arrived: impl Fn() -> bool) -> Result<(), ComputeError> {
        if cfg!(target_family = "wasm") {
            return Ok(());
        }
        let waited = self.device.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None });
        self.faults.check()?;
        if let Err(error) = waited {
            return Err(self.faults.failed(error.to_string()));
        }
        if !arrived() {
            return Err(self.faults.failed("the device finished without handing over the values"));
        }
        Ok(())
    }

    /// What one batch may hold.
    pub fn budget(&self, total: Option<u64>) -> Budget {
        let total = total.unwrap_or(DEFAULT_TOTAL);
        let largest_buffer = self.largest_buffer.min(total);
        // Workgroups are spread over two dimensions, so their number never binds; the table of starts does.
        Budget { largest_buffer, total, outputs: largest_buffer / 4 }
    }
}

/// WebGPU's default limits with the adapter's buffer sizes. Limits of textures and vertices are lowered to what there
/// is: no kernel draws.
fn limits(offered: &wgpu::Limits) -> Result<wgpu::Limits, String> {
    let base = wgpu::Limits::defaults();
    let asked = wgpu::Limits {
        max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
        max_buffer_size: offered.max_buffer_size,
        ..base.clone().or_worse_values_from(offered)
    };
    let needed = [
        ("storage buffers", asked.max_storage_buffers_per_shader_stage, 5),
        ("bytes of workgroup memory", asked.max_compute_workgroup_storage_size, 16_384),
        ("invocations of a workgroup", asked.max_compute_invocations_per_workgroup, 256),
        ("invocations of a workgroup in x", asked.max_compute_workgroup_size_x, 256),
        ("workgroups a dimension", asked.max_compute_workgroups_per_dimension, 65_535),
    ];
    match needed.iter().find(|(_, has, needs)| has < needs) {
        Some((what, has, needs)) => Err(format!("{has} {what}; the kernels need {needs}")),
        None => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_buffer_sizes_go_above_the_baseline() {
        let mut offered = wgpu::Limits { max_buffer_size: 1 << 40, ..wgpu::Limits::defaults() };
        offered.max_storage_buffer_binding_size = 1 << 30;
        offered.max_compute_workgroup_storage_size = 1 << 16;
        offered.max_texture_dimension_2d = 4096;
        let got = limits(&offered).unwrap();
        assert_eq!((got.max_buffer_size, got.max_storage_buffer_binding_size), (1 << 40, 1 << 30));
        assert_eq!((got.max_compute_workgroup_storage_size, got.max_texture_dimension_2d), (16_384, 4096));
        offered.max_compute_invocations_per_workgroup = 128;
        assert!(limits(&offered).unwrap_err().contains("128 invocations"));
    }
}
