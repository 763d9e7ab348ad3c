//! What a cluster is: its name, its typical tracks, how alike they are, who does not belong, and why a track is here and not there.
//!
//! Enters: descriptors of a collection in their own units, NaN where unknown, a label for each, and the scaling they were clustered with.
//! Leaves: a [`Portrait`] of every cluster; an [`Explanation`] of one track.
//!
//! **Telling dimensions.** The deviation of a cluster in a dimension is the mean over its members of their deviations from the
//! middle of the collection ([`Usual`]), each cut at ±[`MOST`]: the z of its centre, but one broken file in a cluster of twenty cannot name it. The
//! largest make the name (`naming`).
//!
//! **Distances** are Euclidean over scaled rows, as k-means has them ([`Rows`]); a number that is unknown drops out. What is said of members
//! among each other compares sums over different numbers of dimensions, so there a distance over some of the dimensions is stretched to all of
//! them: `sqrt(sum D / compared)`. A track that knows little would seem central otherwise. Words: `crate::words`; where they mislead is told
//! there.

mod explain;
mod members;
mod naming;

pub use explain::{Because, Choice, Explanation, explain};
pub use members::{EXACT_UP_TO, FAR, MEDOIDS, MISFIT, OUTLIERS_FROM, Outlier};
pub use naming::{EMPTY, TYPICAL, UNKNOWN};

use earprint_core::DIMENSIONS;

use crate::Values;
use crate::kmeans::{KMeansError, Rows, Scaling};
use crate::words::{SLIGHTLY, Telling, Usual, Words, heard};

/// Where the deviation of a member is cut, in standard deviations.
pub const MOST: f64 = 3.0;

/// A cluster as a person can look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Portrait {
    /// Its number.
    pub id: u32,
    /// Tracks in it.
    pub size: usize,
    /// "bright, very fast, slightly wide"; unlike that of every other cluster.
    pub name: String,
    /// What stands out, most first: one word of each group.
    pub telling: Vec<Telling>,
    /// Mean deviation of its members from the middle of the collection, standard deviations; NaN where fewer than half of them know
    /// the dimension, or have a beat that is heard.
    pub deviations: [f64; DIMENSIONS],
    /// Mean of the known values of its members, in their units; NaN where there is none.
    pub centre: [f64; DIMENSIONS],
    /// Its most central tracks, at most [`MEDOIDS`]: places in the list, most central first.
    pub medoids: Vec<usize>,
    /// 1 less the mean distance of its members to their mean over that of all clustered tracks to theirs: 1 where all are equal, 0
    /// where they are as unlike as the collection, or more. `None` of an empty cluster.
    pub homogeneity: Option<f64>,
    /// Members that do not belong, by place.
    pub outliers: Vec<Outlier>,
}

impl Portrait {
    /// Its homogeneity in words. Half the spread of the collection is much: in 25 dimensions clusters of real music
    /// keep 50 to 90 of 100 parts. One track is like nothing.
    pub fn alike(&self) -> Option<&'static str> {
        (self.size > 1).then_some(())?;
        Some(match self.homogeneity? {
            h if h >= 0.5 => "very alike",
            h if h >= 0.25 => "alike",
            h if h >= 0.1 => "loosely alike",
            _ => "as varied as the collection",
        })
    }
}

/// What cannot be portrayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortraitError {
    /// Labels of other tracks.
    #[error("{labels} labels for {tracks} tracks; expected one for each, none for a track in no cluster")]
    Labels {
        /// Labels that came.
        labels: usize,
        /// Tracks that came.
        tracks: usize,
    },
    /// A cluster that does not exist.
    #[error("track {track} is in cluster {label} of {k}; expected a number below that")]
    Cluster {
        /// The track.
        track: usize,
        /// Its label.
        label: u32,
        /// Number of clusters.
        k: usize,
    },
    /// Tracks that no clustering takes.
    #[error(transparent)]
    Rows(#[from] KMeansError),
}

impl PortraitError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Labels { .. } => "E_SHAPE",
            Self::Cluster { .. } => "E_CLUSTERS",
            Self::Rows(e) => e.code(),
        }
    }
}

/// Tracks in the form that k-means takes.
///
/// # Errors
/// As [`Rows::new`]: no track, an infinite value, nothing known at all.
pub fn rows(values: &[Values], scaling: Scaling) -> Result<Rows, KMeansError> {
    Rows::new(values.as_flattened(), DIMENSIONS, None, scaling)
}

/// Portraits of clusters `0..k`, in order. `usual` is what is usual in the collection: [`Usual::of`] the same tracks, unless
/// the clusters are of a part of it. `labels` may come from any clustering; a track without one is in none and counts for no cluster.
///
/// # Errors
/// `Labels` if they are not one for each track, `Cluster` for a label of k or above, `Rows` where no clustering takes the tracks.
pub fn portraits(
    values: &[Values],
    labels: &[Option<u32>],
    k: usize,
    scaling: Scaling,
    usual: &Usual,
) -> Result<Vec<Portrait>, PortraitError> {
    if labels.len() != values.len() {
        return Err(PortraitError::Labels { labels: labels.len(), tracks: values.len() });
    }
    let mut members = vec![Vec::new(); k];
    for (track, label) in labels.iter().enumerate() {
        let Some(label) = *label else { continue };
        let cluster = members.get_mut(label as usize).ok_or(PortraitError::Cluster { track, label, k })?;
        cluster.push(track);
    }
    let rows = rows(values, scaling)?;
    let looks = members::looks(&rows, labels, &members);
    let mut out: Vec<Portrait> = Vec::with_capacity(k);
    for (id, (tracks, look)) in members.iter().zip(looks).enumerate() {
        let mean = |of: &dyn Fn(&Values) -> f64| {
            let known = tracks.iter().map(|&t| of(&values[t])).filter(|v| !v.is_nan());
            let (sum, n) = known.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
            (sum / n, n)
        };
        let deviations = std::array::from_fn(|d| {
            let (mean, known) = mean(&|v| usual.deviation(d, heard(v)[d]).clamp(-MOST, MOST));
            if 2.0 * known >= tracks.len() as f64 { mean } else { f64::NAN }
        });
        out.push(Portrait {
            id: id as u32,
            size: tracks.len(),
            name: String::new(),
            telling: Words::built_in().telling(&deviations, SLIGHTLY),
            deviations,
            centre: std::array::from_fn(|d| mean(&|v| f64::from(v[d])).0),
            medoids: look.medoids,
            homogeneity: look.homogeneity,
            outliers: look.outliers,
        });
    }
    naming::name(&mut out, &members);
    Ok(out)
}

#[cfg(test)]
mod tests;
