//! Four f64 side by side, for loops over samples that a compiler would split in halves and spill.
//!
//! A loop is written once over [`Lanes`], `#[inline(always)]`, and compiled for plain arrays and for AVX2 by [`quads!`]. Each
//! operation is IEEE's, so both give the same bits.

/// Four numbers.
pub type Quad = [f64; 4];

/// Four numbers in a register, or as the compiler likes.
///
/// # Safety
/// Every method may use instructions of the type's instruction set: call them only in a function that [`quads!`](crate::quads) calls.
#[expect(clippy::missing_safety_doc, reason = "the trait's own section holds for every method")]
pub trait Lanes: Copy {
    /// These numbers.
    unsafe fn of(quad: Quad) -> Self;
    /// These samples.
    unsafe fn samples(x: [f32; 4]) -> Self;
    /// The numbers.
    unsafe fn quad(self) -> Quad;
    /// a + b.
    unsafe fn plus(self, b: Self) -> Self;
    /// a - b.
    unsafe fn minus(self, b: Self) -> Self;
    /// a b.
    unsafe fn times(self, b: Self) -> Self;
    /// |b| where it is larger than a, else a.
    unsafe fn or_larger(self, b: Self) -> Self;
    /// The second half of these, then the first half of `next`.
    unsafe fn before(self, next: Self) -> Self;
}

impl Lanes for Quad {
    #[inline(always)]
    unsafe fn of(quad: Quad) -> Self {
        quad
    }
    #[inline(always)]
    unsafe fn samples(x: [f32; 4]) -> Self {
        x.map(f64::from)
    }
    #[inline(always)]
    unsafe fn quad(self) -> Quad {
        self
    }
    #[inline(always)]
    unsafe fn plus(self, b: Self) -> Self {
        std::array::from_fn(|i| self[i] + b[i])
    }
    #[inline(always)]
    unsafe fn minus(self, b: Self) -> Self {
        std::array::from_fn(|i| self[i] - b[i])
    }
    #[inline(always)]
    unsafe fn times(self, b: Self) -> Self {
        std::array::from_fn(|i| self[i] * b[i])
    }
    #[inline(always)]
    unsafe fn or_larger(self, b: Self) -> Self {
        std::array::from_fn(|i| if b[i].abs() > self[i] { b[i].abs() } else { self[i] })
    }
    #[inline(always)]
    unsafe fn before(self, next: Self) -> Self {
        [self[2], self[3], next[0], next[1]]
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use core::arch::x86_64::*;

    use super::{Lanes, Quad};

    // SAFETY of every block below: the trait's contract puts the call inside a function compiled for AVX2.
    #[allow(clippy::undocumented_unsafe_blocks)]
    impl Lanes for __m256d {
        #[inline(always)]
        unsafe fn of(quad: Quad) -> Self {
            unsafe { _mm256_loadu_pd(quad.as_ptr()) }
        }
        #[inline(always)]
        unsafe fn samples(x: [f32; 4]) -> Self {
            unsafe { _mm256_cvtps_pd(_mm_loadu_ps(x.as_ptr())) }
        }
        #[inline(always)]
        unsafe fn quad(self) -> Quad {
            let mut quad = [0.0; 4];
            unsafe { _mm256_storeu_pd(quad.as_mut_ptr(), self) };
            quad
        }
        #[inline(always)]
        unsafe fn plus(self, b: Self) -> Self {
            unsafe { _mm256_add_pd(self, b) }
        }
        #[inline(always)]
        unsafe fn minus(self, b: Self) -> Self {
            unsafe { _mm256_sub_pd(self, b) }
        }
        #[inline(always)]
        unsafe fn times(self, b: Self) -> Self {
            unsafe { _mm256_mul_pd(self, b) }
        }
        #[inline(always)]
        unsafe fn or_larger(self, b: Self) -> Self {
            // The instruction gives its second operand where the first is not larger.
            unsafe { _mm256_max_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), b), self) }
        }
        #[inline(always)]
        unsafe fn before(self, next: Self) -> Self {
            unsafe { _mm256_permute2f128_pd::<0x21>(self, next) }
        }
    }
}

/// `quads!(sums(x: &[f32]) -> f64)` calls `sums::<L>(x)` with the [`Lanes`] of this machine.
#[macro_export]
macro_rules! quads {
    ($function:ident($($arg:ident: $ty:ty),* $(,)?) -> $out:ty) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2")]
            fn wide($($arg: $ty),*) -> $out {
                // SAFETY: this function is compiled for the lanes' instruction set.
                unsafe { $function::<core::arch::x86_64::__m256d>($($arg),*) }
            }
            if ::std::is_x86_feature_detected!("avx2") {
                // SAFETY: this machine has the instructions, as was asked just now.
                unsafe { wide($($arg),*) }
            } else {
                // SAFETY: plain arrays.
                unsafe { $function::<$crate::Quad>($($arg),*) }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        // SAFETY: plain arrays.
        unsafe {
            $function::<$crate::Quad>($($arg),*)
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(always)]
    unsafe fn all<L: Lanes>(a: Quad, b: Quad, x: [f32; 4]) -> [Quad; 6] {
        // SAFETY: as the caller's.
        unsafe {
            let (l, r) = (L::of(a), L::of(b));
            let all = [l.plus(r), l.minus(r), l.times(r), l.or_larger(r), l.before(r), L::samples(x)];
            all.map(|quad| quad.quad())
        }
    }

    #[test]
    fn registers_do_what_arrays_do() {
        let (a, b) = ([0.1, -2.0, 3e300, f64::NAN], [-0.3, 5.0, -4e300, 1.0]);
        let x = [1.5, -0.0, f32::MIN_POSITIVE, 7.0];
        let bits = |all: [Quad; 6]| all.map(|quad| quad.map(f64::to_bits));
        // SAFETY: plain arrays.
        let want = unsafe { all::<Quad>(a, b, x) };
        assert_eq!(want[3][..3], [0.3, 5.0, 4e300]);
        assert_eq!((want[4][0], want[4][2], want[4][3]), (3e300, -0.3, 5.0));
        assert_eq!(bits(quads!(all(a: Quad, b: Quad, x: [f32; 4]) -> [Quad; 6])), bits(want));
    }
}
