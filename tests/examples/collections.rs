//! Writes the maps and words that the native code makes of arrays, for comers without it: Node and browsers hold the npm package against them.
//! (Clusters they hold against the command.)
//!
//! `cargo run --release -p earprint-tests --example collections -- FOLDER` reads every `NAME.x.npy` there, `(rows, columns)` f32, and leaves
//! `NAME.map.f32` (places, little-endian) and `NAME.map.json`; for rows of 25 numbers as of tracks, too: `NAME.tracks.…`, with their words.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use earprint_collection::kmeans::{KMeans, Scaling, kmeans};
use earprint_collection::map::{Map, MapJob, map_of_rows, map_of_tracks};
use earprint_collection::portrait::{portraits, rows};
use earprint_collection::words::{Tags, Usual};
use earprint_collection::{Scale, Values};
use earprint_compute::PoolCrew;
use earprint_core::{DIMENSIONS, TRACK_SCHEMA};
use earprint_store::NpyArray;
use serde_json::{Value, json};

/// Threads; no bit depends on them.
const THREADS: usize = 2;

/// Clusters that get words.
const CLUSTERS: usize = 5;

fn main() {
    let folder = std::env::args().nth(1).expect("usage: collections FOLDER");
    let crew = PoolCrew::new(THREADS).expect("threads");
    let job = MapJob::default();
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("the folder is there").map(|f| f.expect("a file").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".x.npy"));
    files.sort();
    for path in &files {
        let array = NpyArray::read(path).unwrap_or_else(|e| panic!("{e}"));
        let (values, d) = (array.f32(), array.header.shape[1]);
        let name = path.to_string_lossy().replace(".x.npy", "");
        let map = map_of_rows(&values, d, Scaling::ZScore, None, &job, &crew, &mut |_| ControlFlow::Continue(()));
        put(&name, &map.unwrap_or_else(|e| panic!("{name}: {e}")), Value::Null);
        if d == DIMENSIONS {
            let tracks = values.as_chunks::<DIMENSIONS>().0;
            let map = map_of_tracks(tracks, &job, &crew, &mut |_| ControlFlow::Continue(()));
            put(&format!("{name}.tracks"), &map.unwrap_or_else(|e| panic!("{name}: {e}")), words(tracks, &crew));
        }
    }
    println!("{} arrays in {folder}", files.len());
}

fn words(tracks: &[Values], crew: &PoolCrew) -> Value {
    let rows = rows(tracks, Scaling::ZScore).expect("tracks");
    let found = kmeans(&rows, &KMeans::new(CLUSTERS), crew, &mut |_| ControlFlow::Continue(())).expect("clusters");
    let usual = Usual::of(&Scale::reference(TRACK_SCHEMA).expect("a reference"), tracks);
    let portraits = portraits(tracks, &found.labels, CLUSTERS, Scaling::ZScore, &usual).expect("portraits");
    let portrait = |p: &earprint_collection::portrait::Portrait| {
        json!({
            "name": p.name, "alike": p.alike(), "homogeneity": p.homogeneity, "typical": p.medoids,
            "outliers": p.outliers.iter().map(|o| o.track).collect::<Vec<_>>(),
            "words": p.telling.iter().map(|t| json!([t.said(), t.deviation])).collect::<Vec<_>>(),
        })
    };
    let tags = tracks.iter().map(|track| Tags::built_in().of_track(&usual, track));
    json!({ "clusters": portraits.iter().map(portrait).collect::<Vec<_>>(), "tags": tags.collect::<Vec<_>>() })
}

fn put(name: &str, map: &Map, words: Value) {
    let places = map.xy.iter().flat_map(|xy| xy.unwrap_or([f32::NAN; 2]));
    let write = |ending: &str, bytes: &[u8]| {
        let path = format!("{name}.map.{ending}");
        fs::write(Path::new(&path), bytes).unwrap_or_else(|e| panic!("{path}: {e}"));
    };
    write("f32", &places.flat_map(f32::to_le_bytes).collect::<Vec<u8>>());
    let facts = json!({
        "torn": map.torn.iter().map(|t| u8::from(t.is_some_and(|t| t.mark))).collect::<Vec<_>>(),
        "trustworthiness": map.trustworthiness.mean, "continuity": map.continuity.mean,
        "neighbours": map.neighbours, "epochs": map.epochs, "words": words,
    });
    write("json", facts.to_string().as_bytes());
}
