//! One track from its stream to its numbers: the order of the stages, for every machine.

use std::sync::Arc;

use earprint_audio::{AudioError, AudioId, PlanarStream};
use earprint_core::{Status, TRACK_RATE_HZ, TRACK_SCHEMA, TrackRecord};
use earprint_features::{SourceInfo, SourceNote, TrackAnalysis, TrackNumbers};

use super::maker::{Made, RowMaker};
use super::stages::{Clock, StageTimes};

/// Frames of one segment: 24 s. Larger ones waste less on context, smaller ones less memory; no number depends on it.
pub const SEGMENT_FRAMES: usize = 1024;

/// What is known of a track that could be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// `Ok`, or `Partial` where the stream ended early or held samples that are no numbers.
    pub status: Status,
    /// Stable code of what was not as promised.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// Hash of the stream's encoded packets.
    pub audio_id: Option<AudioId>,
    /// What decoded it.
    pub decoder: String,
    /// What computed its rows: one name, or several joined by `+` where a device was given up on the way.
    pub backend: String,
    /// The numbers.
    pub numbers: TrackNumbers,
}

/// Describes the track of a stream. `segment_frames`: frames of one segment. On an error nothing is left under way in `maker`.
///
/// # Errors
/// What the stream cannot go on with: reading, time limit, a decoder that panicked, no sample at all.
pub async fn describe(
    mut stream: PlanarStream,
    segment_frames: usize,
    maker: &mut dyn RowMaker,
    clock: Clock,
    times: &mut StageTimes,
) -> Result<Described, AudioError> {
    let source = SourceInfo {
        rate_hz: stream.source_rate_hz(),
        channels: stream.channels() as u32,
        codec: codec(stream.decoder()).to_owned(),
    };
    let mut track =
        Track { analysis: TrackAnalysis::new(source, segment_frames), under_way: 0, backends: Vec::new(), why: None };
    let ended = track.feed(&mut stream, maker, clock, times).await;
    track.drain(0, maker, clock, times).await;
    ended?;
    if stream.source_frames() == 0 {
        return Err(AudioError::Empty { what: "the stream holds 0 frames" });
    }
    let note = stream.note();
    let (code, mut detail) = match &note {
        Some(n) if n.non_finite > 0 => (Some("E_NON_FINITE".to_owned()), Some(n.to_string())),
        Some(n) if n.is_partial() => (Some("E_DECODE_TRUNCATED".to_owned()), Some(n.to_string())),
        Some(n) => (None, Some(n.to_string())),
        None => (None, None),
    };
    // One or two channels are what the definitions are about; of more, rows are made of the mean.
    let (channels, rate) = (stream.channels() as u32, stream.source_rate_hz());
    let done = earprint_core::processing(channels, channels > 2, rate, TRACK_RATE_HZ);
    for words in done.into_iter().chain(track.why.take().map(|why| why.to_string())) {
        detail = Some(detail.map_or(words.clone(), |d| format!("{d}; {words}")));
    }
    let status = if code.is_some() { Status::Partial } else { Status::Ok };
    let backend = track.backends.iter().map(|b| &**b).collect::<Vec<_>>().join("+");
    let (numbers, took) = clock.time(|| track.analysis.finish());
    times.levels += took;
    Ok(Described {
        status,
        code,
        detail,
        audio_id: stream.audio_id(),
        decoder: stream.decoder().to_owned(),
        backend,
        numbers,
    })
}

/// The record of a described track.
pub fn record(path: String, d: Described) -> TrackRecord {
    TrackRecord {
        path,
        status: d.status,
        code: d.code,
        detail: d.detail,
        audio_id: d.audio_id.map(|id| id.to_string()),
        decoder: Some(d.decoder),
        backend: Some(d.backend),
        schema: TRACK_SCHEMA.to_owned(),
        descriptor: Some(d.numbers.descriptor),
        table: Some(d.numbers.table.finite()),
    }
}

/// The codec, from the name of its decoder: `earprint-wav` reads `pcm`.
fn codec(decoder: &str) -> &str {
    match decoder {
        "earprint-wav" | "earprint-pcm" | "planar" => "pcm",
        other => other.strip_prefix("symphonia-").unwrap_or(other),
    }
}

/// A track on its way.
struct Track {
    analysis: TrackAnalysis,
    under_way: usize,
    backends: Vec<Arc<str>>,
    why: Option<Arc<str>>,
}

impl Track {
    /// Decodes to the end, handing segments to `maker` as they fill.
    async fn feed(
        &mut self,
        stream: &mut PlanarStream,
        maker: &mut dyn RowMaker,
        clock: Clock,
        times: &mut StageTimes,
    ) -> Result<(), AudioError> {
        loop {
            let (block, took) = clock.time(|| stream.next_block());
            times.decode += took;
            let last = match block? {
                Some(block) => {
                    let planes: Vec<&[f32]> = block.planar.iter().map(Vec::as_slice).collect();
                    let ((), took) = clock.time(|| self.analysis.push(&planes));
                    times.levels += took;
                    false
                }
                None => {
                    let note = stream.note();
                    let non_finite = note.map_or(0, |n| n.non_finite);
                    self.analysis.end(SourceNote { non_finite, frames_at_source_rate: stream.source_frames() });
                    true
                }
            };
            while let Some(segment) = self.analysis.next_segment() {
                self.drain(maker.depth() - 1, maker, clock, times).await;
                let ((), took) = clock.time(|| maker.submit(segment));
                times.rows += took;
                self.under_way += 1;
            }
            if last {
                return Ok(());
            }
        }
    }

    /// Collects until at most `keep` segments are under way.
    async fn drain(&mut self, keep: usize, maker: &mut dyn RowMaker, clock: Clock, times: &mut StageTimes) {
        while self.under_way > keep {
            let from = clock.now();
            let Made { rows, segment, backend, why } = maker.collect().await;
            times.rows += clock.since(from);
            self.under_way -= 1;
            let ((), took) = clock.time(|| self.analysis.rows(&rows));
            times.levels += took;
            self.analysis.give_back(segment.pcm);
            maker.recycle(rows);
            if !self.backends.contains(&backend) {
                self.backends.push(backend);
            }
            if self.why.is_none() {
                self.why = why;
            }
        }
    }
}
