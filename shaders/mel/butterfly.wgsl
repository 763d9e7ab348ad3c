// Shared    the small transforms of a stage, decimation in frequency, in place on workgroup memory
// twin      earprint-signal/src/mel/butterfly.rs::butterfly
// Order     the twin's additions, one by one

// Real parts of a round's points stand at 0.., imaginary parts at half the array.
const HALF: u32 = 2048u;
var<workgroup> points: array<f32, 4096>;

fn point(i: u32) -> vec2<f32> {
  return vec2<f32>(points[i], points[HALF + i]);
}

fn set_point(i: u32, z: vec2<f32>) {
  points[i] = z.x;
  points[HALF + i] = z.y;
}

fn sub_i(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return vec2<f32>(a.x + b.y, a.y - b.x);
}

fn add_i(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return vec2<f32>(a.x - b.y, a.y + b.x);
}

// z times the twiddle of output p of butterfly j; at j = 0 that is 1.
fn turned(z: vec2<f32>, twiddles: u32, p: u32, sub: u32, j: u32) -> vec2<f32> {
  let at = twiddles + 2u * ((p - 1u) * sub + j);
  let wr = tables[at];
  let wi = tables[at + 1u];
  return vec2<f32>(z.x * wr - z.y * wi, z.x * wi + z.y * wr);
}

fn butterfly2(base: u32, sub: u32, j: u32, tw: u32) {
  let a = point(base);
  let b = point(base + sub);
  set_point(base, a + b);
  set_point(base + sub, turned(a - b, tw, 1u, sub, j));
}

fn butterfly3(base: u32, sub: u32, j: u32, tw: u32) {
  let x0 = point(base);
  let x1 = point(base + sub);
  let x2 = point(base + 2u * sub);
  let t = x1 + x2;
  let d = x1 - x2;
  let m = x0 - 0.5 * t;
  let n = 0.8660254 * d;
  set_point(base, x0 + t);
  set_point(base + sub, turned(sub_i(m, n), tw, 1u, sub, j));
  set_point(base + 2u * sub, turned(add_i(m, n), tw, 2u, sub, j));
}

fn butterfly4(base: u32, sub: u32, j: u32, tw: u32) {
  let x0 = point(base);
  let x1 = point(base + sub);
  let x2 = point(base + 2u * sub);
  let x3 = point(base + 3u * sub);
  let s0 = x0 + x2;
  let s1 = x0 - x2;
  let s2 = x1 + x3;
  let s3 = x1 - x3;
  set_point(base, s0 + s2);
  set_point(base + sub, turned(sub_i(s1, s3), tw, 1u, sub, j));
  set_point(base + 2u * sub, turned(s0 - s2, tw, 2u, sub, j));
  set_point(base + 3u * sub, turned(add_i(s1, s3), tw, 3u, sub, j));
}

fn butterfly5(base: u32, sub: u32, j: u32, tw: u32) {
  let x0 = point(base);
  let x1 = point(base + sub);
  let x2 = point(base + 2u * sub);
  let x3 = point(base + 3u * sub);
  let x4 = point(base + 4u * sub);
  let t1 = x1 + x4;
  let t2 = x2 + x3;
  let t3 = x1 - x4;
  let t4 = x2 - x3;
  let c1 = 0.309017;
  let c2 = -0.809017;
  let s1 = 0.9510565;
  let s2 = 0.58778525;
  let m1 = (x0 + c1 * t1) + c2 * t2;
  let m2 = (x0 + c2 * t1) + c1 * t2;
  let n1 = s1 * t3 + s2 * t4;
  let n2 = s2 * t3 - s1 * t4;
  set_point(base, (x0 + t1) + t2);
  set_point(base + sub, turned(sub_i(m1, n1), tw, 1u, sub, j));
  set_point(base + 2u * sub, turned(sub_i(m2, n2), tw, 2u, sub, j));
  set_point(base + 3u * sub, turned(add_i(m2, n2), tw, 3u, sub, j));
  set_point(base + 4u * sub, turned(add_i(m1, n1), tw, 4u, sub, j));
}

fn butterfly8(base: u32, sub: u32, j: u32, tw: u32) {
  let x0 = point(base);
  let x1 = point(base + sub);
  let x2 = point(base + 2u * sub);
  let x3 = point(base + 3u * sub);
  let x4 = point(base + 4u * sub);
  let x5 = point(base + 5u * sub);
  let x6 = point(base + 6u * sub);
  let x7 = point(base + 7u * sub);
  // Even outputs: four points of the sums.
  let a0 = x0 + x4;
  let a1 = x1 + x5;
  let a2 = x2 + x6;
  let a3 = x3 + x7;
  let p0 = a0 + a2;
  let p1 = a0 - a2;
  let p2 = a1 + a3;
  let p3 = a1 - a3;
  // Odd outputs: four points of the differences, turned by eighths.
  let b0 = x0 - x4;
  let b1 = x1 - x5;
  let b2 = x2 - x6;
  let b3 = x3 - x7;
  // One factor under two names. Mesa turns h * a + h * b into h * (a + b), which rounds once less than the twin; it
  // cannot where one of the two comes from a buffer.
  let h = 0.70710677;
  let g = params.sqrt_half;
  let t1 = vec2<f32>(h * (b1.x + b1.y), h * (b1.y - b1.x));
  let t3 = vec2<f32>(g * (b3.y - b3.x), g * (b3.x + b3.y));
  let q0 = sub_i(b0, b2);
  let q1 = add_i(b0, b2);
  let q2 = vec2<f32>(t1.x + t3.x, t1.y - t3.y);
  let q3 = vec2<f32>(t1.x - t3.x, t1.y + t3.y);
  set_point(base, p0 + p2);
  set_point(base + sub, turned(q0 + q2, tw, 1u, sub, j));
  set_point(base + 2u * sub, turned(sub_i(p1, p3), tw, 2u, sub, j));
  set_point(base + 3u * sub, turned(sub_i(q1, q3), tw, 3u, sub, j));
  set_point(base + 4u * sub, turned(p0 - p2, tw, 4u, sub, j));
  set_point(base + 5u * sub, turned(q0 - q2, tw, 5u, sub, j));
  set_point(base + 6u * sub, turned(add_i(p1, p3), tw, 6u, sub, j));
  set_point(base + 7u * sub, turned(add_i(q1, q3), tw, 7u, sub, j));
}
