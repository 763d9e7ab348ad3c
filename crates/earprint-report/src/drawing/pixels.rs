//! A drawing as a picture: 8-bit RGB, light.

use std::f64::consts::FRAC_1_SQRT_2;

use earprint_store::picture::{Canvas, Mask, Picture, PictureError};

use super::{At, Drawing, Form, Paint, Shape};

/// Dots of the font in an em: letters are seven of them high.
pub const EM_DOTS: f64 = 10.0;

/// Draws it.
///
/// # Errors
/// `TooLarge` for a drawing of more pixels than a picture may have.
pub fn picture(drawing: &Drawing) -> Result<Picture, PictureError> {
    let mut canvas = Canvas::new(drawing.width.ceil() as u64, drawing.height.ceil() as u64)?;
    for item in &drawing.items {
        let color = item.paint.rgb();
        match &item.shape {
            Shape::Polygon(points) => fill(&mut canvas, points, color),
            Shape::Line { points, width } => stroke(&mut canvas, points, *width, color),
            Shape::Text { at, size, anchor, text } => {
                let left = at[0] - anchor.share() * super::text_width(text, *size);
                canvas.lettering(left, at[1] - 0.7 * size, size / EM_DOTS, text, color);
            }
            Shape::Mark { at, radius, form } => mark(&mut canvas, *at, *radius, *form, color),
            Shape::Ring { at, radius, width } => {
                // Thirty-two chords: no pixel off a circle of 20.
                let corner = |i: usize| TURN[i % TURN.len()];
                let on = |i: usize| [at[0] + radius * corner(i)[0], at[1] + radius * corner(i)[1]];
                stroke(&mut canvas, &(0..=TURN.len()).map(on).collect::<Vec<_>>(), *width, color);
            }
        }
    }
    Ok(canvas.into_picture())
}

/// Cosine and sine of a turn in 32 steps; as numbers, for no machine's sine may decide about a pixel.
const TURN: [At; 32] = {
    const Q: [f64; 9] = [1.0, 0.980_785, 0.923_880, 0.831_470, FRAC_1_SQRT_2, 0.555_570, 0.382_683, 0.195_090, 0.0];
    let mut turn = [[0.0; 2]; 32];
    let mut i = 0;
    while i < 8 {
        turn[i] = [Q[i], Q[8 - i]];
        turn[i + 8] = [-Q[8 - i], Q[i]];
        turn[i + 16] = [-Q[i], -Q[8 - i]];
        turn[i + 24] = [Q[8 - i], -Q[i]];
        i += 1;
    }
    turn
};

fn reach(points: &[At], margin: f64) -> (At, At) {
    let low = |a: usize| points.iter().fold(f64::INFINITY, |m, p| m.min(p[a])) - margin;
    let high = |a: usize| points.iter().fold(f64::NEG_INFINITY, |m, p| m.max(p[a])) + margin;
    ([low(0), low(1)], [high(0), high(1)])
}

fn fill(canvas: &mut Canvas, points: &[At], color: [u8; 3]) {
    let (low, high) = reach(points, 0.0);
    let mut mask = Mask::new(canvas, low, high);
    mask.polygon(points);
    canvas.paint(&mask, color, 255);
}

fn stroke(canvas: &mut Canvas, points: &[At], width: f64, color: [u8; 3]) {
    let (low, high) = reach(points, width);
    let mut mask = Mask::new(canvas, low, high);
    points.windows(2).for_each(|w| mask.stroke(w[0], w[1], width / 2.0));
    canvas.paint(&mask, color, 255);
}

/// A mark with an edge of paper and one of ink: it stays one among others it overlaps, and a light one shows on paper.
fn mark(canvas: &mut Canvas, at: At, radius: f64, form: Form, color: [u8; 3]) {
    let edge = (radius / 8.0).clamp(0.5, 1.0);
    let corners: Vec<At> = form
        .corners()
        .map_or_else(|| vec![at], |c| c.into_iter().map(|p| [at[0] + p[0] * radius, at[1] + p[1] * radius]).collect());
    let round = if form == Form::Circle { radius } else { 0.0 };
    for (more, color) in [(2.0 * edge, Paint::Ground.rgb()), (edge, Paint::Ink.rgb()), (0.0, color)] {
        let (low, high) = reach(&corners, round + more + 1.0);
        let mut mask = Mask::new(canvas, low, high);
        mask.polygon(&corners);
        for (i, &a) in corners.iter().enumerate() {
            if round + more > 0.0 {
                mask.stroke(a, corners[(i + 1) % corners.len()], round + more);
            }
        }
        canvas.paint(&mask, color, 255);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Page;
    use super::*;

    #[test]
    fn a_turn_is_round() {
        for [x, y] in TURN {
            assert!((x * x + y * y - 1.0).abs() < 1e-5, "{x} {y}");
        }
        for i in 0..32 {
            let (a, b) = (TURN[i], TURN[(i + 1) % 32]);
            assert!(((a[0] * b[0] + a[1] * b[1]) - 0.980_785).abs() < 1e-5);
        }
    }

    #[test]
    fn marks_have_colour_inside_and_ink_around() {
        for form in Form::ALL {
            let mut drawing = Drawing::new(Page { width: 40.0, height: 40.0, text: 10.0, titled: false }, "");
            drawing.add(Shape::Mark { at: [20.0, 20.0], radius: 8.0, form }, Paint::Hue(1));
            let picture = picture(&drawing).unwrap();
            let at = |x: usize, y: usize| &picture.rgb[(y * 40 + x) * 3..][..3];
            assert_eq!(at(20, 20), Paint::Hue(1).rgb(), "{form:?}");
            assert_eq!(at(0, 0), [255; 3]);
            assert!(picture.rgb.chunks_exact(3).any(|p| p.iter().all(|&v| v < 110)), "{form:?} has an edge");
        }
    }
}
