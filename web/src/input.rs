//! What JavaScript hands over, opened: `{bytes, name?}` or `{pcm, sampleRate}`, or `{code, reason}` for what it could not
//! read itself.

use earprint_audio::{AudioError, Clip, Limits, decode};
use earprint_pipeline::{Failure, Loaded, Source, load_clip};
use js_sys::{Array, Float32Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// A list of inputs, each copied into wasm memory only when its turn comes.
pub(crate) struct List {
    inputs: Array,
    next: u32,
}

impl List {
    /// Over `inputs`, in their order.
    pub fn new(inputs: Array) -> Self {
        Self { inputs, next: 0 }
    }
}

impl Source for List {
    fn next(&mut self, _batch: &mut Vec<i16>) -> Option<(usize, Result<Loaded, Failure>)> {
        if self.next == self.inputs.length() {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let opened = open(&self.inputs.get(index));
        // The array's own reference goes, so that an encoded file can be collected while later ones are computed.
        self.inputs.set(index, JsValue::NULL);
        Some((index as usize, opened.map(load_clip)))
    }
}

fn open(input: &JsValue) -> Result<Clip, Failure> {
    let field = |name: &str| Reflect::get(input, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if let Ok(bytes) = field("bytes").dyn_into::<Uint8Array>() {
        let name = field("name").as_string().unwrap_or_default();
        let hint = name.rsplit_once('.').map(|(_, extension)| extension);
        return Ok(decode(take_bytes(&bytes)?, hint, &Limits::default())?);
    }
    if let (Some(code), Some(reason)) = (field("code").as_string(), field("reason").as_string()) {
        return Err(Failure::error(&code, reason));
    }
    let wrong = || Failure::error("E_INPUT", "the input is neither {bytes} nor {pcm, sampleRate}");
    let planes = field("pcm").dyn_into::<Array>().map_err(|_| wrong())?;
    let rate = field("sampleRate").as_f64().ok_or_else(wrong)?;
    let whole = rate.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&rate);
    if !whole {
        return Err(Failure::error("E_SAMPLE_RATE", format!("sample rate {rate} Hz; expected a whole number of Hz")));
    }
    let planes = planes.iter().map(|p| take_plane(&p.dyn_into().map_err(|_| wrong())?));
    let planes = planes.collect::<Result<Vec<_>, Failure>>()?;
    Ok(Clip::from_planar_f32(rate as u32, planes, &Limits::default())?)
}

// A refused allocation is an answer about this input; `to_vec` would end the instance.
fn room<T: Clone + Default>(n: u32) -> Result<Vec<T>, Failure> {
    let mut room = Vec::new();
    let bytes = u64::from(n) * size_of::<T>() as u64;
    room.try_reserve_exact(n as usize).map_err(|_| AudioError::OutOfMemory { bytes })?;
    room.resize(n as usize, T::default());
    Ok(room)
}

fn take_bytes(from: &Uint8Array) -> Result<Vec<u8>, Failure> {
    let mut bytes = room(from.length())?;
    from.copy_to(&mut bytes);
    Ok(bytes)
}

fn take_plane(from: &Float32Array) -> Result<Vec<f32>, Failure> {
    let mut plane = room(from.length())?;
    from.copy_to(&mut plane);
    Ok(plane)
}
