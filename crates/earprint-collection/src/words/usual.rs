//! What is usual in a collection: the middle and the spread of every dimension, and the place of a value among the others.
//!
//! **Deviation** of a value, in the manner of a z-score but robust: (value - median) over a spread, where the spread is the width between the 5th
//! and the 95th percentile over 3.29, which is the standard deviation where values are normal. One broken file with its centroid at 16
//! kHz would otherwise make all others "neither bright nor dark" (P. J. Huber, "Robust Statistics", 1981, chapter 1).
//!
//! **Place**: the share of the collection below the value, ties counted half (midrank). Any rising change of a unit leaves it alone, and a
//! threshold on it says what share of tracks lies beyond.
//!
//! **What is not heard is not said.** A collection of two encodings of one track has a "brighter" one, by a hertz. A width below
//! [`HEARD_AT_LEAST`] of the reference width of the dimension counts as that much for deviations, and draws places towards the middle
//! in proportion. Nor is a beat without onsets: held chords have a beat grid too, at any tempo. Where fewer than one onset falls on
//! [`BEATS_AN_ONSET`] beats, tempo and steadiness of the beat count as unknown.

use earprint_core::{DIMENSIONS, dim};

use crate::scale::percentile;
use crate::{REFERENCE_UNDER, Scale, Values};

/// Narrowest width between 5th and 95th percentile, as a share of the reference scale's. At a quarter the word "slightly" begins at 0.9 LU of
/// loudness, 5 BPM of tempo and 115 Hz of centroid from the middle: about the differences that listeners begin to notice (1 dB of
/// level; some 5 % of tempo).
pub const HEARD_AT_LEAST: f64 = 0.25;

/// Beats among which at least one onset must fall for the tempo to be heard: a bar of the usual length.
pub const BEATS_AN_ONSET: f32 = 4.0;

/// Standard deviations between the 5th and the 95th percentile of a normal distribution.
const NORMAL_WIDTH: f64 = 3.29;

/// The middle and spread of every dimension, and its sorted values.
#[derive(Debug, Clone, PartialEq)]
pub struct Usual {
    middle: [f64; DIMENSIONS],
    width: [f64; DIMENSIONS],
    /// What part of the heard width there is, 0 to 1.
    heard: [f64; DIMENSIONS],
    sorted: [Vec<f32>; DIMENSIONS],
    reference: Scale,
}

impl Usual {
    /// What is usual among `tracks`, in their own units, NaN where unknown. `reference` says how much is heard, and where values lie when
    /// tracks are too few to say it: [`Scale::reference`].
    pub fn of<'a>(reference: &Scale, tracks: impl IntoIterator<Item = &'a Values>) -> Self {
        let mut sorted: [Vec<f32>; DIMENSIONS] = Default::default();
        for track in tracks {
            for (column, v) in sorted.iter_mut().zip(heard(track)) {
                if v.is_finite() {
                    column.push(v);
                }
            }
        }
        let (mut middle, mut width, mut heard) = ([f64::NAN; DIMENSIONS], [f64::NAN; DIMENSIONS], [0.0; DIMENSIONS]);
        for (d, column) in sorted.iter_mut().enumerate() {
            if column.is_empty() {
                continue;
            }
            column.sort_unstable_by(f32::total_cmp);
            let least = HEARD_AT_LEAST * (reference.high()[d] - reference.low()[d]);
            let own = percentile(column, 95) - percentile(column, 5);
            (middle[d], width[d], heard[d]) = (percentile(column, 50), own.max(least), (own / least).min(1.0));
        }
        Self { middle, width, heard, sorted, reference: reference.clone() }
    }

    /// Tracks that know dimension `d`.
    pub fn known(&self, d: usize) -> usize {
        self.sorted[d].len()
    }

    /// The middle of dimension `d` in its unit; NaN where no track knows it.
    pub fn middle(&self, d: usize) -> f64 {
        self.middle[d]
    }

    /// How far a value lies from the middle of its dimension, in standard deviations; NaN where it is unknown or was of all tracks.
    pub fn deviation(&self, d: usize, value: f32) -> f64 {
        NORMAL_WIDTH * (f64::from(value) - self.middle[d]) / self.width[d]
    }

    /// Where a value lies in its dimension, 0 to 1: the share of the tracks below it, half of those equal to it. Where fewer than
    /// [`REFERENCE_UNDER`] tracks know the dimension, the place on the reference scale: 0.05 at its low end, 0.95 at the high one. NaN
    /// where the value is unknown.
    pub fn place(&self, d: usize, value: f32) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        let sorted = &self.sorted[d];
        if sorted.len() < REFERENCE_UNDER {
            let (low, high) = (self.reference.low()[d], self.reference.high()[d]);
            return (0.05 + 0.9 * (f64::from(value) - low) / (high - low)).clamp(0.0, 1.0);
        }
        let below = sorted.partition_point(|v| *v < value);
        let up_to = sorted.partition_point(|v| *v <= value);
        let rank = (below + up_to) as f64 / (2 * sorted.len()) as f64;
        0.5 + (rank - 0.5) * self.heard[d]
    }
}

