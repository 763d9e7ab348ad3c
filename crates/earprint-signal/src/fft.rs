//! The transform every backend performs: a real frame of `n` samples as `n / 2` complex points, decimation in
//! frequency, in place, mixed radix 3, 5, 8, 4, 2; then the split into the one-sided spectrum of the real frame.
//!
//! This module is the plan: radices, twiddles, where each bin ends up. The operations themselves stand in
//! `mel.rs` (CPU lanes) and in `shaders/mel/*.wgsl`, in the same order.
//!
//! Source: J. W. Cooley, J. W. Tukey 1965; W. M. Gentleman, G. Sande 1966 (decimation in frequency); the packing of a
//! real frame into half as many complex points: R. N. Sorensen et al. 1987. Derived here from the sums.

/// One pass over the points: blocks of `len` points, each split into `radix` sub-blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// 2, 3, 4, 5 or 8.
    pub radix: usize,
    /// Points of a block before this stage.
    pub len: usize,
    /// Index of the stage's first twiddle: `twiddles[offset + (p - 1) * (len / radix) + j]` = exp(-2 pi i p j / len).
    pub twiddle_offset: usize,
}

/// Plan of a real transform of `n` points.
#[derive(Debug, Clone, PartialEq)]
pub struct RealFft {
    /// Real points.
    pub n: usize,
    /// Complex points, `n / 2`.
    pub m: usize,
    /// Passes, outermost first. The last one needs no twiddles.
    pub stages: Vec<Stage>,
    /// (re, im) of every stage's twiddles.
    pub twiddles: Vec<[f32; 2]>,
    /// Point at which bin `k` of the complex transform lies after the last stage, `(m)`.
    pub position: Vec<u32>,
    /// (cos, sin) of 2 pi k / n for k = 0 ..= m / 2.
    pub split: Vec<[f32; 2]>,
}

/// cos and sin of 2 pi k / n in f64, exact at the multiples of an eighth turn and odd/even symmetric.
fn unit(k: usize, n: usize) -> (f64, f64) {
    let k = k % n;
    // Reduce to the first eighth of the circle, where cos and sin are both well conditioned.
    let eighths = 8 * k / n;
    let angle = |num: usize| std::f64::consts::TAU * num as f64 / n as f64;
    match eighths {
        0 => (angle(k).cos(), angle(k).sin()),
        1 | 2 => {
            // quarter turn minus the rest: 4k - n in quarters
            let d = std::f64::consts::TAU * (k as f64 - n as f64 / 4.0) / n as f64;
            (-d.sin(), d.cos())
        }
        3 | 4 => {
            let d = std::f64::consts::TAU * (k as f64 - n as f64 / 2.0) / n as f64;
            (-d.cos(), -d.sin())
        }
        5 | 6 => {
            let d = std::f64::consts::TAU * (k as f64 - 3.0 * n as f64 / 4.0) / n as f64;
            (d.sin(), -d.cos())
        }
        _ => (angle(n - k).cos(), -angle(n - k).sin()),
    }
}

/// True when a frame of `n` samples can be transformed by the lane kernel and the WGSL kernels: even, and `n / 2` a
/// product of 2, 3 and 5.
pub fn fft_supports(n: usize) -> bool {
    if n < 4 || !n.is_multiple_of(2) {
        return false;
    }
    let mut rest = n / 2;
    for p in [2, 3, 5] {
        while rest.is_multiple_of(p) {
            rest /= p;
        }
    }
    rest == 1
}

fn radices(m: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut rest = m;
    for p in [5, 3] {
        while rest.is_multiple_of(p) {
            out.push(p);
            rest /= p;
        }
    }
    let twos = rest.trailing_zeros() as usize;
    match twos % 3 {
        0 => out.extend(std::iter::repeat_n(8, twos / 3)),
        1 if twos >= 4 => {
            out.extend(std::iter::repeat_n(8, twos / 3 - 1));
            out.extend([4, 4]);
        }
        1 => out.push(2),
        _ => {
            out.extend(std::iter::repeat_n(8, twos / 3));
            out.push(4);
        }
    }
    out
}

impl RealFft {
    /// The plan for frames of `n` samples.
    ///
    /// # Panics
    /// Where [`fft_supports`] is false.
    pub fn new(n: usize) -> Self {
        assert!(fft_supports(n), "n_fft {n} must be even with n_fft / 2 a product of 2, 3 and 5");
        let m = n / 2;
        let mut stages = Vec::new();
        let mut twiddles = Vec::new();
        let mut len = m;
        for radix in radices(m) {
            stages.push(Stage { radix, len, twiddle_offset: twiddles.len() });
            let sub = len / radix;
            for p in 1..radix {
                for j in 0..sub {
                    let (c, s) = unit(p * j, len);
                    twiddles.push([c as f32, -s as f32]);
                }
            }
            len = sub;
        }
        let position = (0..m)
            .map(|bin| {
                let (mut k, mut at) = (bin, 0);
                for s in &stages {
                    at += (k % s.radix) * (s.len / s.radix);
                    k /= s.radix;
                }
                at as u32
            })
            .collect();
        let split = (0..=m / 2)
            .map(|k| {
                let (c, s) = unit(k, n);
                [c as f32, s as f32]
            })
            .collect();
        Self { n, m, stages, twiddles, position, split }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_is_exact_on_the_axes_and_right_elsewhere() {
        assert_eq!(unit(0, 8), (1.0, 0.0));
        assert_eq!(unit(2, 8).0.abs(), 0.0);
        assert_eq!(unit(2, 8).1, 1.0);
        assert_eq!((unit(4, 8).0, unit(6, 8).1), (-1.0, -1.0));
        for n in [5, 12, 200, 2048] {
            for k in 0..n {
                let a = std::f64::consts::TAU * k as f64 / n as f64;
                let (c, s) = unit(k, n);
                assert!((c - a.cos()).abs() < 1e-14 && (s - a.sin()).abs() < 1e-14, "{k}/{n}");
            }
        }
    }

    #[test]
    fn positions_are_a_permutation_for_every_size() {
        for n in (16..4097).filter(|&n| fft_supports(n)) {
            let plan = RealFft::new(n);
            assert_eq!(plan.stages.iter().map(|s| s.radix).product::<usize>().max(1), n / 2);
            let mut seen = vec![false; n / 2];
            for &p in &plan.position {
                assert!(!std::mem::replace(&mut seen[p as usize], true));
            }
        }
        assert!(!fft_supports(1030) && !fft_supports(401) && fft_supports(400));
    }
}
