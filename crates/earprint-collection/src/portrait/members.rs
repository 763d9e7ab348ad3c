//! Members of a cluster among each other: the most central ones, how alike they are, and those that do not belong.
//!
//! * **Medoids** (L. Kaufman, P. J. Rousseeuw, "Finding Groups in Data", 1990): the members with the lowest mean distance to the others; real tracks
//!   that can be listened to, unlike a mean. All pairs up to [`EXACT_UP_TO`] members, the nearest to the mean above.
//! * **Homogeneity**: mean distance to the cluster's mean against that of the collection, so that it costs O(n) and copies of tracks do not
//!   change it.
//! * **Outliers**: farther from the mean than median + 3 · 1.4826 · MAD of the cluster's own distances (P. J. Rousseeuw, C. Croux, JASA 88,
//!   1993; 1.4826 makes the MAD a standard deviation where values are normal), or with a silhouette below [`MISFIT`]: nearer on average to the
//!   members of another cluster. Both tell of what k-means had to put somewhere.

use earprint_core::DIMENSIONS;

use crate::SHARED_AT_LEAST;
use crate::kmeans::{Alone, Fit, Rows, fits};

/// Most medoids of a cluster.
pub const MEDOIDS: usize = 5;

/// Members up to which every pair is compared: 2000 take two million pairs, some 50 ms.
pub const EXACT_UP_TO: usize = 2000;

/// Standard deviations beyond the median that are far.
pub const FAR: f64 = 3.0;

/// Members from which on distances have a spread to be far beyond.
pub const OUTLIERS_FROM: usize = 5;

/// Silhouette below which a member fits another cluster better. Not 0: a wide cluster beside a narrow one has many members a little
/// below it.
pub const MISFIT: f64 = -0.25;

/// Makes a median absolute deviation a standard deviation where values are normal.
const MAD: f64 = 1.4826;

/// A member that does not belong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlier {
    /// Its place in the list.
    pub track: usize,
    /// To the mean of its cluster, in scaled units, stretched to all dimensions.
    pub distance: f64,
    /// The distance beyond which a member of this cluster is far; `None` for fewer than [`OUTLIERS_FROM`] members.
    pub bound: Option<f64>,
    /// Where it fits better, if it does.
    pub fits: Option<Fit>,
}

impl Outlier {
    /// Whether it is far from its own cluster.
    pub fn is_far(&self) -> bool {
        self.bound.is_some_and(|bound| self.distance > bound)
    }
}

/// What is seen of one cluster.
pub(super) struct Look {
    pub medoids: Vec<usize>,
    pub homogeneity: Option<f64>,
    pub outliers: Vec<Outlier>,
}

/// Looks at every cluster, in order.
pub(super) fn looks(rows: &Rows, labels: &[Option<u32>], members: &[Vec<usize>]) -> Vec<Look> {
    let scaled: Vec<Row> = (0..rows.len()).map(|row| known(rows, row)).collect();
    let fits = fits(rows, labels, members.len(), &Alone);
    let all: Vec<usize> = (0..rows.len()).filter(|&row| labels[row].is_some()).collect();
    let spread = mean(&distances(&scaled, &all, &middle(&scaled, &all)));
    members.iter().map(|tracks| look(&scaled, &fits, tracks, spread)).collect()
}

fn look(scaled: &[Row], fits: &[Option<Fit>], tracks: &[usize], spread: f64) -> Look {
    let centre = middle(scaled, tracks);
    let from_centre = distances(scaled, tracks, &centre);
    let known: Vec<f64> = from_centre.iter().copied().filter(|d| !d.is_nan()).collect();
    let within = mean(&known);
    let homogeneity = match (known.is_empty(), spread > 0.0) {
        (true, _) => None,
        (_, false) => Some(1.0),
        _ => Some((1.0 - within / spread).clamp(0.0, 1.0)),
    };
    let bound = (known.len() >= OUTLIERS_FROM).then(|| {
        let middle = median(known);
        let off = from_centre.iter().filter(|d| !d.is_nan()).map(|d| (d - middle).abs()).collect();
        middle + FAR * MAD * median(off)
    });
    let outlier = |(&track, &distance): (&usize, &f64)| {
        let fits = fits[track].filter(|fit| fit.silhouette < MISFIT);
        let outlier = Outlier { track, distance, bound, fits };
        (outlier.is_far() || fits.is_some()).then_some(outlier)
    };
    Look {
        medoids: medoids(scaled, tracks, &from_centre, &centre),
        homogeneity,
        outliers: tracks.iter().zip(&from_centre).filter_map(outlier).collect(),
    }
}

