//! MP4, M4A and QuickTime MOV, whole or in fragments.
//!
//! Source: ISO/IEC 14496-12, QuickTime File Format Specification. The encoder's delay and padding are cut by the edit
//! list, else by Apple's `iTunSMPB` tag; a shortened last packet ends where its duration does.

mod boxes;
mod description;
mod movie;
mod samples;

use std::collections::VecDeque;

use symphonia::core::codecs::audio::well_known as codec_ids;

use super::aac;
use super::input::Input;
use super::ogg::opus_frames;
use super::track::{CodedPacket, Next, PacketReader, Track};
use crate::error::AudioError;
use crate::sniff::Container;
use crate::stream::Source;
use description::Description;
pub(super) use description::aac_config;
use movie::{Edit, MovieTrack};
use samples::{FragmentDefaults, Run, Sample, SampleTable};

/// Bytes of a packet of PCM, cut at whole frames.
const PCM_PACKET_BYTES: u64 = 1 << 14;
/// Samples without bytes that may follow each other: a table may announce 2^32 of them.
const MAX_EMPTY_SAMPLES: u32 = 100_000;
/// Largest packet that is read: no codec here comes near.
const MAX_PACKET_BYTES: u64 = 1 << 24;
/// Largest index that is read: that of a day of sound has some MiB.
const MAX_INDEX_BYTES: u64 = 1 << 27;

/// Reads the packets of one audio track.
pub(super) struct Mp4Reader {
    input: Input,
    track: Track,
    table: SampleTable,
    fragments: Option<Fragments>,
    /// Samples read ahead of the packets.
    ahead: VecDeque<Sample>,
    timing: Timing,
    /// Why the samples end early.
    broken: Option<&'static str>,
    /// Samples that became packets.
    taken: u64,
    /// Whether a track before this one cannot be decoded.
    passed_over: bool,
}

/// The fragments behind the movie box.
struct Fragments {
    /// Offset of the next box of the file.
    next_box: u64,
    track_id: u32,
    defaults: FragmentDefaults,
    runs: VecDeque<Run>,
    /// Whether a fragment was read.
    begun: bool,
    /// End of the samples read so far, in ticks, and the number of those that hold bytes.
    ticks: u64,
    samples: u64,
    /// Missing fragments: the number of samples read before each, and its length in ticks.
    gaps: VecDeque<(u64, u64)>,
}

/// Where packets lie in time, in decoded frames, and which of them are played.
struct Timing {
    rate_hz: u64,
    timescale: u64,
    packet_frames: PacketFrames,
    ticks: u64,
    frames: u64,
    start: u64,
    end: Option<u64>,
}

/// How many frames a packet decodes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PacketFrames {
    /// Always as many, whatever its duration says.
    Fixed(u64),
    /// The packet tells.
    Opus,
    /// A frame is so many bytes.
    Pcm(u64),
    /// As many as its duration says.
    Duration,
}

impl Mp4Reader {
    /// Finds the movie box and takes its first enabled audio track that can be decoded.
    ///
    /// # Errors
    /// [`AudioError::Truncated`] where the file ends before its movie box does, [`AudioError::Malformed`],
    /// [`AudioError::Unsupported`], [`AudioError::Empty`] without an audio track, [`AudioError::Io`].
    pub fn open(source: Box<dyn Source>, total_bytes: u64) -> Result<Self, AudioError> {
        let mut input = Input::new(source, total_bytes);
        let (moov, behind) = read_moov(&mut input)?;
        let (track, description, passed_over) = choose(&moov)?;
        let defaults = movie::fragment_defaults(&moov, track.id);
        let fragments = defaults.map(|defaults| Fragments {
            next_box: behind,
            track_id: track.id,
            defaults,
            runs: VecDeque::new(),
            begun: false,
            ticks: 0,
            samples: 0,
            gaps: VecDeque::new(),
        });
        let mut table = SampleTable::new(track.stbl);
        if table.changes_description() {
            return Err(super::unsupported("an MP4 track whose codec changes".into()));
        }
        if description.frame_bytes > 0 {
            table.set_frame_bytes(description.frame_bytes);
        }
        let total_ticks = (fragments.is_none() || !table.is_empty()).then(|| table.total_ticks());
        let mut reader = Mp4Reader {
            input,
            track: Track { params: description.params, ..Track::default() },
            table,
            fragments,
            ahead: VecDeque::new(),
            timing: Timing {
                rate_hz: 0,
                timescale: track.timescale,
                packet_frames: PacketFrames::Duration,
                ticks: 0,
                frames: 0,
                start: 0,
                end: None,
            },
            broken: None,
            taken: 0,
            passed_over,
        };
        reader.measure(description.frame_bytes)?;
        let total_ticks = total_ticks.filter(|_| reader.fragments.is_none());
        reader.choose_part(track.edit, movie::itunes_gapless(&moov), total_ticks);
        Ok(reader)
    }

