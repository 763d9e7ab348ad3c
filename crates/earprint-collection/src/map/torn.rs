//! Which rows the map tears from their neighbours.
//!
//! Enters: places and true neighbours. Leaves: for each row the share of its neighbours that are *far* from it on the map. Far is beyond the distance within
//! which a tenth of all pairs of rows lie: about as far as the next group of a map with ten. Where `k` neighbours are themselves more
//! than a twentieth of all rows, it is the share 2k / (n - 1) of pairs: who has room near a row only for half of what is called near is not torn. Of many
//! pairs a seeded sample is taken for that distance.

use super::neighbours::Neighbours;
use super::stream;
use crate::kmeans::philox::uniform;

/// Rows with more than this share of their neighbours far away are marked.
pub const TORN_ABOVE: f64 = 0.5;

/// Pairs nearer than which nothing is far, as a share of all.
const NEAR: f64 = 0.1;

/// Pairs that are looked at, at most.
const PAIRS: usize = 1 << 17;

/// What a row lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Torn {
    /// Share of its neighbours that are far away on the map; NaN without neighbours.
    pub share: f64,
    /// More than [`TORN_ABOVE`] of them are.
    pub mark: bool,
}

/// Each row's loss, and the distance beyond which neighbours are far: NaN where there are no pairs.
pub(super) fn torn(xy: &[[f32; 2]], neighbours: &Neighbours, seed: u64) -> (Vec<Torn>, f64) {
    let n = xy.len();
    let square = |a: usize, b: usize| {
        let [u, v] = [0, 1].map(|axis| f64::from(xy[a][axis]) - f64::from(xy[b][axis]));
        u * u + v * v
    };
    let mut pairs: Vec<f64> = if n.saturating_mul(n.saturating_sub(1)) / 2 <= PAIRS {
        (0..n).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| square(a, b)).collect()
    } else {
        let pick = |at: usize, of: usize| (uniform(seed, stream::PAIRS, at as u64) * of as f64) as usize;
        let pair = |at: usize| (pick(2 * at, n), pick(2 * at + 1, n - 1));
        (0..PAIRS).map(pair).map(|(a, b)| square(a, if b >= a { b + 1 } else { b })).collect()
    };
    if pairs.is_empty() {
        return (vec![Torn { share: f64::NAN, mark: false }; n], f64::NAN);
    }
    let near = (2.0 * neighbours.k as f64 / (n as f64 - 1.0)).clamp(NEAR, 1.0);
    let last = ((near * pairs.len() as f64).ceil() as usize).clamp(1, pairs.len()) - 1;
    let far = *pairs.select_nth_unstable_by(last, f64::total_cmp).1;
    let of = |row: usize| {
        let near = neighbours.of(row);
        let lost = near.iter().filter(|&&o| square(row, o as usize) > far).count();
        let share = lost as f64 / near.len() as f64;
        Torn { share, mark: share > TORN_ABOVE }
    };
    ((0..n).map(of).collect(), far.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_with_strangers_is_torn() {
        // Two groups of 50 apart; row 0 belongs to the first and stands in the second, row 1 in between.
        let mut xy: Vec<[f32; 2]> =
            (0..100).map(|i| [if i < 50 { -1.0 } else { 1.0 } + i as f32 * 1e-3, 0.0]).collect();
        (xy[0], xy[1]) = ([0.9, 0.1], [0.0, 0.0]);
        let mut of = Neighbours::none(100, 4);
        for row in 0..100usize {
            let group = row / 50 * 50;
            (0..4).for_each(|at| of.ids[row * 4 + at] = (group + (row - group + 1 + at) % 50) as u32);
        }
        // Row 2 lost one of four: none at all but row 3's list ends here.
        of.ids[3 * 4 + 2..4 * 4].fill(super::super::table::NONE);
        of.ids[2 * 4] = 0;
        let (found, far) = torn(&xy, &of, 0);
        assert!((0.0..0.3).contains(&far), "{far}");
        assert_eq!((found[0].share, found[0].mark, found[1].mark), (1.0, true, true));
        assert_eq!((found[2].share, found[2].mark), (0.25, false));
        assert_eq!((found[3].share, found[60].share), (0.0, 0.0));
        // Nobody is far among few.
        let (found, _) = torn(&xy[..5], &Neighbours { k: 4, ids: vec![1; 20], squares: vec![0.0; 20] }, 0);
        assert!(found.iter().all(|t| t.share == 0.0));
    }

    #[test]
    fn sampled_pairs_give_about_the_same_distance() {
        let v = super::super::tests::noise(2 * 1200, 3);
        let xy: Vec<[f32; 2]> = v.chunks_exact(2).map(|p| [p[0], p[1]]).collect();
        let (_, far) = torn(&xy, &Neighbours::none(1200, 15), 0);
        let inside = (0..1200)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .filter(|&(a, b)| f64::from((xy[a][0] - xy[b][0]).powi(2) + (xy[a][1] - xy[b][1]).powi(2)).sqrt() <= far);
        let share = inside.count() as f64 / (1200.0 * 1199.0 / 2.0);
        assert!((share - NEAR).abs() < 0.003, "{share}");
    }
}
