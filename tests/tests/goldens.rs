//! The CPU kernel against the stored numbers of torchaudio, librosa and openai-whisper: `tests/golden/outside/mel/`.
//!
//! Earprint is held against each program working in f64. The same program in f32, as its users run it, is shown beside
//! it: where the two differ by more than earprint and f64 do, the difference is that program's own rounding.

use std::path::PathBuf;
use std::sync::Arc;

use earprint_core::{Log, MelJob, Pool};
use earprint_signal::{
    FrameGrid, Layout, MelKernel, MelTables, Out, PcmSlice, Scratch, Width, f16_from_f32, f32_from_f16, finish_file,
    pad_clip,
};
use earprint_store::NpyArray;
use earprint_tests::compare;
use sha2::{Digest, Sha256};

/// Earprint in f32 against the programs in f64. 2026-11-21, x86-64, scalar to AVX-512; largest seen 4.7e-4 dB.
const BOUND_DB: f64 = 1e-3;

/// The same for a full-scale sine without noise, `leak` and `leak-64`: bands 119 dB below the line, where f32 sums end.
/// 2026-11-21, x86-64; largest seen 0.108 and 0.0107 dB (torchaudio's own f32: 0.125 and 0.0069).
const TONE_BOUND_DB: [f64; 2] = [0.15, 0.015];

/// What whisper's unit is in dB: (log10 + 4) / 4.
const WHISPER_UNIT_DB: f64 = 40.0;

/// A stored array of another program, and what of the job's result it holds.
struct Golden {
    clip: &'static str,
    preset: &'static str,
    program: &'static str,
    kept: Kept,
    bound_db: f64,
    /// Bound of the program's own f32 against its f64, above what was seen on 2026-11-21.
    theirs_db: f64,
}

/// Which rows (presets with windows) or frames (others) are stored.
#[derive(Clone, Copy)]
enum Kept {
    Every(usize),
    First(usize),
}

const GOLDENS: [Golden; 14] = [
    golden("varied-4096", "leak", "torchaudio", Kept::Every(1), BOUND_DB, 3e-4),
    golden("varied-4096", "leak-64", "torchaudio", Kept::Every(1), BOUND_DB, 3e-4),
    golden("varied-4096", "leak-64-frames", "torchaudio", Kept::Every(11), BOUND_DB, 2e-3),
    golden("short-4096", "leak", "torchaudio", Kept::First(6), BOUND_DB, 1e-4),
    golden("short-4096", "leak-64", "torchaudio", Kept::First(6), BOUND_DB, 1e-4),
    golden("tone-4096", "leak", "torchaudio", Kept::First(48), TONE_BOUND_DB[0], 0.15),
    golden("tone-4096", "leak-64", "torchaudio", Kept::First(48), TONE_BOUND_DB[1], 0.015),
    golden("varied-22050", "librosa", "librosa", Kept::Every(1), BOUND_DB, 1e-4),
    golden("short-22050", "librosa", "librosa", Kept::Every(1), BOUND_DB, 1e-4),
    golden("silence", "librosa", "librosa", Kept::Every(1), BOUND_DB, 1e-4),
    golden("varied-16000", "whisper", "whisper", Kept::Every(2), BOUND_DB, 1e-3),
    golden("varied-16000", "whisper-128", "whisper", Kept::Every(4), BOUND_DB, 1e-3),
    golden("short-16000", "whisper", "whisper", Kept::Every(1), BOUND_DB, 1e-4),
    golden("silence", "whisper", "whisper", Kept::Every(1), BOUND_DB, 1e-4),
];

const fn golden(
    clip: &'static str,
    preset: &'static str,
    program: &'static str,
    kept: Kept,
    bound_db: f64,
    theirs_db: f64,
) -> Golden {
    Golden { clip, preset, program, kept, bound_db, theirs_db }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/outside/mel")
}

fn read(name: &str) -> NpyArray {
    NpyArray::read(&folder().join(format!("{name}.npy"))).unwrap_or_else(|e| panic!("{e}"))
}

/// Values of a stored array in f64.
fn values(array: &NpyArray) -> Vec<f64> {
    match array.header.descr.as_str() {
        "<f8" => array.data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        "<f4" => compare::wide(&array.f32()),
        other => panic!("{other} is no type of these goldens"),
    }
}

