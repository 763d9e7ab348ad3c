//! Errors as JavaScript gets them: an `Error` with a stable `code`.

use earprint_compute::ComputeError;
#[cfg(feature = "sound")]
use earprint_core::SpecError;
use wasm_bindgen::JsValue;

/// A JavaScript `Error` with a `code`.
pub(crate) fn coded(code: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    crate::object::set(&error, "code", code);
    error.into()
}

/// A specification that cannot be computed.
#[cfg(feature = "sound")]
pub(crate) fn spec(e: &SpecError) -> JsValue {
    let code = match e {
        SpecError::UnknownPreset { .. } => "E_PRESET",
        SpecError::OutOfRange { .. } => "E_SPEC",
    };
    coded(code, &e.to_string())
}

/// A device that does not work.
pub(crate) fn compute(e: &ComputeError) -> JsValue {
    coded(e.code(), &e.to_string())
}
