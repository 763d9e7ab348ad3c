//! What cannot be put in order.

/// A job that cannot be done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// An index that names no track.
    #[error("{what} is track {index} of {n}; expected an index below {n}")]
    NoSuchTrack {
        /// What names it.
        what: &'static str,
        /// The index.
        index: usize,
        /// Number of tracks.
        n: usize,
    },
    /// One track for both ends.
    #[error(
        "first and last are both track {index}, and {n} tracks are asked for; give two different tracks, or a limit of 1"
    )]
    SameEnds {
        /// The track.
        index: usize,
        /// Tracks asked for.
        n: usize,
    },
    /// A path and a fixed end that differ.
    #[error("the path wants track {path} as {what}, the limits want track {fixed}; give it in one place")]
    EndsDiffer {
        /// `first` or `last`.
        what: &'static str,
        /// That of the path.
        path: usize,
        /// That of the limits.
        fixed: usize,
    },
    /// Both ends are of an artist who may have one.
    #[error("first and last are both by {artist}, who may have {most}; allow more of an artist, or change an end")]
    PerArtist {
        /// The artist.
        artist: String,
        /// Most tracks of one.
        most: usize,
    },
    /// Fewer tracks than there are fixed ends.
    #[error("a limit of {limit} tracks; expected at least {needed}: every fixed end counts, and an order has a track")]
    Tracks {
        /// The limit.
        limit: usize,
        /// Least number.
        needed: usize,
    },
    /// Not even the fixed ends, or any one track, fit.
    #[error("a limit of {limit} s; {}", match needed {
        Some(s) => format!("the fixed ends, or else the shortest track, last {s} s: give more time"),
        None => "no track has a known duration: limit the number of tracks instead".to_owned(),
    })]
    Duration {
        /// The limit, seconds.
        limit: f64,
        /// Least time that is needed, seconds; `None` where no duration is known.
        needed: Option<f64>,
    },
    /// A fixed end whose duration is unknown, under a limit of time.
    #[error("track {index} is fixed as an end, but its duration is unknown; limit the number of tracks instead")]
    DurationUnknown {
        /// The track.
        index: usize,
    },
    /// A number out of its range.
    #[error("{what} is {came}; expected {expected}")]
    Number {
        /// Which number.
        what: &'static str,
        /// What came.
        came: String,
        /// Its range.
        expected: &'static str,
    },
}

impl OrderError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchTrack { .. } => "E_NO_TRACK",
            Self::SameEnds { .. } => "E_SAME_ENDS",
            Self::EndsDiffer { .. } => "E_ENDS_DIFFER",
            Self::PerArtist { .. } => "E_PER_ARTIST",
            Self::Tracks { .. } => "E_LIMIT_TRACKS",
            Self::Duration { .. } => "E_LIMIT_DURATION",
            Self::DurationUnknown { .. } => "E_DURATION_UNKNOWN",
            Self::Number { .. } => "E_NUMBER",
        }
    }
}
