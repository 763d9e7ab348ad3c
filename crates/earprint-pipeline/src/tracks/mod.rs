//! Tracks: from sound to descriptors. [`describe`] is the corridor, one track from stream to numbers; [`run_tracks`] is
//! the queue around it, many files on many threads.

mod describe;
mod maker;
mod stages;

#[cfg(feature = "disk")]
mod queue;
#[cfg(feature = "disk")]
mod run;

pub use describe::{Described, SEGMENT_FRAMES, describe, record};
pub use maker::{CpuRows, Made, RowMaker};
#[cfg(feature = "disk")]
pub use queue::{QueueOptions, Worker, Workers, run_queue};
#[cfg(feature = "disk")]
pub use run::{OnTrack, RowMakers, TrackCounts, TrackFate, TrackJob, TrackProgress, WORKER_BYTES, run_tracks};
pub use stages::{Clock, Moment, StageTimes};
