//! Plain loops compiled once more for wider registers.

/// Calls a function compiled for the widest instruction set that pays here (AVX2 on x86-64, else what the target has):
/// `widest!(sums(x: &[f32]) -> f64)` calls `sums(x)`, `widest!(<T: Number> sums(x: &[T]) -> f64)` one for a type of the caller's.
///
/// The function and the loops it calls are `#[inline(always)]`, or they stay what they are. Its results do not change:
/// the same operations in the same order, of which Rust contracts and reorders none.
#[macro_export]
macro_rules! widest {
    ($(<$of:ident: $bound:path>)? $function:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2")]
            fn wide$(<$of: $bound>)?($($arg: $ty),*) $(-> $out)? {
                $function($($arg),*)
            }
            if ::std::is_x86_feature_detected!("avx2") {
                // SAFETY: this machine has the instructions, as was asked just now.
                unsafe { wide($($arg),*) }
            } else {
                $function($($arg),*)
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        $function($($arg),*)
    }};
}
