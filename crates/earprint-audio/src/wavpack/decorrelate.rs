//! The predictors: up to 16 passes, each adding what it predicts from samples before, or from the other channel.
//!
//! A pass has a term: 1 to 8 looks at the sample so many before, 17 and 18 continue a line through the last two, -1 to
//! -3 look at the other channel. The prediction is weighted; after each sample the weight moves by `delta` towards what
//! would have been better.

use super::Damage;
use super::logarithm::exp2;

const MAX_PASSES: usize = 16;

#[derive(Clone, Copy, Default)]
struct Pass {
    term: i32,
    delta: i32,
    weights: [i32; 2],
    /// Samples before, of each channel, oldest first; for 17 and 18 the last one first.
    history: [[i32; 8]; 2],
}

/// The passes of one block, in the order of decoding.
#[derive(Default)]
pub(super) struct Decorrelator {
    passes: Vec<Pass>,
    channels: usize,
}

impl Decorrelator {
    /// For 1 or 2 coded channels.
    pub fn new(channels: usize) -> Decorrelator {
        Decorrelator { passes: Vec::new(), channels }
    }

    /// Terms and deltas, a byte each, the last pass first.
    pub fn read_terms(&mut self, data: &[u8]) -> Result<(), Damage> {
        if data.len() > MAX_PASSES {
            return Err("too many decorrelation passes");
        }
        self.passes.clear();
        for byte in data.iter().rev() {
            let term = i32::from(byte & 0x1F) - 5;
            let known = matches!(term, 1..=8 | 17 | 18) || (matches!(term, -3..=-1) && self.channels == 2);
            if !known {
                return Err("an unknown decorrelation term");
            }
            self.passes.push(Pass { term, delta: i32::from(byte >> 5), ..Pass::default() });
        }
        Ok(())
    }

    /// Weights, a byte for each channel, the last pass first; those not given are 0.
    pub fn read_weights(&mut self, data: &[u8]) -> Result<(), Damage> {
        if data.len() / self.channels > self.passes.len() {
            return Err("more decorrelation weights than passes");
        }
        self.passes.iter_mut().for_each(|pass| pass.weights = [0; 2]);
        for (pass, bytes) in self.passes.iter_mut().rev().zip(data.chunks_exact(self.channels)) {
            for (weight, byte) in pass.weights.iter_mut().zip(bytes) {
                let value = i32::from(*byte as i8) * 8;
                *weight = if value > 0 { value + ((value + 64) >> 7) } else { value };
            }
        }
        Ok(())
    }

    /// Samples before the block, as logarithms of 16 bits, the last pass first; those not given are 0.
    pub fn read_samples(&mut self, data: &[u8]) -> Result<(), Damage> {
        const SIZE: Damage = "the decorrelation samples have a wrong size";
        self.passes.iter_mut().for_each(|pass| pass.history = [[0; 8]; 2]);
        let mut logs = data.as_chunks::<2>().0.iter().map(|b| exp2(i32::from(i16::from_le_bytes(*b))));
        for pass in self.passes.iter_mut().rev() {
            if logs.len() == 0 {
                break;
            }
            match pass.term {
                17 | 18 => {
                    for history in &mut pass.history[..self.channels] {
                        for sample in &mut history[..2] {
                            *sample = logs.next().ok_or(SIZE)?;
                        }
                    }
                }
                ..0 => {
                    for history in &mut pass.history {
                        history[0] = logs.next().ok_or(SIZE)?;
                    }
                }
                term => {
                    for n in 0..term as usize {
                        for history in &mut pass.history[..self.channels] {
                            history[n] = logs.next().ok_or(SIZE)?;
                        }
                    }
                }
            }
        }
        if logs.len() == 0 && data.len().is_multiple_of(2) { Ok(()) } else { Err(SIZE) }
    }

