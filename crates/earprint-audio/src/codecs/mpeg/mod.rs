//! MPEG audio streams (MP3, MP2, MP1): our own reader, since a stream is nothing but frames, tags and damage.
//!
//! Enters: a source. Leaves: its frames as packets, each stream of a joined file as a track of its own.

mod chain;
#[cfg(feature = "more-codecs")]
mod free_format;
mod header;
mod info;
mod reader;
mod tags;
mod window;

use chain::{CHAIN_BYTES, CHAIN_FRAMES, Chain, find_free_bytes, follow, search};
#[cfg(feature = "more-codecs")]
pub(super) use free_format::FreeFormatCodec;
use header::FrameHeader;
pub(super) use reader::MpegReader;
use tags::TAG_LOOKAHEAD;
pub(super) use tags::{tag_bytes, trailing_tag_bytes};
use window::{LOOKAHEAD, Window};

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::common::FourCc;

use super::unsupported;
use crate::error::AudioError;
use crate::sniff::{Container, KNOWN, printable, sniff};
use crate::stream::Source;

/// Codec of packets without a bit rate.
pub(super) const CODEC_ID_FREE_MP3: AudioCodecId = AudioCodecId::new(FourCc::new(*b"mp3f"));

/// Longest frame of free format that is decoded, in bytes: 700 kbit/s at 44.1 kHz.
const MAX_FREE_BYTES: usize = 2303;

/// Bytes of junk before the first frame that are searched.
const MAX_JUNK_BYTES: u64 = 1 << 25;

/// What a source holds that looked like an MPEG audio stream.
pub(super) enum Opened {
    /// MPEG audio.
    Mpeg(Box<MpegReader>),
    /// Another container behind an ID3 tag.
    Other(Box<dyn Source>, Container),
}

/// Opens an MPEG audio stream behind tags and junk.
///
/// # Errors
/// [`AudioError::NotAudio`] where no frames follow each other, [`AudioError::Truncated`] where a tag does not end,
/// [`AudioError::Unsupported`] for free format, [`AudioError::Io`].
pub(super) fn open(source: Box<dyn Source>, total_bytes: u64) -> Result<Opened, AudioError> {
    let mut window = Window::open(source)?;
    let start = printable(window.peek(TAG_LOOKAHEAD)?);
    let mut tagged = false;
    while let Some(tag) = tag_bytes(window.peek(TAG_LOOKAHEAD)?) {
        if window.skip(tag)? < tag || window.position() == total_bytes {
            return Err(AudioError::Truncated {
                container: "MP3",
                at_bytes: total_bytes,
                what: "a frame behind the tag",
            });
        }
        tagged = true;
    }
    if let Some(container @ (Container::Flac | Container::Adts)) = sniff(window.peek(TAG_LOOKAHEAD)?) {
        return Ok(Opened::Other(window.into_source(), container));
    }
    let head = window.peek(LOOKAHEAD)?;
    // The mark of UTF-16 text looks like layer 1.
    let breaks_off = FrameHeader::parse(head).is_some_and(|header| header.layer != 1)
        && follow(head, None, CHAIN_FRAMES) == Chain::Ends(0);
    let (stream, free_bytes) = match at_start(&mut window)? {
        Some(found) => found,
        None => match behind_junk(&mut window)? {
            Some(found) => found,
            None if tagged => {
                let what = "no MPEG frames follow each other behind the tag".into();
                return Err(AudioError::Malformed { container: "MP3", what });
            }
            None if breaks_off => {
                let what = "a whole frame";
                return Err(AudioError::Truncated { container: "MP3", at_bytes: total_bytes, what });
            }
            None => return Err(AudioError::NotAudio { expected: KNOWN, actual: start }),
        },
    };
    if free_bytes.is_some_and(|bytes| stream.layer != 3 || bytes >= MAX_FREE_BYTES) {
        return Err(unsupported(format!(
            "MPEG layer {} of free format at {} bytes a frame (read is layer 3 below {})",
            stream.layer,
            free_bytes.unwrap_or(0),
            MAX_FREE_BYTES
        )));
    }
    Ok(Opened::Mpeg(Box::new(MpegReader::new(window, stream, free_bytes)?)))
}

/// The stream at the window's position; one frame is enough there.
fn at_start(window: &mut Window) -> Result<Option<(FrameHeader, Option<usize>)>, AudioError> {
    let bytes = window.peek(LOOKAHEAD)?;
    let Some(header) = FrameHeader::parse(bytes) else { return Ok(None) };
    let free_bytes = find_free_bytes(bytes);
    let found = matches!(follow(bytes, free_bytes, CHAIN_FRAMES), Chain::Whole | Chain::Ends(1..));
    Ok(found.then_some((header, free_bytes)))
}

/// The first stream behind junk; the window is moved there.
fn behind_junk(window: &mut Window) -> Result<Option<(FrameHeader, Option<usize>)>, AudioError> {
    let start = window.position();
    while window.position() - start < MAX_JUNK_BYTES {
        let first = window.position() == start;
        let bytes = window.peek(LOOKAHEAD)?;
        let ended = bytes.len() < LOOKAHEAD;
        // Measuring free format takes long, so it is done near the start only.
        if let Some((at, free_bytes)) = search(bytes, ended, if first { LOOKAHEAD } else { 0 }) {
            let header = FrameHeader::parse(&bytes[at..]);
            window.skip(at as u64)?;
            return Ok(header.map(|header| (header, free_bytes)));
        }
        if ended {
            break;
        }
        let judged = bytes.len() - CHAIN_BYTES;
        window.skip(judged as u64)?;
    }
    Ok(None)
}
