// Kernel  track/constant_q   twin: earprint-signal/src/track/constant_q/kernel.rs::{fold, compare}
// In      stages  f32                every segment at every halved rate, of track/decimate
//         blocks  (T) u32            the block of 1,024 samples that begins with the frame's centre, counted over the batch
//         row_of  (T) u32            the frame's row
//         waves   (136, 36) vec2     window times (cosine, sine) at distance i of the centre, for class c
//         lengths (36) u32           distances at which class c's window is not zero
// Out     rows    (R, ROW) f32       columns CHROMA ..; the others stay
// Order   one workgroup per four frames, one invocation per class and octave; distances ascend from the centre outwards, then
//         the octaves from the lowest: the twin's operations, the same bits where the driver neither fuses nor reorders and
//         takes square roots as IEEE 754 asks
// Limits  lengths at most 136

struct ConstantQParams {
  frames: u32,           // T
  blocks: u32,           // blocks of the batch: where the rates' parts of `stages` begin
}

@group(0) @binding(0) var<uniform> params: ConstantQParams;
@group(0) @binding(1) var<storage, read> stages: array<f32>;
@group(0) @binding(2) var<storage, read> blocks: array<u32>;
@group(0) @binding(3) var<storage, read> row_of: array<u32>;
@group(0) @binding(4) var<storage, read> waves: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> lengths: array<u32>;
@group(0) @binding(6) var<storage, read_write> rows: array<f32>;

const THREADS: u32 = 256u;
const FRAMES: u32 = 4u;
const CLASSES: u32 = 36u;
const OCTAVES: u32 = 7u;
// Halvings before the lowest octave.
const LAST_STAGE: u32 = 8u;
const REACH: u32 = 136u;
// Distances folded at a time: what workgroup memory holds of four frames in seven octaves.
const SPAN: u32 = 68u;

// Columns of a row: earprint-signal/src/track/row.rs.
const ROW: u32 = 67u;
const CHROMA: u32 = 31u;

// x[c + i] + x[c - i] and x[c + i] - x[c - i], (SPAN, OCTAVES), a component a frame: invocations of one class read neighbours.
var<workgroup> even: array<vec4<f32>, 476>;
var<workgroup> odd: array<vec4<f32>, 476>;

// Where `stages` hold the centre of a frame after `stage` halvings: halving s leaves 1,024 >> s samples of a block, behind those
// of the halvings before it.
fn centre(block: u32, stage: u32) -> u32 {
  return params.blocks * (1024u - (2048u >> stage)) + (block << (10u - stage));
}

// Leaves the sums and differences at distances first .. first + SPAN in workgroup memory.
fn fold(frames: vec4<u32>, first: u32, thread: u32) {
  for (var k = thread; k < OCTAVES * SPAN; k += THREADS) {
    let octave = k / SPAN;
    let i = first + k % SPAN;
    let stage = LAST_STAGE - octave;
    let x = centre(frames.x, stage);
    let y = centre(frames.y, stage);
    let z = centre(frames.z, stage);
    let w = centre(frames.w, stage);
    let later = vec4<f32>(stages[x + i], stages[y + i], stages[z + i], stages[w + i]);
    let earlier = vec4<f32>(stages[x - i], stages[y - i], stages[z - i], stages[w - i]);
    let to = (k % SPAN) * OCTAVES + octave;
    // The centre itself counts once.
    even[to] = select(later + earlier, later, i == 0u);
    odd[to] = later - earlier;
  }
}

@compute @workgroup_size(256)
fn constant_q(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.y * groups.x + group.x) * FRAMES;
  if first >= params.frames {
    return;
  }
  // Behind the last frame that one is computed again, and not written.
  let last = params.frames - 1u;
  let frames = vec4<u32>(
    blocks[first],
    blocks[min(first + 1u, last)],
    blocks[min(first + 2u, last)],
    blocks[min(first + 3u, last)],
  );

  // Neighbouring invocations share a class, so that they end together.
  let class_ = thread / OCTAVES;
  let octave = thread % OCTAVES;
  var length = 0u;
  if class_ < CLASSES {
    length = lengths[class_];
  }
  var re = vec4<f32>(0.0, 0.0, 0.0, 0.0);
  var im = vec4<f32>(0.0, 0.0, 0.0, 0.0);
  for (var from_distance = 0u; from_distance < REACH; from_distance += SPAN) {
    fold(frames, from_distance, thread);
    workgroupBarrier();
    let behind = min(length, from_distance + SPAN);
    for (var i = from_distance; i < behind; i++) {
      let wave = waves[i * CLASSES + class_];
      let at = (i - from_distance) * OCTAVES + octave;
      re = re + wave.x * even[at];
      im = im + wave.y * odd[at];
    }
    workgroupBarrier();
  }
  if class_ < CLASSES {
    even[thread] = sqrt(re * re + im * im);
  }
  workgroupBarrier();

  if thread < CLASSES {
    var sum = even[thread * OCTAVES];
    for (var k = 1u; k < OCTAVES; k++) {
      sum = sum + even[thread * OCTAVES + k];
    }
    let column = CHROMA + thread;
    rows[row_of[first] * ROW + column] = sum.x;
    if first + 1u <= last {
      rows[row_of[first + 1u] * ROW + column] = sum.y;
    }
    if first + 2u <= last {
      rows[row_of[first + 2u] * ROW + column] = sum.z;
    }
    if first + 3u <= last {
      rows[row_of[first + 3u] * ROW + column] = sum.w;
    }
  }
}
