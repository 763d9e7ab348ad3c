//! What is written is what is read; known, failed, listed, scaled.

mod common;

use common::*;
use earprint_core::{Status, dim};
use earprint_library::*;

#[test]
fn numbers_come_back_to_the_bit_with_reasons_and_table() {
    let dir = Folder::new("bits");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let path = dir.at("a.flac");
    let mut n = numbers(3);
    n.partial = true;
    (n.code, n.detail) = (Some("E_DECODE_TRUNCATED".into()), Some("stopped at 1:12 of 3:40".into()));
    n.table.mfcc_mean = Some([f32::NAN; 13]); // no JSON array of numbers: unknown as a whole
    let e = entry(&path, "aa", Outcome::Numbers(Box::new(n.clone())));
    run(&mut l, &[e]);
    drop(l);
    let l = Library::open_read_only(&dir.at("lib.db")).unwrap();
    let r = l.record(&path, SCHEMA).unwrap().unwrap();
    let d = r.descriptor.unwrap();
    assert_eq!(d.values.map(f32::to_bits), n.descriptor.values.map(f32::to_bits));
    assert_eq!(d.why, n.descriptor.why);
    assert_eq!(r.table, Some(n.table.finite()));
    assert_eq!(
        (r.status, r.code.as_deref(), r.audio_id.as_deref()),
        (Status::Partial, Some("E_DECODE_TRUNCATED"), Some("aa"))
    );
    assert_eq!((r.detail.as_deref(), r.decoder, r.backend), (Some("stopped at 1:12 of 3:40"), n.decoder, n.backend));
    assert_eq!(l.record(&dir.at("b.flac"), SCHEMA).unwrap(), None);
    assert_eq!(l.record(&path, "trk-1x").unwrap(), None);
    l.check().unwrap();
}

#[test]
fn a_file_is_known_until_it_changes() {
    let dir = Folder::new("known");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let (a, b) = (dir.at("a"), dir.at("b"));
    run(&mut l, &[ok(&a, "aa", 1), entry(&b, "", Outcome::error("E_DECODE", "nothing decoded"))]);
    assert_eq!(l.known(&a, 1000, Some(7), SCHEMA).unwrap(), Some(Known::Numbers { status: Status::Ok }));
    for (bytes, modified, schema) in
        [(1001, Some(7), SCHEMA), (1000, Some(8), SCHEMA), (1000, None, SCHEMA), (1000, Some(7), "trk-1x")]
    {
        assert_eq!(l.known(&a, bytes, modified, schema).unwrap(), None);
    }
    let failed = |l: &Library| match l.known(&b, 1000, Some(7), SCHEMA).unwrap() {
        Some(Known::Failed { status: Status::Error, code, attempts, .. }) => Some((code, attempts)),
        None => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(&l), Some(("E_DECODE".into(), 1)));
    let both = l.known_all([(a.as_path(), 1000, Some(7)), (b.as_path(), 9, Some(7))], SCHEMA).unwrap();
    assert_eq!(both, [Some(Known::Numbers { status: Status::Ok }), None]);
    run(&mut l, &[entry(&b, "", Outcome::error("E_TIME", "too slow"))]);
    assert_eq!(failed(&l), Some(("E_TIME".into(), 2)));
    assert_eq!(l.failed(SCHEMA, None).unwrap().len(), 1);
    assert_eq!(l.failed(SCHEMA, Some("E_DECODE")).unwrap().len(), 0);
    assert_eq!(l.record(&b, SCHEMA).unwrap().unwrap().code.as_deref(), Some("E_TIME"));
    // Repaired: numbers, and no failure any more.
    let mut e = ok(&b, "bb", 2);
    e.modified_ns = Some(9);
    run(&mut l, &[e]);
    assert_eq!(l.known(&b, 1000, Some(9), SCHEMA).unwrap(), Some(Known::Numbers { status: Status::Ok }));
    assert!(l.failed(SCHEMA, None).unwrap().is_empty());
    // A changed file starts again at one attempt, and its old numbers are no longer its own.
    let mut e = entry(&b, "", Outcome::error("E_DECODE", "damaged now"));
    e.modified_ns = Some(10);
    run(&mut l, &[e]);
    let Some(Known::Failed { attempts: 1, .. }) = l.known(&b, 1000, Some(10), SCHEMA).unwrap() else { panic!() };
    assert_eq!(l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap().len(), 1);
}

