//! What stands around the data of a plot: title, a frame with ticks, a legend beside it. Margins are as wide as the
//! labels they hold, so nothing overlaps and nothing is cut.

use earprint_store::picture::{Tick, linear_ticks};

use super::{Anchor, At, Drawing, Form, Page, Paint, Shape, fitted, text_width};

/// A rectangle of a drawing, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Area {
    /// The page within its margins, below the title if it has one, which is drawn here.
    pub fn within(drawing: &mut Drawing, page: Page, title: &str, under: &str) -> Self {
        let t = page.text;
        let margin = if page.titled { 1.5 * t } else { 0.2 * t };
        let mut top = margin;
        if page.titled {
            let size = 1.4 * t;
            let room = page.width - 2.0 * margin;
            drawing.text([margin, top + size], size, Anchor::Start, fitted(title, size, room), Paint::Ink);
            top += size + 0.5 * t;
            if !under.is_empty() {
                drawing.text([margin, top + t], 0.9 * t, Anchor::Start, fitted(under, 0.9 * t, room), Paint::Quiet);
                top += t + 0.5 * t;
            }
            top += 0.5 * t;
        }
        Self { x: margin, y: top, w: page.width - 2.0 * margin, h: page.height - top - margin }
    }

    /// Takes a strip off the right side.
    pub fn right(&mut self, w: f64) -> Self {
        self.w -= w;
        Self { x: self.x + self.w, w, ..*self }
    }

    /// Takes a strip off the bottom.
    pub fn below(&mut self, h: f64) -> Self {
        self.h -= h;
        Self { y: self.y + self.h, h, ..*self }
    }

    /// Takes a strip off the left side.
    pub fn left(&mut self, w: f64) -> Self {
        let strip = Self { w, ..*self };
        (self.x, self.w) = (self.x + w, self.w - w);
        strip
    }

    /// Takes a strip off the top.
    pub fn above(&mut self, h: f64) -> Self {
        let strip = Self { h, ..*self };
        (self.y, self.h) = (self.y + h, self.h - h);
        strip
    }
}

/// One axis: what it spans and what is written along it.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<Tick>,
    pub label: String,
}

impl Axis {
    /// From `low` to `high` with at most `most` round ticks. A span of nothing becomes one of 1.
    pub fn new(low: f64, high: f64, most: usize, label: impl Into<String>) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
        Self { low, high, ticks: linear_ticks(low, high, most.max(2)), label: label.into() }
    }

    /// Over values, with a twentieth of room at both ends.
    pub fn over(values: impl Iterator<Item = f64>, most: usize, label: impl Into<String>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |r, v| (r.0.min(v), r.1.max(v)));
        if low > high {
            return Self::new(0.0, 1.0, most, label);
        }
        let room = (high - low) / 20.0;
        Self::new(low - room, high + room, most, label)
    }

    /// Ticks at whole numbers only.
    pub fn whole(mut self) -> Self {
        self.ticks.retain(|t| t.at == t.at.round());
        self
    }

    /// Part of the way from the low to the high end.
    pub fn part(&self, v: f64) -> f64 {
        (v - self.low) / (self.high - self.low)
    }
}

/// A frame with its two axes, drawn; data go through [`Frame::place`].
#[derive(Debug, Clone)]
pub struct Frame {
    pub area: Area,
    pub x: Axis,
    pub y: Axis,
}

impl Frame {
    /// Draws axes along the lower and left side of `area` and keeps what is left for the data.
    pub fn draw(drawing: &mut Drawing, mut area: Area, x: Axis, y: Axis, t: f64) -> Self {
        let size = 0.9 * t;
        area.above(0.6 * t);
        area.right(0.8 * t);
        if !y.label.is_empty() {
            let strip = area.above(1.4 * t);
            drawing.text([strip.x, strip.y + 0.7 * t], size, Anchor::Start, y.label.clone(), Paint::Quiet);
        }
        if !x.label.is_empty() {
            let strip = area.below(1.5 * t);
            let at = [strip.x + strip.w, strip.y + 1.1 * t];
            drawing.text(at, size, Anchor::End, x.label.clone(), Paint::Quiet);
        }
        area.below(1.6 * t);
        let widest = y.ticks.iter().map(|k| text_width(&k.label, size)).fold(0.0, f64::max);
        area.left(widest + 0.6 * t);
        let frame = Self { area, x, y };
        let Area { x: left, y: top, w, h } = area;
        for tick in &frame.y.ticks {
            let at = frame.place(frame.x.low, tick.at)[1];
            drawing.line([left, at], [left + w, at], 1.0, Paint::Grid);
            let base = [left - 0.5 * t, at + 0.35 * size];
            drawing.text(base, size, Anchor::End, tick.label.clone(), Paint::Quiet);
        }
        let mut free = f64::NEG_INFINITY;
        for tick in &frame.x.ticks {
            let at = frame.place(tick.at, frame.y.low)[0];
            let half = text_width(&tick.label, size) / 2.0;
            drawing.line([at, top + h], [at, top + h + 0.3 * t], 1.0, Paint::Quiet);
            // A label that would touch the one before is left out.
            if at - half > free {
                let base = [at, top + h + 0.5 * t + size];
                drawing.text(base, size, Anchor::Middle, tick.label.clone(), Paint::Quiet);
                free = at + half + 0.6 * t;
            }
        }
        drawing.line([left, top + h], [left + w, top + h], 1.5, Paint::Quiet);
        frame
    }

