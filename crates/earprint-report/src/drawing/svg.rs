//! A drawing as SVG within the page: real text in the page's letters, colours by class, no address of any kind.

use std::fmt::Write;

use super::{Anchor, At, Drawing, Form, Item, Paint, Shape};
use crate::html::escape::{attribute, text as escaped};

/// Writes `v` with one decimal at most: tenths of a pixel are enough for everybody.
pub fn tenth(v: f64) -> String {
    let text = format!("{v:.1}");
    match text.strip_suffix(".0").unwrap_or(&text) {
        "-0" => "0".into(),
        text => text.into(),
    }
}

/// The whole drawing as one `<svg>`, a picture to those who hear the page.
pub fn figure(drawing: &Drawing) -> String {
    let (w, h) = (tenth(drawing.width), tenth(drawing.height));
    let mut out = format!("<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">\n", attribute(&drawing.about));
    drawing.items.iter().for_each(|i| item(&mut out, i));
    out.push_str("</svg>\n");
    out
}

/// One shape.
pub fn item(out: &mut String, item: &Item) {
    let line = matches!(item.shape, Shape::Line { .. } | Shape::Ring { .. });
    let color = color(item.paint, line);
    let place = |p: &At| format!("{},{}", tenth(p[0]), tenth(p[1]));
    let points = |points: &[At]| points.iter().map(place).collect::<Vec<_>>().join(" ");
    let tag = match &item.shape {
        Shape::Polygon(p) => {
            let _ = write!(out, "<polygon points=\"{}\"{color}", points(p));
            "polygon"
        }
        Shape::Line { points: p, width } => {
            let _ = write!(out, "<polyline points=\"{}\" stroke-width=\"{}\"{color}", points(p), tenth(*width));
            "polyline"
        }
        Shape::Text { at, size, anchor, .. } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let ([x, y], size) = (at.map(tenth), tenth(*size));
            let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{color}");
            "text"
        }
        Shape::Mark { at, radius, form } => {
            let _ = write!(out, "{}{color} data-mark", mark(*at, *radius, *form));
            if *form == Form::Circle { "circle" } else { "polygon" }
        }
        Shape::Ring { at, radius, width } => {
            let ([x, y], r, w) = (at.map(tenth), tenth(*radius), tenth(*width));
            let _ = write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" stroke-width=\"{w}\"{color}");
            "circle"
        }
    };
    if let Some(track) = item.track {
        let _ = write!(out, " data-i=\"{track}\"");
    }
    let tip = item.tip.as_ref().map_or(String::new(), |t| format!("<title>{}</title>", escaped(t)));
    let inside = if let Shape::Text { text, .. } = &item.shape { escaped(text) } else { String::new() };
    if tip.is_empty() && inside.is_empty() {
        out.push_str("/>\n");
    } else {
        let _ = writeln!(out, ">{tip}{inside}</{tag}>");
    }
}

/// Opening of a mark's element, without its end.
pub fn mark(at: At, radius: f64, form: Form) -> String {
    match form.corners() {
        None => format!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"", tenth(at[0]), tenth(at[1]), tenth(radius)),
        Some(corners) => {
            let place = |p: [f64; 2]| format!("{},{}", tenth(at[0] + p[0] * radius), tenth(at[1] + p[1] * radius));
            format!("<polygon points=\"{}\"", corners.into_iter().map(place).collect::<Vec<_>>().join(" "))
        }
    }
}

fn color(paint: Paint, line: bool) -> String {
    match paint.class() {
        Some(class) => format!(" class=\"{class}{}\"", if line { " l" } else { "" }),
        None => {
            let [r, g, b] = paint.rgb();
            format!(" fill=\"#{r:02x}{g:02x}{b:02x}\"")
        }
    }
}
