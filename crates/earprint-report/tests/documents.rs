//! Documents for people: what stands in them, what must never, and that they can be seen.

mod made_up;

use std::collections::BTreeSet;
use std::path::Path;

use earprint_report::{Document, Report, Status, Track};
use made_up::{AWKWARD, collection};

fn text(document: Document, report: &Report) -> String {
    String::from_utf8(document.bytes(report, Path::new("/out")).unwrap()).unwrap()
}

/// Reports at the edges: nothing, one track, no clusters, no map, no order.
fn edges() -> Vec<(&'static str, Report)> {
    let mut bare = Report::new("one that failed");
    bare.tracks.push(Track::unknown("x.mp3".into(), Status::Error));
    let without = |spoil: fn(&mut Report)| {
        let mut report = collection(60, 4);
        spoil(&mut report);
        report
    };
    vec![
        ("empty", Report::new("")),
        ("failed", bare),
        ("one", collection(1, 1)),
        ("two", collection(2, 2)),
        (
            "no clusters",
            without(|r| {
                r.clusters.clear();
                r.choice = None;
                r.tracks.iter_mut().for_each(|t| (t.cluster, t.second) = (None, None));
            }),
        ),
        (
            "no map",
            without(|r| {
                r.map = None;
                r.tracks.iter_mut().for_each(|t| (t.xy, t.torn) = (None, None));
            }),
        ),
        ("one place", without(|r| r.tracks.iter_mut().for_each(|t| t.xy = t.xy.map(|_| [0.5, 0.5])))),
        ("no order", without(|r| r.sequence = None)),
        ("no sections", without(|r| r.tracks.iter_mut().for_each(|t| t.sections.clear()))),
        ("no numbers", without(|r| r.tracks.iter_mut().for_each(|t| t.values = vec![None; 25]))),
    ]
}

#[test]
fn every_document_of_every_edge_is_made() {
    for (name, report) in edges() {
        for document in Document::ALL {
            let bytes = document.bytes(&report, Path::new("/out")).unwrap();
            let lines = matches!(document, Document::Tracks) && report.tracks.is_empty();
            assert_eq!(bytes.is_empty(), lines, "{name}: {document:?}");
        }
    }
    let page = |name: &str| text(Document::Html, &edges().into_iter().find(|e| e.0 == name).unwrap().1);
    for (name, words) in [
        ("empty", "There are no tracks."),
        ("no clusters", "There are no clusters."),
        ("no map", "No track has a place on a map."),
        ("no order", "There is no listening order."),
        ("no sections", "No track has sections."),
    ] {
        assert!(page(name).contains(words), "{name}");
    }
}

#[test]
fn equal_reports_give_equal_bytes() {
    for document in Document::ALL {
        let bytes = || document.bytes(&collection(60, 4), Path::new("/out")).unwrap();
        assert_eq!(bytes(), bytes(), "{document:?}");
    }
}

/// The elements of a page: names and attributes, as a browser's parser finds them, script and style with their text.
fn elements(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            continue;
        }
        // A quoted attribute may hold `>`.
        let mut quoted = false;
        let end = after.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let tag = &after[..end.expect("a tag ends")];
        rest = &after[tag.len() + 1..];
        let name = tag.split([' ', '\n', '/']).next().unwrap().to_lowercase();
        found.push((name.clone(), tag[name.len()..].to_owned()));
        if name == "script" || name == "style" {
            let close = rest.to_lowercase().find(&format!("</{name}")).expect("it ends");
            found.push((format!("{name} text"), rest[..close].to_owned()));
            rest = &rest[close..];
        }
    }
    found
}

