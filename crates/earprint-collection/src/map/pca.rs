//! Principal components of a table: where the map starts.
//!
//! Enters: a table, unknown numbers at their column's mean. Leaves: each row's place along the two directions of most
//! variance, and their share of all variance. Copies of a row count as often as they came. Covariance in f64: sums of chunks of rows, chunks in
//! order, so that threads change nothing. Eigenvectors by Jacobi's rotations (C. G. J. Jacobi 1846; G. Golub, C. Van Loan, "Matrix
//! Computations", 8.5), which need a root and nothing else that machines round differently; the largest component of each is positive.

use super::table::Table;
use crate::kmeans::Crew;

/// Rows of a partial sum.
const CHUNK: usize = 4096;

/// Most rounds of rotations; six to ten are usual.
const ROUNDS: usize = 60;

/// A projection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pca {
    /// Place of each row, in the table's units.
    pub xy: Vec<[f64; 2]>,
    /// Share of all variance along each direction; NaN without variance.
    pub explained: [f64; 2],
}

/// Projects a table of at least one row.
pub(super) fn pca<C: Crew>(table: &Table, crew: &C) -> Pca {
    let (n, d) = (table.n, table.d);
    let count: f64 = table.copies.iter().map(|&c| f64::from(c)).sum();
    let mut means = vec![0.0f64; d];
    for (row, &copies) in table.x.chunks_exact(d).zip(&table.copies) {
        means.iter_mut().zip(row).for_each(|(m, &x)| *m += f64::from(copies) * f64::from(x));
    }
    means.iter_mut().for_each(|m| *m /= count);
    // The upper triangle of each chunk, row by row.
    let mut parts = vec![vec![0.0f64; d * d]; n.div_ceil(CHUNK)];
    let tasks: Vec<_> = parts.iter_mut().enumerate().collect();
    crew.each(tasks, |(chunk, part)| {
        let mut centred = vec![0.0f64; d];
        for row in chunk * CHUNK..((chunk + 1) * CHUNK).min(n) {
            centred.iter_mut().zip(table.row(row)).zip(&means).for_each(|((c, &x), m)| *c = f64::from(x) - m);
            let copies = f64::from(table.copies[row]);
            for i in 0..d {
                let a = copies * centred[i];
                part[i * d + i..(i + 1) * d].iter_mut().zip(&centred[i..]).for_each(|(sum, b)| *sum += a * b);
            }
        }
    });
    let mut covariance = vec![0.0f64; d * d];
    for part in parts {
        covariance.iter_mut().zip(part).for_each(|(sum, p)| *sum += p);
    }
    for i in 0..d {
        for j in 0..i {
            covariance[i * d + j] = covariance[j * d + i];
        }
    }
    let total: f64 = (0..d).map(|i| covariance[i * d + i]).sum();
    let found = jacobi(covariance, d);
    let along = |row: usize, axis: usize| match found.get(axis) {
        Some((_, v)) => {
            table.row(row).iter().zip(&means).zip(v).fold(0.0, |s, ((&x, m), v)| s + (f64::from(x) - m) * v)
        }
        None => 0.0,
    };
    let xy = (0..n).map(|row| [along(row, 0), along(row, 1)]).collect();
    let share = |axis: usize| match found.get(axis) {
        _ if total == 0.0 => f64::NAN,
        Some((variance, _)) => variance.max(0.0) / total,
        None => 0.0,
    };
    Pca { xy, explained: [share(0), share(1)] }
}

