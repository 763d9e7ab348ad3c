//! What can be typed of collections.

use std::path::PathBuf;

use clap::ValueEnum;
use earprint_analyzer::Group;
use earprint_collection::kmeans::Scaling;

use super::{Device, LibraryArgs, size};

/// `earprint cluster`.
#[derive(Debug, clap::Args)]
pub struct ClusterArgs {
    /// A library, or a .npy array (rows, columns) of f16, f32 or f64; NaN is a number that is not known.
    #[arg(value_name = "LIBRARY|FILE.npy")]
    pub input: PathBuf,
    /// Groups around centres, or by density: of any number and shape, and what lies alone in none.
    #[arg(long, value_enum, default_value_t = MethodArg::Kmeans)]
    pub method: MethodArg,
    /// Fewest rows of a dense group.
    #[arg(long, value_name = "ROWS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    pub min_size: u32,
    /// Which neighbour's distance is the density of a row: higher leaves out more [default: --min-size].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub neighbours: Option<u32>,
    /// Number of clusters [default: the one whose silhouette is best; with --init: its rows].
    #[arg(short, long, value_name = "K")]
    pub k: Option<usize>,
    /// Highest number of clusters to try where none is given.
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub k_max: u32,
    /// Starts from different rows; the best is kept.
    #[arg(long, value_name = "N", default_value_t = 4, conflicts_with = "batch", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub starts: u32,
    /// First centres, a .npy array (k, columns) in the units of the input, instead of k-means++.
    #[arg(long, value_name = "FILE.npy")]
    pub init: Option<PathBuf>,
    /// Seed of whatever is drawn.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Most passes over the rows.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_iter: u32,
    /// End once the squared moves of all centres sum up to this share of a column's mean variance; 0: when no label changes.
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = share)]
    pub tol: f64,
    /// What makes columns comparable: their deviation, their quartiles, or nothing.
    #[arg(long, value_enum, default_value_t = ScaleArg::Zscore)]
    pub scale: ScaleArg,
    /// Centres from random batches of so many rows, then one pass over all: for rows without end. --max-iter counts batches.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Count equal rows as one row with a weight: faster where there are many, with the same centres from the same --init.
    #[arg(long)]
    pub unique: bool,
    /// Memory for rows, for example 500M or 2G: those that need more are read from the file in every pass. No label depends on it.
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = size, env = "EARPRINT_MEMORY")]
    pub memory: u64,
    /// Folder for labels.npy, centres.npy, summary.json and, for tracks, members.csv.
    #[arg(short, long, value_name = "FOLDER", default_value = "clusters")]
    pub out: PathBuf,
    /// Device that finds nearest centres: the fastest for the job, the CPU, Vulkan (Metal, DX12), or CUDA. No label depends on it.
    #[arg(long, value_enum, default_value_t = Device::Auto, env = "EARPRINT_DEVICE")]
    pub device: Device,
    /// Threads; all cores where no number is given. No label depends on it.
    #[arg(short, long, value_name = "N", env = "EARPRINT_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// The summary on stdout as one JSON record.
    #[arg(long)]
    pub json: bool,
    /// No words on stderr but errors.
    #[arg(short, long)]
    pub quiet: bool,
    /// Tell every pass.
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// `--method` of `cluster`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    Kmeans,
    Density,
}

/// `--scale` of `cluster`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScaleArg {
    None,
    Zscore,
    Robust,
}

/// A number from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if (0.0..=1.0).contains(&x) => Ok(x),
        _ => Err("expected a number from 0 to 1".into()),
    }
}

impl From<ScaleArg> for Scaling {
    fn from(arg: ScaleArg) -> Self {
        match arg {
            ScaleArg::None => Self::None,
            ScaleArg::Zscore => Self::ZScore,
            ScaleArg::Robust => Self::Robust,
        }
    }
}

impl From<GroupArg> for Group {
    fn from(arg: GroupArg) -> Self {
        match arg {
            GroupArg::Folder => Self::Folder,
            GroupArg::None => Self::None,
        }
    }
}

/// `earprint order`.
#[derive(Debug, Clone, clap::Args)]
pub struct OrderArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    /// First track: its path, or a part of it that no other has.
    #[arg(long, value_name = "TRACK")]
    pub from: Option<String>,
    /// Last track.
    #[arg(long, value_name = "TRACK")]
    pub to: Option<String>,
    /// The way of the energy: as it comes, an arc, or one direction.
    #[arg(long, value_enum, default_value_t = ShapeArg::Free)]
    pub shape: ShapeArg,
    /// Where an arc has its peak, as a share of the sequence.
    #[arg(long, value_name = "X", default_value_t = 0.7, value_parser = share)]
    pub peak: f64,
    /// Most tracks; which ones is chosen to fit.
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub tracks: Option<u32>,
    /// Most minutes in all.
    #[arg(long, value_name = "M")]
    pub minutes: Option<f64>,
    /// Whose tracks should not crowd: those of one folder, or nobody's.
    #[arg(long, value_enum, default_value_t = GroupArg::Folder)]
    pub group: GroupArg,
    /// Most tracks of one group.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub per_group: Option<u32>,
    /// Tracks between two of one group, at least.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub gap: u32,
    /// Seed of whatever is drawn.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Look at this playlist instead: what may a listener stumble over?
    #[arg(long, value_name = "FILE.m3u8", conflicts_with_all = ["from", "to", "shape", "tracks", "minutes", "out"])]
    pub lint: Option<PathBuf>,
    /// Write an M3U8 playlist instead of lines.
    #[arg(short, long, value_name = "FILE.m3u8")]
    pub out: Option<PathBuf>,
    /// One JSON record with transitions, score and findings.
    #[arg(long)]
    pub json: bool,
    /// No words on stderr but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// `--shape` of `order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShapeArg {
    Free,
    Arc,
    Rise,
    Fall,
    Flat,
}

/// `--group` of `order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GroupArg {
    Folder,
    None,
}

/// `earprint report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    /// Folder for the documents.
    #[arg(short, long, value_name = "FOLDER", default_value = "report")]
    pub out: PathBuf,
    /// Heading [default: the library's name].
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Number of clusters [default: the one that is reliably best].
    #[arg(short, long, value_name = "K")]
    pub k: Option<usize>,
    /// Highest number of clusters to try where none is given.
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub k_max: u32,
    /// What makes dimensions comparable for clusters.
    #[arg(long, value_enum, default_value_t = ScaleArg::Zscore)]
    pub scale: ScaleArg,
    /// Seed of whatever is drawn.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Measure on so many files how much sooner all threads are done than one, and say it.
    #[arg(long, value_name = "FILES", default_value_t = 0)]
    pub serial_sample: u32,
    /// Device that finds nearest centres.
    #[arg(long, value_enum, default_value_t = Device::Auto, env = "EARPRINT_DEVICE")]
    pub device: Device,
    /// Threads; all cores where no number is given.
    #[arg(short, long, value_name = "N", env = "EARPRINT_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// No words on stderr but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// `earprint sections`.
#[derive(Debug, clap::Args)]
pub struct SectionsArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    /// Only files whose path contains this.
    #[arg(long, value_name = "PART")]
    pub path: Option<String>,
    /// Write an Audacity label track for each file into this folder: name.mp3.txt for name.mp3.
    #[arg(long, value_name = "FOLDER")]
    pub labels: Option<PathBuf>,
    /// One NDJSON record per file.
    #[arg(long)]
    pub json: bool,
    /// No words on stderr but errors.
    #[arg(short, long)]
    pub quiet: bool,
}
