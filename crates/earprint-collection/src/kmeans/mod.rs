//! k-means: exact Lloyd iteration, equal to the label on every number of threads and every instruction set.
//!
//! Enters: [`Rows`], scaled and centred, with weights, NaN where a number is unknown. Leaves: [`Clusters`], ids by size and then by
//! first member. The objective is the weighted sum of squared distances of scaled rows to their centres.

mod assign;
mod batches;
mod choose;
mod crew;
#[cfg(feature = "density")]
mod density;
mod device;
mod error;
mod find;
mod lloyd;
mod part;
pub(crate) mod philox;
mod rows;
mod scaling;
mod short;
mod source;
mod start;
mod trial;
mod unique;
mod validity;

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use earprint_lanes::Width;

pub use batches::mini_batch;
pub use choose::{Choice, Choose, Tried, choose};
pub use crew::{Alone, Crew};
#[cfg(feature = "density")]
pub use density::{Density, Groups, density};
pub use device::{BLOCK, CERTAIN, CentresView, Device, RowsView, Words};
pub use error::KMeansError;
pub use rows::Rows;
pub use scaling::Scaling;
pub use source::{Source, Table};
pub use trial::Trial;
pub use unique::Unique;
pub use validity::{Estimate, Fit, Validity, adjusted_rand, euclidean_silhouette, fits, validity};

use assign::Centres;
use device::Helper;
use lloyd::{NONE, Totals};
use rows::{CHUNK, Room};

/// Uses of the random numbers of a seed.
mod stream {
    /// Rows drawn as first centres.
    pub const START: u32 = 1;
    /// Rows asked for a silhouette.
    pub const SILHOUETTE: u32 = 2;
    /// Runs on resamples.
    pub const RESAMPLE: u32 = 3;
    /// Rows of resamples.
    pub const RESAMPLE_ROWS: u32 = 4;
    /// Further starts of one job.
    pub const AGAIN: u32 = 5;
    /// Rows of mini-batches.
    pub const BATCH: u32 = 6;
    /// Rows that mini-batches start from.
    pub const BATCH_START: u32 = 7;
}

/// Most clusters: their numbers are exact in f32.
const MOST: usize = 1 << 24;

/// How to cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// Number of clusters.
    pub k: usize,
    /// Seed of k-means++.
    pub seed: u64,
    /// First centres, `(k, d)` row-major in the units of the input, instead of k-means++.
    pub init: Option<Vec<f64>>,
    /// Most iterations.
    pub max_iter: u32,
    /// Ends once the squared moves of all centres sum up to no more than this share of the mean variance of a column;
    /// 0: when no label changes.
    pub tol: f64,
    /// Instructions; no result depends on them.
    pub width: Width,
}

impl KMeans {
    /// `k` clusters from seed 0, 300 iterations at most, until no label changes.
    pub fn new(k: usize) -> Self {
        Self { k, seed: 0, init: None, max_iter: 300, tol: 0.0, width: Width::best() }
    }
}

impl KMeans {
    /// Scaled first centres, `(k, d)`: those given, or those of k-means++.
    fn first<C: Crew>(&self, rows: &Rows, crew: &C) -> Result<Vec<f32>, KMeansError> {
        let (k, d) = (self.k, rows.d);
        let Some(init) = &self.init else { return start::plus_plus(rows, k, self.seed, crew, self.width) };
        let wrong = |came: String| KMeansError::Init { came, k, d };
        if init.len() != k * d {
            return Err(wrong(format!("{} numbers", init.len())));
        }
        let scaled = rows.scaled(init);
        if let Some(at) = scaled.iter().position(|c| !c.is_finite()) {
            return Err(wrong(format!("{} in row {}, column {}", init[at], at / d, at % d)));
        }
        Ok(scaled)
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// No label changed any more.
    Settled,
    /// Batches got no better for a while ([`mini_batch`]).
    Idle,
    /// The centres moved less than the tolerance.
    Tolerance,
    /// After the most iterations.
    Iterations,
    /// The caller said so.
    Stopped,
}

impl Ended {
    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Idle => "idle",
            Self::Tolerance => "tolerance",
            Self::Iterations => "max_iter",
            Self::Stopped => "stopped",
        }
    }
}

