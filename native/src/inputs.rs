//! Which files a command line means, and what they are called.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use earprint_audio::walk::{WalkEntry, WalkOptions, walk};

use crate::args::InputArgs;

/// What a command line means.
pub struct Found {
    /// Files and folders that were given, lists read.
    pub roots: Vec<PathBuf>,
    /// What was found in them.
    pub entries: Vec<WalkEntry>,
}

/// Files of paths and lists: `-` among the paths reads a list from stdin.
///
/// # Errors
/// A list that cannot be read; nothing found at all.
pub fn inputs(args: &InputArgs) -> Result<Vec<WalkEntry>> {
    let found = find(args)?;
    if found.entries.is_empty() {
        bail!("no files found in {}; expected audio files or folders of them", show(args));
    }
    Ok(found.entries)
}

/// As [`inputs`], where finding nothing is no error.
///
/// # Errors
/// A list that cannot be read.
pub fn find(InputArgs { paths, files_from }: &InputArgs) -> Result<Found> {
    let dash = PathBuf::from("-");
    let mut roots: Vec<PathBuf> = paths.iter().filter(|p| **p != dash).cloned().collect();
    let lists = paths.iter().filter(|p| **p == dash).chain(files_from);
    for list in lists {
        let bytes = if *list == dash {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).context("reading the list on stdin")?;
            bytes
        } else {
            std::fs::read(list).with_context(|| format!("reading {}", list.display()))?
        };
        roots.extend(listed(&bytes));
    }
    let entries = walk(&roots, &WalkOptions::default());
    Ok(Found { roots, entries })
}

/// Paths of a list, one a line. A name need not be Unicode, and one that is none stops nothing.
fn listed(bytes: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = bytes.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(path_of)
}

#[cfg(unix)]
fn path_of(line: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(line))
}

/// Elsewhere no path is made of any bytes: what is no Unicode is a file that is not there.
#[cfg(not(unix))]
fn path_of(line: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(line).into_owned())
}

fn show(InputArgs { paths, files_from }: &InputArgs) -> String {
    paths.iter().chain(files_from).map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The path as it means the same tomorrow and from any folder: of a folder the real path, of everything else the real path of
/// its folder and its own name, so that a link to a file stays a file of its own. Whatever is not there does not matter: its
/// nearest folder that is gives the beginning.
///
/// # Errors
/// An empty path; a working folder that is gone.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_dir()
        && let Ok(real) = real(path)
    {
        return Ok(real);
    }
    Names::default().of(path)
}

/// [`absolute`] of many files, each by its folder and its name: a folder is looked up once. A folder keeps its name too, be it a
/// link or not.
#[derive(Default)]
pub struct Names {
    folders: HashMap<PathBuf, PathBuf>,
}

impl Names {
    /// The path of one entry of a walk.
    ///
    /// # Errors
    /// As [`absolute`].
    pub fn of(&mut self, path: &Path) -> Result<PathBuf> {
        let whole = std::path::absolute(path)?;
        let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return Ok(beginning(&whole)) };
        if let Some(real) = self.folders.get(folder) {
            return Ok(real.join(name));
        }
        let real = beginning(folder);
        let path = real.join(name);
        self.folders.insert(folder.to_owned(), real);
        Ok(path)
    }
}

/// The longest beginning that exists, as its real path, and the rest as it stands; `..` in the rest takes a name away.
fn beginning(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path;
    let mut out = loop {
        if let Ok(real) = real(at) {
            break real;
        }
        let (Some(folder), Some(last)) = (at.parent(), at.components().next_back()) else { return path.to_owned() };
        rest.push(last);
        at = folder;
    };
    for part in rest.into_iter().rev() {
        match part {
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// Windows' real paths have a form few programs read (`\\?\C:\`), and its absolute ones have no `..`.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    if cfg!(unix) { std::fs::canonicalize(path) } else { std::path::absolute(path) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_list_is_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let paths: Vec<PathBuf> = listed(b"a.wav\r\n\ncaf\xe9.wav\nlast").collect();
        assert_eq!(
            paths.iter().map(|p| p.as_os_str().as_bytes()).collect::<Vec<_>>(),
            [&b"a.wav"[..], b"caf\xe9.wav", b"last"]
        );
        assert_eq!(listed(b"").count(), 0);
    }

    #[test]
    fn a_file_has_one_name_however_it_is_reached() {
        let base = std::env::temp_dir().canonicalize().unwrap().join(format!("earprint-names-{}", std::process::id()));
        let _ = fs::remove_dir_all(&base);
        fs::create_dir_all(base.join("odd/m")).unwrap();
        fs::write(base.join("odd/m/a.wav"), "").unwrap();
        std::os::unix::fs::symlink(base.join("odd/m"), base.join("link")).unwrap();
        std::os::unix::fs::symlink("a.wav", base.join("odd/m/b.wav")).unwrap();
        let mut names = Names::default();
        let folder = base.join("odd/m");
        for way in ["odd/m", "odd/../odd/m", "odd/m/../m/.", "link", "odd/./m/../../link"] {
            assert_eq!(absolute(&base.join(way)).unwrap(), folder, "{way}");
            for name in ["a.wav", "b.wav", "not-there.wav"] {
                let path = base.join(way).join(name);
                assert_eq!(absolute(&path).unwrap(), folder.join(name), "{way}");
                assert_eq!(names.of(&path).unwrap(), folder.join(name), "{way}");
            }
        }
        // A folder that is gone: what was above it is still real.
        assert_eq!(absolute(&base.join("link/gone/deep/../x.wav")).unwrap(), folder.join("gone/x.wav"));
        assert_eq!(absolute(Path::new("/..")).unwrap(), Path::new("/"));
        fs::remove_dir_all(&base).unwrap();
    }
}
