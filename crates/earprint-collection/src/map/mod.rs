//! A map of a collection: a place in the plane for every row, near where rows are alike.
//!
//! Enters: `(n, d)` rows, scaled by the caller, NaN where a number is unknown, and weights of columns. Leaves: a [`Map`] with what it keeps
//! (trustworthiness, continuity) and what it tears. The way: different rows in an order of their values (`table`), principal components
//! (`pca`), nearest rows (`neighbours`, above some ten thousands of rows `forest`), affinities (`affinity`), epochs of pull and
//! push (`layout`, `repulsion`, `mesh`), measures (`trust`, `torn`).
//!
//! **Promised**: the same bits for the same rows, job and weights on any number of threads, at every width and in wasm. Rows in another order
//! have the same places, to the bit. Equal rows have one place. Not promised: that a map stays when rows are added; where groups lie to
//! each other beyond what the first two principal components say; that distances between groups or their sizes mean much.

mod affinity;
mod error;
mod forest;
mod fourier;
mod layout;
mod mesh;
mod neighbours;
mod pca;
mod repulsion;
mod scaled;
mod squares;
mod table;
mod torn;
mod trust;

use std::ops::ControlFlow;

use earprint_lanes::Width;

pub use error::MapError;
pub use scaled::{map_of_rows, map_of_tracks};
pub use torn::{TORN_ABOVE, Torn};

use crate::kmeans::{Crew, Estimate};
use affinity::Affinity;
use neighbours::Neighbours;
use table::{NONE, Table};

/// Uses of the random numbers of a seed, apart from those of k-means.
mod stream {
    /// Planes of trees.
    pub const FOREST: u32 = 101;
    /// Chance at the start.
    pub const START: u32 = 102;
    /// Rows that are measured.
    pub const MEASURED: u32 = 103;
    /// Pairs of rows.
    pub const PAIRS: u32 = 104;
}

/// Most neighbours of a row in a job.
const MOST_NEIGHBOURS: usize = 1000;

/// How to draw a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapJob {
    /// Seed of everything drawn by chance.
    pub seed: u64,
    /// Neighbours of a row, fewer where there are fewer other rows.
    pub neighbours: usize,
    /// Epochs of the layout; 0 leaves the principal components.
    pub epochs: u32,
    /// Up to so many different rows neighbours are exact.
    pub exact_up_to: usize,
    /// Up to so many different rows all are measured; above it a sample of as many as [`MapJob::sample`].
    pub measured_up_to: usize,
    /// Rows of that sample.
    pub sample: usize,
    /// Instructions; no result depends on them.
    pub width: Width,
}

impl Default for MapJob {
    /// Seed 0, 15 neighbours, exact up to 20,000 rows, 750 epochs, all measured up to 5,000 rows and 2,000 above.
    fn default() -> Self {
        Self {
            seed: 0,
            neighbours: 15,
            epochs: 750,
            exact_up_to: 20_000,
            measured_up_to: 5000,
            sample: 2000,
            width: Width::best(),
        }
    }
}

/// One epoch, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Epochs done, from 1.
    pub done: u32,
    /// Epochs of the job.
    pub of: u32,
}

/// Places in the plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Place of each row, each coordinate -1 to 1, one scale for both, the wider one from end to end. `None`: the row knows nothing, or shares
    /// too little with every other to be compared, so that any place would be a guess.
    pub xy: Vec<Option<[f32; 2]>>,
    /// Different rows with a place. They are what is laid out and measured.
    pub distinct: usize,
    /// Neighbours of a row: of the layout and of `torn`.
    pub neighbours: usize,
    /// Neighbours are exact; else some hundredths of them may be missed.
    pub exact: bool,
    /// Share of variance along the two principal components that the layout starts from; NaN without variance.
    pub explained: [f64; 2],
    /// Neighbours at which `trustworthiness` and `continuity` are measured: `neighbours`, but under half the rows.
    pub k: usize,
    /// Who is near on the map is near: 1 at best. NaN under three rows. Its `rows` say over how many it was taken, its `error` is 0 if over all.
    pub trustworthiness: Estimate,
    /// Who is near is near on the map: 1 at best.
    pub continuity: Estimate,
    /// What each row lost; `None` without a place.
    pub torn: Vec<Option<Torn>>,
    /// Distance on the map beyond which a neighbour is far; NaN under two rows.
    pub far: f64,
    /// Epochs done; 0 where the map is the principal components: where every row is a neighbour of every other, a layout by neighbours has
    /// nothing to go by.
    pub epochs: u32,
    /// The caller ended it before the last epoch: the places so far.
    pub stopped: bool,
}

