//! `track/hpss` as CUDA, run by the emulator, against its CPU twin: the same bits for any mixture of segments. Every index
//! and every barrier is checked on the way, and workgroup memory starts as NaNs. Then the same on lavapipe.

use std::borrow::Cow;

use earprint_compute::{Content, Machine, Recording};
use earprint_cuda::emulate::{Arg, Emulator};
use earprint_shaders::{HpssParams, TRACK_HPSS};
use earprint_signal::Width;
use earprint_signal::track::row::{HARMONIC, PERCUSSIVE, ROW};
use earprint_signal::track::{
    BINS, CONTEXT_SAMPLES, HOP, HpssKernel, HpssScratch, MEDIAN_REACH, MELS, N_FFT, STRIDE, SpectrumKernel,
    SpectrumOut, SpectrumScratch, TrackKernel, TrackScratch, TrackSegment,
};
use earprint_tests::backends::emulated_machine::kernel;
use earprint_tests::compare::equal_bits;
use earprint_tests::signals;
use earprint_wgpu::{AdapterChoice, Options, WgpuMachine};

/// Frames of a group, and rows of power its medians see.
const FRAMES: usize = 16;
const LINE: usize = FRAMES + 2 * MEDIAN_REACH;
const NO_ROW: u32 = u32::MAX;
/// What nobody wrote.
const UNTOUCHED: f32 = -777.0;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// What the device gets of one segment, and what the CPU says of it.
struct Case {
    /// Rows of power, `(P, STRIDE)`.
    power: Vec<f32>,
    /// Row of `power` at frame `j - 15`, `T + 30` of them.
    line: Vec<u32>,
    /// The two columns, per frame.
    want: Vec<[f32; 2]>,
}

fn columns(rows: &[f32]) -> Vec<[f32; 2]> {
    rows.chunks(ROW).map(|r| [r[HARMONIC], r[PERCUSSIVE]]).collect()
}

/// Power as it comes, without a track around it.
fn synthetic(frames: usize, mut value: impl FnMut() -> f32) -> Case {
    let mut power = vec![0.0; (frames + 2 * MEDIAN_REACH) * STRIDE];
    power.chunks_mut(STRIDE).for_each(|row| row[..BINS].fill_with(&mut value));
    let mut rows = vec![0.0; frames * ROW];
    HpssKernel::new(Width::best()).run(&power, STRIDE, frames, &mut rows, &mut HpssScratch::default());
    Case { power, line: (0..(frames + 2 * MEDIAN_REACH) as u32).collect(), want: columns(&rows) }
}

/// A segment of a track: `before` and `after` frames of the same track around it, zeros farther out.
fn segment(frames: usize, before: usize, after: usize, mut sound: impl FnMut(usize) -> f32) -> Case {
    let mut pcm = vec![0.0; TrackSegment::samples(frames)];
    let (first, last) = (CONTEXT_SAMPLES - before * HOP, CONTEXT_SAMPLES + (frames - 1 + after) * HOP);
    pcm[first..=last].iter_mut().enumerate().for_each(|(i, x)| *x = sound(i));
    let segment = TrackSegment { pcm: &pcm, frames, before, after };
    let mut rows = vec![0.0; frames * ROW];
    TrackKernel::new(Width::best()).run(&segment, &mut rows, &mut TrackScratch::default());

    let known = before + frames + after;
    let (mut power, mut log_mel) = (vec![0.0; known * STRIDE], vec![0.0; known * MELS]);
    let out = SpectrumOut { power: &mut power, log_mel: &mut log_mel, rows: &mut [], first_row: 0 };
    SpectrumKernel::new(Width::best()).run(&pcm[first - N_FFT / 2..], known, out, &mut SpectrumScratch::default());
    let reach = MEDIAN_REACH as isize;
    let line = (-reach..frames as isize + reach).map(|j| (segment.median_frame(j) + before as isize) as u32).collect();
    Case { power, line, want: columns(&rows) }
}

/// Segments packed one after another in the order given.
#[derive(Default)]
struct Batch {
    power: Vec<f32>,
    window_of: Vec<u32>,
    row_of: Vec<u32>,
    want: Vec<f32>,
}

