//! Distance of two tracks on a scale, and what it is made of.
//!
//! With x, y the scaled values and w the weights (those of the families, shared equally by their dimensions):
//! `total^2 = sum w_d (x_d - y_d)^2 / sum w_d`, both sums over the dimensions known of both tracks. So a dimension unknown of
//! either drops out and its weight goes to the others in proportion; the distance lies in 0 to 1. The
//! contribution of a dimension is its term of the first sum over the second sum: contributions, and the aspects that sum
//! them, add up to the *square* of the distance, as in any Euclidean distance.

use std::collections::BinaryHeap;

use earprint_core::{Aspect, DIMENSIONS, Family, TRACK_DIMENSIONS};

use crate::Values;

/// Neighbours share at least this part of the weight of what is known of the query. A distance over the shared numbers alone
/// says nothing about the others: of digital silence width and correlation are known at most, both at an end of the scale,
/// where [`crate::Scale`] clips a twentieth of every collection; it would be at distance 0 from all of those. Half: more is compared than
/// is guessed. A source too low for the upper bands, or without beats or pitch, keeps well over half.
pub const SHARED_AT_LEAST: f64 = 0.5;

/// How far apart two tracks are, and by what.
#[derive(Debug, Clone, PartialEq)]
pub struct Distance {
    /// 0 equal to 1; NaN where no dimension is known of both.
    pub total: f64,
    /// Sums of `dimensions` by aspect, in the order of `Aspect::ALL`: timbre, rhythm, harmony, level. They add up to `total`
    /// squared.
    pub aspects: [f64; 4],
    /// Squared, weighted difference of each dimension; 0 where it was not compared.
    pub dimensions: [f64; DIMENSIONS],
    /// Dimensions known of both.
    pub compared: usize,
}

/// Weight of each dimension: its family's, shared equally, renormalised to a sum of 1.
pub fn weights() -> [f64; DIMENSIONS] {
    let all: f64 = Family::ALL.map(Family::weight).iter().sum();
    std::array::from_fn(|d| {
        let family = TRACK_DIMENSIONS[d].family;
        let members = TRACK_DIMENSIONS.iter().filter(|o| o.family == family).count();
        family.weight() / members as f64 / all
    })
}

/// Sum of weighted squares and sum of the weights, over the dimensions known of both.
#[inline]
pub(crate) fn sums(a: &Values, b: &Values, w: &[f64; DIMENSIONS]) -> (f64, f64) {
    let (mut squares, mut weight) = (0.0, 0.0);
    for d in 0..DIMENSIONS {
        let difference = f64::from(a[d]) - f64::from(b[d]);
        // A select instead of a branch: one dimension in a hundred is unknown, at random.
        let known = !difference.is_nan();
        squares += if known { w[d] * (difference * difference) } else { 0.0 };
        weight += if known { w[d] } else { 0.0 };
    }
    (squares, weight)
}

/// The distance of two scaled descriptors of one version. Symmetric to the bit.
pub fn distance(a: &Values, b: &Values) -> Distance {
    let w = weights();
    let (squares, weight) = sums(a, b, &w);
    let mut out =
        Distance { total: (squares / weight).sqrt(), aspects: [0.0; 4], dimensions: [0.0; DIMENSIONS], compared: 0 };
    for d in 0..DIMENSIONS {
        let difference = f64::from(a[d]) - f64::from(b[d]);
        if difference.is_nan() {
            continue;
        }
        let part = w[d] * (difference * difference) / weight;
        let aspect = TRACK_DIMENSIONS[d].family.aspect();
        let at = Aspect::ALL.iter().position(|a| *a == aspect).expect("ALL holds every aspect");
        out.dimensions[d] = part;
        out.aspects[at] += part;
        out.compared += 1;
    }
    out
}

/// A neighbour by its place in the list that was searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Place in the list.
    pub index: usize,
    /// [`Distance::total`] to the query, the same bits.
    pub total: f64,
}

/// Ordered by distance, then by place.
#[derive(PartialEq)]
struct Candidate(f64, usize);

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

