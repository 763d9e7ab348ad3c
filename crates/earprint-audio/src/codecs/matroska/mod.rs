//! Matroska and WebM, from files and from live recordings of unknown length.
//!
//! Source: RFC 9559. Clusters and segments are walked as if they had no borders, so that those of unknown size need
//! nothing special; only what is needed of a block is read.

mod ebml;
mod tracks;

use std::collections::VecDeque;

use symphonia::core::codecs::audio::well_known as codec_ids;

use super::aac;
use super::input::Input;
use super::ogg::opus_frames;
use super::track::{CodedPacket, Next, PacketReader, Track};
use crate::error::AudioError;
use crate::sniff::Container;
use crate::stream::Source;
use ebml::{Head, MAX_HEAD_BYTES, find, signed, vint};
use tracks::AudioTrack;

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const DISCARD_PADDING: u32 = 0x75A2;
/// Elements beside sound that a segment and a cluster may hold: Void, CRC-32, Timestamp, Position, PrevSize, SilentTracks,
/// EncryptedBlock, SeekHead, Info, Tracks, Cues, Attachments, Chapters, Tags.
const STEPPED_OVER: [u32; 14] = [
    0xEC,
    0xBF,
    0xE7,
    0xA7,
    0xAB,
    0x5854,
    0xAF,
    0x114D_9B74,
    0x1549_A966,
    TRACKS,
    0x1C53_BB6B,
    0x1941_A469,
    0x1043_A770,
    0x1254_C367,
];

/// Largest block and largest list of tracks that are read.
const MAX_BODY_BYTES: u64 = 1 << 26;

/// Reads the packets of one audio track.
pub(super) struct MatroskaReader {
    input: Input,
    at: u64,
    /// Where the elements end that told their size.
    told_end: u64,
    audio: AudioTrack,
    track: Track,
    /// Frames of a packet where all have as many.
    packet_frames: Option<u64>,
    /// Frames of the encoder's delay that are still to be dropped.
    delay: u64,
    packets: VecDeque<CodedPacket>,
    /// What was worked around.
    remark: Option<&'static str>,
}

impl MatroskaReader {
    /// Reads up to the tracks and takes the default audio track.
    ///
    /// # Errors
    /// [`AudioError::Truncated`], [`AudioError::Malformed`], [`AudioError::Unsupported`], [`AudioError::Empty`],
    /// [`AudioError::Io`].
    pub fn open(source: Box<dyn Source>, total_bytes: u64) -> Result<Self, AudioError> {
        let mut input = Input::new(source, total_bytes);
        let truncated =
            AudioError::Truncated { container: "Matroska", at_bytes: total_bytes, what: "a list of tracks" };
        let (mut at, mut told_end) = (0, 0u64);
        let body = loop {
            let Some(head) = ebml::head(input.peek(at, MAX_HEAD_BYTES)?) else { return Err(truncated) };
            at += head.head_bytes;
            match (head.id, head.size) {
                (SEGMENT, size) => told_end = size.map_or(0, |size| at.saturating_add(size)),
                (TRACKS, Some(size)) if size <= MAX_BODY_BYTES => {
                    let body = input.take(at, size)?.ok_or(truncated)?;
                    at += size;
                    break body;
                }
                (CLUSTER, _) => {
                    let what = "sound comes before the list of tracks".into();
                    return Err(AudioError::Malformed { container: "Matroska", what });
                }
                (_, Some(size)) => at = at.saturating_add(size),
                (_, None) => {
                    let what = format!("the element at byte {at} has no size");
                    return Err(AudioError::Malformed { container: "Matroska", what });
                }
            }
        };
        let (audio, passed_over) = tracks::choose(&body)?;
        let track = Track { params: audio.params.clone(), frames_hint: None, required: None };
        let mut reader = MatroskaReader {
            input,
            at,
            told_end,
            audio,
            track,
            packet_frames: None,
            delay: 0,
            packets: VecDeque::new(),
            remark: passed_over.then_some("the first audio track cannot be decoded; another one was read"),
        };
        reader.measure()?;
        Ok(reader)
    }

