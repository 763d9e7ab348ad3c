//! What is done with a library: moves found again, and `list`, `similar`, `export` and `stats` that agree with each other and
//! with what `analyze` said.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use std::collections::BTreeMap;
use std::fs;

use arrow_array::{Array, Float32Array, cast::AsArray};
use common::Folder;
use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS};
use earprint_store::NpyArray;
use hand_made::{chunk, flac, mp3_silence, riff};
use library::*;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// Chunks of a RIFF file with one more behind them.
fn retagged_wav(wav: &[u8]) -> Vec<u8> {
    riff(&[wav[12..].to_vec(), chunk(b"LIST", b"INFOINAM\x06\x00\x00\x00title\x00")])
}

/// A block of padding, behind the first block of metadata.
fn retagged_flac(flac: &[u8]) -> Vec<u8> {
    let mut out = flac[..42].to_vec();
    out[4] &= 0x7F;
    out.extend(b"\x81\x00\x01\x00");
    out.extend([0; 256]);
    out.extend(&flac[42..]);
    out
}

/// Path (below the folder) and bits of the numbers of every listed track.
fn listed(f: &Folder) -> BTreeMap<String, String> {
    let rows = f.run("list -l lib.db --json").records();
    let below = |v: &Value| v.as_str().unwrap().rsplit_once("/in/").unwrap().1.to_owned();
    rows.iter().map(|r| (below(&r["path"]), format!("{} {}", r["audio_id"], r["descriptor"]))).collect()
}

fn runs(f: &Folder) -> Vec<Value> {
    f.run("stats -l lib.db --json").records()
}

#[test]
fn renamed_and_retagged_files_keep_their_numbers() {
    let f = Folder::new("tracks-moves");
    let sound = |seed| planes(seed, 2, 15_000);
    f.file("in/a.wav", &wav(44_100, &sound(1)));
    f.file("in/b.flac", &flac(44_100, &sound(2)));
    f.file("in/c.mp3", &mp3_silence(50));
    f.file("in/d.wav", &wav(22_050, &sound(4)));
    f.run("analyze in -l lib.db").ends(0, &["4 ok"]);
    let before = listed(&f);

    fs::create_dir(f.join("in/sub")).unwrap();
    for (from, to) in [("a.wav", "sub/renamed.wav"), ("b.flac", "sub/b.flac")] {
        fs::rename(f.join("in").join(from), f.join("in").join(to)).unwrap();
    }
    let ran = f.run("analyze in -l lib.db");
    ran.ends(0, &["4 ok", "4 of them known before", "a.wav is now ", "sub/renamed.wav", "b.flac is now "]);
    let after = listed(&f);
    assert_eq!(after.keys().collect::<Vec<_>>(), ["c.mp3", "d.wav", "sub/b.flac", "sub/renamed.wav"]);
    assert_eq!((&after["sub/renamed.wav"], &after["sub/b.flac"]), (&before["a.wav"], &before["b.flac"]));
    assert_eq!((runs(&f)[0]["analysed"].as_u64(), runs(&f)[0]["known"].as_u64()), (Some(0), Some(4)));

    // Tags: other bytes, another time, the same packets. One of them is renamed as well.
    let bytes = |path: &str| fs::read(f.join("in").join(path)).unwrap();
    f.file("in/tagged.wav", &retagged_wav(&bytes("sub/renamed.wav")));
    fs::remove_file(f.join("in/sub/renamed.wav")).unwrap();
    f.file("in/sub/b.flac", &retagged_flac(&bytes("sub/b.flac")));
    f.file("in/c.mp3", &[&b"ID3\x04\x00\x00\x00\x00\x01\x00"[..], &[0; 128], &bytes("c.mp3")].concat());
    f.run("analyze in -l lib.db").ends(0, &["4 of them known before", "renamed.wav is now "]);
    let tagged = listed(&f);
    assert_eq!(tagged.keys().collect::<Vec<_>>(), ["c.mp3", "d.wav", "sub/b.flac", "tagged.wav"]);
    assert!(
        tagged.values().collect::<Vec<_>>()
            == [&after["c.mp3"], &after["d.wav"], &after["sub/b.flac"], &after["sub/renamed.wav"]]
    );
    assert_eq!(runs(&f)[0]["analysed"].as_u64(), Some(0));

    // One other sample is another track; what it was before is nobody's.
    let mut other = sound(4);
    other[0][7777] ^= 1;
    f.file("in/d.wav", &wav(22_050, &other));
    f.run("analyze in -l lib.db").ends(0, &["3 of them known before"]);
    assert_ne!(listed(&f)["d.wav"], tagged["d.wav"]);
    // What is gone is not listed any more.
    fs::remove_file(f.join("in/d.wav")).unwrap();
    f.run("analyze in -l lib.db").ends(0, &["3 inputs: 3 ok"]);
    assert_eq!(listed(&f).len(), 3);
}

