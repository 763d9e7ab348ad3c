//! What a machine that computes must be able to do ([`Backend`]), what it is asked ([`MelPlan`], [`MelBatch`]), how much
//! fits ([`Budget`]), and the machine that is always there ([`CpuBackend`]).

mod backend;
mod cpu;
mod error;
mod gpu_tables;
mod plan;
mod spectrum_tables;

pub use backend::{Backend, BackendInfo, Collected, Kind, MelValues, Ticket};
pub use cpu::CpuBackend;
pub use error::ComputeError;
pub use gpu_tables::GpuTables;
pub use plan::{Budget, Bytes, Dtype, MelBatch, MelPlan, PcmBuffer, Slot};
pub use spectrum_tables::SpectrumGpuTables;