    /// Rate and packet length, which delays and paddings are counted by.
    fn measure(&mut self) -> Result<(), AudioError> {
        match self.audio.params.codec {
            codec_ids::CODEC_ID_AAC => {
                // Packets are trimmed when they are taken, so the first block is taken once more.
                let at = self.at;
                self.read_block()?;
                self.at = at;
                let packets: Vec<Vec<u8>> = self.packets.iter().map(|packet| packet.data.to_vec()).collect();
                if let Some((rate_hz, frames)) = aac::measure(&self.audio.params, Container::Matroska, &packets) {
                    self.audio.rate_hz = u64::from(rate_hz);
                    self.packet_frames = Some(frames);
                }
                self.packets.clear();
            }
            codec_ids::CODEC_ID_MP3 => self.packet_frames = Some(if self.audio.rate_hz < 32_000 { 576 } else { 1152 }),
            codec_ids::CODEC_ID_MP2 => self.packet_frames = Some(1152),
            _ => {}
        }
        self.delay = frames_from_ns(self.audio.delay_ns, self.audio.rate_hz);
        Ok(())
    }

    /// Walks to the next block of the track; words where the file ends, empty ones where it ends as it should.
    fn read_block(&mut self) -> Result<Option<String>, AudioError> {
        loop {
            let bytes = self.input.peek(self.at, MAX_HEAD_BYTES)?;
            if bytes.is_empty() {
                let early = self.told_end > self.input.len();
                return Ok(Some(if early { "the file ends before its audio does".into() } else { String::new() }));
            }
            let Some(Head { id, head_bytes, size }) = ebml::head(bytes) else {
                let cut = bytes.len() < MAX_HEAD_BYTES;
                let words = format!("the Matroska structure is damaged at byte {}", self.at);
                return Ok(Some(if cut { "the file ends within an element".into() } else { words }));
            };
            let body_at = self.at + head_bytes;
            match (id, size) {
                (EBML, _) if self.at > 0 => return Ok(Some("another Matroska file follows in the same file".into())),
                (SEGMENT | CLUSTER, size) => {
                    self.at = body_at;
                    self.told_end = self.told_end.max(size.map_or(0, |size| body_at.saturating_add(size)));
                }
                (SIMPLE_BLOCK | BLOCK_GROUP, Some(size)) => {
                    self.at = body_at.saturating_add(size);
                    // A block of another track, often a picture, is stepped over.
                    if id == SIMPLE_BLOCK && self.track_number(body_at)? != Some(self.audio.number) {
                        continue;
                    }
                    let body = if size <= MAX_BODY_BYTES { self.input.take(body_at, size)? } else { None };
                    let Some(body) = body else { return Ok(Some("the file ends within a packet".into())) };
                    if self.take_block(id, &body) {
                        return Ok(None);
                    }
                }
                (_, Some(size)) => {
                    if !STEPPED_OVER.contains(&id) {
                        self.remark = Some("an unknown element was stepped over; sound may be missing");
                    }
                    self.at = body_at.saturating_add(size);
                    self.told_end = self.told_end.max(self.at);
                }
                (_, None) => return Ok(Some(format!("the Matroska structure is damaged at byte {}", self.at))),
            }
        }
    }

    fn track_number(&mut self, block_at: u64) -> Result<Option<u64>, AudioError> {
        Ok(vint(self.input.peek(block_at, 8)?).and_then(|(number, _)| number))
    }

    /// Takes the frames of a block of the track; false where it holds none.
    fn take_block(&mut self, id: u32, body: &[u8]) -> bool {
        let (block, padding) = match id {
            SIMPLE_BLOCK => (Some(body), 0),
            _ => (find(body, BLOCK), find(body, DISCARD_PADDING).and_then(signed).unwrap_or(0)),
        };
        let Some((number, number_bytes)) = block.and_then(vint) else { return false };
        let frames = block.and_then(|block| laced_frames(block.get(number_bytes..)?));
        let (true, Some(frames)) = (number == Some(self.audio.number), frames) else { return false };
        let padding_frames = frames_from_ns(padding.unsigned_abs(), self.audio.rate_hz);
        let last = frames.len().saturating_sub(1);
        for (i, frame) in frames.into_iter().enumerate() {
            let data = [&self.audio.stripped, frame].concat();
            let decoded = self.decoded_frames(&data);
            let mut packet = CodedPacket { data: data.into(), frames: decoded.unwrap_or(0), ..CodedPacket::default() };
            packet.trim_start = self.delay.min(decoded.unwrap_or(self.delay));
            self.delay -= packet.trim_start;
            // Padding below 0 is at the block's beginning.
            if padding < 0 && i == 0 {
                packet.trim_start = packet.trim_start.max(padding_frames);
            } else if padding > 0 && i == last {
                packet.trim_end = padding_frames;
            }
            packet.frames = packet.frames.saturating_sub(packet.trim_start).saturating_sub(packet.trim_end);
            self.packets.push_back(packet);
        }
        !self.packets.is_empty()
    }

