//! Mini-batch k-means: centres from random rows, some at a time.
//!
//! D. Sculley, "Web-scale k-means clustering", WWW 2010: rows of a batch go to their nearest centres, and each centre is the mean of
//! all rows it was ever given. Drawing a batch costs as much as the batch: rows come from random numbers by counter, with
//! replacement, and nothing is shuffled or passed over. Labels of a batch are the definition's and its sums are integers, as in
//! [`super::lloyd`], so the centres are the same everywhere. The start is k-means++ on some batches' worth of rows. At the end all rows
//! take the label of their nearest centre, once; the inertia is that of all rows.
//!
//! **Early stop** after [`PATIENCE`] batches in which the smoothed inertia of batches has not fallen below its lowest.

use std::ops::ControlFlow;

use super::assign::Centres;
use super::crew::Crew;
use super::lloyd::{self, NONE, Totals};
use super::philox::uniform;
use super::rows::Rows;
use super::start;
use super::{Clusters, Ended, KMeans, KMeansError, MOST, Pass, finish, mean_variance, stream};

/// Batches without progress.
const PATIENCE: u32 = 10;

/// Batches whose rows are the start's.
const START: usize = 3;

/// Share of the newest batch in the smoothed inertia: that of the rows seen, as long as there are many more.
fn share(batch: usize, n: usize) -> f64 {
    (2.0 * batch as f64 / (n as f64 + 1.0)).min(1.0)
}

/// Clusters rows by batches of `batch` of them, `job.max_iter` batches at most. `job.tol` counts for the moves of a batch. Deterministic from the
/// seed; another local optimum than [`super::kmeans`] finds, usually a little worse, at a cost that does not depend on the number of
/// rows but for the last pass.
///
/// # Errors
/// As [`super::kmeans`]; `Clusters` also where a batch has no rows.
pub fn mini_batch<C: Crew>(
    rows: &Rows,
    job: &KMeans,
    batch: usize,
    crew: &C,
    watch: &mut dyn FnMut(Pass) -> ControlFlow<()>,
) -> Result<Clusters, KMeansError> {
    let (k, d) = (job.k, rows.d);
    let n = rows.weights.iter().filter(|&&w| w > 0).count();
    if k == 0 || k > n.min(MOST) || batch == 0 {
        return Err(KMeansError::Clusters { k, n, most: n.min(MOST) });
    }
    let first = match &job.init {
        Some(_) => job.first(rows, crew)?,
        None => {
            let start = rows.subset(&drawn(rows, START * batch.max(k), job.seed, stream::BATCH_START, 0));
            match start::plus_plus(&start, k, job.seed, crew, job.width) {
                // Drawn from all of them, then.
                Err(KMeansError::TooFew { .. }) => start::plus_plus(rows, k, job.seed, crew, job.width)?,
                found => found?,
            }
        }
    };
    rows.fault()?;
    let mut centres = first;
    // Of everything a centre was ever given.
    let (mut sums, mut counts) = (vec![0.0f64; k * d], vec![0.0f64; k * d]);
    let (mut smooth, mut lowest, mut idle) = (None::<f64>, f64::INFINITY, 0);
    let mut iterations = 0;
    let still = if job.tol > 0.0 {
        job.tol * mean_variance(&rows.subset(&drawn(rows, START * batch, job.seed, stream::BATCH_START, 0)))
    } else {
        -1.0
    };
    let ended = loop {
        if iterations >= job.max_iter {
            break Ended::Iterations;
        }
        let here = rows.subset(&drawn(rows, batch, job.seed, stream::BATCH, u64::from(iterations)));
        rows.fault()?;
        let table = Centres::new(centres.clone(), &here);
        let mut labels = vec![NONE; here.n];
        let mut totals = Totals::none(&here, k);
        lloyd::assign(&here, &table, None, &mut labels, &mut totals, crew, job.width);
        let weight: f64 = totals.weights.iter().map(|&w| w as f64).sum();
        let mean = lloyd::inertia(&here, &table.plain, &labels, crew) / weight.max(1.0);
        let before = centres.clone();
        for c in 0..k {
            for j in 0..d {
                let (sum, count) = totals.sum(&here, c, j);
                let at = c * d + j;
                sums[at] += sum;
                counts[at] += count;
                if counts[at] > 0.0 {
                    centres[at] = (sums[at] / counts[at]) as f32;
                }
            }
        }
        // Nobody's yet: where the batch is farthest from its centres.
        lloyd::reseed(&here, &mut centres, &labels, &never(&counts, d, totals), crew);
        iterations += 1;
        let stop = watch(Pass { iteration: iterations, changed: here.n as u64 }).is_break();
        let moved: f64 = centres.iter().zip(&before).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        let share = share(batch, rows.n);
        let now = smooth.map_or(mean, |s| s * (1.0 - share) + mean * share);
        smooth = Some(now);
        idle = if now < lowest { 0 } else { idle + 1 };
        lowest = lowest.min(now);
        match () {
            () if stop => break Ended::Stopped,
            () if moved <= still => break Ended::Tolerance,
            () if idle >= PATIENCE => break Ended::Idle,
            () => {}
        }
    };
    let mut labels = vec![NONE; rows.n];
    let mut totals = Totals::none(rows, k);
    let table = Centres::new(centres, rows);
    lloyd::assign(rows, &table, None, &mut labels, &mut totals, crew, job.width);
    let rechecked = totals.rechecked;
    finish(rows, table, &labels, &totals, crew).map(|found| Clusters { iterations, ended, rechecked, ..found })
}