#[test]
fn of_two_candidates_none_is_guessed() {
    let f = Folder::new("tracks-candidates");
    let sound = wav(44_100, &planes(5, 1, 15_000));
    for name in ["one.wav", "two.wav", "other.flac"] {
        let bytes = if name == "other.flac" { flac(44_100, &planes(6, 1, 9000)) } else { sound.clone() };
        f.file(&format!("in/{name}"), &bytes);
    }
    f.run("analyze in -l lib.db").ends(0, &["3 ok"]);
    let before = listed(&f);
    assert_eq!(before["one.wav"], before["two.wav"]);
    for (from, to) in [("one.wav", "three.wav"), ("two.wav", "four.wav"), ("other.flac", "moved.flac")] {
        fs::rename(f.join("in").join(from), f.join("in").join(to)).unwrap();
    }
    let ran = f.run("analyze in -l lib.db");
    ran.ends(
        0,
        &["3 of them known before", "a move is not decided: of the same audio, 2 files are gone and 2 are new"],
    );
    // The one that has a single candidate is a move all the same.
    assert_eq!(ran.err.matches("moved: ").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("other.flac is now ") && ran.err.matches("not decided").count() == 2, "{}", ran.err);
    let after = listed(&f);
    assert_eq!(after.keys().collect::<Vec<_>>(), ["four.wav", "moved.flac", "three.wav"]);
    assert!(after["four.wav"] == before["one.wav"] && after["three.wav"] == before["one.wav"]);
    // Told once.
    f.run("analyze in -l lib.db").ends(0, &["3 of them known before"]);
    assert!(!f.run("analyze in -l lib.db").err.contains("not decided"));
}

/// The 25 numbers of a record as bits, `None` where there are none; unknown ones are `u32::MAX`.
fn bits(record: &Value) -> Option<[u32; DIMENSIONS]> {
    let numbers = record["descriptor"].as_object()?;
    // The shortest decimal that reads back as f32 goes through f64 here, which holds every such decimal closely enough.
    Some(std::array::from_fn(|d| numbers[TRACK_DIMENSIONS[d].name].as_f64().map_or(u32::MAX, |v| (v as f32).to_bits())))
}

/// A library of 30 inputs, copies, failures and unknown numbers among them, and what `analyze` said of each that is a file.
fn collection(name: &str) -> (Folder, Vec<Value>) {
    let f = Folder::new(name);
    corpus(&f, 30, 51);
    let ran = f.run("analyze in -l lib.db --json");
    ran.ends(3, &[]);
    let mut records = ran.records();
    for r in &mut records {
        let path = f.0.canonicalize().unwrap().join(r["path"].as_str().unwrap());
        r["path"] = path.to_str().unwrap().into();
    }
    records.sort_by(|a, b| a["path"].as_str().cmp(&b["path"].as_str()));
    (f, records)
}

