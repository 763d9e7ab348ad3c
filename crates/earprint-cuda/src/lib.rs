//! earprint on CUDA, from the same WGSL that every other GPU runs.
//!
//! - [`translate`]: WGSL compute kernels to CUDA C++ text. Enters a WGSL module and an entry point's name; leaves a
//!   [`CudaKernel`](translate::CudaKernel), whose module tells the kernel ABI. Pure text work, on every platform.
#![cfg_attr(
    feature = "emulate",
    doc = "- [`emulate`]: the same text compiled by g++ and run on the CPU, to compare bits without a GPU."
)]
//!
//! Sameness: no contraction (`--fmad=false`, `-ffp-contract=off`), no built-in whose bits differ between devices.

#[cfg(feature = "emulate")]
pub mod emulate;
pub mod translate;
