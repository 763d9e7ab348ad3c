//! How good a clustering is, by the usual numbers.
//!
//! All over scaled rows, weighted, NaN dropped out pair by pair; of the labels alone, with the means of their members.
//!
//! * **Silhouette** (P. J. Rousseeuw, J. Comput. Appl. Math. 20, 1987): mean of (b - a) / max(a, b); a: mean distance to the other
//!   members of a row's cluster, b: to the members of the nearest other one; 0 alone in a cluster. With *squared* Euclidean
//!   distances the sum over a cluster needs its means and spreads alone, `sum_j (n_j (x_j - mean_j)^2 + spread_j)`: exact in O(n k d). With
//!   Euclidean ones it takes all pairs, so a sample of rows is asked, each against all, and the standard error said.
//! * **Calinski-Harabasz** (Commun. Stat. 3, 1974): between-cluster over within-cluster variance, by degrees of freedom.
//! * **Davies-Bouldin** (IEEE Trans. PAMI 1, 1979): mean over clusters of the worst (s_i + s_j) / d_ij; s: mean distance to the mean.
//! * **Adjusted Rand index** (L. Hubert, P. Arabie, J. Classif. 2, 1985): agreement of two labellings, 0 by chance, 1 equal.
//!
//! Sums are f64 in chunks of [`CHUNK`] rows and chunks in order: the same bits on any number of threads.

use std::collections::BTreeMap;

use super::crew::Crew;
use super::philox::uniform;
use super::rows::{BLOCK, CHUNK, Room, Rows};
use super::stream;

/// Numbers of a clustering of at least two clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validity {
    /// -1 to 1, squared Euclidean, exact.
    pub silhouette: f64,
    /// 0 and up; higher is better. Infinite where clusters have no spread at all.
    pub calinski_harabasz: f64,
    /// 0 and up; lower is better.
    pub davies_bouldin: f64,
}

/// A mean over a sample, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 where all rows were asked.
    pub error: f64,
    /// Rows asked.
    pub rows: usize,
}

/// Weights, means and spreads of known values, `(k, d)`.
struct Sums {
    d: usize,
    members: Vec<f64>,
    known: Vec<f64>,
    /// The collection's middle where nothing is known.
    mean: Vec<f64>,
    /// Weighted sums of squared distances to the mean.
    spread: Vec<f64>,
}

impl Sums {
    fn of(rows: &Rows, labels: &[Option<u32>], k: usize) -> Self {
        let d = rows.d;
        let zeros = vec![0.0; k * d];
        let mut all = Self { d, members: vec![0.0; k], known: zeros.clone(), mean: zeros.clone(), spread: zeros };
        let mut room = Room::default();
        let mut each = |of: &mut dyn FnMut(usize, f64, f64)| {
            for (chunk, labels) in labels.chunks(CHUNK).enumerate() {
                let part = rows.part(chunk * CHUNK, labels.len(), &mut room);
                for (row, label) in (chunk * CHUNK..).zip(labels) {
                    let Some(c) = label.map(|l| l as usize) else { continue };
                    let unknown = rows.missing.get(&row);
                    for j in (0..d).filter(|j| unknown.is_none_or(|u| u.binary_search(j).is_err())) {
                        of(c * d + j, f64::from(rows.weights[row]), f64::from(part.value(row, j)));
                    }
                }
            }
        };
        for (row, label) in labels.iter().enumerate() {
            if let Some(c) = label {
                all.members[*c as usize] += f64::from(rows.weights[row]);
            }
        }
        each(&mut |at, w, x| {
            all.known[at] += w;
            all.mean[at] += w * x;
        });
        all.mean.iter_mut().zip(&all.known).filter(|(_, n)| **n > 0.0).for_each(|(sum, n)| *sum /= n);
        // Around the mean: squares around anything else would cancel.
        each(&mut |at, w, x| all.spread[at] += w * (x - all.mean[at]) * (x - all.mean[at]));
        all
    }

    fn mean(&self, c: usize, j: usize) -> f64 {
        self.mean[c * self.d + j]
    }

