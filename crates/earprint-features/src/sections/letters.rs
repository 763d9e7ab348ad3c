//! Which sections sound alike: a letter each.
//!
//! In the order of time: a section joins the nearest group if it is nearer to it than [`ALIKE`] of what usually parts two neighbours
//! in this track (their median), else it opens a group. How near a group is: the farthest of its first section, its last and the
//! sum of all, so that a group does not creep from one sound to another.

use super::blocks::GROUPS;
use super::boundaries::{Boundary, CLEAR};
use super::spread::{Run, apart};

/// Sections nearer than this share of the median strength of the boundaries are alike.
const ALIKE: f64 = 0.75;

struct Group {
    first: usize,
    last: usize,
    sum: Run,
}

/// The group of each section, numbered in the order of their first.
pub fn groups(runs: &[Run], boundaries: &[Boundary], usual: &[f64; GROUPS.len()]) -> Vec<usize> {
    let mut strengths: Vec<f64> = boundaries.iter().map(|b| b.strength).collect();
    strengths.sort_unstable_by(f64::total_cmp);
    let median = strengths.get(strengths.len() / 2).copied().unwrap_or(0.0);
    let limit = ALIKE * median.max(CLEAR);
    let mut groups: Vec<Group> = Vec::new();
    let of = |i: usize| {
        let far = |run: &Run| apart(run, &runs[i], usual, |_| 1.0);
        let distances = groups.iter().map(|g| far(&g.sum).max(far(&runs[g.first])).max(far(&runs[g.last])));
        let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        match nearest.filter(|n| n.1 < limit) {
            Some((g, _)) => {
                groups[g].sum.join(&runs[i]);
                groups[g].last = i;
                g
            }
            None => {
                groups.push(Group { first: i, last: i, sum: runs[i].clone() });
                groups.len() - 1
            }
        }
    };
    (0..runs.len()).map(of).collect()
}

/// `A` to `Z`, then `AA`, `AB` ...
pub fn letter(group: usize) -> String {
    let mut left = group + 1;
    let mut letters = Vec::new();
    while left > 0 {
        left -= 1;
        letters.push((b'A' + (left % 26) as u8) as char);
        left /= 26;
    }
    letters.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 1, 25, 26, 51, 52, 701, 702].map(letter), ["A", "B", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
