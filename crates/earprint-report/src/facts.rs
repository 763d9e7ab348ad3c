//! What several documents need to know of a report, found once: places in the order, means and deviations, names to
//! show.

use std::collections::BTreeMap;

use earprint_core::DIMENSIONS;

use crate::Report;

/// A sound report with what follows from it.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The report.
    pub report: &'a Report,
    /// Place of each track in the order, from 0.
    pub places: Vec<Option<usize>>,
    /// Index of a cluster by its id.
    pub clusters: BTreeMap<u32, usize>,
    /// Mean and population deviation of each dimension over the tracks that know it; `None` without spread.
    pub scale: [Option<(f64, f64)>; DIMENSIONS],
}

impl<'a> Facts<'a> {
    /// Of a report that passed [`Report::check`].
    pub fn of(report: &'a Report) -> Self {
        let mut places = vec![None; report.tracks.len()];
        for (place, &track) in report.sequence.iter().flat_map(|s| &s.order).enumerate() {
            places[track] = Some(place);
        }
        Self {
            report,
            places,
            clusters: report.clusters.iter().enumerate().map(|(i, c)| (c.id, i)).collect(),
            scale: std::array::from_fn(|d| scale(report, d)),
        }
    }

    /// How many deviations of the collection the centre of a cluster lies above the mean.
    pub fn z(&self, cluster: usize, dimension: usize) -> Option<f64> {
        let (mean, deviation) = self.scale[dimension]?;
        Some((self.report.clusters[cluster].centre[dimension]? - mean) / deviation)
    }

    /// Index of the cluster of a track.
    pub fn cluster_of(&self, track: usize) -> Option<usize> {
        self.report.tracks[track].cluster.map(|id| self.clusters[&id])
    }

    /// Tracks with a place on the map.
    pub fn mapped(&self) -> usize {
        self.report.tracks.iter().filter(|t| t.xy.is_some()).count()
    }
}

/// Two passes in f64, in the order of the tracks.
fn scale(report: &Report, d: usize) -> Option<(f64, f64)> {
    let known = || report.tracks.iter().filter_map(|t| t.values[d]);
    let n = known().count() as f64;
    let mean = known().sum::<f64>() / n;
    let deviation = (known().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
    // Rounding alone must not look like spread.
    (deviation > 1e-12 * mean.abs().max(1e-300)).then_some((mean, deviation))
}

/// Name of a file, without folders and ending.
pub fn name(path: &str) -> &str {
    let file = folder_and_file(path).1;
    match file.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && (1..=5).contains(&ending.len()) => stem,
        _ => file,
    }
}

/// Folder and file of a path. A backslash parts them only where no slash does: it may belong to a name.
pub fn folder_and_file(path: &str) -> (&str, &str) {
    path.rsplit_once('/').or_else(|| path.rsplit_once('\\')).unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Status, Track};

    #[test]
    fn names_are_of_files() {
        assert_eq!(name("/a/b.c/Song No. 5.flac"), "Song No. 5");
        assert_eq!(name("C:\\music\\x.mp3"), "x");
        assert_eq!(name("/a/AC\\DC.mp3"), "AC\\DC");
        assert_eq!([name(".hidden"), name("a. longer ending"), name("")], [".hidden", "a. longer ending", ""]);
    }

    #[test]
    fn deviations_are_of_known_values_and_none_without_spread() {
        let mut report = Report::new("t");
        for v in [Some(1.0), Some(3.0), None] {
            let mut track = Track::unknown("x".into(), Status::Ok);
            (track.values[0], track.values[1]) = (v, Some(0.1));
            report.tracks.push(track);
        }
        let facts = Facts::of(&report);
        assert_eq!((facts.scale[0], facts.scale[1], facts.scale[2]), (Some((2.0, 1.0)), None, None));
    }
}
