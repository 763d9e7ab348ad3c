//! The scale of a collection: between which values a dimension usually lies.
//!
//! 5th and 95th percentile over the known values, linear interpolation between ranks (the rule of NumPy's `percentile`; R. J.
//! Hyndman, Y. Fan, "Sample quantiles in statistical packages", 1996, definition 7). Percentiles instead of extremes: one
//! odd track must not press all others together.
//!
//! A dimension that fewer than [`REFERENCE_UNDER`] tracks know, or that has no spread, takes the stored reference scale:
//! percentiles of a handful are chance, and a width of zero would turn rounding into distance.

use earprint_core::{DIMENSIONS, TRACK_EXCERPT_SCHEMA, TRACK_SCHEMA};

use crate::{CollectionError, Values};

/// Known values a dimension needs for percentiles of its own.
pub const REFERENCE_UNDER: usize = 20;

/// The reference scale: what recorded popular, electronic and classical music spans, set by hand to round numbers in
/// 2026 and never changed, so that distances in small collections stay the same. It is no measurement of a corpus. In the
/// order of the dimensions, low and high, in their units.
const REFERENCE: [(f64, f64); DIMENSIONS] = [
    (0.005, 0.35),   // sub_bass
    (0.10, 0.65),    // bass
    (0.04, 0.30),    // low_mid
    (0.04, 0.40),    // mid
    (0.005, 0.12),   // upper_mid
    (0.001, 0.05),   // presence
    (0.0005, 0.06),  // air
    (-24.0, -7.0),   // loudness, LUFS
    (8.0, 22.0),     // crest, dB
    (-8.0, 12.0),    // bass_mid_ratio, dB
    (70.0, 170.0),   // tempo, BPM
    (0.6, 0.98),     // rhythm_stability
    (0.8, 7.0),      // onset_rate, 1/s
    (0.0, 0.15),     // silence_ratio
    (250.0, 2500.0), // centroid, Hz
    (400.0, 6000.0), // rolloff, Hz
    (0.0001, 0.05),  // flatness
    (0.45, 0.95),    // harmonic_ratio
    (0.3, 0.9),      // pitch_stability
    (0.02, 0.25),    // chroma_concentration
    (0.8, 4.0),      // crest_variation, dB
    (1.0, 8.0),      // loudness_variation, LU
    (0.6, 0.97),     // peak_consistency
    (0.0, 0.35),     // stereo_width
    (0.2, 1.0),      // phase_correlation
];

/// Low and high end of every dimension, with the version of the numbers they belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    schema: String,
    low: [f64; DIMENSIONS],
    high: [f64; DIMENSIONS],
}

impl Scale {
    /// The scale of a collection; the reference for dimensions known of too few tracks or without spread.
    ///
    /// # Errors
    /// `NoReference` for a version without a stored reference.
    pub fn of<'a>(schema: &str, tracks: impl IntoIterator<Item = &'a Values>) -> Result<Self, CollectionError> {
        let mut scale = Self::reference(schema)?;
        let mut columns: [Vec<f32>; DIMENSIONS] = Default::default();
        for track in tracks {
            for (column, v) in columns.iter_mut().zip(track) {
                if v.is_finite() {
                    column.push(*v);
                }
            }
        }
        for (d, column) in columns.iter_mut().enumerate() {
            if column.len() < REFERENCE_UNDER {
                continue;
            }
            column.sort_unstable_by(f32::total_cmp);
            let (low, high) = (percentile(column, 5), percentile(column, 95));
            if high > low {
                (scale.low[d], scale.high[d]) = (low, high);
            }
        }
        Ok(scale)
    }

    /// The stored reference scale.
    ///
    /// # Errors
    /// `NoReference` for a version without one.
    pub fn reference(schema: &str) -> Result<Self, CollectionError> {
        if schema != TRACK_SCHEMA && schema != TRACK_EXCERPT_SCHEMA {
            return Err(CollectionError::NoReference { actual: schema.to_owned() });
        }
        Ok(Self { schema: schema.to_owned(), low: REFERENCE.map(|r| r.0), high: REFERENCE.map(|r| r.1) })
    }

    /// A scale from stored numbers: low and high ends, D values each.
    ///
    /// # Errors
    /// `Scale` where a count is not D, or an end is not finite, or not below the other.
    pub fn from_parts(schema: &str, low: &[f64], high: &[f64]) -> Result<Self, CollectionError> {
        let wrong = |what: String, expected| CollectionError::Scale { what, expected };
        let (Ok(low), Ok(high)) = (low.try_into(), high.try_into()) else {
            return Err(wrong(format!("{} low and {} high ends", low.len(), high.len()), "25 of each"));
        };
        let scale = Self { schema: schema.to_owned(), low, high };
        for (l, h) in scale.low.iter().zip(&scale.high) {
            if !(l.is_finite() && h.is_finite() && l < h) {
                return Err(wrong(format!("ends {l} and {h}"), "finite ends, the low below the high"));
            }
        }
        Ok(scale)
    }

    /// Version of the numbers it belongs to.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Low ends, in the units of the dimensions.
    pub fn low(&self) -> &[f64; DIMENSIONS] {
        &self.low
    }

    /// High ends, in the units of the dimensions.
    pub fn high(&self) -> &[f64; DIMENSIONS] {
        &self.high
    }

    /// A descriptor on this scale: 0 at the low end and below, 1 at the high end and above, NaN where unknown.
    ///
    /// # Errors
    /// `Schema` where the numbers are of another version.
    pub fn scaled(&self, schema: &str, values: &Values) -> Result<Values, CollectionError> {
        if schema != self.schema {
            return Err(CollectionError::Schema { expected: self.schema.clone(), actual: schema.to_owned() });
        }
        Ok(self.scale(values))
    }

    pub(crate) fn scale(&self, values: &Values) -> Values {
        std::array::from_fn(|d| {
            let v = (f64::from(values[d]) - self.low[d]) / (self.high[d] - self.low[d]);
            // `clamp` keeps NaN.
            v.clamp(0.0, 1.0) as f32
        })
    }
}

