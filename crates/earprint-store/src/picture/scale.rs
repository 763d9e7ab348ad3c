//! From values to pixels. In: values `(M, T)`. Out: pixels `(height, width)`, lowest band first, and the value range.
//!
//! Shrinking takes the largest value under a pixel. A mean hides what is short: that of one frame at 0 dB and 99 at
//! -80 dB is -79.2 dB, the click is gone; as a maximum it stays, one pixel wide at full colour. Enlarging repeats
//! values: nothing is shown that was not measured.

use super::PictureError;

/// Height of the automatic range, in the unit of the values, dB as a rule.
pub const AUTO_SPAN_DB: f32 = 80.0;

/// Which values get the lowest and the highest colour.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Range {
    /// From the largest finite value down to the smallest, at most [`AUTO_SPAN_DB`]. Taken from the values, not from the
    /// pixels: the size of the picture changes no colour. A constant picture has the lowest colour.
    #[default]
    Auto,
    /// The same for every picture, so that pictures can be compared.
    Fixed {
        /// Lowest colour at and below this value.
        low: f32,
        /// Highest colour at and above this value.
        high: f32,
    },
}

impl Range {
    /// `(low, high)`, finite, `low < high`.
    pub(super) fn resolve(self, values: &[f32]) -> Result<(f32, f32), PictureError> {
        match self {
            Self::Fixed { low, high } if low.is_finite() && high.is_finite() && low < high => Ok((low, high)),
            Self::Fixed { low, high } => Err(PictureError::Range { low, high }),
            Self::Auto => {
                let finite = values.iter().copied().filter(|v| v.is_finite());
                let (min, max) = finite.fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
                if min > max {
                    return Ok((0.0, 1.0)); // nothing finite
                }
                let low = min.max(max - AUTO_SPAN_DB);
                if low < max {
                    return Ok((low, max));
                }
                // Constant, or too large for f32 to step 80 down: a range all the same.
                let high = (max + 1.0).max(max.next_up());
                Ok(if high.is_finite() { (max, high) } else { (max.next_down(), max) })
            }
        }
    }
}

/// The larger of two values for the eye: a defect (NaN, +inf) outranks every number, -inf (the dB of zero) none.
fn louder(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}

/// Values under pixel `i` of `pixels`, as `first..end` of `count`. Shrinking: a partition, each value under one pixel.
/// Enlarging: the value under the pixel's centre.
fn under(i: usize, pixels: usize, count: usize) -> (usize, usize) {
    let (i, p, n) = (i as u64, pixels as u64, count as u64);
    if pixels > count {
        let at = ((2 * i + 1) * n / (2 * p)) as usize;
        return (at, at + 1);
    }
    ((i * n / p) as usize, ((i + 1) * n / p) as usize)
}

/// Values `(M, T)` as pixels `(height, width)`, the row of the lowest band first.
pub(super) fn resample(values: &[f32], n_mels: usize, frames: usize, width: usize, height: usize) -> Vec<f32> {
    assert_eq!(values.len(), n_mels * frames, "values must be (M, T)");
    let columns: Vec<(usize, usize)> = (0..width).map(|x| under(x, width, frames)).collect();
    let mut pixels = Vec::with_capacity(width * height);
    let mut line = vec![0.0_f32; width];
    let mut drawn = None;
    for y in 0..height {
        let bands = under(y, height, n_mels);
        // A band under several lines is reduced once.
        if drawn != Some(bands) {
            line.fill(f32::NEG_INFINITY);
            for band in values[bands.0 * frames..bands.1 * frames].chunks_exact(frames) {
                for (out, &(first, end)) in line.iter_mut().zip(&columns) {
                    *out = band[first..end].iter().fold(*out, |a, &b| louder(a, b));
                }
            }
            drawn = Some(bands);
        }
        pixels.extend_from_slice(&line);
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_is_a_partition() {
        for (pixels, count) in [(1, 1), (3, 7), (7, 7), (640, 100_000), (999, 1000)] {
            let mut next = 0;
            for i in 0..pixels {
                let (first, end) = under(i, pixels, count);
                assert!(first == next && end > first, "{pixels} {count} {i}");
                next = end;
            }
            assert_eq!(next, count);
        }
    }

    #[test]
    fn enlarging_repeats_evenly() {
        let at = |pixels, count| (0..pixels).map(|i| under(i, pixels, count).0).collect::<Vec<_>>();
        assert_eq!(at(6, 2), [0, 0, 0, 1, 1, 1]);
        assert_eq!(at(5, 3), [0, 0, 1, 2, 2]); // centres at 0.3, 0.9, 1.5, 2.1, 2.7
    }

    #[test]
    fn a_click_survives_shrinking_and_stays_one_pixel() {
        let (frames, click) = (10_000, 7_777);
        let mut values = vec![-80.0; 2 * frames];
        values[frames + click] = 0.0;
        let pixels = resample(&values, 2, frames, 100, 1);
        let lit: Vec<usize> = (0..100).filter(|&x| pixels[x] == 0.0).collect();
        assert_eq!(lit, [77]);
        assert!(pixels.iter().enumerate().all(|(x, &v)| x == 77 || v == -80.0));
    }

    #[test]
    fn defects_show_and_zeros_do_not() {
        let inf = f32::INFINITY;
        assert_eq!(resample(&[-inf, -3.0, -inf, -inf], 1, 4, 2, 1), [-3.0, -inf]);
        assert!(resample(&[5.0, f32::NAN, 6.0], 1, 3, 1, 1)[0].is_nan());
        assert_eq!(resample(&[5.0, inf, 6.0], 1, 3, 1, 1), [inf]);
    }

    #[test]
    fn automatic_ranges() {
        let auto = |v: &[f32]| Range::Auto.resolve(v).unwrap();
        assert_eq!(auto(&[-200.0, f32::NAN, -10.0, f32::INFINITY]), (-90.0, -10.0));
        assert_eq!(auto(&[0.0, 0.25]), (0.0, 0.25)); // less than 80 apart: to the smallest
        assert_eq!(auto(&[-100.0; 3]), (-100.0, -99.0));
        assert_eq!(auto(&[f32::NAN]), (0.0, 1.0));
        for v in [1e30, f32::MAX, f32::MIN] {
            let (low, high) = auto(&[v]);
            assert!(low < high && low.is_finite() && high.is_finite(), "{v}");
        }
        let e = Range::Fixed { low: 0.0, high: -80.0 }.resolve(&[]).unwrap_err();
        assert_eq!(e.to_string(), "range 0 to -80; expected two finite values, the first one smaller");
        assert!(Range::Fixed { low: f32::NAN, high: 0.0 }.resolve(&[]).is_err());
    }
}
