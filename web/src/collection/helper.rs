//! Which machine finds the nearest centres, and why.

use earprint_collection::kmeans::{Crew, Device, Rows};
use earprint_compute::KMeansDevice;
use wasm_bindgen::JsValue;

use crate::{device, error};

/// Products of a pass from which on a GPU is asked at all. One core takes some milliseconds for them, and so does the way to a GPU and back.
const WORTH_ASKING: f64 = 16e6;

/// Opens `auto`, `cpu` or `webgpu` for `k` clusters of `rows`, and says why in words. `webgpu` takes what there is. `auto` takes a GPU, no software
/// rasteriser, for a large job, if it was faster on the first rows.
pub(super) async fn open<C: Crew>(
    wanted: &str,
    rows: &Rows,
    k: usize,
    crew: &C,
) -> Result<(Option<KMeansDevice>, String), JsValue> {
    match wanted {
        "cpu" => Ok((None, "asked for".to_owned())),
        "webgpu" => match machine(true).await {
            Ok(device) => Ok((Some(device), "asked for".to_owned())),
            Err(e) => Err(error::compute(&e)),
        },
        _ if rows.len() as f64 * rows.columns() as f64 * (k as f64) < WORTH_ASKING => {
            Ok((None, "too few rows for the way to a GPU".to_owned()))
        }
        _ => Ok(match machine(false).await {
            Ok(device) => fastest(device, rows, k, crew).await,
            Err(e) => (None, e.to_string()),
        }),
    }
}

#[cfg(feature = "webgpu")]
async fn machine(allow_software: bool) -> Result<KMeansDevice, earprint_compute::ComputeError> {
    Ok(KMeansDevice::new(Box::new(earprint_wgpu::WgpuMachine::open(device::gpu(allow_software)?).await?)))
}

#[cfg(not(feature = "webgpu"))]
async fn machine(_allow_software: bool) -> Result<KMeansDevice, earprint_compute::ComputeError> {
    Err(device::no_gpu())
}

/// The device or, as `None`, the CPU.
async fn fastest<C: Crew>(mut device: KMeansDevice, rows: &Rows, k: usize, crew: &C) -> (Option<KMeansDevice>, String) {
    let trial = earprint_collection::kmeans::Trial::new(rows, k);
    let own = trial.rate(crew, None, &seconds).await;
    let other = trial.rate(crew, Some(&mut device), &seconds).await;
    match (own, other) {
        (Ok(own), Ok(other)) => {
            let why =
                format!("fastest on a trial: cpu {:.0}, {} {:.0} rows a ms", own / 1e3, device.name(), other / 1e3);
            ((other > own).then_some(device), why)
        }
        (_, Err(why)) => (None, format!("{} failed in a trial: {why}", device.name())),
        // Rows that cannot be clustered: the job itself says so better.
        (Err(_), _) => (None, String::new()),
    }
}

/// A clock.
fn seconds() -> f64 {
    js_sys::Date::now() / 1e3
}

/// The device, lent.
pub(super) fn borrowed(device: &mut Option<KMeansDevice>) -> Option<&mut dyn Device> {
    device.as_mut().map(|device| device as &mut dyn Device)
}