/// Rows in clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Cluster of each row; `None`: it knows no number.
    pub labels: Vec<Option<u32>>,
    /// `(k, d)` row-major, in the units of the input.
    pub centres: Vec<f64>,
    /// The same, scaled as the rows are.
    pub scaled: Vec<f32>,
    /// Weight of each cluster.
    pub sizes: Vec<u64>,
    /// Weighted sum of squared distances, scaled.
    pub inertia: f64,
    /// Passes over the rows that moved centres.
    pub iterations: u32,
    /// Why it ended.
    pub ended: Ended,
    /// Labels that f32 could not tell and f64 decided, over all passes. Depends on what computed; nothing else does.
    pub rechecked: u64,
    /// What computed: `cpu`, a device's name, or `name+cpu` where the device was given up on the way.
    pub backend: String,
    /// Why a device was given up.
    pub note: Option<String>,
}

/// One pass, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// From 1.
    pub iteration: u32,
    /// Rows whose label changed.
    pub changed: u64,
}

/// Clusters rows on the CPU, once. `watch` hears of every pass and may end it: the labels are then those of the last centres.
///
/// # Errors
/// `Clusters` for k of 0 or above the number of rows, `TooFew` if fewer rows differ, `Init` for first centres that do not fit, `Source`
/// where rows could not be read.
pub fn kmeans<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    crew: &C,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    kmeans_of_starts(rows, job, 1, crew, watch)
}

/// Clusters rows on the CPU `starts` times, from `job.seed` and seeds made of it, and keeps what has the lowest inertia, the first among
/// equals. From given centres, or ended by `watch`, once.
///
/// # Errors
/// As [`kmeans`].
pub fn kmeans_of_starts<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    starts: u32,
    crew: &C,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    let found = pin!(kmeans_on(rows, job, starts, crew, None, watch));
    match found.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found,
        Poll::Pending => unreachable!("only a device is waited for"),
    }
}

/// The same with nearest centres from a device: the same result to the bit. A device that fails is given up, and the pass it failed in
/// is done here.
///
/// # Errors
/// As [`kmeans`].
pub async fn kmeans_on<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    starts: u32,
    crew: &C,
    device: Option<&mut dyn Device>,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    let mut helper = Helper::new(device);
    let mut best = once(rows, job, crew, &mut helper, watch).await?;
    for start in 1..starts {
        if job.init.is_some() || best.ended == Ended::Stopped {
            break;
        }
        let seed = philox::derived(job.seed, stream::AGAIN, [start, 0]);
        let next = once(rows, &KMeans { seed, ..job.clone() }, crew, &mut helper, watch).await?;
        if next.ended == Ended::Stopped {
            best.ended = Ended::Stopped;
            break;
        }
        if next.inertia < best.inertia {
            best = next;
        }
    }
    Ok(Clusters { backend: helper.backend, note: helper.note, ..best })
}