/// The `k` nearest of `all` to `query`, all scaled and of one version: exact, nearest first, the lower place first among
/// equals. Tracks that share less than [`SHARED_AT_LEAST`] of the weight of the query's known dimensions are left out, and so
/// is everything where nothing is known of the query.
///
/// Every distance is computed: 60,000 tracks are six megabytes read once, cheaper than keeping an index right.
pub fn similar(query: &Values, all: &[Values], k: usize) -> Vec<Nearest> {
    if k == 0 {
        return Vec::new();
    }
    let w = weights();
    // The query against itself: all the weight there is to share, summed in the same order as below.
    let needed = SHARED_AT_LEAST * sums(query, query, &w).1;
    // The k best so far, the worst on top.
    let mut best: BinaryHeap<Candidate> = BinaryHeap::with_capacity(k.min(all.len()) + 1);
    for (index, row) in all.iter().enumerate() {
        let (squares, weight) = sums(query, row, &w);
        let total = (squares / weight).sqrt();
        if total.is_nan() || weight < needed {
            continue;
        }
        if best.len() < k {
            best.push(Candidate(total, index));
        } else if best.peek().is_some_and(|worst| total < worst.0) {
            best.pop();
            best.push(Candidate(total, index));
        }
    }
    best.into_sorted_vec().into_iter().map(|Candidate(total, index)| Nearest { index, total }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::dim;

    /// A stated generator: values in 0 to 1, some unknown.
    fn rows(n: usize) -> Vec<Values> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let v = (state >> 40) as f32 / 16_777_216.0;
            if state.is_multiple_of(50) { f32::NAN } else { v }
        };
        (0..n).map(|_| std::array::from_fn(|_| next())).collect()
    }

    #[test]
    fn weights_are_the_families() {
        let w = weights();
        assert!((w[dim::MID] - 33.0 / 7.0 / 103.0).abs() < 1e-15);
        assert!((w[dim::PHASE_CORRELATION] - 1.5 / 103.0).abs() < 1e-15);
        assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_dimension_by_hand() {
        // Only tempo differs, by 0.5; family of 18 with four members: sqrt(4.5 / 103 * 0.25).
        let a = [0.25; DIMENSIONS];
        let mut b = a;
        b[dim::TEMPO] = 0.75;
        let d = distance(&a, &b);
        assert!((d.total - (4.5 / 103.0 * 0.25_f64).sqrt()).abs() < 1e-15);
        assert!((d.aspects[1] - d.total * d.total).abs() < 1e-15);
        assert_eq!((d.aspects[0], d.aspects[2], d.aspects[3], d.compared), (0.0, 0.0, 0.0, 25));
        assert_eq!(distance(&[0.0; DIMENSIONS], &[1.0; DIMENSIONS]).total, 1.0);
    }

    #[test]
    fn an_unknown_dimension_gives_its_weight_to_the_rest() {
        // Bands unknown on one side: 70 of 103 remain, and tempo has 4.5 of 70.
        let mut a = [0.25; DIMENSIONS];
        let mut b = a;
        a[..7].fill(f32::NAN);
        b[dim::TEMPO] = 0.75;
        let d = distance(&a, &b);
        assert!((d.total - (4.5 / 70.0 * 0.25_f64).sqrt()).abs() < 1e-15);
        assert_eq!((d.compared, d.dimensions[0]), (18, 0.0));
        let none = distance(&[f32::NAN; DIMENSIONS], &b);
        assert!(none.total.is_nan() && none.compared == 0);
    }

    #[test]
    fn distance_is_symmetric_and_its_parts_add_up() {
        let rows = rows(60);
        for a in &rows {
            for b in &rows {
                let (d, r) = (distance(a, b), distance(b, a));
                assert_eq!(d, r);
                let square = d.total * d.total;
                assert!((d.aspects.iter().sum::<f64>() - square).abs() < 1e-12);
                assert!((d.dimensions.iter().sum::<f64>() - square).abs() < 1e-12);
                assert!((0.0..=1.0).contains(&d.total));
            }
        }
        assert!(distance(&rows[0], &rows[1]).total > 0.0);
    }

    #[test]
    fn who_shares_less_than_half_is_no_neighbour() {
        let query = [0.25; DIMENSIONS];
        // Silence of one channel: two numbers known, both as the query has them. Distance 0, and no neighbour.
        let mut silence = [f32::NAN; DIMENSIONS];
        (silence[dim::STEREO_WIDTH], silence[dim::PHASE_CORRELATION]) = (0.25, 0.25);
        assert_eq!((distance(&query, &silence).total, distance(&query, &silence).compared), (0.0, 2));
        // Bands and dynamics alone: 56 of 103. Bands and temporal alone: 51 of 103.
        let (mut over, mut under) = ([0.75; DIMENSIONS], [0.75; DIMENSIONS]);
        over[dim::TEMPO..].fill(f32::NAN);
        under[dim::LOUDNESS..dim::TEMPO].fill(f32::NAN);
        under[dim::CENTROID..].fill(f32::NAN);
        let found =
            |query: &Values| similar(query, &[silence, over, under], 9).iter().map(|n| n.index).collect::<Vec<_>>();
        assert_eq!(found(&query), [1]);
        // What counts is the weight that the query knows: of its own two numbers silence shares both.
        assert_eq!(found(&silence)[0], 0);
        assert!(found(&[f32::NAN; DIMENSIONS]).is_empty());
    }

    #[test]
    fn the_nearest_are_those_of_a_full_sort() {
        let mut all = rows(2000);
        for i in 0..20 {
            all[1900 + i] = all[100 + i]; // equal distances
        }
        all[7] = [f32::NAN; DIMENSIONS];
        for query in [rows(1)[0], all[105]] {
            let mut want: Vec<(f64, usize)> =
                all.iter().enumerate().map(|(i, r)| (distance(&query, r).total, i)).filter(|c| !c.0.is_nan()).collect();
            want.sort_by(|a, b| a.partial_cmp(b).unwrap());
            for k in [0, 1, 2, 10, 1999, 5000] {
                let got: Vec<_> = similar(&query, &all, k).iter().map(|n| (n.total, n.index)).collect();
                assert_eq!(got, want[..k.min(want.len())], "k {k}");
            }
        }
        let twins = similar(&all[105], &all, 2);
        assert_eq!((twins[0].index, twins[1].index), (105, 1905));
    }
}
