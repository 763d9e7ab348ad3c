//! A rayon pool over web workers: each worker holds an instance over the same memory and lends itself to the pool.
//!
//! The page's worker starts the others, waits until each says that it is about to call [`work`], and then calls
//! [`start_pool`]. The order matters: rayon blocks until its threads run, and a worker can only start while nobody
//! blocks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use rayon::{ThreadBuilder, ThreadPoolBuilder};
use wasm_bindgen::prelude::*;

use crate::error;

static WAITING: Mutex<Vec<ThreadBuilder>> = Mutex::new(Vec::new());
static ARRIVED: Condvar = Condvar::new();
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Threads of the pool, 0 before it was started.
pub(crate) fn running() -> usize {
    RUNNING.load(Ordering::Relaxed)
}

/// The compiled module, for the workers to instantiate over this instance's memory.
#[wasm_bindgen]
pub fn module() -> JsValue {
    wasm_bindgen::module()
}

/// Makes the pool of `threads` threads, which as many workers in [`work`] must lend.
///
/// # Errors
/// `E_THREADS` where there is a pool already.
#[wasm_bindgen]
pub fn start_pool(threads: usize) -> Result<(), JsValue> {
    let built = ThreadPoolBuilder::new().num_threads(threads).spawn_handler(|thread| {
        WAITING.lock().expect("no panic holds it").push(thread);
        ARRIVED.notify_one();
        Ok(())
    });
    built.build_global().map_err(|e| error::coded("E_THREADS", &e.to_string()))?;
    RUNNING.store(threads, Ordering::Relaxed);
    Ok(())
}

/// Lends the calling worker to the pool. Does not return.
#[wasm_bindgen]
pub fn work() {
    let mut waiting = WAITING.lock().expect("no panic holds it");
    let thread = loop {
        match waiting.pop() {
            Some(thread) => break thread,
            None => waiting = ARRIVED.wait(waiting).expect("no panic holds it"),
        }
    };
    drop(waiting);
    thread.run();
}
