//! True peak by four-fold interpolation, ITU-R BS.1770-4 annex 2: a polyphase FIR of 48 taps, 12 a phase.
//!
//! The prototype is a sinc with zeros at every fourth tap under a periodic Hann window of 48: phase 0 is then the sample
//! itself, phases 1 and 3 mirror each other, phase 2 is symmetric. (The annex names its own coefficients as one that meets
//! the need; their phases have gains from -0.24 to +0.01 dB at low frequencies, these at most 0.008 dB, and the ends
//! of a scale read +-0.0 dBTP.) Lanes over time: one output instant a lane; taps k and
//! 11 - k together, k ascending. With even and odd parts e, o of phases 1 and 3 the larger of the two is |e| + |o|.
//!
//! **Skipping.** The largest value alone is asked for. Every output is a sum of 12 inputs; with the inputs between `m - d`
//! and `m + d` it is at most `|m| |sum h| + d sum |h|`. Blocks of 16 outputs whose bound is not above the largest so far
//! (sample peaks included) cannot change the result and are left out. The result is that of computing all of them.

use earprint_lanes::widest;

/// Taps of a phase.
const TAPS: usize = 12;

/// Outputs of a block, of each phase.
const BLOCK: usize = 16;

/// Samples of silence that show a filter's last outputs.
const TAIL: usize = TAPS;

/// The three phases between samples, and bounds on what they make of a range.
#[derive(Debug, Clone)]
struct Phases {
    /// Of taps k and 11 - k: half the sum and half the difference of phase 1, whose mirror is phase 3, and phase 2.
    folded: [[f32; 3]; TAPS / 2],
    /// Largest |sum h| of a phase.
    gain: f32,
    /// Largest sum |h| of a phase.
    swing: f32,
}

impl Phases {
    fn new() -> Self {
        let h = |j: usize| {
            use core::f64::consts::PI;
            let x = (j as f64 - 24.0) * PI / 4.0;
            let window = 0.5 - 0.5 * libm::cos(2.0 * PI * j as f64 / 48.0);
            if j == 24 { window } else { window * libm::sin(x) / x }
        };
        // `taps[p][k]` weighs the sample `k` back.
        let taps: [[f64; TAPS]; 3] = std::array::from_fn(|p| std::array::from_fn(|k| h(4 * k + p + 1)));
        let most = |f: fn(&f64) -> f64| taps.iter().map(|t| t.iter().map(f).sum::<f64>().abs()).fold(0.0, f64::max);
        let [first, middle, _] = taps;
        let folded = std::array::from_fn(|k| {
            let (near, far) = (first[k], first[TAPS - 1 - k]);
            [(0.5 * (near + far)) as f32, (0.5 * (near - far)) as f32, middle[k] as f32]
        });
        // A part in ten thousand more than the exact bound: the sums of an output round.
        Self { folded, gain: (most(|&h| h) * 1.0001) as f32, swing: (most(|h| h.abs()) * 1.0001) as f32 }
    }
}

/// Largest absolute value of all channels between the samples and at them.
#[derive(Debug)]
pub struct TruePeak {
    phases: Phases,
    /// The last samples of every channel.
    before: Vec<[f32; BLOCK]>,
    largest: f32,
}

impl TruePeak {
    pub fn new(channels: usize) -> Self {
        Self { phases: Phases::new(), before: vec![[0.0; BLOCK]; channels], largest: 0.0 }
    }

    /// The next samples of every channel; `peak` is the largest |x| up to their end.
    pub fn step(&mut self, planar: &[&[f32]], peak: f32) {
        self.largest = self.largest.max(peak);
        for (before, x) in self.before.iter_mut().zip(planar) {
            let mut seam = [0.0; 2 * BLOCK];
            let first = x.len().min(BLOCK);
            seam[..BLOCK].copy_from_slice(before);
            seam[BLOCK..BLOCK + first].copy_from_slice(&x[..first]);
            self.largest = self.phases.largest(&seam[..BLOCK + first], self.largest);
            self.largest = self.phases.largest(x, self.largest);
            match x.last_chunk() {
                Some(last) => *before = *last,
                None => before.copy_from_slice(&seam[first..BLOCK + first]),
            }
        }
    }

    /// The largest of all; the filters run out into silence.
    pub fn finish(mut self) -> f32 {
        for before in &self.before {
            let mut end = [0.0; BLOCK + TAIL];
            end[..BLOCK].copy_from_slice(before);
            self.largest = self.phases.largest(&end, self.largest);
        }
        self.largest
    }
}

impl Phases {
    fn largest(&self, line: &[f32], largest: f32) -> f32 {
        let phases = self;
        widest!(scan(phases: &Phases, line: &[f32], largest: f32) -> f32)
    }

    /// The larger of `largest` and the outputs at `line[16..]`.
    #[inline(always)]
    fn scan(&self, line: &[f32], mut largest: f32) -> f32 {
        let Some(before) = line.first_chunk::<BLOCK>() else { return largest };
        let mut before = range(before);
        let mut from = BLOCK;
        while from < line.len() {
            let to = (from + BLOCK).min(line.len());
            let here = range(&line[from..to]);
            let (low, high) = (before.0.min(here.0), before.1.max(here.1));
            let bound = ((low + high) * 0.5).abs() * self.gain + (high - low) * 0.5 * self.swing;
            if bound > largest {
                largest = largest.max(self.block(line, from, to));
            }
            before = here;
            from = to;
        }
        largest
    }

