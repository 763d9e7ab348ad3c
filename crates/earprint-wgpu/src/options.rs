//! What a caller may choose when opening a device.

/// Which adapter to open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdapterChoice {
    /// Discrete before integrated before virtual; software only where [`Options::allow_software`] says so.
    #[default]
    Auto,
    /// The best one whose name, driver or backend contains the text, whatever the case. Software as for `Auto`.
    Named(String),
    /// Position in [`crate::adapters`]; software or not.
    Index(usize),
}

/// Which kernel computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KernelChoice {
    /// `mel/mel_fused`, the one meant for work.
    #[default]
    Fused,
    /// `mel/mel_plain`, the definition: slow, for comparison.
    Plain,
}

/// How to open a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Adapter.
    pub adapter: AdapterChoice,
    /// True: a rasteriser that runs on the CPU (lavapipe, SwiftShader, WARP) may be chosen.
    pub allow_software: bool,
    /// Kernel.
    pub kernel: KernelChoice,
    /// Bytes all buffers of one batch may take together; `None` for a share that suits most devices.
    pub budget_bytes: Option<u64>,
}
