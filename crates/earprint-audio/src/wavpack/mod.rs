//! WavPack 4 and 5: our own decoder.
//!
//! Enters: a source that begins with a WavPack block. Leaves: planar finite floats of all channels, block by block.
//! Read are lossless and lossy (hybrid) files of 8 to 32-bit integers and 32-bit floats, 1 to as many channels as the
//! limits allow. Correction files (`.wvc`) are not looked for: a hybrid file gives its lossy sound. DSD is refused.
//!
//! | file | its idea |
//! |---|---|
//! | `header`, `metadata` | what a block says: 32 bytes, then sub-blocks |
//! | `reader` | blocks from a source, joined to packets of all channels |
//! | `bits`, `logarithm`, `words` | the entropy coder |
//! | `decorrelate` | the adaptive predictors |
//! | `restore` | from the predictors' integers to samples |
//! | `block` | one block, all steps, and its checks |
//! | `stream` | packets in order, gaps, damage, the end |
//!
//! Source: David Bryant, "WavPack 4 & 5 Binary File / Block Format" (2019) for the format, "WavPack: Theory of
//! Operation" in Salomon, "Data Compression: The Complete Reference", 4th edition (2007), section 7.11, for the method;
//! details that these leave open (the order of passes, roundings) follow the behaviour of the BSD-licensed reference
//! implementation 5.6.

mod bits;
mod block;
mod decorrelate;
mod header;
mod logarithm;
mod metadata;
mod reader;
mod restore;
mod stream;
mod words;

pub(crate) use stream::WavPackReader;

/// Name of this decoder in [`crate::Clip::decoder`].
pub(crate) const DECODER: &str = "earprint-wavpack";

/// Why a block gives no samples.
pub(crate) type Damage = &'static str;
