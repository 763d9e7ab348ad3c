//! Products of 16-bit integers, two in a lane of 32 bits: where the machine has an instruction for them, twice as many as of f32.

use crate::{Lane, Width};

/// Lanes that also add up products of pairs. A pair is an i32: its low half and its high half, each an i16.
///
/// # Safety
/// As [`Lane`]; for AVX-512 the function must be compiled for VNNI as well ([`Width::has_pairs`]).
#[expect(clippy::missing_safety_doc, reason = "the trait's own section holds for every method")]
pub trait Pairs: Lane {
    /// `W` integers of 32 bits.
    type Ints: Copy;
    /// Nothing in every lane.
    unsafe fn zeros() -> Self::Ints;
    /// Lanes from `W` consecutive pairs.
    unsafe fn load_pairs(p: *const i32) -> Self::Ints;
    /// `pair` in every lane.
    unsafe fn splat_pair(pair: i32) -> Self::Ints;
    /// sum + a.low * b.low + a.high * b.high, modulo 2^32.
    unsafe fn dot(a: Self::Ints, b: Self::Ints, sum: Self::Ints) -> Self::Ints;
    /// The nearest f32.
    unsafe fn floats(ints: Self::Ints) -> Self;
}

/// A pair of two numbers.
#[inline(always)]
pub fn pair(low: i16, high: i16) -> i32 {
    i32::from(high) << 16 | i32::from(low as u16)
}

/// [`at_width!`](crate::at_width) for kernels over [`Pairs`]; the caller must also have asked [`Width::has_pairs`].
#[macro_export]
macro_rules! at_width_in_pairs {
    ($width:expr, $($kernel:ident)::+($($arg:ident: $ty:ty),* $(,)?)) => {
        $crate::at_width!(@ "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni", $width, $($kernel)::+($($arg: $ty),*))
    };
}

impl Width {
    /// Whether kernels over [`Pairs`] run here at this width, which must be available.
    pub fn has_pairs(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::is_x86_feature_detected!("avx512vnni"),
            _ => true,
        }
    }

    /// Whether they are faster than the same products of f32: one instruction for twice as many (AVX-512 VNNI), or two where f32 takes two
    /// for half as many (WebAssembly).
    pub fn prefers_pairs(self) -> bool {
        matches!(self, Self::Avx512 | Self::Simd128) && self.has_pairs()
    }
}

// SAFETY of every block below: as of the types' `Lane`.
#[cfg(target_arch = "x86_64")]
#[allow(clippy::undocumented_unsafe_blocks)]
mod x86 {
    use std::arch::x86_64::*;

    use super::Pairs;
    use crate::{Avx2, Avx512};

    impl Pairs for Avx2 {
        type Ints = __m256i;

        #[inline(always)]
        unsafe fn zeros() -> __m256i {
            unsafe { _mm256_setzero_si256() }
        }
        #[inline(always)]
        unsafe fn load_pairs(p: *const i32) -> __m256i {
            unsafe { _mm256_loadu_si256(p.cast()) }
        }
        #[inline(always)]
        unsafe fn splat_pair(pair: i32) -> __m256i {
            unsafe { _mm256_set1_epi32(pair) }
        }
        #[inline(always)]
        unsafe fn dot(a: __m256i, b: __m256i, sum: __m256i) -> __m256i {
            unsafe { _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)) }
        }
        #[inline(always)]
        unsafe fn floats(ints: __m256i) -> Self {
            unsafe { Self(_mm256_cvtepi32_ps(ints)) }
        }
    }

    impl Pairs for Avx512 {
        type Ints = __m512i;

        #[inline(always)]
        unsafe fn zeros() -> __m512i {
            unsafe { _mm512_setzero_si512() }
        }
        #[inline(always)]
        unsafe fn load_pairs(p: *const i32) -> __m512i {
            unsafe { _mm512_loadu_si512(p.cast()) }
        }
        #[inline(always)]
        unsafe fn splat_pair(pair: i32) -> __m512i {
            unsafe { _mm512_set1_epi32(pair) }
        }
        #[inline(always)]
        unsafe fn dot(a: __m512i, b: __m512i, sum: __m512i) -> __m512i {
            unsafe { _mm512_dpwssd_epi32(sum, a, b) }
        }
        #[inline(always)]
        unsafe fn floats(ints: __m512i) -> Self {
            unsafe { Self(_mm512_cvtepi32_ps(ints)) }
        }
    }
}