impl Map {
    /// True where the measures are of a sample of rows.
    pub fn sampled(&self) -> bool {
        self.trustworthiness.rows < self.distinct
    }
}

/// Draws a map of `rows`, `(n, d)` row-major, with a weight of 0 or more for each column (all the same without). `watch` hears of every
/// epoch and may end it.
///
/// # Errors
/// `Shape` for no whole rows, `Infinite` for a value that is no number and not unknown either, `Weights` for weights that do not fit,
/// `Neighbours` for a job with none, or too many.
pub fn map<C: Crew>(
    rows: &[f32],
    d: usize,
    weights: Option<&[f32]>,
    job: &MapJob,
    crew: &C,
    watch: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> Result<Map, MapError> {
    if job.neighbours == 0 || job.neighbours > MOST_NEIGHBOURS {
        return Err(MapError::Neighbours { neighbours: job.neighbours, most: MOST_NEIGHBOURS });
    }
    let (table, mut place) = table::table(rows, d, weights)?;
    let (table, near, exact) = connected(table, &mut place, job, crew);
    let n = table.n;
    let start = if n > 0 { pca::pca(&table, crew) } else { pca::Pca { xy: Vec::new(), explained: [f64::NAN; 2] } };
    let mut places = start.xy;
    let (mut epochs, mut stopped) = (0, false);
    // With everyone a neighbour of everyone, all that is left to keep are distances, and the components do.
    if n > near.k + 1 && job.epochs > 0 {
        let affinity = Affinity::of(&near, crew);
        (epochs, stopped) = layout::settle(&affinity, &mut places, job.epochs, job.seed, crew, watch);
        stopped &= epochs < job.epochs;
    }
    let xy = fitted(&places);
    let k = near.k.min(n.saturating_sub(1) / 2);
    let measured = if n <= job.measured_up_to { n } else { job.sample.max(2) };
    let [trustworthiness, continuity] = trust::trust(&table, &xy, k, measured, job.seed, crew, job.width);
    let (lost, far) = torn::torn(&xy, &near, job.seed);
    let at = |&row: &u32| (row != NONE).then_some(row as usize);
    Ok(Map {
        xy: place.iter().map(|row| at(row).map(|row| xy[row])).collect(),
        distinct: n,
        neighbours: near.k,
        exact,
        explained: start.explained,
        k,
        trustworthiness,
        continuity,
        torn: place.iter().map(|row| at(row).map(|row| lost[row])).collect(),
        far,
        epochs,
        stopped,
    })
}

/// Neighbours, and the rows that have some or are some; whether neighbours are exact. A row alone stays.
fn connected<C: Crew>(table: Table, place: &mut [u32], job: &MapJob, crew: &C) -> (Table, Neighbours, bool) {
    let n = table.n;
    let k = job.neighbours.min(n.saturating_sub(1));
    if k == 0 {
        return (table, Neighbours::none(n, 0), true);
    }
    let exact = n <= job.exact_up_to;
    let near = match exact {
        true => neighbours::exact(&table, k, crew, job.width),
        false => forest::near(&table, k, job.seed, crew),
    };
    let keep = near.connected(n);
    if keep.len() == n {
        return (table, near, exact);
    }
    let mut now = vec![NONE; n];
    keep.iter().enumerate().for_each(|(at, &row)| now[row as usize] = at as u32);
    place.iter_mut().filter(|p| **p != NONE).for_each(|p| *p = now[*p as usize]);
    (table.only(&keep), near.only(&keep, n), exact)
}

/// Places with the middle of their bounds at the origin and the wider coordinate from -1 to 1.
fn fitted(places: &[[f64; 2]]) -> Vec<[f32; 2]> {
    let ends = [0, 1].map(|axis| {
        let v = places.iter().map(|p| p[axis]);
        (v.clone().fold(f64::INFINITY, f64::min), v.fold(f64::NEG_INFINITY, f64::max))
    });
    let middle = ends.map(|(low, high)| 0.5 * low + 0.5 * high);
    let half = ends.iter().fold(0.0f64, |m, (low, high)| m.max(0.5 * high - 0.5 * low));
    let fit = |p: &[f64; 2], axis: usize| {
        if half > 0.0 { ((p[axis] - middle[axis]) / half).clamp(-1.0, 1.0) as f32 } else { 0.0 }
    };
    places.iter().map(|p| [fit(p, 0), fit(p, 1)]).collect()
}

#[cfg(test)]
mod tests;