    /// Sum of squared distances of a row to all members of cluster `c`.
    fn squared_to_all(&self, x: &[f64], c: usize) -> f64 {
        let at = c * self.d..(c + 1) * self.d;
        let columns = self.known[at.clone()].iter().zip(&self.mean[at.clone()]).zip(&self.spread[at]);
        // An unknown number is NaN here and drops out.
        let of = |(&x, ((&n, &mean), &spread)): (&f64, ((&f64, &f64), &f64))| {
            if x.is_nan() { 0.0 } else { n * (x - mean) * (x - mean) + spread }
        };
        x.iter().zip(columns).map(of).sum()
    }
}

/// The numbers of a clustering in `k` clusters; `None` for fewer than two clusters with members, or as many as rows.
pub fn validity<C: Crew>(rows: &Rows, labels: &[Option<u32>], k: usize, crew: &C) -> Option<Validity> {
    let sums = Sums::of(rows, labels, k);
    let used: Vec<usize> = (0..k).filter(|&c| sums.members[c] > 0.0).collect();
    let n: f64 = sums.members.iter().sum();
    let count = used.len() as f64;
    if used.len() < 2 || n <= count {
        return None;
    }
    let mut parts: Vec<Option<Chunk>> = vec![None; labels.len().div_ceil(CHUNK)];
    let tasks: Vec<_> = labels.chunks(CHUNK).zip(&mut parts).enumerate().collect();
    crew.each(tasks, |(chunk, (labels, part))| *part = Some(Chunk::of(rows, labels, chunk, &sums, &used)));
    let mut all = Chunk { silhouettes: 0.0, within: 0.0, spread: vec![0.0; k] };
    for part in parts.iter().flatten() {
        all.silhouettes += part.silhouettes;
        all.within += part.within;
        all.spread.iter_mut().zip(&part.spread).for_each(|(all, part)| *all += part);
    }
    let Chunk { silhouettes, within, spread } = all;
    let middle = |j: usize| {
        let (sum, known) = used.iter().fold((0.0, 0.0), |(s, n), &c| {
            (s + sums.known[c * rows.d + j] * sums.mean(c, j), n + sums.known[c * rows.d + j])
        });
        if known > 0.0 { sum / known } else { 0.0 }
    };
    let middles: Vec<f64> = (0..rows.d).map(middle).collect();
    let between: f64 = used
        .iter()
        .map(|&c| {
            let column = |j: usize| sums.known[c * rows.d + j] * (sums.mean(c, j) - middles[j]).powi(2);
            (0..rows.d).map(column).sum::<f64>()
        })
        .sum();
    let apart =
        |a: usize, b: usize| (0..rows.d).map(|j| (sums.mean(a, j) - sums.mean(b, j)).powi(2)).sum::<f64>().sqrt();
    let spread = |c: usize| spread[c] / sums.members[c];
    let worst = |a: usize| {
        let others = used.iter().filter(|&&b| b != a);
        others.map(|&b| (spread(a) + spread(b)) / apart(a, b)).filter(|r| !r.is_nan()).fold(0.0, f64::max)
    };
    Some(Validity {
        silhouette: silhouettes / n,
        calinski_harabasz: between * (n - count) / (within * (count - 1.0)),
        davies_bouldin: used.iter().map(|&a| worst(a)).sum::<f64>() / count,
    })
}

/// How a row lies between its own cluster and the nearest other one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Its squared Euclidean silhouette, -1 to 1: below 0 the members of another cluster are nearer on average than those of its own.
    pub silhouette: f64,
    /// That other cluster, the first among equals.
    pub other: u32,
}

/// The fit of every row that has a cluster and a known number; `None` for all of them where fewer than two clusters have members.
pub fn fits<C: Crew>(rows: &Rows, labels: &[Option<u32>], k: usize, crew: &C) -> Vec<Option<Fit>> {
    let sums = Sums::of(rows, labels, k);
    let used: Vec<usize> = (0..k).filter(|&c| sums.members[c] > 0.0).collect();
    let mut out = vec![None; rows.n];
    if used.len() < 2 {
        return out;
    }
    let tasks: Vec<_> = labels.chunks(CHUNK).zip(out.chunks_mut(CHUNK)).enumerate().collect();
    crew.each(tasks, |(chunk, (labels, out))| {
        let mut room = Room::default();
        let part = rows.part(chunk * CHUNK, labels.len(), &mut room);
        for ((row, label), out) in (chunk * CHUNK..).zip(labels).zip(out) {
            let Some(own) = label.map(|l| l as usize).filter(|_| rows.weights[row] > 0) else { continue };
            let x = part.known(row);
            let to: Vec<f64> = (0..k).map(|c| sums.squared_to_all(&x, c)).collect();
            let others = used.iter().filter(|&&c| c != own);
            let nearest = others.fold((f64::INFINITY, own), |best, &c| {
                let mean = to[c] / sums.members[c];
                if mean < best.0 { (mean, c) } else { best }
            });
            let silhouette = silhouette(own, &used, &sums.members, |c| to[c]);
            *out = Some(Fit { silhouette, other: nearest.1 as u32 });
        }
    });
    out
}