    /// Rate and packet length: SBR may be told by the packets alone.
    fn measure(&mut self, frame_bytes: u64) -> Result<(), AudioError> {
        let params = &self.track.params;
        let mut rate_hz = u64::from(params.sample_rate.unwrap_or(0));
        self.timing.packet_frames = match params.codec {
            _ if frame_bytes > 0 => PacketFrames::Pcm(frame_bytes),
            codec_ids::CODEC_ID_OPUS => PacketFrames::Opus,
            // MPEG-1 rates have 1,152 frames a packet, MPEG-2 rates half of that.
            codec_ids::CODEC_ID_MP3 => PacketFrames::Fixed(if rate_hz < 32_000 { 576 } else { 1152 }),
            codec_ids::CODEC_ID_AAC => {
                let mut packets = Vec::new();
                for i in 0..4 {
                    let Some(sample) = self.look_ahead(i)? else { break };
                    let bytes = Some(sample.bytes).filter(|&bytes| bytes <= MAX_PACKET_BYTES);
                    let packet = bytes.map(|bytes| self.input.take(sample.offset, bytes)).transpose()?;
                    packets.extend(packet.flatten());
                }
                match aac::measure(&self.track.params, Container::Mp4, &packets) {
                    Some((decoded_hz, frames)) => {
                        rate_hz = u64::from(decoded_hz);
                        PacketFrames::Fixed(frames)
                    }
                    None => PacketFrames::Duration,
                }
            }
            _ => PacketFrames::Duration,
        };
        self.timing.rate_hz = rate_hz;
        Ok(())
    }

    /// Which frames are played, and how many those are.
    fn choose_part(&mut self, edit: Option<Edit>, gapless: Option<(u64, u64)>, total_ticks: Option<u64>) {
        let timing = &mut self.timing;
        let total = total_ticks.map(|ticks| timing.frames_from_ticks(ticks));
        (timing.start, timing.end) = match edit {
            Some(edit) => {
                let start = timing.frames_from_ticks(edit.start);
                // The length of fragments is not known in front of them, and what stands there is often 0.
                let end = edit.end.zip(total_ticks).map(|(end, total_ticks)| {
                    let end = if end.saturating_add(edit.tolerance) >= total_ticks { total_ticks } else { end };
                    timing.frames_from_ticks(end)
                });
                let tagged = gapless.filter(|tag| tag.0 == start).map(|tag| tag.0.saturating_add(tag.1));
                let tolerance = timing.frames_from_ticks(edit.tolerance);
                // The tag counts frames where the movie's clock may count only 600ths of a second.
                let exact = tagged.filter(|&tagged| {
                    end.is_some_and(|end| end.abs_diff(tagged) <= tolerance) && Some(tagged) <= total
                });
                (start, exact.or(end))
            }
            None => match gapless {
                Some((delay, frames)) => (delay, Some(delay.saturating_add(frames))),
                None if timing.packet_frames == PacketFrames::Opus => (opus_pre_skip(&self.track), None),
                None => (0, None),
            },
        };
        timing.end = match (timing.end, total) {
            (Some(end), Some(total)) => Some(end.min(total)),
            (end, total) => end.or(total),
        };
        self.track.frames_hint = timing.end.map(|end| end.saturating_sub(timing.start));
        // A table may count a packet that holds nothing but the tail of an overlap.
        let slack = match timing.packet_frames {
            PacketFrames::Fixed(frames) => frames,
            _ => 0,
        };
        self.track.required = self.track.frames_hint.map(|frames| frames.saturating_sub(slack));
    }

    /// The sample `i` samples ahead.
    fn look_ahead(&mut self, i: usize) -> Result<Option<Sample>, AudioError> {
        while self.ahead.len() <= i {
            let Some(sample) = self.next_sample()? else { return Ok(None) };
            self.ahead.push_back(sample);
        }
        Ok(self.ahead.get(i).copied())
    }

