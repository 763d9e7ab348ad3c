//! The emitted text on the CPU: compiled by g++, loaded as a library, run with one fiber per invocation.
//!
//! It serves to compare bits without a GPU. It also checks what a GPU does not: every index, every barrier, and that no kernel
//! relies on zeroed workgroup memory (it starts as `0xFF` bytes). Unix only; elsewhere, and without g++, a typed skip.

mod build;
mod driver;
mod error;

pub use build::{Rounding, compile_library};
pub use driver::{HostDriver, Live};
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

/// The value of one kernel parameter.
enum Slot {
    /// A uniform block, by value.
    Block(Vec<u128>),
    /// A storage buffer's first byte, and the memory it points into.
    Pointer(*mut c_void, Vec<u128>),
    /// Its length in elements.
    Len(u64),
}

/// A copy of `bytes` with an alignment of 16, zeroes behind the end.
fn aligned(bytes: &[u8]) -> Vec<u128> {
    let mut blocks = vec![0u128; bytes.len().div_ceil(16)];
    for (block, chunk) in blocks.iter_mut().zip(bytes.chunks(16)) {
        let mut padded = [0; 16];
        padded[..chunk.len()].copy_from_slice(chunk);
        *block = u128::from_ne_bytes(padded);
    }
    blocks
}

impl Emulator {
    /// Compiles and loads `kernel` (about a second).
    ///
    /// # Errors
    /// No g++ ([`EmulateError::NoCompiler`]), text that does not compile, or a library that does not load.
    pub fn new(kernel: &CudaKernel) -> Result<Self, EmulateError> {
        Self::with_rounding(kernel, Rounding::Separate)
    }

    /// [`Emulator::new`] for a device that rounds otherwise.
    ///
    /// # Errors
    /// As [`Emulator::new`].
    pub fn with_rounding(kernel: &CudaKernel, rounding: Rounding) -> Result<Self, EmulateError> {
        let library = build::load(kernel, rounding)?;
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
        // Each parameter of the ABI gets a slot of its own; the launcher receives pointers to the slots. Storage travels as a copy:
        // emitted vector accesses need 16-byte alignment, which a slice of words does not promise.
        let mut slots = Vec::new();
        for (index, (arg, binding)) in args.iter().zip(bindings).enumerate() {
            match (arg, binding.kind) {
                (Arg::Uniform(bytes), BindingKind::Uniform { bytes: want }) => {
                    if bytes.len() != want as usize {
                        let (want, got) = (format!("{want} bytes"), format!("{} bytes", bytes.len()));
                        return Err(wrong(index, want, got));
                    }
                    slots.push(Slot::Block(aligned(bytes)));
                }
                (Arg::Buffer(words), BindingKind::StorageRead(layout) | BindingKind::StorageReadWrite(layout)) => {
                    let bytes = 4 * words.len() as u64;
                    let len = layout.len_elements(bytes).ok_or_else(|| {
                        let want = layout.header_bytes + layout.element_bytes;
                        wrong(index, format!("at least {want} bytes"), format!("{bytes} bytes"))
                    })?;
                    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
                    let mut copy = aligned(&bytes);
                    slots.push(Slot::Pointer(copy.as_mut_ptr().cast(), copy));
                    slots.push(Slot::Len(len));
                }
                (Arg::Uniform(_), _) => {
                    return Err(wrong(index, "a storage buffer".into(), "a uniform block".into()));
                }
                (Arg::Buffer(_), _) => {
                    return Err(wrong(index, "a uniform block".into(), "a storage buffer".into()));
                }
            }
        }
        let mut pointers: Vec<*mut c_void> = slots
            .iter_mut()
            .map(|slot| match slot {
                Slot::Block(block) => block.as_mut_ptr().cast(),
                Slot::Pointer(pointer, _) => std::ptr::from_mut(pointer).cast(),
                Slot::Len(len) => std::ptr::from_mut(len).cast(),
            })
            .collect();
        let _one = self.serial.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // SAFETY: the slots follow the kernel ABI binding by binding (checked above), stay alive until the call returns, and the
        // launcher joins all its threads before it does. Indices are checked by the emitted text.
        let message = unsafe { (self.launch)(pointers.as_mut_ptr(), groups[0], groups[1], groups[2]) };
        let copies = slots.iter().filter_map(|slot| match slot {
            Slot::Pointer(_, copy) => Some(copy),
            _ => None,
        });
        let buffers = args.iter_mut().filter_map(|arg| match arg {
            Arg::Buffer(words) => Some(words),
            Arg::Uniform(_) => None,
        });
        for (words, copy) in buffers.zip(copies) {
            let bytes: Vec<u8> = copy.iter().flat_map(|block| block.to_ne_bytes()).collect();
            for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(4)) {
                *word = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
            }
        }
        if message.is_null() {
            return Ok(());
        }
        // SAFETY: a non-null result is a terminated string in the library's static memory, valid until the next launch.
        let message = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
        Err(EmulateError::Fault { entry: self.kernel.entry.clone(), message })
    }
}
