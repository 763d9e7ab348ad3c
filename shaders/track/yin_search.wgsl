// Kernel  track/yin_search      twin: earprint-signal/src/track/yin/search.rs::search
// In      difference  (B, 681) f32  of track/yin_difference
//         blocks_of   (T, 2) u32    each frame's two blocks
//         row_of      (T) u32       each frame's row
// Out     rows        (*, row) f32  f0 in Hz, 0 where unvoiced, and the aperiodicity; no other column is touched
// Order   one invocation per frame, lags ascending; the twin's operations, the same bits where the driver neither fuses
//         nor reorders and divides as IEEE 754 asks
// Limits  none

@group(0) @binding(1) var<storage, read> difference: array<f32>;
@group(0) @binding(2) var<storage, read> blocks_of: array<u32>;
@group(0) @binding(3) var<storage, read> row_of: array<u32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;

const FRAMES: u32 = 64u;
const TAU_MIN: u32 = 21u;
// Lags that a workgroup fetches at a time, together, so that neighbouring invocations read neighbouring values; a frame's
// row in workgroup memory has one value more, so that they meet different banks.
const TILE: u32 = 32u;
const TILE_ROW: u32 = 33u;
var<workgroup> tile: array<f32, 2112>;

fn frame_difference(frame: u32, lag: u32) -> f32 {
  return difference[blocks_of[2u * frame] * LAGS + lag] + difference[blocks_of[2u * frame + 1u] * LAGS + lag];
}

// f0 of a minimum between its neighbours, Hz; 0 outside the range.
fn refined(tau: f32, before: f32, at: f32, after: f32) -> f32 {
  let opening = (before - at) + (after - at);
  var offset = 0.0;
  if opening > 0.0 {
    offset = clamp((0.5 * (before - after)) / opening, -1.0, 1.0);
  }
  let f0 = 44100.0 / (tau + offset);
  if f0 >= 65.0 && f0 <= 2093.0 {
    return f0;
  }
  return 0.0;
}

@compute @workgroup_size(64)
fn yin_search(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.y * groups.x + group.x) * FRAMES;
  if first >= params.frames {
    return;
  }
  let frames = min(FRAMES, params.frames - first);

  var rounding = 0.0;
  var sum = 0.0;
  var tau = 0.0;
  var least = 1024.0;
  // d' below `limit` is taken: below the threshold at first, then below what was taken last; what is not taken turns
  // `limit` into `missed`: the threshold again, or after a first one taken, nothing any more.
  var limit = 0.15;
  var missed = 0.15;
  var chosen = 1024.0;
  var chosen_lag = 0u;
  for (var from_lag = 0u; from_lag < TAU_MAX; from_lag += TILE) {
    let lags = min(TILE, TAU_MAX - from_lag);
    for (var i = thread; i < frames * TILE; i += FRAMES) {
      if i % TILE < lags {
        tile[(i / TILE) * TILE_ROW + i % TILE] = frame_difference(first + i / TILE, from_lag + i % TILE);
      }
    }
    workgroupBarrier();
    if thread < frames {
      for (var i = 0u; i < lags; i++) {
        let lag = from_lag + i;
        if lag == 0u {
          rounding = tile[thread * TILE_ROW] * 0.00000762939453125;
          continue;
        }
        tau = tau + 1.0;
        let d = max(tile[thread * TILE_ROW + i], 0.0);
        sum = sum + d;
        if lag < TAU_MIN {
          continue;
        }
        var normal = 1.0;
        if rounding * tau < sum {
          normal = (d * tau) / sum;
        }
        least = min(normal, least);
        if normal < limit {
          chosen = normal;
          chosen_lag = lag;
          limit = normal;
          missed = -1.0;
        } else {
          limit = missed;
        }
      }
    }
    workgroupBarrier();
  }
  if thread >= frames {
    return;
  }
  let frame = first + thread;
  var f0 = 0.0;
  if chosen_lag > 0u {
    f0 = refined(
      f32(chosen_lag),
      frame_difference(frame, chosen_lag - 1u),
      frame_difference(frame, chosen_lag),
      frame_difference(frame, chosen_lag + 1u),
    );
  }
  let row = row_of[frame] * params.row;
  rows[row + params.f0_at] = f0;
  rows[row + params.aperiodicity_at] = select(least, chosen, f0 > 0.0);
}