/// The Euclidean silhouette of `sample` rows drawn by weight, with replacement, each against all rows; of all rows where there are no
/// more. `None` as for [`validity`].
pub fn euclidean_silhouette<C: Crew>(
    rows: &Rows,
    labels: &[Option<u32>],
    k: usize,
    sample: usize,
    seed: u64,
    crew: &C,
) -> Option<Estimate> {
    let mut members = vec![0.0; k];
    for (row, label) in labels.iter().enumerate() {
        if let Some(c) = label {
            members[*c as usize] += f64::from(rows.weights[row]);
        }
    }
    let used: Vec<usize> = (0..k).filter(|&c| members[c] > 0.0).collect();
    let labelled: Vec<usize> = (0..rows.n).filter(|&row| labels[row].is_some()).collect();
    let n: f64 = members.iter().sum();
    if used.len() < 2 || n <= used.len() as f64 || sample == 0 {
        return None;
    }
    let all = sample >= labelled.len();
    let asked: Vec<usize> = if all { labelled } else { drawn(rows, &labelled, n, sample, seed) };
    let mut found = vec![0.0; asked.len()];
    let tasks: Vec<_> = asked.iter().zip(&mut found).collect();
    crew.each(tasks, |(&row, found)| {
        let mut room = Room::default();
        let x = rows.part(row / BLOCK * BLOCK, 1, &mut room).known(row);
        let mut to = vec![0.0; k];
        for (chunk, labels) in labels.chunks(CHUNK).enumerate() {
            let part = rows.part(chunk * CHUNK, labels.len(), &mut room);
            for (other, label) in (chunk * CHUNK..).zip(labels) {
                let Some(c) = label else { continue };
                let unknown = rows.missing.get(&other);
                let square = |(j, x): (usize, &f64)| match unknown {
                    Some(u) if u.binary_search(&j).is_ok() => 0.0,
                    _ if x.is_nan() => 0.0,
                    _ => (x - f64::from(part.value(other, j))).powi(2),
                };
                let distance = x.iter().enumerate().map(square).sum::<f64>().sqrt();
                to[*c as usize] += f64::from(rows.weights[other]) * distance;
            }
        }
        *found = silhouette(labels[row].map_or(0, |l| l as usize), &used, &members, |c| to[c]);
    });
    let weight = |row: usize| if all { f64::from(rows.weights[row]) } else { 1.0 };
    let total: f64 = asked.iter().map(|&row| weight(row)).sum();
    let mean = asked.iter().zip(&found).map(|(&row, s)| weight(row) * s).sum::<f64>() / total;
    let m = found.len() as f64;
    let variance = found.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (m - 1.0).max(1.0);
    Some(Estimate { mean, error: if all { 0.0 } else { (variance / m).sqrt() }, rows: found.len() })
}

/// `sample` of the rows, by weight, with replacement.
fn drawn(rows: &Rows, labelled: &[usize], total: f64, sample: usize, seed: u64) -> Vec<usize> {
    let mut ranks: Vec<f64> = (0..sample as u64).map(|i| uniform(seed, stream::SILHOUETTE, i) * total).collect();
    ranks.sort_unstable_by(f64::total_cmp);
    let (mut passed, mut at) = (0.0, 0);
    let last = labelled.len() - 1;
    ranks
        .into_iter()
        .map(|rank| {
            while at < last && passed + f64::from(rows.weights[labelled[at]]) <= rank {
                passed += f64::from(rows.weights[labelled[at]]);
                at += 1;
            }
            labelled[at]
        })
        .collect()
}

