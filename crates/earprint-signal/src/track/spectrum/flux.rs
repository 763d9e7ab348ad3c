//! The onset envelope of one frame.

use super::MELS;

/// Decibels below the loudest band at which a band counts as silent.
const RANGE_DB: f32 = 60.0;

/// Rise of the mel spectrum from `previous` to `now`, both in dB: each band at least 60 dB below the loudest of the two
/// frames, falls dropped, mean over 128 bands; dB. A gain moves both frames alike, so it moves nothing here.
///
/// Bands are summed in sixteen sums, band `m` in sum `m % 16`, which are then added ascending. Twin:
/// `shaders/track/flux.wgsl`.
pub fn flux(previous: &[f32; MELS], now: &[f32; MELS]) -> f32 {
    let mut loudest = [f32::MIN; 16];
    for (a, b) in previous.chunks_exact(16).zip(now.chunks_exact(16)) {
        for i in 0..16 {
            loudest[i] = larger(loudest[i], larger(a[i], b[i]));
        }
    }
    let floor = loudest.into_iter().fold(f32::MIN, larger) - RANGE_DB;
    let mut sums = [0.0_f32; 16];
    for (a, b) in previous.chunks_exact(16).zip(now.chunks_exact(16)) {
        for i in 0..16 {
            sums[i] += larger(larger(b[i], floor) - larger(a[i], floor), 0.0);
        }
    }
    let sum = sums[1..].iter().fold(sums[0], |sum, &s| sum + s);
    sum * (1.0 / MELS as f32)
}

/// One comparison and one select, unlike `f32::max`, which looks for NaN.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_by_hand() {
        let mut before = [-20.0; MELS];
        let mut now = before;
        assert_eq!(flux(&before, &now), 0.0);
        // One band rises by 8 dB, one falls by 8: 8 / 128.
        (now[3], now[70]) = (-12.0, -28.0);
        assert_eq!(flux(&before, &now), 0.0625);
        // Below -72 dB nothing is heard: from -100 to -66 dB is a rise of 6 dB.
        (before[9], now[9]) = (-100.0, -66.0);
        assert_eq!(flux(&before, &now), 14.0 / 128.0);
        // Out of silence every band rises by as much as is heard.
        assert_eq!(flux(&[-200.0; MELS], &[10.0; MELS]), 60.0);
        assert_eq!(flux(&[10.0; MELS], &[-200.0; MELS]), 0.0);
    }

    #[test]
    fn a_gain_changes_nothing() {
        let spectrum = |gain: f32, k: usize| std::array::from_fn(|m| gain - ((m * k) % 97) as f32);
        let quiet: f32 = flux(&spectrum(-64.0, 7), &spectrum(-64.0, 12));
        assert_eq!(quiet, flux(&spectrum(0.0, 7), &spectrum(0.0, 12)));
        assert!(quiet > 1.0);
    }
}
