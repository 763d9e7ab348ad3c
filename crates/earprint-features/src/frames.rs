//! What is kept of the rows of the mono signal, and the frame features that come of it: 15-18, 20, MFCC, RMS, bandwidth,
//! flux.
//!
//! Medians (15 centroid, 16 roll-off, 17 flatness, bandwidth), RMS and flux are over the frames that count ([`gate`]); the
//! medians without frames whose spectrum has no power (one sample under the window's zero), where the kernel has no value.
//! The median of the flatness is exp of the median of its ln. **harmonic_ratio** (18): sum H / (sum H + sum P). MFCC
//! deviations are of the population, from sums of x and x^2.

use earprint_core::{Known, Section, Why};
use earprint_signal::track::row;

use crate::bands::Bands;
use crate::chroma::{Chroma, ChromaSums};
use crate::gate::{self, Levels};
use crate::sections::{Blocks, Columns, sections};
use crate::stats::{Spread, median};

/// Frames of a block of memory: a long track grows without being copied.
const BLOCK: usize = 8192;

/// Columns kept of every frame.
const KEPT: [usize; 7] =
    [row::MEAN_SQUARE, row::CENTROID, row::ROLLOFF, row::FLATNESS, row::BANDWIDTH, row::F0, row::FLUX];

/// Numbers of every frame, block after block, each column by itself: at the end one after another is used up, so that
/// ten hours need no second copy of all of them.
#[derive(Debug, Default)]
struct Kept([Vec<Vec<f32>>; KEPT.len()]);

impl Kept {
    fn add(&mut self, row: &[f32; row::ROW]) {
        for (blocks, of) in self.0.iter_mut().zip(KEPT) {
            if blocks.last().is_none_or(|b| b.len() == BLOCK) {
                blocks.push(Vec::with_capacity(BLOCK));
            }
            blocks.last_mut().expect("pushed above").push(row[of]);
        }
    }

    /// Mean squares of all frames.
    fn levels(&self) -> impl Iterator<Item = f32> {
        self.0[0].iter().flatten().copied()
    }

    fn column(&mut self, of: usize) -> &mut Vec<Vec<f32>> {
        &mut self.0[KEPT.iter().position(|&c| c == of).expect("a kept column")]
    }

    fn view(&self, of: usize) -> &[Vec<f32>] {
        &self.0[KEPT.iter().position(|&c| c == of).expect("a kept column")]
    }

    /// Which frames count, `(T)`.
    fn counting(&self, loudest: f32) -> Vec<bool> {
        let mut counting = Vec::with_capacity(self.levels().count());
        counting.extend(self.levels().map(|level| gate::counts(level, loudest)));
        counting
    }

    /// A column's values where `wanted`; the column is gone afterwards.
    fn take(&mut self, of: usize, wanted: &[bool]) -> Vec<f32> {
        let column = std::mem::take(self.column(of)).into_iter().flatten();
        let mut taken = Vec::with_capacity(wanted.len());
        taken.extend(column.zip(wanted).filter_map(|(x, &wanted)| wanted.then_some(x)));
        taken
    }

    /// A column's values, 0 where not `wanted`; the column is gone afterwards.
    fn gated(&mut self, of: usize, wanted: &[bool]) -> Vec<f32> {
        let column = std::mem::take(self.column(of)).into_iter().flatten();
        let mut all = Vec::with_capacity(wanted.len());
        all.extend(column.zip(wanted).map(|(x, &wanted)| if wanted { x } else { 0.0 }));
        all
    }
}

/// Sums of frames of one level.
#[derive(Debug, Clone, Default)]
struct Sums {
    frames: u64,
    chroma: ChromaSums,
    mfcc: [f64; 13],
    mfcc_squares: [f64; 13],
    harmonic: f64,
    percussive: f64,
}

/// All rows so far.
#[derive(Debug)]
pub struct Frames {
    kept: Kept,
    count: u64,
    levels: Levels<Sums>,
    blocks: Blocks,
    pub bands: Bands,
}