/// Of a row of cluster `own`, from its summed distances to the members of each cluster.
fn silhouette(own: usize, used: &[usize], members: &[f64], to: impl Fn(usize) -> f64) -> f64 {
    if members[own] <= 1.0 {
        return 0.0;
    }
    let a = to(own) / (members[own] - 1.0);
    let b = used.iter().filter(|&&c| c != own).map(|&c| to(c) / members[c]).fold(f64::INFINITY, f64::min);
    let larger = a.max(b);
    if larger > 0.0 { (b - a) / larger } else { 0.0 }
}

/// Sums over the rows of a chunk that have a cluster.
#[derive(Debug, Clone)]
struct Chunk {
    /// Of weighted silhouettes.
    silhouettes: f64,
    /// Of weighted squared distances to the means.
    within: f64,
    /// Of weighted distances to the mean, of each cluster.
    spread: Vec<f64>,
}

impl Chunk {
    fn of(rows: &Rows, labels: &[Option<u32>], chunk: usize, sums: &Sums, used: &[usize]) -> Self {
        let mut here = Self { silhouettes: 0.0, within: 0.0, spread: vec![0.0; sums.members.len()] };
        let mut room = Room::default();
        let part = rows.part(chunk * CHUNK, labels.len(), &mut room);
        for (row, own) in (chunk * CHUNK..).zip(labels).filter_map(|(row, l)| l.map(|l| (row, l as usize))) {
            let (x, weight) = (part.known(row), f64::from(rows.weights[row]));
            let from_mean = |(j, x): (usize, &f64)| if x.is_nan() { 0.0 } else { (x - sums.mean(own, j)).powi(2) };
            let square: f64 = x.iter().enumerate().map(from_mean).sum();
            here.silhouettes += weight * silhouette(own, used, &sums.members, |c| sums.squared_to_all(&x, c));
            here.within += weight * square;
            here.spread[own] += weight * square.sqrt();
        }
        here
    }
}

/// The adjusted Rand index of two labellings of the same rows, over rows that both label: 1 where they are equal, also for one cluster each.
///
/// # Panics
/// If they are of different length.
pub fn adjusted_rand(a: &[Option<u32>], b: &[Option<u32>]) -> f64 {
    assert_eq!(a.len(), b.len(), "labellings of the same rows");
    let pairs = |n: u64| n as f64 * (n as f64 - 1.0) / 2.0;
    let (mut both, mut of_a, mut of_b) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut n = 0u64;
    for (&a, &b) in a.iter().zip(b) {
        let (Some(a), Some(b)) = (a, b) else { continue };
        *both.entry((a, b)).or_insert(0u64) += 1;
        *of_a.entry(a).or_insert(0u64) += 1;
        *of_b.entry(b).or_insert(0u64) += 1;
        n += 1;
    }
    let sum = |of: Vec<u64>| of.into_iter().map(pairs).sum::<f64>();
    let index = sum(both.into_values().collect());
    let (a, b) = (sum(of_a.into_values().collect()), sum(of_b.into_values().collect()));
    let (by_chance, most) = (a * b / pairs(n).max(1.0), 0.5 * (a + b));
    if most == by_chance { 1.0 } else { (index - by_chance) / (most - by_chance) }
}

#[cfg(test)]
mod tests {
    use super::super::crew::Alone;
    use super::super::scaling::Scaling;
    use super::*;

    #[test]
    fn four_numbers_on_paper() {
        // 0 2 | 10 12 around 6: a = 4, b of the outer ones (100 + 144) / 2, of the inner ones (64 + 100) / 2.
        let rows = Rows::new(&[0.0, 2.0, 10.0, 12.0], 1, None, Scaling::None).unwrap();
        let labels = [0, 0, 1, 1].map(Some);
        let found = validity(&rows, &labels, 2, &Alone).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(found.silhouette, ((122.0 - 4.0) / 122.0 + (82.0 - 4.0) / 82.0) / 2.0);
        close(found.calinski_harabasz, (100.0 / 1.0) / (4.0 / 2.0));
        close(found.davies_bouldin, (1.0 + 1.0) / 10.0);
        let euclidean = euclidean_silhouette(&rows, &labels, 2, 100, 0, &Alone).unwrap();
        close(euclidean.mean, ((11.0 - 2.0) / 11.0 + (9.0 - 2.0) / 9.0) / 2.0);
        assert_eq!((euclidean.error, euclidean.rows), (0.0, 4));
        assert_eq!(validity(&rows, &[0, 0, 0, 0].map(Some), 1, &Alone), None);
        assert_eq!(validity(&rows, &[0, 1, 2, 3].map(Some), 4, &Alone), None);
    }

