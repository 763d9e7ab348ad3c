//! A folder of its own for each test, and made-up tracks.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use earprint_core::{DIMENSIONS, Descriptor, TrackTable, Why};
use earprint_library::{Entry, Library, Numbers, Outcome, RunEnd};

pub const SCHEMA: &str = "trk-1";

/// A folder that is removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("earprint-library-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file that exists.
    pub fn file(&self, name: &str) -> PathBuf {
        std::fs::write(self.at(name), name).unwrap();
        self.at(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Numbers that depend on `seed`, one of them unknown.
pub fn numbers(seed: u32) -> Numbers {
    let mut known = [Ok(0.0); DIMENSIONS];
    for (d, k) in known.iter_mut().enumerate() {
        *k = Ok(f64::from((seed * 37 + d as u32 * 11) % 101) / 7.0 + 0.1);
    }
    known[seed as usize % DIMENSIONS] = Err(Why::TooShort);
    Numbers {
        partial: false,
        code: None,
        detail: None,
        decoder: Some("symphonia-flac".into()),
        backend: Some("cpu".into()),
        descriptor: Descriptor::new(known),
        table: TrackTable {
            duration: 1.5 + f64::from(seed),
            sample_rate: 48_000,
            channels: 2,
            codec: "flac".into(),
            key: Some("C#".into()),
            chroma: Some([0.1; 12]),
            ..TrackTable::default()
        },
    }
}

pub fn entry(path: &Path, audio: &str, outcome: Outcome) -> Entry {
    let audio_id = (!audio.is_empty()).then(|| audio.to_owned());
    Entry { path: path.to_owned(), bytes: 1000, modified_ns: Some(7), audio_id, outcome }
}

pub fn ok(path: &Path, audio: &str, seed: u32) -> Entry {
    entry(path, audio, Outcome::Numbers(Box::new(numbers(seed))))
}

/// One whole run over `entries`.
pub fn run(library: &mut Library, entries: &[Entry]) -> earprint_library::Settled {
    let run = library.begin_run(&serde_json::Map::new()).unwrap();
    library.commit(run, SCHEMA, entries).unwrap();
    library.end_run(run, true, &RunEnd::default()).unwrap()
}

/// Every record of the library.
pub fn records(library: &Library, wide: bool) -> Vec<earprint_core::TrackRecord> {
    let mut out = Vec::new();
    library
        .each_record(SCHEMA, wide, |r| {
            out.push(r);
            Ok(())
        })
        .unwrap();
    out
}

/// Everything that two runs over the same files must have in common, as text.
pub fn content(library: &Library) -> Vec<String> {
    let mut out: Vec<_> = records(library, true).iter().map(|r| serde_json::to_string(r).unwrap()).collect();
    let mut q = library
        .connection()
        .prepare("SELECT path, bytes, modified_ns, status, gone, moved_from, note FROM file ORDER BY path")
        .unwrap();
    let rows = q.query_map([], |r| {
        let cells: Vec<String> =
            (0..7).map(|i| format!("{:?}", r.get::<_, rusqlite::types::Value>(i).unwrap())).collect();
        Ok(cells.join("|"))
    });
    out.extend(rows.unwrap().map(Result::unwrap));
    out
}
