//! The uniform block of the harmonic-percussive kernel.

use crate::uniform::uniform;

uniform! {
    /// Twin of `HpssParams` in `track/hpss.wgsl`.
    HpssParams {
        /// Groups of 16 frames of the dispatch, G.
        groups: u32,
    }
}
