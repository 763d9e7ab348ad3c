//! How all places push each other away: t-SNE's sums over all pairs.
//!
//! Enters: places. Leaves: at each place the sum of (y_i - y_j) / (1 + d_ij^2)^2 over all others, and over all pairs Z = sum of
//! 1 / (1 + d_ij^2). Few places: pair by pair, the definition. Many: the potential phi(y) = sum of 1 / (1 + |y - y_j|^2) on a mesh (`mesh`);
//! the first sum is minus half its gradient, and Z the sum of phi - 1.

use earprint_lanes::widest;

use super::mesh::Mesh;
use crate::kmeans::Crew;

/// Up to so many places are taken pair by pair.
pub(super) const PAIRS: usize = 1000;

/// Places of a task and of a partial sum.
pub(super) const CHUNK: usize = 512;

/// Partial sums side by side.
const SIDE: usize = 8;

/// Places and what pushes them, coordinates apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Push {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    /// Z.
    pub sum: f64,
}

/// What sums up pushes, with memory that is kept from one epoch to the next.
pub(super) struct Repulsion {
    mesh: Option<Mesh>,
    out: Push,
}

impl Repulsion {
    /// For `n` places.
    pub fn new(n: usize) -> Self {
        let mesh = (n > PAIRS).then(Mesh::new);
        Self { mesh, out: Push { x: vec![0.0; n], y: vec![0.0; n], sum: 0.0 } }
    }

    /// The sums at places `(x, y)`.
    pub fn at<C: Crew>(&mut self, x: &[f64], y: &[f64], crew: &C) -> &Push {
        match &mut self.mesh {
            Some(mesh) => mesh.push(x, y, crew, &mut self.out),
            None => by_pairs(x, y, crew, &mut self.out),
        }
        &self.out
    }
}

/// Pair by pair.
pub(super) fn by_pairs<C: Crew>(x: &[f64], y: &[f64], crew: &C, out: &mut Push) {
    let mut sums = vec![0.0f64; x.len().div_ceil(CHUNK)];
    let parts = out.x.chunks_mut(CHUNK).zip(out.y.chunks_mut(CHUNK)).zip(&mut sums);
    let tasks: Vec<_> = parts.enumerate().collect();
    crew.each(tasks, |(chunk, ((px, py), sum))| {
        let first = chunk * CHUNK;
        *sum = widest!(some_pairs(first: usize, x: &[f64], y: &[f64], px: &mut [f64], py: &mut [f64]) -> f64);
    });
    out.sum = sums.iter().sum();
}

#[inline(always)]
fn some_pairs(first: usize, x: &[f64], y: &[f64], px: &mut [f64], py: &mut [f64]) -> f64 {
    let mut all = 0.0;
    for (i, (px, py)) in px.iter_mut().zip(py.iter_mut()).enumerate() {
        let (a, b) = (x[first + i], y[first + i]);
        let (mut sx, mut sy, mut sz) = ([0.0f64; SIDE], [0.0f64; SIDE], [0.0f64; SIDE]);
        let (eights, more) = (x.chunks_exact(SIDE).zip(y.chunks_exact(SIDE)), x.len() / SIDE * SIDE);
        for (x, y) in eights {
            for q in 0..SIDE {
                let (u, v) = (a - x[q], b - y[q]);
                let w = 1.0 / (1.0 + (u * u + v * v));
                sz[q] += w;
                sx[q] += w * w * u;
                sy[q] += w * w * v;
            }
        }
        for j in more..x.len() {
            let (u, v) = (a - x[j], b - y[j]);
            let w = 1.0 / (1.0 + (u * u + v * v));
            sz[j - more] += w;
            sx[j - more] += w * w * u;
            sy[j - more] += w * w * v;
        }
        *px = sx.iter().sum();
        *py = sy.iter().sum();
        // Itself counts 1.
        all += sz.iter().sum::<f64>() - 1.0;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kmeans::Alone;

    #[test]
    fn three_places_by_hand() {
        let mut out = Push { x: vec![0.0; 3], y: vec![0.0; 3], sum: 0.0 };
        by_pairs(&[0.0, 1.0, 0.0], &[0.0, 0.0, 2.0], &Alone, &mut out);
        // 1 / 2, 1 / 5, 1 / 6, both ways.
        assert!((out.sum - 2.0 * (0.5 + 0.2 + 1.0 / 6.0)).abs() < 1e-15);
        assert!((out.x[0] + 0.25).abs() < 1e-15 && (out.y[0] + 2.0 / 25.0).abs() < 1e-15);
        assert!((out.x[1] - 0.25 - 1.0 / 36.0).abs() < 1e-15 && (out.y[1] + 2.0 / 36.0).abs() < 1e-15);
    }
}
