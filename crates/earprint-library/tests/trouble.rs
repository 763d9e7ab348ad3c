//! Foreign, damaged, newer, busy, full, write-protected, killed: a clear error or nothing lost, never a panic.

mod common;

use std::process::{Command, Stdio};
use std::time::Duration;

use common::*;
use earprint_library::*;

fn code<T: std::fmt::Debug>(r: Result<T, LibraryError>) -> &'static str {
    let e = r.unwrap_err();
    assert!(e.to_string().len() > 20, "{e}");
    e.code()
}

#[test]
fn what_is_no_library_is_refused_and_left_alone() {
    let dir = Folder::new("foreign");
    assert_eq!(code(Library::open(&dir.at("none.db"))), "E_LIBRARY_MISSING");
    assert_eq!(code(Library::open_read_only(&dir.at("none.db"))), "E_LIBRARY_MISSING");
    assert_eq!(code(Library::open(&dir.0)), "E_LIBRARY_FOREIGN");
    let text = dir.at("song.txt");
    std::fs::write(&text, "no database at all, but long enough for a header of one hundred bytes".repeat(9)).unwrap();
    let before = std::fs::read(&text).unwrap();
    for r in [Library::open(&text), Library::open_read_only(&text), Library::open_or_create(&text)] {
        assert_eq!(code(r), "E_LIBRARY_FOREIGN");
    }
    assert_eq!(code(Library::create(&text)), "E_LIBRARY_EXISTS");
    assert_eq!(std::fs::read(&text).unwrap(), before);
    let other = dir.at("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE song (x)").unwrap();
    let before = std::fs::read(&other).unwrap();
    assert_eq!(code(Library::open_or_create(&other)), "E_LIBRARY_FOREIGN");
    assert_eq!(std::fs::read(&other).unwrap(), before);
    assert_eq!(code(Library::create(&dir.at("song.txt/lib.db"))), "E_LIBRARY_READ_ONLY");
}

