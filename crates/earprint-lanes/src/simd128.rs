//! Four lanes of WebAssembly SIMD (no relaxed instructions: they differ between machines).

use std::arch::wasm32::*;

use crate::Lane;

/// Four lanes of WebAssembly SIMD.
#[derive(Debug, Clone, Copy)]
pub struct Simd128(pub(crate) v128);

// SAFETY of every block below: the module exists only where simd128 is enabled for the whole build, and the trait's
// pointers are valid for four elements.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Lane for Simd128 {
    const W: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Self(v128_load(p.cast())) }
    }
    #[inline(always)]
    unsafe fn load_i16(p: *const i16) -> Self {
        unsafe { Self(f32x4_convert_i32x4(i32x4_load_extend_i16x4(p))) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { v128_store(p.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn store_f16(self, p: *mut u16) {
        // Derived from the two formats. Normal halves: drop 13 bits with round to nearest even by adding half a unit
        // less the parity, then move the exponent's bias. Subnormal halves: adding 0.5 leaves exactly their ten bits,
        // rounded by the addition itself, at the bottom of the sum.
        // pmin and pmax are one instruction each; min and max must also tell NaN and the sign of zero.
        let x = f32x4_pmin(f32x4_splat(65504.0), f32x4_pmax(f32x4_splat(-65504.0), self.0));
        let sign = v128_and(x, u32x4_splat(0x8000_0000));
        let mag = v128_xor(x, sign);
        let odd = v128_and(u32x4_shr(mag, 13), u32x4_splat(1));
        let normal =
            u32x4_shr(i32x4_sub(i32x4_add(i32x4_add(mag, u32x4_splat(0xfff)), odd), u32x4_splat(112 << 23)), 13);
        let small = i32x4_sub(f32x4_add(mag, f32x4_splat(0.5)), f32x4_splat(0.5));
        let is_small = u32x4_lt(mag, u32x4_splat(113 << 23));
        let half = v128_or(v128_bitselect(small, normal, is_small), u32x4_shr(sign, 16));
        let packed = i8x16_shuffle::<0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13>(half, half);
        unsafe { v128_store64_lane::<0>(packed, p.cast()) }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        Self(f32x4_add(self.0, o.0))
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        Self(f32x4_sub(self.0, o.0))
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        Self(f32x4_mul(self.0, o.0))
    }
    #[inline(always)]
    unsafe fn near(self, b: Self, c: Self) -> Self {
        Self(f32x4_add(f32x4_mul(self.0, b.0), c.0))
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        Self(f32x4_pmax(o.0, self.0))
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        Self(f32x4_pmin(o.0, self.0))
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        Self(f32x4_div(self.0, o.0))
    }
    #[inline(always)]
    unsafe fn select_lt(self, o: Self, yes: Self, no: Self) -> Self {
        Self(v128_bitselect(yes.0, no.0, f32x4_lt(self.0, o.0)))
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        Self(f32x4_sqrt(self.0))
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        let e = i32x4_shr(i32x4_sub(self.0, i32x4_splat(0x3f35_04f3)), 23);
        let m = i32x4_sub(self.0, i32x4_shl(e, 23));
        (Self(f32x4_convert_i32x4(e)), Self(m))
    }
    #[inline(always)]
    unsafe fn transpose(r: &mut [Self]) {
        let a = i32x4_shuffle::<0, 4, 1, 5>(r[0].0, r[1].0);
        let b = i32x4_shuffle::<2, 6, 3, 7>(r[0].0, r[1].0);
        let c = i32x4_shuffle::<0, 4, 1, 5>(r[2].0, r[3].0);
        let d = i32x4_shuffle::<2, 6, 3, 7>(r[2].0, r[3].0);
        r[0] = Self(i64x2_shuffle::<0, 2>(a, c));
        r[1] = Self(i64x2_shuffle::<1, 3>(a, c));
        r[2] = Self(i64x2_shuffle::<0, 2>(b, d));
        r[3] = Self(i64x2_shuffle::<1, 3>(b, d));
    }
}
