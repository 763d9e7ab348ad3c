//! What can be typed.

mod collection;
mod inputs;
mod library;
pub mod settings;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

pub use collection::{ClusterArgs, MethodArg, OrderArgs, ReportArgs, SectionsArgs, ShapeArg};
pub use inputs::InputArgs;
pub use library::{ExportArgs, ExportFormat, LibraryArgs, ListArgs, SimilarArgs, StatsArgs};

/// Turns folders of sound into numbers: the same numbers in a terminal, a browser and from npm, on every device.
#[derive(Debug, Parser)]
#[command(
    name = "earprint",
    version,
    after_help = "Exit codes: 0 all done, 1 fatal, 2 usage, 3 finished but some inputs failed, 130 interrupted (the same \
                  command continues).\nstdout carries data only; words go to stderr.\nWhatever shows an environment variable can \
                  also stand in earprint.toml, here or above, or in earprint/config.toml of your configuration folder: \
                  jobs = 4, or [analyze] and below it jobs = 4."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 25 numbers of every track, with a wider table: as records, and in a library that remembers.
    Analyze(AnalyzeArgs),
    /// The same for folders that grow: what has come to rest is analysed, until Ctrl-C.
    Watch(WatchArgs),
    /// Tracks of a library: filtered, sorted; or the files that failed.
    List(ListArgs),
    /// Tracks of a library that sound like one of them, and why.
    Similar(SimilarArgs),
    /// Tracks of a library, or rows of an array, in k groups.
    Cluster(ClusterArgs),
    /// Tracks of a library in an order to listen to, or a lint of a playlist.
    Order(OrderArgs),
    /// Everything about a library in a folder: one HTML page, CSV, JSON, Markdown, pictures, a playlist.
    Report(ReportArgs),
    /// Where tracks of a library change: sections with their roles, as lines, records or Audacity labels.
    Sections(SectionsArgs),
    /// A library as CSV, NDJSON, Parquet or NPY.
    Export(ExportArgs),
    /// How the last runs of a library went.
    Stats(StatsArgs),
    /// Mel spectrograms of files or folders, as .npy arrays with a manifest.
    Mel(MelArgs),
    /// Pictures of mel spectrograms: PNG of one file, or of every file of a tree.
    Spec(SpecArgs),
    /// The whole way on two dozen built-in sounds: sounds, features, pictures, a report.
    Demo(DemoArgs),
    /// Conformance vectors on every backend of this machine: largest error and whether the bits are the CPU's.
    Verify(VerifyArgs),
    /// Which devices, drivers and formats work here, and why the others do not.
    Doctor,
    /// How fast this machine computes, per backend and preset; results are checked before they are timed.
    Bench(BenchArgs),
}

/// `earprint verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// One JSON record per backend and preset.
    #[arg(long)]
    pub json: bool,
}

/// `earprint bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Timed rounds; the fastest counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Also software Vulkan devices.
    #[arg(long)]
    pub software: bool,
    /// One JSON record per backend and preset.
    #[arg(long)]
    pub json: bool,
}

/// What every verb that computes over files takes.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    /// Device that computes: the fastest for the job, the CPU, Vulkan (Metal, DX12 on their systems), or CUDA.
    #[arg(long, value_enum, default_value_t = Device::Auto, env = "EARPRINT_DEVICE")]
    pub device: Device,
    /// Threads that read, decode and compute; all cores where no number is given.
    #[arg(long, value_name = "N", env = "EARPRINT_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Memory the run may take, for example 500M or 2G. One file's channel may take a third of a thread's share.
    #[arg(long, value_name = "SIZE", default_value = "500M", value_parser = size, env = "EARPRINT_MEMORY")]
    pub memory: u64,
    /// How progress is told on stderr.
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto, env = "EARPRINT_PROGRESS")]
    pub progress: ProgressKind,
    /// When failed inputs make the exit code 3.
    #[arg(long, value_enum, default_value_t = FailOn::Any, env = "EARPRINT_FAIL_ON")]
    pub fail_on: FailOn,
    /// Errors only.
    #[arg(short, long)]
    pub quiet: bool,
    /// More words: resources in use with the progress.
    #[arg(short, long)]
    pub verbose: bool,
}

