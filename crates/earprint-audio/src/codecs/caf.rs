//! Apple Core Audio Format: PCM, ALAC, AAC and MP3.
//!
//! Source: Apple Core Audio Format Specification 1.0. The packet table tells how many frames are valid, and how many
//! the encoder put before (priming) and behind them (remainder).

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known as codec_ids;

use super::input::{Fields, Input};
use super::track::{CodedPacket, Next, PacketReader, Track};
use super::{mp4, params, unsupported};
use crate::error::AudioError;
use crate::stream::Source;

/// Frames of a packet of PCM. Identities are made of packets: this must stay.
const PCM_FRAMES: u64 = 1152;
/// Largest chunk besides the sound that is read.
const MAX_CHUNK_BYTES: u64 = 1 << 27;

/// Reads the packets of the one track that a file has.
pub(super) struct CafReader {
    input: Input,
    track: Track,
    description: Description,
    /// Where the next packet lies, and where the sound ends.
    at: u64,
    end: u64,
    /// Sizes of packets of variable size.
    table: Option<PacketTable>,
    frames: u64,
    priming: u64,
    valid: Option<u64>,
    /// Whether a chunk behind the sound is damaged.
    damaged: bool,
}

struct Description {
    rate_hz: f64,
    format: [u8; 4],
    flags: u32,
    packet_bytes: u64,
    packet_frames: u64,
    channels: u32,
    bits: u32,
}

/// The entries of a packet table, walked one by one.
struct PacketTable {
    entries: Vec<u8>,
    at: usize,
    left: u64,
}

impl CafReader {
    /// Reads all chunks but the sound.
    ///
    /// # Errors
    /// [`AudioError::Truncated`] where the file ends before its sound, [`AudioError::Malformed`],
    /// [`AudioError::Unsupported`], [`AudioError::Io`].
    pub fn open(source: Box<dyn Source>, total_bytes: u64) -> Result<Self, AudioError> {
        let mut input = Input::new(source, total_bytes);
        let (mut description, mut cookie, mut packets, mut data) = (None, None, None, None);
        let (mut at, mut damaged) = (8, false);
        while let Some((kind, size)) = chunk_head(input.peek(at, 12)?) {
            at += 12;
            let size = match size {
                // The sound of a recording that was not closed goes to the end.
                -1 if &kind == b"data" => total_bytes.saturating_sub(at),
                size => u64::try_from(size).unwrap_or(u64::MAX),
            };
            // What the sound needs may stand behind it, but the sound itself is there.
            damaged |= data.is_some() && at.saturating_add(size) > total_bytes;
            let wanted = matches!(&kind, b"desc" | b"kuki" | b"pakt");
            if &kind == b"data" {
                // An edit count stands before the sound.
                data = Some((at.saturating_add(4), at.saturating_add(size.max(4))));
            } else if wanted {
                let body = if size <= MAX_CHUNK_BYTES { input.take(at, size)? } else { None };
                match (body, &kind) {
                    (Some(body), b"desc") => description = description.or(Some(body)),
                    (Some(body), b"kuki") => cookie = Some(body),
                    (Some(body), _) => packets = Some(body),
                    (None, _) => break,
                }
            }
            at = at.saturating_add(size);
        }
        let truncated = |what| AudioError::Truncated { container: "CAF", at_bytes: total_bytes, what };
        let description = description.ok_or_else(|| truncated("a description of the sound (desc)"))?;
        let description =
            Description::parse(&description).ok_or_else(|| malformed("its description (desc) is damaged"))?;
        let (at, end) = data.filter(|data| data.0 < total_bytes).ok_or_else(|| truncated("sound (data)"))?;
        let params = description.params(cookie.as_deref().unwrap_or(&[]))?;
        let reader = CafReader {
            input,
            track: Track { params, ..Track::default() },
            description,
            at,
            end,
            table: None,
            frames: 0,
            priming: 0,
            valid: None,
            damaged,
        };
        reader.with_packets(packets)
    }

    fn with_packets(mut self, packets: Option<Vec<u8>>) -> Result<Self, AudioError> {
        let variable = self.description.packet_bytes == 0 || self.description.packet_frames == 0;
        if let Some(table) = packets {
            let count = table.be64_at(0).ok_or_else(|| malformed("its packet table (pakt) is damaged"))?;
            let frames = |at| table.be64_at(at).map_or(0, |n| u64::try_from(n as i64).unwrap_or(0));
            let few = |at| table.be32_at(at).map_or(0, |n| u64::try_from(n as i32).unwrap_or(0));
            (self.priming, self.valid) = (few(16), Some(frames(8)).filter(|&valid| valid > 0));
            if variable {
                // Some writers count the last packet as a whole one; the table itself tells when packets are missing.
                self.table = Some(PacketTable { entries: table.get(24..).unwrap_or(&[]).to_vec(), at: 0, left: count });
            }
        } else if variable {
            // The table may stand behind the sound, and a file that breaks off has lost it.
            if self.end >= self.input.len() {
                let at_bytes = self.input.len();
                return Err(AudioError::Truncated { container: "CAF", at_bytes, what: "its packet table (pakt)" });
            }
            return Err(malformed("it has packets of variable size and no packet table (pakt)"));
        } else {
            let packets = (self.end - self.at) / self.description.packet_bytes;
            self.valid = Some(packets.saturating_mul(self.description.packet_frames));
        }
        self.track.frames_hint = self.valid;
        self.track.required = self.valid.filter(|_| self.table.is_none());
        Ok(self)
    }