impl Batch {
    fn new<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let mut batch = Self::default();
        for case in cases {
            let first = (batch.power.len() / STRIDE) as u32;
            let row = batch.want.len() / ROW;
            batch.power.extend(&case.power);
            for own in (0..case.want.len()).step_by(FRAMES) {
                // Frames behind the last have no row: any power will do, here that of the first row of the batch.
                let at = |i: usize| case.line.get(own + i).map_or(0, |&r| first + r);
                batch.window_of.extend((0..LINE).map(at));
                let row_at = |i: usize| if own + i < case.want.len() { (row + own + i) as u32 } else { NO_ROW };
                batch.row_of.extend((0..FRAMES).map(row_at));
            }
            for &[h, p] in &case.want {
                let at = batch.want.len();
                batch.want.resize(at + ROW, UNTOUCHED);
                (batch.want[at + HARMONIC], batch.want[at + PERCUSSIVE]) = (h, p);
            }
        }
        // What stands behind the bins is of no bin.
        batch.power.chunks_mut(STRIDE).for_each(|row| row[BINS..].fill(f32::NAN));
        batch
    }

    /// The groups in another order; rows where they belong.
    fn shuffled(mut self) -> Self {
        let groups = self.row_of.len() / FRAMES;
        assert!(!groups.is_multiple_of(7), "seven steps must reach every group");
        let order: Vec<usize> = (0..groups).map(|g| (g * 7 + 3) % groups).collect();
        self.window_of = order.iter().flat_map(|&g| self.window_of[g * LINE..][..LINE].to_vec()).collect();
        self.row_of = order.iter().flat_map(|&g| self.row_of[g * FRAMES..][..FRAMES].to_vec()).collect();
        self
    }

    /// Rows from the device, of which those no invocation wrote stay untouched, against the CPU's: all columns.
    fn check(&self, kernel: &Emulator) -> Result<(), String> {
        let groups = (self.row_of.len() / FRAMES) as u32;
        let params = HpssParams { groups };
        let mut rows = bits(&vec![UNTOUCHED; self.want.len()]);
        // Workgroups beyond the last group must do nothing.
        kernel
            .run(
                [3, groups / 3 + 1, 1],
                &mut [
                    Arg::Uniform(&params.bytes()),
                    Arg::Buffer(&mut bits(&self.power)),
                    Arg::Buffer(&mut self.window_of.clone()),
                    Arg::Buffer(&mut self.row_of.clone()),
                    Arg::Buffer(&mut rows),
                ],
            )
            .map_err(|e| e.to_string())?;
        equal_bits(&self.want, &rows.into_iter().map(f32::from_bits).collect::<Vec<_>>())
    }

    /// The two columns from a machine, whose rows nobody has filled before, against the CPU's.
    fn check_on(&self, machine: &mut dyn Machine) -> Result<(), String> {
        let groups = self.row_of.len() / FRAMES;
        let mut recording = Recording::new();
        let rows = recording.scratch(self.want.len());
        recording.result = rows;
        let power = self.power.iter().flat_map(|x| x.to_ne_bytes()).collect();
        let power = recording.buffer(Content::Fresh(Cow::Owned(power)));
        let window_of = recording.words(self.window_of.clone());
        let row_of = recording.words(self.row_of.clone());
        let params = HpssParams { groups: groups as u32 };
        recording.step(&TRACK_HPSS, params.bytes(), groups, &[power, window_of, row_of, rows]);
        let ticket = machine.submit(&recording).map_err(|e| e.to_string())?;
        let words = pollster::block_on(machine.collect(ticket)).map_err(|e| e.to_string())?;
        let rows: Vec<_> = words.into_iter().map(f32::from_bits).collect();
        equal_bits(columns(&self.want).as_flattened(), columns(&rows).as_flattened())
    }
}

/// A tone, noise, then clicks; every part a third of the sound.
fn sound(seed: u64, samples: usize) -> impl FnMut(usize) -> f32 {
    move |i| {
        let (t, noise) = (i as f64 / 44_100.0, signals::noise(seed, i as u64));
        let tone: f64 = (1..6).map(|h| (1400.0 * t * (seed * h) as f64).sin() / h as f64).sum();
        let v = match 3 * i / samples {
            0 => 0.3 * tone + 0.01 * noise,
            1 => 0.4 * noise,
            _ if i % 5000 < 20 => 0.8,
            _ => 0.0,
        };
        v as f32
    }
}

