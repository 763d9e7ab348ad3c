//! Files that are no audio: told by their first bytes for messages, by their extension so that a walk need not open them.
//!
//! Sources: the formats' public documents and the signatures of PRONOM (The National Archives).

/// The words for plain text.
pub(crate) const TEXT: &str = "text";

/// First bytes of common files that hold no sound, and words that follow "it starts with".
const KINDS: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1A\n", "a PNG picture"),
    (0, b"\xFF\xD8\xFF", "a JPEG picture"),
    (0, b"GIF87a", "a GIF picture"),
    (0, b"GIF89a", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an Office document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "a ZIP archive"),
    (0, b"\x1F\x8B", "gzip data"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\xFD7zXZ\0", "xz data"),
    (0, b"\x28\xB5\x2F\xFD", "Zstandard data"),
    (0, b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
    (0, b"Rar!\x1A\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7FELF", "a program (ELF)"),
    (0, b"\xCA\xFE\xBA\xBE", "a program"),
    (0, b"\0asm", "a WebAssembly module"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"\0\x01\0\0\0", "a TrueType font"),
    (0, b"OTTO", "an OpenType font"),
    (0, b"wOFF", "a web font"),
    (0, b"wOF2", "a web font"),
    (0, b"\0\x05\x16\x07", "an AppleDouble file (properties of another file)"),
    (0, b"\0\0\0\x01Bud1", "a folder's view settings (.DS_Store)"),
    (8, b"sfbk", "a SoundFont"),
    (0, b"\x93NUMPY", "a NumPy array"),
];

/// Brands of ISO base media files that hold pictures. Source: ISO/IEC 23008-12, annex B; AVIF 1.1.
const PICTURE_BRANDS: [&[u8]; 8] = [b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1"];

/// What the bytes begin, in words that follow "it starts with"; `None` where they are nothing known. Asked after the audio
/// formats, so that a file that is both counts as audio.
pub(crate) fn other_kind(prefix: &[u8]) -> Option<&'static str> {
    if let Some(brand) = prefix.get(4..).and_then(|rest| rest.strip_prefix(b"ftyp")) {
        return PICTURE_BRANDS.iter().any(|known| brand.starts_with(known)).then_some("a HEIF or AVIF picture");
    }
    let at = |(offset, magic, _): &&(usize, &[u8], &str)| prefix.get(*offset..).is_some_and(|r| r.starts_with(magic));
    if let Some((_, _, words)) = KINDS.iter().find(at) {
        return Some(words);
    }
    if prefix.starts_with(b"MZ") && prefix.len() > 64 && prefix[2..64].contains(&0) {
        return Some("a program (EXE)");
    }
    markup(prefix).or_else(|| is_text(prefix).then_some(TEXT))
}

/// HTML or XML behind a byte order mark, blanks and comments.
fn markup(prefix: &[u8]) -> Option<&'static str> {
    let mut rest = prefix.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(prefix).trim_ascii_start();
    while let Some(comment) = rest.strip_prefix(b"<!--") {
        let end = comment.windows(3).position(|w| w == b"-->")?;
        rest = comment[end + 3..].trim_ascii_start();
    }
    let starts = |tag: &[u8]| rest.get(..tag.len()).is_some_and(|first| first.eq_ignore_ascii_case(tag));
    let html = [&b"<!doctype html"[..], b"<html", b"<head", b"<body", b"<title", b"<script", b"<meta", b"<div"];
    if html.iter().any(|tag| starts(tag)) {
        return Some("an HTML page");
    }
    if starts(b"<svg") {
        return Some("an SVG picture");
    }
    if starts(b"<?xml") {
        let text = String::from_utf8_lossy(rest).to_ascii_lowercase();
        return Some(if text.contains("<html") { "an HTML page" } else { "an XML document" });
    }
    None
}

