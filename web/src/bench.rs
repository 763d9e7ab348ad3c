//! Compute alone, for a clock outside: no decoding, no copies to JavaScript.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use earprint_compute::{Backend, Dtype, MelBatch, MelPlan, MelValues, PcmBuffer, Slot};
use wasm_bindgen::prelude::*;

use crate::later::now_or_later;
use crate::session::plan;
use crate::{device, error};

/// Samples by which each clip of a bench is turned against the one before: no two are equal.
const TURN: usize = 97;

/// A batch of clips in memory and a device.
#[wasm_bindgen]
pub struct Bench {
    state: Rc<Cell<Option<State>>>,
}

struct State {
    backend: Box<dyn Backend>,
    plan: Arc<MelPlan>,
    batch: MelBatch,
    values: MelValues,
}

#[wasm_bindgen]
impl Bench {
    /// `clips` clips, each `clip` turned by 97 samples more, for `preset` with f16 values on `device`.
    ///
    /// # Errors
    /// `E_PRESET`, `E_DEVICE`, `E_GPU_…`.
    pub async fn open(device: String, preset: String, clip: Vec<i16>, clips: usize) -> Result<Bench, JsValue> {
        let backend = device::open(&device).await?.backend;
        let plan = Arc::new(plan(&preset, Dtype::F16)?);
        let turned = |k: usize| {
            let at = k * TURN % clip.len();
            clip[at..].iter().chain(&clip[..at]).copied()
        };
        let outputs = plan.grid.outputs(clip.len());
        let slots = (0..clips).map(|k| Slot { start: k * clip.len(), outputs }).collect();
        let batch = MelBatch { pcm: PcmBuffer::I16((0..clips).flat_map(turned).collect()), slots };
        let state = State { backend, plan, batch, values: MelValues::F16(Vec::new()) };
        Ok(Bench { state: Rc::new(Cell::new(Some(state))) })
    }

    /// Computes the batch once. Returns undefined, or a promise of it.
    ///
    /// # Errors
    /// `E_BUSY`, `E_GPU_…`.
    pub fn run(&self) -> Result<JsValue, JsValue> {
        let home = self.state.clone();
        let mut state = home.take().ok_or_else(busy)?;
        now_or_later(async move {
            let values = match state.backend.submit(&state.plan, &state.batch) {
                Ok(ticket) => state.backend.collect(ticket).await,
                Err(e) => Err(e),
            };
            let done = values.map(|values| state.values = values);
            home.set(Some(state));
            done.map(|()| JsValue::UNDEFINED).map_err(|e| error::compute(&e))
        })
    }

    /// FNV-1a over the bits of the last results, 16 hex digits: what the native program must get as well.
    ///
    /// # Errors
    /// `E_BUSY`.
    pub fn checksum(&self) -> Result<String, JsValue> {
        let state = self.state.take().ok_or_else(busy)?;
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        match &state.values {
            MelValues::F16(v) => v.iter().flat_map(|x| x.to_le_bytes()).for_each(&mut eat),
            MelValues::F32(v) => v.iter().flat_map(|x| x.to_bits().to_le_bytes()).for_each(&mut eat),
        }
        self.state.set(Some(state));
        Ok(format!("{hash:016x}"))
    }
}

fn busy() -> JsValue {
    error::coded("E_BUSY", "the bench is running; expected one call at a time")
}
