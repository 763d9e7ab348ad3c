//! The `fmt ` chunk: how one sample is stored.

use super::adpcm::{self, AdpcmBlocks};
use crate::error::AudioError;
use crate::limits::Limits;
use crate::note::Note;

/// How one sample is stored; little-endian where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Unsigned 8-bit; silence is 128.
    U8,
    /// Signed 16-bit.
    I16,
    /// Signed 24-bit in 3 bytes.
    I24,
    /// Signed 32-bit; fewer valid bits lie in the upper ones.
    I32,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 8-bit A-law (G.711).
    ALaw,
    /// 8-bit µ-law (G.711).
    MuLaw,
    /// Signed 8-bit.
    I8,
    /// Signed 16-bit, big-endian.
    I16Be,
    /// Signed 24-bit in 3 bytes, big-endian.
    I24Be,
    /// Signed 32-bit, big-endian.
    I32Be,
    /// 32-bit float, big-endian.
    F32Be,
    /// 64-bit float, big-endian.
    F64Be,
    /// Microsoft ADPCM: blocks of 4-bit codes, see [`AdpcmBlocks`].
    MsAdpcm,
    /// IMA or DVI ADPCM: blocks of 4-bit codes, see [`AdpcmBlocks`].
    ImaAdpcm,
}

impl SampleFormat {
    /// The word that identities of WAV files are made with: it must never change.
    pub fn name(self) -> &'static str {
        match self {
            SampleFormat::U8 => "U8",
            SampleFormat::I16 => "I16",
            SampleFormat::I24 => "I24",
            SampleFormat::I32 => "I32",
            SampleFormat::F32 => "F32",
            SampleFormat::F64 => "F64",
            SampleFormat::ALaw => "ALaw",
            SampleFormat::MuLaw => "MuLaw",
            SampleFormat::I8 => "I8",
            SampleFormat::I16Be => "I16Be",
            SampleFormat::I24Be => "I24Be",
            SampleFormat::I32Be => "I32Be",
            SampleFormat::F32Be => "F32Be",
            SampleFormat::F64Be => "F64Be",
            SampleFormat::MsAdpcm => "MsAdpcm",
            SampleFormat::ImaAdpcm => "ImaAdpcm",
        }
    }

    /// Bytes one sample takes, 1 to 8; 0 for ADPCM, whose samples have no bytes of their own.
    pub fn bytes(self) -> usize {
        match self {
            SampleFormat::MsAdpcm | SampleFormat::ImaAdpcm => 0,
            SampleFormat::U8 | SampleFormat::ALaw | SampleFormat::MuLaw | SampleFormat::I8 => 1,
            SampleFormat::I16 | SampleFormat::I16Be => 2,
            SampleFormat::I24 | SampleFormat::I24Be => 3,
            SampleFormat::I32 | SampleFormat::F32 | SampleFormat::I32Be | SampleFormat::F32Be => 4,
            SampleFormat::F64 | SampleFormat::F64Be => 8,
        }
    }
}

/// Where the samples lie and how they are stored. All fields are checked against the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavLayout {
    /// Frames per second.
    pub rate_hz: u32,
    /// Number of interleaved channels, at least 1.
    pub channels: u16,
    /// How one sample is stored.
    pub format: SampleFormat,
    /// Offset of the first sample from the start of the file, in bytes.
    pub data_offset: u64,
    /// Whole frames that are really there; may be 0.
    pub frames: u64,
    /// How frames are grouped; for ADPCM only.
    pub adpcm: Option<AdpcmBlocks>,
    /// What the header got wrong.
    pub note: Option<Note>,
}

impl WavLayout {
    /// Bytes one frame takes; 0 for ADPCM.
    pub fn frame_bytes(&self) -> usize {
        usize::from(self.channels) * self.format.bytes()
    }

    /// Bytes of all frames. Cannot overflow: the frames were counted in a file of that length.
    pub fn data_bytes(&self) -> u64 {
        match &self.adpcm {
            Some(blocks) => blocks.data_bytes,
            None => self.frames * self.frame_bytes() as u64,
        }
    }

    /// Smallest stretch of bytes that can be decoded alone, a frame or a block, and the frames it holds.
    pub(crate) fn unit(&self) -> (usize, u64) {
        match &self.adpcm {
            Some(blocks) => (blocks.block_bytes, self.frames_in(blocks.block_bytes as u64)),
            None => (self.frame_bytes(), 1),
        }
    }

    /// Whole frames in the first `bytes` bytes of data.
    pub(crate) fn frames_in(&self, bytes: u64) -> u64 {
        match &self.adpcm {
            Some(blocks) => blocks.frames_in(self.format, usize::from(self.channels), bytes),
            None => bytes / self.frame_bytes() as u64,
        }
    }
}

/// The part of `fmt ` that matters, before `data` is known.
#[derive(Clone, Debug)]
pub(super) struct Fmt {
    pub rate_hz: u32,
    pub channels: u16,
    pub format: SampleFormat,
    pub adpcm: Option<AdpcmBlocks>,
    pub repaired: Option<&'static str>,
}

/// Pairs of coefficients that are read; files list 7.
const MAX_COEFFICIENTS: usize = 32;
/// Bytes of `fmt ` that are looked at: the extensible form ends at 40, that of Microsoft ADPCM behind its coefficients.
pub(super) const FMT_MAX: usize = 22 + 4 * MAX_COEFFICIENTS;
const EXPECTED: &str = "WAV with 8, 16, 24 or 32-bit PCM, 32 or 64-bit float, A-law, µ-law, Microsoft or IMA ADPCM";
const PCM: u16 = 1;
const MS_ADPCM: u16 = 2;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const IMA_ADPCM: u16 = 0x11;
const EXTENSIBLE: u16 = 0xFFFE;
/// Bytes 2..16 of every sub-format GUID that stands for a plain format tag.
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
/// The same of Ambisonic B-format, PCM or float.
const AMBISONIC_TAIL: [u8; 14] = [0, 0, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0];

