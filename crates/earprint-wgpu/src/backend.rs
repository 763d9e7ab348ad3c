//! [`WgpuBackend`]: batches in flight, and what becomes of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use earprint_compute::{
    Backend, BackendInfo, Budget, Collected, ComputeError, Dtype, MelBatch, MelPlan, MelValues, Ticket,
};
use earprint_signal::f16_from_f32;

use crate::buffers::{BufferSet, copy_out};
use crate::faults::{Faults, ScopeError, Scopes, caught};
use crate::gpu::Gpu;
use crate::kernel::Kernel;
use crate::record::{Mapping, Sizes, check, record};
use crate::tables::TableCache;
use crate::{Options, adapters};

/// Batches under way at most: one uploads while the other computes.
const UNDER_WAY: usize = 2;

/// A device that speaks wgpu. Belongs to the thread that opened it.
pub struct WgpuBackend {
    info: BackendInfo,
    budget: Budget,
    gpu: Gpu,
    kernel: Kernel,
    tables: TableCache,
    idle: Vec<BufferSet>,
    pending: VecDeque<Pending>,
    next: u64,
}

struct Pending {
    number: u64,
    plan: Arc<MelPlan>,
    sizes: Sizes,
    /// `None` where the batch had no outputs.
    way_back: Option<WayBack>,
}

struct WayBack {
    set: BufferSet,
    mapping: Mapping,
    /// Scopes that the browser has not answered for yet.
    scopes: Option<ScopeError>,
}

impl WgpuBackend {
    /// Opens a device and compiles the kernel.
    ///
    /// # Errors
    /// `NoDevice` says what was looked for and what was found; `Failed` where the driver refuses the kernel.
    pub async fn open(options: Options) -> Result<Self, ComputeError> {
        let open = async {
            let adapter = adapters::choose(&options.adapter, options.allow_software).await?;
            let info = adapters::info(&adapter);
            let gpu = Gpu::open(&adapter, info.kind.name()).await?;
            let scopes = Scopes::open(&gpu.device);
            let kernel = Kernel::new(&gpu.device, options.kernel);
            if let Some(error) = scopes.close().await {
                return Err(gpu.faults.error(&error, 0));
            }
            gpu.faults.check()?;
            let budget = gpu.budget(options.budget_bytes);
            let (tables, idle, pending) = (TableCache::default(), Vec::new(), VecDeque::new());
            Ok(Self { info, budget, gpu, kernel, tables, idle, pending, next: 0 })
        };
        let failed = |why| ComputeError::Failed {
            backend: adapters::FAMILY,
            why: format!("wgpu panicked while opening: {why}"),
        };
        caught(open).await.unwrap_or_else(|why| Err(failed(why)))
    }

    /// Ends the device as a crashed driver would, so that tests can follow the loss.
    #[doc(hidden)]
    pub fn lose_for_test(&self) {
        self.gpu.device.destroy();
        // wgpu tells of the loss once the device is idle and somebody asks.
        let _ = self.gpu.device.poll(wgpu::PollType::wait_indefinitely());
    }

    /// Records a batch that [`check`] let pass.
    fn start(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch, sizes: Sizes) -> Result<WayBack, ComputeError> {
        let gpu = &self.gpu;
        let mut set = self.idle.pop().unwrap_or_else(BufferSet::new);
        let scopes = Scopes::open(&gpu.device);
        let tables = self.tables.get(gpu, self.kernel.choice, plan)?;
        let mapping = record(gpu, &self.kernel, &tables, &mut set, plan, batch, sizes);
        let mut scopes = scopes.close();
        // Natively the answer is there. The loss of a device is told by a poll alone.
        let scopes = match scopes.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(error)) => return Err(gpu.faults.error(&error, sizes.device())),
            Poll::Ready(None) => None,
            Poll::Pending => Some(scopes),
        };
        let _ = gpu.device.poll(wgpu::PollType::Poll);
        gpu.faults.check()?;
        Ok(WayBack { set, mapping, scopes })
    }
}

impl Backend for WgpuBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn budget(&self) -> Budget {
        self.budget
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        let faults = self.gpu.faults.clone();
        faults.check()?;
        if self.pending.len() == UNDER_WAY {
            return Err(faults.failed(format!("{UNDER_WAY} batches are under way; collect one first")));
        }
        let sizes = check(&self.gpu, plan, batch, self.kernel.choice)?;
        let estimate = plan.bytes(batch.pcm.as_slice().len(), batch.pcm.sample_bytes(), batch.outputs());
        if !self.budget.holds(estimate, batch.outputs()) {
            return Err(ComputeError::OutOfMemory { backend: faults.backend(), bytes: sizes.device() });
        }
        let way_back = if sizes.values == 0 {
            None
        } else {
            let started = faults.guard(|| self.start(plan, batch, sizes));
            if started.is_err() {
                // A table may be among what was not made.
                self.tables.clear();
            }
            Some(started?)
        };
        self.next += 1;
        self.pending.push_back(Pending { number: self.next, plan: plan.clone(), sizes, way_back });
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        let pending = self.pending.pop_front().expect("a ticket is collected once");
        assert_eq!(pending.number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(async move {
            let Some(way_back) = pending.way_back else { return Ok(values(&pending.plan, pending.sizes, |_| ())) };
            let faults = self.gpu.faults.clone();
            let arrive = arrive(&self.gpu, &faults, &pending.plan, pending.sizes, way_back);
            match faults.guard_async(arrive).await {
                Ok((values, set)) => {
                    self.idle.push(set);
                    Ok(values)
                }
                Err(error) => {
                    // Buffers of a batch that failed may not exist: the next one makes its own.
                    self.tables.clear();
                    self.idle.clear();
                    Err(error)
                }
            }
        })
    }
}

/// Waits for the values of a batch and reads them.
async fn arrive(
    gpu: &Gpu,
    faults: &Faults,
    plan: &MelPlan,
    sizes: Sizes,
    way_back: WayBack,
) -> Result<(MelValues, BufferSet), ComputeError> {
    let WayBack { set, mapping, scopes } = way_back;
    if let Some(scopes) = scopes
        && let Some(error) = scopes.await
    {
        return Err(faults.error(&error, sizes.device()));
    }
    gpu.wait(mapping.submission, || mapping.done.is_ready())?;
    let mapped = mapping.done.await;
    faults.check()?;
    if mapped.is_err() {
        // The scopes were clean, so the call was right: only a device on its way out refuses it. A browser may tell
        // of the loss after it tells of the mapping.
        faults.lose("the values could not be mapped".to_owned());
        faults.check()?;
    }
    let read = set.read.get();
    let view = read.get_mapped_range(0..sizes.values).map_err(|e| faults.failed(e.to_string()))?;
    let values = values(plan, sizes, |bytes| copy_out(&view, bytes));
    drop(view);
    read.unmap();
    Ok((values, set))
}

/// Values of the plan's type, filled by `fill` with the bytes the kernel wrote.
fn values(plan: &MelPlan, sizes: Sizes, fill: impl FnOnce(&mut [u8])) -> MelValues {
    if sizes.packed {
        let mut half = vec![0_u16; sizes.values as usize / 2];
        fill(bytemuck::cast_slice_mut(&mut half));
        return MelValues::F16(half);
    }
    let mut single = vec![0.0_f32; sizes.values as usize / 4];
    fill(bytemuck::cast_slice_mut(&mut single));
    match plan.dtype {
        Dtype::F32 => MelValues::F32(single),
        Dtype::F16 => MelValues::F16(single.into_iter().map(f16_from_f32).collect()),
    }
}