/// Totals in which only clusters that were never given a row are empty.
fn never(counts: &[f64], d: usize, mut totals: Totals) -> Totals {
    for (weight, counts) in totals.weights.iter_mut().zip(counts.chunks_exact(d)) {
        *weight = i64::from(counts.iter().any(|&n| n > 0.0));
    }
    totals
}

/// `count` rows drawn with replacement, ascending: those of draw number `number`.
fn drawn(rows: &Rows, count: usize, seed: u64, stream: u32, number: u64) -> Vec<usize> {
    let first = number * count as u64;
    let row = |i: u64| (uniform(seed, stream, first + i) * rows.n as f64) as usize;
    let mut out: Vec<usize> = (0..count as u64).map(|i| row(i).min(rows.n - 1)).collect();
    // Rows lie together where they lie together on disk; sums do not depend on the order.
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use earprint_lanes::Width;

    use super::super::crew::Alone;
    use super::super::scaling::Scaling;
    use super::super::source::{Source, Table};
    use super::super::{adjusted_rand, kmeans};
    use super::*;

    fn hills(n: usize, k: usize) -> Vec<f32> {
        let value = |i: usize| {
            let (row, j) = (i / 4, i % 4);
            (uniform(3, 0, i as u64) + uniform(3, 1, i as u64)) as f32 + 3.0 * ((row % k * (j + 2)) % 7) as f32
        };
        (0..n * 4).map(value).collect()
    }

    fn run(rows: &Rows, job: &KMeans, batch: usize) -> Clusters {
        mini_batch(rows, job, batch, &Alone, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn near_the_whole_and_the_same_at_every_width() {
        let rows = Rows::new(&hills(20_000, 5), 4, None, Scaling::ZScore).unwrap();
        let job = KMeans { seed: 2, ..KMeans::new(5) };
        let whole = kmeans(&rows, &job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap();
        let found = run(&rows, &job, 256);
        assert!(found.inertia < whole.inertia * 1.05 && found.inertia >= whole.inertia * 0.999, "{found:?}");
        assert!(adjusted_rand(&found.labels, &whole.labels) > 0.99);
        assert_eq!(found.ended, Ended::Idle);
        for width in Width::available() {
            let again = run(&rows, &KMeans { width, ..job.clone() }, 256);
            assert_eq!(Clusters { rechecked: 0, ..again }, Clusters { rechecked: 0, ..found.clone() });
        }
        assert_ne!(run(&rows, &KMeans { seed: 3, ..job.clone() }, 256).centres, found.centres);
        // Every cluster has members, though the start may have missed some.
        assert!(found.sizes.iter().all(|&s| s > 0));
    }

    /// Rows that count how many of them were read.
    struct Counted(Table, Arc<AtomicUsize>);

    impl Source for Counted {
        fn rows(&self) -> usize {
            self.0.rows()
        }

        fn columns(&self) -> usize {
            self.0.columns()
        }

        fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
            self.1.fetch_add(out.len() / self.columns(), Ordering::Relaxed);
            self.0.read(first, out)
        }
    }

    #[test]
    fn a_batch_costs_a_batch() {
        let reads = |n: usize| {
            let count = Arc::new(AtomicUsize::new(0));
            let source = Box::new(Counted(Table::new(hills(n, 4), 4).unwrap(), count.clone()));
            let rows = Rows::streamed(source, None, Scaling::ZScore).unwrap();
            let mut seen = Vec::new();
            let job = KMeans { max_iter: 8, ..KMeans::new(4) };
            mini_batch(&rows, &job, 50, &Alone, &mut |_| {
                seen.push(count.load(Ordering::Relaxed));
                ControlFlow::Continue(())
            })
            .unwrap();
            seen.windows(2).map(|w| w[1] - w[0]).max().unwrap()
        };
        // A block for each row at most, however many rows there are.
        let (few, many) = (reads(20_000), reads(200_000));
        assert!(few <= 50 * 64 && many <= 50 * 64, "{few} {many}");
    }

    #[test]
    fn what_it_refuses_and_small_sets() {
        let rows = Rows::new(&[1.0f32, 2.0, 9.0, 10.0], 1, None, Scaling::None).unwrap();
        let code = |k, batch| {
            let found = mini_batch(&rows, &KMeans::new(k), batch, &Alone, &mut |_| ControlFlow::Continue(()));
            found.err().map(|e| e.code())
        };
        assert_eq!((code(0, 5), code(5, 5), code(2, 0)), (Some("E_CLUSTERS"), Some("E_CLUSTERS"), Some("E_CLUSTERS")));
        assert_eq!((code(4, 2), code(1, 1)), (None, None));
        assert_eq!(run(&rows, &KMeans::new(2), 100).labels, [0, 0, 1, 1].map(Some));
    }
}
