//! How long a library of a given size takes to write, open, list, search and export. Made-up numbers; checked before they are
//! timed again. `cargo run --release -p earprint-library --example library_speed [rows] [batch]`.

use std::path::PathBuf;
use std::time::Instant;

use earprint_core::{DIMENSIONS, Descriptor, TRACK_SCHEMA, TrackTable, Why};
use earprint_library::{Entry, Filter, Library, LibraryError, Numbers, Outcome, RunEnd, Sort, export};

fn entry(i: usize, state: &mut u64) -> Entry {
    let mut next = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 40) as f32 / 16_777_216.0
    };
    let known = std::array::from_fn(|_| if next() < 0.01 { Err(Why::TooShort) } else { Ok(f64::from(next())) });
    let table = TrackTable {
        duration: 300.0,
        sample_rate: 44_100,
        channels: 2,
        codec: "flac".into(),
        key: Some("A".into()),
        mode: Some("minor".into()),
        mfcc_mean: Some([next(); 13]),
        mfcc_std: Some([next(); 13]),
        chroma: Some([next(); 12]),
        tonnetz: Some([next(); 6]),
        ..TrackTable::default()
    };
    let numbers = Numbers {
        partial: false,
        code: None,
        detail: None,
        decoder: Some("symphonia-flac".into()),
        backend: Some("cpu".into()),
        descriptor: Descriptor::new(known),
        table,
    };
    let failed = i % 500 == 499;
    Entry {
        path: PathBuf::from(format!(
            "/music/Artist {:04}/Album {:02}/{i:06} - A title of usual length.flac",
            i / 100,
            i / 10 % 10
        )),
        bytes: 30_000_000 + i as u64,
        modified_ns: Some(1_700_000_000_000_000_000 + i as i64),
        audio_id: (!failed).then(|| format!("{i:064x}")),
        outcome: if failed { Outcome::error("E_DECODE", "made up") } else { Outcome::Numbers(Box::new(numbers)) },
    }
}

fn main() {
    let mut given = std::env::args().skip(1).map(|a| a.parse::<usize>().expect("a number"));
    let (rows, batch) = (given.next().unwrap_or(60_660), given.next().unwrap_or(50));
    let folder = std::env::temp_dir().join(format!("earprint-library-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join("lib.db");
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let from = Instant::now();
        work();
        println!("{what:<44} {:>9.1} ms", from.elapsed().as_secs_f64() * 1e3);
    };
    let mut state = 1;
    let entries: Vec<Entry> = (0..rows).map(|i| entry(i, &mut state)).collect();
    println!("{rows} files in batches of {batch}, {DIMENSIONS} numbers each");

    let mut library = Library::create(&path).expect("a new library");
    timed("write", &mut || {
        let run = library.begin_run(&serde_json::Map::new()).expect("a run");
        for b in entries.chunks(batch) {
            library.commit(run, TRACK_SCHEMA, b).expect("a batch");
        }
        library.end_run(run, true, &RunEnd::default()).expect("the end");
    });
    timed("make and store the scale", &mut || drop(library.update_scale(TRACK_SCHEMA).expect("a scale")));
    drop(library);
    println!("{:<44} {:>9.1} MB", "size", path.metadata().expect("the file").len() as f64 / 1e6);
    let with_numbers = entries.iter().filter(|e| matches!(e.outcome, Outcome::Numbers(_))).count();

    let all = Filter::default();
    timed("open and list all, with numbers, by path", &mut || {
        let l = Library::open(&path).expect("the library");
        assert_eq!(l.list(TRACK_SCHEMA, &all, Sort::Path, None).expect("a list").len(), with_numbers);
    });
    let l = Library::open(&path).expect("the library");
    timed("list the 100 fastest", &mut || {
        assert_eq!(l.list(TRACK_SCHEMA, &all, Sort::High(10), Some(100)).expect("a list").len(), 100.min(with_numbers));
    });
    timed("ask for every file whether it is known", &mut || {
        let files = entries.iter().map(|e| (e.path.as_path(), e.bytes, e.modified_ns));
        assert!(l.known_all(files, TRACK_SCHEMA).expect("answers").iter().all(Option::is_some));
    });
    let mut collection = None;
    timed("read and scale all vectors", &mut || collection = Some(l.collection(TRACK_SCHEMA).expect("vectors")));
    let (collection, vectors) = (collection.expect("made"), l.vectors(TRACK_SCHEMA).expect("vectors"));
    timed("20 nearest of one track, 100 times", &mut || {
        for (id, v) in vectors.iter().step_by(vectors.len().div_ceil(100)) {
            let near = collection.similar(TRACK_SCHEMA, v, None, 20).expect("neighbours");
            assert!(near[0].id == *id && near[0].distance.total == 0.0);
        }
    });
    let mut library = Library::open(&path).expect("the library");
    timed("note every file as seen", &mut || {
        let run = library.begin_run(&serde_json::Map::new()).expect("a run");
        library.seen(run, &entries.iter().map(|e| e.path.clone()).collect::<Vec<_>>()).expect("seen");
        library.end_run(run, true, &RunEnd::default()).expect("the end");
    });
    timed("each record with its table", &mut || {
        let mut n = 0;
        l.each_record(TRACK_SCHEMA, true, |_| {
            n += 1;
            Ok(())
        })
        .expect("records");
        assert_eq!(n, rows);
    });
    type Export = fn(&Library, &str, &std::path::Path) -> Result<usize, LibraryError>;
    let exports: &[(&str, Export, usize)] = &[
        ("csv", export::csv, rows),
        ("ndjson", export::ndjson, rows),
        ("npy", export::npy, with_numbers),
        #[cfg(feature = "parquet")]
        ("parquet", export::parquet, rows),
    ];
    for (form, to, want) in exports {
        let path = folder.join(format!("x.{form}"));
        timed(&format!("export {form}"), &mut || assert_eq!(to(&l, TRACK_SCHEMA, &path).expect("an export"), *want));
    }
    timed("check every page", &mut || l.check().expect("whole"));
    drop((l, library));
    std::fs::remove_dir_all(&folder).expect("cleaned up");
}
