//! What was found out about a collection, as plain data: the type that all documents are made from, and that
//! `report.json` is.
//!
//! Indices of tracks count from 0 in the order of [`Report::tracks`], everywhere and in every file. `None` (JSON
//! `null`) means unknown or not asked for, never a default. Numbers are finite; [`Report::check`] says where one is
//! not.

use earprint_core::{DIMENSIONS, Status};
use serde::{Deserialize, Serialize};

/// Version of the layout of [`Report`], field `v`.
pub const REPORT_VERSION: u32 = 1;

/// Everything that is said of a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub v: u32,
    /// Heading of the documents.
    pub title: String,
    /// What made it, with its version: `earprint 0.1.0`.
    pub made_by: String,
    /// Version of the numbers of the tracks: `trk-1`.
    pub schema: String,
    /// The tracks. Where they are more than a few, in the order of their paths.
    pub tracks: Vec<Track>,
    /// The clusters, by id; empty where none were made.
    pub clusters: Vec<Cluster>,
    /// How their number was found; `None` where it was given.
    pub choice: Option<Choice>,
    /// How far the map can be believed; `None` without a map.
    pub map: Option<MapQuality>,
    /// The listening order; `None` without one.
    pub sequence: Option<Sequence>,
    /// Inputs that failed or are incomplete.
    pub problems: Vec<Problem>,
    /// Measured numbers of the run.
    pub figures: Figures,
}

/// One track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Path as records hold it (`earprint_core::path_text`).
    pub path: String,
    /// How its analysis ended.
    pub status: Status,
    /// Length, seconds.
    pub duration_s: Option<f64>,
    /// The 25 numbers in the order and units of [`earprint_core::TRACK_DIMENSIONS`].
    pub values: Vec<Option<f64>>,
    /// Key in words, `A minor`.
    pub key: Option<String>,
    /// Tags that hold, strongest first.
    pub tags: Vec<Tag>,
    /// Id of its cluster; `None`: it belongs to none.
    pub cluster: Option<u32>,
    /// The cluster it is next nearest to.
    pub second: Option<Second>,
    /// Unlike the rest of its cluster.
    pub outlier: bool,
    /// Place on the map, right and up; one scale for both.
    pub xy: Option<[f64; 2]>,
    /// The map tears it from its nearest tracks.
    pub torn: Option<bool>,
    /// Its sections, from its start to its end.
    pub sections: Vec<Section>,
}

/// A word about a track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The word.
    pub name: String,
    /// How much it holds, 0 to 1.
    pub membership: f64,
}

/// The second choice of a track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Id of the cluster.
    pub cluster: u32,
    /// How much further its centre is than that of the track's own cluster, in the distance the clusters were made
    /// with.
    pub further_by: f64,
    /// Names of the dimensions that decide, the weightiest first.
    pub because: Vec<String>,
}

/// A stretch of a track that is of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Start, seconds from the start of the track.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Sections that sound alike share it: `A`.
    pub label: String,
    /// The part it plays: `intro`, `climax`.
    pub role: String,
    /// Mean power over that of the whole track, dB.
    pub energy_db: Option<f64>,
    /// Centroid over that of the whole track, a ratio.
    pub brightness: Option<f64>,
    /// Onsets over those of the whole track, a ratio.
    pub density: Option<f64>,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its id.
    pub id: u32,
    /// Its name: `bright, fast, wide`.
    pub name: String,
    /// Its tracks.
    pub size: usize,
    /// How alike they are, 0 to 1.
    pub homogeneity: Option<f64>,
    /// The same in words.
    pub homogeneity_words: Option<String>,
    /// Tracks that stand for it, the most central first.
    pub medoids: Vec<usize>,
    /// Tracks that are unlike the rest of it.
    pub outliers: Vec<usize>,
    /// Its centre: 25 numbers in the units of the dimensions.
    pub centre: Vec<Option<f64>>,
    /// What tells it from the others, the most telling first.
    pub telling: Vec<Telling>,
}

/// One dimension in which a cluster differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    /// Name of the dimension.
    pub dimension: String,
    /// How far its centre lies above the middle of the collection, in deviations; the middle and the deviation are those that its name
    /// was found with.
    pub z: f64,
}

/// How the number of clusters was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The number.
    pub k: usize,
    /// The second best.
    pub runner_up: Option<usize>,
    /// What was tried, by k.
    pub tried: Vec<Tried>,
    /// What to think of it.
    pub words: String,
}

/// One number of clusters that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The number.
    pub k: usize,
    /// Mean silhouette over resamples, -1 to 1.
    pub silhouette: Option<f64>,
    /// Its standard deviation over them.
    pub spread: Option<f64>,
    /// How alike the resamples are cut, adjusted Rand index, 1 at best.
    pub stability: Option<f64>,
}

