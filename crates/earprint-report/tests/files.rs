//! Tables and JSON read back: by a CSV reader written here, by serde, by the schema.

mod made_up;

use std::collections::BTreeSet;
use std::path::Path;

use earprint_core::TRACK_DIMENSIONS;
use earprint_report::{Document, Report, Status, Track};
use made_up::collection;
use serde_json::Value;

fn text(document: Document, report: &Report) -> String {
    String::from_utf8(document.bytes(report, Path::new("/out")).unwrap()).unwrap()
}

/// Lines of fields after RFC 4180; panics where the text is not.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if field.is_empty() => loop {
                match chars.next().expect("a quoted field ends") {
                    '"' if chars.peek() == Some(&'"') => field.push(chars.next().unwrap()),
                    '"' => {
                        assert!(matches!(chars.peek(), Some(',' | '\r')), "something after a quoted field");
                        break;
                    }
                    c => field.push(c),
                }
            },
            '"' => panic!("a quote within a plain field"),
            ',' => line.push(std::mem::take(&mut field)),
            '\r' => {
                assert_eq!(chars.next(), Some('\n'), "lines end with CRLF");
                line.push(std::mem::take(&mut field));
                lines.push(std::mem::take(&mut line));
            }
            '\n' => panic!("a bare line end"),
            c => field.push(c),
        }
    }
    assert!(line.is_empty() && field.is_empty(), "the last line ends");
    assert!(lines.iter().all(|l: &Vec<String>| l.len() == lines[0].len()), "every line has all fields");
    lines
}

/// The field of a column in every line.
fn column<'a>(lines: &'a [Vec<String>], name: &str) -> Vec<&'a str> {
    let at = lines[0].iter().position(|f| f == name).unwrap_or_else(|| panic!("no column {name}"));
    lines[1..].iter().map(|l| l[at].as_str()).collect()
}

fn number(field: &str) -> Option<f64> {
    (!field.is_empty()).then(|| field.parse().unwrap())
}

#[test]
fn features_read_back_to_the_bit() {
    let mut report = collection(60, 4);
    report.tracks[0].values[0] = Some(1e-300);
    report.tracks[0].values[1] = Some(0.1 + 0.2);
    report.tracks[1].path = "with\r\nline ends, \"quoted\"\n".into();
    let lines = read_csv(&text(Document::Features, &report));
    assert_eq!(lines.len(), 61);
    let paths = column(&lines, "path");
    for (d, dimension) in TRACK_DIMENSIONS.iter().enumerate() {
        for (track, field) in report.tracks.iter().zip(column(&lines, dimension.name)) {
            assert_eq!(number(field).map(f64::to_bits), track.values[d].map(f64::to_bits), "{}", dimension.name);
        }
    }
    let (x, y) = (column(&lines, "x"), column(&lines, "y"));
    for (i, track) in report.tracks.iter().enumerate() {
        assert_eq!(paths[i], track.path);
        assert_eq!(number(x[i]).zip(number(y[i])), track.xy.map(|xy| (xy[0], xy[1])));
        assert_eq!(number(column(&lines, "duration_s")[i]), track.duration_s);
        assert_eq!(number(column(&lines, "second_further_by")[i]), track.second.as_ref().map(|s| s.further_by));
        let tags: Vec<String> = track.tags.iter().map(|t| format!("{}={:?}", t.name, t.membership)).collect();
        assert_eq!(column(&lines, "tags")[i], tags.join(";"));
        assert_eq!(column(&lines, "outlier")[i], track.outlier.to_string());
        assert_eq!(column(&lines, "torn")[i], track.torn.map_or(String::new(), |t| t.to_string()));
        assert_eq!(column(&lines, "key")[i], track.key.as_deref().unwrap_or(""));
        assert_eq!(column(&lines, "cluster")[i], track.cluster.map_or(String::new(), |c| c.to_string()));
        let place = report.sequence.as_ref().unwrap().order.iter().position(|&t| t == i);
        assert_eq!(column(&lines, "place")[i], place.map_or(String::new(), |p| p.to_string()));
    }
    assert_eq!(column(&lines, "status")[22], "error");
    assert_eq!(column(&lines, "tempo")[21], "");
    // A path that a spreadsheet would compute stays what it is.
    assert!(paths.iter().any(|p| p.ends_with("/=SUM(A1:A9).wav")));
}

