//! The wgpu backend against the CPU backend, on every software Vulkan driver this machine has.
//!
//! The loader reads which driver to use from the environment once per process, so each driver gets a process of its own:
//! the tests at the top start this program again with the driver's file in the environment and the checks of
//! `on_driver` as the tests to run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Environment variable that names the driver a child is meant for.
const DRIVER: &str = "EARPRINT_TEST_VULKAN";

/// Runs the checks in a child that sees one driver, if its file is among `files`.
fn check_on(driver: &str, files: &[PathBuf]) {
    let Some(file) = files.iter().find(|f| f.exists()) else {
        println!("skipped, because {driver} is not installed: none of {files:?} exists");
        return;
    };
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["on_driver::", "--ignored", "--nocapture", "--test-threads=1"])
        .env("VK_DRIVER_FILES", file)
        // Loaders before 1.3.207 know the older name alone.
        .env("VK_ICD_FILENAMES", file)
        .env(DRIVER, driver)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    println!("{out}");
    assert!(child.status.success(), "checks on {driver} failed:\n{out}\n{err}");
}

#[test]
fn lavapipe() {
    let folder = Path::new("/usr/share/vulkan/icd.d");
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let named = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("lvp_icd"));
    check_on("llvmpipe", &listed.filter(named).collect::<Vec<_>>());
}

#[test]
fn swiftshader() {
    check_on("SwiftShader", &["/usr/lib/chromium/vk_swiftshader_icd.json".into()]);
}

/// What every driver is asked. Ignored in the parent, which has no driver of its own.
mod on_driver {
    use std::sync::Arc;
    use std::time::Instant;

    use earprint_compute::{
        Backend, ComputeError, CpuBackend, Dtype, Kind, MelBatch, MelPlan, MelValues, PcmBuffer, Slot,
    };
    use earprint_core::{Log, MelJob, Pool, Power};
    use earprint_signal::{FrameGrid, MelTables, f16_from_f32, f32_from_f16, pad_clip};
    use earprint_tests::{compare, reference, signals};
    use earprint_wgpu::{AdapterChoice, KernelChoice, Options, WgpuBackend, adapters};
    use pollster::block_on;

    use super::DRIVER;

    /// Largest difference of the plain kernel from f64, dB. Measured 2.2e-5 on lavapipe 22.3 and SwiftShader, 2026-11.
    const PLAIN_BOUND_DB: f64 = 1e-4;

    fn driver() -> Option<String> {
        let driver = std::env::var(DRIVER).ok();
        if driver.is_none() {
            println!("skipped, because {DRIVER} is not set: `lavapipe` and `swiftshader` run this");
        }
        driver
    }

    fn options(driver: &str) -> Options {
        Options { adapter: AdapterChoice::Named(driver.to_owned()), allow_software: true, ..Options::default() }
    }

    fn open(driver: &str) -> WgpuBackend {
        block_on(WgpuBackend::open(options(driver))).unwrap()
    }

