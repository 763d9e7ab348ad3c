//! What tracks of a collection are to each other: scale, distance, nearest neighbours.
//!
//! Enters: descriptors ([`Values`], NaN where a number is unknown) with the version of their definition. Leaves: a [`Scale`] of
//! the collection, [`Distance`]s with the share of every dimension, and the nearest tracks of a [`Collection`]. Pure: no
//! file, no thread, no clock; the same bits natively and in wasm, for everything is f64 sums in a fixed order.
//! Definition: `DEFINITIONS` section 2, last paragraph.

mod collection;
mod distance;
mod error;
pub mod kmeans;
pub mod map;
pub mod order;
pub mod portrait;
mod scale;
pub mod words;

pub use collection::{Collection, Neighbour};
pub use distance::{Distance, Nearest, SHARED_AT_LEAST, distance, similar, weights};
pub use error::CollectionError;
pub use scale::{REFERENCE_UNDER, Scale};

/// The numbers of one track in the order of `TRACK_DIMENSIONS`: in their own units before scaling, 0 to 1 after it. NaN
/// where unknown.
pub type Values = [f32; earprint_core::DIMENSIONS];
