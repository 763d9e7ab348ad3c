//! `report.md`: what was computed, by which device, how fast, and what came out.

use std::fmt::Write;

use earprint_core::{TRACK_SCHEMA, dim};
use earprint_store::Manifest;

use super::Step;
use super::measure::Analysis;
use super::tracks::Track;
use crate::render;

/// The report.
pub fn text(analysis: &Analysis, tracks: &[Track], steps: &[Step]) -> String {
    let mut out = String::new();
    let total = analysis.seconds();
    let files = analysis.files.len();
    let spec = &analysis.librosa.job.spec;
    let mut line = |text: String| writeln!(out, "{text}").expect("memory");
    line(format!("# earprint {} on {files} sounds\n", earprint_core::TOOL_VERSION));
    line(format!("{files} sounds, {total:.1} s in all.\n"));

    line("## What ran, and how fast\n".into());
    line("| command | device | wall time | times real time |\n|---|---|---:|---:|".into());
    for step in steps {
        line(format!(
            "| `{}` | {} | {:.2} s | {:.0} |",
            step.command,
            cell(&step.device),
            step.seconds,
            total / step.seconds.max(1e-3)
        ));
    }
    line(format!(
        "\nWall time from choosing the device and finding the files to the last one flushed to disk: read, decode, resample, compute, paint, write. \
         {total:.0} s of sound are little, so starting and flushing weigh much; this is no benchmark."
    ));

    line("\n## The sounds\n".into());
    line(format!(
        "Mel spectrograms of the preset librosa: {} Hz, n_fft {}, hop_length {}, {} bands, computed by {}. Loudest band: \
         the centre of the band with the largest mean power. Centroid: the median over frames of the mean frequency of the \
         band powers, frames 60 dB below the loudest left out; with {} bands it is coarser than a centroid of the spectrum.\n",
        spec.sample_rate, spec.n_fft, spec.hop_length, spec.n_mels, analysis.librosa.backend, spec.n_mels
    ));
    line("![all spectrograms](overview.png)\n".into());
    line("| sound | what it is | seconds | frames | loudest band, Hz | median centroid, Hz | picture |".into());
    line("|---|---|---:|---:|---:|---:|---|".into());
    for file in &analysis.files {
        let path = &file.entry.path;
        let known = render::sounds().find(|s| path.strip_suffix(".wav") == Some(s.name));
        line(format!(
            "| {} | {} | {:.1} | {} | {:.0} | {:.0} | [{}.png](<pictures/{}.png>) |",
            cell(path),
            known.map_or("put there by you", |s| s.about),
            file.seconds(),
            file.frames,
            file.loudest_hz,
            file.centroid_hz,
            cell(path),
            path
        ));
    }
    for e in analysis.librosa.files.iter().filter(|e| e.features.is_none()) {
        let why = e.reason.as_deref().unwrap_or("no reason known");
        line(format!("\n{}: {}, {}", cell(&e.path), e.status.as_str(), cell(why)));
    }

    let leak = &analysis.leak;
    line("\n## Rows for leak detection\n".into());
    line(format!(
        "The preset leak-64 cuts each file to 10 s at {} Hz (shorter ones are padded with silence) and gives rows of {} \
         bands: `features/leak-64/features.npy` has shape {:?}, `index.npy` says which row is which stretch of which file. \
         Here each row is a column, one every {:.0} ms on average; one scale for all, silence dark. \
         What lies above {:.0} Hz is not in them: the birds and crickets are gone.\n",
        leak.job.spec.sample_rate,
        leak.job.spec.n_mels,
        leak.shape,
        1e3 * row_seconds(leak),
        leak.job.spec.f_max
    ));
    line("![all rows of leak-64](leak-64.png)\n".into());
    line("| sound | first row | rows |\n|---|---:|---:|".into());
    for e in &leak.files {
        line(format!("| {} | {} | {} |", cell(&e.path), e.first_row, e.rows));
    }
    out.push_str(&of_tracks(tracks));
    out
}

/// The sounds as tracks of a collection.
fn of_tracks(tracks: &[Track]) -> String {
    let mut out = format!(
        "\n## The sounds as tracks\n\n\
         Some of the 25 numbers ({TRACK_SCHEMA}) and of the wider table; all are in `tracks.csv`, and `tracks.db` remembers them. \
         A dash: not to be known, because the sound is too short, has no beat or no pitch, or was recorded below 44,100 Hz. \
         The nearest sound is the one whose numbers differ least, 0 to 1.\n\n\
         | sound | loudness, LUFS | tempo, BPM | centroid, Hz | harmonic | key | nearest |\n|---|---:|---:|---:|---:|---|---|\n"
    );
    let number = |value: f32, places: usize| {
        if value.is_nan() { "–".to_owned() } else { format!("{value:.places$}") }
    };
    for t in tracks {
        let v = |d: usize, places| number(t.values[d], places);
        let nearest = t.nearest.as_ref().map_or("–".to_owned(), |(name, d)| format!("{} ({d:.2})", cell(name)));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {nearest} |",
            cell(&t.name),
            v(dim::LOUDNESS, 1),
            v(dim::TEMPO, 1),
            v(dim::CENTROID, 0),
            v(dim::HARMONIC_RATIO, 2),
            t.key.as_deref().unwrap_or("–"),
        );
    }
    out
}

/// From a row to the next one, on average, seconds.
pub fn row_seconds(leak: &Manifest) -> f64 {
    let step = leak.job.windows.as_ref().map_or(0.0, |w| w.long_step as f64 / w.shorts_per_long() as f64);
    step / f64::from(leak.job.spec.sample_rate)
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
