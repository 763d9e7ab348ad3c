//! `native/README.md` tells users what a library holds: every name it must have is there, and its queries run.

mod common;

use common::*;
use earprint_collection::Scale;
use earprint_core::{TRACK_DIMENSIONS, TrackTable, Why};
use earprint_library::*;

fn beside(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn readme() -> String {
    beside("../../native/README.md")
}

/// The line of a table whose first cell names `name`.
#[track_caller]
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let cell = format!("`{name}`");
    let found = text.lines().find(|l| l.starts_with("| ") && l.split('|').nth(1).is_some_and(|c| c.contains(&cell)));
    found.unwrap_or_else(|| panic!("no table has a line for {cell}"))
}

#[test]
fn every_number_stands_with_unit_and_usual_range() {
    let text = readme();
    let scale = Scale::reference(SCHEMA).unwrap();
    for (d, dimension) in TRACK_DIMENSIONS.iter().enumerate() {
        let cells: Vec<&str> = line(&text, dimension.name).split('|').map(str::trim).collect();
        let unit = if d < 7 { "share" } else { dimension.unit };
        assert_eq!(cells[2], unit, "{}", dimension.name);
        assert_eq!(cells[4], format!("{} to {}", scale.low()[d], scale.high()[d]), "{}", dimension.name);
    }
}

#[test]
fn every_reason_field_and_code_stands() {
    let text = readme();
    use Why::*;
    for why in [Silence, TooShort, AboveNyquist, NoBeats, Unvoiced, BelowGate, NonFinite, Undefined] {
        line(&text, why.as_str());
    }
    let dir = Folder::new("readme-fields");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    run(&mut l, &[ok(&dir.at("a"), "aa", 1)]);
    let record = serde_json::to_value(&records(&l, true)[0]).unwrap();
    let table = serde_json::to_value(TrackTable::default()).unwrap();
    for field in record.as_object().unwrap().keys().chain(table.as_object().unwrap().keys()) {
        line(&text, field);
    }
    // Codes that a track can have come from decoding and from its run.
    let sources = ["../earprint-audio/src/error.rs", "../earprint-pipeline/src/tracks/describe.rs"];
    let mut found = 0;
    for source in sources.into_iter().chain(["../earprint-pipeline/src/tracks/run.rs"]).map(beside) {
        for code in source.split('"').filter(|word| word.starts_with("E_")) {
            line(&text, code);
            found += 1;
        }
    }
    assert!(found >= 18, "{found} codes");
}

#[test]
fn every_table_and_view_stands_with_its_columns_and_the_queries_run() {
    let text = readme();
    let dir = Folder::new("readme-queries");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    run(&mut l, &[ok(&dir.at("a"), "aa", 1), entry(&dir.at("b"), "", Outcome::error("E_DECODE", "nothing"))]);
    let mut q = l.connection().prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").unwrap();
    let names: Vec<String> = q.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(names.len(), 12);
    let numbers: Vec<&str> = TRACK_DIMENSIONS.iter().map(|d| d.name).collect();
    for name in names {
        let q = l.connection().prepare(&format!("SELECT * FROM {name}")).unwrap();
        // The 25 numbers stand as those words in their place.
        let mut columns: Vec<String> = q.column_names().map(|c| format!("`{c}`")).collect();
        if let Some(at) = columns.iter().position(|c| c == "`sub_bass`") {
            let cut: Vec<String> = columns.splice(at..at + numbers.len(), ["the 25 numbers".to_owned()]).collect();
            assert!(cut.iter().map(|c| c.trim_matches('`')).eq(numbers.iter().copied()));
        }
        let told = text.lines().filter(|l| l.starts_with(&format!("| `{name}` |")));
        assert!(told.clone().any(|l| l.contains(&format!("| {} |", columns.join(", ")))), "{name}: {columns:?}");
    }
    let queries: Vec<&str> = text.split("```sql").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(queries.len(), 2);
    for query in &queries {
        l.connection().prepare(query).unwrap();
    }
    let failed: (String, i64) = l.connection().query_row(queries[1], [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    assert_eq!(failed, ("E_DECODE".into(), 1));
}
