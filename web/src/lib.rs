//! earprint for JavaScript: the corridor of `earprint-pipeline` behind a class, and the functions of
//! `earprint-collection`, for a worker or Node to drive.
//!
//! **Sound** (feature `sound`). In: encoded files as `Uint8Array` or channels as `Float32Array`. Out: mel values as
//! typed arrays, each with what decoded and what computed it. JavaScript enters once per portion of inputs and leaves
//! once. Tracks are read piece by piece from where they lie and leave as records; there JavaScript enters once per
//! segment.
//!
//! **Collections** (feature `collection`). In: rows of numbers. Out: clusters, maps, words. JavaScript enters once. In
//! the package they are a wasm of their own: who wants nothing but sound does not load them.
//!
//! The npm package in this folder is the only caller; what users see is its TypeScript. A panic ends the instance: it
//! is thrown as a JavaScript error (see `panic.rs`), and the package goes on with another instance.

#[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
compile_error!("build with RUSTFLAGS=\"-C target-feature=+simd128\": `cargo xtask wasm` does");
#[cfg(all(target_arch = "wasm32", feature = "threads", not(target_feature = "atomics")))]
compile_error!(
    "feature `threads` needs shared memory and a standard library built for it: `cargo xtask wasm` does that"
);

#[cfg(feature = "sound")]
mod bench;
#[cfg(feature = "collection")]
mod collection;
mod device;
mod error;
#[cfg(feature = "sound")]
mod input;
mod later;
mod object;
#[cfg(feature = "sound")]
mod output;
mod panic;
#[cfg(feature = "sound")]
mod presets;
#[cfg(feature = "sound")]
mod session;
#[cfg(feature = "sound")]
mod source;
#[cfg(all(feature = "threads", target_feature = "atomics"))]
mod threads;
#[cfg(feature = "sound")]
mod tracks;

#[cfg(feature = "collection")]
pub use collection::{cluster, map, order, tags};
#[cfg(all(feature = "threads", target_feature = "atomics"))]
pub use threads::{module, start_pool, work};
#[cfg(feature = "sound")]
pub use {
    bench::Bench,
    presets::presets,
    session::Session,
    tracks::{Describing, Tracks},
};

use wasm_bindgen::prelude::*;

/// Runs once in every instance.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(panic::throw));
}
