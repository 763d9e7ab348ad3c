//! Why a kernel could not be emulated.

/// Failure of the [`Emulator`](super::Emulator).
#[derive(Debug, thiserror::Error)]
pub enum EmulateError {
    /// No g++ here: the caller reports a skip.
    #[error("skipped, because g++ cannot be run: {0}")]
    NoCompiler(std::io::Error),
    /// The emitted text does not compile: a fault of the translator.
    #[error("g++ refuses the emitted text:\n{log}")]
    Compile {
        /// What g++ said.
        log: String,
    },
    /// The temporary folder or a file in it.
    #[error("temporary files of the emulator: {0}")]
    Io(#[from] std::io::Error),
    /// The compiled library does not load.
    #[error("loading the compiled kernel: {0}")]
    Load(#[from] libloading::Error),
    /// Number, kind or size of the arguments.
    #[error("argument {index} of `{entry}`: expected {expected}, got {actual}")]
    Argument {
        /// Entry point.
        entry: String,
        /// Position among the bindings; their number where the count is wrong.
        index: usize,
        /// What the kernel wants.
        expected: String,
        /// What came.
        actual: String,
    },
    /// The kernel used an index outside its array, or a barrier that not all invocations reach.
    #[error("kernel `{entry}`: {message}")]
    Fault {
        /// Entry point.
        entry: String,
        /// What happened, and where.
        message: String,
    },
}
