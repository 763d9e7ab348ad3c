//! Plain objects.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// Sets a field of a plain object.
pub(crate) fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    Reflect::set(object, &name.into(), &value.into()).expect("a plain object takes fields");
}
