//! Numbers of the samples of all channels: 9, 14, 21, 23, 24, 25, true peak.
//!
//! * **crest** (9): sample peak over all channels / RMS over all channels' samples, dB.
//! * **silence_ratio** (14): a frame's mean square is that of all channels over the 4,096 samples of the frame grid of
//!   the features, zeros outside; the share of frames below 1e-4 of the loudest (levels truncated as in [`crate::gate`]).
//! * **crest_variation** (21), **peak_consistency** (23): frames of 22,050 samples every 11,025 that lie inside the
//!   track; frames of zeros are left out; population deviation of 20 log10(peak / RMS), 1 / (1 + CV) of the peaks.
//! * **stereo_width** (24), **phase_correlation** (25): channels 0 and 1 (of more channels these are left and right of
//!   every usual layout). Side over mid + side energy is (ll + rr - 2 lr) / 2 (ll + rr); Pearson's correlation takes the
//!   means off. One channel: 0 and 1 by definition.
//!
//! **Order.** Runs end at multiples of 4,410, 1,024 and 11,025 samples; sums of runs are added in the order of time.

use earprint_core::{Known, Why};
use earprint_signal::track::{HOP, N_FFT};

use crate::gate::Levels;
use crate::loudness::STEP;
use crate::stats::Spread;
use crate::sums::{Crossings, one, pair};
use crate::true_peak::TruePeak;

/// Samples of a quarter of a second, the step of the frames of crest.
const QUARTER: usize = 11_025;

/// -40 dB.
const SILENT: f64 = 1e-4;

/// Sums of a track's samples so far.
#[derive(Debug)]
pub struct Level {
    channels: usize,
    samples: u64,
    peak: f32,
    square: f64,
    first_two: crate::sums::Pair,
    hop: f64,
    hops: [f64; 3],
    closed_hops: u64,
    frames: Levels<u64>,
    quarter: (f64, f32),
    last_quarter: Option<(f64, f32)>,
    crests: Spread,
    peaks: Spread,
    pub true_peak: TruePeak,
    pub crossings: Crossings,
}

/// What they tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelNumbers {
    pub crest: Known,
    pub silence_ratio: Known,
    pub crest_variation: Known,
    pub peak_consistency: Known,
    pub stereo_width: Known,
    pub phase_correlation: Known,
    /// dBTP.
    pub true_peak: Known,
}

