//! The trait a machine implements, and nothing else: a new device is one crate with one `impl Backend`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Budget, ComputeError, MelBatch, MelPlan};

/// Family of a backend, as records and `--device` spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// CPU kernels.
    Cpu,
    /// wgpu natively (Vulkan, Metal, DX12): `vulkan`, `metal`, `dx12`.
    Native(&'static str),
    /// WebGPU in a browser.
    WebGpu,
    /// CUDA.
    Cuda,
    /// Anything else that implements the trait.
    Other(&'static str),
}

impl Kind {
    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Native(name) | Self::Other(name) => name,
            Self::WebGpu => "webgpu",
            Self::Cuda => "cuda",
        }
    }
}

/// What a backend is, for records, `doctor` and the choice of `auto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendInfo {
    /// Family.
    pub kind: Kind,
    /// Device as its driver names it, or the instruction set and thread count.
    pub device: String,
    /// True for a rasteriser that runs on the CPU: never chosen by `auto`.
    pub software: bool,
}

/// A batch under way.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a submitted batch must be collected"]
pub struct Ticket(pub u64);

/// Values of one batch, `(T, M)` row-major, outputs in slot order.
#[derive(Debug, Clone, PartialEq)]
pub enum MelValues {
    /// 32-bit.
    F32(Vec<f32>),
    /// 16-bit, rounded once from f32.
    F16(Vec<u16>),
}

/// What [`Backend::collect`] returns. Not `Send`: in a browser nothing is.
pub type Collected<'a> = Pin<Box<dyn Future<Output = Result<MelValues, ComputeError>> + 'a>>;

/// A machine that computes mel batches.
///
/// Values do not depend on the batch they travel in. A backend belongs to the thread that opened it.
pub trait Backend {
    /// What it is.
    fn info(&self) -> &BackendInfo;

    /// How much one batch may hold.
    fn budget(&self) -> Budget;

    /// Batches worth having under way at once: 2 where one can upload while another computes, else 1.
    fn depth(&self) -> usize {
        2
    }

    /// Starts a batch. At most two may be under way, so that one uploads while the other computes.
    ///
    /// # Errors
    /// `Unsupported` where the device cannot do this job; `OutOfMemory` where half the batch may fit; `DeviceLost`.
    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError>;

    /// Waits for a batch, in the order of submission.
    ///
    /// # Errors
    /// As `submit`.
    fn collect(&mut self, ticket: Ticket) -> Collected<'_>;
}
