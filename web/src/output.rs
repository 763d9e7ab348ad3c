//! What JavaScript gets back: one plain object per input, values as typed arrays.

use earprint_compute::MelValues;
use earprint_pipeline::{FileOutcome, Sink};
use js_sys::{Array, Float32Array, Object, Uint16Array};
use wasm_bindgen::JsValue;

use crate::object::set;

/// Collects outcomes in order.
#[derive(Default)]
pub(crate) struct Collect(pub Array);

impl Sink for Collect {
    fn put(&mut self, outcome: FileOutcome) -> Result<(), String> {
        self.0.push(&object(outcome));
        Ok(())
    }
}

/// `{index, decoder?, …}` with `shape`, `values` and `backend`, or with `code` and `reason`.
fn object(outcome: FileOutcome) -> JsValue {
    let out: JsValue = Object::new().into();
    set(&out, "index", outcome.index as f64);
    if let Some(meta) = outcome.meta {
        set(&out, "decoder", meta.decoder);
        set(&out, "sampleRate", meta.sample_rate);
        set(&out, "framesRead", meta.frames_read as f64);
        set(&out, "partial", meta.partial);
        set(&out, "note", meta.note);
    }
    match outcome.features {
        Ok(features) => {
            let shape: Array = features.shape.iter().map(|&n| JsValue::from(n as f64)).collect();
            set(&out, "shape", shape);
            match features.values {
                MelValues::F32(v) => set(&out, "values", Float32Array::from(v.as_slice())),
                MelValues::F16(v) => set(&out, "values", Uint16Array::from(v.as_slice())),
            }
            set(&out, "backend", &*outcome.backend);
        }
        Err(failure) => {
            set(&out, "code", failure.code);
            set(&out, "reason", failure.reason);
        }
    }
    out
}
