//! Scalars and vectors.

pub const ALL: &[(&str, &str)] = &[
    (SAXPY, "saxpy"),
    (SIGNED, "signed"),
    (UNSIGNED, "unsigned"),
    (BITS, "bits"),
    (FLOATS, "floats"),
    (CONVERT, "convert"),
    (HALF, "half"),
    (VECTORS, "vectors"),
    (VECTOR_INTS, "vector_ints"),
    (LN, "ln_all"),
];

pub const SAXPY: &str = r"
struct Params { n: u32, a: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn saxpy(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= params.n) { return; }
    y[i] = params.a * x[i] + y[i];
}
";

// Eleven results for each pair (a, b).
pub const SIGNED: &str = r"
@group(0) @binding(0) var<storage, read> pairs: array<vec2<i32>>;
@group(0) @binding(1) var<storage, read_write> out: array<i32>;
@compute @workgroup_size(32)
fn signed(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&pairs)) { return; }
    let a = pairs[i].x;
    let b = pairs[i].y;
    let o = i * 14u;
    out[o] = a + b;
    out[o + 1u] = a - b;
    out[o + 2u] = a * b;
    out[o + 3u] = a / b;
    out[o + 4u] = a % b;
    out[o + 5u] = -a;
    out[o + 6u] = abs(a);
    out[o + 7u] = a << u32(b);
    out[o + 8u] = a >> u32(b);
    out[o + 9u] = min(a, b) ^ max(a, b);
    out[o + 10u] = clamp(a, -5, 5) + sign(b);
    out[o + 11u] = select(select(1, 2, a < b), 3, a == b);
    out[o + 12u] = ~a & (b | 12);
    out[o + 13u] = dot(vec3<i32>(a, b, a), vec3<i32>(b, b, 3));
}
";

pub const UNSIGNED: &str = r"
@group(0) @binding(0) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(32)
fn unsigned(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&pairs)) { return; }
    let a = pairs[i].x;
    let b = pairs[i].y;
    let o = i * 10u;
    out[o] = a + b;
    out[o + 1u] = a - b;
    out[o + 2u] = a * b;
    out[o + 3u] = a / b;
    out[o + 4u] = a % b;
    out[o + 5u] = a << b;
    out[o + 6u] = a >> b;
    out[o + 7u] = (a & b) | (~a ^ b);
    out[o + 8u] = min(a, b) + max(a, 7u) + clamp(b, 3u, 9u);
    var flags = 0u;
    if (a < b) { flags |= 1u; }
    if (a <= b) { flags |= 2u; }
    if (a > b) { flags |= 4u; }
    if (a >= b) { flags |= 8u; }
    if (a == b) { flags |= 16u; }
    if (a != b && b > 3u) { flags |= 32u; }
    if (a == 0u || b / a > 3u) { flags |= 64u; }
    if ((a > 5u) != (b > 5u)) { flags |= 128u; }
    if (!(a > 5u) & (b > 5u) | (a == 9u)) { flags |= 256u; }
    out[o + 9u] = flags;
}
";

// For each word: with itself as position and count of the bit field functions.
pub const BITS: &str = r"
@group(0) @binding(0) var<storage, read> words: array<vec4<u32>>; // value, new bits, offset, count
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(32)
fn bits(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&words)) { return; }
    let w = words[i];
    let u = w.x;
    let s = bitcast<i32>(w.x);
    let o = i * 14u;
    out[o] = countOneBits(u);
    out[o + 1u] = countLeadingZeros(u);
    out[o + 2u] = countTrailingZeros(u);
    out[o + 3u] = firstLeadingBit(u);
    out[o + 4u] = bitcast<u32>(firstLeadingBit(s));
    out[o + 5u] = firstTrailingBit(u);
    out[o + 6u] = reverseBits(u);
    out[o + 7u] = extractBits(u, w.z, w.w);
    out[o + 8u] = bitcast<u32>(extractBits(s, w.z, w.w));
    out[o + 9u] = insertBits(u, w.y, w.z, w.w);
    out[o + 10u] = bitcast<u32>(insertBits(s, bitcast<i32>(w.y), w.z, w.w));
    out[o + 11u] = bitcast<u32>(countOneBits(s) + countLeadingZeros(s) + countTrailingZeros(s) + firstTrailingBit(s));
    out[o + 12u] = bitcast<u32>(reverseBits(s));
    out[o + 13u] = countOneBits(extractBits(vec2<u32>(u, w.y), 3u, 20u)).y;
}
";

