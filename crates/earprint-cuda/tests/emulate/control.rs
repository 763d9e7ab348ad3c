//! Twins of `kernels/control.rs`.

use crate::{
    harness::{bits, emulator, run, same},
    kernels::control as k,
};
use earprint_cuda::{emulate::Arg, translate::Options};

fn over_index(wgsl: &str, entry: &str, size: usize, twin: impl Fn(u32) -> u32) {
    let mut got = vec![0; size];
    let groups = [(size as u32).div_ceil(8), 1, 1];
    if run(wgsl, entry, groups, &mut [Arg::Buffer(&mut got)]) {
        same(&got, &(0..size as u32).map(twin).collect::<Vec<_>>());
    }
}

#[test]
fn switches() {
    over_index(k::SWITCH, "switches", 40, |i| {
        let mut r = match i % 8 {
            0 => 10,
            1 | 2 | 5 => {
                if i > 20 {
                    20
                } else {
                    21
                }
            }
            7 => return u32::MAX,
            _ => 30,
        };
        r += if i == 0 { 100 } else { 1000 };
        r
    });
}

#[test]
fn loops() {
    over_index(k::LOOPS, "loops", 60, |i| {
        let mut sum = 0;
        'outer: for a in 0..i {
            if a % 3 == 0 {
                continue;
            }
            let mut b = a;
            while b < 10 {
                let at = b;
                b += 2;
                match at % 4 {
                    0 => continue,
                    1 => sum += 100,
                    _ => {}
                }
                if at == 9 {
                    break;
                }
                sum += at;
            }
            if sum > 5000 {
                break 'outer;
            }
        }
        let mut n = i;
        while n > 1 {
            if n % 2 == 0 {
                n /= 2;
            } else {
                n = 3 * n + 1;
                sum += 1;
            }
        }
        sum
    });
}

#[test]
fn continuing() {
    over_index(k::CONTINUING, "continuing_part", 50, |i| {
        let (mut at, mut sum) = (i, 0u32);
        loop {
            let square = [at * at, at];
            if at % 2 != 0 {
                sum = sum.wrapping_add(square[0]);
            }
            at += 1 + square[1] % 2;
            sum ^= square[0] << 1;
            if square[0] > 900 {
                break;
            }
        }
        loop {
            sum = sum.wrapping_add(1);
            if sum % 5 == 0 {
                break;
            }
        }
        sum
    });
}

#[test]
fn loop_variables_start_anew() {
    over_index(k::LOOP_LOCALS, "loop_locals", 30, |i| {
        let mut total = 0u32;
        for a in 0..5usize {
            let mut zero = [0u32; 3];
            let mut seven = 7;
            let mut copied = zero;
            zero[a % 3] += i;
            seven += zero[1];
            copied[2] += seven;
            total = total.wrapping_mul(3) + seven + zero[0] + copied[2];
        }
        1u32.wrapping_add(total)
    });
}

#[test]
fn functions_and_pointers() {
    let cells: [f32; 8] = [0.5, -3.0, 1.25, 9.0, 0.1, -0.2, 7.0, 2.0];
    let scale = 0.3f32;
    let shift = [0.0f32, -5.5, 0.0, 0.0];
    let mut got = vec![0; 32];
    let mut table = bits(&[&[scale], cells.as_slice()].concat());
    let uniform: Vec<u8> = shift.iter().flat_map(|v| v.to_ne_bytes()).collect();
    let done = run(
        k::FUNCTIONS,
        "functions",
        [2, 1, 1],
        &mut [Arg::Buffer(&mut got), Arg::Buffer(&mut table), Arg::Uniform(&uniform)],
    );
    if !done {
        return;
    }
    let x = |i: usize| {
        let x = (i as f32 + shift[1]) * 2.0 + 0.5;
        x * 2.0 + cells[i % 8] * scale
    };
    let want: Vec<f32> = (0..32)
        .map(|i| {
            let li = i % 16;
            let other = x(i - li + (li + 1) % 16);
            let a = [other, other + 1.0, other * other];
            let class = if x(i) < 0.0 {
                0
            } else if x(i) < 10.0 {
                1
            } else {
                2
            };
            let y = if x(i) > 3.0 { 1.0 } else { 9.0 };
            // `calls` began at 3 and two calls of bump added 2; one cell was noted in `history`.
            a[i % 3] + (!(i as u32) & 15) as f32 + (class * 5) as f32 + 1.0 + y
        })
        .collect();
    same(&got, &bits(&want));
}

#[test]
fn loads_keep_their_time() {
    let start: Vec<u32> = (0..64).map(|i| i * 7 % 23).collect();
    let mut got = start.clone();
    if !run(k::TIMING, "timing", [1, 1, 1], &mut [Arg::Buffer(&mut got)]) {
        return;
    }
    let mut want = start.clone();
    for c in want.chunks_mut(4) {
        let (a, b) = (c[0], c[1]);
        let n = a + 2;
        c[2] = (a + 1) * 100 + (a + 2) * 10 + n + a;
        (c[0], c[1]) = (b, a);
        let old = [a, b, n, a];
        let mut v = old;
        v[0] = old[3];
        v[b as usize % 4] = 1000;
        c[3] = v[0] + old[0] * 2 + v[1] * 3 + v[2] * 5 + v[3] * 7;
    }
    same(&got, &want);
}

#[test]
fn constants() {
    let table = [0.1f32, -2.5, 1e-30, 16777217.0, -0.0];
    let wide = [3, -4, 5, 5];
    let items = [(1.5f32, i32::MIN), (0.0, 9)];
    over_index(k::CONSTANTS, "constants", 20, |i| {
        let i = i as usize;
        let axes = [2.0f32, -4.0];
        let z = [6.0, 0.1f32][i % 2];
        let sum = table[i % 5] * 0.1
            + axes[i % 2]
            + items[i % 2].0
            + items[(i + 1) % 2].1 as f32
            + wide[i % 4] as f32
            + z
            + -4.0;
        sum.to_bits()
    });
}

#[test]
fn override_constants() {
    type Case = (&'static [(&'static str, f64)], u32, f32, f32);
    let cases: [Case; 2] =
        [(&[("gain", 2.5)], 4, 2.5, 0.0), (&[("gain", -1.0), ("width", 6.0), ("7", 1.0)], 6, -1.0, 100.0)];
    for (values, width, gain, plus) in cases {
        let options =
            Options { overrides: values.iter().map(|&(n, v)| (n.to_owned(), v)).collect(), ..Options::default() };
        let Some(emulator) = emulator(k::OVERRIDES, "overrides", &options) else {
            return;
        };
        let mut got = vec![0; width as usize];
        emulator.run([1, 1, 1], &mut [Arg::Buffer(&mut got)]).unwrap();
        let want: Vec<f32> = (0..width).map(|li| (width - 1 - li) as f32 * gain + plus).collect();
        same(&got, &bits(&want));
    }
}
