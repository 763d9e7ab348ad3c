//! What Ogg carries: Vorbis, Opus, FLAC. Headers become codec parameters; packets get their length.
//!
//! Sources: Vorbis I specification, appendix A; RFC 7845 (Ogg Opus); RFC 6716, section 3.1 (length of an Opus packet);
//! "FLAC to Ogg mapping" and RFC 9639, section 9.1 (FLAC frame header).

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_OPUS, CODEC_ID_VORBIS};

use super::vorbis::{self, VorbisHeaders};
use crate::codecs::track::Track;

/// Rate at which Opus counts, whatever rate was encoded.
const OPUS_RATE_HZ: u32 = 48_000;

/// A stream's codec, with what its headers told.
pub(super) enum Mapping {
    Vorbis {
        headers: VorbisHeaders,
        ready: bool,
        /// Identification and set-up header, as the decoder wants them.
        extra: Vec<u8>,
        /// Block of the packet before.
        before: Option<u8>,
    },
    Opus {
        head: Vec<u8>,
        ready: bool,
    },
    Flac {
        info: Vec<u8>,
    },
}

/// What a packet turned out to be.
pub(super) enum Role {
    /// A header, or nothing that a decoder needs.
    Header,
    /// Audio of so many frames.
    Audio(u64),
    /// A header that breaks its rules, in words.
    Broken(&'static str),
}

impl Mapping {
    /// The codec of a stream by its first packet; `None` if it is not one that is read.
    pub fn detect(packet: &[u8]) -> Option<Mapping> {
        if let Some(headers) = vorbis::identification(packet) {
            return Some(Mapping::Vorbis { headers, ready: false, extra: packet.to_vec(), before: None });
        }
        if packet.starts_with(b"OpusHead") && packet.len() >= 19 {
            return Some(Mapping::Opus { head: packet.to_vec(), ready: false });
        }
        // Type 0x7F, "FLAC", version 1.x, number of headers, "fLaC", then STREAMINFO with its header of 4 bytes.
        if packet.starts_with(b"\x7FFLAC\x01") && packet.get(9..13) == Some(b"fLaC") && packet.len() >= 51 {
            return Some(Mapping::Flac { info: packet[17..51].to_vec() });
        }
        None
    }

    /// Whether all headers have come.
    pub fn ready(&self) -> bool {
        match self {
            Mapping::Vorbis { ready, .. } | Mapping::Opus { ready, .. } => *ready,
            Mapping::Flac { .. } => true,
        }
    }

    /// Frames that the decoder gives before the sound begins.
    pub fn delay(&self) -> u64 {
        match self {
            Mapping::Opus { head, .. } => u64::from(u16::from_le_bytes([head[10], head[11]])),
            _ => 0,
        }
    }

    /// The track for the decoder, once [`Mapping::ready`].
    pub fn track(&self) -> Track {
        let mut params = AudioCodecParameters::new();
        let mut frames = None;
        match self {
            Mapping::Vorbis { headers, extra, .. } => {
                params
                    .for_codec(CODEC_ID_VORBIS)
                    .with_sample_rate(headers.rate_hz)
                    .with_channels(Channels::Discrete(u16::from(headers.channels)))
                    .with_extra_data(extra.clone().into_boxed_slice());
            }
            Mapping::Opus { head, .. } => {
                params
                    .for_codec(CODEC_ID_OPUS)
                    .with_sample_rate(OPUS_RATE_HZ)
                    .with_channels(Channels::Discrete(u16::from(head[9])))
                    .with_extra_data(head.clone().into_boxed_slice());
            }
            Mapping::Flac { info } => {
                // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of frames; 0 frames: unknown.
                let packed = u64::from_be_bytes(std::array::from_fn(|i| info[10 + i]));
                params
                    .for_codec(CODEC_ID_FLAC)
                    .with_sample_rate((packed >> 44) as u32)
                    .with_channels(Channels::Discrete((packed >> 41 & 7) as u16 + 1))
                    .with_bits_per_sample((packed >> 36 & 31) as u32 + 1)
                    .with_max_frames_per_packet(u64::from(u16::from_be_bytes([info[2], info[3]])))
                    .with_extra_data(info.clone().into_boxed_slice());
                frames = Some(packed & 0xF_FFFF_FFFF).filter(|&frames| frames > 0);
            }
        }
        Track { params, frames_hint: frames, required: frames }
    }

