//! One suite for every backend ([`checks`]), and the backends that only tests have: an example of a new device, the CUDA
//! kernel emulated, the CUDA backend on a machine made of host memory, and some that go wrong on purpose.

pub mod checks;
pub mod closeness;
pub mod doubles;
pub mod emulated_cuda;
pub mod emulated_machine;
#[cfg(test)]
mod engine;
pub mod example;
#[cfg(unix)]
pub mod host_cuda;
pub mod machine_doubles;
mod trial;
pub mod vulkan;

pub use trial::{Candidate, Promise, Report, Trial, compute};
