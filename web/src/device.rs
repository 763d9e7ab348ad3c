//! Which machine computes, and why, in one line.

use earprint_compute::{Backend, CpuBackend};
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
        other => Err(error::coded("E_DEVICE", &format!("device \"{other}\" is unknown; expected auto, cpu or webgpu"))),
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
async fn gpu(allow_software: bool) -> Result<Box<dyn Backend>, earprint_compute::ComputeError> {
    // wgpu panics outside windows and dedicated workers: it is asked only where there is somebody to ask.
    let field = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if field(&field(&js_sys::global(), "navigator"), "gpu").is_falsy() {
        let why = "there is no WebGPU here".to_owned();
        return Err(earprint_compute::ComputeError::NoDevice { backend: "webgpu", why });
    }
    let options = earprint_wgpu::Options { allow_software, ..Default::default() };
    Ok(Box::new(earprint_wgpu::WgpuBackend::open(options).await?))
}

#[cfg(not(feature = "webgpu"))]
async fn gpu(_allow_software: bool) -> Result<Box<dyn Backend>, earprint_compute::ComputeError> {
    let why = "this build has no GPU backend".to_owned();
    Err(earprint_compute::ComputeError::NoDevice { backend: "webgpu", why })
}
