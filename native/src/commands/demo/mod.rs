//! `earprint demo`: the main job on built-in sounds, by the verbs themselves.
//!
//! Leaves in the output folder: `sounds/*.wav`, `features/librosa` and `features/leak-64` as `mel` writes them,
//! `pictures/*.png` as `spec` does, `tracks.db` as `analyze` does with `tracks.csv` from it, `overview.png`, `leak-64.png` and
//! `report.md`.

mod measure;
mod report;
mod sheet;
mod tracks;

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use earprint_store::AtomicFile;

use crate::args::{Args, Command, DemoArgs, RunArgs};
use crate::fate::Ended;
use crate::render;
use measure::Analysis;

/// A command the demo ran.
pub struct Step {
    /// As one would type it.
    pub command: String,
    /// Wall time, seconds.
    pub seconds: f64,
    /// What computed, and why that.
    pub device: String,
}

/// Runs the verb; returns the exit code.
pub fn run(args: &DemoArgs) -> Result<u8> {
    let out = &args.out;
    let say = |text: String| {
        if !args.run.quiet {
            eprintln!("{text}");
        }
    };
    let sounds = out.join("sounds");
    let started = Instant::now();
    let count = write_sounds(&sounds)?;
    say(format!("made {count} sounds in {} ({:.1} s)", sounds.display(), started.elapsed().as_secs_f64()));

    let below = |name: &str| out.join(name).into_os_string();
    let [sounds, librosa, leak] = ["sounds", "features/librosa", "features/leak-64"].map(below);
    let [pictures, library, table] = ["pictures", "tracks.db", "tracks.csv"].map(below);
    let commands: [&[OsString]; 5] = [
        &["mel".into(), sounds.clone(), "--preset".into(), "librosa".into(), "-o".into(), librosa.clone()],
        &["mel".into(), sounds.clone(), "--preset".into(), "leak-64".into(), "-o".into(), leak.clone()],
        &["spec".into(), sounds.clone(), "--preset".into(), "librosa".into(), "-o".into(), pictures],
        &["analyze".into(), sounds.clone(), "--library".into(), library.clone()],
        &["export".into(), "--library".into(), library.clone(), "--out".into(), table],
    ];
    let mut steps = Vec::new();
    let mut worst = 0;
    for words in commands {
        let command = shown(words);
        say(format!("$ {command}"));
        let started = Instant::now();
        let ended = verb(words, &args.run).with_context(|| command.clone())?;
        if ended.code == 130 {
            return Ok(ended.code);
        }
        worst = worst.max(ended.code);
        let device = ended.device.unwrap_or_default();
        steps.push(Step { command, seconds: started.elapsed().as_secs_f64(), device });
    }

    let analysis = Analysis::read(Path::new(&librosa), Path::new(&leak))?;
    write(&out.join("overview.png"), &sheet::overview(&analysis)?)?;
    write(&out.join("leak-64.png"), &sheet::rows(&analysis)?)?;
    let tracks = tracks::read(Path::new(&library))?;
    write(&out.join("report.md"), report::text(&analysis, &tracks, &steps).as_bytes())?;
    say(format!("look at {} and {}", out.join("report.md").display(), out.join("overview.png").display()));
    Ok(worst)
}

fn write_sounds(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for sound in render::sounds() {
        write(&folder.join(format!("{}.wav", sound.name)), &sound.wav())?;
        count += 1;
    }
    Ok(count)
}

/// Runs a verb as if it had been typed, with the demo's own device, threads and progress.
fn verb(words: &[OsString], run: &RunArgs) -> Result<Ended> {
    let words = std::iter::once(OsString::from("earprint")).chain(words.iter().cloned());
    match Args::try_parse_from(words)?.command {
        Command::Mel(mut a) => {
            a.run = run.clone();
            super::mel::run(&a)
        }
        Command::Spec(mut a) => {
            a.run = run.clone();
            super::spec::run(&a)
        }
        Command::Analyze(mut a) => {
            a.run = run.clone();
            super::analyze::run(&a)
        }
        Command::Export(mut a) => {
            a.quiet = run.quiet;
            Ok(Ended { code: super::export::run(&a)?, device: None })
        }
        _ => unreachable!("the demo runs no other verb"),
    }
}

/// A command line as a shell takes it.
fn shown(words: &[OsString]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    let quoted = words.iter().map(|word| {
        let word = word.to_string_lossy();
        if word.chars().all(plain) { word.into_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    std::iter::once("earprint".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write(bytes)?;
    Ok(file.finish()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_shown_as_a_shell_takes_them() {
        assert_eq!(super::shown(&["mel".into(), "a b".into(), "it's".into()]), "earprint mel 'a b' 'it'\\''s'");
    }
}
