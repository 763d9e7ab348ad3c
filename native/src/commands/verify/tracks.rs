//! The track descriptor on every device: 25 numbers of built-in sounds, against those of the CPU's scalar kernels.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use earprint_audio::{Limits, PlanarStream, Stream};
use earprint_core::{DIMENSIONS, Descriptor, TRACK_DIMENSIONS, TRACK_RATE_HZ, TRACK_SCHEMA};
use earprint_features::{OwnedSegment, SourceInfo, SourceNote, TrackAnalysis};
use earprint_pipeline::tracks::{Batches, CpuRows, SEGMENT_FRAMES};
use earprint_signal::Width;

use crate::device::Found;
use crate::out::{Out, words};
use crate::render;

/// Sounds that are described, the first ones that reach 20 kHz.
const SOUNDS: usize = 3;

/// Tells of every width and device; false where one is beyond its bounds.
pub fn run(out: &mut Out, gpus: &[Found], json: bool) -> Result<bool> {
    let full = render::sounds().filter(|s| s.rate_hz() >= TRACK_RATE_HZ);
    let sounds: Vec<Vec<u8>> = full.take(SOUNDS).map(render::Sound::wav).collect();
    let want = descriptors(&sounds, &mut on_cpu(Width::Scalar))?;
    if !json {
        out.line(format_args!("\n{:<44} {:<8} {:>12} {:>10}  bits", "backend", "schema", "worst number", "of bound"))?;
    }
    let mut all_good = true;
    let mut tell = |name: &str, got: Result<Vec<Descriptor>>| -> Result<()> {
        let line = Line::new(name, got.map(|got| judge(&want, &got)));
        all_good &= line.good;
        out.line(if json { line.json() } else { line.text() })?;
        out.flush()
    };
    for width in Width::available() {
        tell(&format!("cpu ({})", width.name()), descriptors(&sounds, &mut on_cpu(width)))?;
    }
    for gpu in gpus {
        match gpu.chosen.machine(None) {
            Ok(None) => {}
            Ok(Some(machine)) => {
                let mut batches = Batches::new(machine, None);
                tell(&gpu.name, descriptors(&sounds, &mut |segment| on_device(&mut batches, segment)))?;
            }
            Err(e) => eprintln!("skipped {}, because {e}", gpu.name),
        }
    }
    Ok(all_good)
}

/// Makes the rows `(T, ROW)` of a segment.
type MakeRows<'a> = &'a mut dyn FnMut(OwnedSegment) -> Result<Vec<f32>>;

fn on_cpu(width: Width) -> impl FnMut(OwnedSegment) -> Result<Vec<f32>> {
    let mut cpu = CpuRows::with_width(width);
    move |segment| Ok(cpu.make(segment, None).rows)
}

/// Without the CPU behind it: what the device refuses is an error here.
fn on_device(batches: &mut Batches<()>, segment: OwnedSegment) -> Result<Vec<f32>> {
    batches.push((), Arc::new(segment));
    let mut answers = pollster::block_on(batches.next());
    let ((), rows) = answers.pop().expect("one answer for one segment");
    rows.map_err(|why| anyhow!("{why}"))
}

fn descriptors(sounds: &[Vec<u8>], rows: MakeRows) -> Result<Vec<Descriptor>> {
    sounds.iter().map(|wav| descriptor(wav, rows)).collect()
}

fn descriptor(wav: &[u8], rows: MakeRows) -> Result<Descriptor> {
    let stream = Stream::open(Box::new(Cursor::new(wav.to_vec())), None, &Limits::default())?;
    let mut stream = PlanarStream::new(stream, TRACK_RATE_HZ)?;
    let (rate_hz, channels) = (stream.source_rate_hz(), stream.channels() as u32);
    let mut analysis = TrackAnalysis::new(SourceInfo { rate_hz, channels, codec: "pcm".into() }, SEGMENT_FRAMES);
    while let Some(block) = stream.next_block()? {
        analysis.push(&block.planar.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: stream.source_frames() });
    while let Some(segment) = analysis.next_segment() {
        analysis.rows(&rows(segment)?);
    }
    Ok(analysis.finish().descriptor)
}

/// The worst number: how much of its bound it takes, which one it is, and whether all bits are equal.
struct Verdict {
    share: f64,
    name: &'static str,
    equal: bool,
}

fn judge(want: &[Descriptor], got: &[Descriptor]) -> Verdict {
    let mut worst = Verdict { share: 0.0, name: "", equal: true };
    for (want, got) in want.iter().zip(got) {
        for d in 0..DIMENSIONS {
            let (a, b) = (want.values[d], got.values[d]);
            if a.to_bits() == b.to_bits() && want.why[d] == got.why[d] {
                continue;
            }
            worst.equal = false;
            let share = (f64::from(a) - f64::from(b)).abs() / TRACK_DIMENSIONS[d].device_bound;
            // A number on one side alone is beyond any bound, and so is a difference where none is allowed.
            let share = if share.is_finite() { share } else { f64::INFINITY };
            if share > worst.share {
                (worst.share, worst.name) = (share, TRACK_DIMENSIONS[d].name);
            }
        }
    }
    worst
}

struct Line {
    backend: String,
    verdict: Result<Verdict>,
    good: bool,
}

impl Line {
    fn new(name: &str, verdict: Result<Verdict>) -> Self {
        let good = verdict.as_ref().is_ok_and(|v| v.share <= 1.0);
        Self { backend: name.to_owned(), verdict, good }
    }

    fn text(&self) -> String {
        let name: String = self.backend.chars().take(44).collect();
        match &self.verdict {
            Ok(v) => {
                let bits = if v.equal { "equal" } else { "differ" };
                let end = if self.good { "" } else { ", FAILED" };
                let number = if v.name.is_empty() { "none" } else { v.name };
                format!("{name:<44} {TRACK_SCHEMA:<8} {number:>12} {:>10.2}  {bits}{end}", v.share)
            }
            Err(why) => format!("{name:<44} {TRACK_SCHEMA:<8} FAILED: {}", words(why)),
        }
    }

    fn json(&self) -> String {
        let verdict = self.verdict.as_ref().ok();
        serde_json::json!({
            "backend": self.backend, "schema": TRACK_SCHEMA, "ok": self.good,
            "equal_bits": verdict.map(|v| v.equal),
            "worst": verdict.map(|v| v.name).filter(|n| !n.is_empty()),
            "of_bound": verdict.map(|v| v.share).filter(|s| s.is_finite()),
            "detail": self.verdict.as_ref().err().map(words),
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_its_bound_is_seen() {
        let known = Descriptor::new([Ok(1.0); DIMENSIONS]);
        let same = judge(&[known], &[known]);
        assert!(same.equal && same.share == 0.0);
        for (d, dimension) in TRACK_DIMENSIONS.iter().enumerate() {
            let mut other = known;
            other.values[d] += (dimension.device_bound * 1.5).max(1e-6) as f32;
            let seen = judge(&[known], &[other]);
            assert!(!seen.equal && seen.share > 1.0 && seen.name == dimension.name, "{}", dimension.name);
            other.values[d] = f32::NAN;
            assert_eq!(judge(&[known], &[other]).share, f64::INFINITY);
        }
    }

    #[test]
    fn every_width_has_the_numbers_of_the_scalar_kernels() {
        assert!(run(&mut crate::out::out(), &[], true).unwrap());
    }
}
