//! The lane kernel against the f64 reference, and every instruction set against every other.

use std::sync::Arc;

use earprint_core::{Log, MelJob, Pool, Power};
use earprint_signal::{FrameGrid, Layout, MelKernel, MelTables, Out, PcmSlice, Scratch, Width, pad_clip};
use earprint_tests::{compare, reference, signals};

/// Largest difference from f64 allowed in f32, in the job's unit (dB for the presets). 2026-11, x86-64.
const BOUND_DB: f64 = 1e-3;

fn kernel(job: &MelJob, width: Width) -> MelKernel {
    MelKernel::new(&job.spec, Arc::new(MelTables::new(&job.spec)), FrameGrid::of(job), width)
}

/// `(T, M)` of the job's grid, without per-file floors.
fn run(job: &MelJob, clip: &[i16], width: Width) -> Vec<f32> {
    let padded = pad_clip(clip, job);
    let mut outputs = FrameGrid::of(job).outputs(padded.len());
    if job.windows.is_none() {
        outputs = outputs.min(job.spec.frames(clip.len()));
    }
    let mut out = vec![f32::NAN; outputs * job.spec.n_mels];
    let mut scratch = Scratch::default();
    kernel(job, width).run(PcmSlice::I16(&padded), outputs, Layout::TimeMajor, Out::F32(&mut out), &mut scratch);
    out
}

fn without_floor(name: &str) -> MelJob {
    let mut job = MelJob::preset(name).unwrap();
    job.spec.log = Log::Db { amin: 1e-10, reference: 1.0, top_db: None };
    job
}

#[test]
fn every_width_gives_the_reference() {
    for name in ["leak", "leak-64", "librosa", "whisper"] {
        let job = without_floor(name);
        let clip =
            signals::varied_i16(3, if job.windows.is_some() { 40_960 } else { 9_000 }, job.spec.sample_rate.into());
        let clip64: Vec<f64> = clip.iter().map(|&x| f64::from(x) / 32768.0).collect();
        let mut want = reference::mel(&clip64, &job);
        if let Some(w) = &job.windows {
            // Rows back to distinct windows: row (long, short) is distinct window start / step.
            let mut distinct = vec![0.0; w.distinct() * job.spec.n_mels];
            for r in 0..w.rows() {
                let d = w.start(r / w.shorts_per_long(), r % w.shorts_per_long()) / w.distinct_step();
                let m = job.spec.n_mels;
                distinct[d * m..(d + 1) * m].copy_from_slice(&want[r * m..(r + 1) * m]);
            }
            want = distinct;
        }
        for width in Width::available() {
            let got = run(&job, &clip, width);
            let d = compare::within(&want, &compare::wide(&got), BOUND_DB)
                .unwrap_or_else(|e| panic!("{name} {}: {e}", width.name()));
            println!("{name} {}: largest {:.2e} dB, normalised {:.1e}", width.name(), d.largest, d.normalised);
        }
    }
}

#[test]
fn widths_are_equal_to_the_bit_over_sizes_hops_and_lengths() {
    let mut seed = 0;
    for n_fft in [16, 20, 30, 64, 100, 128, 256, 400, 480, 512, 1000, 1024, 1536, 2048, 4096] {
        for hop in [n_fft / 4, n_fft / 2 + 3, 7, 3 * n_fft] {
            seed += 1;
            let mut job = without_floor("librosa");
            (job.spec.n_fft, job.spec.win_length, job.spec.hop_length, job.spec.n_mels) = (n_fft, n_fft, hop, 13);
            job.spec.power = if seed % 3 == 0 { Power::Magnitude } else { Power::Power };
            let clip = signals::varied_i16(seed, n_fft + hop * 37 + 5, 22_050.0);
            let want = run(&job, &clip, Width::Scalar);
            for width in Width::available() {
                compare::equal_bits(&want, &run(&job, &clip, width))
                    .unwrap_or_else(|e| panic!("n_fft {n_fft} hop {hop} {}: {e}", width.name()));
            }
        }
    }
}

