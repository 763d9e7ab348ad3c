//! Panics, as JavaScript gets them.
//!
//! Thrown from the hook, a panic reaches the caller with its words; after the hook there would only be the trap
//! `unreachable`. Nothing is unwound, so the instance must not be used any more: `crashed` says so to the caller.

use std::panic::PanicHookInfo;

use wasm_bindgen::JsValue;

/// Throws an `Error` with `crashed: true`, and with the code and words of the command where a decoder panicked.
pub(crate) fn throw(info: &PanicHookInfo<'_>) {
    let error = decoder_error(info).unwrap_or_else(|| js_sys::Error::new(&format!("earprint panicked: {info}")).into());
    crate::object::set(&error, "crashed", true);
    wasm_bindgen::throw_val(error)
}

#[cfg(feature = "sound")]
fn decoder_error(info: &PanicHookInfo<'_>) -> Option<JsValue> {
    let decoder = earprint_audio::guarded_decoder()?;
    let message = info.payload_as_str().unwrap_or("no message").to_owned();
    let error = earprint_audio::AudioError::DecoderPanicked { decoder, message };
    Some(crate::error::coded(error.code(), &error.to_string()))
}

#[cfg(not(feature = "sound"))]
fn decoder_error(_: &PanicHookInfo<'_>) -> Option<JsValue> {
    None
}
