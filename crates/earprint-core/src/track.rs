//! The words of the track descriptor `trk-1`: its 25 numbers, their units and families, and why a number may be unknown.

use crate::Section;

/// Version of the descriptor: stored with every record. Records of two versions are never compared.
pub const TRACK_SCHEMA: &str = "trk-1";

/// Version of a descriptor made from an excerpt.
pub const TRACK_EXCERPT_SCHEMA: &str = "trk-1x";

/// Rate at which tracks are analysed, Hz.
pub const TRACK_RATE_HZ: u32 = 44_100;

/// Numbers of the descriptor, D.
pub const DIMENSIONS: usize = 25;

/// Families of dimensions: similarity weighs by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Family {
    /// Shares of power in seven bands.
    Bands,
    /// Level and its peaks.
    Dynamics,
    /// Beats and onsets.
    Temporal,
    /// Shape of the spectrum.
    Spectral,
    /// Pitch and harmony.
    Harmonic,
    /// How much level and peaks vary.
    Variation,
    /// Left and right.
    Stereo,
}

/// What a listener would call the difference between two tracks: sums of families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Aspect {
    /// Bands, spectral, stereo.
    Timbre,
    /// Temporal.
    Rhythm,
    /// Harmonic.
    Harmony,
    /// Dynamics, variation.
    Level,
}

impl Family {
    /// All families, in the order of the weights.
    pub const ALL: [Self; 7] =
        [Self::Bands, Self::Dynamics, Self::Temporal, Self::Spectral, Self::Harmonic, Self::Variation, Self::Stereo];

    /// Weight of the family in similarity, before renormalising; shared equally by its dimensions.
    pub fn weight(self) -> f64 {
        match self {
            Self::Bands => 33.0,
            Self::Dynamics => 23.0,
            Self::Temporal => 18.0,
            Self::Spectral => 12.0,
            Self::Harmonic => 9.0,
            Self::Variation => 5.0,
            Self::Stereo => 3.0,
        }
    }

    /// The aspect it counts towards.
    pub fn aspect(self) -> Aspect {
        match self {
            Self::Bands | Self::Spectral | Self::Stereo => Aspect::Timbre,
            Self::Temporal => Aspect::Rhythm,
            Self::Harmonic => Aspect::Harmony,
            Self::Dynamics | Self::Variation => Aspect::Level,
        }
    }
}

impl Aspect {
    /// All aspects.
    pub const ALL: [Self; 4] = [Self::Timbre, Self::Rhythm, Self::Harmony, Self::Level];

    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timbre => "timbre",
            Self::Rhythm => "rhythm",
            Self::Harmony => "harmony",
            Self::Level => "level",
        }
    }
}

/// One dimension of the descriptor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimension {
    /// Name in records, tables and exports.
    pub name: &'static str,
    /// Unit, `""` for a pure number.
    pub unit: &'static str,
    /// Family.
    pub family: Family,
    /// Largest difference between a device that rounds otherwise and the CPU on the built-in sounds, in the unit; 0 where the
    /// number comes from the samples, which no device sees. A step for two whose choices may fall otherwise: a bin of
    /// rolloff, an onset in 50 s. Measured: `tests/tests/track_rounding.rs`.
    pub device_bound: f64,
}

macro_rules! dimensions {
    ($($konst:ident $name:literal $unit:literal $family:ident $bound:literal;)*) => {
        /// The dimensions, in the order of the values.
        pub const TRACK_DIMENSIONS: [Dimension; DIMENSIONS] =
            [$(Dimension { name: $name, unit: $unit, family: Family::$family, device_bound: $bound }),*];

        /// Index of each dimension in a descriptor.
        #[allow(missing_docs)]
        pub mod dim {
            dimensions!(@count 0usize; $($konst)*);
        }
    };
    (@count $n:expr; $konst:ident $($rest:ident)*) => {
        pub const $konst: usize = $n;
        dimensions!(@count $n + 1usize; $($rest)*);
    };
    (@count $n:expr;) => {};
}

dimensions! {
    SUB_BASS "sub_bass" "" Bands 1e-8;
    BASS "bass" "" Bands 1e-8;
    LOW_MID "low_mid" "" Bands 1e-8;
    MID "mid" "" Bands 1e-8;
    UPPER_MID "upper_mid" "" Bands 1e-8;
    PRESENCE "presence" "" Bands 1e-8;
    AIR "air" "" Bands 1e-8;
    LOUDNESS "loudness" "LUFS" Dynamics 0.0;
    CREST "crest" "dB" Dynamics 0.0;
    BASS_MID_RATIO "bass_mid_ratio" "dB" Dynamics 1e-6;
    TEMPO "tempo" "BPM" Temporal 1e-3;
    RHYTHM_STABILITY "rhythm_stability" "" Temporal 1e-4;
    ONSET_RATE "onset_rate" "1/s" Temporal 0.02;
    SILENCE_RATIO "silence_ratio" "" Temporal 0.0;
    CENTROID "centroid" "Hz" Spectral 1e-3;
    ROLLOFF "rolloff" "Hz" Spectral 10.8;
    FLATNESS "flatness" "" Spectral 1e-7;
    HARMONIC_RATIO "harmonic_ratio" "" Harmonic 1e-6;
    PITCH_STABILITY "pitch_stability" "" Harmonic 1e-5;
    CHROMA_CONCENTRATION "chroma_concentration" "" Harmonic 1e-6;
    CREST_VARIATION "crest_variation" "dB" Variation 0.0;
    LOUDNESS_VARIATION "loudness_variation" "LU" Variation 0.0;
    PEAK_CONSISTENCY "peak_consistency" "" Variation 0.0;
    STEREO_WIDTH "stereo_width" "" Stereo 0.0;
    PHASE_CORRELATION "phase_correlation" "" Stereo 0.0;
}

