//! Frames become blocks of 0.56 s at fixed places of the track, and blocks become features.
//!
//! In: rows of frames, in order, in portions of any size. Out: one row of [`FEATURES`] numbers a block, in five groups
//! ([`GROUPS`]), each in a unit in which a difference means the same everywhere: level and balance in dB, timbre in dB (root
//! mean square over the 128 mel bands, of what 12 MFCC keep of them), harmony as a direction, density in dB of rise a band.
//! Half a second is longer than most notes and shorter than any section. Sums are f64 in the order of time; a block is
//! rounded to f32 once, so that ten hours need 8 MB.

use std::ops::Range;

use earprint_signal::track::MELS;
use earprint_signal::track::row::{BANDS, CHROMA, FLUX, MEAN_SQUARE, MFCC, ROW};

use crate::gate;

/// Frames of a block.
pub const BLOCK: usize = 24;

/// Features of a block.
pub const FEATURES: usize = 33;

/// Groups of features: their columns, and the difference that is too small to be a change of section (its square is added to the
/// spread that a difference is measured by).
pub const GROUPS: [(Range<usize>, f64); 5] = [
    // Level of the block, dB.
    (0..1, 1.5),
    // Density: mean onset flux, dB of rise a band a frame.
    (1..2, 0.15),
    // Timbre: MFCC 1 to 12 over the square root of the number of mel bands, dB.
    (2..14, 1.0),
    // Balance: power in seven bands over their sum, dB, not below -60, over the square root of seven.
    (14..21, 1.0),
    // Harmony: 12 classes, length 1.
    (21..33, 0.1),
];

/// The group of the level: the only one that silence has.
pub const LEVEL: usize = 0;

/// The group of the harmony.
pub const HARMONY: usize = 4;

/// Balance below this is not heard, dB.
const BALANCE_FLOOR_DB: f64 = -60.0;

/// Sums over the frames of a block that is not full yet.
#[derive(Debug, Clone)]
struct Sums {
    frames: u32,
    mean_square: f64,
    flux: f64,
    mfcc: [f64; 12],
    /// Frames that MFCC and chroma came from: those that are not digital silence.
    sounding: u32,
    bands: [f64; 7],
    chroma: [f64; 36],
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            frames: 0,
            mean_square: 0.0,
            flux: 0.0,
            mfcc: [0.0; 12],
            sounding: 0,
            bands: [0.0; 7],
            chroma: [0.0; 36],
        }
    }
}

/// Blocks of the rows so far.
#[derive(Debug, Default)]
pub struct Blocks {
    sums: Sums,
    /// Features, the level as a mean square until all blocks are there.
    rows: Vec<[f32; FEATURES]>,
}

/// All blocks of a track.
#[derive(Debug)]
pub struct Features {
    /// `(T, FEATURES)`.
    pub rows: Vec<[f32; FEATURES]>,
    /// Whether a block is above the gate of the loudest one.
    pub sounds: Vec<bool>,
}

impl Blocks {
    /// One frame's row.
    pub fn add(&mut self, row: &[f32; ROW]) {
        let s = &mut self.sums;
        s.frames += 1;
        s.mean_square += f64::from(row[MEAN_SQUARE]);
        s.flux += f64::from(row[FLUX]);
        if row[MEAN_SQUARE] > 0.0 {
            s.sounding += 1;
            for (sum, &x) in s.mfcc.iter_mut().zip(&row[MFCC + 1..]) {
                *sum += f64::from(x);
            }
            for (sum, &x) in s.bands.iter_mut().zip(&row[BANDS..]) {
                *sum += f64::from(x);
            }
            let classes = &row[CHROMA..][..36];
            let all: f64 = classes.iter().map(|&x| f64::from(x)).sum();
            if all > 0.0 {
                for (sum, &x) in s.chroma.iter_mut().zip(classes) {
                    *sum += f64::from(x) / all;
                }
            }
        }
        if s.frames as usize == BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        let s = std::mem::take(&mut self.sums);
        let mut row = [0.0f32; FEATURES];
        row[0] = (s.mean_square / f64::from(s.frames)) as f32;
        row[1] = (s.flux / f64::from(s.frames)) as f32;
        if s.sounding > 0 {
            let n = f64::from(s.sounding) * libm::sqrt(MELS as f64);
            for (to, sum) in row[2..14].iter_mut().zip(s.mfcc) {
                *to = (sum / n) as f32;
            }
            let power: f64 = s.bands.iter().sum();
            for (to, band) in row[14..21].iter_mut().zip(s.bands) {
                let share = if power > 0.0 { band / power } else { 0.0 };
                let db = if share > 0.0 { (10.0 * libm::log10(share)).max(BALANCE_FLOOR_DB) } else { BALANCE_FLOOR_DB };
                *to = (db / libm::sqrt(7.0)) as f32;
            }
            row[21..33].copy_from_slice(&direction(&s.chroma));
        }
        self.rows.push(row);
    }

