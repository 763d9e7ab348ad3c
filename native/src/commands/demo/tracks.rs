//! The demo's tracks, read back from the library that `analyze` filled.

use std::path::{Path, PathBuf};

use anyhow::Result;
use earprint_core::{DIMENSIONS, TRACK_SCHEMA};
use earprint_library::{Filter, Library, Sort, path_from_text};

/// One track.
pub struct Track {
    /// Name of its file.
    pub name: String,
    /// The 25 numbers, NaN where unknown.
    pub values: [f32; DIMENSIONS],
    /// Key and mode, where there is one.
    pub key: Option<String>,
    /// The nearest other track and its distance, 0 to 1.
    pub nearest: Option<(String, f64)>,
}

/// All tracks of a library, by name.
///
/// # Errors
/// A library that cannot be read.
pub fn read(library: &Path) -> Result<Vec<Track>> {
    let library = Library::open_read_only(library)?;
    let rows = library.list(TRACK_SCHEMA, &Filter::default(), Sort::Path, None)?;
    let collection = library.collection(TRACK_SCHEMA)?;
    let name = |text: &str| {
        let path = path_from_text(text).unwrap_or_else(|| PathBuf::from(text));
        path.file_name().map_or_else(|| text.to_owned(), |n| n.to_string_lossy().into_owned())
    };
    let mut tracks = Vec::new();
    for row in &rows {
        let near = collection.similar(TRACK_SCHEMA, &row.values, Some(row.track_id), 1)?;
        let nearest = near.first().and_then(|n| {
            let other = rows.iter().find(|r| r.track_id == n.id)?;
            Some((name(&other.path), n.distance.total))
        });
        let path = path_from_text(&row.path).unwrap_or_else(|| PathBuf::from(&row.path));
        let table = library.record(&path, TRACK_SCHEMA)?.and_then(|record| record.table);
        let key = table.and_then(|t| Some(format!("{} {}", t.key?, t.mode?)));
        tracks.push(Track { name: name(&row.path), values: row.values, key, nearest });
    }
    Ok(tracks)
}
