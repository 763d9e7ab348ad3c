//! Why a track is in its cluster and not in the next one.
//!
//! With x the scaled track, a and b the nearest and second nearest centre: `|x - b|^2 - |x - a|^2` is a sum over the dimensions that are known of the
//! track, and each term is what that dimension says for the first choice. The distances are those of k-means ([`Rows::scaled`], unknown
//! numbers dropped out), so the first choice is the label of the centres that are given.

use crate::kmeans::Rows;
use crate::words::Words;

/// Dimensions that a sentence names at most.
const NAMED: usize = 3;

/// A cluster and how far its centre is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Its number.
    pub cluster: u32,
    /// Euclidean, over the scaled dimensions that the track knows: in standard deviations, interquartile ranges, or the units themselves.
    pub distance: f64,
}

/// What one dimension says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Because {
    /// Its index.
    pub dimension: usize,
    /// Its term of the difference of the squared distances: above 0 for the first choice, below for the second.
    pub squares: f64,
}

/// The first and the second choice of a track.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The track: its row.
    pub track: usize,
    /// The nearest centre, the first among equals: its label.
    pub first: Choice,
    /// The next one; `None` where there is one cluster.
    pub second: Option<Choice>,
    /// What speaks for either, most for the first choice first; they add up to the difference of the squared distances. Dimensions that
    /// are unknown or say nothing are left out.
    pub because: Vec<Because>,
}

/// Explains a track: `centres` are `(k, d)`, scaled as the rows are: `Clusters::scaled`, or [`Rows::scaled`] of centres in units.
/// `None` for a track of which nothing is known.
///
/// # Panics
/// If there is no such row, no centre, or the centres have another number of columns or are not finite.
pub fn explain(rows: &Rows, track: usize, centres: &[f32]) -> Option<Explanation> {
    let d = rows.columns();
    assert!(track < rows.len(), "row {track} of {}", rows.len());
    assert!(!centres.is_empty() && centres.len().is_multiple_of(d), "centres must be (k, {d}), not {}", centres.len());
    assert!(centres.iter().all(|c| c.is_finite()), "centres must be numbers: those of k-means are");
    let x = rows.known(track);
    if x.iter().all(|x| x.is_nan()) {
        return None;
    }
    let (x, unit) = (&x, rows.unit());
    // As k-means sums them: columns ascending, f64.
    let square = |centre: &[f32]| {
        let known = x.iter().zip(centre).filter(|(x, _)| !x.is_nan());
        known.fold(0.0, |sum, (x, &c)| sum + (x - f64::from(c)) * (x - f64::from(c)))
    };
    let mut by_distance: Vec<(f64, usize)> =
        centres.chunks_exact(d).enumerate().map(|(c, centre)| (square(centre), c)).collect();
    by_distance.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let choice = |&(square, c): &(f64, usize)| Choice { cluster: c as u32, distance: square.sqrt() * unit };
    let mut because = Vec::new();
    if let [(_, a), (_, b), ..] = by_distance[..] {
        for (j, x) in x.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
            let square = |c: usize| {
                let t = (x - f64::from(centres[c * d + j])) * unit;
                t * t
            };
            because.push(Because { dimension: j, squares: square(b) - square(a) });
        }
        because.retain(|b| b.squares != 0.0);
        because.sort_by(|x, y| y.squares.total_cmp(&x.squares).then(x.dimension.cmp(&y.dimension)));
    }
    Some(Explanation { track, first: choice(&by_distance[0]), second: by_distance.get(1).map(choice), because })
}

impl Explanation {
    /// How much farther the second choice is, in the units of the distances.
    pub fn farther(&self) -> Option<f64> {
        Some(self.second?.distance - self.first.distance)
    }

    /// The dimensions that make most of it: as few as hold half of what speaks for the first choice, three at most.
    pub fn mostly(&self) -> &[Because] {
        let speaks: Vec<f64> = self.because.iter().map(|b| b.squares).take_while(|s| *s > 0.0).collect();
        let all: f64 = speaks.iter().sum();
        let mut held = 0.0;
        let enough = |s: &f64| {
            held += s;
            held >= 0.5 * all
        };
        let named = speaks.iter().position(enough).map_or(0, |at| at + 1);
        &self.because[..named.min(NAMED)]
    }

    /// "second choice: bright, fast (0.1 away because of tempo and stereo width)", with the names of the clusters by number, for the 25
    /// dimensions of a track.
    ///
    /// # Panics
    /// If the second choice has no name.
    pub fn sentence(&self, names: &[&str]) -> String {
        let (Some(second), Some(farther)) = (self.second, self.farther()) else {
            return "no second choice: there is one cluster".to_owned();
        };
        let name = names[second.cluster as usize];
        let words: Vec<String> = self.mostly().iter().map(|b| Words::built_in().name(b.dimension)).collect();
        // As many places as tell it from nothing.
        let away = match farther {
            f if f >= 0.95 => format!("{f:.0}"),
            f if f >= 0.05 => format!("{f:.1}"),
            f if f >= 0.005 => format!("{f:.2}"),
            _ => return format!("second choice: {name} (as near)"),
        };
        match words.split_last() {
            None => format!("second choice: {name} ({away} away)"),
            Some((last, [])) => format!("second choice: {name} ({away} away because of {last})"),
            Some((last, before)) => {
                format!("second choice: {name} ({away} away because of {} and {last})", before.join(", "))
            }
        }
    }
}
