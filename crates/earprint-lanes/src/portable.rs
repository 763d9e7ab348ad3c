//! `N` lanes as a plain array; the compiler turns four of them into SSE2 or NEON.

use crate::{Lane, f16_from_f32};

/// `N` lanes as an array.
#[derive(Debug, Clone, Copy)]
pub struct Portable<const N: usize>(pub(crate) [f32; N]);

macro_rules! lanewise {
    ($a:expr, $b:expr, $op:tt) => {{
        let mut out = $a.0;
        for i in 0..N {
            out[i] $op $b.0[i];
        }
        Self(out)
    }};
}

impl<const N: usize> Lane for Portable<N> {
    const W: usize = N;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; N])
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller promises N readable values; arrays of f32 have no padding.
        Self(unsafe { p.cast::<[f32; N]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_i16(p: *const i16) -> Self {
        let mut out = [0.0; N];
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller promises N readable values.
            *o = f32::from(unsafe { p.add(i).read() });
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller promises N writable values.
        unsafe { p.cast::<[f32; N]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn store_f16(self, p: *mut u16) {
        for (i, &x) in self.0.iter().enumerate() {
            // SAFETY: the caller promises N writable values.
            unsafe { p.add(i).write(f16_from_f32(x)) }
        }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        lanewise!(self, o, +=)
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        lanewise!(self, o, -=)
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        lanewise!(self, o, *=)
    }
    #[inline(always)]
    unsafe fn near(self, b: Self, c: Self) -> Self {
        // SAFETY: plain arrays.
        unsafe { self.mul(b).add(c) }
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        let mut out = self.0;
        for i in 0..N {
            out[i] = if out[i] > o.0[i] { out[i] } else { o.0[i] };
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        let mut out = self.0;
        for i in 0..N {
            out[i] = if out[i] < o.0[i] { out[i] } else { o.0[i] };
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        lanewise!(self, o, /=)
    }
    #[inline(always)]
    unsafe fn select_lt(self, o: Self, yes: Self, no: Self) -> Self {
        let mut out = no.0;
        for i in 0..N {
            out[i] = if self.0[i] < o.0[i] { yes.0[i] } else { no.0[i] };
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        let mut out = self.0;
        for v in &mut out {
            *v = v.sqrt();
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn split_exponent(self) -> (Self, Self) {
        let (mut e, mut m) = ([0.0; N], [0.0; N]);
        for i in 0..N {
            let bits = self.0[i].to_bits() as i32;
            let k = bits.wrapping_sub(0x3f35_04f3) >> 23;
            e[i] = k as f32;
            m[i] = f32::from_bits(bits.wrapping_sub(k << 23) as u32);
        }
        (Self(e), Self(m))
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self]) {
        for i in 0..N {
            for j in 0..i {
                let (a, b) = (rows[i].0[j], rows[j].0[i]);
                rows[i].0[j] = b;
                rows[j].0[i] = a;
            }
        }
    }
}
