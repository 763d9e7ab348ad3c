//! Control flow, functions, and when expressions are evaluated.

pub const ALL: &[(&str, &str)] = &[
    (SWITCH, "switches"),
    (LOOPS, "loops"),
    (CONTINUING, "continuing_part"),
    (LOOP_LOCALS, "loop_locals"),
    (FUNCTIONS, "functions"),
    (TIMING, "timing"),
    (CONSTANTS, "constants"),
    (OVERRIDES, "overrides"),
];

pub const SWITCH: &str = r"
@group(0) @binding(0) var<storage, read_write> out: array<i32>;
@compute @workgroup_size(16)
fn switches(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&out)) { return; }
    var r = 0;
    switch (i % 8u) {
        case 0u: { r = 10; }
        case 1u, 2u, 5u: { r = 20; if (i > 20u) { break; } r += 1; }
        case 3u, default: { r = 30; }
        case 7u: { out[i] = -1; return; }
    }
    switch (i32(i) - 4) {
        case -2147483648: { r = 0; }
        case -4: { r += 100; }
        default: { r += 1000; }
    }
    out[i] = r;
}
";

pub const LOOPS: &str = r"
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(16)
fn loops(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&out)) { return; }
    var sum = 0u;
    for (var a = 0u; a < i; a++) {
        if (a % 3u == 0u) { continue; }
        for (var b = a; b < 10u; b += 2u) {
            switch (b % 4u) {
                case 0u: { continue; }
                case 1u: { sum += 100u; break; }
                default: {}
            }
            if (b == 9u) { break; }
            sum += b;
        }
        if (sum > 5000u) { break; }
    }
    var n = i;
    while (n > 1u) {
        if (n % 2u == 0u) { n = n / 2u; continue; }
        n = 3u * n + 1u;
        sum += 1u;
    }
    out[i] = sum;
}
";

// The continuing part sees the body's values, runs after `continue`, and decides with `break if`.
pub const CONTINUING: &str = r"
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(16)
fn continuing_part(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&out)) { return; }
    var k = i;
    var sum = 0u;
    loop {
        let square = vec2<u32>(k * k, k);
        if (k % 2u == 0u) { continue; }
        sum += square.x;
        continuing {
            k += 1u + square.y % 2u;
            sum ^= square.x << 1u;
            break if square.x > 900u;
        }
    }
    loop {
        sum += 1u;
        continuing { break if sum % 5u == 0u; }
    }
    out[i] = sum;
}
";

// A `var` in a loop starts anew each time.
pub const LOOP_LOCALS: &str = r"
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(16)
fn loop_locals(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&out)) { return; }
    var total = 0u;
    for (var a = 0u; a < 5u; a++) {
        var zero: array<u32, 3>;
        var seven = 7u;
        var copied = zero;
        zero[a % 3u] += i;
        seven += zero[1];
        copied[2] += seven;
        total = total * 3u + seven + zero[0] + copied[2];
    }
    { let total = 1u; out[i] = total; }
    out[i] += total;
}
";

pub const FUNCTIONS: &str = r"
struct Pair { key: u32, value: vec3<f32> }
struct Table { scale: f32, cells: array<f32, 8> }
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@group(0) @binding(1) var<storage, read_write> table: Table;
@group(0) @binding(2) var<uniform> shift: vec4<f32>;
var<private> calls: u32 = 3u;
var<private> history: array<u32, 4>;
var<workgroup> slot: array<f32, 16>;
fn bump(p: ptr<function, f32>, by: f32) { *p = *p * 2.0 + by; calls += 1u; }
fn note(p: ptr<private, array<u32, 4>>, at: u32) { (*p)[at % 4u] += 1u; }
fn put(at: u32, v: f32) { slot[at] = v; }
fn cell(at: u32) -> f32 { note(&history, at); return table.cells[at % 8u] * table.scale; }
fn swap(p: Pair) -> Pair { var q = p; q.value = p.value.zyx; q.key = ~p.key; return q; }
fn three(x: f32) -> array<f32, 3> { return array<f32, 3>(x, x + 1.0, x * x); }
fn classify(x: f32) -> u32 { if (x < 0.0) { return 0u; } else if (x < 10.0) { return 1u; } return 2u; }
fn void_return(x: ptr<function, vec2<f32>>) { if ((*x).x > 3.0) { return; } (*x).y = 9.0; }
@compute @workgroup_size(16)
fn functions(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(local_invocation_index) li: u32) {
    let i = gid.x;
    var x = f32(i) + shift.y;
    bump(&x, 0.5);
    bump(&x, cell(i));
    put(li, x);
    workgroupBarrier();
    let other = slot[(li + 1u) % 16u];
    let pair = swap(Pair(i, vec3<f32>(x, 2.0, other)));
    let a = three(pair.value.x);
    var xy = vec2<f32>(x, 1.0);
    void_return(&xy);
    out[i] = a[i % 3u] + f32(pair.key & 15u) + f32(classify(x) * calls) + f32(history[i % 4u]) + xy.y;
}
";

// Loads happen where they are written, not where they are used.
pub const TIMING: &str = r"
@group(0) @binding(0) var<storage, read_write> data: array<u32>;
fn next(p: ptr<function, u32>) -> u32 { *p += 1u; return *p; }
@compute @workgroup_size(16)
fn timing(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x * 4u;
    let a = data[i];
    let b = data[i + 1u];
    data[i] = b;
    data[i + 1u] = a;
    var n = a;
    let before = n;
    let sum = next(&n) * 100u + next(&n) * 10u + n;
    data[i + 2u] = sum + before;
    var v = vec4<u32>(a, b, n, before);
    let old = v;
    v.x = old.w;
    let p = &v;
    (*p)[b % 4u] = 1000u;
    data[i + 3u] = v.x + old.x * 2u + v.y * 3u + v.z * 5u + v.w * 7u;
}
";

pub const CONSTANTS: &str = r"
const SCALE = 0.1;
const COUNT: u32 = 5u;
struct Item { a: vec2<f32>, b: i32 }
const TABLE = array<f32, COUNT>(0.1, -2.5, 1e-30, 16777217.0, -0.0);
const AXES = array<vec3<f32>, 2>(vec3<f32>(1.0, 2.0, 3.0), vec3<f32>(-4.0));
const ITEMS = array<Item, 2>(Item(vec2<f32>(1.5, 2.5), -2147483648), Item(vec2<f32>(), 9));
const WIDE = vec4<i32>(vec2<i32>(3, -4), vec2<i32>(5));
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(8)
fn constants(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&out)) { return; }
    var local = array<vec3<f32>, 2>(vec3<f32>(SCALE), AXES[1]);
    local[i % 2u].z = 6.0;
    out[i] = TABLE[i % COUNT] * SCALE + AXES[i % 2u].y + ITEMS[i % 2u].a.x + f32(ITEMS[(i + 1u) % 2u].b)
        + f32(WIDE[i % 4u]) + local[0].z + local[1].x;
}
";

pub const OVERRIDES: &str = r"
override width: u32 = 4u;
override gain: f32;
@id(7) override flip: bool = false;
override twice: u32 = width * 2u;
var<workgroup> line: array<f32, twice>;
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(width)
fn overrides(@builtin(local_invocation_index) li: u32) {
    line[li] = f32(li);
    line[li + width] = gain;
    workgroupBarrier();
    out[li] = line[width - 1u - li] * line[twice - 1u] + select(0.0, 100.0, flip);
}
";
