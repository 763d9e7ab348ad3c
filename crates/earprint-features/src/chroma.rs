//! Chroma of a track without a second pass: sums that do not know the tuning yet.
//!
//! Of each frame's 36 classes `p` (a third of a semitone apart, from C) `q = p / sum p`. The 12 classes under tuning `tau`
//! (thirds of a semitone, -1.5 ..= 1.5) are a box of three with linear interpolation: with `k = floor(tau)`, `a = tau - k`
//! and `s^k[n] = q[3n+k-1] + q[3n+k] + q[3n+k+1]` (indices modulo 36), `c(tau) = (1-a) s^k + a s^(k+1)`. They sum to 1.
//!
//! The mean of `c` follows from the mean of `q`. The mean of `sum c^2` is a quadratic form: `s^(k+3)` is `s^k` turned by one
//! semitone, so `sum s^k s^k` has three values (k mod 3) and `sum s^k s^(k+1)` three: six sums are enough for every tuning.
//!
//! **Tuning** (K. Dressler, S. Streich 2007): angle of `sum_p mean q[p] exp(2 pi i p / 3)`, in thirds of a semitone.
//! **chroma_concentration** (20): mean of `(sum c^2 - 1/12) / (1 - 1/12)` over the frames that count and have chroma.

use core::f64::consts::TAU;

/// Classes before folding.
pub const CLASSES: usize = 36;

/// A resultant shorter than this is no direction: what is left where the classes cancel.
const NO_DIRECTION: f64 = 1e-9;

/// Sums over frames.
#[derive(Debug, Clone)]
pub struct ChromaSums {
    frames: u64,
    q: [f64; CLASSES],
    /// Sums of s^k s^k for k = 0, 1, 2 modulo 3.
    same: [f64; 3],
    /// Sums of s^k s^(k+1) for k = 0, 1, 2 modulo 3.
    next: [f64; 3],
}

impl Default for ChromaSums {
    fn default() -> Self {
        Self { frames: 0, q: [0.0; CLASSES], same: [0.0; 3], next: [0.0; 3] }
    }
}

/// Chroma of a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chroma {
    /// Thirds of a semitone above A4 = 440 Hz, -1.5 ..= 1.5; `None` where no tuning stands out.
    pub tuning_thirds: Option<f64>,
    /// Mean of the L1-normalised 12 classes, C first.
    pub mean: [f64; 12],
    /// Mean concentration, 0-1.
    pub concentration: f64,
}

fn boxes(q: &[f64; CLASSES], k: isize) -> [f64; 12] {
    let at = |i: isize| q[i.rem_euclid(CLASSES as isize) as usize];
    std::array::from_fn(|n| {
        let i = 3 * n as isize + k;
        (at(i - 1) + at(i)) + at(i + 1)
    })
}