    /// Takes the next packet behind the first one.
    pub fn take(&mut self, packet: &[u8]) -> Role {
        match self {
            Mapping::Vorbis { headers, ready, extra, before } => {
                if packet.starts_with(b"\x05vorbis") && !*ready {
                    if headers.set_up(packet).is_none() {
                        return Role::Broken("the Vorbis set-up header breaks its rules");
                    }
                    extra.extend_from_slice(packet);
                    *ready = true;
                    return Role::Header;
                }
                if !*ready && packet.first().is_some_and(|byte| byte & 1 == 0) {
                    return Role::Broken("audio comes before the Vorbis set-up header");
                }
                let Some(now) = headers.block_exponent(packet) else { return Role::Header };
                // The first block only starts the overlap and gives nothing.
                let frames = before.map_or(0, |before| VorbisHeaders::frames(before, now));
                *before = Some(now);
                Role::Audio(frames)
            }
            Mapping::Opus { ready, .. } => {
                if !*ready {
                    *ready = true;
                    if packet.starts_with(b"OpusTags") {
                        return Role::Header;
                    }
                }
                opus_frames(packet).map_or(Role::Header, Role::Audio)
            }
            Mapping::Flac { .. } => match packet {
                [0xFF, second, ..] if second & 0xFC == 0xF8 => Role::Audio(flac_frames(packet).unwrap_or(0)),
                _ => Role::Header,
            },
        }
    }
}

/// Frames at 48 kHz of an Opus packet: RFC 6716, section 3.1 and 3.2.
pub(in crate::codecs) fn opus_frames(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let frames_each = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 63),
    };
    // At most 120 ms.
    (count > 0 && frames_each * count <= 5760).then_some(frames_each * count)
}

/// Frames of a FLAC frame by its header.
fn flac_frames(packet: &[u8]) -> Option<u64> {
    let code = *packet.get(2)? >> 4;
    // A number in the coding of UTF-8 stands between the code and the size that it may announce.
    let number_bytes = match packet.get(4)?.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let behind = packet.get(4 + number_bytes..)?;
    match code {
        0 => None,
        1 => Some(192),
        2..=5 => Some(576 << (code - 2)),
        6 => Some(u64::from(*behind.first()?) + 1),
        7 => Some(u64::from(u16::from_be_bytes([*behind.first()?, *behind.get(1)?])) + 1),
        _ => Some(256 << (code - 8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_opus_packets() {
        // Configuration 31 is CELT at 20 ms, 16 at 2.5 ms, 3 SILK at 60 ms, 13 hybrid at 20 ms.
        assert_eq!(opus_frames(&[31 << 3]), Some(960));
        assert_eq!(opus_frames(&[16 << 3 | 1]), Some(240));
        assert_eq!(opus_frames(&[3 << 3 | 3, 2]), Some(5760));
        assert_eq!(opus_frames(&[13 << 3 | 2]), Some(1920));
        assert_eq!(opus_frames(&[3 << 3 | 3, 3]), None);
        assert_eq!(opus_frames(&[31 << 3 | 3]), None);
    }

    #[test]
    fn lengths_of_flac_frames() {
        assert_eq!(flac_frames(&[0xFF, 0xF8, 0xC9, 0x18, 0x00, 0]), Some(4096));
        assert_eq!(flac_frames(&[0xFF, 0xF8, 0x69, 0x18, 0xC2, 0x80, 99, 0]), Some(100));
        assert_eq!(flac_frames(&[0xFF, 0xF8, 0x79, 0x18, 0x05, 0x01, 0x00, 0]), Some(257));
    }
}
