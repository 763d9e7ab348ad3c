//! How many clusters: the number whose silhouette is reliably highest over resamples, with its spread and the runner-up.
//!
//! Every k is tried on the same resamples, parts of the rows drawn without replacement, from several first centres each. The mean of their
//! exact squared Euclidean silhouettes less their deviation, the spread, decides; the lower k among equals. The mean alone would be won by a
//! few rows far from all others: with them in the resample, "they and the rest" is nearly 1, without them nearly 0. (That a
//! number must win by more than its spread is the rule of the gap statistic, too: R. Tibshirani, G. Walther, T. Hastie, J. R. Stat. Soc. B
//! 63, 2001.) **Stability** is beside it (U. von Luxburg,
//! "Clustering stability: an overview", Found. Trends Mach. Learn. 2, 2010): the mean adjusted Rand index, over all pairs of resamples, of
//! what their centres make of the same rows. A high silhouette that is not stable is one of several ways to cut. All runs of
//! all k are one batch of tasks, the heaviest first.

use earprint_lanes::Width;

use super::crew::{Alone, Crew};
use super::philox::derived;
use super::rows::Rows;
use super::validity::{adjusted_rand, validity};
use super::{KMeans, KMeansError, kmeans_of_starts, stream};

/// How to look for the number of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choose {
    /// Highest number to try; 2 is the lowest.
    pub k_max: usize,
    /// Resamples, at least 2.
    pub resamples: usize,
    /// Most rows of a resample; it has four fifths of the rows where those are fewer.
    pub most_rows: usize,
    /// First centres that are tried for each k on each resample, at least 1; the lowest inertia counts.
    pub starts: u32,
    /// Seed of resamples and first centres.
    pub seed: u64,
    /// Most passes of a run.
    pub max_iter: u32,
    /// Instructions; no result depends on them.
    pub width: Width,
}

impl Choose {
    /// 2 to 20 on eight resamples of at most 10,000 rows, from three starts.
    pub fn new() -> Self {
        Self { k_max: 20, resamples: 8, most_rows: 10_000, starts: 3, seed: 0, max_iter: 100, width: Width::best() }
    }
}

impl Default for Choose {
    fn default() -> Self {
        Self::new()
    }
}

/// What became of one k.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Number of clusters.
    pub k: usize,
    /// Mean silhouette of the resamples, squared Euclidean.
    pub silhouette: f64,
    /// Its population deviation over them.
    pub spread: f64,
    /// Mean adjusted Rand index of their pairs, 1: all cut alike.
    pub stability: f64,
}

impl Tried {
    /// What decides: the silhouette less its spread.
    pub fn reliable(&self) -> f64 {
        self.silhouette - self.spread
    }
}

/// A number of clusters, and what else was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The number; 1 where no two clusters can be told apart at all.
    pub k: usize,
    /// The second best.
    pub runner_up: Option<usize>,
    /// By k; up to the first that some resample has too few different rows for.
    pub tried: Vec<Tried>,
    /// Rows of a resample.
    pub rows: usize,
}

