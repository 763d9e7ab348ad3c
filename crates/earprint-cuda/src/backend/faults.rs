//! CUDA's errors in the words every backend uses: what the pipeline does next depends on these alone.

use earprint_compute::ComputeError;

use crate::driver::CudaError;
use crate::library::LibraryError;
use crate::nvrtc::NvrtcError;

/// The backend's name in errors.
pub(super) const BACKEND: &str = "cuda";

/// Anything the pipeline cannot tell apart.
pub(super) fn failed(why: impl ToString) -> ComputeError {
    ComputeError::Failed { backend: BACKEND, why: why.to_string() }
}

/// The meaning of an error met by a batch of `bytes` bytes.
pub(super) fn from_cuda(bytes: u64) -> impl Fn(CudaError) -> ComputeError {
    move |error| match error {
        CudaError::NoDriver(why) => missing(why),
        CudaError::Nvrtc(NvrtcError::Library(why)) => missing(why),
        CudaError::NoDevice { .. } => ComputeError::NoDevice { backend: BACKEND, why: error.to_string() },
        CudaError::OutOfMemory { bytes: asked } => {
            ComputeError::OutOfMemory { backend: BACKEND, bytes: if bytes > 0 { bytes } else { asked } }
        }
        CudaError::Lost { .. } => ComputeError::DeviceLost { backend: BACKEND, why: error.to_string() },
        CudaError::Nvrtc(_) | CudaError::Argument { .. } | CudaError::Call { .. } => failed(error),
    }
}

fn missing(why: LibraryError) -> ComputeError {
    let (library, why) = match why {
        LibraryError::NotFound { name, tried } => (name.to_owned(), format!("tried {tried}")),
        LibraryError::NoFunction { ref path, .. } => (path.display().to_string(), why.to_string()),
    };
    ComputeError::MissingLibrary { backend: BACKEND, library, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_what_the_pipeline_asks_for() {
        let not_found = || LibraryError::NotFound { name: "NVRTC", tried: "a.so (no such file)".into() };
        let call = || ("cuLaunchKernel", "CUDA_ERROR_ILLEGAL_ADDRESS".to_owned(), 700);
        let lost = |(call, name, code)| CudaError::Lost { call, name, code };
        let code = |error| from_cuda(7)(error).code();
        assert_eq!(code(CudaError::NoDriver(not_found())), "E_GPU_LIBRARY");
        assert_eq!(code(CudaError::Nvrtc(NvrtcError::Library(not_found()))), "E_GPU_LIBRARY");
        assert_eq!(code(CudaError::Nvrtc(NvrtcError::Architecture("x".into()))), "E_GPU_FAILED");
        assert_eq!(code(CudaError::NoDevice { ordinal: 1, count: 0 }), "E_GPU_NO_DEVICE");
        assert_eq!(code(lost(call())), "E_GPU_LOST");
        let memory = from_cuda(7)(CudaError::OutOfMemory { bytes: 0 });
        assert_eq!(memory, ComputeError::OutOfMemory { backend: "cuda", bytes: 7 });
        let text = from_cuda(0)(CudaError::NoDriver(not_found())).to_string();
        assert!(text.contains("NVRTC") && text.contains("a.so"), "{text}");
    }
}
