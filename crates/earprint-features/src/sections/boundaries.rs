//! Boundaries from the novelty curve: peaks, then only those that part two unlike sections.
//!
//! A **peak** is the highest place within [`LEAST`] blocks to each side (5 s: no section is shorter) and stands above the curve's
//! median by [`SHARE`] of the way to its maximum. Peaks are taken from the highest down. Then the sections on both sides of each are
//! compared as wholes (`spread.rs`), and the weakest boundary is given up as long as it is below [`CLEAR`], or below [`BESIDE`] of
//! the median of the others: the track's own measure. After each the strengths beside it are made anew (the agglomerative step of
//! J. H. Ward, 1963). A track that does not change keeps none.

use super::blocks::{Features, GROUPS, HARMONY};
use super::novelty::SIDES;
use super::spread::{Run, apart};

/// Blocks of the shortest section: 5.0 s.
pub const LEAST: usize = 9;

/// Blocks by which a peak may lie beside the change: 2.2 s.
const REACH: usize = 4;

/// How far a peak stands above the median of the curve, as a share of the way from there to its maximum.
const SHARE: f64 = 0.15;

/// Sections less apart than this are one: 1.3 deviations in one group and nothing in the others, or 0.6 in all five.
pub const CLEAR: f64 = 0.28;

/// A boundary weaker than this share of the median of all is none.
const BESIDE: f64 = 0.5;

/// Places of peaks, ascending.
fn peaks(curve: &[f64]) -> Vec<usize> {
    let blocks = curve.len();
    if blocks < 2 * LEAST {
        return Vec::new();
    }
    let mut sorted = curve[1..].to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (median, most) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
    let least = median + SHARE * (most - median);
    let mut order: Vec<usize> = (LEAST..=blocks - LEAST).filter(|&t| curve[t] >= least && curve[t] > 0.0).collect();
    // Highest first, of equals the first.
    order.sort_by(|&a, &b| curve[b].total_cmp(&curve[a]).then(a.cmp(&b)));
    let mut taken: Vec<usize> = Vec::new();
    for t in order {
        // A slope beside a taken peak is no peak.
        let top = (t.saturating_sub(2).max(1)..(t + 3).min(blocks)).all(|u| curve[u] <= curve[t]);
        if top && taken.iter().all(|&u| t.abs_diff(u) >= LEAST) {
            taken.push(t);
        }
    }
    taken.sort_unstable();
    taken
}

/// A boundary between two sections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boundary {
    /// The block that starts the section.
    pub block: usize,
    /// Where the change lies between its neighbours, blocks: -0.5 ..= 0.5 from the start of `block`.
    pub offset: f64,
    /// How far the sections on both sides are apart, 0-1.
    pub strength: f64,
}

/// How far the sections on both sides of `block` are apart. Their harmony is that of at least 16 s to each side: a turn of chords shorter
/// than that is no change of section.
fn strength(features: &Features, [from, block, to]: [usize; 3], usual: &[f64; GROUPS.len()]) -> f64 {
    let side = |from: usize, to: usize, wide: [usize; 2]| {
        let run = Run::of(features, from, to);
        if to - from >= SIDES[1] { run } else { run.with_harmony_of(&Run::of(features, wide[0], wide[1])) }
    };
    let before = side(from, block, [block.saturating_sub(SIDES[1]), block]);
    let after = side(block, to, [block, (block + SIDES[1]).min(features.rows.len())]);
    // Near the ends of the track there are no 16 s of harmony.
    let [a, b] = [block.min(SIDES[1]), (features.rows.len() - block).min(SIDES[1])].map(|n| n as f64);
    let seen = 2.0 * a * b / ((a + b) * SIDES[1] as f64);
    apart(&before, &after, usual, |g| if g == HARMONY { seen } else { 1.0 })
}

/// Moves a boundary by up to [`REACH`] blocks to where the two sides, 16 s at most, are each most of one kind: the least sum of
/// squares within. Returns the block and the offset of the parabola through the costs beside it.
fn settle(features: &Features, [from, block, to]: [usize; 3], usual: &[f64; GROUPS.len()]) -> (usize, f64) {
    let (from, to) = (from.max(block.saturating_sub(SIDES[1])), to.min(block + SIDES[1]));
    let cost = |t: usize| Run::of(features, from, t).cost(usual) + Run::of(features, t, to).cost(usual);
    let reach = (from + LEAST).max(block - REACH)..=(to - LEAST).min(block + REACH);
    let mut best = (f64::INFINITY, block);
    for t in reach {
        let now = cost(t);
        if now < best.0 {
            best = (now, t);
        }
    }
    let (here, t) = best;
    let (before, after) = (cost(t - 1), cost(t + 1));
    let bend = before - 2.0 * here + after;
    (t, if bend > 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 })
}

