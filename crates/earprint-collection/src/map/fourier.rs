//! Fourier transforms of eight columns side by side, of lengths 2^a and 3 * 2^a.
//!
//! Stockham's autosort form (W. Cochran et al., "What is the fast Fourier transform?", Proc. IEEE 55, 1967; C. Van Loan, "Computational
//! frameworks for the FFT", 1992): stages of radix 3, 4 and 2 between two buffers, no bit reversal. f64 in a fixed order, sines and
//! cosines of libm. The other direction is the same with real and imaginary parts exchanged.

use earprint_lanes::widest;

/// Columns side by side.
pub(super) const SIDE: usize = 8;

/// One stage: a radix, and the powers of its root that multiply what comes out.
#[derive(Debug)]
struct Stage {
    radix: usize,
    /// `(length / radix, radix - 1)`: cosine and sine.
    twiddles: Vec<[f64; 2]>,
}

/// The stages of a length.
#[derive(Debug)]
pub(super) struct Fourier {
    pub n: usize,
    stages: Vec<Stage>,
}

/// Two buffers of `n` rows of [`SIDE`] complex numbers.
pub(super) struct Columns {
    pub re: Vec<f64>,
    pub im: Vec<f64>,
    other_re: Vec<f64>,
    other_im: Vec<f64>,
}

impl Columns {
    pub fn new(n: usize) -> Self {
        let zeros = vec![0.0; n * SIDE];
        Self { re: zeros.clone(), im: zeros.clone(), other_re: zeros.clone(), other_im: zeros }
    }
}

impl Fourier {
    /// # Panics
    /// If `n` is no power of two and no three times one.
    pub fn new(n: usize) -> Self {
        let (mut left, mut stages) = (n, Vec::new());
        while left > 1 {
            let radix = match left {
                _ if left.is_multiple_of(3) => 3,
                _ if left.is_multiple_of(4) => 4,
                2 => 2,
                _ => panic!("{n} is neither 2^a nor 3 * 2^a"),
            };
            let powers = (0..left / radix).flat_map(|p| (1..radix).map(move |r| p * r));
            let twiddles = powers.map(|power| {
                let angle = -2.0 * std::f64::consts::PI * power as f64 / left as f64;
                [libm::cos(angle), libm::sin(angle)]
            });
            stages.push(Stage { radix, twiddles: twiddles.collect() });
            left /= radix;
        }
        Self { n, stages }
    }

    /// Transforms each column in place: sums of `x_a e^(-2 pi i a f / n)`.
    pub fn forward(&self, columns: &mut Columns) {
        let Columns { re, im, other_re, other_im } = columns;
        assert!(re.len() == self.n * SIDE && im.len() == re.len());
        let mut side = SIDE;
        for stage in &self.stages {
            let (a, b, x, y) = (&re[..], &im[..], &mut other_re[..], &mut other_im[..]);
            widest!(run(stage: &Stage, side: usize, a: &[f64], b: &[f64], x: &mut [f64], y: &mut [f64]));
            std::mem::swap(re, other_re);
            std::mem::swap(im, other_im);
            side *= stage.radix;
        }
    }

    /// The same with `e^(+...)`; not divided by `n`.
    pub fn backward(&self, columns: &mut Columns) {
        std::mem::swap(&mut columns.re, &mut columns.im);
        self.forward(columns);
        std::mem::swap(&mut columns.re, &mut columns.im);
    }
}

/// One stage from `(a, b)` to `(x, y)`; `side` numbers share each twiddle.
#[inline(always)]
fn run(stage: &Stage, side: usize, a: &[f64], b: &[f64], x: &mut [f64], y: &mut [f64]) {
    let blocks = a.len() / side / stage.radix;
    let part = blocks * side;
    for p in 0..blocks {
        let w = &stage.twiddles[p * (stage.radix - 1)..][..stage.radix - 1];
        let input = |r: usize| (&a[r * part + p * side..][..side], &b[r * part + p * side..][..side]);
        let at = p * side * stage.radix;
        let (x, y) = (&mut x[at..at + side * stage.radix], &mut y[at..at + side * stage.radix]);
        match stage.radix {
            2 => two(input(0), input(1), x, y, side),
            3 => three([input(0), input(1), input(2)], w, x, y, side),
            _ => four([input(0), input(1), input(2), input(3)], w, x, y, side),
        }
    }
}

type Part<'a> = (&'a [f64], &'a [f64]);

/// The last stage alone: no twiddles.
#[inline(always)]
fn two(a: Part<'_>, b: Part<'_>, x: &mut [f64], y: &mut [f64], side: usize) {
    let (x0, x1) = x.split_at_mut(side);
    let (y0, y1) = y.split_at_mut(side);
    let (b, a) = ((&b.0[..side], &b.1[..side]), (&a.0[..side], &a.1[..side]));
    let (x1, y0, y1) = (&mut x1[..side], &mut y0[..side], &mut y1[..side]);
    for q in 0..side {
        (x0[q], y0[q]) = (a.0[q] + b.0[q], a.1[q] + b.1[q]);
        (x1[q], y1[q]) = (a.0[q] - b.0[q], a.1[q] - b.1[q]);
    }
}

