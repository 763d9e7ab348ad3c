//! Twins of `kernels/memory.rs`: the layouts are written out in words by hand.

use crate::{
    harness::{bits, floats, noise, run, same},
    kernels::memory as k,
};
use earprint_cuda::{
    emulate::Arg,
    translate::{BindingKind, StorageLayout, translate},
};

#[test]
fn struct_layout() {
    let mut input = noise(21, 3 * 28);
    // Plain numbers where the kernel converts.
    for item in input.chunks_mut(28) {
        item[4] &= 0xFFFF;
        for float in [0, 1, 2, 3, 8, 9, 10, 12, 13, 14, 22] {
            item[float] = item[float] % 0x1000_0000 + 0x3000_0000;
        }
    }
    let mut got = vec![0; 84];
    let mut want = input.clone();
    for i in 0..3 {
        let (x, w) = (&input[i * 28..], &mut want[i * 28..(i + 1) * 28]);
        (w[0], w[1], w[2]) = (x[2], x[0], x[1]);
        w[3] = x[12 + 2];
        w[8 + 4 * (i % 2) + 1] = x[3];
        w[16] = x[20].wrapping_add(1);
        w[24] = x[25];
        w[25] = x[4];
        w[20] = x[16];
        w[22] = x[8 + 4 * ((i + 1) % 2) + i % 3];
    }
    if run(k::LAYOUT, "structs", [1, 1, 1], &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        // Padding bytes are nobody's: 6, 7, 11, 15, 17..20, 21, 23, 26, 27.
        for item in 0..3 {
            for pad in [6, 7, 11, 15, 17, 18, 19, 21, 23, 26, 27] {
                want[item * 28 + pad] = 0;
                got[item * 28 + pad] = 0;
            }
        }
        same(&got, &want);
    }
}

#[test]
fn runtime_array_behind_a_header() {
    // Bag: count at 0, scale at 8, items at 16; an item is at 0, weight at 16, 32 bytes.
    let weights = floats(22, 5);
    let mut bag = vec![4, 0, bits(&[0.5])[0], bits(&[0.25])[0]];
    for (i, w) in weights.iter().enumerate() {
        bag.extend([i as u32 * 3, 0, 0, 0, 0, 0, w.to_bits(), 0]);
    }
    let mut got = vec![0; 9];
    let want: Vec<f32> = (0..9).map(|i| if i < 4 { (i * 3) as f32 * 0.25 + weights[i] } else { 5.5 }).collect();
    // Group 0 comes before group 1, whatever the text's order.
    if run(k::TAIL, "tail", [2, 1, 1], &mut [Arg::Buffer(&mut got), Arg::Buffer(&mut bag)]) {
        same(&got, &bits(&want));
    }
    let kernel = translate(k::TAIL, "tail").unwrap();
    let kinds: Vec<_> = kernel.bindings.iter().map(|b| (b.group, b.binding, b.name.as_str(), b.kind)).collect();
    let tail = |header_bytes, element_bytes| StorageLayout { header_bytes, element_bytes };
    assert_eq!(
        kinds,
        [
            (0, 3, "out", BindingKind::StorageReadWrite(tail(0, 4))),
            (1, 0, "bag", BindingKind::StorageRead(tail(16, 32))),
        ]
    );
    assert_eq!(tail(16, 32).len_elements(16 + 5 * 32 + 31), Some(5));
    assert_eq!(tail(16, 32).len_elements(40), None);
    assert_eq!(tail(48, 0).len_elements(48), Some(1));
}

#[test]
fn uniform_blocks() {
    let window = floats(23, 8);
    let gains = [0.1f32, 20.0, -3.0];
    let ranges = [(0u32, 3u32), (2, 6), (5, 8)];
    let mut words = vec![8, 0, 0, 0, 1, 0.7f32.to_bits(), 3, 0];
    for (g, (low, high)) in gains.iter().zip(ranges) {
        words.extend([low, high, g.to_bits(), 0]);
    }
    words.extend(bits(&window));
    let params: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
    let second: Vec<u8> = [9.0f32, 1.5, 9.0].iter().flat_map(|v| v.to_ne_bytes()).collect();
    let mut got = vec![0; 8];
    let want: Vec<f32> = (0..8usize)
        .map(|i| {
            let mut sum = 0.7 + window[i];
            for (g, (low, high)) in gains.iter().zip(ranges) {
                if (low..high).contains(&(i as u32)) {
                    sum += g * 1.5;
                }
            }
            sum
        })
        .collect();
    if run(
        k::UNIFORMS,
        "uniforms",
        [1, 1, 1],
        &mut [Arg::Uniform(&params), Arg::Buffer(&mut got), Arg::Uniform(&second)],
    ) {
        same(&got, &bits(&want));
    }
}

#[test]
fn fixed_arrays() {
    let start: Vec<u32> = (1..=13).collect();
    let mut got = start.clone();
    let mut lut: Vec<u32> = (100..112).collect();
    if run(k::FIXED, "fixed", [1, 1, 1], &mut [Arg::Buffer(&mut got), Arg::Buffer(&mut lut)]) {
        let mut want = start;
        for i in 0..4 {
            let (r, v) = (&mut want[i * 3..i * 3 + 3], 100 + 3 * i as u32);
            let before = r[0] + r[1] + r[2];
            r[0] = v;
            r[2] = r[2].wrapping_sub(v);
            r[1] = before.wrapping_add(r[0]).wrapping_add(r[1]).wrapping_add(r[2]);
        }
        want[12] = 5;
        same(&got, &want);
    }
}
