//! f32 to f16 bits and back.

use half::f16;

/// Largest finite f16.
const F16_MAX: f32 = 65_504.0;

/// f16 bits of `x`, round to nearest even, clamped to +-65504. NaN becomes the quiet NaN 0x7e00.
pub fn f16_from_f32(x: f32) -> u16 {
    if x.is_nan() {
        return 0x7e00;
    }
    f16::from_f32_const(x.clamp(-F16_MAX, F16_MAX)).to_bits()
}

/// f32 value of f16 bits; exact. Without a branch, so that loops of it become vectors.
#[inline(always)]
pub fn f32_from_f16(bits: u16) -> f32 {
    let magnitude = u32::from(bits & 0x7fff);
    // The fraction where f32 has it, and the exponent 112 too low: also of subnormal numbers.
    let scaled = (f32::from_bits(magnitude << 13) * f32::from_bits((127 + 112) << 23)).to_bits();
    let infinite = if magnitude >= 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(scaled | infinite | u32::from(bits & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_even_and_ends_clamp() {
        assert_eq!(f16_from_f32(1.0), 0x3c00);
        assert_eq!(f16_from_f32(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(f16_from_f32(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(f16_from_f32(1e9), 0x7bff);
        assert_eq!(f16_from_f32(-1e9), 0xfbff);
        assert_eq!(f16_from_f32(5.960_464_5e-8), 1);
        for bits in (0..=0xffff_u16).filter(|b| b & 0x7c00 != 0x7c00) {
            assert_eq!(f16_from_f32(f32_from_f16(bits)), bits);
        }
    }

    #[test]
    fn every_f16_is_the_f32_of_the_half_crate() {
        for bits in 0..=u16::MAX {
            let (want, got) = (f16::from_bits(bits).to_f32(), f32_from_f16(bits));
            assert!(want.to_bits() == got.to_bits() || want.is_nan() && got.is_nan(), "{bits:#x}: {want} {got}");
        }
    }
}
