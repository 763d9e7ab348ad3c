//! Paths as text, without loss.
//!
//! A path that is Unicode without control characters stands as it is. Every other one, and one that happens to begin with
//! `bytes:`, stands as `bytes:` and the path with `%XX` for each byte that is not part of a character (on Windows `%uXXXX`
//! for a lone half of a UTF-16 pair), for control characters and for `%` itself. So a text belongs to exactly one path, has
//! one line, and reads well in nearly all cases. Records, lists, exports and the library all hold paths in this form.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const ESCAPED: &str = "bytes:";

/// The path as text.
pub fn path_text(path: &Path) -> String {
    if let Some(text) = path.to_str()
        && !text.starts_with(ESCAPED)
        && !text.contains(|c: char| c.is_control())
    {
        return text.to_owned();
    }
    let mut out = ESCAPED.to_owned();
    escape(path, &mut out);
    out
}

fn push(c: char, out: &mut String) {
    if c == '%' || c.is_control() {
        for b in c.encode_utf8(&mut [0; 4]).bytes() {
            write!(out, "%{b:02X}").expect("memory");
        }
    } else {
        out.push(c);
    }
}

#[cfg(unix)]
fn escape(path: &Path, out: &mut String) {
    use std::os::unix::ffi::OsStrExt;
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(c, out));
        for b in chunk.invalid() {
            write!(out, "%{b:02X}").expect("memory");
        }
    }
}

#[cfg(windows)]
fn escape(path: &Path, out: &mut String) {
    use std::os::windows::ffi::OsStrExt;
    for c in char::decode_utf16(path.as_os_str().encode_wide()) {
        match c {
            Ok(c) => push(c, out),
            Err(half) => write!(out, "%u{:04X}", half.unpaired_surrogate()).expect("memory"),
        }
    }
}

/// Neither bytes nor UTF-16: in wasm a path is text.
#[cfg(not(any(unix, windows)))]
fn escape(path: &Path, out: &mut String) {
    path.to_string_lossy().chars().for_each(|c| push(c, out));
}

/// The path of a text that [`path_text`] made. `None` where the text is none of its texts, or of another system.
pub fn path_from_text(text: &str) -> Option<PathBuf> {
    let Some(escaped) = text.strip_prefix(ESCAPED) else { return Some(PathBuf::from(text)) };
    let mut bytes = Vec::new();
    let mut rest = escaped;
    // Halves of UTF-16 pairs, and where they stand: only Windows has them.
    let mut halves: Vec<(usize, u16)> = Vec::new();
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let code = &rest[at + 1..];
        if let Some(hex) = code.strip_prefix('u') {
            halves.push((bytes.len(), u16::from_str_radix(hex.get(..4)?, 16).ok()?));
            rest = hex.get(4..)?;
        } else {
            bytes.push(u8::from_str_radix(code.get(..2)?, 16).ok()?);
            rest = code.get(2..)?;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(PathBuf::from(unescape(bytes, &halves)?))
}

#[cfg(unix)]
fn unescape(bytes: Vec<u8>, halves: &[(usize, u16)]) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    halves.is_empty().then(|| OsString::from_vec(bytes))
}

#[cfg(not(any(unix, windows)))]
fn unescape(bytes: Vec<u8>, halves: &[(usize, u16)]) -> Option<OsString> {
    if halves.is_empty() { String::from_utf8(bytes).ok().map(OsString::from) } else { None }
}

#[cfg(windows)]
fn unescape(bytes: Vec<u8>, halves: &[(usize, u16)]) -> Option<OsString> {
    use std::os::windows::ffi::OsStringExt;
    let mut wide = Vec::new();
    let mut from = 0;
    for &(at, half) in halves.iter().chain([&(bytes.len(), 0)]) {
        wide.extend(std::str::from_utf8(&bytes[from..at]).ok()?.encode_utf16());
        if at < bytes.len() || half != 0 {
            wide.push(half);
        }
        from = at;
    }
    Some(OsString::from_wide(&wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_stand_as_they_are() {
        for p in ["/music/a b.flac", "C:\\Musik\\ä%20.mp3", "", "日本.wav", "x/bytes:y"] {
            assert_eq!(path_text(Path::new(p)), p);
            assert_eq!(path_from_text(p), Some(PathBuf::from(p)));
        }
    }

    #[test]
    fn text_with_control_characters_or_our_mark_is_escaped() {
        for (p, t) in [("a\nb%", "bytes:a%0Ab%25"), ("bytes:x", "bytes:bytes:x"), ("\u{85}é", "bytes:%C2%85é")] {
            assert_eq!(path_text(Path::new(p)), t);
            assert_eq!(path_from_text(t), Some(PathBuf::from(p)));
        }
        for wrong in ["bytes:%", "bytes:%4", "bytes:%ZZ", "bytes:%u12", "bytes:%é1"] {
            assert_eq!(path_from_text(wrong), None, "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_come_back() {
        use std::os::unix::ffi::OsStringExt;
        let p = PathBuf::from(OsString::from_vec(b"/m/caf\xe9 \xf0\x9f\x8e\xb5\xff%.mp3".to_vec()));
        let t = path_text(&p);
        assert_eq!(t, "bytes:/m/caf%E9 🎵%FF%25.mp3");
        assert_eq!(path_from_text(&t), Some(p));
        assert_eq!(path_from_text("bytes:%uD800"), None);
    }
}
