//! What can be typed of libraries.

use std::path::PathBuf;

use clap::ValueEnum;

/// A library to read.
#[derive(Debug, Clone, clap::Args)]
pub struct LibraryArgs {
    /// SQLite file that `earprint analyze --library` made.
    #[arg(short, long, value_name = "FILE", env = "EARPRINT_LIBRARY", default_value = "earprint.db")]
    pub library: PathBuf,
}

/// `earprint list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    /// Files that failed instead, with the reasons.
    #[arg(long, conflicts_with_all = ["ranges", "sort", "show"])]
    pub failed: bool,
    /// With --failed, also what was left out on purpose: pictures, texts and the like.
    #[arg(long, requires = "failed")]
    pub skipped: bool,
    /// Part of the path.
    #[arg(long, value_name = "TEXT")]
    pub path: Option<String>,
    /// Tracks with a number in a range, for example tempo=90..120 (repeatable).
    #[arg(long = "where", value_name = "NAME=LOW..HIGH")]
    pub ranges: Vec<String>,
    /// Sort by a number, high first with a minus before its name [default: by path].
    #[arg(long, value_name = "[-]NAME", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Numbers to show, separated by commas, or `all`.
    #[arg(long, value_name = "NAMES", default_value = "loudness,tempo,centroid,harmonic_ratio,stereo_width")]
    pub show: String,
    /// Most rows.
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,
    /// One NDJSON record per track.
    #[arg(long)]
    pub json: bool,
}

/// `earprint similar`.
#[derive(Debug, clap::Args)]
pub struct SimilarArgs {
    /// A file of the library, or a part of its path that no other has.
    pub track: String,
    #[command(flatten)]
    pub library: LibraryArgs,
    /// How many.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
    /// Also which aspects (timbre, rhythm, harmony, level) and which numbers the distance comes from.
    #[arg(long)]
    pub explain: bool,
    /// One NDJSON record per neighbour.
    #[arg(long)]
    pub json: bool,
}

/// `earprint export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    /// File to write: .csv, .ndjson, .parquet or .npy (with the paths in a .paths.txt beside it).
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Format, where the file's name does not say it.
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    /// No words on stderr but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// `--format` of `export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Csv,
    Ndjson,
    Parquet,
    Npy,
}

/// `earprint stats`.
#[derive(Debug, clap::Args)]
pub struct StatsArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    /// How many runs, newest first.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
    /// One NDJSON record per run.
    #[arg(long)]
    pub json: bool,
}
