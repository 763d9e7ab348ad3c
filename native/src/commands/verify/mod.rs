//! `earprint verify`: the public conformance vectors on every backend of this machine.
//!
//! A vector is a clip and what another program makes of it in f64 (`tests/golden/outside/mel/`, with scripts and
//! versions). A backend must stay within the bound; whether it also has the CPU's bits is shown beside it. The track
//! descriptor follows in `tracks`.

mod tracks;
mod vectors;

use std::sync::Arc;

use anyhow::Result;
use earprint_compute::{Backend, ComputeError, CpuBackend, Dtype, MelBatch, MelPlan, MelValues, PcmBuffer, Slot};
use earprint_pipeline::disk::Backends;
use earprint_pipeline::finish;
use earprint_signal::{Width, pad_clip};

use crate::args::VerifyArgs;
use crate::device;
use crate::out::{Out, out};
use vectors::{VECTORS, Vector};

/// Runs the verb; returns the exit code: 0 all within bounds, 1 otherwise.
pub fn run(args: &VerifyArgs) -> Result<u8> {
    let mut all_good = true;
    let bits: Vec<Vec<f32>> = VECTORS.iter().map(|v| values(&mut CpuBackend::new(), v)).collect::<Result<_, _>>()?;
    let out = &mut out();
    if !args.json {
        out.line(format_args!("{:<44} {:<8} {:>12} {:>10}  bits", "backend", "preset", "largest dB", "allowed dB"))?;
    }
    let mut row = |out: &mut Out, name: &str, backend: &mut dyn Backend| -> Result<()> {
        for (vector, cpu) in VECTORS.iter().zip(&bits) {
            let line = match values(backend, vector) {
                Ok(got) => judge(name, vector, &got, cpu),
                Err(e) => Line { good: false, ..Line::broken(name, vector, e.to_string()) },
            };
            all_good &= line.good;
            out.line(if args.json { line.json() } else { line.text() })?;
        }
        out.flush()
    };
    for width in Width::available() {
        row(out, &format!("cpu ({})", width.name()), &mut CpuBackend::with_width(width))?;
    }
    let mut threads = CpuBackend::threaded();
    row(out, &format!("cpu ({})", threads.info().device.clone()), &mut threads)?;
    let (found, missing) = device::gpus();
    for gpu in &found {
        match gpu.chosen.open() {
            Ok(mut backend) => row(out, &gpu.name, backend.as_mut())?,
            Err(e) => eprintln!("skipped {}, because {e}", gpu.name),
        }
    }
    all_good &= tracks::run(out, &found, args.json)?;
    for why in missing {
        eprintln!("skipped {why}");
    }
    Ok(u8::from(!all_good))
}

/// A vector's values as a backend computes them, where the vector has any, in the vector's unit.
fn values(backend: &mut dyn Backend, vector: &Vector) -> Result<Vec<f32>, ComputeError> {
    let job = vector.job();
    let clip = vector.clip();
    let outputs = if job.windows.is_some() { 0 } else { job.spec.frames(clip.len()) };
    let pcm = pad_clip(&clip, &job);
    let plan = Arc::new(MelPlan::new(job, Dtype::F32)?);
    let outputs = if outputs == 0 { plan.grid.outputs(pcm.len()) } else { outputs };
    let batch = MelBatch { pcm: PcmBuffer::I16(pcm), slots: vec![Slot { start: 0, outputs }] };
    let ticket = backend.submit(&plan, &batch)?;
    let values = pollster::block_on(backend.collect(ticket))?;
    let features = finish(values, &plan, Dtype::F32);
    let MelValues::F32(all) = features.values else { unreachable!("asked for f32") };
    Ok(vector.kept(&all, features.shape))
}

fn judge(name: &str, vector: &Vector, got: &[f32], cpu: &[f32]) -> Line {
    let want = vector.expected();
    if want.len() != got.len() {
        return Line::broken(name, vector, format!("{} values; expected {}", got.len(), want.len()));
    }
    let mut largest = 0.0_f64;
    for (w, g) in want.iter().zip(got) {
        let difference = (w - f64::from(*g)).abs() * vector.unit_db();
        // Not a number is never within a bound.
        largest = if difference.is_finite() { largest.max(difference) } else { f64::INFINITY };
    }
    let equal = got.iter().zip(cpu).all(|(g, c)| g.to_bits() == c.to_bits());
    Line {
        backend: name.to_owned(),
        preset: vector.preset,
        largest_db: largest,
        allowed_db: vector.bound_db,
        equal,
        good: largest <= vector.bound_db,
        trouble: None,
    }
}

struct Line {
    backend: String,
    preset: &'static str,
    largest_db: f64,
    allowed_db: f64,
    equal: bool,
    good: bool,
    trouble: Option<String>,
}

impl Line {
    fn broken(name: &str, vector: &Vector, why: String) -> Self {
        Self {
            backend: name.to_owned(),
            preset: vector.preset,
            largest_db: f64::INFINITY,
            allowed_db: vector.bound_db,
            equal: false,
            good: false,
            trouble: Some(why),
        }
    }

    fn text(&self) -> String {
        let bits = if self.equal { "equal" } else { "differ" };
        let end = match &self.trouble {
            Some(why) => format!("FAILED: {why}"),
            None if self.good => bits.to_owned(),
            None => format!("{bits}, FAILED"),
        };
        let name: String = self.backend.chars().take(44).collect();
        format!("{name:<44} {:<8} {:>12.1e} {:>10.0e}  {end}", self.preset, self.largest_db, self.allowed_db)
    }

    fn json(&self) -> String {
        serde_json::json!({
            "backend": self.backend, "preset": self.preset, "allowed_db": self.allowed_db, "equal_bits": self.equal,
            "largest_db": self.largest_db.is_finite().then_some(self.largest_db), "ok": self.good,
            "detail": self.trouble,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_holds_and_a_disturbed_value_is_seen() {
        for vector in &VECTORS {
            let cpu = values(&mut CpuBackend::new(), vector).unwrap();
            let line = judge("cpu", vector, &cpu, &cpu);
            assert!(line.good && line.equal, "{}", line.text());
            let mut wrong = cpu.clone();
            wrong[cpu.len() / 2] += (10.0 * vector.bound_db / vector.unit_db()) as f32;
            let line = judge("cpu", vector, &wrong, &cpu);
            assert!(!line.good && !line.equal, "{}", line.text());
            wrong[0] = f32::NAN;
            assert!(!judge("cpu", vector, &wrong, &cpu).good);
        }
    }
}
