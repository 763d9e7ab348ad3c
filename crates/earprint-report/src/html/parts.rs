//! The parts of the page that need no script: figures, clusters, order, table, problems, caveats.

use std::fmt::Write;

use earprint_core::{Status, TRACK_DIMENSIONS, dim};

use super::escape::{attribute, name as escaped, text};
use super::map::badge;
use crate::facts::{Facts, folder_and_file, name};
use crate::words::{
    caveats, count, decimals, dimension, duration, figures, fixed, number, one_line, signed, step_decimals, thousands,
    value,
};

/// Rows that stand in the page itself; a script shows all.
pub const ROWS: usize = 1000;
/// Places of the order, problems, clusters that are listed.
pub const LISTED: usize = 500;

/// Opens a table with its column heads and its body.
fn table_of(heads: &[&str]) -> String {
    let heads: Vec<String> = heads.iter().map(|h| format!("<th scope=\"col\">{h}</th>")).collect();
    format!("<div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>\n", heads.concat())
}

const TABLE_END: &str = "</tbody></table></div>\n";

/// A cell of a number.
fn num(text: &str) -> String {
    format!("<td class=\"num\">{text}</td>")
}

/// A cell with a bar from `from`, `percent` of the cell long.
fn bar(class: &str, from: &str, percent: f64) -> String {
    format!("<td class=\"bar\"><i class=\"{class}\" style=\"{from};width:{percent:.1}%\"></i></td>")
}

/// A track's name as something the script can make a choice of.
fn track(facts: &Facts, i: usize) -> String {
    let path = &facts.report.tracks[i].path;
    format!("<span class=\"pick\" data-track=\"{i}\" title=\"{}\">{}</span>", attribute(path), escaped(name(path)))
}

/// Measured numbers as a list of name and value.
pub fn figure_list(facts: &Facts) -> String {
    let mut out = String::from("<dl class=\"figures\">\n");
    for (name, value) in figures(facts) {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", text(name), escaped(&value));
    }
    out + "</dl>\n"
}

/// A card for each cluster.
pub fn clusters(facts: &Facts) -> String {
    let all = &facts.report.clusters;
    let mut out = String::new();
    if all.is_empty() {
        return "<p>There are no clusters.</p>\n".into();
    }
    out.push_str("<div class=\"cards\">\n");
    for (i, c) in all.iter().enumerate().take(LISTED) {
        let _ = writeln!(out, "<article class=\"card\"><h3>{}{}</h3>", badge(Some(i)), escaped(&c.name));
        let _ = write!(out, "<p>{}", count(c.size, "track"));
        if let Some(words) = &c.homogeneity_words {
            let _ = write!(out, ", {}", escaped(words));
        }
        if let Some(h) = c.homogeneity {
            let _ = write!(out, " <span class=\"quiet\">(homogeneity {h:.2})</span>");
        }
        out.push_str("</p>\n");
        if !c.telling.is_empty() {
            let about = "What tells it from the others, in deviations of the collection";
            let _ = writeln!(out, "<table class=\"telling\"><caption class=\"sr\">{about}</caption>");
            for t in &c.telling {
                let d = TRACK_DIMENSIONS.iter().position(|d| d.name == t.dimension);
                let centre = d.and_then(|d| Some(value(d, c.centre[d]?))).unwrap_or_default();
                let (class, from) = if t.z < 0.0 { ("below", "right:50%") } else { ("above", "left:50%") };
                let cells = num(&signed(t.z)) + &bar(class, from, (t.z.abs() / 3.0).min(1.0) * 50.0);
                let name = escaped(&dimension(&t.dimension));
                let _ = writeln!(out, "<tr><th scope=\"row\">{name}</th><td>{}</td>{cells}</tr>", text(&centre));
            }
            out.push_str("</table>\n");
        }
        for (label, of) in [("Typical", &c.medoids), ("Unlike the rest", &c.outliers)] {
            if !of.is_empty() {
                let names: Vec<String> = of.iter().take(5).map(|&i| format!("<li>{}</li>", track(facts, i))).collect();
                let more = of.len().saturating_sub(5);
                let more = if more > 0 { format!("<li class=\"quiet\">and {more} more</li>") } else { String::new() };
                let _ = writeln!(out, "<h4>{label}</h4><ul>{}{more}</ul>", names.concat());
            }
        }
        out.push_str("</article>\n");
    }
    out.push_str("</div>\n");
    if all.len() > LISTED {
        let _ =
            writeln!(out, "<p>The first {LISTED} of {} clusters; all are in clusters.csv.</p>", thousands(all.len()));
    }
    out
}

