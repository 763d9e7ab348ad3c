//! What the presets are, for axes and forms.

use earprint_core::{MelJob, MelScale, PRESET_NAMES};
use earprint_signal::{hz_from_mel, mel_from_hz};
use js_sys::{Array, Float64Array, Object};
use wasm_bindgen::prelude::*;

use crate::object::set;

/// An array of `{name, sampleRate, nFft, hopLength, nMels, fMin, fMax, melScale, unit, windows, bandHz}`. `bandHz` holds
/// the centre of each band, `windows` says whether rows are windows of a clip of fixed length.
#[wasm_bindgen]
pub fn presets() -> Array {
    let known = |name: &&str| MelJob::preset(name).expect("a listed preset is there");
    PRESET_NAMES.iter().map(known).map(|job| describe(&job)).collect()
}

fn describe(job: &MelJob) -> JsValue {
    let s = &job.spec;
    let (low, high) = (mel_from_hz(s.f_min, s.mel_scale), mel_from_hz(s.f_max, s.mel_scale));
    let step = (high - low) / (s.n_mels + 1) as f64;
    let centres: Vec<f64> = (1..=s.n_mels).map(|m| hz_from_mel(low + step * m as f64, s.mel_scale)).collect();
    let out: JsValue = Object::new().into();
    set(&out, "name", &*job.name);
    set(&out, "sampleRate", s.sample_rate);
    set(&out, "nFft", s.n_fft as f64);
    set(&out, "hopLength", s.hop_length as f64);
    set(&out, "nMels", s.n_mels as f64);
    set(&out, "fMin", s.f_min);
    set(&out, "fMax", s.f_max);
    set(&out, "melScale", if s.mel_scale == MelScale::Htk { "htk" } else { "slaney" });
    set(&out, "unit", s.log.unit());
    set(&out, "windows", job.windows.is_some());
    set(&out, "bandHz", Float64Array::from(centres.as_slice()));
    out
}
