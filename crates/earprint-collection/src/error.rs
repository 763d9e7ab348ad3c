//! What cannot be compared.

/// A comparison that would be a guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectionError {
    /// Two versions of the numbers met.
    #[error(
        "records of version {expected} and {actual} cannot be compared; analyse the tracks again so that both have one version"
    )]
    Schema {
        /// Version of the collection or scale.
        expected: String,
        /// Version that came.
        actual: String,
    },
    /// No reference scale is stored for this version.
    #[error("no reference scale for version {actual}; expected trk-1 or trk-1x")]
    NoReference {
        /// Version that came.
        actual: String,
    },
    /// Numbers that are no scale.
    #[error("{what}; expected {expected}; make the scale again from the collection")]
    Scale {
        /// What came.
        what: String,
        /// What a scale must be.
        expected: &'static str,
    },
}

impl CollectionError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Schema { .. } => "E_SCHEMA_MIX",
            Self::NoReference { .. } => "E_SCHEMA_UNKNOWN",
            Self::Scale { .. } => "E_SCALE",
        }
    }
}
