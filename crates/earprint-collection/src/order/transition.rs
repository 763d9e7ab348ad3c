//! What it costs to let one track follow another.
//!
//! | part | weight | cost 0 | cost 1 |
//! |---|---|---|---|
//! | tempo | 0.30 | same tempo | 0.3 octaves (23 %) and more; half or double time costs 0.25, and what is then left counts |
//! | key | 0.20 | same key | never quite: [`super::KEY_GRADES`] by the steps of [`super::key_steps`], 0.95 at most |
//! | energy | 0.25 | up to 2 LU, up to a quarter octave of onset rate | 12 LU and two octaves; loudness counts 2/3, onsets 1/3 |
//! | timbre | 0.25 | same sound | the two ends of the collection in every number: the distance over bands, spectral and stereo |
//!
//! Between the ends costs grow linearly (keys by their grades). What is unknown of either track drops out and its weight is shared by the
//! rest in proportion, so a cost lies in 0 to 1; timbre is unknown below [`crate::SHARED_AT_LEAST`] of its weight. A step up costs
//! what a step down costs: every part is symmetric to the bit. The weights and ends are choices for even listening, set by hand in 2026 and
//! measured on no listeners; every part is in the result so that anyone can weigh anew.

use earprint_core::{Aspect, DIMENSIONS, TRACK_DIMENSIONS, dim};

use super::key::{KEY_GRADES, Key, key_steps};
use super::{OrderTrack, known};
use crate::{SHARED_AT_LEAST, weights};

/// A part of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Ratio of the tempos.
    Tempo,
    /// Steps between the keys.
    Key,
    /// Loudness and onset rate.
    Energy,
    /// Distance over bands, spectral and stereo.
    Timbre,
}

impl Part {
    /// All parts, in the order of the arrays.
    pub const ALL: [Self; 4] = [Self::Tempo, Self::Key, Self::Energy, Self::Timbre];

    /// Share of the cost where all parts are known.
    pub fn weight(self) -> f64 {
        match self {
            Self::Tempo => 0.30,
            Self::Key => 0.20,
            Self::Energy | Self::Timbre => 0.25,
        }
    }

    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tempo => "tempo",
            Self::Key => "key",
            Self::Energy => "energy",
            Self::Timbre => "timbre",
        }
    }
}

/// Octaves of tempo that cost 1.
pub const TEMPO_FULL: f64 = 0.3;
/// Price of half or double time.
pub const TEMPO_FOLD: f64 = 0.25;
/// LU that cost nothing, and that cost 1.
pub const LOUDNESS: (f64, f64) = (2.0, 12.0);
/// Octaves of onset rate that cost nothing, and that cost 1.
pub const ONSETS: (f64, f64) = (0.25, 2.0);
/// Added to an onset rate before its logarithm, 1/s: from none to one in four seconds is no step.
const ONSET_FLOOR: f64 = 0.5;
/// Share of loudness in the energy part.
const LOUDNESS_SHARE: f64 = 2.0 / 3.0;

/// Numbers that make up timbre.
const TIMBRE: usize = 12;

/// From one track to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// 0 to 1; NaN where no part is known.
    pub total: f64,
    /// Cost of each part, 0 to 1, in the order of [`Part::ALL`]; NaN where unknown.
    pub parts: [f64; 4],
    /// What each part adds to `total`: its cost by its share of the known weights; 0 where unknown.
    pub shares: [f64; 4],
    /// Second tempo over first, octaves, as they are; NaN where unknown.
    pub tempo_octaves: f64,
    /// What is left of them once half or double time is allowed for, where that is cheaper.
    pub tempo_left: f64,
    /// Steps between the keys.
    pub key_steps: Option<u8>,
    /// Second loudness minus first, LU; NaN where unknown.
    pub loudness_lu: f64,
    /// Second onset rate over first, octaves, each with 0.5/s added; NaN where unknown.
    pub onset_octaves: f64,
}

