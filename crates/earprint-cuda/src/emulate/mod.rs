//! The emitted text on the CPU: compiled by g++, loaded as a library, run with one fiber per invocation.
//!
//! It serves to compare bits without a GPU. It also checks what a GPU does not: every index, every barrier, and that no kernel
//! relies on zeroed workgroup memory (it starts as `0xFF` bytes). Unix only; elsewhere, and without g++, a typed skip.

mod build;
mod error;

pub use error::EmulateError;

use crate::translate::{BindingKind, CudaKernel};
use std::{
    ffi::{CStr, c_char, c_uint, c_void},
    sync::Mutex,
};

/// One argument per binding, in the order of [`CudaKernel::bindings`].
#[derive(Debug)]
pub enum Arg<'a> {
    /// A uniform block: exactly the binding's bytes.
    Uniform(&'a [u8]),
    /// A storage buffer in words of 4 bytes; read-only ones are not changed.
    Buffer(&'a mut [u32]),
}

type Launch = unsafe extern "C" fn(*mut *mut c_void, c_uint, c_uint, c_uint) -> *const c_char;

/// A compiled kernel. Runs are serial: the library keeps the state of one grid.
#[derive(Debug)]
pub struct Emulator {
    kernel: CudaKernel,
    launch: Launch,
    serial: Mutex<()>,
    // Holds the code `launch` points into; unloaded when the emulator goes.
    _library: libloading::Library,
}

impl Emulator {
    /// Compiles and loads `kernel` (about a second).
    ///
    /// # Errors
    /// No g++ ([`EmulateError::NoCompiler`]), text that does not compile, or a library that does not load.
    pub fn new(kernel: &CudaKernel) -> Result<Self, EmulateError> {
        let library = build::compile(kernel)?;
        // SAFETY: `launch` is defined with this signature by the launcher that `build` generates into the library.
        let launch = unsafe { *library.get::<Launch>(b"launch\0")? };
        Ok(Self { kernel: kernel.clone(), launch, serial: Mutex::new(()), _library: library })
    }

    /// Runs `groups` workgroups over `args` and returns when all have ended.
    ///
    /// # Errors
    /// Arguments that do not fit the bindings, or a fault of the kernel; buffers then hold what was written until it stopped.
    pub fn run(&self, groups: [u32; 3], args: &mut [Arg]) -> Result<(), EmulateError> {
        let wrong = |index, expected: String, actual: String| EmulateError::Argument {
            entry: self.kernel.entry.clone(),
            index,
            expected,
            actual,
        };
        let bindings = &self.kernel.bindings;
        if args.len() != bindings.len() {
            let (expected, actual) = (bindings.len(), args.len());
            return Err(wrong(expected, format!("{expected} arguments"), format!("{actual}")));
        }
        // Each parameter of the ABI gets a slot of its own; the launcher receives pointers to the slots. Pointers into buffers are
        // taken once, here, so that nothing else uses the buffers while the kernel does.
        enum Slot {
            Block(Vec<u128>),
            Buffer(*mut c_void),
            Len(u64),
        }
        let mut slots = Vec::new();
        for (index, (arg, binding)) in args.iter_mut().zip(bindings).enumerate() {
            match (arg, binding.kind) {
                (Arg::Uniform(bytes), BindingKind::Uniform { bytes: want }) => {
                    if bytes.len() != want as usize {
                        return Err(wrong(index, format!("{want} bytes"), format!("{} bytes", bytes.len())));
                    }
                    // u128 gives the block the alignment its C++ struct may ask for.
                    let mut block = vec![0u128; bytes.len().div_ceil(16)];
                    for (word, chunk) in block.iter_mut().zip(bytes.chunks(16)) {
                        let mut padded = [0; 16];
                        padded[..chunk.len()].copy_from_slice(chunk);
                        *word = u128::from_ne_bytes(padded);
                    }
                    slots.push(Slot::Block(block));
                }
                (Arg::Buffer(words), BindingKind::StorageRead(layout) | BindingKind::StorageReadWrite(layout)) => {
                    let bytes = 4 * words.len() as u64;
                    let len = layout.len_elements(bytes).ok_or_else(|| {
                        let want = layout.header_bytes + layout.element_bytes;
                        wrong(index, format!("at least {want} bytes"), format!("{bytes} bytes"))
                    })?;
                    slots.push(Slot::Buffer(words.as_mut_ptr().cast()));
                    slots.push(Slot::Len(len));
                }
                (Arg::Uniform(_), _) => return Err(wrong(index, "a storage buffer".into(), "a uniform block".into())),
                (Arg::Buffer(_), _) => return Err(wrong(index, "a uniform block".into(), "a storage buffer".into())),
            }
        }
        let mut pointers: Vec<*mut c_void> = slots
            .iter_mut()
            .map(|slot| match slot {
                Slot::Block(block) => block.as_mut_ptr().cast(),
                Slot::Buffer(pointer) => std::ptr::from_mut(pointer).cast(),
                Slot::Len(len) => std::ptr::from_mut(len).cast(),
            })
            .collect();
        let _one = self.serial.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // SAFETY: the slots follow the kernel ABI binding by binding (checked above), stay alive until the call returns, and the
        // launcher joins all its threads before it does. Indices are checked by the emitted text.
        let message = unsafe { (self.launch)(pointers.as_mut_ptr(), groups[0], groups[1], groups[2]) };
        if message.is_null() {
            return Ok(());
        }
        // SAFETY: a non-null result is a terminated string in the library's static memory, valid until the next launch.
        let message = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
        Err(EmulateError::Fault { entry: self.kernel.entry.clone(), message })
    }
}
