//! A machine with one CUDA device that consists of host memory and the emulator: the driver half and the backend run on it as
//! they would on a GPU, bits included. Work on a stream waits until somebody waits for it, so a missing wait shows.

use std::{ffi::c_int, path::PathBuf, process::Command};

use super::{
    EmulateError,
    build::{Rounding, Scratch, compile_library},
};
use crate::{
    driver::{CudaError, Device, Driver, Kernel},
    translate::CudaKernel,
};

const SOURCE: &str = include_str!("cuda.cpp");

/// What a machine has not been given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Live {
    /// Allocations of device memory.
    pub buffers: i32,
    /// Loaded kernels.
    pub modules: i32,
    /// Contexts.
    pub contexts: i32,
    /// Allocations of page-locked memory.
    pub staging: i32,
    /// Streams.
    pub streams: i32,
}

/// A machine of its own: two of them share nothing.
#[derive(Debug)]
pub struct HostDriver {
    library: libloading::Library,
    path: PathBuf,
    scratch: Scratch,
}

impl HostDriver {
    /// Builds the driver (about a second).
    ///
    /// # Errors
    /// No g++ ([`EmulateError::NoCompiler`]).
    pub fn new() -> Result<Self, EmulateError> {
        let scratch = Scratch::new()?;
        let (source, path) = (scratch.file("cuda.cpp"), scratch.file("libcuda.so"));
        std::fs::write(&source, SOURCE)?;
        let mut command = Command::new("g++");
        command.args(["-O1", "-std=c++17", "-shared", "-fPIC", "-o"]).arg(&path).arg(&source).arg("-ldl");
        let output = command.output().map_err(EmulateError::NoCompiler)?;
        if !output.status.success() {
            return Err(EmulateError::Compile { log: String::from_utf8_lossy(&output.stderr).into_owned() });
        }
        // SAFETY: the library is what we compiled just now; its only initialisers are those of its own static variables.
        let library = unsafe { libloading::Library::new(&path)? };
        Ok(Self { library, path, scratch })
    }

    /// The driver, as [`Driver::open`] opens it.
    ///
    /// # Errors
    /// As [`Driver::open`].
    pub fn open(&self) -> Result<Driver, CudaError> {
        Driver::open(Some(&self.path))
    }

    /// `kernel` compiled for this machine and loaded on `device`, which must be one of this machine.
    ///
    /// # Errors
    /// Text that does not compile; a driver call that fails, as text.
    pub fn load(&self, device: &Device, kernel: &CudaKernel) -> Result<Kernel, EmulateError> {
        let path = self.scratch.fresh("so");
        compile_library(kernel, Rounding::Separate, &path)?;
        let image = [path.as_os_str().as_encoded_bytes(), b"\0"].concat();
        // SAFETY: what this driver calls an image: the terminated path of a library compiled from `kernel.source`.
        let loaded = unsafe { device.load_image(kernel, &image) };
        loaded.map_err(|error| EmulateError::Fault { entry: kernel.entry.clone(), message: error.to_string() })
    }

    /// What has not been given back.
    #[must_use]
    pub fn live(&self) -> Live {
        let mut counts = [0; 5];
        // SAFETY: the type is that of `fake_live` in cuda.cpp, which fills five integers.
        unsafe {
            let live = self.library.get::<unsafe extern "C" fn(*mut c_int)>(b"fake_live\0").expect("it is in cuda.cpp");
            live(counts.as_mut_ptr());
        }
        let [buffers, modules, contexts, staging, streams] = counts;
        Live { buffers, modules, contexts, staging, streams }
    }

    /// Streams with work that nobody has waited for yet.
    #[must_use]
    pub fn busy_streams(&self) -> i32 {
        // SAFETY: the type is that of `fake_busy` in cuda.cpp.
        unsafe { self.library.get::<unsafe extern "C" fn() -> c_int>(b"fake_busy\0").expect("it is in cuda.cpp")() }
    }

    /// Gives the device `bytes` bytes of memory from now on; at first it has 1 GiB.
    pub fn limit_memory(&self, bytes: usize) {
        // SAFETY: the type is that of `fake_limit` in cuda.cpp.
        unsafe { self.library.get::<unsafe extern "C" fn(usize)>(b"fake_limit\0").expect("it is in cuda.cpp")(bytes) }
    }

    /// Loses the device, as a kernel's illegal access does.
    pub fn lose(&self) {
        // SAFETY: the type is that of `fake_lose` in cuda.cpp.
        unsafe { self.library.get::<unsafe extern "C" fn()>(b"fake_lose\0").expect("it is in cuda.cpp")() }
    }
}
