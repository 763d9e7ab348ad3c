//! Codec parameters from the codecs' own headers, the same for every container.
//!
//! Sources: ISO/IEC 14496-3 (AudioSpecificConfig), the ALAC magic cookie of Apple's open source release, RFC 9639
//! (FLAC), RFC 7845 (Opus), Vorbis I.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known as codec_ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::input::Fields;

/// Sample rates by index: ISO/IEC 14496-3, table 1.18.
pub(super) const AAC_RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// Parameters with a codec, a rate and a channel count; both counts may be 0 for "not told".
pub(super) fn audio(codec: AudioCodecId, rate_hz: u32, channels: u32) -> AudioCodecParameters {
    AudioCodecParameters {
        codec,
        sample_rate: (rate_hz > 0).then_some(rate_hz),
        channels: u16::try_from(channels).ok().filter(|&n| n > 0).map(Channels::Discrete),
        ..AudioCodecParameters::default()
    }
}

/// What an AudioSpecificConfig says in front of its tool-specific part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AacConfig {
    /// Audio object type: 2 is LC, 5 SBR, 29 SBR with parametric stereo, 42 USAC.
    pub object_type: u32,
    /// Rate of the core in Hz.
    pub rate_hz: u32,
    /// Channels by the channel configuration; 0 where a program config element tells them.
    pub channels: u32,
}

impl AacConfig {
    /// Parses the first fields; `None` where they are cut or reserved.
    pub fn parse(config: &[u8]) -> Option<AacConfig> {
        let mut bits = Bits { bytes: config, at: 0 };
        let mut object_type = bits.take(5)?;
        if object_type == 31 {
            object_type = 32 + bits.take(6)?;
        }
        let rate_hz = match bits.take(4)? {
            15 => bits.take(24)?,
            index => *AAC_RATES_HZ.get(index as usize)?,
        };
        let channels = match bits.take(4)? {
            7 => 8,
            n @ 0..=6 => n,
            11 => 7,
            12 | 14 => 8,
            _ => return None,
        };
        Some(AacConfig { object_type, rate_hz, channels })
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, n: usize) -> Option<u32> {
        let mut out = 0;
        for _ in 0..n {
            out = out << 1 | u32::from(self.bytes.get(self.at / 8)? >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(out)
    }
}

/// AAC by its AudioSpecificConfig; rate and channels of the container stand in where it does not tell.
pub(super) fn aac(config: &[u8], rate_hz: u32, channels: u32) -> AudioCodecParameters {
    let told = AacConfig::parse(config);
    let rate_hz = if rate_hz > 0 { rate_hz } else { told.map_or(0, |t| t.rate_hz) };
    let channels = told.map_or(channels, |t| t.channels);
    AudioCodecParameters { extra_data: Some(config.into()), ..audio(codec_ids::CODEC_ID_AAC, rate_hz, channels) }
}

/// ALAC by its magic cookie of 24 or 48 bytes; `None` where it is none.
pub(super) fn alac(cookie: &[u8]) -> Option<AudioCodecParameters> {
    let frames = cookie.be32_at(0)?;
    let (channels, rate_hz) = (cookie.u8_at(9)?, cookie.be32_at(20)?);
    Some(AudioCodecParameters {
        extra_data: Some(cookie.into()),
        max_frames_per_packet: Some(u64::from(frames)),
        ..audio(codec_ids::CODEC_ID_ALAC, rate_hz, u32::from(channels))
    })
}

/// FLAC by the body of its STREAMINFO block.
pub(super) fn flac(stream_info: &[u8]) -> Option<AudioCodecParameters> {
    let stream_info = stream_info.get(..34)?;
    let fields = stream_info.be64_at(10)?;
    Some(AudioCodecParameters {
        extra_data: Some(stream_info.into()),
        bits_per_sample: Some((fields >> 36 & 31) as u32 + 1),
        ..audio(codec_ids::CODEC_ID_FLAC, (fields >> 44) as u32, (fields >> 41 & 7) as u32 + 1)
    })
}

/// Opus by its identification header, `OpusHead` included.
pub(super) fn opus(head: &[u8]) -> Option<AudioCodecParameters> {
    let channels = head.strip_prefix(b"OpusHead")?.u8_at(1)?;
    Some(AudioCodecParameters {
        extra_data: Some(head.into()),
        ..audio(codec_ids::CODEC_ID_OPUS, 48_000, u32::from(channels))
    })
}

/// Vorbis by its identification and set-up headers, which its decoder takes one behind the other.
pub(super) fn vorbis(identification: &[u8], setup: &[u8]) -> Option<AudioCodecParameters> {
    let head = identification.strip_prefix(b"\x01vorbis")?;
    setup.strip_prefix(b"\x05vorbis")?;
    let rate_hz = head.be32_at(5)?.swap_bytes();
    Some(AudioCodecParameters {
        extra_data: Some([identification, setup].concat().into()),
        ..audio(codec_ids::CODEC_ID_VORBIS, rate_hz, u32::from(head.u8_at(4)?))
    })
}

/// Bytes of one sample of a PCM codec; 0 for other codecs.
pub(super) fn pcm_sample_bytes(codec: AudioCodecId) -> u32 {
    use codec_ids as id;
    match codec {
        id::CODEC_ID_PCM_U8 | id::CODEC_ID_PCM_S8 | id::CODEC_ID_PCM_ALAW | id::CODEC_ID_PCM_MULAW => 1,
        id::CODEC_ID_PCM_S16LE | id::CODEC_ID_PCM_S16BE => 2,
        id::CODEC_ID_PCM_S24LE | id::CODEC_ID_PCM_S24BE => 3,
        id::CODEC_ID_PCM_S32LE | id::CODEC_ID_PCM_S32BE | id::CODEC_ID_PCM_F32LE | id::CODEC_ID_PCM_F32BE => 4,
        id::CODEC_ID_PCM_F64LE | id::CODEC_ID_PCM_F64BE => 8,
        _ => 0,
    }
}

/// The PCM codec for a sample of `bits`, or `None` where there is none.
pub(super) fn pcm(bits: u32, float: bool, little_endian: bool, signed: bool) -> Option<AudioCodecId> {
    use codec_ids as id;
    Some(match (bits, float, little_endian) {
        (8, false, _) => return Some(if signed { id::CODEC_ID_PCM_S8 } else { id::CODEC_ID_PCM_U8 }),
        (16, false, true) => id::CODEC_ID_PCM_S16LE,
        (16, false, false) => id::CODEC_ID_PCM_S16BE,
        (24, false, true) => id::CODEC_ID_PCM_S24LE,
        (24, false, false) => id::CODEC_ID_PCM_S24BE,
        (32, false, true) => id::CODEC_ID_PCM_S32LE,
        (32, false, false) => id::CODEC_ID_PCM_S32BE,
        (32, true, true) => id::CODEC_ID_PCM_F32LE,
        (32, true, false) => id::CODEC_ID_PCM_F32BE,
        (64, true, true) => id::CODEC_ID_PCM_F64LE,
        (64, true, false) => id::CODEC_ID_PCM_F64BE,
        _ => return None,
    })
}