/// The numbers of a track without those of a beat that nobody hears.
pub(crate) fn heard(track: &Values) -> Values {
    let mut heard = *track;
    if track[dim::ONSET_RATE] * BEATS_AN_ONSET * 60.0 < track[dim::TEMPO] {
        (heard[dim::TEMPO], heard[dim::RHYTHM_STABILITY]) = (f32::NAN, f32::NAN);
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::dim;

    fn reference() -> Scale {
        Scale::reference("trk-1").unwrap()
    }

    /// Tracks whose dimensions all hold one number.
    fn tracks(values: &[f32]) -> Vec<Values> {
        values.iter().map(|v| [*v; DIMENSIONS]).collect()
    }

    #[test]
    fn deviations_and_places_by_hand() {
        // 0, 10 ... 200: median 100, percentiles 10 and 190.
        let values: Vec<f32> = (0..21u8).map(|i| f32::from(i) * 10.0).collect();
        let usual = Usual::of(&reference(), &tracks(&values));
        assert_eq!((usual.middle(dim::TEMPO), usual.known(dim::TEMPO)), (100.0, 21));
        assert!((usual.deviation(dim::TEMPO, 190.0) - 1.645).abs() < 1e-12);
        assert!((usual.place(dim::TEMPO, 30.0) - 3.5 / 21.0).abs() < 1e-12); // three below, itself half
        assert_eq!((usual.place(dim::TEMPO, -1.0), usual.place(dim::TEMPO, 999.0)), (0.0, 1.0));
        assert!(usual.place(dim::TEMPO, f32::NAN).is_nan() && usual.deviation(dim::TEMPO, f32::NAN).is_nan());
    }

    #[test]
    fn a_beat_without_onsets_is_not_heard() {
        // 120 BPM: a bar of four beats lasts 2 s.
        let track = |onsets: f32| {
            let mut t = [1.0; DIMENSIONS];
            (t[dim::TEMPO], t[dim::ONSET_RATE]) = (120.0, onsets);
            heard(&t)
        };
        assert_eq!((track(0.5)[dim::TEMPO], track(f32::NAN)[dim::TEMPO]), (120.0, 120.0));
        let less = track(0.49);
        assert!(less[dim::TEMPO].is_nan() && less[dim::RHYTHM_STABILITY].is_nan());
        assert_eq!(less.iter().filter(|v| v.is_nan()).count(), 2);
        assert_eq!(Usual::of(&reference(), &[less, track(2.0)]).known(dim::TEMPO), 1);
    }

    #[test]
    fn a_few_tracks_lie_on_the_reference_scale() {
        let usual = Usual::of(&reference(), &tracks(&[100.0, 120.0]));
        assert!((usual.place(dim::TEMPO, 70.0) - 0.05).abs() < 1e-12);
        assert!((usual.place(dim::TEMPO, 120.0) - 0.5).abs() < 1e-12);
        assert_eq!(usual.place(dim::TEMPO, 400.0), 1.0);
    }

    #[test]
    fn what_is_not_heard_is_not_said() {
        // Tempo between 120 and 121: the width is 0.9 BPM of the 25 that count.
        let values: Vec<f32> = (0..21u8).map(|i| 120.0 + f32::from(i) / 20.0).collect();
        let usual = Usual::of(&reference(), &tracks(&values));
        assert!((usual.deviation(dim::TEMPO, 121.0) - 3.29 * 0.5 / 25.0).abs() < 1e-9);
        assert!((usual.place(dim::TEMPO, 121.0) - (0.5 + (20.5 / 21.0 - 0.5) * 0.9 / 25.0)).abs() < 1e-6);
        // Equal tracks, one track, and a dimension of which nothing is known.
        let usual = Usual::of(&reference(), &tracks(&[7.0; 30]));
        assert_eq!((usual.deviation(0, 7.0), usual.place(0, 7.0)), (0.0, 0.5));
        assert_eq!(Usual::of(&reference(), &tracks(&[7.0])).deviation(0, 7.0), 0.0);
        let none = Usual::of(&reference(), &tracks(&[f32::NAN; 30]));
        assert!(none.deviation(0, 1.0).is_nan() && none.middle(0).is_nan() && none.known(0) == 0);
    }
}