// SAFETY of every block below: as of the type's `Lane`.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(clippy::undocumented_unsafe_blocks)]
mod wasm {
    use std::arch::wasm32::*;

    use super::Pairs;
    use crate::Simd128;

    impl Pairs for Simd128 {
        type Ints = v128;

        #[inline(always)]
        unsafe fn zeros() -> v128 {
            i32x4_splat(0)
        }
        #[inline(always)]
        unsafe fn load_pairs(p: *const i32) -> v128 {
            unsafe { v128_load(p.cast()) }
        }
        #[inline(always)]
        unsafe fn splat_pair(pair: i32) -> v128 {
            i32x4_splat(pair)
        }
        #[inline(always)]
        unsafe fn dot(a: v128, b: v128, sum: v128) -> v128 {
            i32x4_add(sum, i32x4_dot_i16x8(a, b))
        }
        #[inline(always)]
        unsafe fn floats(ints: v128) -> Self {
            Self(f32x4_convert_i32x4(ints))
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl<const N: usize> Pairs for crate::Portable<N> {
    type Ints = [i32; N];

    #[inline(always)]
    unsafe fn zeros() -> [i32; N] {
        [0; N]
    }
    #[inline(always)]
    unsafe fn load_pairs(p: *const i32) -> [i32; N] {
        // SAFETY: the caller promises N readable values.
        unsafe { p.cast::<[i32; N]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn splat_pair(pair: i32) -> [i32; N] {
        [pair; N]
    }
    #[inline(always)]
    unsafe fn dot(a: [i32; N], b: [i32; N], sum: [i32; N]) -> [i32; N] {
        let (low, high) = (|x: i32| i32::from(x as i16), |x: i32| x >> 16);
        std::array::from_fn(|i| {
            let products = (low(a[i]) * low(b[i])).wrapping_add(high(a[i]) * high(b[i]));
            sum[i].wrapping_add(products)
        })
    }
    #[inline(always)]
    unsafe fn floats(ints: [i32; N]) -> Self {
        Self(ints.map(|x| x as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// # Safety
    /// `a` and `b` hold 16 pairs, `out` has room for 16.
    #[inline(always)]
    unsafe fn kernel<L: Pairs>(a: &[i32], b: i32, out: &mut [f32]) {
        for first in (0..16).step_by(L::W) {
            // SAFETY: the lanes divide sixteen.
            unsafe {
                let x = L::load_pairs(a.as_ptr().add(first));
                let twice = L::dot(x, L::splat_pair(b), L::dot(x, L::splat_pair(b), L::zeros()));
                L::floats(twice).store(out.as_mut_ptr().add(first));
            }
        }
    }

    #[test]
    fn products_of_pairs_are_those_of_integers() {
        let numbers = [0i16, 1, -1, 255, -256, 12_345, -12_345, i16::MAX, i16::MIN + 1];
        let halves = |i: usize| (numbers[i % numbers.len()], numbers[(i * 5 + 3) % numbers.len()]);
        let a: [i32; 16] = std::array::from_fn(|i| pair(halves(i).0, halves(i).1));
        let a = &a[..];
        for (low, high) in [(3, -7), (-1000, 999), (i16::MAX, 2)] {
            let b = pair(low, high);
            for width in Width::available().into_iter().filter(|w| w.has_pairs()) {
                let mut out = [0.0f32; 16];
                let to = &mut out[..];
                at_width_in_pairs!(width, kernel(a: &[i32], b: i32, to: &mut [f32]));
                for (i, got) in out.iter().enumerate() {
                    let one = |x: i16, y: i16| i64::from(x) * i64::from(y);
                    let want = 2 * (one(halves(i).0, low) + one(halves(i).1, high));
                    assert_eq!(*got, want as i32 as f32, "{} lane {i}", width.name());
                }
            }
        }
    }
}
