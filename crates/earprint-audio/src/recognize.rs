//! What does a source hold, before a reader opens it? Refuses in the right words what no reader will take.
//!
//! Enters: a source and the extension of its name. Leaves: the container to open, or the error that names the cause: a
//! known format that is not read, a file that is no audio, an MP4 file without its index. First bytes come before the
//! extension: a PNG picture called `.mp3` is a picture.

use std::io::SeekFrom;

use crate::error::AudioError;
use crate::formats;
use crate::other_kinds::{TEXT, other_kind};
use crate::sniff::{self, Container, SNIFF_BYTES};
use crate::stream::{Source, read_full};

/// The container of a source; `None` where only a search for a first packet can tell (`hint`: its extension). The
/// position of `source` moves.
///
/// # Errors
/// [`AudioError::Unsupported`], [`AudioError::NotAudio`], [`AudioError::Truncated`]; [`AudioError::Io`] of the source.
pub(crate) fn recognize(
    source: &mut Box<dyn Source>,
    #[cfg_attr(not(feature = "codecs"), expect(unused_variables, reason = "only MP4 is looked at further"))]
    total_bytes: u64,
    hint: Option<&str>,
) -> Result<Option<Container>, AudioError> {
    let head = read_at(source, 0)?;
    let found = match behind_tag(source, &head)? {
        None => {
            refuse(&head, hint)?;
            sniff::sniff(&head)
        }
        Some(behind) => Some(tagged(&behind)?),
    };
    #[cfg(feature = "codecs")]
    if found == Some(Container::Mp4) {
        crate::mp4_index::check(source, total_bytes)?;
    }
    Ok(found)
}

/// The container of a file that begins with an ID3v2 tag, by the bytes behind the tag.
fn tagged(behind: &[u8]) -> Result<Container, AudioError> {
    match sniff::sniff(behind) {
        Some(Container::Flac) => return Ok(Container::Flac),
        Some(Container::Adts) if frames::adts_pair(behind) => return Ok(Container::Adts),
        Some(Container::Mpeg | Container::Adts) => return Ok(Container::Mpeg),
        Some(other) => return Err(unsupported(format!("{} behind an ID3 tag", other.name()))),
        None => {}
    }
    if let Some(format) = formats::unread_by_bytes(behind, None) {
        return Err(unsupported(format.name.to_owned()));
    }
    match other_kind(behind) {
        // A tag of a wrong size may end within its own text.
        None | Some(TEXT) => Ok(Container::Mpeg),
        Some(kind) => Err(not_audio(format!("an ID3 tag and then {kind}"))),
    }
}

/// Whether these first bytes are those of audio, read here or known by name. `prefix`: up to [`SNIFF_BYTES`].
#[cfg(not(target_family = "wasm"))]
pub(crate) fn is_audio(prefix: &[u8], extension: Option<&str>) -> bool {
    if formats::unread_by_bytes(prefix, extension).is_some() {
        return true;
    }
    match sniff::sniff(prefix) {
        None => false,
        Some(_) if !starts_with_magic(prefix) && other_kind(prefix).is_some() => false,
        // Twelve bits are no proof: a second header must follow.
        Some(Container::Mpeg) if !prefix.starts_with(b"ID3") => frames::mpeg_pair(prefix),
        Some(Container::Adts) => frames::adts_pair(prefix),
        Some(_) => true,
    }
}

/// Bytes that no reader takes end in an error here.
fn refuse(head: &[u8], hint: Option<&str>) -> Result<(), AudioError> {
    if let Some(format) = formats::unread_by_bytes(head, hint) {
        return Err(unsupported(format.name.to_owned()));
    }
    match other_kind(head) {
        // Behind a text may stand packets, which only a search finds.
        Some(TEXT) if hint.is_some_and(is_searched) => return Ok(()),
        Some(_) if !starts_with_magic(head) => return Err(not_audio(describe(head))),
        _ => {}
    }
    let named =
        hint.filter(|_| !head.is_empty() && sniff::sniff(head).is_none()).and_then(formats::unread_by_extension);
    match named {
        Some(format) => Err(unsupported(format!("{} (by its name; it starts with {})", format.name, describe(head)))),
        None => Ok(()),
    }
}

/// First bytes for a message: what they begin, where that is known.
pub(crate) fn describe(head: &[u8]) -> String {
    match other_kind(head) {
        Some(kind) => format!("{kind} ({})", sniff::printable(head)),
        None => sniff::printable(head),
    }
}

