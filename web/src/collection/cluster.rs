//! `cluster`: rows in clusters around centres.

use earprint_collection::kmeans::{
    Choice, Choose, Clusters, KMeans, KMeansError, Pass, Rows, Validity, choose, kmeans_on, mini_batch, validity,
};
use js_sys::{Array, Float32Array, Float64Array, Function, Int32Array, Object, Uint32Array};
use wasm_bindgen::prelude::*;

use super::hands::Hands;
use super::{Options, helper, taken, told, tracks, words};
use crate::error;
use crate::later::now_or_later;
use crate::object::set;

/// Clusters rows. Options: `k`, or else `kMax`; `starts`, or `batch`; `seed`, `maxIter`, `tol`, `scale`, `init` (Float64Array), `weights`
/// (Uint32Array); `device` (see `helper.rs`); `tracks`: the rows are those of tracks, and clusters get words.
///
/// Returns the object itself, or a promise of it where a GPU had to be waited for.
///
/// # Errors
/// The codes of `KMeansError`; `E_GPU_…` for a GPU that was asked for.
#[wasm_bindgen]
pub fn cluster(values: &Float32Array, columns: usize, options: JsValue, watch: Function) -> Result<JsValue, JsValue> {
    now_or_later(clustered(taken(values)?, columns, Options(options), watch))
}

async fn clustered(values: Vec<f32>, columns: usize, options: Options, watch: Function) -> Result<JsValue, JsValue> {
    let refused = |e: KMeansError| error::coded(e.code(), &e.to_string());
    let weights = options.field("weights").dyn_into::<Uint32Array>().ok().map(|w| w.to_vec());
    let scaling = options.scaling();
    let rows = Rows::new(&values, columns, weights.as_deref(), scaling).map_err(refused)?;
    let crew = Hands::here();
    let seed = options.number("seed").map_or(0, |seed| seed as u64);
    let init = options.field("init").dyn_into::<Float64Array>().ok().map(|init| init.to_vec());
    let (k, choice) = match (options.count("k"), &init) {
        (Some(k), _) => (k, None),
        (None, Some(init)) => (init.len() / columns, None),
        (None, None) => {
            let how = Choose::new();
            let how = Choose { k_max: options.count("kMax").unwrap_or(how.k_max), seed, ..how };
            let choice = choose(&rows, &how, &crew);
            (choice.k, Some(choice))
        }
    };
    let job = KMeans::new(k);
    let job = KMeans {
        seed,
        init,
        max_iter: options.count("maxIter").map_or(job.max_iter, |n| n as u32),
        tol: options.number("tol").unwrap_or(job.tol),
        ..job
    };
    let mut passes = 0;
    let mut watch = |_: Pass| {
        passes += 1;
        told(&watch, passes)
    };
    let (found, why) = match options.count("batch") {
        Some(batch) => {
            let found = mini_batch(&rows, &job, batch, &crew, &mut watch);
            (found, "batches are computed on the CPU".to_owned())
        }
        None => {
            let wanted = options.text("device");
            let (mut device, why) = helper::open(wanted.as_deref().unwrap_or("auto"), &rows, k, &crew).await?;
            let starts = options.count("starts").unwrap_or(4) as u32;
            (kmeans_on(&rows, &job, starts, &crew, helper::borrowed(&mut device), &mut watch).await, why)
        }
    };
    let found = found.map_err(refused)?;
    let numbers = validity(&rows, &found.labels, k, &crew);
    let out = object(&found, numbers.as_ref(), columns);
    set(&out, "choice", choice.as_ref().map_or(JsValue::NULL, of_choice));
    if options.field("tracks").is_truthy() {
        set(&out, "clusters", words::clusters(tracks(&values), &found.labels, k, scaling)?);
    }
    // What became of a device on the way says more than why it was taken.
    set(&out, "why", found.note.unwrap_or(why));
    set(&out, "simd", job.width.name());
    Ok(out)
}

fn object(found: &Clusters, numbers: Option<&Validity>, columns: usize) -> JsValue {
    let number = |of: Option<f64>| of.map_or(JsValue::NULL, JsValue::from);
    let out: JsValue = Object::new().into();
    set(&out, "k", found.sizes.len() as f64);
    set(&out, "columns", columns as f64);
    let labels: Vec<i32> = found.labels.iter().map(|l| l.map_or(-1, |l| l as i32)).collect();
    set(&out, "labels", Int32Array::from(labels.as_slice()));
    set(&out, "centres", Float64Array::from(found.centres.as_slice()));
    set(&out, "sizes", found.sizes.iter().map(|&n| JsValue::from(n as f64)).collect::<Array>());
    set(&out, "inertia", found.inertia);
    set(&out, "iterations", found.iterations);
    set(&out, "ended", found.ended.name());
    set(&out, "silhouette", number(numbers.map(|v| v.silhouette)));
    set(&out, "calinskiHarabasz", number(numbers.map(|v| v.calinski_harabasz)));
    set(&out, "daviesBouldin", number(numbers.map(|v| v.davies_bouldin)));
    set(&out, "backend", &*found.backend);
    out
}

fn of_choice(choice: &Choice) -> JsValue {
    let tried = choice.tried.iter().map(|t| {
        let out: JsValue = Object::new().into();
        set(&out, "k", t.k as f64);
        set(&out, "silhouette", t.silhouette);
        set(&out, "spread", t.spread);
        set(&out, "stability", t.stability);
        out
    });
    let out: JsValue = Object::new().into();
    set(&out, "k", choice.k as f64);
    set(&out, "runnerUp", choice.runner_up.map_or(JsValue::NULL, |k| JsValue::from(k as f64)));
    set(&out, "resampleRows", choice.rows as f64);
    set(&out, "tried", tried.collect::<Array>());
    out
}
