//! A backend that does not give up: halves what does not fit, and goes on with the CPU when a device is gone. Every such
//! step is an event of the run, never silent.

use std::sync::Arc;

use earprint_compute::{Backend, ComputeError, CpuBackend, MelBatch, MelPlan, MelValues, PcmBuffer, Slot, Ticket};

use crate::Control;

/// The backend of one thread, with the CPU behind it.
pub struct Engine {
    primary: Box<dyn Backend>,
    name: Arc<str>,
    cpu: CpuBackend,
    cpu_name: Arc<str>,
    given_up: bool,
}

/// A batch under way: computing somewhere, or kept for the CPU.
pub(crate) enum Flight {
    OnPrimary(Ticket),
    OnCpu(Ticket),
    Refused(ComputeError),
}

impl Engine {
    /// Drives `primary`.
    pub fn new(primary: Box<dyn Backend>) -> Self {
        Self {
            name: primary.info().kind.name().into(),
            primary,
            cpu: CpuBackend::new(),
            cpu_name: "cpu".into(),
            given_up: false,
        }
    }

    /// The backend asked first.
    pub fn backend(&self) -> &dyn Backend {
        self.primary.as_ref()
    }

    pub(crate) fn depth(&self) -> usize {
        if self.given_up { 1 } else { self.primary.depth() }
    }

    pub(crate) fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Flight {
        if self.given_up {
            return self.cpu.submit(plan, batch).map_or_else(Flight::Refused, Flight::OnCpu);
        }
        self.primary.submit(plan, batch).map_or_else(Flight::Refused, Flight::OnPrimary)
    }

    /// The values of the oldest batch under way, and what computed them. Must be called for every submitted batch, in
    /// order; a batch that failed is computed again by [`Engine::recover`] once none is under way.
    pub(crate) async fn collect(&mut self, flight: Flight) -> Result<(MelValues, Arc<str>), ComputeError> {
        match flight {
            Flight::Refused(e) => Err(e),
            Flight::OnCpu(t) => self.cpu.collect(t).await.map(|v| (v, self.cpu_name.clone())),
            Flight::OnPrimary(t) => self.primary.collect(t).await.map(|v| (v, self.name.clone())),
        }
    }

    /// Computes a batch that failed with `why`: in halves where memory was short, on the CPU otherwise.
    pub(crate) async fn recover(
        &mut self,
        plan: &Arc<MelPlan>,
        batch: &MelBatch,
        why: ComputeError,
        control: &Control,
    ) -> (MelValues, Arc<str>) {
        let mut why = why;
        if matches!(why, ComputeError::OutOfMemory { .. }) && !self.given_up {
            match self.in_halves(plan, batch, control).await {
                Ok(values) => return (values, self.name.clone()),
                Err(e) => why = e,
            }
        }
        if !self.given_up {
            self.given_up = true;
            control.event(format!("{why}; continuing on the cpu"));
        }
        let ticket = self.cpu.submit(plan, batch).expect("the CPU refuses nothing that was planned");
        let values = self.cpu.collect(ticket).await.expect("the CPU fails at nothing it took");
        (values, self.cpu_name.clone())
    }

    async fn in_halves(
        &mut self,
        plan: &Arc<MelPlan>,
        batch: &MelBatch,
        control: &Control,
    ) -> Result<MelValues, ComputeError> {
        let mut todo = vec![batch.clone()];
        let mut parts = Vec::new();
        while let Some(next) = todo.pop() {
            let tried = match self.primary.submit(plan, &next) {
                Ok(t) => self.primary.collect(t).await,
                Err(e) => Err(e),
            };
            match tried {
                Ok(v) => parts.push(v),
                Err(ComputeError::OutOfMemory { .. }) if next.outputs() > 1 => {
                    let (first, second) = halve(&next, plan);
                    control.event(format!("out of memory: a batch of {} outputs was halved", next.outputs()));
                    todo.push(second);
                    todo.push(first);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(join(parts))
    }
}

/// Two batches that together compute `batch`, in its order, each with only the samples it needs.
fn halve(batch: &MelBatch, plan: &MelPlan) -> (MelBatch, MelBatch) {
    let half = batch.outputs() / 2;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut before = 0;
    for s in &batch.slots {
        let here = half.saturating_sub(before).min(s.outputs);
        if here > 0 {
            first.push(Slot { outputs: here, ..*s });
        }
        if here < s.outputs {
            second.push(Slot { start: s.start + here * plan.grid.step, outputs: s.outputs - here });
        }
        before += s.outputs;
    }
    (part(batch, first, plan), part(batch, second, plan))
}

fn part(batch: &MelBatch, mut slots: Vec<Slot>, plan: &MelPlan) -> MelBatch {
    let from = slots.iter().map(|s| s.start).min().unwrap_or(0);
    let to = slots.iter().map(|s| s.start + plan.grid.samples(s.outputs)).max().unwrap_or(from);
    // Pairs of 16-bit samples stay pairs.
    let from = from & !1;
    for s in &mut slots {
        s.start -= from;
    }
    let pcm = match &batch.pcm {
        PcmBuffer::I16(p) => PcmBuffer::I16(p[from..to].to_vec()),
        PcmBuffer::F32(p) => PcmBuffer::F32(p[from..to].to_vec()),
    };
    MelBatch { pcm, slots }
}

fn join(parts: Vec<MelValues>) -> MelValues {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or(MelValues::F32(Vec::new()));
    for p in parts {
        match (&mut all, p) {
            (MelValues::F32(a), MelValues::F32(b)) => a.extend(b),
            (MelValues::F16(a), MelValues::F16(b)) => a.extend(b),
            _ => unreachable!("one plan has one type"),
        }
    }
    all
}
