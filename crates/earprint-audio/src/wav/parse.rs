//! Walks the chunks up to `data`.

use super::format::{FMT_MAX, Fmt, WavLayout};
use super::found::{Found, UNKNOWN};
use crate::error::AudioError;
use crate::limits::Limits;

/// Chunks looked at before giving up: more is an attack or no WAV at all, and each may cost a seek.
const MAX_CHUNKS: usize = 4096;

/// What a prefix of a file is enough for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// All is known; the samples begin at `data_offset`, perhaps beyond the prefix.
    Ready(WavLayout),
    /// The header goes on; try again with at least this many bytes.
    NeedMore {
        /// Prefix length to come back with, at most the total length.
        at_least: u64,
    },
}

/// Parses a whole file.
///
/// Data that ends early, sizes of 0 or 0xFFFFFFFF left by an interrupted recorder, missing pad
/// bytes and a wrong frame size are worked around and told in the note.
///
/// # Errors
/// [`AudioError::NotAudio`], [`AudioError::Malformed`], [`AudioError::Truncated`] without a sample,
/// [`AudioError::Unsupported`] codecs, and every bound of `limits`.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<WavLayout, AudioError> {
    match parse_header(bytes, bytes.len() as u64, limits)? {
        Header::Ready(layout) => Ok(layout),
        // Unreachable: no offset within a complete file is beyond its prefix.
        Header::NeedMore { at_least } => Err(truncated(at_least, "a complete header")),
    }
}

/// Parses the start of a file of `total_bytes`, so that a caller can read the samples straight into
/// its own buffer. The layout is the one [`parse`] finds in the whole file.
///
/// # Errors
/// As [`parse`].
pub fn parse_header(prefix: &[u8], total_bytes: u64, limits: &Limits) -> Result<Header, AudioError> {
    let mut at_least = 0;
    let found = parse_with(total_bytes.max(prefix.len() as u64), limits, &mut |offset, out| {
        let end = offset + out.len() as u64;
        let Some(bytes) = usize::try_from(offset).ok().and_then(|start| prefix.get(start..start + out.len())) else {
            at_least = end;
            return Ok(false);
        };
        out.copy_from_slice(bytes);
        Ok(true)
    })?;
    Ok(match found {
        Some(layout) => Header::Ready(layout),
        None => Header::NeedMore { at_least },
    })
}

/// Random access for [`parse_with`]: fills the slice with the bytes at the offset and returns true, or
/// returns false to stop.
pub type Fetch<'a> = dyn FnMut(u64, &mut [u8]) -> Result<bool, AudioError> + 'a;

/// The parser itself, over any random access: `fetch(offset, out)` fills `out` and returns true, or
/// returns false to stop, which makes the result `None`. It is never asked for bytes beyond
/// `total_bytes`.
///
/// # Errors
/// As [`parse`], and whatever `fetch` returns.
pub fn parse_with(total_bytes: u64, limits: &Limits, fetch: &mut Fetch<'_>) -> Result<Option<WavLayout>, AudioError> {
    limits.check_bytes(total_bytes)?;
    if total_bytes < 12 {
        return Err(truncated(total_bytes, "a RIFF header of 12 bytes"));
    }
    let mut riff = [0u8; 12];
    if !fetch(0, &mut riff)? {
        return Ok(None);
    }
    if !super::is_wav(&riff) {
        return Err(AudioError::NotAudio {
            expected: "RIFF, RF64 or BW64 with WAVE",
            actual: crate::sniff::printable(&riff),
        });
    }
    let has_ds64 = &riff[..4] != b"RIFF";
    let mut walk = Walk { total_bytes, offset: 12, odd: false };
    let mut ds64_data: Option<u64> = None;
    let mut found = Found { container: "WAV", ..Found::default() };

    for _ in 0..MAX_CHUNKS {
        let chunk = match walk.next(fetch)? {
            Step::Chunk(chunk) => chunk,
            Step::Stop => return Ok(None),
            Step::End => return found.finish(total_bytes, limits).map(Some),
        };
        let here = total_bytes - chunk.body;
        let mut size = u64::from(chunk.size);
        match &chunk.id {
            b"ds64" => {
                let mut body = [0u8; 16];
                if size >= 16 && here >= 16 {
                    if !fetch(chunk.body, &mut body)? {
                        return Ok(None);
                    }
                    ds64_data = Some(u64::from_le_bytes(body[8..16].try_into().expect("8 bytes")));
                }
            }
            b"fmt " if found.fmt.is_none() => {
                if size > here {
                    return Err(truncated(total_bytes, "the whole fmt chunk"));
                }
                let mut body = [0u8; FMT_MAX];
                let body = &mut body[..size.min(FMT_MAX as u64) as usize];
                if !fetch(chunk.body, body)? {
                    return Ok(None);
                }
                found.fmt = Some(Fmt::read(body, limits)?);
            }
            b"fact" if found.fact.is_none() && size >= 4 && here >= 4 => {
                let mut body = [0u8; 4];
                if !fetch(chunk.body, &mut body)? {
                    return Ok(None);
                }
                found.fact = Some(u64::from(u32::from_le_bytes(body)));
            }
            b"data" if found.data.is_none() => {
                if let (true, u32::MAX, Some(real)) = (has_ds64, chunk.size, ds64_data) {
                    size = real;
                }
                let unknown = if size == 0 {
                    let Some(follows) = walk.chunk_follows(chunk.body, fetch)? else { return Ok(None) };
                    here > 0 && !follows
                } else {
                    is_placeholder(size) && size > here
                };
                if unknown {
                    size = UNKNOWN;
                }
                found.data = Some((chunk.body, size));
                if found.fmt.is_some() || size > here {
                    // Whatever follows the samples cannot change how they are read.
                    return found.finish(total_bytes, limits).map(Some);
                }
            }
            _ => {}
        }
        walk.skip(chunk.body, size);
    }
    Err(malformed(format!("more than {MAX_CHUNKS} chunks; expected fmt and data among the first")))
}

