//! Whether a report is sound: every index meets a track, every id a cluster, every number is finite. Documents are made
//! of sound reports only, so that none of them has to ask again.

use std::collections::BTreeSet;

use earprint_core::DIMENSIONS;

use crate::model::{REPORT_VERSION, Report, Section, Sequence};
use crate::{Cluster, ReportError, Track};

type Checked = Result<(), ReportError>;

fn unsound(place: impl Into<String>, came: impl Into<String>, expected: impl Into<String>) -> Checked {
    Err(ReportError::Unsound { place: place.into(), came: came.into(), expected: expected.into() })
}

/// `values` known are finite.
fn finite(place: impl Fn() -> String, values: impl IntoIterator<Item = Option<f64>>) -> Checked {
    match values.into_iter().flatten().find(|v| !v.is_finite()) {
        Some(v) => unsound(place(), v.to_string(), "a finite number, or none where it is unknown"),
        None => Ok(()),
    }
}

fn dimensions(place: impl Fn() -> String, values: &[Option<f64>]) -> Checked {
    if values.len() != DIMENSIONS {
        return unsound(place(), format!("{} numbers", values.len()), format!("{DIMENSIONS}, one for each dimension"));
    }
    finite(place, values.iter().copied())
}

impl Report {
    /// Says what is wrong with it, if anything is.
    ///
    /// # Errors
    /// `Version` for another layout, `Unsound` with the place of the first contradiction.
    pub fn check(&self) -> Checked {
        if self.v != REPORT_VERSION {
            return Err(ReportError::Version { expected: REPORT_VERSION, actual: self.v });
        }
        let ids: BTreeSet<u32> = self.clusters.iter().map(|c| c.id).collect();
        if ids.len() != self.clusters.len() {
            return unsound("clusters", "an id twice", "an id of its own for each");
        }
        for (i, track) in self.tracks.iter().enumerate() {
            self.track(i, track, &ids)?;
        }
        for (i, cluster) in self.clusters.iter().enumerate() {
            self.cluster(i, cluster)?;
        }
        for (i, t) in self.choice.iter().flat_map(|c| &c.tried).enumerate() {
            finite(|| format!("choice.tried[{i}]"), [t.silhouette, t.spread, t.stability])?;
        }
        if let Some(map) = &self.map {
            finite(|| "map".into(), [map.trustworthiness, map.continuity])?;
        }
        if let Some(sequence) = &self.sequence {
            self.sequence(sequence)?;
        }
        let f = &self.figures;
        finite(|| "figures".into(), [Some(f.hours), f.seconds, f.throughput, f.serial_sample_speed_up])
    }

    fn index(&self, place: impl Fn() -> String, indices: &[usize]) -> Checked {
        let n = self.tracks.len();
        match indices.iter().find(|&&i| i >= n) {
            Some(i) => unsound(place(), format!("track {i}"), format!("an index below {n}, the number of tracks")),
            None => Ok(()),
        }
    }

    fn track(&self, i: usize, track: &Track, ids: &BTreeSet<u32>) -> Checked {
        let place = |what: &str| format!("tracks[{i}].{what}");
        dimensions(|| place("values"), &track.values)?;
        finite(|| place("duration_s"), [track.duration_s])?;
        finite(|| place("xy"), track.xy.into_iter().flatten().map(Some))?;
        finite(|| place("tags"), track.tags.iter().map(|t| Some(t.membership)))?;
        finite(|| place("second"), [track.second.as_ref().map(|s| s.further_by)])?;
        let seconds = track.second.as_ref().map(|s| s.cluster);
        if let Some(id) = track.cluster.into_iter().chain(seconds).find(|id| !ids.contains(id)) {
            return unsound(place("cluster"), format!("cluster {id}"), "the id of one of the clusters");
        }
        let mut before = 0.0;
        for (s, section) in track.sections.iter().enumerate() {
            let &Section { start_s, end_s, energy_db, brightness, density, .. } = section;
            let place = || format!("tracks[{i}].sections[{s}]");
            finite(place, [Some(start_s), Some(end_s), energy_db, brightness, density])?;
            if start_s < before || end_s < start_s {
                return unsound(place(), format!("{start_s} s to {end_s} s"), "sections one after the other");
            }
            before = end_s;
        }
        Ok(())
    }

    fn cluster(&self, i: usize, cluster: &Cluster) -> Checked {
        let place = |what: &str| format!("clusters[{i}].{what}");
        dimensions(|| place("centre"), &cluster.centre)?;
        finite(|| place("homogeneity"), [cluster.homogeneity])?;
        finite(|| place("telling"), cluster.telling.iter().map(|t| Some(t.z)))?;
        self.index(|| place("medoids"), &cluster.medoids)?;
        self.index(|| place("outliers"), &cluster.outliers)
    }

    fn sequence(&self, s: &Sequence) -> Checked {
        let place = |what: &str| format!("sequence.{what}");
        self.index(|| place("order"), &s.order)?;
        if s.order.iter().collect::<BTreeSet<_>>().len() != s.order.len() {
            return unsound(place("order"), "a track twice", "each track at most once");
        }
        let expected = s.order.len().saturating_sub(1);
        if s.transitions.len() != expected {
            let came = format!("{} for {} tracks", s.transitions.len(), s.order.len());
            return unsound(place("transitions"), came, format!("{expected}, one from each track to the next"));
        }
        finite(|| place("total"), [Some(s.total), s.greedy, s.random_mean, s.random_sd])?;
        let costs = s.transitions.iter().flat_map(|t| [Some(t.cost), t.tempo, t.key, t.energy, t.timbre]);
        finite(|| place("transitions"), costs)?;
        let left: Vec<usize> = s.left_out.iter().map(|l| l.track).collect();
        self.index(|| place("left_out"), &left)?;
        match s.findings.iter().find(|f| f.at >= s.order.len()) {
            Some(f) => {
                unsound(place("findings"), format!("place {}", f.at), format!("a place below {}", s.order.len()))
            }
            None => Ok(()),
        }
    }
}
