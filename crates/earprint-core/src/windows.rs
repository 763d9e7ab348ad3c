//! Long windows cut into short windows over a clip of fixed length, as the `leak` presets define them.

use crate::SpecError;

/// A two-level grid of windows over a clip that is cut or zero-padded to `clip_samples`.
///
/// Row `r` is the short window `r % shorts_per_long` of long window `r / shorts_per_long`; it starts at
/// `long_step * long + short_step * short`. Long windows overlap, so many rows are the same stretch of
/// sound: [`Windows::distinct`] counts the different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Windows {
    /// Samples a clip is cut or zero-padded to.
    pub clip_samples: usize,
    /// Length of a long window, samples.
    pub long_length: usize,
    /// From one long window to the next, samples.
    pub long_step: usize,
    /// Length of a short window, samples.
    pub short_length: usize,
    /// From one short window to the next inside a long one, samples.
    pub short_step: usize,
}

impl Windows {
    /// Checks that at least one short window fits.
    ///
    /// # Errors
    /// `OutOfRange` with the field that breaks a rule.
    pub fn check(&self) -> Result<(), SpecError> {
        let whole = |field, v: usize, most: usize| {
            if v == 0 || v > most { Err(SpecError::range(field, v, format!("1 to {most} samples"))) } else { Ok(()) }
        };
        whole("clip_samples", self.clip_samples, 1 << 28)?;
        whole("long_length", self.long_length, self.clip_samples)?;
        whole("short_length", self.short_length, self.long_length)?;
        whole("long_step", self.long_step, self.clip_samples)?;
        whole("short_step", self.short_step, self.long_length)
    }

    /// Long windows in a clip.
    pub fn longs(&self) -> usize {
        1 + (self.clip_samples - self.long_length) / self.long_step
    }

    /// Short windows in a long one.
    pub fn shorts_per_long(&self) -> usize {
        1 + (self.long_length - self.short_length) / self.short_step
    }

    /// Rows a clip gives.
    pub fn rows(&self) -> usize {
        self.longs() * self.shorts_per_long()
    }

    /// First sample of row `(long, short)`.
    pub fn start(&self, long: usize, short: usize) -> usize {
        long * self.long_step + short * self.short_step
    }

    /// Spacing of the grid every start lies on: the greatest common divisor of both steps, samples.
    pub fn distinct_step(&self) -> usize {
        let (mut a, mut b) = (self.long_step, self.short_step);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    }

    /// Grid positions from the first to the last start; row `(long, short)` is position
    /// `start / distinct_step`.
    pub fn distinct(&self) -> usize {
        let last = self.start(self.longs() - 1, self.shorts_per_long() - 1);
        last / self.distinct_step() + 1
    }
}

#[cfg(test)]
mod tests {
    use crate::MelJob;

    #[test]
    fn leak_geometry_is_the_published_one() {
        let w = MelJob::preset("leak").unwrap().windows.unwrap();
        assert_eq!((w.longs(), w.shorts_per_long(), w.rows(), w.distinct()), (79, 3, 237, 159));
        assert_eq!(w.start(78, 2) + w.short_length, w.clip_samples);
        assert_eq!(39_563 * w.rows(), 9_376_431);
    }
}