    fn compute(backend: &mut dyn Backend, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<MelValues, ComputeError> {
        let ticket = backend.submit(plan, batch)?;
        block_on(backend.collect(ticket))
    }

    fn equal(want: &MelValues, got: &MelValues, what: &str) {
        match (want, got) {
            (MelValues::F32(w), MelValues::F32(g)) => {
                compare::equal_bits(w, g).unwrap_or_else(|e| panic!("{what}: {e}"));
            }
            (MelValues::F16(w), MelValues::F16(g)) => {
                let wide = |v: &[u16]| v.iter().map(|&h| f32_from_f16(h)).collect::<Vec<_>>();
                compare::equal_bits(&wide(w), &wide(g)).unwrap_or_else(|e| panic!("{what}: {e}"));
            }
            _ => panic!("{what}: types differ"),
        }
    }

    fn plan(job: &MelJob, dtype: Dtype) -> Arc<MelPlan> {
        Arc::new(MelPlan::new(job.clone(), dtype).unwrap())
    }

    /// Whole clips, one after another, one slot each; an odd number of samples where `odd`.
    fn batch(job: &MelJob, clips: &[Vec<i16>], odd: bool) -> MelBatch {
        let grid = FrameGrid::of(job);
        let (mut pcm, mut slots) = (Vec::new(), Vec::new());
        for clip in clips {
            let padded = pad_clip(clip, job);
            slots.push(Slot { start: pcm.len(), outputs: grid.outputs(padded.len()) });
            pcm.extend(padded);
        }
        if odd == pcm.len().is_multiple_of(2) {
            pcm.push(77);
        }
        MelBatch { pcm: PcmBuffer::I16(pcm), slots }
    }

    fn as_floats(batch: &MelBatch) -> MelBatch {
        let PcmBuffer::I16(pcm) = &batch.pcm else { panic!("integers") };
        // Values no 16-bit integer has.
        let floats = pcm.iter().map(|&x| f32::from(x) * 2.7e-5).collect();
        MelBatch { pcm: PcmBuffer::F32(floats), slots: batch.slots.clone() }
    }

    fn all_frames() -> MelJob {
        let mut job = MelJob::preset("leak-64").unwrap();
        job.pool = Pool::None;
        job
    }

    fn presets() -> Vec<(&'static str, MelJob)> {
        let mut all: Vec<_> = ["leak", "leak-64", "librosa", "whisper", "whisper-128"]
            .map(|name| (name, MelJob::preset(name).unwrap()))
            .into();
        all.push(("leak-64, all frames", all_frames()));
        all
    }

    /// A job without per-file floor, so that both types leave the device.
    fn sized(n_fft: usize, hop: usize, n_mels: usize) -> MelJob {
        let mut job = MelJob::preset("librosa").unwrap();
        let spec = &mut job.spec;
        (spec.n_fft, spec.win_length, spec.hop_length, spec.n_mels) = (n_fft, n_fft, hop, n_mels);
        spec.log = Log::Db { amin: 1e-10, reference: 1.0, top_db: None };
        job
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn the_driver_is_listed_and_never_chosen_silently() {
        let Some(driver) = driver() else { return };
        let lines = block_on(adapters());
        println!("{lines:?}");
        assert!(lines.iter().any(|l| l.name.contains(&driver) && l.software && l.backend == "vulkan"), "{lines:?}");
        let backend = open(&driver);
        println!("{:?} {:?}", backend.info(), backend.budget());
        assert_eq!(backend.info().kind, Kind::Native("vulkan"));
        assert!(backend.info().software && backend.info().device.contains(&driver));
        let silently = block_on(WgpuBackend::open(Options::default())).err().unwrap();
        assert_eq!(silently.code(), "E_GPU_NO_DEVICE", "{silently}");
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn presets_have_the_bits_of_the_cpu() {
        let Some(driver) = driver() else { return };
        let (mut gpu, mut cpu) = (open(&driver), CpuBackend::new());
        for (name, job) in presets() {
            let n = if job.windows.is_some() { 40_960 } else { 20_001 };
            let clips: Vec<_> = (0..3).map(|s| signals::varied_i16(s, n, job.spec.sample_rate.into())).collect();
            let integers = batch(&job, &clips, true);
            for dtype in [Dtype::F32, Dtype::F16] {
                let plan = plan(&job, dtype);
                for (input, batch) in [("i16", integers.clone()), ("f32", as_floats(&integers))] {
                    let want = compute(&mut cpu, &plan, &batch).unwrap();
                    let start = Instant::now();
                    let got = compute(&mut gpu, &plan, &batch).unwrap();
                    equal(&want, &got, &format!("{name} {input} {dtype:?}"));
                    println!(
                        "{name} {input} {dtype:?}: equal bits, {} outputs, {:?}",
                        batch.outputs(),
                        start.elapsed()
                    );
                }
            }
        }
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn sizes_have_the_bits_of_the_cpu() {
        let Some(driver) = driver() else { return };
        let (mut gpu, mut cpu) = (open(&driver), CpuBackend::new());
        let mut seed = 0;
        for n_fft in [16, 30, 64, 100, 128, 200, 256, 400, 480, 512, 1000, 1024, 1200, 1536, 2048, 3750, 4096] {
            for (hop, n_mels) in [(n_fft / 4, 13), (n_fft / 2 + 3, 40), (3 * n_fft, 8)] {
                seed += 1;
                let mut job = sized(n_fft, hop, n_mels);
                job.spec.power = if seed % 3 == 0 { Power::Magnitude } else { Power::Power };
                if seed % 5 == 0 {
                    job.spec.log = Log::None;
                }
                let clip = signals::varied_i16(seed, n_fft + hop * 37 + 5, 22_050.0);
                let integers = batch(&job, &[clip], seed % 2 == 0);
                for (dtype, batch) in [(Dtype::F32, &integers), (Dtype::F16, &as_floats(&integers))] {
                    let plan = plan(&job, dtype);
                    let want = compute(&mut cpu, &plan, batch).unwrap();
                    let got = compute(&mut gpu, &plan, batch).unwrap();
                    equal(&want, &got, &format!("n_fft {n_fft} hop {hop} n_mels {n_mels} {dtype:?}"));
                }
            }
        }
        println!("{} shapes, f32 from i16 and f16 from f32: equal bits", seed);
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn pooled_windows_have_the_bits_of_the_cpu() {
        let Some(driver) = driver() else { return };
        let (mut gpu, mut cpu) = (open(&driver), CpuBackend::new());
        for (n_fft, hop, short) in [(64, 16, 512), (64, 16, 256), (64, 64, 512), (128, 48, 512), (512, 128, 1024)] {
            let mut job = MelJob::preset("leak-64").unwrap();
            (job.spec.n_fft, job.spec.win_length, job.spec.hop_length) = (n_fft, n_fft, hop);
            job.windows.as_mut().unwrap().short_length = short;
            job.check().unwrap();
            let batch = batch(&job, &[signals::varied_i16(5, 30_000, 4096.0)], false);
            let plan = plan(&job, Dtype::F32);
            let want = compute(&mut cpu, &plan, &batch).unwrap();
            equal(&want, &compute(&mut gpu, &plan, &batch).unwrap(), &format!("{n_fft}/{hop}/{short}"));
        }
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn no_value_depends_on_its_batch() {
        let Some(driver) = driver() else { return };
        let mut gpu = open(&driver);
        for name in ["leak", "leak-64"] {
            let mut job = MelJob::preset(name).unwrap();
            // 23 outputs a clip: software devices take a while for pooled windows.
            job.windows.as_mut().unwrap().clip_samples = 6144;
            job.check().unwrap();
            let plan = plan(&job, Dtype::F16);
            let clips: Vec<_> = (0..40).map(|s| signals::varied_i16(s, 6144, 4096.0)).collect();
            let whole = compute(&mut gpu, &plan, &batch(&job, &clips, false)).unwrap();
            for size in [1, 7] {
                let mut parts = Vec::new();
                for some in clips.chunks(size) {
                    let MelValues::F16(v) = compute(&mut gpu, &plan, &batch(&job, some, true)).unwrap() else {
                        panic!("f16")
                    };
                    parts.extend(v);
                }
                equal(&whole, &MelValues::F16(parts), &format!("{} in batches of {size}", job.name));
            }
            // One clip in slots of 5 outputs that share its samples.
            let one = batch(&job, &clips[3..4], false);
            let cut: Vec<Slot> = (0..one.outputs())
                .step_by(5)
                .map(|at| Slot { start: at * plan.grid.step, outputs: 5.min(one.outputs() - at) })
                .collect();
            let want = compute(&mut gpu, &plan, &one).unwrap();
            let got = compute(&mut gpu, &plan, &MelBatch { pcm: one.pcm, slots: cut }).unwrap();
            equal(&want, &got, &format!("{} in slots", job.name));
            println!("{name}: 40 clips, 7, 1 and slots of 5 outputs: equal bits");
        }
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn two_batches_travel_at_once_and_a_third_waits() {
        let Some(driver) = driver() else { return };
        let (mut gpu, mut cpu) = (open(&driver), CpuBackend::new());
        let job = MelJob::preset("leak").unwrap();
        let plan = plan(&job, Dtype::F16);
        // Growing, shrinking, empty.
        let sizes = [1, 3, 0, 2, 5, 1];
        let batches: Vec<MelBatch> = sizes
            .iter()
            .map(|&n| batch(&job, &vec![signals::varied_i16(n as u64, 40_960, 4096.0); n], false))
            .collect();
        let mut ahead = Some(gpu.submit(&plan, &batches[0]).unwrap());
        for i in 0..batches.len() {
            let next = batches.get(i + 1).map(|b| gpu.submit(&plan, b).unwrap());
            if next.is_some() {
                let third = gpu.submit(&plan, &batches[0]).unwrap_err();
                assert_eq!(third.code(), "E_GPU_FAILED", "{third}");
            }
            let got = block_on(gpu.collect(ahead.take().unwrap())).unwrap();
            equal(&compute(&mut cpu, &plan, &batches[i]).unwrap(), &got, &format!("batch {i}"));
            ahead = next;
        }
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn the_plain_kernel_is_the_definition() {
        let Some(driver) = driver() else { return };
        let mut plain = Options { kernel: KernelChoice::Plain, ..options(&driver) };
        plain.budget_bytes = Some(8 << 20);
        let mut gpu = block_on(WgpuBackend::open(plain)).unwrap();
        for (n_fft, hop, n_mels) in [(64, 16, 10), (100, 37, 13), (480, 200, 40)] {
            let mut job = sized(n_fft, hop, n_mels);
            (job.spec.sample_rate, job.spec.f_max) = (4096, 2048.0);
            let clip = signals::varied_i16(4, n_fft * 9, 4096.0);
            let clip64: Vec<f64> = clip.iter().map(|&x| f64::from(x) / 32_768.0).collect();
            let want = reference::mel(&clip64, &job);
            let batch = batch(&job, &[clip], true);
            let MelValues::F32(got) = compute(&mut gpu, &plan(&job, Dtype::F32), &batch).unwrap() else {
                panic!("f32")
            };
            let d = compare::within(&want, &compare::wide(&got), PLAIN_BOUND_DB).unwrap();
            println!("mel_plain {n_fft}: largest {:.2e} dB, normalised {:.1e}", d.largest, d.normalised);
            let MelValues::F16(half) = compute(&mut gpu, &plan(&job, Dtype::F16), &batch).unwrap() else {
                panic!("f16")
            };
            assert!(half.iter().zip(&got).all(|(&h, &s)| h == f16_from_f32(s)));
        }
        // Pooled: row (long, short) of the reference is distinct window start / step.
        let job = MelJob::preset("leak-64").unwrap();
        let w = job.windows.unwrap();
        let clip = signals::varied_i16(9, 40_960, 4096.0);
        let want = reference::mel(&clip.iter().map(|&x| f64::from(x) / 32_768.0).collect::<Vec<_>>(), &job);
        let batch = batch(&job, &[clip], false);
        let MelValues::F32(got) = compute(&mut gpu, &plan(&job, Dtype::F32), &batch).unwrap() else { panic!("f32") };
        let (m, per) = (job.spec.n_mels, w.shorts_per_long());
        let rows: Vec<f64> = (0..w.rows())
            .flat_map(|r| {
                let d = w.start(r / per, r % per) / w.distinct_step();
                compare::wide(&got[d * m..(d + 1) * m])
            })
            .collect();
        let d = compare::within(&want, &rows, PLAIN_BOUND_DB).unwrap();
        println!("mel_plain leak-64: largest {:.2e} dB, normalised {:.1e}", d.largest, d.normalised);
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn what_cannot_be_done_is_an_error_and_harms_nothing() {
        let Some(driver) = driver() else { return };
        let small = Options { budget_bytes: Some(1 << 20), ..options(&driver) };
        let mut gpu = block_on(WgpuBackend::open(small)).unwrap();
        let job = MelJob::preset("leak").unwrap();
        let plan16 = plan(&job, Dtype::F16);
        let clips = vec![signals::varied_i16(1, 40_960, 4096.0); 20];
        let error = gpu.submit(&plan16, &batch(&job, &clips, false)).unwrap_err();
        assert!(matches!(error, ComputeError::OutOfMemory { bytes, .. } if bytes > 1 << 20), "{error}");
        let one = batch(&job, &clips[..1], false);
        let mut beyond = one.clone();
        beyond.slots[0].start = 3;
        let error = gpu.submit(&plan16, &beyond).unwrap_err();
        assert!(error.to_string().contains("slot 0"), "{error}");
        let mut wide = one.clone();
        wide.slots[0].start = usize::MAX - 5;
        assert!(gpu.submit(&plan16, &wide).is_err());
        let large = sized(8192, 512, 40);
        let error = gpu.submit(&plan(&large, Dtype::F32), &batch(&large, &clips[..1], false)).unwrap_err();
        assert!(matches!(&error, ComputeError::Unsupported { what, .. } if what.contains("8192")), "{error}");
        let want = compute(&mut CpuBackend::new(), &plan16, &one).unwrap();
        equal(&want, &compute(&mut gpu, &plan16, &one).unwrap(), "after the errors");
        let absent = Options { adapter: AdapterChoice::Named("no such card".into()), ..options(&driver) };
        let error = block_on(WgpuBackend::open(absent)).err().unwrap();
        assert!(error.to_string().contains(&driver), "{error}");
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn a_lost_device_says_so_from_then_on() {
        let Some(driver) = driver() else { return };
        let job = MelJob::preset("leak").unwrap();
        let plan = plan(&job, Dtype::F16);
        let one = batch(&job, &[signals::varied_i16(1, 40_960, 4096.0)], false);
        let lost = |e: ComputeError| assert_eq!(e.code(), "E_GPU_LOST", "{e}");

        let mut gpu = open(&driver);
        compute(&mut gpu, &plan, &one).unwrap();
        gpu.lose_for_test();
        lost(gpu.submit(&plan, &one).unwrap_err());
        lost(gpu.submit(&plan, &one).unwrap_err());

        let mut gpu = open(&driver);
        let (a, b) = (gpu.submit(&plan, &one).unwrap(), gpu.submit(&plan, &one).unwrap());
        gpu.lose_for_test();
        lost(block_on(gpu.collect(a)).unwrap_err());
        lost(block_on(gpu.collect(b)).unwrap_err());
        lost(gpu.submit(&plan, &one).unwrap_err());

        // A new one works.
        let want = compute(&mut CpuBackend::new(), &plan, &one).unwrap();
        equal(&want, &compute(&mut open(&driver), &plan, &one).unwrap(), "after the loss");
    }

    #[test]
    #[ignore = "run by `lavapipe` and `swiftshader`"]
    fn the_suite_turns_red_when_a_table_is_disturbed() {
        let Some(driver) = driver() else { return };
        let (mut gpu, mut cpu) = (open(&driver), CpuBackend::new());
        let job = MelJob::preset("leak").unwrap();
        let right = plan(&job, Dtype::F32);
        let mut tables = MelTables::new(&job.spec);
        tables.fft.twiddles[40][0] *= 1.0 + 1e-3;
        let wrong = Arc::new(MelPlan { tables: Arc::new(tables), ..(*right).clone() });
        let batch = batch(&job, &[signals::varied_i16(1, 40_960, 4096.0)], false);
        let (want, got) = (compute(&mut cpu, &right, &batch).unwrap(), compute(&mut gpu, &wrong, &batch).unwrap());
        let (MelValues::F32(want), MelValues::F32(got)) = (want, got) else { panic!("f32") };
        assert!(compare::equal_bits(&want, &got).is_err());
        assert!(compare::within(&compare::wide(&want), &compare::wide(&got), 1e-3).is_err());
        // The same disturbance on both sides is no difference: the tables do arrive.
        equal(&compute(&mut cpu, &wrong, &batch).unwrap(), &MelValues::F32(got), "disturbed alike");
    }
}
