//! What a script relies on: a stdout that is whole or an error, files that are not overwritten by mistake, one row a file
//! however it was named, and words that say what happened.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use std::fs;
use std::process::Stdio;

use common::{Folder, Ran};
use library::*;

/// Some sounds, a damaged file, a cut one and a text below `in`, and a library of them.
fn sounds(name: &str) -> Folder {
    let f = Folder::new(name);
    for n in 0..4 {
        f.file(&format!("in/{n}.wav"), &wav(22_050, &planes(n, 1, 9000)));
    }
    f.file("in/cut.wav", &wav(22_050, &planes(9, 1, 20_000))[..20_000]);
    f.file("in/damaged.wav", b"no sound");
    f.file("in/deep/cover.txt", b"words");
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    f
}

/// Runs with a stdout of one's own.
fn run_to(f: &Folder, words: &str, stdout: impl Into<Stdio>) -> Ran {
    ended(command(f, words).stdout(stdout).spawn().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_stdout_that_takes_nothing_is_an_error() {
    let f = sounds("scripts-full");
    for words in [
        "analyze in",
        "analyze in -l lib.db --json",
        "analyze in -l new.db --json",
        "analyze in -l lib.db --dry-run --json",
        "list -l lib.db",
        "list -l lib.db --json",
        "list -l lib.db --failed",
        "stats -l lib.db",
        "stats -l lib.db --json",
        "mel in -o mel --preset librosa --json",
        "verify --json",
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ran = run_to(&f, words, full);
        assert_eq!(ran.code, 1, "{words}: {}", ran.err);
        ran.ends(1, &["writing to stdout: No space left on device"]);
    }
    // What was computed is in the library all the same.
    f.run("analyze in -l new.db --fail-on none").ends(0, &["known before"]);
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let f = sounds("scripts-pipe");
    let nobody_reads = |words: &str| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        run_to(&f, words, writer)
    };
    for words in
        ["list -l lib.db", "list -l lib.db --json", "list -l lib.db --failed", "stats -l lib.db", "verify --json"]
    {
        let ran = nobody_reads(words);
        ran.ends(0, &[]);
        assert!(!ran.err.contains("Broken pipe"), "{words}: {}", ran.err);
    }
    // With a library there is a reason to go on.
    let ran = nobody_reads("analyze in -l new.db --json");
    ran.ends(3, &["7 inputs: 4 ok, 1 partial, 1 skipped, 1 failed"]);
    assert!(!ran.err.contains("Broken pipe"), "{}", ran.err);
    assert_eq!(count(&f.join("new.db"), "record"), 5);
    // Without one there is none: the run ends, and tells no counts.
    let ran = nobody_reads("analyze in");
    ran.ends(0, &[]);
    assert!(!ran.err.contains("inputs:") && !ran.err.contains("Broken pipe"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn an_export_never_replaces_what_it_reads_nor_what_is_no_file() {
    let f = sounds("scripts-export");
    let before = fs::read(f.join("lib.db")).unwrap();
    std::os::unix::fs::symlink("lib.db", f.join("link.csv")).unwrap();
    std::os::unix::fs::symlink("link.csv", f.join("again.csv")).unwrap();
    std::os::unix::fs::symlink("round.csv", f.join("round.csv")).unwrap();
    pipe_at(&f.join("pipe.csv"));
    for out in ["lib.db", "in/../lib.db", "lib.db-wal", "lib.db-shm", "link.csv", "again.csv"] {
        let words = format!("export -l lib.db --format csv -o {out}");
        f.run(&words).ends(2, &["is the library that is read"]);
    }
    f.run("export -l link.csv --format csv -o lib.db-wal").ends(2, &["is the library that is read"]);
    f.run("export -l lib.db --format csv -o pipe.csv").ends(2, &["a device or a pipe"]);
    f.run("export -l lib.db --format csv -o /dev/null").ends(2, &["a device or a pipe"]);
    f.run("export -l lib.db --format csv -o in").ends(2, &["is a folder"]);
    f.run("export -l lib.db -o round.csv").ends(2, &["in a circle"]);
    f.run("export -l lib.db --format csv -o -").ends(2, &["--out -: an export is a file", "list --json"]);
    assert!(fs::read(f.join("lib.db")).unwrap() == before && f.join("link.csv").is_symlink());

    // Through a link to its target, there already or not.
    fs::create_dir(f.join("far")).unwrap();
    std::os::unix::fs::symlink("far/all.csv", f.join("all.csv")).unwrap();
    for _ in 0..2 {
        f.run("export -l lib.db -o all.csv").ends(0, &["7 rows in all.csv"]);
        assert!(f.join("all.csv").is_symlink() && f.join("far/all.csv").is_file());
        assert!(fs::read_to_string(f.join("far/all.csv")).unwrap().starts_with("path,"));
        fs::write(f.join("far/all.csv"), "old").unwrap();
    }
    // What the system says is said once.
    let ran = f.run("export -l lib.db -o lib.db/all.csv");
    ran.ends(1, &[]);
    let last = ran.err.trim_end().rsplit(": ").next().unwrap();
    assert_eq!(ran.err.matches(last).count(), 1, "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_file_has_one_row_however_it_is_reached() {
    let f = Folder::new("scripts-names");
    for n in 0..2 {
        f.file(&format!("odd/m/{n}.wav"), &wav(22_050, &planes(n, 1, 9000)));
    }
    std::os::unix::fs::symlink("odd/m", f.join("link")).unwrap();
    f.run("analyze odd/m -l lib.db").ends(0, &["2 ok"]);
    for way in ["odd/../odd/m", "link", "odd/m/../m/0.wav", "link/1.wav"] {
        f.run(&format!("analyze {way} -l lib.db")).ends(0, &["of them known before"]);
        assert_eq!(count(&f.join("lib.db"), "file"), 2, "{way}");
    }
    // Gone by one name is gone by the other.
    fs::remove_file(f.join("odd/m/1.wav")).unwrap();
    f.run("analyze link -l lib.db").ends(0, &["gone: 1 file is not there any more"]);
    assert_eq!(f.run("list -l lib.db --json").records().len(), 1);
}

#[test]
fn a_disk_that_is_away_loses_nothing() {
    let f = Folder::new("scripts-away");
    for n in 0..3 {
        f.file(&format!("disk/in/{n}.wav"), &wav(22_050, &planes(n, 1, 9000)));
    }
    f.file("here/a.wav", &wav(22_050, &planes(7, 1, 9000)));
    let listed = || f.run("list -l lib.db --json").records().len();
    f.run("analyze disk here -l lib.db").ends(0, &["4 ok"]);
    fs::rename(f.join("disk"), f.join("away")).unwrap();
    let ran = f.run("analyze disk here -l lib.db");
    ran.ends(3, &["disk is not there; what the library knows below it stays", "1 failed"]);
    assert!(!ran.err.contains("gone:"), "{}", ran.err);
    assert_eq!((listed(), f.run("list --failed -l lib.db").out.as_str()), (4, ""));
    // An empty folder in its place: where disks are mounted there is one.
    fs::create_dir(f.join("disk")).unwrap();
    f.run("analyze disk -l lib.db").ends(0, &["0 inputs", "gone: 3 files are not there any more"]);
    assert_eq!(listed(), 1);
    fs::remove_dir(f.join("disk")).unwrap();
    fs::rename(f.join("away"), f.join("disk")).unwrap();
    let ran = f.run("analyze disk here -l lib.db");
    ran.ends(0, &["4 ok", "4 of them known before"]);
    assert_eq!((listed(), ran.err.contains("gone:")), (4, false));
    // Moved is not gone.
    fs::rename(f.join("disk/in/0.wav"), f.join("disk/in/new.wav")).unwrap();
    let ran = f.run("analyze disk -l lib.db");
    assert!(ran.err.contains("moved: ") && !ran.err.contains("gone:"), "{}", ran.err);
    // Without a library an empty folder is a mistake.
    fs::create_dir(f.join("empty")).unwrap();
    f.run("analyze empty").ends(1, &["no files found in empty"]);
}

#[test]
fn nothing_to_do_needs_no_device_and_counts_as_before() {
    let f = sounds("scripts-known");
    let again = f.run("analyze in -l lib.db");
    again.ends(3, &["7 inputs: 4 ok, 1 partial, 1 skipped, 1 failed", "6 of them known before"]);
    assert!(!again.err.contains("device:"), "{}", again.err);
    assert!(f.run("analyze in -l lib.db --force").err.contains("device: cpu"));
    // Moved, so that their audio is recognised: the cut one is still a part.
    fs::rename(f.join("in"), f.join("out")).unwrap();
    f.run("analyze out -l lib.db").ends(3, &["4 ok, 1 partial, 1 skipped, 1 failed"]);
}

#[test]
fn failures_are_listed_apart_from_what_was_left_out() {
    let f = sounds("scripts-failed");
    f.file("in/deep/other.wav", b"no sound either");
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    let paths = |words: &str| -> Vec<String> {
        let records = f.run(&format!("list -l lib.db --failed --json {words}")).records();
        let name = |r: &serde_json::Value| r["path"].as_str().unwrap().rsplit_once("/in/").unwrap().1.to_owned();
        records.iter().map(name).collect()
    };
    assert_eq!(paths(""), ["damaged.wav", "deep/other.wav"]);
    assert_eq!(paths("--skipped"), ["damaged.wav", "deep/cover.txt", "deep/other.wav"]);
    assert_eq!(paths("-n 1"), ["damaged.wav"]);
    assert_eq!(paths("--path /DEEP/ -n 5"), ["deep/other.wav"]);
    let text = f.run("list -l lib.db --failed --skipped").out;
    let first: Vec<&str> = text.lines().map(|l| l.split('\t').next().unwrap()).collect();
    assert_eq!(first, ["error", "skipped", "error"]);
    for words in ["--failed --where tempo=1..2", "--failed --sort tempo", "--failed --show all", "--skipped"] {
        assert_eq!(f.run(&format!("list -l lib.db {words}")).code, 2, "{words}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_any_bytes_are_files_and_stay_on_their_line() {
    use std::os::unix::ffi::OsStrExt;
    let f = Folder::new("scripts-bytes");
    let sound = |n| wav(22_050, &planes(n, 1, 9000));
    let names: [&[u8]; 4] = [b"caf\xe9.wav", b"plain.wav", b"tab\tab.wav", b"two\nlines.wav"];
    fs::create_dir(f.join("in")).unwrap();
    for (n, name) in names.iter().enumerate() {
        fs::write(f.join("in").join(std::ffi::OsStr::from_bytes(name)), sound(n as u64)).unwrap();
    }
    fs::write(f.join("in").join(std::ffi::OsStr::from_bytes(b"bad\n\tname.wav")), "no sound").unwrap();
    // A line end in a name cannot be listed; every other byte can.
    f.file("list", b"in/caf\xe9.wav\nin/plain.wav\r\n\nin/tab\tab.wav");
    let ran = f.run("analyze --files-from list -l lib.db --json");
    ran.ends(0, &["3 inputs: 3 ok"]);
    assert_eq!(ran.records()[1]["path"], "in/plain.wav");
    let mut child = command(&f, "analyze - -l lib.db").stdin(fs::File::open(f.join("list")).unwrap()).spawn().unwrap();
    child.stdout.take();
    assert!(ended(child).err.contains("3 of them known before"));

    // A path reads the same from a library and from the file.
    let records = f.run("analyze in -l fresh.db --json").out;
    assert_eq!(f.run("analyze in -l fresh.db --json").out, records);
    assert!(records.contains("\"bytes:in/caf%E9.wav\""), "{records}");
    let ran = f.run("analyze in -l lib.db");
    ran.ends(3, &["4 ok, 0 partial, 0 skipped, 1 failed", "failed: bytes:in/bad%0A%09name.wav: "]);
    assert_eq!(f.run("list -l lib.db").out.lines().count(), 1 + 4);
    let failed = f.run("list -l lib.db --failed").out;
    assert_eq!((failed.lines().count(), failed.matches('\t').count()), (1, 2), "{failed}");
}

#[test]
fn hints_name_the_library_and_a_dry_run_has_a_record() {
    let f = Folder::new("scripts-hints");
    for n in 0..7 {
        f.file(&format!("in/{n}.wav"), b"no sound");
    }
    f.file("in/sound.wav", &wav(22_050, &planes(1, 1, 22_050)));
    let ran = f.run("analyze in -l my.db --dry-run --json");
    ran.ends(0, &["8 inputs, 8 to analyse", "nothing computed"]);
    let [estimate] = &ran.records()[..] else { panic!("{}", ran.out) };
    assert_eq!(
        (&estimate["inputs"], &estimate["to_analyse"], &estimate["dry_run"]),
        (&8.into(), &8.into(), &true.into())
    );
    assert!((estimate["audio_seconds"].as_f64().unwrap() - 1.0).abs() < 0.01, "{estimate}");
    assert!(estimate["seconds"].as_f64().unwrap() > 0.0 && estimate["bytes"].as_u64().unwrap() > 44_000, "{estimate}");
    assert_eq!(f.run("analyze in --dry-run").out, "");
    f.run("analyze in -l my.db").ends(3, &["failed: 2 more, see `earprint list --failed --library my.db`"]);
}

#[test]
fn stats_have_a_date_and_no_speed_of_nothing() {
    let f = sounds("scripts-stats");
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    let text = f.run("stats -l lib.db").out;
    let lines: Vec<&str> = text.lines().collect();
    // A line for each run, and two more for the one that analysed something.
    assert_eq!(lines.len(), 4, "{text}");
    for run in [lines[0], lines[1]] {
        let date = run.split(": ").next().unwrap().split(", ").nth(1).unwrap();
        assert!(date.starts_with("20") && date.ends_with(" UTC") && date.len() == 20, "{run}");
    }
    assert!(!lines[0].contains("real time") && lines[1].contains("times real time"), "{text}");
    assert!(lines[2].contains("decode ") && !lines[2].contains("NaN"), "{text}");
    let over: f64 = lines[3].split(" s, ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
    assert!(lines[3].contains("workers") && over >= 1.0, "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn watch_says_what_is_not_there_and_outlasts_another_writer() {
    use std::io::{BufRead, BufReader};
    let f = Folder::new("scripts-watch");
    let held = earprint_library::Library::open_or_create(&f.join("lib.db")).unwrap();
    let mut child = command(&f, "watch in -l lib.db --every 1 --json").spawn().unwrap();
    // Words that never come fail the test instead of holding it up.
    let (tell, heard) = std::sync::mpsc::channel();
    let err = BufReader::new(child.stderr.take().unwrap()).lines();
    std::thread::spawn(move || err.map_while(Result::ok).all(|line| tell.send(line).is_ok()));
    let told = |words: &str| {
        while !heard.recv_timeout(std::time::Duration::from_secs(60)).expect(words).contains(words) {}
    };
    told("in is not there; watching goes on");
    held.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    f.file("in/a.wav", &wav(22_050, &planes(1, 1, 9000)));
    told("in is there now");
    told("watching goes on and tries again");
    held.connection().execute_batch("COMMIT").unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(out.next().unwrap().unwrap().contains("\"in/a.wav\""));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // A limit from the environment holds here too: one that is none is refused.
    let wrong = command(&f, "watch in -l lib.db").env("EARPRINT_TIME_LIMIT", "soon").spawn().unwrap();
    let wrong = ended(wrong);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

#[test]
fn settings_come_from_files_behind_flags_and_the_environment() {
    let f = sounds("scripts-settings");
    f.file("sub/deeper/note.txt", b"words");
    let run = |below: &str, words: &str, environment: &[(&str, &str)]| {
        let mut c = command(&f, words);
        c.env_remove("EARPRINT_CONFIG").env("XDG_CONFIG_HOME", f.join("own")).env("APPDATA", f.join("own"));
        let environment = environment.iter().copied();
        ended(c.current_dir(f.join(below)).envs(environment).spawn().unwrap())
    };
    f.file("own/earprint/config.toml", b"library = 'of-the-user.db'\n[list]\nlibrary = 'of-lists.db'\n");
    run("", "analyze in -q", &[]).ends(3, &[]);
    assert!(f.join("own/earprint/of-the-user.db").exists());
    f.file("earprint.toml", b"library = 'of-the-project.db'\n");
    let listed = |below: &str, words: &str, environment: &[(&str, &str)]| {
        run(below, words, environment).ends(1, &[]).err.clone()
    };
    // Nearer files, then the environment, then flags; a path begins at its file.
    assert!(listed("", "list", &[]).contains("no library at of-the-project.db"));
    let above = f.0.canonicalize().unwrap().join("of-the-project.db");
    assert!(
        listed("sub/deeper", "list", &[]).contains(above.to_str().unwrap()),
        "{}",
        listed("sub/deeper", "list", &[])
    );
    assert!(listed("", "list", &[("EARPRINT_LIBRARY", "b.db")]).contains("no library at b.db"));
    assert!(listed("", "list -l c.db", &[("EARPRINT_LIBRARY", "b.db")]).contains("no library at c.db"));
    assert!(listed("", "list", &[("EARPRINT_CONFIG", "")]).contains("no library at earprint.db"));
    f.file("named.toml", b"library = 'of-the-named.db'");
    assert!(listed("", "list", &[("EARPRINT_CONFIG", "named.toml")]).contains("of-the-named.db"));
    let said = run("", "doctor", &[]).out;
    assert!(said.contains("read     ") && said.contains("config.toml") && said.contains("earprint.toml"), "{said}");

    run("", "list", &[("EARPRINT_CONFIG", "gone.toml")])
        .ends(2, &["EARPRINT_CONFIG names gone.toml, which is no file"]);
    f.file("earprint.toml", b"libary = 'typo.db'");
    run("", "list", &[]).ends(2, &["earprint.toml: nothing is called \"libary\"", "library, memory"]);
    let help = run("", "list --help", &[]);
    assert!(help.code == 0 && help.out.contains("--where"), "{help:?}");
    run("", "lits", &[]).ends(2, &["libary"]);
}
