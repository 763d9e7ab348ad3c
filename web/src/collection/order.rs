//! `order`: tracks one after another.

use earprint_collection::Scale;
use earprint_collection::order::{
    Curve, Finding, Limits, Order, OrderJob, OrderTrack, Part, Transition, key_named, order as find_order,
};
use earprint_core::TRACK_SCHEMA;
use js_sys::{Array, Float32Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::{Options, taken, tracks};
use crate::error;
use crate::object::set;

/// Puts tracks in order. `about` has an object for each: `duration` (s), `key` and `mode` as in records, `group`; each may be missing.
/// Options: `shape`, `peak`, `from`, `to` (places in `values`), `tracks`, `seconds`, `perGroup`, `gap`, `seed`.
///
/// # Errors
/// The codes of `OrderError`; `E_OUT_OF_MEMORY`.
#[wasm_bindgen]
pub fn order(values: &Float32Array, about: &Array, options: JsValue) -> Result<JsValue, JsValue> {
    let values = taken(values)?;
    let options = Options(options);
    let tracks = tracks(&values);
    let scale = Scale::of(TRACK_SCHEMA, tracks).map_err(|e| error::coded(e.code(), &e.to_string()))?;
    let track = |(at, values): (usize, &[f32; 25])| {
        let about = about.get(at as u32);
        let field = |name: &str| Reflect::get(&about, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let text = |name: &str| field(name).as_string();
        OrderTrack {
            values: *values,
            scaled: scale.scaled(TRACK_SCHEMA, values).expect("the scale is of this version"),
            key: text("key").zip(text("mode")).and_then(|(tonic, mode)| key_named(&tonic, &mode)),
            duration: field("duration").as_f64().filter(|d| *d > 0.0),
            artist: text("group"),
        }
    };
    let about: Vec<OrderTrack> = tracks.iter().enumerate().map(track).collect();
    let curve = match options.text("shape").as_deref() {
        Some("arc") => Some(options.number("peak").map_or(Curve::ARC, Curve::Peak)),
        Some("rise") => Some(Curve::Rise),
        Some("fall") => Some(Curve::Fall),
        Some("flat") => Some(Curve::Flat),
        _ => None,
    };
    let limits = Limits {
        per_artist: options.count("perGroup"),
        artist_gap: options.count("gap").unwrap_or(0),
        tracks: options.count("tracks"),
        duration: options.number("seconds"),
        ..Limits::default()
    };
    let job = OrderJob::wanted(curve, options.count("from"), options.count("to"), limits);
    let job = OrderJob { seed: options.number("seed").map_or(job.seed, |seed| seed as u64), ..job };
    let found = find_order(&about, &job).map_err(|e| error::coded(e.code(), &e.to_string()))?;
    Ok(object(&found))
}

/// A number, `null` where it is none.
fn known(value: f64) -> JsValue {
    if value.is_finite() { value.into() } else { JsValue::NULL }
}

fn object(found: &Order) -> JsValue {
    let out: JsValue = Object::new().into();
    set(&out, "sequence", found.sequence.iter().map(|&t| JsValue::from(t as f64)).collect::<Array>());
    set(&out, "transitions", found.transitions.iter().map(transition).collect::<Array>());
    set(&out, "total", found.score.total);
    set(&out, "greedy", found.greedy.total);
    let random: JsValue = Object::new().into();
    set(&random, "orders", found.random.orders as f64);
    set(&random, "mean", known(found.random.mean));
    set(&random, "deviation", known(found.random.deviation));
    set(&out, "random", random);
    set(&out, "tooNear", found.score.too_near as f64);
    let left_out = found.left_out.iter().map(|(track, why)| {
        let one: JsValue = Object::new().into();
        set(&one, "row", *track as f64);
        set(&one, "reason", why.name());
        one
    });
    set(&out, "leftOut", left_out.collect::<Array>());
    set(&out, "findings", found.lint.iter().map(finding).collect::<Array>());
    set(&out, "backend", "cpu");
    out
}

fn transition(t: &Transition) -> JsValue {
    let parts: JsValue = Object::new().into();
    Part::ALL.iter().zip(t.parts).for_each(|(part, cost)| set(&parts, part.name(), known(cost)));
    let out: JsValue = Object::new().into();
    set(&out, "cost", known(t.total));
    set(&out, "parts", parts);
    set(&out, "words", t.words());
    out
}

fn finding(f: &Finding) -> JsValue {
    let out: JsValue = Object::new().into();
    set(&out, "at", f.position as f64);
    set(&out, "kind", f.fault.name());
    set(&out, "severity", f.severity);
    set(&out, "words", &*f.words);
    out
}