/// What they tell; `Silence` where no frame counts.
#[derive(Debug, Clone)]
pub struct FrameNumbers {
    pub centroid: Known,
    pub rolloff: Known,
    pub flatness: Known,
    pub bandwidth: Known,
    pub harmonic_ratio: Known,
    pub chroma: Option<Chroma>,
    pub mfcc: Option<([f32; 13], [f32; 13])>,
    pub rms: Option<Spread>,
    pub flux: Option<f64>,
    /// Onset envelope of every frame, 0 in frames that do not count.
    pub envelope: Vec<f32>,
    /// f0 of every frame, 0 in frames that do not count or are unvoiced.
    pub f0: Vec<f32>,
}

impl Frames {
    pub fn new() -> Self {
        Self {
            kept: Kept::default(),
            count: 0,
            levels: Levels::new(gate::GATE),
            blocks: Blocks::default(),
            bands: Bands::default(),
        }
    }

    /// Rows `(T, ROW)` of the next frames.
    pub fn add(&mut self, rows: &[f32]) {
        let (rows, rest) = rows.as_chunks::<{ row::ROW }>();
        assert!(rest.is_empty(), "rows must be (T, ROW)");
        for r in rows {
            self.count += 1;
            self.kept.add(r);
            self.bands.add(r);
            self.blocks.add(r);
            let Some(sums) = self.levels.at(r[row::MEAN_SQUARE]) else { continue };
            sums.frames += 1;
            sums.chroma.add(&r[row::CHROMA..][..36]);
            for (c, &x) in r[row::MFCC..][..13].iter().enumerate() {
                let x = f64::from(x);
                sums.mfcc[c] += x;
                sums.mfcc_squares[c] += x * x;
            }
            sums.harmonic += f64::from(r[row::HARMONIC]);
            sums.percussive += f64::from(r[row::PERCUSSIVE]);
        }
    }

    /// Rows so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sections of a track of `samples` samples whose rows all came, once; `None` for silence.
    pub fn sections(&mut self, samples: u64) -> Option<Vec<Section>> {
        let columns = Columns {
            level: self.kept.view(row::MEAN_SQUARE),
            centroid: self.kept.view(row::CENTROID),
            flux: self.kept.view(row::FLUX),
            loudest: self.levels.loudest(),
        };
        sections(std::mem::take(&mut self.blocks), &columns, samples)
    }