    fn decoded_frames(&self, data: &[u8]) -> Option<u64> {
        match self.audio.params.codec {
            codec_ids::CODEC_ID_OPUS => opus_frames(data),
            _ if self.audio.frame_bytes > 0 => Some(data.len() as u64 / self.audio.frame_bytes),
            _ => self.packet_frames,
        }
    }
}

impl PacketReader for MatroskaReader {
    fn repaired(&self) -> Option<&'static str> {
        self.remark
    }

    fn track(&self) -> &Track {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        loop {
            if let Some(packet) = self.packets.pop_front() {
                return Ok(Next::Packet(packet));
            }
            if let Some(words) = self.read_block()? {
                return Ok(Next::End(Some(words).filter(|words| !words.is_empty())));
            }
        }
    }
}

fn frames_from_ns(ns: u64, rate_hz: u64) -> u64 {
    ((u128::from(ns) * u128::from(rate_hz) + 500_000_000) / 1_000_000_000).try_into().unwrap_or(u64::MAX)
}

/// The frames of a block, behind its track number: time code (2 bytes), flags, lacing.
fn laced_frames(block: &[u8]) -> Option<Vec<&[u8]>> {
    let lacing = *block.get(2)? >> 1 & 3;
    let body = block.get(3..)?;
    if lacing == 0 {
        return Some(vec![body]);
    }
    let (&count, mut rest) = body.split_first()?;
    let mut sizes = Vec::with_capacity(usize::from(count) + 1);
    match lacing {
        // Xiph: sums of bytes, the last size is what is left.
        1 => {
            for _ in 0..count {
                let mut size = 0usize;
                loop {
                    let (&byte, next) = rest.split_first()?;
                    rest = next;
                    size += usize::from(byte);
                    if byte != 255 {
                        break;
                    }
                }
                sizes.push(size);
            }
        }
        // EBML: the first size, then differences.
        3 => {
            let mut size = 0i64;
            for i in 0..count {
                let (value, bytes) = vint(rest)?;
                let value = i64::try_from(value?).ok()?;
                rest = &rest[bytes..];
                let bias = (1i64 << (7 * bytes - 1)) - 1;
                size = if i == 0 { value } else { size.checked_add(value - bias)? };
                sizes.push(usize::try_from(size).ok()?);
            }
        }
        // All of one size.
        _ => {
            let size = rest.len() / (usize::from(count) + 1);
            sizes.resize(usize::from(count), size);
        }
    }
    let mut frames = Vec::with_capacity(sizes.len() + 1);
    for size in sizes {
        let (frame, next) = rest.split_at_checked(size)?;
        frames.push(frame);
        rest = next;
    }
    frames.push(rest);
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::laced_frames;

    #[test]
    fn lacing_of_every_kind() {
        let frames = |flags: u8, body: &[u8]| {
            laced_frames(&[&[0, 0, flags], body].concat()).map(|f| f.iter().map(|f| f.len()).collect::<Vec<_>>())
        };
        assert_eq!(frames(0, &[7; 5]), Some(vec![5]));
        // Xiph, RFC 9559 section 10.3.1: sizes 800, 500 and the rest.
        let xiph = [&[2, 255, 255, 255, 35, 255, 245][..], &[0; 2300]].concat();
        assert_eq!(frames(2, &xiph), Some(vec![800, 500, 1000]));
        // EBML, section 10.3.2: 800, then a difference of -300.
        let ebml = [&[2, 0x43, 0x20, 0x5E, 0xD3][..], &[0; 2300]].concat();
        assert_eq!(frames(6, &ebml), Some(vec![800, 500, 1000]));
        assert_eq!(frames(4, &[2, 1, 1, 2, 2, 3, 3]), Some(vec![2, 2, 2]));
        // Sizes that the block does not hold.
        assert_eq!(frames(2, &[1, 200, 0]), None);
        assert_eq!(frames(6, &[2]), None);
    }
}
