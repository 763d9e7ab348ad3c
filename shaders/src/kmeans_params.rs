//! The uniform block of the kernel of nearest centres.

use crate::uniform::uniform;

uniform! {
    /// Twin of `NearestParams` in `kmeans/nearest.wgsl`.
    NearestParams {
        /// Blocks of 64 rows, B.
        blocks: u32,
        /// Columns, d.
        columns: u32,
        /// Tiles of 8 centres.
        tiles: u32,
        /// A row of norm |x| is certain above `slope |x| + offset`.
        slope: f32,
        /// See `slope`.
        offset: f32,
    }
}
