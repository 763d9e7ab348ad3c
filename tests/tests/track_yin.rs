//! YIN on the emulated CUDA device against the CPU kernel: the same bits, for any mixture of segments.

use earprint_cuda::emulate::Arg;
use earprint_shaders::{YIN_DIFFERENCE, YIN_SEARCH, YinParams};
use earprint_signal::Width;
use earprint_signal::track::row::{APERIODICITY, F0, ROW};
use earprint_signal::track::{HOP, N_FFT, YIN_LAGS, YinKernel, YinScratch, YinTables};
use earprint_tests::backends::emulated_machine::kernel;
use earprint_tests::{compare, signals};

/// What no kernel writes.
const UNTOUCHED: f32 = -7.5;

fn words(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Samples of a segment of `frames` frames: a buzz that glides, then noise, then silence, then a constant.
fn segment(seed: u64, frames: usize) -> Vec<f32> {
    let n = (frames - 1) * HOP + N_FFT;
    let mut phase = 0.0;
    (0..n)
        .map(|i| {
            let t = i as f64 / n as f64;
            phase += (90.0 + 70.0 * seed as f64 + 60.0 * t) / 44_100.0;
            let buzz: f64 = (1..7).map(|h| (std::f64::consts::TAU * phase * f64::from(h)).sin() / f64::from(h)).sum();
            let v = match (10.0 * t) as usize {
                0..=5 => 0.2 * buzz + 0.01 * signals::noise(seed, i as u64),
                6 | 7 => 0.5 * signals::noise(seed, i as u64),
                8 => 0.0,
                _ => 0.3,
            };
            v as f32
        })
        .collect()
}

/// Segments packed as a batch for the device: their samples, the blocks' starts, every frame's blocks.
struct Batch {
    pcm: Vec<f32>,
    blocks: Vec<u32>,
    blocks_of: Vec<u32>,
}

fn pack(segments: &[(Vec<f32>, usize)]) -> Batch {
    let mut batch = Batch { pcm: Vec::new(), blocks: Vec::new(), blocks_of: Vec::new() };
    for (pcm, frames) in segments {
        let (start, first) = (batch.pcm.len() as u32, batch.blocks.len() as u32);
        batch.pcm.extend(pcm);
        batch.blocks.extend((0..=*frames as u32).map(|b| start + b * HOP as u32));
        batch.blocks_of.extend((0..*frames as u32).flat_map(|j| [first + j, first + j + 1]));
    }
    batch
}

/// The block of parameters of a batch, as bytes.
fn params(batch: &Batch, tables: &YinTables) -> Vec<u8> {
    let p = YinParams {
        blocks: batch.blocks.len() as u32,
        frames: batch.blocks_of.len() as u32 / 2,
        points: 1024,
        stages: tables.stages as u32,
        split_at: tables.split_at as u32,
        twiddles_at: tables.twiddles_at as u32,
        stages_at: tables.stages_at as u32,
        row: ROW as u32,
        f0_at: F0 as u32,
        aperiodicity_at: APERIODICITY as u32,
        sqrt_half: std::f32::consts::FRAC_1_SQRT_2,
    };
    let words = [
        p.blocks,
        p.frames,
        p.points,
        p.stages,
        p.split_at,
        p.twiddles_at,
        p.stages_at,
        p.row,
        p.f0_at,
        p.aperiodicity_at,
    ];
    words.into_iter().chain([p.sqrt_half.to_bits()]).flat_map(u32::to_ne_bytes).collect()
}

/// Rows (T, ROW) of the batch, frame `j` at row `row_of[j]`; `None` where the emulator cannot be built.
fn on_device(batch: &Batch, row_of: &[u32]) -> Option<Vec<f32>> {
    let tables = YinTables::new();
    let uniform = params(batch, &tables);
    let (frames, blocks) = (row_of.len(), batch.blocks.len());
    // NaN: a value that no invocation writes is seen.
    let mut difference = vec![f32::NAN.to_bits(); blocks * YIN_LAGS];
    let mut rows = words(&vec![UNTOUCHED; frames * ROW]);
    // A rectangle with a corner too many: its groups must leave.
    kernel(&YIN_DIFFERENCE)?
        .run(
            [blocks.div_ceil(2) as u32, 2, 1],
            &mut [
                Arg::Uniform(&uniform),
                Arg::Buffer(&mut words(&batch.pcm)),
                Arg::Buffer(&mut batch.blocks.clone()),
                Arg::Buffer(&mut words(&tables.tables)),
                Arg::Buffer(&mut tables.indices.clone()),
                Arg::Buffer(&mut difference),
            ],
        )
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(difference.iter().all(|&d| f32::from_bits(d).is_finite()));
    kernel(&YIN_SEARCH)?
        .run(
            [frames.div_ceil(64) as u32, 2, 1],
            &mut [
                Arg::Uniform(&uniform),
                Arg::Buffer(&mut difference),
                Arg::Buffer(&mut batch.blocks_of.clone()),
                Arg::Buffer(&mut row_of.to_vec()),
                Arg::Buffer(&mut rows),
            ],
        )
        .unwrap_or_else(|e| panic!("{e}"));
    Some(rows.into_iter().map(f32::from_bits).collect())
}

fn on_cpu(segments: &[(Vec<f32>, usize)]) -> Vec<f32> {
    let (kernel, mut scratch) = (YinKernel::new(Width::best()), YinScratch::default());
    let one = |(pcm, frames): &(Vec<f32>, usize)| {
        let mut rows = vec![UNTOUCHED; frames * ROW];
        kernel.run(pcm, *frames, &mut rows, &mut scratch);
        rows
    };
    segments.iter().flat_map(one).collect()
}

#[test]
fn the_device_gives_the_bits_of_the_cpu() {
    let segments: Vec<_> = [(1, 40), (2, 1), (5, 23), (13, 17)].map(|(seed, t)| (segment(seed, t), t)).to_vec();
    let want = on_cpu(&segments);
    let voiced = want.chunks(ROW).filter(|r| r[F0] > 0.0).count();
    assert!(voiced > 20 && voiced < 70, "{voiced} of 81 frames are voiced");
    let mut batch = pack(&segments);
    let frames = batch.blocks_of.len() / 2;
    let straight: Vec<u32> = (0..frames as u32).collect();
    let Some(got) = on_device(&batch, &straight) else { return };
    compare::equal_bits(&want, &got).unwrap();

    // Frames in another order, rows where they belong.
    let shuffled: Vec<u32> = straight.iter().map(|&j| (j * 32 + 5) % frames as u32).collect();
    batch.blocks_of = shuffled.iter().flat_map(|&j| batch.blocks_of[2 * j as usize..][..2].to_vec()).collect();
    compare::equal_bits(&want, &on_device(&batch, &shuffled).unwrap()).unwrap();

    // One disturbed sample shows.
    batch.pcm[9000] += 1e-3;
    assert!(compare::equal_bits(&want, &on_device(&batch, &shuffled).unwrap()).is_err());
}
