//! Workgroup memory, barriers, atomics, built-in values.

pub const ALL: &[(&str, &str)] = &[
    (REDUCE, "reduce"),
    (MATMUL, "matmul"),
    (UNIFORM_LOAD, "uniform_load"),
    (HISTOGRAM, "histogram"),
    (ATOMICS, "atomics"),
    (BUILTINS, "builtins"),
    (BUILTIN_STRUCT, "main"),
    (UNWRITTEN, "unwritten"),
];

pub const REDUCE: &str = r"
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
var<workgroup> partial: array<f32, 256>;
@compute @workgroup_size(256)
fn reduce(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let l = lid.x;
    partial[l] = x[group.x * 256u + l];
    workgroupBarrier();
    for (var stride = 128u; stride > 0u; stride >>= 1u) {
        if (l < stride) { partial[l] += partial[l + stride]; }
        workgroupBarrier();
    }
    if (l == 0u) { sums[group.x] = partial[0]; }
}
";

// 16 by 16 tiles; n is a multiple of 16.
pub const MATMUL: &str = r"
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform> n: u32;
var<workgroup> tile_a: array<array<f32, 16>, 16>;
var<workgroup> tile_b: array<array<f32, 16>, 16>;
@compute @workgroup_size(16, 16)
fn matmul(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    var sum = 0.0;
    for (var t = 0u; t < n; t += 16u) {
        tile_a[lid.y][lid.x] = a[gid.y * n + t + lid.x];
        tile_b[lid.y][lid.x] = b[(t + lid.y) * n + gid.x];
        workgroupBarrier();
        for (var k = 0u; k < 16u; k++) { sum += tile_a[lid.y][k] * tile_b[k][lid.x]; }
        workgroupBarrier();
    }
    c[gid.y * n + gid.x] = sum;
}
";

pub const UNIFORM_LOAD: &str = r"
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> limit: u32;
var<workgroup> votes: atomic<u32>;
@compute @workgroup_size(8)
fn uniform_load(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) li: u32) {
    if (li == 3u) { limit = group.x + 2u; atomicStore(&votes, 0u); }
    let n = workgroupUniformLoad(&limit);
    for (var k = 0u; k < n; k++) {
        if (li % (k + 1u) == 0u) { atomicAdd(&votes, 1u); }
        workgroupBarrier();
    }
    storageBarrier();
    out[group.x * 8u + li] = n * 1000u + atomicLoad(&votes);
}
";

pub const HISTOGRAM: &str = r"
@group(0) @binding(0) var<storage, read> values: array<u32>;
@group(0) @binding(1) var<storage, read_write> bins: array<atomic<u32>>;
var<workgroup> local_bins: array<atomic<u32>, 16>;
@compute @workgroup_size(32)
fn histogram(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(local_invocation_index) li: u32) {
    if (li < 16u) { atomicStore(&local_bins[li], 0u); }
    workgroupBarrier();
    if (gid.x < arrayLength(&values)) { atomicAdd(&local_bins[values[gid.x] % 16u], 1u); }
    workgroupBarrier();
    if (li < 16u) { atomicAdd(&bins[li], atomicLoad(&local_bins[li])); }
}
";

pub const ATOMICS: &str = r"
struct Cells { low: atomic<i32>, high: atomic<i32>, sum: atomic<i32>, bits: atomic<u32>, masked: atomic<u32>,
    parity: atomic<u32>, last: atomic<u32>, counter: atomic<u32>, exchanges: atomic<u32>, umax: atomic<u32> }
@group(0) @binding(0) var<storage, read_write> cells: Cells;
@group(0) @binding(1) var<storage, read> values: array<i32>;
fn raise(v: u32) { atomicMax(&cells.umax, v); }
@compute @workgroup_size(16)
fn atomics(@builtin(global_invocation_id) gid: vec3<u32>) {
    let i = gid.x;
    if (i >= arrayLength(&values)) { return; }
    let v = values[i];
    atomicMin(&cells.low, v);
    atomicMax(&cells.high, v);
    let before = atomicSub(&cells.sum, v);
    atomicOr(&cells.bits, 1u << (i % 32u));
    atomicAnd(&cells.masked, ~(1u << (i % 7u)));
    atomicXor(&cells.parity, bitcast<u32>(v));
    if (atomicExchange(&cells.last, 77u) == 77u) { atomicAdd(&cells.exchanges, 1u); }
    raise(u32(before - before) + i * 3u);
    loop {
        let old = atomicLoad(&cells.counter);
        let r = atomicCompareExchangeWeak(&cells.counter, old, old + 2u);
        if (r.exchanged && r.old_value == old) { break; }
    }
}
";

pub const BUILTINS: &str = r"
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(3, 2, 4)
fn builtins(
    @builtin(global_invocation_id) gid: vec3<u32>,
    @builtin(local_invocation_id) lid: vec3<u32>,
    @builtin(local_invocation_index) li: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let g = (group.z * groups.y + group.y) * groups.x + group.x;
    let o = (g * 24u + li) * 4u;
    out[o] = gid.x | gid.y << 8u | gid.z << 16u;
    out[o + 1u] = lid.x | lid.y << 8u | lid.z << 16u;
    out[o + 2u] = li;
    out[o + 3u] = groups.x | groups.y << 8u | groups.z << 16u;
}
";

pub const BUILTIN_STRUCT: &str = r"
struct In { @builtin(local_invocation_index) li: u32, @builtin(workgroup_id) group: vec3<u32> }
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(4)
fn main(in: In, @builtin(num_workgroups) groups: vec3<u32>) {
    out[in.group.x * 4u + in.li] = in.li * 100u + in.group.x + groups.x * 1000u;
}
";

// Reads workgroup memory it never wrote: wrong under our rule, right under WGSL's.
pub const UNWRITTEN: &str = r"
var<workgroup> tile: array<u32, 5>;
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(5)
fn unwritten(@builtin(local_invocation_index) li: u32) { out[li] = tile[4u - li]; }
";
