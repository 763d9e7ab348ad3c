//! `track/spectrum` and `track/flux` as CUDA, run by the emulator, against their CPU twins: the same bits. Every index and
//! every barrier is checked on the way, and workgroup memory starts as NaNs.

use earprint_compute::SpectrumGpuTables;
use earprint_cuda::emulate::{Arg, Emulator};
use earprint_shaders::{FluxParams, SpectrumParams, TRACK_FLUX, TRACK_SPECTRUM};
use earprint_signal::Width;
use earprint_signal::track::row::{BANDS, BANDWIDTH, FLUX, MFCC, ROW};
use earprint_signal::track::{HOP, MELS, MFCCS, STRIDE, SpectrumKernel, SpectrumOut, SpectrumScratch, flux};
use earprint_tests::backends::emulated_machine::kernel;
use earprint_tests::compare::equal_bits;

/// No row, no frame before.
const NONE: u32 = u32::MAX;
/// What nobody wrote.
const UNTOUCHED: f32 = -777.0;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn floats(words: &[u32]) -> Vec<f32> {
    words.iter().map(|&x| f32::from_bits(x)).collect()
}

/// A segment: samples, frames, frames of context on either side.
struct Segment {
    pcm: Vec<f32>,
    frames: usize,
    context: usize,
}

/// Tones and noise at one level; `kind` 2 is silent in its second half, `kind` 3 is silence.
fn segment(kind: u32, frames: usize, context: usize) -> Segment {
    let n = SpectrumKernel::samples(frames);
    let mut state = 0x9e37_79b9_u32.wrapping_mul(kind + 1);
    let pcm = (0..n)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            let t = i as f32 / 44_100.0;
            let tones = (2e3 * t * (kind + 1) as f32).sin() + 0.1 * (3.1e4 * t).sin();
            match kind {
                2 if i > n / 2 => 0.0,
                3 => 0.0,
                _ => 0.3 * tones * (0.2 + (7.0 * t).sin().abs()) + 0.05 * noise,
            }
        })
        .collect();
    Segment { pcm, frames, context }
}

/// What the CPU says of one segment: power, mel, rows.
fn on_cpu(s: &Segment) -> [Vec<f32>; 3] {
    let rows = s.frames - 2 * s.context;
    let mut got = [vec![0.0; s.frames * STRIDE], vec![0.0; s.frames * MELS], vec![UNTOUCHED; rows * ROW]];
    let [power, log_mel, rows] = &mut got;
    let out = SpectrumOut { power, log_mel, rows, first_row: s.context };
    SpectrumKernel::new(Width::best()).run(&s.pcm, s.frames, out, &mut SpectrumScratch::default());
    got
}

/// A batch on the emulated device with `packed` tables, compared with the CPU.
fn compare_spectrum(kernel: &Emulator, packed: &SpectrumGpuTables) -> Result<(), String> {
    // Segments of several tracks in one batch, rows in another order than frames.
    let segments = [segment(0, 9, 2), segment(3, 3, 0), segment(2, 12, 1), segment(1, 2, 0)];
    let (mut pcm, mut starts, mut row_of) = (Vec::new(), Vec::new(), Vec::new());
    let mut want: [Vec<f32>; 3] = Default::default();
    let rows: usize = segments.iter().map(|s| s.frames - 2 * s.context).sum();
    let mut next = rows;
    for s in &segments {
        let own = s.frames - 2 * s.context;
        next -= own;
        for j in 0..s.frames {
            starts.push((pcm.len() + j * HOP) as u32);
            row_of.push(j.checked_sub(s.context).filter(|&r| r < own).map_or(NONE, |r| (next + r) as u32));
        }
        pcm.extend(&s.pcm);
        let [power, log_mel, rows] = on_cpu(s);
        want[0].extend(power);
        want[1].extend(log_mel);
        want[2].splice(0..0, rows);
    }
    let frames = starts.len();
    let words = params_bytes(&packed.params(frames));
    let (mut pcm, mut tables, mut indices) = (bits(&pcm), bits(&packed.tables), packed.indices.clone());
    // Not zero: a value that no invocation writes is seen.
    let mut power = vec![0x7fc0_dead; frames * STRIDE];
    let mut log_mel = vec![0x7fc0_dead; frames * MELS];
    let mut out = bits(&vec![UNTOUCHED; rows * ROW]);
    // Workgroups beyond the last frame must do nothing.
    assert!(!frames.is_multiple_of(9), "the batch must leave a corner of the grid empty");
    kernel
        .run(
            [9, (frames as u32).div_ceil(9), 1],
            &mut [
                Arg::Uniform(&words),
                Arg::Buffer(&mut pcm),
                Arg::Buffer(&mut starts),
                Arg::Buffer(&mut row_of),
                Arg::Buffer(&mut tables),
                Arg::Buffer(&mut indices),
                Arg::Buffer(&mut power),
                Arg::Buffer(&mut log_mel),
                Arg::Buffer(&mut out),
            ],
        )
        .unwrap();
    equal_bits(&want[0], &floats(&power)).map_err(|why| format!("power: {why}"))?;
    equal_bits(&want[1], &floats(&log_mel)).map_err(|why| format!("log_mel: {why}"))?;
    for c in 0..ROW {
        let column = |rows: &[f32]| rows.iter().skip(c).step_by(ROW).copied().collect::<Vec<_>>();
        let (want, got) = (column(&want[2]), column(&floats(&out)));
        equal_bits(&want, &got).map_err(|why| format!("column {c}: {why}"))?;
        let written = c <= BANDWIDTH || (MFCC..MFCC + MFCCS).contains(&c);
        assert_eq!(written, got.iter().all(|&x| x != UNTOUCHED), "column {c}");
    }
    Ok(())
}