    /// The next sample that holds bytes.
    fn next_sample(&mut self) -> Result<Option<Sample>, AudioError> {
        for _ in 0..MAX_EMPTY_SAMPLES {
            let sample = match self.table.next() {
                Some(sample) => sample,
                None => match self.next_fragment_sample()? {
                    Some(sample) => sample,
                    None => return Ok(None),
                },
            };
            if sample.bytes > 0 {
                return Ok(Some(sample));
            }
        }
        self.broken = Some("the sample table holds empty samples only");
        Ok(None)
    }

    fn next_fragment_sample(&mut self) -> Result<Option<Sample>, AudioError> {
        let Some(fragments) = &mut self.fragments else { return Ok(None) };
        loop {
            while let Some(run) = fragments.runs.front_mut() {
                if let Some(start) = run.start.take() {
                    let behind = start.saturating_sub(fragments.ticks);
                    // The first fragment may begin anywhere; a later one begins where the one before ends.
                    if fragments.begun && behind > 0 {
                        fragments.gaps.push_back((fragments.samples, behind));
                    }
                    (fragments.begun, fragments.ticks) = (true, start);
                }
                match run.next() {
                    Some(sample) => {
                        fragments.ticks = fragments.ticks.saturating_add(sample.ticks);
                        fragments.samples += u64::from(sample.bytes > 0);
                        return Ok(Some(sample));
                    }
                    None => drop(fragments.runs.pop_front()),
                }
            }
            let at = fragments.next_box;
            let head = self.input.peek(at, 16)?;
            if head.is_empty() {
                return Ok(None);
            }
            let Some((head_bytes, size, kind)) = boxes::header(head) else {
                self.broken = Some("the file ends within a box, or a box is damaged");
                return Ok(None);
            };
            let size = if size == 0 { self.input.len() - at } else { size };
            fragments.next_box = at.saturating_add(size);
            if &kind == b"moof" && size > MAX_INDEX_BYTES {
                self.broken = Some("a fragment's index is damaged: it is longer than 128 MiB");
                return Ok(None);
            }
            if &kind == b"moof" {
                let body = self.input.take(at + head_bytes as u64, size - (head_bytes as u64).min(size))?;
                let Some(body) = body else {
                    self.broken = Some("the file ends within a fragment's index");
                    return Ok(None);
                };
                fragments.runs = samples::runs(&body, at, fragments.track_id, fragments.defaults).into();
            } else if fragments.next_box > self.input.len() {
                self.broken = Some("the file ends within a box");
                return Ok(None);
            }
        }
    }

    /// The bytes and ticks of the next packet: a sample, or some thousand frames of PCM that lie together.
    fn next_extent(&mut self) -> Result<Option<Sample>, AudioError> {
        if self.look_ahead(0)?.is_none() {
            return Ok(None);
        }
        let Some(mut extent) = self.ahead.pop_front() else { return Ok(None) };
        self.taken += 1;
        if let PacketFrames::Pcm(_) = self.timing.packet_frames {
            while extent.bytes < PCM_PACKET_BYTES {
                match self.look_ahead(0)? {
                    Some(next) if Some(next.offset) == extent.offset.checked_add(extent.bytes) => {
                        extent.bytes += next.bytes;
                        extent.ticks = extent.ticks.saturating_add(next.ticks);
                        self.ahead.pop_front();
                        self.taken += 1;
                    }
                    _ => break,
                }
            }
        }
        Ok(Some(extent))
    }
}

impl PacketReader for Mp4Reader {
    fn track(&self) -> &Track {
        &self.track
    }

    fn repaired(&self) -> Option<&'static str> {
        self.passed_over.then_some("the first audio track cannot be decoded; another one was read")
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        self.look_ahead(0)?;
        if let Some(fragments) = &mut self.fragments
            && let Some((_, ticks)) = fragments.gaps.pop_front_if(|gap| gap.0 == self.taken)
        {
            let frames = self.timing.frames_from_ticks(ticks);
            (self.timing.ticks, self.timing.frames) =
                (self.timing.ticks.saturating_add(ticks), self.timing.frames.saturating_add(frames));
            return Ok(Next::Lost { packets: 1, frames });
        }
        let Some(extent) = self.next_extent()? else { return Ok(Next::End(self.broken.map(Into::into))) };
        if extent.bytes > MAX_PACKET_BYTES {
            return Ok(Next::End(Some("the sample table is damaged: a packet of more than 16 MiB".into())));
        }
        let Some(mut data) = self.input.take(extent.offset, extent.bytes)? else {
            // What remains of cut PCM still counts; the next call finds nothing more.
            let left = self.input.len().saturating_sub(extent.offset);
            let PacketFrames::Pcm(frame_bytes) = self.timing.packet_frames else {
                return Ok(Next::End(Some("the file ends within a packet".into())));
            };
            let whole = left - left % frame_bytes;
            if whole == 0 {
                return Ok(Next::End(Some("the file ends before its audio does".into())));
            }
            let data = self.input.take(extent.offset, whole)?.unwrap_or_default();
            return Ok(Next::Packet(self.timing.packet(data, extent.ticks, false)));
        };
        if let PacketFrames::Pcm(frame_bytes) = self.timing.packet_frames {
            data.truncate(data.len() - data.len() % frame_bytes as usize);
        }
        let last = self.look_ahead(0)?.is_none() && self.broken.is_none();
        Ok(Next::Packet(self.timing.packet(data, extent.ticks, last)))
    }
}