/// Short and long segments, whole tracks and parts, sound and silence.
fn segments() -> Vec<Case> {
    vec![
        segment(1, 0, 0, sound(2, 1)),
        segment(2, 0, 0, sound(3, HOP)),
        segment(31, 0, 0, sound(5, 30 * HOP)),
        segment(64, 15, 15, sound(7, 93 * HOP)),
        segment(20, 0, 15, |i| signals::noise(9, i as u64) as f32),
        segment(33, 15, 4, |i| if i % 9000 == 0 { 1.0 } else { (0.07 * i as f64).sin() as f32 }),
        segment(17, 3, 0, |_| 0.0),
        segment(5, 2, 1, |_| 0.5),
    ]
}

#[test]
fn the_device_gives_the_bits_of_the_cpu() {
    let Some(kernel) = kernel(&TRACK_HPSS) else { return };
    let cases = segments();
    let active = cases.iter().flat_map(|c| &c.want).filter(|[h, p]| *h > 1.0 && *p > 1.0).count();
    assert!(active > 100, "{active} frames have both parts");
    Batch::new(&cases).check(&kernel).unwrap();
    Batch::new(cases.iter().rev()).shuffled().check(&kernel).unwrap();
}

#[test]
fn lavapipe_gives_the_bits_of_the_cpu() {
    let adapter = AdapterChoice::Named("llvmpipe".to_owned());
    let options = Options { adapter, allow_software: true, ..Options::default() };
    let mut machine = match pollster::block_on(WgpuMachine::open(options)) {
        Ok(machine) => machine,
        Err(why) => return println!("{}: skipped, because lavapipe cannot be opened: {why}", TRACK_HPSS.name),
    };
    let cases = segments();
    let mut batch = Batch::new(cases.iter().rev()).shuffled();
    batch.check_on(&mut machine).unwrap();
    // The first frame of the first group.
    batch.power[batch.window_of[MEDIAN_REACH] as usize * STRIDE + 500] += 1e6;
    assert!(batch.check_on(&mut machine).is_err());
}

#[test]
fn ties_zeros_and_the_whole_range_of_floats() {
    let Some(kernel) = kernel(&TRACK_HPSS) else { return };
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    let cases = [
        synthetic(19, || (next() >> 8) as f32 / (1 << 24) as f32),
        synthetic(16, || (next() % 4) as f32),
        synthetic(3, || 0.0),
        // Subnormal ones too.
        synthetic(18, || f32::from_bits(next() % 0x7000_0000) * 1e-10),
        synthetic(17, || f32::from_bits(next() % 0x0100_0000)),
    ];
    Batch::new(&cases).check(&kernel).unwrap();
}

#[test]
fn the_comparison_turns_red() {
    let Some(kernel) = kernel(&TRACK_HPSS) else { return };
    let cases = [segment(20, 0, 0, |i| signals::noise(4, i as u64) as f32)];
    let (mut batch, frame) = (Batch::new(&cases), 11);
    // One bin of the frame itself; the first and the last too are summed.
    for bin in [0, 700, BINS - 1] {
        let value = &mut batch.power[frame * STRIDE + bin];
        let kept = std::mem::replace(value, *value * 1.5 + 1.0);
        let why = batch.check(&kernel).unwrap_err();
        assert!(why.contains("values differ"), "{why}");
        batch.power[frame * STRIDE + bin] = kept;
    }
    batch.check(&kernel).unwrap();
    // Another frame in the window of the last group's first frame.
    let kept = std::mem::replace(&mut batch.window_of[LINE + 2], 0);
    assert_ne!(kept, 0);
    assert!(batch.check(&kernel).is_err());
    batch.window_of[LINE + 2] = kept;
    // A row of power that is not there is an error, not a value.
    batch.window_of[LINE + 2] = 20;
    let why = batch.check(&kernel).unwrap_err();
    assert!(why.contains("index"), "{why}");
}
