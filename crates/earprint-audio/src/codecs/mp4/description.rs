//! The sample description (`stsd`): which codec, and its headers.
//!
//! Sources: ISO/IEC 14496-12, -14 (`esds`), QuickTime File Format Specification (sound sample descriptions of version 0
//! to 2, `wave`), the encapsulations of FLAC (`dfLa`) and Opus (`dOps`) in ISO BMFF, ISO/IEC 23003-5 (`pcmC`).

use symphonia::core::codecs::audio::well_known as codec_ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::super::input::Fields;
use super::super::{params, unsupported};
use super::boxes::{Box4, boxes, find, printable};
use crate::error::AudioError;

/// What the sound of a track is coded with.
pub(super) struct Description {
    pub params: AudioCodecParameters,
    /// Bytes of a PCM frame; 0 for codecs with packets.
    pub frame_bytes: u64,
}

/// The first entry of a sample description; `None` where it is damaged.
///
/// # Errors
/// [`AudioError::Unsupported`] for a codec that no decoder here reads.
pub(super) fn parse(stsd: &[u8]) -> Result<Description, AudioError> {
    let damaged =
        || AudioError::Malformed { container: "MP4", what: "the sample description (stsd) is damaged".into() };
    let entry = stsd.get(8..).and_then(|entries| boxes(entries).next()).ok_or_else(damaged)?;
    let fields = Entry::parse(entry).ok_or_else(damaged)?;
    let params = fields.params()?.ok_or_else(damaged)?;
    let sample_bytes = params::pcm_sample_bytes(params.codec);
    let channels = params.channels.as_ref().map_or(0, |channels| channels.count());
    Ok(Description { frame_bytes: u64::from(sample_bytes) * channels as u64, params })
}

/// The fields of an entry and the boxes behind them.
struct Entry<'a> {
    kind: [u8; 4],
    channels: u32,
    bits: u32,
    rate_hz: u32,
    /// Flags of linear PCM, where the entry has version 2: 1 float, 2 big-endian, 4 signed.
    lpcm_flags: Option<u32>,
    boxes: &'a [u8],
}

impl<'a> Entry<'a> {
    fn parse(entry: Box4<'a>) -> Option<Entry<'a>> {
        let body = entry.body;
        let mut out = Entry {
            kind: entry.kind,
            channels: u32::from(body.be16_at(16)?),
            bits: u32::from(body.be16_at(18)?),
            rate_hz: body.be32_at(24)? >> 16,
            lpcm_flags: None,
            boxes: body.get(28..)?,
        };
        match body.be16_at(8)? {
            1 => {
                // Bytes of one sample replace the bits of version 0, which are always 16.
                if let Some(bytes @ 1..=8) = body.be32_at(32) {
                    out.bits = bytes * 8;
                }
                out.boxes = body.get(44..)?;
            }
            2 => {
                let rate_hz = f64::from_bits(body.be64_at(32)?);
                out.rate_hz = if (1.0..4e9).contains(&rate_hz) { rate_hz as u32 } else { 0 };
                out.channels = body.be32_at(40)?;
                out.bits = body.be32_at(48)?;
                out.lpcm_flags = Some(body.be32_at(52)?);
                out.boxes = body.get(64..)?;
            }
            _ => {}
        }
        Some(out)
    }

    /// A box of the entry, or of the QuickTime `wave` box in it.
    fn find(&self, kind: &[u8; 4]) -> Option<&'a [u8]> {
        find(self.boxes, kind).or_else(|| find(find(self.boxes, b"wave")?, kind))
    }

    fn params(&self) -> Result<Option<AudioCodecParameters>, AudioError> {
        if let Some(codec) = self.pcm_codec() {
            return Ok(Some(params::audio(codec, self.rate_hz, self.channels)));
        }
        let plain = |codec| Some(params::audio(codec, self.rate_hz, self.channels));
        Ok(match &self.kind {
            b"mp4a" => return self.elementary_stream(),
            b"alac" => self.find(b"alac").and_then(|b| params::alac(b.get(4..)?)),
            // Version and flags, then the header of the STREAMINFO block.
            b"fLaC" => self.find(b"dfLa").and_then(|b| params::flac(b.get(8..)?)),
            b"Opus" => self.find(b"dOps").and_then(opus),
            b".mp3" | b"ms\0U" | b"MP3 " => plain(codec_ids::CODEC_ID_MP3),
            b"enca" | b"drms" => return Err(unsupported("encrypted audio in MP4".into())),
            kind => return Err(unsupported(format!("{} in MP4", codec_name(*kind)))),
        })
    }

