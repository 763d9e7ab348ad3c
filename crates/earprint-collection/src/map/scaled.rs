//! Maps of rows as they come: columns are made comparable first.
//!
//! Tracks lie on the scale of their collection ([`Scale::of`]), each dimension with the weight it has in [`crate::distance`]: near on the map
//! is then near by the same measure that `similar` searches by. Rows of other numbers are scaled as k-means scales them.

use std::ops::ControlFlow;

use earprint_core::{DIMENSIONS, TRACK_SCHEMA};

use super::{Epoch, Map, MapError, MapJob, map};
use crate::kmeans::{Crew, Rows, Scaling};
use crate::{Scale, Values, weights};

/// Draws a map of tracks given in their own units, NaN where unknown.
///
/// # Errors
/// As [`map()`].
pub fn map_of_tracks<C: Crew>(
    tracks: &[Values],
    job: &MapJob,
    crew: &C,
    watch: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<Map, MapError> {
    if let Some(at) = tracks.as_flattened().iter().position(|v| v.is_infinite()) {
        return Err(MapError::Infinite { row: at / DIMENSIONS, column: at % DIMENSIONS });
    }
    let scale = Scale::of(TRACK_SCHEMA, tracks).expect("the own version has a reference");
    let rows: Vec<Values> = tracks.iter().map(|track| scale.scale(track)).collect();
    map(rows.as_flattened(), DIMENSIONS, Some(&weights().map(|w| w as f32)), job, crew, watch)
}

/// Draws a map of `values`, `(n, d)` row-major in any units, with a weight of 0 or more for each column (all the same without).
///
/// # Errors
/// As [`map()`]; `Rows` where k-means does not take the rows either: nothing known at all, numbers too large to be squared.
pub fn map_of_rows<C: Crew>(
    values: &[f32],
    d: usize,
    scaling: Scaling,
    weights: Option<&[f32]>,
    job: &MapJob,
    crew: &C,
    watch: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<Map, MapError> {
    let scaled = {
        let rows = Rows::new(values, d, None, scaling)?;
        rows.scaled(&values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>())
    };
    map(&scaled, d, weights, job, crew, watch)
}

#[cfg(test)]
mod tests {
    use super::super::tests::blobs;
    use super::*;
    use crate::kmeans::Alone;

    fn go(_: Epoch) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The unit of a column, by a power of two, changes no bit of a map by deviations.
    #[test]
    fn units_of_columns_are_scaled_away() {
        let job = MapJob { epochs: 40, ..MapJob::default() };
        let rows = blobs(120, 4, 3, 4.0);
        let units: Vec<f32> = rows.iter().enumerate().map(|(at, v)| v * [1.0, 1024.0, 0.25, 8.0][at % 4]).collect();
        let of = |rows: &[f32], scaling| map_of_rows(rows, 4, scaling, None, &job, &Alone, &mut go).unwrap().xy;
        assert_eq!(of(&rows, Scaling::ZScore), of(&units, Scaling::ZScore));
        assert_ne!(of(&rows, Scaling::None), of(&units, Scaling::None));
    }

    #[test]
    fn tracks_without_numbers_have_no_place_and_infinite_ones_are_refused() {
        let mut tracks: Vec<Values> = blobs(30, DIMENSIONS, 3, 4.0).as_chunks().0.to_vec();
        tracks[7] = [f32::NAN; DIMENSIONS];
        let job = MapJob::default();
        let map = map_of_tracks(&tracks, &job, &Alone, &mut go).unwrap();
        assert_eq!((map.xy[7], map.xy.iter().flatten().count()), (None, 29));
        tracks[3][4] = f32::INFINITY;
        let refused = map_of_tracks(&tracks, &job, &Alone, &mut go).unwrap_err();
        assert_eq!(refused, MapError::Infinite { row: 3, column: 4 });
    }

    #[test]
    fn rows_that_k_means_refuses_are_refused() {
        let job = MapJob::default();
        let of =
            |values: &[f32]| map_of_rows(values, 2, Scaling::ZScore, None, &job, &Alone, &mut go).unwrap_err().code();
        assert_eq!((of(&[1.0; 3]), of(&[f32::NAN; 4])), ("E_SHAPE", "E_WEIGHTS"));
        assert_eq!(of(&[1.0, f32::NEG_INFINITY]), "E_NON_FINITE");
    }
}