    /// All rows came.
    pub fn finish(mut self) -> FrameNumbers {
        let loudest = self.levels.loudest();
        let counting = self.kept.counting(loudest);
        let centroids = self.kept.column(row::CENTROID).iter().flatten();
        let powered: Vec<bool> = centroids.zip(&counting).map(|(&hz, &counts)| counts && hz > 0.0).collect();
        let why = if counting.contains(&true) { Why::Undefined } else { Why::Silence };
        let mut median_of = |of: usize| median(&mut self.kept.take(of, &powered)).ok_or(why);
        let [centroid, rolloff, flatness, bandwidth] =
            [row::CENTROID, row::ROLLOFF, row::FLATNESS, row::BANDWIDTH].map(&mut median_of);
        let envelope = self.kept.gated(row::FLUX, &counting);
        let f0 = self.kept.gated(row::F0, &counting);
        let rms = self.kept.levels().filter(|&level| gate::counts(level, loudest));
        let rms: Spread = rms.map(|level| libm::sqrt(f64::from(level))).collect();

        let mut sums = Sums::default();
        for s in self.levels.ascending() {
            sums.frames += s.frames;
            sums.chroma.join(&s.chroma);
            for c in 0..13 {
                sums.mfcc[c] += s.mfcc[c];
                sums.mfcc_squares[c] += s.mfcc_squares[c];
            }
            sums.harmonic += s.harmonic;
            sums.percussive += s.percussive;
        }
        let n = sums.frames as f64;
        let some = sums.frames > 0;
        let mean = sums.mfcc.map(|x| x / n);
        let deviation: [f64; 13] =
            std::array::from_fn(|c| libm::sqrt((sums.mfcc_squares[c] / n - mean[c] * mean[c]).max(0.0)));
        let energy = sums.harmonic + sums.percussive;
        FrameNumbers {
            centroid,
            rolloff,
            flatness: flatness.map(libm::exp),
            bandwidth,
            harmonic_ratio: match () {
                _ if !some => Err(Why::Silence),
                _ if energy > 0.0 => Ok(sums.harmonic / energy),
                _ => Err(Why::Undefined),
            },
            chroma: sums.chroma.finish(),
            mfcc: some.then(|| (mean.map(|x| x as f32), deviation.map(|x| x as f32))),
            rms: some.then_some(rms),
            // Frames that do not count add nothing.
            flux: some.then(|| envelope.iter().map(|&x| f64::from(x)).sum::<f64>() / n),
            envelope,
            f0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(mean_square: f32, x: f32) -> [f32; row::ROW] {
        let mut r = [0.0; row::ROW];
        r[row::MEAN_SQUARE] = mean_square;
        for c in [row::CENTROID, row::ROLLOFF, row::BANDWIDTH, row::FLUX, row::F0, row::MFCC + 12] {
            r[c] = x;
        }
        r[row::FLATNESS] = -x;
        r[row::HARMONIC] = 3.0 * mean_square;
        r[row::PERCUSSIVE] = mean_square;
        r[row::CHROMA] = mean_square;
        r
    }

    #[test]
    fn quiet_frames_count_in_nothing() {
        let mut f = Frames::new();
        for r in [row_of(0.0, 9.0), row_of(1e-8, 7.0), row_of(0.04, 1.0), row_of(0.01, 2.0), row_of(0.09, 6.0)] {
            f.add(&r);
        }
        assert_eq!(f.count(), 5);
        let n = f.finish();
        assert_eq!((n.centroid, n.rolloff, n.bandwidth), (Ok(2.0), Ok(2.0), Ok(2.0)));
        assert_eq!(n.flatness, Ok(libm::exp(-2.0)));
        assert!((n.harmonic_ratio.unwrap() - 0.75).abs() < 1e-12);
        let (mean, deviation) = n.mfcc.unwrap();
        assert_eq!((mean[12], mean[0]), (3.0, 0.0));
        assert!((deviation[12] - (14f32 / 3.0).sqrt()).abs() < 1e-6);
        assert!((n.rms.unwrap().mean() - 0.2).abs() < 1e-7);
        assert_eq!((n.flux, n.envelope, n.f0.len()), (Some(3.0), vec![0.0, 0.0, 1.0, 2.0, 6.0], 5));
        assert_eq!(n.chroma.unwrap().concentration, 1.0);
    }

    #[test]
    fn frames_without_power_are_in_no_median() {
        let mut f = Frames::new();
        let mut no_power = row_of(0.04, 0.0);
        no_power[row::FLATNESS] = 0.0;
        for r in [no_power, row_of(0.04, 3.0), no_power] {
            f.add(&r);
        }
        let n = f.finish();
        assert_eq!((n.centroid, n.rolloff, n.flatness), (Ok(3.0), Ok(3.0), Ok(libm::exp(-3.0))));
        let mut f = Frames::new();
        f.add(&no_power);
        let n = f.finish();
        assert_eq!((n.centroid, n.flatness), (Err(Why::Undefined), Err(Why::Undefined)));
    }

    #[test]
    fn silence_has_no_frame_features() {
        let mut f = Frames::new();
        f.add(&[row_of(0.0, 0.0), row_of(0.0, 0.0)].concat());
        let n = f.finish();
        assert_eq!(
            (n.centroid, n.flatness, n.harmonic_ratio),
            (Err(Why::Silence), Err(Why::Silence), Err(Why::Silence))
        );
        assert!(n.chroma.is_none() && n.mfcc.is_none() && n.rms.is_none() && n.flux.is_none());
    }
}
