//! Twins of `kernels/arithmetic.rs`.

use crate::{
    harness::{bits, compare, floats, noise, run, same},
    kernels::arithmetic as k,
};
use earprint_cuda::emulate::Arg;

const EDGES: [u32; 14] =
    [0, 1, 2, 3, 7, 31, 32, 33, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFE, 0xFFFF_FFFF, 12345];

/// All pairs of edge values.
fn pairs(values: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    for &a in values {
        for &b in values {
            out.extend([a, b]);
        }
    }
    out
}

fn groups(items: usize, size: u32) -> [u32; 3] {
    [(items as u32).div_ceil(size), 1, 1]
}

fn saxpy_case(disturb: bool) -> Option<Result<(), String>> {
    let (x, y) = (floats(1, 1000), floats(2, 1000));
    let a = 1.1f32;
    let (mut gx, mut gy) = (bits(&x), bits(&y));
    let mut params = 900u32.to_ne_bytes().to_vec();
    params.extend(a.to_ne_bytes());
    if !run(
        k::SAXPY,
        "saxpy",
        groups(1000, 64),
        &mut [Arg::Uniform(&params), Arg::Buffer(&mut gx), Arg::Buffer(&mut gy)],
    ) {
        return None;
    }
    if disturb {
        gy[450] ^= 1;
    }
    let want: Vec<f32> = (0..1000).map(|i| if i < 900 { a * x[i] + y[i] } else { y[i] }).collect();
    // A contracted twin differs on these inputs: the comparison would notice a compiler that fuses.
    let fused: Vec<f32> = (0..1000).map(|i| a.mul_add(x[i], y[i])).collect();
    assert!(compare(&bits(&fused[..900]), &bits(&want[..900])).is_err());
    Some(compare(&gy, &bits(&want)))
}

#[test]
fn saxpy() {
    if let Some(result) = saxpy_case(false) {
        result.unwrap();
    }
}

#[test]
fn saxpy_turns_red() {
    if let Some(result) = saxpy_case(true) {
        assert!(result.unwrap_err().contains("word 450"));
    }
}

