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
mod lloyd;
pub(crate) mod philox;
mod rows;
mod scaling;
mod source;
mod start;
mod unique;
mod validity;

use std::ops::ControlFlow;

use earprint_lanes::Width;

pub use batches::mini_batch;
pub use choose::{Choice, Choose, Tried, choose};
pub use crew::{Alone, Crew};
#[cfg(feature = "density")]
pub use density::{Density, Groups, density};
pub use device::{BLOCK, CERTAIN, CentresView, Device, RowsView};
pub use error::KMeansError;
pub use rows::Rows;
pub use scaling::Scaling;
pub use source::{Source, Table};
pub use unique::Unique;
pub use validity::{Estimate, Fit, Validity, adjusted_rand, euclidean_silhouette, fits, validity};

use assign::Centres;
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

/// Clusters rows on the CPU. `watch` hears of every pass and may end it: the labels are then those of the last centres.
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
    kmeans_on(rows, job, crew, None, watch)
}

/// The same with nearest centres from a device: the same result to the bit. A device that fails is given up, and the pass it failed in
/// is done here.
///
/// # Errors
/// As [`kmeans`].
pub fn kmeans_on<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    crew: &C,
    mut device: Option<&mut dyn Device>,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    let (k, width) = (job.k, job.width);
    assert!(Width::available().contains(&width), "{} is not available here", width.name());
    let (mut backend, mut note) = (device.as_ref().map_or("cpu", |d| d.name()).to_owned(), None);
    let mut assign = |centres: &Centres, labels: &mut [u32], totals: &mut Totals| {
        let found = device.as_mut().map(|device| device::ask(*device, rows, centres));
        if let Some(Err(why)) = &found {
            note = Some(format!("{backend}: {why}; continuing on the cpu"));
            backend += "+cpu";
            device = None;
        }
        lloyd::assign(rows, centres, found.and_then(Result::ok).as_deref(), labels, totals, crew, width);
    };
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
    let ended = loop {
        assign(&centres, &mut labels, &mut totals);
        rows.fault()?;
        rechecked += totals.rechecked;
        let mut next = totals.centres(rows, &centres.plain);
        let reseeded = lloyd::reseed(rows, &mut next, &labels, &totals, crew);
        if totals.changed == 0 && reseeded == 0 {
            break Ended::Settled;
        }
        iterations += 1;
        let moved: f64 = next.iter().zip(&centres.plain).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        centres = Centres::new(next, rows);
        let stop = watch(Pass { iteration: iterations, changed: totals.changed }).is_break();
        let ended = match () {
            () if stop => Ended::Stopped,
            () if reseeded == 0 && moved <= still => Ended::Tolerance,
            () if iterations >= job.max_iter => Ended::Iterations,
            () => continue,
        };
        // The labels of the centres that are given.
        assign(&centres, &mut labels, &mut totals);
        rechecked += totals.rechecked;
        break ended;
    };
    let found = finish(rows, centres, &labels, &totals, crew)?;
    Ok(Clusters { iterations, ended, rechecked, backend, note, ..found })
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

/// Clusters `starts` times, from `job.seed` and seeds made of it, and keeps what has the lowest inertia, the first among equals. From
/// given centres, or ended by `watch`, once.
///
/// # Errors
/// As [`kmeans`].
pub fn kmeans_of_starts<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    starts: u32,
    crew: &C,
    mut device: Option<&mut dyn Device>,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    let mut best = kmeans_on(rows, job, crew, reborrow(&mut device), watch)?;
    let mut note = best.note.take();
    for start in 1..starts {
        if job.init.is_some() || best.ended == Ended::Stopped {
            break;
        }
        let seed = philox::derived(job.seed, stream::AGAIN, [start, 0]);
        let working = if note.is_none() { reborrow(&mut device) } else { None };
        let mut next = kmeans_on(rows, &KMeans { seed, ..job.clone() }, crew, working, watch)?;
        note = note.or(next.note.take());
        if next.ended == Ended::Stopped {
            best.ended = Ended::Stopped;
            break;
        }
        if next.inertia < best.inertia {
            best = next;
        }
    }
    best.note = note;
    Ok(best)
}

