//! What a collection is, seen from all sides: clusters with portraits, tags, a map.

use std::ops::ControlFlow;

use earprint_collection::Values;
use earprint_collection::kmeans::{Choice, Choose, Clusters, Crew, Device, KMeans, Rows, Scaling, choose, kmeans_on};
use earprint_collection::map::{Map, MapJob, map_of_tracks};
use earprint_collection::portrait::{Explanation, Portrait, explain, portraits, rows};
use earprint_collection::words::{Tags, Usual};
use earprint_core::TRACK_SCHEMA;

use crate::{AnalyzerError, Collected};

/// How to look.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyJob {
    /// Number of clusters; `None`: the one that is reliably best.
    pub k: Option<usize>,
    /// Highest number to try.
    pub k_max: usize,
    /// Starts of k-means.
    pub starts: u32,
    /// Seed of whatever is drawn.
    pub seed: u64,
    /// What makes dimensions comparable.
    pub scaling: Scaling,
    /// The map; `None`: no map.
    pub map: Option<MapJob>,
}

impl Default for SurveyJob {
    /// A number of clusters up to 20, 4 starts, seed 0, z-scores, a map.
    fn default() -> Self {
        Self { k: None, k_max: 20, starts: 4, seed: 0, scaling: Scaling::ZScore, map: Some(MapJob::default()) }
    }
}

/// Groups of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// The clusters.
    pub clusters: Clusters,
    /// How their number was found; `None` where it was given.
    pub choice: Option<Choice>,
    /// One for each cluster.
    pub portraits: Vec<Portrait>,
    /// Why each track is where it is; `None` of one that knows nothing.
    pub reasons: Vec<Option<Explanation>>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// `None` where no track knows a number.
    pub grouping: Option<Grouping>,
    /// Tags of each track with their degrees, highest first.
    pub tags: Vec<Vec<(String, f64)>>,
    /// Places in the plane; `None` without a map.
    pub map: Option<Map>,
}

/// Looks at a collection. `stopped` is asked between passes and epochs; what was found so far is then the answer.
///
/// # Errors
/// `Clusters` for more clusters than tracks that differ.
pub fn survey<C: Crew>(
    collected: &Collected,
    job: &SurveyJob,
    crew: &C,
    device: Option<&mut dyn Device>,
    stopped: &dyn Fn() -> bool,
) -> Result<Survey, AnalyzerError> {
    let values = collected.values();
    let usual = Usual::of(&earprint_collection::Scale::reference(TRACK_SCHEMA)?, &values);
    let owned = |tags: Vec<(&str, f64)>| tags.into_iter().map(|(name, degree)| (name.to_owned(), degree)).collect();
    let tags = values.iter().map(|v| owned(Tags::built_in().of_track(&usual, v))).collect();
    let go_on = || if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let map = match &job.map {
        None => None,
        Some(map_job) => Some(map_of_tracks(&values, map_job, crew, &mut |_| go_on())?),
    };
    let grouping = match knows_something(&values) {
        true => Some(group(&values, job, &usual, crew, device, &go_on)?),
        false => None,
    };
    Ok(Survey { grouping, tags, map })
}

fn group<C: Crew>(
    values: &[Values],
    job: &SurveyJob,
    usual: &Usual,
    crew: &C,
    device: Option<&mut dyn Device>,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Result<Grouping, AnalyzerError> {
    let rows: Rows = rows(values, job.scaling)?;
    let (k, choice) = match job.k {
        Some(k) => (k, None),
        None => {
            let choice = choose(&rows, &Choose { k_max: job.k_max, seed: job.seed, ..Choose::new() }, crew);
            (choice.k, Some(choice))
        }
    };
    let kmeans = KMeans { seed: job.seed, ..KMeans::new(k) };
    let clusters = pollster::block_on(kmeans_on(&rows, &kmeans, job.starts, crew, device, &mut |_| go_on()))?;
    let portraits = portraits(values, &clusters.labels, k, job.scaling, usual)?;
    let reasons = (0..values.len()).map(|track| explain(&rows, track, &clusters.scaled)).collect();
    Ok(Grouping { clusters, choice, portraits, reasons })
}

fn knows_something(values: &[Values]) -> bool {
    values.iter().flatten().any(|v| v.is_finite())
}