#[test]
fn list_and_exports_say_what_analyze_said() {
    let (f, records) = collection("tracks-exports");
    let with: Vec<&Value> = records.iter().filter(|r| r["descriptor"].is_object()).collect();
    assert!(with.len() >= 25 && with.len() < records.len(), "{} of {}", with.len(), records.len());
    assert!(with.iter().any(|r| r["why_null"].as_object().is_some_and(|w| w.len() > 5)));
    let paths = |rows: &[&Value]| rows.iter().map(|r| r["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>();

    let list = f.run("list -l lib.db --json").records();
    assert_eq!(list.iter().collect::<Vec<_>>(), with);
    let failed = f.run("list -l lib.db --failed --skipped --json").records();
    let without: Vec<&Value> = records.iter().filter(|r| r["descriptor"].is_null()).collect();
    assert_eq!(paths(&failed.iter().collect::<Vec<_>>()), paths(&without));
    assert!(failed.iter().zip(&without).all(|(a, b)| a["code"] == b["code"] && a["detail"] == b["detail"]));

    for end in ["csv", "ndjson", "parquet", "npy"] {
        let rows = if end == "npy" { with.len() } else { records.len() };
        f.run(&format!("export -l lib.db -o all.{end}")).ends(0, &[&format!("{rows} rows in all.{end}")]);
    }
    f.run("export -l lib.db -o all.text --format csv").ends(0, &[]);
    f.run("export -l lib.db -o all.text").ends(2, &[".parquet", "--format"]);
    f.run("export -l gone.db -o all.csv").ends(1, &["no library at gone.db"]);

    let ndjson: Vec<Value> =
        fs::read_to_string(f.join("all.ndjson")).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(ndjson, records);

    let csv = fs::read_to_string(f.join("all.csv")).unwrap();
    assert_eq!(csv, fs::read_to_string(f.join("all.text")).unwrap());
    let mut lines = csv.split_terminator("\r\n");
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert!(head[6..].iter().copied().eq(TRACK_DIMENSIONS.iter().map(|d| d.name)));
    for (line, r) in lines.by_ref().zip(&records) {
        // The numbers are the last cells; words in front may hold commas.
        let cells: Vec<&str> = line.split(',').collect();
        let numbers = &cells[cells.len() - DIMENSIONS..];
        let got = numbers.iter().map(|c| if c.is_empty() { u32::MAX } else { c.parse::<f32>().unwrap().to_bits() });
        assert!(got.eq(bits(r).unwrap_or([u32::MAX; DIMENSIONS])), "{line}");
        assert_eq!(cells[0], r["path"].as_str().unwrap());
    }
    assert_eq!((lines.count(), csv.matches("\r\n").count()), (0, records.len() + 1));

    let npy = NpyArray::read(&f.join("all.npy")).unwrap();
    assert_eq!((npy.header.shape.clone(), npy.header.descr.as_str()), (vec![with.len(), DIMENSIONS], "<f4"));
    for (row, r) in npy.f32().chunks(DIMENSIONS).zip(&with) {
        let got: Vec<u32> = row.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect();
        assert_eq!(got, bits(r).unwrap());
    }
    let names = fs::read_to_string(f.join("all.paths.txt")).unwrap();
    assert!(names.lines().eq(paths(&with)));

    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(f.join("all.parquet")).unwrap()).unwrap();
    let mut at = 0;
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let path = batch.column_by_name("path").unwrap().as_string::<i32>();
        let vector = batch.column_by_name("descriptor").unwrap().as_fixed_size_list();
        for i in 0..batch.num_rows() {
            let r = &records[at];
            assert_eq!(path.value(i), r["path"].as_str().unwrap());
            let got = vector.is_valid(i).then(|| {
                let v = vector.value(i);
                let v: &Float32Array = v.as_primitive();
                std::array::from_fn(|d| if v.is_null(d) { u32::MAX } else { v.value(d).to_bits() })
            });
            assert_eq!(got, bits(r), "{}", r["path"]);
            at += 1;
        }
    }
    assert_eq!(at, records.len());
}

