// Shared    the transform of real frames held in workgroup memory, and its split into their power
// twin      earprint-signal/src/transform.rs
// In        points  (frames, m)  packed samples under the window, see butterfly.wgsl; m = params.points
//           params   points, stages, stages_at, twiddles_at, split_at, sqrt_half
//           tables, indices  the positions of the bins come first in indices
// Out       powers in place of the points: power_at
// Order     the twin's; one butterfly or one pair of bins per invocation, a barrier behind each stage and the split

const THREADS: u32 = 256u;

// Power of bin f of a frame, where the split left it.
fn power_at(frame: u32, f: u32) -> f32 {
  if f == params.points {
    return points[HALF + frame * params.points];
  }
  return points[frame * params.points + indices[f]];
}

fn transform(frames: u32, thread: u32) {
  for (var s = 0u; s < params.stages; s++) {
    let at = params.stages_at + 3u * s;
    let radix = indices[at];
    let len = indices[at + 1u];
    let twiddles = params.twiddles_at + 2u * indices[at + 2u];
    let sub = len / radix;
    let each = params.points / radix;
    for (var i = thread; i < frames * each; i += THREADS) {
      let b = i % each;
      let j = b % sub;
      let base = (i / each) * params.points + (b / sub) * len + j;
      switch radix {
        case 2u: { butterfly2(base, sub, j, twiddles); }
        case 3u: { butterfly3(base, sub, j, twiddles); }
        case 4u: { butterfly4(base, sub, j, twiddles); }
        case 5u: { butterfly5(base, sub, j, twiddles); }
        default: { butterfly8(base, sub, j, twiddles); }
      }
    }
    workgroupBarrier();
  }
}

// Power of bins k and points - k in place of the two points they come from; bin `points` beside bin 0.
fn split_power(frames: u32, thread: u32, magnitude: bool) {
  let m = params.points;
  let pairs = m / 2u + 1u;
  for (var i = thread; i < frames * pairs; i += THREADS) {
    let frame = (i / pairs) * m;
    let k = i % pairs;
    let at_low = frame + indices[k];
    let at_high = frame + indices[select(m - k, 0u, k == 0u)];
    let a = point(at_low);
    let b = point(at_high);
    let c = tables[params.split_at + 2u * k];
    let s = tables[params.split_at + 2u * k + 1u];
    let e = vec2<f32>(a.x + b.x, a.y - b.y);
    let o = vec2<f32>(a.y + b.y, b.x - a.x);
    let t = vec2<f32>(c * o.x + s * o.y, c * o.y - s * o.x);
    let x = e + t;
    let y = e - t;
    var low = x.x * x.x + x.y * x.y;
    var high = y.x * y.x + y.y * y.y;
    if magnitude {
      low = sqrt(low);
      high = sqrt(high);
    }
    if k == 0u {
      points[HALF + at_low] = high;
    } else {
      points[at_high] = high;
    }
    points[at_low] = low;
  }
  workgroupBarrier();
}