impl Transition {
    /// `tempo +6 %, 1 key step, +2.1 LU`: what is known of it.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if self.tempo_octaves.is_finite() {
            words.push(format!("tempo {:+.0} %", (libm::exp2(self.tempo_octaves) - 1.0) * 100.0));
        }
        if let Some(steps) = self.key_steps {
            words.push(match steps {
                0 => "same key".to_owned(),
                1 => "1 key step".to_owned(),
                n => format!("{n} key steps"),
            });
        }
        if self.loudness_lu.is_finite() {
            words.push(format!("{:+.1} LU", self.loudness_lu));
        }
        if words.is_empty() { "unknown".to_owned() } else { words.join(", ") }
    }

    /// What loudness and onset rate add to the energy part; 0 where unknown.
    pub(super) fn energy_parts(&self) -> (f64, f64) {
        let loudness = ramp(self.loudness_lu.abs(), LOUDNESS);
        let onsets = ramp(self.onset_octaves.abs(), ONSETS);
        let or_none = |cost: f64| if cost.is_nan() { 0.0 } else { cost };
        (LOUDNESS_SHARE * or_none(loudness), (1.0 - LOUDNESS_SHARE) * or_none(onsets))
    }
}

/// What of a track a transition looks at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sound {
    tempo: f64,
    loudness: f64,
    onsets: f64,
    key: Option<Key>,
    timbre: [f32; TIMBRE],
}

/// The weights of the numbers of timbre.
#[derive(Debug, Clone)]
pub(super) struct Ear {
    places: [usize; TIMBRE],
    weights: [f64; TIMBRE],
    least: f64,
}

impl Ear {
    pub fn new() -> Self {
        let all = weights();
        let timbre: Vec<usize> =
            (0..DIMENSIONS).filter(|&d| TRACK_DIMENSIONS[d].family.aspect() == Aspect::Timbre).collect();
        let places: [usize; TIMBRE] = timbre.try_into().expect("bands, spectral and stereo are twelve numbers");
        let weights = places.map(|d| all[d]);
        Self { places, weights, least: SHARED_AT_LEAST * weights.iter().sum::<f64>() }
    }

    pub fn sound(&self, track: &OrderTrack) -> Sound {
        let value = |d: usize| known(track.values[d]);
        let tempo = value(dim::TEMPO);
        let onsets = value(dim::ONSET_RATE);
        Sound {
            tempo: if tempo > 0.0 { libm::log2(tempo) } else { f64::NAN },
            loudness: value(dim::LOUDNESS),
            onsets: if onsets >= 0.0 { libm::log2(onsets + ONSET_FLOOR) } else { f64::NAN },
            key: track.key.filter(|key| key.0 < 12),
            timbre: self.places.map(|d| if track.scaled[d].is_finite() { track.scaled[d] } else { f32::NAN }),
        }
    }

    /// Distance over the numbers of timbre, as [`crate::distance()`] has it; NaN where too little is shared.
    fn timbre(&self, a: &Sound, b: &Sound) -> f64 {
        let (mut squares, mut weight) = (0.0, 0.0);
        for d in 0..TIMBRE {
            let difference = f64::from(a.timbre[d]) - f64::from(b.timbre[d]);
            let known = !difference.is_nan();
            squares += if known { self.weights[d] * (difference * difference) } else { 0.0 };
            weight += if known { self.weights[d] } else { 0.0 };
        }
        if weight < self.least { f64::NAN } else { (squares / weight).sqrt().min(1.0) }
    }

    fn parts(&self, a: &Sound, b: &Sound) -> [f64; 4] {
        let key = match (a.key, b.key) {
            (Some(a), Some(b)) => key_steps(a, b).map_or(f64::NAN, |steps| KEY_GRADES[usize::from(steps)]),
            _ => f64::NAN,
        };
        [tempo(b.tempo - a.tempo).0, key, energy(b.loudness - a.loudness, b.onsets - a.onsets), self.timbre(a, b)]
    }

    /// [`Transition::total`], without the rest.
    pub fn total(&self, a: &Sound, b: &Sound) -> f64 {
        total(&self.parts(a, b)).0
    }

    pub fn transition(&self, a: &Sound, b: &Sound) -> Transition {
        let parts = self.parts(a, b);
        let (total, weight) = total(&parts);
        let tempo_octaves = b.tempo - a.tempo;
        Transition {
            total,
            parts,
            shares: std::array::from_fn(|p| {
                if parts[p].is_nan() { 0.0 } else { Part::ALL[p].weight() * parts[p] / weight }
            }),
            tempo_octaves,
            tempo_left: tempo(tempo_octaves).1,
            key_steps: a.key.zip(b.key).and_then(|(a, b)| key_steps(a, b)),
            loudness_lu: b.loudness - a.loudness,
            onset_octaves: b.onsets - a.onsets,
        }
    }
}

