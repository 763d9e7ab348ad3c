// Kernel  track/flux         twin: earprint-signal/src/track/spectrum/flux.rs::flux
// In      log_mel (F, 128) f32   dB, of all frames of the batch
//         now     (R) u32        the row's frame
//         before  (R) u32        the frame before it, NONE at the start of a track
// Out     rows    (R, ROW) f32   column FLUX: mean rise over the bands, dB; 0 at the start
// Order   sixteen invocations a row, band m in sum m % 16; the sixteen sums ascending

struct FluxParams {
  rows: u32,             // R
}

@group(0) @binding(0) var<uniform> params: FluxParams;
@group(0) @binding(1) var<storage, read> log_mel: array<f32>;
@group(0) @binding(2) var<storage, read> now: array<u32>;
@group(0) @binding(3) var<storage, read> before: array<u32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;

const NONE: u32 = 0xffffffffu;
const MELS: u32 = 128u;
const ROW: u32 = 67u;
const FLUX: u32 = 17u;
const RANGE_DB: f32 = 60.0;
// Sums of a row, and rows of a workgroup.
const SUMS: u32 = 16u;
const ROWS_A_GROUP: u32 = 4u;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn flux(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = (group.y * groups.x + group.x) * ROWS_A_GROUP + thread / SUMS;
  let own = thread % SUMS;
  let first = thread - own;
  var a = NONE;
  var b = 0u;
  if row < params.rows {
    a = before[row];
    b = now[row] * MELS + own;
  }
  let measured = a != NONE;
  a = select(b, a * MELS + own, measured);

  var loudest = -3.4e38;
  if measured {
    for (var m = 0u; m < MELS; m += SUMS) {
      loudest = max(loudest, max(log_mel[a + m], log_mel[b + m]));
    }
  }
  sums[thread] = loudest;
  workgroupBarrier();
  for (var i = 0u; i < SUMS; i++) {
    loudest = max(loudest, sums[first + i]);
  }
  workgroupBarrier();
  let floor_db = loudest - RANGE_DB;
  var rise = 0.0;
  if measured {
    for (var m = 0u; m < MELS; m += SUMS) {
      rise = rise + max(max(log_mel[b + m], floor_db) - max(log_mel[a + m], floor_db), 0.0);
    }
  }
  sums[thread] = rise;
  workgroupBarrier();
  if own == 0u && row < params.rows {
    var sum = sums[first];
    for (var i = 1u; i < SUMS; i++) {
      sum = sum + sums[first + i];
    }
    rows[row * ROW + FLUX] = sum * 0.0078125;
  }
}