#[test]
fn names_become_no_markup() {
    let mut report = collection(60, 4);
    let evil = "</script><img src=x onerror=alert(1)><svg onload='x'>\"><script>alert(2)</script>";
    report.title = evil.into();
    report.made_by = evil.into();
    report.tracks[30].path = format!("/{evil}/<img src=x onerror=alert(1)>.mp3");
    report.tracks[30].key = Some(evil.into());
    report.tracks[30].tags[..].iter_mut().for_each(|t| t.name = evil.into());
    report.tracks[31].sections[0].role = evil.into();
    report.tracks[31].sections[0].label = evil.into();
    report.tracks[31].sections.last_mut().unwrap().end_s = 9999.0;
    report.clusters[0].name = evil.into();
    report.clusters[0].homogeneity_words = Some(evil.into());
    report.clusters[0].telling[0].dimension = evil.into();
    report.choice.as_mut().unwrap().words = evil.into();
    report.problems[0].detail = evil.into();
    report.problems[0].code = evil.into();
    report.figures.backend = Some(evil.into());
    let s = report.sequence.as_mut().unwrap();
    (s.goal, s.transitions[0].words, s.left_out[0].reason) = (evil.into(), evil.into(), evil.into());
    (s.findings[0].words, s.findings[0].severity) = (evil.into(), evil.into());
    let (page, plain) = (text(Document::Html, &report), text(Document::Html, &collection(60, 4)));
    let kinds = |page: &str| elements(page).into_iter().map(|e| e.0).collect::<BTreeSet<_>>();
    assert_eq!(kinds(&page), kinds(&plain), "no element that a page of plain names has not");
    let scripts = |page: &str| elements(page).into_iter().filter(|e| e.0 == "script").count();
    assert_eq!((scripts(&page), scripts(&plain)), (2, 2));
    for (name, rest) in elements(&page).iter().filter(|e| !e.0.ends_with(" text")) {
        // What is quoted is no attribute.
        let outside: String = rest.split('"').step_by(2).collect();
        let on = outside.split_whitespace().find(|word| word.starts_with("on") && word.contains('='));
        assert!(on.is_none(), "{name} {outside}");
    }
    let data = elements(&page).into_iter().find(|e| e.0 == "script text").unwrap().1;
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(data["tracks"][30][0], report.tracks[30].path);
    let markdown = text(Document::Markdown, &report);
    assert!(markdown.contains("\\<img"));
    assert!(!markdown.replace("\\\\", "").replace("\\<", "").contains('<'), "{markdown}");
}

#[test]
fn tables_in_markdown_keep_their_columns() {
    let mut report = collection(60, 4);
    for (track, name) in report.tracks.iter_mut().zip(AWKWARD.iter().cycle()) {
        track.path = format!("a\n|b| {name}");
    }
    let mut width = None;
    for line in text(Document::Markdown, &report).lines() {
        if !line.starts_with('|') {
            width = None;
            continue;
        }
        // Pipes that no backslash guards; a guarded backslash guards nothing.
        let columns = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert_eq!(*width.get_or_insert(columns), columns, "{line}");
    }
}

#[test]
fn the_page_asks_nobody() {
    for (name, report) in edges().into_iter().chain([("full", collection(60, 4))]) {
        let page = text(Document::Html, &report);
        assert!(page.starts_with("<!doctype html>"), "{name}");
        // Addresses: the name of the SVG namespace in the script alone.
        let addresses: Vec<&str> =
            page.match_indices("://").map(|(at, _)| &page[at.saturating_sub(5)..at + 20]).collect();
        assert_eq!(addresses, ["\"http://www.w3.org/2000/s"], "{name}");
        for word in ["url(", "@import", " src=", "fetch(", "XMLHttpRequest", "import(", "WebSocket", "<link", "<iframe"]
        {
            let found = elements(&page).iter().any(|(name, rest)| match name.as_str() {
                "script text" => !rest.starts_with('{') && rest.contains(word),
                "style text" => rest.contains(word),
                name => format!("<{name}{}", rest.split('"').step_by(2).collect::<String>()).contains(word),
            });
            assert!(!found, "{name}: {word}");
        }
        let links = elements(&page).into_iter().filter(|e| e.1.contains("href=\""));
        for (_, rest) in links {
            assert!(rest.contains("href=\"#"), "{rest}");
        }
        let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-";
        assert!(page.contains(policy), "{name}");
    }
}

