//! Small kernels, each about one part of the subset. Shared by the emulator's tests (bits against Rust twins) and the NVRTC test
//! (does it compile for a device).
#![allow(dead_code)] // each test crate uses its part

pub mod arithmetic;
pub mod control;
pub mod memory;
pub mod workgroup;

/// Every kernel: text and entry point.
pub fn all() -> Vec<(&'static str, &'static str)> {
    [arithmetic::ALL, control::ALL, memory::ALL, workgroup::ALL].concat()
}
