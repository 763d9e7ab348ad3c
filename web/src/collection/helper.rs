//! Which machine finds the nearest centres, and why.

use earprint_collection::kmeans::{Crew, Device, Rows, Trial};
use earprint_compute::KMeansDevice;
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

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
            Ok(mut device) => match faster(&mut device, rows, k, crew).await {
                // Not that one: it holds the rows of the trial.
                (true, why) => {
                    machine(false).await.map_or_else(|e| (None, e.to_string()), |device| (Some(device), why))
                }
                (false, why) => (None, why),
            },
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

/// Whether the device beats the CPU, and why.
async fn faster<C: Crew>(device: &mut KMeansDevice, rows: &Rows, k: usize, crew: &C) -> (bool, String) {
    let trial = Trial::new(rows, k);
    let own = trial.rate(crew, None, &seconds).await;
    let other = trial.rate(crew, Some(device), &seconds).await;
    match (own, other) {
        (Ok(own), Ok(other)) => {
            let (cpu, gpu) = (own / 1e3, other / 1e3);
            (other > own, format!("in a trial cpu {cpu:.0}, {} {gpu:.0} rows a ms", device.name()))
        }
        // What is wrong with the rows, the job itself says better.
        (Err(why), _) | (_, Err(why)) => (false, format!("no trial: {why}")),
    }
}

/// A clock finer than that of dates.
fn seconds() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or(JsValue::UNDEFINED);
    let now = Reflect::get(&performance, &"now".into()).ok().and_then(|now| now.dyn_into::<Function>().ok());
    let ms = now.and_then(|now| now.call0(&performance).ok()).and_then(|ms| ms.as_f64());
    ms.unwrap_or_else(js_sys::Date::now) / 1e3
}

/// The device, lent.
pub(super) fn borrowed(device: &mut Option<KMeansDevice>) -> Option<&mut dyn Device> {
    device.as_mut().map(|device| device as &mut dyn Device)
}
