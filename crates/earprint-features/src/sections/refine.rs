//! From the block of a boundary to its frame, and how long the change takes.

use super::blocks::{BLOCK, Features, GROUPS};
use super::boundaries::{Boundary, LEAST};
use super::columns::Columns;
use super::novelty::SIDES;
use super::spread::Run;

/// Smallest difference of the frame measures that counts: level dB, semitones of centroid, dB of rise.
const LEAST_STEP: [f64; 3] = [1.0, 0.5, 0.3];

/// The frame that starts the section, within a block of where the boundary lies.
///
/// The boundary's own place is the first guess. Then the means of level, brightness and density over a block before and after each
/// frame are compared; where they differ most the frame is taken, if the difference is at least one deviation: a change of
/// chords alone leaves no mark there, and the guess stands.
pub fn frame_of(columns: &Columns, boundary: &Boundary) -> usize {
    let block = boundary.block;
    let guess = libm::round((block as f64 + boundary.offset) * BLOCK as f64) as usize;
    let from = (block - 1) * BLOCK;
    let to = ((block + 1) * BLOCK).min(columns.frames() - BLOCK);
    let points: Vec<[f64; 3]> = (from - BLOCK..to + BLOCK).map(|t| columns.point(t)).collect();
    let contrast = |f: usize| {
        let at = f - (from - BLOCK);
        (0..3)
            .map(|j| {
                let side = |points: &[[f64; 3]]| {
                    let n = points.len() as f64;
                    let mean = points.iter().map(|p| p[j]).sum::<f64>() / n;
                    (mean, points.iter().map(|p| (p[j] - mean) * (p[j] - mean)).sum::<f64>() / n)
                };
                let (a, b) = (side(&points[at - BLOCK..at]), side(&points[at..at + BLOCK]));
                (a.0 - b.0) * (a.0 - b.0) / (0.5 * (a.1 + b.1) + LEAST_STEP[j] * LEAST_STEP[j])
            })
            .sum::<f64>()
    };
    let mut best = (guess, 1.0);
    for f in from..=to {
        let now = contrast(f);
        if now > best.1 {
            best = (f, now);
        }
    }
    best.0
}

/// Blocks that lie between the section before and this one, at least 1.
///
/// Each block near the boundary is projected on the line from the mean of the 8 s before to that of the 8 s after, groups by their
/// usual spread: 0 there, 1 here. Counted are the blocks around the boundary that lie between a quarter and three quarters.
pub fn blocks_between(features: &Features, [from, block, to]: [usize; 3], usual: &[f64; GROUPS.len()]) -> usize {
    let before = Run::of(features, from.max(block.saturating_sub(SIDES[0])), block);
    let after = Run::of(features, block, to.min(block + SIDES[0]));
    let share = |t: usize| before.along(&after, features, t, usual);
    let between = |t: &usize| (0.25..0.75).contains(&share(*t));
    let left = (from.max(block.saturating_sub(LEAST))..block).rev().take_while(between).count();
    let right = (block..to.min(block + LEAST)).take_while(between).count();
    (left + right).max(1)
}