#[test]
fn spectrum_on_cuda_gives_the_bits_of_the_cpu() {
    let Some(kernel) = kernel(&TRACK_SPECTRUM) else { return };
    let packed = SpectrumGpuTables::new(SpectrumKernel::new(Width::Scalar).tables());
    compare_spectrum(&kernel, &packed).unwrap();
    // And it turns red: one bit of the last cosine, one bin of the last band.
    let mut disturbed = packed.clone();
    let last = disturbed.tables.last_mut().unwrap();
    *last = f32::from_bits(last.to_bits() ^ 0x400);
    let why = compare_spectrum(&kernel, &disturbed).unwrap_err();
    assert!(why.starts_with(&format!("column {}:", MFCC + MFCCS - 1)), "{why}");
    let mut disturbed = packed;
    *disturbed.indices.last_mut().unwrap() -= 1;
    let why = compare_spectrum(&kernel, &disturbed).unwrap_err();
    assert!(why.starts_with(&format!("column {}:", BANDS + 6)), "{why}");
}

fn params_bytes(p: &SpectrumParams) -> Vec<u8> {
    let head = [p.frames, p.points, p.stages];
    let factors = [p.sqrt_half, p.amin, p.db_per_neper, p.ln_bins].map(f32::to_bits);
    let places = [p.split_at, p.twiddles_at, p.weights_at, p.dct_at];
    let lists = [p.stages_at, p.first_bin_at, p.offset_at, p.bands_at];
    head.into_iter().chain(factors).chain(places).chain(lists).flat_map(u32::to_ne_bytes).collect()
}

#[test]
fn flux_on_cuda_gives_the_bits_of_the_cpu() {
    let Some(kernel) = kernel(&TRACK_FLUX) else { return };
    let s = segment(2, 14, 0);
    let [_, log_mel, _] = on_cpu(&s);
    let (frames, _) = log_mel.as_chunks::<MELS>();
    // Rows backwards; the last has no frame before.
    let mut now: Vec<u32> = (0..s.frames as u32).rev().collect();
    let mut before: Vec<u32> = now.iter().map(|&j| j.checked_sub(1).unwrap_or(NONE)).collect();
    let want: Vec<f32> =
        (0..s.frames).rev().map(|j| if j == 0 { 0.0 } else { flux(&frames[j - 1], &frames[j]) }).collect();
    assert!(want[..5].contains(&0.0) && want.iter().any(|&x| x > 1.0), "{want:?}");
    let mut rows = bits(&vec![UNTOUCHED; s.frames * ROW]);
    let params = FluxParams { rows: s.frames as u32 };
    kernel
        .run(
            [3, 2, 1],
            &mut [
                Arg::Uniform(&params.rows.to_ne_bytes()),
                Arg::Buffer(&mut bits(&log_mel)),
                Arg::Buffer(&mut now),
                Arg::Buffer(&mut before),
                Arg::Buffer(&mut rows),
            ],
        )
        .unwrap();
    let rows = floats(&rows);
    equal_bits(&want, &rows.iter().skip(FLUX).step_by(ROW).copied().collect::<Vec<_>>()).unwrap();
    assert_eq!(rows.iter().filter(|&&x| x == UNTOUCHED).count(), s.frames * (ROW - 1));
}
