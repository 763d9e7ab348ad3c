//! How much neighbours attract each other.
//!
//! Enters: nearest rows. Leaves: a symmetric, sparse matrix of affinities that sum up to 1, as in t-SNE (L. van der Maaten, G. Hinton, JMLR 9, 2008): of each
//! row a Gaussian over its neighbours, as wide as makes them count as [`PERPLEXITY`] of equal ones, then the mean of both
//! directions. Exponentials are libm's: the same bits everywhere.

use super::neighbours::Neighbours;
use super::table::NONE;
use crate::kmeans::Crew;

/// Effective number of neighbours, as a share of those there are.
pub(super) const PERPLEXITY: f64 = 2.0 / 3.0;

/// Halvings of the interval of a width.
const STEPS: usize = 60;

/// Rows of a task.
const CHUNK: usize = 1024;

/// Affinities of each row, neighbours ascending.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Affinity {
    /// Where each row begins; one more than rows.
    pub start: Vec<u32>,
    /// Neighbours.
    pub to: Vec<u32>,
    /// Affinity to each.
    pub p: Vec<f64>,
}

impl Affinity {
    /// Of rows of which each has a neighbour or is one.
    pub fn of<C: Crew>(neighbours: &Neighbours, crew: &C) -> Self {
        let k = neighbours.k;
        let n = neighbours.ids.len() / k;
        let mut one_way = vec![0.0f64; n * k];
        crew.each(one_way.chunks_mut(CHUNK * k).enumerate().collect(), |(chunk, out): (usize, &mut [f64])| {
            for (r, out) in out.chunks_mut(k).enumerate() {
                let squares = neighbours.squares_of(chunk * CHUNK + r);
                gaussian(squares, &mut out[..squares.len()]);
            }
        });
        // Both directions of every pair, then sorted; a pair that is in both lists is there twice, side by side.
        let mut rows: Vec<Vec<(u32, f64)>> = vec![Vec::with_capacity(2 * k); n];
        for row in 0..n {
            for (at, &id) in neighbours.of(row).iter().enumerate() {
                debug_assert_ne!(id, NONE);
                rows[row].push((id, one_way[row * k + at]));
                rows[id as usize].push((row as u32, one_way[row * k + at]));
            }
        }
        let total: f64 = one_way.iter().sum::<f64>() * 2.0;
        let (mut start, mut to, mut p) = (vec![0], Vec::new(), Vec::<f64>::new());
        for mut row in rows {
            row.sort_by_key(|r| r.0);
            let first = to.len();
            for (id, one) in row {
                if to.len() > first && to.last() == Some(&id) {
                    *p.last_mut().expect("as many as ids") += one / total;
                } else {
                    to.push(id);
                    p.push(one / total);
                }
            }
            start.push(to.len() as u32);
        }
        Self { start, to, p }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Neighbours of a row and their affinities.
    pub fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let at = self.start[row] as usize..self.start[row + 1] as usize;
        (&self.to[at.clone()], &self.p[at])
    }
}

/// Shares of neighbours, nearest first, that sum up to 1.
fn gaussian(squares: &[f32], out: &mut [f64]) {
    let count = squares.len();
    if count == 0 {
        return;
    }
    let nearest = f64::from(squares[0]);
    let spread = squares.iter().map(|&s| f64::from(s) - nearest).sum::<f64>() / count as f64;
    if spread == 0.0 {
        out.fill(1.0 / count as f64);
        return;
    }
    let wanted = libm::log((PERPLEXITY * count as f64).max(1.0));
    // Rate over 1 / spread, in powers of two first.
    let (mut low, mut high, mut rate) = (0.0f64, f64::INFINITY, 1.0f64);
    for _ in 0..STEPS {
        let (mut sum, mut mean) = (0.0, 0.0);
        for (p, &s) in out.iter_mut().zip(squares) {
            let t = rate * ((f64::from(s) - nearest) / spread);
            *p = libm::exp(-t);
            sum += *p;
            mean += *p * t;
        }
        out.iter_mut().for_each(|p| *p /= sum);
        let entropy = libm::log(sum) + mean / sum;
        if (entropy - wanted).abs() < 1e-6 {
            break;
        }
        if entropy > wanted {
            low = rate
        } else {
            high = rate
        }
        rate = if high == f64::INFINITY { rate * 2.0 } else { 0.5 * (low + high) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::neighbours::exact;
    use super::super::table::table;
    use super::super::tests::noise;
    use super::*;
    use crate::kmeans::Alone;
    use earprint_lanes::Width;

    #[test]
    fn neighbours_count_as_the_perplexity_says() {
        for squares in [vec![1.0, 2.0, 3.0, 4.0, 9.0, 20.0], vec![0.0, 1e-12, 1e-6, 1.0, 1.0, 1.0], vec![5.0, 5.0, 6.0]]
        {
            let mut p = vec![0.0; squares.len()];
            gaussian(&squares, &mut p);
            let entropy: f64 = p.iter().map(|p| if *p > 0.0 { -p * p.ln() } else { 0.0 }).sum();
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p.is_sorted_by(|a, b| a >= b));
            // Where more are as near as asked for, or there are gaps of many orders, it is as close as can be.
            if squares[1] >= 1.0 && squares.len() > 3 {
                assert!((entropy - (PERPLEXITY * 6.0).ln()).abs() < 1e-5, "{p:?}");
            }
        }
        let mut equal = [0.0; 4];
        gaussian(&[2.0; 4], &mut equal);
        assert_eq!(equal, [0.25; 4]);
    }

    #[test]
    fn affinities_are_symmetric_and_sum_up_to_one() {
        let (t, _) = table(&noise(200 * 4, 2), 4, None).unwrap();
        let a = Affinity::of(&exact(&t, 7, &Alone, Width::best()), &Alone);
        assert!((a.p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for row in 0..200 {
            let (to, p) = a.row(row);
            assert!(to.len() >= 7 && to.is_sorted_by(|a, b| a < b) && !to.contains(&(row as u32)));
            for (&o, p) in to.iter().zip(p) {
                let (back, q) = a.row(o as usize);
                let at = back.binary_search(&(row as u32)).unwrap();
                assert!((q[at] - p).abs() < 1e-18);
            }
        }
    }
}