/// Looks for the number of clusters. Deterministic from the seed.
pub fn choose<C: Crew>(rows: &Rows, how: &Choose, crew: &C) -> Choice {
    assert!(Width::available().contains(&how.width), "{} is not available here", how.width.name());
    let labelled: Vec<usize> = (0..rows.n).filter(|&row| rows.weights[row] > 0).collect();
    let size = (labelled.len() * 4).div_ceil(5).min(how.most_rows.max(2));
    let parts: Vec<Rows> =
        (0..how.resamples.max(2)).map(|r| rows.subset(&drawn(&labelled, size, how.seed, r as u32))).collect();
    // The rows that all centres are asked about.
    let common = rows.subset(&drawn(&labelled, size, how.seed, u32::MAX));
    let ks: Vec<usize> = (2..=how.k_max.min(size.saturating_sub(1))).collect();
    let mut runs: Vec<Option<Run>> = vec![None; ks.len() * parts.len()];
    let mut tasks: Vec<_> = runs.iter_mut().enumerate().collect();
    // Heaviest first: the last to start must not be the longest.
    tasks.reverse();
    crew.each(tasks, |(at, run)| {
        let (k, r) = (ks[at / parts.len()], at % parts.len());
        *run = Run::of(&parts[r], &common, k, derived(how.seed, stream::RESAMPLE, [k as u32, r as u32]), how)
            .ok()
            .flatten();
    });
    let mut tried = Vec::new();
    for (&k, runs) in ks.iter().zip(runs.chunks(parts.len())) {
        let Some(runs) = runs.iter().map(Option::as_ref).collect::<Option<Vec<_>>>() else { break };
        let n = runs.len() as f64;
        let silhouette = runs.iter().map(|r| r.silhouette).sum::<f64>() / n;
        let spread = (runs.iter().map(|r| (r.silhouette - silhouette).powi(2)).sum::<f64>() / n).sqrt();
        let pairs = (0..runs.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
        let agree: Vec<f64> = pairs.map(|(a, b)| adjusted_rand(&runs[a].labels, &runs[b].labels)).collect();
        tried.push(Tried { k, silhouette, spread, stability: agree.iter().sum::<f64>() / agree.len() as f64 });
    }
    let mut best: Vec<&Tried> = tried.iter().collect();
    best.sort_by(|a, b| b.reliable().total_cmp(&a.reliable()).then(a.k.cmp(&b.k)));
    Choice { k: best.first().map_or(1, |t| t.k), runner_up: best.get(1).map(|t| t.k), rows: size, tried }
}

/// A run on one resample.
#[derive(Debug, Clone)]
struct Run {
    silhouette: f64,
    /// Of the common rows.
    labels: Vec<Option<u32>>,
}

impl Run {
    /// `None` where fewer than two clusters have members.
    fn of(part: &Rows, common: &Rows, k: usize, seed: u64, how: &Choose) -> Result<Option<Self>, KMeansError> {
        let job = KMeans { seed, max_iter: how.max_iter, width: how.width, ..KMeans::new(k) };
        let mut watch = |_| std::ops::ControlFlow::Continue(());
        let found = kmeans_of_starts(part, &job, how.starts.max(1), &Alone, &mut watch)?;
        let Some(numbers) = validity(part, &found.labels, k, &Alone) else { return Ok(None) };
        let labels = common.nearest_of_all(&found.scaled, how.width);
        Ok(Some(Self { silhouette: numbers.silhouette, labels }))
    }
}

/// `size` of the rows, in their order, without replacement: those whose random keys are lowest.
fn drawn(rows: &[usize], size: usize, seed: u64, resample: u32) -> Vec<usize> {
    let key = |&row: &usize| {
        derived(seed, stream::RESAMPLE_ROWS ^ resample.rotate_left(8), [row as u32, (row as u64 >> 32) as u32])
    };
    let mut keyed: Vec<(u64, usize)> = rows.iter().map(|row| (key(row), *row)).collect();
    if size < keyed.len() {
        keyed.select_nth_unstable(size);
        keyed.truncate(size);
    }
    let mut out: Vec<usize> = keyed.into_iter().map(|k| k.1).collect();
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use super::super::philox::uniform;
    use super::super::scaling::Scaling;
    use super::*;

    /// `k` hills on a line of corners, `spread` wide.
    fn hills(n: usize, k: usize, spread: f64) -> Rows {
        let value = |i: usize| {
            let (hill, column) = (i / 2 % k, i % 2);
            let centre = [(hill * 10) as f64, (hill % 2 * 10) as f64][column];
            (centre + spread * (0..4).map(|s| uniform(1, s, i as u64) - 0.5).sum::<f64>()) as f32
        };
        Rows::new(&(0..n * 2).map(value).collect::<Vec<_>>(), 2, None, Scaling::None).unwrap()
    }

    #[test]
    fn clear_hills_are_counted_and_stable() {
        for k in [2, 3, 5, 8] {
            let found = choose(&hills(600, k, 1.0), &Choose { k_max: 12, ..Choose::new() }, &Alone);
            let best = found.tried[found.k - 2];
            assert_eq!((found.k, found.tried.len()), (k, 11), "{found:?}");
            assert!(best.silhouette > 0.9 && best.stability > 0.95, "{best:?}");
        }
    }

    /// Mixtures of `k` normal-like hills in 10 columns, with what each row was drawn from.
    fn mixture(k: usize, apart: f64) -> (Rows, Vec<Option<u32>>) {
        let (n, d) = (1500, 10);
        let value = |i: usize| {
            let (row, j) = (i / d, i % d);
            let centre = apart * (uniform(11, 9, (row % k * d + j) as u64) - 0.5);
            centre + (0..12).map(|s| uniform(12, s, i as u64)).sum::<f64>() - 6.0
        };
        let values: Vec<f64> = (0..n * d).map(value).collect();
        let rows = Rows::new(&values, d, None, Scaling::ZScore).unwrap();
        (rows, (0..n).map(|row| Some((row % k) as u32)).collect())
    }

    #[test]
    fn separated_mixtures_are_recovered_and_hard_ones_say_so() {
        let look = |k: usize, apart: f64| {
            let (rows, truth) = mixture(k, apart);
            let found = choose(&rows, &Choose { k_max: 10, ..Choose::new() }, &Alone);
            let job = KMeans::new(found.k);
            let mut go = |_| std::ops::ControlFlow::Continue(());
            let clusters = kmeans_of_starts(&rows, &job, 4, &Alone, &mut go).unwrap();
            (found.k, found.tried[found.k - 2].stability, adjusted_rand(&clusters.labels, &truth))
        };
        for k in [2, 3, 5, 7] {
            let (found, stability, agreement) = look(k, 20.0);
            println!("apart, {k}: k {found}, stability {stability:.3}, ARI {agreement:.3}");
            assert!(found == k && stability > 0.98 && agreement > 0.98, "{k}: {found} {stability} {agreement}");
            if k == 2 {
                // Two that overlap are one long hill, and that has one best cut: stable, though it is not the truth.
                continue;
            }
            let (found, stability, agreement) = look(k, 1.0);
            println!("mixed, {k}: k {found}, stability {stability:.3}, ARI {agreement:.3}");
            assert!(stability < 0.9 && agreement < 0.6, "{k}: {found} {stability} {agreement}");
        }
    }

    /// A row far away, which one resample has and another has not, is no reason for two clusters.
    #[test]
    fn a_row_far_away_does_not_win() {
        // Six hills in six corners, near enough to touch.
        let value = |i: usize| {
            let noise = 4.0 * (0..4).map(|s| uniform(1, s, i as u64) - 0.5).sum::<f64>();
            noise + if i / 6 % 6 == i % 6 { 10.0 } else { 0.0 }
        };
        let mut values: Vec<f64> = (0..248 * 6).map(value).collect();
        values.extend([400.0; 6]);
        let rows = Rows::new(&values, 6, None, Scaling::None).unwrap();
        // A seed whose resamples do not all have the row.
        let found = choose(&rows, &Choose { k_max: 8, seed: 2, ..Choose::new() }, &Alone);
        let (two, won) = (found.tried[0], found.tried[found.k - 2]);
        assert!(two.silhouette > won.silhouette && two.spread > 0.1, "{two:?}");
        assert!(found.k > 2, "{found:?}");
    }

    #[test]
    fn a_cloud_is_not_stable() {
        let value = |i: usize| (0..6).map(|s| uniform(8, s, i as u64)).sum::<f64>() as f32;
        let rows = Rows::new(&(0..6000).map(value).collect::<Vec<_>>(), 6, None, Scaling::ZScore).unwrap();
        let found = choose(&rows, &Choose { k_max: 6, ..Choose::new() }, &Alone);
        assert!(found.tried.iter().all(|t| t.stability < 0.6 && t.silhouette < 0.4), "{found:?}");
    }

    #[test]
    fn the_seed_decides_and_few_rows_are_no_mistake() {
        let rows = hills(90, 3, 6.0);
        let how = Choose { k_max: 6, most_rows: 50, ..Choose::new() };
        assert_eq!(choose(&rows, &how, &Alone), choose(&rows, &how, &Alone));
        assert_ne!(choose(&rows, &how, &Alone), choose(&rows, &Choose { seed: 1, ..how }, &Alone));
        let of = |values: &[f32]| choose(&Rows::new(values, 1, None, Scaling::ZScore).unwrap(), &how, &Alone);
        assert_eq!((of(&[1.0]).k, of(&[1.0, 2.0]).k, of(&[4.0; 50]).k), (1, 1, 1));
        assert!(of(&[4.0; 50]).tried.is_empty());
        assert_eq!(of(&[1.0, 1.1, 1.2, 9.0, 9.1, 9.2, 9.15, 1.15, 1.05, 9.05]).k, 2);
    }
}
