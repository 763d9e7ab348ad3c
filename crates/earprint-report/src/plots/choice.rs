//! How good each number of clusters is: silhouette with its spread over resamples, stability below, the number chosen
//! marked.

use crate::Tried;
use crate::drawing::axes::{Area, Axis, Frame, Key, legend};
use crate::drawing::{Anchor, Drawing, Form, Page, Paint, Shape};
use crate::facts::Facts;

/// The plot.
pub fn draw(facts: &Facts, page: Page) -> Drawing {
    let title = "Number of clusters";
    let Some(choice) = &facts.report.choice else {
        return super::empty(page, title, "The number was given, or there are no clusters.");
    };
    let tried = &choice.tried;
    if !tried.iter().any(|t| t.silhouette.is_some()) {
        return super::empty(page, title, "No number of clusters could be measured.");
    }
    let t = page.text;
    let runner = choice.runner_up.map_or(String::new(), |r| format!(", runner-up {r}"));
    let mut drawing = Drawing::new(page, format!("{title}: {} chosen{runner}", choice.k));
    let heading = format!("{title}: {}{runner}", choice.k);
    let mut area = Area::within(&mut drawing, page, &heading, &choice.words);
    let mut keys = vec![(Key::Mark(Form::Circle, Paint::Hue(0)), "tried".into())];
    keys.push((Key::Mark(Form::Diamond, Paint::Hue(1)), format!("chosen: {}", choice.k)));
    if let Some(r) = choice.runner_up {
        keys.push((Key::Mark(Form::Square, Paint::Hue(4)), format!("runner-up: {r}")));
    }
    keys.push((Key::Line(Paint::Hue(0), 2.0), "one deviation".into()));
    let mut strip = area.right(10.5 * t);
    strip.left(0.5 * t);
    legend(&mut drawing, strip, &keys, t);

    let (first, last) = (tried[0].k as f64, tried[tried.len() - 1].k as f64);
    let most = (area.w / (3.0 * t)) as usize;
    let ks = |label: &str| Axis::new(first - 0.5, last + 0.5, most, label).whole();
    let lower = tried.iter().any(|t| t.stability.is_some()).then(|| area.below(area.h * 0.42));
    let ends = |t: &Tried| {
        let (s, spread) = (t.silhouette?, t.spread.unwrap_or(0.0));
        Some([s - spread, s + spread])
    };
    let y = Axis::over(tried.iter().filter_map(ends).flatten(), 6, "silhouette");
    let frame = Frame::draw(&mut drawing, area, ks(if lower.is_some() { "" } else { "clusters" }), y, t);
    series(&mut drawing, &frame, tried, choice, t, |t| t.silhouette, ends);
    if let Some(area) = lower {
        let y = Axis::over(tried.iter().filter_map(|t| t.stability), 4, "stability");
        let frame = Frame::draw(&mut drawing, area, ks("clusters"), y, t);
        series(&mut drawing, &frame, tried, choice, t, |t| t.stability, |_| None);
    }
    drawing
}

fn series(
    drawing: &mut Drawing,
    frame: &Frame,
    tried: &[Tried],
    choice: &crate::Choice,
    t: f64,
    value: impl Fn(&Tried) -> Option<f64>,
    ends: impl Fn(&Tried) -> Option<[f64; 2]>,
) {
    if tried.iter().any(|t| t.k == choice.k) {
        let x = frame.place(choice.k as f64, frame.y.low)[0];
        drawing.block([x - 0.7 * t, frame.area.y], [1.4 * t, frame.area.h], Paint::Raised);
    }
    for run in tried.split(|t| value(t).is_none()).filter(|run| run.len() > 1) {
        let points = run.iter().filter_map(|t| Some(frame.place(t.k as f64, value(t)?))).collect();
        drawing.add(Shape::Line { points, width: 1.5 }, Paint::Plain);
    }
    for one in tried {
        let Some(v) = value(one) else { continue };
        let x = one.k as f64;
        if let Some([low, high]) = ends(one) {
            let (a, b) = (frame.place(x, low), frame.place(x, high));
            drawing.line(a, b, 2.0, Paint::Hue(0));
            for end in [a, b] {
                drawing.line([end[0] - 0.25 * t, end[1]], [end[0] + 0.25 * t, end[1]], 2.0, Paint::Hue(0));
            }
        }
        let (form, hue, radius) = match one.k {
            k if k == choice.k => (Form::Diamond, 1, 0.38),
            k if Some(k) == choice.runner_up => (Form::Square, 4, 0.34),
            _ => (Form::Circle, 0, 0.26),
        };
        let at = frame.place(x, v);
        let mark = drawing.add(Shape::Mark { at, radius: radius * t, form }, Paint::Hue(hue));
        mark.tip = Some(format!("{} clusters: {v:.3}", one.k));
        if one.k == choice.k {
            // Beside the mark, on the side with more room.
            let left = at[0] > frame.area.x + frame.area.w * 0.8;
            let (x, anchor) = if left { (at[0] - 0.9 * t, Anchor::End) } else { (at[0] + 0.9 * t, Anchor::Start) };
            drawing.text([x, at[1] + 0.3 * t], 0.85 * t, anchor, format!("{v:.2}"), Paint::Ink);
        }
    }
}
