// Kernel  track/spectrum     twin: earprint-signal/src/track/spectrum/kernel.rs::run
// In      pcm     (N) f32            mono samples at 44,100 Hz, full scale 1
//         starts  (T) u32            first of a frame's 4,096 samples
//         row_of  (T) u32            the frame's row, NO_ROW for a frame of context
//         tables, indices            see SpectrumParams
// Out     power   (T, STRIDE) f32    |X|^2 of bins 0 ..= 2048, then zeros
//         log_mel (T, 128) f32       dB
//         rows    (R, ROW) f32       columns MEAN_SQUARE ..= BANDWIDTH and MFCC ..; the others stay
// Order   one workgroup per frame; sums over bins, samples and bands are the twin's trees of sixteens: an invocation a
//         chunk, then an invocation a group, then the groups; the same bits as the twin where the driver neither fuses
//         nor reorders
// Limits  points = 2048: powers stand in the first half of workgroup memory, sums in the second

struct SpectrumParams {
  frames: u32,           // T
  points: u32,           // complex points of a frame, 2048
  stages: u32,           // passes of the transform
  sqrt_half: f32,        // sqrt(1/2), as a value no compiler can see (see butterfly8)
  amin: f32,             // smallest mel power the logarithm sees
  db_per_neper: f32,     // 10 / ln 10
  ln_bins: f32,          // ln 2049, as a value no compiler can see (see flatness_of)
  split_at: u32,         // where tables hold (cos, sin) of the split, after the half window
  twiddles_at: u32,      // ... (re, im) of the stages' twiddles
  weights_at: u32,       // ... the filter bank's weights
  dct_at: u32,           // ... the DCT-II (13, 128)
  stages_at: u32,        // where indices hold (radix, len, twiddle offset) per stage, after the positions
  first_bin_at: u32,     // ... the first bin of each mel band
  offset_at: u32,        // ... where each mel band's weights begin, 129 entries
  bands_at: u32,         // ... first bin, and bin behind the last, of the seven bands
}

@group(0) @binding(0) var<uniform> params: SpectrumParams;
@group(0) @binding(1) var<storage, read> pcm: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> row_of: array<u32>;
@group(0) @binding(4) var<storage, read> tables: array<f32>;
@group(0) @binding(5) var<storage, read> indices: array<u32>;
@group(0) @binding(6) var<storage, read_write> power: array<f32>;
@group(0) @binding(7) var<storage, read_write> log_mel: array<f32>;
@group(0) @binding(8) var<storage, read_write> rows: array<f32>;

const NO_ROW: u32 = 0xffffffffu;
const BINS: u32 = 2049u;
const STRIDE: u32 = 2064u;
const MELS: u32 = 128u;
const MFCCS: u32 = 13u;
const FAN: u32 = 16u;
const CHUNKS: u32 = 129u;
const GROUPS: u32 = 9u;
const BAND_COUNT: u32 = 7u;

// Columns of a row: earprint-signal/src/track/row.rs.
const ROW: u32 = 67u;
const MEAN_SQUARE: u32 = 0u;
const POWER: u32 = 1u;
const BANDS: u32 = 2u;
const CENTROID: u32 = 9u;
const ROLLOFF: u32 = 10u;
const FLATNESS: u32 = 11u;
const BANDWIDTH: u32 = 12u;
const MFCC: u32 = 18u;

const HZ_PER_BIN: f32 = 10.7666015625;
const POWER_FLOOR: f32 = 1e-30;
const LN_2: f32 = 0.6931472;
const PER_BIN: f32 = 0.00048804295;

// Sums in the second half of workgroup memory; its first value is bin 2048. Four quantities a chunk, then a group.
const ZEROTH: u32 = HALF + 16u;
const MOMENT: u32 = ZEROTH + CHUNKS;
const LOGS: u32 = MOMENT + CHUNKS;
const EXPONENTS: u32 = LOGS + CHUNKS;
const GROUP_SUMS: u32 = EXPONENTS + CHUNKS;
const BAND_SUMS: u32 = GROUP_SUMS + 4u * GROUPS;
const MEL_DB: u32 = BAND_SUMS + BAND_COUNT * GROUPS;
const CEPSTRUM: u32 = MEL_DB + MELS;
const SQUARES: u32 = CEPSTRUM + MFCCS * 8u;
const SQUARE_SUMS: u32 = SQUARES + 256u;

fn exponent_of(x: f32) -> i32 {
  return (bitcast<i32>(x) - 0x3f3504f3) >> 23u;
}

