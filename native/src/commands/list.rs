//! `earprint list`: tracks of a library, or its failures, as a table or as records.

use anyhow::Result;
use earprint_core::{Status, TRACK_DIMENSIONS, TRACK_SCHEMA, path_from_text};
use earprint_library::{FailedFile, Filter, Library, Row, Sort};

use crate::args::ListArgs;
use crate::job::usage;
use crate::out::{number, out, plain};

/// Runs the verb.
pub fn run(args: &ListArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    if args.failed {
        return failures(args, &library);
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
    let mut out = out();
    if args.json {
        for row in &rows {
            let path = path_from_text(&row.path);
            let record = path.map(|p| library.record(&p, TRACK_SCHEMA)).transpose()?.flatten();
            if let Some(record) = record {
                out.line(serde_json::to_string(&record)?)?;
            }
        }
    } else {
        let head: Vec<String> = shown.iter().map(|&d| head(d)).collect();
        out.line(format_args!("{}  path", head.join("  ")))?;
        for row in &rows {
            out.line(format_args!("{}  {}", cells(row, &shown, &head).join("  "), plain(&row.path)))?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// `--failed`: errors, and with `--skipped` what was left out on purpose.
fn failures(args: &ListArgs, library: &Library) -> Result<u8> {
    // As tracks are filtered: ASCII letters match in both cases.
    let part = args.path.as_ref().map(|p| p.to_ascii_lowercase());
    let meant = |f: &FailedFile| {
        (args.skipped || f.status == Status::Error)
            && part.as_ref().is_none_or(|p| f.text.to_ascii_lowercase().contains(p))
    };
    let mut out = out();
    for f in library.failed(TRACK_SCHEMA, None)?.into_iter().filter(meant).take(args.limit.unwrap_or(usize::MAX)) {
        let status = f.status.as_str();
        if args.json {
            out.line(serde_json::json!({
                "v": 1, "path": f.text, "status": status, "code": f.code, "detail": f.detail,
                "attempts": f.attempts, "schema": TRACK_SCHEMA,
            }))?;
        } else {
            // Which of the two it is, where there are two.
            let first = if args.skipped { format!("{status}\t") } else { String::new() };
            out.line(format_args!("{first}{}\t{}\t{}", f.code, plain(&f.text), plain(&f.detail)))?;
        }
    }
    out.flush()?;
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
        let text = number(row.values[d]);
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
