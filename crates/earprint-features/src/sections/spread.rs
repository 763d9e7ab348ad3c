//! Weighted mean and spread of runs of blocks, and how far two runs are apart.
//!
//! Of a run: per feature the mean, per group the spread (weighted mean square distance from the mean). Of two: per group the ratio
//! `e = |mean - mean|^2 / (spread + floor^2)` of what lies between to what lies within (R. A. Fisher's), turned into a share
//! `e / (1 + e)`, so that no group can outshout the others: 0.5 where the runs are one deviation apart. The groups are joined by
//! the root of the mean of squares: one group that changes clearly counts more than all of them rippling.

use super::blocks::{FEATURES, Features, GROUPS, HARMONY, LEVEL};

/// Sums over a run of blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Weight of all blocks, and of those that sound.
    weight: [f64; 2],
    sums: [f64; FEATURES],
    squares: [f64; GROUPS.len()],
}

impl Default for Run {
    fn default() -> Self {
        Self { weight: [0.0; 2], sums: [0.0; FEATURES], squares: [0.0; GROUPS.len()] }
    }
}

impl Run {
    /// Blocks `from .. to`, each of weight 1.
    pub fn of(features: &Features, from: usize, to: usize) -> Self {
        let mut run = Self::default();
        (from..to).for_each(|t| run.add(features, t, 1.0));
        run
    }

    /// One more block, of weight `w`.
    pub fn add(&mut self, features: &Features, t: usize, w: f64) {
        let row = &features.rows[t];
        self.weight[0] += w;
        let groups = if features.sounds[t] { GROUPS.len() } else { LEVEL + 1 };
        if features.sounds[t] {
            self.weight[1] += w;
        }
        for (g, (columns, _)) in GROUPS.iter().enumerate().take(groups) {
            let mut square = 0.0;
            for c in columns.clone() {
                let x = f64::from(row[c]);
                self.sums[c] += w * x;
                square += x * x;
            }
            self.squares[g] += w * square;
        }
    }

    /// The blocks of both.
    pub fn join(&mut self, other: &Self) {
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.weight, &other.weight);
        add(&mut self.sums, &other.sums);
        add(&mut self.squares, &other.squares);
    }

    /// Weight of the blocks that have this group.
    pub fn weight_of(&self, group: usize) -> f64 {
        self.weight[usize::from(group != LEVEL)]
    }

    fn mean(&self, group: usize, column: usize) -> f64 {
        self.sums[column] / self.weight_of(group)
    }

    /// Spread of a group within the run, in the square of its unit; 0 without blocks.
    pub fn spread(&self, group: usize) -> f64 {
        let w = self.weight_of(group);
        if w <= 0.0 {
            return 0.0;
        }
        let mean: f64 = GROUPS[group].0.clone().map(|c| self.mean(group, c) * self.mean(group, c)).sum();
        (self.squares[group] / w - mean).max(0.0)
    }

    /// Sum of the square distances of the blocks from their mean, each group in units of its `usual` spread.
    pub fn cost(&self, usual: &[f64; GROUPS.len()]) -> f64 {
        let of = |g: usize| self.weight_of(g) * self.spread(g) / (usual[g] + GROUPS[g].1 * GROUPS[g].1);
        (0..GROUPS.len()).map(of).sum()
    }

    /// This run with the harmony of another.
    pub fn with_harmony_of(mut self, other: &Self) -> Self {
        let factor = if other.weight[1] > 0.0 { self.weight[1] / other.weight[1] } else { 0.0 };
        for c in GROUPS[HARMONY].0.clone() {
            self.sums[c] = factor * other.sums[c];
        }
        self.squares[HARMONY] = factor * other.squares[HARMONY];
        self
    }

    /// Square of the distance between the means of a group; `None` where one of the runs has none of it.
    pub fn between(&self, other: &Self, group: usize) -> Option<f64> {
        if self.weight_of(group) <= 0.0 || other.weight_of(group) <= 0.0 {
            return None;
        }
        let apart = |c| self.mean(group, c) - other.mean(group, c);
        Some(GROUPS[group].0.clone().map(|c| apart(c) * apart(c)).sum())
    }

    /// Where block `t` lies on the line from this run's mean (0) to the other's (1), each group in units of its `usual` spread; groups
    /// that one of the three lacks are left out. 0 where the means are the same.
    pub fn along(&self, other: &Self, features: &Features, t: usize, usual: &[f64; GROUPS.len()]) -> f64 {
        let (mut on, mut length) = (0.0, 0.0);
        for (g, (columns, floor)) in GROUPS.iter().enumerate() {
            let has = g == LEVEL || features.sounds[t];
            if !has || self.weight_of(g) <= 0.0 || other.weight_of(g) <= 0.0 {
                continue;
            }
            let unit = usual[g] + floor * floor;
            for c in columns.clone() {
                let step = other.mean(g, c) - self.mean(g, c);
                on += (f64::from(features.rows[t][c]) - self.mean(g, c)) * step / unit;
                length += step * step / unit;
            }
        }
        if length > 0.0 { on / length } else { 0.0 }
    }
}