#[test]
fn lists_are_cut_sorted_and_shown() {
    let (f, records) = collection("tracks-list");
    let value = |r: &Value, name: &str| r["descriptor"][name].as_f64();
    let mut by: Vec<&Value> = records.iter().filter(|r| value(r, "centroid").is_some()).collect();
    by.sort_by(|a, b| value(b, "centroid").unwrap().total_cmp(&value(a, "centroid").unwrap()));
    let top = f.run("list -l lib.db --json --sort -centroid -n 5").records();
    assert_eq!(top.iter().collect::<Vec<_>>(), by[..5]);
    let middle = value(by[by.len() / 2], "centroid").unwrap();
    let low = f.run(&format!("list -l lib.db --json --where centroid=..{middle} --sort centroid")).records();
    let mut want: Vec<&Value> = records.iter().filter(|r| value(r, "centroid").is_some_and(|v| v <= middle)).collect();
    want.sort_by(|a, b| value(a, "centroid").unwrap().total_cmp(&value(b, "centroid").unwrap()));
    assert!(want.len() > 5 && want.contains(&by[by.len() / 2]), "a bound copied from a record includes it");
    assert_eq!(low.iter().collect::<Vec<_>>(), want);
    let deep = f.run("list -l lib.db --path /DEEP/ --show all").out;
    let rows: Vec<&str> = deep.lines().skip(1).collect();
    assert!(!rows.is_empty() && rows.iter().all(|l| l.contains("/in/deep/")), "{deep}");
    // Cells of the table are the numbers of the records.
    let table = f.run("list -l lib.db --show loudness,onset_rate").out;
    for (line, r) in table.lines().skip(1).zip(records.iter().filter(|r| r["descriptor"].is_object())) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[2], r["path"].as_str().unwrap());
        for (cell, name) in cells.iter().zip(["loudness", "onset_rate"]) {
            match value(r, name) {
                None => assert_eq!(*cell, "-"),
                Some(v) => {
                    assert!((cell.parse::<f64>().unwrap() - v).abs() <= 0.0051 * v.abs().max(0.1), "{line}: {v}")
                }
            }
        }
    }
    f.run("list -l lib.db --sort tmpo").ends(2, &["no number is called tmpo", "tempo"]);
    f.run("list -l lib.db --where tempo=9..1").ends(2, &["--where"]);
}

