//! AU, the sound format of Sun and NeXT: a header of big-endian words and samples; DEC wrote both little-endian.
//!
//! Source: Sun Microsystems, manual page `audio(5)` and header file `<multimedia/audio_filehdr.h>` (1994). The reversed
//! form, which begins with "dns." as a little-endian reader of ".snd" would see it, is that of SoX's manual.

use super::format::{Fmt, SampleFormat, WavLayout};
use super::found::{Found, UNKNOWN};
use super::parse::Fetch;
use crate::error::AudioError;
use crate::limits::Limits;

const NAME: &str = "AU";
const EXPECTED: &str = "AU with 8, 16, 24 or 32-bit PCM, 32 or 64-bit float, A-law or µ-law";
const HEADER: u64 = 24;

/// Whether the bytes begin like an AU file.
pub(crate) fn is_au(prefix: &[u8]) -> bool {
    prefix.starts_with(b".snd") || prefix.starts_with(b"dns.")
}

/// As [`super::parse_with`].
///
/// # Errors
/// As [`super::parse_with`].
pub(crate) fn parse_au(
    total_bytes: u64,
    limits: &Limits,
    fetch: &mut Fetch<'_>,
) -> Result<Option<WavLayout>, AudioError> {
    limits.check_bytes(total_bytes)?;
    let truncated = |what| AudioError::Truncated { container: NAME, at_bytes: total_bytes, what };
    if total_bytes < HEADER {
        return Err(truncated("a header of 24 bytes"));
    }
    let mut head = [0u8; HEADER as usize];
    if !fetch(0, &mut head)? {
        return Ok(None);
    }
    let little = &head[..4] == b"dns.";
    let word = |i: usize| {
        let bytes = [head[4 * i], head[4 * i + 1], head[4 * i + 2], head[4 * i + 3]];
        if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    };
    let (data_offset, size, encoding, rate_hz) = (u64::from(word(1)), word(2), word(3), word(4));
    let format = sample_format(encoding, little)?;
    limits.check_rate(rate_hz)?;
    let channels = u16::try_from(word(5)).unwrap_or(u16::MAX);
    limits.check_channels(usize::from(channels))?;
    if data_offset < HEADER {
        let what = format!("samples begin at byte {data_offset}; expected 24 or more");
        return Err(AudioError::Malformed { container: NAME, what });
    }
    if data_offset > total_bytes {
        return Err(truncated("the end of the header's text"));
    }
    let fmt = Fmt { rate_hz, channels, format, adpcm: None, repaired: None };
    let here = total_bytes - data_offset;
    // All ones say "unknown" by the format's rules; a pipe's writer leaves 0.
    let unknown = size == u32::MAX || (size == 0 && here > 0);
    let size = if unknown { UNKNOWN } else { u64::from(size) };
    let found = Found { container: NAME, fmt: Some(fmt), data: Some((data_offset, size)), fact: None };
    let mut layout = found.finish(total_bytes, limits)?;
    if word(2) == u32::MAX {
        layout.note = None;
    }
    Ok(Some(layout))
}

fn sample_format(encoding: u32, little: bool) -> Result<SampleFormat, AudioError> {
    Ok(match (encoding, little) {
        (1, _) => SampleFormat::MuLaw,
        (2, _) => SampleFormat::I8,
        (3, false) => SampleFormat::I16Be,
        (3, true) => SampleFormat::I16,
        (4, false) => SampleFormat::I24Be,
        (4, true) => SampleFormat::I24,
        (5, false) => SampleFormat::I32Be,
        (5, true) => SampleFormat::I32,
        (6, false) => SampleFormat::F32Be,
        (6, true) => SampleFormat::F32,
        (7, false) => SampleFormat::F64Be,
        (7, true) => SampleFormat::F64,
        (27, _) => SampleFormat::ALaw,
        _ => {
            let name = match encoding {
                23 => "G.721 ADPCM",
                24 => "G.722 ADPCM",
                25 | 26 => "G.723 ADPCM",
                _ => "unknown",
            };
            return Err(AudioError::Unsupported {
                expected: EXPECTED,
                actual: format!("AU with encoding {encoding} ({name})"),
            });
        }
    })
}
