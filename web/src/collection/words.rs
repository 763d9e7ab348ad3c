//! Words for tracks and their clusters, as plain objects.

use earprint_collection::kmeans::Scaling;
use earprint_collection::portrait::{Portrait, portraits};
use earprint_collection::words::{Tags, Usual};
use earprint_collection::{Scale, Values};
use earprint_core::{TRACK_DIMENSIONS, TRACK_SCHEMA};
use js_sys::{Array, Float32Array, Object};
use wasm_bindgen::prelude::*;

use super::{taken, tracks};
use crate::error;
use crate::object::set;

fn usual(tracks: &[Values]) -> Usual {
    Usual::of(&Scale::reference(TRACK_SCHEMA).expect("the own version has a reference"), tracks)
}

/// What every cluster is, `{name, words, homogeneity, alike, typical, outliers}`, by number.
pub(super) fn clusters(
    tracks: &[Values],
    labels: &[Option<u32>],
    k: usize,
    scaling: Scaling,
) -> Result<Array, JsValue> {
    let found = portraits(tracks, labels, k, scaling, &usual(tracks));
    Ok(found.map_err(|e| error::coded(e.code(), &e.to_string()))?.iter().map(object).collect())
}

fn object(portrait: &Portrait) -> JsValue {
    let words = portrait.telling.iter().map(|t| {
        let out: JsValue = Object::new().into();
        set(&out, "word", t.said());
        set(&out, "dimension", TRACK_DIMENSIONS[t.dimension].name);
        set(&out, "z", t.deviation);
        out
    });
    let out: JsValue = Object::new().into();
    set(&out, "name", &*portrait.name);
    set(&out, "words", words.collect::<Array>());
    set(&out, "homogeneity", portrait.homogeneity.map_or(JsValue::NULL, JsValue::from));
    set(&out, "alike", portrait.alike().map_or(JsValue::NULL, JsValue::from));
    set(&out, "typical", portrait.medoids.iter().map(|&t| JsValue::from(t as f64)).collect::<Array>());
    set(&out, "outliers", portrait.outliers.iter().map(|o| JsValue::from(o.track as f64)).collect::<Array>());
    out
}

/// The tags that each track has, `[{tag, degree}]`, highest degree first. `values` are `(n, 25)`.
///
/// # Errors
/// `E_OUT_OF_MEMORY`.
#[wasm_bindgen]
pub fn tags(values: &Float32Array) -> Result<Array, JsValue> {
    let values = taken(values)?;
    let tracks = tracks(&values);
    let usual = usual(tracks);
    let one = |(tag, degree): (&str, f64)| {
        let out: JsValue = Object::new().into();
        set(&out, "tag", tag);
        set(&out, "degree", degree);
        out
    };
    let of = |track: &Values| {
        JsValue::from(Tags::built_in().of_track(&usual, track).into_iter().map(one).collect::<Array>())
    };
    Ok(tracks.iter().map(of).collect())
}
