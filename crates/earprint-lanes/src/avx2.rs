//! Eight lanes of AVX2 (with FMA and F16C).

use std::arch::x86_64::*;

use crate::Lane;

/// Eight lanes of AVX2, FMA and F16C.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(pub(crate) __m256);

// SAFETY of every block below: the trait's contract puts the call inside a function compiled for AVX2, FMA and F16C, and its
// pointers are valid for eight elements; all loads and stores are the unaligned ones.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Lane for Avx2 {
    const W: usize = 8;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Self(_mm256_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Self(_mm256_loadu_ps(p)) }
    }
    #[inline(always)]
    unsafe fn load_i16(p: *const i16) -> Self {
        unsafe { Self(_mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128(p.cast())))) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { _mm256_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    unsafe fn store_f16(self, p: *mut u16) {
        unsafe {
            let x = _mm256_min_ps(_mm256_max_ps(self.0, _mm256_set1_ps(-65504.0)), _mm256_set1_ps(65504.0));
            _mm_storeu_si128(p.cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(x));
        }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        unsafe { Self(_mm256_add_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        unsafe { Self(_mm256_sub_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn near(self, b: Self, c: Self) -> Self {
        unsafe { Self(_mm256_fmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        unsafe { Self(_mm256_max_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        unsafe { Self(_mm256_min_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        unsafe { Self(_mm256_div_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn select_lt(self, o: Self, yes: Self, no: Self) -> Self {
        unsafe { Self(_mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, o.0))) }
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        unsafe { Self(_mm256_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let e = _mm256_srai_epi32::<23>(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f35_04f3)));
            let m = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(e));
            (Self(_mm256_cvtepi32_ps(e)), Self(_mm256_castsi256_ps(m)))
        }
    }
    #[inline(always)]
    unsafe fn transpose(r: &mut [Self]) {
        unsafe {
            // Macros, not closures: a closure is compiled without the caller's instruction set until it is inlined.
            macro_rules! lo {
                ($i:literal) => {
                    _mm256_castps_pd(_mm256_unpacklo_ps(r[$i].0, r[$i + 1].0))
                };
            }
            macro_rules! hi {
                ($i:literal) => {
                    _mm256_castps_pd(_mm256_unpackhi_ps(r[$i].0, r[$i + 1].0))
                };
            }
            let (a0, a1, a2, a3) = (lo!(0), hi!(0), lo!(2), hi!(2));
            let (a4, a5, a6, a7) = (lo!(4), hi!(4), lo!(6), hi!(6));
            // Column c of rows 0..4 (low half: columns 0..4, high half: columns 4..8), then of rows 4..8.
            let b = [
                (_mm256_unpacklo_pd(a0, a2), _mm256_unpacklo_pd(a4, a6)),
                (_mm256_unpackhi_pd(a0, a2), _mm256_unpackhi_pd(a4, a6)),
                (_mm256_unpacklo_pd(a1, a3), _mm256_unpacklo_pd(a5, a7)),
                (_mm256_unpackhi_pd(a1, a3), _mm256_unpackhi_pd(a5, a7)),
            ];
            for (c, (top, bottom)) in b.into_iter().enumerate() {
                let (top, bottom) = (_mm256_castpd_ps(top), _mm256_castpd_ps(bottom));
                r[c] = Self(_mm256_permute2f128_ps::<0x20>(top, bottom));
                r[c + 4] = Self(_mm256_permute2f128_ps::<0x31>(top, bottom));
            }
        }
    }
}