/// How far the map can be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapQuality {
    /// Who is near on the map is near: 1 at best.
    pub trustworthiness: Option<f64>,
    /// Who is near is near on the map: 1 at best.
    pub continuity: Option<f64>,
    /// Neighbours at which both are measured.
    pub neighbours: usize,
    /// Tracks torn from their nearest.
    pub torn: usize,
    /// Tracks measured, where not all were.
    pub sampled: Option<usize>,
}

/// A listening order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// What was wanted, in words.
    pub goal: String,
    /// Tracks in order, each at most once.
    pub order: Vec<usize>,
    /// From each to the next: one fewer than tracks.
    pub transitions: Vec<Transition>,
    /// Cost of the order, lower is better.
    pub total: f64,
    /// Cost of always going to the nearest track left.
    pub greedy: Option<f64>,
    /// Mean cost of random orders.
    pub random_mean: Option<f64>,
    /// Their standard deviation.
    pub random_sd: Option<f64>,
    /// Tracks that have no place in it.
    pub left_out: Vec<LeftOut>,
    /// What is worth a second look.
    pub findings: Vec<Finding>,
}

/// From one track to the next. Parts are costs too, unknown where a track lacks the number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Cost.
    pub cost: f64,
    /// Cost of the change of tempo.
    pub tempo: Option<f64>,
    /// Cost of the change of key.
    pub key: Option<f64>,
    /// Cost of the change of energy.
    pub energy: Option<f64>,
    /// Cost of the change of timbre.
    pub timbre: Option<f64>,
    /// The change in words.
    pub words: String,
}

/// A track without a place in the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub track: usize,
    /// Why.
    pub reason: String,
}

/// Something about an order worth a second look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Place in the order, from 0; a finding about a transition stands at the track it leads to.
    pub at: usize,
    /// What kind, one word: `key_clash`.
    pub kind: String,
    /// How grave, one word: `warning`.
    pub severity: String,
    /// What to know.
    pub words: String,
}

/// An input that failed or is incomplete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The input.
    pub path: String,
    /// Stable code: `E_DECODE_TRUNCATED`.
    pub code: String,
    /// What happened.
    pub detail: String,
}

/// Measured numbers of the run that made the numbers. Nothing here is estimated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Tracks.
    pub tracks: usize,
    /// Their length together, hours.
    pub hours: f64,
    /// Inputs that failed.
    pub failed: usize,
    /// Wall time of the run.
    pub seconds: Option<f64>,
    /// Sound analysed over wall time, times real time.
    pub throughput: Option<f64>,
    /// Tracks analysed at a time.
    pub workers: Option<usize>,
    /// Time of one worker over time of all on the same tracks; only where such a sample was run.
    pub serial_sample_speed_up: Option<f64>,
    /// Most memory held.
    pub peak_memory_bytes: Option<u64>,
    /// What computed.
    pub backend: Option<String>,
}

impl Track {
    /// A track with a path and a fate, and nothing known of it.
    #[must_use]
    pub fn unknown(path: String, status: Status) -> Self {
        Self {
            path,
            status,
            duration_s: None,
            values: vec![None; DIMENSIONS],
            key: None,
            tags: Vec::new(),
            cluster: None,
            second: None,
            outlier: false,
            xy: None,
            torn: None,
            sections: Vec::new(),
        }
    }
}

impl Report {
    /// A report that says nothing yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            v: REPORT_VERSION,
            title: title.into(),
            made_by: format!("earprint {}", earprint_core::TOOL_VERSION),
            schema: earprint_core::TRACK_SCHEMA.to_owned(),
            tracks: Vec::new(),
            clusters: Vec::new(),
            choice: None,
            map: None,
            sequence: None,
            problems: Vec::new(),
            figures: Figures::default(),
        }
    }
}

/// An f32 as records print it: the f64 of its shortest decimal, so that 0.1 stays 0.1 in every document. `None` where
/// it is not finite.
#[must_use]
pub fn known(v: f32) -> Option<f64> {
    v.is_finite().then(|| format!("{v:?}").parse().expect("a printed number is a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_number_keeps_its_decimal_and_its_bits() {
        assert_eq!(
            [known(0.1), known(-14.2), known(f32::NAN), known(f32::INFINITY)],
            [Some(0.1), Some(-14.2), None, None]
        );
        let mut bits = 1u32;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let v = f32::from_bits(bits);
            if v.is_finite() {
                assert_eq!((known(v).unwrap() as f32).to_bits(), bits, "{v:?}");
            }
        }
    }
}
