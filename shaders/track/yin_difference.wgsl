// Kernel  track/yin_difference  twin: earprint-signal/src/track/yin/kernel.rs::run
// In      pcm         (N) f32     mono, 44,100 Hz, full scale 1
//         blocks      (B) u32     first sample of each block; 2,048 samples from there are read
//         tables, indices         see YinTables
// Out     difference  (B, 681) f32  D(tau) of the block's 1,024 samples, tau = 1 ..= 680; at tau = 0 their energy
// Order   one workgroup per block; the twin's operations: squares summed in groups of 32, then the groups; transforms of
//         the block and of the one after it, each with as many zeros; cross spectrum; inverse; energies less 2 r: the
//         same bits as the twin where the driver neither fuses nor reorders
// Limits  points = 1,024: two transforms fill the 2,048 points of a workgroup

@group(0) @binding(1) var<storage, read> pcm: array<f32>;
@group(0) @binding(2) var<storage, read> blocks: array<u32>;
@group(0) @binding(3) var<storage, read> tables: array<f32>;
@group(0) @binding(4) var<storage, read> indices: array<u32>;
@group(0) @binding(5) var<storage, read_write> difference: array<f32>;

// Complex points of a transform, and samples of a block.
const M: u32 = 1024u;
const BLOCK: u32 = 1024u;
// Samples of a group of squares. A group's row in workgroup memory has one value more, so that neighbouring threads meet
// different banks.
const GROUP: u32 = 32u;
const GROUP_ROW: u32 = 33u;
// Behind the 64 groups' rows: their totals, their sums of the groups before, the two blocks' energies.
const TOTALS: u32 = 2112u;
const BEFORE: u32 = 2176u;
const WHOLE: u32 = 2240u;
// 2 / M for 2 r, and the halves left out: one of either spectrum, one of even and odd parts.
const SCALE: f32 = 0.000244140625;
// Pairs of bins and pairs of lags of a thread: 513 / 256 and 341 / 256, rounded up.
const OWN_BINS: u32 = 3u;
const OWN_LAGS: u32 = 2u;

// Energy of the samples before sample i of block `which`.
fn energy_before(which: u32, i: u32) -> f32 {
  let at = which * BLOCK + i;
  return points[BEFORE + at / GROUP] + points[(at / GROUP) * GROUP_ROW + at % GROUP];
}

// Leaves running sums of squares of the two blocks in workgroup memory.
fn sum_squares(start: u32, thread: u32) {
  for (var i = thread; i < 2u * BLOCK; i += THREADS) {
    points[(i / GROUP) * GROUP_ROW + i % GROUP] = pcm[start + i];
  }
  workgroupBarrier();
  if thread < 2u * BLOCK / GROUP {
    var sum = 0.0;
    for (var r = 0u; r < GROUP; r++) {
      let x = points[thread * GROUP_ROW + r];
      points[thread * GROUP_ROW + r] = sum;
      sum = sum + x * x;
    }
    points[TOTALS + thread] = sum;
  }
  workgroupBarrier();
  if thread < 2u {
    var sum = 0.0;
    for (var g = 0u; g < BLOCK / GROUP; g++) {
      points[BEFORE + thread * (BLOCK / GROUP) + g] = sum;
      sum = sum + points[TOTALS + thread * (BLOCK / GROUP) + g];
    }
    points[WHOLE + thread] = sum;
  }
  workgroupBarrier();
}

// x[k] and conj x[m - k], both doubled, of the real block whose packed bins stand at `low` and `high`.
fn split(low: u32, high: u32, c: f32, s: f32) -> vec4<f32> {
  let a = point(low);
  let b = point(high);
  let e = vec2<f32>(a.x + b.x, a.y - b.y);
  let o = vec2<f32>(a.y + b.y, b.x - a.x);
  let t = vec2<f32>(c * o.x + s * o.y, c * o.y - s * o.x);
  return vec4<f32>(e + t, e - t);
}

// conj x (x + next) at even bins, conj x (x - next) at odd ones.
fn cross_power(x: vec2<f32>, next: vec2<f32>, odd: bool) -> vec2<f32> {
  let u = select(x + next, x - next, odd);
  return vec2<f32>(x.x * u.x + x.y * u.y, x.x * u.y - x.y * u.x);
}

// Points k and m - k of what the inverse transforms, conjugated.
fn inverse_pair(k: u32) -> vec4<f32> {
  let low = indices[k];
  let high = indices[select(M - k, 0u, k == 0u)];
  let c = tables[params.split_at + 2u * k];
  let s = tables[params.split_at + 2u * k + 1u];
  let x = split(low, high, c, s);
  let next = split(M + low, M + high, c, s);
  let odd = (k & 1u) == 1u;
  let r = cross_power(x.xy, next.xy, odd);
  let q = cross_power(x.zw, next.zw, odd);
  let e = r + q;
  let d = r - q;
  let o = vec2<f32>(d.x * c - d.y * s, d.x * s + d.y * c);
  return vec4<f32>(e.x - o.y, 0.0 - (e.y + o.x), e.x + o.y, e.y - o.x);
}

@compute @workgroup_size(256)
fn yin_difference(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let b = group.y * groups.x + group.x;
  if b >= params.blocks {
    return;
  }
  let start = blocks[b];

  // The energies of this thread's lags 2 u and 2 u + 1, before the transforms need the room.
  sum_squares(start, thread);
  let whole = points[WHOLE];
  var energies: array<vec2<f32>, OWN_LAGS>;
  for (var own = 0u; own < OWN_LAGS; own++) {
    let tau = 2u * (thread + own * THREADS);
    if tau <= TAU_MAX {
      energies[own] = vec2<f32>(
        ((whole - energy_before(0u, tau)) + energy_before(1u, tau)) + whole,
        ((whole - energy_before(0u, tau + 1u)) + energy_before(1u, tau + 1u)) + whole,
      );
    }
  }
  workgroupBarrier();

  for (var i = thread; i < 2u * M; i += THREADS) {
    let k = i % M;
    var z = vec2<f32>(0.0, 0.0);
    if k < BLOCK / 2u {
      let at = start + (i / M) * BLOCK + 2u * k;
      z = vec2<f32>(pcm[at], pcm[at + 1u]);
    }
    set_point(i, z);
  }
  workgroupBarrier();
  transform(2u, thread);

  var pairs: array<vec4<f32>, OWN_BINS>;
  for (var own = 0u; own < OWN_BINS; own++) {
    let k = thread + own * THREADS;
    if k <= M / 2u {
      pairs[own] = inverse_pair(k);
    }
  }
  workgroupBarrier();
  for (var own = 0u; own < OWN_BINS; own++) {
    let k = thread + own * THREADS;
    if k <= M / 2u {
      set_point(k, pairs[own].xy);
      if k > 0u {
        set_point(M - k, pairs[own].zw);
      }
    }
  }
  workgroupBarrier();
  transform(1u, thread);

  for (var own = 0u; own < OWN_LAGS; own++) {
    let u = thread + own * THREADS;
    let tau = 2u * u;
    if tau <= TAU_MAX {
      let r = point(indices[u]);
      difference[b * LAGS + tau] = select(energies[own].x - r.x * SCALE, whole, tau == 0u);
      if tau < TAU_MAX {
        difference[b * LAGS + tau + 1u] = energies[own].y + r.y * SCALE;
      }
    }
  }
}
