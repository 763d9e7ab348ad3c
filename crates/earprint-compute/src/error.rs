//! How computing can fail. None of these is a fault of one input: the pipeline chooses what happens next, visibly.

/// A batch or a backend that did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError {
    /// The backend cannot do this job at all.
    #[error("{backend} cannot compute this: {what}")]
    Unsupported {
        /// Backend name.
        backend: &'static str,
        /// What it lacks, and which value of which field asks for it.
        what: String,
    },
    /// No such device on this machine.
    #[error("no {backend} device: {why}")]
    NoDevice {
        /// Backend name.
        backend: &'static str,
        /// What was looked for and what was found.
        why: String,
    },
    /// A library the backend needs is not installed.
    #[error("{backend} needs {library}, which could not be loaded: {why}")]
    MissingLibrary {
        /// Backend name.
        backend: &'static str,
        /// Library name.
        library: String,
        /// The loader's words.
        why: String,
    },
    /// The device has too little memory for the batch; a smaller one may fit.
    #[error("{backend} is out of memory for a batch of {bytes} bytes")]
    OutOfMemory {
        /// Backend name.
        backend: &'static str,
        /// Bytes the batch was estimated to need.
        bytes: u64,
    },
    /// The device is gone; everything made from it is dead.
    #[error("the {backend} device was lost: {why}")]
    DeviceLost {
        /// Backend name.
        backend: &'static str,
        /// The driver's words.
        why: String,
    },
    /// Anything else the device or its library reported.
    #[error("{backend} failed: {why}")]
    Failed {
        /// Backend name.
        backend: &'static str,
        /// Its words.
        why: String,
    },
}

impl ComputeError {
    /// Stable code for records.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "E_GPU_UNSUPPORTED",
            Self::NoDevice { .. } => "E_GPU_NO_DEVICE",
            Self::MissingLibrary { .. } => "E_GPU_LIBRARY",
            Self::OutOfMemory { .. } => "E_GPU_MEMORY",
            Self::DeviceLost { .. } => "E_GPU_LOST",
            Self::Failed { .. } => "E_GPU_FAILED",
        }
    }
}
