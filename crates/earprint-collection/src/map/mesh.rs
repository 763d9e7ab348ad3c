//! The potential of all places on a mesh, by Fourier transforms: sums over all pairs in time that grows with the places alone.
//!
//! G. Linderman et al. ("Fast interpolation-based t-SNE", Nature Methods 16, 2019) interpolate the kernel on a grid and convolve there. Here with
//! the splines of smooth particle-mesh sums (U. Essmann et al., J. Chem. Phys. 103, 8577, 1995): each place is spread to
//! 4 by 4 nodes by cubic B-splines, the mesh is convolved with K(d) = 1 / (1 + d^2), and the result is read with the same splines. Dividing the
//! kernel's spectrum by that of the splines at nodes, twice, makes the kernel of two nodes exact and that between them its cubic spline. The read
//! potential has continuous second derivatives, so one convolution gives potential and forces: they are its gradient.
//!
//! The mesh is real, so pairs of columns share a transform; it is padded to twice its side, so that nothing wraps around. Spreading is
//! done by one thread, everything else by columns or by places: the same bits on any number of threads.

use super::fourier::{Columns, Fourier, SIDE};
use super::repulsion::{CHUNK, Push};
use crate::kmeans::Crew;

/// Distance of nodes, where the mesh is not at its largest: a third of the width of the kernel.
const STEP: f64 = 1.0 / 3.0;

/// Sides a mesh may have.
const SIDES: [usize; 12] = [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536];

/// Nodes around all places: the spline's own, and some for its inverse to fade.
const MARGIN: usize = 8;

/// A mesh, and the spectrum of the kernel on it.
pub(super) struct Mesh {
    side: usize,
    step: f64,
    plan: Fourier,
    /// `(side + 1, side + 1)`: a quarter, the rest is its mirror image.
    spectrum: Vec<f64>,
    /// Charges, then potential with its axes exchanged: `(side, side)`.
    nodes: Vec<f64>,
    /// `(side, side + 1)` and `(side + 1, side)`, real and imaginary.
    columns: [Vec<f64>; 2],
    rows: [Vec<f64>; 2],
}

/// Four weights of a cubic B-spline, and their slopes; the place is `t` of 0 to 1 behind the second node.
#[inline(always)]
fn spline(t: f64) -> ([f64; 4], [f64; 4]) {
    let s = 1.0 - t;
    let (tt, ss) = (t * t, s * s);
    (
        [ss * s / 6.0, (4.0 - 6.0 * tt + 3.0 * tt * t) / 6.0, (4.0 - 6.0 * ss + 3.0 * ss * s) / 6.0, tt * t / 6.0],
        [-0.5 * ss, -2.0 * t + 1.5 * tt, 2.0 * s - 1.5 * ss, 0.5 * tt],
    )
}

impl Mesh {
    /// Without nodes yet.
    pub fn new() -> Self {
        Self {
            side: 0,
            step: 0.0,
            plan: Fourier::new(1),
            spectrum: Vec::new(),
            nodes: Vec::new(),
            columns: [Vec::new(), Vec::new()],
            rows: [Vec::new(), Vec::new()],
        }
    }

