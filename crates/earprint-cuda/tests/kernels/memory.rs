//! Layouts of structs and arrays, uniforms, runtime arrays.

pub const ALL: &[(&str, &str)] = &[(LAYOUT, "structs"), (TAIL, "tail"), (UNIFORMS, "uniforms"), (FIXED, "fixed")];

// Offsets by hand (WGSL): a 0, b 12, c 16, d 32 (stride 16), e 64, f 80, inner 88 {p 0, q 8, size 16}; size 112, align 16.
pub const LAYOUT: &str = r"
struct Inner { p: f32, q: vec2<u32> }
struct Outer {
    a: vec3<f32>, b: f32,
    c: vec2<i32>,
    d: array<vec3<f32>, 2>,
    @size(16) e: u32,
    f: u32,
    inner: Inner,
}
@group(0) @binding(0) var<storage, read> input: array<Outer>;
@group(0) @binding(1) var<storage, read_write> out: array<Outer>;
@compute @workgroup_size(4)
fn structs(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&input)) { return; }
    let whole = input[i];
    var copy = whole;
    copy.a = whole.a.zxy;
    copy.b = whole.d[1].z;
    copy.d[i % 2u].y = whole.b;
    copy.e = whole.f + 1u;
    copy.inner.q = vec2<u32>(whole.inner.q.y, u32(whole.c.x));
    out[i] = copy;
    out[i].f = input[i].e;
    out[i].inner.p = input[i].d[(i + 1u) % 2u][i % 3u];
}
";

pub const TAIL: &str = r"
struct Item { at: u32, weight: vec3<f32> }
struct Bag { count: u32, scale: vec2<f32>, items: array<Item> }
struct Plain { values: array<f32> }
@group(1) @binding(0) var<storage, read> bag: Bag;
@group(0) @binding(3) var<storage, read_write> out: Plain;
@compute @workgroup_size(8)
fn tail(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&out.values)) { return; }
    if (i < min(bag.count, arrayLength(&bag.items))) {
        let item = bag.items[i];
        out.values[i] = f32(item.at) * bag.scale.y + item.weight.z;
    } else {
        out.values[i] = f32(arrayLength(&bag.items)) + 0.5;
    }
}
";

pub const UNIFORMS: &str = r"
struct Band { low: u32, high: u32, gain: f32, pad: f32 }
struct Params { n: u32, offset: vec3<f32>, @align(16) bands: array<Band, 3>, window: array<vec4<f32>, 2> }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> second: vec3<f32>;
fn gain(k: u32) -> f32 { return params.bands[k].gain * second.y; }
fn pick(i: u32) -> f32 { let p = &params.window; return (*p)[i / 4u][i % 4u]; }
@compute @workgroup_size(8)
fn uniforms(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= params.n) { return; }
    var sum = params.offset.y + pick(i);
    for (var k = 0u; k < 3u; k++) {
        if (i >= params.bands[k].low && i < params.bands[k].high) { sum += gain(k); }
    }
    out[i] = sum;
}
";

pub const FIXED: &str = r"
struct State { rows: array<array<i32, 3>, 4>, flags: u32 }
@group(0) @binding(0) var<storage, read_write> state: State;
@group(0) @binding(1) var<storage, read> lut: array<i32, 12>;
fn row_sum(row: array<i32, 3>) -> i32 { return row[0] + row[1] + row[2]; }
fn fill(i: u32, v: i32) { let p = &state.rows[i]; (*p)[0] = v; (*p)[2] -= v; }
@compute @workgroup_size(4)
fn fixed(@builtin(local_invocation_index) i: u32) {
    let row = state.rows[i];
    fill(i, lut[i * 3u]);
    state.rows[i][1] = row_sum(row) + row_sum(state.rows[i]);
    if (i == 0u) { state.flags = 5u; }
}
";