/// Whether a flag stands on the command line: defaults, the environment and files are no wish of this run.
pub fn typed(flag: &str) -> bool {
    let is = |arg: &str| arg.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    std::env::args_os().any(|arg| arg.to_str().is_some_and(is))
}

/// `earprint analyze`.
#[derive(Debug, Clone, clap::Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    pub inputs: InputArgs,
    /// SQLite file that keeps the numbers; made where it is missing. Tracks it knows are not analysed again.
    #[arg(short, long, value_name = "FILE", env = "EARPRINT_LIBRARY")]
    pub library: Option<PathBuf>,
    /// One NDJSON record per input on stdout, in the order of the inputs [default without --library].
    #[arg(long)]
    pub json: bool,
    /// Also try again what failed in an earlier run.
    #[arg(long)]
    pub retry_failed: bool,
    /// Analyse everything again.
    #[arg(long)]
    pub force: bool,
    /// Count files and hours and estimate the time, compute nothing; with --json as one record.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub time_limit: TimeLimit,
    /// Most tracks in one commit (results do not depend on it).
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub batch_files: Option<u32>,
    /// Frames of one segment (results do not depend on it).
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u32).range(16..=65_536))]
    pub segment_frames: Option<u32>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// How long one file may take.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct TimeLimit {
    /// Seconds one file may take; then it counts as failed. 0: as long as it likes.
    #[arg(long = "time-limit", value_name = "SECONDS", env = "EARPRINT_TIME_LIMIT", default_value_t = 3600)]
    seconds: u64,
}

impl TimeLimit {
    /// `None`: no limit.
    pub fn duration(self) -> Option<Duration> {
        (self.seconds > 0).then_some(Duration::from_secs(self.seconds))
    }
}

