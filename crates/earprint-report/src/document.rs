//! All documents by name: what a report can become, and a folder of them.

use std::path::{Path, PathBuf};

use earprint_store::{AtomicFile, sync_folder};

use crate::facts::Facts;
use crate::plots::{self, png};
use crate::{Report, ReportError, csv, html, json, m3u8, markdown};

/// One document of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Document {
    /// One HTML page, whole in itself.
    Html,
    /// Markdown with tables.
    Markdown,
    /// The report itself as JSON.
    Json,
    /// JSON Schema of the report.
    Schema,
    /// A track a line as JSON.
    Tracks,
    /// Tracks as CSV.
    Features,
    /// Sections of the tracks as CSV.
    Sections,
    /// Clusters as CSV.
    Clusters,
    /// The listening order as CSV.
    Sequence,
    /// Figures as CSV.
    Summary,
    /// The listening order as a playlist.
    Playlist,
    /// Plot of the map.
    MapPlot,
    /// Plot of the numbers of clusters that were tried.
    ChoicePlot,
    /// Plot of the sizes of the clusters.
    SizesPlot,
    /// Plot of the centres of the clusters.
    CentresPlot,
    /// Plot along the listening order.
    SequencePlot,
    /// Plot of sections of the longest tracks.
    SectionsPlot,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Html,
        Self::Markdown,
        Self::Json,
        Self::Schema,
        Self::Tracks,
        Self::Features,
        Self::Sections,
        Self::Clusters,
        Self::Sequence,
        Self::Summary,
        Self::Playlist,
        Self::MapPlot,
        Self::ChoicePlot,
        Self::SizesPlot,
        Self::CentresPlot,
        Self::SequencePlot,
        Self::SectionsPlot,
    ];

    /// Name of its file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Markdown => "report.md",
            Self::Json => "report.json",
            Self::Schema => "report.schema.json",
            Self::Tracks => "tracks.ndjson",
            Self::Features => "features.csv",
            Self::Sections => "sections.csv",
            Self::Clusters => "clusters.csv",
            Self::Sequence => "sequence.csv",
            Self::Summary => "summary.csv",
            Self::Playlist => "sequence.m3u8",
            Self::MapPlot => "map.png",
            Self::ChoicePlot => "number_of_clusters.png",
            Self::SizesPlot => "cluster_sizes.png",
            Self::CentresPlot => "cluster_centres.png",
            Self::SequencePlot => "sequence.png",
            Self::SectionsPlot => "sections.png",
        }
    }

    /// Bytes of the document, UTF-8 where it is text; `folder` is where it will stand, which only the playlist asks.
    /// Equal reports give equal bytes.
    ///
    /// # Errors
    /// `Unsound` or `Version` where the report does not pass [`Report::check`].
    pub fn bytes(self, report: &Report, folder: &Path) -> Result<Vec<u8>, ReportError> {
        report.check()?;
        Ok(self.of(&Facts::of(report), folder))
    }

    fn of(self, facts: &Facts, folder: &Path) -> Vec<u8> {
        match self {
            Self::Html => html::page(facts).into_bytes(),
            Self::Markdown => markdown::report(facts).into_bytes(),
            Self::Json => json::report(facts).into_bytes(),
            Self::Schema => json::SCHEMA.into(),
            Self::Tracks => json::tracks(facts).into_bytes(),
            Self::Features => csv::features(facts).into_bytes(),
            Self::Sections => csv::sections(facts).into_bytes(),
            Self::Clusters => csv::clusters(facts).into_bytes(),
            Self::Sequence => csv::sequence(facts).into_bytes(),
            Self::Summary => csv::summary(facts).into_bytes(),
            Self::Playlist => m3u8::of_report(facts, folder).into_bytes(),
            Self::MapPlot => png(facts, plots::map::draw),
            Self::ChoicePlot => png(facts, plots::choice::draw),
            Self::SizesPlot => png(facts, plots::sizes::draw),
            Self::CentresPlot => png(facts, plots::centres::draw),
            Self::SequencePlot => png(facts, plots::sequence::draw),
            Self::SectionsPlot => png(facts, plots::sections::draw),
        }
    }
}

/// Writes all documents into `folder`, which is made if missing. Each file stands there whole or not at all; those of
/// an earlier report are replaced, others left alone. Returns their paths in the order of [`Document::ALL`].
///
/// # Errors
/// `Unsound` or `Version` before anything is written; `Store` or `Folder` from the system: files before the one it
/// names are written.
pub fn write_all(report: &Report, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    report.check()?;
    let facts = Facts::of(report);
    let absolute = std::path::absolute(folder)
        .map_err(|source| ReportError::Folder { folder: folder.display().to_string(), source })?;
    let mut written = Vec::new();
    for document in Document::ALL {
        let path = folder.join(document.file_name());
        let mut file = AtomicFile::create(&path)?;
        file.write(&document.of(&facts, &absolute))?;
        file.finish()?;
        written.push(path);
    }
    sync_folder(&absolute)?;
    Ok(written)
}
