//! Which container is it? Told by its first bytes; the file's name has no say.

/// Containers that are recognised, whether or not this build can decode them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF, RF64 or BW64 with WAVE; read by our own parser.
    Wav,
    /// Sony Wave64; read by our own parser.
    Wave64,
    /// Sun or NeXT AU; read by our own parser.
    Au,
    /// WavPack 4 and 5; read by our own decoder.
    WavPack,
    /// Native FLAC.
    Flac,
    /// Ogg with Vorbis or FLAC inside.
    Ogg,
    /// Ogg with Opus inside.
    OggOpus,
    /// MPEG audio layers 2 and 3, possibly behind an ID3 tag.
    Mpeg,
    /// AAC in an ADTS stream.
    Adts,
    /// ISO MP4, M4A, QuickTime.
    Mp4,
    /// Matroska or WebM.
    Matroska,
    /// AIFF or AIFF-C.
    Aiff,
    /// Apple Core Audio Format.
    Caf,
}

impl Container {
    /// Name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Wave64 => "Wave64",
            Container::Au => "AU",
            Container::WavPack => "WavPack",
            Container::Flac => "FLAC",
            Container::Ogg => "Ogg",
            Container::OggOpus => "Ogg Opus",
            Container::Mpeg => "MP3",
            Container::Adts => "AAC",
            Container::Mp4 => "MP4",
            Container::Matroska => "Matroska",
            Container::Aiff => "AIFF",
            Container::Caf => "CAF",
        }
    }
}

impl Container {
    /// Whether this build has what reads it. Those of feature `more-codecs` are refused before any other reader sees
    /// them: in a stream of AAC an MP3 reader would find what it takes for frames.
    pub fn in_this_build(self) -> bool {
        match self {
            Container::Wav | Container::Wave64 | Container::Au => true,
            Container::Flac | Container::Ogg | Container::Mpeg => cfg!(feature = "codecs"),
            _ => cfg!(feature = "more-codecs"),
        }
    }
}

/// Bytes that [`sniff`] wants to see; fewer are fine.
pub const SNIFF_BYTES: usize = 2048;

/// Recognises a container by the first [`SNIFF_BYTES`] bytes of a file.
pub fn sniff(prefix: &[u8]) -> Option<Container> {
    let at = |offset: usize, magic: &[u8]| prefix.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if crate::wav::is_wav(prefix) {
        Some(Container::Wav)
    } else if crate::wav::is_wave64(prefix) {
        Some(Container::Wave64)
    } else if crate::wav::is_au(prefix) {
        Some(Container::Au)
    } else if at(0, b"wvpk") {
        Some(Container::WavPack)
    } else if at(0, b"fLaC") {
        Some(Container::Flac)
    } else if at(0, b"OggS") {
        // A page header of 27 bytes and a table of one segment stand before the codec's own magic.
        if at(28, b"OpusHead") { Some(Container::OggOpus) } else { Some(Container::Ogg) }
    } else if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
        Some(Container::Aiff)
    } else if at(0, b"caff") {
        Some(Container::Caf)
    } else if is_mp4(prefix) {
        Some(Container::Mp4)
    } else if at(0, &[0x1A, 0x45, 0xDF, 0xA3]) {
        Some(Container::Matroska)
    } else if at(0, b"ID3") {
        // The tag's size tells nothing about what follows; the decoder's probe steps over it.
        Some(Container::Mpeg)
    } else {
        match prefix {
            // Eleven sync bits; layer 0 marks ADTS, version 1 and rate indices 15 and 3 are reserved.
            [0xFF, b, ..] if b & 0xF6 == 0xF0 => Some(Container::Adts),
            [0xFF, b, c, ..]
                if b & 0xE0 == 0xE0 && b & 0x18 != 0x08 && b & 6 != 0 && c >> 4 != 15 && c & 0x0C != 0x0C =>
            {
                Some(Container::Mpeg)
            }
            _ => None,
        }
    }
}

/// A file type box, or in QuickTime files from before it one of the boxes that may come first, of a size that fits.
fn is_mp4(prefix: &[u8]) -> bool {
    let Some((size, kind)) = prefix.split_first_chunk::<4>() else { return false };
    let size = u32::from_be_bytes(*size);
    match kind.get(..4) {
        Some(b"ftyp") => true,
        Some(b"mdat") => size >= 8 || size <= 1,
        // Text such as "fat-free" is no box of a gigabyte.
        Some(b"moov" | b"wide" | b"free" | b"skip" | b"pnot") => (8..1 << 29).contains(&size),
        _ => false,
    }
}

/// The containers this build decodes, for messages.
pub const KNOWN: &str = crate::formats::READ_NAMES;

/// First bytes of a file for a message: text where it is text, hex where not.
pub fn printable(prefix: &[u8]) -> String {
    let head = &prefix[..prefix.len().min(12)];
    if head.is_empty() {
        "nothing (0 bytes)".into()
    } else if head.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        format!("\"{}\"", String::from_utf8_lossy(head))
    } else {
        let hex: Vec<String> = head.iter().map(|b| format!("{b:02x}")).collect();
        format!("bytes {}", hex.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_built_with_every_decoder() {
        assert!([Container::Wav, Container::Mpeg, Container::Mp4, Container::Caf].iter().all(|c| c.in_this_build()));
    }

    #[test]
    fn magic_bytes_are_told_apart() {
        assert_eq!(sniff(b"RF64\xff\xff\xff\xffWAVEds64"), Some(Container::Wav));
        assert_eq!(sniff(b"RIFF\x00\x00\x00\x00AVI LIST"), None);
        assert_eq!(sniff(b"fLaC\0\0\0\x22"), Some(Container::Flac));
        assert_eq!(sniff(b"\0\0\0\x20ftypM4A "), Some(Container::Mp4));
        assert_eq!(sniff(b"\0\0\0\x08wide\0\0\0\0mdat"), Some(Container::Mp4));
        assert_eq!(sniff(b"fat-free milk"), None);
        assert_eq!(sniff(&[0x1A, 0x45, 0xDF, 0xA3, 0x9F]), Some(Container::Matroska));
        assert_eq!(sniff(&[0xFF, 0xFB, 0x90, 0x00]), Some(Container::Mpeg));
        assert_eq!(sniff(&[0xFF, 0xF1, 0x50, 0x80]), Some(Container::Adts));
        assert_eq!(sniff(&[0xFF, 0xFF, 0xFF, 0xFF]), None);
        let mut opus = b"OggS".to_vec();
        opus.resize(28, 0);
        opus.extend(b"OpusHead");
        assert_eq!(sniff(&opus), Some(Container::OggOpus));
        assert_eq!(sniff(b""), None);
    }
}
