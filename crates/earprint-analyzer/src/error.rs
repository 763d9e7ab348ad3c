//! What can go wrong with a collection.

use earprint_collection::kmeans::KMeansError;
use earprint_collection::map::MapError;
use earprint_collection::order::OrderError;
use earprint_collection::portrait::PortraitError;
use earprint_library::LibraryError;
use earprint_report::ReportError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzerError {
    /// The library.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Clusters.
    #[error(transparent)]
    Clusters(#[from] KMeansError),
    /// Portraits of clusters.
    #[error(transparent)]
    Portraits(#[from] PortraitError),
    /// The map.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A scale, or versions that do not go together.
    #[error(transparent)]
    Collection(#[from] earprint_collection::CollectionError),
    /// A track that is not there, or not one.
    #[error("{}", track_words(text, fitting, *tracks))]
    Track {
        /// What was asked for.
        text: String,
        /// Some of those that fit.
        fitting: Vec<String>,
        /// Tracks there are.
        tracks: usize,
    },
    /// A setting that makes no sense.
    #[error("{what} is {came}; expected {expected}")]
    Setting {
        /// Which.
        what: &'static str,
        /// What came.
        came: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Threads that the system does not give.
    #[error("{threads} threads: {why}")]
    Threads {
        /// How many.
        threads: usize,
        /// What it says.
        why: String,
    },
    /// A file that cannot be analysed.
    #[error("{path}: {why}")]
    Input {
        /// Which.
        path: String,
        /// Stable code.
        code: &'static str,
        /// Why.
        why: String,
    },
}

impl AnalyzerError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Library(e) => e.code(),
            Self::Clusters(e) => e.code(),
            Self::Portraits(e) => e.code(),
            Self::Map(e) => e.code(),
            Self::Order(e) => e.code(),
            Self::Report(e) => e.code(),
            Self::Collection(e) => e.code(),
            Self::Track { .. } => "E_NO_TRACK",
            Self::Setting { .. } => "E_SETTING",
            Self::Threads { .. } => "E_THREADS",
            Self::Input { code, .. } => code,
        }
    }
}

fn track_words(text: &str, fitting: &[String], tracks: usize) -> String {
    match fitting {
        [] => format!(
            "no track of {tracks} is called {text:?}; expected a path of the library or a part that one path has"
        ),
        some => format!("{text:?} fits several tracks, {} among them; expected more of the path", some.join(" and ")),
    }
}
