//! The map of the page: an SVG that shows every track without a script, and that the script makes answer.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::escape::{attribute, name as escaped_name, text};
use crate::drawing::axes::Area;
use crate::drawing::svg::{mark, tenth};
use crate::drawing::{Form, Paint};
use crate::facts::{Facts, name};
use crate::plots::map::{self, Places};
use crate::words::{count, thousands};

/// Size of the map, in its own pixels.
const SIZE: [f64; 2] = [900.0, 640.0];
/// Em that marks are measured by.
const EM: f64 = 16.0;

/// Places of the tracks on the page's map.
pub fn places(facts: &Facts) -> Places {
    map::places(facts, Area { x: 0.0, y: 0.0, w: SIZE[0], h: SIZE[1] }, EM)
}

/// A cluster's mark as a small picture of its own.
pub fn badge(cluster: Option<usize>) -> String {
    let (form, class) =
        cluster.map_or((Form::Circle, Paint::Plain.class()), |c| (Form::of(c), Paint::Cluster(c).class()));
    let class = class.expect("clusters have classes");
    format!(
        "<svg class=\"badge\" viewBox=\"-1.7 -1.7 3.4 3.4\" aria-hidden=\"true\">{} class=\"{class} m\"/></svg>",
        mark([0.0; 2], 1.0, form)
    )
}

/// The map with its legend; words where there is none.
pub fn section(facts: &Facts, places: &Places) -> String {
    let report = facts.report;
    if places.at.is_empty() {
        return "<p>No track has a place on a map.</p>\n".into();
    }
    let words = map::quality(facts, places.every);
    let mut out = String::new();
    let [w, h] = SIZE;
    let about =
        format!("Map of {}: near is alike. The table below lists the same tracks.", count(places.at.len(), "track"));
    let _ = writeln!(
        out,
        "<figure id=\"map-figure\">\n<svg id=\"map-svg\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">",
        attribute(&about)
    );
    out.push_str("<defs>");
    let mut groups: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    places.at.iter().enumerate().for_each(|(at, p)| groups.entry(facts.cluster_of(p.0)).or_default().push(at));
    for &group in groups.keys() {
        let form = group.map_or(Form::Circle, Form::of);
        let _ = write!(out, "{} id=\"{}\"/>", mark([0.0; 2], places.radius, form), id(group));
    }
    out.push_str("</defs>\n<g id=\"order-line\"></g>\n");
    for (group, members) in &groups {
        let class = group.map_or(Paint::Plain, Paint::Cluster).class().expect("clusters have classes");
        let label = group.map_or("no cluster".into(), |g| report.clusters[g].name.clone());
        let _ = writeln!(out, "<g class=\"{class} m\" aria-label=\"{}\">", attribute(&label));
        for &at in members {
            let (i, [x, y]) = places.at[at];
            let _ = writeln!(
                out,
                "<use href=\"#{}\" x=\"{}\" y=\"{}\" data-i=\"{i}\"><title>{}</title></use>",
                id(*group),
                tenth(x),
                tenth(y),
                text(name(&report.tracks[i].path))
            );
        }
        out.push_str("</g>\n");
    }
    let ring = tenth((places.radius / 5.0).clamp(0.6, 1.2));
    let _ = writeln!(out, "<g class=\"torn\" stroke-width=\"{ring}\">");
    for &(i, [x, y]) in places.at.iter().filter(|p| report.tracks[p.0].torn == Some(true)) {
        let r = tenth(places.radius * 1.9);
        let _ = writeln!(out, "<circle cx=\"{}\" cy=\"{}\" r=\"{r}\" data-ring=\"{i}\"/>", tenth(x), tenth(y));
    }
    out.push_str("</g>\n<g id=\"rings\"></g>\n</svg>\n<ul class=\"legend\" id=\"legend\">\n");
    for (i, c) in report.clusters.iter().enumerate() {
        let _ = writeln!(
            out,
            "<li data-cluster=\"{i}\">{}{} <span class=\"quiet\">{}</span></li>",
            badge(Some(i)),
            escaped_name(&c.name),
            thousands(c.size)
        );
    }
    let loose = report.tracks.iter().filter(|t| t.cluster.is_none()).count();
    if loose > 0 && !report.clusters.is_empty() {
        let _ = writeln!(
            out,
            "<li data-cluster=\"-1\">{}no cluster <span class=\"quiet\">{}</span></li>",
            badge(None),
            thousands(loose)
        );
    }
    if report.tracks.iter().any(|t| t.torn == Some(true)) {
        out.push_str(
            "<li class=\"key\"><svg class=\"badge torn\" viewBox=\"-1.7 -1.7 3.4 3.4\" aria-hidden=\"true\">\
             <circle r=\"1.3\" stroke-width=\"0.3\"/></svg>torn from its nearest</li>\n",
        );
    }
    let _ = write!(out, "</ul>\n<figcaption>{}</figcaption>\n</figure>\n", text(&words));
    out
}

/// Id of a group's mark.
fn id(group: Option<usize>) -> String {
    group.map_or("mark-none".into(), |g| format!("mark-{g}"))
}