fn mantissa_of(x: f32, e: i32) -> f32 {
  return bitcast<f32>(bitcast<i32>(x) - (e << 23u));
}

// Sum of `count` values of workgroup memory, ascending.
fn sum_from(first: u32, count: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < count; i++) {
    sum = sum + points[first + i];
  }
  return sum;
}

// Bins of chunk c, and chunks of group g: sixteen but for the last, which is bin 2048 alone.
fn count_of(c: u32, last: u32) -> u32 {
  return select(FAN, 1u, c == last);
}

// Sum of the bins from .. end of one group.
fn band_sum(from_bin: u32, end: u32, group: u32) -> f32 {
  var sum = 0.0;
  let first = max(group * FAN, from_bin / FAN);
  let behind = min((group + 1u) * FAN, (end + FAN - 1u) / FAN);
  for (var c = first; c < behind; c++) {
    let low = max(from_bin, c * FAN);
    let high = min(end, (c + 1u) * FAN);
    var inner = points[ZEROTH + c];
    if high - low != FAN {
      inner = 0.0;
      for (var f = low; f < high; f++) {
        inner = inner + power_at(0u, f);
      }
    }
    sum = sum + inner;
  }
  return sum;
}

// First bin at which groups before + (chunks before + (bins so far)) reaches the threshold.
fn rolloff_bin(threshold: f32) -> u32 {
  var g = 0u;
  var before = 0.0;
  while g + 1u < GROUPS && before + points[GROUP_SUMS + g] < threshold {
    before = before + points[GROUP_SUMS + g];
    g++;
  }
  var c = g * FAN;
  var inside = 0.0;
  let last_chunk = min(CHUNKS - 1u, c + FAN - 1u);
  while c < last_chunk && before + (inside + points[ZEROTH + c]) < threshold {
    inside = inside + points[ZEROTH + c];
    c++;
  }
  var f = c * FAN;
  var bins = 0.0;
  let last_bin = min(BINS - 1u, f + FAN - 1u);
  while f < last_bin && before + (inside + (bins + power_at(0u, f))) < threshold {
    bins = bins + power_at(0u, f);
    f++;
  }
  return f;
}

// ln of geometric over arithmetic mean. Exponents relative to the frame's own: exact. ln 2049 comes from a buffer: a
// constant Mesa moves to another place in the sum, which rounds otherwise than the twin.
fn flatness_of(divisor: f32) -> f32 {
  let e = exponent_of(divisor);
  let exponents = sum_from(GROUP_SUMS + 3u * GROUPS, GROUPS) - f32(e) * f32(BINS);
  let geometric = (exponents * LN_2 + sum_from(GROUP_SUMS + 2u * GROUPS, GROUPS)) * PER_BIN;
  return min((geometric - ln(mantissa_of(divisor, e))) + params.ln_bins, 0.0);
}

fn mel_db(m: u32) -> f32 {
  let first = indices[params.first_bin_at + m];
  let from_weight = indices[params.offset_at + m];
  let count = indices[params.offset_at + m + 1u] - from_weight;
  var sum = 0.0;
  for (var i = 0u; i < count; i++) {
    sum = sum + tables[params.weights_at + from_weight + i] * power_at(0u, first + i);
  }
  return ln(max(sum, params.amin)) * params.db_per_neper;
}