/// From one start.
async fn once<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    crew: &C,
    helper: &mut Helper<'_>,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    let (k, width) = (job.k, job.width);
    assert!(Width::available().contains(&width), "{} is not available here", width.name());
    let n = rows.weights.iter().filter(|&&w| w > 0).count();
    if k == 0 || k > n.min(MOST) {
        return Err(KMeansError::Clusters { k, n, most: n.min(MOST) });
    }
    let first = job.first(rows, crew)?;
    rows.fault()?;
    // Not worth a look at all rows where nobody asks.
    let still = if job.tol > 0.0 { job.tol * mean_variance(rows) } else { -1.0 };
    let mut centres = Centres::new(first, rows);
    let mut labels = vec![NONE; rows.n];
    let mut totals = Totals::none(rows, k);
    let (mut iterations, mut rechecked) = (0, 0);
    let mut last = None;
    let ended = loop {
        let found = helper.nearest(rows, &centres).await;
        lloyd::assign(rows, &centres, found.as_deref(), &mut labels, &mut totals, crew, width);
        rows.fault()?;
        rechecked += totals.rechecked;
        // The labels are now those of the centres that are given.
        if let Some(ended) = last {
            break ended;
        }
        let mut next = totals.centres(rows, &centres.plain);
        let reseeded = lloyd::reseed(rows, &mut next, &labels, &totals, crew);
        if totals.changed == 0 && reseeded == 0 {
            break Ended::Settled;
        }
        iterations += 1;
        let moved: f64 = next.iter().zip(&centres.plain).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        centres = Centres::new(next, rows);
        let stop = watch(Pass { iteration: iterations, changed: totals.changed }).is_break();
        last = match () {
            () if stop => Some(Ended::Stopped),
            () if reseeded == 0 && moved <= still => Some(Ended::Tolerance),
            () if iterations >= job.max_iter => Some(Ended::Iterations),
            () => None,
        };
    };
    let found = finish(rows, centres, &labels, &totals, crew)?;
    Ok(Clusters { iterations, ended, rechecked, ..found })
}

/// What is known of labelled rows, ids in their order, as if computed here in no time.
fn finish<C: Crew>(
    rows: &Rows,
    centres: Centres,
    labels: &[u32],
    totals: &Totals,
    crew: &C,
) -> Result<Clusters, KMeansError> {
    let (k, d) = (totals.weights.len(), rows.d);
    let inertia = lloyd::inertia(rows, &centres.plain, labels, crew);
    rows.fault()?;
    let order = order(labels, &totals.weights);
    let mut place = vec![0u32; k];
    order.iter().enumerate().for_each(|(at, &c)| place[c] = at as u32);
    let scaled: Vec<f32> = order.iter().flat_map(|&c| &centres.plain[c * d..][..d]).copied().collect();
    Ok(Clusters {
        labels: labels.iter().map(|&l| (l != NONE).then(|| place[l as usize])).collect(),
        centres: rows.in_units(&scaled),
        scaled,
        sizes: order.iter().map(|&c| totals.weights[c] as u64).collect(),
        inertia,
        iterations: 0,
        ended: Ended::Iterations,
        rechecked: 0,
        backend: "cpu".to_owned(),
        note: None,
    })
}

/// Clusters by weight, heaviest first, then by first member; empty ones last.
fn order(labels: &[u32], weights: &[i64]) -> Vec<usize> {
    let mut first = vec![usize::MAX; weights.len()];
    for (row, &label) in labels.iter().enumerate().rev() {
        if label != NONE {
            first[label as usize] = row;
        }
    }
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(weights[c]), first[c]));
    order
}

/// Mean over the columns of the weighted population variance of scaled values, known ones.
fn mean_variance(rows: &Rows) -> f64 {
    let mut sums = vec![[0.0f64; 3]; rows.d];
    let mut room = Room::default();
    for first in (0..rows.n).step_by(CHUNK) {
        let part = rows.part(first, CHUNK.min(rows.n - first), &mut room);
        for row in first..rows.n.min(first + CHUNK) {
            let w = f64::from(rows.weights[row]);
            for ([n, sum, squares], x) in sums.iter_mut().zip(part.known(row)).filter(|(_, x)| !x.is_nan()) {
                (*n, *sum, *squares) = (*n + w, *sum + w * x, *squares + w * x * x);
            }
        }
    }
    let variance = |[n, sum, squares]: [f64; 3]| if n > 0.0 { squares / n - (sum / n) * (sum / n) } else { 0.0 };
    sums.into_iter().map(variance).sum::<f64>() / rows.d as f64
}

#[cfg(test)]
mod tests;
