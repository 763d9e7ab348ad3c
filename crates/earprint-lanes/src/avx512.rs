//! Sixteen lanes of AVX-512 (F, BW, DQ, VL).

use std::arch::x86_64::*;

use crate::Lane;

/// Sixteen lanes of AVX-512.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(pub(crate) __m512);

// SAFETY of every block below: the trait's contract puts the call inside a function compiled for AVX-512, and its
// pointers are valid for sixteen elements; all loads and stores are the unaligned ones.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Lane for Avx512 {
    const W: usize = 16;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Self(_mm512_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Self(_mm512_loadu_ps(p)) }
    }
    #[inline(always)]
    unsafe fn load_i16(p: *const i16) -> Self {
        unsafe { Self(_mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256(p.cast())))) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { _mm512_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    unsafe fn store_f16(self, p: *mut u16) {
        unsafe {
            let x = _mm512_min_ps(_mm512_max_ps(self.0, _mm512_set1_ps(-65504.0)), _mm512_set1_ps(65504.0));
            _mm256_storeu_si256(p.cast(), _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(x));
        }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        unsafe { Self(_mm512_add_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        unsafe { Self(_mm512_sub_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        unsafe { Self(_mm512_mul_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn near(self, b: Self, c: Self) -> Self {
        unsafe { Self(_mm512_fmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        unsafe { Self(_mm512_max_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        unsafe { Self(_mm512_min_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        unsafe { Self(_mm512_div_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn select_lt(self, o: Self, yes: Self, no: Self) -> Self {
        unsafe { Self(_mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, o.0), no.0, yes.0)) }
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        unsafe { Self(_mm512_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        unsafe {
            let bits = _mm512_castps_si512(self.0);
            let e = _mm512_srai_epi32::<23>(_mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f35_04f3)));
            let m = _mm512_sub_epi32(bits, _mm512_slli_epi32::<23>(e));
            (Self(_mm512_cvtepi32_ps(e)), Self(_mm512_castsi512_ps(m)))
        }
    }
    #[inline(always)]
    unsafe fn transpose(r: &mut [Self]) {
        unsafe {
            // Four rounds: pairs of rows 1, 2 apart exchange inside 128-bit quarters, then whole quarters move.
            let mut a = [_mm512_setzero_pd(); 16];
            for i in (0..16).step_by(2) {
                a[i] = _mm512_castps_pd(_mm512_unpacklo_ps(r[i].0, r[i + 1].0));
                a[i + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(r[i].0, r[i + 1].0));
            }
            let mut b = [_mm512_setzero_ps(); 16];
            for i in (0..16).step_by(4) {
                b[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a[i], a[i + 2]));
                b[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a[i], a[i + 2]));
                b[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(a[i + 1], a[i + 3]));
                b[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(a[i + 1], a[i + 3]));
            }
            // b[4 g + c], quarter q: column 4 q + c of rows 4 g .. 4 g + 4.
            for c in 0..4 {
                let even01 = _mm512_shuffle_f32x4::<0x88>(b[c], b[4 + c]);
                let odd01 = _mm512_shuffle_f32x4::<0xdd>(b[c], b[4 + c]);
                let even23 = _mm512_shuffle_f32x4::<0x88>(b[8 + c], b[12 + c]);
                let odd23 = _mm512_shuffle_f32x4::<0xdd>(b[8 + c], b[12 + c]);
                r[c] = Self(_mm512_shuffle_f32x4::<0x88>(even01, even23));
                r[4 + c] = Self(_mm512_shuffle_f32x4::<0x88>(odd01, odd23));
                r[8 + c] = Self(_mm512_shuffle_f32x4::<0xdd>(even01, even23));
                r[12 + c] = Self(_mm512_shuffle_f32x4::<0xdd>(odd01, odd23));
            }
        }
    }
}
