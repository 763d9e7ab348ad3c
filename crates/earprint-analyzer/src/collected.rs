//! The tracks of a library as a collection.

use std::collections::HashSet;
use std::path::Path;

use earprint_collection::order::{OrderTrack, key_named};
use earprint_collection::{Scale, Values};
use earprint_core::{Status, TRACK_SCHEMA, TrackRecord, TrackTable, path_from_text};
use earprint_library::{Library, LibraryError};

use crate::AnalyzerError;

/// A track with numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Path as records hold it.
    pub path: String,
    /// `Ok` or `Partial`.
    pub status: Status,
    /// The 25 numbers in their units, NaN where unknown.
    pub values: Values,
    /// The wider table.
    pub table: TrackTable,
    /// What computed it.
    pub backend: Option<String>,
}

/// Which tracks count as of one artist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Group {
    /// Those of one folder.
    #[default]
    Folder,
    /// None.
    None,
}

/// All tracks of a library, by path; a track that lies in two files counts once, under the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// Tracks with numbers.
    pub members: Vec<Member>,
    /// Inputs without, and those that are incomplete.
    pub problems: Vec<TrackRecord>,
    /// The scale that the library keeps.
    pub scale: Scale,
}

impl Collected {
    /// Reads a library.
    ///
    /// # Errors
    /// What the library says.
    pub fn read(library: &Library) -> Result<Self, AnalyzerError> {
        let mut seen = Seen::default();
        let (mut members, mut problems) = (Vec::new(), Vec::new());
        library.each_record(TRACK_SCHEMA, true, |record| {
            if record.code.is_some() {
                problems.push(TrackRecord { descriptor: None, table: None, ..record.clone() });
            }
            if let Some(values) = seen.first(&record) {
                members.push(Member {
                    path: record.path,
                    status: record.status,
                    values,
                    table: record.table.unwrap_or_default(),
                    backend: record.backend,
                });
            }
            Ok(())
        })?;
        Ok(Self { members, problems, scale: library.scale(TRACK_SCHEMA)?.scale })
    }

    /// The 25 numbers of each.
    pub fn values(&self) -> Vec<Values> {
        self.members.iter().map(|m| m.values).collect()
    }

    /// The tracks as they are put in order.
    pub fn order_tracks(&self, group: Group) -> Vec<OrderTrack> {
        let track = |m: &Member| OrderTrack {
            values: m.values,
            scaled: self.scale.scaled(TRACK_SCHEMA, &m.values).expect("the scale is of this version"),
            key: m.table.key.as_deref().zip(m.table.mode.as_deref()).and_then(|(tonic, mode)| key_named(tonic, mode)),
            duration: Some(m.table.duration).filter(|d| *d > 0.0),
            artist: match group {
                Group::None => None,
                Group::Folder => folder(&m.path),
            },
        };
        self.members.iter().map(track).collect()
    }

    /// The track of that path, or the only one whose path contains `text`, ASCII letters in either case.
    ///
    /// # Errors
    /// `Track` where none fits, or several.
    pub fn find(&self, text: &str) -> Result<usize, AnalyzerError> {
        if let Some(at) = self.members.iter().position(|m| m.path == text) {
            return Ok(at);
        }
        let part = text.to_ascii_lowercase();
        let fitting: Vec<usize> = (0..self.members.len())
            .filter(|&at| !part.trim().is_empty() && self.members[at].path.to_ascii_lowercase().contains(&part))
            .collect();
        match fitting[..] {
            [one] => Ok(one),
            [] => Err(AnalyzerError::Track { text: text.to_owned(), fitting: Vec::new(), tracks: self.members.len() }),
            _ => Err(AnalyzerError::Track {
                text: text.to_owned(),
                fitting: fitting.iter().take(3).map(|&at| self.members[at].path.clone()).collect(),
                tracks: self.members.len(),
            }),
        }
    }
}

/// Path and numbers of every track of a library that has any, by path; a track that lies in two files counts once, under the first.
///
/// # Errors
/// What the library says.
pub fn each_track(library: &Library, mut take: impl FnMut(String, Values)) -> Result<(), LibraryError> {
    let mut seen = Seen::default();
    library.each_record(TRACK_SCHEMA, false, |record| {
        if let Some(values) = seen.first(&record) {
            take(record.path, values);
        }
        Ok(())
    })
}

/// Tracks that came already, by what identifies their sound.
#[derive(Default)]
struct Seen(HashSet<String>);

impl Seen {
    /// The numbers of a record, if it has some and its track did not come before.
    fn first(&mut self, record: &TrackRecord) -> Option<Values> {
        let descriptor = record.descriptor.as_ref()?;
        let new = record.audio_id.as_ref().is_none_or(|id| self.0.insert(id.clone()));
        new.then_some(descriptor.values)
    }
}

/// The folder a file lies in, by its whole path: two folders of one name are two artists.
fn folder(path: &str) -> Option<String> {
    let path = path_from_text(path)?;
    path.parent().map(Path::display).map(|p| p.to_string()).filter(|p| !p.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(path: &str) -> Member {
        Member {
            path: path.into(),
            status: Status::Ok,
            values: [0.5; 25],
            table: TrackTable { key: Some("F#".into()), mode: Some("minor".into()), ..TrackTable::default() },
            backend: None,
        }
    }

    #[test]
    fn tracks_are_found_by_path_or_a_part_of_it() {
        let paths = ["/a/One.mp3", "/a/one more.mp3", "/b/two.mp3"];
        let c = Collected {
            members: paths.iter().map(|p| member(p)).collect(),
            problems: Vec::new(),
            scale: Scale::reference(TRACK_SCHEMA).unwrap(),
        };
        assert_eq!((c.find("/a/One.mp3").unwrap(), c.find("MORE").unwrap(), c.find("b/t").unwrap()), (0, 1, 2));
        for (text, words) in [("one", "/a/One.mp3"), ("three", "no track"), ("", "no track")] {
            let error = c.find(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let tracks = c.order_tracks(Group::Folder);
        assert_eq!(tracks[0].key, Some((6, true)));
        assert_eq!(tracks[0].artist, tracks[1].artist);
        assert_ne!(tracks[0].artist, tracks[2].artist);
        assert_eq!((tracks[0].duration, c.order_tracks(Group::None)[0].artist.clone()), (None, None));
    }
}