/// The most central members of those that know enough to be called so: half of what is known of the cluster.
fn medoids(scaled: &[Row], tracks: &[usize], from_centre: &[f64], centre: &Row) -> Vec<usize> {
    let count = |row: &Row| row.iter().filter(|v| !v.is_nan()).count() as f64;
    let candidates =
        tracks.iter().zip(from_centre).filter(|(t, _)| count(&scaled[**t]) >= SHARED_AT_LEAST * count(centre));
    let far = |&track: &usize, from_centre: f64| {
        if tracks.len() > EXACT_UP_TO {
            return from_centre;
        }
        mean(&distances(scaled, tracks, &scaled[track]).into_iter().filter(|d| !d.is_nan()).collect::<Vec<_>>())
    };
    let mut by_distance: Vec<(f64, usize)> =
        candidates.map(|(t, &d)| (far(t, d), *t)).filter(|c| !c.0.is_nan()).collect();
    by_distance.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    by_distance.into_iter().take(MEDOIDS).map(|(_, track)| track).collect()
}

/// Scaled values of a track, NaN where unknown.
type Row = [f64; DIMENSIONS];

fn known(rows: &Rows, row: usize) -> Row {
    let known = rows.known(row);
    std::array::from_fn(|j| known[j] * rows.unit())
}

/// Mean of what is known of some rows.
fn middle(scaled: &[Row], rows: &[usize]) -> Row {
    std::array::from_fn(|j| mean(&rows.iter().map(|&r| scaled[r][j]).filter(|v| !v.is_nan()).collect::<Vec<_>>()))
}

/// From some rows to one, stretched to all dimensions; NaN where no dimension is known of both.
fn distances(scaled: &[Row], rows: &[usize], to: &Row) -> Vec<f64> {
    let distance = |&row: &usize| {
        let (mut sum, mut compared) = (0.0, 0.0);
        for (x, y) in scaled[row].iter().zip(to) {
            let square = (x - y) * (x - y);
            let here = !square.is_nan();
            sum += if here { square } else { 0.0 };
            compared += if here { 1.0 } else { 0.0 };
        }
        (sum * DIMENSIONS as f64 / compared).sqrt()
    };
    rows.iter().map(distance).collect()
}

/// NaN of nothing.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_stretched_distances() {
        assert_eq!((median(vec![4.0, 1.0, 2.0]), median(vec![4.0, 1.0, 2.0, 3.0])), (2.0, 2.5));
        let (a, mut b) = ([0.0; DIMENSIONS], [2.0; DIMENSIONS]);
        b[5..].fill(f64::NAN);
        assert_eq!(distances(&[a, [f64::NAN; DIMENSIONS]], &[0], &b), [10.0]); // 5 of 25: as if all 25 differed by 2
        assert!(distances(&[a, [f64::NAN; DIMENSIONS]], &[1], &b)[0].is_nan());
    }

    #[test]
    fn many_members_take_the_nearest_to_the_mean() {
        let n = EXACT_UP_TO + 1;
        let scaled: Vec<Row> = (0..n).map(|i| [i as f64; DIMENSIONS]).collect();
        let all: Vec<usize> = (0..n).collect();
        let centre = middle(&scaled, &all);
        let found = medoids(&scaled, &all, &distances(&scaled, &all, &centre), &centre);
        assert_eq!(found, [1000, 999, 1001, 998, 1002]);
        // And all pairs agree on a few of them.
        let some = &all[..7];
        let centre = middle(&scaled, some);
        assert_eq!(medoids(&scaled, some, &distances(&scaled, some, &centre), &centre), [3, 2, 4, 1, 5]);
    }
}
