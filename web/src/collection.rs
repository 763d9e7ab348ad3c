//! Collections: `cluster` and `map` of rows that JavaScript holds, as the command computes them.
//!
//! Enters: rows as one `Float32Array`, `(n, columns)` row-major, NaN where a number is unknown; an object of options, which the
//! TypeScript has checked; a function that hears of every pass and returns true to end it. Leaves: a plain object, numbers as typed arrays.
//! The rows of tracks are their 25 numbers; clusters of them have words (`words.rs`). One call runs to its end: nothing else is
//! heard meanwhile but by that function.

use std::ops::ControlFlow;

use earprint_collection::Values;
use earprint_collection::kmeans::{
    Alone, Choice, Choose, Crew, KMeans, KMeansError, Rows, Scaling, choose, kmeans_of_starts, mini_batch, validity,
};
use earprint_collection::map::{MapJob, map_of_rows, map_of_tracks};
use earprint_core::DIMENSIONS;
use js_sys::{Array, Float32Array, Float64Array, Function, Int32Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

use crate::object::set;
use crate::{error, words};

/// The threads of this instance.
enum Hands {
    Alone,
    #[cfg(all(feature = "threads", target_feature = "atomics"))]
    Pool(earprint_compute::CurrentCrew),
}

impl Hands {
    fn here() -> Self {
        #[cfg(all(feature = "threads", target_feature = "atomics"))]
        if crate::threads::running() > 0 {
            return Self::Pool(earprint_compute::CurrentCrew);
        }
        Self::Alone
    }
}

impl Crew for Hands {
    fn size(&self) -> usize {
        match self {
            Self::Alone => Alone.size(),
            #[cfg(all(feature = "threads", target_feature = "atomics"))]
            Self::Pool(pool) => pool.size(),
        }
    }

    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
        match self {
            Self::Alone => Alone.each(tasks, work),
            #[cfg(all(feature = "threads", target_feature = "atomics"))]
            Self::Pool(pool) => pool.each(tasks, work),
        }
    }
}

/// Options as checked by the TypeScript: a field is there and right, or undefined.
struct Options<'a>(&'a JsValue);

impl Options<'_> {
    fn field(&self, name: &str) -> JsValue {
        Reflect::get(self.0, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.field(name).as_f64()
    }

    fn count(&self, name: &str) -> Option<usize> {
        self.number(name).map(|n| n as usize)
    }

    fn scaling(&self) -> Scaling {
        match self.field("scale").as_string().as_deref() {
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
pub(crate) fn taken(values: &Float32Array) -> Result<Vec<f32>, JsValue> {
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
pub(crate) fn tracks(values: &[f32]) -> &[Values] {
    let (tracks, rest) = values.as_chunks::<DIMENSIONS>();
    assert!(rest.is_empty(), "tracks must be (n, {DIMENSIONS})");
    tracks
}

/// Clusters rows. Options: `k`, or else `kMax`; `starts`, or `batch`; `seed`, `maxIter`, `tol`, `scale`, `init` (Float64Array), `weights`
/// (Uint32Array), `tracks`: the rows are those of tracks, and clusters get words.
///
/// # Errors
/// The codes of `KMeansError`.
#[wasm_bindgen]
pub fn cluster(values: &Float32Array, columns: usize, options: &JsValue, watch: &Function) -> Result<JsValue, JsValue> {
    let values = taken(values)?;
    let options = Options(options);
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
    let mut watch = |_| {
        passes += 1;
        told(watch, passes)
    };
    let found = match options.count("batch") {
        Some(batch) => mini_batch(&rows, &job, batch, &crew, &mut watch),
        None => {
            let starts = options.count("starts").unwrap_or(4) as u32;
            kmeans_of_starts(&rows, &job, starts, &crew, None, &mut watch)
        }
    };
    let found = found.map_err(refused)?;
    let numbers = validity(&rows, &found.labels, k, &crew);
    let number = |of: Option<f64>| of.map_or(JsValue::NULL, JsValue::from);
    let out: JsValue = Object::new().into();
    set(&out, "k", k as f64);
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
    set(&out, "choice", choice.as_ref().map_or(JsValue::NULL, of_choice));
    if options.field("tracks").is_truthy() {
        set(&out, "clusters", words::clusters(tracks(&values), &found.labels, k, scaling)?);
    }
    set(&out, "backend", found.backend);
    set(&out, "simd", job.width.name());
    Ok(out)
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

/// Draws a map of rows. Options: `seed`, `neighbours`, `epochs`; `scale` and `weights` (Float32Array, of columns) for rows that are no tracks;
/// `tracks`: the rows are those of tracks, on the scale of the collection and with the weights that similarity has.
///
/// # Errors
/// The codes of `MapError`.
#[wasm_bindgen]
pub fn map(values: &Float32Array, columns: usize, options: &JsValue, watch: &Function) -> Result<JsValue, JsValue> {
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
