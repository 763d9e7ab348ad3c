//! How many tracks each cluster has, and how alike they are.

use crate::drawing::axes::{Area, Axis};
use crate::drawing::{Anchor, Drawing, Form, Page, Paint, Shape, fitted, text_width};
use crate::facts::Facts;
use crate::words::{count, thousands};

/// The plot.
pub fn draw(facts: &Facts, page: Page) -> Drawing {
    let title = "Cluster sizes";
    let report = facts.report;
    if report.clusters.is_empty() {
        return super::empty(page, title, "There are no clusters.");
    }
    let t = page.text;
    let mut drawing = Drawing::new(page, format!("Sizes of {}", count(report.clusters.len(), "cluster")));
    let under = format!("{} in {}", count(report.tracks.len(), "track"), count(report.clusters.len(), "cluster"));
    let mut area = Area::within(&mut drawing, page, title, &under);
    let mut rows: Vec<(Option<usize>, &str, usize, String)> = Vec::new();
    for (i, c) in report.clusters.iter().enumerate() {
        let mut words = c.homogeneity_words.clone().unwrap_or_default();
        if let Some(h) = c.homogeneity {
            words += &format!("{}{h:.2}", if words.is_empty() { "homogeneity " } else { ", " });
        }
        rows.push((Some(i), &c.name, c.size, words));
    }
    let none = report.tracks.iter().filter(|t| t.cluster.is_none()).count();
    if none > 0 {
        rows.push((None, "no cluster", none, String::new()));
    }
    let fit = (area.h / (1.5 * t)) as usize;
    let more = rows.len().saturating_sub(fit);
    if more > 0 {
        rows.truncate(fit - 1);
        let strip = area.below(1.5 * t);
        let text = format!("and {} more", more + 1);
        drawing.text([strip.x, strip.y + t], 0.9 * t, Anchor::Start, text, Paint::Quiet);
    }
    let size = 0.9 * t;
    let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    let names = area.left((widest(&mut rows.iter().map(|r| text_width(r.1, size))) + 2.6 * t).min(page.width * 0.38));
    let words = area.right((widest(&mut rows.iter().map(|r| text_width(&r.3, size))) + t).min(page.width * 0.26));
    // Room for the number beside the longest bar.
    area.right(widest(&mut rows.iter().map(|r| text_width(&thousands(r.2), size))) + 0.8 * t);
    let axis = Axis::new(0.0, rows.iter().map(|r| r.2).max().unwrap_or(1).max(1) as f64, 5, "");
    let step = (area.h / rows.len() as f64).min(5.0 * t);
    for (at, (cluster, name, tracks, note)) in rows.iter().enumerate() {
        let middle = area.y + (at as f64 + 0.5) * step;
        let base = middle + 0.32 * t;
        let (form, paint) = cluster.map_or((Form::Circle, Paint::Plain), |c| (Form::of(c), Paint::Cluster(c)));
        drawing.add(Shape::Mark { at: [names.x + 0.7 * t, middle], radius: 0.4 * t, form }, paint);
        let name = fitted(name, size, names.w - 2.4 * t);
        drawing.text([names.x + 1.8 * t, base], size, Anchor::Start, name, Paint::Ink);
        let w = area.w * axis.part(*tracks as f64);
        let bar = (step * 0.62).min(2.4 * t);
        drawing.block([area.x, middle - bar / 2.0], [w.max(1.0), bar], paint);
        // Beside its bar, not in a column far away.
        drawing.text([area.x + w + 0.4 * t, base], size, Anchor::Start, thousands(*tracks), Paint::Ink);
        let note = fitted(note, size, words.w - 0.5 * t);
        drawing.text([words.x + 0.5 * t, base], size, Anchor::Start, note, Paint::Quiet);
    }
    drawing.line([area.x, area.y], [area.x, area.y + step * rows.len() as f64], 1.5, Paint::Quiet);
    drawing
}