impl Level {
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            samples: 0,
            peak: 0.0,
            square: 0.0,
            first_two: crate::sums::Pair::default(),
            hop: 0.0,
            hops: [0.0; 3],
            closed_hops: 0,
            frames: Levels::new(SILENT),
            quarter: (0.0, 0.0),
            last_quarter: None,
            crests: Spread::default(),
            peaks: Spread::default(),
            true_peak: TruePeak::new(channels),
            crossings: Crossings::default(),
        }
    }

    /// The next step of 4,410 samples of every channel (fewer only at the end of the track), and their mono.
    pub fn step(&mut self, planar: &[&[f32]], mono: &[f32]) {
        assert!(self.samples.is_multiple_of(STEP as u64), "only the last step is short");
        let mut from = 0;
        while from < mono.len() {
            // Remainders of the 64-bit count: on 32 bits it passes 2^32 after 27 hours.
            let to_hop = HOP - (self.samples % HOP as u64) as usize;
            let to_quarter = QUARTER - (self.samples % QUARTER as u64) as usize;
            let to = (from + to_hop.min(to_quarter)).min(mono.len());
            self.run(planar, from..to);
            if to - from == to_hop {
                self.close_hop();
            }
            if to - from == to_quarter {
                self.close_quarter();
            }
            from = to;
        }
        self.true_peak.step(planar, self.peak);
        self.crossings.push(mono);
    }

    fn run(&mut self, planar: &[&[f32]], run: std::ops::Range<usize>) {
        let mut square = 0.0;
        let mut peak = 0.0f32;
        let mut rest = planar;
        if let [l, r, others @ ..] = planar {
            let p = pair(&l[run.clone()], &r[run.clone()]);
            square = p.ll + p.rr;
            peak = p.peak;
            let sum = &mut self.first_two;
            (sum.ll, sum.rr, sum.lr) = (sum.ll + p.ll, sum.rr + p.rr, sum.lr + p.lr);
            (sum.l, sum.r) = (sum.l + p.l, sum.r + p.r);
            rest = others;
        }
        for x in rest {
            let o = one(&x[run.clone()]);
            square += o.square;
            peak = peak.max(o.peak);
        }
        self.samples += run.len() as u64;
        self.square += square;
        self.peak = self.peak.max(peak);
        self.hop += square;
        self.quarter = (self.quarter.0 + square, self.quarter.1.max(peak));
    }

    /// Hop `h` is complete, and with it frame `h - 1`, which spans hops `h - 3 ..= h`.
    fn close_hop(&mut self) {
        let [a, b, c] = self.hops;
        let d = std::mem::take(&mut self.hop);
        self.hops = [b, c, d];
        self.closed_hops += 1;
        if self.closed_hops >= 2 {
            let mean_square = (((a + b) + c) + d) / (N_FFT * self.channels) as f64;
            if let Some(count) = self.frames.at(mean_square as f32) {
                *count += 1;
            }
        }
    }

    fn close_quarter(&mut self) {
        let now = std::mem::take(&mut self.quarter);
        if let Some(before) = self.last_quarter.replace(now) {
            let peak = f64::from(before.1.max(now.1));
            if peak > 0.0 {
                let mean_square = (before.0 + now.0) / (2 * QUARTER * self.channels) as f64;
                self.crests.add(20.0 * libm::log10(peak / libm::sqrt(mean_square)));
                self.peaks.add(peak);
            }
        }
    }

    /// Whether no sample differs from zero.
    pub fn silent(&self) -> bool {
        self.peak == 0.0
    }

    /// All samples came; at least one.
    pub fn finish(mut self) -> LevelNumbers {
        // The hop the track ends in, and the one of zeros that its last frame reaches into.
        self.close_hop();
        self.close_hop();
        let (width, correlation) = if self.channels == 1 { (Ok(0.0), Ok(1.0)) } else { self.stereo() };
        if self.silent() {
            let no = Err(Why::Silence);
            return LevelNumbers {
                crest: no,
                silence_ratio: no,
                crest_variation: no,
                peak_consistency: no,
                stereo_width: width.and(if self.channels == 1 { width } else { no }),
                phase_correlation: correlation.and(if self.channels == 1 { correlation } else { no }),
                true_peak: no,
            };
        }
        let mean_square = self.square / (self.samples as f64 * self.channels as f64);
        let sounding: u64 = self.frames.ascending().sum();
        let frames = self.closed_hops - 1;
        // Frames of zeros are left out: a long track with one click has no second frame either, and that is not its length.
        let few = self.crests.count() < 2;
        let why = if self.samples < 3 * QUARTER as u64 { Why::TooShort } else { Why::Undefined };
        LevelNumbers {
            crest: Ok(20.0 * libm::log10(f64::from(self.peak) / libm::sqrt(mean_square))),
            silence_ratio: Ok((frames - sounding) as f64 / frames as f64),
            crest_variation: if few { Err(why) } else { Ok(self.crests.deviation()) },
            peak_consistency: if few { Err(why) } else { self.peaks.consistency() },
            stereo_width: width,
            phase_correlation: correlation,
            true_peak: Ok(20.0 * libm::log10(f64::from(self.true_peak.finish()))),
        }
    }

    fn stereo(&self) -> (Known, Known) {
        let s = &self.first_two;
        let both = s.ll + s.rr;
        if both == 0.0 {
            return (Err(Why::Silence), Err(Why::Silence));
        }
        let n = self.samples as f64;
        let cll = s.ll - s.l * s.l / n;
        let crr = s.rr - s.r * s.r / n;
        let clr = s.lr - s.l * s.r / n;
        // What is left of a constant channel is rounding: less than 1e-12 of what it was taken from.
        let varies = cll > 1e-12 * s.ll && crr > 1e-12 * s.rr;
        let correlation =
            if varies { Ok((clr / (libm::sqrt(cll) * libm::sqrt(crr))).clamp(-1.0, 1.0)) } else { Err(Why::Undefined) };
        (Ok(((both - 2.0 * s.lr) / (2.0 * both)).clamp(0.0, 1.0)), correlation)
    }
}
