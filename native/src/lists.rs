//! Lists of files: names by line or between NUL bytes, and M3U playlists.
//!
//! A name need not be Unicode. Source of the playlist's form: RFC 8216 section 4.1 for UTF-8, comments and tags; its
//! older form without an encoding keeps its bytes.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Most bytes of a list: two million names of 130 bytes.
pub const MAX_LIST_BYTES: u64 = 256 << 20;
/// Most bytes of one name. Systems take 4,096 (Linux) to 98,301 (Windows, as UTF-8).
const MAX_NAME_BYTES: usize = 1 << 17;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<'a> {
    /// One name a line; empty lines and those that begin with `#` are left out.
    Lines,
    /// Names that end with NUL; every other byte is part of them.
    Null,
    /// A playlist: lines, with relative names beginning in this folder and `file://` addresses.
    Playlist(&'a Path),
}

impl<'a> Form<'a> {
    /// The form of a list in a file, by its extension.
    pub fn of(list: &'a Path, null: bool) -> Self {
        let extension = list.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            _ if null => Self::Null,
            Some("m3u" | "m3u8") => Self::Playlist(list.parent().unwrap_or(Path::new(""))),
            _ => Self::Lines,
        }
    }
}

/// Reads a list to its end. `shown`: what it is called in messages.
///
/// # Errors
/// What the system says; a list that is none, or too large: expected, came, what to do.
pub fn read(from: &mut impl Read, form: Form, shown: &str) -> Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    // In steps, so that an endless source of what is no list ends early.
    loop {
        let before = bytes.len();
        let n =
            from.by_ref().take(1 << 20).read_to_end(&mut bytes).map_err(|e| anyhow::anyhow!("reading {shown}: {e}"))?;
        check(&bytes[..], before, form, shown)?;
        if n == 0 {
            break;
        }
    }
    Ok(names(&bytes, form))
}

/// Refuses what is no list. Bytes before `from` were checked before.
fn check(bytes: &[u8], from: usize, form: Form, shown: &str) -> Result<()> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        bail!("{shown}: a list in UTF-16; expected UTF-8, or bytes as the system names files; save it as UTF-8");
    }
    if bytes.len() as u64 > MAX_LIST_BYTES {
        bail!(
            "{shown}: a list of more than {} MiB; expected at most that; is it a list of files?",
            MAX_LIST_BYTES >> 20
        );
    }
    if form != Form::Null && bytes[from..].contains(&0) {
        bail!(
            "{shown}: a NUL byte in the list; expected one name per line, or names that end with NUL with -0 (--null)"
        );
    }
    let end = if form == Form::Null { 0 } else { b'\n' };
    // The last line may have begun before what is new.
    let open = bytes[..from].iter().rposition(|&b| b == end).map_or(0, |at| at + 1);
    if bytes[open..].split(|&b| b == end).any(|name| name.len() > MAX_NAME_BYTES) {
        bail!("{shown}: a name of more than {} KiB; expected a path; is it a list of files?", MAX_NAME_BYTES >> 10);
    }
    Ok(())
}

/// Names of a whole list.
fn names(bytes: &[u8], form: Form) -> Vec<PathBuf> {
    if form == Form::Null {
        return bytes.split(|&b| b == 0).filter(|name| !name.is_empty()).map(named).collect();
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let lines = bytes.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.is_empty() && line[0] != b'#');
    match form {
        Form::Playlist(folder) => lines.map(|line| in_playlist(line, folder)).collect(),
        _ => lines.map(named).collect(),
    }
}

/// A name of a playlist: beside the list, absolute, or a `file://` address.
fn in_playlist(line: &[u8], folder: &Path) -> PathBuf {
    let path = match line.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case(b"file://")) {
        Some(_) => named(&from_address(&line[7..])),
        None => named(line),
    };
    folder.join(path)
}

