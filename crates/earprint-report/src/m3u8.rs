//! The listening order as a playlist: extended M3U in UTF-8, paths relative to the folder of the playlist where they
//! can be, with forward slashes.
//!
//! Paths are worked out as text, without a look at the disk: links in them are not followed. A relative path of the
//! report counts from where the folder of the playlist counts from. M3U has no way to write a name with a line end or
//! one that is not UTF-8, and players drop blanks at the end of a line: such tracks stand as a comment instead.

use std::path::{Component, Path, PathBuf};

use earprint_core::path_from_text;

use crate::facts::{Facts, name};
use crate::words::one_line;

/// The text of a playlist that will stand in `folder`: of paths as records hold them, with their lengths in seconds.
pub fn playlist<'a>(tracks: impl IntoIterator<Item = (&'a str, Option<f64>)>, folder: &Path) -> String {
    let mut text = String::from("#EXTM3U\n");
    for (path, duration_s) in tracks {
        let title = one_line(name(path));
        let Some(entry) = entry(path, folder) else {
            text += &format!("# left out, its name cannot be written here: {}\n", one_line(path));
            continue;
        };
        // -1 is the format's word for unknown.
        let seconds = duration_s.map_or(-1, |s| s.round() as i64);
        text += &format!("#EXTINF:{seconds},{title}\n{entry}\n");
    }
    text
}

/// The playlist of a report's listening order.
pub(crate) fn of_report(facts: &Facts, folder: &Path) -> String {
    let order = facts.report.sequence.iter().flat_map(|s| &s.order);
    playlist(order.map(|&t| &facts.report.tracks[t]).map(|t| (t.path.as_str(), t.duration_s)), folder)
}

/// A track's path as a line.
fn entry(path: &str, folder: &Path) -> Option<String> {
    let path = path_from_text(path)?;
    let line = match relative(&path, folder) {
        Some(relative) => relative.iter().map(|part| part.to_str()).collect::<Option<Vec<_>>>()?.join("/"),
        None if cfg!(windows) => path.to_str()?.replace('\\', "/"),
        None => path.to_str()?.to_owned(),
    };
    // A first part that a reader could take for a comment, an address or indentation.
    let first = line.split('/').next().unwrap_or("");
    let odd = first.starts_with(['#', ' ']) || first.contains(':') && path.is_relative();
    let line = if odd { format!("./{line}") } else { line };
    let writable = !line.is_empty() && !line.contains(|c: char| c.is_control()) && line.trim_end() == line;
    writable.then_some(line)
}

/// The way from `folder` to `path`; `None` where there is none: one absolute and one not, or two drives.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    let (path, folder) = (parts(path)?, parts(folder)?);
    let fixed = |c: &Component| matches!(c, Component::Prefix(_) | Component::RootDir);
    let roots = |parts: &[Component<'_>]| parts.iter().filter(|c| fixed(c)).count();
    let shared = path.iter().zip(&folder).take_while(|(a, b)| a == b).count();
    if shared < roots(&path).max(roots(&folder)) {
        return None;
    }
    let up = folder[shared..].iter().map(|_| Component::ParentDir);
    Some(up.chain(path[shared..].iter().copied()).collect())
}

/// Components without `.` and `x/..`; `None` where `..` leads out of a relative path, to nobody knows where.
fn parts(path: &Path) -> Option<Vec<Component<'_>>> {
    let mut parts = Vec::new();
    for c in path.components() {
        match c {
            Component::CurDir => {}
            Component::ParentDir => match parts.last() {
                Some(Component::Normal(_)) => drop(parts.pop()),
                // Above the root is the root.
                Some(_) => {}
                None => return None,
            },
            c => parts.push(c),
        }
    }
    Some(parts)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_where_they_can_be() {
        let from = |path: &str, folder: &str| entry(path, Path::new(folder));
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(from("/music/a/x.mp3", "/music"), some("a/x.mp3"));
        assert_eq!(from("/music/a/x.mp3", "/music/report"), some("../a/x.mp3"));
        assert_eq!(from("/music/./b/../a/x.mp3", "/out/r"), some("../../music/a/x.mp3"));
        assert_eq!(from("/x.mp3", "/"), some("x.mp3"));
        assert_eq!(from("music/x.mp3", "report"), some("../music/x.mp3"));
        assert_eq!(from("music/x.mp3", "/report"), some("music/x.mp3")); // nobody knows from where
        assert_eq!(from("/music/x.mp3", "report"), some("/music/x.mp3"));
        assert_eq!(from("/music/x.mp3", "../report"), some("/music/x.mp3"));
    }

    #[test]
    fn names_that_read_as_something_else_are_guarded_and_impossible_ones_left_out() {
        let at = |path: &str| entry(path, Path::new("/m"));
        assert_eq!(at("/m/#1 hit.mp3"), Some("./#1 hit.mp3".into()));
        assert_eq!(at("/m/ blank.mp3"), Some("./ blank.mp3".into()));
        assert_eq!(at("/m/a\\b ü.mp3"), Some("a\\b ü.mp3".into()));
        assert_eq!(entry("a:b.mp3", Path::new("x/..")), Some("./a:b.mp3".into()));
        for bad in ["/m/two\nlines.mp3", "/m/blank ", "\u{1}"] {
            assert_eq!(at(bad), None, "{bad:?}");
        }
    }
}
