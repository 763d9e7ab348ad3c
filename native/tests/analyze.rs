//! `earprint analyze` and `watch`, as a script meets them: what a run leaves does not depend on workers, batches, kills and
//! interruptions.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use std::io::{BufRead, BufReader};
#[cfg(target_os = "linux")]
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::Folder;
use hand_made::Dice;
use library::*;

/// Renames files so that the heaviest, with which a run begins, are also the first whose fate is stored: then commits are
/// spread over the run. Otherwise what is finished waits for lighter files before it.
fn heaviest_first(f: &Folder) {
    let found = earprint_audio::walk::walk(&[f.join("in")], &earprint_audio::walk::WalkOptions::default());
    let factor = |path: &std::path::Path| match path.extension().and_then(|e| e.to_str()) {
        Some("wav" | "aiff" | "caf") => 2,
        Some("flac") => 3,
        _ => 12,
    };
    let mut weights: Vec<_> = found.iter().map(|e| (e.bytes * factor(&e.path), &e.path)).collect();
    weights.sort();
    for (rank, (_, path)) in weights.iter().rev().enumerate() {
        let name = format!("{rank:03}-{}", path.file_name().unwrap().to_str().unwrap());
        std::fs::rename(path, f.join("in").join(name)).unwrap();
    }
}

#[test]
fn killed_runs_resume_to_the_library_of_an_undisturbed_one() {
    let seed = 0x5eed_0003;
    println!("seed {seed:#x}");
    let f = Folder::new("analyze-killed");
    corpus(&f, 60, seed);
    // Two tracks of real length among the short ones: a kill may fall into the middle of a file.
    let clips = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/outside/track/clips");
    for clip in ["song-c-major.flac", "drums-150-mono.flac"] {
        std::fs::copy(clips.join(clip), f.join("in").join(clip)).unwrap();
    }
    heaviest_first(&f);
    let words = |library: &str| format!("analyze in --library {library}.db --json -q --batch-files 4 --jobs 2");
    let started = Instant::now();
    let whole = f.run(&words("whole"));
    let length = started.elapsed();
    whole.ends(3, &[]);
    let want = content(&f.join("whole.db"));
    let tracks = whole.out.lines().count();

    let mut dice = Dice(seed);
    let (mut midway, mut kills) = (0, 0);
    for round in 0..20 {
        let library = format!("killed-{round}");
        let path = f.join(&format!("{library}.db"));
        // A third of the libraries is killed twice.
        for _ in 0..1 + usize::from(round % 3 == 0) {
            let mut run = command(&f, &words(&library));
            let mut child = run.stderr(Stdio::null()).spawn().unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
            // A quarter at any moment, before the library is there or long after; the others shortly after so many tracks
            // were told of, which does not depend on how busy the machine is.
            let within = if dice.below(4) == 0 {
                length
            } else {
                out.by_ref().take(1 + dice.below(tracks - 1)).for_each(drop);
                length / 50
            };
            // Read on: a full pipe would hold it up, and one that nobody reads would end it.
            let reader = std::thread::spawn(|| out.for_each(drop));
            std::thread::sleep(within.mul_f64(dice.below(1000) as f64 / 1000.0));
            child.kill().unwrap();
            child.wait().unwrap();
            reader.join().unwrap();
            kills += 1;
            if path.exists() && earprint_library::Library::open(&path).is_ok() {
                let n = count(&path, "file");
                midway += usize::from(n > 0 && n < count(&f.join("whole.db"), "file"));
                // What is there is whole, and none of it is other than in the end.
                let rows = content(&path);
                let settled = |rows: &[String]| -> Vec<String> {
                    rows.iter().filter(|r| r.starts_with("record|") || r.starts_with("wide|")).cloned().collect()
                };
                let (all, part) = (settled(&want), settled(&rows));
                assert!(part.iter().all(|row| all.contains(row)), "round {round}");
            }
        }
        let resumed = f.run(&words(&library));
        assert_eq!((resumed.code, &resumed.out), (3, &whole.out), "round {round}: {}", resumed.err);
        assert_same_content(&want, &content(&path), &format!("round {round}"));
    }
    println!("{midway} of {kills} kills left a part of the library; an undisturbed run took {length:?}");
    assert!(midway >= 6, "the kills show nothing: {midway} of {kills} fell between the first and the last commit");
}

