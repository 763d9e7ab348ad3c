//! Frames of an MPEG audio stream one by one, with the trims that its header frame tells.
//!
//! A file's length or bit rate never decides where it ends. Padding is known to end the last frames, so that the last
//! ones are held back until the next header frame or the end of the source shows that they are.

use std::collections::VecDeque;

use symphonia::core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};

use super::CODEC_ID_FREE_MP3;
use super::chain::{CHAIN_BYTES, CHAIN_FRAMES, Chain, find_free_bytes, follow, frame_bytes, search};
use super::header::{FrameHeader, HEADER_BYTES, Version};
use super::info::InfoHeader;
use super::tags::{TAG_LOOKAHEAD, tag_bytes};
use super::window::{LOOKAHEAD, Window};
use crate::codecs::track::{CodedPacket, Next, PacketReader, Track};
use crate::error::AudioError;

/// Longest damage that silence stands in for, in bytes; more is foreign data between frames.
const MAX_DAMAGE_BYTES: u64 = 1 << 16;
/// Longest tail behind the last frame that is left out without a remark, in bytes: some frames.
const MAX_TAIL_BYTES: u64 = 1 << 13;

/// The frames of one MPEG audio file.
pub(crate) struct MpegReader {
    window: Window,
    track: Track,
    /// First header of the current stream, and the length of its frames where headers do not tell.
    stream: FrameHeader,
    free_bytes: Option<usize>,
    /// Read and not yet given.
    queue: VecDeque<Item>,
    /// Items to hold back, since the stream's padding may lie in them.
    hold: usize,
    /// Frames still to be dropped at the stream's beginning and end.
    trim_start: u64,
    trim_end: u64,
    /// MPEG frames of the stream that its header frame announced and that did not come yet.
    announced: Option<u64>,
    /// Frames of the stream and their bytes, for the mean that damage is measured by.
    packets: u64,
    packet_bytes: u64,
    /// Damaged bytes since the last frame.
    gap_bytes: u64,
    /// What comes once the queue is empty.
    pending: Option<Pending>,
    repaired: Option<&'static str>,
}

enum Item {
    Packet(CodedPacket),
    Lost { packets: u64, frames: u64 },
}

enum Pending {
    /// The stream that begins at the window's position.
    NewTrack(FrameHeader, Option<usize>),
    End(Option<String>),
}

impl MpegReader {
    /// A reader whose window stands at a verified frame.
    pub(super) fn new(window: Window, stream: FrameHeader, free_bytes: Option<usize>) -> Result<Self, AudioError> {
        let mut reader = MpegReader {
            window,
            track: Track::default(),
            stream,
            free_bytes,
            queue: VecDeque::new(),
            hold: 0,
            trim_start: 0,
            trim_end: 0,
            announced: None,
            packets: 0,
            packet_bytes: 0,
            gap_bytes: 0,
            pending: None,
            repaired: None,
        };
        reader.start_track(stream, free_bytes)?;
        Ok(reader)
    }

    /// Begins the stream at the window's position and takes its header frame, if it has one.
    fn start_track(&mut self, stream: FrameHeader, free_bytes: Option<usize>) -> Result<(), AudioError> {
        (self.stream, self.free_bytes) = (stream, free_bytes);
        (self.packets, self.packet_bytes, self.gap_bytes) = (0, 0, 0);
        let size = frame_bytes(&stream, free_bytes).unwrap_or(HEADER_BYTES);
        let bytes = self.window.peek(size)?;
        let info = bytes.get(..size).and_then(|frame| InfoHeader::parse(&stream, frame));
        if info.is_some() {
            self.window.skip(size as u64)?;
        }
        let info = info.unwrap_or_default();
        let per_packet = u64::from(stream.frames());
        let (start, end) = info.trims.map_or((0, 0), |(start, end)| (u64::from(start), u64::from(end)));
        (self.trim_start, self.trim_end) = (start, end);
        self.hold = if end > 0 { end.div_ceil(per_packet) as usize } else { 0 };
        self.announced = info.packets.map(u64::from);
        let frames = |packets: u64| (packets * per_packet).saturating_sub(start + end);
        self.track = Track {
            params: params(&stream),
            frames_hint: self.announced.map(frames),
            // Without an encoder's delay the count is by some encoders one too many: it includes the header frame.
            required: self.announced.map(|packets| frames(packets - u64::from(info.trims.is_none()))),
        };
        Ok(())
    }

    /// Reads on: one more item in the queue, some bytes less, or a decision what comes next.
    fn step(&mut self) -> Result<(), AudioError> {
        let bytes = self.window.peek(TAG_LOOKAHEAD)?;
        if bytes.len() < HEADER_BYTES {
            if self.gap_bytes > MAX_TAIL_BYTES {
                self.repaired = Some("bytes behind the last frame that are no MPEG audio were left out");
            }
            self.pending = Some(Pending::End(None));
            return Ok(());
        }
        if let Some(header) = FrameHeader::parse(bytes) {
            if header.may_follow(&self.stream) && header.channels == self.stream.channels {
                return self.take_frame(&header);
            }
            return self.other_frame(&header);
        }
        if let Some(tag) = tag_bytes(bytes) {
            self.window.skip(tag)?;
            return Ok(());
        }
        self.resync()
    }

