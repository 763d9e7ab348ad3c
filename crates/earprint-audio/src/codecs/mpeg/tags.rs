//! Tags that stand before, between and behind the frames of an MPEG audio stream, recognised to be stepped over.
//!
//! Source: id3.org "ID3 tag version 2.4.0 - Main Structure" §3, "ID3v1"; "APEv2 specification" (Hydrogenaudio wiki);
//! id3.org "Lyrics3" and "Lyrics3v2".

/// Bytes that [`tag_bytes`] wants to see: a whole Lyrics3 v1 tag.
pub(super) const TAG_LOOKAHEAD: usize = 5200;

/// Length in bytes of the tag that begins here, `None` if none does. It may be more than the source has.
pub(in crate::codecs) fn tag_bytes(bytes: &[u8]) -> Option<u64> {
    if bytes.starts_with(b"ID3") {
        id3v2_bytes(bytes)
    } else if bytes.starts_with(b"TAG+") {
        Some(227)
    } else if bytes.starts_with(b"TAG") {
        Some(128)
    } else if bytes.starts_with(b"APETAGEX") {
        ape_bytes(bytes)
    } else if bytes.starts_with(b"LYRICSBEGIN") {
        lyrics3_bytes(bytes)
    } else {
        None
    }
}

/// Length in bytes of the tag that ends with `tail`, the last 160 bytes of a file: ID3v1 or APE.
pub(in crate::codecs) fn trailing_tag_bytes(tail: &[u8]) -> Option<u64> {
    const HAS_HEADER: u32 = 1 << 31;
    if tail.len() >= 128 && tail[tail.len() - 128..].starts_with(b"TAG") {
        return Some(128);
    }
    let footer = tail.get(tail.len().checked_sub(32)?..).filter(|footer| footer.starts_with(b"APETAGEX"))?;
    let word = |at: usize| u32::from_le_bytes([footer[at], footer[at + 1], footer[at + 2], footer[at + 3]]);
    let header = if word(20) & HAS_HEADER != 0 { 32 } else { 0 };
    Some((u64::from(word(12)) + header).max(32))
}

/// Header of 10 bytes, a size of 4 · 7 bits, a footer of 10 bytes where a flag says so.
fn id3v2_bytes(bytes: &[u8]) -> Option<u64> {
    let &[_, _, _, major, minor, flags, a, b, c, d, ..] = bytes else { return None };
    if major == 0xFF || minor == 0xFF || (a | b | c | d) & 0x80 != 0 {
        return None;
    }
    let size = [a, b, c, d].iter().fold(0, |sum, &byte| sum << 7 | u64::from(byte));
    Some(10 + size + if flags & 0x10 != 0 { 10 } else { 0 })
}

/// A header of 32 bytes tells the size of what follows it, the footer included; a footer without header stands
/// behind its items and is all that is left of them.
fn ape_bytes(bytes: &[u8]) -> Option<u64> {
    const IS_HEADER: u32 = 1 << 29;
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (size, flags) = (word(12)?, word(20)?);
    Some(32 + if flags & IS_HEADER != 0 { u64::from(size) } else { 0 })
}

/// Text between "LYRICSBEGIN" and "LYRICSEND" (version 1) or a six-digit size and "LYRICS200" (version 2).
fn lyrics3_bytes(bytes: &[u8]) -> Option<u64> {
    let text = &bytes[..bytes.len().min(TAG_LOOKAHEAD)];
    text.windows(9).position(|w| w == b"LYRICSEND" || w == b"LYRICS200").map(|at| at as u64 + 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_tell_their_length() {
        assert_eq!(tag_bytes(b"ID3\x03\0\0\0\0\x02\x01 and so on"), Some(10 + 257));
        assert_eq!(tag_bytes(b"ID3\x04\0\x10\0\x7F\x7F\x7F"), Some(10 + 0x1F_FFFF + 10));
        assert_eq!(tag_bytes(b"ID3\x04\0\0\x80\0\0\0"), None, "sizes have seven bits a byte");
        assert_eq!(tag_bytes(b"TAGtitle"), Some(128));
        let mut ape = b"APETAGEX\xD0\x07\0\0\x40\x01\0\0\x01\0\0\0\0\0\0\xA0".to_vec();
        ape.resize(32, 0);
        assert_eq!(tag_bytes(&ape), Some(32 + 320));
        ape[23] = 0x80;
        assert_eq!(tag_bytes(&ape), Some(32), "a footer");
        assert_eq!(tag_bytes(b"LYRICSBEGINLYR00005words000027LYRICS200TAG"), Some(39));
        assert_eq!(tag_bytes(b"\xFF\xFB\x90\0"), None);
    }
}
