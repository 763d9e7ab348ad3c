//! Test signals, all from a seed: the same samples on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function, so any value can be computed alone.
pub fn split_mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Uniform in [-1, 1).
pub fn noise(seed: u64, index: u64) -> f64 {
    (split_mix(seed, index) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// A varied clip of `n` 16-bit samples: a chirp, harmonics, noise, clicks and a silent stretch.
pub fn varied_i16(seed: u64, n: usize, rate_hz: f64) -> Vec<i16> {
    let base = 60.0 + 20.0 * (seed % 17) as f64;
    (0..n)
        .map(|i| {
            let t = i as f64 / rate_hz;
            let tau = std::f64::consts::TAU;
            let mut v = 0.3 * (tau * base * t).sin() + 0.15 * (tau * 3.01 * base * t + 1.0).sin();
            v += 0.2 * (tau * (base * t + 0.1 * rate_hz * t * t)).sin();
            v += 0.02 * noise(seed, i as u64);
            if split_mix(seed ^ 0x55, (i / 700) as u64).is_multiple_of(5) {
                v += 0.25 * (-((i % 700) as f64) / 12.0).exp();
            }
            // A tenth of the clip is digital silence.
            if (i * 10 / n.max(1)) == (seed % 10) as usize {
                v = 0.0;
            }
            (v * 32_000.0).round().clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

/// The same clip as finite floats of full scale 1.
pub fn to_f32(clip: &[i16]) -> Vec<f32> {
    clip.iter().map(|&x| f32::from(x) / 32_768.0).collect()
}