/// How far two runs are apart, 0-1. `usual` is the spread of each group that the track usually has: a
/// difference is measured by it or by the runs' own, whichever is larger. `certain` (0-1) shrinks what few blocks claim.
pub fn apart(a: &Run, b: &Run, usual: &[f64; GROUPS.len()], certain: impl Fn(usize) -> f64) -> f64 {
    let mut shares = [0.0; GROUPS.len()];
    for g in 0..GROUPS.len() {
        shares[g] = match a.between(b, g) {
            Some(between) => {
                let own = 0.5 * (a.spread(g) + b.spread(g));
                let e = certain(g) * between / (own.max(usual[g]) + GROUPS[g].1 * GROUPS[g].1);
                e / (1.0 + e)
            }
            // Beside silence everything is as far away as the level is; two silences are one.
            None if a.weight[1] > 0.0 || b.weight[1] > 0.0 => shares[LEVEL],
            None => 0.0,
        };
    }
    libm::sqrt(shares.iter().map(|s| s * s).sum::<f64>() / shares.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features() -> Features {
        let mut rows = vec![[0.0f32; FEATURES]; 4];
        for (t, row) in rows.iter_mut().enumerate() {
            row[0] = t as f32;
            row[2] = [1.0, 3.0, 5.0, 9.0][t];
            row[3] = [2.0, 2.0, 4.0, 4.0][t];
        }
        Features { rows, sounds: vec![true, true, true, false] }
    }

    #[test]
    fn means_spreads_and_distances_by_hand() {
        let f = features();
        let (a, b) = (Run::of(&f, 0, 2), Run::of(&f, 2, 4));
        // Level: 0, 1 and 2, 3. Timbre: (1, 2), (3, 2) and (5, 4), the last block does not sound.
        assert_eq!((a.spread(0), b.spread(0), a.between(&b, 0)), (0.25, 0.25, Some(4.0)));
        assert_eq!((a.spread(2), b.spread(2), a.between(&b, 2)), (1.0, 0.0, Some(13.0)));
        assert_eq!((a.weight_of(2), b.weight_of(2)), (2.0, 1.0));
        assert_eq!(Run::of(&f, 3, 4).between(&a, 2), None);
        let mut both = a.clone();
        both.join(&b);
        assert_eq!(both, Run::of(&f, 0, 4));
        // Level: 2^2 over 0.25 and 1.5^2; timbre: 13 over half of 1 and 1; the others 0.
        let level = 4.0 / 2.5;
        let timbre = 13.0 / 1.5;
        let square = |e: f64| (e / (1.0 + e)) * (e / (1.0 + e));
        let want = ((square(level) + square(timbre)) / 5.0).sqrt();
        assert!((apart(&a, &b, &[0.0; 5], |_| 1.0) - want).abs() < 1e-15);
        // What is usual in the track counts where it is more; what is not certain counts less.
        let want = (square(4.0 / 12.25) + square(0.5 * 13.0 / 1.5)).sqrt() / 5f64.sqrt();
        let got = apart(&a, &b, &[10.0, 0.0, 0.0, 0.0, 0.0], |g| if g == 2 { 0.5 } else { 1.0 });
        assert!((got - want).abs() < 1e-15);
        // Cost: two blocks of spread 0.25 over 2.25, and of spread 1 over 1.
        assert!((a.cost(&[0.0; 5]) - (0.5 / 2.25 + 2.0)).abs() < 1e-15);
    }

    #[test]
    fn a_block_between_two_runs_lies_between_0_and_1() {
        let mut f = features();
        f.sounds[3] = true;
        for (t, want) in [(0, 0.0), (3, 1.0)] {
            let (a, b) = (Run::of(&f, 0, 1), Run::of(&f, 3, 4));
            assert!((a.along(&b, &f, t, &[1.0; 5]) - want).abs() < 1e-15);
        }
        let (a, b) = (Run::of(&f, 0, 1), Run::of(&f, 3, 4));
        assert!((0.3..0.6).contains(&a.along(&b, &f, 2, &[1.0; 5])));
        assert_eq!(a.along(&a, &f, 2, &[1.0; 5]), 0.0);
    }
}
