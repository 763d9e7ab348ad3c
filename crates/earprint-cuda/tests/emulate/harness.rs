//! Running a kernel, and comparing words.

use earprint_cuda::{
    emulate::{Arg, EmulateError, Emulator},
    translate::{Options, translate_with},
};

/// Compiles; `None`, with the reason printed, where there is no compiler.
pub fn emulator(wgsl: &str, entry: &str, options: &Options) -> Option<Emulator> {
    let kernel = translate_with(wgsl, entry, options).unwrap_or_else(|e| panic!("{entry}: {e}"));
    match Emulator::new(&kernel) {
        Ok(emulator) => Some(emulator),
        Err(skip @ EmulateError::NoCompiler(_)) => {
            println!("{entry}: {skip}");
            None
        }
        Err(other) => panic!("{entry}: {other}\n{}", kernel.source),
    }
}

/// Runs `entry` once; `false` where skipped.
pub fn run(wgsl: &str, entry: &str, groups: [u32; 3], args: &mut [Arg]) -> bool {
    let Some(emulator) = emulator(wgsl, entry, &Options::default()) else {
        return false;
    };
    emulator.run(groups, args).unwrap_or_else(|e| panic!("{e}"));
    true
}

/// The first word that differs.
pub fn compare(got: &[u32], want: &[u32]) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{} words, expected {}", got.len(), want.len()));
    }
    match got.iter().zip(want).position(|(g, w)| g != w) {
        None => Ok(()),
        Some(i) => Err(format!(
            "word {i}: got {:#010x} ({}), expected {:#010x} ({})",
            got[i],
            f32::from_bits(got[i]),
            want[i],
            f32::from_bits(want[i])
        )),
    }
}

/// [`compare`], as an assertion.
#[track_caller]
pub fn same(got: &[u32], want: &[u32]) {
    if let Err(difference) = compare(got, want) {
        panic!("{difference}");
    }
}

/// Bit patterns of floats.
pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Words of a fixed sequence (xorshift), for inputs without a story.
pub fn noise(seed: u32, len: usize) -> Vec<u32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        })
        .collect()
}

/// Floats in (-8, 8) from [`noise`].
pub fn floats(seed: u32, len: usize) -> Vec<f32> {
    noise(seed, len).iter().map(|&w| (w as i32) as f32 / 268_435_456.0).collect()
}

#[test]
fn one_disturbed_bit_is_seen() {
    let want = noise(1, 100);
    let mut got = want.clone();
    assert_eq!(compare(&got, &want), Ok(()));
    got[57] ^= 1;
    assert!(compare(&got, &want).unwrap_err().contains("word 57"));
    assert!(compare(&want[1..], &want).is_err());
}
