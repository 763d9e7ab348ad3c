//! wgpu as a backend: Vulkan, Metal and DX12 natively, WebGPU in a browser. One recording path for all of them.
//!
//! In: a plan and a batch (`earprint-compute`), the kernels' text (`earprint-shaders`). Out: mel values. Nothing here
//! computes a sample; what a value is stands in the kernels.
//!
//! The device is asked for plain WebGPU limits, so a kernel that runs natively runs in a browser too. Every way a
//! device can fail comes back as a `ComputeError`: wgpu's own panics, its error scopes and the loss of the device.

mod adapters;
mod backend;
mod buffers;
mod faults;
mod gpu;
mod kernel;
mod machine;
mod oneshot;
mod options;
mod record;
mod tables;

pub use adapters::{AdapterLine, adapters};
pub use backend::WgpuBackend;
pub use machine::WgpuMachine;
pub use options::{AdapterChoice, KernelChoice, Options};