/// What was tried to find the number of clusters.
pub fn choice(facts: &Facts) -> String {
    let Some(choice) = &facts.report.choice else {
        return "<p>The number of clusters was given, or there are none.</p>\n".into();
    };
    let mut out = format!("<p>{}</p>\n", escaped(&choice.words));
    out.push_str("<details><summary>All that were tried</summary>");
    out.push_str(&table_of(&["Clusters", "Silhouette", "Spread", "Stability", "<span class=\"sr\">Note</span>"]));
    for t in &choice.tried {
        let note = match t.k {
            k if k == choice.k => "chosen",
            k if Some(k) == choice.runner_up => "runner-up",
            _ => "",
        };
        let cells = [t.silhouette, t.spread, t.stability].map(|v| num(&v.map_or("–".into(), |v| fixed(v, 3))));
        let _ = writeln!(out, "<tr>{}{}<td>{note}</td></tr>", num(&t.k.to_string()), cells.concat());
    }
    out + TABLE_END + "</details>\n"
}

/// The order with its cost beside others, its places and findings.
pub fn order(facts: &Facts) -> String {
    let Some(s) = &facts.report.sequence else { return "<p>There is no listening order.</p>\n".into() };
    let mut out = format!("<p>{}, {}.</p>\n", escaped(&s.goal), count(s.order.len(), "track"));
    let most = [Some(s.total), s.greedy, s.random_mean].into_iter().flatten().fold(0.0, f64::max);
    out.push_str("<table class=\"score\"><caption>Cost of all steps; lower is better</caption>\n");
    let places = decimals(s.total, 3);
    let spread = s.random_sd.map_or(String::new(), |sd| format!(" ± {}", fixed(sd, places)));
    let others = [("always to the nearest", s.greedy, ""), ("random", s.random_mean, &spread)];
    for (what, cost, more) in [("this order", Some(s.total), "")].into_iter().chain(others) {
        let Some(cost) = cost else { continue };
        let part = if most > 0.0 { (cost / most * 100.0).clamp(0.0, 100.0) } else { 0.0 };
        let cells = num(&(fixed(cost, places) + more)) + &bar("plain", "left:0", part);
        let _ = writeln!(out, "<tr><th scope=\"row\">{what}</th>{cells}</tr>");
    }
    out.push_str("</table>\n");
    out
}