#[test]
fn copies_share_numbers_and_audio_without_identity_belongs_to_its_file() {
    let dir = Folder::new("copies");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let (a, b, c) = (dir.file("a"), dir.file("b"), dir.file("c"));
    run(&mut l, &[ok(&a, "aa", 1), ok(&c, "", 3)]);
    assert_eq!(l.audio_ids(SCHEMA).unwrap(), ["aa"]); // what has no identity has none to tell
    assert!(l.audio_ids("trk-1x").unwrap().is_empty());
    run(&mut l, &[entry(&b, "aa", Outcome::Existing)]);
    let rows = l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap();
    assert_eq!(rows.iter().map(|r| r.path.clone()).collect::<Vec<_>>(), [&a, &b, &c].map(|p| path_text(p)));
    assert_eq!(
        (rows[0].track_id, rows[0].values.map(f32::to_bits)),
        (rows[1].track_id, rows[1].values.map(f32::to_bits))
    );
    let copies: i64 = l.connection().query_row("SELECT sum(copies) FROM duplicates", [], |r| r.get(0)).unwrap();
    assert_eq!(copies, 4); // two rows that say two
    assert_eq!(l.vectors(SCHEMA).unwrap().len(), 2);
    // Without identity: the same file again keeps its track, a changed one gets another and the old one goes.
    let tracks =
        |l: &Library| l.connection().query_row("SELECT count(*) FROM track", [], |r| r.get::<_, i64>(0)).unwrap();
    run(&mut l, &[ok(&c, "", 3)]);
    assert_eq!(tracks(&l), 2);
    let mut e = ok(&c, "", 4);
    e.bytes = 5;
    run(&mut l, &[e]);
    assert_eq!(tracks(&l), 2);
    l.check().unwrap();
}

#[test]
fn lists_are_filtered_and_sorted_with_unknown_last() {
    let dir = Folder::new("lists");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let batch: Vec<_> = (0..50).map(|i| ok(&dir.at(&format!("{i:02}.Wav")), &format!("id{i}"), i)).collect();
    run(&mut l, &batch);
    for sort in [Sort::Low(dim::TEMPO), Sort::High(dim::TEMPO)] {
        let rows = l.list(SCHEMA, &Filter::default(), sort, None).unwrap();
        let tempo: Vec<f32> = rows.iter().map(|r| r.values[dim::TEMPO]).collect();
        assert_eq!(tempo.iter().filter(|t| t.is_nan()).count(), 2);
        assert!(tempo[48].is_nan() && tempo[49].is_nan());
        let up = matches!(sort, Sort::Low(_));
        assert!(tempo[..48].is_sorted_by(|a, b| if up { a <= b } else { a >= b }));
    }
    let filter = Filter { path_contains: Some("1.wAV".into()), ..Filter::default() };
    assert_eq!(l.list(SCHEMA, &filter, Sort::Path, None).unwrap().len(), 5);
    assert_eq!(l.list(SCHEMA, &filter, Sort::Path, Some(3)).unwrap().len(), 3);
    let filter = Filter { ranges: vec![(dim::TEMPO, 5.0, 9.0)], status: Some(Status::Ok), ..Filter::default() };
    let want = batch.iter().filter(|e| match &e.outcome {
        Outcome::Numbers(n) => (5.0..=9.0).contains(&n.descriptor.values[dim::TEMPO]),
        _ => false,
    });
    assert_eq!(l.list(SCHEMA, &filter, Sort::Path, None).unwrap().len(), want.count());
    let filter = Filter { status: Some(Status::Partial), ..Filter::default() };
    assert!(l.list(SCHEMA, &filter, Sort::Path, None).unwrap().is_empty());
}

#[test]
fn the_scale_is_stored_and_the_reference_stands_in_under_twenty() {
    let dir = Folder::new("scale");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    assert!(l.scale(SCHEMA).unwrap().is_reference());
    let batch: Vec<_> = (0..60).map(|i| ok(&dir.at(&i.to_string()), &format!("id{i}"), i)).collect();
    run(&mut l, &batch[..19]);
    assert!(l.update_scale(SCHEMA).unwrap().is_reference());
    run(&mut l, &batch[19..]);
    let made = l.update_scale(SCHEMA).unwrap();
    assert_eq!((made.is_reference(), made.tracks, made.run), (false, 60, Some(RunId(2))));
    assert_eq!(l.scale(SCHEMA).unwrap(), made);
    assert_eq!(l.update_scale("trk-9").unwrap_err().code(), "E_SCHEMA_UNKNOWN");
    let c = l.collection(SCHEMA).unwrap();
    let rows = l.vectors(SCHEMA).unwrap();
    let near = c.similar(SCHEMA, &rows[5].1, Some(rows[5].0), 3).unwrap();
    assert_eq!(near.len(), 3);
    assert!(near.iter().all(|n| n.id != rows[5].0 && n.distance.total >= near[0].distance.total));
    assert_eq!(c.similar("trk-1x", &rows[5].1, None, 3).unwrap_err().code(), "E_SCHEMA_MIX");
}

