//! Makes floats safe for everything behind the door.

/// Magnitudes above this are clamped: +80 dB over full scale is damage, not sound, and its square
/// summed over a day of samples still fits f32.
pub const MAX_MAGNITUDE: f32 = 1e4;

/// How many samples were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// NaN and infinite samples replaced by 0.
    pub non_finite: u64,
    /// Finite samples clamped to ±[`MAX_MAGNITUDE`].
    pub clamped: u64,
}

/// Replaces NaN and infinities by 0, clamps finite values to ±[`MAX_MAGNITUDE`], counts both.
pub fn make_finite(samples: &mut [f32]) -> Repairs {
    let mut repairs = Repairs::default();
    // Almost every block is clean; this pass has no branch inside and lets the slow one be skipped.
    // The comparison is false for NaN, so that `clean` fails for it.
    let clean = samples.iter().fold(true, |ok, x| ok & (x.abs() <= MAX_MAGNITUDE));
    if clean {
        return repairs;
    }
    for x in samples {
        if !x.is_finite() {
            *x = 0.0;
            repairs.non_finite += 1;
        } else if x.abs() > MAX_MAGNITUDE {
            *x = MAX_MAGNITUDE.copysign(*x);
            repairs.clamped += 1;
        }
    }
    repairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_replaced_and_counted_and_clean_samples_are_untouched() {
        let mut x = [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -3e38, 1e4, f32::MIN_POSITIVE];
        assert_eq!(make_finite(&mut x), Repairs { non_finite: 3, clamped: 1 });
        assert_eq!(x, [0.5, 0.0, 0.0, 0.0, -1e4, 1e4, f32::MIN_POSITIVE]);
        assert_eq!(make_finite(&mut x), Repairs::default());
    }
}
