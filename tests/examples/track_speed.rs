//! Milliseconds per minute of a WAV file for the track descriptor and its parts, one thread, samples in memory:
//! `cargo run --release -p earprint-tests --example track_speed FILE.wav [ROUNDS [WIDTH]]`. One JSON line per instruction set; its
//! descriptor has the bits of the scalar kernels first. The least of the rounds (5). Making tables is not in it: a worker does so once.

use std::path::PathBuf;
use std::time::Instant;

use earprint_audio::{Limits, PlanarStream, Stream};
use earprint_core::{DIMENSIONS, TRACK_RATE_HZ};
use earprint_features::{OwnedSegment, SourceInfo, SourceNote, TrackAnalysis};
use earprint_pipeline::tracks::{CpuRows, Made};
use earprint_signal::Width;
use earprint_signal::track::row::ROW;
use earprint_signal::track::{
    CONTEXT_SAMPLES, ConstantQKernel, ConstantQScratch, HOP, HpssKernel, HpssScratch, MELS, N_FFT, STRIDE,
    SpectrumKernel, SpectrumOut, SpectrumScratch, YinKernel, YinScratch,
};
use earprint_tests::track::{numbers_in, segments};

/// Frames of a segment, as the command has it.
const FRAMES: usize = 1024;

fn main() {
    let mut args = std::env::args_os().skip(1);
    let path = PathBuf::from(args.next().expect("a WAV file"));
    let rounds: u32 = args.next().map_or(5, |r| r.to_string_lossy().parse().expect("a number of rounds"));
    let only = args.next();
    let stream = Stream::open_path(&path, &Limits::default()).expect("a WAV file");
    let mut stream = PlanarStream::new(stream, TRACK_RATE_HZ).expect("channels");
    let mut planes = vec![Vec::new(); stream.channels()];
    while let Some(block) = stream.next_block().expect("samples") {
        planes.iter_mut().zip(&block.planar).for_each(|(all, new)| all.extend(new));
    }
    let minutes = planes[0].len() as f64 / f64::from(TRACK_RATE_HZ) / 60.0;
    let segments = segments(&planes, FRAMES);
    let bits = |width| numbers_in(&planes, 44_100, FRAMES, width).descriptor.values.map(f32::to_bits);
    let want = bits(Width::Scalar);
    for width in Width::available().into_iter().filter(|w| only.as_ref().is_none_or(|only| only == w.name())) {
        assert_eq!(bits(width), want, "{}", width.name());
        let least = |work: &mut dyn FnMut()| {
            let mut least = f64::INFINITY;
            for _ in 0..rounds {
                let started = Instant::now();
                work();
                least = least.min(started.elapsed().as_secs_f64());
            }
            1e3 * least / minutes
        };
        let mut parts = Parts::new(width);
        let mut cpu = CpuRows::with_width(width);
        let whole = least(&mut || {
            let made = |s: OwnedSegment| cpu.make(s, None);
            assert_eq!(numbers_in_steps(&planes, made).map(f32::to_bits), want, "{}", width.name());
        });
        let spectrum = least(&mut || segments.iter().for_each(|s| parts.spectrum(s)));
        let hpss = least(&mut || segments.iter().for_each(|s| parts.hpss(s)));
        let chroma = least(&mut || segments.iter().for_each(|s| parts.chroma(s)));
        let yin = least(&mut || segments.iter().for_each(|s| parts.yin(s)));
        println!(
            "{{\"width\":\"{}\",\"minutes\":{minutes:.3},\"spectrum\":{spectrum:.2},\"hpss\":{hpss:.2},\"chroma\":{chroma:.2},\
             \"yin\":{yin:.2},\"whole\":{whole:.2}}}",
            width.name()
        );
    }
}

/// The 25 numbers as the corridor makes them: blocks of 4,096 samples, segments given back.
fn numbers_in_steps(planes: &[Vec<f32>], mut rows: impl FnMut(OwnedSegment) -> Made) -> [f32; DIMENSIONS] {
    let source = SourceInfo { rate_hz: TRACK_RATE_HZ, channels: planes.len() as u32, codec: "pcm".into() };
    let mut analysis = TrackAnalysis::new(source, FRAMES);
    let mut drain = |analysis: &mut TrackAnalysis| {
        while let Some(segment) = analysis.next_segment() {
            let made = rows(segment);
            analysis.rows(&made.rows);
            analysis.give_back(made.segment.pcm);
        }
    };
    let all = planes[0].len();
    for from in (0..all).step_by(4096) {
        analysis.push(&planes.iter().map(|p| &p[from..all.min(from + 4096)]).collect::<Vec<_>>());
        drain(&mut analysis);
    }
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: all as u64 });
    drain(&mut analysis);
    analysis.finish().descriptor.values
}

/// The kernels one by one, as `TrackKernel` drives them but for its steps.
struct Parts {
    spectrum: (SpectrumKernel, SpectrumScratch),
    hpss: (HpssKernel, HpssScratch),
    chroma: (ConstantQKernel, ConstantQScratch),
    yin: (YinKernel, YinScratch),
    rows: Vec<f32>,
    power: Vec<f32>,
    log_mel: Vec<f32>,
}

/// Frames of a step: `TrackKernel`'s.
const STEP: usize = 64;

impl Parts {
    fn new(width: Width) -> Self {
        Self {
            spectrum: (SpectrumKernel::new(width), SpectrumScratch::default()),
            hpss: (HpssKernel::new(width), HpssScratch::default()),
            chroma: (ConstantQKernel::new(width), ConstantQScratch::default()),
            yin: (YinKernel::new(width), YinScratch::default()),
            rows: vec![0.0; FRAMES * ROW],
            // Power of a step with its context, of the last segment whose spectrum was taken.
            power: vec![0.0; (STEP + 30) * STRIDE],
            log_mel: vec![0.0; STEP * MELS],
        }
    }

    fn spectrum(&mut self, s: &OwnedSegment) {
        for first in (0..s.frames).step_by(STEP) {
            let here = STEP.min(s.frames - first);
            let from = CONTEXT_SAMPLES + first * HOP - N_FFT / 2;
            let out = SpectrumOut {
                power: &mut self.power[..here * STRIDE],
                log_mel: &mut self.log_mel[..here * MELS],
                first_row: 0,
                rows: &mut self.rows[..here * ROW],
            };
            self.spectrum.0.run(&s.pcm[from..], here, out, &mut self.spectrum.1);
        }
    }

    fn hpss(&mut self, s: &OwnedSegment) {
        for first in (0..s.frames).step_by(STEP) {
            let here = STEP.min(s.frames - first);
            let power = &self.power[..(here + 30) * STRIDE];
            self.hpss.0.run(power, STRIDE, here, &mut self.rows[..here * ROW], &mut self.hpss.1);
        }
    }

    fn chroma(&mut self, s: &OwnedSegment) {
        self.chroma.0.run(&s.pcm, s.frames, &mut self.rows[..s.frames * ROW], &mut self.chroma.1);
    }

    fn yin(&mut self, s: &OwnedSegment) {
        let from = CONTEXT_SAMPLES - N_FFT / 2;
        self.yin.0.run(&s.pcm[from..], s.frames, &mut self.rows[..s.frames * ROW], &mut self.yin.1);
    }
}
