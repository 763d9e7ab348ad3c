//! Loudness of ITU-R BS.1770-4 and its range after EBU Tech 3342, computed here: the same numbers as
//! crate `ebur128` gives (the tests compare them), in a seventh of the time and with the same bits on every machine.
//!
//! **K weighting.** Two biquads, high shelf and high pass, whose analogue prototypes belong to the coefficients that
//! BS.1770 lists for 48 kHz (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 2014),
//! mapped to 44,100 Hz by the bilinear transform. In f64, four lanes: two channels of two samples. So that no sample waits for
//! the one before it, both polynomials of a section are multiplied by A(-z), which leaves only even powers in the denominator
//! (scattered look-ahead: K. K. Parhi and D. G. Messerschmitt, "Pipeline interleaving and parallelism in recursive digital
//! filters", IEEE Trans. ASSP 37, 1989); the poles that this adds are cancelled exactly, and are stable as those they mirror.
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
use earprint_lanes::{Lanes, Quad, quads};

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

/// One second-order section, multiplied by A(-z): weights of the last five inputs, and of the outputs two and four back.
#[derive(Debug, Clone, Copy)]
struct Section {
    b: [f64; 5],
    a: [f64; 2],
}

impl Section {
    /// Of `(b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)`.
    fn new([b0, b1, b2]: [f64; 3], [a1, a2]: [f64; 2]) -> Self {
        Self {
            b: [b0, b1 - b0 * a1, (b2 - b1 * a1) + b0 * a2, b1 * a2 - b2 * a1, b2 * a2],
            a: [2.0 * a2 - a1 * a1, a2 * a2],
        }
    }
}

/// Shelf and high pass at 44,100 Hz.
fn sections() -> [Section; 2] {
    let rate = f64::from(earprint_core::TRACK_RATE_HZ);
    let (q, k) = (0.707_175_236_955_419_6, libm::tan(PI * 1_681.974_450_955_533 / rate));
    let high = libm::pow(10.0, 3.999_843_853_973_347 / 20.0);
    let band = libm::pow(high, 0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Section::new(
        [(high + band * k / q + k * k) / a0, 2.0 * (k * k - high) / a0, (high - band * k / q + k * k) / a0],
        [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    );
    let (q, k) = (0.500_327_037_323_877_3, libm::tan(PI * 38.135_470_876_024_44 / rate));
    let a0 = 1.0 + k / q + k * k;
    let pass = Section::new([1.0, -2.0, 1.0], [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]);
    [shelf, pass]
}

/// Of two channels: the last two quads before the shelf, between the sections, and after the pass, the later one first. A quad is
/// both channels of a sample, then of the next one.
type States = [[Quad; 2]; 3];

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
    pub fn step(&mut self, planar: &[&[f32]]) {
        let mut energy = 0.0;
        for (c, pair) in planar.chunks(2).enumerate() {
            let weights = [weight(2 * c, self.channels), weight(2 * c + 1, self.channels)];
            if weights == [0.0; 2] {
                continue;
            }
            let (sections, states) = (&self.sections, &mut self.states[c]);
            let (l, r) = (pair[0], pair[pair.len() - 1]);
            let squares = quads!(run(sections: &[Section; 2], states: &mut States, l: &[f32], r: &[f32]) -> [f64; 2]);
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

/// A section's weights in all lanes.
#[derive(Clone, Copy)]
struct Weights<L>([L; 5], [L; 2]);

impl<L: Lanes> Weights<L> {
    /// # Safety
    /// As [`Lanes`].
    #[inline(always)]
    unsafe fn of(section: &Section) -> Self {
        // SAFETY: as the caller's.
        unsafe { Self(section.b.map(|b| L::of([b; 4])), section.a.map(|a| L::of([a; 4]))) }
    }

    /// The next two outputs: `now` and the two quads of inputs before it, the two quads of outputs before them.
    ///
    /// # Safety
    /// As [`Lanes`].
    #[inline(always)]
    unsafe fn next(&self, now: L, [last, older]: [L; 2], outputs: [L; 2]) -> L {
        let Self(b, a) = self;
        // SAFETY: as the caller's.
        unsafe {
            let latest = b[0].times(now).plus(b[1].times(last.before(now)));
            let earlier = b[2].times(last).plus(b[3].times(older.before(last)));
            let inputs = latest.plus(earlier).plus(b[4].times(older));
            inputs.minus(a[1].times(outputs[1])).minus(a[0].times(outputs[0]))
        }
    }
}

/// Sums of the squares of two weighted channels, of an even number of samples.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn run<L: Lanes>(sections: &[Section; 2], states: &mut States, l: &[f32], r: &[f32]) -> [f64; 2] {
    debug_assert!(l.len().is_multiple_of(2), "an odd last sample would be left out");
    // What dies away in silence must not become subnormal, which is slow; 1e-60 is beyond any sum here.
    let settle = |v: f64| if v.abs() < 1e-60 { 0.0 } else { v };
    // SAFETY: as the caller's.
    unsafe {
        let [shelf, pass] = [Weights::<L>::of(&sections[0]), Weights::<L>::of(&sections[1])];
        let mut squares = L::of([0.0; 4]);
        let [mut x, mut y, mut z] = states.map(|quads| quads.map(|quad| L::of(quad)));
        for (l, r) in l.as_chunks::<2>().0.iter().zip(r.as_chunks::<2>().0) {
            let input = L::samples([l[0], r[0], l[1], r[1]]);
            let middle = shelf.next(input, x, y);
            let output = pass.next(middle, y, z);
            (x, y, z) = ([input, x[0]], [middle, y[0]], [output, z[0]]);
            squares = squares.plus(output.times(output));
        }
        *states = [x, y, z].map(|quads| quads.map(|quad| quad.quad().map(settle)));
        let squares = squares.quad();
        [squares[0] + squares[2], squares[1] + squares[3]]
    }
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