    #[test]
    fn a_row_fits_where_its_nearest_mean_is() {
        // 0 and 7 | 9 11: of the 7, a = 49 and b = (4 + 16) / 2.
        let rows = Rows::new(&[0.0, 7.0, 9.0, 11.0], 1, None, Scaling::None).unwrap();
        let found = fits(&rows, &[0, 0, 1, 1].map(Some), 2, &Alone);
        let of_7 = found[1].unwrap();
        assert!((of_7.silhouette - (10.0 - 49.0) / 49.0).abs() < 1e-12 && of_7.other == 1, "{of_7:?}");
        assert!(found[3].is_some_and(|f| f.silhouette > 0.0 && f.other == 0));
        assert_eq!(fits(&rows, &[Some(0), Some(0), None, Some(0)], 2, &Alone), [None; 4]);
        // 5 5 | 9 | 2 2 2: means count, not sums: 9 to the last, 16 to the middle one.
        let rows = Rows::new(&[5.0, 5.0, 9.0, 2.0, 2.0, 2.0], 1, None, Scaling::None).unwrap();
        assert_eq!(fits(&rows, &[0, 0, 1, 2, 2, 2].map(Some), 3, &Alone)[0].map(|f| f.other), Some(2));
    }

    #[test]
    fn rand_index_on_paper() {
        let l = |labels: &[u32]| labels.iter().map(|&l| Some(l)).collect::<Vec<_>>();
        assert_eq!(adjusted_rand(&l(&[0, 0, 1, 1]), &l(&[1, 1, 0, 0])), 1.0);
        assert_eq!(adjusted_rand(&l(&[0, 0, 0]), &l(&[0, 0, 0])), 1.0);
        // Two pairs of six together in each, none in both: (0 - 2/3) / (2 - 2/3).
        assert!((adjusted_rand(&l(&[0, 0, 1, 1]), &l(&[0, 1, 0, 1])) + 0.5).abs() < 1e-15);
        assert_eq!(adjusted_rand(&[Some(0), None, Some(1)], &[Some(5), Some(5), Some(6)]), 1.0);
    }

    #[test]
    fn weights_are_repeated_rows_and_a_sample_comes_near() {
        let (n, d) = (400, 3);
        let value = |i: usize| (uniform(3, 0, i as u64) + (i / d % 4) as f64 * 0.4) as f32;
        let values: Vec<f32> = (0..n * d).map(|i| if i % 31 == 7 { f32::NAN } else { value(i) }).collect();
        let weights: Vec<u32> = (0..n).map(|i| 1 + (i % 3) as u32).collect();
        let many: Vec<f32> = (0..n).flat_map(|r| values[r * d..][..d].repeat(weights[r] as usize)).collect();
        let labels: Vec<_> = (0..n).map(|r| Some((r % 4) as u32)).collect();
        let of_many: Vec<_> = (0..n).flat_map(|r| vec![labels[r]; weights[r] as usize]).collect();
        let a = Rows::new(&values, d, Some(&weights), Scaling::None).unwrap();
        let b = Rows::new(&many, d, None, Scaling::None).unwrap();
        let (va, vb) = (validity(&a, &labels, 4, &Alone).unwrap(), validity(&b, &of_many, 4, &Alone).unwrap());
        for (a, b) in [
            (va.silhouette, vb.silhouette),
            (va.calinski_harabasz / 100.0, vb.calinski_harabasz / 100.0),
            (va.davies_bouldin, vb.davies_bouldin),
        ] {
            assert!((a - b).abs() < 1e-6, "{va:?} {vb:?}");
        }
        let of = |rows, labels, sample| euclidean_silhouette(rows, labels, 4, sample, 5, &Alone).unwrap();
        let (exact, other, sampled) = (of(&a, &labels, n), of(&b, &of_many, 1000), of(&a, &labels, 100));
        assert!((exact.mean - other.mean).abs() < 1e-6, "{exact:?} {other:?}");
        assert!(
            sampled.error > 0.0 && (sampled.mean - exact.mean).abs() < 4.0 * sampled.error,
            "{sampled:?} {exact:?}"
        );
        assert_eq!(sampled.rows, 100);
    }
}
