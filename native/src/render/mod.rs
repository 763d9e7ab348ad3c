//! Two dozen short, clearly different sounds, made from formulas and a seed.
//!
//! Enters: nothing. Leaves: 16-bit samples and WAV bytes. Computed in f64 with the system's `sin`, `exp` and `powf`: their
//! last bits differ between systems by about 1e-16, rounding to 16 bits hides that except for a value that lies so close
//! to the middle of a step, so files of two systems agree to one unit of 16 bits, as a rule entirely. Noise comes from a
//! counter (splitmix64) and is the same everywhere.

mod life;
mod machines;
mod music;
mod signals;
mod tape;
mod weather;

use earprint_audio::wav::write_i16_mono;
use tape::Tape;

/// A built-in sound.
pub struct Sound {
    /// Name, without extension.
    pub name: &'static str,
    /// What is heard, for the report.
    pub about: &'static str,
    rate_hz: u32,
    seconds: f64,
    make: fn(&mut Tape),
}

/// All sounds, by family.
pub fn sounds() -> impl Iterator<Item = &'static Sound> {
    [&signals::SOUNDS[..], &music::SOUNDS, &life::SOUNDS, &weather::SOUNDS, &machines::SOUNDS].into_iter().flatten()
}

impl Sound {
    /// Samples per second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// The samples, largest magnitude 0.8 of full scale.
    pub fn samples(&self) -> Vec<i16> {
        // The name is the seed: a sound does not change when another one is added.
        let seed = self.name.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3) // FNV-1a
        });
        let mut tape = Tape::new(self.rate_hz, self.seconds, seed);
        (self.make)(&mut tape);
        tape.to_i16(0.8)
    }

    /// The bytes of a WAV file.
    pub fn wav(&self) -> Vec<u8> {
        write_i16_mono(self.rate_hz, &self.samples())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_sounds_and_all_different() {
        let mut names = std::collections::HashSet::new();
        let mut seen = std::collections::HashSet::new();
        for sound in sounds() {
            assert!((3.0..=10.0).contains(&sound.seconds), "{}", sound.name);
            assert!(names.insert(sound.name), "{} twice", sound.name);
            let samples = sound.samples();
            assert_eq!(samples.len(), (sound.seconds * f64::from(sound.rate_hz)).round() as usize);
            let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!((26_213..=26_215).contains(&peak), "{}: peak {peak}", sound.name);
            let mean = samples.iter().map(|&s| f64::from(s)).sum::<f64>() / samples.len() as f64;
            assert!(mean.abs() < 300.0, "{}: mean {mean}", sound.name);
            assert!(seen.insert(samples.clone()), "{} is another sound", sound.name);
            assert_eq!(samples, sound.samples(), "{} is not repeatable", sound.name);
        }
        assert_eq!(names.len(), 24);
    }
}
