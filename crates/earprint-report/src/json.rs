//! The report as JSON: whole (`report.json`, one object, a line for each track and cluster), a track a line
//! (`tracks.ndjson`), and what both may hold (`report.schema.json`, JSON Schema 2020-12). All keys are always there;
//! unknown is `null`.

use serde::Serialize;

use crate::facts::Facts;
use crate::{Report, ReportError};

/// The schema of `report.json`; a line of `tracks.ndjson` is its `$defs/track`.
pub const SCHEMA: &str = include_str!("report.schema.json");

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data becomes JSON")
}

/// A list with an item a line.
fn lines<T: Serialize>(items: &[T]) -> String {
    if items.is_empty() {
        return "[]".into();
    }
    format!("[\n{}\n]", items.iter().map(text).collect::<Vec<_>>().join(",\n"))
}

/// `report.json`.
pub fn report(facts: &Facts) -> String {
    // Taken apart whole, so that no field can be forgotten.
    let Report { v, title, made_by, schema, tracks, clusters, choice, map, sequence, problems, figures } = facts.report;
    let fields = [
        ("v", text(v)),
        ("title", text(title)),
        ("made_by", text(made_by)),
        ("schema", text(schema)),
        ("tracks", lines(tracks)),
        ("clusters", lines(clusters)),
        ("choice", text(choice)),
        ("map", text(map)),
        ("sequence", text(sequence)),
        ("problems", lines(problems)),
        ("figures", text(figures)),
    ];
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{\n{}\n}}\n", fields.join(",\n"))
}

/// `tracks.ndjson`.
pub fn tracks(facts: &Facts) -> String {
    let mut out = String::new();
    for track in &facts.report.tracks {
        out += &text(track);
        out.push('\n');
    }
    out
}

impl Report {
    /// Reads the text of a `report.json`.
    ///
    /// # Errors
    /// `Text` where it is none, `Version` for another layout, `Unsound` where it contradicts itself.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        /// Looked at first: another version may have other fields.
        #[derive(serde::Deserialize)]
        struct Version {
            v: u32,
        }
        let Version { v } = serde_json::from_str(text).map_err(ReportError::Text)?;
        if v != crate::REPORT_VERSION {
            return Err(ReportError::Version { expected: crate::REPORT_VERSION, actual: v });
        }
        let report: Self = serde_json::from_str(text).map_err(ReportError::Text)?;
        report.check()?;
        Ok(report)
    }
}
