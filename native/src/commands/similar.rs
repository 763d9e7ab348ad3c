//! `earprint similar`: the nearest tracks, and why.

use std::path::Path;

use anyhow::{Result, bail};
use earprint_collection::Distance;
use earprint_core::{Aspect, DIMENSIONS, TRACK_DIMENSIONS, TRACK_SCHEMA, path_text};
use earprint_library::{Filter, Library, Row, Sort};

use crate::args::SimilarArgs;
use crate::inputs::absolute;
use crate::job::usage;
use crate::out::out;

/// Numbers named for each neighbour.
const NAMED: usize = 3;

/// Runs the verb.
pub fn run(args: &SimilarArgs) -> Result<u8> {
    if args.track.trim().is_empty() {
        return usage("no track is named; expected a file of the library, or a part of its path that no other has");
    }
    let library = Library::open_read_only(&args.library.library)?;
    let rows = library.list(TRACK_SCHEMA, &Filter::default(), Sort::Path, None)?;
    if rows.is_empty() {
        bail!(nothing(&library.schemas()?));
    }
    let query = find(&rows, &args.track)?;
    let stored = library.scale(TRACK_SCHEMA)?;
    let scale_words = if stored.is_reference() {
        format!("the reference scale ({} tracks are too few for one of their own)", stored.tracks)
    } else {
        format!("the scale of {} tracks", stored.tracks)
    };
    let collection = library.collection(TRACK_SCHEMA)?;
    let near = collection.similar(TRACK_SCHEMA, &query.values, Some(query.track_id), args.limit)?;
    eprintln!("like {}, by {scale_words}", query.path);
    let known = query.values.iter().filter(|v| v.is_finite()).count();
    if near.is_empty() && args.limit > 0 && collection.len() > 1 {
        eprintln!("no other track has half of what is known of this one ({known} of {DIMENSIONS} numbers)");
    } else if known < DIMENSIONS / 2 {
        eprintln!(
            "note: only {known} of {DIMENSIONS} numbers of this track are known; the distances say no more than those"
        );
    }
    let mut out = out();
    for n in near {
        // Copies share their numbers: the first of their paths stands for them.
        let row = rows.iter().find(|r| r.track_id == n.id).expect("vectors are of existing files");
        if args.json {
            out.line(json(row, &n.distance))?;
        } else {
            out.line(words(query, row, &n.distance, args.explain))?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// Why there is nothing to compare, from the versions the library holds and how many files each has.
fn nothing(schemas: &[(String, usize)]) -> String {
    let others: Vec<String> = schemas.iter().map(|(schema, files)| format!("{files} of version {schema}")).collect();
    if others.is_empty() {
        "the library holds no tracks with numbers; `earprint analyze` measures some, `earprint list --failed` shows what failed"
            .into()
    } else {
        format!(
            "the library holds no tracks of version {TRACK_SCHEMA}, but {}; versions are never compared: analyse the files again",
            others.join(", ")
        )
    }
}

/// The track of that path; else the only one whose path contains the text, ASCII letters in either case as in `list --path`.
fn find<'a>(rows: &'a [Row], text: &str) -> Result<&'a Row> {
    let whole = path_text(&absolute(Path::new(text))?);
    // What `list` prints can be pasted, escaped or not.
    if let Some(row) = rows.iter().find(|r| r.path == whole || r.path == text) {
        return Ok(row);
    }
    let part = text.to_ascii_lowercase();
    let found: Vec<&Row> = rows.iter().filter(|r| r.path.to_ascii_lowercase().contains(&part)).collect();
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

/// Distance and path, with `why` a line below it; and how much was compared where that is not everything.
fn words(query: &Row, row: &Row, d: &Distance, why: bool) -> String {
    let part = (d.compared < DIMENSIONS).then(|| format!("{} of {DIMENSIONS} compared", d.compared));
    let head = format!("{:.4}  {}", d.total, row.path);
    match (why, part) {
        (false, None) => head,
        (false, Some(part)) => format!("{head}  ({part})"),
        (true, None) => format!("{head}\n        {}", explain(query, row, d)),
        (true, Some(part)) => format!("{head}\n        {}; {part}", explain(query, row, d)),
    }
}

/// Shares of the aspects, and the numbers that differ most.
fn explain(a: &Row, b: &Row, d: &Distance) -> String {
    let mut order: Vec<usize> = (0..DIMENSIONS).filter(|&i| d.dimensions[i] > 0.0).collect();
    if order.is_empty() {
        return "no difference on this scale in what was compared".into();
    }
    let whole: f64 = d.aspects.iter().sum();
    let aspects: Vec<String> = Aspect::ALL
        .iter()
        .zip(d.aspects)
        .map(|(aspect, share)| format!("{} {:.0} %", aspect.name(), 100.0 * share / whole.max(f64::MIN_POSITIVE)))
        .collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_collection::distance;
    use earprint_core::{Status, dim};

    fn row(path: &str, values: [f32; DIMENSIONS]) -> Row {
        Row { file_id: 1, track_id: 1, path: path.into(), status: Status::Ok, duration: None, values }
    }

    #[test]
    fn a_part_of_the_path_is_found_in_either_case_and_a_whole_one_first() {
        let rows = ["/m/Song.FLAC", "/m/Song.FLAC.wav", "bytes:/m/caf%E9.ogg"].map(|p| row(p, [0.5; DIMENSIONS]));
        let found = |text| find(&rows, text).map(|r| r.path.as_str()).map_err(|e| e.to_string());
        assert_eq!(found("/m/Song.FLAC"), Ok("/m/Song.FLAC"));
        assert_eq!(found("song.flac.WAV"), Ok("/m/Song.FLAC.wav"));
        assert_eq!(found("bytes:/m/caf%E9.ogg"), Ok("bytes:/m/caf%E9.ogg"));
        assert!(found("song").unwrap_err().starts_with("2 tracks have song in their path"));
        assert!(found("sonk").unwrap_err().starts_with("no track of the library has sonk"));
    }

    #[test]
    fn what_was_not_compared_is_said_and_no_list_is_empty() {
        let a = row("/a", [0.25; DIMENSIONS]);
        let told = |b: &Row, why| words(&a, b, &distance(&a.values, &b.values), why);
        assert_eq!(told(&a, false), "0.0000  /a");
        assert_eq!(told(&a, true), "0.0000  /a\n        no difference on this scale in what was compared");
        let mut b = row("/b", a.values);
        b.values[dim::TEMPO] = f32::NAN;
        b.values[dim::CREST] = 0.75;
        assert!(told(&b, false).ends_with("  /b  (24 of 25 compared)"), "{}", told(&b, false));
        let why = "timbre 0 %, rhythm 0 %, harmony 0 %, level 100 %; crest 0.250 : 0.750 dB; 24 of 25 compared";
        assert!(told(&b, true).ends_with(&format!("  /b\n        {why}")), "{}", told(&b, true));
    }

    #[test]
    fn an_empty_list_says_which_versions_there_are() {
        assert!(nothing(&[]).contains("earprint analyze"));
        let words = nothing(&[("trk-1x".into(), 12)]);
        assert!(words.contains("no tracks of version trk-1, but 12 of version trk-1x"), "{words}");
    }
}
