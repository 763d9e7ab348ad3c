//! Futures for JavaScript.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::JsValue;

/// Polls once; what is not ready becomes a promise.
pub(crate) fn now_or_later(
    future: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Ok(wasm_bindgen_futures::future_to_promise(future).into()),
    }
}
