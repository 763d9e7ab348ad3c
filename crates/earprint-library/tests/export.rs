//! Every export is read back and compared with the library; the record with its contract.

mod common;

use std::path::PathBuf;

use common::*;
use earprint_core::{DIMENSIONS, Status, TrackRecord, Why, dim};
use earprint_library::*;
use earprint_store::NpyArray;

/// Sixty files: a failure, a copy, odd paths.
fn library(dir: &Folder) -> (Library, Vec<TrackRecord>) {
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let mut batch: Vec<_> = (0..57).map(|i| ok(&dir.at(&format!("{i:02}.flac")), &format!("id{i}"), i)).collect();
    batch.push(entry(&dir.at("bad.mp3"), "", Outcome::error("E_DECODE", "nothing, \"at all\"")));
    batch.push(entry(&dir.at("copy, of \"one\".flac"), "id1", Outcome::Existing));
    batch.push(ok(&dir.at("two\nlines.flac"), "id2x", 77));
    run(&mut l, &batch);
    let records = records(&l, true);
    assert_eq!(records.len(), 60);
    (l, records)
}

fn bits(r: &TrackRecord) -> Option<[u32; DIMENSIONS]> {
    r.descriptor.as_ref().map(|d| d.values.map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }))
}

/// A reader of RFC 4180, written from the RFC.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {
                chars.next();
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty());
    rows
}

