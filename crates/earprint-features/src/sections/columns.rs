//! Columns of single frames, where the track keeps them anyway: what places a boundary to the frame and measures a section.

use crate::gate;
use crate::stats::median;

/// Numbers of every frame, in pieces of equal length (the last one shorter), and what the whole track has of them.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Mean squares.
    pub level: &'a [Vec<f32>],
    /// Centroids, Hz; 0 without power.
    pub centroid: &'a [Vec<f32>],
    /// Onset flux, dB of rise a band.
    pub flux: &'a [Vec<f32>],
    /// Mean square of the loudest frame.
    pub loudest: f32,
}

/// What a stretch of frames is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measure {
    /// Mean of the mean squares of all frames.
    pub power: f64,
    /// Median centroid over the frames that count, Hz.
    pub centroid: Option<f64>,
    /// Mean flux over the frames that count.
    pub flux: Option<f64>,
}

fn at(column: &[Vec<f32>], t: usize) -> f32 {
    let piece = column[0].len();
    column[t / piece][t % piece]
}

impl Columns<'_> {
    /// Frames of the track.
    pub fn frames(&self) -> usize {
        self.level.iter().map(Vec::len).sum()
    }

    fn counts(&self, t: usize) -> bool {
        gate::counts(at(self.level, t), self.loudest)
    }

    /// Level, brightness and density of frame `t` in units in which differences add up: dB above the gate, twelfths of octaves of the
    /// centroid over 20 Hz, dB of rise.
    pub fn point(&self, t: usize) -> [f64; 3] {
        let relative = f64::from(at(self.level, t)) / f64::from(self.loudest);
        let centroid = f64::from(at(self.centroid, t)).max(20.0);
        [10.0 * libm::log10(relative.max(gate::GATE)), 12.0 * libm::log2(centroid / 20.0), f64::from(at(self.flux, t))]
    }

    /// Frames `from .. to`, at least one.
    pub fn measure(&self, from: usize, to: usize) -> Measure {
        let power = (from..to).map(|t| f64::from(at(self.level, t))).sum::<f64>() / (to - from) as f64;
        let counting = || (from..to).filter(|&t| self.counts(t));
        let mut centroids: Vec<f32> = counting().map(|t| at(self.centroid, t)).filter(|&hz| hz > 0.0).collect();
        let count = counting().count();
        let flux = counting().map(|t| f64::from(at(self.flux, t))).sum::<f64>();
        Measure { power, centroid: median(&mut centroids), flux: (count > 0).then(|| flux / count as f64) }
    }
}

/// `10 log10(a / b)`, dB; `None` where one of them is 0.
pub fn db(a: f64, b: f64) -> Option<f64> {
    (a > 0.0 && b > 0.0).then(|| 10.0 * libm::log10(a / b))
}

/// `a / b`; `None` where `b` is 0 or one of them is unknown.
pub fn ratio(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).filter(|&(_, b)| b > 0.0).map(|(a, b)| a / b)
}
