//! Plots as lists of shapes, drawn twice from one description: as pixels ([`pixels`]) and as SVG for the page
//! ([`svg`]).
//!
//! Coordinates are pixels of the drawing from its top left corner. Colours are roles, so that the page can answer to
//! dark and light; pictures are always light.

pub mod axes;
pub mod forms;
pub mod palette;
pub mod pixels;
pub mod svg;

use earprint_store::picture::lettering_width;

pub use forms::Form;
pub use palette::Paint;

/// A place, pixels, right and down.
pub type At = [f64; 2];

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Polygon(Vec<At>),
    Line {
        points: Vec<At>,
        width: f64,
    },
    /// `size` is the height of the letters' em, the base line `at[1]`.
    Text {
        at: At,
        size: f64,
        anchor: Anchor,
        text: String,
    },
    Mark {
        at: At,
        radius: f64,
        form: Form,
    },
    /// A circle without inside.
    Ring {
        at: At,
        radius: f64,
        width: f64,
    },
}

/// A shape with its colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub shape: Shape,
    pub paint: Paint,
    /// What stands in a tip of the page.
    pub tip: Option<String>,
    /// The track it is, for the page.
    pub track: Option<usize>,
}

/// A plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Pixels.
    pub width: f64,
    /// Pixels.
    pub height: f64,
    /// What it shows, in a sentence, for whoever does not see it.
    pub about: String,
    /// First ones lie below.
    pub items: Vec<Item>,
}

/// Size of a drawing, its letters, and whether it says its own title: the page has headings of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page {
    /// Pixels.
    pub width: f64,
    /// Pixels.
    pub height: f64,
    /// Em of the letters, pixels.
    pub text: f64,
    /// With a title.
    pub titled: bool,
}

/// Pixels `text` takes at most, at an em of `size`.
pub fn text_width(text: &str, size: f64) -> f64 {
    lettering_width(text, size / pixels::EM_DOTS)
}

/// `text` cut to a width, dots for the rest.
pub fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while !kept.is_empty() {
        kept.pop();
        let short = format!("{}..", kept.iter().collect::<String>().trim_end());
        if text_width(&short, size) <= width {
            return short;
        }
    }
    String::new()
}

impl Drawing {
    /// An empty drawing.
    pub fn new(page: Page, about: impl Into<String>) -> Self {
        Self { width: page.width, height: page.height, about: about.into(), items: Vec::new() }
    }

    /// Adds a shape.
    pub fn add(&mut self, shape: Shape, paint: Paint) -> &mut Item {
        self.items.push(Item { shape, paint, tip: None, track: None });
        self.items.last_mut().expect("just added")
    }

    /// Adds a filled rectangle.
    pub fn block(&mut self, [x, y]: At, [w, h]: At, paint: Paint) -> &mut Item {
        self.add(Shape::Polygon(vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]]), paint)
    }

    /// Adds a straight line.
    pub fn line(&mut self, a: At, b: At, width: f64, paint: Paint) -> &mut Item {
        self.add(Shape::Line { points: vec![a, b], width }, paint)
    }

    /// Adds text.
    pub fn text(&mut self, at: At, size: f64, anchor: Anchor, text: impl Into<String>, paint: Paint) -> &mut Item {
        self.add(Shape::Text { at, size, anchor, text: text.into() }, paint)
    }

    /// Left and right end of a text item, top and bottom of its letters.
    #[cfg(test)]
    pub fn text_reach(item: &Item) -> Option<[f64; 4]> {
        let Shape::Text { at, size, anchor, text } = &item.shape else { return None };
        let left = at[0] - anchor.share() * text_width(text, *size);
        Some([left, left + text_width(text, *size), at[1] - 0.7 * size, at[1] + 0.2 * size])
    }
}

impl Anchor {
    /// Part of the text that lies left of its place.
    pub fn share(self) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }
}