#[test]
fn other_tables_hold_what_the_report_holds() {
    let report = collection(60, 4);
    let sections = read_csv(&text(Document::Sections, &report));
    assert_eq!(sections.len() - 1, report.tracks.iter().map(|t| t.sections.len()).sum::<usize>());
    let all: Vec<_> = report.tracks.iter().flat_map(|t| &t.sections).collect();
    for (i, field) in column(&sections, "energy_db").into_iter().enumerate() {
        assert_eq!(number(field), all[i].energy_db);
    }
    assert!(column(&sections, "density").contains(&""), "unknown is empty");
    let clusters = read_csv(&text(Document::Clusters, &report));
    for (i, cluster) in report.clusters.iter().enumerate() {
        assert_eq!(column(&clusters, "name")[i], cluster.name);
        assert_eq!(number(column(&clusters, "tempo")[i]), cluster.centre[10]);
        let medoids: Vec<String> = cluster.medoids.iter().map(ToString::to_string).collect();
        assert_eq!(column(&clusters, "medoids")[i], medoids.join(";"));
    }
    let sequence = report.sequence.as_ref().unwrap();
    let lines = read_csv(&text(Document::Sequence, &report));
    assert_eq!(lines.len() - 1, sequence.order.len() + sequence.left_out.len());
    let costs: Vec<f64> = column(&lines, "cost").into_iter().filter_map(number).collect();
    assert_eq!(costs, sequence.transitions.iter().map(|t| t.cost).collect::<Vec<_>>());
    assert_eq!(column(&lines, "cost")[0], "", "nothing leads to the first");
    let found = column(&lines, "findings").iter().filter(|f| !f.is_empty()).count();
    assert_eq!(found, sequence.findings.len());
    let summary = read_csv(&text(Document::Summary, &report));
    let value = |name: &str| summary.iter().find(|l| l[0] == name).map(|l| l[1].as_str()).unwrap();
    assert_eq!(
        (value("tracks"), value("throughput"), value("backend")),
        ("60", &*format!("{:?}", report.figures.throughput.unwrap()), "cpu")
    );
}

#[test]
fn json_reads_back_equal() {
    for report in [collection(60, 4), collection(1, 1), Report::new("empty")] {
        let json = text(Document::Json, &report);
        assert_eq!(Report::from_json(&json).unwrap(), report);
        let tracks: Vec<Track> =
            text(Document::Tracks, &report).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(tracks, report.tracks);
    }
}

