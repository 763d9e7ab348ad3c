//! What computes, and what it is asked.
//!
//! Mel: a [`Backend`] takes a [`MelPlan`] and [`MelBatch`]es within its [`Budget`]; [`CpuBackend`] is always there. Tracks: a
//! [`TrackRecorder`] turns segments into a [`Recording`], a list of kernels over buffers, which any [`Machine`] runs.

mod backend;
mod constant_q_tables;
mod cpu;
#[cfg(feature = "threads")]
mod crew;
mod error;
mod gpu_tables;
mod kmeans_device;
mod plan;
mod recording;
mod spectrum_tables;
mod track_recording;

pub use backend::{Backend, BackendInfo, Collected, Kind, MelValues, Ticket};
pub use constant_q_tables::{ConstantQBatch, ConstantQGpuTables, ConstantQSegment};
pub use cpu::CpuBackend;
#[cfg(feature = "threads")]
pub use crew::{CurrentCrew, PoolCrew};
pub use error::ComputeError;
pub use gpu_tables::GpuTables;
pub use kmeans_device::KMeansDevice;
pub use plan::{Budget, Bytes, Dtype, MelBatch, MelPlan, PcmBuffer, Slot};
pub use recording::{BufferId, Content, Machine, Recording, Room, Step, Words, spread};
pub use spectrum_tables::SpectrumGpuTables;
pub use track_recording::{TrackBytes, TrackRecorder};
