//! Tables of the plans in use, on the device.

use std::sync::Arc;

use earprint_compute::{ComputeError, GpuTables, MelPlan};

use super::faults::{BACKEND, from_cuda};
use crate::driver::{Buffer, Device};

/// Plans kept: a run has one or two jobs, each perhaps in two types.
const KEPT: usize = 4;

/// Tables of one plan.
pub(super) struct Tables {
    plan: Arc<MelPlan>,
    pub host: GpuTables,
    pub tables: Buffer,
    pub indices: Buffer,
}

/// The last few plans' tables.
#[derive(Default)]
pub(super) struct TableCache(Vec<Arc<Tables>>);

impl TableCache {
    /// Tables of `plan`, uploaded at its first use, which waits. The cache keeps the plan, so its address means it.
    pub fn get(&mut self, device: &Device, plan: &Arc<MelPlan>) -> Result<Arc<Tables>, ComputeError> {
        if let Some(found) = self.0.iter().find(|t| Arc::ptr_eq(&t.plan, plan)) {
            return Ok(found.clone());
        }
        let host = GpuTables::fused(plan, BACKEND)?;
        let upload = |bytes: &[u8]| {
            let filled = device.alloc(bytes.len() as u64).and_then(|b| device.upload(&b, 0, bytes).map(|()| b));
            filled.map_err(from_cuda(bytes.len() as u64))
        };
        let tables = upload(bytemuck::cast_slice(&host.tables))?;
        let indices = upload(bytemuck::cast_slice(&host.indices))?;
        let made = Arc::new(Tables { plan: plan.clone(), host, tables, indices });
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(made.clone());
        Ok(made)
    }

    /// Forgets everything made from a device that is lost.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
