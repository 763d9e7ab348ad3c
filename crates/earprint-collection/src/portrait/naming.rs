//! Names of clusters, no two of them equal.
//!
//! A name is the three most telling words of a cluster, of three groups, or fewer where fewer stand out; [`TYPICAL`] where none does. Clusters of one
//! name take their next most telling words, down to [`FAINT`] deviations, until they differ; those that cannot are numbered, larger ones
//! first. A name depends on the clusters alone, not on their ids.

use crate::words::{FAINT, SLIGHTLY, Telling, Words};

use super::Portrait;

/// Name of a cluster that is in no dimension unlike the collection.
pub const TYPICAL: &str = "typical";

/// Name of a cluster without tracks.
pub const EMPTY: &str = "empty";

/// Name of a cluster of whose tracks nothing is known.
pub const UNKNOWN: &str = "unknown";

/// Words of a name that differs from all others.
const WORDS: usize = 3;

/// Writes the names. `members` of each, for the order of those that cannot differ.
pub(super) fn name(portraits: &mut [Portrait], members: &[Vec<usize>]) {
    let words: Vec<Vec<Telling>> = portraits.iter().map(|p| Words::built_in().telling(&p.deviations, FAINT)).collect();
    let standing = |words: &[Telling]| words.iter().filter(|t| t.deviation.abs() >= SLIGHTLY).count();
    let mut taken: Vec<usize> = words.iter().map(|w| standing(w).min(WORDS)).collect();
    let said = |c: usize, taken: usize| {
        if members[c].is_empty() {
            return EMPTY.to_owned();
        }
        if portraits[c].deviations.iter().all(|d| d.is_nan()) {
            return UNKNOWN.to_owned();
        }
        // A cluster told from others by words below the threshold alone is still a typical one.
        let typical = (standing(&words[c]) == 0).then(|| TYPICAL.to_owned());
        typical.into_iter().chain(words[c][..taken].iter().map(Telling::said)).collect::<Vec<_>>().join(", ")
    };
    // Every round takes a word more or is the last one.
    loop {
        let names: Vec<String> = (0..words.len()).map(|c| said(c, taken[c])).collect();
        let mut longer = false;
        for c in 0..words.len() {
            let shared = names.iter().enumerate().any(|(o, name)| o != c && *name == names[c]);
            if shared && taken[c] < words[c].len() {
                taken[c] += 1;
                longer = true;
            }
        }
        if !longer {
            number(portraits, names, members);
            return;
        }
    }
}

/// Numbers names that are still shared, by size, then by centre, then by first member.
fn number(portraits: &mut [Portrait], names: Vec<String>, members: &[Vec<usize>]) {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| {
        let (p, q) = (&portraits[a], &portraits[b]);
        let centres = p.centre.iter().zip(&q.centre).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
        let by_size = q.size.cmp(&p.size).then(centres.unwrap_or(std::cmp::Ordering::Equal));
        by_size.then(members[a].first().cmp(&members[b].first()))
    });
    for (at, &c) in order.iter().enumerate() {
        let shared = names.iter().filter(|name| **name == names[c]).count();
        let before = order[..at].iter().filter(|&&o| names[o] == names[c]).count();
        portraits[c].name = if shared > 1 { format!("{} ({})", names[c], before + 1) } else { names[c].clone() };
    }
}