#[test]
fn a_newer_file_is_refused_with_words_and_an_empty_one_is_brought_up() {
    let dir = Folder::new("newer");
    let path = dir.at("lib.db");
    Library::create(&path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(&format!("PRAGMA user_version = {}", VERSION + 1)).unwrap();
    drop(db);
    for r in [Library::open(&path), Library::open_read_only(&path)] {
        let e = r.unwrap_err();
        assert_eq!(e.code(), "E_LIBRARY_NEWER");
        assert!(e.to_string().contains(&format!("versions up to {VERSION}")), "{e}");
    }
    let empty = dir.at("empty.db");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(code(Library::open_read_only(&empty)), "E_LIBRARY_OLDER");
    Library::open(&empty).unwrap();
    Library::open_read_only(&empty).unwrap();
}

#[test]
fn a_stored_library_of_version_1_opens_with_its_content() {
    let dir = Folder::new("v1");
    let path = dir.at("lib.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("fixtures/library_v1.sql")).unwrap();
    drop(db);
    let l = Library::open(&path).unwrap();
    let rows = l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap();
    assert_eq!((rows.len(), rows[0].values[10]), (1, 120.5));
    assert_eq!(l.failed(SCHEMA, None).unwrap()[0].code, "E_DECODE");
    let n = records(&l, true).len();
    assert_eq!((n, l.stats(9).unwrap().len()), (2, 1));
}

#[test]
fn damage_is_an_error_wherever_it_lies() {
    let dir = Folder::new("damage");
    let path = dir.at("lib.db");
    let mut l = Library::create(&path).unwrap();
    run(&mut l, &(0..300).map(|i| ok(&dir.at(&format!("{i}")), &format!("id{i}"), i)).collect::<Vec<_>>());
    drop(l);
    let whole = std::fs::read(&path).unwrap();
    let mut found = 0;
    for k in 0..60 {
        let mut bytes = whole.clone();
        // A stretch of rubbish, somewhere else each time, and a file cut short.
        let at = 100 + (whole.len() - 400) * k / 60;
        bytes[at..at + 300].iter_mut().enumerate().for_each(|(i, b)| *b = (i * 31 + k) as u8);
        if k % 5 == 4 {
            bytes.truncate(at);
        }
        std::fs::write(&path, &bytes).unwrap();
        let used = (|| {
            let mut l = Library::open(&path)?;
            l.check()?;
            l.each_record(SCHEMA, true, |_| Ok(()))?;
            l.vectors(SCHEMA)?;
            let r = l.begin_run(&serde_json::Map::new())?;
            l.commit(r, SCHEMA, &[ok(&dir.at("x"), "x", 1)])
        })();
        if let Err(e) = used {
            assert!(
                ["E_LIBRARY_DAMAGED", "E_LIBRARY_FOREIGN", "E_LIBRARY_NEWER", "E_LIBRARY_SQLITE"].contains(&e.code()),
                "{e}"
            );
            found += 1;
        }
    }
    // What fell into unused space, or into the digits of a number, no reader can find: pages carry no sums.
    assert!(found > 40, "{found} of 60 found");
}

#[test]
fn rows_that_are_not_as_promised_are_damage() {
    let dir = Folder::new("rows");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    run(&mut l, &[ok(&dir.at("a"), "aa", 1)]);
    for (set, words) in [
        ("UPDATE wide SET json = '{'", "EOF"),
        ("UPDATE wide SET json = '[]'", "invalid"),
        ("UPDATE record SET why_null = '{\"tempo\":\"because\"}'", "because"),
    ] {
        l.connection().execute_batch("SAVEPOINT s").unwrap();
        l.connection().execute_batch(set).unwrap();
        let e = l.each_record(SCHEMA, true, |_| Ok(())).unwrap_err();
        assert!(e.code() == "E_LIBRARY_DAMAGED" && e.to_string().contains(words), "{e}");
        l.connection().execute_batch("ROLLBACK TO s; RELEASE s").unwrap();
    }
    l.each_record(SCHEMA, true, |_| Ok(())).unwrap();
    // Strict tables: no text where numbers belong.
    assert!(l.connection().execute_batch("UPDATE record SET tempo = 'fast'").is_err());
}

#[test]
fn a_second_writer_waits_and_then_says_so() {
    let dir = Folder::new("busy");
    let path = dir.at("lib.db");
    let first = Library::create(&path).unwrap();
    let mut second = Library::open(&path).unwrap();
    second.set_patience(Duration::from_millis(20)).unwrap();
    let reader = Library::open_read_only(&path).unwrap();
    first.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    let e = second.begin_run(&serde_json::Map::new()).unwrap_err();
    assert_eq!(e.code(), "E_LIBRARY_BUSY");
    let LibraryError::Busy { waited_s, .. } = e else { panic!("{e}") };
    assert!(waited_s >= 0.02, "{waited_s}");
    reader.each_record(SCHEMA, true, |_| Ok(())).unwrap(); // readers do not wait
    // The other one ends while this one waits.
    second.set_patience(Duration::from_secs(60)).unwrap();
    std::thread::scope(|s| {
        let waiting = s.spawn(move || second.begin_run(&serde_json::Map::new()));
        std::thread::sleep(Duration::from_millis(50));
        first.connection().execute_batch("COMMIT").unwrap();
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn many_who_make_one_new_library_at_once_all_get_it() {
    let dir = Folder::new("race");
    for round in 0..25 {
        let path = dir.at(&format!("{round}.db"));
        let together = std::sync::Barrier::new(8);
        std::thread::scope(|s| {
            for n in 0..8 {
                let (path, dir, together) = (&path, &dir, &together);
                s.spawn(move || {
                    together.wait();
                    let mut l = Library::open_or_create(path).unwrap_or_else(|e| panic!("round {round}: {e}"));
                    run(&mut l, &[ok(&dir.at(&n.to_string()), &format!("id{n}"), n)]);
                });
            }
        });
        let l = Library::open_read_only(&path).unwrap();
        assert_eq!(l.audio_ids(SCHEMA).unwrap().len(), 8, "round {round}");
        l.check().unwrap();
    }
}

#[test]
fn a_full_disk_is_said_and_what_was_committed_stays() {
    let dir = Folder::new("full");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    run(&mut l, &[ok(&dir.at("a"), "aa", 1)]);
    let pages: i64 = l.connection().query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
    l.connection().query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(())).unwrap();
    let r = l.begin_run(&serde_json::Map::new()).unwrap();
    let batch: Vec<_> = (0..200).map(|i| ok(&dir.at(&format!("{i}")), &format!("id{i}"), i)).collect();
    assert_eq!(code(l.commit(r, SCHEMA, &batch)), "E_LIBRARY_FULL");
    assert_eq!(l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap().len(), 1);
    l.connection().query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
    l.commit(r, SCHEMA, &batch).unwrap();
    l.check().unwrap();
}

#[test]
fn a_library_opened_for_reading_is_not_written() {
    let dir = Folder::new("read");
    let path = dir.at("lib.db");
    run(&mut Library::create(&path).unwrap(), &[ok(&dir.at("a"), "aa", 1)]);
    let mut l = Library::open_read_only(&path).unwrap();
    assert!(l.is_read_only());
    assert_eq!(code(l.begin_run(&serde_json::Map::new())), "E_LIBRARY_READ_ONLY");
    assert_eq!(l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap().len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_said() {
    // Not even root makes files here.
    assert_eq!(code(Library::create(std::path::Path::new("/proc/lib.db"))), "E_LIBRARY_READ_ONLY");
}

/// Run by the next test in a process of its own, which is killed.
#[test]
fn child_that_writes() {
    let Ok(path) = std::env::var("EARPRINT_TEST_LIBRARY") else { return };
    let mut l = Library::open_or_create(std::path::Path::new(&path)).unwrap();
    let r = l.begin_run(&serde_json::Map::new()).unwrap();
    for (i, batch) in killed_story().chunks(7).enumerate() {
        let new: Vec<_> = batch
            .iter()
            .filter(|e| l.known(&e.path, e.bytes, e.modified_ns, SCHEMA).unwrap().is_none())
            .cloned()
            .collect();
        l.commit(r, SCHEMA, &new).unwrap();
        println!("committed {i}");
    }
    l.end_run(r, true, &RunEnd::default()).unwrap();
    println!("whole");
}

fn killed_story() -> Vec<Entry> {
    let path = |i: u32| std::path::PathBuf::from(format!("/nowhere/{i}"));
    (0..3000)
        .map(|i| {
            if i % 13 == 0 {
                entry(&path(i), "", Outcome::error("E_X", "x"))
            } else {
                ok(&path(i), &format!("id{i}"), i)
            }
        })
        .collect()
}

#[test]
fn a_killed_process_leaves_a_library_that_goes_on() {
    use std::io::{BufRead, BufReader};
    let dir = Folder::new("killed");
    let path = dir.at("lib.db");
    let child = || {
        let mut c = Command::new(std::env::current_exe().unwrap());
        c.args(["--exact", "child_that_writes", "--nocapture", "--test-threads=1"]);
        c.env("EARPRINT_TEST_LIBRARY", &path).stdout(Stdio::piped()).spawn().unwrap()
    };
    // Killed at moments the scheduler chooses, after at least so many commits.
    for after in [1, 2, 5, 11, 20, 33, 50, 70, 90, 120] {
        let mut c = child();
        let mut lines = BufReader::new(c.stdout.take().unwrap()).lines();
        let reached = lines.by_ref().filter(|l| l.as_ref().unwrap().starts_with("committed")).nth(after).is_some();
        c.kill().unwrap();
        c.wait().unwrap();
        assert!(reached);
        let l = Library::open(&path).unwrap();
        l.check().unwrap();
        let n = records(&l, false).len();
        assert!(n >= 7 * (after + 1), "{n} records after {} commits", after + 1);
    }
    let done = child().wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&done.stdout).contains("whole"));
    let mut whole = Library::create(&dir.at("whole.db")).unwrap();
    run(&mut whole, &killed_story());
    assert_eq!(content(&Library::open(&path).unwrap()), content(&whole));
}
