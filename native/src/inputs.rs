//! Which files a command line means.

use std::io::BufRead;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use earprint_audio::walk::{WalkEntry, WalkOptions, walk};

/// Files of paths and lists: `-` among the paths reads a list from stdin.
///
/// # Errors
/// A list that cannot be read; nothing found at all.
pub fn inputs(paths: &[PathBuf], files_from: Option<&PathBuf>) -> Result<Vec<WalkEntry>> {
    let dash = PathBuf::from("-");
    let mut all: Vec<PathBuf> = paths.iter().filter(|p| **p != dash).cloned().collect();
    let lists = paths.iter().filter(|p| **p == dash).chain(files_from);
    for list in lists {
        let lines: Vec<String> = if *list == dash {
            std::io::stdin().lock().lines().collect::<Result<_, _>>().context("reading the list on stdin")?
        } else {
            let text = std::fs::read_to_string(list).with_context(|| format!("reading {}", list.display()))?;
            text.lines().map(str::to_owned).collect()
        };
        all.extend(lines.into_iter().filter(|l| !l.is_empty()).map(PathBuf::from));
    }
    let found = walk(&all, &WalkOptions::default());
    if found.is_empty() {
        bail!("no files found in {}; expected audio files or folders of them", show(paths, files_from));
    }
    Ok(found)
}

fn show(paths: &[PathBuf], files_from: Option<&PathBuf>) -> String {
    paths.iter().chain(files_from).map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}