    /// Pixels of a point of the data.
    pub fn place(&self, x: f64, y: f64) -> At {
        [self.area.x + self.x.part(x) * self.area.w, self.area.y + (1.0 - self.y.part(y)) * self.area.h]
    }
}

/// A line of a legend.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Mark(Form, Paint),
    Ring,
    Line(Paint, f64),
    Block(Paint),
}

/// Draws keys with their words one below the other; what does not fit is counted in a last line.
pub fn legend(drawing: &mut Drawing, area: Area, keys: &[(Key, String)], t: f64) {
    let step = 1.7 * t;
    let fit = (area.h / step) as usize;
    let shown = if keys.len() <= fit { keys.len() } else { fit.saturating_sub(1) };
    for (i, (key, words)) in keys[..shown].iter().enumerate() {
        let middle = area.y + (i as f64 + 0.5) * step;
        let at = [area.x + 0.8 * t, middle];
        match *key {
            Key::Mark(form, paint) => {
                drawing.add(Shape::Mark { at, radius: 0.4 * t, form }, paint);
            }
            Key::Ring => {
                drawing.add(Shape::Ring { at, radius: 0.55 * t, width: 1.5 }, Paint::Ink);
            }
            Key::Line(paint, width) => {
                drawing.line([at[0] - 0.7 * t, middle], [at[0] + 0.7 * t, middle], width, paint);
            }
            Key::Block(paint) => {
                drawing.block([at[0] - 0.6 * t, middle - 0.45 * t], [1.2 * t, 0.9 * t], paint);
            }
        }
        let text = fitted(words, 0.9 * t, area.w - 2.0 * t);
        drawing.text([area.x + 2.0 * t, middle + 0.32 * t], 0.9 * t, Anchor::Start, text, Paint::Ink);
    }
    if shown < keys.len() {
        let at = [area.x + 2.0 * t, area.y + (shown as f64 + 0.5) * step + 0.32 * t];
        drawing.text(at, 0.9 * t, Anchor::Start, format!("and {} more", keys.len() - shown), Paint::Quiet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stand_between_the_labels() {
        let page = Page { width: 600.0, height: 400.0, text: 16.0, titled: true };
        let mut drawing = Drawing::new(page, "");
        let area = Area::within(&mut drawing, page, "A title", "under it");
        let frame = Frame::draw(&mut drawing, area, Axis::new(0.0, 10.0, 6, "x"), Axis::new(-1.0, 1.0, 5, "y"), 16.0);
        assert_eq!(frame.place(0.0, 1.0), [frame.area.x, frame.area.y]);
        assert_eq!(frame.place(10.0, -1.0), [frame.area.x + frame.area.w, frame.area.y + frame.area.h]);
        for reach in drawing.items.iter().filter_map(Drawing::text_reach) {
            let [left, right, top, bottom] = reach;
            assert!(left >= 0.0 && right <= 600.0 && top >= 0.0 && bottom <= 400.0, "{reach:?}");
            let a = frame.area;
            let apart = right <= a.x || left >= a.x + a.w || bottom <= a.y + 0.1 || top >= a.y + a.h;
            assert!(apart, "{reach:?} on {a:?}");
        }
    }

    #[test]
    fn labels_without_room_are_left_out() {
        let page = Page { width: 300.0, height: 200.0, text: 16.0, titled: false };
        let mut drawing = Drawing::new(page, "");
        let area = Area { x: 0.0, y: 0.0, w: 300.0, h: 200.0 };
        let x = Axis::new(100_000.0, 100_010.0, 12, "");
        assert_eq!(x.ticks.len(), 11);
        Frame::draw(&mut drawing, area, x, Axis::new(0.0, 1.0, 3, ""), 16.0);
        let feet: Vec<_> = drawing.items.iter().filter_map(Drawing::text_reach).filter(|r| r[2] > 170.0).collect();
        assert!((2..6).contains(&feet.len()) && feet.windows(2).all(|w| w[0][1] < w[1][0]), "{feet:?}");
    }

    #[test]
    fn axes_of_one_value_and_of_none_have_a_span() {
        assert_eq!(Axis::over([3.0].into_iter(), 5, "").part(3.0), 0.5);
        assert_eq!(Axis::over(std::iter::empty(), 5, "").part(0.5), 0.5);
        let whole = Axis::new(2.0, 4.0, 8, "").whole();
        assert_eq!(whole.ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["2", "3", "4"]);
    }
}
