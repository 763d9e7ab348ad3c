//! The functions of libcuda that we use, loaded by name.
//!
//! Not through the `cudarc` crate: that panics when the library or a single newer symbol is missing (its CUDA 13 bindings ask for
//! `cuEventElapsedTime_v2`, which drivers before 12.8 lack). These two dozen functions have been the same since CUDA 4.

use super::{
    CudaError,
    error::{NO_DEVICE, OUT_OF_MEMORY, is_sticky},
};
use crate::library::{Library, LibraryError};
use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    path::{Path, PathBuf},
    ptr,
};

/// `CUcontext`, `CUstream`, `CUmodule`, `CUfunction`, `CUevent`: opaque, and safe to use from any thread.
pub(super) type Handle = *mut c_void;
/// `CUdeviceptr`.
pub(super) type Address = u64;

macro_rules! functions {
    ($($field:ident = $name:literal ( $($argument:ty),* );)*) => {
        /// libcuda's functions; each returns a `CUresult`.
        pub(super) struct Api {
            $(pub $field: unsafe extern "C" fn($($argument),*) -> c_int,)*
            // Holds the code the pointers lead to. It is never unloaded before them: fields drop together.
            _library: Library,
        }

        impl Api {
            /// Loads all functions.
            pub fn open(path: Option<&Path>) -> Result<Self, LibraryError> {
                let library = Library::open("libcuda", &candidates(path))?;
                // SAFETY: names and types are those of cuda.h.
                unsafe { Ok(Self { $($field: library.function($name)?,)* _library: library }) }
            }
        }
    };
}

functions! {
    init = "cuInit"(c_uint);
    driver_version = "cuDriverGetVersion"(*mut c_int);
    error_name = "cuGetErrorName"(c_int, *mut *const c_char);
    device_count = "cuDeviceGetCount"(*mut c_int);
    device_get = "cuDeviceGet"(*mut c_int, c_int);
    device_name = "cuDeviceGetName"(*mut c_char, c_int, c_int);
    device_memory = "cuDeviceTotalMem_v2"(*mut usize, c_int);
    device_attribute = "cuDeviceGetAttribute"(*mut c_int, c_int, c_int);
    context_retain = "cuDevicePrimaryCtxRetain"(*mut Handle, c_int);
    context_release = "cuDevicePrimaryCtxRelease_v2"(c_int);
    context_set_current = "cuCtxSetCurrent"(Handle);
    context_synchronize = "cuCtxSynchronize"();
    memory_info = "cuMemGetInfo_v2"(*mut usize, *mut usize);
    memory_alloc = "cuMemAlloc_v2"(*mut Address, usize);
    memory_free = "cuMemFree_v2"(Address);
    host_alloc = "cuMemHostAlloc"(*mut *mut c_void, usize, c_uint);
    host_free = "cuMemFreeHost"(*mut c_void);
    memory_set = "cuMemsetD8Async"(Address, u8, usize, Handle);
    copy_to_device = "cuMemcpyHtoDAsync_v2"(Address, *const c_void, usize, Handle);
    copy_to_host = "cuMemcpyDtoHAsync_v2"(*mut c_void, Address, usize, Handle);
    stream_create = "cuStreamCreate"(*mut Handle, c_uint);
    stream_destroy = "cuStreamDestroy_v2"(Handle);
    stream_synchronize = "cuStreamSynchronize"(Handle);
    module_load = "cuModuleLoadData"(*mut Handle, *const c_void);
    module_unload = "cuModuleUnload"(Handle);
    module_function = "cuModuleGetFunction"(*mut Handle, Handle, *const c_char);
    launch = "cuLaunchKernel"(Handle, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, Handle, *mut *mut c_void, *mut *mut c_void);
    event_create = "cuEventCreate"(*mut Handle, c_uint);
    event_record = "cuEventRecord"(Handle, Handle);
    event_synchronize = "cuEventSynchronize"(Handle);
    event_elapsed = "cuEventElapsedTime"(*mut f32, Handle, Handle);
    event_destroy = "cuEventDestroy_v2"(Handle);
}

impl Api {
    /// A result code as a `Result`; `bytes` is what an allocation asked for.
    pub fn check(&self, call: &'static str, code: c_int, bytes: u64) -> Result<(), CudaError> {
        match code {
            0 => Ok(()),
            OUT_OF_MEMORY => Err(CudaError::OutOfMemory { bytes }),
            NO_DEVICE => Err(CudaError::NoDevice { ordinal: 0, count: 0 }),
            _ if is_sticky(code) => Err(CudaError::Lost { call, name: self.name_of(code), code }),
            _ => Err(CudaError::Call { call, name: self.name_of(code), code }),
        }
    }

    fn name_of(&self, code: c_int) -> String {
        let mut name = ptr::null();
        // SAFETY: `name` is a live pointer variable.
        let found = unsafe { (self.error_name)(code, &raw mut name) };
        if found != 0 || name.is_null() {
            return "unknown error".to_owned();
        }
        // SAFETY: on success the driver returns a terminated string with static lifetime.
        unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// Where libcuda may be; the driver's installation puts it on the loader's path.
fn candidates(path: Option<&Path>) -> Vec<PathBuf> {
    if let Some(path) = path {
        return vec![path.to_owned()];
    }
    let names: &[&str] = if cfg!(windows) {
        &["nvcuda.dll"]
    } else {
        // The last one is where WSL 2 keeps it.
        &["libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"]
    };
    names.iter().map(PathBuf::from).collect()
}
