//! Tracks: from sound to descriptors. [`describe`] is the corridor, one track from stream to numbers; [`run_tracks`] is
//! the queue around it, many files on many threads.

mod batches;
mod describe;
mod maker;
mod stages;

#[cfg(feature = "disk")]
mod device;
#[cfg(feature = "disk")]
mod makespan;
#[cfg(feature = "disk")]
mod queue;
#[cfg(feature = "disk")]
mod run;

pub use batches::{Answer, Batches, Rows};
pub use describe::{Described, SEGMENT_FRAMES, describe, record};
#[cfg(feature = "disk")]
pub use device::DeviceRows;
pub use maker::{CpuRows, Made, RowMaker};
#[cfg(feature = "disk")]
pub use makespan::Makespan;
#[cfg(feature = "disk")]
pub use queue::{QueueOptions, Sink, Worker, Workers, run_queue};
#[cfg(feature = "disk")]
pub use run::{
    BASE_BYTES, CpuMakers, OnTrack, RowMakers, TrackCounts, TrackFate, TrackJob, TrackProgress, WORKER_BYTES,
    run_tracks,
};
pub use stages::{Clock, Moment, StageTimes};