#[test]
fn similar_explains_distances_that_add_up() {
    let (f, records) = collection("tracks-similar");
    let query = records.iter().find(|r| r["path"].as_str().unwrap().ends_with("in/001.flac")).unwrap();
    let ran = f.run("similar in/001.flac -l lib.db --json -n 40");
    ran.ends(0, &["like ", "/in/001.flac, by the scale of "]);
    let near = ran.records();
    let distances: Vec<f64> = near.iter().map(|r| r["distance"].as_f64().unwrap()).collect();
    assert!(distances.is_sorted() && distances[0] > 0.0, "{distances:?}");
    // Every other piece of audio once: copies count as one, the track itself and what has no numbers not at all.
    let audio = |r: &&Value| r["descriptor"].is_object();
    let ids: std::collections::BTreeSet<&str> =
        records.iter().filter(audio).map(|r| r["audio_id"].as_str().unwrap()).collect();
    // Of digital silence nothing is known that the query knows too.
    let shared = |r: &Value| {
        TRACK_DIMENSIONS.iter().any(|d| !r["descriptor"][d.name].is_null() && !query["descriptor"][d.name].is_null())
    };
    let strange: Vec<&str> =
        records.iter().filter(audio).filter(|r| !shared(r)).map(|r| r["path"].as_str().unwrap()).collect();
    println!("nothing in common with {strange:?}");
    assert_eq!(near.len(), ids.len() - 1 - strange.len());
    assert!(near.iter().all(|n| n["path"] != query["path"]));

    // The scale that is stored, and the definition: family weights shared by their members, unknown numbers left out.
    let library = earprint_library::Library::open_read_only(&f.join("lib.db")).unwrap();
    let scale = library.scale("trk-1").unwrap();
    assert!(ran.err.contains(&format!("the scale of {} tracks", scale.tracks)) && scale.tracks == ids.len());
    let weights = [
        ("bands", 33.0),
        ("dynamics", 23.0),
        ("temporal", 18.0),
        ("spectral", 12.0),
        ("harmonic", 9.0),
        ("variation", 5.0),
        ("stereo", 3.0),
    ];
    let family: Vec<String> =
        TRACK_DIMENSIONS.iter().map(|d| serde_json::to_value(d.family).unwrap().as_str().unwrap().to_owned()).collect();
    let weight = |d: usize| {
        let members = family.iter().filter(|f| **f == family[d]).count() as f64;
        weights.iter().find(|w| w.0 == family[d]).unwrap_or_else(|| panic!("{}", family[d])).1 / members
    };
    let scaled = |r: &Value, d: usize| {
        let v = r["descriptor"][TRACK_DIMENSIONS[d].name].as_f64()?;
        let (low, high) = (scale.scale.low()[d], scale.scale.high()[d]);
        Some(if high > low { ((v - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 })
    };
    for n in &near {
        let other = records.iter().find(|r| r["path"] == n["path"]).unwrap();
        let pairs: Vec<(usize, f64)> =
            (0..DIMENSIONS).filter_map(|d| Some((d, scaled(query, d)? - scaled(other, d)?))).collect();
        let all: f64 = pairs.iter().map(|p| weight(p.0)).sum();
        let square: f64 = pairs.iter().map(|p| weight(p.0) * p.1 * p.1).sum::<f64>() / all;
        let told = n["distance"].as_f64().unwrap();
        assert!((square.sqrt() - told).abs() < 1e-5, "{}: {} and {told}", n["path"], square.sqrt());
        assert_eq!(n["compared"].as_u64(), Some(pairs.len() as u64));
        for parts in ["aspects", "dimensions"] {
            let sum: f64 = n[parts].as_object().unwrap().values().map(|v| v.as_f64().unwrap()).sum();
            assert!((sum - told * told).abs() < 1e-9, "{parts} of {}: {sum} and {}", n["path"], told * told);
        }
        assert_eq!(n["aspects"].as_object().unwrap().len(), 4);
    }

    let text = f.run("similar in/001.flac -l lib.db --explain -n 3").out;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    for (two, n) in lines.chunks(2).zip(&near) {
        assert_eq!(two[0], format!("{:.4}  {}", n["distance"].as_f64().unwrap(), n["path"].as_str().unwrap()));
        assert!(
            ["timbre ", "rhythm ", "harmony ", "level ", " %", " : "].iter().all(|w| two[1].contains(w)),
            "{}",
            two[1]
        );
        // The number named first is the one that weighs most.
        let most = n["dimensions"]
            .as_object()
            .unwrap()
            .iter()
            .max_by(|a, b| a.1.as_f64().unwrap().total_cmp(&b.1.as_f64().unwrap()));
        let named = two[1].split("; ").nth(1).unwrap();
        assert!(named.starts_with(most.unwrap().0), "{named}");
    }
    f.run("similar wav -l lib.db").ends(1, &["tracks have wav in their path"]);
    f.run("similar nothing-like-it -l lib.db").ends(1, &["no track of the library"]);
}

#[test]
fn few_tracks_are_compared_on_the_reference_scale() {
    let f = Folder::new("tracks-few");
    for n in 0..3 {
        f.file(&format!("in/{n}.wav"), &wav(44_100, &planes(n, 1, 30_000)));
    }
    f.run("analyze in -l lib.db -q").ends(0, &[]);
    let ran = f.run("similar in/1.wav -l lib.db --json");
    ran.ends(0, &["the reference scale (3 tracks are too few"]);
    assert_eq!(ran.records().len(), 2);
}

#[test]
fn stats_tell_every_run_newest_first() {
    let f = Folder::new("tracks-stats");
    for n in 0..4 {
        f.file(&format!("in/{n}.wav"), &wav(44_100, &planes(n, 1, 44_100)));
    }
    f.file("in/bad.wav", b"no sound");
    f.run("analyze in/0.wav in/1.wav -l lib.db -q").ends(0, &[]);
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    let runs = runs(&f);
    let count = |r: &Value, name: &str| r[name].as_u64().unwrap();
    let told: Vec<_> =
        runs.iter().map(|r| ["run", "files", "analysed", "known", "failed"].map(|n| count(r, n))).collect();
    assert_eq!(told, [[3, 5, 0, 5, 1], [2, 5, 2, 2, 1], [1, 2, 2, 0, 0]]);
    for r in &runs {
        assert_eq!(r["state"], "finished");
        let (audio, wall) = (r["audio_seconds"].as_f64().unwrap(), r["wall_seconds"].as_f64().unwrap());
        assert!((audio - count(r, "analysed") as f64).abs() < 0.01 && wall > 0.0, "{r}");
        let stages = r["stages"].as_object().unwrap();
        assert!(["decode", "levels", "rows", "commit"].iter().all(|s| stages.contains_key(*s)), "{r}");
        assert_eq!(stages["rows"].as_f64().unwrap() > 0.0, count(r, "run") < 3, "{r}");
        assert!(r["ended_ms"].as_i64() >= r["started_ms"].as_i64());
    }
    let text = f.run("stats -l lib.db -n 2").out;
    assert!(
        text.starts_with("run 3, ") && text.contains(": finished; 5 files, 0 analysed, 5 known, 1 failed; "),
        "{text}"
    );
    assert!(
        text.contains("run 2, ") && !text.contains("run 1, ") && text.contains("stages, all threads: decode "),
        "{text}"
    );
}
