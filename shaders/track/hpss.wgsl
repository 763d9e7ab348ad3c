// Kernel  track/hpss         twin: earprint-signal/src/track/hpss/kernel.rs::run
// In      power      (P, STRIDE) f32  |X|^2 of track/spectrum, bins 0 ..= 2048 of each row; finite, not negative
//         window_of  (G, 46) u32      rows of power around each group of 16 frames of one track: frame j of the group has its
//                                     spectrum in 15 + j and its median over time in j ..= j + 30. Reflection at a track's
//                                     ends stands here; what only frames without a row touch may be any row
//         row_of     (G, 16) u32      each frame's row, NO_ROW where the group is not full
// Out     rows       (R, ROW) f32     columns HARMONIC and PERCUSSIVE; the others stay
// Order   one workgroup per group of frames, 64 bins at a time: medians over time, an invocation a bin; medians over bins,
//         masks and sums, an invocation a frame's block of 16 bins, ascending; then groups of 16 blocks, then all: the
//         same bits as the twin where the driver neither fuses nor reorders, divides as IEEE 754 asks and keeps
//         subnormal numbers

struct HpssParams {
  groups: u32,           // G
}

@group(0) @binding(0) var<uniform> params: HpssParams;
@group(0) @binding(1) var<storage, read> power: array<f32>;
@group(0) @binding(2) var<storage, read> window_of: array<u32>;
@group(0) @binding(3) var<storage, read> row_of: array<u32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;

const NO_ROW: u32 = 0xffffffffu;
const BINS: u32 = 2049u;
const STRIDE: u32 = 2064u;
// Columns of a row: earprint-signal/src/track/row.rs.
const ROW: u32 = 67u;
const HARMONIC: u32 = 13u;
const PERCUSSIVE: u32 = 14u;

const THREADS: u32 = 64u;
// Frames of a workgroup, and bins of a block.
const FRAMES: u32 = 16u;
const FAN: u32 = 16u;
// Frames and bins that a median reaches to either side.
const REACH: u32 = 15u;
// Bins that a workgroup has at a time, and with the reach on both sides. Rows in workgroup memory have one value more, so
// that neighbouring invocations meet different banks.
const TILE: u32 = 64u;
const TILE_BLOCKS: u32 = 4u;
const REACHED: u32 = 94u;
const TILE_ROW: u32 = 95u;
const MEDIAN_ROW: u32 = 65u;
// Where medians over bins begin, behind those over time.
const OVER_BINS: u32 = 1040u;
// Blocks of a frame, and bins of a group of 16 blocks.
const BLOCKS: u32 = 129u;
const GROUP_BINS: u32 = 256u;
// Sums of a block: harmonic, then percussive, of 16 frames.
const SUMS: u32 = 32u;
const SMALLEST_NORMAL: f32 = 1.1754943508222875e-38;

// Where a line of values stands: down the rows of power, or along the tile.
const TIME: u32 = 0u;
const FREQUENCY: u32 = 1u;

// First values of the group's 46 rows of power.
var<workgroup> window: array<u32, 46>;
// Bits of the 16 frames' powers, (16, 94).
var<workgroup> tile: array<u32, 1520>;
// Bits of the medians, (2, 16, 64).
var<workgroup> medians: array<u32, 2080>;
// Sums of the tile's blocks, (4, 2, 16).
var<workgroup> sums: array<f32, 128>;

fn value_at(source: u32, from_at: u32, i: u32) -> u32 {
  if source == TIME {
    return bitcast<u32>(power[window[i] + from_at]);
  }
  return tile[from_at + i];
}

// The bin that stands 15 below bin `i`: reflected at both ends, edges repeated.
fn reached_bin(i: u32) -> u32 {
  let bin = select(i - REACH, REACH - 1u - i, i < REACH);
  return select(bin, 2u * BINS - 1u - bin, bin >= BINS);
}

// Leaves the sums of harmonic and percussive power of block `block` of the tile that begins with bin `first`.
fn sum_block(first: u32, block: u32, frame: u32) {
  let bins = min(FAN, BINS - (first + block * FAN));
  let in_tile = frame * TILE_ROW + block * FAN;
  let in_medians = frame * MEDIAN_ROW + block * FAN;
  sixteen(FREQUENCY, in_tile, OVER_BINS + in_medians, 1u);
  var h = 0.0;
  var p = 0.0;
  for (var i = 0u; i < bins; i++) {
    let energy = bitcast<f32>(tile[in_tile + REACH + i]);
    let over_time = bitcast<f32>(medians[in_medians + i]);
    let over_bins = bitcast<f32>(medians[OVER_BINS + in_medians + i]);
    let inverse = 1.0 / max(over_time + over_bins, SMALLEST_NORMAL);
    let mask_h = over_time * inverse;
    let mask_p = over_bins * inverse;
    h = h + energy * (mask_h * mask_h);
    p = p + energy * (mask_p * mask_p);
  }
  sums[block * SUMS + frame] = h;
  sums[block * SUMS + FRAMES + frame] = p;
}

@compute @workgroup_size(64)
fn hpss(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let own = group.y * groups.x + group.x;
  if own >= params.groups {
    return;
  }
  if thread < LINE {
    window[thread] = window_of[own * LINE + thread] * STRIDE;
  }
  workgroupBarrier();

  let frame = thread % FRAMES;
  let block = thread / FRAMES;
  // Of one frame, harmonic in the first 16 invocations, percussive in the next: of a group of blocks, and of all groups.
  var of_group = 0.0;
  var total = 0.0;
  for (var first = 0u; first < BINS; first += TILE) {
    for (var i = thread; i < FRAMES * REACHED; i += THREADS) {
      let bin = reached_bin(first + i % REACHED);
      tile[(i / REACHED) * TILE_ROW + i % REACHED] = bitcast<u32>(power[window[REACH + i / REACHED] + bin]);
    }
    if first + thread < BINS {
      sixteen(TIME, first + thread, thread, MEDIAN_ROW);
    }
    workgroupBarrier();
    if first + block * FAN < BINS {
      sum_block(first, block, frame);
    }
    workgroupBarrier();
    if thread < SUMS {
      let blocks = min(TILE_BLOCKS, BLOCKS - first / FAN);
      for (var b = 0u; b < blocks; b++) {
        of_group = of_group + sums[b * SUMS + thread];
      }
      // The last tile of a group, or of all: 64 divides 256.
      if (first + TILE) % GROUP_BINS == 0u || first + TILE >= BINS {
        total = total + of_group;
        of_group = 0.0;
      }
    }
  }
  if thread < SUMS {
    let row = row_of[own * FRAMES + frame];
    if row != NO_ROW {
      rows[row * ROW + select(PERCUSSIVE, HARMONIC, block == 0u)] = total;
    }
  }
}