/// Boundaries, ascending, and the runs between them (one more).
pub fn boundaries(features: &Features, curve: &[f64], usual: &[f64; GROUPS.len()]) -> (Vec<Boundary>, Vec<Run>) {
    let blocks = features.rows.len();
    let mut kept: Vec<Boundary> =
        peaks(curve).into_iter().map(|block| Boundary { block, offset: 0.0, strength: 0.0 }).collect();
    let around = |kept: &[Boundary], i: usize| {
        let before = i.checked_sub(1).map_or(0, |b| kept[b].block);
        [before, kept[i].block, kept.get(i + 1).map_or(blocks, |b| b.block)]
    };
    for i in 0..kept.len() {
        (kept[i].block, kept[i].offset) = settle(features, around(&kept, i), usual);
    }
    for i in 0..kept.len() {
        kept[i].strength = strength(features, around(&kept, i), usual);
    }
    while let Some((i, weakest)) =
        kept.iter().map(|b| b.strength).enumerate().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    {
        let mut all: Vec<f64> = kept.iter().map(|b| b.strength).collect();
        all.sort_unstable_by(f64::total_cmp);
        if weakest >= CLEAR.max(BESIDE * all[all.len() / 2]) {
            break;
        }
        kept.remove(i);
        for beside in i.saturating_sub(1)..(i + 1).min(kept.len()) {
            kept[beside].strength = strength(features, around(&kept, beside), usual);
        }
    }
    let edges: Vec<usize> = [0].into_iter().chain(kept.iter().map(|b| b.block)).chain([blocks]).collect();
    let runs = edges.windows(2).map(|e| Run::of(features, e[0], e[1])).collect();
    (kept, runs)
}

#[cfg(test)]
mod tests {
    use super::super::blocks::FEATURES;
    use super::super::novelty::novelty;
    use super::*;

    /// Sections of `(blocks, level, timbre)`, with a ripple of 0.4 dB.
    fn track(sections: &[(usize, f32, f32)]) -> Features {
        let mut rows = Vec::new();
        for &(blocks, level, timbre) in sections {
            for _ in 0..blocks {
                let mut row = [0.1f32; FEATURES];
                row[0] = level + 0.4 * [0.0, 1.0, -1.0][rows.len() % 3];
                row[2] = timbre;
                rows.push(row);
            }
        }
        Features { sounds: vec![true; rows.len()], rows }
    }

    fn found(features: &Features) -> Vec<usize> {
        let (curve, usual) = novelty(features);
        let (boundaries, runs) = boundaries(features, &curve, &usual);
        assert_eq!(runs.len(), boundaries.len() + 1);
        boundaries.iter().map(|b| b.block).collect()
    }

    #[test]
    fn each_change_is_a_boundary_and_nothing_else() {
        let track = track(&[(20, 0.0, 0.0), (30, -8.0, 0.0), (25, -8.0, 6.0), (40, 0.0, 0.0)]);
        assert_eq!(found(&track), [20, 50, 75]);
    }

    #[test]
    fn a_track_of_one_kind_or_too_short_has_none() {
        assert!(found(&track(&[(200, -3.0, 1.0)])).is_empty());
        assert!(found(&track(&[(8, 0.0, 0.0), (9, -20.0, 0.0)])).is_empty());
        assert_eq!(found(&track(&[(9, 0.0, 0.0), (9, -20.0, 0.0)])), [9]);
        assert!(found(&track(&[(1, 0.0, 0.0)])).is_empty());
        // A change of half a decibel is none.
        assert!(found(&track(&[(50, 0.0, 0.0), (50, -0.5, 0.0)])).is_empty());
    }

    #[test]
    fn blocks_before_the_track_shift_its_boundaries() {
        let sections = [(20, 0.0, 0.0), (30, -8.0, 0.0), (25, -8.0, 6.0), (40, 0.0, 0.0)];
        for shift in [3, 7, 31] {
            let mut later = sections;
            later[0].0 += shift;
            assert_eq!(found(&track(&later)), [20 + shift, 50 + shift, 75 + shift]);
        }
    }

    #[test]
    fn a_few_blocks_of_another_kind_are_no_section() {
        assert!(found(&track(&[(40, 0.0, 0.0), (3, -4.0, 0.0), (40, 0.0, 0.0)])).is_empty());
    }

    #[test]
    fn peaks_are_apart_and_the_first_of_equals_is_taken() {
        let mut curve = vec![0.0; 60];
        for (t, x) in [(15, 0.5), (18, 0.6), (40, 0.6), (41, 0.6), (56, 0.9)] {
            curve[t] = x;
        }
        // 15 is beside 18, 41 after its equal, 56 too near the end.
        assert_eq!(peaks(&curve), [18, 40]);
        assert!(peaks(&[0.0; 60]).is_empty());
    }
}
