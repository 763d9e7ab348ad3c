//! The `fmt ` chunk: how one sample is stored.

use crate::error::AudioError;
use crate::limits::Limits;
use crate::note::Note;

/// How one sample is stored; little-endian throughout.
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
        }
    }

    /// Bytes one sample takes, 1 to 8.
    pub fn bytes(self) -> usize {
        match self {
            SampleFormat::U8 | SampleFormat::ALaw | SampleFormat::MuLaw => 1,
            SampleFormat::I16 => 2,
            SampleFormat::I24 => 3,
            SampleFormat::I32 | SampleFormat::F32 => 4,
            SampleFormat::F64 => 8,
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
    /// What the header got wrong.
    pub note: Option<Note>,
}

impl WavLayout {
    /// Bytes one frame takes.
    pub fn frame_bytes(&self) -> usize {
        usize::from(self.channels) * self.format.bytes()
    }

    /// Bytes of all frames. Cannot overflow: the frames were counted in a file of that length.
    pub fn data_bytes(&self) -> u64 {
        self.frames * self.frame_bytes() as u64
    }
}

/// The part of `fmt ` that matters, before `data` is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fmt {
    pub rate_hz: u32,
    pub channels: u16,
    pub format: SampleFormat,
    pub repaired: Option<&'static str>,
}

/// Bytes of `fmt ` that are looked at: the extensible form ends here.
pub(super) const FMT_MAX: usize = 40;
const EXPECTED: &str = "WAV with 8, 16, 24 or 32-bit PCM, 32 or 64-bit float, A-law or µ-law";
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;
/// Bytes 2..16 of every sub-format GUID that stands for a plain format tag.
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

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
            if guid[2..] != GUID_TAIL {
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
            (PCM | FLOAT, _) => return Err(unsupported(format!("WAV with {bits}-bit samples"))),
            _ => return Err(unsupported(format!("WAV with format tag 0x{tag:04x} ({})", codec_name(tag)))),
        };
        let frame_bytes = usize::from(channels) * format.bytes();
        let repaired = (usize::from(block_align) != frame_bytes)
            .then_some("the frame size in the header is wrong; it was computed from channels and bits");
        Ok(Fmt { rate_hz, channels, format, repaired })
    }
}

fn unsupported(actual: String) -> AudioError {
    AudioError::Unsupported { expected: EXPECTED, actual }
}

fn codec_name(tag: u16) -> &'static str {
    match tag {
        0x0002 => "Microsoft ADPCM",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0050 | 0x0055 => "MPEG audio",
        0x00FF | 0x1610 => "AAC",
        0x2000 => "AC-3",
        _ => "unknown codec",
    }
}
