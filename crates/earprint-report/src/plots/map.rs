//! The map: every track a mark, its cluster by colour and form, a ring where the map tears it from its nearest.

use crate::drawing::axes::{Area, Key, legend};
use crate::drawing::{At, Drawing, Form, Page, Paint, Shape};
use crate::facts::Facts;
use crate::words::thousands;

/// Most tracks drawn: more would be one blot, and more than a browser moves at ease.
pub const MOST: usize = 10_000;

/// Where the tracks stand on a drawing.
#[derive(Debug)]
pub struct Places {
    /// Index of a track and its place, pixels, in the order of the tracks.
    pub at: Vec<(usize, At)>,
    /// Of a mark, pixels.
    pub radius: f64,
    /// Every so-manyth track is drawn.
    pub every: usize,
}

/// Places within an area, one scale for both directions, room for the outermost marks.
pub fn places(facts: &Facts, area: Area, t: f64) -> Places {
    let mapped = facts.mapped();
    let every = mapped.div_ceil(MOST).max(1);
    let drawn = mapped.div_ceil(every);
    let radius = t * match drawn {
        0..=200 => 0.42,
        201..=1000 => 0.32,
        1001..=4000 => 0.22,
        _ => 0.16,
    };
    let points: Vec<(usize, [f64; 2])> =
        facts.report.tracks.iter().enumerate().filter_map(|(i, t)| Some((i, t.xy?))).collect();
    let reach = |axis: usize| {
        points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |r, p| (r.0.min(p.1[axis]), r.1.max(p.1[axis])))
    };
    let ((left, right), (low, high)) = (reach(0), reach(1));
    let room = 2.5 * radius;
    let per = |pixels: f64, span: f64| if span > 0.0 { (pixels - 2.0 * room) / span } else { f64::INFINITY };
    let scale = per(area.w, right - left).min(per(area.h, high - low));
    // One place for all: in the middle.
    let scale = if scale.is_finite() { scale } else { 0.0 };
    let middle = [area.x + area.w / 2.0, area.y + area.h / 2.0];
    let place = |[x, y]: [f64; 2]| {
        [middle[0] + (x - (left + right) / 2.0) * scale, middle[1] - (y - (low + high) / 2.0) * scale]
    };
    let at = points.iter().step_by(every).map(|&(i, xy)| (i, place(xy))).collect();
    Places { at, radius, every }
}

/// How the track's cluster looks.
pub fn look(facts: &Facts, track: usize) -> (Form, Paint) {
    facts.cluster_of(track).map_or((Form::Circle, Paint::Plain), |c| (Form::of(c), Paint::Cluster(c)))
}

/// Words under the title: what the map can be trusted with, and what is not drawn.
pub fn quality(facts: &Facts, every: usize) -> String {
    let mut parts = Vec::new();
    if every > 1 {
        parts.push(format!(
            "every {every}{} of {} tracks is drawn",
            match (every % 10, every % 100) {
                (1, n) if n != 11 => "st",
                (2, n) if n != 12 => "nd",
                (3, n) if n != 13 => "rd",
                _ => "th",
            },
            thousands(facts.mapped())
        ));
    }
    let without = facts.report.tracks.len() - facts.mapped();
    if without > 0 {
        parts.push(format!("{} without a place", thousands(without)));
    }
    if let Some(map) = &facts.report.map {
        let of = map.sampled.map_or(String::new(), |n| format!(" ({} sampled)", thousands(n)));
        let measured: Vec<String> = [("trustworthiness", map.trustworthiness), ("continuity", map.continuity)]
            .into_iter()
            .filter_map(|(name, v)| Some(format!("{name} {:.2}", v?)))
            .collect();
        if !measured.is_empty() {
            parts.push(format!("{} at {} neighbours{of}", measured.join(", "), map.neighbours));
        }
        parts.push(format!("{} torn", thousands(map.torn)));
    }
    parts.join(" - ")
}

/// The plot.
pub fn draw(facts: &Facts, page: Page) -> Drawing {
    let t = page.text;
    let report = facts.report;
    if facts.mapped() == 0 {
        return super::empty(page, "Map", "No track has a place on a map.");
    }
    let mut drawing = Drawing::new(page, format!("Map of {} tracks", facts.mapped()));
    let every = facts.mapped().div_ceil(MOST).max(1);
    let mut area = Area::within(&mut drawing, page, "Map: near is alike", &quality(facts, every));
    let mut keys: Vec<(Key, String)> = report
        .clusters
        .iter()
        .enumerate()
        .map(|(i, c)| (Key::Mark(Form::of(i), Paint::Cluster(i)), format!("{} ({})", c.name, thousands(c.size))))
        .collect();
    if report.tracks.iter().any(|t| t.xy.is_some() && t.cluster.is_none()) {
        keys.push((Key::Mark(Form::Circle, Paint::Plain), "no cluster".into()));
    }
    if report.tracks.iter().any(|t| t.xy.is_some() && t.torn == Some(true)) {
        keys.push((Key::Ring, "torn from its nearest".into()));
    }
    if !keys.is_empty() {
        let widest = keys.iter().map(|k| crate::drawing::text_width(&k.1, 0.9 * t)).fold(0.0, f64::max);
        let mut strip = area.right((widest + 3.0 * t).min(page.width * 0.36));
        strip.left(0.8 * t);
        legend(&mut drawing, strip, &keys, t);
    }
    let (right, bottom) = (area.x + area.w, area.y + area.h);
    let frame = vec![[area.x, area.y], [right, area.y], [right, bottom], [area.x, bottom], [area.x, area.y]];
    drawing.add(Shape::Line { points: frame, width: 1.0 }, Paint::Grid);
    let places = places(facts, area, t);
    for &(i, at) in &places.at {
        let (form, paint) = look(facts, i);
        drawing.add(Shape::Mark { at, radius: places.radius, form }, paint);
    }
    // Rings above all marks, or neighbours would hide them.
    for &(_, at) in places.at.iter().filter(|p| report.tracks[p.0].torn == Some(true)) {
        drawing.add(Shape::Ring { at, radius: places.radius * 1.9, width: (t / 14.0).max(1.0) }, Paint::Ink);
    }
    drawing
}
