//! AAC in ADTS frames. Source: ISO/IEC 13818-7, section 6.2.

use symphonia::core::codecs::CodecProfile;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known as codec_ids;

use super::input::Input;
use super::track::{CodedPacket, Next, PacketReader, Track};
use super::{aac, params, unsupported};
use crate::error::AudioError;
use crate::sniff::Container;
use crate::stream::Source;

/// Longest stretch without a frame that is searched at the beginning; later ones have no bound but the file.
const MAX_JUNK_BYTES: u64 = 1 << 20;

/// Longest tail behind the last frame that is left out without a remark.
const MAX_TAIL_BYTES: usize = 1 << 13;

/// A frame's fixed fields, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    /// Profile, rate index and channel configuration: what may not change.
    fixed: (u8, u8, u8),
    head_bytes: u64,
    frame_bytes: u64,
    blocks: u8,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Header> {
        let &[a, b, c, d, e, f, g, ..] = bytes else { return None };
        if a != 0xFF || b & 0xF6 != 0xF0 {
            return None;
        }
        let header = Header {
            fixed: (c >> 6, c >> 2 & 15, (c & 1) << 2 | d >> 6),
            head_bytes: if b & 1 == 1 { 7 } else { 9 },
            frame_bytes: u64::from(d & 3) << 11 | u64::from(e) << 3 | u64::from(f >> 5),
            blocks: (g & 3) + 1,
        };
        (header.fixed.1 < 13 && header.frame_bytes > header.head_bytes).then_some(header)
    }
}

/// Reads the frames of a stream.
pub(super) struct AdtsReader {
    input: Input,
    track: Track,
    at: u64,
    fixed: (u8, u8, u8),
    packet_frames: u64,
    skipped: bool,
    /// Whether bytes behind the last frame were left out.
    left_out: bool,
}

impl AdtsReader {
    /// Finds the first frame, behind an ID3 tag or junk.
    ///
    /// # Errors
    /// [`AudioError::Truncated`] where there is none, [`AudioError::Unsupported`], [`AudioError::Io`].
    pub fn open(source: Box<dyn Source>, total_bytes: u64) -> Result<Self, AudioError> {
        let mut input = Input::new(source, total_bytes);
        let begin = tag_bytes(input.peek(0, 10)?);
        let Some((at, header)) = find(&mut input, begin, None, MAX_JUNK_BYTES)? else {
            return Err(AudioError::Truncated { container: "AAC", at_bytes: total_bytes, what: "a whole frame" });
        };
        if header.blocks > 1 {
            return Err(unsupported("ADTS frames of several blocks".into()));
        }
        let (profile, rate, channels) = header.fixed;
        if channels == 0 {
            return Err(unsupported("AAC whose channels are told by a program config element".into()));
        }
        let channels = if channels == 7 { 8 } else { u32::from(channels) };
        let track_params = AudioCodecParameters {
            profile: Some(CodecProfile::new(u32::from(profile))),
            ..params::audio(codec_ids::CODEC_ID_AAC, params::AAC_RATES_HZ[usize::from(rate)], channels)
        };
        let first = input.take(at + header.head_bytes, header.frame_bytes - header.head_bytes)?.unwrap_or_default();
        let measured = aac::measure(&track_params, Container::Adts, &[first]);
        Ok(AdtsReader {
            input,
            track: Track { params: track_params, frames_hint: None, required: None },
            at,
            fixed: header.fixed,
            packet_frames: measured.map_or(1024, |(_, frames)| frames),
            skipped: false,
            left_out: false,
        })
    }
}

impl PacketReader for AdtsReader {
    fn track(&self) -> &Track {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        let header = match Header::parse(self.input.peek(self.at, 9)?).filter(|h| h.fixed == self.fixed) {
            Some(header) => header,
            None => match find(&mut self.input, self.at, Some(self.fixed), u64::MAX)? {
                found if self.another_stream(found.as_ref().map(|&(at, _)| at))? => {
                    return Ok(Next::End(Some("another AAC stream follows, of another rate or channel count".into())));
                }
                Some((at, header)) => {
                    self.skipped = true;
                    self.at = at;
                    header
                }
                // Tags may follow the last frame.
                None => {
                    let rest = self.input.peek(self.at, MAX_TAIL_BYTES + 1)?;
                    let is_tag = [&b"TAG"[..], b"APETAGEX", b"ID3", b"LYRICS"].iter().any(|tag| rest.starts_with(tag));
                    self.left_out = rest.len() > MAX_TAIL_BYTES && !is_tag;
                    return Ok(Next::End(None));
                }
            },
        };
        if header.blocks > 1 {
            return Ok(Next::End(Some("an ADTS frame of several blocks is not supported".into())));
        }
        let body = self.input.take(self.at + header.head_bytes, header.frame_bytes - header.head_bytes)?;
        let Some(data) = body else { return Ok(Next::End(Some("the file ends within a packet".into()))) };
        self.at += header.frame_bytes;
        Ok(Next::Packet(CodedPacket { data: data.into(), frames: self.packet_frames, ..CodedPacket::default() }))
    }

    fn repaired(&self) -> Option<&'static str> {
        match (self.left_out, self.skipped) {
            (true, _) => Some("bytes behind the last frame that are no AAC were left out"),
            (_, true) => Some("damaged bytes between AAC frames were skipped"),
            _ => None,
        }
    }
}

impl AdtsReader {
    /// Whether frames of another rate or channel count begin here, before those at `same`: three in a row, since
    /// damage can look like two.
    fn another_stream(&mut self, same: Option<u64>) -> Result<bool, AudioError> {
        let Some((at, header)) = find(&mut self.input, self.at, None, MAX_JUNK_BYTES)? else { return Ok(false) };
        if header.fixed == self.fixed || same.is_some_and(|same| same < at) {
            return Ok(false);
        }
        let mut next = at;
        for _ in 0..3 {
            match Header::parse(self.input.peek(next, 9)?).filter(|h| h.fixed == header.fixed) {
                Some(header) => next += header.frame_bytes,
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Bytes of an ID3v2 tag: sizes hold seven bits a byte.
fn tag_bytes(head: &[u8]) -> u64 {
    let &[b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = head else { return 0 };
    let size = [a, b, c, d].iter().fold(0, |size, &byte| size << 7 | u64::from(byte & 0x7F));
    10 + size + if flags & 0x10 != 0 { 10 } else { 0 }
}

/// The next frame that another one follows, or the end of the file.
fn find(
    input: &mut Input,
    from: u64,
    fixed: Option<(u8, u8, u8)>,
    max_bytes: u64,
) -> Result<Option<(u64, Header)>, AudioError> {
    /// Starts of frames looked at in one step; the longest frame and the next head lie within the bytes read.
    const STEP: usize = 1 << 12;
    let mut at = from;
    while at < input.len() && at - from <= max_bytes {
        let len = input.len();
        let bytes = input.peek(at, 4 * STEP)?;
        if bytes.is_empty() {
            break;
        }
        for i in 0..bytes.len().min(STEP) {
            let Some(header) = Header::parse(&bytes[i..]).filter(|h| fixed.is_none_or(|fixed| fixed == h.fixed)) else {
                continue;
            };
            let next = i + header.frame_bytes as usize;
            let follows = bytes.get(next..).and_then(Header::parse).is_some_and(|h| h.fixed == header.fixed);
            if follows || at + next as u64 == len {
                return Ok(Some((at + i as u64, header)));
            }
        }
        at += STEP as u64;
    }
    Ok(None)
}
