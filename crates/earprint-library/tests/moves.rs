//! Files that move keep their numbers and their row; of two candidates none is guessed; order and interruption change nothing.

mod common;

use common::*;
use earprint_library::*;

fn rows(l: &Library) -> Vec<(i64, String)> {
    l.list(SCHEMA, &Filter::default(), Sort::Path, None).unwrap().into_iter().map(|r| (r.file_id, r.path)).collect()
}

#[test]
fn a_moved_file_is_the_same_file() {
    let dir = Folder::new("moved");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let old = dir.file("old.flac");
    run(&mut l, &[ok(&old, "aa", 1)]);
    let before = rows(&l);
    let new = dir.at("new.flac");
    std::fs::rename(&old, &new).unwrap();
    let settled = run(&mut l, &[entry(&new, "aa", Outcome::Existing)]);
    assert_eq!(settled.moves, [Move { from: path_text(&old), to: path_text(&new) }]);
    assert_eq!(rows(&l), [(before[0].0, path_text(&new))]);
    assert!(l.known(&new, 1000, Some(7), SCHEMA).unwrap().is_some());
    assert!(l.known(&old, 1000, Some(7), SCHEMA).unwrap().is_none());
    let from: String = l.connection().query_row("SELECT moved_from FROM file", [], |r| r.get(0)).unwrap();
    assert_eq!(from, path_text(&old));
    l.check().unwrap();
}

#[test]
fn a_copy_is_a_second_file() {
    let dir = Folder::new("copy");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let (a, b) = (dir.file("a"), dir.file("b"));
    run(&mut l, &[ok(&a, "aa", 1)]);
    let settled = run(&mut l, &[entry(&b, "aa", Outcome::Existing)]);
    assert_eq!((settled, rows(&l).len()), (Settled::default(), 2));
    // Settled as a copy, it is no candidate later.
    std::fs::remove_file(&a).unwrap();
    assert_eq!(run(&mut l, &[]), Settled::default());
}

#[test]
fn two_files_gone_or_two_new_are_not_guessed_between() {
    for (gone, new) in [(2, 1), (1, 2), (2, 2)] {
        let dir = Folder::new(&format!("two-{gone}-{new}"));
        let mut l = Library::create(&dir.at("lib.db")).unwrap();
        let olds: Vec<_> = (0..gone).map(|i| dir.file(&format!("old{i}"))).collect();
        run(&mut l, &olds.iter().map(|p| ok(p, "aa", 1)).collect::<Vec<_>>());
        olds.iter().for_each(|p| std::fs::remove_file(p).unwrap());
        let news: Vec<_> = (0..new).map(|i| dir.file(&format!("new{i}"))).collect();
        let settled = run(&mut l, &news.iter().map(|p| entry(p, "aa", Outcome::Existing)).collect::<Vec<_>>());
        assert!(settled.moves.is_empty());
        assert_eq!(settled.undecided.len(), new);
        let want = format!("of the same audio, {gone} files are gone and {new} are new");
        assert!(settled.undecided[0].ends_with(&want), "{settled:?}");
        let counts: (u32, u32) = l
            .connection()
            .query_row("SELECT sum(gone), sum(note IS NOT NULL) FROM file", [], |r| Ok((r.get(0)?, r.get(1)?)))
            .unwrap();
        assert_eq!(counts, (gone as u32, new as u32));
        assert_eq!(rows(&l).len(), new); // all with their numbers
    }
}

#[test]
fn a_file_moved_over_another_and_two_that_swapped_places() {
    let dir = Folder::new("over");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    let (a, b, c) = (dir.file("a"), dir.file("b"), dir.file("c"));
    run(&mut l, &[ok(&a, "aa", 1), ok(&b, "bb", 2), ok(&c, "cc", 3)]);
    let before = rows(&l);
    // b and c swap: both paths hold other audio, nothing is gone.
    let swapped = [entry(&b, "cc", Outcome::Existing), entry(&c, "bb", Outcome::Existing)];
    assert_eq!(run(&mut l, &swapped), Settled::default());
    assert_eq!(rows(&l), before);
    let values = |l: &Library, p| l.record(p, SCHEMA).unwrap().unwrap().descriptor.unwrap().values.map(f32::to_bits);
    assert_eq!(values(&l, &b), numbers(3).descriptor.values.map(f32::to_bits));
    // a over b.
    std::fs::rename(&a, &b).unwrap();
    let settled = run(&mut l, &[entry(&b, "aa", Outcome::Existing)]);
    assert_eq!(settled.moves.len(), 1);
    assert_eq!(rows(&l), [(before[0].0, path_text(&b)), (before[2].0, path_text(&c))]);
    l.check().unwrap();
}

