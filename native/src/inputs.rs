//! Which files a command line means, and what they are called.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use earprint_audio::walk::{Outcome, WalkEntry, WalkOptions, walk};
use earprint_audio::{AudioError, SNIFF_BYTES, printable, sniff};
use earprint_pipeline::input::{InputOptions, PIPED, PipeReader, Piped, piped_entry};

use crate::args::InputArgs;
use crate::job::usage;
use crate::lists::{self, Form};
use crate::supervise;

/// What a command line means.
pub struct Found {
    /// Files and folders that were given, lists read.
    pub roots: Vec<PathBuf>,
    /// What was found in them, and sound on stdin last.
    pub entries: Vec<WalkEntry>,
    /// How they are opened.
    pub open: InputOptions,
}

/// Files of paths and lists, and sound on stdin. `memory`: of the run, bytes.
///
/// # Errors
/// Usage; a list that cannot be read; nothing found at all; [`Interrupted`].
pub fn inputs(args: &InputArgs, memory: u64) -> Result<Found> {
    let found = find(args, memory)?;
    if found.entries.is_empty() {
        let empty = if reads_stdin(args) { " (stdin is empty)" } else { "" };
        bail!("no files found in {}{empty}; expected audio files or folders of them", show(args));
    }
    Ok(found)
}

/// As [`inputs`], where finding nothing is no error.
///
/// # Errors
/// As [`inputs`].
pub fn find(args: &InputArgs, memory: u64) -> Result<Found> {
    let mut roots: Vec<PathBuf> = args.paths.iter().filter(|p| !is_dash(p)).cloned().collect();
    let mut open = InputOptions { pcm: args.pcm, seconds: args.seconds, piped: None };
    let mut sound = None;
    match stdin(args)? {
        Stdin::None => {}
        Stdin::List(mut list) => {
            let form = if args.null { Form::Null } else { Form::Lines };
            roots.extend(unless_interrupted(lists::read(&mut list, form, "the list on stdin"))?);
        }
        Stdin::Sound(reader) => {
            let name = args.name.as_deref().unwrap_or("stdin");
            let hint = Path::new(name).extension().and_then(OsStr::to_str).map(str::to_owned);
            open.piped = Some(Arc::new(Piped::new(reader, hint, memory / STDIN_SHARE)));
            sound = Some(piped_entry(name));
        }
        Stdin::Neither(error) => {
            let name = args.name.as_deref().unwrap_or("stdin");
            sound = Some(WalkEntry { outcome: Outcome::Failed(error), ..piped_entry(name) });
        }
    }
    if let Some(list) = args.files_from.as_deref().filter(|list| !is_dash(list)) {
        let shown = list.display().to_string();
        let mut file = std::fs::File::open(list).with_context(|| format!("reading {shown}"))?;
        roots.extend(lists::read(&mut file, Form::of(list, args.null), &shown)?);
    }
    if args.pcm.is_some()
        && let Some(folder) = roots.iter().find(|root| root.is_dir())
    {
        return usage(format!(
            "--pcm reads named files and stdin, but {} is a folder; name its files",
            folder.display()
        ));
    }
    if args.name.is_some() && sound.is_none() {
        return usage("--name is for sound on stdin; expected - among the paths");
    }
    let mut entries = walk(&roots, &WalkOptions::default());
    entries.extend(sound);
    Ok(Found { roots, entries, open })
}

/// Share of a run's memory that may hold what has to be there of stdin as a whole; the rest goes to a temporary file.
const STDIN_SHARE: u64 = 8;

/// Ctrl-C while stdin was read, before anything began: exit code 130.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted while stdin was read")
    }
}

impl std::error::Error for Interrupted {}

fn unless_interrupted<T>(read: Result<T>) -> Result<T> {
    if supervise::interrupted() { Err(Interrupted.into()) } else { read }
}

/// What stdin is.
enum Stdin {
    /// Not asked for.
    None,
    List(PipeReader),
    Sound(PipeReader),
    /// Asked for as either, and neither.
    Neither(AudioError),
}

fn is_dash(path: &Path) -> bool {
    path == Path::new(PIPED)
}

fn reads_stdin(args: &InputArgs) -> bool {
    args.paths.iter().chain(&args.files_from).any(|p| is_dash(p))
}

/// Tells by the first bytes of stdin what it is. It is sound where the command line says so (`--pcm`, `--name`), a list
/// where it says that; otherwise sound where it begins like a container, and a list where it may be one.
fn stdin(args: &InputArgs) -> Result<Stdin> {
    let list = args.files_from.as_deref().is_some_and(is_dash);
    let either = args.paths.iter().any(|p| is_dash(p));
    if !list && !either {
        return Ok(Stdin::None);
    }
    if list && either {
        return usage("- and --files-from - are both stdin; expected one of them");
    }
    supervise::interrupt_once();
    let mut reader = PipeReader::start(std::io::stdin(), supervise::interrupted).context("reading stdin")?;
    let head = unless_interrupted(reader.head(SNIFF_BYTES).context("reading stdin"))?;
    let container = sniff(head);
    if list {
        return match container {
            Some(found) if !head.starts_with(&[0xFF]) => usage(format!(
                "--files-from -: stdin holds {}, not a list of files; give - alone for sound",
                found.name()
            )),
            _ => Ok(Stdin::List(reader)),
        };
    }
    if args.pcm.is_some() || args.name.is_some() || container.is_some() {
        return Ok(Stdin::Sound(reader));
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    // Markup is what a server sends in the place of sound.
    if text.starts_with(b"<") || !args.null && head.contains(&0) {
        let actual = printable(head);
        return Ok(Stdin::Neither(AudioError::NotAudio { expected: EITHER, actual }));
    }
    Ok(Stdin::List(reader))
}

/// What `-` takes.
const EITHER: &str = "sound (a known container, or raw with --pcm), or a list of files, one per line, or with -0 each \
                      with NUL behind it";

fn show(InputArgs { paths, files_from, .. }: &InputArgs) -> String {
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
