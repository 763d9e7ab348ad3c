//! What a listener may stumble over in a sequence, found by us or written by a person.
//!
//! Each finding names the position it is at, how bad it is and, in words, what it is. Severity of a transition is the cost of the part that jumps; of the rest
//! see [`Fault`].

use std::collections::BTreeMap;

use earprint_core::dim;

use super::key::key_words;
use super::transition::{Ear, Part, Transition};
use super::{OrderTrack, known};
/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The tempo changes by more than the limit, half and double time allowed for.
    TempoJump,
    /// The keys are further apart than the limit.
    KeyClash,
    /// Energy rises by more than the limit: louder, or denser where loudness says nothing.
    EnergyJump,
    /// Energy falls by more than the limit.
    EnergyDrop,
    /// Too few tracks since the last of the same artist. Severity: the share of the space that is missing.
    ArtistNear,
    /// More tracks of one artist than the limit. Severity 1.
    ArtistOften,
    /// The track was there before. Severity 1.
    Duplicate,
    /// Parts of the transition are unknown. Severity: their weight.
    Unknown,
    /// The index names no track. Severity 1; transitions to and from it are not looked at.
    NoSuchTrack,
}

impl Fault {
    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::TempoJump => "tempo_jump",
            Self::KeyClash => "key_clash",
            Self::EnergyJump => "energy_jump",
            Self::EnergyDrop => "energy_drop",
            Self::ArtistNear => "artist_near",
            Self::ArtistOften => "artist_often",
            Self::Duplicate => "duplicate",
            Self::Unknown => "unknown",
            Self::NoSuchTrack => "no_such_track",
        }
    }
}

/// Something at a position.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Position in the sequence, from 0: of the later track of the two, where there are two.
    pub position: usize,
    /// What it is.
    pub fault: Fault,
    /// How bad, 0 to 1.
    pub severity: f64,
    /// In words.
    pub words: String,
}

/// From where on something is found.
#[derive(Debug, Clone, PartialEq)]
pub struct LintLimits {
    /// Largest change of tempo, percent of the slower.
    pub tempo_percent: f64,
    /// Most steps between keys.
    pub key_steps: u8,
    /// Largest cost of the energy part, 0 to 1.
    pub energy: f64,
    /// Tracks between two of one artist, at least.
    pub artist_gap: usize,
    /// Most tracks of one artist.
    pub per_artist: Option<usize>,
}

impl Default for LintLimits {
    /// 8 % (what the pitch control of a turntable spans), two steps, 0.25 (5.75 LU alone), and nothing of artists.
    fn default() -> Self {
        Self { tempo_percent: 8.0, key_steps: 2, energy: 0.25, artist_gap: 0, per_artist: None }
    }
}

/// Findings of a sequence of indices, by position. Empty where there is nothing to say.
pub fn lint(tracks: &[OrderTrack], sequence: &[usize], limits: &LintLimits) -> Vec<Finding> {
    let ear = Ear::new();
    let mut out = Vec::new();
    // Where each track came first; of each artist the last position and how many so far.
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut artists: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (position, &index) in sequence.iter().enumerate() {
        let mut find = |fault, severity: f64, words| out.push(Finding { position, fault, severity, words });
        let Some(track) = tracks.get(index) else {
            find(Fault::NoSuchTrack, 1.0, format!("track {index} of {}", tracks.len()));
            continue;
        };
        let place = *places.entry(index).or_insert(position);
        if place < position {
            find(Fault::Duplicate, 1.0, format!("the track of position {place} again"));
        }
        if let Some(artist) = track.artist.as_deref() {
            let gap = limits.artist_gap;
            let (mut count, mut missing) = (1, 0);
            if let Some((last, so_far)) = artists.get(artist) {
                count += so_far;
                missing = gap.saturating_sub(position - last - 1);
            }
            if missing > 0 {
                let words = format!("{artist} again after {} of at least {gap} other tracks", gap - missing);
                find(Fault::ArtistNear, missing as f64 / gap as f64, words);
            }
            if let Some(most) = limits.per_artist
                && count > most
            {
                find(Fault::ArtistOften, 1.0, format!("{count} tracks by {artist}, {most} at most"));
            }
            artists.insert(artist, (position, count));
        }
        if let Some(before) = sequence[..position].last().and_then(|&e| tracks.get(e)) {
            let t = ear.transition(&ear.sound(before), &ear.sound(track));
            between(before, track, &t, limits, &mut find);
        }
    }
    out
}