/// Eigenvalues and eigenvectors of a symmetric matrix, the largest first, the earlier column first among equals.
fn jacobi(mut a: Vec<f64>, d: usize) -> Vec<(f64, Vec<f64>)> {
    // Row i: the i-th vector.
    let mut vectors = vec![0.0f64; d * d];
    (0..d).for_each(|i| vectors[i * d + i] = 1.0);
    let size = (0..d).map(|i| a[i * d + i]).fold(0.0f64, |s, x| s + x.abs());
    for _ in 0..ROUNDS {
        let off =
            (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j))).fold(0.0f64, |m, (i, j)| m.max(a[i * d + j].abs()));
        if off <= 1e-17 * size {
            break;
        }
        for p in 0..d {
            for q in p + 1..d {
                if a[p * d + q] == 0.0 {
                    continue;
                }
                let theta = (a[q * d + q] - a[p * d + p]) / (2.0 * a[p * d + q]);
                // The smaller root of t^2 + 2 theta t - 1 = 0.
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..d {
                    let (x, y) = (a[k * d + p], a[k * d + q]);
                    (a[k * d + p], a[k * d + q]) = (c * x - s * y, s * x + c * y);
                }
                for k in 0..d {
                    let (x, y) = (a[p * d + k], a[q * d + k]);
                    (a[p * d + k], a[q * d + k]) = (c * x - s * y, s * x + c * y);
                    let (x, y) = (vectors[p * d + k], vectors[q * d + k]);
                    (vectors[p * d + k], vectors[q * d + k]) = (c * x - s * y, s * x + c * y);
                }
                (a[p * d + q], a[q * d + p]) = (0.0, 0.0);
            }
        }
    }
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&i, &j| a[j * d + j].total_cmp(&a[i * d + i]).then(i.cmp(&j)));
    let vector = |i: usize| {
        let v = &vectors[i * d..][..d];
        let largest = v.iter().fold(0.0f64, |m, x| if x.abs() > m.abs() { *x } else { m });
        v.iter().map(|x| if largest < 0.0 { -x } else { *x }).collect()
    };
    order.into_iter().map(|i| (a[i * d + i], vector(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::table::table;
    use super::super::tests::noise;
    use super::*;
    use crate::kmeans::Alone;

    #[test]
    fn two_columns_by_hand() {
        // On the line y = x, a little off it: variances 9 and 1 in a turned cross.
        let (t, place) = table(&[3.0, 3.0, -3.0, -3.0, 1.0, -1.0, -1.0, 1.0], 2, None).unwrap();
        let p = pca(&t, &Alone);
        assert!((p.explained[0] - 0.9).abs() < 1e-7 && (p.explained[1] - 0.1).abs() < 1e-7, "{:?}", p.explained);
        let at = |row: usize| p.xy[place[row] as usize];
        assert!((at(0)[0] / at(1)[0] + 1.0).abs() < 1e-6 && at(0)[0] > 0.0 && at(0)[1].abs() < 1e-7);
        assert!((at(2)[1].abs() / at(0)[0] - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn copies_count_as_often_as_they_came() {
        let (t, place) = table(&[0.0, 2.0, 0.0, 2.0, 0.0, 2.0, 4.0, 0.0, 4.0, 2.0, 0.0, 0.0], 2, None).unwrap();
        let p = pca(&t, &Alone);
        // Three times (0, 2). Variances 32/9 and 8/9, covariance -4/9; eigenvalues (20 +- sqrt(160)) / 9.
        let share = (20.0 + 160.0f64.sqrt()) / 40.0;
        assert!(t.n == 4 && place[0] == place[2] && (p.explained[0] - share).abs() < 1e-6, "{:?}", p.explained);
    }

    #[test]
    fn eigenvectors_are_what_the_word_says() {
        let d = 9;
        let half = noise(d * d, 8);
        let a: Vec<f64> = (0..d * d).map(|at| f64::from(half[at]) + f64::from(half[at % d * d + at / d])).collect();
        let found = jacobi(a.clone(), d);
        for (k, (value, v)) in found.iter().enumerate() {
            for i in 0..d {
                let product: f64 = (0..d).map(|j| a[i * d + j] * v[j]).sum();
                assert!((product - value * v[i]).abs() < 1e-13, "{k} {i}");
            }
            let largest = v.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
            assert!(largest > 0.0 && (v.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-13);
        }
        assert!(found.is_sorted_by(|a, b| a.0 >= b.0));
    }

    #[test]
    fn what_has_no_second_direction() {
        let (t, _) = table(&[1.0, 2.0, 4.0], 1, None).unwrap();
        let p = pca(&t, &Alone);
        assert_eq!((p.explained, p.xy[0][1], p.xy[2][1]), ([1.0, 0.0], 0.0, 0.0));
        let (t, _) = table(&[5.0; 6], 2, None).unwrap();
        let p = pca(&t, &Alone);
        assert!(p.xy == [[0.0; 2]] && p.explained.iter().all(|e| e.is_nan()));
    }
}
