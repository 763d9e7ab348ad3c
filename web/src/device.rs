//! Which machine computes, and why, in one line.

use earprint_compute::ComputeError;
#[cfg(feature = "sound")]
pub(crate) use sound::open;

/// How a GPU is to be opened here, if there can be one.
#[cfg(feature = "webgpu")]
pub(crate) fn gpu(allow_software: bool) -> Result<earprint_wgpu::Options, ComputeError> {
    // wgpu panics outside windows and dedicated workers: it is asked only where there is somebody to ask.
    let field = |of: &wasm_bindgen::JsValue, name: &str| {
        js_sys::Reflect::get(of, &name.into()).unwrap_or(wasm_bindgen::JsValue::UNDEFINED)
    };
    if field(&field(&js_sys::global(), "navigator"), "gpu").is_falsy() {
        let why = "there is no WebGPU here".to_owned();
        return Err(ComputeError::NoDevice { backend: "webgpu", why });
    }
    Ok(earprint_wgpu::Options { allow_software, ..Default::default() })
}

/// What is said where none is built in.
#[cfg(not(feature = "webgpu"))]
pub(crate) fn no_gpu() -> ComputeError {
    ComputeError::NoDevice { backend: "webgpu", why: "this build has no GPU backend".to_owned() }
}

#[cfg(feature = "sound")]
mod sound {
    use earprint_compute::{Backend, ComputeError, CpuBackend};
    use wasm_bindgen::JsValue;

    use crate::error;

    /// An opened device.
    pub(crate) struct Opened {
        pub backend: Box<dyn Backend>,
        /// Why this one.
        pub why: String,
    }

    /// Opens `auto`, `cpu` or `webgpu`. `auto` takes a GPU but never a software rasteriser; `webgpu` takes what there is.
    pub(crate) async fn open(wanted: &str) -> Result<Opened, JsValue> {
        match wanted {
            "cpu" => Ok(Opened { backend: cpu(), why: "asked for".to_owned() }),
            "webgpu" => match gpu(true).await {
                Ok(backend) => Ok(Opened { backend, why: "asked for".to_owned() }),
                Err(e) => Err(error::compute(&e)),
            },
            "auto" => Ok(match gpu(false).await {
                Ok(backend) => Opened { backend, why: "a hardware adapter is there".to_owned() },
                Err(e) => Opened { backend: cpu(), why: e.to_string() },
            }),
            other => {
                let words = format!("device \"{other}\" is unknown; expected auto, cpu or webgpu");
                Err(error::coded("E_DEVICE", &words))
            }
        }
    }

    fn cpu() -> Box<dyn Backend> {
        #[cfg(all(feature = "threads", target_feature = "atomics"))]
        if crate::threads::running() > 0 {
            return Box::new(CpuBackend::threaded());
        }
        Box::new(CpuBackend::new())
    }

    #[cfg(feature = "webgpu")]
    async fn gpu(allow_software: bool) -> Result<Box<dyn Backend>, ComputeError> {
        Ok(Box::new(earprint_wgpu::WgpuBackend::open(super::gpu(allow_software)?).await?))
    }

    #[cfg(not(feature = "webgpu"))]
    async fn gpu(_allow_software: bool) -> Result<Box<dyn Backend>, ComputeError> {
        Err(super::no_gpu())
    }
}