fn clip(name: &str) -> Vec<i16> {
    let array = read(&format!("clips/{name}"));
    assert_eq!(array.header.descr, "<i2");
    array.data.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect()
}

fn job(preset: &str) -> MelJob {
    let mut job = MelJob::preset(preset.trim_end_matches("-frames")).unwrap();
    if preset.ends_with("-frames") {
        job.pool = Pool::None;
    }
    job
}

/// The kernel's outputs, one per position of the job's grid, `(T, M)`: f32 and f16, no floors.
fn outputs(job: &MelJob, clip: &[i16], width: Width) -> (Vec<f32>, Vec<u16>) {
    let padded = pad_clip(clip, job);
    let grid = FrameGrid::of(job);
    let count = if job.windows.is_some() { grid.outputs(padded.len()) } else { job.spec.frames(clip.len()) };
    let kernel = MelKernel::new(&job.spec, Arc::new(MelTables::new(&job.spec)), grid, width);
    let (mut f32s, mut f16s) = (vec![f32::NAN; count * job.spec.n_mels], vec![0; count * job.spec.n_mels]);
    let mut scratch = Scratch::default();
    kernel.run(PcmSlice::I16(&padded), count, Layout::TimeMajor, Out::F32(&mut f32s), &mut scratch);
    kernel.run(PcmSlice::I16(&padded), count, Layout::TimeMajor, Out::F16(&mut f16s), &mut scratch);
    (f32s, f16s)
}

/// The stored part of a result, laid out as the golden is: `(rows, M, frames)` or `(M, frames)`.
fn kept<T: Copy>(job: &MelJob, outputs: &[T], kept: Kept) -> (Vec<usize>, Vec<T>) {
    let bands = job.spec.n_mels;
    let pick = |n: usize| match kept {
        Kept::Every(step) => (0..n).step_by(step).collect::<Vec<_>>(),
        Kept::First(count) => (0..count).collect(),
    };
    let Some(w) = &job.windows else {
        let frames = pick(outputs.len() / bands);
        let values = (0..bands).flat_map(|m| frames.iter().map(move |t| outputs[t * bands + m])).collect();
        return (vec![bands, frames.len()], values);
    };
    let rows = pick(w.rows());
    let frames = job.frames_per_row();
    let step = FrameGrid::of(job).step;
    let mut values = Vec::new();
    for row in &rows {
        let start = w.start(row / w.shorts_per_long(), row % w.shorts_per_long());
        for m in 0..bands {
            values.extend((0..frames).map(|t| outputs[(start + t * job.spec.hop_length) / step * bands + m]));
        }
    }
    (vec![rows.len(), bands, frames], values)
}

/// Earprint's values where the golden has them, finished, in f32.
fn ours(golden: &Golden, width: Width) -> (Vec<usize>, Vec<f32>) {
    let job = job(golden.preset);
    let (mut values, _) = outputs(&job, &clip(golden.clip), width);
    finish_file(&mut values, &job.spec);
    kept(&job, &values, golden.kept)
}

/// A stored array as dB, whatever its unit, checked against the shape expected.
fn stored_db(golden: &Golden, ty: &str, shape: &[usize]) -> Vec<f64> {
    let name = format!("{}.{}.{}.{ty}", golden.clip, golden.preset, golden.program);
    let array = read(&name);
    assert_eq!(array.header.shape, shape, "{name}");
    in_db(golden, values(&array))
}

fn in_db(golden: &Golden, mut values: Vec<f64>) -> Vec<f64> {
    if matches!(job(golden.preset).spec.log, Log::Whisper) {
        values.iter_mut().for_each(|v| *v *= WHISPER_UNIT_DB);
    }
    values
}

