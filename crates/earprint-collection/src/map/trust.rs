//! How far the map keeps neighbourhoods.
//!
//! J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods: an experimental study", ICANN 2001. At `k` neighbours of `n` rows:
//! **trustworthiness** = 1 - 2 / (n k (2n - 3k - 1)) * sum over rows and over those of their k neighbours on the map that are not among their k
//! true ones of (true rank - k): who is near on the map is near. **Continuity** is the same with map and truth exchanged: who is near is near
//! on the map. Both are 1 at best and about 1/2 for a random map.
//!
//! Ranks count all rows by distance, then by their number; rows that share too little to be compared come last. Each row gives its own
//! value and the measure is their mean: over all rows up to a number, over a seeded sample of rows above it (still with ranks among all), with its
//! standard error.

use earprint_lanes::{Width, widest};

use super::neighbours::insert;
use super::squares::Blocks;
use super::stream;
use super::table::{NONE, Table};
use crate::kmeans::philox::uniform;
use crate::kmeans::{Crew, Estimate};

/// Rows of a task.
const CHUNK: usize = 32;

/// Trustworthiness and continuity at `k` neighbours, over `most` rows at most. NaN of 0 rows for `k` of 0.
///
/// # Panics
/// Unless k is under half the rows.
pub(super) fn trust<C: Crew>(
    table: &Table,
    xy: &[[f32; 2]],
    k: usize,
    most: usize,
    seed: u64,
    crew: &C,
    width: Width,
) -> [Estimate; 2] {
    let n = table.n;
    if k == 0 {
        return [Estimate { mean: f64::NAN, error: f64::NAN, rows: 0 }; 2];
    }
    assert!(2 * k < n && xy.len() == n, "{k} neighbours of {n} rows with {} places", xy.len());
    let asked = sample(n, most, seed);
    let blocks = Blocks::new(table, width);
    let mut values = vec![[0.0f64; 2]; asked.len()];
    let worst = k as f64 * (2 * n - 3 * k - 1) as f64 / 2.0;
    crew.each(
        values.chunks_mut(CHUNK).zip(asked.chunks(CHUNK)).collect(),
        |(values, rows): (&mut [[f64; 2]], &[u32])| {
            let (mut truth, mut map) = (vec![0.0f32; n], vec![0.0f32; n]);
            for (value, &row) in values.iter_mut().zip(rows) {
                blocks.to_all(row as usize, &mut truth);
                on_map(xy, row as usize, &mut map);
                // The row itself is nobody's neighbour and has the last rank.
                (truth[row as usize], map[row as usize]) = (f32::NAN, f32::NAN);
                let beyond = |near: &[f32], of: &[f32]| {
                    let ranks = nearest(near, k).into_iter().map(|other| rank(of, other as usize));
                    ranks.map(|rank| rank.saturating_sub(k)).sum::<usize>() as f64
                };
                *value = [1.0 - beyond(&map, &truth) / worst, 1.0 - beyond(&truth, &map) / worst];
            }
        },
    );
    [0, 1].map(|which| estimate(values.iter().map(|v| v[which]), asked.len() == n))
}

/// All rows, or `most` of them, ascending.
fn sample(n: usize, most: usize, seed: u64) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..n as u32).collect();
    if n <= most {
        return rows;
    }
    for at in 0..most {
        let left = (n - at) as f64;
        rows.swap(at, at + (uniform(seed, stream::MEASURED, at as u64) * left) as usize);
    }
    rows.truncate(most);
    rows.sort_unstable();
    rows
}

/// Squared distances on the map, in f64 and rounded once.
fn on_map(xy: &[[f32; 2]], row: usize, out: &mut [f32]) {
    let [a, b] = xy[row].map(f64::from);
    for (out, p) in out.iter_mut().zip(xy) {
        let (u, v) = (f64::from(p[0]) - a, f64::from(p[1]) - b);
        *out = (u * u + v * v) as f32;
    }
}

/// The `k` nearest, the lower number first among equals. NaN is nobody.
fn nearest(squares: &[f32], k: usize) -> Vec<u32> {
    let (mut ids, mut best) = (vec![NONE; k], vec![f32::INFINITY; k]);
    for (id, &square) in squares.iter().enumerate() {
        if square <= best[k - 1] {
            insert(&mut ids, &mut best, id as u32, square);
        }
    }
    ids
}

/// Rank of a row from 1: by distance, then by number.
fn rank(squares: &[f32], of: usize) -> usize {
    let value = squares[of];
    let (before, behind) = squares.split_at(of);
    1 + widest!(not_above(before: &[f32], value: f32) -> u32) as usize
        + widest!(below(behind: &[f32], value: f32) -> u32) as usize
}

