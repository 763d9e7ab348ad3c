//! The order along its way: tempo, loudness and the cost of each step, place by place.

use earprint_core::{TRACK_DIMENSIONS, dim};

use crate::drawing::axes::{Area, Axis, Frame};
use crate::drawing::{Drawing, Form, Page, Paint, Shape};
use crate::facts::{Facts, name};
use crate::plots::map::look;
use crate::words::{count, decimals, fixed, number, one_line, value};

/// Up to so many places each is a mark; beyond, a line alone is clearer.
const MARKS: usize = 150;

/// The plot.
pub fn draw(facts: &Facts, page: Page) -> Drawing {
    let title = "Listening order";
    let Some(sequence) = facts.report.sequence.as_ref().filter(|s| !s.order.is_empty()) else {
        return super::empty(page, title, "There is no listening order.");
    };
    let t = page.text;
    let places = sequence.order.len();
    let mut drawing = Drawing::new(page, format!("{title} of {}: {}", count(places, "track"), sequence.goal));
    let under = format!("{}; {}", costs_in_words(sequence), sequence.goal);
    let mut area = Area::within(&mut drawing, page, title, &under);
    let third = area.h / 3.15;
    let most = (area.w / (3.5 * t)) as usize;
    let axis = |label: &str| Axis::new(0.5, places as f64 + 0.5, most, label).whole();
    let strips = [area.above(third), area.above(third), area];
    for (d, strip) in [dim::TEMPO, dim::LOUDNESS].into_iter().zip(strips) {
        let of = |track: usize| facts.report.tracks[track].values[d];
        let label = format!("{}, {}", TRACK_DIMENSIONS[d].name, TRACK_DIMENSIONS[d].unit);
        let y = Axis::over(sequence.order.iter().filter_map(|&i| of(i)), 5, label);
        let frame = Frame::draw(&mut drawing, strip, axis(""), y, t);
        let points: Vec<_> = sequence
            .order
            .iter()
            .enumerate()
            .map(|(place, &i)| (place, i, of(i).map(|v| frame.place(place as f64 + 1.0, v))))
            .collect();
        // An unknown number is a gap, not a straight line across it.
        for run in points.split(|p| p.2.is_none()).filter(|run| run.len() > 1) {
            let points = run.iter().filter_map(|p| p.2).collect();
            drawing.add(Shape::Line { points, width: 1.5 }, Paint::Plain);
        }
        for (place, i, at) in points.into_iter().filter(|_| places <= MARKS) {
            let (Some(at), Some(v)) = (at, of(i)) else { continue };
            let (form, paint) = look(facts, i);
            let mark =
                drawing.add(Shape::Mark { at, radius: (0.3 * t).min(area.w / places as f64 * 0.8), form }, paint);
            let track = one_line(name(&facts.report.tracks[i].path));
            (mark.tip, mark.track) = (Some(format!("{}. {track}: {}", place + 1, value(d, v))), Some(i));
        }
    }
    costs(&mut drawing, facts, sequence, strips[2], axis("place"), t);
    drawing
}

/// `cost 19.7, greedy 23.0, random 45.4`, all with as many decimals as the first.
fn costs_in_words(sequence: &crate::Sequence) -> String {
    let places = decimals(sequence.total, 3);
    let mut text = format!("cost {}", fixed(sequence.total, places));
    text += &sequence.greedy.map_or(String::new(), |g| format!(", greedy {}", fixed(g, places)));
    text += &sequence.random_mean.map_or(String::new(), |r| format!(", random {}", fixed(r, places)));
    text
}

fn costs(drawing: &mut Drawing, facts: &Facts, sequence: &crate::Sequence, area: Area, x: Axis, t: f64) {
    let most = sequence.transitions.iter().map(|w| w.cost).fold(0.0, f64::max);
    let found: std::collections::BTreeSet<usize> = sequence.findings.iter().map(|f| f.at).collect();
    let label = if found.is_empty() { "cost of the step" } else { "cost of the step (orange: see findings)" };
    let most = if most > 0.0 { most } else { 1.0 };
    let frame = Frame::draw(drawing, area, x, Axis::new(0.0, most * 1.15, 5, label), t);
    let wide = (frame.area.w / sequence.order.len() as f64 * 0.7).max(1.0);
    for (before, way) in sequence.transitions.iter().enumerate() {
        let place = before + 1;
        let [middle, top] = frame.place(place as f64 + 1.0, way.cost);
        let high = (frame.area.y + frame.area.h - top).max(1.0);
        let paint = if found.contains(&place) { Paint::Hue(1) } else { Paint::Hue(5) };
        let bar = drawing.block([middle - wide / 2.0, frame.area.y + frame.area.h - high], [wide, high], paint);
        let to = one_line(name(&facts.report.tracks[sequence.order[place]].path));
        bar.tip = Some(format!("to {}. {to}: {} {}", place + 1, number(way.cost, 3), way.words));
    }
    for &place in found.iter().filter(|_| sequence.order.len() <= MARKS) {
        let cost = place.checked_sub(1).map_or(0.0, |w| sequence.transitions[w].cost);
        let [x, y] = frame.place(place as f64 + 1.0, cost);
        let at = [x, (y - 0.5 * t).max(frame.area.y)];
        drawing.add(Shape::Mark { at, radius: 0.22 * t, form: Form::Diamond }, Paint::Hue(1));
    }
}