#[test]
fn signed_integers() {
    let mut input = pairs(&EDGES);
    let n = input.len() / 2;
    let mut got = vec![0; 14 * n];
    let mut want = Vec::new();
    for pair in input.chunks(2) {
        let (a, b) = (pair[0] as i32, pair[1] as i32);
        let dot = a.wrapping_mul(b).wrapping_add(b.wrapping_mul(b)).wrapping_add(a.wrapping_mul(3));
        let row = [
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            if b == 0 { a } else { a.wrapping_div(b) },
            if b == 0 { 0 } else { a.wrapping_rem(b) },
            a.wrapping_neg(),
            a.wrapping_abs(),
            a.wrapping_shl(b as u32),
            a.wrapping_shr(b as u32),
            a.min(b) ^ a.max(b),
            a.clamp(-5, 5) + b.signum(),
            if a == b {
                3
            } else if a < b {
                2
            } else {
                1
            },
            !a & (b | 12),
            dot,
        ];
        want.extend(row.map(|v| v as u32));
    }
    if run(k::SIGNED, "signed", groups(n, 32), &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn unsigned_integers() {
    let mut input = pairs(&[EDGES.as_slice(), &[5, 6, 9, 40]].concat());
    let n = input.len() / 2;
    let mut got = vec![0; 10 * n];
    let mut want = Vec::new();
    for pair in input.chunks(2) {
        let (a, b) = (pair[0], pair[1]);
        let tests = [
            a < b,
            a <= b,
            a > b,
            a >= b,
            a == b,
            a != b && b > 3,
            a == 0 || b / a > 3,
            (a > 5) != (b > 5),
            (a <= 5 && b > 5) || a == 9,
        ];
        let flags = tests.iter().enumerate().map(|(bit, &t)| u32::from(t) << bit).sum();
        want.extend([
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            a.checked_div(b).unwrap_or(a),
            a.checked_rem(b).unwrap_or(0),
            a.wrapping_shl(b),
            a.wrapping_shr(b),
            (a & b) | (!a ^ b),
            a.min(b).wrapping_add(a.max(7)).wrapping_add(b.clamp(3, 9)),
            flags,
        ]);
    }
    if run(k::UNSIGNED, "unsigned", groups(n, 32), &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

/// Bit `position` above `offset`, of the definitions in the WGSL text.
fn extract(value: u32, offset: u32, count: u32, signed: bool) -> u32 {
    let o = offset.min(32);
    let c = count.min(32 - o);
    let mut out = 0u64;
    for bit in 0..c {
        out |= u64::from(value >> (o + bit) & 1) << bit;
    }
    if signed && c > 0 && out >> (c - 1) & 1 == 1 {
        out |= u64::MAX << c;
    }
    out as u32
}

fn insert(value: u32, new: u32, offset: u32, count: u32) -> u32 {
    let o = offset.min(32);
    let c = count.min(32 - o);
    (0..32).fold(0, |out, bit| {
        let from = if bit >= o && bit < o + c { new >> (bit - o) } else { value >> bit };
        out | (from & 1) << bit
    })
}

#[test]
fn bit_functions() {
    let mut input = Vec::new();
    for &value in &EDGES {
        for (offset, count) in [(0, 0), (0, 32), (3, 7), (31, 1), (32, 5), (40, 2), (16, 40), (28, 4)] {
            input.extend([value, 0xA5A5_1234, offset, count]);
        }
    }
    let n = input.len() / 4;
    let mut got = vec![0; 14 * n];
    let mut want = Vec::new();
    for w in input.chunks(4) {
        let (u, s) = (w[0], w[0] as i32);
        let high = |v: u32| if v == 0 { u32::MAX } else { 31 - v.leading_zeros() };
        let low = |v: u32| if v == 0 { u32::MAX } else { v.trailing_zeros() };
        want.extend([
            u.count_ones(),
            u.leading_zeros(),
            u.trailing_zeros(),
            high(u),
            high(if s < 0 { !u } else { u }),
            low(u),
            u.reverse_bits(),
            extract(u, w[2], w[3], false),
            extract(u, w[2], w[3], true),
            insert(u, w[1], w[2], w[3]),
            insert(u, w[1], w[2], w[3]),
            (u.count_ones() + u.leading_zeros() + u.trailing_zeros()).wrapping_add(low(u)),
            u.reverse_bits(),
            extract(w[1], 3, 20, false).count_ones(),
        ]);
    }
    if run(k::BITS, "bits", groups(n, 32), &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn float_functions() {
    let edges = [
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        0.1,
        -1e-40,
        1e-45,
        8388607.5,
        -16777217.0,
        3.4e38,
        1.0 / 3.0,
        -7.75,
        1e10,
    ];
    let mut input = pairs(&bits(&edges));
    input.extend(bits(&floats(7, 2000)));
    let n = input.len() / 2;
    let mut got = vec![0; 18 * n];
    let mut want = Vec::new();
    for pair in input.chunks(2) {
        let (a, b) = (f32::from_bits(pair[0]), f32::from_bits(pair[1]));
        // WGSL's words: min is b if b < a, else a; it decides for zeroes of both signs.
        let (min, max) = (|a: f32, b: f32| if b < a { b } else { a }, |a: f32, b: f32| if a < b { b } else { a });
        let row = [
            a * b + a,
            a - b * 0.1,
            a / b,
            -a,
            a.abs(),
            min(a, b),
            max(a, b),
            min(max(a, -1.5), 2.5),
            a.floor(),
            a.ceil(),
            a.trunc(),
            a.round_ties_even(),
            a - a.floor(),
            if a > 0.0 {
                1.0
            } else if a < 0.0 {
                -1.0
            } else {
                0.0
            },
            b.abs().sqrt(),
            a.mul_add(b, a),
            (if b < a { 0.0 } else { 1.0 }) + min(max(b, 0.0), 1.0),
            if a < b { f32::MAX } else { 1e-45 },
        ];
        want.extend(bits(&row));
    }
    if run(k::FLOATS, "floats", groups(n, 32), &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        // Division 0 / 0: the sign of the NaN is the processor's own.
        for (g, w) in got.iter_mut().zip(&mut want) {
            if f32::from_bits(*g).is_nan() && f32::from_bits(*w).is_nan() {
                (*g, *w) = (0, 0);
            }
        }
        same(&got, &want);
    }
}

#[test]
fn conversions() {
    let special = [
        0.0,
        -0.0,
        0.9,
        -0.9,
        1.5,
        -1.5,
        2147483520.0,
        2147483648.0,
        -2147483648.0,
        -3e9,
        4294967040.0,
        5e9,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1e-45,
    ];
    let mut input = [EDGES.to_vec(), bits(&special), noise(3, 500), bits(&floats(4, 200))].concat();
    let n = input.len();
    let mut got = vec![0; 9 * n];
    // WGSL clamps to what both types can hold; Rust's `as` clamps to the integer's own range.
    let to_i32 = |v: f32| if v.is_nan() { 0 } else { v.clamp(-2147483648.0, 2147483520.0) as i32 };
    let to_u32 = |v: f32| if v.is_nan() { 0 } else { v.clamp(0.0, 4294967040.0) as u32 };
    let mut want = Vec::new();
    for &w in &input {
        let f = f32::from_bits(w);
        want.extend([
            to_i32(f) as u32,
            to_u32(f),
            (w as f32).to_bits(),
            (w as i32 as f32).to_bits(),
            if w != 0 { 3 } else { 0 },
            (if f > 1.0 { 1.0f32 } else { 0.0 }).to_bits(),
            0,
            w.wrapping_add(1.5f32.to_bits()),
            to_u32(f).wrapping_add(6),
        ]);
    }
    if run(k::CONVERT, "convert", groups(n, 32), &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn half_floats() {
    // All 65,536 patterns one way; floats of every half-sized exponent, ties included, the other way.
    let mut halves: Vec<u32> = (0..32768).map(|i| (2 * i) | (2 * i + 1) << 16).collect();
    let mut input: Vec<u32> =
        noise(5, 60_000).iter().map(|w| (w % 0x0C00_0000 + 0x3200_0000) | (w & 0x8000_0000)).collect();
    input.extend(
        (0..65536u32)
            .map(|h| half::f16::from_bits(h as u16).to_f32().to_bits())
            .filter(|&b| !f32::from_bits(b).is_nan())
            .flat_map(|b| [b, b + 0x1000, b + 0x0FFF, b + 0x1001]),
    );
    input.retain(|&b| !f32::from_bits(b).is_nan());
    input.truncate(input.len() / 2 * 2);
    let n = input.len() / 2;
    let (mut packed, mut unpacked) = (vec![0; n], vec![0; 65536]);
    let want: Vec<u32> = input
        .chunks(2)
        .map(|p| {
            let h = |b: u32| u32::from(half::f16::from_f32(f32::from_bits(b)).to_bits());
            h(p[0]) | h(p[1]) << 16
        })
        .collect();
    let wide: Vec<u32> = (0..=65535u16).map(|h| half::f16::from_bits(h).to_f32().to_bits()).collect();
    let items = n.max(32768);
    if run(
        k::HALF,
        "half",
        groups(items, 64),
        &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut halves), Arg::Buffer(&mut packed), Arg::Buffer(&mut unpacked)],
    ) {
        same(&packed, &want);
        for (g, w) in unpacked.iter().zip(&wide) {
            assert!(g == w || (f32::from_bits(*g).is_nan() && f32::from_bits(*w).is_nan()), "{g:#x} {w:#x}");
        }
    }
}

#[test]
fn float_vectors() {
    let input = floats(9, 400);
    let mut got = vec![0; 100 * 20];
    let mut want = Vec::new();
    for (i, v) in input.chunks(4).enumerate() {
        let k = i % 4;
        let add = [1.0, v[0], v[1], 4.0];
        let mut m: Vec<f32> = (0..4).map(|c| v[3 - c] * 2.0 + add[c]).collect();
        m[k] = v[3 - k];
        m[1] += 3.0;
        want.extend(m.clone());
        let t = [v[0] - 3.0 / v[3], v[1] - 3.0 / v[3], 0.5 - 3.0 / v[3]];
        want.extend(t);
        want.push(t[0] * v[1] + t[1] * v[2] + t[2] * v[3]);
        let less: Vec<bool> = (0..4).map(|c| v[c] < m[c]).collect();
        want.extend((0..4).map(|c| if less[c] { -m[c] } else { v[c] }));
        let mut count = 0.0;
        if less.iter().all(|&l| l) {
            count += 1.0;
        }
        if less[0] || less[2] {
            count += 2.0;
        }
        if less.iter().any(|&l| !l) {
            count += 4.0;
        }
        if v[0] == v[1] {
            count += 8.0;
        }
        want.extend([count, 0.0, 0.0, v[0].floor()]);
        let min = |a: f32, b: f32| if b < a { b } else { a };
        let max = |a: f32, b: f32| if a < b { b } else { a };
        want.extend((0..4).map(|c| min(max(min(v[c].abs(), m[c]), -0.5), 2.0) / max(v[c], 0.25)));
    }
    if run(k::VECTORS, "vectors", groups(100, 32), &mut [Arg::Buffer(&mut bits(&input)), Arg::Buffer(&mut got)]) {
        same(&got, &bits(&want));
    }
}

#[test]
fn integer_vectors() {
    let mut input = [noise(11, 392), EDGES[..8].to_vec()].concat();
    let mut got = vec![0; 100 * 8];
    let mut want = Vec::new();
    for w in input.chunks(4) {
        let a: Vec<i32> = w.iter().map(|&x| x as i32).collect();
        let b = [a[1], a[2], a[3], a[0]];
        let modulus = [1000, -1000, 7, 0];
        let shift = [1u32, 33, 4, 31];
        for c in 0..4 {
            let quotient = if b[c] == 0 { a[c] } else { a[c].wrapping_div(b[c]) };
            let q = a[c].wrapping_mul(b[c]).wrapping_sub(quotient);
            let q = if modulus[c] == 0 { 0 } else { q.wrapping_rem(modulus[c]) };
            let shifted = a[c].wrapping_shl(shift[c]) >> 3;
            want.push((q as u32).wrapping_add((shifted as u32).wrapping_mul(3)));
        }
        for c in 0..4 {
            let logic = (!a[c] & b[c]) | (a[c] ^ 77);
            want.push((logic as u32).wrapping_add(if a[c] > b[c] && a[c] != b[3 - c] { 2 } else { 1 }));
        }
    }
    if run(k::VECTOR_INTS, "vector_ints", groups(100, 32), &mut [Arg::Buffer(&mut input), Arg::Buffer(&mut got)]) {
        same(&got, &want);
    }
}

#[test]
fn logarithm_from_bits() {
    #[allow(clippy::approx_constant)] // the digits of the WGSL text
    fn ln(v: f32) -> f32 {
        let b = v.to_bits().wrapping_sub(0x3f35_04f3);
        let exponent = (b as i32) >> 23;
        let m = f32::from_bits((b & 0x007f_ffff).wrapping_add(0x3f35_04f3)) - 1.0;
        let s = m / (2.0 + m);
        let z = s * s;
        let r = z * (0.666_666_7 + z * (0.4 + z * (0.285_714_3 + z * 0.222_221_98)));
        exponent as f32 * 0.693_147_2 + (m - (0.5 * m * m - s * (0.5 * m * m + r)))
    }
    let x: Vec<f32> = noise(13, 50_000)
        .iter()
        .map(|&w| f32::from_bits(w % 0x7F00_0000 + 0x0080_0000))
        .filter(|v| v.is_finite())
        .collect();
    let want: Vec<f32> = x.iter().map(|&v| ln(v)).collect();
    let worst = x.iter().zip(&want).map(|(&v, &w)| (f64::from(w) - f64::from(v).ln()).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-4, "the twin itself is a logarithm: {worst}");
    let mut got = vec![0; x.len()];
    if run(k::LN, "ln_all", groups(x.len(), 64), &mut [Arg::Buffer(&mut bits(&x)), Arg::Buffer(&mut got)]) {
        same(&got, &bits(&want));
    }
}
