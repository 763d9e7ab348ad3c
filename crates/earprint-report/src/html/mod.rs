//! The report as one HTML file that asks nobody for anything.
//!
//! Without a script: map, legend, clusters, plots, order, a table, as plain HTML and inline SVG. With it: map and table
//! answer each other. The content policy allows nothing from outside and, by its hash, no script but ours: a name that
//! got through as markup could still run nothing (W3C, Content Security Policy Level 3, section 2.3). Up to 10,000
//! tracks are drawn and held with all their numbers; beyond, the map shows a sample and the page says so.

mod data;
pub mod escape;
mod map;
mod parts;

use crate::drawing::{Page, svg};
use crate::facts::Facts;
use crate::plots::{self, Plot};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// SHA-256 of the script as a content policy names it.
const SCRIPT_HASH: &str = "sha256-rxL/vMjcEKR/KpgCJikM12PzcsRU7WttpZjrmLRRggs=";

/// Size of the plots within the page.
const FIGURE: Page = Page { width: 860.0, height: 520.0, text: 14.0, titled: false };

/// `report.html`.
pub fn page(facts: &Facts) -> String {
    let report = facts.report;
    let places = map::places(facts);
    let plot = |has: bool, heading: &str, plot: Plot, height: f64| {
        if !has {
            return String::new();
        }
        let heading = if heading.is_empty() { String::new() } else { format!("<h3>{heading}</h3>\n") };
        format!("{heading}<figure class=\"plot\">{}</figure>\n", svg::figure(&plot(facts, Page { height, ..FIGURE })))
    };
    let clusters = report.clusters.len();
    let bars = (clusters as f64 + 1.0).min(24.0) * 30.0 + 30.0;
    let longest = plots::sections::longest(facts).len();
    let rows = 60.0 + longest as f64 * 30.0;
    let has_order = report.sequence.as_ref().is_some_and(|s| !s.order.is_empty());
    let tried = report.choice.as_ref().is_some_and(|c| c.tried.iter().any(|t| t.silhouette.is_some()));
    let part = |name: &str| match name {
        "title" => escape::text(&report.title),
        "made_by" => escape::text(&report.made_by),
        "schema" => escape::text(&report.schema),
        "style" => STYLE.to_owned(),
        "script" => SCRIPT.to_owned(),
        "script_hash" => SCRIPT_HASH.to_owned(),
        "data" => data::json(facts, &places),
        "lead" => escape::text(&parts::lead(facts)),
        "figures" => parts::figure_list(facts),
        "map" => map::section(facts, &places),
        "clusters" => parts::clusters(facts),
        "sizes" => plot(clusters > 0, "Sizes", plots::sizes::draw, bars),
        "centres" => plot(clusters > 0, "Centres beside the mean of the collection", plots::centres::draw, 640.0),
        "choice" => parts::choice(facts),
        "choice_plot" => plot(tried, "", plots::choice::draw, 420.0),
        "order" => parts::order(facts),
        "order_plot" => plot(has_order, "", plots::sequence::draw, 520.0),
        "places" => parts::places(facts),
        "sections" if longest == 0 => "<p>No track has sections.</p>\n".into(),
        "sections" => plot(true, "", plots::sections::draw, rows),
        "table" => parts::table(facts),
        "problem_count" => report.problems.len().to_string(),
        "problems" => parts::problems(facts),
        "caveats" => parts::caveat_list(facts),
        name => panic!("page.html names {name}, which nothing fills"),
    };
    filled(PAGE, part)
}

/// `{{name}}` in `template` replaced, once: what is put in is not looked at again.
fn filled(template: &str, part: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a name in the template ends");
        out.push_str(before);
        out.push_str(&part(name));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for three in bytes.chunks(3) {
            let n = three.iter().fold(0u32, |n, &b| n << 8 | u32::from(b)) << (8 * (3 - three.len()));
            for i in 0..4 {
                let letter = char::from(LETTERS[(n >> (18 - 6 * i) & 63) as usize]);
                out.push(if i <= three.len() { letter } else { '=' });
            }
        }
        out
    }

    #[test]
    fn the_policy_names_the_script() {
        assert_eq!([base64(b"M"), base64(b"Ma"), base64(b"Man")], ["TQ==", "TWE=", "TWFu"]);
        // Browsers hash what the parser made of it, with plain line ends.
        let hash = base64(&Sha256::digest(SCRIPT.replace("\r\n", "\n")));
        assert_eq!(SCRIPT_HASH, format!("sha256-{hash}"), "put this into SCRIPT_HASH");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(filled("a {{x}} b {{y}}", |name| format!("<{{{{{name}}}}}>")), "a <{{x}}> b <{{y}}>");
    }

    #[test]
    fn the_script_cannot_end_its_element() {
        for bad in ["</script", "<!--", "{{"] {
            assert!(!SCRIPT.to_lowercase().contains(bad), "{bad}");
        }
        assert!(!STYLE.contains("</") && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
