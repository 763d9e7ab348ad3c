//! Novelty: how much the blocks after a place differ from those before it.
//!
//! J. Foote, "Automatic audio segmentation using a measure of audio novelty" (ICME 2000): a checkerboard with a Gaussian taper,
//! slid along the diagonal of the self-similarity `S(i, j)`. With the taper `w_i w_j` (a round Gaussian is such a product) and
//! the inner product as similarity, the sum is a square:
//!
//! `sum_ij s_i s_j w_i w_j <x_i, x_j> = | sum_i s_i w_i x_i |^2`, `s` = -1 before the place, 1 after it,
//!
//! which is the distance of two weighted means: the kernel needs no matrix at all, 2 L vectors instead of (2 L)^2 products. Each
//! side is normalised by its own weight (at the ends of the track a side is short), and shrunk by what it lacks. A group's distance is
//! measured by its spread on both sides and over the whole track (`spread.rs`): the track's own units.
//!
//! Two kernels, 8 s and 16 s to each side: the short one sees a section of 5 s, the long one does not take the turn of chords for a
//! change. Their mean is the curve.

use super::blocks::{Features, GROUPS};
use super::spread::{Run, apart};

/// Blocks to each side of the two kernels: 7.8 s and 16.2 s.
pub const SIDES: [usize; 2] = [14, 29];

/// Weights of a kernel's side of `side` blocks, from the middle outwards: a Gaussian that falls to exp(-2) at its end.
pub fn taper(side: usize) -> Vec<f64> {
    let at = |k: usize| 2.0 * (k as f64 + 0.5) / side as f64;
    (0..side).map(|k| libm::exp(-0.5 * at(k) * at(k))).collect()
}

/// The runs on both sides of the place before block `t`.
pub fn sides(features: &Features, t: usize, taper: &[f64]) -> [Run; 2] {
    let mut runs = [Run::default(), Run::default()];
    let blocks = features.rows.len();
    for (k, &w) in taper.iter().enumerate() {
        if t > k {
            runs[0].add(features, t - 1 - k, w);
        }
        if t + k < blocks {
            runs[1].add(features, t + k, w);
        }
    }
    runs
}

/// The spread of each group that is usual in the track: the median over its stretches of 16 s, half overlapping.
fn usual_spread(features: &Features) -> [f64; GROUPS.len()] {
    let blocks = features.rows.len();
    let mut spreads = [const { Vec::new() }; GROUPS.len()];
    for from in (0..blocks).step_by(SIDES[1] / 2) {
        let mut run = Run::default();
        for t in from..(from + SIDES[1]).min(blocks) {
            run.add(features, t, 1.0);
        }
        for (g, spreads) in spreads.iter_mut().enumerate() {
            spreads.push(run.spread(g));
        }
    }
    spreads.map(|mut s| {
        s.sort_unstable_by(f64::total_cmp);
        s[s.len() / 2]
    })
}

/// Novelty of the place before each block, `(T)`, 0-1, and the spread of each group that is usual in the track.
pub fn novelty(features: &Features) -> (Vec<f64>, [f64; GROUPS.len()]) {
    let usual = usual_spread(features);
    let tapers = SIDES.map(taper);
    let at = |t: usize, taper: &[f64]| {
        let [a, b] = sides(features, t, taper);
        let whole: f64 = taper.iter().sum();
        let certain = |g: usize| {
            let (a, b) = (a.weight_of(g), b.weight_of(g));
            2.0 * a * b / ((a + b) * whole)
        };
        apart(&a, &b, &usual, certain)
    };
    let mut curve = vec![0.0; features.rows.len()];
    for t in 1..curve.len() {
        curve[t] = tapers.iter().map(|taper| at(t, taper)).sum::<f64>() / SIDES.len() as f64;
    }
    (curve, usual)
}

#[cfg(test)]
mod tests {
    use super::super::blocks::FEATURES;
    use super::*;

