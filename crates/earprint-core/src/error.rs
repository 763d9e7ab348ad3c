//! What can be wrong with a specification, said with what was expected and what came.

/// A specification that cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// No preset has this name.
    #[error("preset \"{got}\" is unknown; expected one of {}", crate::PRESET_NAMES.join(", "))]
    UnknownPreset {
        /// The name that was asked for.
        got: String,
    },
    /// One field has a value outside its range.
    #[error("{field} is {got}; expected {expected}")]
    OutOfRange {
        /// Field of `MelSpec` or `Windows`.
        field: &'static str,
        /// The value that came.
        got: String,
        /// The range or rule it breaks.
        expected: String,
    },
}

impl SpecError {
    pub(crate) fn range(field: &'static str, got: impl ToString, expected: impl ToString) -> Self {
        Self::OutOfRange { field, got: got.to_string(), expected: expected.to_string() }
    }
}
