//! [`Session`]: one opened device, asked for mel values portion by portion.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use earprint_compute::{Dtype, MelPlan};
use earprint_core::{MelJob, TOOL_VERSION};
use earprint_pipeline::{Control, Engine, Portion, run};
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use crate::input::List;
use crate::later::now_or_later;
use crate::object::set;
use crate::output::Collect;
use crate::{device, error};

/// Inputs and bytes one batch takes at most: half of it is samples, and a page has other tabs beside it.
const PORTION: Portion = Portion { files: 256, bytes: 48 << 20 };

/// An opened device.
#[wasm_bindgen]
pub struct Session {
    /// Empty while a portion is under way.
    engine: Rc<Cell<Option<Engine>>>,
    plan: Option<(String, Arc<MelPlan>)>,
    why: String,
    info: earprint_compute::BackendInfo,
}

#[wasm_bindgen]
impl Session {
    /// Opens `auto`, `cpu` or `webgpu`.
    ///
    /// # Errors
    /// `E_DEVICE`, `E_GPU_…`.
    pub async fn open(device: String) -> Result<Session, JsValue> {
        let opened = device::open(&device).await?;
        let info = opened.backend.info().clone();
        let engine = Rc::new(Cell::new(Some(Engine::new(opened.backend))));
        Ok(Session { engine, plan: None, why: opened.why, info })
    }

    /// `{version, backend, device, software, why, threads, simd, decoders}`.
    pub fn info(&self) -> JsValue {
        let out: JsValue = Object::new().into();
        set(&out, "version", TOOL_VERSION);
        set(&out, "backend", self.info.kind.name());
        set(&out, "device", &*self.info.device);
        set(&out, "software", self.info.software);
        set(&out, "why", &*self.why);
        #[cfg(all(feature = "threads", target_feature = "atomics"))]
        set(&out, "threads", crate::threads::running().max(1) as u32);
        #[cfg(not(all(feature = "threads", target_feature = "atomics")))]
        set(&out, "threads", 1);
        set(&out, "simd", earprint_signal::Width::best().name());
        set(&out, "decoders", if cfg!(feature = "codecs") { "all" } else { "wav" });
        out
    }

    /// Mel values of a list of inputs (see `input.rs`), as `{outcomes, events}`: an object per input in its order (see
    /// `output.rs`), and in words what the run as a whole met. `dtype` is `f32` or `f16`.
    ///
    /// Returns the object itself where nothing had to be waited for, as on the CPU, else a promise of it: that way a
    /// panic on the CPU reaches the caller, while a promise whose future panics is never settled.
    ///
    /// # Errors
    /// `E_PRESET`, `E_DTYPE`, `E_BUSY`. What is wrong with one input stands in its object.
    pub fn mel(&mut self, inputs: Array, preset: &str, dtype: &str) -> Result<JsValue, JsValue> {
        let dtype = match dtype {
            "f32" => Dtype::F32,
            "f16" => Dtype::F16,
            other => {
                return Err(error::coded("E_DTYPE", &format!("type \"{other}\" is unknown; expected f32 or f16")));
            }
        };
        let plan = self.plan(preset, dtype)?;
        let Some(engine) = self.engine.take() else {
            return Err(error::coded("E_BUSY", "a portion is under way; expected one call at a time"));
        };
        now_or_later(walk(inputs, plan, dtype, engine, self.engine.clone()))
    }

    /// The plan of the last call serves the next one if it asks for the same: devices keep their tables by it.
    fn plan(&mut self, preset: &str, dtype: Dtype) -> Result<Arc<MelPlan>, JsValue> {
        let key = format!("{preset} {dtype:?}");
        match &self.plan {
            Some((k, plan)) if *k == key => Ok(plan.clone()),
            _ => {
                let plan = Arc::new(plan(preset, dtype)?);
                self.plan = Some((key, plan.clone()));
                Ok(plan)
            }
        }
    }
}

/// Plans a preset.
pub(crate) fn plan(preset: &str, dtype: Dtype) -> Result<MelPlan, JsValue> {
    let job = MelJob::preset(preset).map_err(|e| error::spec(&e))?;
    MelPlan::new(job, dtype).map_err(|e| error::compute(&e))
}

async fn walk(
    inputs: Array,
    plan: Arc<MelPlan>,
    dtype: Dtype,
    mut engine: Engine,
    home: Rc<Cell<Option<Engine>>>,
) -> Result<JsValue, JsValue> {
    let control = Control::default();
    let mut sink = Collect::default();
    let done = run(&mut List::new(inputs), &plan, dtype, &mut engine, PORTION, &mut sink, &control).await;
    home.set(Some(engine));
    done.map_err(|text| error::coded("E_RUN", &text))?;
    let out: JsValue = Object::new().into();
    set(&out, "outcomes", sink.0);
    set(&out, "events", control.events().into_iter().map(JsValue::from).collect::<Array>());
    Ok(out)
}
