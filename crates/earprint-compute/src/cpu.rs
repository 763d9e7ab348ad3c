//! The CPU as a backend: the lane kernel of `earprint-signal`, one thread or all of a rayon pool.

use std::collections::VecDeque;
use std::sync::Arc;

use earprint_signal::{Layout, MelKernel, Out, Scratch, Width};

use crate::{
    Backend, BackendInfo, Budget, Collected, ComputeError, Dtype, Kind, MelBatch, MelPlan, MelValues, Slot, Ticket,
};

/// The CPU.
pub struct CpuBackend {
    info: BackendInfo,
    width: Width,
    threads: bool,
    kernel: Option<(Arc<MelPlan>, MelKernel)>,
    scratch: Scratch,
    done: VecDeque<(u64, MelValues)>,
    next: u64,
}

impl CpuBackend {
    /// One thread with the widest instruction set.
    pub fn new() -> Self {
        Self::with_width(Width::best())
    }

    /// One thread with a given instruction set.
    pub fn with_width(width: Width) -> Self {
        Self {
            info: BackendInfo { kind: Kind::Cpu, device: width.name().to_owned(), software: false },
            width,
            threads: false,
            kernel: None,
            scratch: Scratch::default(),
            done: VecDeque::new(),
            next: 0,
        }
    }

    /// All threads of the current rayon pool, batches split by outputs. Same values as one thread.
    #[cfg(feature = "threads")]
    pub fn threaded() -> Self {
        let mut cpu = Self::new();
        cpu.threads = true;
        cpu.info.device = format!("{}, {} threads", cpu.width.name(), rayon::current_num_threads());
        cpu
    }

    fn compute(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> MelValues {
        if self.kernel.as_ref().is_none_or(|(p, _)| !Arc::ptr_eq(p, plan)) {
            let kernel = MelKernel::new(&plan.job.spec, plan.tables.clone(), plan.grid, self.width);
            self.kernel = Some((plan.clone(), kernel));
        }
        let kernel = &self.kernel.as_ref().expect("made above").1;
        let n = batch.outputs() * plan.job.spec.n_mels;
        match plan.dtype {
            Dtype::F32 => {
                let mut out = vec![0.0; n];
                fill(kernel, plan, batch, &mut out, self.threads, &mut self.scratch);
                MelValues::F32(out)
            }
            Dtype::F16 => {
                let mut out = vec![0; n];
                fill(kernel, plan, batch, &mut out, self.threads, &mut self.scratch);
                MelValues::F16(out)
            }
        }
    }
}

impl Default for CpuBackend {
    fn default() -> Self {
        Self::new()
    }
}

/// Outputs of a slot that one task of a pool computes at least.
#[cfg(feature = "threads")]
const TASK_OUTPUTS: usize = 256;

/// A type the kernel writes.
trait Value: Send + Sized {
    fn out(values: &mut [Self]) -> Out<'_>;
}

impl Value for f32 {
    fn out(values: &mut [Self]) -> Out<'_> {
        Out::F32(values)
    }
}

impl Value for u16 {
    fn out(values: &mut [Self]) -> Out<'_> {
        Out::F16(values)
    }
}

fn fill<T: Value>(
    kernel: &MelKernel,
    plan: &MelPlan,
    batch: &MelBatch,
    out: &mut [T],
    threads: bool,
    scratch: &mut Scratch,
) {
    let bands = plan.job.spec.n_mels;
    let one = |slot: Slot, out: &mut [T], scratch: &mut Scratch| {
        let pcm = match batch.pcm.as_slice() {
            earprint_signal::PcmSlice::I16(s) => earprint_signal::PcmSlice::I16(&s[slot.start..]),
            earprint_signal::PcmSlice::F32(s) => earprint_signal::PcmSlice::F32(&s[slot.start..]),
        };
        kernel.run(pcm, slot.outputs, Layout::TimeMajor, T::out(out), scratch);
    };
    #[cfg(feature = "threads")]
    if threads {
        use rayon::prelude::*;
        // Cut by outputs, not by the number of threads: a value's way does not depend on the machine.
        let mut tasks = Vec::new();
        let mut rest = out;
        for slot in &batch.slots {
            for first in (0..slot.outputs).step_by(TASK_OUTPUTS) {
                let outputs = TASK_OUTPUTS.min(slot.outputs - first);
                let (now, later) = rest.split_at_mut(outputs * bands);
                tasks.push((Slot { start: slot.start + first * plan.grid.step, outputs }, now));
                rest = later;
            }
        }
        tasks.into_par_iter().for_each_init(Scratch::default, |scratch, (slot, out)| one(slot, out, scratch));
        return;
    }
    let _ = threads;
    let mut rest = out;
    for &slot in &batch.slots {
        let (now, later) = rest.split_at_mut(slot.outputs * bands);
        one(slot, now, scratch);
        rest = later;
    }
}

impl Backend for CpuBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn budget(&self) -> Budget {
        // Nothing to upload: only the working set of one batch bounds it.
        Budget { largest_buffer: 64 << 20, total: 192 << 20, outputs: 1 << 22 }
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        let values = self.compute(plan, batch);
        self.next += 1;
        self.done.push_back((self.next, values));
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        let (number, values) = self.done.pop_front().expect("a ticket is collected once");
        assert_eq!(number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(std::future::ready(Ok(values)))
    }
}
