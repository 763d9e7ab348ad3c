//! Tables as CSV after RFC 4180: a header, CRLF, quotes where needed, UTF-8 without a mark. Unknown is empty. Floats
//! are the shortest decimals that read back to the same f64.
//!
//! Data first: a path that begins with `=`, `+`, `-` or `@` is written as it is. Spreadsheets may take such a field for
//! a formula, and quotes do not stop them; a mark before it would, but every other reader would then hold a path that
//! does not exist. Open the files through a spreadsheet's text import, columns as text.
//!
//! Lists within a field are parted by `;`. `track` is the index of a track, from 0, as in `report.json`.

use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS};
use earprint_store::csv_field;

use crate::facts::Facts;

/// A table under construction.
struct Table {
    text: String,
    columns: usize,
    /// Fields in the line so far.
    filled: usize,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        let mut table = Self { text: String::new(), columns: header.len(), filled: 0 };
        header.iter().for_each(|name| table.put(name));
        table.end();
        table
    }

    fn put(&mut self, field: &str) {
        if self.filled > 0 {
            self.text.push(',');
        }
        self.filled += 1;
        csv_field(field, &mut self.text);
    }

    fn number(&mut self, v: Option<f64>) {
        self.put(&v.map_or(String::new(), float));
    }

    fn whole(&mut self, v: Option<u64>) {
        self.put(&v.map_or(String::new(), |v| v.to_string()));
    }

    fn end(&mut self) {
        assert_eq!(self.filled, self.columns, "a line has a field for every column");
        self.filled = 0;
        self.text.push_str("\r\n");
    }
}

/// Debug is the shortest decimal that reads back, with an exponent where that is shorter.
fn float(v: f64) -> String {
    format!("{v:?}")
}

fn joined<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(";")
}

/// `features.csv`: a line for each track.
pub fn features(facts: &Facts) -> String {
    let mut header = vec!["track", "path", "status", "duration_s"];
    header.extend(TRACK_DIMENSIONS.iter().map(|d| d.name));
    header.extend(["key", "tags", "cluster", "second_cluster", "second_further_by", "second_because", "outlier"]);
    header.extend(["x", "y", "torn", "place"]);
    let mut table = Table::new(&header);
    for (i, track) in facts.report.tracks.iter().enumerate() {
        table.whole(Some(i as u64));
        table.put(&track.path);
        table.put(track.status.as_str());
        table.number(track.duration_s);
        track.values.iter().for_each(|&v| table.number(v));
        table.put(track.key.as_deref().unwrap_or(""));
        table.put(&joined(&track.tags, |t| format!("{}={}", t.name, float(t.membership))));
        table.whole(track.cluster.map(u64::from));
        let second = track.second.as_ref();
        table.whole(second.map(|s| s.cluster.into()));
        table.number(second.map(|s| s.further_by));
        table.put(&second.map_or(String::new(), |s| s.because.join(";")));
        table.put(if track.outlier { "true" } else { "false" });
        table.number(track.xy.map(|xy| xy[0]));
        table.number(track.xy.map(|xy| xy[1]));
        table.put(track.torn.map_or("", |torn| if torn { "true" } else { "false" }));
        table.whole(facts.places[i].map(|p| p as u64));
        table.end();
    }
    table.text
}

/// `sections.csv`: a line for each section of each track.
pub fn sections(facts: &Facts) -> String {
    let mut table = Table::new(&[
        "track",
        "path",
        "section",
        "start_s",
        "end_s",
        "label",
        "role",
        "energy_db",
        "brightness",
        "density",
    ]);
    for (i, track) in facts.report.tracks.iter().enumerate() {
        for (at, s) in track.sections.iter().enumerate() {
            table.whole(Some(i as u64));
            table.put(&track.path);
            table.whole(Some(at as u64));
            table.number(Some(s.start_s));
            table.number(Some(s.end_s));
            table.put(&s.label);
            table.put(&s.role);
            table.number(s.energy_db);
            table.number(s.brightness);
            table.number(s.density);
            table.end();
        }
    }
    table.text
}

