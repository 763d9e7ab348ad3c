//! `earprint sections`: where tracks of a library change, as lines, records or Audacity labels.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use earprint_core::{Section, TRACK_SCHEMA, TrackRecord, audacity_labels};
use earprint_library::Library;
use earprint_store::{AtomicFile, sync_folder};

use crate::args::SectionsArgs;
use crate::out::{Out, out, plain};
use crate::progress::clock;

/// Runs the verb.
pub fn run(args: &SectionsArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    // As tracks are filtered: ASCII letters match in both cases.
    let part = args.path.as_ref().map(|p| p.to_ascii_lowercase());
    let mut out = out();
    let (mut told, mut unknown) = (0usize, 0usize);
    let mut names = Names::default();
    let mut failed = None;
    library.each_record(TRACK_SCHEMA, true, |record| {
        let meant = part.as_ref().is_none_or(|p| record.path.to_ascii_lowercase().contains(p));
        let Some(table) = record.table.as_ref().filter(|_| meant) else { return Ok(()) };
        let Some(sections) = &table.sections else {
            unknown += 1;
            return Ok(());
        };
        told += 1;
        let done = tell(args, &record, sections, &mut out, &mut names);
        failed = failed.take().or(done.err());
        Ok(())
    })?;
    if let Some(e) = failed {
        return Err(e);
    }
    if let Some(folder) = &args.labels {
        sync_folder(folder)?;
    }
    out.flush()?;
    if unknown > 0 && !args.quiet {
        eprintln!(
            "{unknown} of {} tracks have no sections: silent, shorter than 0.1 s, not finite, or measured before there were any \
             (`earprint analyze --force` measures them again)",
            told + unknown
        );
    }
    Ok(0)
}

fn tell(
    args: &SectionsArgs,
    record: &TrackRecord,
    sections: &[Section],
    out: &mut Out,
    names: &mut Names,
) -> Result<()> {
    if let Some(folder) = &args.labels {
        let mut file = AtomicFile::create(&folder.join(names.of(&record.path)))?;
        file.write(audacity_labels(sections).as_bytes())?;
        file.finish()?;
    }
    if args.json {
        let record = serde_json::json!({ "v": 1, "path": record.path, "schema": record.schema, "sections": sections });
        return out.line(record);
    }
    if args.labels.is_some() {
        return Ok(());
    }
    out.line(plain(&record.path))?;
    for s in sections {
        let number = |v: Option<f32>, unit: &str| v.map_or(String::new(), |v| format!(", {v:+.1} {unit}"));
        let ratio = |v: Option<f32>, word: &str| v.map_or(String::new(), |v| format!(", {word} x{v:.2}"));
        let how = s.transition.as_ref().map_or(String::new(), |t| format!(", {}", t.kind.name()));
        out.line(format_args!(
            "  {:>8} {:>8}  {:2} {:9} {:.2}{}{}{}{how}",
            clock(s.start),
            clock(s.end),
            s.letter,
            s.role.name(),
            s.membership,
            number(s.energy, "dB"),
            ratio(s.brightness, "brightness"),
            ratio(s.density, "density"),
        ))?;
    }
    Ok(())
}

/// File names of label tracks: that of the sound with `.txt`, with a number where two are called the same.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn of(&mut self, path: &str) -> PathBuf {
        let name = Path::new(path).file_name().map_or_else(|| "track".into(), |n| n.to_string_lossy().into_owned());
        let free = (1..).map(|n| if n == 1 { format!("{name}.txt") } else { format!("{name}.{n}.txt") });
        // File systems that fold letters would join names that differ in them alone.
        let name = free.into_iter().find(|n| !self.0.contains(&n.to_lowercase())).expect("numbers do not end");
        self.0.insert(name.to_lowercase());
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn files_of_one_name_get_numbers() {
        let mut names = Names::default();
        let of: Vec<String> =
            ["a/x.mp3", "b/x.mp3", "c/X.MP3", "x.wav"].map(|p| names.of(p).to_string_lossy().into_owned()).into();
        assert_eq!(of, ["x.mp3.txt", "x.mp3.2.txt", "X.MP3.3.txt", "x.wav.txt"]);
    }
}
