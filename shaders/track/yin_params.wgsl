// Shared    uniform block of the two YIN kernels
// twin      shaders/src/yin_params.rs::YinParams

struct YinParams {
  blocks: u32,           // B, blocks of 1,024 samples of this dispatch
  frames: u32,           // T, frames of this dispatch
  points: u32,           // complex points of the transform, 1,024
  stages: u32,           // passes of the transform
  split_at: u32,         // where tables hold (cos, sin) of the split
  twiddles_at: u32,      // ... (re, im) of the stages' twiddles
  stages_at: u32,        // where indices hold (radix, len, twiddle offset) per stage, after the positions
  row: u32,              // columns of a row
  f0_at: u32,            // the column of f0
  aperiodicity_at: u32,  // the column of the aperiodicity
  sqrt_half: f32,        // sqrt(1/2), as a value no compiler can see (see butterfly8)
}

@group(0) @binding(0) var<uniform> params: YinParams;

// Largest lag, and lags of a difference function.
const TAU_MAX: u32 = 680u;
const LAGS: u32 = 681u;