    /// Runs all passes over samples, interleaved if there are two channels.
    pub fn run(&mut self, samples: &mut [i32]) {
        for pass in &mut self.passes {
            match (pass.term, self.channels) {
                (..0, _) => pass.cross(samples),
                (17 | 18, channels) => (0..channels).for_each(|c| pass.line(samples, c, channels)),
                (_, channels) => (0..channels).for_each(|c| pass.before(samples, c, channels)),
            }
        }
    }
}

/// The weight 1024 is 1.0.
#[inline]
fn weighted(weight: i32, sample: i32) -> i32 {
    ((i64::from(weight) * i64::from(sample) + 512) >> 10) as i32
}

#[inline]
fn adapt(weight: &mut i32, delta: i32, source: i32, residual: i32) {
    if source != 0 && residual != 0 {
        let step = if (source ^ residual) < 0 { -delta } else { delta };
        *weight = weight.wrapping_add(step);
    }
}

#[inline]
fn adapt_within_one(weight: &mut i32, delta: i32, source: i32, residual: i32) {
    if source != 0 && residual != 0 {
        // Only the end that the step goes to is a bound.
        *weight = if (source ^ residual) < 0 { (*weight - delta).max(-1024) } else { (*weight + delta).min(1024) };
    }
}

impl Pass {
    fn line(&mut self, samples: &mut [i32], c: usize, channels: usize) {
        let Pass { term, delta, .. } = *self;
        let [mut last, mut before] = [self.history[c][0], self.history[c][1]];
        let mut weight = self.weights[c];
        for sample in samples[c..].iter_mut().step_by(channels) {
            let difference = last.wrapping_sub(before);
            let source = last.wrapping_add(if term == 17 { difference } else { difference >> 1 });
            let value = sample.wrapping_add(weighted(weight, source));
            adapt(&mut weight, delta, source, *sample);
            (before, last, *sample) = (last, value, value);
        }
        self.weights[c] = weight;
        self.history[c][..2].copy_from_slice(&[last, before]);
    }

    fn before(&mut self, samples: &mut [i32], c: usize, channels: usize) {
        let Pass { term, delta, .. } = *self;
        let history = &mut self.history[c];
        let mut weight = self.weights[c];
        let (mut at, mut to) = (0usize, term as usize & 7);
        for sample in samples[c..].iter_mut().step_by(channels) {
            let source = history[at & 7];
            let value = sample.wrapping_add(weighted(weight, source));
            adapt(&mut weight, delta, source, *sample);
            history[to & 7] = value;
            *sample = value;
            (at, to) = (at + 1, to + 1);
        }
        self.weights[c] = weight;
    }

    fn cross(&mut self, samples: &mut [i32]) {
        let Pass { term, delta, .. } = *self;
        let [mut before_a, mut before_b] = [self.history[0][0], self.history[1][0]];
        let [mut weight_a, mut weight_b] = self.weights;
        for pair in samples.as_chunks_mut::<2>().0 {
            let [a, b] = *pair;
            match term {
                -1 => {
                    pair[0] = a.wrapping_add(weighted(weight_a, before_a));
                    adapt_within_one(&mut weight_a, delta, before_a, a);
                    pair[1] = b.wrapping_add(weighted(weight_b, pair[0]));
                    adapt_within_one(&mut weight_b, delta, pair[0], b);
                    before_a = pair[1];
                }
                -2 => {
                    pair[1] = b.wrapping_add(weighted(weight_b, before_b));
                    adapt_within_one(&mut weight_b, delta, before_b, b);
                    pair[0] = a.wrapping_add(weighted(weight_a, pair[1]));
                    adapt_within_one(&mut weight_a, delta, pair[1], a);
                    before_b = pair[0];
                }
                _ => {
                    pair[0] = a.wrapping_add(weighted(weight_a, before_a));
                    adapt_within_one(&mut weight_a, delta, before_a, a);
                    pair[1] = b.wrapping_add(weighted(weight_b, before_b));
                    adapt_within_one(&mut weight_b, delta, before_b, b);
                    (before_a, before_b) = (pair[1], pair[0]);
                }
            }
        }
        self.weights = [weight_a, weight_b];
        (self.history[0][0], self.history[1][0]) = (before_a, before_b);
    }
}
