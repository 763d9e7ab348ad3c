//! Which files are there? Lists audio files below paths, by their names and, where those do not tell, by their first bytes.
//!
//! Enters: files and folders. Leaves: one [`WalkEntry`] per file found, in a stable order, including
//! those that are left out and why. Audio and video of every known format is listed as audio, read here or not: the
//! error of opening names the format, where a skipped file would be overlooked.
//!
//! A file with an extension of audio costs a size query and one with an extension of another kind (pictures, texts,
//! programs: forty thousand of them in one folder) nothing but its line in the directory read. Only files without an
//! extension, with an unknown one, or with one that audio shares (`.ts`) are opened, for their first 2,048 bytes.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::AudioError;
use crate::formats;
use crate::other_kinds::is_other_extension;
use crate::recognize::is_audio;
use crate::sniff::SNIFF_BYTES;

/// How to walk.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Extensions taken for audio whatever the files hold, lower case, without a dot. Default: those of
    /// [`formats::FORMATS`].
    pub extensions: Vec<String>,
    /// Whether files that no extension tells are decided by their first bytes; otherwise they are left out. Default true.
    pub look_inside: bool,
    /// Whether symbolic links below a folder are followed. Default true.
    pub follow_links: bool,
    /// Whether files and folders whose name begins with a dot are walked. Default false.
    pub hidden: bool,
}

impl Default for WalkOptions {
    fn default() -> Self {
        WalkOptions {
            extensions: formats::FORMATS.iter().flat_map(|f| f.extensions).map(ToString::to_string).collect(),
            look_inside: true,
            follow_links: true,
            hidden: false,
        }
    }
}

/// One file, or one folder that could not be walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkEntry {
    /// Path to open: the given path, joined with what was found below it.
    pub path: PathBuf,
    /// Path below the given folder, with forward slashes on every system; the bare name for a file
    /// that was given itself. Names that are not Unicode are shown with replacement characters.
    pub relative: String,
    /// Size in bytes; 0 for entries that are not [`Outcome::Audio`], whose size nobody asked.
    pub bytes: u64,
    /// When its content last changed, where the system says so: together with path and size it tells
    /// whether an interrupted run may go on.
    pub modified: Option<std::time::SystemTime>,
    /// What becomes of it.
    pub outcome: Outcome,
}

impl WalkEntry {
    /// True where the name alone says that the format is known and not read: opening it will fail at once.
    pub fn is_unread(&self) -> bool {
        let extension = self.path.extension().and_then(OsStr::to_str);
        extension.and_then(formats::unread_by_extension).is_some()
    }
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To be opened.
    Audio,
    /// Left out on purpose.
    Skipped(SkipReason),
    /// Unreadable, or gone in the meantime.
    Failed(AudioError),
}

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// No audio by its extension, or by its first bytes where the extension does not tell.
    NotAudio,
    /// A symbolic link to nothing, whose name is not one of audio.
    BrokenLink,
    /// Its name does not tell, and it cannot be opened.
    Unreadable,
    /// The name begins with a dot.
    Hidden,
    /// A pipe, socket or device, which may never end.
    NotAFile,
    /// A symbolic link, and links are not followed.
    Link,
    /// A symbolic link to a folder that contains it.
    LinkLoop,
    /// A folder that was walked under another path already, so that no file is listed twice.
    AlreadyWalked,
}

impl SkipReason {
    /// One line for reports.
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::NotAudio => "not an audio file by its extension and first bytes",
            SkipReason::BrokenLink => "a symbolic link to nothing, not audio by its name",
            SkipReason::Unreadable => "not audio by its name, and it cannot be opened",
            SkipReason::Hidden => "hidden",
            SkipReason::NotAFile => "not a regular file",
            SkipReason::Link => "a symbolic link; links are not followed",
            SkipReason::LinkLoop => "a symbolic link back to a folder above it",
            SkipReason::AlreadyWalked => "this folder was walked under another path",
        }
    }
}

/// Lists files.
///
/// Given files are taken as they are, whatever their name; folders are walked recursively. The
/// paths come in the order given. Within each folder the names, of files and folders alike, are
/// sorted by their bytes, which orders whole paths component by component: `a/z` comes before
/// `a.wav`, although `/` sorts behind `.`.
pub fn walk(paths: &[PathBuf], options: &WalkOptions) -> Vec<WalkEntry> {
    let mut walker = Walker { options, entries: Vec::new(), chain: Vec::new(), walked: HashSet::new() };
    for path in paths {
        let name = || path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => walker.folder(path, String::new()),
            Ok(meta) if meta.is_file() => walker.audio(path.clone(), name(), &meta),
            Ok(_) => walker.skip(path.clone(), name(), SkipReason::NotAFile),
            Err(error) => walker.fail(path.clone(), name(), &error),
        }
    }
    walker.entries
}