#[test]
fn workers_batches_and_segments_change_nothing() {
    let f = Folder::new("analyze-same");
    corpus(&f, 34, 7);
    let mut want = None;
    let mut told = |words: &str| {
        let _ = std::fs::remove_file(f.join("lib.db"));
        let ran = f.run(&format!("analyze in gone.wav in/003.wav --library lib.db --json -q {words}"));
        ran.ends(3, &[]);
        let got = (ran.out, content(&f.join("lib.db")));
        let want = want.get_or_insert_with(|| got.clone());
        assert_eq!(want.0, got.0, "{words}");
        assert_same_content(&want.1, &got.1, words);
        got.0
    };
    for jobs in [1, 2, 4] {
        for batch in [1, 7, 50] {
            told(&format!("--jobs {jobs} --batch-files {batch}"));
        }
    }
    told("--segment-frames 16 --memory 49M");
    let text = told("--segment-frames 333");

    // One record per input, failures too, in the order of the inputs: folders by name, then what was given after them.
    let paths: Vec<String> = text
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(paths.len(), 34 + 2 + 2);
    assert!(paths[..36].is_sorted(), "{paths:?}");
    assert_eq!(paths[36..], ["gone.wav", "in/003.wav"]);
    // Without a library the records are the same.
    let ran = f.run("analyze in gone.wav in/003.wav -q --jobs 2");
    assert_eq!((ran.code, ran.out), (3, text));
}

#[test]
fn a_second_run_reads_the_library_and_a_dry_run_writes_nothing() {
    let f = Folder::new("analyze-again");
    corpus(&f, 20, 11);
    let listing = || {
        let mut all: Vec<_> = std::fs::read_dir(&f.0)
            .unwrap()
            .map(|e| e.unwrap())
            .filter(|e| e.path().is_file())
            .map(|e| (e.file_name(), std::fs::read(e.path()).unwrap()))
            .collect();
        all.sort();
        all
    };
    f.run("analyze in --library lib.db --dry-run").ends(0, &["22 inputs, 21 to analyse", "nothing computed"]);
    assert_eq!(listing(), [], "not even an empty library");
    let dry = f.run("analyze in --dry-run --json");
    dry.ends(0, &["22 inputs"]);
    assert_eq!(dry.records().iter().map(|r| r["to_analyse"].as_u64()).collect::<Vec<_>>(), [Some(21)]);

    let first = f.run("analyze in --library lib.db --json");
    first.ends(3, &["22 inputs: 19 ok, 1 partial, 1 skipped, 1 failed"]);
    let before = listing();
    f.run("analyze in --library lib.db --dry-run").ends(0, &["22 inputs, 0 to analyse"]);
    for reading in ["list", "list --failed", "stats", "similar deep/000.wav -n 3"] {
        assert_eq!(f.run(&format!("{reading} -l lib.db")).code, 0, "{reading}");
    }
    assert!(before == listing(), "a dry run and readers leave the folder as it was");

    let again = f.run("analyze in --library lib.db --json");
    again.ends(3, &["21 of them known before"]);
    assert_eq!(again.out, first.out);
    let forced = f.run("analyze in --library lib.db --json --force");
    assert_eq!((forced.code, forced.out == first.out, forced.err.contains("known before")), (3, true, false));
    f.run("analyze in -l lib.db -q --fail-on none").ends(0, &[]);
    f.run("analyze in -l lib.db -q --fail-on all").ends(0, &[]);
    f.run("analyze in/011.wav -l lib.db -q --fail-on all").ends(3, &["E_"]);
    f.run("analyze in --retry-failed").ends(2, &["--library"]);
}

/// Sounds one longer than the other.
fn growing(f: &Folder, lengths: impl Iterator<Item = usize>) {
    for (n, length) in lengths.enumerate() {
        f.file(&format!("in/{n:03}.wav"), &wav(22_050, &planes(500 + n as u64, 1, 9000 + 700 * length)));
    }
}

/// How often the main thread has gone to sleep: a run's does so some twenty times a second while it waits.
#[cfg(target_os = "linux")]
fn turns_of_the_main_thread(child: &std::process::Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{0}/task/{0}/status", child.id())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
    line.expect("Linux counts them").trim().parse().unwrap()
}