fn product(a: &[f64; 12], b: &[f64; 12]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl ChromaSums {
    /// One frame's 36 classes; a frame of zeros has no chroma.
    pub fn add(&mut self, classes: &[f32]) {
        let sum: f64 = classes.iter().map(|&p| f64::from(p)).sum();
        if sum <= 0.0 {
            return;
        }
        self.frames += 1;
        let q: [f64; CLASSES] = std::array::from_fn(|p| f64::from(classes[p]) / sum);
        for (total, q) in self.q.iter_mut().zip(q) {
            *total += q;
        }
        let s: [[f64; 12]; 4] = std::array::from_fn(|k| boxes(&q, k as isize));
        for k in 0..3 {
            self.same[k] += product(&s[k], &s[k]);
            self.next[k] += product(&s[k], &s[k + 1]);
        }
    }

    /// The sums of other frames.
    pub fn join(&mut self, other: &Self) {
        self.frames += other.frames;
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.q, &other.q);
        add(&mut self.same, &other.same);
        add(&mut self.next, &other.next);
    }

    /// `None` without a frame that has chroma.
    pub fn finish(&self) -> Option<Chroma> {
        if self.frames == 0 {
            return None;
        }
        let n = self.frames as f64;
        let q = self.q.map(|q| q / n);
        let third = |c: usize| (c..CLASSES).step_by(3).map(|p| q[p]).sum::<f64>();
        // exp(2 pi i p / 3) takes three values.
        let (zero, one, two) = (third(0), third(1), third(2));
        let re = zero - 0.5 * (one + two);
        let im = libm::sqrt(0.75) * (one - two);
        let tuning_thirds = (libm::sqrt(re * re + im * im) > NO_DIRECTION).then(|| libm::atan2(im, re) / TAU * 3.0);
        let tau = tuning_thirds.unwrap_or(0.0);
        let k = libm::floor(tau);
        let a = tau - k;
        let k = k as isize;
        let (low, high) = (boxes(&q, k), boxes(&q, k + 1));
        let class = |k: isize| k.rem_euclid(3) as usize;
        let squares = (1.0 - a) * (1.0 - a) * self.same[class(k)]
            + 2.0 * a * (1.0 - a) * self.next[class(k)]
            + a * a * self.same[class(k + 1)];
        Some(Chroma {
            tuning_thirds,
            mean: std::array::from_fn(|n| (1.0 - a) * low[n] + a * high[n]),
            concentration: ((squares / n - 1.0 / 12.0) / (1.0 - 1.0 / 12.0)).clamp(0.0, 1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone `thirds` above a semitone `class`, spread over the two classes beside it.
    fn tone(class: usize, thirds: f64) -> [f32; CLASSES] {
        let at = (3 * class) as f64 + thirds;
        let k = at.floor();
        let mut out = [0.0; CLASSES];
        out[(k as isize).rem_euclid(36) as usize] = (1.0 - (at - k)) as f32;
        out[(k as isize + 1).rem_euclid(36) as usize] = (at - k) as f32;
        out
    }

    fn of(frames: &[[f32; CLASSES]]) -> Chroma {
        let mut sums = ChromaSums::default();
        for f in frames {
            sums.add(f);
        }
        sums.finish().unwrap()
    }

    #[test]
    fn one_tone_is_all_in_one_class_and_its_tuning_is_found() {
        for class in 0..12 {
            for (thirds, found) in [(0.0, 0.0), (1.0, 1.0), (-1.0, -1.0)] {
                let c = of(&[tone(class, thirds)]);
                assert!((c.tuning_thirds.unwrap() - found).abs() < 1e-12);
                assert!((c.mean[class] - 1.0).abs() < 1e-12 && (c.concentration - 1.0).abs() < 1e-12);
            }
        }
        // Between two classes the angle of the chord, not of the arc: at most 3 cents off.
        for tenth in -14..=14 {
            let thirds = f64::from(tenth) / 10.0;
            let found = of(&[tone(4, thirds)]).tuning_thirds.unwrap();
            assert!((found - thirds).abs() * 100.0 / 3.0 < 3.0, "{thirds} found as {found}");
        }
    }

    #[test]
    fn a_flat_frame_has_no_concentration_and_no_tuning() {
        let c = of(&[[0.25; CLASSES]]);
        assert!(c.concentration.abs() < 1e-12 && c.mean.iter().all(|m| (m - 1.0 / 12.0).abs() < 1e-12));
        assert_eq!(c.tuning_thirds, None);
        assert_eq!(ChromaSums::default().finish(), None);
    }

    /// The quadratic form equals folding every frame once the tuning is known.
    #[test]
    fn sums_that_do_not_know_the_tuning_equal_a_second_pass() {
        let mut s = 9u32;
        let mut next = || {
            s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (s >> 8) as f32 / 16_777_216.0
        };
        for shift in 0..12 {
            let frames: Vec<[f32; CLASSES]> = (0..50)
                .map(|_| {
                    let mut f = tone((next() * 12.0) as usize % 12, f64::from(shift) * 0.27 - 1.48);
                    f.iter_mut().for_each(|x| *x += 0.02 * next());
                    f
                })
                .collect();
            let got = of(&frames);
            let tau = got.tuning_thirds.unwrap();
            let (mut concentration, mut mean) = (0.0, [0.0; 12]);
            for f in &frames {
                let sum: f64 = f.iter().map(|&x| f64::from(x)).sum();
                // The box, moved by tau: each class counts by how much of it lies under the box.
                let c: [f64; 12] = std::array::from_fn(|n| {
                    (0..CLASSES)
                        .map(|p| {
                            let away = (p as f64 - 3.0 * n as f64 - tau + 18.0).rem_euclid(36.0) - 18.0;
                            (2.0 - away.abs()).clamp(0.0, 1.0) * f64::from(f[p]) / sum
                        })
                        .sum()
                });
                concentration += (c.iter().map(|c| c * c).sum::<f64>() - 1.0 / 12.0) / (11.0 / 12.0) / 50.0;
                c.iter().zip(&mut mean).for_each(|(c, m)| *m += c / 50.0);
            }
            assert!((got.concentration - concentration).abs() < 1e-12, "tuning {tau}");
            assert!(got.mean.iter().zip(mean).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn joined_sums_are_the_sums_of_all() {
        let (mut a, mut b) = (ChromaSums::default(), ChromaSums::default());
        a.add(&tone(3, 0.5));
        b.add(&tone(7, 0.5));
        b.add(&[0.0; CLASSES]);
        a.join(&b);
        assert_eq!(a.finish().unwrap(), of(&[tone(3, 0.5), tone(7, 0.5)]));
    }
}
