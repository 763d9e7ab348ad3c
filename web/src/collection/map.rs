//! `map`: a place in the plane for every row.

use earprint_collection::map::{MapJob, map_of_rows, map_of_tracks};
use js_sys::{Float32Array, Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::hands::Hands;
use super::{Options, taken, told, tracks};
use crate::error;
use crate::object::set;

/// Draws a map of rows. Options: `seed`, `neighbours`, `epochs`; `scale` and `weights` (Float32Array, of columns) for rows that are no tracks;
/// `tracks`: the rows are those of tracks, on the scale of the collection and with the weights that similarity has.
///
/// # Errors
/// The codes of `MapError`.
#[wasm_bindgen]
pub fn map(values: &Float32Array, columns: usize, options: JsValue, watch: &Function) -> Result<JsValue, JsValue> {
    let values = taken(values)?;
    let options = Options(options);
    let job = MapJob::default();
    let job = MapJob {
        seed: options.number("seed").map_or(job.seed, |seed| seed as u64),
        neighbours: options.count("neighbours").unwrap_or(job.neighbours),
        epochs: options.count("epochs").map_or(job.epochs, |n| n as u32),
        ..job
    };
    let mut watch = |epoch: earprint_collection::map::Epoch| told(watch, epoch.done);
    let crew = Hands::here();
    let drawn = if options.field("tracks").is_truthy() {
        map_of_tracks(tracks(&values), &job, &crew, &mut watch)
    } else {
        let weights = options.field("weights").dyn_into::<Float32Array>().ok().map(|w| w.to_vec());
        map_of_rows(&values, columns, options.scaling(), weights.as_deref(), &job, &crew, &mut watch)
    };
    let map = drawn.map_err(|e| error::coded(e.code(), &e.to_string()))?;
    let out: JsValue = Object::new().into();
    let xy: Vec<f32> = map.xy.iter().flat_map(|xy| xy.unwrap_or([f32::NAN; 2])).collect();
    set(&out, "xy", Float32Array::from(xy.as_slice()));
    let torn: Vec<u8> = map.torn.iter().map(|torn| u8::from(torn.is_some_and(|t| t.mark))).collect();
    set(&out, "torn", Uint8Array::from(torn.as_slice()));
    set(&out, "trustworthiness", map.trustworthiness.mean);
    set(&out, "continuity", map.continuity.mean);
    set(&out, "measuredRows", map.trustworthiness.rows as f64);
    set(&out, "neighbours", map.neighbours as f64);
    set(&out, "exact", map.exact);
    set(&out, "epochs", map.epochs);
    set(&out, "backend", "cpu");
    set(&out, "simd", job.width.name());
    Ok(out)
}
