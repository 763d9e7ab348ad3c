//! `track/decimate` and `track/constant_q` as CUDA, run by the emulator, and on a software Vulkan driver, against their CPU twin:
//! the same bits, for any mixture of segments. The emulator checks every index and every barrier on the way, and its
//! workgroup memory starts as NaNs.

use earprint_compute::{
    ComputeError, ConstantQBatch, ConstantQGpuTables, ConstantQSegment, Machine, Recording, spread,
};
use earprint_cuda::emulate::{Arg, Emulator};
use earprint_shaders::{TRACK_CONSTANT_Q, TRACK_DECIMATE};
use earprint_signal::Width;
use earprint_signal::track::row::{CHROMA, ROW};
use earprint_signal::track::{CLASSES, ConstantQKernel, ConstantQScratch, STAGES, TrackSegment};
use earprint_tests::backends::emulated_machine::kernel;
use earprint_tests::{compare::equal_bits, signals};
use earprint_wgpu::{AdapterChoice, Options, WgpuMachine};
use pollster::block_on;

/// What nobody wrote.
const UNTOUCHED: f32 = -777.0;
/// A value of `stages` that no kernel wrote: a NaN.
const UNWRITTEN: u32 = 0x7fc0_dead;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Samples of a segment: tones in every octave that come and go, noise, silence, or noise up to full scale at one end alone.
#[derive(Debug, Clone)]
struct Segment {
    pcm: Vec<f32>,
    frames: usize,
}

fn segment(kind: &str, frames: usize) -> Segment {
    let n = TrackSegment::samples(frames);
    let at = |i: usize| {
        let t = i as f64 / 44_100.0;
        let noise = signals::noise(frames as u64, i as u64);
        let tone = |hz: f64| (std::f64::consts::TAU * hz * t).sin() * (0.3 + (hz.sqrt() * t).cos().abs());
        let v = match kind {
            "tones" => 0.1 * [33.1, 82.4, 130.8, 277.2, 622.3, 1109.0, 3729.0].map(tone).iter().sum::<f64>(),
            "noise" => 0.5 * noise,
            "burst" if i > n - 70_000 => noise,
            "burst" | "silence" => 0.0,
            other => panic!("{other}"),
        };
        v as f32
    };
    Segment { pcm: (0..n).map(at).collect(), frames }
}

/// What the CPU says of one segment.
fn on_cpu(s: &Segment) -> Vec<f32> {
    let mut rows = vec![UNTOUCHED; s.frames * ROW];
    ConstantQKernel::new(Width::best()).run(&s.pcm, s.frames, &mut rows, &mut ConstantQScratch::default());
    rows
}

/// Samples of a batch, with others between the segments and in front of the first (nothing may look at them), and where the
/// segments lie.
fn pack(segments: &[&Segment]) -> (Vec<u32>, ConstantQBatch) {
    let mut pcm = vec![1e3_f32; 5];
    let mut places = Vec::new();
    for s in segments {
        places.push(ConstantQSegment { pcm: pcm.len(), frames: s.frames });
        pcm.extend(&s.pcm);
        pcm.extend([1e3; 3]);
    }
    (bits(&pcm), ConstantQBatch::new(&places))
}

/// The two kernels, and the tables they read.
struct Device {
    decimate: std::sync::Arc<Emulator>,
    constant_q: std::sync::Arc<Emulator>,
    tables: ConstantQGpuTables,
}

impl Device {
    fn new() -> Option<Self> {
        let tables = ConstantQGpuTables::new(ConstantQKernel::new(Width::Scalar).tables());
        Some(Self { decimate: kernel(&TRACK_DECIMATE)?, constant_q: kernel(&TRACK_CONSTANT_Q)?, tables })
    }

