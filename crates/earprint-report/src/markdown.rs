//! The report as Markdown (GitHub's, for its tables): what a person reads without a browser. Text from outside is
//! escaped: it makes no markup and breaks no table.

use std::fmt::Write;

use crate::facts::{Facts, name};
use crate::words::{caveats, count, decimals, dimension, figures, fixed, one_line, signed, step_decimals, thousands};

/// Most tracks of the order, problems and clusters that are listed: what is longer stands in the CSV files.
const LISTED: usize = 200;

/// Text from outside on one line, every character that Markdown or HTML might take for its own escaped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        if "\\`*_[]<>#|~&$^".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `report.md`.
pub fn report(facts: &Facts) -> String {
    let report = facts.report;
    let mut out = format!("# {}\n\n", plain(&report.title));
    for (name, value) in figures(facts) {
        let _ = writeln!(out, "- {name}: {}", plain(&value));
    }
    clusters(&mut out, facts);
    choice(&mut out, facts);
    order(&mut out, facts);
    let _ = writeln!(out, "\n## Problems\n");
    if report.problems.is_empty() {
        out.push_str("None.\n");
    } else {
        out.push_str("| input | code | what happened |\n|---|---|---|\n");
        for p in report.problems.iter().take(LISTED) {
            let _ = writeln!(out, "| {} | {} | {} |", plain(&p.path), plain(&p.code), plain(&p.detail));
        }
        rest(&mut out, report.problems.len(), "problems", "report.json");
    }
    let sentences = caveats(facts);
    if !sentences.is_empty() {
        out.push_str("\n## To keep in mind\n\n");
        for sentence in sentences {
            let _ = writeln!(out, "- {sentence}");
        }
    }
    let _ = writeln!(out, "\nMade by {}, numbers of version {}.", plain(&report.made_by), plain(&report.schema));
    out
}

fn rest(out: &mut String, n: usize, what: &str, file: &str) {
    if n > LISTED {
        let _ = writeln!(out, "\nThe first {LISTED} of {} {what}; all are in `{file}`.", thousands(n));
    }
}

fn clusters(out: &mut String, facts: &Facts) {
    let report = facts.report;
    out.push_str("\n## Clusters\n\n");
    if report.clusters.is_empty() {
        out.push_str("There are none.\n");
        return;
    }
    out.push_str("| cluster | name | tracks | homogeneity | most telling | typical |\n|--:|---|--:|---|---|---|\n");
    for c in report.clusters.iter().take(LISTED) {
        let telling: Vec<String> =
            c.telling.iter().take(3).map(|t| format!("{} {}", plain(&dimension(&t.dimension)), signed(t.z))).collect();
        let typical: Vec<String> = c.medoids.iter().take(3).map(|&m| plain(name(&report.tracks[m].path))).collect();
        let alike = [c.homogeneity_words.as_deref().map(plain), c.homogeneity.map(|h| format!("{h:.2}"))];
        let alike: Vec<String> = alike.into_iter().flatten().collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            c.id,
            plain(&c.name),
            thousands(c.size),
            alike.join(", "),
            telling.join(", "),
            typical.join("; ")
        );
    }
    rest(out, report.clusters.len(), "clusters", "clusters.csv");
    out.push_str("\nNumbers behind a dimension: deviations of the collection above (+) or below (-) its middle.\n");
}

fn choice(out: &mut String, facts: &Facts) {
    let Some(choice) = &facts.report.choice else { return };
    let _ = writeln!(out, "\n## How many clusters\n\n{}\n", plain(&choice.words));
    out.push_str("| k | silhouette | spread | stability | |\n|--:|--:|--:|--:|---|\n");
    for t in &choice.tried {
        let cell = |v: Option<f64>| v.map_or("-".into(), |v| format!("{v:.3}"));
        let note = match t.k {
            k if k == choice.k => "chosen",
            k if Some(k) == choice.runner_up => "runner-up",
            _ => "",
        };
        let _ =
            writeln!(out, "| {} | {} | {} | {} | {note} |", t.k, cell(t.silhouette), cell(t.spread), cell(t.stability));
    }
}

fn order(out: &mut String, facts: &Facts) {
    let report = facts.report;
    let Some(s) = &report.sequence else { return };
    let _ = writeln!(out, "\n## Listening order\n\n{}, {}.\n", plain(&s.goal), count(s.order.len(), "track"));
    let places = decimals(s.total, 3);
    out.push_str("| order | cost |\n|---|--:|\n");
    let _ = writeln!(out, "| this one | {} |", fixed(s.total, places));
    if let Some(g) = s.greedy {
        let _ = writeln!(out, "| always to the nearest left (greedy) | {} |", fixed(g, places));
    }
    if let Some(r) = s.random_mean {
        let spread = s.random_sd.map_or(String::new(), |sd| format!(" ± {sd:.places$}"));
        let _ = writeln!(out, "| random | {}{spread} |", fixed(r, places));
    }
    if !s.order.is_empty() {
        out.push_str("\n| place | track | cost from the one before | change | finding |\n|--:|---|--:|---|---|\n");
    }
    let step = step_decimals(s);
    for (place, &i) in s.order.iter().enumerate().take(LISTED) {
        let way = place.checked_sub(1).map(|w| &s.transitions[w]);
        let found = s.findings.iter().filter(|f| f.at == place);
        let found: Vec<String> = found.map(|f| format!("{}: {}", plain(&f.severity), plain(&f.words))).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            place + 1,
            plain(name(&report.tracks[i].path)),
            way.map_or(String::new(), |w| fixed(w.cost, step)),
            way.map_or(String::new(), |w| plain(&w.words)),
            found.join("; ")
        );
    }
    rest(out, s.order.len(), "places", "sequence.csv");
    if !s.left_out.is_empty() {
        let _ = writeln!(out, "\nLeft out: {}.\n", count(s.left_out.len(), "track"));
        for l in s.left_out.iter().take(LISTED) {
            let _ = writeln!(out, "- {}: {}", plain(name(&report.tracks[l.track].path)), plain(&l.reason));
        }
        rest(out, s.left_out.len(), "tracks left out", "sequence.csv");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_a_table_or_becomes_markup() {
        assert_eq!(
            plain("a|b\n*c* <d> [e]_f_ `g` \\ & #"),
            "a\\|b␊\\*c\\* \\<d\\> \\[e\\]\\_f\\_ \\`g\\` \\\\ \\& \\#"
        );
        assert_eq!(plain("AC/DC - Let's (go)!"), "AC/DC - Let's (go)!");
    }
}
