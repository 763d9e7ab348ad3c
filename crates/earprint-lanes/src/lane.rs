//! A vector of f32, one frame or row per lane, and the choice of its width at run time.

/// A vector of `W` f32 lanes.
///
/// # Safety
/// Every method may use instructions of the type's instruction set: call them only inside a function compiled for it,
/// reached through [`Width::available`]. Pointers must be valid for `W` elements; no alignment is needed.
#[expect(clippy::missing_safety_doc, reason = "the trait's own section holds for every method")]
pub trait Lane: Copy {
    /// Lanes.
    const W: usize;
    /// `x` in every lane.
    unsafe fn splat(x: f32) -> Self;
    /// Lanes from `W` consecutive values.
    unsafe fn load(p: *const f32) -> Self;
    /// Lanes from `W` consecutive 16-bit integers, converted exactly.
    unsafe fn load_i16(p: *const i16) -> Self;
    /// Lanes to `W` consecutive values.
    unsafe fn store(self, p: *mut f32);
    /// Lanes to `W` consecutive f16, round to nearest even, clamped to +-65504. Lanes must not be NaN.
    unsafe fn store_f16(self, p: *mut u16);
    /// self + o.
    unsafe fn add(self, o: Self) -> Self;
    /// self - o.
    unsafe fn sub(self, o: Self) -> Self;
    /// self * o.
    unsafe fn mul(self, o: Self) -> Self;
    /// self * b + c, rounded once or twice, as the machine is faster: only for what is checked before it reaches a result.
    unsafe fn near(self, b: Self, c: Self) -> Self;
    /// The larger one.
    unsafe fn max(self, o: Self) -> Self;
    /// The smaller one.
    unsafe fn min(self, o: Self) -> Self;
    /// Correctly rounded quotient.
    unsafe fn div(self, o: Self) -> Self;
    /// Lane by lane: `yes` where self < o, else `no`.
    unsafe fn select_lt(self, o: Self, yes: Self, no: Self) -> Self;
    /// Correctly rounded square root.
    unsafe fn sqrt(self) -> Self;
    /// (e, m) of a positive normal x = 2^e m with m in [sqrt(1/2), sqrt(2)).
    unsafe fn split_exponent(self) -> (Self, Self);
    /// Transposes the `W` by `W` matrix whose rows are `rows[0..W]`.
    unsafe fn transpose(rows: &mut [Self]);
}

/// Calls `kernel::<L>(args)` with the lanes of `width`, inside a function compiled for their instruction set:
/// `at_width!(width, kernel(a: &[f32], n: usize))`. The kernel is an `#[inline(always)] unsafe fn` over one [`Lane`] type;
/// the caller must have checked that the width is one of [`Width::available`], and what else the kernel asks for.
#[macro_export]
macro_rules! at_width {
    ($width:expr, $($kernel:ident)::+($($arg:ident: $ty:ty),* $(,)?)) => {
        $crate::at_width!(@ "avx512f,avx512bw,avx512dq,avx512vl", $width, $($kernel)::+($($arg: $ty),*))
    };
    (@ $avx512:literal, $width:expr, $($kernel:ident)::+($($arg:ident: $ty:ty),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn avx2($($arg: $ty),*) {
            // SAFETY: this function is compiled for the lanes' instruction set.
            unsafe { $($kernel)::+::<$crate::Avx2>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $avx512)]
        unsafe fn avx512($($arg: $ty),*) {
            // SAFETY: as above.
            unsafe { $($kernel)::+::<$crate::Avx512>($($arg),*) }
        }
        // SAFETY: the widths that need more than the target's own instructions were found on this machine.
        #[allow(unreachable_patterns)]
        unsafe {
            match $width {
                #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
                $crate::Width::Scalar => $($kernel)::+::<$crate::Portable<1>>($($arg),*),
                #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
                $crate::Width::Portable4 => $($kernel)::+::<$crate::Portable<4>>($($arg),*),
                #[cfg(target_arch = "x86_64")]
                $crate::Width::Avx2 => avx2($($arg),*),
                #[cfg(target_arch = "x86_64")]
                $crate::Width::Avx512 => avx512($($arg),*),
                #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
                $crate::Width::Simd128 => $($kernel)::+::<$crate::Simd128>($($arg),*),
                other => unreachable!("{} is not available here", other.name()),
            }
        }
    }};
}

/// Instruction sets the kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// One lane, no SIMD: what the others are checked against.
    Scalar,
    /// Four lanes in plain Rust: SSE2 on x86-64, NEON on aarch64.
    Portable4,
    /// Eight lanes.
    Avx2,
    /// Sixteen lanes.
    Avx512,
    /// Four lanes of WebAssembly SIMD.
    Simd128,
}

impl Width {
    /// Widths this machine can run, narrowest first.
    pub fn available() -> Vec<Self> {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        let out = vec![Self::Simd128];
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
        let mut out = vec![Self::Scalar, Self::Portable4];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
                out.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                out.push(Self::Avx512);
            }
        }
        out
    }

    /// The widest of [`Width::available`].
    pub fn best() -> Self {
        *Self::available().last().expect("there is always one")
    }

    /// Name in records and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Portable4 if cfg!(target_arch = "aarch64") => "neon",
            Self::Portable4 if cfg!(target_arch = "x86_64") => "sse2",
            Self::Portable4 => "portable-4",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Simd128 => "simd128",
        }
    }
}