pub const FLOATS: &str = r"
@group(0) @binding(0) var<storage, read> pairs: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(32)
fn floats(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&pairs)) { return; }
    let a = pairs[i].x;
    let b = pairs[i].y;
    let o = i * 18u;
    out[o] = a * b + a;
    out[o + 1u] = a - b * 0.1;
    out[o + 2u] = a / b;
    out[o + 3u] = -a;
    out[o + 4u] = abs(a);
    out[o + 5u] = min(a, b);
    out[o + 6u] = max(a, b);
    out[o + 7u] = clamp(a, -1.5, 2.5);
    out[o + 8u] = floor(a);
    out[o + 9u] = ceil(a);
    out[o + 10u] = trunc(a);
    out[o + 11u] = round(a);
    out[o + 12u] = fract(a);
    out[o + 13u] = sign(a);
    out[o + 14u] = sqrt(abs(b));
    out[o + 15u] = fma(a, b, a);
    out[o + 16u] = step(a, b) + saturate(b);
    out[o + 17u] = select(1e-45, 3.4028235e38, a < b);
}
";

pub const CONVERT: &str = r"
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(32)
fn convert(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&words)) { return; }
    let w = words[i];
    let f = bitcast<f32>(w);
    let s = bitcast<i32>(w);
    let o = i * 9u;
    out[o] = bitcast<u32>(i32(f));
    out[o + 1u] = u32(f);
    out[o + 2u] = bitcast<u32>(f32(w));
    out[o + 3u] = bitcast<u32>(f32(s));
    out[o + 4u] = u32(bool(w)) + u32(i32(bool(s))) * 2u;
    out[o + 5u] = bitcast<u32>(f32(f > 1.0));
    out[o + 6u] = u32(s) - bitcast<u32>(i32(w));
    let v = bitcast<vec2<i32>>(vec2<f32>(f, 1.5));
    out[o + 7u] = bitcast<u32>(v.x + v.y);
    out[o + 8u] = dot(vec2<u32>(vec2<f32>(f, 2.5)), vec2<u32>(1u, 3u));
}
";

pub const HALF: &str = r"
@group(0) @binding(0) var<storage, read> floats: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> halves: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<storage, read_write> unpacked: array<vec2<f32>>;
@compute @workgroup_size(64)
fn half(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i < arrayLength(&floats)) { packed[i] = pack2x16float(floats[i]); }
    if (i < arrayLength(&halves)) { unpacked[i] = unpack2x16float(halves[i]); }
}
";

pub const VECTORS: &str = r"
@group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@compute @workgroup_size(32)
fn vectors(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&input)) { return; }
    let v = input[i];
    let k = i % 4u;
    var m = v.wzyx * 2.0 + vec4<f32>(1.0, vec2<f32>(v.x, v.y), 4.0);
    m[k] = v[3u - k];
    m.y += 3.0;
    let o = i * 5u;
    out[o] = m;
    let t = vec3<f32>(v.xy, 0.5) - 3.0 / vec3<f32>(v.w);
    out[o + 1u] = vec4<f32>(t, dot(t, v.yzw));
    let less = v < m;
    out[o + 2u] = select(v, -m, less);
    var count = 0.0;
    if (all(less)) { count += 1.0; }
    if (any(less.xz)) { count += 2.0; }
    if (any(!less)) { count += 4.0; }
    if (all(v.xy == v.yx)) { count += 8.0; }
    out[o + 3u] = vec4<f32>(count, vec2<f32>(), floor(v.x));
    out[o + 4u] = clamp(min(abs(v), m), vec4<f32>(-0.5), vec4<f32>(2.0)) / max(v, vec4<f32>(0.25));
}
";

pub const VECTOR_INTS: &str = r"
@group(0) @binding(0) var<storage, read> input: array<vec4<i32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<u32>>;
@compute @workgroup_size(32)
fn vector_ints(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&input)) { return; }
    let a = input[i];
    let b = a.yzwx;
    let q = (a * b - a / b) % vec4<i32>(1000, -1000, 7, a.x - a.x);
    let shifted = (a << vec4<u32>(1u, 33u, 4u, 31u) + vec4<u32>(a - a)) >> vec4<u32>(3u);
    let logic = (~a & b) | (a ^ vec4<i32>(77));
    out[i * 2u] = vec4<u32>(q) + vec4<u32>(shifted) * 3u;
    out[i * 2u + 1u] = bitcast<vec4<u32>>(logic) + select(vec4<u32>(1u), vec4<u32>(2u), (a > b) & (a != b.wzyx));
}
";

// Natural logarithm from bits and a polynomial: how our kernels replace `log`.
pub const LN: &str = r"
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
fn ln(v: f32) -> f32 {
    let bits = bitcast<u32>(v) - 0x3f3504f3u;
    let exponent = bitcast<i32>(bits) >> 23u;
    let m = bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0;
    let s = m / (2.0 + m);
    let z = s * s;
    let r = z * (0.6666667 + z * (0.4 + z * (0.28571430 + z * 0.22222198)));
    return f32(exponent) * 0.6931472 + (m - (0.5 * m * m - s * (0.5 * m * m + r)));
}
@compute @workgroup_size(64)
fn ln_all(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x < arrayLength(&x)) { y[gid.x] = ln(x[gid.x]); }
}
";
