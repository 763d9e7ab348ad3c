//! Sections of the longest tracks, one below the other: the part each plays by colour, its energy by height, its letter
//! inside.

use earprint_store::picture::Tick;

use crate::drawing::axes::{Area, Axis, Key, legend};
use crate::drawing::{Anchor, Drawing, Page, Paint, fitted, text_width};
use crate::facts::{Facts, name};
use crate::words::{duration, number, one_line};
use crate::{Section, Track};

/// Most tracks shown.
pub const MOST: usize = 20;
/// Roles in the order of their colours; others follow in the order they appear.
const ROLES: [&str; 6] = ["intro", "build-up", "steady", "climax", "breakdown", "outro"];
/// Colours of the roles: quiet ones cold, loud ones warm.
const COLORS: [usize; 8] = [5, 4, 2, 1, 0, 3, 7, 6];
/// dB below the loudest section at which a block is lowest.
const RANGE_DB: f64 = 24.0;

/// The longest tracks that have sections, longest first, the first among equals first.
pub fn longest(facts: &Facts) -> Vec<usize> {
    let tracks = &facts.report.tracks;
    let mut with: Vec<usize> = (0..tracks.len()).filter(|&i| !tracks[i].sections.is_empty()).collect();
    with.sort_by(|&a, &b| end(&tracks[b]).total_cmp(&end(&tracks[a])).then(a.cmp(&b)));
    with.truncate(MOST);
    with
}

fn end(track: &Track) -> f64 {
    track.sections.last().map_or(0.0, |s| s.end_s)
}

/// All roles that occur, the known ones first.
pub fn roles(facts: &Facts) -> Vec<String> {
    let mut roles: Vec<String> = ROLES.iter().map(|r| (*r).to_owned()).collect();
    for section in facts.report.tracks.iter().flat_map(|t| &t.sections) {
        if !roles.contains(&section.role) {
            roles.push(section.role.clone());
        }
    }
    roles
}

/// Index into the hues of the role at a place in [`roles`].
pub fn hue(role: usize) -> usize {
    COLORS[role % COLORS.len()]
}

/// Part of the full height of each section's block: 1 for the loudest, the least one at 24 dB below; full where
/// unknown.
pub fn heights(sections: &[Section]) -> Vec<f64> {
    let loudest = sections.iter().filter_map(|s| s.energy_db).fold(f64::NEG_INFINITY, f64::max);
    let part = |s: &Section| s.energy_db.map_or(1.0, |e| (1.0 - (loudest - e) / RANGE_DB).clamp(0.3, 1.0));
    sections.iter().map(part).collect()
}

/// The plot.
pub fn draw(facts: &Facts, page: Page) -> Drawing {
    let title = "Sections";
    let shown = longest(facts);
    if shown.is_empty() {
        return super::empty(page, title, "No track has sections.");
    }
    let t = page.text;
    let tracks = &facts.report.tracks;
    let words = if shown.len() == 1 { "of one track".into() } else { format!("of the {} longest tracks", shown.len()) };
    let mut drawing = Drawing::new(page, format!("{title} {words}"));
    let mut area = Area::within(
        &mut drawing,
        page,
        &format!("{title} {words}"),
        "colour: part it plays - height: energy - same letter: sounds alike",
    );
    let roles = roles(facts);
    let present = |role: &str| shown.iter().any(|&i| tracks[i].sections.iter().any(|s| s.role == role));
    let keys: Vec<(Key, String)> = roles
        .iter()
        .enumerate()
        .filter(|(_, role)| present(role))
        .map(|(i, role)| (Key::Block(Paint::Hue(hue(i))), role.clone()))
        .collect();
    let mut strip = area.right(8.5 * t);
    strip.left(0.8 * t);
    legend(&mut drawing, strip, &keys, t);
    let size = 0.85 * t;
    let names: Vec<String> = shown.iter().map(|&i| one_line(name(&tracks[i].path))).collect();
    let widest = names.iter().map(|n| text_width(n, size)).fold(0.0, f64::max);
    let left = area.left((widest + 0.6 * t).min(page.width * 0.26));
    area.right(1.5 * t);
    let feet = area.below(1.8 * t);
    let axis = minutes(end(&tracks[shown[0]]), (area.w / (3.6 * t)) as usize);
    for tick in &axis.ticks {
        let x = area.x + axis.part(tick.at) * area.w;
        drawing.line([x, area.y], [x, area.y + area.h], 1.0, Paint::Grid);
        drawing.text([x, feet.y + 1.2 * t], size, Anchor::Middle, tick.label.clone(), Paint::Quiet);
    }
    let step = (area.h / shown.len() as f64).min(2.6 * t);
    for (row, (&i, name)) in shown.iter().zip(&names).enumerate() {
        let (top, high) = (area.y + row as f64 * step, step * 0.8);
        let text = fitted(name, size, left.w - 0.6 * t);
        let item = drawing.text([left.x, top + high / 2.0 + 0.32 * size], size, Anchor::Start, text, Paint::Ink);
        (item.tip, item.track) = (Some(name.clone()), Some(i));
        for (s, part) in tracks[i].sections.iter().zip(heights(&tracks[i].sections)) {
            let from = area.x + axis.part(s.start_s) * area.w;
            let wide = (axis.part(s.end_s - s.start_s) * area.w - 1.0).max(0.5);
            let hue = hue(roles.iter().position(|r| *r == s.role).expect("every role is among them"));
            let block = drawing.block([from, top + high * (1.0 - part)], [wide, high * part], Paint::Hue(hue));
            let energy = s.energy_db.map_or(String::new(), |e| format!(", {} dB", number(e, 2)));
            block.tip = Some(format!(
                "{name}: {} {}, {} to {}{energy}",
                s.label,
                s.role,
                duration(s.start_s),
                duration(s.end_s)
            ));
            let small = size.min(high * part * 1.1);
            if text_width(&s.label, small) + 0.3 * t < wide && small >= 0.5 * t {
                let base = top + high - high * part / 2.0 + 0.35 * small;
                drawing.text([from + wide / 2.0, base], small, Anchor::Middle, s.label.clone(), Paint::OnHue(hue));
            }
        }
    }
    drawing
}

/// An axis of time from 0, its ticks as a clock shows them.
fn minutes(end: f64, most: usize) -> Axis {
    let steps =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 36000.0];
    let step = steps.into_iter().find(|s| end / s <= most.max(2) as f64).unwrap_or(end.max(1.0));
    let count = (end / step).floor() as usize;
    let ticks = (0..=count).map(|i| i as f64 * step).map(|at| Tick { at, label: duration(at) }).collect();
    Axis { ticks, ..Axis::new(0.0, end.max(1e-6), 2, "") }
}
