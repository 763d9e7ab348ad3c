//! `earprint similar`: the nearest tracks, and why.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use earprint_collection::{Collection, Distance};
use earprint_core::{Aspect, DIMENSIONS, TRACK_DIMENSIONS, TRACK_SCHEMA};
use earprint_library::{Filter, Library, Row, Sort, path_text};

use crate::args::SimilarArgs;

/// Numbers named for each neighbour.
const NAMED: usize = 3;

/// Runs the verb.
pub fn run(args: &SimilarArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    let rows = library.list(TRACK_SCHEMA, &Filter::default(), Sort::Path, None)?;
    let query = find(&rows, &args.track)?;
    let stored = library.scale(TRACK_SCHEMA)?;
    let scale_words = if stored.is_reference() {
        format!("the reference scale ({} tracks are too few for one of their own)", stored.tracks)
    } else {
        format!("the scale of {} tracks", stored.tracks)
    };
    let vectors = library.vectors(TRACK_SCHEMA)?;
    let collection = Collection::new(stored.scale, vectors.iter().map(|(id, v)| (*id, TRACK_SCHEMA, v)))?;
    let near = collection.similar(TRACK_SCHEMA, &query.values, Some(query.track_id), args.limit)?;
    eprintln!("like {}, by {scale_words}", query.path);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for n in near {
        // Copies share their numbers: the first of their paths stands for them.
        let row = rows.iter().find(|r| r.track_id == n.id).expect("vectors are of existing files");
        if args.json {
            writeln!(out, "{}", json(row, &n.distance))?;
        } else {
            writeln!(out, "{:.4}  {}", n.distance.total, row.path)?;
            if args.explain {
                writeln!(out, "        {}", explain(query, row, &n.distance))?;
            }
        }
    }
    Ok(0)
}

/// The track of that path; else the only one whose path contains the text.
fn find<'a>(rows: &'a [Row], text: &str) -> Result<&'a Row> {
    let whole = path_text(&std::path::absolute(Path::new(text))?);
    if let Some(row) = rows.iter().find(|r| r.path == whole) {
        return Ok(row);
    }
    let found: Vec<&Row> = rows.iter().filter(|r| r.path.contains(text)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => bail!("no track of the library has {text} in its path; `earprint list` shows what there is"),
        many => bail!(
            "{} tracks have {text} in their path, for example {} and {}; give more of it",
            many.len(),
            many[0].path,
            many[1].path
        ),
    }
}

/// Shares of the aspects, and the numbers that differ most.
fn explain(a: &Row, b: &Row, d: &Distance) -> String {
    let whole: f64 = d.aspects.iter().sum();
    let aspects: Vec<String> = Aspect::ALL
        .iter()
        .zip(d.aspects)
        .map(|(aspect, share)| format!("{} {:.0} %", aspect.name(), 100.0 * share / whole.max(f64::MIN_POSITIVE)))
        .collect();
    let mut order: Vec<usize> = (0..DIMENSIONS).filter(|&i| d.dimensions[i] > 0.0).collect();
    order.sort_by(|&x, &y| d.dimensions[y].total_cmp(&d.dimensions[x]));
    let numbers: Vec<String> = order
        .iter()
        .take(NAMED)
        .map(|&i| {
            let unit = if TRACK_DIMENSIONS[i].unit.is_empty() { "" } else { " " };
            format!(
                "{} {:.3} : {:.3}{unit}{}",
                TRACK_DIMENSIONS[i].name, a.values[i], b.values[i], TRACK_DIMENSIONS[i].unit
            )
        })
        .collect();
    format!("{}; {}", aspects.join(", "), numbers.join(", "))
}

fn json(row: &Row, d: &Distance) -> serde_json::Value {
    let aspects: serde_json::Map<_, _> =
        Aspect::ALL.iter().zip(d.aspects).map(|(a, v)| (a.name().to_owned(), v.into())).collect();
    let dimensions: serde_json::Map<_, _> =
        TRACK_DIMENSIONS.iter().zip(d.dimensions).map(|(t, v)| (t.name.to_owned(), v.into())).collect();
    serde_json::json!({
        "v": 1, "path": row.path, "distance": d.total, "aspects": aspects, "dimensions": dimensions,
        "compared": d.compared, "schema": TRACK_SCHEMA,
    })
}