#[test]
fn csv_reads_back() {
    let dir = Folder::new("csv");
    let (l, records) = library(&dir);
    let path = dir.at("out/all.csv");
    assert_eq!(export::csv(&l, SCHEMA, &path).unwrap(), 60);
    let rows = read_csv(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(rows.len(), 61);
    assert_eq!(rows[0][..7], ["path", "audio_id", "schema", "status", "code", "detail", "sub_bass"]);
    for (row, r) in rows[1..].iter().zip(&records) {
        let o = |s: &Option<String>| s.clone().unwrap_or_default();
        assert_eq!(
            row[..6],
            [r.path.clone(), o(&r.audio_id), SCHEMA.into(), r.status.as_str().into(), o(&r.code), o(&r.detail)]
        );
        let read = |s: &String| if s.is_empty() { u32::MAX } else { s.parse::<f32>().unwrap().to_bits() };
        let want = bits(r).unwrap_or([u32::MAX; DIMENSIONS]);
        assert_eq!(row[6..].iter().map(read).collect::<Vec<_>>(), want);
    }
}

#[test]
fn ndjson_reads_back() {
    let dir = Folder::new("ndjson");
    let (l, records) = library(&dir);
    let path = dir.at("all.ndjson");
    assert_eq!(export::ndjson(&l, SCHEMA, &path).unwrap(), 60);
    let text = std::fs::read_to_string(&path).unwrap();
    let read: Vec<TrackRecord> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(read.len(), 60);
    for (a, b) in read.iter().zip(&records) {
        assert_eq!(
            (&a.path, a.status, &a.code, &a.detail, &a.table),
            (&b.path, b.status, &b.code, &b.detail, &b.table)
        );
        assert_eq!(bits(a), bits(b));
        assert_eq!(a.descriptor.map(|d| d.why), b.descriptor.map(|d| d.why));
    }
}

#[test]
fn npy_and_its_paths_read_back() {
    let dir = Folder::new("npy");
    let (l, records) = library(&dir);
    let path = dir.at("all.npy");
    assert_eq!(export::npy(&l, SCHEMA, &path).unwrap(), 59); // not the failure
    let a = NpyArray::read(&path).unwrap();
    assert_eq!((a.header.descr.as_str(), &a.header.shape[..]), ("<f4", &[59, DIMENSIONS][..]));
    let paths = std::fs::read_to_string(dir.at("all.paths.txt")).unwrap();
    let with: Vec<_> = records.iter().filter(|r| r.descriptor.is_some()).collect();
    assert!(paths.lines().eq(with.iter().map(|r| r.path.as_str())));
    for (row, r) in a.f32().chunks(DIMENSIONS).zip(&with) {
        let got: Vec<u32> = row.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect();
        assert_eq!(got, bits(r).unwrap());
    }
    let odd = paths.lines().find(|p| p.contains("two")).unwrap();
    assert_eq!(path_from_text(odd), Some(dir.at("two\nlines.flac")));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_reads_back_with_its_metadata() {
    use arrow_array::{Array, FixedSizeListArray, Float32Array, StringArray, cast::AsArray};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let dir = Folder::new("parquet");
    let (l, records) = library(&dir);
    let path = dir.at("all.parquet");
    assert_eq!(export::parquet(&l, SCHEMA, &path).unwrap(), 60);
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let notes = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let note = |k: &str| notes.iter().find(|n| n.key == k).and_then(|n| n.value.clone()).unwrap();
    assert_eq!((note("earprint.schema"), note("earprint.record_version")), ("trk-1".into(), "1".into()));
    let dimensions: Vec<serde_json::Value> = serde_json::from_str(&note("earprint.dimensions")).unwrap();
    assert_eq!(dimensions[7], serde_json::json!({"name": "loudness", "unit": "LUFS", "family": "dynamics"}));
    let mut at = 0;
    for batch in reader.with_batch_size(17).build().unwrap() {
        let batch = batch.unwrap();
        let words = |name: &str| -> StringArray { batch.column_by_name(name).unwrap().as_string::<i32>().clone() };
        let (paths, status, code, audio) = (words("path"), words("status"), words("code"), words("audio_id"));
        let vector: &FixedSizeListArray = batch.column_by_name("descriptor").unwrap().as_fixed_size_list();
        let float = |a: &Float32Array, i: usize| if a.is_null(i) { u32::MAX } else { a.value(i).to_bits() };
        for i in 0..batch.num_rows() {
            let r = &records[at];
            assert_eq!((paths.value(i), status.value(i)), (&*r.path, r.status.as_str()));
            assert_eq!(
                (code.is_valid(i).then(|| code.value(i)), audio.is_valid(i).then(|| audio.value(i))),
                (r.code.as_deref(), r.audio_id.as_deref())
            );
            let want = bits(r);
            assert_eq!(vector.is_valid(i), want.is_some());
            if let Some(want) = want {
                let v = vector.value(i);
                let v: &Float32Array = v.as_primitive();
                assert_eq!((0..DIMENSIONS).map(|d| float(v, d)).collect::<Vec<_>>(), want);
            }
            for (d, dimension) in earprint_core::TRACK_DIMENSIONS.iter().enumerate() {
                let column: &Float32Array = batch.column_by_name(dimension.name).unwrap().as_primitive();
                assert_eq!(float(column, i), want.map_or(u32::MAX, |w| w[d]));
            }
            at += 1;
        }
    }
    assert_eq!(at, 60);
}

#[test]
fn an_export_that_cannot_be_written_leaves_the_one_before() {
    let dir = Folder::new("kept");
    let (l, _) = library(&dir);
    let blocked = dir.file("file").join("x.csv");
    type Export = fn(&Library, &str, &std::path::Path) -> Result<usize, LibraryError>;
    let all: &[Export] = &[
        export::csv,
        export::ndjson,
        export::npy,
        #[cfg(feature = "parquet")]
        export::parquet,
    ];
    for to in all {
        assert_eq!(to(&l, SCHEMA, &blocked).unwrap_err().code(), "E_STORE");
    }
    let path = dir.at("x.ndjson");
    export::ndjson(&l, SCHEMA, &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    l.connection().execute_batch("UPDATE wide SET json = '{' WHERE track_id = 40").unwrap();
    assert_eq!(export::ndjson(&l, SCHEMA, &path).unwrap_err().code(), "E_LIBRARY_DAMAGED");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let left: Vec<PathBuf> = std::fs::read_dir(&dir.0).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!left.iter().any(|p| p.extension().is_some_and(|e| e == "part")), "{left:?}");
}

#[test]
fn a_record_is_the_contract() {
    let mut n = numbers(dim::TEMPO as u32);
    n.descriptor.values[0] = 0.031;
    n.descriptor.values[1] = 1.0e-9;
    let mut r = TrackRecord {
        path: "a \"b\".flac".into(),
        status: Status::Ok,
        code: None,
        detail: None,
        audio_id: Some("aa".into()),
        decoder: n.decoder,
        backend: n.backend,
        schema: SCHEMA.into(),
        descriptor: Some(n.descriptor),
        table: Some(n.table),
    };
    let text = serde_json::to_string(&r).unwrap();
    let begin = r#"{"v":1,"path":"a \"b\".flac","status":"ok","code":null,"detail":null,"audio_id":"aa","decoder":"symphonia-flac","backend":"cpu","schema":"trk-1","descriptor":{"sub_bass":0.031,"bass":1e-9,"low_mid":"#;
    assert!(text.starts_with(begin), "{text}");
    assert!(
        text.contains(r#""tempo":null"#) && text.contains(r#"},"why_null":{"tempo":"too_short"},"table":{"duration":"#),
        "{text}"
    );
    assert_eq!(r.descriptor.unwrap().why[dim::TEMPO], Some(Why::TooShort));
    let back: TrackRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(bits(&back), bits(&r));
    for (from, to) in [
        (r#""v":1"#, r#""v":2"#),
        (r#""sub_bass":0.031,"#, ""),
        (r#""sub_bass":"#, r#""deep":1,"sub_bass":"#),
        (r#""tempo":null"#, r#""tempo":1"#),
        (r#"{"tempo":"too_short"}"#, "{}"),
        (r#"{"tempo":"too_short"}"#, r#"{"tempo":"too_short","deep":"silence"}"#),
    ] {
        assert!(text.contains(from));
        assert!(serde_json::from_str::<TrackRecord>(&text.replace(from, to)).is_err(), "{from} -> {to}");
    }
    (r.descriptor, r.table, r.status) = (None, None, Status::Error);
    let text = serde_json::to_string(&r).unwrap();
    assert!(text.ends_with(r#""descriptor":null,"why_null":{},"table":null}"#), "{text}");
    assert_eq!(serde_json::from_str::<TrackRecord>(&text).unwrap(), r);
}
