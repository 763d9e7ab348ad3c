// Shared    uniform block and bindings of the mel kernels
// twin      shaders/src/mel_params.rs::MelParams

struct MelParams {
  outputs: u32,          // T, outputs of this dispatch
  n_mels: u32,           // M
  points: u32,           // n_fft / 2, complex points of a frame
  hop: u32,              // samples from one pooled frame to the next
  pool_frames: u32,      // frames of one output
  chunk: u32,            // frames of one chunk of the pooled sum
  stages: u32,           // passes of the transform
  round: u32,            // frames a workgroup holds at a time
  flags: u32,            // PCM_I16 | MAGNITUDE | LOG | OUT_F16
  amin: f32,             // smallest value the logarithm sees
  log_scale: f32,        // units per neper
  log_offset: f32,       // added after scaling
  mean: f32,             // 1 / pool_frames
  split_at: u32,         // where tables hold (cos, sin) of the split, after the window
  twiddles_at: u32,      // ... (re, im) of the stages' twiddles
  weights_at: u32,       // ... the filter bank's weights
  stages_at: u32,        // where indices hold (radix, len, twiddle offset) per stage, after the positions
  first_bin_at: u32,     // ... the first bin of each band
  offset_at: u32,        // ... where each band's weights begin, M + 1 entries
  sqrt_half: f32,        // sqrt(1/2), as a value no compiler can see (see butterfly8)
}

const PCM_I16: u32 = 1u;
const MAGNITUDE: u32 = 2u;
const LOG: u32 = 4u;
const OUT_F16: u32 = 8u;

@group(0) @binding(0) var<uniform> params: MelParams;
@group(0) @binding(1) var<storage, read> pcm: array<u32>;          // samples: i16 pairs (low half first) or f32 bits
@group(0) @binding(2) var<storage, read> starts: array<u32>;       // (T) first sample of each output
@group(0) @binding(3) var<storage, read> tables: array<f32>;
@group(0) @binding(4) var<storage, read> indices: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>;    // (T, M) f32 bits, or f16 pairs

// Sample s under a window value; full scale 1.
fn windowed(s: u32, window: f32) -> f32 {
  if (params.flags & PCM_I16) != 0u {
    let word = pcm[s >> 1u];
    let x = bitcast<i32>(word << (16u * (1u - (s & 1u)))) >> 16u;
    return f32(x) * (window * 0.000030517578125);
  }
  return bitcast<f32>(pcm[s]) * window;
}

fn post(x: f32) -> f32 {
  if (params.flags & LOG) == 0u {
    return x;
  }
  return ln(max(x, params.amin)) * params.log_scale + params.log_offset;
}