/// Whether all of the bytes are text: UTF-8 or UTF-16 without control characters. Sound of any length has some.
fn is_text(prefix: &[u8]) -> bool {
    if let Some(units) = prefix.strip_prefix(b"\xFF\xFE") {
        return is_utf16(units, u16::from_le_bytes);
    }
    if let Some(units) = prefix.strip_prefix(b"\xFE\xFF") {
        return is_utf16(units, u16::from_be_bytes);
    }
    let text = match str::from_utf8(prefix) {
        Ok(text) => text,
        // A character that the end of the bytes cuts.
        Err(error) if error.error_len().is_none() => str::from_utf8(&prefix[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    text.len() >= 4 && text.chars().all(is_text_char)
}

fn is_utf16(units: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let units = units.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    // A cut surrogate pair at the end is one error; bytes that are no text have many characters without a script.
    let mut chars = char::decode_utf16(units.take(32)).map(|c| c.unwrap_or('\u{FFFD}'));
    let mut n = 0;
    let common = chars.all(|c| {
        n += 1;
        is_text_char(c) && (u32::from(c) < 0x500 || c == '\u{FFFD}')
    });
    n >= 4 && common
}

fn is_text_char(c: char) -> bool {
    !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0C' | '\x1B')
}

/// Extensions of files that hold no sound, lower case and sorted: a walk skips them without opening.
#[cfg(not(target_family = "wasm"))]
const EXTENSIONS: &[&str] = &[
    // Sorted for binary search; a test holds the order. Unfinished downloads are among them.
    "7z",
    "a",
    "als",
    "apk",
    "arw",
    "asc",
    "asd",
    "asm",
    "ass",
    "avif",
    "band",
    "bash",
    "bat",
    "bib",
    "blend",
    "bmp",
    "bz2",
    "c",
    "cab",
    "cc",
    "cer",
    "cfg",
    "class",
    "clj",
    "cls",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cpr",
    "cr2",
    "crdownload",
    "crt",
    "cs",
    "css",
    "csv",
    "cue",
    "d",
    "dae",
    "dart",
    "db",
    "dds",
    "deb",
    "diff",
    "djvu",
    "dll",
    "dmg",
    "dng",
    "doc",
    "docx",
    "dtsi",
    "dylib",
    "el",
    "eot",
    "eps",
    "epub",
    "erl",
    "ex",
    "exe",
    "exr",
    "f90",
    "fbx",
    "fla",
    "flp",
    "fon",
    "gem",
    "gif",
    "glb",
    "glsl",
    "gltf",
    "go",
    "gpg",
    "gz",
    "h",
    "hdr",
    "heic",
    "heif",
    "hex",
    "hpp",
    "hs",
    "htm",
    "html",
    "icns",
    "ico",
    "ics",
    "idx",
    "img",
    "ini",
    "ipa",
    "ipynb",
    "iso",
    "jar",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "jsonl",
    "jsx",
    "jxl",
    "key",
    "kt",
    "ktx",
    "less",
    "lib",
    "lisp",
    "lock",
    "log",
    "logicx",
    "lrc",
    "lua",
    "m",
    "m3u",
    "m3u8",
    "make",
    "map",
    "md",
    "mjs",
    "ml",
    "mli",
    "mobi",
    "msi",
    "nef",
    "nfo",
    "nim",
    "npy",
    "npz",
    "numbers",
    "o",
    "obj",
    "ods",
    "odt",
    "orf",
    "otf",
    "pages",
    "pak",
    "parquet",
    "part",
    "partial",
    "patch",
    "pcx",
    "pdb",
    "pdf",
    "pem",
    "pfb",
    "php",
    "pkl",
    "pl",
    "pls",
    "ply",
    "pm",
    "png",
    "po",
    "ppm",
    "ppt",
    "pptx",
    "proto",
    "ps1",
    "psd",
    "pt",
    "py",
    "pyc",
    "qml",
    "r",
    "ram",
    "rar",
    "rb",
    "reapeaks",
    "rmd",
    "rpm",
    "rpp",
    "rs",
    "rst",
    "rtf",
    "rw2",
    "sc",
    "scala",
    "scss",
    "sf2",
    "sfv",
    "sh",
    "sig",
    "so",
    "sql",
    "sqlite",
    "srt",
    "stl",
    "sty",
    "sub",
    "svelte",
    "svg",
    "svgz",
    "swift",
    "tar",
    "tcl",
    "tex",
    "tga",
    "tgz",
    "thrift",
    "tif",
    "tiff",
    "toml",
    "torrent",
    "tsv",
    "tsx",
    "ttc",
    "ttf",
    "txt",
    "url",
    "vtt",
    "vue",
    "wasm",
    "webmanifest",
    "webp",
    "wgsl",
    "whl",
    "woff",
    "woff2",
    "xcf",
    "xhtml",
    "xls",
    "xlsx",
    "xml",
    "xpm",
    "xspf",
    "xz",
    "yaml",
    "yml",
    "zig",
    "zip",
    "zst",
];

/// Whether files of this extension hold no sound, so that they are not opened.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn is_other_extension(extension: &str) -> bool {
    let lower = extension.to_ascii_lowercase();
    EXTENSIONS.binary_search(&lower.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        for (bytes, words) in [
            (&b"<!DOCTYPE html>\n<html>"[..], Some("an HTML page")),
            (b"\xEF\xBB\xBF \r\n<!-- saved --><HTML>", Some("an HTML page")),
            (b"<?xml version=\"1.0\"?><feed/>", Some("an XML document")),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html><html/>", Some("an HTML page")),
            (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", Some("a PNG picture")),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Some("a JPEG picture")),
            (b"PK\x03\x04\x14\0", Some("a ZIP archive")),
            ("words, Wörter".as_bytes(), Some("text")),
            (&"Wör".as_bytes()[..2], None),
            (b"\xFF\xFEH\0e\0l\0l\0o\0", Some("text")),
            (b"\xFF\xFB\x90\x64\0\0\0\0", None),
            (b"text and then\0a byte of none", None),
            (b"", None),
        ] {
            assert_eq!(other_kind(bytes), words, "{bytes:?}");
        }
    }

    #[test]
    fn extensions_are_sorted_and_none_is_of_audio() {
        assert!(EXTENSIONS.is_sorted());
        assert!(EXTENSIONS.iter().all(|e| crate::formats::by_extension(e).next().is_none()));
        assert!(is_other_extension("PNG") && !is_other_extension("ts") && !is_other_extension(""));
    }
}