    /// Takes the frame at the window's position.
    fn take_frame(&mut self, header: &FrameHeader) -> Result<(), AudioError> {
        let Some(size) = frame_bytes(header, self.free_bytes) else { return self.resync() };
        let bytes = self.window.peek(size + TAG_LOOKAHEAD)?;
        if bytes.len() < size {
            // The last frame breaks off, as in most recordings of a broadcast.
            self.pending = Some(Pending::End(None));
            return Ok(());
        }
        if InfoHeader::parse(header, &bytes[..size]).is_some() {
            if self.packets > 0 {
                self.pending = Some(Pending::NewTrack(*header, self.free_bytes));
            } else {
                // Tools that write a header frame keep the one that was there.
                self.window.skip(size as u64)?;
            }
            return Ok(());
        }
        let rest = &bytes[size..];
        let sound = rest.len() < HEADER_BYTES
            || FrameHeader::parse(rest).is_some_and(|next| next.may_follow(header))
            || tag_bytes(rest).is_some();
        if !sound {
            // A damaged header has a wrong length; then the next frame begins within this one.
            let stream = self.stream;
            let bytes = self.window.peek(LOOKAHEAD)?;
            let next = (1..size).find(|&at| continues(&bytes[at..], &stream, self.free_bytes));
            if let Some(at) = next {
                self.gap_bytes += self.window.skip(at as u64)?;
                return Ok(());
            }
        }
        self.fill_gap();
        if self.announced == Some(0) {
            self.pass_announced_end(header)?;
        }
        let data = self.window.peek(size)?[..size].into();
        self.window.skip(size as u64)?;
        self.packets += 1;
        self.packet_bytes += size as u64;
        let mut packet = CodedPacket { data, frames: u64::from(header.frames()), ..CodedPacket::default() };
        packet.trim_start = self.trim_start.min(packet.frames);
        packet.frames -= packet.trim_start;
        self.trim_start -= packet.trim_start;
        self.queue.push_back(Item::Packet(packet));
        self.count_down(1);
        Ok(())
    }

    /// A header of another stream, or damage that looks like one.
    fn other_frame(&mut self, header: &FrameHeader) -> Result<(), AudioError> {
        let bytes = self.window.peek(LOOKAHEAD)?;
        let free_bytes = if header.kbps == 0 { find_free_bytes(bytes) } else { None };
        let own_format = header.may_follow(&self.stream);
        match follow(bytes, free_bytes, CHAIN_FRAMES) {
            // One frame with other channels among its like is damage of its header.
            Chain::Whole if own_format && !same_channels(bytes, header, free_bytes) => {
                let size = frame_bytes(header, free_bytes).unwrap_or(1);
                self.gap_bytes += self.window.skip(size as u64)?;
            }
            Chain::Whole | Chain::Ends(2..) => self.pending = Some(Pending::NewTrack(*header, free_bytes)),
            _ => return self.resync(),
        }
        Ok(())
    }

    /// Looks for the next frame behind damage or foreign data.
    fn resync(&mut self) -> Result<(), AudioError> {
        let (stream, free_bytes) = (self.stream, self.free_bytes);
        let bytes = self.window.peek(LOOKAHEAD)?;
        let ended = bytes.len() < LOOKAHEAD;
        let end = if ended { bytes.len() } else { bytes.len() - CHAIN_BYTES };
        // Each search ends where the one before it found something, so that the work follows what is skipped.
        let limit = search(&bytes[1..], ended, 0).map_or(end, |(at, _)| at + 1);
        let limit = (1..limit).find(|&at| is_tag(&bytes[at..])).unwrap_or(limit);
        let own = (1..limit).find(|&at| bytes[at] == 0xFF && continues(&bytes[at..], &stream, free_bytes));
        let next = own.unwrap_or(limit).max(1);
        self.gap_bytes += self.window.skip(next as u64)?;
        Ok(())
    }

    /// Puts lost packets in the queue for the damage before a good frame.
    fn fill_gap(&mut self) {
        let gap = std::mem::take(&mut self.gap_bytes);
        if gap == 0 || self.packets == 0 {
            return;
        }
        if gap > MAX_DAMAGE_BYTES {
            self.repaired = Some("data between the frames that is no MPEG audio was skipped");
            return;
        }
        // Rounded: gap / mean length of a frame.
        let packets = ((2 * gap * self.packets + self.packet_bytes) / (2 * self.packet_bytes))
            .max(1)
            .min(self.announced.map_or(u64::MAX, |left| left.saturating_sub(1)));
        if packets > 0 {
            self.queue.push_back(Item::Lost { packets, frames: packets * u64::from(self.stream.frames()) });
            self.count_down(packets);
        }
    }