    #[inline(always)]
    fn block(&self, line: &[f32], from: usize, to: usize) -> f32 {
        let mut largest = 0.0f32;
        let mut short = [0.0f32; BLOCK + TAPS - 1];
        let inputs = &line[from + 1 - TAPS..to];
        let window: &[f32; BLOCK + TAPS - 1] = match inputs.try_into() {
            Ok(whole) => whole,
            Err(_) => {
                // Outputs past the end are left out below.
                short[..inputs.len()].copy_from_slice(inputs);
                &short
            }
        };
        let (mut even, mut odd, mut middle) = ([0.0f32; BLOCK], [0.0f32; BLOCK], [0.0f32; BLOCK]);
        for k in 0..TAPS / 2 {
            let [e, o, m] = self.folded[k];
            for j in 0..BLOCK {
                let (near, far) = (window[TAPS - 1 + j - k], window[j + k]);
                let (sum, difference) = (near + far, near - far);
                even[j] += e * sum;
                odd[j] += o * difference;
                middle[j] += m * sum;
            }
        }
        for j in 0..to - from {
            let beside = even[j].abs() + odd[j].abs();
            largest = if beside > largest { beside } else { largest };
            largest = if middle[j].abs() > largest { middle[j].abs() } else { largest };
        }
        largest
    }
}

#[inline(always)]
fn scan(phases: &Phases, line: &[f32], largest: f32) -> f32 {
    phases.scan(line, largest)
}

/// Smallest and largest of a run of at most 16.
#[inline(always)]
fn range(x: &[f32]) -> (f32, f32) {
    let (mut low, mut high) = ([f32::INFINITY; 4], [f32::NEG_INFINITY; 4]);
    let (whole, rest) = x.as_chunks::<4>();
    let mut see = |j: usize, x: f32| {
        low[j] = if x < low[j] { x } else { low[j] };
        high[j] = if x > high[j] { x } else { high[j] };
    };
    for x in whole {
        for j in 0..4 {
            see(j, x[j]);
        }
    }
    for (j, &x) in rest.iter().enumerate() {
        see(j, x);
    }
    let low = low.into_iter().fold(f32::INFINITY, |a, b| if b < a { b } else { a });
    (low, high.into_iter().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut s = seed;
        (0..n)
            .map(|_| {
                s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (s >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    fn sample_peak(x: &[f32]) -> f32 {
        x.iter().fold(0.0, |a, x| a.max(x.abs()))
    }

    fn ours(x: &[f32], step: usize) -> f32 {
        let mut t = TruePeak::new(1);
        for c in x.chunks(step) {
            t.step(&[c], sample_peak(c));
        }
        t.finish()
    }

    #[test]
    fn skipping_blocks_changes_nothing() {
        for seed in 0..40 {
            // Walks: smooth, with single bursts, so that some blocks are skipped and some are not.
            let mut y = 0.0;
            let x: Vec<f32> = noise(5000, seed)
                .into_iter()
                .enumerate()
                .map(|(i, v)| {
                    y = 0.9 * y + 0.1 * v;
                    if i % 977 < 3 { y + v } else { y }
                })
                .collect();
            let phases = Phases::new();
            let mut line = vec![0.0; BLOCK];
            line.extend_from_slice(&x);
            line.extend_from_slice(&[0.0; TAIL]);
            let all = phases.block(&line, BLOCK, BLOCK + 1).max(sample_peak(&x));
            let all = (BLOCK..line.len()).fold(all, |a, n| a.max(phases.block(&line, n, n + 1)));
            assert_eq!(ours(&x, 4410), all, "seed {seed}");
            assert_eq!(ours(&x, 441), all);
        }
    }

    #[test]
    fn agrees_with_ebur128_within_a_hundredth_of_a_decibel() {
        use ebur128::{EbuR128, Mode};
        let tone = |f: f64, phase: f64| -> Vec<f32> {
            (0..44_100)
                .map(|n| (0.5 * (std::f64::consts::TAU * f * n as f64 / 44_100.0 + phase).sin()) as f32)
                .collect()
        };
        let mut signals = vec![noise(44_100, 5), vec![0.25; 3000]];
        for f in [20.0, 997.0, 4410.0, 11_025.0, 14_700.0, 18_000.0] {
            signals.extend([0.0, std::f64::consts::FRAC_PI_4, 1.3].map(|p| tone(f, p)));
        }
        let mut worst = 0.0f64;
        for x in &signals {
            let mut meter = EbuR128::new(1, 44_100, Mode::TRUE_PEAK).unwrap();
            meter.add_frames_f32(x).unwrap();
            // Its filter, too, must run out.
            meter.add_frames_f32(&[0.0; TAIL]).unwrap();
            let theirs = meter.true_peak(0).unwrap();
            let apart = 20.0 * (f64::from(ours(x, 4410)) / theirs).log10();
            worst = worst.max(apart.abs());
        }
        println!("largest distance to ebur128: {worst:.6} dB");
        assert!(worst < 0.01, "{worst} dB");
    }

    /// EBU Tech 3341 cases 15 to 18: sines at a quarter, a sixth, a quarter, an eighth of the rate, whose peaks fall between
    /// samples, read -6 dBTP +0.2 / -0.4.
    #[test]
    fn sines_between_samples_read_minus_six() {
        for (divisor, degrees) in [(4.0, 0.0), (4.0, 45.0), (6.0, 60.0), (8.0, 67.5)] {
            let x: Vec<f32> = (0..44_100)
                .map(|n| {
                    let fade = (n.min(44_099 - n) as f64 / 441.0).min(1.0);
                    let turn = n as f64 / divisor + degrees / 360.0;
                    (0.5012 * fade * (std::f64::consts::TAU * turn).sin()) as f32
                })
                .collect();
            let db = 20.0 * f64::from(ours(&x, 4410)).log10();
            assert!((-6.4..=-5.8).contains(&db), "rate / {divisor}: {db}");
        }
    }
}