struct Walker<'a> {
    options: &'a WalkOptions,
    entries: Vec<WalkEntry>,
    /// Real paths of the folders from the root to here.
    chain: Vec<PathBuf>,
    /// Real paths of all folders walked. Each is walked once, so links cannot make the walk long.
    walked: HashSet<PathBuf>,
}

impl Walker<'_> {
    /// Walks a folder; its depth is bounded by the system's limit on path lengths.
    fn folder(&mut self, path: &Path, relative: String) {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) => return self.fail(path.to_path_buf(), relative, &error),
        };
        if self.chain.contains(&real) {
            return self.skip(path.to_path_buf(), relative, SkipReason::LinkLoop);
        }
        if !self.walked.insert(real.clone()) {
            return self.skip(path.to_path_buf(), relative, SkipReason::AlreadyWalked);
        }
        let listing = match fs::read_dir(path) {
            Ok(listing) => listing,
            Err(error) => return self.fail(path.to_path_buf(), relative, &error),
        };
        let mut found = Vec::new();
        for entry in listing {
            match entry {
                Ok(entry) => found.push((entry.file_name(), entry)),
                Err(error) => self.fail(path.to_path_buf(), relative.clone(), &error),
            }
        }
        found.sort_unstable_by(|a, b| a.0.as_encoded_bytes().cmp(b.0.as_encoded_bytes()));
        self.chain.push(real);
        for (name, entry) in found {
            let shown = name.to_string_lossy();
            let below = if relative.is_empty() { shown.into_owned() } else { format!("{relative}/{shown}") };
            self.entry(&name, &entry, below);
        }
        self.chain.pop();
    }

    fn entry(&mut self, name: &OsStr, entry: &fs::DirEntry, relative: String) {
        let path = entry.path();
        if !self.options.hidden && name.as_encoded_bytes().starts_with(b".") {
            return self.skip(path, relative, SkipReason::Hidden);
        }
        // The type comes with the directory read; only links and audio files cost another call.
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.fail(path, relative, &error),
        };
        let (is_dir, is_file, meta) = if kind.is_symlink() {
            if !self.options.follow_links {
                return self.skip(path, relative, SkipReason::Link);
            }
            match fs::metadata(&path) {
                Ok(meta) => (meta.is_dir(), meta.is_file(), Some(meta)),
                Err(_) if !self.is_named_audio(name) => return self.skip(path, relative, SkipReason::BrokenLink),
                Err(error) => return self.fail(path, relative, &error),
            }
        } else {
            (kind.is_dir(), kind.is_file(), None)
        };
        if is_dir {
            return self.folder(&path, relative);
        }
        if !is_file {
            return self.skip(path, relative, SkipReason::NotAFile);
        }
        if !self.is_named_audio(name)
            && let Some(reason) = self.not_audio(&path)
        {
            return self.skip(path, relative, reason);
        }
        match meta.map_or_else(|| entry.metadata(), Ok) {
            Ok(meta) => self.audio(path, relative, &meta),
            Err(error) => self.fail(path, relative, &error),
        }
    }

    fn is_named_audio(&self, name: &OsStr) -> bool {
        let Some(extension) = Path::new(name).extension().and_then(OsStr::to_str) else { return false };
        self.options.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// Why a file whose name does not say so is no audio; `None` if it is.
    fn not_audio(&self, path: &Path) -> Option<SkipReason> {
        let extension = path.extension().and_then(OsStr::to_str);
        if !self.options.look_inside || extension.is_some_and(is_other_extension) {
            return Some(SkipReason::NotAudio);
        }
        let mut prefix = Vec::with_capacity(SNIFF_BYTES);
        let read = fs::File::open(path).and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut prefix));
        match read {
            Err(_) => Some(SkipReason::Unreadable),
            Ok(_) => (!is_audio(&prefix, extension)).then_some(SkipReason::NotAudio),
        }
    }

    fn audio(&mut self, path: PathBuf, relative: String, meta: &fs::Metadata) {
        let (bytes, modified) = (meta.len(), meta.modified().ok());
        self.entries.push(WalkEntry { path, relative, bytes, modified, outcome: Outcome::Audio });
    }

    fn push(&mut self, path: PathBuf, relative: String, outcome: Outcome) {
        self.entries.push(WalkEntry { path, relative, bytes: 0, modified: None, outcome });
    }

    fn skip(&mut self, path: PathBuf, relative: String, reason: SkipReason) {
        self.push(path, relative, Outcome::Skipped(reason));
    }

    fn fail(&mut self, path: PathBuf, relative: String, error: &std::io::Error) {
        let what = path.display().to_string();
        self.push(path, relative, Outcome::Failed(AudioError::io(what, error)));
    }
}