#[inline(always)]
fn three(i: [Part<'_>; 3], w: &[[f64; 2]], x: &mut [f64], y: &mut [f64], side: usize) {
    let root = 0.5 * 3.0f64.sqrt();
    let [a, b, c] = i.map(|(re, im)| (&re[..side], &im[..side]));
    let (w1, w2) = (w[0], w[1]);
    let (x0, rest) = x.split_at_mut(side);
    let (x1, x2) = rest.split_at_mut(side);
    let (y0, rest) = y.split_at_mut(side);
    let (y1, y2) = rest.split_at_mut(side);
    let (x2, y2) = (&mut x2[..side], &mut y2[..side]);
    for q in 0..side {
        let (tr, ti) = (b.0[q] + c.0[q], b.1[q] + c.1[q]);
        let (ur, ui) = (a.0[q] - 0.5 * tr, a.1[q] - 0.5 * ti);
        let (vr, vi) = (root * (b.0[q] - c.0[q]), root * (b.1[q] - c.1[q]));
        (x0[q], y0[q]) = (a.0[q] + tr, a.1[q] + ti);
        // u - i v and u + i v.
        let (r, i) = (ur + vi, ui - vr);
        (x1[q], y1[q]) = (r * w1[0] - i * w1[1], r * w1[1] + i * w1[0]);
        let (r, i) = (ur - vi, ui + vr);
        (x2[q], y2[q]) = (r * w2[0] - i * w2[1], r * w2[1] + i * w2[0]);
    }
}

#[inline(always)]
fn four(i: [Part<'_>; 4], w: &[[f64; 2]], x: &mut [f64], y: &mut [f64], side: usize) {
    let [a, b, c, d] = i.map(|(re, im)| (&re[..side], &im[..side]));
    let (w1, w2, w3) = (w[0], w[1], w[2]);
    let (x0, rest) = x.split_at_mut(side);
    let (x1, rest) = rest.split_at_mut(side);
    let (x2, x3) = rest.split_at_mut(side);
    let (y0, rest) = y.split_at_mut(side);
    let (y1, rest) = rest.split_at_mut(side);
    let (y2, y3) = rest.split_at_mut(side);
    let (x3, y3) = (&mut x3[..side], &mut y3[..side]);
    for q in 0..side {
        let (sr, si) = (a.0[q] + c.0[q], a.1[q] + c.1[q]);
        let (tr, ti) = (a.0[q] - c.0[q], a.1[q] - c.1[q]);
        let (ur, ui) = (b.0[q] + d.0[q], b.1[q] + d.1[q]);
        let (vr, vi) = (b.0[q] - d.0[q], b.1[q] - d.1[q]);
        (x0[q], y0[q]) = (sr + ur, si + ui);
        // t - i v and t + i v.
        let (r, i) = (tr + vi, ti - vr);
        (x1[q], y1[q]) = (r * w1[0] - i * w1[1], r * w1[1] + i * w1[0]);
        let (r, i) = (sr - ur, si - ui);
        (x2[q], y2[q]) = (r * w2[0] - i * w2[1], r * w2[1] + i * w2[0]);
        let (r, i) = (tr - vi, ti + vr);
        (x3[q], y3[q]) = (r * w3[0] - i * w3[1], r * w3[1] + i * w3[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn every_length_gives_the_definition() {
        for n in [2, 3, 4, 8, 12, 16, 24, 96, 128, 384] {
            let numbers = noise(2 * n * SIDE, n as u64);
            let mut columns = Columns::new(n);
            for at in 0..n * SIDE {
                (columns.re[at], columns.im[at]) = (f64::from(numbers[2 * at]), f64::from(numbers[2 * at + 1]));
            }
            let (re, im) = (columns.re.clone(), columns.im.clone());
            let plan = Fourier::new(n);
            plan.forward(&mut columns);
            for f in 0..n {
                for q in 0..SIDE {
                    let (mut x, mut y) = (0.0, 0.0);
                    for a in 0..n {
                        let (s, c) = (-2.0 * std::f64::consts::PI * (a * f % n) as f64 / n as f64).sin_cos();
                        let at = a * SIDE + q;
                        (x, y) = (x + re[at] * c - im[at] * s, y + re[at] * s + im[at] * c);
                    }
                    let at = f * SIDE + q;
                    assert!((columns.re[at] - x).abs() + (columns.im[at] - y).abs() < 1e-11, "n {n} f {f}");
                }
            }
            plan.backward(&mut columns);
            let back = columns.re.iter().zip(&re).chain(columns.im.iter().zip(&im));
            assert!(back.into_iter().all(|(a, b)| (a / n as f64 - b).abs() < 1e-13), "n {n}");
        }
    }
}