/// Weighted mean of the known parts, and the sum of their weights.
fn total(parts: &[f64; 4]) -> (f64, f64) {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (part, of) in parts.iter().zip(Part::ALL) {
        let known = !part.is_nan();
        sum += if known { of.weight() * part } else { 0.0 };
        weight += if known { of.weight() } else { 0.0 };
    }
    (sum / weight, weight)
}

/// Cost of so many octaves, and the octaves left after half or double time where that is cheaper.
fn tempo(octaves: f64) -> (f64, f64) {
    let size = octaves.abs();
    let straight = size / TEMPO_FULL;
    let folded = TEMPO_FOLD + (size - 1.0).abs() / TEMPO_FULL;
    if folded < straight {
        (folded.min(1.0), if octaves > 0.0 { octaves - 1.0 } else { octaves + 1.0 })
    } else if straight.is_nan() {
        (f64::NAN, f64::NAN)
    } else {
        (straight.min(1.0), octaves)
    }
}

/// 0 up to the one end, 1 from the other.
fn ramp(size: f64, (smooth, full): (f64, f64)) -> f64 {
    // `clamp` keeps NaN.
    ((size - smooth) / (full - smooth)).clamp(0.0, 1.0)
}

fn energy(loudness_lu: f64, onset_octaves: f64) -> f64 {
    let (loudness, onsets) = (ramp(loudness_lu.abs(), LOUDNESS), ramp(onset_octaves.abs(), ONSETS));
    match (loudness.is_nan(), onsets.is_nan()) {
        (false, false) => LOUDNESS_SHARE * loudness + (1.0 - LOUDNESS_SHARE) * onsets,
        (false, true) => loudness,
        (true, _) => onsets,
    }
}

