//! The same numbers by crate `ebur128`, which our own meter is tested against: ITU-R BS.1770-4 with the channel weights of its
//! default map (L, R, C, LFE, Ls, Rs; a sixth channel is left out as LFE), EBU Tech 3342 for the range of its short-term
//! readings (its own range takes one a second, as the standard allowed until 2016).
//!
//! Fed in chunks of 100 ms that lie at fixed places. Momentary loudness is read after each of them from 0.4 s on, short-term
//! loudness from 3 s on.

use earprint_core::Why;
use ebur128::{EbuR128, Mode};

use crate::loudness::LoudnessNumbers;
use crate::stats::Spread;

/// Absolute gate, LUFS.
const GATE_LUFS: f64 = -70.0;

/// Loudness of all channels of a track.
#[derive(Debug)]
pub struct Loudness {
    meter: Option<EbuR128>,
    steps: u64,
    momentary: Spread,
    short_term: Vec<f64>,
}

impl Loudness {
    /// A meter of `channels` channels at 44,100 Hz. More than 64 have no loudness: `undefined`.
    pub fn new(channels: usize) -> Self {
        let channels = u32::try_from(channels).unwrap_or(u32::MAX);
        Self {
            meter: EbuR128::new(channels, 44_100, Mode::I | Mode::S).ok(),
            steps: 0,
            momentary: Spread::default(),
            short_term: Vec::new(),
        }
    }

    /// The next [`STEP`](crate::loudness::STEP) samples of every channel.
    pub fn step(&mut self, planar: &[&[f32]]) {
        let Some(meter) = &mut self.meter else { return };
        meter.add_frames_planar_f32(planar).expect("as many channels as the meter was made for");
        self.steps += 1;
        if self.steps >= 4 {
            let momentary = meter.loudness_momentary().expect("the mode asks for it");
            if momentary > GATE_LUFS {
                self.momentary.add(momentary);
            }
        }
        if self.steps >= 30 {
            self.short_term.push(meter.loudness_shortterm().expect("the mode asks for it"));
        }
    }

    /// All samples came; fewer than a step are left out, as BS.1770 leaves out an incomplete block.
    pub fn finish(self) -> LoudnessNumbers {
        let unknown = |why| LoudnessNumbers { integrated: Err(why), variation: Err(why), range: Err(why) };
        let Some(meter) = self.meter else { return unknown(Why::Undefined) };
        if self.steps < 4 {
            return unknown(Why::TooShort);
        }
        let integrated = meter.loudness_global().expect("the mode asks for it");
        let range = range(self.short_term);
        let integrated = if integrated.is_finite() { Ok(integrated) } else { Err(Why::BelowGate) };
        LoudnessNumbers {
            integrated,
            variation: match self.momentary.count() {
                _ if self.steps < 5 => Err(Why::TooShort),
                0 => Err(Why::BelowGate),
                _ => Ok(self.momentary.deviation()),
            },
            range: if self.steps < 30 { Err(Why::TooShort) } else { integrated.map(|_| range) },
        }
    }
}

/// From the 10th to the 95th percentile of the readings not 20 LU below their mean, LU.
fn range(mut readings: Vec<f64>) -> f64 {
    readings.retain(|&l| l >= GATE_LUFS);
    let power = |l: f64| 10.0_f64.powf((l + 0.691) / 10.0);
    let mean = readings.iter().map(|&l| power(l)).sum::<f64>() / readings.len() as f64;
    readings.retain(|&l| power(l) >= 0.01 * mean);
    readings.sort_by(f64::total_cmp);
    let at = |share: f64| readings[((readings.len() - 1) as f64 * share).round() as usize];
    if readings.is_empty() { 0.0 } else { at(0.95) - at(0.1) }
}