    /// Rows of segments packed in the order given, frame `j` of the batch at row `row_of[j]`.
    fn run(&self, segments: &[&Segment], row_of: &[u32]) -> Vec<f32> {
        let (mut pcm, batch) = pack(segments);
        let mut stages = vec![UNWRITTEN; batch.stage_samples];
        let mut taps = bits(&self.tables.taps);
        for halving in 0..STAGES {
            let (params, groups) = batch.decimate(halving);
            let before = stages.clone();
            self.decimate
                .run(
                    grid(groups),
                    &mut [
                        Arg::Uniform(&params.bytes()),
                        Arg::Buffer(&mut pcm),
                        Arg::Buffer(&mut batch.tiles.clone()),
                        Arg::Buffer(&mut taps),
                        Arg::Buffer(&mut stages),
                    ],
                )
                .unwrap();
            // It has filled its own part, whole, and left the others.
            let blocks = batch.constant_q().0.blocks as usize;
            let part = blocks * (1024 - (1024 >> halving))..blocks * (1024 - (512 >> halving));
            assert!(stages[part.clone()].iter().all(|&x| f32::from_bits(x).is_finite()), "halving {halving}");
            assert_eq!((&stages[..part.start], &stages[part.end..]), (&before[..part.start], &before[part.end..]));
        }
        let (params, groups) = batch.constant_q();
        assert_eq!(row_of.len(), params.frames as usize);
        let mut rows = bits(&vec![UNTOUCHED; row_of.len() * ROW]);
        self.constant_q
            .run(
                grid(groups),
                &mut [
                    Arg::Uniform(&params.bytes()),
                    Arg::Buffer(&mut stages),
                    Arg::Buffer(&mut batch.blocks.clone()),
                    Arg::Buffer(&mut row_of.to_vec()),
                    Arg::Buffer(&mut bits(&self.tables.waves)),
                    Arg::Buffer(&mut self.tables.lengths.clone()),
                    Arg::Buffer(&mut rows),
                ],
            )
            .unwrap();
        rows.into_iter().map(f32::from_bits).collect()
    }
}

/// A rectangle with a corner too many: its groups must leave.
fn grid(groups: usize) -> [u32; 3] {
    assert_eq!(spread(groups), (groups as u32, 1));
    [groups as u32 / 2 + 1, 2, 1]
}

/// Rows of the segments in order, as the CPU has them.
fn want(segments: &[&Segment]) -> Vec<f32> {
    segments.iter().flat_map(|s| on_cpu(s)).collect()
}

#[test]
fn constant_q_on_cuda_gives_the_bits_of_the_cpu() {
    let Some(mut device) = Device::new() else { return };
    let all = [("tones", 31), ("noise", 1), ("silence", 3), ("noise", 64), ("burst", 2), ("tones", 1)]
        .map(|(k, t)| segment(k, t));
    let [tones, one, silence, long, burst, last] = &all;
    let packed = [tones, one, silence, long, burst, last];
    let frames: u32 = packed.iter().map(|s| s.frames as u32).sum();
    assert!(!frames.is_multiple_of(4), "the last workgroup must have frames too few");
    let straight: Vec<u32> = (0..frames).collect();
    let expected = want(&packed);
    let got = device.run(&packed, &straight);
    equal_bits(&expected, &got).unwrap();
    for row in got.chunks(ROW) {
        assert!(row[..CHROMA].iter().chain(&row[CHROMA + CLASSES..]).all(|&x| x == UNTOUCHED));
        assert!(row[CHROMA..CHROMA + CLASSES].iter().all(|&x| x >= 0.0));
    }
    // The test sees something: tones stand out of their frames, silence is exactly nothing.
    let classes = |row: usize| &got[row * ROW + CHROMA..][..CLASSES];
    assert!(classes(5).iter().any(|&x| x > 0.02) && classes(5).iter().any(|&x| x < 0.002), "{:?}", classes(5));
    assert!((32..35).all(|j| classes(j) == [0.0; CLASSES]));

    // In another order, frames in rows of another order still.
    let packed = [long, last, burst, one, tones, silence];
    let row_of: Vec<u32> = straight.iter().map(|&j| (j * 31 + 7) % frames).collect();
    let got = device.run(&packed, &row_of);
    let in_order: Vec<f32> = row_of.iter().flat_map(|&r| got[r as usize * ROW..][..ROW].to_vec()).collect();
    equal_bits(&want(&packed), &in_order).unwrap();

    // And it turns red: a sample that only the lowest octave of the only frame sees, one bit of a wave, of a tap.
    let alone = on_cpu(one);
    let mut disturbed = one.clone();
    disturbed.pcm[42 * 1024 - 30_000] += 0.5;
    equal_bits(&alone, &device.run(&[one], &[0])).unwrap();
    equal_bits(&alone, &device.run(&[&disturbed], &[0])).unwrap_err();
    let sound = device.tables.clone();
    let wave = 2 * (CLASSES * 3 + 35) + 1;
    device.tables.waves[wave] = f32::from_bits(sound.waves[wave].to_bits() ^ 0x400);
    let why = equal_bits(&alone, &device.run(&[one], &[0])).unwrap_err();
    assert!(why.starts_with(&format!("1 of {ROW} values differ, first at {}", CHROMA + 35)), "{why}");
    device.tables = sound;
    let tap = device.tables.taps.last_mut().unwrap();
    *tap *= 1.5;
    equal_bits(&alone, &device.run(&[one], &[0])).unwrap_err();
}