/// Findings of one transition.
fn between(
    a: &OrderTrack,
    b: &OrderTrack,
    t: &Transition,
    limits: &LintLimits,
    find: &mut impl FnMut(Fault, f64, String),
) {
    let [tempo, key, energy, _] = t.parts;
    let percent = 100.0 * (libm::exp2(t.tempo_left.abs()) - 1.0);
    if percent > limits.tempo_percent {
        let (from, to) = (known(a.values[dim::TEMPO]), known(b.values[dim::TEMPO]));
        let fold = t.tempo_octaves - t.tempo_left;
        let beat = if fold > 0.5 {
            " in double time"
        } else if fold < -0.5 {
            " in half time"
        } else {
            ""
        };
        let way = if t.tempo_left > 0.0 { "faster" } else { "slower" };
        find(Fault::TempoJump, tempo, format!("{from:.0} to {to:.0} BPM: {percent:.0} % {way}{beat}"));
    }
    if let (Some(steps), Some(from), Some(to)) = (t.key_steps, a.key, b.key)
        && steps > limits.key_steps
    {
        find(Fault::KeyClash, key, format!("{} to {}: {steps} steps", key_words(from), key_words(to)));
    }
    if energy > limits.energy {
        // What costs more says which way; loudness where both cost the same.
        let (loud, dense) = t.energy_parts();
        let louder = if dense > loud || t.loudness_lu.is_nan() { t.onset_octaves > 0.0 } else { t.loudness_lu > 0.0 };
        let mut words = Vec::new();
        if !t.loudness_lu.is_nan() {
            let way = if t.loudness_lu > 0.0 { "louder" } else { "softer" };
            words.push(format!("{:.1} LU {way}", t.loudness_lu.abs()));
        }
        if !t.onset_octaves.is_nan() {
            let (from, to) = (known(a.values[dim::ONSET_RATE]), known(b.values[dim::ONSET_RATE]));
            words.push(format!("{from:.1} to {to:.1} onsets a second"));
        }
        let fault = if louder { Fault::EnergyJump } else { Fault::EnergyDrop };
        find(fault, energy, words.join(", "));
    }
    let missing: Vec<Part> = Part::ALL.into_iter().zip(t.parts).filter(|(_, c)| c.is_nan()).map(|(p, _)| p).collect();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|p| p.name()).collect();
        let weight: f64 = missing.iter().map(|p| p.weight()).sum();
        find(Fault::Unknown, weight.min(1.0), format!("unknown: {}", names.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plain;
    use super::*;

    #[test]
    fn each_fault_by_hand() {
        let limits = LintLimits { artist_gap: 2, per_artist: Some(2), ..LintLimits::default() };
        let mut tracks = vec![plain(); 6];
        tracks[0].artist = Some("a".to_owned());
        tracks[1].values[dim::TEMPO] = 150.0;
        tracks[2].values[dim::TEMPO] = 62.0; // 120 in half time, and 3 %
        tracks[3].key = Some((6, false));
        tracks[4].values[dim::LOUDNESS] = -2.0;
        tracks[5].key = None;
        let say = |sequence: &[usize]| -> Vec<(usize, &'static str, String)> {
            lint(&tracks, sequence, &limits).into_iter().map(|f| (f.position, f.fault.name(), f.words)).collect()
        };
        let one = |p: usize, name, words: &str| (p, name, words.to_owned());
        let again = plain();
        assert!(lint(&[plain(), again], &[0, 1], &limits).is_empty());
        assert_eq!(say(&[0, 1]), [one(1, "tempo_jump", "120 to 150 BPM: 25 % faster")]);
        assert_eq!(say(&[1, 0]), [one(1, "tempo_jump", "150 to 120 BPM: 25 % slower")]);
        assert_eq!(say(&[0, 2]), []);
        assert_eq!(say(&[1, 2]), [one(1, "tempo_jump", "150 to 62 BPM: 21 % slower in half time")]);
        assert_eq!(say(&[0, 3]), [one(1, "key_clash", "C major to F# major: 6 steps")]);
        assert_eq!(say(&[0, 4]), [one(1, "energy_jump", "12.0 LU louder, 3.5 to 3.5 onsets a second")]);
        assert_eq!(say(&[4, 0]), [one(1, "energy_drop", "12.0 LU softer, 3.5 to 3.5 onsets a second")]);
        assert_eq!(say(&[0, 5]), [one(1, "unknown", "unknown: key")]);
        let found = lint(&tracks, &[0, 5, 0, 9, 0], &limits);
        let faults: Vec<_> = found.iter().map(|f| (f.position, f.fault, f.severity)).collect();
        let want = [
            (1, Fault::Unknown, 0.2),
            (2, Fault::Duplicate, 1.0),
            (2, Fault::ArtistNear, 0.5),
            (2, Fault::Unknown, 0.2),
            (3, Fault::NoSuchTrack, 1.0),
            (4, Fault::Duplicate, 1.0),
            (4, Fault::ArtistNear, 0.5),
            (4, Fault::ArtistOften, 1.0),
        ];
        assert_eq!(faults, want);
        assert!(lint(&tracks, &[], &limits).is_empty() && lint(&[], &[0], &limits).len() == 1);
        assert_eq!(lint(&tracks, &[0, 3], &limits)[0].severity, 0.95);
        // Loudness unknown: onsets say which way.
        tracks[1] = plain();
        (tracks[1].values[dim::LOUDNESS], tracks[1].values[dim::ONSET_RATE]) = (f32::NAN, 0.1);
        let found = lint(&tracks, &[0, 1], &limits);
        assert_eq!((found[0].fault, found[0].words.as_str()), (Fault::EnergyDrop, "3.5 to 0.1 onsets a second"));
    }
}