#[test]
fn what_is_gone_is_marked_below_the_roots_that_were_walked_and_comes_back() {
    let dir = Folder::new("gone");
    let mut l = Library::create(&dir.at("lib.db")).unwrap();
    std::fs::create_dir_all(dir.at("x")).unwrap();
    std::fs::create_dir_all(dir.at("y")).unwrap();
    let files = ["x/a", "x/b", "y/c"].map(|f| dir.file(f));
    run(&mut l, &[ok(&files[0], "aa", 1), ok(&files[1], "bb", 2), ok(&files[2], "cc", 3)]);
    std::fs::remove_file(&files[0]).unwrap();
    std::fs::remove_file(&files[2]).unwrap();
    let r = l.begin_run(&serde_json::Map::new()).unwrap();
    l.seen(r, &files[1..2]).unwrap();
    assert_eq!(l.find_gone(r, &[dir.at("x")]).unwrap(), 1);
    assert_eq!(rows(&l).len(), 2); // y was not walked
    dir.file("x/a");
    l.seen(r, &files[..1]).unwrap();
    assert_eq!(rows(&l).len(), 3);
}

#[test]
fn batches_order_and_interruption_leave_the_same_library() {
    // Sixty files: copies, failures; then moves, copies of moved files, two candidates, a changed file.
    let story = |name: &str, batch: usize, backwards: bool, interrupted: bool| {
        let dir = Folder::new(name);
        // The content holds paths: the same folder name for every telling.
        let root = std::env::temp_dir().join(format!("earprint-story-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).unwrap();
        let file = |n: &str| {
            std::fs::write(root.join(n), n).unwrap();
            root.join(n)
        };
        let mut l = Library::create(&dir.at("lib.db")).unwrap();
        let mut tell = |mut entries: Vec<Entry>| {
            if backwards {
                entries.reverse();
            }
            let mut r = l.begin_run(&serde_json::Map::new()).unwrap();
            for (i, b) in entries.chunks(batch).enumerate() {
                l.commit(r, SCHEMA, b).unwrap();
                if interrupted && i % 2 == 0 {
                    drop(std::mem::replace(&mut l, Library::open(&dir.at("lib.db")).unwrap()));
                    r = l.begin_run(&serde_json::Map::new()).unwrap();
                }
            }
            l.end_run(r, true, &RunEnd::default()).unwrap();
        };
        let first = |i: u32| match i % 10 {
            9 => entry(&file(&format!("f{i}")), "", Outcome::error("E_DECODE", "x")),
            _ => ok(&file(&format!("f{i}")), &format!("id{}", i / 2), i / 2),
        };
        tell((0..60).map(first).collect());
        let mut second = Vec::new();
        for i in [0, 3, 10, 11, 22] {
            std::fs::remove_file(root.join(format!("f{i}"))).unwrap();
            second.push(entry(&file(&format!("g{i}")), &format!("id{}", i / 2), Outcome::Existing));
        }
        second.push(entry(&file("h22"), "id11", Outcome::Existing));
        let mut changed = ok(&root.join("f30"), "new", 99);
        changed.bytes = 2;
        second.push(changed);
        tell(second);
        l.check().unwrap();
        let out = content(&l);
        std::fs::remove_dir_all(&root).unwrap();
        out
    };
    let want = story("story-0", 1000, false, false);
    assert!(
        want.iter().any(|l| l.contains("not decided")) && want.iter().any(|l| l.contains("g0") && l.contains("f0"))
    );
    for (i, (batch, backwards, interrupted)) in
        [(1, false, false), (1, true, false), (7, false, true), (50, true, true), (1, true, true)]
            .into_iter()
            .enumerate()
    {
        assert_eq!(
            story(&format!("story-{}", i + 1), batch, backwards, interrupted),
            want,
            "{batch} {backwards} {interrupted}"
        );
    }
}
