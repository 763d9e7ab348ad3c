//! Translated kernels on the CPU, bit for bit against Rust twins.
#![cfg(feature = "emulate")]
use earprint_cuda::{
    emulate::{Arg, Emulator},
    translate::translate,
};

const SAXPY: &str = r"
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

#[test]
fn saxpy() {
    let k = translate(SAXPY, "saxpy").unwrap();
    println!("{}", &k.source[k.source.find("// Translated").unwrap()..]);
    let e = Emulator::new(&k).unwrap();
    let mut x: Vec<u32> = (0..100).map(|i| (i as f32 * 0.1).to_bits()).collect();
    let mut y: Vec<u32> = (0..100).map(|i| (i as f32 * 0.7).to_bits()).collect();
    let mut p = 100u32.to_ne_bytes().to_vec();
    p.extend(1.1f32.to_ne_bytes());
    e.run([2, 1, 1], &mut [Arg::Uniform(&p), Arg::Buffer(&mut x), Arg::Buffer(&mut y)]).unwrap();
    for i in 0..100 {
        assert_eq!(y[i], (1.1f32 * (i as f32 * 0.1) + i as f32 * 0.7).to_bits());
    }
}
