//! From samples to mel: windows, transforms, filter banks, logarithms. Single-threaded, no files, no devices.
//!
//! One definition of every operation order lives here. The lane kernel ([`MelKernel`]) computes one frame per SIMD
//! lane, so a frame meets the same additions and multiplications in the same order at every vector width, and the
//! WGSL kernels in `shaders/mel/` repeat that order: that is why their results are equal to the bit. Rust never
//! contracts `a * b + c`, which this relies on.
//!
//! Tables (windows, twiddles, filter banks) are built in f64 and rounded once.

mod butterfly;
mod fft;
mod filterbank;
mod finish;
mod frames;
mod ln;
mod mel;
mod room;
mod tables;
pub mod track;
mod transform;
mod turn;
mod window;

pub use earprint_lanes::{Width, f16_from_f32, f32_from_f16};
pub use fft::{RealFft, Stage, fft_supports};
pub use filterbank::{SparseBank, hz_from_mel, mel_filter_bank, mel_from_hz};
pub use finish::{clamp_f16, finish_file};
pub use frames::{FrameGrid, pad_clip, pad_into};
pub use ln::{LN_COEFFICIENTS, LN2_HI, LN2_LO, ln};
pub use mel::{Layout, MelKernel, Out, PcmSlice, Scratch};
pub use tables::{MelTables, PostLog};
pub use window::window_f64;