#[inline(always)]
fn not_above(squares: &[f32], value: f32) -> u32 {
    squares.iter().map(|s| u32::from(*s <= value)).sum()
}

#[inline(always)]
fn below(squares: &[f32], value: f32) -> u32 {
    squares.iter().map(|s| u32::from(*s < value)).sum()
}

/// Mean and standard error; 0 where all were asked.
fn estimate(values: impl Iterator<Item = f64> + Clone, all: bool) -> Estimate {
    let rows = values.clone().count();
    let mean = values.clone().sum::<f64>() / rows as f64;
    let variance = values.map(|v| (v - mean) * (v - mean)).sum::<f64>() / (rows as f64 - 1.0);
    Estimate { mean, error: if all { 0.0 } else { (variance / rows as f64).sqrt() }, rows }
}

#[cfg(test)]
mod tests {
    use super::super::table::table;
    use super::super::tests::{blobs, noise};
    use super::*;
    use crate::kmeans::Alone;

    fn of(values: &[f32], d: usize, xy: &[[f32; 2]], k: usize, most: usize) -> [Estimate; 2] {
        let (t, place) = table(values, d, None).unwrap();
        let mut places = vec![[0.0; 2]; t.n];
        place.iter().zip(xy).for_each(|(&at, p)| places[at as usize] = *p);
        trust(&t, &places, k, most, 1, &Alone, Width::best())
    }

    #[test]
    fn five_rows_by_hand() {
        // 0 1 2 4 8 on a line; the map exchanges the first and the last. At k = 1 the factor is 2 / (5 * 6).
        let values = [0.0, 1.0, 2.0, 4.0, 8.0];
        let map = [[8.0, 0.0], [1.0, 0.0], [2.0, 0.0], [4.0, 0.0], [0.0, 0.0]];
        let [t, c] = of(&values, 1, &map, 1, 9);
        // Nearest on the map: of row 0 (at 8) row 3, whose true rank is 3; of row 1 (at 1) row 2 (true distances 1, 1: the lower number, row 0, is
        // first) or row 4 (at 0): equally far on the map, so row 2, of true rank 2; of row 2 row 1: right; of row 3 row 2: right;
        // of row 4 (at 0) row 1, of true rank 3. Ranks beyond 1: 2 + 1 + 0 + 0 + 2.
        assert!((t.mean - (1.0 - 5.0 / 15.0)).abs() < 1e-12, "{t:?}");
        // Truly nearest: of row 0 row 1, map rank 3 (distances 7, 6, 4, 8); of 1 row 0, map rank 4; of 2 row 1: 1; of 3 row 2: 1; of 4 row 3, map
        // rank 3. Beyond 1: 2 + 3 + 0 + 0 + 2.
        assert!((c.mean - (1.0 - 7.0 / 15.0)).abs() < 1e-12, "{c:?}");
        assert_eq!((t.error, t.rows), (0.0, 5));
    }

    #[test]
    fn the_plane_itself_is_kept_and_chance_is_not() {
        let values = noise(2 * 600, 3);
        let xy: Vec<[f32; 2]> = values.chunks_exact(2).map(|r| [r[0], r[1]]).collect();
        let [t, c] = of(&values, 2, &xy, 10, 600);
        // Table numbers are shifted and rounded: neighbours may change places where they are equally far.
        assert!(t.mean > 0.99999 && c.mean > 0.99999, "{t:?} {c:?}");
        let turned: Vec<[f32; 2]> = (0..600).map(|i| xy[(i * 7) % 600]).collect();
        let [t, c] = of(&values, 2, &turned, 10, 600);
        assert!((0.4..0.6).contains(&t.mean) && (0.4..0.6).contains(&c.mean), "{t:?} {c:?}");
    }

    #[test]
    fn a_sample_is_within_its_error() {
        let values = blobs(1500, 6, 4, 2.0);
        let xy: Vec<[f32; 2]> = values.chunks_exact(6).map(|r| [r[0], r[1]]).collect();
        let exact = of(&values, 6, &xy, 15, 1500);
        let sampled = of(&values, 6, &xy, 15, 300);
        for (e, s) in exact.iter().zip(sampled) {
            assert_eq!((e.rows, s.rows, e.error), (1500, 300, 0.0));
            assert!(s.error > 0.0 && s.error < 0.02 && (s.mean - e.mean).abs() < 4.0 * s.error, "{e:?} {s:?}");
            assert_ne!(s.mean, e.mean);
        }
        let rows = sample(1500, 300, 1);
        assert!(rows.is_sorted_by(|a, b| a < b) && rows != sample(1500, 300, 2));
    }
}