    /// The sums of `repulsion` at places `(x, y)`, finite ones.
    pub fn push<C: Crew>(&mut self, x: &[f64], y: &[f64], crew: &C, out: &mut Push) {
        let ends = |v: &[f64]| v.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        let ((left, right), (low, high)) = (ends(x), ends(y));
        let reach = (right - left).max(high - low);
        let (mut step, largest) = (STEP, (SIDES[SIDES.len() - 1] - 2 * MARGIN) as f64);
        while reach / step > largest {
            step *= 2.0;
        }
        let fits = |side: &&usize| reach / step <= (**side - 2 * MARGIN) as f64;
        self.prepare(*SIDES.iter().find(fits).expect("the step was made for it"), step, crew);
        let side = self.side;
        let margin = MARGIN as f64;
        // The node before a place, less one, and the place behind that node.
        let node = |v: f64, first: f64| {
            let u = (v - first) / step + margin;
            let whole = u as usize;
            (whole - 1, u - whole as f64)
        };
        self.nodes.fill(0.0);
        for (&x, &y) in x.iter().zip(y) {
            let ((a, s), (b, t)) = (node(x, left), node(y, low));
            let ((u, _), (v, _)) = (spline(s), spline(t));
            for (i, u) in u.into_iter().enumerate() {
                let row: &mut [f64; 4] = (&mut self.nodes[(a + i) * side + b..][..4]).try_into().expect("four of four");
                for j in 0..4 {
                    row[j] += u * v[j];
                }
            }
        }
        self.convolve(crew);
        let nodes = &self.nodes;
        let mut sums = vec![0.0f64; x.len().div_ceil(CHUNK)];
        let parts = out.x.chunks_mut(CHUNK).zip(out.y.chunks_mut(CHUNK)).zip(&mut sums);
        let tasks: Vec<_> = parts.zip(x.chunks(CHUNK).zip(y.chunks(CHUNK))).collect();
        crew.each(tasks, |(((px, py), sum), (x, y))| {
            for i in 0..x.len() {
                let ((a, s), (b, t)) = (node(x[i], left), node(y[i], low));
                let ((u, du), (v, dv)) = (spline(s), spline(t));
                let (mut phi, mut dx, mut dy) = (0.0, 0.0, 0.0);
                for j in 0..4 {
                    let row: &[f64; 4] = nodes[(b + j) * side + a..][..4].try_into().expect("four of four");
                    let (mut along, mut slope) = (0.0, 0.0);
                    for i in 0..4 {
                        along += u[i] * row[i];
                        slope += du[i] * row[i];
                    }
                    phi += v[j] * along;
                    dx += v[j] * slope;
                    dy += dv[j] * along;
                }
                (px[i], py[i]) = (-0.5 * dx / step, -0.5 * dy / step);
                *sum += phi - 1.0;
            }
        });
        out.sum = sums.iter().sum();
        // Pushes of pairs cancel: what is left of their sum is the mesh's own.
        for axis in [&mut out.x, &mut out.y] {
            let mean = axis.iter().sum::<f64>() / axis.len() as f64;
            axis.iter_mut().for_each(|p| *p -= mean);
        }
    }

    /// A mesh of this side and step, unless it is one.
    fn prepare<C: Crew>(&mut self, side: usize, step: f64, crew: &C) {
        if (self.side, self.step) == (side, step) {
            return;
        }
        let (n, half) = (2 * side, side + 1);
        if self.side != side {
            self.plan = Fourier::new(n);
            self.nodes = vec![0.0; side * side];
            self.columns = [vec![0.0; side * half], vec![0.0; side * half]];
            self.rows = [vec![0.0; half * side], vec![0.0; half * side]];
        }
        (self.side, self.step) = (side, step);
        // K at offsets of nodes up to half way around, which is as far as it goes; even, so its spectrum is real and even, one axis
        // after the other. Half the offsets give half the frequencies, transposed.
        let plan = &self.plan;
        let even = |input: &[f64]| {
            let mut out = vec![0.0; half * half];
            let tasks: Vec<_> = out.chunks_mut(SIDE * half).enumerate().collect();
            crew.each(tasks, |(tile, out)| {
                let (mut columns, first, width) = (Columns::new(n), tile * SIDE, out.len() / half);
                for a in 0..n {
                    let from = &input[a.min(n - a) * half + first..][..width];
                    columns.re[a * SIDE..][..width].copy_from_slice(from);
                }
                plan.forward(&mut columns);
                for f in 0..half {
                    (0..width).for_each(|q| out[q * half + f] = columns.re[f * SIDE + q]);
                }
            });
            out
        };
        let offset = |i: usize| (i as f64 * step) * (i as f64 * step);
        let kernel: Vec<f64> = (0..half * half).map(|at| 1.0 / (1.0 + offset(at / half) + offset(at % half))).collect();
        self.spectrum = even(&even(&kernel));
        // What a spline is at its three nodes: 1/6, 4/6, 1/6.
        let shape: Vec<f64> = (0..half)
            .map(|f| (2.0 + libm::cos(2.0 * std::f64::consts::PI * f as f64 / n as f64)) / 3.0)
            .map(|b| b * b * n as f64)
            .collect();
        self.spectrum.iter_mut().enumerate().for_each(|(at, k)| *k /= shape[at / half] * shape[at % half]);
    }

