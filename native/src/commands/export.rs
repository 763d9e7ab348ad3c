//! `earprint export`: a library in another form.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use earprint_core::TRACK_SCHEMA;
use earprint_library::{Library, export};

use crate::args::{ExportArgs, ExportFormat};
use crate::job::usage;

/// Links that are followed before they count as a circle, as many as Linux follows.
const LINKS: usize = 40;

/// Runs the verb.
pub fn run(args: &ExportArgs) -> Result<u8> {
    if args.out.as_os_str() == "-" {
        return usage(
            "--out -: an export is a file that appears whole or not at all; expected a file's name (`earprint list \
             --json` writes records to stdout)",
        );
    }
    let ending = args.out.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let format = match (args.format, ending.as_deref()) {
        (Some(format), _) => format,
        (None, Some("csv")) => ExportFormat::Csv,
        (None, Some("ndjson" | "jsonl" | "json")) => ExportFormat::Ndjson,
        (None, Some("parquet")) => ExportFormat::Parquet,
        (None, Some("npy")) => ExportFormat::Npy,
        (None, _) => {
            return usage(format!(
                "{}: expected a name that ends in .csv, .ndjson, .parquet or .npy, or --format",
                args.out.display()
            ));
        }
    };
    let library = Library::open_read_only(&args.library.library)?;
    let out = target(&args.out)?;
    refuse(&out, &args.library.library)?;
    if format == ExportFormat::Npy {
        // The paths of the rows stand beside the array.
        let beside = out.with_extension("paths.txt");
        if beside.is_symlink() {
            return usage(format!("{}: a link; expected a free name for the paths of the rows", beside.display()));
        }
        refuse(&beside, &args.library.library)?;
    }
    let rows = match format {
        ExportFormat::Csv => export::csv(&library, TRACK_SCHEMA, &out)?,
        ExportFormat::Ndjson => export::ndjson(&library, TRACK_SCHEMA, &out)?,
        ExportFormat::Parquet => export::parquet(&library, TRACK_SCHEMA, &out)?,
        ExportFormat::Npy => export::npy(&library, TRACK_SCHEMA, &out)?,
    };
    if !args.quiet {
        eprintln!("{rows} rows in {}", args.out.display());
    }
    Ok(0)
}

/// Where a path leads: an export takes the place of the file behind a link, not that of the link.
fn target(path: &Path) -> Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        // What cannot be read as a link is none, or is not there.
        let Ok(to) = std::fs::read_link(&at) else { return Ok(at) };
        // From the folder of the link; a path from the root stands for itself.
        at = at.parent().unwrap_or(Path::new("")).join(to);
    }
    usage(format!("{}: links in a circle; expected a file", path.display()))
}

/// Refuses what an export would destroy: the library that is read, and whatever is no file.
fn refuse(out: &Path, library: &Path) -> Result<()> {
    let shown = out.display();
    match out.metadata() {
        Ok(meta) if meta.is_dir() => return usage(format!("{shown} is a folder; expected a file's name")),
        Ok(meta) if !meta.is_file() => {
            return usage(format!(
                "{shown} is a device or a pipe, which an export would replace; expected a file's name"
            ));
        }
        _ => {}
    }
    let real = crate::inputs::absolute(out)?;
    for library in [library.to_owned(), library.canonicalize().unwrap_or_else(|_| library.to_owned())] {
        let library = crate::inputs::absolute(&library)?;
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut file: OsString = library.clone().into();
            file.push(end);
            if real == Path::new(&file) {
                return usage(format!("{shown} is the library that is read, or a part of it; expected another name"));
            }
        }
    }
    Ok(())
}