/// From `a` to `b`, both scaled on the scale of one collection. A pitch class above 11, a tempo of 0 or less and infinite numbers count as
/// unknown.
pub fn transition(a: &OrderTrack, b: &OrderTrack) -> Transition {
    let ear = Ear::new();
    ear.transition(&ear.sound(a), &ear.sound(b))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{made_up, plain};
    use super::*;
    use crate::distance;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn the_table_by_hand() {
        let a = plain();
        let step = |change: fn(&mut OrderTrack)| {
            let mut b = plain();
            change(&mut b);
            let t = transition(&a, &b);
            (t, t.parts)
        };
        assert_eq!(transition(&a, &a).total, 0.0);
        assert!(near(Part::ALL.map(Part::weight).iter().sum(), 1.0));
        // 120 to 120 * 2^0.15 BPM: half of the full step, weight 0.3.
        let (t, parts) = step(|b| b.values[dim::TEMPO] = 133.148_34);
        assert!(near(parts[0], 0.5) && near(t.total, 0.15) && near(t.tempo_octaves, 0.15), "{t:?}");
        // Double time, and double time of a tempo 0.03 octaves higher.
        let (t, parts) = step(|b| b.values[dim::TEMPO] = 240.0);
        assert!(near(parts[0], 0.25) && near(t.tempo_octaves, 1.0) && near(t.tempo_left, 0.0));
        let (t, parts) = step(|b| b.values[dim::TEMPO] = 60.0);
        assert!(near(parts[0], 0.25) && near(t.tempo_octaves, -1.0) && near(t.tempo_left, 0.0));
        assert!(near(step(|b| b.values[dim::TEMPO] = 245.042_91).1[0], 0.35));
        assert_eq!(step(|b| b.values[dim::TEMPO] = 170.0).1[0], 1.0);
        // C to G, to its parallel, to F sharp.
        let (t, parts) = step(|b| b.key = Some((7, false)));
        assert!(near(parts[1], 0.28) && near(t.total, 0.2 * 0.28) && t.key_steps == Some(1));
        assert_eq!((step(|b| b.key = Some((0, true))).1[1], step(|b| b.key = Some((6, false))).1[1]), (0.46, 0.95));
        // 2 LU smooth, 7 LU half, 40 LU full; two thirds of the part.
        assert_eq!(step(|b| b.values[dim::LOUDNESS] += 2.0).1[2], 0.0);
        let (t, parts) = step(|b| b.values[dim::LOUDNESS] -= 7.0);
        assert!(near(parts[2], 1.0 / 3.0) && near(t.total, 0.25 / 3.0) && t.loudness_lu == -7.0);
        assert!(near(step(|b| b.values[dim::LOUDNESS] += 40.0).1[2], 2.0 / 3.0));
        // 3.5/s and the floor: 4; to 16 - 0.5: two octaves, a third of the part.
        let (t, parts) = step(|b| b.values[dim::ONSET_RATE] = 15.5);
        assert!(near(parts[2], 1.0 / 3.0) && near(t.onset_octaves, 2.0));
        // One band from 0.5 to 1: its weight over that of timbre, 48 of 103.
        let (t, parts) = step(|b| b.scaled[dim::MID] = 1.0);
        let want = (33.0 / 7.0 / 48.0 * 0.25_f64).sqrt();
        assert!(near(parts[3], want) && near(t.total, 0.25 * want));
    }

    #[test]
    fn timbre_is_the_distance_over_its_families() {
        for (a, b) in made_up(60, 5).iter().zip(&made_up(60, 6)) {
            let masked = |t: &OrderTrack| -> crate::Values {
                std::array::from_fn(|d| {
                    if TRACK_DIMENSIONS[d].family.aspect() == Aspect::Timbre { t.scaled[d] } else { f32::NAN }
                })
            };
            let (t, want) = (transition(a, b), distance(&masked(a), &masked(b)));
            assert_eq!(t.parts[3].to_bits(), want.total.to_bits(), "{want:?}");
        }
    }

    #[test]
    fn what_is_unknown_drops_out() {
        let mut b = plain();
        b.values[dim::LOUDNESS] += 7.0;
        let all = transition(&plain(), &b);
        assert!(near(all.total, 0.25 / 3.0));
        // Without a key 0.8 is left; without tempo too 0.5; without onsets loudness is the whole part.
        b.key = None;
        let t = transition(&plain(), &b);
        assert!(near(t.total, 0.25 / 3.0 / 0.8) && t.parts[1].is_nan() && t.shares[1] == 0.0 && t.key_steps.is_none());
        b.values[dim::TEMPO] = f32::NAN;
        assert!(near(transition(&plain(), &b).total, 0.25 / 3.0 / 0.5));
        b.values[dim::ONSET_RATE] = f32::INFINITY;
        assert!(near(transition(&plain(), &b).total, 0.5 * 0.5));
        // Two numbers of stereo alone are no timbre.
        b.scaled[..dim::STEREO_WIDTH].fill(f32::NAN);
        let t = transition(&plain(), &b);
        assert!(t.parts[3].is_nan() && near(t.total, 0.5));
        b.values[dim::LOUDNESS] = f32::NAN;
        let t = transition(&plain(), &b);
        assert!(t.total.is_nan() && t.parts.iter().all(|p| p.is_nan()) && t.shares == [0.0; 4]);
        let silly = OrderTrack { key: Some((12, false)), ..plain() };
        assert!(transition(&plain(), &silly).parts[1].is_nan());
    }

    #[test]
    fn symmetric_within_bounds_and_nothing_to_itself() {
        let all = made_up(60, 1);
        for a in &all {
            let own = transition(a, a).total;
            assert!(own == 0.0, "{own}");
            for b in &all {
                let (t, back) = (transition(a, b), transition(b, a));
                assert_eq!(
                    (t.total.to_bits(), t.parts.map(f64::to_bits)),
                    (back.total.to_bits(), back.parts.map(f64::to_bits))
                );
                assert!((0.0..=1.0).contains(&t.total));
                assert!((t.shares.iter().sum::<f64>() - t.total).abs() < 1e-12);
                let ear = Ear::new();
                assert_eq!(ear.total(&ear.sound(a), &ear.sound(b)).to_bits(), t.total.to_bits());
                assert!(t.tempo_octaves == -back.tempo_octaves || t.tempo_octaves.is_nan());
            }
        }
    }
}
