//! Data sets made from a seed: the same bytes on every machine.

use std::fs;
use std::path::{Path, PathBuf};

const RATE_HZ: u32 = 4096;
const SAMPLES: usize = 40_960;

/// Value of `--name`.
pub fn option<'a>(args: &[&'a str], name: &str) -> Option<&'a str> {
    args.iter().position(|a| *a == name).and_then(|i| args.get(i + 1).copied())
}

/// `corpus leak --files N --out DIR`.
pub fn run(args: &[&str]) -> Result<(), String> {
    let usage = "usage: cargo xtask corpus leak --files N --out DIR";
    let (Some(&"leak"), Some(files), Some(out)) = (args.first(), option(args, "--files"), option(args, "--out")) else {
        return Err(usage.into());
    };
    let files: usize = files.parse().map_err(|_| format!("--files {files}: expected a number"))?;
    leak(files, &PathBuf::from(out))
}

/// `files` clips in folders of 1,000: a hum with harmonics, a sweep, noise; one in ten with a leak's hiss.
fn leak(files: usize, out: &Path) -> Result<(), String> {
    let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let sine = sine_table();
    for n in 0..files {
        let folder = out.join(format!("{:03}", n / 1000));
        if n % 1000 == 0 {
            fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        }
        let path = folder.join(format!("{n:06}.wav"));
        fs::write(&path, wav(&clip(n as u64, &sine))).map_err(|e| failed(&path, e))?;
    }
    println!("{files} files of {SAMPLES} samples in {}", out.display());
    Ok(())
}

/// One turn, amplitude 2^15, by a rotation in integers: no libm, so no machine differs.
fn sine_table() -> Vec<i32> {
    // cos and sin of one 4096th of a turn, scaled by 2^60.
    const COS: i128 = 1_152_920_148_139_012_864;
    const SIN: i128 = 1_768_558_744_408_523;
    let (mut c, mut s) = (1_i128 << 60, 0_i128);
    (0..4096)
        .map(|_| {
            let out = (s >> 45) as i32;
            (c, s) = ((c * COS - s * SIN) >> 60, (s * COS + c * SIN) >> 60);
            out
        })
        .collect()
}

fn clip(n: u64, sine: &[i32]) -> Vec<i16> {
    let mut random = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        // xorshift64 (Marsaglia 2003).
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let hum = 40 + (next() % 100) as u32;
    let levels = [3000 + (next() % 6000) as i32, 1000 + (next() % 3000) as i32, 500 + (next() % 2000) as i32];
    let noise = if n.is_multiple_of(10) { 2500 } else { 200 + (next() % 400) as i32 };
    let per_hz = ((1_u64 << 32) / u64::from(RATE_HZ)) as u32;
    let (mut a, mut b, mut c) = (0_u32, 0_u32, 0_u32);
    let mut sweep = per_hz * 100;
    (0..SAMPLES)
        .map(|_| {
            a = a.wrapping_add(hum * per_hz);
            b = b.wrapping_add(3 * hum * per_hz);
            c = c.wrapping_add(sweep);
            sweep = sweep.wrapping_add(per_hz / 32);
            let tone = |phase: u32, level: i32| (sine[(phase >> 20) as usize] * level) >> 15;
            let hiss = (i64::from((next() >> 40) as i32 - (1 << 23)) * i64::from(noise)) >> 23;
            let v = tone(a, levels[0]) + tone(b, levels[1]) + tone(c, levels[2]) + hiss as i32;
            v.clamp(-32_768, 32_767) as i16
        })
        .collect()
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let data = 2 * samples.len() as u32;
    let mut out = Vec::with_capacity(44 + data as usize);
    out.extend(b"RIFF");
    out.extend((36 + data).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        out.extend(half.to_le_bytes());
    }
    out.extend(RATE_HZ.to_le_bytes());
    out.extend((2 * RATE_HZ).to_le_bytes());
    for half in [2_u16, 16] {
        out.extend(half.to_le_bytes());
    }
    out.extend(b"data");
    out.extend(data.to_le_bytes());
    out.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    out
}