#[test]
fn pooled_windows_are_equal_to_the_bit_at_every_width() {
    for (n_fft, hop, short) in [(64, 16, 512), (64, 16, 256), (64, 64, 512), (128, 48, 512), (64, 128, 1024)] {
        let mut job = MelJob::preset("leak-64").unwrap();
        (job.spec.n_fft, job.spec.win_length, job.spec.hop_length) = (n_fft, n_fft, hop);
        job.windows.as_mut().unwrap().short_length = short;
        assert_eq!(job.pool, Pool::MeanPower);
        job.check().unwrap();
        let clip = signals::varied_i16(5, 30_000, 4096.0);
        let want = run(&job, &clip, Width::Scalar);
        for width in Width::available() {
            compare::equal_bits(&want, &run(&job, &clip, width)).unwrap_or_else(|e| panic!("{n_fft}/{hop}: {e}"));
        }
    }
}

#[test]
fn layouts_types_and_inputs_carry_the_same_values() {
    for name in ["leak-64", "whisper"] {
        let job = MelJob::preset(name).unwrap();
        let clip = signals::varied_i16(8, 40_960, 4096.0);
        let padded = pad_clip(&clip, &job);
        let outputs = FrameGrid::of(&job).outputs(padded.len());
        let n = outputs * job.spec.n_mels;
        let mut scratch = Scratch::default();
        for width in Width::available() {
            let k = kernel(&job, width);
            let (mut tm, mut bm, mut ff) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            let (mut th, mut bh) = (vec![0_u16; n], vec![0_u16; n]);
            k.run(PcmSlice::I16(&padded), outputs, Layout::TimeMajor, Out::F32(&mut tm), &mut scratch);
            k.run(PcmSlice::I16(&padded), outputs, Layout::BandMajor, Out::F32(&mut bm), &mut scratch);
            k.run(PcmSlice::I16(&padded), outputs, Layout::TimeMajor, Out::F16(&mut th), &mut scratch);
            k.run(PcmSlice::I16(&padded), outputs, Layout::BandMajor, Out::F16(&mut bh), &mut scratch);
            let floats = signals::to_f32(&padded);
            k.run(PcmSlice::F32(&floats), outputs, Layout::TimeMajor, Out::F32(&mut ff), &mut scratch);
            compare::equal_bits(&tm, &ff).unwrap();
            for t in 0..outputs {
                for m in 0..job.spec.n_mels {
                    let (a, b) = (t * job.spec.n_mels + m, m * outputs + t);
                    assert_eq!(tm[a].to_bits(), bm[b].to_bits());
                    assert_eq!(th[a], earprint_signal::f16_from_f32(tm[a]));
                    assert_eq!(bh[b], th[a]);
                }
            }
        }
    }
}

#[test]
fn a_shift_by_a_hop_moves_a_frame_and_gain_moves_decibels() {
    let mut job = without_floor("librosa");
    job.spec.center = false;
    let clip: Vec<i16> = signals::varied_i16(2, 12_000, 22_050.0).iter().map(|x| x / 4).collect();
    let (a, b) = (run(&job, &clip, Width::best()), run(&job, &clip[job.spec.hop_length..], Width::best()));
    compare::equal_bits(&a[job.spec.n_mels..], &b).unwrap();
    let loud: Vec<i16> = clip.iter().map(|x| x * 2).collect();
    let c = run(&job, &loud, Width::best());
    for (x, y) in a.iter().zip(&c) {
        if *x > -90.0 {
            assert!((y - x - 6.020_6).abs() < 1e-4, "{x} {y}");
        }
    }
}

#[test]
fn the_suite_turns_red_when_a_table_is_disturbed() {
    let job = MelJob::preset("leak").unwrap();
    let clip = pad_clip(&signals::varied_i16(1, 40_960, 4096.0), &job);
    let want = run(&job, &clip, Width::best());
    let mut tables = MelTables::new(&job.spec);
    tables.fft.twiddles[40][0] *= 1.0 + 1e-3;
    let k = MelKernel::new(&job.spec, Arc::new(tables), FrameGrid::of(&job), Width::best());
    let mut got = vec![0.0; want.len()];
    k.run(PcmSlice::I16(&clip), 159, Layout::TimeMajor, Out::F32(&mut got), &mut Scratch::default());
    assert!(compare::equal_bits(&want, &got).is_err());
    assert!(compare::within(&compare::wide(&want), &compare::wide(&got), BOUND_DB).is_err());
}
