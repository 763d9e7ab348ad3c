//! A drawing surface of RGB pixels: points outside are dropped, so nothing drawn on it can panic. Rectangles and
//! letters of whole dots are here; shapes with smooth edges in [`super::shapes`].

use super::{MAX_PIXELS, Picture, PictureError, font};

/// Pixels, top left corner and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub w: usize,
    /// Height.
    pub h: usize,
}

/// Width of `text` at `scale`, pixels, without the gap behind the last letter.
pub fn text_width(text: &str, scale: usize) -> usize {
    (text.chars().count() * font::ADVANCE).saturating_sub(font::ADVANCE - font::WIDTH) * scale
}

/// `(height, width, 3)`, white.
#[derive(Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Canvas {
    /// A white canvas of so many pixels.
    ///
    /// # Errors
    /// `TooLarge` above [`MAX_PIXELS`].
    pub fn new(width: u64, height: u64) -> Result<Self, PictureError> {
        if width.checked_mul(height).is_none_or(|n| n > MAX_PIXELS) {
            return Err(PictureError::TooLarge { width, height });
        }
        let (width, height) = (width as usize, height as usize);
        Ok(Self { width, height, rgb: vec![255; width * height * 3] })
    }

    /// `w` pixels of line `y` from `x` on, inside the canvas.
    pub(super) fn row_mut(&mut self, x: usize, y: usize, w: usize) -> &mut [u8] {
        let start = (y * self.width + x) * 3;
        &mut self.rgb[start..start + w * 3]
    }

    /// Pixels, width and height.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// All pixels of `r` in one colour.
    pub fn fill(&mut self, r: Rect, color: [u8; 3]) {
        let (right, bottom) = ((r.x + r.w).min(self.width), (r.y + r.h).min(self.height));
        for y in r.y..bottom {
            if r.x < right {
                self.row_mut(r.x, y, right - r.x).chunks_exact_mut(3).for_each(|p| p.copy_from_slice(&color));
            }
        }
    }

    /// `text` with its top left corner at `(x, y)`, each dot of the font `scale` pixels wide and high.
    pub fn text(&mut self, x: usize, y: usize, scale: usize, text: &str, color: [u8; 3]) {
        for (i, c) in text.chars().enumerate() {
            let left = x + i * font::ADVANCE * scale;
            let top = y + font::descent(c) * scale;
            for (row, bits) in font::glyph(c).iter().enumerate() {
                for column in (0..font::WIDTH).filter(|k| bits >> (font::WIDTH - 1 - k) & 1 == 1) {
                    let dot = Rect { x: left + column * scale, y: top + row * scale, w: scale, h: scale };
                    self.fill(dot, color);
                }
            }
        }
    }

    /// The finished picture.
    #[must_use]
    pub fn into_picture(self) -> Picture {
        Picture { width: self.width as u32, height: self.height as u32, rgb: self.rgb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_at_its_place_and_cut_at_the_edge() {
        let mut canvas = Canvas::new(20, 16).unwrap();
        canvas.text(2, 1, 2, "l", [0; 3]);
        let black = |c: &Canvas, x: usize, y: usize| c.rgb[(y * 20 + x) * 3] == 0;
        // `l`, top row 01100: dots 1 and 2 of five, two pixels each, from x = 2 + 2.
        let top: Vec<usize> = (0..20).filter(|&x| black(&canvas, x, 1)).collect();
        assert_eq!(top, [4, 5, 6, 7]);
        assert!((0..20).all(|x| !black(&canvas, x, 0) && !black(&canvas, x, 15)));
        canvas.text(15, 12, 2, "MMM", [0; 3]);
        canvas.text(500, 500, 2, "M", [0; 3]);
        assert_eq!(text_width("ab", 2), 22);
        assert_eq!(text_width("", 2), 0);
    }

    #[test]
    fn too_many_pixels_are_refused_before_they_are_allocated() {
        for (w, h) in [(1 << 20, 1 << 20), (u64::MAX, 2)] {
            assert_eq!(Canvas::new(w, h).unwrap_err(), PictureError::TooLarge { width: w, height: h });
        }
    }
}
