//! Collections: `cluster`, `map`, `order` and `tags` of rows that JavaScript holds, as the command computes them.
//!
//! Enters: rows as one `Float32Array`, `(n, columns)` row-major, NaN where a number is unknown; an object of options, which the
//! TypeScript has checked; a function that hears of every pass and returns true to end it. Leaves: a plain object, numbers as typed arrays.
//! The rows of tracks are their 25 numbers; clusters of them have words. On the CPU one call runs to its end: nothing else is
//! heard meanwhile but by that function.

mod cluster;
mod hands;
mod helper;
mod map;
mod order;
mod words;

use std::ops::ControlFlow;

use earprint_collection::Values;
use earprint_collection::kmeans::Scaling;
use earprint_core::DIMENSIONS;
use js_sys::{Float32Array, Function, Reflect};
use wasm_bindgen::prelude::*;

use crate::error;

pub use cluster::cluster;
pub use map::map;
pub use order::order;
pub use words::tags;

/// Options as checked by the TypeScript: a field is there and right, or undefined.
struct Options(JsValue);

impl Options {
    fn field(&self, name: &str) -> JsValue {
        Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.field(name).as_f64()
    }

    fn count(&self, name: &str) -> Option<usize> {
        self.number(name).map(|n| n as usize)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.field(name).as_string()
    }

    fn scaling(&self) -> Scaling {
        match self.text("scale").as_deref() {
            Some("none") => Scaling::None,
            Some("robust") => Scaling::Robust,
            _ => Scaling::ZScore,
        }
    }
}

/// Calls `watch(done)`; true ends what is computed.
fn told(watch: &Function, done: u32) -> ControlFlow<()> {
    match watch.call1(&JsValue::NULL, &done.into()) {
        Ok(answer) if answer.is_truthy() => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    }
}

/// The rows in wasm memory. A refused allocation is an answer; `to_vec` would end the instance.
fn taken(values: &Float32Array) -> Result<Vec<f32>, JsValue> {
    let (mut room, n) = (Vec::new(), values.length() as usize);
    if room.try_reserve_exact(n).is_err() {
        let words = format!("out of memory: {} more bytes are needed; give fewer rows at once", 4 * n as u64);
        return Err(error::coded("E_OUT_OF_MEMORY", &words));
    }
    room.resize(n, 0.0);
    values.copy_to(&mut room);
    Ok(room)
}

/// The rows of tracks.
fn tracks(values: &[f32]) -> &[Values] {
    let (tracks, rest) = values.as_chunks::<DIMENSIONS>();
    assert!(rest.is_empty(), "tracks must be (n, {DIMENSIONS})");
    tracks
}
