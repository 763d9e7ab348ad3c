//! earprint on CUDA, from the same WGSL that every other GPU runs.
//!
//! - [`translate`]: WGSL compute kernels to CUDA C++ text. Enters a WGSL module and an entry point's name; leaves a
//!   [`CudaKernel`](translate::CudaKernel). The module's page tells the kernel ABI.
//! - [`nvrtc`]: the text to PTX or CUBIN, with NVIDIA's library found at run time; needs no GPU.
//! - [`driver`]: devices, memory, launches, with libcuda found at run time.
//! - [`CudaBackend`]: the fused mel kernel on a device, as the pipeline drives it; [`mel`] is its batch in bytes.
//! - [`CudaMachine`]: any recording of kernels on a device.
#![cfg_attr(
    feature = "emulate",
    doc = "- [`emulate`]: the same text compiled by g++ and run on the CPU, to compare bits."
)]
//!
//! Sameness: no contraction (`--fmad=false`, `-ffp-contract=off`), IEEE division and root, no built-in whose bits differ between
//! devices. Nothing of CUDA is needed to build, on any platform.

mod backend;
pub mod driver;
#[cfg(feature = "emulate")]
pub mod emulate;
mod library;
pub mod mel;
pub mod nvrtc;
pub mod translate;

pub use backend::{CudaBackend, CudaMachine, DeviceLine, Load, Options, devices};
pub use library::LibraryError;
