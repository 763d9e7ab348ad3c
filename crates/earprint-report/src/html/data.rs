//! What the page's script works on: the tracks as short rows, numbers rounded to five digits. What is exact stands in
//! `report.json`.

use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS, dim};
use serde::Serialize;

use super::escape;
use crate::drawing::{At, Form};
use crate::facts::Facts;
use crate::plots::{map::Places, sections};

/// Up to so many tracks the page holds all 25 numbers of each; beyond, tempo and loudness.
pub const ALL_NUMBERS: usize = 10_000;
/// Up to so many tracks the page holds their sections.
pub const SECTIONS: usize = 2000;

#[derive(Serialize)]
struct Data<'a> {
    dims: Vec<Dim>,
    clusters: Vec<Group<'a>>,
    order: &'a [usize],
    roles: Vec<(String, usize)>,
    /// Radius of a mark of the map.
    radius: f64,
    tracks: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Dim {
    name: &'static str,
    unit: &'static str,
    mean: Option<f64>,
    deviation: Option<f64>,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    hue: usize,
    /// Corners of its mark, radius 1; none for the circle.
    corners: Option<Vec<At>>,
}

/// One track as an array: the script names the fields in the same order.
#[derive(Serialize)]
struct Row<'a>(
    &'a str,
    &'static str,
    Option<f64>,
    Option<usize>,
    Option<&'a str>,
    Vec<(&'a str, f64)>,
    Option<usize>,
    Option<(usize, f64, &'a [String])>,
    bool,
    bool,
    Option<At>,
    Vec<Option<f64>>,
    Vec<(f64, f64, &'a str, usize, f64)>,
);

/// Five significant digits.
fn short(v: f64) -> f64 {
    format!("{v:.4e}").parse().expect("a printed number is a number")
}

/// The data as JSON, ready to stand in a script element.
pub fn json(facts: &Facts, places: &Places) -> String {
    let report = facts.report;
    let n = report.tracks.len();
    let dims: Vec<usize> = if n <= ALL_NUMBERS { (0..DIMENSIONS).collect() } else { vec![dim::LOUDNESS, dim::TEMPO] };
    let roles = sections::roles(facts);
    let mut at = vec![None; n];
    places.at.iter().for_each(|&(i, p)| at[i] = Some(p.map(|v| (v * 10.0).round() / 10.0)));
    let tracks = report.tracks.iter().enumerate().map(|(i, t)| {
        let role = |s: &crate::Section| roles.iter().position(|r| *r == s.role).expect("every role is among them");
        let parts = if n <= SECTIONS { &t.sections[..] } else { &[] };
        let heights = sections::heights(parts);
        Row(
            &t.path,
            t.status.as_str(),
            t.duration_s.map(short),
            facts.cluster_of(i),
            t.key.as_deref(),
            t.tags.iter().map(|tag| (tag.name.as_str(), short(tag.membership))).collect(),
            facts.places[i],
            t.second.as_ref().map(|s| (facts.clusters[&s.cluster], short(s.further_by), &s.because[..])),
            t.outlier,
            t.torn == Some(true),
            at[i],
            dims.iter().map(|&d| t.values[d].map(short)).collect(),
            parts
                .iter()
                .zip(heights)
                .map(|(s, h)| (short(s.start_s), short(s.end_s), &s.label[..], role(s), short(h)))
                .collect(),
        )
    });
    let data = Data {
        dims: dims.iter().map(|&d| dimension(facts, d)).collect(),
        clusters: report.clusters.iter().enumerate().map(|(i, c)| group(i, &c.name)).collect(),
        order: report.sequence.as_ref().map_or(&[], |s| &s.order),
        roles: roles.iter().enumerate().map(|(i, r)| (r.clone(), sections::hue(i))).collect(),
        radius: places.radius,
        tracks: tracks.collect(),
    };
    escape::json(&serde_json::to_string(&data).expect("plain data becomes JSON"))
}

fn dimension(facts: &Facts, d: usize) -> Dim {
    let scale = facts.scale[d];
    let (name, unit) = (TRACK_DIMENSIONS[d].name, TRACK_DIMENSIONS[d].unit);
    Dim { name, unit, mean: scale.map(|s| short(s.0)), deviation: scale.map(|s| short(s.1)) }
}

fn group(index: usize, name: &str) -> Group<'_> {
    Group { name, hue: index % crate::drawing::palette::HUES.len(), corners: Form::of(index).corners() }
}