#[test]
fn constant_q_on_lavapipe_gives_the_bits_of_the_cpu() {
    let adapter = AdapterChoice::Named("llvmpipe".to_owned());
    let options = Options { adapter, allow_software: true, ..Options::default() };
    let mut machine = match block_on(WgpuMachine::open(options)) {
        Ok(machine) => machine,
        Err(ComputeError::NoDevice { why, .. }) => {
            return eprintln!("skipped, because lavapipe cannot be opened: {why}");
        }
        Err(other) => panic!("{other}"),
    };
    let all = [("noise", 2), ("tones", 64), ("silence", 1), ("burst", 31), ("tones", 1)].map(|(k, t)| segment(k, t));
    let mut tables = ConstantQGpuTables::new(ConstantQKernel::new(Width::Scalar).tables());
    let order: Vec<&Segment> = all.iter().collect();
    let backwards: Vec<&Segment> = all.iter().rev().collect();
    for packed in [&order, &backwards] {
        equal_bits(&chroma(&want(packed)), &chroma(&run_recorded(&mut machine, &tables, packed))).unwrap();
    }
    tables.waves[2 * CLASSES] *= 1.001;
    equal_bits(&chroma(&want(&order)), &chroma(&run_recorded(&mut machine, &tables, &order))).unwrap_err();
}

fn chroma(rows: &[f32]) -> Vec<f32> {
    rows.chunks(ROW).flat_map(|r| r[CHROMA..CHROMA + CLASSES].to_vec()).collect()
}

/// Rows of the segments in order; columns that the kernel does not write hold anything.
fn run_recorded(machine: &mut impl Machine, tables: &ConstantQGpuTables, segments: &[&Segment]) -> Vec<f32> {
    let (pcm, batch) = pack(segments);
    let frames = batch.blocks.len();
    let mut r = Recording::new();
    r.result = r.scratch(frames * ROW);
    let stages = r.scratch(batch.stage_samples);
    let (pcm, tiles, taps) = (r.words(pcm), r.words(batch.tiles.clone()), r.words(bits(&tables.taps)));
    for halving in 0..STAGES {
        let (params, groups) = batch.decimate(halving);
        r.step(&TRACK_DECIMATE, params.bytes(), groups, &[pcm, tiles, taps, stages]);
    }
    let (blocks, row_of) = (r.words(batch.blocks.clone()), r.words((0..frames as u32).collect()));
    let (waves, lengths) = (r.words(bits(&tables.waves)), r.words(tables.lengths.clone()));
    let (params, groups) = batch.constant_q();
    let rows = r.result;
    r.step(&TRACK_CONSTANT_Q, params.bytes(), groups, &[stages, blocks, row_of, waves, lengths, rows]);
    let ticket = machine.submit(&r).unwrap();
    block_on(machine.collect(ticket)).unwrap().into_iter().map(f32::from_bits).collect()
}
