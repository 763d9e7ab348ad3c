//! What can go wrong on a CUDA device, sorted by what the caller does next.

use crate::{LibraryError, nvrtc::NvrtcError};
use std::ffi::c_int;

/// Failure of the driver half.
#[derive(Debug, thiserror::Error)]
pub enum CudaError {
    /// No driver library, or one without a function we need: take another backend.
    #[error("no CUDA driver: {0}")]
    NoDriver(#[from] LibraryError),
    /// The driver is there but no such device: take another backend.
    #[error("no CUDA device {ordinal}; the driver reports {count}")]
    NoDevice {
        /// Device asked for.
        ordinal: usize,
        /// Devices present.
        count: usize,
    },
    /// Device memory is used up: a smaller batch may fit.
    #[error("device memory: {bytes} bytes could not be had")]
    OutOfMemory {
        /// Bytes asked for; 0 where a launch or a load ran out.
        bytes: u64,
    },
    /// NVRTC is missing, or refuses the kernel.
    #[error(transparent)]
    Nvrtc(#[from] NvrtcError),
    /// Number, kind, size or alignment of launch arguments, or a range outside a buffer.
    #[error("{what}: expected {expected}, got {actual}")]
    Argument {
        /// Which argument.
        what: String,
        /// What is wanted.
        expected: String,
        /// What came.
        actual: String,
    },
    /// A kernel ran into an error. The context is unusable from here on: open the device anew, with everything made from it.
    #[error("device lost in {call}: {name} ({code})")]
    Lost {
        /// C function that reported it, often a later one than the launch.
        call: &'static str,
        /// CUDA's name of the error.
        name: String,
        /// `CUresult`.
        code: c_int,
    },
    /// Any other failure of a call.
    #[error("{call}: {name} ({code})")]
    Call {
        /// C function.
        call: &'static str,
        /// CUDA's name of the error.
        name: String,
        /// `CUresult`.
        code: c_int,
    },
}

/// Codes of `cuda.h` that mean more than "failed".
pub(super) const OUT_OF_MEMORY: c_int = 2;
pub(super) const NO_DEVICE: c_int = 100;

/// Whether an error leaves the context unusable (illegal address, time limit, assertion, hardware faults).
pub(super) fn is_sticky(code: c_int) -> bool {
    matches!(code, 700 | 702 | 710 | 714..=719)
}
