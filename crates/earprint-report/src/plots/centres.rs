//! What the clusters are like: each centre beside the mean of the collection, in its deviations, dimension by
//! dimension.

use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS};

use crate::drawing::axes::Area;
use crate::drawing::{Anchor, Drawing, Form, Page, Paint, Shape, fitted, text_width};
use crate::facts::Facts;
use crate::words::{dimension, signed, value};

/// Deviations at which colours end.
const FAR: f64 = 2.0;
/// Most columns: narrower ones could not be read.
const MOST: usize = 20;

/// The plot.
pub fn draw(facts: &Facts, page: Page) -> Drawing {
    let title = "Cluster centres";
    let clusters = &facts.report.clusters;
    if clusters.is_empty() {
        return super::empty(page, title, "There are no clusters.");
    }
    let t = page.text;
    let shown = clusters.len().min(MOST);
    let mut under = "deviations of the collection above or below its mean".to_owned();
    if shown < clusters.len() {
        under += &format!("; the first {shown} of {}", clusters.len());
    }
    let mut drawing = Drawing::new(page, format!("Centres of {shown} clusters in {DIMENSIONS} dimensions"));
    let mut area = Area::within(&mut drawing, page, title, &under);
    let mut bar = area.right(4.6 * t);
    bar.left(1.2 * t);
    let head = area.above(4.4 * t);
    let row = area.h / DIMENSIONS as f64;
    let size = (row * 0.68).min(0.9 * t);
    let widest = TRACK_DIMENSIONS.iter().map(|d| text_width(d.name, size)).fold(0.0, f64::max);
    let names = area.left(widest + 0.7 * t);
    let column = area.w / shown as f64;
    for (c, cluster) in clusters[..shown].iter().enumerate() {
        let middle = area.x + (c as f64 + 0.5) * column;
        drawing
            .add(Shape::Mark { at: [middle, head.y + 0.7 * t], radius: 0.4 * t, form: Form::of(c) }, Paint::Cluster(c));
        // A word a line: names stay readable in narrow columns. Where not five letters fit, the mark alone stands.
        let small = 0.75 * t;
        for (line, word) in cluster.name.splitn(3, ", ").enumerate() {
            let word = fitted(word, small, column - 0.3 * t);
            if !word.is_empty() && column >= text_width("words", small) + 0.3 * t {
                let base = [middle, head.y + (2.05 + 0.95 * line as f64) * t];
                drawing.text(base, small, Anchor::Middle, word, Paint::Ink).tip = Some(cluster.name.clone());
            }
        }
    }
    for (d, dim) in TRACK_DIMENSIONS.iter().enumerate() {
        let y = area.y + d as f64 * row;
        let base = y + row / 2.0 + 0.35 * size;
        let end = [names.x + names.w - 0.5 * t, base];
        drawing.text(end, size, Anchor::End, dimension(dim.name), Paint::Ink);
        for (c, cluster) in clusters[..shown].iter().enumerate() {
            let x = area.x + c as f64 * column;
            let middle = [x + column / 2.0, base];
            let z = facts.z(c, d);
            let (text, ink) = match z {
                Some(z) => {
                    let part = z / FAR;
                    let cell = drawing.block([x, y], [column - 1.0, row - 1.0], Paint::Deviation(part));
                    let centre = cluster.centre[d].map_or(String::new(), |v| value(d, v));
                    cell.tip = Some(format!("{}, {}: {centre}, {}", cluster.name, dimension(dim.name), signed(z)));
                    (signed(z), Paint::OnDeviation(part))
                }
                // No deviation without spread, no centre without values.
                None => ("-".into(), Paint::Quiet),
            };
            if text_width(&text, size) < column - 2.0 {
                drawing.text(middle, size, Anchor::Middle, text, ink);
            }
        }
    }
    // A line where a family of dimensions ends.
    for d in (1..DIMENSIONS).filter(|&d| TRACK_DIMENSIONS[d].family != TRACK_DIMENSIONS[d - 1].family) {
        let y = area.y + d as f64 * row - 0.5;
        drawing.line([names.x, y], [area.x + area.w, y], 1.5, Paint::Quiet);
    }
    let steps = 40;
    let high = area.h * 0.6 / f64::from(steps);
    for i in 0..steps {
        let part = 1.0 - 2.0 * f64::from(i) / f64::from(steps - 1);
        drawing.block([bar.x, area.y + f64::from(i) * high], [0.9 * t, high + 0.5], Paint::Deviation(part));
    }
    for (at, v) in [(0.0, FAR), (0.25, FAR / 2.0), (0.5, 0.0), (0.75, -FAR / 2.0), (1.0, -FAR)] {
        let y = area.y + at * high * f64::from(steps) + 0.32 * t;
        drawing.text([bar.x + 1.2 * t, y], 0.8 * t, Anchor::Start, signed(v), Paint::Quiet);
    }
    drawing
}