/// What recorders and pipes write for "not known yet": all ones (ffmpeg), 2^31 - 1 rounded down to
/// a frame or a page (SoX), all ones rounded down.
pub(crate) fn is_placeholder(size: u64) -> bool {
    matches!(size, 0x7FFF_F000..=0x7FFF_FFFF | 0xFFFF_F000..=0xFFFF_FFFF | u64::MAX)
}

struct Chunk {
    id: [u8; 4],
    size: u32,
    /// Offset of the body.
    body: u64,
}

enum Step {
    Chunk(Chunk),
    /// No further chunk.
    End,
    /// `fetch` declined.
    Stop,
}

struct Walk {
    total_bytes: u64,
    /// Where the next chunk begins if the last one was padded by the rules.
    offset: u64,
    /// Whether the last chunk was odd, so that its pad byte may be missing.
    odd: bool,
}

impl Walk {
    fn next(&mut self, fetch: &mut Fetch<'_>) -> Result<Step, AudioError> {
        let mut head = [0u8; 8];
        // After an odd chunk read from the unpadded place, so that one look settles both readings.
        if self.odd && self.offset.saturating_add(7) <= self.total_bytes {
            if !fetch(self.offset - 1, &mut head)? {
                return Ok(Step::Stop);
            }
            if head[0] != 0 && is_id(&head[..4]) && !is_id(&head[1..5]) {
                self.offset -= 1;
            }
        }
        if self.total_bytes.saturating_sub(self.offset) < 8 {
            return Ok(Step::End);
        }
        if !fetch(self.offset, &mut head)? {
            return Ok(Step::Stop);
        }
        let id = [head[0], head[1], head[2], head[3]];
        if !is_id(&id) {
            // Garbage where a chunk should be: nothing after it can be trusted.
            return Ok(Step::End);
        }
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        Ok(Step::Chunk(Chunk { id, size, body: self.offset + 8 }))
    }

    fn skip(&mut self, body: u64, size: u64) {
        self.odd = size % 2 == 1;
        self.offset = body.saturating_add(size).saturating_add(size % 2);
    }

    /// Whether a plausible chunk begins at `offset`: then a `data` of size 0 before it is truly empty.
    /// `None` if `fetch` declined.
    fn chunk_follows(&self, offset: u64, fetch: &mut Fetch<'_>) -> Result<Option<bool>, AudioError> {
        let mut head = [0u8; 8];
        if self.total_bytes.saturating_sub(offset) < 8 {
            return Ok(Some(false));
        }
        if !fetch(offset, &mut head)? {
            return Ok(None);
        }
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        Ok(Some(is_id(&head[..4]) && u64::from(size) <= self.total_bytes - offset - 8))
    }
}

/// Chunk names are four printable ASCII characters.
fn is_id(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| (0x20..0x7F).contains(b))
}

fn malformed(what: String) -> AudioError {
    AudioError::Malformed { container: "WAV", what }
}

fn truncated(at_bytes: u64, what: &'static str) -> AudioError {
    AudioError::Truncated { container: "WAV", at_bytes, what }
}