    /// Features of all blocks; the last one may have fewer frames. `None` where no block sounds.
    pub fn features(mut self) -> Option<Features> {
        if self.sums.frames > 0 {
            self.close();
        }
        let mut rows = self.rows;
        let loudest = rows.iter().map(|r| r[0]).fold(0.0, f32::max);
        if loudest <= 0.0 {
            return None;
        }
        let sounds = rows.iter().map(|r| f64::from(r[0]) > gate::GATE * f64::from(loudest)).collect();
        for row in &mut rows {
            let relative = (f64::from(row[0]) / f64::from(loudest)).max(gate::GATE);
            row[0] = (10.0 * libm::log10(relative)) as f32;
        }
        Some(Features { rows, sounds })
    }
}

/// 36 classes folded to 12, their smallest taken away (what noise and drums put into all of them), as a vector of length 1; zeros
/// where nothing stands out.
fn direction(classes: &[f64; 36]) -> [f32; 12] {
    let at = |p: usize| classes[p % 36];
    let folded: [f64; 12] = std::array::from_fn(|n| (at(3 * n + 35) + at(3 * n)) + at(3 * n + 1));
    let least = folded.iter().copied().fold(f64::INFINITY, f64::min);
    let above = folded.map(|x| x - least);
    let length = libm::sqrt(above.iter().map(|x| x * x).sum());
    if length > 0.0 { above.map(|x| (x / length) as f32) } else { [0.0; 12] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(mean_square: f32, x: f32) -> [f32; ROW] {
        let mut r = [0.0; ROW];
        r[MEAN_SQUARE] = mean_square;
        r[FLUX] = x;
        r[MFCC] = 100.0;
        r[MFCC + 1] = x;
        r[BANDS] = x;
        r[BANDS + 6] = 9.0 * x;
        r[CHROMA + 3] = x;
        r[CHROMA + 9] = x;
        r
    }

    #[test]
    fn a_block_is_the_mean_of_its_frames() {
        let mut blocks = Blocks::default();
        for i in 0..BLOCK {
            blocks.add(&row(0.01, if i % 2 == 0 { 1.0 } else { 3.0 }));
        }
        // The last block: one frame of digital silence and one that is 20 dB louder.
        blocks.add(&row(0.0, 0.0));
        blocks.add(&row(2.0, 4.0));
        let f = blocks.features().unwrap();
        assert_eq!((f.rows.len(), &f.sounds[..]), (2, &[true, true][..]));
        // The loudest block is 0 dB.
        assert!((f.rows[0][0] + 20.0).abs() < 1e-5 && f.rows[1][0] == 0.0);
        assert_eq!((f.rows[0][1], f.rows[1][1]), (2.0, 2.0));
        let timbre = |x: f64| (x / 128f64.sqrt()) as f32;
        // Timbre has no frame of digital silence, and not MFCC 0.
        assert_eq!((f.rows[0][2], f.rows[1][2], f.rows[0][3]), (timbre(2.0), timbre(4.0), 0.0));
        // A tenth of the power is -10 dB, nothing is the floor.
        let balance = |db: f64| (db / 7f64.sqrt()) as f32;
        assert_eq!((f.rows[0][14], f.rows[0][15]), (balance(-10.0), balance(-60.0)));
        // Two classes alike: C sharp and D sharp.
        let half = 0.5f32.sqrt();
        assert_eq!((f.rows[0][22], f.rows[0][24], f.rows[0][21]), (half, half, 0.0));
    }

    #[test]
    fn quiet_blocks_do_not_sound_and_silence_has_no_features() {
        let mut blocks = Blocks::default();
        for i in 0..3 * BLOCK {
            blocks.add(&row(if i < BLOCK { 0.5 } else { 0.4e-6 }, 1.0));
        }
        let f = blocks.features().unwrap();
        assert_eq!(f.sounds, [true, false, false]);
        assert_eq!(f.rows[2][0], -60.0);
        let mut silent = Blocks::default();
        (0..50).for_each(|_| silent.add(&[0.0; ROW]));
        assert!(silent.features().is_none() && Blocks::default().features().is_none());
    }

    #[test]
    fn classes_fold_to_the_semitone_in_their_middle() {
        for (class, n) in [(35, 0), (0, 0), (1, 0), (2, 1), (11, 4), (34, 11)] {
            let mut classes = [0.25; 36];
            classes[class] += 0.5;
            let want: [f32; 12] = std::array::from_fn(|i| if i == n { 1.0 } else { 0.0 });
            assert_eq!(direction(&classes), want, "class {class}");
        }
        assert_eq!(direction(&[0.25; 36]), [0.0; 12]);
    }
}
