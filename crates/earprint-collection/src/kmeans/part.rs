//! Blocks of rows at hand, and the definition of nearness over them.

use super::rows::{BLOCK, Rows};

/// Blocks of rows at hand. Rows are asked for by their number among all.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) rows: &'a Rows,
    /// First row, a multiple of [`BLOCK`].
    pub(super) first: usize,
    pub(super) values: &'a [f32],
}

impl<'a> Part<'a> {
    /// Values and norms of its blocks, one after another.
    pub fn blocks(self) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
        self.values.chunks_exact(BLOCK * self.rows.d).zip(self.rows.norms[self.first..].chunks_exact(BLOCK))
    }

    /// All its values.
    pub fn values(self) -> &'a [f32] {
        self.values
    }

    /// Number `j` of a row.
    #[inline(always)]
    pub fn value(self, row: usize, j: usize) -> f32 {
        self.values[at(row - self.first, j, self.rows.d)]
    }

    /// All numbers of a row.
    #[inline(always)]
    pub fn row(self, row: usize) -> impl Iterator<Item = &'a f32> {
        let (row, d) = (row - self.first, self.rows.d);
        self.values[at(row, 0, d)..=at(row, d - 1, d)].iter().step_by(BLOCK)
    }

    /// The definition of nearness: the sum of squares over known columns, f64, columns ascending.
    pub fn distance(self, row: usize, centre: &[f32]) -> f64 {
        let d = self.rows.d;
        let square = |j: usize| {
            let t = f64::from(self.value(row, j)) - f64::from(centre[j]);
            t * t
        };
        match self.rows.missing.get(&row) {
            None => (0..d).fold(0.0, |sum, j| sum + square(j)),
            Some(unknown) => (0..d).filter(|j| unknown.binary_search(j).is_err()).fold(0.0, |s, j| s + square(j)),
        }
    }

    /// The definition of a label: the nearest of `centres`, `(k, d)`, the first among equals.
    pub fn nearest(self, row: usize, centres: &[f32]) -> u32 {
        let mut best = (f64::INFINITY, 0);
        for (c, centre) in centres.chunks_exact(self.rows.d).enumerate() {
            let distance = self.distance(row, centre);
            if distance < best.0 {
                best = (distance, c as u32);
            }
        }
        best.1
    }

    /// A row, NaN where a number is unknown.
    pub fn known(self, row: usize) -> Vec<f64> {
        let mut x: Vec<f64> = (0..self.rows.d).map(|j| f64::from(self.value(row, j))).collect();
        self.rows.missing.get(&row).into_iter().flatten().for_each(|&j| x[j] = f64::NAN);
        x
    }
}

/// Where number `j` of a row is among whole blocks.
pub(super) fn at(row: usize, j: usize, d: usize) -> usize {
    (row / BLOCK * d + j) * BLOCK + row % BLOCK
}
