//! The comparers: equal bits, or two distances with bounds. Non-finite values always fail.

/// What two arrays differ by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Sum of (want - got)^2 over sum of want^2.
    pub normalised: f64,
    /// Largest |want - got|, in the values' own unit.
    pub largest: f64,
}

/// Measures two arrays of the same length.
///
/// # Errors
/// Lengths that differ, or a value that is not finite, as text.
pub fn distance(want: &[f64], got: &[f64]) -> Result<Distance, String> {
    if want.len() != got.len() {
        return Err(format!("{} values expected, {} came", want.len(), got.len()));
    }
    let (mut squares, mut scale, mut largest) = (0.0, 0.0, 0.0_f64);
    for (i, (w, g)) in want.iter().zip(got).enumerate() {
        if !w.is_finite() || !g.is_finite() {
            return Err(format!("value {i}: {w} expected, {g} came; both must be finite"));
        }
        squares += (w - g) * (w - g);
        scale += w * w;
        largest = largest.max((w - g).abs());
    }
    Ok(Distance { normalised: if scale > 0.0 { squares / scale } else { squares }, largest })
}

/// Fails where two arrays differ by more than `bound` in their unit anywhere.
///
/// # Errors
/// What was measured and what was allowed.
pub fn within(want: &[f64], got: &[f64], bound: f64) -> Result<Distance, String> {
    let d = distance(want, got)?;
    if d.largest <= bound { Ok(d) } else { Err(format!("largest difference {:e}, allowed {bound:e}", d.largest)) }
}

/// Fails at the first value whose bits differ.
///
/// # Errors
/// Index and both values.
pub fn equal_bits(want: &[f32], got: &[f32]) -> Result<(), String> {
    if want.len() != got.len() {
        return Err(format!("{} values expected, {} came", want.len(), got.len()));
    }
    let differing = want.iter().zip(got).filter(|(w, g)| w.to_bits() != g.to_bits()).count();
    match want.iter().zip(got).position(|(w, g)| w.to_bits() != g.to_bits()) {
        None => Ok(()),
        Some(i) => {
            Err(format!("{differing} of {} values differ, first at {i}: {:?} and {:?}", want.len(), want[i], got[i]))
        }
    }
}

/// f32 values as f64.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparer_turns_red() {
        let a = [1.0, -2.0, 3.0];
        assert!(within(&a, &[1.0, -2.0, 3.1], 0.05).is_err());
        assert!(within(&a, &[1.0, -2.0, f64::NAN], 9.0).is_err());
        assert!(within(&a, &a[..2], 9.0).is_err());
        assert!(within(&a, &a, 0.0).is_ok());
        assert!(equal_bits(&[0.0], &[-0.0]).is_err());
        assert!(equal_bits(&[1.0], &[1.0, 2.0]).is_err());
        let d = distance(&a, &[1.0, -2.0, 4.0]).unwrap();
        assert_eq!((d.largest, d.normalised), (1.0, 1.0 / 14.0));
    }
}