    /// Bytes and frames of the next packet.
    fn next_extent(&mut self) -> Option<(u64, u64)> {
        let Description { packet_bytes, packet_frames, .. } = self.description;
        match &mut self.table {
            Some(table) => {
                table.left = table.left.checked_sub(1)?;
                let bytes = if packet_bytes == 0 { table.number()? } else { packet_bytes };
                let frames = if packet_frames == 0 { table.number()? } else { packet_frames };
                Some((bytes, frames))
            }
            None => {
                let left = self.end.saturating_sub(self.at) / packet_bytes;
                let packets = if packet_frames == 1 { left.min(PCM_FRAMES) } else { left.min(1) };
                (packets > 0).then_some((packets * packet_bytes, packets * packet_frames))
            }
        }
    }
}

impl PacketReader for CafReader {
    fn track(&self) -> &Track {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        let Some((mut bytes, mut frames)) = self.next_extent() else { return Ok(Next::End(None)) };
        let there = self.input.len().min(self.end).saturating_sub(self.at);
        if bytes > there {
            // Of cut PCM the whole frames count.
            if self.description.packet_frames != 1 || there < self.description.packet_bytes {
                return Ok(Next::End(Some("the file ends before its audio does".into())));
            }
            frames = there / self.description.packet_bytes;
            bytes = frames * self.description.packet_bytes;
        }
        let Some(data) = self.input.take(self.at, bytes)? else {
            return Ok(Next::End(Some("the file ends within a packet".into())));
        };
        self.at += bytes;
        let begin = self.frames;
        self.frames = begin.saturating_add(frames);
        let end = self.valid.map_or(u64::MAX, |valid| self.priming.saturating_add(valid));
        let trim_start = self.priming.saturating_sub(begin).min(frames);
        let trim_end = self.frames.saturating_sub(end).min(frames);
        // ALAC's last packet holds only the frames that are left of it, padded or not.
        let alac = self.track.params.codec == codec_ids::CODEC_ID_ALAC;
        let kept = frames.saturating_sub(trim_start).saturating_sub(trim_end);
        let trim_end = if alac { 0 } else { trim_end };
        Ok(Next::Packet(CodedPacket { data: data.into(), frames: kept, trim_start, trim_end }))
    }

    fn repaired(&self) -> Option<&'static str> {
        self.damaged.then_some("a damaged chunk behind the sound was ignored")
    }
}

impl PacketTable {
    /// A number of seven bits a byte, most significant first.
    fn number(&mut self) -> Option<u64> {
        let mut out = 0u64;
        for _ in 0..9 {
            let byte = self.entries.u8_at(self.at)?;
            self.at += 1;
            out = out << 7 | u64::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Some(out);
            }
        }
        None
    }
}

impl Description {
    fn parse(body: &[u8]) -> Option<Description> {
        let out = Description {
            rate_hz: f64::from_bits(body.be64_at(0)?),
            format: *body.get(8..)?.first_chunk()?,
            flags: body.be32_at(12)?,
            packet_bytes: u64::from(body.be32_at(16)?),
            packet_frames: u64::from(body.be32_at(20)?),
            channels: body.be32_at(24)?,
            bits: body.be32_at(28)?,
        };
        Some(out).filter(|out| (1.0..4e9).contains(&out.rate_hz) && out.channels > 0)
    }

    fn params(&self, cookie: &[u8]) -> Result<AudioCodecParameters, AudioError> {
        let rate_hz = self.rate_hz as u32;
        let plain = |codec| Some(params::audio(codec, rate_hz, self.channels));
        let params = match &self.format {
            b"lpcm" => {
                let (float, little) = (self.flags & 1 != 0, self.flags & 2 != 0);
                params::pcm(self.bits, float, little, true).and_then(plain)
            }
            b"ulaw" => plain(codec_ids::CODEC_ID_PCM_MULAW),
            b"alaw" => plain(codec_ids::CODEC_ID_PCM_ALAW),
            // The decoder takes the cookie as it is, and identities hold it so.
            b"alac" => params::alac(cookie_of_alac(cookie))
                .map(|alac| AudioCodecParameters { extra_data: Some(cookie.into()), ..alac }),
            b"aac " | b"aach" | b"aacp" => {
                mp4::aac_config(cookie).map(|config| params::aac(config, rate_hz, self.channels))
            }
            b".mp3" => plain(codec_ids::CODEC_ID_MP3),
            _ => None,
        };
        let name = self.format.escape_ascii().to_string();
        let params = params.ok_or_else(|| unsupported(format!("the codec \"{name}\" of {} bits in CAF", self.bits)))?;
        let sample_bytes = u64::from(params::pcm_sample_bytes(params.codec));
        if sample_bytes > 0 && (self.packet_bytes, self.packet_frames) != (sample_bytes * u64::from(self.channels), 1) {
            return Err(unsupported(format!("PCM of {} bits in {} bytes in CAF", self.bits, self.packet_bytes)));
        }
        Ok(params)
    }
}

/// The magic cookie without the atoms `frma` and `alac` that old files wrap it in.
fn cookie_of_alac(cookie: &[u8]) -> &[u8] {
    match cookie.get(4..8) {
        Some(b"frma") => cookie.get(24..48).unwrap_or(&[]),
        _ => cookie,
    }
}

fn chunk_head(head: &[u8]) -> Option<([u8; 4], i64)> {
    Some((*head.first_chunk()?, head.be64_at(4)? as i64))
}

fn malformed(what: &str) -> AudioError {
    AudioError::Malformed { container: "CAF", what: what.into() }
}