/// The path of a `file://` address, without its scheme: on this host, `%XX` decoded; on Windows without the slash
/// before a drive. What is no code stays as it is.
fn from_address(rest: &[u8]) -> Vec<u8> {
    const HERE: &[u8] = b"localhost/";
    let rest = match rest.get(..HERE.len()) {
        Some(host) if host.eq_ignore_ascii_case(HERE) => &rest[HERE.len() - 1..],
        _ => rest,
    };
    let mut out = Vec::with_capacity(rest.len());
    let mut at = 0;
    while at < rest.len() {
        let hex = |i: usize| rest.get(i).and_then(|&b| char::from(b).to_digit(16));
        match (rest[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b, ..) => {
                out.push(b);
                at += 1;
            }
        }
    }
    if cfg!(windows) && out.first() == Some(&b'/') && out.get(2) == Some(&b':') { out.split_off(1) } else { out }
}

/// The path of a name's bytes. `-` is a file of that name: a list has no other stdin.
fn named(name: &[u8]) -> PathBuf {
    if name == b"-" { PathBuf::from("./-") } else { path_of(name) }
}

#[cfg(unix)]
fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(name))
}

/// Elsewhere no path is made of any bytes: what is no Unicode is a file that is not there.
#[cfg(not(unix))]
fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[track_caller]
    fn reads(bytes: &[u8], form: Form, want: &[&[u8]]) {
        let got = read(&mut &bytes[..], form, "list").unwrap();
        assert_eq!(got.iter().map(|p| p.as_os_str().as_bytes()).collect::<Vec<_>>(), want);
    }

    #[test]
    fn a_list_is_bytes() {
        reads(b"a.wav\r\n\ncaf\xe9.wav\nlast", Form::Lines, &[b"a.wav", b"caf\xe9.wav", b"last"]);
        reads(b"", Form::Lines, &[]);
        reads(b"\xEF\xBB\xBF# songs\na#1.wav\n-\n\r\n", Form::Lines, &[b"a#1.wav", b"./-"]);
        reads(b"#1.wav\0two\nlines.wav\0\0-\0last", Form::Null, &[b"#1.wav", b"two\nlines.wav", b"./-", b"last"]);
    }

    #[test]
    fn a_playlist_begins_where_it_lies() {
        let list = Path::new("music/evening.M3U8");
        assert_eq!(Form::of(list, false), Form::Playlist(Path::new("music")));
        assert_eq!(Form::of(list, true), Form::Null);
        assert_eq!(Form::of(Path::new("list.txt"), false), Form::Lines);
        let bytes =
            b"\xEF\xBB\xBF#EXTM3U\r\n#EXTINF:12,A - B\r\nin/a.wav\r\n/far/b.wav\r\nfile:///far/c%20d%C3%A9.wav\r\n\
                      File://localhost/e.wav\nfile:///50%.wav\ncaf\xe9.mp3\n";
        let want: [&[u8]; 6] =
            [b"music/in/a.wav", b"/far/b.wav", b"/far/c d\xC3\xA9.wav", b"/e.wav", b"/50%.wav", b"music/caf\xe9.mp3"];
        reads(bytes, Form::of(list, false), &want);
        reads(b"a.wav", Form::of(Path::new("x.m3u"), false), &[b"a.wav"]);
    }

    #[test]
    fn what_is_no_list_is_refused_before_it_ends() {
        let refused = |from: &mut dyn Read, form| read(&mut { from }, form, "list").unwrap_err().to_string();
        assert!(refused(&mut std::io::repeat(0), Form::Lines).contains("NUL byte"));
        assert!(refused(&mut std::io::repeat(0), Form::Null).contains("more than 256 MiB"));
        assert!(refused(&mut std::io::repeat(b'x'), Form::Lines).contains("more than 128 KiB"));
        assert!(refused(&mut &b"\xFF\xFEa\0"[..], Form::Lines).contains("UTF-16"));
    }
}
