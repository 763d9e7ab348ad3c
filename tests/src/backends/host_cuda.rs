//! `CudaBackend` itself, streams, page-locked memory and all, on a machine whose GPU is host memory and the emulator.

use earprint_compute::{Backend, BackendInfo, Budget, Collected, ComputeError, MelBatch, MelPlan, Ticket};
use earprint_cuda::emulate::{EmulateError, HostDriver};
use earprint_cuda::{CudaBackend, mel};
use std::sync::Arc;

/// The backend and the machine it runs on.
pub struct HostCuda {
    // Before the machine: what was made from a device goes first.
    backend: CudaBackend,
    /// The machine, to limit it or to lose its device.
    pub machine: HostDriver,
}

impl HostCuda {
    /// Builds the machine and opens its device, with a budget for one batch.
    ///
    /// # Errors
    /// Why there is no such machine here, as text.
    pub fn open(budget_bytes: Option<u64>) -> Result<Self, String> {
        let machine = match HostDriver::new() {
            Ok(machine) => machine,
            Err(EmulateError::NoCompiler(why)) => return Err(format!("g++ cannot be run: {why}")),
            Err(other) => panic!("{other}"),
        };
        let device = machine.open().and_then(|driver| driver.device(0)).unwrap_or_else(|e| panic!("{e}"));
        let text = mel::kernel().unwrap_or_else(|e| panic!("{e}"));
        let kernel = machine.load(&device, &text).unwrap_or_else(|e| panic!("{e}"));
        let backend = CudaBackend::on(device, kernel, budget_bytes).unwrap_or_else(|e| panic!("{e}"));
        Ok(Self { backend, machine })
    }
}

impl Backend for HostCuda {
    fn info(&self) -> &BackendInfo {
        self.backend.info()
    }

    fn budget(&self) -> Budget {
        self.backend.budget()
    }

    fn depth(&self) -> usize {
        self.backend.depth()
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        self.backend.submit(plan, batch)
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        self.backend.collect(ticket)
    }
}
