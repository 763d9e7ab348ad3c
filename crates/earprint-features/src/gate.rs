//! Which frames count, when that is known only after the last one.
//!
//! A frame counts when its mean square, with nine bits of mantissa kept (0.01 dB), is above 1e-6 (60 dB) of the
//! loudest frame's mean square. Sums that must leave the others out are kept per truncated level; as the loudest frame
//! only ever grows louder, levels at or below the gate of the moment can be dropped at once. At the end the levels
//! are added ascending: an order that depends on the frames alone.

use std::collections::BTreeMap;

/// Power of the gate relative to the loudest frame: -60 dB.
pub const GATE: f64 = 1e-6;

/// Bits of an f32 below its sign, exponent and nine bits of mantissa.
const DROPPED_BITS: u32 = 14;

/// Level of a mean square (>= 0): ascending as it is.
pub fn level_of(mean_square: f32) -> u32 {
    mean_square.to_bits() >> DROPPED_BITS
}

/// The mean square of a level, rounded down to it.
pub fn mean_square_of(level: u32) -> f32 {
    f32::from_bits(level << DROPPED_BITS)
}

/// Whether a frame counts beside a loudest frame of mean square `loudest`.
pub fn counts(mean_square: f32, loudest: f32) -> bool {
    f64::from(mean_square_of(level_of(mean_square))) > GATE * f64::from(loudest)
}

/// Something kept per level until the loudest frame is known.
#[derive(Debug, Clone)]
pub struct Levels<S> {
    levels: BTreeMap<u32, S>,
    loudest: f32,
    below: f64,
}

impl<S: Default> Levels<S> {
    /// Nothing yet; `below` is the gate, a power relative to the loudest frame.
    pub fn new(below: f64) -> Self {
        Self { levels: BTreeMap::new(), loudest: 0.0, below }
    }

    /// What is kept for a frame of this mean square; `None` if it is at or below the gate already.
    pub fn at(&mut self, mean_square: f32) -> Option<&mut S> {
        if mean_square > self.loudest {
            self.loudest = mean_square;
            let gate = self.below * f64::from(mean_square);
            while let Some(lowest) = self.levels.first_entry() {
                if f64::from(mean_square_of(*lowest.key())) > gate {
                    break;
                }
                lowest.remove();
            }
        }
        let level = level_of(mean_square);
        (f64::from(mean_square_of(level)) > self.below * f64::from(self.loudest))
            .then(|| self.levels.entry(level).or_default())
    }

    /// Mean square of the loudest frame so far; 0 before the first that sounds.
    pub fn loudest(&self) -> f32 {
        self.loudest
    }

    /// What is above the gate, levels ascending.
    pub fn ascending(&self) -> impl Iterator<Item = &S> {
        self.levels.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_hundredth_of_a_decibel_and_ascends() {
        for x in [1e-9f32, 3e-4, 0.1, 0.9999, 1.0, 7.3] {
            let low = mean_square_of(level_of(x));
            assert!(low <= x && x < low * 1.002, "{x} became {low}");
        }
        assert!(level_of(0.1) < level_of(0.1003) && level_of(0.0) == 0);
    }

    #[test]
    fn what_is_left_does_not_depend_on_the_order_of_loudness() {
        let frames = [1e-5f32, 2e-7, 0.3, 3.1e-7, 0.0, 2.9e-7, 1e-5, 3.5e-7];
        let mut forward = Levels::<Vec<f32>>::new(GATE);
        let mut backward = Levels::<Vec<f32>>::new(GATE);
        for i in 0..frames.len() {
            for (levels, x) in [(&mut forward, frames[i]), (&mut backward, frames[frames.len() - 1 - i])] {
                if let Some(kept) = levels.at(x) {
                    kept.push(x);
                }
            }
        }
        let kept = |l: &Levels<Vec<f32>>| l.ascending().flatten().copied().collect::<Vec<_>>();
        assert_eq!(kept(&forward), [3.1e-7, 3.5e-7, 1e-5, 1e-5, 0.3]);
        assert_eq!(kept(&forward), kept(&backward));
        let by_rule: Vec<_> = frames.into_iter().filter(|&x| counts(x, 0.3)).collect();
        assert_eq!(by_rule, [1e-5, 0.3, 3.1e-7, 1e-5, 3.5e-7]);
    }
}