/// Keys of `value` against `schema`: each is there, each required one is present, each value has its type. Returns what
/// was met.
fn meets(schema: &Value, root: &Value, value: &Value, at: &str, met: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        return meets(&root["$defs"][name], root, value, name, met);
    }
    if let Some(either) = schema["oneOf"].as_array() {
        let fits = either.iter().find(|s| (s["type"] == "null") == value.is_null()).unwrap();
        return meets(fits, root, value, at, met);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(s) => vec![s],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let whole = kind == "integer" && allowed.contains(&"number");
    let listed = schema["enum"].as_array().is_some_and(|all| all.contains(value)) || schema["const"] == *value;
    assert!(allowed.contains(&kind) || whole || listed, "{at}: {value} against {schema}");
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object().unwrap();
            for name in schema["required"].as_array().unwrap() {
                assert!(fields.contains_key(name.as_str().unwrap()), "{at} lacks {name}");
            }
            assert_eq!(schema["additionalProperties"], false);
            for (name, v) in fields {
                let of = known.get(name).unwrap_or_else(|| panic!("{at}.{name} is not in the schema"));
                met.insert(format!("{at}.{name}"));
                meets(of, root, v, &format!("{at}.{name}"), met);
            }
        }
        Value::Array(items) => {
            let bound = |name: &str| schema[name].as_u64().map(|n| n as usize);
            assert!(
                bound("minItems").is_none_or(|n| items.len() >= n)
                    && bound("maxItems").is_none_or(|n| items.len() <= n)
            );
            items.iter().for_each(|v| meets(&schema["items"], root, v, at, met));
        }
        _ => {}
    }
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let report = collection(60, 4);
    let schema: Value = serde_json::from_str(&text(Document::Schema, &report)).unwrap();
    let mut met = BTreeSet::new();
    for report in [&report, &Report::new("empty"), &collection(1, 1)] {
        let value: Value = serde_json::from_str(&text(Document::Json, report)).unwrap();
        meets(&schema, &schema, &value, "report", &mut met);
    }
    let mut stated: BTreeSet<String> = BTreeSet::new();
    let mut state = |of: &Value, name: &str| {
        let properties = of["properties"].as_object().unwrap();
        assert_eq!(of["required"].as_array().unwrap().len(), properties.len(), "{name}: all keys are always there");
        stated.extend(properties.keys().map(|k| format!("{name}.{k}")));
    };
    state(&schema, "report");
    schema["$defs"].as_object().unwrap().iter().for_each(|(name, of)| state(of, name));
    assert_eq!(met, stated);
    for dimension in TRACK_DIMENSIONS {
        let words = schema["$defs"]["track"]["properties"]["values"]["description"].as_str().unwrap();
        assert!(words.contains(dimension.name), "{}", dimension.name);
    }
}

#[test]
fn what_is_unsound_is_named_and_makes_no_document() {
    type Spoiled = (&'static str, fn(&mut Report));
    let spoiled: [Spoiled; 14] = [
        ("tracks[3].values", |r| r.tracks[3].values.truncate(24)),
        ("tracks[3].values", |r| r.tracks[3].values[2] = Some(f64::NAN)),
        ("tracks[0].xy", |r| r.tracks[0].xy = Some([0.0, f64::INFINITY])),
        ("tracks[0].cluster", |r| r.tracks[0].cluster = Some(99)),
        ("tracks[1].second", |r| r.tracks[1].second.as_mut().unwrap().further_by = f64::NAN),
        ("tracks[5].sections[1]", |r| r.tracks[5].sections[1].start_s = 0.0),
        ("clusters", |r| r.clusters[1].id = 0),
        ("clusters[2].medoids", |r| r.clusters[2].medoids.push(60)),
        ("clusters[0].telling", |r| r.clusters[0].telling[0].z = f64::NAN),
        ("sequence.order", |r| r.sequence.as_mut().unwrap().order[0] = 77),
        ("sequence.order", |r| r.sequence.as_mut().unwrap().order[0] = r.sequence.as_ref().unwrap().order[1]),
        ("sequence.transitions", |r| r.sequence.as_mut().unwrap().transitions.truncate(3)),
        ("sequence.findings", |r| r.sequence.as_mut().unwrap().findings[0].at = 500),
        ("figures", |r| r.figures.throughput = Some(f64::INFINITY)),
    ];
    assert!(collection(60, 4).check().is_ok());
    for (place, spoil) in spoiled {
        let mut report = collection(60, 4);
        spoil(&mut report);
        let error = Document::Markdown.bytes(&report, Path::new(".")).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("{place}:")) && error.to_string().contains("; expected "),
            "{error}"
        );
        assert_eq!(error.code(), "E_REPORT_UNSOUND");
    }
    let mut report = Report::new("");
    report.v = 2;
    assert_eq!(report.check().unwrap_err().code(), "E_REPORT_VERSION");
    let json = text(Document::Json, &Report::new("")).replace("\"v\": 1", "\"v\": 2");
    assert_eq!(Report::from_json(&json).unwrap_err().code(), "E_REPORT_VERSION");
    assert_eq!(Report::from_json("{}").unwrap_err().code(), "E_REPORT_TEXT");
    assert_eq!(Track::unknown(String::new(), Status::Error).values.len(), 25);
}