impl Fmt {
    /// Reads the body of `fmt `, cut to [`FMT_MAX`] bytes.
    pub fn read(body: &[u8], limits: &Limits) -> Result<Fmt, AudioError> {
        if body.len() < 16 {
            return Err(AudioError::Malformed {
                container: "WAV",
                what: format!("fmt chunk of {} bytes; expected at least 16", body.len()),
            });
        }
        let u16_at = |i: usize| u16::from_le_bytes([body[i], body[i + 1]]);
        let mut tag = u16_at(0);
        let channels = u16_at(2);
        let rate_hz = u32::from_le_bytes([body[4], body[5], body[6], body[7]]);
        let block_align = u16_at(12);
        let bits = u16_at(14);
        if tag == EXTENSIBLE {
            let Some(guid) = body.get(24..40) else {
                return Err(AudioError::Malformed {
                    container: "WAV",
                    what: format!("extensible fmt chunk of {} bytes; expected 40", body.len()),
                });
            };
            if guid[2..] != GUID_TAIL && guid[2..] != AMBISONIC_TAIL {
                return Err(unsupported(format!("WAV with the sub-format GUID {guid:02x?}")));
            }
            tag = u16::from_le_bytes([guid[0], guid[1]]);
        }
        limits.check_channels(usize::from(channels))?;
        limits.check_rate(rate_hz)?;
        let format = match (tag, bits) {
            (PCM, 1..=8) => SampleFormat::U8,
            (PCM, 9..=16) => SampleFormat::I16,
            // 24 bits may travel in 32-bit containers, and only the frame size tells.
            (PCM, 17..=24) if u32::from(block_align) == 4 * u32::from(channels) => SampleFormat::I32,
            (PCM, 17..=24) => SampleFormat::I24,
            (PCM, 25..=32) => SampleFormat::I32,
            (FLOAT, 32) => SampleFormat::F32,
            (FLOAT, 64) => SampleFormat::F64,
            (A_LAW, _) => SampleFormat::ALaw,
            (MU_LAW, _) => SampleFormat::MuLaw,
            // Files name 4 bits, or none at all; codes of another width were never in use for the Microsoft kind.
            (MS_ADPCM, 0 | 4) if channels <= 2 => SampleFormat::MsAdpcm,
            (IMA_ADPCM, 0 | 4) if channels <= MAX_IMA_CHANNELS => SampleFormat::ImaAdpcm,
            (MS_ADPCM | IMA_ADPCM, _) => {
                let name = codec_name(tag);
                return Err(unsupported(format!("{name} of {bits} bits and {channels} channels in WAV")));
            }
            (PCM | FLOAT, _) => return Err(unsupported(format!("WAV with {bits}-bit samples"))),
            _ => return Err(unsupported(format!("WAV with format tag 0x{tag:04x} ({})", codec_name(tag)))),
        };
        if matches!(format, SampleFormat::MsAdpcm | SampleFormat::ImaAdpcm) {
            let adpcm = Some(adpcm_blocks(body, format, usize::from(channels), usize::from(block_align))?);
            return Ok(Fmt { rate_hz, channels, format, adpcm, repaired: None });
        }
        let frame_bytes = usize::from(channels) * format.bytes();
        let repaired = (usize::from(block_align) != frame_bytes)
            .then_some("the frame size in the header is wrong; it was computed from channels and bits");
        Ok(Fmt { rate_hz, channels, format, adpcm: None, repaired })
    }
}

/// IMA ADPCM has a word of each channel in turn, up to the 8 channels that are read.
const MAX_IMA_CHANNELS: u16 = 8;

/// The block's size and, for the Microsoft kind, the predictors. The header's frames per block are ignored: the
/// size tells them.
fn adpcm_blocks(
    body: &[u8],
    format: SampleFormat,
    channels: usize,
    block_bytes: usize,
) -> Result<AdpcmBlocks, AudioError> {
    let header = adpcm::header_bytes(format) * channels;
    if block_bytes < header {
        return Err(AudioError::Malformed {
            container: "WAV",
            what: format!("ADPCM blocks of {block_bytes} bytes; expected at least {header}"),
        });
    }
    let mut coefficients = Vec::new();
    if format == SampleFormat::MsAdpcm {
        let listed = body.get(20..22).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        let pairs = body.get(22..).unwrap_or_default().as_chunks::<4>().0.iter().take(listed);
        coefficients = pairs.map(|b| [i16::from_le_bytes([b[0], b[1]]), i16::from_le_bytes([b[2], b[3]])]).collect();
        if coefficients.len() < adpcm::MS_COEFFICIENTS.len() {
            coefficients = adpcm::MS_COEFFICIENTS.to_vec();
        }
    }
    Ok(AdpcmBlocks { block_bytes, coefficients, data_bytes: 0 })
}

fn unsupported(actual: String) -> AudioError {
    AudioError::Unsupported { expected: EXPECTED, actual }
}

fn codec_name(tag: u16) -> &'static str {
    match tag {
        MS_ADPCM => "Microsoft ADPCM",
        IMA_ADPCM => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0050 | 0x0055 => "MPEG audio",
        0x00FF | 0x1610 => "AAC",
        0x2000 => "AC-3",
        _ => "unknown codec",
    }
}
