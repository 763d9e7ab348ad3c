//! `earprint bench`: how fast this machine computes mel, per backend and preset, after checking the result.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use earprint_compute::{Backend, ComputeError, CpuBackend, Dtype, MelBatch, MelPlan, MelValues, PcmBuffer, Slot};
use earprint_core::MelJob;
use earprint_pipeline::disk::Backends;
use earprint_signal::{Width, pad_clip};

use crate::args::BenchArgs;
use crate::device;

const PRESETS: [&str; 4] = ["leak", "leak-64", "librosa", "whisper"];
const CLIPS: usize = 32;
const CLIP_SECONDS: usize = 10;

/// Runs the verb; returns the exit code.
pub fn run(args: &BenchArgs) -> Result<u8> {
    let jobs: Vec<Case> = PRESETS.iter().map(|p| Case::new(p)).collect::<Result<_>>()?;
    if !args.json {
        println!("{:<44} {:<8} {:>14} {:>12}", "backend", "preset", "ms per minute", "x real time");
    }
    let row = |name: &str, backend: &mut dyn Backend| -> Result<()> {
        for case in &jobs {
            match case.measure(backend, args.rounds) {
                Ok(ms) => tell(args, name, case.preset, ms),
                Err(e) => eprintln!("skipped {} on {name}, because {e}", case.preset),
            }
        }
        Ok(())
    };
    for width in Width::available() {
        row(&format!("cpu ({}, 1 thread)", width.name()), &mut CpuBackend::with_width(width))?;
    }
    let mut threads = CpuBackend::threaded();
    row(&format!("cpu ({})", threads.info().device.clone()), &mut threads)?;
    let (found, missing) = device::gpus();
    for gpu in found.into_iter().filter(|g| args.software || !g.software) {
        match gpu.chosen.open() {
            Ok(mut backend) => row(&gpu.name, backend.as_mut())?,
            Err(e) => eprintln!("skipped {}, because {e}", gpu.name),
        }
    }
    for why in missing {
        eprintln!("skipped {why}");
    }
    Ok(0)
}

fn tell(args: &BenchArgs, name: &str, preset: &str, ms_per_minute: f64) {
    if args.json {
        let line = serde_json::json!({ "backend": name, "preset": preset, "ms_per_minute": ms_per_minute });
        println!("{line}");
    } else {
        let name: String = name.chars().take(44).collect();
        println!("{name:<44} {preset:<8} {ms_per_minute:>14.3} {:>12.0}", 60_000.0 / ms_per_minute);
    }
}

/// One preset's batch and the result every backend must come near.
struct Case {
    preset: &'static str,
    plan: Arc<MelPlan>,
    batch: MelBatch,
    expected: Vec<f32>,
}

impl Case {
    fn new(preset: &'static str) -> Result<Self> {
        let job = MelJob::preset(preset)?;
        let samples = CLIP_SECONDS * job.spec.sample_rate as usize;
        let mut pcm = Vec::new();
        let mut slots = Vec::new();
        for k in 0..CLIPS {
            // A sawtooth of its own pitch under noise, in integers.
            let clip: Vec<i16> = (0..samples)
                .map(|i| {
                    let saw = (i * (37 + 5 * k)) as i16 / 4;
                    let noise = ((i * CLIPS + k) as u32).wrapping_mul(2_654_435_761) >> 21;
                    saw.wrapping_add(noise as i16)
                })
                .collect();
            let padded = pad_clip(&clip, &job);
            let start = pcm.len();
            pcm.extend(padded);
            slots.push((start, pcm.len() - start));
        }
        // f32, so that one comparison serves every backend; f16 is a rounding away.
        let plan = Arc::new(MelPlan::new(job, Dtype::F32)?);
        let slots = slots.into_iter().map(|(start, n)| Slot { start, outputs: plan.grid.outputs(n) }).collect();
        let batch = MelBatch { pcm: PcmBuffer::I16(pcm), slots };
        let expected = compute(&mut CpuBackend::with_width(Width::Scalar), &plan, &batch)?;
        Ok(Self { preset, plan, batch, expected })
    }

    /// Wall milliseconds per minute of audio, the least of `rounds`, transfers included; the result is checked first.
    fn measure(&self, backend: &mut dyn Backend, rounds: u32) -> Result<f64> {
        let got = compute(backend, &self.plan, &self.batch)?;
        let worst = got.iter().zip(&self.expected).map(|(g, e)| (g - e).abs()).fold(0.0, f32::max);
        ensure!(
            worst <= 1e-2 && got.iter().all(|v| v.is_finite()),
            "its result is {worst} dB off the scalar one; a wrong result is not timed"
        );
        let mut least = f64::INFINITY;
        for _ in 0..rounds {
            let started = Instant::now();
            compute(backend, &self.plan, &self.batch)?;
            least = least.min(started.elapsed().as_secs_f64());
        }
        Ok(1e3 * least / ((CLIPS * CLIP_SECONDS) as f64 / 60.0))
    }
}

fn compute(backend: &mut dyn Backend, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Vec<f32>, ComputeError> {
    let ticket = backend.submit(plan, batch)?;
    match pollster::block_on(backend.collect(ticket))? {
        MelValues::F32(v) => Ok(v),
        MelValues::F16(_) => unreachable!("asked for f32"),
    }
}