#[test]
fn runs_say_how_they_ended_and_a_killed_one_is_found_out() {
    let dir = Folder::new("runs");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let killed = l.begin_run(&serde_json::Map::new()).unwrap();
    let second = l.begin_run(&serde_json::Map::new()).unwrap();
    let end = RunEnd {
        files: 4,
        analysed: 1,
        known: 2,
        failed: 1,
        audio_seconds: 30.0,
        wall_seconds: 2.0,
        stages: vec![("decode".into(), 1.25)],
        queue: Some(QueueTimes { workers: 2, makespan: 1.5, busy: 2.0, longest: 1.2 }),
    };
    l.end_run(second, true, &end).unwrap();
    let runs = l.stats(5).unwrap();
    assert_eq!((runs[0].id, runs[0].state, &runs[0].end), (second, RunState::Finished, &Some(end)));
    assert_eq!((runs[1].id, runs[1].state, &runs[1].end), (killed, RunState::Interrupted, &None));
    // It was alive in another process: its next commit says so.
    l.commit(killed, SCHEMA, &[]).unwrap();
    assert_eq!(l.stats(2).unwrap()[1].state, RunState::Running);
    l.commit(second, SCHEMA, &[]).unwrap();
    assert_eq!(l.stats(1).unwrap()[0].state, RunState::Finished);
    let speed: f64 =
        l.connection().query_row("SELECT times_real_time FROM runs WHERE id = 2", [], |r| r.get(0)).unwrap();
    assert_eq!(speed, 15.0);
    // The longest input alone takes more than half of the sum.
    let over: f64 = l.connection().query_row("SELECT over_bound FROM runs WHERE id = 2", [], |r| r.get(0)).unwrap();
    assert_eq!((over, l.stats(1).unwrap()[0].end.as_ref().unwrap().queue.unwrap().over_bound()), (1.25, Some(1.25)));
}

#[test]
fn a_library_tells_which_versions_it_holds() {
    let dir = Folder::new("versions");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    assert!(l.schemas().unwrap().is_empty());
    run(&mut l, &[ok(&dir.at("a"), "aa", 1), ok(&dir.at("b"), "aa", 1)]);
    let other = l.begin_run(&serde_json::Map::new()).unwrap();
    let batch = [ok(&dir.at("c"), "cc", 2), entry(&dir.at("d"), "", Outcome::error("E_DECODE", "nothing"))];
    l.commit(other, "trk-1x", &batch).unwrap();
    assert_eq!(l.schemas().unwrap(), [("trk-1".to_owned(), 2), ("trk-1x".to_owned(), 1)]);
}

#[test]
fn a_batch_is_written_whole_or_not_at_all() {
    let dir = Folder::new("whole");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let run = l.begin_run(&serde_json::Map::new()).unwrap();
    let batch = [ok(&dir.at("a"), "aa", 1), entry(&dir.at("b"), "unknown", Outcome::Existing)];
    let e = l.commit(run, SCHEMA, &batch).unwrap_err();
    assert_eq!(e.code(), "E_LIBRARY_NO_RECORD");
    assert!(e.to_string().contains("unknown"), "{e}");
    assert!(l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_text_are_kept() {
    use std::os::unix::ffi::OsStringExt;
    let dir = Folder::new("bytes");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let odd = dir.0.join(std::ffi::OsString::from_vec(b"caf\xe9.mp3".to_vec()));
    std::fs::write(&odd, "x").unwrap();
    run(&mut l, &[ok(&odd, "aa", 1)]);
    assert!(l.known(&odd, 1000, Some(7), SCHEMA).unwrap().is_some());
    let rows = l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap();
    assert_eq!(path_from_text(&rows[0].path), Some(odd));
}
