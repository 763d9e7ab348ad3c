//! Sony Wave64: WAV with sizes of 64 bits.
//!
//! Chunks are named by GUIDs, their sizes count the header of 24 bytes too, and they begin at multiples of 8 bytes.
//! Source: Sony Pictures Digital, "Sony Wave64 File Format" (2004).

use super::format::{FMT_MAX, Fmt, WavLayout};
use super::found::{Found, UNKNOWN};
use super::parse::Fetch;
use crate::error::AudioError;
use crate::limits::Limits;

const NAME: &str = "Wave64";
/// Chunks looked at before giving up.
const MAX_CHUNKS: usize = 4096;
/// The GUID of the whole file: "riff" and a tail of its own.
const RIFF: [u8; 16] = *b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00";
/// What follows the four letters in all other GUIDs.
const TAIL: [u8; 12] = *b"\xF3\xAC\xD3\x11\x8C\xD1\x00\xC0\x4F\x8E\xDB\x8A";
const HEADER: u64 = 24;

/// Whether the bytes begin like a Wave64 file.
pub(crate) fn is_wave64(prefix: &[u8]) -> bool {
    prefix.starts_with(&RIFF) && prefix.get(24..28) == Some(b"wave") && prefix.get(28..40) == Some(&TAIL)
}

/// As [`super::parse_with`].
///
/// # Errors
/// As [`super::parse_with`].
pub(crate) fn parse_wave64(
    total_bytes: u64,
    limits: &Limits,
    fetch: &mut Fetch<'_>,
) -> Result<Option<WavLayout>, AudioError> {
    limits.check_bytes(total_bytes)?;
    let mut found = Found { container: NAME, ..Found::default() };
    let mut offset: u64 = 40;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0u8; HEADER as usize];
        if total_bytes.saturating_sub(offset) < HEADER {
            return found.finish(total_bytes, limits).map(Some);
        }
        if !fetch(offset, &mut head)? {
            return Ok(None);
        }
        let body = offset + HEADER;
        let here = total_bytes - body;
        let said = u64::from_le_bytes(head[16..].try_into().expect("8 bytes"));
        let size = said.saturating_sub(HEADER);
        match &head[..4] {
            _ if head[4..16] != TAIL => {}
            b"fmt " if found.fmt.is_none() => {
                if size > here {
                    return Err(truncated(total_bytes, "the whole fmt chunk"));
                }
                let mut bytes = [0u8; FMT_MAX];
                let bytes = &mut bytes[..size.min(FMT_MAX as u64) as usize];
                if !fetch(body, bytes)? {
                    return Ok(None);
                }
                found.fmt = Some(Fmt::read(bytes, limits)?);
            }
            b"fact" if found.fact.is_none() && size >= 4 && here >= 4 => {
                // 64 bits, or 32 as in WAV.
                let mut bytes = [0u8; 8];
                let wide = &mut bytes[..if size >= 8 && here >= 8 { 8 } else { 4 }];
                if !fetch(body, wide)? {
                    return Ok(None);
                }
                found.fact = Some(u64::from_le_bytes(bytes));
            }
            b"data" if found.data.is_none() => {
                // A writer that could not seek back leaves 0, the header's own size or all ones.
                let unknown = (size == 0 && here >= HEADER) || said >= u64::MAX - HEADER;
                let size = if unknown { UNKNOWN } else { size };
                found.data = Some((body, size));
                if found.fmt.is_some() || size > here {
                    return found.finish(total_bytes, limits).map(Some);
                }
            }
            _ => {}
        }
        if said < HEADER {
            // Garbage where a chunk should be: nothing after it can be trusted.
            return found.finish(total_bytes, limits).map(Some);
        }
        offset = body.saturating_add(size).checked_next_multiple_of(8).unwrap_or(u64::MAX);
    }
    Err(AudioError::Malformed {
        container: NAME,
        what: format!("more than {MAX_CHUNKS} chunks; expected fmt and data among the first"),
    })
}

fn truncated(at_bytes: u64, what: &'static str) -> AudioError {
    AudioError::Truncated { container: NAME, at_bytes, what }
}
