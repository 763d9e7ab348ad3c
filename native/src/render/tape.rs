//! What sounds are made with: a tape to add to, noise from a seed, two filters.

use std::f64::consts::TAU;

/// A signal under construction.
pub struct Tape {
    /// Samples a second.
    pub rate: f64,
    /// Samples so far, any scale.
    pub samples: Vec<f64>,
    /// Noise of this sound.
    pub noise: Noise,
}

impl Tape {
    pub fn new(rate_hz: u32, seconds: f64, seed: u64) -> Self {
        let rate = f64::from(rate_hz);
        Self { rate, samples: vec![0.0; (rate * seconds).round() as usize], noise: Noise(seed) }
    }

    /// Length, seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / self.rate
    }

    /// Adds `f(t)`, `t` in seconds from `at` on, for `seconds`, faded in and out over 5 ms so that nothing clicks.
    pub fn add(&mut self, at: f64, seconds: f64, mut f: impl FnMut(f64) -> f64) {
        let first = (at * self.rate).round() as usize;
        let count = (seconds * self.rate).round() as usize;
        let fade = 0.005;
        let room = self.samples.iter_mut().skip(first).take(count);
        for (i, out) in room.enumerate() {
            let t = i as f64 / self.rate;
            let edge = (t / fade).min((seconds - t) / fade).clamp(0.0, 1.0);
            *out += edge * f(t);
        }
    }

    /// As [`Tape::add`], with noise for `f` to shape: `f(t, noise)`.
    pub fn add_noise(&mut self, at: f64, seconds: f64, mut f: impl FnMut(f64, f64) -> f64) {
        let mut noise = Noise(self.noise.next());
        self.add(at, seconds, |t| f(t, noise.signed()));
    }

    /// Samples whose largest magnitude is `peak` of full scale, without a constant part.
    pub fn to_i16(&self, peak: f64) -> Vec<i16> {
        let mean = self.samples.iter().sum::<f64>() / self.samples.len() as f64;
        let most = self.samples.iter().fold(0.0_f64, |m, &s| m.max((s - mean).abs()));
        self.samples.iter().map(|s| ((s - mean) / most * peak * 32_768.0).round() as i16).collect()
    }
}

/// Splitmix64 (Steele, Lea, Flood 2014): a counter, mixed.
#[derive(Debug, Clone)]
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In [-1, 1).
    pub fn signed(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// In [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// A sine whose frequency may change with every sample.
#[derive(Default)]
pub struct Phase(f64);

impl Phase {
    /// The phase, radians, after one more sample at `hz`.
    pub fn step(&mut self, hz: f64, rate: f64) -> f64 {
        self.0 = (self.0 + hz / rate).fract();
        TAU * self.0
    }
}

/// Two poles at a centre frequency (Klatt 1980, gain 1 at 0 Hz).
#[derive(Default)]
pub struct Resonator {
    y1: f64,
    y2: f64,
}

impl Resonator {
    pub fn step(&mut self, x: f64, hz: f64, bandwidth_hz: f64, rate: f64) -> f64 {
        let c = -(-TAU * bandwidth_hz / rate).exp();
        let b = 2.0 * (-TAU / 2.0 * bandwidth_hz / rate).exp() * (TAU * hz / rate).cos();
        let y = (1.0 - b - c) * x + b * self.y1 + c * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

/// One pole: 6 dB an octave above a corner frequency.
#[derive(Default)]
pub struct LowPass(f64);

impl LowPass {
    pub fn step(&mut self, x: f64, hz: f64, rate: f64) -> f64 {
        self.0 += (1.0 - (-TAU * hz / rate).exp()) * (x - self.0);
        self.0
    }
}

/// Falls by 60 dB in `t60` seconds.
pub fn decay(t: f64, t60: f64) -> f64 {
    10.0_f64.powf(-3.0 * t / t60)
}

/// Rises over `rise` seconds, falls over `fall` seconds before `end`, as a raised cosine.
pub fn swell(t: f64, end: f64, rise: f64, fall: f64) -> f64 {
    let x = (t / rise).min((end - t) / fall).clamp(0.0, 1.0);
    0.5 - 0.5 * (TAU / 2.0 * x).cos()
}
