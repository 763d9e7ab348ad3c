//! `earprint list`: tracks of a library, or its failures, as a table or as records.

use std::io::Write;

use anyhow::Result;
use earprint_core::{TRACK_DIMENSIONS, TRACK_SCHEMA};
use earprint_library::{Filter, Library, Row, Sort};

use crate::args::ListArgs;
use crate::job::usage;

/// Runs the verb.
pub fn run(args: &ListArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.failed {
        for f in library.failed(TRACK_SCHEMA, None)? {
            if args.json {
                let record = serde_json::json!({
                    "v": 1, "path": f.text, "status": f.status.as_str(), "code": f.code, "detail": f.detail,
                    "attempts": f.attempts, "schema": TRACK_SCHEMA,
                });
                writeln!(out, "{record}")?;
            } else {
                writeln!(out, "{}\t{}\t{}", f.code, f.text, f.detail)?;
            }
        }
        return Ok(0);
    }
    let filter = Filter {
        status: None,
        path_contains: args.path.clone(),
        ranges: args.ranges.iter().map(|r| range(r)).collect::<Result<_>>()?,
    };
    let sort = match args.sort.as_deref() {
        None => Sort::Path,
        Some(name) => match name.strip_prefix('-') {
            Some(name) => Sort::High(dimension(name)?),
            None => Sort::Low(dimension(name)?),
        },
    };
    let shown = match args.show.as_str() {
        "all" => (0..TRACK_DIMENSIONS.len()).collect(),
        names => names.split(',').map(|n| dimension(n.trim())).collect::<Result<Vec<_>>>()?,
    };
    let rows = library.list(TRACK_SCHEMA, &filter, sort, args.limit)?;
    if args.json {
        for row in &rows {
            let path = earprint_library::path_from_text(&row.path);
            let record = path.map(|p| library.record(&p, TRACK_SCHEMA)).transpose()?.flatten();
            if let Some(record) = record {
                writeln!(out, "{}", serde_json::to_string(&record)?)?;
            }
        }
        return Ok(0);
    }
    let head: Vec<String> = shown.iter().map(|&d| head(d)).collect();
    writeln!(out, "{}  path", head.join("  "))?;
    for row in &rows {
        writeln!(out, "{}  {}", cells(row, &shown, &head).join("  "), row.path)?;
    }
    Ok(0)
}

/// `tempo BPM`.
fn head(d: usize) -> String {
    let earprint_core::Dimension { name, unit, .. } = TRACK_DIMENSIONS[d];
    if unit.is_empty() { name.to_owned() } else { format!("{name} {unit}") }
}

/// Numbers right-aligned under their heads; `-` where unknown.
fn cells(row: &Row, shown: &[usize], head: &[String]) -> Vec<String> {
    let cell = |(&d, head): (&usize, &String)| {
        let v = row.values[d];
        let text = match v.abs() {
            _ if v.is_nan() => "-".to_owned(),
            100.0.. => format!("{v:.0}"),
            10.0.. => format!("{v:.1}"),
            _ => format!("{v:.3}"),
        };
        format!("{text:>width$}", width = head.chars().count())
    };
    shown.iter().zip(head).map(cell).collect()
}

/// Index of a dimension by name.
fn dimension(name: &str) -> Result<usize> {
    match TRACK_DIMENSIONS.iter().position(|d| d.name == name) {
        Some(d) => Ok(d),
        None => {
            let names: Vec<&str> = TRACK_DIMENSIONS.iter().map(|d| d.name).collect();
            usage(format!("no number is called {name}; expected one of {}", names.join(", ")))
        }
    }
}

/// `tempo=90..120`, either end left out.
fn range(text: &str) -> Result<(usize, f64, f64)> {
    let parts = text.split_once('=').and_then(|(name, r)| r.split_once("..").map(|(low, high)| (name, low, high)));
    let Some((name, low, high)) = parts else {
        return usage(format!("--where {text}: expected NAME=LOW..HIGH, for example tempo=90..120"));
    };
    // As f32, which the numbers are: a bound copied from a record then includes that record.
    let end = |text: &str, open: f32| if text.is_empty() { Ok(open) } else { text.parse::<f32>() };
    match (end(low, f32::NEG_INFINITY), end(high, f32::INFINITY)) {
        (Ok(low), Ok(high)) if low <= high => Ok((dimension(name)?, low.into(), high.into())),
        _ => usage(format!("--where {text}: {low}..{high} is no range of numbers")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::dim;

    #[test]
    fn ranges_read_and_errors_say_what_was_expected() {
        assert_eq!(range("tempo=90..120").unwrap(), (dim::TEMPO, 90.0, 120.0));
        assert_eq!(range("crest=..12.5").unwrap(), (dim::CREST, f64::NEG_INFINITY, 12.5));
        for (bad, words) in [("tempo", "NAME=LOW"), ("tempo=9..1", "no range"), ("tmpo=1..2", "rhythm_stability")] {
            assert!(range(bad).unwrap_err().to_string().contains(words), "{bad}");
        }
        assert_eq!(head(dim::TEMPO), "tempo BPM");
    }
}
