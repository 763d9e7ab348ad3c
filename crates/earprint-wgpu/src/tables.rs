//! Tables of the plans in use, on the device.

use std::rc::Rc;
use std::sync::Arc;

use earprint_compute::{ComputeError, GpuTables, MelPlan};
use wgpu::BufferUsages;

use crate::KernelChoice;
use crate::gpu::Gpu;

/// Plans kept: a run has one or two jobs, each perhaps in two types.
const KEPT: usize = 4;

/// Tables of one plan.
pub(crate) struct Tables {
    plan: Arc<MelPlan>,
    pub host: GpuTables,
    pub tables: wgpu::Buffer,
    pub indices: wgpu::Buffer,
}

/// The last few plans' tables.
#[derive(Default)]
pub(crate) struct TableCache(Vec<Rc<Tables>>);

impl TableCache {
    /// Tables of `plan`, uploaded at its first use. The cache keeps the plan, so its address means it.
    pub fn get(&mut self, gpu: &Gpu, choice: KernelChoice, plan: &Arc<MelPlan>) -> Result<Rc<Tables>, ComputeError> {
        if let Some(found) = self.0.iter().find(|t| Arc::ptr_eq(&t.plan, plan)) {
            return Ok(found.clone());
        }
        let host = match choice {
            KernelChoice::Fused => GpuTables::fused(plan, gpu.faults.backend())?,
            KernelChoice::Plain => GpuTables::plain(plan),
        };
        let made = Rc::new(Tables {
            plan: plan.clone(),
            tables: upload(gpu, "tables", bytemuck::cast_slice(&host.tables)),
            indices: upload(gpu, "indices", bytemuck::cast_slice(&host.indices)),
            host,
        });
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(made.clone());
        Ok(made)
    }

    /// Forgets everything: after an error a table may never have reached the device.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn upload(gpu: &Gpu, label: &'static str, bytes: &[u8]) -> wgpu::Buffer {
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes.len() as u64,
        usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    gpu.queue.write_buffer(&buffer, 0, bytes);
    buffer
}