    fn pcm_codec(&self) -> Option<AudioCodecId> {
        // QuickTime stores these big-endian unless `enda` says otherwise.
        let little = self.find(b"enda").and_then(|b| b.be16_at(0)) == Some(1);
        match &self.kind {
            b"twos" => params::pcm(self.bits, false, false, true),
            b"sowt" => params::pcm(self.bits, false, true, true),
            b"raw " | b"NONE" => params::pcm(self.bits, false, false, self.bits != 8),
            b"in24" => params::pcm(24, false, little, true),
            b"in32" => params::pcm(32, false, little, true),
            b"fl32" => params::pcm(32, true, little, true),
            b"fl64" => params::pcm(64, true, little, true),
            b"ulaw" => Some(codec_ids::CODEC_ID_PCM_MULAW),
            b"alaw" => Some(codec_ids::CODEC_ID_PCM_ALAW),
            b"lpcm" => {
                let flags = self.lpcm_flags?;
                params::pcm(self.bits, flags & 1 != 0, flags & 2 == 0, flags & 4 != 0)
            }
            b"ipcm" | b"fpcm" => {
                let config = self.find(b"pcmC")?;
                let little = config.u8_at(4)? & 1 != 0;
                params::pcm(u32::from(config.u8_at(5)?), &self.kind == b"fpcm", little, true)
            }
            _ => None,
        }
    }

    /// The codec of an `mp4a` entry stands in its elementary stream descriptor.
    fn elementary_stream(&self) -> Result<Option<AudioCodecParameters>, AudioError> {
        let Some((object_type, config)) = self.find(b"esds").and_then(|b| decoder_config(b.get(4..)?)) else {
            return Ok(None);
        };
        let plain = |codec| Ok(Some(params::audio(codec, self.rate_hz, self.channels)));
        match object_type {
            // MPEG-4 and the profiles of MPEG-2 AAC, all with an AudioSpecificConfig.
            0x40 | 0x66..=0x68 => Ok(config.map(|config| params::aac(config, self.rate_hz, self.channels))),
            // Layer 3 and layer 2 share a type; the files that are met hold layer 3.
            0x69 | 0x6B => plain(codec_ids::CODEC_ID_MP3),
            0xA5 | 0xA6 => Err(unsupported("AC-3 in MP4".into())),
            0xA9..=0xAC => Err(unsupported("DTS in MP4".into())),
            0xDD => Err(unsupported("Vorbis in MP4".into())),
            other => Err(unsupported(format!("audio of object type 0x{other:02X} in MP4"))),
        }
    }
}

/// Names of codecs for messages.
fn codec_name(kind: [u8; 4]) -> String {
    match &kind {
        b"ac-3" => "AC-3".into(),
        b"ec-3" => "E-AC-3".into(),
        b"ac-4" => "AC-4".into(),
        b"dtsc" | b"dtse" | b"dtsh" | b"dtsl" => "DTS".into(),
        b"samr" | b"sawb" => "AMR".into(),
        b"ima4" => "IMA ADPCM".into(),
        b"mlpa" => "TrueHD".into(),
        b"QDM2" | b"QDMC" => "QDesign audio".into(),
        b"agsm" => "GSM".into(),
        kind => format!("the codec \"{}\"", printable(*kind)),
    }
}

/// `dOps` holds the fields of `OpusHead`, big-endian where that is little-endian.
fn opus(dops: &[u8]) -> Option<AudioCodecParameters> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(dops.u8_at(1)?);
    head.extend(dops.be16_at(2)?.to_le_bytes());
    head.extend(dops.be32_at(4)?.to_le_bytes());
    head.extend(dops.be16_at(8)?.to_le_bytes());
    head.extend(dops.get(10..)?);
    params::opus(&head)
}

/// The AudioSpecificConfig within an elementary stream descriptor.
pub(in super::super) fn aac_config(esds: &[u8]) -> Option<&[u8]> {
    decoder_config(esds)?.1
}

/// Object type and specific configuration from an elementary stream descriptor (ISO/IEC 14496-1, section 7.2.6).
fn decoder_config(esds: &[u8]) -> Option<(u8, Option<&[u8]>)> {
    let (tag, mut body, _) = descriptor(esds)?;
    if tag == 3 {
        let flags = body.u8_at(2)?;
        let mut at = 3;
        at += if flags & 0x80 != 0 { 2 } else { 0 };
        at += if flags & 0x40 != 0 { 1 + usize::from(body.u8_at(at)?) } else { 0 };
        at += if flags & 0x20 != 0 { 2 } else { 0 };
        body = descriptor(body.get(at..)?).filter(|d| d.0 == 4)?.1;
    } else if tag != 4 {
        return None;
    }
    let config = body.get(13..).and_then(descriptor).filter(|d| d.0 == 5).map(|d| d.1);
    Some((body.u8_at(0)?, config))
}

/// A descriptor: tag, body, what follows. A body that is cut ends with the bytes.
fn descriptor(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, mut len, mut at) = (bytes.u8_at(0)?, 0usize, 1);
    for _ in 0..4 {
        let byte = bytes.u8_at(at)?;
        len = len << 7 | usize::from(byte & 0x7F);
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let rest = bytes.get(at..)?;
    let (body, rest) = rest.split_at(len.min(rest.len()));
    Some((tag, body, rest))
}