@compute @workgroup_size(256)
fn spectrum(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let frame = group.y * groups.x + group.x;
  if frame >= params.frames {
    return;
  }
  let start = starts[frame];
  let row = row_of[frame];
  let in_row = row * ROW;

  for (var k = thread; k < params.points; k += THREADS) {
    let at = start + 2u * k;
    set_point(k, vec2<f32>(pcm[at] * tables[2u * k], pcm[at + 1u] * tables[2u * k + 1u]));
  }
  workgroupBarrier();
  transform(1u, thread);
  split_power(1u, thread, false);

  // Chunks: of bins by the first 129 invocations, of mel bands by the last 128, of samples by all.
  for (var f = thread; f < STRIDE; f += THREADS) {
    var p = 0.0;
    if f < BINS {
      p = power_at(0u, f);
    }
    power[frame * STRIDE + f] = p;
  }
  let middle = f32(FAN * thread) + 8.0;
  var zeroth = 0.0;
  var first = 0.0;
  var second = 0.0;
  if thread < CHUNKS {
    var mantissas = 1.0;
    var exponents = 0;
    let count = count_of(thread, CHUNKS - 1u);
    for (var i = 0u; i < count; i++) {
      let p = power_at(0u, thread * FAN + i);
      let from_middle = f32(i) - 8.0;
      zeroth = zeroth + p;
      first = first + from_middle * p;
      second = second + (from_middle * from_middle) * p;
      let floored = max(p, POWER_FLOOR);
      let e = exponent_of(floored);
      mantissas = mantissas * mantissa_of(floored, e);
      exponents = exponents + e;
    }
    points[ZEROTH + thread] = zeroth;
    points[MOMENT + thread] = middle * zeroth + first;
    points[LOGS + thread] = ln(mantissas);
    points[EXPONENTS + thread] = f32(exponents);
  }
  if thread >= MELS {
    let m = thread - MELS;
    let db = mel_db(m);
    log_mel[frame * MELS + m] = db;
    points[MEL_DB + m] = db;
  }
  var square = 0.0;
  for (var i = 0u; i < FAN; i++) {
    let x = pcm[start + thread * FAN + i];
    square = square + x * x;
  }
  points[SQUARES + thread] = square;
  workgroupBarrier();

  // Groups.
  if thread < 4u * GROUPS {
    let g = thread % GROUPS;
    points[GROUP_SUMS + thread] =
      sum_from(ZEROTH + (thread / GROUPS) * CHUNKS + g * FAN, count_of(g, GROUPS - 1u));
  } else if thread >= 64u && thread < 64u + BAND_COUNT * GROUPS {
    let i = thread - 64u;
    let band = params.bands_at + 2u * (i / GROUPS);
    points[BAND_SUMS + i] = band_sum(indices[band], indices[band + 1u], i % GROUPS);
  } else if thread >= 128u && thread < 128u + 8u * MFCCS {
    let i = thread - 128u;
    let m = (i % 8u) * FAN;
    let weights = params.dct_at + (i / 8u) * MELS + m;
    var sum = 0.0;
    for (var b = 0u; b < FAN; b++) {
      sum = sum + tables[weights + b] * points[MEL_DB + m + b];
    }
    points[CEPSTRUM + i] = sum;
  } else if thread >= 240u {
    let i = thread - 240u;
    points[SQUARE_SUMS + i] = sum_from(SQUARES + i * FAN, FAN);
  }
  workgroupBarrier();

  // Frames. Every invocation knows the total and the centroid; the chunks' invocations move their moments there.
  let total = sum_from(GROUP_SUMS, GROUPS);
  let silent = total < POWER_FLOOR;
  let divisor = max(total, POWER_FLOOR);
  let centroid = sum_from(GROUP_SUMS + GROUPS, GROUPS) / divisor;
  if thread < CHUNKS {
    let d = middle - centroid;
    points[MOMENT + thread] = (d * zeroth + (first + first)) * d + second;
  }
  if row != NO_ROW {
    if thread == 160u {
      rows[in_row + POWER] = total;
      rows[in_row + CENTROID] = select(centroid * HZ_PER_BIN, 0.0, silent);
      rows[in_row + FLATNESS] = select(flatness_of(divisor), 0.0, silent);
    } else if thread == 192u {
      let bin = rolloff_bin(total * 0.85);
      rows[in_row + ROLLOFF] = select(f32(bin) * HZ_PER_BIN, 0.0, silent);
    } else if thread == 193u {
      var sum = 0.0;
      for (var b = 0u; b < 4u; b++) {
        sum = sum + sum_from(SQUARE_SUMS + 4u * b, 4u);
      }
      rows[in_row + MEAN_SQUARE] = sum * 0.000244140625;
    } else if thread >= 224u && thread < 224u + MFCCS {
      let k = thread - 224u;
      rows[in_row + MFCC + k] = sum_from(CEPSTRUM + 8u * k, 8u);
    } else if thread >= 240u && thread < 240u + BAND_COUNT {
      let b = thread - 240u;
      rows[in_row + BANDS + b] = sum_from(BAND_SUMS + b * GROUPS, GROUPS);
    }
  }
  workgroupBarrier();

  if thread < GROUPS {
    points[GROUP_SUMS + thread] = sum_from(MOMENT + thread * FAN, count_of(thread, GROUPS - 1u));
  }
  workgroupBarrier();
  if thread == 0u && row != NO_ROW {
    let variance = max(sum_from(GROUP_SUMS, GROUPS) / divisor, 0.0);
    rows[in_row + BANDWIDTH] = select(sqrt(variance) * HZ_PER_BIN, 0.0, silent);
  }
}
