// Kernel  track/decimate     twin: earprint-signal/src/track/constant_q/kernel.rs::halve_rate
// In      pcm     (N) f32            mono samples at 44,100 Hz, full scale 1: the input of the first halving
//         tiles   (tiles, 4) u32     a segment's first sample in the input, its samples there, its first sample in the
//                                    output, and the sample of the segment with which the tile begins in the output
//         taps    f32                of all filters: centre tap, then those at distance 1, 3, 5, ...
// In, out stages  f32                every segment at every halved rate (see ConstantQBatch); a halving reads the rate
//                                    before its own, the first one reads pcm, and writes its own
// Order   one workgroup per tile of 1,024 outputs; the twin's operations: the centre first, then pairs at distance 1, 3,
//         5, ..., the earlier sample first in a pair; zeros outside the segment; the same bits as the twin where the
//         driver neither fuses nor reorders
// Limits  pairs at most 15: the tile's odd samples fill their array

struct DecimateParams {
  tiles: u32,            // tiles of this halving
  first_tile: u32,       // the first of them in `tiles`
  from_pcm: u32,         // 1: the input is pcm
  pairs: u32,            // pairs of taps
  taps_at: u32,          // where taps hold the centre tap
}

@group(0) @binding(0) var<uniform> params: DecimateParams;
@group(0) @binding(1) var<storage, read> pcm: array<f32>;
@group(0) @binding(2) var<storage, read> tiles: array<u32>;
@group(0) @binding(3) var<storage, read> taps: array<f32>;
@group(0) @binding(4) var<storage, read_write> stages: array<f32>;

const THREADS: u32 = 256u;
// Outputs of a tile: four of each invocation, 256 apart, so that neighbouring invocations meet different banks.
const TILE: u32 = 1024u;
// even[i] is sample 2 i of the tile's input; odd[pairs + i] is sample 2 i + 1.
var<workgroup> even: array<f32, 1024>;
var<workgroup> odd: array<f32, 1054>;

fn four_even(at: u32) -> vec4<f32> {
  return vec4<f32>(even[at], even[at + THREADS], even[at + 2u * THREADS], even[at + 3u * THREADS]);
}

fn four_odd(at: u32) -> vec4<f32> {
  return vec4<f32>(odd[at], odd[at + THREADS], odd[at + 2u * THREADS], odd[at + 3u * THREADS]);
}

@compute @workgroup_size(256)
fn decimate(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = group.y * groups.x + group.x;
  if tile >= params.tiles {
    return;
  }
  let entry = 4u * (params.first_tile + tile);
  let from_sample = tiles[entry];
  let samples = tiles[entry + 1u];
  let begin = tiles[entry + 3u];
  let pairs = params.pairs;

  for (var p = thread; p < 2u * (TILE + 2u * pairs); p += THREADS) {
    // Before the segment's first sample this wraps, and is not below `samples` either.
    let i = 2u * begin + p - 2u * pairs;
    var x = 0.0;
    if i < samples {
      if params.from_pcm == 1u {
        x = pcm[from_sample + i];
      } else {
        x = stages[from_sample + i];
      }
    }
    if (p & 1u) == 1u {
      odd[p / 2u] = x;
    } else if p / 2u >= pairs && p / 2u - pairs < TILE {
      even[p / 2u - pairs] = x;
    }
  }
  workgroupBarrier();

  var sum = taps[params.taps_at] * four_even(thread);
  for (var m = 0u; m < pairs; m++) {
    let earlier = four_odd(pairs + thread - 1u - m);
    let later = four_odd(pairs + thread + m);
    sum = sum + taps[params.taps_at + 1u + m] * (earlier + later);
  }

  let own = begin + thread;
  let outputs = (samples + 1u) / 2u;
  let to_sample = tiles[entry + 2u] + own;
  if own < outputs {
    stages[to_sample] = sum.x;
  }
  if own + THREADS < outputs {
    stages[to_sample + THREADS] = sum.y;
  }
  if own + 2u * THREADS < outputs {
    stages[to_sample + 2u * THREADS] = sum.z;
  }
  if own + 3u * THREADS < outputs {
    stages[to_sample + 3u * THREADS] = sum.w;
  }
}
