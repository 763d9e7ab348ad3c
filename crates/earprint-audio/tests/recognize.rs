//! What a refusal says: the cause that the first bytes show, and the cure that fits it.
#![cfg(feature = "codecs")]

mod common;

use std::io::{Cursor, Read, Seek, SeekFrom};

use common::{caf, flac, mp3_silence};
use earprint_audio::{AudioError, Limits, Stream, decode};

fn refusal(bytes: &[u8], extension: &str) -> (&'static str, String) {
    let error = decode(bytes.to_vec(), Some(extension), &Limits::default()).expect_err(extension);
    (error.code(), error.to_string())
}

#[test]
fn what_is_no_audio_is_named_whatever_its_extension() {
    for (bytes, words) in [
        (&b"<!DOCTYPE html>\n<html><body>404</body></html>\n"[..], "an HTML page (\"<!DOCTYPE ht\")"),
        (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0", "a PNG picture (bytes 89 50 4e 47"),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", "a JPEG picture"),
        (b"PK\x03\x04\x14\0\0\0", "a ZIP archive"),
        (b"\x1F\x8B\x08\0\0\0\0\0", "gzip data"),
        (b"%PDF-1.4\n", "a PDF document"),
        (b"<?xml version=\"1.0\"?>\n<rss/>", "an XML document"),
        (b"Please find the recording attached.\n", "text (\"Please find \")"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "a HEIF or AVIF picture"),
    ] {
        for extension in ["mp3", "aac", "wav", "m4a", "wma", "flac"] {
            let (code, text) = refusal(bytes, extension);
            assert_eq!(code, "E_NOT_AUDIO", "{extension}: {text}");
            assert!(text.contains(&format!("it starts with {words}")), "{extension}: {text}");
        }
    }
    // A tag proves nothing: what stands behind it counts.
    let tagged = [&b"ID3\x04\0\0\0\0\0\x10"[..], &[0; 16], b"<html><body>404</body></html>"].concat();
    let (code, text) = refusal(&tagged, "mp3");
    assert!(code == "E_NOT_AUDIO" && text.contains("an ID3 tag and then an HTML page"), "{text}");
    // Nothing known, and no packet to be found.
    let (code, text) = refusal(&[7; 3000], "mp3");
    assert!(code == "E_NOT_AUDIO" && text.contains("it starts with bytes 07 07"), "{text}");
}

#[test]
fn a_search_finds_packets_behind_text_and_tags_are_stepped_over() {
    let mut junk = b"ICY 200 OK, and some more words of a server".repeat(100);
    junk.extend(mp3_silence(30));
    assert!(decode(junk, Some("mp3"), &Limits::default()).is_ok());
    let planes = [(0..8000).map(|n| (n % 100) as i16).collect::<Vec<i16>>()];
    let tagged = [&b"ID3\x04\0\0\0\0\0\x10"[..], &[0; 16], &flac(8000, &planes)].concat();
    assert_eq!(decode(tagged, None, &Limits::default()).expect("FLAC behind a tag").frames(), 8000);
}

#[test]
fn a_known_format_that_is_not_read_is_named_with_its_cure() {
    let asf = b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C";
    // By its bytes in a file of any name, and by its name where bytes do not tell.
    for (bytes, extension, name) in
        [(&asf[..], "mp3", "WMA"), (b"MThd\0\0\0\x06", "xyz", "MIDI"), (b"\xFA\x12\xE3\x07", "g722", "G.722")]
    {
        let (code, text) = refusal(bytes, extension);
        assert_eq!(code, "E_UNSUPPORTED", "{text}");
        assert!(text.starts_with(&format!("unsupported: {name}")), "{text}");
        assert_eq!(text.contains("render it"), name == "MIDI", "{text}");
        assert_eq!(text.contains("convert the file"), name != "MIDI", "{text}");
    }
}

#[test]
fn an_mp4_file_that_ends_before_its_index_is_truncated() {
    let mut bytes = b"\0\0\0\x1Cftypmp42\0\0\0\x01isommp41mp42\0\0\0\x08free\0\x01\x1A\x68mdat".to_vec();
    bytes.resize(4000, 0x21);
    let (code, text) = refusal(&bytes, "m4a");
    assert_eq!(code, "E_DECODE_TRUNCATED", "{text}");
    assert!(text.contains("ends at byte 4,000 before its first sample: its index (moov) is missing"), "{text}");
    assert!(!text.contains("convert"), "{text}");
}

/// A chunk whose size leads out of every file: damage, on a disk as in memory, and never a failure of the system. Behind
/// the samples it costs nothing.
#[test]
fn a_size_that_no_file_has_is_damage_and_no_failure_of_the_system() {
    let planes = [(0..2000).map(|n| (n % 100) as i16).collect::<Vec<i16>>()];
    let whole = caf(8000, &planes);
    let junk = b".&\xFA\x89\x28\x67\xEF\x01\x02\x03\x04\x05 and bytes of no meaning";
    let path = std::env::temp_dir().join(format!("earprint-einval-{}.caf", std::process::id()));
    let on_disk = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("temporary file");
        let decoded = earprint_audio::decode_path(&path, &Limits::default());
        std::fs::remove_file(&path).expect("it is there");
        decoded
    };
    let behind = [&whole[..], junk].concat();
    let clip = on_disk(&behind).expect("its samples are whole");
    assert_eq!((clip.frames(), clip.note.as_ref().is_some_and(|note| note.repaired.is_some())), (2000, true));
    assert_eq!(Ok(clip), decode(behind, None, &Limits::default()));
    let data = whole.windows(4).position(|four| four == b"data").expect("a data chunk");
    let before = [&whole[..data], junk, &whole[data..]].concat();
    let (code, text) = refusal(&before, "caf");
    assert_eq!(code, "E_DECODE_TRUNCATED", "{text}");
    assert_eq!(on_disk(&before).expect_err("damaged").code(), code);
}

/// A disk that fails from some byte on.
struct Failing(Cursor<Vec<u8>>, u64);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.0.position() >= self.1 { Err(std::io::Error::from_raw_os_error(5)) } else { self.0.read(out) }
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_disk_that_fails_is_an_error_of_the_system() {
    let planes = [(0..60_000).map(|n| (n % 100) as i16).collect::<Vec<i16>>()];
    for fails_at in [0, 40_000] {
        let source = Failing(Cursor::new(caf(8000, &planes)), fails_at);
        let opened = Stream::open(Box::new(source), None, &Limits::default());
        let ended = opened.and_then(|mut stream| {
            while stream.next_block()?.is_some() {}
            Ok(())
        });
        assert!(matches!(ended, Err(AudioError::Io { .. })), "{ended:?}");
    }
}