/// The places of the order, one a line.
pub fn places(facts: &Facts) -> String {
    let Some(s) = facts.report.sequence.as_ref().filter(|s| !s.order.is_empty()) else { return String::new() };
    let mut out = format!(
        "<details{}><summary>The order, track by track</summary>\n<ol class=\"order\">\n",
        if s.order.len() <= 60 { " open" } else { "" }
    );
    let step = step_decimals(s);
    for (place, &i) in s.order.iter().enumerate().take(LISTED) {
        let _ = write!(out, "<li>{}", track(facts, i));
        if let Some(way) = place.checked_sub(1).map(|w| &s.transitions[w]) {
            let words = if way.words.is_empty() { String::new() } else { format!("{}, ", escaped(&way.words)) };
            let _ = write!(out, " <span class=\"quiet\">{words}cost {}</span>", fixed(way.cost, step));
        }
        for f in s.findings.iter().filter(|f| f.at == place) {
            let _ = write!(out, " <strong class=\"finding\">{}: {}</strong>", escaped(&f.severity), escaped(&f.words));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
    if s.order.len() > LISTED {
        let _ =
            writeln!(out, "<p>The first {LISTED} of {} places; all are in sequence.csv.</p>", thousands(s.order.len()));
    }
    out.push_str("</details>\n");
    if !s.left_out.is_empty() {
        let _ = writeln!(out, "<details><summary>{} left out</summary><ul>", count(s.left_out.len(), "track"));
        for l in s.left_out.iter().take(LISTED) {
            let _ = writeln!(out, "<li>{}: {}</li>", track(facts, l.track), escaped(&l.reason));
        }
        out.push_str("</ul></details>\n");
    }
    out
}

/// The table of tracks.
pub fn table(facts: &Facts) -> String {
    let tracks = &facts.report.tracks;
    if tracks.is_empty() {
        return "<p>There are no tracks.</p>\n".into();
    }
    let mut out =
        String::from("<div class=\"wide tall\" tabindex=\"0\" role=\"region\" aria-label=\"Table of tracks\">");
    out.push_str("<table id=\"table\"><caption class=\"sr\">All tracks</caption><thead><tr>");
    for (key, label, class) in [
        ("name", "Track", ""),
        ("cluster", "Cluster", ""),
        ("duration", "Length", "num"),
        ("tempo", "Tempo, BPM", "num"),
        ("key", "Key", ""),
        ("loudness", "Loudness, LUFS", "num"),
        ("tags", "Tags", ""),
        ("place", "Place", "num"),
        ("status", "Status", ""),
    ] {
        let _ = write!(out, "<th scope=\"col\" data-sort=\"{key}\" class=\"{class}\">{label}</th>");
    }
    out.push_str("</tr></thead><tbody id=\"rows\">\n");
    for (i, t) in tracks.iter().enumerate().take(ROWS) {
        let cluster =
            facts.cluster_of(i).map_or("–".into(), |c| badge(Some(c)) + &escaped(&facts.report.clusters[c].name));
        let odd = if t.outlier { " <span class=\"quiet\">unlike the rest</span>" } else { "" };
        let cell = |v: Option<String>| v.unwrap_or_else(|| "–".into());
        let of = |d: usize| num(&cell(t.values[d].map(|v| number(v, 3))));
        let tags: Vec<String> = t.tags.iter().map(|t| text(&t.name)).collect();
        let class = if t.status == Status::Ok { "" } else { " class=\"bad\"" };
        let cells = [
            format!("<td>{}<small>{}</small></td>", track(facts, i), escaped(folder_and_file(&t.path).0)),
            format!("<td>{cluster}{odd}</td>"),
            num(&cell(t.duration_s.map(duration))),
            of(dim::TEMPO),
            format!("<td>{}</td>", cell(t.key.as_deref().map(escaped))),
            of(dim::LOUDNESS),
            format!("<td>{}</td>", tags.join(", ")),
            num(&cell(facts.places[i].map(|p| (p + 1).to_string()))),
            format!("<td{class}>{}</td>", t.status.as_str()),
        ];
        let _ = writeln!(out, "<tr data-i=\"{i}\">{}</tr>", cells.concat());
    }
    out.push_str(TABLE_END);
    if tracks.len() > ROWS {
        let (rows, all) = (thousands(ROWS), thousands(tracks.len()));
        let words =
            format!("Without a script the table holds the first {rows} of {all} tracks; all are in features.csv.");
        let _ = writeln!(out, "<noscript><p>{words}</p></noscript>");
    }
    out
}

/// Inputs that failed or are incomplete.
pub fn problems(facts: &Facts) -> String {
    let all = &facts.report.problems;
    if all.is_empty() {
        return "<p>None.</p>\n".into();
    }
    let mut out = table_of(&["Input", "Code", "What happened"]);
    for p in all.iter().take(LISTED) {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            escaped(&p.path),
            text(&p.code),
            escaped(&p.detail)
        );
    }
    out.push_str(TABLE_END);
    if all.len() > LISTED {
        let _ =
            writeln!(out, "<p>The first {LISTED} of {} problems; all are in report.json.</p>", thousands(all.len()));
    }
    out
}

/// What to keep in mind.
pub fn caveat_list(facts: &Facts) -> String {
    let sentences = caveats(facts);
    if sentences.is_empty() {
        return "<p>Nothing.</p>\n".into();
    }
    let mut out = String::from("<ul>\n");
    for sentence in sentences {
        let _ = writeln!(out, "<li>{}</li>", text(&sentence));
    }
    out + "</ul>\n"
}

/// The first sentence of the page.
pub fn lead(facts: &Facts) -> String {
    let report = facts.report;
    let mut parts = vec![count(report.tracks.len(), "track")];
    if !report.clusters.is_empty() {
        parts.push(format!("in {}", count(report.clusters.len(), "cluster")));
    }
    if let Some(s) = &report.sequence {
        parts.push(format!("with a listening order of {}", thousands(s.order.len())));
    }
    one_line(&parts.join(" "))
}
