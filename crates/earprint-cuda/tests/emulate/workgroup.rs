//! Twins of `kernels/workgroup.rs`.

use crate::{
    harness::{bits, emulator, floats, noise, run, same},
    kernels::workgroup as k,
};
use earprint_cuda::{
    emulate::Arg,
    translate::{Options, translate},
};

#[test]
fn tree_reduction() {
    let x = floats(31, 256 * 40);
    let mut got = vec![0; 40];
    let want: Vec<f32> = x
        .chunks(256)
        .map(|group| {
            let mut partial = group.to_vec();
            let mut stride = 128;
            while stride > 0 {
                for l in 0..stride {
                    partial[l] += partial[l + stride];
                }
                stride /= 2;
            }
            partial[0]
        })
        .collect();
    if run(k::REDUCE, "reduce", [40, 1, 1], &mut [Arg::Buffer(&mut bits(&x)), Arg::Buffer(&mut got)]) {
        same(&got, &bits(&want));
    }
    let kernel = translate(k::REDUCE, "reduce").unwrap();
    assert_eq!((kernel.static_shared_bytes, kernel.workgroup_size, kernel.uses_barriers), (1024, [256, 1, 1], true));
}

#[test]
fn tiled_matrix_product() {
    let n = 64;
    let (a, b) = (floats(32, n * n), floats(33, n * n));
    let mut got = vec![0; n * n];
    let mut want = vec![0.0f32; n * n];
    for row in 0..n {
        for column in 0..n {
            for i in 0..n {
                want[row * n + column] += a[row * n + i] * b[i * n + column];
            }
        }
    }
    if run(
        k::MATMUL,
        "matmul",
        [4, 4, 1],
        &mut [
            Arg::Buffer(&mut bits(&a)),
            Arg::Buffer(&mut bits(&b)),
            Arg::Buffer(&mut got),
            Arg::Uniform(&(n as u32).to_ne_bytes()),
        ],
    ) {
        same(&got, &bits(&want));
    }
}

#[test]
fn uniform_loads_and_barriers_in_loops() {
    let mut got = vec![0; 24];
    let want: Vec<u32> = (0..24)
        .map(|i| {
            let n = i / 8 + 2;
            let votes: u32 = (0..n).map(|k| (0..8).filter(|li| li % (k + 1) == 0).count() as u32).sum();
            n * 1000 + votes
        })
        .collect();
    if run(k::UNIFORM_LOAD, "uniform_load", [3, 1, 1], &mut [Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn histogram() {
    let mut values = noise(34, 5000);
    let (mut got, mut want) = (vec![7; 16], vec![7; 16]);
    values.iter().for_each(|v| want[*v as usize % 16] += 1);
    if run(k::HISTOGRAM, "histogram", [157, 1, 1], &mut [Arg::Buffer(&mut values), Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn atomic_functions() {
    let mut values = noise(35, 300);
    let signed: Vec<i32> = values.iter().map(|&v| v as i32).collect();
    let mut got = vec![5, 5, 1000, 0, u32::MAX, 9, 0, 0, 0, 0];
    let want = [
        *signed.iter().min().unwrap() as u32,
        *signed.iter().max().unwrap() as u32,
        signed.iter().fold(1000i32, |s, v| s.wrapping_sub(*v)) as u32,
        u32::MAX,
        u32::MAX << 7,
        values.iter().fold(9, |p, v| p ^ v),
        77,
        600,
        299,
        299 * 3,
    ];
    if run(k::ATOMICS, "atomics", [19, 1, 1], &mut [Arg::Buffer(&mut got), Arg::Buffer(&mut values)]) {
        same(&got, &want);
    }
}

#[test]
fn built_in_values() {
    let (size, groups) = ([3u32, 2, 4], [2u32, 3, 2]);
    let mut got = vec![0; 24 * 12 * 4];
    let mut want = Vec::new();
    let word = |v: [u32; 3]| v[0] | v[1] << 8 | v[2] << 16;
    for g in 0..12 {
        let group = [g % 2, g / 2 % 3, g / 6];
        for li in 0..24 {
            let lid = [li % 3, li / 3 % 2, li / 6];
            let gid = [0, 1, 2].map(|d| group[d] * size[d] + lid[d]);
            want.extend([word(gid), word(lid), li, word(groups)]);
        }
    }
    if run(k::BUILTINS, "builtins", groups, &mut [Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn built_in_values_in_a_struct() {
    let mut got = vec![0; 20];
    let want: Vec<u32> = (0..20).map(|i| i % 4 * 100 + i / 4 + 5000).collect();
    if run(k::BUILTIN_STRUCT, "main", [5, 1, 1], &mut [Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn unwritten_workgroup_memory_shows_itself() {
    for (zero, want) in [(false, u32::MAX), (true, 0)] {
        let options = Options { zero_workgroup_memory: zero, ..Options::default() };
        let Some(emulator) = emulator(k::UNWRITTEN, "unwritten", &options) else {
            return;
        };
        let mut got = vec![1; 5];
        emulator.run([1, 1, 1], &mut [Arg::Buffer(&mut got)]).unwrap();
        same(&got, &[want; 5]);
    }
}
