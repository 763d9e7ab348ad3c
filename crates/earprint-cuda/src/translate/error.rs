//! Why a kernel was not translated. The construct is always named: nothing unknown is passed through.

/// Refusal or failure of [`translate`](crate::translate::translate).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranslateError {
    /// The text is not WGSL.
    #[error("WGSL does not parse: {0}")]
    Parse(String),
    /// The text parses but is not a valid module.
    #[error("WGSL is not valid: {0}")]
    Validation(String),
    /// No compute entry point of that name.
    #[error("no compute entry point `{entry}`; the text has: {found}")]
    EntryNotFound {
        /// The name asked for.
        entry: String,
        /// Names of the compute entry points present, comma separated.
        found: String,
    },
    /// An `override` constant has no value, an unknown name, or a value outside its type.
    #[error("override constants: {0}")]
    Override(String),
    /// A construct outside the subset.
    #[error("unsupported in CUDA translation: {construct} (in {place})")]
    Unsupported {
        /// The construct, in WGSL's words where it has them.
        construct: String,
        /// Function, type or variable in which it stands.
        place: String,
    },
    /// A built-in function whose result differs between devices.
    #[error(
        "`{function}` (in {place}) gives different bits on different devices; \
         use a host table or a polynomial, or allow it with Options::allow_inexact"
    )]
    Inexact {
        /// WGSL name of the function.
        function: String,
        /// Function in which it is called.
        place: String,
    },
    /// Uniform blocks travel as kernel parameters, which CUDA limits.
    #[error("uniform blocks and buffer arguments take {bytes} bytes; CUDA kernel parameters hold {max}")]
    ParametersTooLarge {
        /// Bytes of all kernel parameters.
        bytes: u32,
        /// The limit, bytes.
        max: u32,
    },
}

impl TranslateError {
    /// [`TranslateError::Unsupported`] from its two words.
    pub(crate) fn unsupported(construct: impl Into<String>, place: impl Into<String>) -> Self {
        Self::Unsupported { construct: construct.into(), place: place.into() }
    }
}

/// Result of one translation step.
pub(crate) type Result<T> = std::result::Result<T, TranslateError>;
