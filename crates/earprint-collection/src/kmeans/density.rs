//! Groups by density, with rows that belong to none: HDBSCAN\*.
//!
//! R. J. G. B. Campello, D. Moulavi, J. Sander, "Density-based clustering based on hierarchical density estimates", PAKDD 2013, as the
//! `hdbscan` crate does it (serial, Prim's tree: time grows with the square of the rows). Unlike k-means it asks for no number of groups,
//! finds groups of any shape, and leaves out what lies alone. Rows are scaled as for k-means; an unknown number counts as the
//! collection's middle, for a density needs a place. Weights are not looked at but for 0.

use hdbscan::{Hdbscan, HdbscanHyperParams, NnAlgorithm};

use super::rows::{CHUNK, Room, Rows};
use super::{KMeansError, order};

/// How to look for dense groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Density {
    /// Fewest rows of a group, at least 2.
    pub min_size: usize,
    /// Which neighbour's distance is the density of a row: higher leaves out more, at least 1.
    pub neighbours: usize,
}

/// Rows in groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// Group of each row, by size, then by first member; `None`: it belongs to none, or knows no number.
    pub labels: Vec<Option<u32>>,
    /// Means of the known numbers, `(k, d)` row-major, in the units of the input.
    pub centres: Vec<f64>,
    /// Rows of each group.
    pub sizes: Vec<u64>,
}

/// Rows that are looked at: their distances are as many as their pairs.
pub const MOST_ROWS: usize = 30_000;

/// Groups rows. Deterministic; no random number is drawn.
///
/// # Errors
/// `TooMany` above [`MOST_ROWS`], `Source` where rows could not be read.
///
/// # Panics
/// If a group may have fewer than 2 rows, or the number of neighbours is 0.
pub fn density(rows: &Rows, how: &Density) -> Result<Groups, KMeansError> {
    assert!(how.min_size >= 2 && how.neighbours >= 1, "{how:?}");
    let asked: Vec<usize> = (0..rows.n).filter(|&row| rows.weights[row] > 0).collect();
    if asked.len() > MOST_ROWS {
        return Err(KMeansError::TooMany { n: asked.len(), most: MOST_ROWS });
    }
    let points: Vec<Vec<f64>> = asked.iter().map(|&row| rows.one(row).into_iter().map(f64::from).collect()).collect();
    rows.fault()?;
    let mut found = vec![u32::MAX; rows.n];
    // Fewer rows than a group has, or than a row's neighbours, are no group.
    if points.len() > how.min_size.max(how.neighbours) {
        let how = HdbscanHyperParams::builder()
            .min_cluster_size(how.min_size)
            .min_samples(how.neighbours)
            .nn_algorithm(NnAlgorithm::KdTree)
            .build();
        let labels = Hdbscan::new(&points, how).cluster().map_err(|e| KMeansError::Source { why: e.to_string() })?;
        for (&row, label) in asked.iter().zip(labels) {
            found[row] = u32::try_from(label).unwrap_or(u32::MAX);
        }
    }
    let k = found.iter().filter(|&&l| l != u32::MAX).max().map_or(0, |&l| l as usize + 1);
    let mut sizes = vec![0i64; k];
    found.iter().filter(|&&l| l != u32::MAX).for_each(|&l| sizes[l as usize] += 1);
    let order = order(&found, &sizes);
    let mut place = vec![0u32; k];
    order.iter().enumerate().for_each(|(at, &c)| place[c] = at as u32);
    let labels: Vec<Option<u32>> = found.iter().map(|&l| (l != u32::MAX).then(|| place[l as usize])).collect();
    let centres = rows.in_units(&means(rows, &labels, k));
    Ok(Groups { labels, centres, sizes: order.iter().map(|&c| sizes[c] as u64).collect() })
}

/// Scaled means of known numbers, the collection's middle where none is known.
fn means(rows: &Rows, labels: &[Option<u32>], k: usize) -> Vec<f32> {
    let mut sums = vec![(0.0f64, 0.0f64); k * rows.d];
    let mut room = Room::default();
    for (chunk, labels) in labels.chunks(CHUNK).enumerate() {
        let part = rows.part(chunk * CHUNK, labels.len(), &mut room);
        for (row, label) in (chunk * CHUNK..).zip(labels) {
            let Some(c) = label else { continue };
            let sums = &mut sums[*c as usize * rows.d..][..rows.d];
            for ((sum, n), x) in sums.iter_mut().zip(part.known(row)).filter(|(_, x)| !x.is_nan()) {
                (*sum, *n) = (*sum + x, *n + 1.0);
            }
        }
    }
    sums.into_iter().map(|(sum, n)| if n > 0.0 { (sum / n) as f32 } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::philox::uniform;
    use super::super::scaling::Scaling;
    use super::*;

    /// Two moons, which no centres part, and rows far from both.
    fn moons(n: usize) -> Vec<f64> {
        let noise = |i: usize, s| (uniform(4, s, i as u64) - 0.5) * 0.15;
        (0..n)
            .flat_map(|i| {
                let t = std::f64::consts::PI * i as f64 / n as f64;
                let (x, y) = if i % 2 == 0 { (t.cos(), t.sin()) } else { (1.0 - t.cos(), 0.5 - t.sin()) };
                if i % 50 == 49 { [9.0 + i as f64, -20.0] } else { [x + noise(i, 0), y + noise(i, 1)] }
            })
            .collect()
    }

    #[test]
    fn shapes_that_have_no_centre_and_rows_that_belong_to_none() {
        let rows = Rows::new(&moons(600), 2, None, Scaling::None).unwrap();
        let found = density(&rows, &Density { min_size: 20, neighbours: 5 }).unwrap();
        assert_eq!(found.sizes.len(), 2);
        for (i, label) in found.labels.iter().enumerate() {
            let want = if i % 50 == 49 { None } else { Some(i as u32 % 2) };
            assert_eq!(*label, want, "row {i}");
        }
        // 300 each, 12 of the odd ones far away.
        assert_eq!(found.sizes, [300, 288]);
        assert_eq!(found, density(&rows, &Density { min_size: 20, neighbours: 5 }).unwrap());
    }

    #[test]
    fn few_rows_equal_rows_and_unknown_ones() {
        let of = |values: &[f32], d| {
            let rows = Rows::new(values, d, None, Scaling::ZScore).unwrap();
            density(&rows, &Density { min_size: 2, neighbours: 1 }).unwrap().labels
        };
        assert_eq!(of(&[1.0], 1), [None]);
        assert_eq!(of(&[1.0, 2.0], 1), [None, None]);
        assert_eq!(of(&[3.0; 40], 2).len(), 20);
        let nan = f32::NAN;
        let labels = of(&[0.0, 0.1, 0.05, 9.0, 9.1, 9.05, nan], 1);
        assert_eq!(labels, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), None]);
    }
}