/// The same device once more.
fn reborrow<'a>(device: &'a mut Option<&mut dyn Device>) -> Option<&'a mut dyn Device> {
    match device {
        Some(device) => Some(&mut **device),
        None => None,
    }
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
mod tests {
    use super::philox::uniform;
    use super::*;

    /// Three hills in `d` columns, `n` rows; row `i` belongs to hill `i % 3`.
    fn hills(n: usize, d: usize, apart: f32) -> Vec<f32> {
        let noise = |i: usize| (uniform(9, 0, i as u64) + uniform(9, 1, i as u64) - 1.0) as f32;
        (0..n * d)
            .map(|i| noise(i) + apart * ((i / d % 3) as f32 - 1.0) * if (i % d).is_multiple_of(2) { 1.0 } else { -0.5 })
            .collect()
    }

    fn run(rows: &Rows, job: &KMeans) -> Clusters {
        kmeans(rows, job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    /// Lloyd's iteration as a book has it, in f64, from the same first centres.
    fn by_the_book(rows: &Rows, mut centres: Vec<f32>, k: usize) -> (Vec<u32>, f64) {
        loop {
            let labels: Vec<u32> = (0..rows.n).map(|r| rows.nearest(r, &centres)).collect();
            let mut next = centres.clone();
            for c in 0..k {
                for j in 0..rows.d {
                    let members = (0..rows.n).filter(|&r| labels[r] == c as u32);
                    let known = members.filter(|r| !rows.missing.get(r).is_some_and(|m| m.contains(&j)));
                    let (sum, n) = known.fold((0.0, 0.0), |(s, n), r| {
                        let w = f64::from(rows.weights[r]);
                        (s + w * f64::from(rows.value(r, j)), n + w)
                    });
                    next[c * rows.d + j] = (sum / n) as f32;
                }
            }
            if next == centres {
                let inertia = |r: usize| {
                    f64::from(rows.weights[r]) * rows.distance(r, &centres[labels[r] as usize * rows.d..][..rows.d])
                };
                let sum: f64 = (0..rows.n).map(inertia).sum();
                return (labels, sum * rows.square_unit());
            }
            centres = next;
        }
    }

    #[test]
    fn six_numbers_on_paper() {
        // From 0 and 1: {0} {1 2 9 10 11} -> 0, 6.6 -> {0 1 2} {9 10 11}.
        let rows = Rows::new(&[9.0, 0.0, 1.0, 10.0, 2.0, 11.0], 1, None, Scaling::None).unwrap();
        let job = KMeans { init: Some(vec![0.0, 1.0]), ..KMeans::new(2) };
        let found = run(&rows, &job);
        // Equal sizes: the cluster of the first row is first.
        assert_eq!(found.labels, [0, 1, 1, 0, 1, 0].map(Some));
        assert_eq!((found.centres, found.sizes, found.inertia), (vec![10.0, 1.0], vec![3, 3], 4.0));
        assert_eq!((found.ended, found.iterations), (Ended::Settled, 2));
    }

    #[test]
    fn equals_the_book_with_missing_numbers_and_weights() {
        for (n, d, k, apart) in [(300, 4, 3, 2.0), (500, 25, 8, 0.0), (97, 2, 5, 0.5)] {
            let mut values = hills(n, d, apart);
            (0..n * d).filter(|i| i % 41 == 5).for_each(|i| values[i] = f32::NAN);
            let weights: Vec<u32> = (0..n).map(|i| 1 + (i % 3) as u32).collect();
            for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
                let rows = Rows::new(&values, d, Some(&weights), scaling).unwrap();
                let job = KMeans { seed: 3, ..KMeans::new(k) };
                let first = start::plus_plus(&rows, k, 3, &Alone, job.width).unwrap();
                let found = run(&rows, &job);
                let (labels, inertia) = by_the_book(&rows, first, k);
                let same = |a: usize, b: usize| (labels[a] == labels[b]) == (found.labels[a] == found.labels[b]);
                assert!((0..n).all(|a| (0..a).all(|b| same(a, b))), "n {n}, {scaling:?}");
                assert!((found.inertia / inertia - 1.0).abs() < 1e-9, "{} {inertia}", found.inertia);
            }
        }
    }

    #[test]
    fn widths_and_order_of_rows_change_nothing() {
        let (n, d, k) = (3000, 7, 12);
        let values = hills(n, d, 0.7);
        let rows = Rows::new(&values, d, None, Scaling::ZScore).unwrap();
        let want = run(&rows, &KMeans::new(k));
        for width in Width::available() {
            let got = run(&rows, &KMeans { width, ..KMeans::new(k) });
            // How many labels were checked again depends on the rounding, nothing else does.
            assert_eq!(Clusters { rechecked: 0, ..got }, Clusters { rechecked: 0, ..want.clone() }, "{}", width.name());
        }
        // Reversed rows from the same centres: the same sets of rows.
        let reversed: Vec<f32> = values.chunks_exact(d).rev().flatten().copied().collect();
        let init = Some(want.centres.clone());
        let a = run(&rows, &KMeans { init: init.clone(), ..KMeans::new(k) });
        let b = run(&Rows::new(&reversed, d, None, Scaling::ZScore).unwrap(), &KMeans { init, ..KMeans::new(k) });
        let back: Vec<_> = b.labels.iter().rev().copied().collect();
        assert_eq!(a.labels, back);
        assert_eq!(a.scaled, b.scaled);
    }

    #[test]
    fn weights_are_repeated_rows() {
        let (n, d, k) = (200, 3, 4);
        let values = hills(n, d, 1.0);
        let weights: Vec<u32> = (0..n).map(|i| (i % 4) as u32).collect();
        let many: Vec<f32> = (0..n).flat_map(|r| values[r * d..][..d].repeat(weights[r] as usize)).collect();
        let init = Some(values[..k * d].iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
        let job = KMeans { init, ..KMeans::new(k) };
        for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
            let a = run(&Rows::new(&values, d, Some(&weights), scaling).unwrap(), &job);
            let b = run(&Rows::new(&many, d, None, scaling).unwrap(), &job);
            let rows = a.labels.iter().zip(&weights);
            let a_many: Vec<_> = rows.flat_map(|(l, &w)| std::iter::repeat_n(*l, w as usize)).collect();
            // A row of weight 0 still has no label: it counts for nothing.
            assert!(a.labels.iter().zip(&weights).all(|(l, &w)| l.is_some() == (w > 0)));
            assert_eq!((a_many, a.sizes.clone()), (b.labels, b.sizes), "{scaling:?}");
            assert_eq!(a.centres, b.centres, "{scaling:?}");
        }
    }

    /// Rows that fail once they were read `left` times.
    struct Failing(Table, std::sync::atomic::AtomicUsize);

    impl Source for Failing {
        fn rows(&self) -> usize {
            self.0.rows()
        }

        fn columns(&self) -> usize {
            self.0.columns()
        }

        fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
            use std::sync::atomic::Ordering::Relaxed;
            match self.1.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
                Ok(_) => self.0.read(first, out),
                Err(_) => Err("the disk is gone".into()),
            }
        }
    }

    #[test]
    fn rows_that_are_read_are_as_good_as_rows_that_are_held() {
        let (n, d) = (9000, 5);
        let mut values = hills(n, d, 0.4);
        (0..n * d).filter(|i| i % 997 == 5).for_each(|i| values[i] = f32::NAN);
        values[..d].fill(f32::NAN);
        let weights: Vec<u32> = (0..n).map(|i| (i % 3) as u32).collect();
        let source = |reads: usize| Box::new(Failing(Table::new(values.clone(), d).unwrap(), reads.into()));
        for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
            let held = Rows::new(&values, d, Some(&weights), scaling).unwrap();
            let read = Rows::streamed(source(usize::MAX), Some(&weights), scaling).unwrap();
            for job in [KMeans::new(9), KMeans { tol: 1e-3, ..KMeans::new(3) }] {
                let (a, b) = (run(&held, &job), run(&read, &job));
                assert_eq!(a, b, "{scaling:?}");
                assert_eq!(validity(&held, &a.labels, job.k, &Alone), validity(&read, &b.labels, job.k, &Alone));
            }
            let how = Choose { k_max: 4, most_rows: 500, ..Choose::new() };
            assert_eq!(choose(&held, &how, &Alone), choose(&read, &how, &Alone));
        }
        // A source that ends early: an error, whenever it is.
        let whole = run(&Rows::streamed(source(usize::MAX), None, Scaling::ZScore).unwrap(), &KMeans::new(4));
        let mut failed = 0;
        for reads in 0usize.. {
            let rows = Rows::streamed(source(reads), None, Scaling::ZScore);
            let found =
                rows.and_then(|rows| kmeans(&rows, &KMeans::new(4), &Alone, &mut |_| ControlFlow::Continue(())));
            match found {
                Err(e) => {
                    assert_eq!(e, KMeansError::Source { why: "the disk is gone".into() });
                    failed += 1;
                }
                Ok(found) => {
                    assert_eq!(found, whole);
                    break;
                }
            }
        }
        assert!(failed > 20, "{failed}");
    }

    #[test]
    fn empty_clusters_are_filled() {
        // The second centre is nobody's nearest.
        let rows = Rows::new(&[0.0, 1.0, 2.0, 100.0], 1, None, Scaling::None).unwrap();
        let job = KMeans { init: Some(vec![1.0, 1e6]), ..KMeans::new(2) };
        let found = run(&rows, &job);
        assert_eq!(found.labels, [0, 0, 0, 1].map(Some));
        assert_eq!(found.sizes, [3, 1]);
        // Two of them, and the farthest rows are copies of each other.
        let rows = Rows::new(&[0.0, 1.0, 2.0, 100.0, 100.0, 50.0], 1, None, Scaling::None).unwrap();
        let job = KMeans { init: Some(vec![1.0, 1e6, 1e6]), max_iter: 1, ..KMeans::new(3) };
        assert_eq!(run(&rows, &job).labels, [0, 0, 0, 1, 1, 2].map(Some));
    }

    #[test]
    fn what_cannot_be_clustered() {
        let rows = Rows::new(&[1.0, 1.0, 2.0, f32::NAN], 1, None, Scaling::ZScore).unwrap();
        let fails = |job: &KMeans| kmeans(&rows, job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(fails(&KMeans::new(0)).code(), "E_CLUSTERS");
        assert_eq!(fails(&KMeans::new(4)), KMeansError::Clusters { k: 4, n: 3, most: 3 });
        assert_eq!(fails(&KMeans::new(3)), KMeansError::TooFew { k: 3, different: 2 });
        assert_eq!(fails(&KMeans { init: Some(vec![1.0]), ..KMeans::new(2) }).code(), "E_INIT");
        assert_eq!(fails(&KMeans { init: Some(vec![1.0, f64::NAN]), ..KMeans::new(2) }).code(), "E_INIT");
        assert_eq!(run(&rows, &KMeans::new(2)).labels, [Some(0), Some(0), Some(1), None]);
        let one = Rows::new(&[3.0; 10], 5, None, Scaling::Robust).unwrap();
        assert_eq!(run(&one, &KMeans::new(1)).centres, [3.0; 5]);
    }

    #[test]
    fn more_starts_find_no_worse() {
        let rows = Rows::new(&hills(600, 4, 3.0), 4, None, Scaling::None).unwrap();
        let of = |starts| {
            kmeans_of_starts(&rows, &KMeans::new(7), starts, &Alone, None, &mut |_| ControlFlow::Continue(())).unwrap()
        };
        let inertias: Vec<f64> = [1, 2, 4, 8].map(|starts| of(starts).inertia).into();
        assert!(inertias.is_sorted_by(|a, b| a >= b) && inertias[3] < inertias[0], "{inertias:?}");
        assert_eq!(of(1), run(&rows, &KMeans::new(7)));
    }

    /// Numbers of any size, beside each other too: the definition's labels, or an error.
    #[test]
    fn very_large_and_very_small_numbers() {
        let of = |values: &[f64], k, init: Option<&[f64]>, scaling| {
            let rows = Rows::new(values, 1, None, scaling)?;
            kmeans(&rows, &KMeans { init: init.map(<[f64]>::to_vec), ..KMeans::new(k) }, &Alone, &mut |_| {
                ControlFlow::Continue(())
            })
        };
        let three = [-1e20, 0.0, 1e20];
        assert_eq!(of(&three, 3, Some(&three), Scaling::None).unwrap().sizes, [1, 1, 1]);
        let tiny = [0.0, 1e-25, 2e-25];
        assert_eq!(of(&tiny, 3, None, Scaling::None).unwrap().sizes, [1, 1, 1]);
        // f64 that no f32 tells apart, until the mean is off.
        let found = of(&[1e9, 1e9 + 1.0, 1e9 + 50.0, 1e9 + 51.0], 2, None, Scaling::None).unwrap();
        assert_eq!(
            (found.labels, found.centres),
            (vec![Some(0), Some(0), Some(1), Some(1)], vec![1e9 + 0.5, 1e9 + 50.5])
        );
        assert!((found.inertia - 1.0).abs() < 1e-6, "{}", found.inertia);
        // Quartiles of a hair, and a value beyond f32 when scaled by them.
        let far = [0.0, 1e-30, 2e-30, 3e-30, 1e20];
        assert_eq!(of(&far, 2, None, Scaling::Robust).unwrap().sizes, [4, 1]);
        assert_eq!(of(&far, 3, None, Scaling::Robust).unwrap_err().code(), "E_TOO_FEW");
        assert_eq!(of(&[f64::MAX, f64::MIN, 0.0], 2, None, Scaling::ZScore).unwrap_err().code(), "E_SCALE");
        // A first centre far beyond all rows is nobody's, and filled.
        assert_eq!(of(&three, 2, Some(&[0.0, 1e60]), Scaling::None).unwrap_err().code(), "E_INIT");
        assert_eq!(of(&three, 2, Some(&[0.0, 1e39]), Scaling::None).unwrap().sizes, [2, 1]);
        // The f64 definition cannot tell these centres apart, and the kernel must not claim to.
        let row = [1.0, 1e-11, -1.0];
        let close = [1e-11, 1e-11 * (1.0 + 2e-6)];
        let found = of(&row, 2, Some(&close), Scaling::None).unwrap();
        assert_eq!(found.sizes.iter().sum::<u64>(), 3);
    }

    #[test]
    fn who_watches_may_end_it() {
        let rows = Rows::new(&hills(2000, 3, 0.0), 3, None, Scaling::None).unwrap();
        let mut passes = Vec::new();
        let mut watch = |pass: Pass| {
            passes.push(pass.iteration);
            if pass.iteration == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = kmeans(&rows, &KMeans::new(9), &Alone, &mut watch).unwrap();
        assert_eq!((found.ended, found.iterations, passes), (Ended::Stopped, 3, vec![1, 2, 3]));
        let short = run(&rows, &KMeans { max_iter: 3, ..KMeans::new(9) });
        assert_eq!((short.labels, short.ended), (found.labels, Ended::Iterations));
        let near = run(&rows, &KMeans { tol: 0.5, ..KMeans::new(9) });
        assert_eq!(near.ended, Ended::Tolerance);
    }
}