impl Timing {
    fn frames_from_ticks(&self, ticks: u64) -> u64 {
        let frames = (u128::from(ticks) * u128::from(self.rate_hz) * 2 + u128::from(self.timescale))
            / (2 * u128::from(self.timescale));
        frames.try_into().unwrap_or(u64::MAX)
    }

    /// A packet with what is trimmed of it.
    fn packet(&mut self, data: Vec<u8>, ticks: u64, last: bool) -> CodedPacket {
        let at = self.frames;
        self.ticks = self.ticks.saturating_add(ticks);
        let told = self.frames_from_ticks(self.ticks);
        let decoded = match self.packet_frames {
            PacketFrames::Fixed(frames) => frames,
            PacketFrames::Opus => opus_frames(&data).unwrap_or(0),
            PacketFrames::Pcm(frame_bytes) => data.len() as u64 / frame_bytes,
            PacketFrames::Duration => told.saturating_sub(at),
        };
        self.frames = at.saturating_add(decoded);
        let mut end = self.end.unwrap_or(u64::MAX);
        // The last packet of a track may be declared shorter than the codec's packets are.
        if last && self.frames.saturating_sub(decoded) < told && told < self.frames {
            end = end.min(told);
        }
        let trim_start = self.start.saturating_sub(at).min(decoded);
        let trim_end = self.frames.saturating_sub(end).min(decoded);
        CodedPacket {
            data: data.into(),
            frames: decoded.saturating_sub(trim_start).saturating_sub(trim_end),
            trim_start,
            trim_end,
        }
    }
}

/// Reads the movie box; returns it with the offset behind it.
fn read_moov(input: &mut Input) -> Result<(Vec<u8>, u64), AudioError> {
    let truncated = |input: &Input| AudioError::Truncated {
        container: "MP4",
        at_bytes: input.len(),
        what: "a complete index (moov)",
    };
    let mut at = 0;
    loop {
        let head = input.peek(at, 16)?;
        if head.len() < 8 {
            return Err(truncated(input));
        }
        let Some((head_bytes, size, kind)) = boxes::header(head) else {
            return Err(AudioError::Malformed { container: "MP4", what: format!("the box at byte {at} has no size") });
        };
        let size = if size == 0 { input.len() - at } else { size };
        let next = at.saturating_add(size);
        if &kind == b"moov" {
            if size > MAX_INDEX_BYTES {
                return Err(AudioError::TooLarge {
                    what: "bytes of the index (moov)",
                    max: MAX_INDEX_BYTES,
                    actual: size,
                });
            }
            let body = input.take(at + head_bytes as u64, size - (head_bytes as u64).min(size))?;
            return body.map(|body| (body, next)).ok_or_else(|| truncated(input));
        }
        if next >= input.len() {
            return Err(truncated(input));
        }
        at = next;
    }
}

/// The first enabled audio track that can be decoded, else the first that can; true if one before it cannot be decoded.
fn choose(moov: &[u8]) -> Result<(MovieTrack<'_>, Description, bool), AudioError> {
    let mut tracks = movie::audio_tracks(moov)?;
    tracks.sort_by_key(|track| !track.enabled);
    let mut refused = None;
    for track in tracks {
        match description::parse(boxes::find(track.stbl, b"stsd").unwrap_or(&[])) {
            Ok(description) => return Ok((track, description, refused.is_some())),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(AudioError::Empty { what: "the container has no audio track" }))
}

/// Frames before the first one that is played, by the Opus header.
fn opus_pre_skip(track: &Track) -> u64 {
    let head = track.params.extra_data.as_deref().unwrap_or(&[]);
    head.get(10..12).map_or(0, |b| u64::from(u16::from_le_bytes([b[0], b[1]])))
}