/// Ctrl-C while the only worker is at number 11 of 24 sounds, which holds it up until the run has heard. Number 11 has no
/// sound meanwhile, and has its own again afterwards.
#[cfg(target_os = "linux")]
fn interrupted_at_number_11(f: &Folder) -> common::Ran {
    let at = f.join("in/011.wav");
    let sound = std::fs::read(&at).unwrap();
    let modified = at.metadata().unwrap().modified().unwrap();
    let words = "analyze in -l lib.db --json --jobs 1";
    let mut child = changed_after_the_walk(f, words, "lib.db", || pipe_at(&at));
    wait_for_a_sleeping_worker(&child);
    interrupt(&child);
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(err.any(|line| line.contains("finishing the files at hand")));
    // Said by the signal itself; whoever hands out files asks in every turn.
    let turns = turns_of_the_main_thread(&child);
    wait_until("the run to hear of it", || turns_of_the_main_thread(&child) > turns + 20);
    // A pipe can be opened for writing once somebody waits for it, who then finds no sound in it.
    let (nonblocking, mut open) = (0o4000, std::fs::File::options());
    wait_until("the pipe to be read", || open.write(true).custom_flags(nonblocking).open(&at).is_ok());
    let last: Vec<String> = err.collect();
    let ran = ended(child);
    assert_eq!(ran.code, 130, "{last:?}");
    assert!(last.iter().any(|line| line.contains("the same command continues")), "{last:?}");
    std::fs::remove_file(&at).unwrap();
    std::fs::write(&at, sound).unwrap();
    std::fs::File::options().write(true).open(&at).unwrap().set_modified(modified).unwrap();
    ran
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_finishes_what_is_under_way_and_the_same_command_continues() {
    // The heaviest begin first. Falling: 0 to 11 are done by then. Rising: 11 to 23 are, behind a gap.
    for (name, falling, done) in [("falling", true, 0..12), ("rising", false, 11..24)] {
        let f = Folder::new(&format!("analyze-{name}"));
        growing(&f, (0..24).map(|n| if falling { 24 - n } else { n }));
        let whole = f.run("analyze in -l whole.db --json -q");
        let ran = interrupted_at_number_11(&f);
        let told = ran.records();
        let names: Vec<&str> = told.iter().map(|r| r["path"].as_str().unwrap()).collect();
        let want: Vec<String> = done.map(|n| format!("in/{n:03}.wav")).collect();
        assert_eq!(names, want, "{name}");
        // What was told is what an undisturbed run tells, and it is stored under its own name.
        for (line, record) in ran.out.lines().zip(&told) {
            let all_is_well = whole.out.lines().any(|w| w == line);
            assert_eq!(all_is_well, record["path"] != "in/011.wav", "{name}: {line}");
        }
        let exported = f.run("list -l lib.db --json").records();
        assert_eq!(exported.len(), want.len() - 1, "{name}");
        for stored in exported {
            let file = stored["path"].as_str().unwrap();
            let same = told.iter().find(|t| file.ends_with(t["path"].as_str().unwrap())).unwrap();
            assert_eq!(stored["audio_id"], same["audio_id"], "{name}: {file}");
        }
        let runs = f.run("stats -l lib.db --json").records();
        assert_eq!((runs[0]["state"].as_str(), runs[0]["failed"].as_u64()), (Some("interrupted"), Some(1)));

        let resumed = f.run("analyze in -l lib.db --json -q --retry-failed");
        assert_eq!((resumed.code, resumed.out), (0, whole.out), "{name}: {}", resumed.err);
        assert_same_content(&content(&f.join("whole.db")), &content(&f.join("lib.db")), name);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_twice_stops_at_once_and_what_was_committed_stays() {
    let f = Folder::new("analyze-twice");
    growing(&f, 0..12);
    // The lightest is last in time: by then everything else is stored.
    let hangs = f.join("in/zzz.wav");
    f.file("in/zzz.wav", &wav(22_050, &planes(3, 1, 2000)));
    let words = "analyze in -l lib.db --json --jobs 1 --batch-files 1";
    let mut child = changed_after_the_walk(&f, words, "lib.db", || pipe_at(&hangs));
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let told: Vec<String> = out.by_ref().take(12).map(Result::unwrap).collect();
    interrupt(&child);
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(err.any(|l| l.unwrap().contains("once more to stop now")));
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "once waits for the file at hand, and that one hangs");
    interrupt(&child);
    let status = child.wait().unwrap();
    assert_eq!((status.code(), out.count()), (Some(130), 0));
    assert_eq!((told.len() as i64, count(&f.join("lib.db"), "record")), (12, 12));
    f.file("in/other.wav", &wav(22_050, &planes(4, 1, 2000)));
    std::fs::remove_file(&hangs).unwrap();
    f.run("analyze in -l lib.db").ends(0, &["13 inputs: 13 ok", "12 of them known before"]);
}

#[test]
fn watch_picks_up_what_has_come_to_rest_until_ctrl_c() {
    let f = Folder::new("analyze-watch");
    growing(&f, 0..2);
    let mut child = command(&f, "watch in -l lib.db --every 1 --json").spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap()).lines();
    // A record that never comes fails the test instead of holding it up.
    let (tell, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || out.map_while(Result::ok).all(|line| tell.send(line).is_ok()));
    let next = || {
        let line = heard.recv_timeout(Duration::from_secs(60)).expect("a record");
        serde_json::from_str::<serde_json::Value>(&line).unwrap()
    };
    assert_eq!([next(), next()].map(|r| r["path"].clone()), ["in/000.wav", "in/001.wav"]);
    // Whole from the first moment: a file that rests half written counts as one.
    f.file("new.wav", &wav(22_050, &planes(77, 2, 20_000)));
    f.file("in/deep/readme.txt", b"words");
    std::fs::rename(f.join("new.wav"), f.join("in/deep/new.wav")).unwrap();
    let new = next();
    assert_eq!((new["path"].as_str(), new["status"].as_str()), (Some("in/deep/new.wav"), Some("ok")));
    interrupt(&child);
    let ran = ended(child);
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert_eq!(f.run("list -l lib.db --json").records().len(), 3);
    // A run of its own finds nothing new.
    f.run("analyze in -l lib.db").ends(0, &["3 of them known before"]);
}