/// Percentile `percent` of sorted values, at least one.
pub(crate) fn percentile(sorted: &[f32], percent: usize) -> f64 {
    // The rank's whole part in integers: exact for any count.
    let hundredths = (sorted.len() - 1) * percent;
    let (below, part) = (hundredths / 100, (hundredths % 100) as f64 / 100.0);
    let low = f64::from(sorted[below]);
    let high = f64::from(sorted[(below + 1).min(sorted.len() - 1)]);
    low + (high - low) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_interpolated_between_ranks() {
        // 0, 10, ... 200: rank of the 5th is 1, of the 95th 19. Of four values: 0.15 and 2.85.
        let v: Vec<f32> = (0..21u8).map(|i| f32::from(i) * 10.0).collect();
        assert_eq!((percentile(&v, 5), percentile(&v, 95)), (10.0, 190.0));
        let v = [1.0, 2.0, 4.0, 8.0];
        assert!((percentile(&v, 5) - 1.15).abs() < 1e-12 && (percentile(&v, 95) - 7.4).abs() < 1e-12);
        assert_eq!(percentile(&[3.0], 95), 3.0);
    }

    #[test]
    fn few_values_and_no_spread_take_the_reference() {
        let reference = Scale::reference("trk-1").unwrap();
        let mut tracks: Vec<Values> = (0..21u8).map(|i| [f32::from(i) * 10.0; DIMENSIONS]).collect();
        for (i, t) in tracks.iter_mut().enumerate() {
            t[3] = if i < 2 { f32::NAN } else { t[3] }; // 19 known
            t[4] = if i < 1 { f32::NAN } else { t[4] }; // 20 known: 10 .. 200
            t[5] = 7.0; // no spread
        }
        let s = Scale::of("trk-1", &tracks).unwrap();
        assert_eq!((s.low[0], s.high[0]), (10.0, 190.0));
        assert_eq!((s.low[3], s.high[3]), (reference.low[3], reference.high[3]));
        assert_eq!((s.low[4], s.high[4]), (19.5, 190.5));
        assert_eq!((s.low[5], s.high[5]), (reference.low[5], reference.high[5]));
        assert_eq!(Scale::of("trk-1", &tracks[..19]).unwrap(), reference);
        assert!(Scale::of("trk-9", &tracks).is_err());
    }

    #[test]
    fn scaling_clips_and_keeps_nan() {
        let s = Scale::from_parts("trk-1", &[10.0; DIMENSIONS], &[20.0; DIMENSIONS]).unwrap();
        let mut v = [12.5; DIMENSIONS];
        (v[0], v[1], v[2]) = (9.0, 21.0, f32::NAN);
        let out = s.scaled("trk-1", &v).unwrap();
        assert_eq!((out[0], out[1], out[3]), (0.0, 1.0, 0.25));
        assert!(out[2].is_nan());
        assert_eq!(s.scaled("trk-1x", &v).unwrap_err().code(), "E_SCHEMA_MIX");
    }

    #[test]
    fn a_scale_reads_back_and_nonsense_is_refused() {
        let s = Scale::reference("trk-1").unwrap();
        assert_eq!(Scale::from_parts("trk-1", s.low(), s.high()).unwrap(), s);
        assert!(Scale::from_parts("trk-1", &[0.0; 24], s.high()).is_err());
        assert!(Scale::from_parts("trk-1", s.high(), s.low()).is_err());
        assert!(Scale::from_parts("trk-1", &[f64::NAN; DIMENSIONS], s.high()).is_err());
    }

    #[test]
    fn gain_and_offset_of_a_whole_collection_change_no_scaled_value() {
        let tracks: Vec<Values> =
            (0..50u16).map(|i| std::array::from_fn(|d| f32::from((i * 37 + d as u16 * 11) % 64))).collect();
        let moved: Vec<Values> = tracks.iter().map(|t| t.map(|v| v * 4.0 + 16.0)).collect();
        let (a, b) = (Scale::of("trk-1", &tracks).unwrap(), Scale::of("trk-1", &moved).unwrap());
        for (t, m) in tracks.iter().zip(&moved) {
            let (t, m) = (a.scale(t), b.scale(m));
            assert!(t.iter().zip(&m).all(|(x, y)| (x - y).abs() < 1e-6), "{t:?} {m:?}");
        }
    }
}
