//! How much energy a track has, and how much one position of a sequence should have.
//!
//! Energy is a mean of scaled numbers, unknown ones dropping out: loudness 0.40, onset rate 0.30, tempo 0.15, centroid (brightness) 0.15: level and density
//! carry it, pace and brightness colour it. The weights are a choice, set by hand in 2026.
//!
//! A curve says which *share* of the tracks has less energy than a position should: the target of a position is that quantile of the
//! energies of all candidates. So a curve asks for what the collection has, however narrow its span, and an order that fits it exactly exists:
//! rising, all tracks sorted by energy.

use earprint_core::dim;

use super::{OrderTrack, known};

/// Numbers of energy and their weights.
pub const ENERGY: [(usize, f64); 4] =
    [(dim::LOUDNESS, 0.40), (dim::ONSET_RATE, 0.30), (dim::TEMPO, 0.15), (dim::CENTROID, 0.15)];

/// Energy over the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    /// From the least to the most and back; the most at this share of the sequence, 0 to 1.
    Peak(f64),
    /// From the least to the most.
    Rise,
    /// From the most to the least.
    Fall,
    /// The middle all along: means something where a limit lets tracks be chosen. With all tracks in the sequence it asks for nothing.
    Flat,
}

impl Curve {
    /// The usual arc: its peak after 0.7 of the sequence.
    pub const ARC: Self = Self::Peak(0.7);

    /// Share of the tracks with less energy, 0 to 1, at a `share` of the sequence, 0 its first track and 1 its last.
    pub fn at(self, share: f64) -> f64 {
        match self {
            Self::Rise => share,
            Self::Fall => 1.0 - share,
            Self::Flat => 0.5,
            Self::Peak(at) if share <= at => {
                if at > 0.0 {
                    share / at
                } else {
                    1.0
                }
            }
            Self::Peak(at) => (1.0 - share) / (1.0 - at),
        }
    }
}

/// Energy of a track, 0 to 1 on the scale of its collection; NaN where none of its numbers is known.
pub fn energy(track: &OrderTrack) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (d, w) in ENERGY {
        let value = known(track.scaled[d]);
        if !value.is_nan() {
            sum += w * value;
            weight += w;
        }
    }
    sum / weight
}

/// Quantile of sorted values, interpolated between ranks; NaN of none.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let rank = share.clamp(0.0, 1.0) * last as f64;
    let below = (rank as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    low + (high - low) * (rank - below as f64)
}

#[cfg(test)]
mod tests {
    use super::super::tests::plain;
    use super::*;

    #[test]
    fn energy_by_hand() {
        let mut t = plain();
        assert!((energy(&t) - 0.5).abs() < 1e-12);
        t.scaled[dim::LOUDNESS] = 1.0;
        assert!((energy(&t) - 0.7).abs() < 1e-12);
        t.scaled[dim::ONSET_RATE] = f32::NAN; // (0.4 + 0.15) / 0.7
        assert!((energy(&t) - 0.55 / 0.7).abs() < 1e-12);
        t.scaled = [f32::NAN; 25];
        assert!(energy(&t).is_nan());
    }

    #[test]
    fn curves_by_hand() {
        let peak = Curve::Peak(0.75);
        assert_eq!([0.0, 0.375, 0.75, 0.875, 1.0].map(|s| peak.at(s)), [0.0, 0.5, 1.0, 0.5, 0.0]);
        assert_eq!((Curve::Peak(0.0).at(0.0), Curve::Peak(0.0).at(0.25)), (1.0, 0.75));
        assert_eq!((Curve::Peak(1.0).at(0.25), Curve::Peak(1.0).at(1.0)), (0.25, 1.0));
        assert_eq!((Curve::Rise.at(0.25), Curve::Fall.at(0.25), Curve::Flat.at(0.25)), (0.25, 0.75, 0.5));
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(|s| quantile(&sorted, s)), [1.0, 1.5, 2.0, 3.0, 4.0]);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
