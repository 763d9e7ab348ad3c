//! WGSL to CUDA C++: parse and validate with naga, keep one entry point, write its IR as C++.
//!
//! The subset is that of compute kernels in core WebGPU: `i32 u32 f32 bool`, vectors, structs, fixed and runtime arrays, all
//! structured control flow, functions with pointer arguments, atomics, barriers. No matrices, textures, `f16` values or
//! subgroups. What is outside is a [`TranslateError`] that names it.
//!
//! # Kernel ABI
//!
//! `extern "C" __global__ void <symbol>(parameters…)`, one group of parameters per binding that the entry point uses, in
//! ascending `(group, binding)` order (the order of [`CudaKernel::bindings`]):
//!
//! - uniform: one parameter, the block by value, [`BindingKind::Uniform`]`::bytes` bytes in WGSL's uniform layout;
//! - storage: two parameters, a pointer to the binding's first byte (16-byte aligned; `const` when read-only) and an
//!   `unsigned long long` length in elements.
//!
//! The length is that of the runtime array: `(binding_bytes - header_bytes) / element_bytes`, rounded down, where
//! `header_bytes` is what stands before the array in its struct (0 for a bare array). A binding without a runtime array
//! has `element_bytes` 0 and length 1. [`StorageLayout::len_elements`] computes it.
//!
//! Blocks are launched with `blockDim` = [`CudaKernel::workgroup_size`], `gridDim` = workgroups, 0 bytes of dynamic shared memory.
//! Overlapping buffers are allowed only when all of them are read (WebGPU's own rule). Indices are not checked on the device.
//! A parameter list for `cuLaunchKernel` is therefore one pointer per parameter above, in order; the emulator takes the same list.

mod entry;
mod error;
mod expressions;
mod functions;
mod kernel;
mod loops;
mod math;
mod module;
mod names;
mod operators;
mod places;
mod statements;
mod types;

pub use error::TranslateError;
pub use kernel::{BindingInfo, BindingKind, CudaKernel, Options, StorageLayout};

use error::Result;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// The text every kernel begins with.
pub(crate) const PRELUDE: &str = include_str!("prelude.h");

/// Translates compute entry point `entry` of the module `wgsl` with default [`Options`].
///
/// # Errors
/// Text that does not parse or validate, a missing entry point, or a construct outside the subset.
pub fn translate(wgsl: &str, entry: &str) -> Result<CudaKernel> {
    translate_with(wgsl, entry, &Options::default())
}

/// [`translate`] with options.
///
/// # Errors
/// As [`translate`]; also override constants without a value, or values for constants that do not exist.
pub fn translate_with(wgsl: &str, entry: &str, options: &Options) -> Result<CudaKernel> {
    let (module, info) = load(wgsl, entry, options)?;
    module::Writer::new(&module, &info, options)?.write()
}

/// Parses and validates, then keeps what `entry` needs, with override constants replaced by their values.
fn load(wgsl: &str, entry: &str, options: &Options) -> Result<(naga::Module, ModuleInfo)> {
    let mut module = naga::front::wgsl::parse_str(wgsl).map_err(|e| TranslateError::Parse(e.emit_to_string(wgsl)))?;
    validate(&module, wgsl)?;

    let is_compute = |e: &naga::EntryPoint| e.stage == naga::ShaderStage::Compute;
    if !module.entry_points.iter().any(|e| is_compute(e) && e.name == entry) {
        let found: Vec<_> = module.entry_points.iter().filter(|e| is_compute(e)).map(|e| e.name.clone()).collect();
        return Err(TranslateError::EntryNotFound {
            entry: entry.to_owned(),
            found: if found.is_empty() { "none".to_owned() } else { found.join(", ") },
        });
    }
    module.entry_points.retain(|e| is_compute(e) && e.name == entry);
    // Only what this entry point reaches may decide about refusal and about the parameter list. Override constants go first:
    // unused ones may still be named in `options`.
    let info = validate(&module, wgsl)?;
    let constants = options.overrides.iter().cloned().collect();
    let (module, _) = naga::back::pipeline_constants::process_overrides(&module, &info, None, &constants)
        .map_err(|e| TranslateError::Override(e.to_string()))?;
    let mut module = module.into_owned();
    naga::compact::compact(&mut module, naga::compact::KeepUnused::No);
    let info = validator()
        .validate_resolved_overrides(&module)
        .map_err(|e| TranslateError::Validation(e.emit_to_string(wgsl)))?;
    Ok((module, info))
}

/// A validator with every capability on: a feature outside the subset is then refused by the writer, under its own name.
fn validator() -> Validator {
    Validator::new(ValidationFlags::all(), Capabilities::all())
}

fn validate(module: &naga::Module, wgsl: &str) -> Result<ModuleInfo> {
    validator().validate(module).map_err(|e| TranslateError::Validation(e.emit_to_string(wgsl)))
}
