//! Random numbers that depend on a seed and a counter alone, so that threads and devices draw the same ones.
//!
//! Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

/// The 128 bits of `counter` under `key`.
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let (a, b) = (u64::from(c0) * 0xD251_1F53, u64::from(c2) * 0xCD9E_8D57);
        (c0, c1, c2, c3) = ((b >> 32) as u32 ^ c1 ^ k0, b as u32, (a >> 32) as u32 ^ c3 ^ k1, a as u32);
        (k0, k1) = (k0.wrapping_add(0x9E37_79B9), k1.wrapping_add(0xBB67_AE85));
    }
    [c0, c1, c2, c3]
}

/// The `index`-th number of `[0, 1)` of a seed, 53 bits. `stream` keeps uses apart.
pub fn uniform(seed: u64, stream: u32, index: u64) -> f64 {
    let counter = [index as u32, (index >> 32) as u32, stream, 0];
    let [a, b, ..] = philox(counter, [seed as u32, (seed >> 32) as u32]);
    let bits = (u64::from(a) << 32 | u64::from(b)) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

/// A seed of its own for each `(a, b)` of a use.
pub fn derived(seed: u64, stream: u32, [a, b]: [u32; 2]) -> u64 {
    let [x, y, ..] = philox([a, b, stream, 1], [seed as u32, (seed >> 32) as u32]);
    u64::from(x) << 32 | u64::from(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with their code (Random123, `kat_vectors`).
    #[test]
    fn known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox(pi, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn uniform_numbers_fill_the_interval() {
        let all: Vec<f64> = (0..10_000).map(|i| uniform(7, 1, i)).collect();
        let mean = all.iter().sum::<f64>() / 1e4;
        assert!((mean - 0.5).abs() < 0.01 && all.iter().all(|u| (0.0..1.0).contains(u)), "{mean}");
        assert_ne!(uniform(7, 1, 0), uniform(7, 2, 0));
        assert_ne!(uniform(7, 1, 0), uniform(8, 1, 0));
    }
}
