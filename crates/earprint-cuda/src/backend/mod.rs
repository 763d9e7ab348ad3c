//! [`CudaBackend`]: the fused mel kernel on an NVIDIA GPU, two batches under way.
//!
//! Each batch has a stream of its own: samples go up, the kernel runs, values come down, all queued by `submit` without
//! waiting; the batch before it computes meanwhile. `collect` waits for its stream alone.

mod devices;
mod faults;
mod machine;
mod set;
mod tables;

pub use devices::{DeviceLine, devices};
pub use machine::{CudaMachine, Load};

use std::collections::VecDeque;
use std::sync::Arc;

use earprint_compute::{
    Backend, BackendInfo, Budget, Collected, ComputeError, Kind, MelBatch, MelPlan, MelValues, Ticket,
};

use crate::driver::{Device, Driver, Kernel};
use crate::mel::{self, Sizes};
use faults::{BACKEND, failed, from_cuda};
use set::BufferSet;
use tables::{TableCache, Tables};

/// Batches under way at most: one uploads while the other computes.
const UNDER_WAY: usize = 2;

/// Bytes of one batch where nobody chose: far above what keeps a large GPU busy, and the host locks as many pages.
const DEFAULT_TOTAL: u64 = 256 << 20;

/// How to open a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Number of the device, as [`devices`] lists it.
    pub ordinal: usize,
    /// Bytes all buffers of one batch may take together; `None` for a share of the memory that is free.
    pub budget_bytes: Option<u64>,
}

/// A CUDA device. Belongs to the thread that opened it.
pub struct CudaBackend {
    info: BackendInfo,
    budget: Budget,
    pending: VecDeque<Pending>,
    idle: Vec<BufferSet>,
    tables: TableCache,
    kernel: Kernel,
    device: Device,
    /// The driver's words, once the device is lost.
    lost: Option<String>,
    next: u64,
}

struct Pending {
    number: u64,
    plan: Arc<MelPlan>,
    sizes: Sizes,
    /// `None` where the batch had no outputs.
    under_way: Option<(BufferSet, Arc<Tables>)>,
}

impl CudaBackend {
    /// Opens a device and compiles the kernel for it, or takes the CUBIN from the user's cache.
    ///
    /// # Errors
    /// `MissingLibrary` without libcuda or NVRTC, `NoDevice`, and `Failed` where one of them refuses the kernel.
    pub fn open(options: Options) -> Result<Self, ComputeError> {
        let text = mel::kernel().map_err(failed)?;
        let device = Driver::open(None).and_then(|driver| driver.device(options.ordinal)).map_err(from_cuda(0))?;
        let kernel = device.load(&text).map_err(from_cuda(0))?;
        Self::on(device, kernel, options.budget_bytes)
    }

    /// A backend on an open device with [`mel::kernel`] loaded: for drivers and images from elsewhere.
    ///
    /// # Errors
    /// `Failed` for another kernel; `DeviceLost`.
    pub fn on(device: Device, kernel: Kernel, budget_bytes: Option<u64>) -> Result<Self, ComputeError> {
        if *kernel.kernel() != mel::kernel().map_err(failed)? {
            return Err(failed(format!("kernel `{}`; expected the fused mel kernel", kernel.kernel().entry)));
        }
        let (free, _) = device.memory().map_err(from_cuda(0))?;
        // Two batches are under way, each in buffers up to a quarter larger than it asked for.
        let total = budget_bytes.unwrap_or_else(|| DEFAULT_TOTAL.min(free / 4));
        let largest_buffer = total.min(mel::LARGEST_BUFFER);
        Ok(Self {
            info: BackendInfo { kind: Kind::Cuda, device: device.info().name.clone(), software: false },
            // Workgroups are spread over two dimensions, so their number never binds; the table of starts does.
            budget: Budget { largest_buffer, total, outputs: largest_buffer / 4 },
            pending: VecDeque::new(),
            idle: Vec::new(),
            tables: TableCache::default(),
            kernel,
            device,
            lost: None,
            next: 0,
        })
    }

    fn alive(&self) -> Result<(), ComputeError> {
        match &self.lost {
            None => Ok(()),
            Some(why) => Err(ComputeError::DeviceLost { backend: BACKEND, why: why.clone() }),
        }
    }

    /// Queues a batch with at least one output.
    fn start(
        &mut self,
        plan: &Arc<MelPlan>,
        batch: &MelBatch,
        sizes: Sizes,
    ) -> Result<(BufferSet, Arc<Tables>), ComputeError> {
        let tables = self.tables.get(&self.device, plan)?;
        let mut queue = || {
            let mut set = match self.idle.pop() {
                Some(set) => set,
                None => BufferSet::new(&self.device)?,
            };
            set.start(&self.device, &self.kernel, &tables, plan, batch, sizes)?;
            Ok(set)
        };
        let set = queue().map_err(from_cuda(sizes.device()))?;
        Ok((set, tables))
    }

    /// Keeps what an error means for the batches to come.
    fn note(&mut self, error: ComputeError) -> ComputeError {
        // Idle buffers may hold the memory that a smaller batch needs.
        self.idle.clear();
        if let ComputeError::DeviceLost { why, .. } = &error {
            self.lost = Some(why.clone());
            self.tables.clear();
        }
        error
    }
}

impl Backend for CudaBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn budget(&self) -> Budget {
        self.budget
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        self.alive()?;
        if self.pending.len() == UNDER_WAY {
            return Err(failed(format!("{UNDER_WAY} batches are under way; collect one first")));
        }
        let sizes = Sizes::of(plan, batch, BACKEND)?;
        let estimate = plan.bytes(batch.pcm.as_slice().len(), batch.pcm.sample_bytes(), batch.outputs());
        if !self.budget.holds(estimate, batch.outputs()) {
            return Err(ComputeError::OutOfMemory { backend: BACKEND, bytes: sizes.device() });
        }
        let under_way = if sizes.values == 0 {
            None
        } else {
            Some(self.start(plan, batch, sizes).map_err(|error| self.note(error))?)
        };
        self.next += 1;
        self.pending.push_back(Pending { number: self.next, plan: plan.clone(), sizes, under_way });
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        let Pending { number, plan, sizes, under_way } = self.pending.pop_front().expect("a ticket is collected once");
        assert_eq!(number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(async move {
            let Some((mut set, _tables)) = under_way else { return Ok(mel::values(&plan, sizes, &[])) };
            let arrived: Result<MelValues, _> = set.values(&plan, sizes);
            match arrived {
                Ok(values) => {
                    self.idle.push(set);
                    Ok(values)
                }
                Err(error) => Err(self.note(from_cuda(sizes.device())(error))),
            }
        })
    }
}
