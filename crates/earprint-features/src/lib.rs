//! From the samples of all channels and the rows of the mono signal to the 25 numbers and the wider table of a track.
//!
//! In: planar f32 samples at 44,100 Hz in blocks of any size ([`TrackAnalysis::push`]); rows `(T, ROW)` made elsewhere
//! from the mono segments this crate cuts ([`TrackAnalysis::next_segment`], [`TrackAnalysis::rows`]). Out: a
//! [`Descriptor`](earprint_core::Descriptor) and a [`TrackTable`](earprint_core::TrackTable). Version `trk-1`: the
//! numbers are those of `DEFINITIONS` section 2 and `decisions/0008`; each module says what it makes precise.
//!
//! **One pass, bounded memory.** Samples go into sums over blocks that lie at fixed places of the track, so that no
//! number depends on how the samples were pushed. Of a frame 28 bytes are kept (for medians, beats, onsets, pitch), of 24
//! frames 132 more (for sections);
//! chroma, MFCC and energies go into sums per level ([`gate`]) because which frames count is known only at the end.
//! Every sum is f64 in the order of time; every transcendental is `libm`'s, so that native and wasm give the same bits.
//!
//! **Too short.** A track shorter than one frame (4,096 samples, 93 ms) has no descriptor at all: `too_short`, whatever
//! the number. Longer needs: 0.4 s loudness, 0.5 s its variation, 0.75 s crest variation and peak consistency, 1 s
//! onset rate, 3 s tempo and loudness range.

mod analysis;
mod bands;
mod beats;
mod chroma;
#[cfg(test)]
mod clicks;
mod frames;
pub mod gate;
pub mod k_weighted;
mod key;
mod level;
pub mod loudness;
#[cfg(test)]
mod meter_of_ebur128;
mod numbers;
mod onsets;
mod pitch;
mod sections;
mod segments;
mod stats;
mod sums;
mod tempo;
mod true_peak;

pub use analysis::{SourceInfo, SourceNote, TrackAnalysis, TrackNumbers};
pub use segments::OwnedSegment;