#[test]
fn every_width_gives_what_other_programs_give() {
    let mut failures = Vec::new();
    for golden in &GOLDENS {
        let (shape, first) = ours(golden, Width::Scalar);
        let exact = stored_db(golden, "f64", &shape);
        let theirs = stored_db(golden, "f32", &shape);
        let name = format!("{} {}", golden.clip, golden.preset);
        match compare::within(&exact, &theirs, golden.theirs_db) {
            Ok(d) => println!("{name}: {} f32 from its f64 {:.1e} dB", golden.program, d.largest),
            Err(e) => failures.push(format!("{name}, {} f32 from its f64: {e}", golden.program)),
        }
        for width in Width::available() {
            let (_, got) = ours(golden, width);
            compare::equal_bits(&first, &got).unwrap_or_else(|e| panic!("{name} {}: {e}", width.name()));
            let got = in_db(golden, compare::wide(&got));
            match compare::within(&exact, &got, golden.bound_db) {
                Ok(d) => {
                    let f32_way = compare::distance(&theirs, &got).unwrap();
                    println!(
                        "{name} {}: earprint from {} f64 {:.1e} dB (normalised {:.0e}), from its f32 {:.1e} dB",
                        width.name(),
                        golden.program,
                        d.largest,
                        d.normalised,
                        f32_way.largest
                    );
                }
                Err(e) => failures.push(format!("{name} {}, earprint from f64: {e}", width.name())),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn f16_is_the_f32_result_rounded_once() {
    for golden in &GOLDENS {
        let job = job(golden.preset);
        let clip = clip(golden.clip);
        for width in Width::available() {
            let (f32s, f16s) = outputs(&job, &clip, width);
            for (i, (x, h)) in f32s.iter().zip(&f16s).enumerate() {
                assert_eq!(*h, f16_from_f32(*x), "{} {} {} value {i}", golden.clip, golden.preset, width.name());
            }
            // Half a step of f16 is |x| / 2048 at most; the floors of whole files come later and are not in `f16s`.
            if !job.spec.log.floor_needs_file_maximum() {
                let (shape, halves) = kept(&job, &f16s, golden.kept);
                for (x, h) in stored_db(golden, "f64", &shape).iter().zip(&halves) {
                    let got = f64::from(f32_from_f16(*h));
                    assert!((got - x).abs() <= x.abs() / 2048.0 + golden.bound_db, "{x} expected, {got} came");
                }
            }
        }
    }
}

#[test]
fn f16_rounds_as_numpy_rounds() {
    let want = read("varied-4096.leak-64.torchaudio.f16");
    assert_eq!(want.header.descr, "<f2");
    let got: Vec<u16> = read("varied-4096.leak-64.torchaudio.f32").f32().iter().map(|&x| f16_from_f32(x)).collect();
    assert_eq!(want.u16(), got);
}

#[test]
fn the_suite_turns_red_when_one_stored_value_is_disturbed() {
    for golden in &GOLDENS {
        let (shape, got) = ours(golden, Width::best());
        let got = in_db(golden, compare::wide(&got));
        let mut exact = stored_db(golden, "f64", &shape);
        // A hundredth of a dB, except where the bound is itself wider than that.
        let step = if golden.bound_db == BOUND_DB { 0.01 } else { 3.0 * golden.bound_db };
        for at in [0, exact.len() / 2, exact.len() - 1] {
            let right = exact[at];
            exact[at] = right + step;
            let e = compare::within(&exact, &got, golden.bound_db).unwrap_err();
            assert!(e.contains("largest difference"), "{e}");
            exact[at] = right;
        }
        compare::within(&exact, &got, golden.bound_db).unwrap();
    }
}

#[test]
fn stored_files_are_the_ones_their_lines_describe() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut files = 0;
    for sub in ["", "clips"] {
        for entry in std::fs::read_dir(folder().join(sub)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "npy") {
                continue;
            }
            let name = path.strip_prefix(folder()).unwrap().to_str().unwrap().replace('\\', "/");
            let digest: String =
                Sha256::digest(std::fs::read(&path).unwrap()).iter().map(|b| format!("{b:02x}")).collect();
            let line = readme.lines().find(|l| l.contains(&format!("`{name}`"))).unwrap_or_else(|| panic!("{name}"));
            assert!(line.contains(&digest), "{name} is not the file README.md describes: {digest}");
            files += 1;
        }
    }
    assert_eq!(files, readme.lines().filter(|l| l.starts_with("| `")).count(), "a line without its file");
}
