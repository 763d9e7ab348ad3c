//! `earprint bench`: how fast this machine computes mel and the rows of tracks, per backend, after checking the result.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use earprint_compute::{Backend, ComputeError, CpuBackend, Dtype, MelBatch, MelPlan, MelValues, PcmBuffer, Slot};
use earprint_core::{MelJob, TRACK_RATE_HZ, TRACK_SCHEMA};
use earprint_features::OwnedSegment;
use earprint_pipeline::disk::Backends;
use earprint_pipeline::tracks::{Batches, CpuRows, SEGMENT_FRAMES};
use earprint_signal::track::HOP;
use earprint_signal::{Width, pad_clip};

use crate::args::BenchArgs;
use crate::device;
use crate::out::{Out, out};

const PRESETS: [&str; 4] = ["leak", "leak-64", "librosa", "whisper"];
const CLIPS: usize = 32;
const CLIP_SECONDS: usize = 10;

/// Runs the verb; returns the exit code.
pub fn run(args: &BenchArgs) -> Result<u8> {
    let jobs: Vec<Case> = PRESETS.iter().map(|p| Case::new(p)).collect::<Result<_>>()?;
    let out = &mut out();
    if !args.json {
        out.line(format_args!("{:<44} {:<8} {:>14} {:>12}", "backend", "preset", "ms per minute", "x real time"))?;
    }
    let row = |out: &mut Out, name: &str, backend: &mut dyn Backend| -> Result<()> {
        jobs.iter().try_for_each(|case| tell(out, args, name, case.preset, case.measure(backend, args.rounds)))
    };
    for width in Width::available() {
        let name = format!("cpu ({}, 1 thread)", width.name());
        row(out, &name, &mut CpuBackend::with_width(width))?;
        let mut cpu = CpuRows::with_width(width);
        let ms = rows(&mut |s| Ok(vec![cpu.make((**s).clone(), None).rows]), args.rounds);
        tell(out, args, &name, TRACK_SCHEMA, ms)?;
    }
    let mut threads = CpuBackend::threaded();
    row(out, &format!("cpu ({})", threads.info().device.clone()), &mut threads)?;
    let (found, missing) = device::gpus();
    for gpu in found.into_iter().filter(|g| args.software || !g.software) {
        match gpu.chosen.open() {
            Ok(mut backend) => row(out, &gpu.name, backend.as_mut())?,
            Err(e) => eprintln!("skipped {}, because {e}", gpu.name),
        }
        if let Ok(Some(machine)) = gpu.chosen.machine(None) {
            let mut batches = Batches::new(machine, None);
            let ms = rows(&mut |s| on_device(&mut batches, s), args.rounds);
            tell(out, args, &gpu.name, TRACK_SCHEMA, ms)?;
        }
    }
    for why in missing {
        eprintln!("skipped {why}");
    }
    Ok(0)
}

/// Rows `(T, ROW)` of copies of a segment.
type MakeRows<'a> = &'a mut dyn FnMut(&Arc<OwnedSegment>) -> Result<Vec<Vec<f32>>>;

/// Wall milliseconds per minute of mono samples to rows, the least of `rounds`, transfers included; the rows are checked
/// first.
fn rows(compute: MakeRows, rounds: u32) -> Result<f64> {
    let segment = Arc::new(OwnedSegment::noise(SEGMENT_FRAMES));
    let want = CpuRows::with_width(Width::Scalar).make((*segment).clone(), None).rows;
    let got = compute(&segment)?;
    for got in &got {
        // Noise has no value near zero but what is unvoiced, where a device may find a pitch.
        let off = want.iter().zip(got).filter(|(w, g)| (*w - *g).abs() > 1e-3 * w.abs().max(1e-3)).count();
        ensure!(
            off * 100 <= want.len() && got.len() == want.len(),
            "{off} of its {} values are off the scalar ones; a wrong result is not timed",
            want.len()
        );
    }
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        let started = Instant::now();
        compute(&segment)?;
        least = least.min(started.elapsed().as_secs_f64());
    }
    let minutes = (got.len() * segment.frames * HOP) as f64 / f64::from(TRACK_RATE_HZ) / 60.0;
    Ok(1e3 * least / minutes)
}

/// Segments of one trial on a device.
const SEGMENTS: usize = 16;

/// A few copies of a segment through a device.
fn on_device(batches: &mut Batches<()>, segment: &Arc<OwnedSegment>) -> Result<Vec<Vec<f32>>> {
    for _ in 0..SEGMENTS {
        batches.push((), segment.clone());
    }
    let mut all = Vec::new();
    while !batches.is_idle() {
        for ((), rows) in pollster::block_on(batches.next()) {
            all.push(rows.map_err(|why| anyhow!("{why}"))?);
        }
    }
    Ok(all)
}

/// One line at once: the next one takes its time.
fn tell(out: &mut Out, args: &BenchArgs, name: &str, preset: &str, ms_per_minute: Result<f64>) -> Result<()> {
    let ms_per_minute = match ms_per_minute {
        Ok(ms) => ms,
        Err(e) => {
            eprintln!("skipped {preset} on {name}, because {e}");
            return Ok(());
        }
    };
    if args.json {
        out.line(serde_json::json!({ "backend": name, "preset": preset, "ms_per_minute": ms_per_minute }))?;
    } else {
        let name: String = name.chars().take(44).collect();
        out.line(format_args!("{name:<44} {preset:<8} {ms_per_minute:>14.3} {:>12.0}", 60_000.0 / ms_per_minute))?;
    }
    out.flush()
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
