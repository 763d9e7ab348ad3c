//! The fate of one input.

/// How one input ended. The words are those of the NDJSON records and of `manifest.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Status {
    /// Everything that was asked for was computed from the whole input.
    Ok,
    /// Numbers were computed, from less than the whole input (the record says where it stopped).
    Partial,
    /// Not an audio file by its name; not opened.
    Skipped,
    /// No numbers; the record says why.
    Error,
}

impl Status {
    /// The word as it stands in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}
