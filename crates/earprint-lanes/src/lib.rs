//! SIMD in one place: vectors of f32 and f64 behind small traits, and the choice of their width at run time.
//!
//! A kernel is an `#[inline(always)]` function over one [`Lane`], one frame, row or track per lane; [`at_width!`] compiles it for every
//! instruction set and calls the one asked for; [`at_width_in_pairs!`] those over [`Pairs`] of 16-bit integers. [`quads!`] does so for
//! four f64 side by side, [`widest!`] for plain loops. Except for [`Lane::near`], which says so, every operation is IEEE's own and rounds alike everywhere, so that a kernel gives
//! the same bits at every width.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod half_bits;
mod lane;
mod line;
mod pairs;
// With simd128 for the whole build there is one width: a visitor need not download the others.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;
mod quad;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
mod widest;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use half_bits::{f16_from_f32, f32_from_f16};
pub use lane::{Lane, Width};
pub use line::Line;
pub use pairs::{Pairs, pair};
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use portable::Portable;
pub use quad::{Lanes, Quad};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::Simd128;
