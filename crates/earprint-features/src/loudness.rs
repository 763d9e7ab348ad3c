//! What is measured of loudness, and in which steps. The meter is [`crate::k_weighted`].

use earprint_core::Known;

/// Samples of a step of momentary loudness, 100 ms.
pub const STEP: usize = 4410;

/// Loudness of a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoudnessNumbers {
    /// Integrated, LUFS.
    pub integrated: Known,
    /// Standard deviation of momentary loudness above the absolute gate, LU.
    pub variation: Known,
    /// Range, LU.
    pub range: Known,
}
