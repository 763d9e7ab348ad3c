//! Backends that go wrong on purpose, around one that does not.

use std::collections::VecDeque;
use std::sync::Arc;

use earprint_compute::{Backend, BackendInfo, Budget, Collected, ComputeError, MelBatch, MelPlan, MelValues, Ticket};
use earprint_signal::{f16_from_f32, f32_from_f16};

/// How one value of every batch is made wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Disturbance {
    /// Its lowest bit is turned: the smallest error there is.
    LowestBit,
    /// This much is added, in the values' unit.
    Add(f32),
}

/// Disturbs one value of every batch.
pub struct Disturbed {
    /// What computes.
    pub inner: Box<dyn Backend>,
    /// What goes wrong.
    pub how: Disturbance,
}

/// Has no memory for batches above a number of outputs.
pub struct OutOfMemoryAbove {
    /// What computes.
    pub inner: Box<dyn Backend>,
    /// Most outputs of a batch.
    pub outputs: usize,
}

/// Loses its device: the batch number `batch` (from 0) is submitted and never comes back.
pub struct LostAt {
    /// What computes.
    pub inner: Box<dyn Backend>,
    /// Batch at which it is lost.
    pub batch: u64,
    submitted: u64,
    /// Tickets of `inner`; `None` from the loss on.
    under_way: VecDeque<Option<Ticket>>,
    lost: bool,
}

impl LostAt {
    /// Around `inner`.
    pub fn new(inner: Box<dyn Backend>, batch: u64) -> Self {
        Self { inner, batch, submitted: 0, under_way: VecDeque::new(), lost: false }
    }

    fn error(&self) -> ComputeError {
        ComputeError::DeviceLost { backend: self.inner.info().kind.name(), why: "it was told to".to_owned() }
    }
}

fn disturb(values: &mut MelValues, how: Disturbance) {
    // Not the first, the last or the middle one, which stand in for each other when a batch is turned round.
    match (values, how) {
        (MelValues::F32(v), how) if !v.is_empty() => {
            let at = v.len() / 3;
            v[at] = match how {
                Disturbance::LowestBit => f32::from_bits(v[at].to_bits() ^ 1),
                Disturbance::Add(x) => v[at] + x,
            };
        }
        (MelValues::F16(v), how) if !v.is_empty() => {
            // Beside the one in f32, or both would be disturbed alike.
            let at = (v.len() / 3 + 1) % v.len();
            v[at] = match how {
                Disturbance::LowestBit => v[at] ^ 1,
                Disturbance::Add(x) => f16_from_f32(f32_from_f16(v[at]) + x),
            };
        }
        _ => {}
    }
}

impl Backend for Disturbed {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn budget(&self) -> Budget {
        self.inner.budget()
    }

    fn depth(&self) -> usize {
        self.inner.depth()
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        self.inner.submit(plan, batch)
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        Box::pin(async move {
            let mut values = self.inner.collect(ticket).await?;
            disturb(&mut values, self.how);
            Ok(values)
        })
    }
}

impl Backend for OutOfMemoryAbove {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn budget(&self) -> Budget {
        self.inner.budget()
    }

    fn depth(&self) -> usize {
        self.inner.depth()
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        if batch.outputs() > self.outputs {
            let bytes = plan.bytes(batch.pcm.as_slice().len(), batch.pcm.sample_bytes(), batch.outputs()).device();
            return Err(ComputeError::OutOfMemory { backend: self.info().kind.name(), bytes });
        }
        self.inner.submit(plan, batch)
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        self.inner.collect(ticket)
    }
}

impl Backend for LostAt {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn budget(&self) -> Budget {
        self.inner.budget()
    }

    /// Two batches under way, so that one is lost with the other.
    fn depth(&self) -> usize {
        2
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        if self.lost {
            return Err(self.error());
        }
        let inner = if self.submitted < self.batch { Some(self.inner.submit(plan, batch)?) } else { None };
        self.under_way.push_back(inner);
        self.submitted += 1;
        Ok(Ticket(self.submitted))
    }

    fn collect(&mut self, _: Ticket) -> Collected<'_> {
        match self.under_way.pop_front().expect("a ticket is collected once") {
            Some(ticket) => self.inner.collect(ticket),
            None => {
                self.lost = true;
                Box::pin(std::future::ready(Err(self.error())))
            }
        }
    }
}
