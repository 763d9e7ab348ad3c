//! Single-precision functions that symphonia takes from the platform, defined here once for every platform.
//!
//! MP3 and AAC decoders fill tables with `powf`, `sinf` and their like. Each C library rounds some of those values its own
//! way: of the 8,207 entries of MP3's table of |x|^(4/3) glibc and WebAssembly's library differ in 758, and with them half
//! of all samples in their last bit. A track would have two descriptors. These symbols go before the library's in every
//! program this crate is linked into; each goes through f64 and rounds once, which is also nearer to the truth.
//!
//! Not on Windows, whose linker refuses a second definition of what its runtime imports: there the last bit of lossy
//! formats may differ.

use std::mem::MaybeUninit;

/// `x` to the power `y`.
#[unsafe(no_mangle)]
extern "C" fn powf(x: f32, y: f32) -> f32 {
    libm::pow(f64::from(x), f64::from(y)) as f32
}

/// 2 to the power `x`: what compilers make of `powf(2.0, x)`.
#[unsafe(no_mangle)]
extern "C" fn exp2f(x: f32) -> f32 {
    libm::exp2(f64::from(x)) as f32
}

/// e to the power `x`.
#[unsafe(no_mangle)]
extern "C" fn expf(x: f32) -> f32 {
    libm::exp(f64::from(x)) as f32
}

/// Sine of `x` radians.
#[unsafe(no_mangle)]
extern "C" fn sinf(x: f32) -> f32 {
    libm::sin(f64::from(x)) as f32
}

/// Cosine of `x` radians.
#[unsafe(no_mangle)]
extern "C" fn cosf(x: f32) -> f32 {
    libm::cos(f64::from(x)) as f32
}

/// Sine and cosine of `x` radians: what compilers make of both of one number.
#[unsafe(no_mangle)]
extern "C" fn sincosf(x: f32, sine: &mut MaybeUninit<f32>, cosine: &mut MaybeUninit<f32>) {
    sine.write(libm::sin(f64::from(x)) as f32);
    cosine.write(libm::cos(f64::from(x)) as f32);
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    /// The symbols are the ones that `std` calls: a value that glibc rounds otherwise would differ.
    #[test]
    fn std_takes_these() {
        let mut differ = 0;
        for i in 1..8207_u32 {
            let x = i as f32;
            let here = super::powf(x, 4.0 / 3.0);
            assert_eq!(black_box(x).powf(black_box(4.0 / 3.0)).to_bits(), here.to_bits(), "{x}");
            assert_eq!(black_box(x).sin().to_bits(), super::sinf(x).to_bits(), "{x}");
            let (sine, cosine) = black_box(x).sin_cos();
            assert_eq!((sine.to_bits(), cosine.to_bits()), (super::sinf(x).to_bits(), super::cosf(x).to_bits()), "{x}");
            let naive = (f64::from(x).cbrt() * f64::from(x)) as f32;
            differ += u32::from(naive.to_bits() != libm::powf(x, 4.0 / 3.0).to_bits());
        }
        // Single precision all the way does differ, or the check above would show nothing.
        assert!(differ > 0);
    }
}
