//! What the emulator refuses: kernels that a GPU would run into undefined behaviour, and arguments that do not fit.

use crate::{harness::emulator, kernels::arithmetic};
use earprint_cuda::{
    emulate::{Arg, EmulateError},
    translate::Options,
};

fn fault(wgsl: &str, entry: &str, groups: [u32; 3], out: &mut [u32]) -> Option<String> {
    let emulator = emulator(wgsl, entry, &Options::default())?;
    match emulator.run(groups, &mut [Arg::Buffer(out)]) {
        Err(EmulateError::Fault { message, .. }) => Some(message),
        other => panic!("a fault was expected, got {other:?}"),
    }
}

#[test]
fn index_outside_a_buffer() {
    let wgsl = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(8) fn f(@builtin(global_invocation_id) g: vec3<u32>) { out[g.x * 2u] = 1u; }";
    if let Some(message) = fault(wgsl, "f", [3, 1, 1], &mut [0; 40]) {
        assert!(message.contains("outside 40 elements"), "{message}");
    }
}

#[test]
fn negative_index_into_a_local_array_behind_a_barrier() {
    let wgsl = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(8) fn f(@builtin(local_invocation_index) i: u32) {
            var a: array<u32, 4>; workgroupBarrier(); a[i32(i % 4u) - 1] = 1u; out[i] = a[0]; }";
    if let Some(message) = fault(wgsl, "f", [1, 1, 1], &mut [0; 8]) {
        assert!(message.contains("index -1 outside 4 elements"), "{message}");
    }
}

#[test]
fn barrier_that_some_never_reach() {
    // naga's validator accepts this: `out[0]` is not known to it as the same for all invocations, but it does not check storage.
    let wgsl = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        fn wait(i: u32) { if (i < 4u) { workgroupBarrier(); } }
        @compute @workgroup_size(8) fn f(@builtin(local_invocation_index) i: u32) { wait(out[i]); out[i] = 0u; }";
    let mut out: Vec<u32> = (0..8).collect();
    if let Some(message) = fault(wgsl, "f", [1, 1, 1], &mut out) {
        assert!(message.contains("barrier not reached"), "{message}");
    }
}

#[test]
fn arguments_that_do_not_fit() {
    let Some(emulator) = emulator(arithmetic::SAXPY, "saxpy", &Options::default()) else {
        return;
    };
    let (mut x, mut y, mut none) = ([0; 4], [0; 4], []);
    let expect = |args: &mut [Arg], at: usize, what: &str| match emulator.run([1, 1, 1], args) {
        Err(EmulateError::Argument { index, expected, .. }) => assert_eq!((index, expected.as_str()), (at, what)),
        other => panic!("{other:?}"),
    };
    expect(&mut [Arg::Uniform(&[0; 8])], 3, "3 arguments");
    expect(&mut [Arg::Uniform(&[0; 4]), Arg::Buffer(&mut x), Arg::Buffer(&mut y)], 0, "8 bytes");
    expect(&mut [Arg::Uniform(&[0; 8]), Arg::Buffer(&mut none), Arg::Buffer(&mut y)], 1, "at least 4 bytes");
    expect(&mut [Arg::Uniform(&[0; 8]), Arg::Uniform(&[0; 8]), Arg::Buffer(&mut y)], 1, "a storage buffer");
    expect(&mut [Arg::Buffer(&mut x), Arg::Buffer(&mut y), Arg::Uniform(&[0; 8])], 0, "a uniform block");
}