/// Bands of the first seven dimensions: `[from, to)` in Hz.
pub const BANDS_HZ: [(f64, f64); 7] = [
    (20.0, 60.0),
    (60.0, 250.0),
    (250.0, 500.0),
    (500.0, 2000.0),
    (2000.0, 4000.0),
    (4000.0, 6000.0),
    (6000.0, 20_000.0),
];

/// Why a number is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Why {
    /// No sample differs from zero where the number would be measured (for mono features: the channels cancel).
    Silence,
    /// The track is shorter than the number needs.
    TooShort,
    /// The band starts above half the source's sample rate.
    AboveNyquist,
    /// Fewer than four beats.
    NoBeats,
    /// Fewer than ten voiced frames.
    Unvoiced,
    /// The loudness never passes the absolute gate of -70 LUFS.
    BelowGate,
    /// The source holds NaN or infinite samples: nothing measured on it can be trusted.
    NonFinite,
    /// The value is undefined for this signal (a ratio of two zeros).
    Undefined,
}

impl Why {
    /// The word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::TooShort => "too_short",
            Self::AboveNyquist => "above_nyquist",
            Self::NoBeats => "no_beats",
            Self::Unvoiced => "unvoiced",
            Self::BelowGate => "below_gate",
            Self::NonFinite => "non_finite",
            Self::Undefined => "undefined",
        }
    }
}

/// A number, or why there is none.
pub type Known = Result<f64, Why>;

/// The 25 numbers of one track, in the order of [`TRACK_DIMENSIONS`]; f32 is what leaves, rounded once from f64.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descriptor {
    /// Values; NaN exactly where `why` says why.
    pub values: [f32; DIMENSIONS],
    /// Reasons of the unknown ones.
    pub why: [Option<Why>; DIMENSIONS],
}

impl Descriptor {
    /// A descriptor from numbers and reasons. A value that came out non-finite is unknown: [`Why::Undefined`].
    pub fn new(known: [Known; DIMENSIONS]) -> Self {
        let mut out = Self { values: [f32::NAN; DIMENSIONS], why: [None; DIMENSIONS] };
        for (d, k) in known.into_iter().enumerate() {
            match k {
                Ok(v) if (v as f32).is_finite() => out.values[d] = v as f32,
                Ok(_) => out.why[d] = Some(Why::Undefined),
                Err(why) => out.why[d] = Some(why),
            }
        }
        out
    }

    /// Every number unknown for one reason.
    pub fn unknown(why: Why) -> Self {
        Self::new([Err(why); DIMENSIONS])
    }
}

/// The wider table beside the descriptor. `None` where a number is unknown.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackTable {
    /// Length, seconds, of what was decoded.
    pub duration: f64,
    /// The source's own rate, Hz.
    pub sample_rate: u32,
    /// The source's channels.
    pub channels: u32,
    /// Codec as the decoder names it.
    pub codec: String,
    /// Key, `C`, `C#` ... `B`, `major` or `minor` apart.
    pub key: Option<String>,
    /// `major` or `minor`.
    pub mode: Option<String>,
    /// Correlation with the best key profile minus that with the second best.
    pub key_margin: Option<f32>,
    /// Tuning against A4 = 440 Hz, cents, -50 to 50.
    pub tuning: Option<f32>,
    /// Means of 13 MFCC.
    pub mfcc_mean: Option<[f32; 13]>,
    /// Standard deviations of 13 MFCC.
    pub mfcc_std: Option<[f32; 13]>,
    /// Means of the L1-normalised chroma, C first.
    pub chroma: Option<[f32; 12]>,
    /// Tonnetz of the mean chroma: fifths, minor thirds, major thirds, each (sin, cos).
    pub tonnetz: Option<[f32; 6]>,
    /// Zero crossings a second of the mono signal.
    pub zero_crossing_rate: Option<f32>,
    /// Mean RMS over frames, full scale 1.
    pub rms_mean: Option<f32>,
    /// Standard deviation of the RMS over frames.
    pub rms_std: Option<f32>,
    /// Median over frames of the power-weighted standard deviation around the centroid, Hz.
    pub bandwidth: Option<f32>,
    /// Mean over frames of the onset envelope, dB a band a frame.
    pub flux: Option<f32>,
    /// True peak over all channels, dBTP (ITU-R BS.1770-4 annex 2).
    pub true_peak: Option<f32>,
    /// Loudness range, LU (EBU Tech 3342).
    pub loudness_range: Option<f32>,
    /// Sections, from the start of the track to its end; `None` for a track that is silent or too short for a descriptor.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sections: Option<Vec<Section>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_weights_are_the_definitions() {
        let mut names: Vec<_> = TRACK_DIMENSIONS.iter().map(|d| d.name).collect();
        assert_eq!((names[dim::TEMPO], names[dim::PHASE_CORRELATION]), ("tempo", "phase_correlation"));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DIMENSIONS);
        assert_eq!(Family::ALL.map(Family::weight).iter().sum::<f64>(), 103.0);
    }

    #[test]
    fn a_value_is_nan_exactly_where_a_reason_stands() {
        let mut known = [Ok(1.0); DIMENSIONS];
        known[dim::TEMPO] = Err(Why::TooShort);
        known[dim::CREST] = Ok(f64::INFINITY);
        let d = Descriptor::new(known);
        for i in 0..DIMENSIONS {
            assert_eq!(d.values[i].is_nan(), d.why[i].is_some());
        }
        assert_eq!((d.why[dim::TEMPO], d.why[dim::CREST]), (Some(Why::TooShort), Some(Why::Undefined)));
    }
}