/// `clusters.csv`: a line for each cluster; the 25 columns of dimensions are its centre.
pub fn clusters(facts: &Facts) -> String {
    let mut header = vec!["cluster", "name", "size", "homogeneity", "homogeneity_words"];
    header.extend(["medoids", "first_medoid_path", "outliers", "telling"]);
    header.extend(TRACK_DIMENSIONS.iter().map(|d| d.name));
    let mut table = Table::new(&header);
    for c in &facts.report.clusters {
        table.whole(Some(c.id.into()));
        table.put(&c.name);
        table.whole(Some(c.size as u64));
        table.number(c.homogeneity);
        table.put(c.homogeneity_words.as_deref().unwrap_or(""));
        table.put(&joined(&c.medoids, usize::to_string));
        table.put(c.medoids.first().map_or("", |&m| &facts.report.tracks[m].path));
        table.put(&joined(&c.outliers, usize::to_string));
        table.put(&joined(&c.telling, |t| format!("{}={}", t.dimension, float(t.z))));
        (0..DIMENSIONS).for_each(|d| table.number(c.centre[d]));
        table.end();
    }
    table.text
}

/// `sequence.csv`: a line for each track in order, costs are of the way from the one before; then those left out,
/// without a place.
pub fn sequence(facts: &Facts) -> String {
    let mut table = Table::new(&[
        "place",
        "track",
        "path",
        "cost",
        "tempo_cost",
        "key_cost",
        "energy_cost",
        "timbre_cost",
        "words",
        "findings",
        "left_out_because",
    ]);
    let Some(sequence) = &facts.report.sequence else { return table.text };
    for (place, &track) in sequence.order.iter().enumerate() {
        let way = place.checked_sub(1).map(|before| &sequence.transitions[before]);
        table.whole(Some(place as u64));
        table.whole(Some(track as u64));
        table.put(&facts.report.tracks[track].path);
        table.number(way.map(|w| w.cost));
        table.number(way.and_then(|w| w.tempo));
        table.number(way.and_then(|w| w.key));
        table.number(way.and_then(|w| w.energy));
        table.number(way.and_then(|w| w.timbre));
        table.put(way.map_or("", |w| &w.words));
        let here: Vec<_> = sequence.findings.iter().filter(|f| f.at == place).collect();
        table.put(&joined(&here, |f| format!("{} {}: {}", f.severity, f.kind, f.words)));
        table.put("");
        table.end();
    }
    for left in &sequence.left_out {
        table.put("");
        table.whole(Some(left.track as u64));
        table.put(&facts.report.tracks[left.track].path);
        (0..7).for_each(|_| table.put(""));
        table.put(&left.reason);
        table.end();
    }
    table.text
}

/// `summary.csv`: a figure a line, empty where it was not measured.
pub fn summary(facts: &Facts) -> String {
    let report = facts.report;
    let f = &report.figures;
    let (map, choice, sequence) = (report.map.as_ref(), report.choice.as_ref(), report.sequence.as_ref());
    let mut table = Table::new(&["figure", "value", "unit"]);
    let whole = |v: usize| v.to_string();
    let float = |v: Option<f64>| v.map_or(String::new(), float);
    for (name, value, unit) in [
        ("title", report.title.clone(), ""),
        ("made_by", report.made_by.clone(), ""),
        ("schema", report.schema.clone(), ""),
        ("tracks", whole(f.tracks), ""),
        ("hours", float(Some(f.hours)), "h"),
        ("failed", whole(f.failed), ""),
        ("problems", whole(report.problems.len()), ""),
        ("run", float(f.seconds), "s"),
        ("throughput", float(f.throughput), "times real time"),
        ("workers", f.workers.map_or(String::new(), whole), ""),
        ("serial_sample_speed_up", float(f.serial_sample_speed_up), "times"),
        ("peak_memory", f.peak_memory_bytes.map_or(String::new(), |b| b.to_string()), "bytes"),
        ("backend", f.backend.clone().unwrap_or_default(), ""),
        ("clusters", whole(report.clusters.len()), ""),
        ("runner_up", choice.and_then(|c| c.runner_up).map_or(String::new(), whole), ""),
        ("map_trustworthiness", float(map.and_then(|m| m.trustworthiness)), ""),
        ("map_continuity", float(map.and_then(|m| m.continuity)), ""),
        ("map_torn", map.map_or(String::new(), |m| whole(m.torn)), "tracks"),
        ("sequence_tracks", sequence.map_or(String::new(), |s| whole(s.order.len())), "tracks"),
        ("sequence_cost", float(sequence.map(|s| s.total)), ""),
        ("sequence_cost_greedy", float(sequence.and_then(|s| s.greedy)), ""),
        ("sequence_cost_random_mean", float(sequence.and_then(|s| s.random_mean)), ""),
        ("sequence_cost_random_sd", float(sequence.and_then(|s| s.random_sd)), ""),
    ] {
        table.put(name);
        table.put(&value);
        table.put(unit);
        table.end();
    }
    table.text
}
