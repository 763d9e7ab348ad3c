//! Letters with smooth strokes at any size. In: text. Out: the dots of the 5 x 7 font joined to strokes with round
//! ends.
//!
//! Neighbouring dots become one stroke; slanting ones only where no dot beside them already joins them, so corners stay
//! open. Letters the font has not: Latin ones lose their marks (`é` is `e`), typographic dashes and quotes become plain
//! ones, others are boxes.

use super::canvas::Canvas;
use super::font::{self, ADVANCE, DESCENT, HEIGHT, WIDTH};
use super::shapes::Mask;

/// From U+00C0 to U+017F without marks.
const LATIN: &[u8; 192] = b"AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty\
AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

/// What stands for `c` in the font; `None`: nothing, a mark on the letter before.
fn plain(c: char) -> Option<char> {
    Some(match c {
        '\u{c0}'..='\u{17f}' => char::from(LATIN[c as usize - 0xc0]),
        '\u{300}'..='\u{36f}' => return None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{a0}' => ' ',
        '\u{b0}' | '\u{ba}' => 'o',
        '\u{aa}' => 'a',
        c => c,
    })
}

/// Width of `text` as [`Canvas::lettering`] draws it, pixels, without the gap behind the last letter.
#[must_use]
pub fn lettering_width(text: &str, scale: f64) -> f64 {
    let letters = text.chars().filter_map(plain).count();
    (letters * ADVANCE).saturating_sub(ADVANCE - WIDTH) as f64 * scale
}

impl Canvas {
    /// `text` with its top left corner at `(x, y)`, each dot of the font `scale` pixels wide and high; small letters
    /// hang two dots lower.
    pub fn lettering(&mut self, x: f64, y: f64, scale: f64, text: &str, color: [u8; 3]) {
        for (i, c) in text.chars().filter_map(plain).enumerate() {
            let left = x + (i * ADVANCE) as f64 * scale;
            let top = y + font::descent(c) as f64 * scale;
            let reach = [left + ADVANCE as f64 * scale, y + (HEIGHT + DESCENT + 1) as f64 * scale];
            let mut mask = Mask::new(self, [left - scale, y - scale], reach);
            let rows = font::glyph(c);
            let set = |row: usize, column: usize| {
                row < HEIGHT && column < WIDTH && rows[row] >> (WIDTH - 1 - column) & 1 == 1
            };
            let at =
                |row: usize, column: usize| [left + (column as f64 + 0.5) * scale, top + (row as f64 + 0.5) * scale];
            for (row, column) in (0..HEIGHT * WIDTH).map(|d| (d / WIDTH, d % WIDTH)).filter(|&(r, c)| set(r, c)) {
                let right = set(row, column + 1);
                let below = set(row + 1, column);
                let slant = |next: usize, between: bool| set(row + 1, next) && !below && !between;
                let before = column.wrapping_sub(1);
                let joined = [
                    right.then_some((row, column + 1)),
                    below.then_some((row + 1, column)),
                    slant(column + 1, right).then_some((row + 1, column + 1)),
                    slant(before, set(row, before)).then_some((row + 1, before)),
                ];
                // A dot on its own is a stroke of no length.
                for (r, c) in joined.into_iter().flatten().chain([(row, column)]) {
                    mask.stroke(at(row, column), at(r, c), scale * 0.5);
                }
            }
            self.paint(&mask, color, 255);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> Vec<u8> {
        let mut canvas = Canvas::new(80, 24).unwrap();
        canvas.lettering(2.0, 2.0, 2.0, text, [0; 3]);
        canvas.into_picture().rgb
    }

    #[test]
    fn marks_are_dropped_and_typography_is_plain() {
        for (marked, bare) in [
            ("Björk Ænima", "Bjork Anima"),
            ("Dvořák", "Dvorak"),
            ("e\u{301}te\u{301}", "ete"),
            ("‘a’ – “b”", "'a' - \"b\""),
        ] {
            assert_eq!(drawn(marked), drawn(bare), "{marked}");
            assert_eq!(lettering_width(marked, 1.5), lettering_width(bare, 1.5));
        }
        assert_eq!(drawn("漢"), drawn("ж"), "both are boxes");
        assert_ne!(drawn("漢"), drawn(" "));
    }

    #[test]
    fn strokes_stand_where_the_dots_stand() {
        // `l`: dots 1 and 2 of the top row, from x = 2 + 2 to 2 + 6.
        let rgb = drawn("l");
        let dark = |x: usize, y: usize| rgb[(y * 80 + x) * 3] < 128;
        let top: Vec<usize> = (0..80).filter(|&x| dark(x, 3)).collect();
        assert_eq!(top, [4, 5, 6, 7]);
        // What slants has no gaps.
        // Where two of its dots touch, at (10, 6) and (4, 6), there is ink on both sides.
        let inked = |text: &str, at: [(usize, usize); 2]| {
            let rgb = drawn(text);
            at.iter().all(|(x, y)| rgb[(y * 80 + x) * 3] < 200)
        };
        assert!(inked("/", [(9, 5), (10, 6)]) && inked("\\", [(4, 5), (3, 6)]));
        assert_eq!(lettering_width("ab", 2.0), 22.0);
        assert_eq!(lettering_width("", 2.0), 0.0);
    }
}