#[test]
fn links_within_the_page_lead_somewhere_and_ids_are_unique() {
    let page = text(Document::Html, &collection(60, 12));
    let attribute = |rest: &str, name: &str| {
        rest.split_once(&format!(" {name}=\"")).map(|(_, v)| v.split('"').next().unwrap().to_owned())
    };
    let tags: Vec<_> = elements(&page).into_iter().filter(|e| !e.0.ends_with(" text")).collect();
    let ids: Vec<String> = tags.iter().filter_map(|e| attribute(&e.1, "id")).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
    for href in tags.iter().filter_map(|e| attribute(&e.1, "href")) {
        assert!(unique.contains(&href[1..].to_owned()), "{href}");
    }
    for name in ["aria-labelledby"] {
        for id in tags.iter().filter_map(|e| attribute(&e.1, name)) {
            assert!(unique.contains(&id), "{id}");
        }
    }
}

#[test]
fn without_a_script_map_and_table_are_there() {
    let page = text(Document::Html, &collection(60, 4));
    let tags = elements(&page);
    let count = |name: &str, with: &str| tags.iter().filter(|e| e.0 == name && e.1.contains(with)).count();
    assert_eq!(count("use", "data-i="), 58, "a mark for each track with a place");
    assert_eq!(count("tr", "data-i="), 60);
    assert_eq!(count("article", "card"), 4);
    let large = text(Document::Html, &collection(1200, 4));
    assert_eq!(elements(&large).iter().filter(|e| e.0 == "tr" && e.1.contains("data-i=")).count(), 1000);
    assert!(large.contains("the first 1,000 of 1,200 tracks; all are in features.csv"));
}

/// Every number in a text, with how many decimals it has.
fn numbers(text: &str) -> Vec<(f64, usize)> {
    let clean: String =
        text.replace(',', "").chars().map(|c| if c.is_ascii_digit() || c == '.' { c } else { ' ' }).collect();
    clean
        .split(' ')
        .map(|w| w.trim_matches('.'))
        // Versions have two points.
        .filter(|w| !w.is_empty() && w.matches('.').count() < 2)
        .map(|w| (w.parse().unwrap_or_else(|_| panic!("{w}")), w.split_once('.').map_or(0, |p| p.1.len())))
        .collect()
}

#[test]
fn every_number_shown_is_in_the_data() {
    // Few tracks, so that few numbers are there to agree by chance.
    let mut report = collection(3, 1);
    for (i, track) in report.tracks.iter_mut().enumerate() {
        track.path = format!("/m/{}.mp3", ["first", "second", "third"][i]);
    }
    let mut known: Vec<f64> = vec![25.0]; // numbers of a descriptor, said in a caveat
    fn walk(value: &serde_json::Value, known: &mut Vec<f64>) {
        match value {
            serde_json::Value::Number(n) => known.push(n.as_f64().unwrap().abs()),
            serde_json::Value::Array(a) => a.iter().for_each(|v| walk(v, known)),
            serde_json::Value::Object(o) => o.values().for_each(|v| walk(v, known)),
            serde_json::Value::String(s) => known.extend(numbers(s).iter().map(|n| n.0)),
            _ => {}
        }
    }
    walk(&serde_json::from_str(&text(Document::Json, &report)).unwrap(), &mut known);
    known.extend([1.0, 2.0, 3.0]); // places, counts of tracks, clusters
    // The same in other units: MB, minutes, minutes and seconds.
    let seconds: Vec<f64> = report.tracks.iter().filter_map(|t| t.duration_s).collect();
    known.extend(seconds.iter().map(|s| s.round()).flat_map(|s| [(s / 60.0).floor(), s % 60.0]));
    known.extend([report.figures.hours * 60.0, 412.0]);
    let check = |text: &str, known: &[f64]| -> Result<(), String> {
        for (v, decimals) in numbers(text) {
            // As far as rounding goes: half of the last decimal; of a whole number three digits.
            let near = |k: f64| match decimals {
                0 => 1e-9 + (0.005 * k).min(0.5),
                d => 0.5 * 10f64.powi(-(d as i32)) * 1.000_001,
            };
            if !known.iter().any(|&k| (k - v).abs() <= near(k)) {
                return Err(format!("{v} stands nowhere in the data"));
            }
        }
        Ok(())
    };
    let markdown = text(Document::Markdown, &report);
    check(&markdown, &known).unwrap();
    assert!(check("speed-up 7.77", &known).is_err(), "this test can fail");
    assert!(check("workers: 48", &known).is_err(), "this test can fail");
    // The page: what stands between its tags, outside pictures, script and style.
    let page = text(Document::Html, &report);
    let body = page.split_once("<body>").unwrap().1.split_once("<script").unwrap().0;
    let mut shown = String::new();
    for part in body.split("<svg") {
        let part = part.split_once("</svg>").map_or(part, |p| p.1);
        for piece in part.split('<') {
            shown += piece.split_once('>').map_or(piece, |p| p.1);
            shown.push(' ');
        }
    }
    check(&shown.replace("&#39;", "'"), &known).unwrap();
}

