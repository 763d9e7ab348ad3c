//! `--dry-run`: how many, how long, how much time it would take.

use std::time::Instant;

use anyhow::Result;
use earprint_audio::walk::{Outcome, WalkEntry};
use earprint_audio::{Limits, Stream};
use earprint_features::OwnedSegment;
use earprint_library::Library;
use earprint_pipeline::tracks::CpuRows;
use earprint_signal::track::TrackSegment;

use crate::args::AnalyzeArgs;
use crate::fate::Ended;
use crate::out::out;
use crate::progress::clock;
use crate::supervise;

/// Files whose header is read for their length.
const PROBED: usize = 100;

/// Tells the estimate on stderr, with `--json` as one record on stdout.
///
/// # Errors
/// What the library says; a stdout that takes nothing.
pub fn tell(args: &AnalyzeArgs, all: &[WalkEntry], todo: &[WalkEntry], library: Option<&Library>) -> Result<Ended> {
    let audio: Vec<&WalkEntry> = todo.iter().filter(|e| e.outcome == Outcome::Audio).collect();
    let bytes: u64 = audio.iter().map(|e| e.bytes).sum();
    let readable: Vec<&WalkEntry> = audio.iter().copied().filter(|e| !e.is_unread()).collect();
    let seconds = length(&readable);
    let workers = supervise::workers(&args.run);
    let (rate, from) = match measured(library)? {
        Some(rate) => (rate, "the last run of this library"),
        None => {
            (trial(workers), "a trial of the kernels on this machine, with decoding and levels taking twice as long")
        }
    };
    if args.json {
        let mut out = out();
        out.line(serde_json::json!({
            "v": 1, "dry_run": true, "inputs": all.len(), "to_analyse": audio.len(), "bytes": bytes,
            "audio_seconds": seconds, "times_real_time": rate, "by": from, "seconds": seconds / rate.max(1e-9),
        }))?;
        out.flush()?;
    }
    eprintln!(
        "{} inputs, {} to analyse ({} MB), about {} of sound; about {} at {rate:.0} times real time (by {from}); \
         nothing computed",
        all.len(),
        audio.len(),
        bytes / 1_000_000,
        clock(seconds),
        clock(seconds / rate.max(1e-9)),
    );
    Ok(Ended { code: 0, device: None })
}

/// Seconds of sound: of up to [`PROBED`] files by their headers, of the rest by bytes.
fn length(files: &[&WalkEntry]) -> f64 {
    let step = files.len().div_ceil(PROBED).max(1);
    let (mut seconds, mut bytes) = (0.0, 0_u64);
    for entry in files.iter().step_by(step) {
        let Ok(stream) = Stream::open_path(&entry.path, &Limits::default()) else { continue };
        if let Some(frames) = stream.frames_hint() {
            seconds += frames as f64 / f64::from(stream.rate_hz());
            bytes += entry.bytes;
        }
    }
    let all: u64 = files.iter().map(|e| e.bytes).sum();
    if bytes == 0 { 0.0 } else { seconds / bytes as f64 * all as f64 }
}

/// Times real time of the newest run that analysed at least a minute.
fn measured(library: Option<&Library>) -> Result<Option<f64>> {
    let Some(library) = library else { return Ok(None) };
    let runs = library.stats(20)?;
    let ended = runs.into_iter().filter_map(|r| r.end);
    Ok(ended.filter(|e| e.audio_seconds > 60.0).map(|e| e.audio_seconds / e.wall_seconds.max(1e-3)).next())
}

/// Times real time of the kernels on noise, on all workers, with decoding and levels taking twice as long.
fn trial(workers: usize) -> f64 {
    const FRAMES: usize = 256;
    let mut rows = CpuRows::new();
    let mut best = f64::MAX;
    for _ in 0..3 {
        let mut x = 1_u32;
        let noise = (0..TrackSegment::samples(FRAMES)).map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 8) as f32 / (1 << 24) as f32 - 0.5
        });
        let segment = OwnedSegment { pcm: noise.collect(), frames: FRAMES, before: 0, after: 0, first_frame: 0 };
        let started = Instant::now();
        rows.make(segment, None);
        best = best.min(started.elapsed().as_secs_f64());
    }
    workers as f64 * (FRAMES * 1024) as f64 / 44_100.0 / (best * 3.0)
}