    /// Charges at nodes to the potential there, axes exchanged.
    fn convolve<C: Crew>(&mut self, crew: &C) {
        let (side, half, n) = (self.side, self.side + 1, 2 * self.side);
        let (plan, spectrum) = (&self.plan, &self.spectrum);
        // Tiles of one task: they share memory, and no number depends on how many they are.
        let together = |tiles: usize| tiles.div_ceil(2 * crew.size()).max(1);

        // Columns of charges, two real ones a transform, to the lower half of their frequencies.
        let nodes = &self.nodes;
        let [re, im] = &mut self.columns;
        let size = 2 * SIDE * half;
        let task = together(side / (2 * SIDE)) * size;
        let tasks: Vec<_> = re.chunks_mut(task).zip(im.chunks_mut(task)).enumerate().collect();
        crew.each(tasks, |(number, (re, im))| {
            let mut columns = Columns::new(n);
            for (tile, (re, im)) in re.chunks_mut(size).zip(im.chunks_mut(size)).enumerate() {
                let first = number * (task / half) + tile * 2 * SIDE;
                for a in 0..side {
                    let row = &nodes[a * side + first..][..2 * SIDE];
                    columns.re[a * SIDE..][..SIDE].copy_from_slice(&row[..SIDE]);
                    columns.im[a * SIDE..][..SIDE].copy_from_slice(&row[SIDE..]);
                }
                columns.re[side * SIDE..].fill(0.0);
                columns.im[side * SIDE..].fill(0.0);
                plan.forward(&mut columns);
                for f in 0..half {
                    let (here, there) = (f * SIDE, (n - f) % n * SIDE);
                    for q in 0..SIDE {
                        let (a, b) = (columns.re[here + q], columns.im[here + q]);
                        let (c, d) = (columns.re[there + q], columns.im[there + q]);
                        (re[q * half + f], im[q * half + f]) = (0.5 * (a + c), 0.5 * (b - d));
                        let second = (SIDE + q) * half + f;
                        (re[second], im[second]) = (0.5 * (b + d), 0.5 * (c - a));
                    }
                }
            }
        });

        // Along the other axis forth, times the kernel, and back.
        let ([from_re, from_im], [re, im]) = (&self.columns, &mut self.rows);
        let size = SIDE * side;
        let task = together(half.div_ceil(SIDE)) * size;
        let tasks: Vec<_> = re.chunks_mut(task).zip(im.chunks_mut(task)).enumerate().collect();
        crew.each(tasks, |(number, (re, im))| {
            let mut columns = Columns::new(n);
            for (tile, (re, im)) in re.chunks_mut(size).zip(im.chunks_mut(size)).enumerate() {
                let (first, width) = (number * (task / side) + tile * SIDE, re.len() / side);
                for b in 0..side {
                    columns.re[b * SIDE..][..width].copy_from_slice(&from_re[b * half + first..][..width]);
                    columns.im[b * SIDE..][..width].copy_from_slice(&from_im[b * half + first..][..width]);
                }
                columns.re[side * SIDE..].fill(0.0);
                columns.im[side * SIDE..].fill(0.0);
                plan.forward(&mut columns);
                for g in 0..n {
                    let kernel = &spectrum[g.min(n - g) * half + first..][..width];
                    for (q, k) in kernel.iter().enumerate() {
                        columns.re[g * SIDE + q] *= k;
                        columns.im[g * SIDE + q] *= k;
                    }
                }
                plan.backward(&mut columns);
                for b in 0..side {
                    for q in 0..width {
                        (re[q * side + b], im[q * side + b]) = (columns.re[b * SIDE + q], columns.im[b * SIDE + q]);
                    }
                }
            }
        });

        // And the first axis back, again two real columns a transform: A + i B.
        let [from_re, from_im] = &self.rows;
        let size = 2 * SIDE * side;
        let task = together(side / (2 * SIDE)) * size;
        crew.each(self.nodes.chunks_mut(task).enumerate().collect(), |(number, out): (usize, &mut [f64])| {
            let mut columns = Columns::new(n);
            for (tile, out) in out.chunks_mut(size).enumerate() {
                let first = number * (task / side) + tile * 2 * SIDE;
                for f in 0..half {
                    let (here, there) = (f * SIDE, (n - f) % n * SIDE);
                    let from = f * side + first;
                    for q in 0..SIDE {
                        let (a, b) = (from_re[from + q], from_im[from + q]);
                        let (c, d) = (from_re[from + SIDE + q], from_im[from + SIDE + q]);
                        (columns.re[there + q], columns.im[there + q]) = (a + d, c - b);
                        (columns.re[here + q], columns.im[here + q]) = (a - d, b + c);
                    }
                }
                plan.backward(&mut columns);
                for a in 0..side {
                    for q in 0..SIDE {
                        out[q * side + a] = columns.re[a * SIDE + q];
                        out[(SIDE + q) * side + a] = columns.im[a * SIDE + q];
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::repulsion::by_pairs;
    use super::super::tests::noise;
    use super::*;
    use crate::kmeans::Alone;

    fn places(n: usize, width: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let v = noise(2 * n, seed);
        let of = |offset: usize, by: f64| (0..n).map(|i| by * f64::from(v[2 * i + offset])).collect();
        (of(0, width), of(1, 0.6 * width))
    }

    #[test]
    fn the_mesh_gives_the_sums_over_pairs() {
        // From the early epochs to the late ones; then clumps so far apart that no mesh of the usual step holds them.
        let cases = [
            (500, 1e-3, 0.0, 0.2),
            (900, 3.0, 0.0, 2e-3),
            (1500, 20.0, 0.0, 1e-2),
            (1500, 40.0, 0.0, 2e-2),
            (1500, 2.0, 300.0, 0.1),
        ];
        for (n, width, apart, bound) in cases {
            let (mut x, y) = places(n, width, 5);
            x.iter_mut().enumerate().for_each(|(i, x)| *x += apart * (i % 3) as f64);
            let none = Push { x: vec![0.0; n], y: vec![0.0; n], sum: 0.0 };
            let (mut want, mut got) = (none.clone(), none);
            by_pairs(&x, &y, &Alone, &mut want);
            Mesh::new().push(&x, &y, &Alone, &mut got);
            let size: f64 = want.x.iter().chain(&want.y).map(|f| f * f).sum();
            let pairs = want.x.iter().zip(&got.x).chain(want.y.iter().zip(&got.y));
            let error = (pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / size).sqrt();
            let of_sum = (got.sum / want.sum - 1.0).abs();
            println!("n {n} width {width}: forces {error:.1e}, sum {of_sum:.1e}");
            assert!(error < bound && of_sum < bound, "n {n} width {width}: forces {error:e}, sum {of_sum:e}");
        }
    }

    #[test]
    fn splines_are_a_partition_and_slopes_their_derivatives() {
        for t in [0.0, 0.3, 0.5, 0.999] {
            let (w, d) = spline(t);
            assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15 && d.iter().sum::<f64>().abs() < 1e-15);
            let (a, b) = (spline(t - 1e-6).0, spline(t + 1e-6).0);
            for i in 0..4 {
                assert!(((b[i] - a[i]) / 2e-6 - d[i]).abs() < 1e-8, "{t} {i}");
            }
        }
    }
}