/// Whether a first packet is searched for in files of this extension, whatever they begin with.
fn is_searched(extension: &str) -> bool {
    formats::by_extension(extension).any(|format| matches!(format.name, "MP3" | "MP2" | "AAC"))
}

fn unsupported(actual: String) -> AudioError {
    AudioError::Unsupported { expected: sniff::KNOWN, actual }
}

fn not_audio(actual: String) -> AudioError {
    AudioError::NotAudio { expected: sniff::KNOWN, actual }
}

/// Whether a container is told by more than the few bits of an MPEG header. Pictures in ISO files are none.
fn starts_with_magic(head: &[u8]) -> bool {
    head.starts_with(b"ID3")
        || !matches!(sniff::sniff(head), None | Some(Container::Mpeg | Container::Adts | Container::Mp4))
}

/// The bytes behind an ID3v2 tag, where there is one and something behind it.
/// Source: id3.org, "ID3 tag version 2.4.0", 3.1: size in four bytes of seven bits, a footer of ten by flag.
fn behind_tag(source: &mut Box<dyn Source>, head: &[u8]) -> Result<Option<Vec<u8>>, AudioError> {
    let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = *head else { return Ok(None) };
    let size = [a, b, c, d].iter().fold(0_u64, |size, byte| size << 7 | u64::from(byte & 0x7F));
    let behind = read_at(source, 10 + size + if flags & 0x10 != 0 { 10 } else { 0 })?;
    Ok((!behind.is_empty()).then_some(behind))
}

fn read_at(source: &mut Box<dyn Source>, at: u64) -> Result<Vec<u8>, AudioError> {
    source.seek(SeekFrom::Start(at)).map_err(|error| AudioError::io("the source", &error))?;
    let mut bytes = vec![0; SNIFF_BYTES];
    let n = read_full(source, &mut bytes)?;
    bytes.truncate(n);
    Ok(bytes)
}

/// Two headers of the same stream in a row. Sources: ISO/IEC 11172-3, 2.4.1.3 and 2.4.3.1; ISO/IEC 13818-7, 6.2.
mod frames {
    /// An MPEG audio frame of layer 2 or 3 and the header of the next one.
    #[cfg(not(target_family = "wasm"))]
    pub fn mpeg_pair(prefix: &[u8]) -> bool {
        let Some(length) = mpeg_frame_bytes(prefix) else { return false };
        let Some(next) = prefix.get(length..length + 4) else { return false };
        // Sync, version, layer and sample rate stay.
        next[0] == 0xFF && next[1] & 0xFE == prefix[1] & 0xFE && next[2] & 0x0C == prefix[2] & 0x0C
    }

    #[cfg(not(target_family = "wasm"))]
    fn mpeg_frame_bytes(h: &[u8]) -> Option<usize> {
        const LAYER_2: [usize; 15] = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
        const LAYER_3: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        const LOW_RATES: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        let [0xFF, b, c, _, ..] = *h else { return None };
        let mpeg_1 = b & 0x08 != 0;
        let layer = 4 - (b >> 1 & 3);
        let rates: &[usize; 15] = match (mpeg_1, layer) {
            (true, 2) => &LAYER_2,
            (true, 3) => &LAYER_3,
            (false, 2 | 3) => &LOW_RATES,
            _ => return None,
        };
        let kbits = *rates.get(usize::from(c >> 4)).filter(|&&kbits| kbits > 0)?;
        let halvings = match b >> 3 & 3 {
            3 => 0,
            2 => 1,
            _ => 2,
        };
        let rate = [44_100, 48_000, 32_000].get(usize::from(c >> 2 & 3))? >> halvings;
        let samples = if layer == 3 && !mpeg_1 { 576 } else { 1152 };
        Some(samples / 8 * kbits * 1000 / rate + usize::from(c >> 1 & 1))
    }

    /// An ADTS frame and the header of the next one.
    pub fn adts_pair(prefix: &[u8]) -> bool {
        let [0xFF, b, c, d, e, f, ..] = *prefix else { return false };
        let length = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
        let next = prefix.get(length..length + 3);
        length >= 7 && next.is_some_and(|n| n[0] == 0xFF && n[1] & 0xFE == b & 0xFE && n[2] & 0xFC == c & 0xFC)
    }
}
