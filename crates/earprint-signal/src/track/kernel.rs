//! All columns of a segment's rows, in one walk over its frames.
//!
//! Power goes through a window of frames that stays in the second-level cache: the spectrum of new frames is written at
//! its end, the medians read all of it, and the last 30 frames move to its front. Rows do not depend on how many frames
//! a step takes.

use super::constant_q::{ConstantQKernel, ConstantQScratch};
use super::hpss::{HpssKernel, HpssScratch};
use super::row::{FLUX, ROW};
use super::segment::{CONTEXT_SAMPLES, HOP, MEDIAN_REACH, N_FFT, TrackSegment};
use super::spectrum::{MELS, STRIDE, SpectrumKernel, SpectrumOut, SpectrumScratch, flux};
use super::yin::{YinKernel, YinScratch};
use crate::Width;

/// Frames of a step: with the 30 around them 94 frames of 8 KB, which a second-level cache of 1 MB holds.
const STEP: usize = 64;

/// Rows of segments on one thread.
#[derive(Debug, Clone)]
pub struct TrackKernel {
    spectrum: SpectrumKernel,
    hpss: HpssKernel,
    constant_q: ConstantQKernel,
    yin: YinKernel,
}

/// Working memory of one thread.
#[derive(Debug, Default)]
pub struct TrackScratch {
    spectrum: SpectrumScratch,
    hpss: HpssScratch,
    constant_q: ConstantQScratch,
    yin: YinScratch,
    /// Power, `(STEP + 30, STRIDE)`: row `r` is frame `step - 15 + r`.
    power: Vec<f32>,
    /// Mel in dB of the frame before the new ones, then of the new ones, `(1 + T, MELS)`.
    log_mel: Vec<f32>,
}

impl TrackKernel {
    /// Kernels of an instruction set.
    ///
    /// # Panics
    /// If this machine lacks it.
    pub fn new(width: Width) -> Self {
        Self {
            spectrum: SpectrumKernel::new(width),
            hpss: HpssKernel::new(width),
            constant_q: ConstantQKernel::new(width),
            yin: YinKernel::new(width),
        }
    }

    /// The rows of a segment, `rows (T, ROW)`.
    ///
    /// # Panics
    /// If the segment's samples or `rows` do not have the length its frames ask for.
    pub fn run(&self, segment: &TrackSegment, rows: &mut [f32], scratch: &mut TrackScratch) {
        let frames = segment.frames;
        assert_eq!(segment.pcm.len(), TrackSegment::samples(frames), "samples of {frames} frames");
        assert_eq!(rows.len(), frames * ROW, "rows must be (T, ROW) = ({frames}, {ROW})");
        self.constant_q.run(segment.pcm, frames, rows, &mut scratch.constant_q);
        self.yin.run(&segment.pcm[CONTEXT_SAMPLES - N_FFT / 2..], frames, rows, &mut scratch.yin);
        scratch.power.resize((STEP + 2 * MEDIAN_REACH) * STRIDE, 0.0);

        let end = (frames + segment.after) as isize;
        // Frames before this one stand in the window.
        let mut done = -(segment.before as isize);
        let mut has_previous = false;
        for step in (0..frames).step_by(STEP) {
            let here = STEP.min(frames - step);
            let first = step as isize - MEDIAN_REACH as isize;
            let last = (step + here + MEDIAN_REACH) as isize;
            if step > 0 {
                scratch.power.copy_within(STEP * STRIDE.., 0);
            }
            let fresh = done..last.min(end);
            if !fresh.is_empty() {
                self.new_frames(segment, fresh.clone(), first, has_previous, rows, scratch);
                has_previous = true;
                done = fresh.end;
            }
            for j in first..last {
                let from = segment.median_frame(j);
                if from != j {
                    let (from, to) = ((from - first) as usize * STRIDE, (j - first) as usize * STRIDE);
                    scratch.power.copy_within(from..from + STRIDE, to);
                }
            }
            let power = &scratch.power[..(here + 2 * MEDIAN_REACH) * STRIDE];
            let rows = &mut rows[step * ROW..(step + here) * ROW];
            self.hpss.run(power, STRIDE, here, rows, &mut scratch.hpss);
        }
    }

    /// Spectrum and onset envelope of frames `fresh`; their power to the window that begins with frame `first`.
    fn new_frames(
        &self,
        segment: &TrackSegment,
        fresh: std::ops::Range<isize>,
        first: isize,
        has_previous: bool,
        rows: &mut [f32],
        scratch: &mut TrackScratch,
    ) {
        let count = (fresh.end - fresh.start) as usize;
        scratch.log_mel.resize((STEP + 2 * MEDIAN_REACH + 1) * MELS, 0.0);
        let from = (CONTEXT_SAMPLES as isize + fresh.start * HOP as isize) as usize - N_FFT / 2;
        let at = (fresh.start - first) as usize * STRIDE;
        let own = fresh.start.max(0)..fresh.end.min(segment.frames as isize);
        let own_rows =
            if own.is_empty() { &mut rows[..0] } else { &mut rows[own.start as usize * ROW..own.end as usize * ROW] };
        let out = SpectrumOut {
            power: &mut scratch.power[at..at + count * STRIDE],
            log_mel: &mut scratch.log_mel[MELS..(1 + count) * MELS],
            first_row: (own.start - fresh.start).max(0) as usize,
            rows: own_rows,
        };
        self.spectrum.run(&segment.pcm[from..], count, out, &mut scratch.spectrum);
        let (mel, _) = scratch.log_mel.as_chunks::<MELS>();
        for j in own {
            let i = (j - fresh.start) as usize;
            // The first frame of a track has risen from nothing.
            let known = i > 0 || has_previous;
            rows[j as usize * ROW + FLUX] = if known { flux(&mel[i], &mel[i + 1]) } else { 0.0 };
        }
        scratch.log_mel.copy_within(count * MELS..(1 + count) * MELS, 0);
    }
}
