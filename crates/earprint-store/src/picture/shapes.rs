//! Shapes with smooth edges. In: polygons and strokes in pixels. Out: which part of each pixel they cover, and that
//! part painted.
//!
//! A pixel is asked at 16 points, four by four; what covers a point is decided by products and comparisons alone, so
//! equal shapes give equal bytes on every machine. Shapes added to one mask are one shape: where they overlap nothing
//! is painted twice.

use super::canvas::Canvas;

/// Points asked along a side of a pixel.
const SIDE: usize = 4;

/// A shape under construction: a bit for each of the 16 points of each pixel of a rectangle.
#[derive(Debug, Clone)]
pub struct Mask {
    x: usize,
    y: usize,
    w: usize,
    h: usize,
    bits: Vec<u16>,
}

/// The pixels from `low` to `high` that a canvas of `size` pixels has, as first and count.
fn span(low: f64, high: f64, size: usize) -> (usize, usize) {
    // Conversion to integers saturates, also of NaN: outside is outside.
    let first = (low.floor().max(0.0) as usize).min(size);
    let end = ((high.floor() + 1.0).max(0.0) as usize).min(size);
    (first, end.saturating_sub(first))
}

impl Mask {
    /// An empty shape that may cover pixels from `low` to `high`, as far as they are on the canvas.
    #[must_use]
    pub fn new(canvas: &Canvas, low: [f64; 2], high: [f64; 2]) -> Self {
        let (width, height) = canvas.size();
        let ((x, w), (y, h)) = (span(low[0], high[0], width), span(low[1], high[1], height));
        Self { x, y, w, h, bits: vec![0; w * h] }
    }

    /// Adds what `inside` says of the points of the pixels from `low` to `high`.
    fn add(&mut self, low: [f64; 2], high: [f64; 2], inside: impl Fn(f64, f64) -> bool) {
        let (x0, w) = span(low[0], high[0], self.x + self.w);
        let (y0, h) = span(low[1], high[1], self.y + self.h);
        for y in y0.max(self.y)..y0 + h {
            for x in x0.max(self.x)..x0 + w {
                let bits = &mut self.bits[(y - self.y) * self.w + x - self.x];
                for point in 0..SIDE * SIDE {
                    let at = |pixel: usize, step: usize| pixel as f64 + (step as f64 + 0.5) / SIDE as f64;
                    if *bits >> point & 1 == 0 && inside(at(x, point % SIDE), at(y, point / SIDE)) {
                        *bits |= 1 << point;
                    }
                }
            }
        }
    }

    /// Adds all points within `radius` of the line from `a` to `b`; a disc where the two are one.
    pub fn stroke(&mut self, a: [f64; 2], b: [f64; 2], radius: f64) {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length2 = dx * dx + dy * dy;
        let low = [a[0].min(b[0]) - radius, a[1].min(b[1]) - radius];
        let high = [a[0].max(b[0]) + radius, a[1].max(b[1]) + radius];
        self.add(low, high, |x, y| {
            let along = if length2 > 0.0 { ((x - a[0]) * dx + (y - a[1]) * dy) / length2 } else { 0.0 };
            let along = along.clamp(0.0, 1.0);
            let (ex, ey) = (x - a[0] - along * dx, y - a[1] - along * dy);
            ex * ex + ey * ey <= radius * radius
        });
    }

    /// Adds the inside of a polygon, even-odd, closed by itself.
    pub fn polygon(&mut self, points: &[[f64; 2]]) {
        let reach = |axis: usize| {
            points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |r, p| (r.0.min(p[axis]), r.1.max(p[axis])))
        };
        let ((left, right), (top, bottom)) = (reach(0), reach(1));
        self.add([left, top], [right, bottom], |x, y| {
            let mut inside = false;
            for (i, b) in points.iter().enumerate() {
                let a = points[(i + points.len() - 1) % points.len()];
                if (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
                    inside = !inside;
                }
            }
            inside
        });
    }
}

impl Canvas {
    /// Paints the covered part of each pixel, `opacity` of 255 strong.
    pub fn paint(&mut self, mask: &Mask, color: [u8; 3], opacity: u8) {
        for row in 0..mask.h {
            let line = self.row_mut(mask.x, mask.y + row, mask.w);
            for (pixel, bits) in line.chunks_exact_mut(3).zip(&mask.bits[row * mask.w..]) {
                // Integers: part of 16 times 255.
                let part = bits.count_ones() * u32::from(opacity);
                if part == 0 {
                    continue;
                }
                let whole = (SIDE * SIDE) as u32 * 255;
                for (old, new) in pixel.iter_mut().zip(color) {
                    let mixed = u32::from(*old) * (whole - part) + u32::from(new) * part;
                    *old = ((mixed + whole / 2) / whole) as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(canvas: Canvas) -> Vec<u8> {
        canvas.into_picture().rgb.chunks_exact(3).map(|p| p[0]).collect()
    }

    #[test]
    fn a_pixel_has_the_part_that_is_covered() {
        // From 0.5 to 2: half of pixel 0, all of pixel 1; lower half of the line.
        let mut canvas = Canvas::new(3, 1).unwrap();
        let mut mask = Mask::new(&canvas, [0.0, 0.0], [3.0, 1.0]);
        mask.polygon(&[[0.5, 0.5], [2.0, 0.5], [2.0, 1.0], [0.5, 1.0]]);
        mask.polygon(&[[0.5, 0.5], [2.0, 0.5], [2.0, 1.0], [0.5, 1.0]]); // once more: no darker
        canvas.paint(&mask, [0; 3], 255);
        assert_eq!(gray(canvas), [191, 128, 255]); // 255 * 3/4, 255 * 1/2, rounded
    }

    #[test]
    fn opacity_mixes_and_a_disc_has_its_area() {
        let mut canvas = Canvas::new(40, 40).unwrap();
        let mut mask = Mask::new(&canvas, [0.0; 2], [40.0; 2]);
        mask.stroke([20.0, 20.0], [20.0, 20.0], 10.0);
        canvas.paint(&mask, [0; 3], 51);
        let gray = gray(canvas);
        assert_eq!((gray[20 * 40 + 20], gray[0]), (204, 255)); // four fifths of white
        let area: f64 = gray.iter().map(|g| f64::from(255 - g) / 51.0).sum();
        assert!((area - 314.159).abs() < 2.0, "{area}");
    }

    #[test]
    fn a_stroke_joins_its_ends() {
        let mut canvas = Canvas::new(10, 3).unwrap();
        let mut mask = Mask::new(&canvas, [0.0; 2], [10.0, 3.0]);
        mask.stroke([2.0, 1.5], [8.0, 1.5], 0.5);
        canvas.paint(&mask, [0; 3], 255);
        let gray = gray(canvas);
        assert!((2..8).all(|x| gray[10 + x] == 0) && gray[0] == 255 && gray[10] == 255 && gray[19] == 255);
    }

    #[test]
    fn what_lies_outside_or_is_no_number_is_dropped() {
        let mut canvas = Canvas::new(8, 8).unwrap();
        for far in [-1e300, -50.0, 50.0, 1e300, f64::NAN, f64::INFINITY] {
            let mut mask = Mask::new(&canvas, [far, far], [far, far]);
            mask.stroke([far, far], [far, far], 2.0);
            mask.polygon(&[[far, far], [far, 0.0], [0.0, far]]);
            canvas.paint(&mask, [0; 3], 255);
        }
        let mask = Mask::new(&canvas, [0.0; 2], [-1.0; 2]);
        canvas.paint(&mask, [0; 3], 255);
        assert!(gray(canvas).iter().all(|&g| g == 255));
    }
}