/// `earprint watch`.
#[derive(Debug, Clone, clap::Args)]
pub struct WatchArgs {
    /// Folders.
    #[arg(required = true, value_name = "FOLDER")]
    pub paths: Vec<PathBuf>,
    /// SQLite file that keeps the numbers; made where it is missing.
    #[arg(short, long, value_name = "FILE", env = "EARPRINT_LIBRARY", default_value = "earprint.db")]
    pub library: PathBuf,
    /// One NDJSON record per new track on stdout.
    #[arg(long)]
    pub json: bool,
    /// Seconds between looks; a file is analysed once it has not changed between two of them.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    #[command(flatten)]
    pub time_limit: TimeLimit,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `earprint mel`.
#[derive(Debug, clap::Args)]
pub struct MelArgs {
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Which mel spectrogram: leak, leak-64, librosa, whisper, whisper-128.
    #[arg(long, default_value = "librosa", env = "EARPRINT_PRESET")]
    pub preset: String,
    /// Output folder.
    #[arg(short, long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Frames of a window that pools: one (their mean power), or all.
    #[arg(long, value_enum, default_value_t = Frames::Preset)]
    pub frames: Frames,
    /// Type of the stored values.
    #[arg(long, value_enum, default_value_t = DtypeArg::F16, env = "EARPRINT_DTYPE")]
    pub dtype: DtypeArg,
    /// Also write the arrays without headers (.raw).
    #[arg(long)]
    pub raw: bool,
    /// Give unreadable files rows of zeros, so that file k always owns the same rows.
    #[arg(long)]
    pub keep_geometry: bool,
    /// One NDJSON record per input on stdout.
    #[arg(long)]
    pub json: bool,
    /// Count files and bytes, compute nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Change one field of the preset, for example --set n_fft=1024 (repeatable).
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Most files in one batch (results do not depend on it).
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub batch_files: Option<u32>,
    /// Milliseconds after which what is done is surely on the disk and in the journal.
    #[arg(long, value_name = "N", hide = true, default_value_t = 1000)]
    pub flush_ms: u64,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `earprint spec`.
#[derive(Debug, clap::Args)]
pub struct SpecArgs {
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Which mel spectrogram: librosa, whisper, whisper-128.
    #[arg(long, default_value = "librosa", env = "EARPRINT_PRESET")]
    pub preset: String,
    /// For one input a file (.png, or .npy with --format npy); otherwise a folder, in which every input keeps its
    /// relative path: name.wav becomes name.wav.png.
    #[arg(short, long, value_name = "FILE|FOLDER")]
    pub out: PathBuf,
    /// Colours from low to high.
    #[arg(long, value_enum, default_value_t = Colors::Magma)]
    pub color: Colors,
    /// Values of the lowest and the highest colour, in the unit of the preset (dB): the same for all pictures. auto: from
    /// the largest value of each file down, at most 80.
    #[arg(long, value_name = "LOW,HIGH|auto", default_value = "auto", value_parser = range, allow_hyphen_values = true)]
    pub range: RangeArg,
    /// Title, time, frequency and a colour bar around the values [default].
    #[arg(long, overrides_with = "no_axes")]
    pub axes: bool,
    /// The values alone.
    #[arg(long, overrides_with = "axes")]
    pub no_axes: bool,
    /// Pixels of the whole picture.
    #[arg(long, value_name = "PIXELS", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub width: u32,
    /// Pixels of the whole picture.
    #[arg(long, value_name = "PIXELS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub height: u32,
    /// One pixel per value instead: as wide as the file has frames, as high as there are bands, axes added.
    #[arg(long, conflicts_with_all = ["width", "height"])]
    pub exact: bool,
    /// What is written of each input.
    #[arg(long, value_enum, default_value_t = SpecFormat::Png)]
    pub format: SpecFormat,
    /// Also write the values, (n_mels, frames) f32, beside each picture.
    #[arg(long)]
    pub npy: bool,
    /// One NDJSON record per input on stdout.
    #[arg(long)]
    pub json: bool,
    /// Change one field of the preset, for example --set n_fft=1024 (repeatable).
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `earprint demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Output folder; files of an earlier demo in it are written anew, audio files put into its `sounds` take part.
    #[arg(short, long, value_name = "FOLDER", default_value = "earprint-demo")]
    pub out: PathBuf,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colors {
    /// Black, purple, orange, pale yellow.
    Magma,
    /// Dark purple, teal, yellow.
    Viridis,
    /// Black to white.
    Gray,
}

/// `--range`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RangeArg {
    Auto,
    Fixed(f32, f32),
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SpecFormat {
    /// A picture.
    Png,
    /// The values, (n_mels, frames) f32.
    Npy,
}

/// `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    Auto,
    Cpu,
    Vulkan,
    Cuda,
}

/// `--frames`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Frames {
    /// As the preset says.
    Preset,
    /// Mean power of a window: one frame.
    Pooled,
    /// Every frame.
    All,
}

/// `--dtype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DtypeArg {
    F16,
    F32,
}

/// `--progress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// A bar on a terminal, lines elsewhere.
    Auto,
    Bar,
    Lines,
    Json,
    None,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Never.
    None,
    /// When any input failed.
    Any,
    /// When every input failed.
    All,
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| format!("{text:?}; expected a size such as 500M or 2G"))?;
    let unit = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 1.0,
        "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return Err(format!("{text:?}; expected a size such as 500M or 2G")),
    };
    let bytes = number * unit;
    if (16e6..=1e15).contains(&bytes) { Ok(bytes as u64) } else { Err(format!("{text:?}; expected 16M or more")) }
}

fn range(text: &str) -> Result<RangeArg, String> {
    if text == "auto" {
        return Ok(RangeArg::Auto);
    }
    let numbers = text.split_once(',').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    match numbers {
        Some((low, high)) if f32::is_finite(low) && f32::is_finite(high) && low < high => {
            Ok(RangeArg::Fixed(low, high))
        }
        _ => Err("expected LOW,HIGH with LOW below HIGH, for example -80,0, or auto".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_sizes_read() {
        Args::command().debug_assert();
        assert_eq!(size("500M").unwrap(), 500_000_000);
        assert_eq!(size("1.5GiB").unwrap(), 1_500_000_000);
        assert!(size("12").is_err() && size("12X").is_err() && size("").is_err());
    }

    #[test]
    fn ranges_read() {
        assert_eq!(range("auto"), Ok(RangeArg::Auto));
        assert_eq!(range("-80,-2.5"), Ok(RangeArg::Fixed(-80.0, -2.5)));
        for bad in ["", "0,-80", "1", "-80", "nan,0", "-inf,0", "a,b", "1,2,3"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