#[test]
fn a_speed_up_stands_only_where_a_sample_was_run() {
    let mut report = collection(60, 4);
    for document in [Document::Html, Document::Markdown] {
        assert!(text(document, &report).contains("speed-up over one worker, on a sample"));
    }
    report.figures.serial_sample_speed_up = None;
    for document in [Document::Html, Document::Markdown] {
        let text = text(document, &report);
        assert!(
            !text.contains("on a sample") && text.contains("No speed-up over one worker is stated"),
            "{document:?}"
        );
    }
}

const PLOTS: [Document; 6] = [
    Document::MapPlot,
    Document::ChoicePlot,
    Document::SizesPlot,
    Document::CentresPlot,
    Document::SequencePlot,
    Document::SectionsPlot,
];

/// Pixels of a PNG by an independent reader.
fn pixels(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width, info.height, rgb.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect())
}

#[test]
fn plots_are_pictures_with_something_on_them() {
    let full = collection(60, 4);
    for plot in PLOTS {
        let (w, h, rgb) = pixels(&plot.bytes(&full, Path::new(".")).unwrap());
        assert_eq!((w, h), (1200, 800));
        let colors: BTreeSet<_> = rgb.iter().collect();
        assert!(colors.len() > 60, "{plot:?} has {} colours", colors.len());
        let edge = |i: usize| !(4..1196).contains(&(i % 1200)) || !(4..796).contains(&(i / 1200));
        assert!((0..rgb.len()).filter(|&i| edge(i)).all(|i| rgb[i] == [255; 3]), "{plot:?} is not cut");
    }
    for (name, report) in edges() {
        for plot in PLOTS {
            let (_, _, rgb) = pixels(&plot.bytes(&report, Path::new(".")).unwrap());
            let ink = rgb.iter().filter(|p| p.iter().all(|&v| v < 128)).count();
            assert!(ink > 200, "{name}: {plot:?} says something");
        }
    }
}

#[test]
fn the_map_shows_clusters_by_their_colours() {
    let hues = [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0]];
    let (_, _, rgb) = pixels(&Document::MapPlot.bytes(&collection(60, 4), Path::new(".")).unwrap());
    let with = |hue: [u8; 3]| rgb.iter().filter(|p| **p == hue).count();
    for hue in &hues[..4] {
        // Fifteen marks of radius 8.4 and one in the legend, some on others.
        assert!((1500..4500).contains(&with(*hue)), "{hue:?} on {} pixels", with(*hue));
    }
    assert_eq!(with(hues[4]), 0);
}
