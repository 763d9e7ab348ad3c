// Kernel  kmeans/nearest     twin: earprint-collection/src/kmeans/assign.rs::tiles
// In      values  (B, d, 64) f32     scaled rows, 64 side by side; 0 for what is unknown and past the last row
//         norms   (B, 64) f32        not below a row's norm; negative: the row must not be certain
//         centres (tiles, d, 8) f32  negated; 0 past the last
//         halves  (tiles, 8) f32     |c|^2 / 2; 3e38 past the last
// Out     found   (B, 64) u32        the nearest centre; bit 31 set where that is certain
// Order   any, with or without fused operations: one invocation per row, columns ascending, |c|^2 / 2 - x . c; a label
//         is certain where the second smallest sum is farther from the smallest than twice the bound of what rounding
//         can do, slope |x| + offset; the caller decides the others

struct NearestParams {
  blocks: u32,           // B
  columns: u32,          // d
  tiles: u32,
  slope: f32,
  offset: f32,
}

@group(0) @binding(0) var<uniform> params: NearestParams;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<f32>;
@group(0) @binding(3) var<storage, read> centres: array<f32>;
@group(0) @binding(4) var<storage, read> halves: array<f32>;
@group(0) @binding(5) var<storage, read_write> found: array<u32>;

const BLOCK: u32 = 64u;
const TILE: u32 = 8u;
const CERTAIN: u32 = 0x80000000u;

// Smallest and second smallest sum so far, and the first's centre.
struct Best {
  sum: f32,
  second: f32,
  centre: u32,
}

fn updated(best: Best, sum: f32, centre: u32) -> Best {
  let second = min(best.second, max(best.sum, sum));
  if sum < best.sum {
    return Best(sum, second, centre);
  }
  return Best(best.sum, second, best.centre);
}

@compute @workgroup_size(64)
fn nearest(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) row: u32,
) {
  let block = group.y * groups.x + group.x;
  if block >= params.blocks {
    return;
  }
  let first = block * params.columns * BLOCK + row;
  var best = Best(3.4e38, 3.4e38, 0u);
  for (var tile = 0u; tile < params.tiles; tile++) {
    let c = tile * TILE;
    var low = vec4<f32>(halves[c], halves[c + 1u], halves[c + 2u], halves[c + 3u]);
    var high = vec4<f32>(halves[c + 4u], halves[c + 5u], halves[c + 6u], halves[c + 7u]);
    for (var j = 0u; j < params.columns; j++) {
      let x = values[first + j * BLOCK];
      let at = (tile * params.columns + j) * TILE;
      low = low + x * vec4<f32>(centres[at], centres[at + 1u], centres[at + 2u], centres[at + 3u]);
      high = high + x * vec4<f32>(centres[at + 4u], centres[at + 5u], centres[at + 6u], centres[at + 7u]);
    }
    best = updated(best, low.x, c);
    best = updated(best, low.y, c + 1u);
    best = updated(best, low.z, c + 2u);
    best = updated(best, low.w, c + 3u);
    best = updated(best, high.x, c + 4u);
    best = updated(best, high.y, c + 5u);
    best = updated(best, high.z, c + 6u);
    best = updated(best, high.w, c + 7u);
  }
  let own = block * BLOCK + row;
  let norm = norms[own];
  var word = best.centre;
  if norm >= 0.0 && best.second - best.sum > params.slope * norm + params.offset {
    word = word | CERTAIN;
  }
  found[own] = word;
}