    /// Counts frames that the header frame announced.
    fn count_down(&mut self, packets: u64) {
        self.announced = self.announced.map(|left| left.saturating_sub(packets));
    }

    /// More frames follow than were announced. If the first of them needs no bytes from before, another file was joined
    /// and the padding lies before it; otherwise the count is wrong, and so is the padding that goes with it.
    fn pass_announced_end(&mut self, header: &FrameHeader) -> Result<(), AudioError> {
        let at = HEADER_BYTES + if header.has_crc { 2 } else { 0 };
        // The first side information of layer 3: how many bytes of its data stand in frames before.
        let begin = match self.window.peek(at + 2)?.get(at..at + 2) {
            Some(&[a, b]) if header.version == Version::Mpeg1 => u16::from(a) << 1 | u16::from(b) >> 7,
            Some(&[a, _]) => u16::from(a),
            _ => 0,
        };
        if begin == 0 || header.layer != 3 {
            self.trim_padding();
        }
        (self.announced, self.trim_end, self.hold) = (None, 0, 0);
        self.repaired = Some("the header frame counts fewer frames than the file holds");
        Ok(())
    }

    /// Trims the padding from what is left in the queue, at the end of a stream.
    fn trim_padding(&mut self) {
        let mut left = std::mem::take(&mut self.trim_end);
        // A file that was cut, or that goes on, ends otherwise than the encoder said.
        if self.announced.is_some_and(|packets| packets > 0) {
            return;
        }
        for item in self.queue.iter_mut().rev() {
            let frames = match item {
                Item::Packet(packet) => &mut packet.frames,
                Item::Lost { frames, .. } => frames,
            };
            let trimmed = left.min(*frames);
            *frames -= trimmed;
            left -= trimmed;
            if let Item::Packet(packet) = item {
                packet.trim_end = trimmed;
            }
        }
    }
}

impl PacketReader for MpegReader {
    fn track(&self) -> &Track {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        loop {
            let give = self.pending.is_some() || self.queue.len() > self.hold;
            match if give { self.queue.pop_front() } else { None } {
                Some(Item::Packet(packet)) => return Ok(Next::Packet(packet)),
                Some(Item::Lost { packets, frames }) => return Ok(Next::Lost { packets, frames }),
                None => {}
            }
            match self.pending.take() {
                None => {
                    self.step()?;
                    if self.pending.is_some() {
                        self.trim_padding();
                    }
                }
                Some(Pending::NewTrack(header, free_bytes)) => {
                    self.start_track(header, free_bytes)?;
                    return Ok(Next::NewTrack);
                }
                Some(Pending::End(reason)) => {
                    self.pending = Some(Pending::End(reason.clone()));
                    return Ok(Next::End(reason));
                }
            }
        }
    }

    fn repaired(&self) -> Option<&'static str> {
        self.repaired
    }
}

/// Whether the stream goes on with the frame at the beginning of `bytes`: another one follows, or the end.
fn continues(bytes: &[u8], stream: &FrameHeader, free_bytes: Option<usize>) -> bool {
    FrameHeader::parse(bytes).is_some_and(|header| {
        header.may_follow(stream)
            && header.channels == stream.channels
            && matches!(follow(bytes, free_bytes, 2), Chain::Whole | Chain::Ends(1..))
    })
}

/// Whether the frame behind the first one has its number of channels.
fn same_channels(bytes: &[u8], first: &FrameHeader, free_bytes: Option<usize>) -> bool {
    frame_bytes(first, free_bytes)
        .and_then(|size| FrameHeader::parse(bytes.get(size..)?))
        .is_some_and(|next| next.channels == first.channels)
}

/// Tags that end a search; three letters alone show up in damage.
fn is_tag(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'A' | b'L' | b'I'))
        && (bytes.starts_with(b"APETAGEX") || bytes.starts_with(b"LYRICSBEGIN") || bytes.starts_with(b"ID3\x03\0"))
        && tag_bytes(bytes).is_some()
}

fn params(stream: &FrameHeader) -> AudioCodecParameters {
    let mut params = AudioCodecParameters::new();
    let codec = match stream.layer {
        3 if stream.kbps == 0 => CODEC_ID_FREE_MP3,
        1 => CODEC_ID_MP1,
        2 => CODEC_ID_MP2,
        _ => CODEC_ID_MP3,
    };
    let channels = if stream.channels == 1 { CHANNEL_LAYOUT_MONO } else { CHANNEL_LAYOUT_STEREO };
    params.for_codec(codec).with_sample_rate(stream.rate_hz).with_channels(channels);
    params
}