    /// Blocks of features that have nothing to do with each other.
    fn any(blocks: usize, seed: u32) -> Features {
        let mut s = seed;
        let mut next = || {
            s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (s >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let rows = (0..blocks).map(|_| std::array::from_fn(|_| next())).collect();
        Features { rows, sounds: vec![true; blocks] }
    }

    /// Two kinds of block, 40 of each, 20 dB apart and equal in all else.
    #[test]
    fn two_kinds_of_block_peak_where_they_meet() {
        let mut rows = vec![[0.0f32; FEATURES]; 80];
        rows[40..].iter_mut().for_each(|r| r[0] = -20.0);
        let (curve, usual) = novelty(&Features { rows, sounds: vec![true; 80] });
        // Four of six stretches are of one kind.
        assert_eq!(usual, [0.0; 5]);
        let e = 400.0 / (1.5 * 1.5);
        let want = e / (1.0 + e) / 5f64.sqrt();
        assert!((curve[40] - want).abs() < 1e-12, "{} {want}", curve[40]);
        for t in 0..80 {
            assert!(t == 40 || curve[t] < 0.98 * want, "{t}: {}", curve[t]);
            // Farther than the long kernel reaches, nothing.
            assert!((12..69).contains(&t) || curve[t] < 1e-9, "{t}: {}", curve[t]);
        }
    }

    /// Foote's sum over the whole matrix, checkerboard times taper, each side of weight 1, equals the distance of the means.
    #[test]
    fn the_square_equals_the_sum_over_the_matrix() {
        let features = any(50, 7);
        let taper = taper(SIDES[0]);
        for t in [1, 5, 14, 25, 40, 49] {
            let [a, b] = sides(&features, t, &taper);
            let at = |i: usize| if i < t { t - 1 - i } else { i - t };
            let weight = |i: usize| taper.get(at(i)).copied().unwrap_or(0.0);
            let side = |i: usize| {
                let whole: f64 = if i < t { (0..t).map(weight).sum() } else { (t..50).map(weight).sum() };
                if i < t { -weight(i) / whole } else { weight(i) / whole }
            };
            for (g, (columns, _)) in GROUPS.iter().enumerate() {
                let (mut sum, mut size) = (0.0, 0.0);
                for i in 0..50 {
                    for j in 0..50 {
                        let x = |c: usize| f64::from(features.rows[i][c]) * f64::from(features.rows[j][c]);
                        let similarity: f64 = columns.clone().map(x).sum();
                        sum += side(i) * side(j) * similarity;
                        size += (side(i) * side(j) * similarity).abs();
                    }
                }
                let got = a.between(&b, g).unwrap();
                assert!((got - sum).abs() < 1e-12 * size.max(1.0), "{t}, group {g}: {got} {sum}");
            }
        }
    }

    #[test]
    fn a_track_of_one_kind_has_no_novelty() {
        let (curve, _) = novelty(&Features { rows: vec![[0.3; FEATURES]; 60], sounds: vec![true; 60] });
        assert!(curve.iter().all(|&x| x < 1e-12));
        let (curve, _) = novelty(&Features { rows: vec![[0.3; FEATURES]; 1], sounds: vec![true] });
        assert_eq!(curve, [0.0]);
    }

    #[test]
    fn silence_is_as_far_from_everything_as_its_level() {
        let mut rows = vec![[0.5f32; FEATURES]; 60];
        let mut sounds = vec![true; 60];
        for t in 30..60 {
            rows[t] = [0.0; FEATURES];
            rows[t][0] = -60.0;
            sounds[t] = false;
        }
        let (curve, _) = novelty(&Features { rows, sounds });
        assert!(curve[30] > 0.99 && curve[1] < 1e-9 && curve[59] < 1e-9, "{} {}", curve[30], curve[59]);
    }

    #[test]
    fn the_taper_falls_to_exp_of_minus_two() {
        let t = taper(4);
        let want = [0.25, 0.75, 1.25, 1.75].map(|x: f64| (-0.5 * x * x).exp());
        assert!(t.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-15), "{t:?}");
    }
}
