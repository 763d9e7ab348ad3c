//! What goes wrong while a run goes on: hanging, damaged and vanishing files, folders that cannot be written, a full disk.
//! Each is a record or a clear error, the rest is done, and nothing that was stored is lost.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Folder, Ran};
use hand_made::{chunk, flac, fmt, mp3_silence, riff};
use library::*;

/// Path, status and code of every record.
fn fates(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |v: &serde_json::Value| v.as_str().unwrap_or("").to_owned();
    ran.records().iter().map(|r| (text(&r["path"]), text(&r["status"]), text(&r["code"]))).collect()
}

fn fate(path: &str, status: &str, code: &str) -> (String, String, String) {
    (path.into(), status.into(), code.into())
}

#[cfg(target_os = "linux")]
#[test]
fn a_hanging_reader_is_left_behind_and_the_rest_is_done() {
    let f = Folder::new("faults-hang");
    for n in 0..6 {
        f.file(&format!("in/{n}.wav"), &wav(22_050, &planes(n, 1, 9000)));
    }
    // The heaviest, so that the only worker meets it first: whatever is done later is done by the worker that replaces it.
    let sound = wav(44_100, &planes(50, 2, 40_000));
    f.file("in/hangs.wav", &sound);
    let words = "analyze in -l lib.db --json --jobs 1 --time-limit 4";
    let ran = ended(changed_after_the_walk(&f, words, "lib.db", || pipe_at(&f.join("in/hangs.wav"))));
    ran.ends(3, &["7 inputs: 6 ok, 0 partial, 0 skipped, 1 failed"]);
    let mut want: Vec<_> = (0..6).map(|n| fate(&format!("in/{n}.wav"), "ok", "")).collect();
    want.push(fate("in/hangs.wav", "error", "E_TIME_LIMIT"));
    assert_eq!(fates(&ran), want);
    assert!(ran.records()[6]["detail"].as_str().unwrap().contains("--time-limit"));
    let listed = f.run("list --failed -l lib.db");
    assert!(listed.code == 0 && listed.out.starts_with("E_TIME_LIMIT\t"), "{}", listed.out);
    // A pipe that is there from the beginning is not even opened.
    let ran = f.run("analyze in -l other.db --json -q");
    assert_eq!(fates(&ran)[6], fate("in/hangs.wav", "skipped", "E_NOT_AUDIO"));
    assert_eq!(ran.code, 0);

    f.file("in/next.wav", &sound);
    std::fs::rename(f.join("in/next.wav"), f.join("in/hangs.wav")).unwrap();
    f.run("analyze in -l lib.db").ends(0, &["7 inputs: 7 ok", "6 of them known before"]);
}

#[test]
fn a_file_that_takes_too_long_is_stopped() {
    let f = Folder::new("faults-slow");
    f.file("in/a.wav", &wav(22_050, &planes(1, 1, 9000)));
    f.file("in/z.wav", &wav(22_050, &planes(2, 1, 9000)));
    // Forty hours of silence that take no place on the disk.
    let bytes = 40 * 3600 * 16_000_u32;
    let mut head = riff(&[fmt(1, 1, 8000, 16), chunk(b"data", &[])]);
    let at = head.len() - 4;
    head[at..].copy_from_slice(&bytes.to_le_bytes());
    head[4..8].copy_from_slice(&(bytes + 36).to_le_bytes());
    f.file("in/long.wav", &head);
    std::fs::File::options().write(true).open(f.join("in/long.wav")).unwrap().set_len(u64::from(bytes) + 44).unwrap();
    let ran = f.run("analyze in -l lib.db --json --jobs 2 --time-limit 4");
    ran.ends(3, &["2 ok", "1 failed"]);
    let want = [fate("in/a.wav", "ok", ""), fate("in/long.wav", "error", "E_TIME_LIMIT"), fate("in/z.wav", "ok", "")];
    assert_eq!(fates(&ran), want);
}

#[test]
fn damaged_and_cut_files_are_records() {
    let f = Folder::new("faults-damaged");
    let sound = planes(3, 2, 20_000);
    let (plain, packed, silent) = (wav(44_100, &sound), flac(44_100, &sound), mp3_silence(60));
    let float: Vec<u8> = (0..30_000).flat_map(|n| if n == 9000 { f32::NAN } else { 0.25 }.to_le_bytes()).collect();
    let mut bitten = packed.clone();
    bitten[40_000..40_400].fill(0x5A);
    let mut loud = plain.clone();
    loud[22..24].copy_from_slice(&9999_u16.to_le_bytes());
    let clip = std::fs::read(clips().join("drums-150-mono.flac")).unwrap();
    let mut torn = clip.clone();
    torn[100_000..100_100].fill(0);
    for (name, bytes) in [
        ("a-whole.wav", &plain[..]),
        ("b-cut.wav", &plain[..50_000]),
        ("c-header.wav", &plain[..44]),
        ("d-half-a-header.wav", &plain[..20]),
        ("e-channels.wav", &loud),
        ("f-nan.wav", &riff(&[fmt(3, 1, 44_100, 32), chunk(b"data", &float)])),
        ("g-empty.wav", b""),
        ("h-noise.mp3", &[0x5A; 4000]),
        ("i-whole.flac", &packed),
        ("j-cut.flac", &packed[..50_000]),
        ("k-bitten.flac", &bitten),
        ("l-header.flac", &packed[..42]),
        ("m-clip-cut.flac", &clip[..100_000]),
        ("n-clip-torn.flac", &torn),
        ("o-whole.mp3", &silent),
        ("p-cut.mp3", &silent[..417 * 30 + 100]),
        ("q-opus.ogg", &[&b"OggS"[..], &[0; 24], b"OpusHead", &[0; 200]].concat()),
    ] {
        f.file(&format!("in/{name}"), bytes);
    }
    let ran = f.run("analyze in gone.flac -l lib.db --json");
    ran.ends(3, &[]);
    let (ok, partial, error) = ("ok", "partial", "error");
    let want = [
        ("a-whole.wav", ok, ""),
        ("b-cut.wav", partial, "E_DECODE_TRUNCATED"),
        ("c-header.wav", error, ""),
        ("d-half-a-header.wav", error, ""),
        ("e-channels.wav", error, "E_CHANNELS"),
        ("f-nan.wav", partial, "E_NON_FINITE"),
        ("g-empty.wav", error, ""),
        ("h-noise.mp3", error, ""),
        ("i-whole.flac", ok, ""),
        ("j-cut.flac", partial, "E_DECODE_TRUNCATED"),
        ("k-bitten.flac", partial, "E_DECODE_TRUNCATED"),
        ("l-header.flac", error, "E_DECODE_TRUNCATED"),
        ("m-clip-cut.flac", partial, "E_DECODE_TRUNCATED"),
        ("n-clip-torn.flac", partial, "E_DECODE_TRUNCATED"),
        ("o-whole.mp3", ok, ""),
        ("p-cut.mp3", ok, ""),
        ("q-opus.ogg", error, "E_DECODE_TRUNCATED"),
        ("gone.flac", error, "E_IO"),
    ];
    for (record, (name, status, code)) in ran.records().iter().zip(want) {
        println!("{name}: {} {} {}", record["status"], record["code"], record["detail"]);
        assert!(record["path"].as_str().unwrap().ends_with(name), "{record}");
        assert_eq!(record["status"], status, "{record}");
        let told = record["code"].as_str().unwrap_or("");
        assert!(told == code || (code.is_empty() && status == error && told.starts_with("E_")), "{name}: {told}");
        // Numbers where there is sound, a reason in words where something is missing.
        assert_eq!(record["descriptor"].is_object(), status != error, "{name}");
        assert!(status == ok || record["detail"].as_str().is_some_and(|d| d.len() > 5), "{record}");
    }
    assert_eq!(ran.records().len(), want.len());
    let failed = f.run("list --failed -l lib.db --json").records();
    let errors = want.iter().filter(|w| w.1 == error).count();
    // What never was there is no file that failed.
    assert_eq!(failed.len(), errors - 1);
    assert!(failed.iter().all(|r| !r["path"].as_str().unwrap().ends_with("gone.flac")));
    // Known next time, as failures too.
    let again = f.run("analyze in gone.flac -l lib.db --json -q");
    assert_eq!((again.code, again.out), (3, ran.out));
}

fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/outside/track/clips")
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_vanishes_fails_alone_and_is_tried_again_on_demand() {
    let f = Folder::new("faults-vanish");
    for n in 0..8 {
        f.file(&format!("in/{n}.wav"), &wav(22_050, &planes(n, 1, 9000)));
    }
    let whole = f.run("analyze in -l whole.db --json -q");
    let words = "analyze in -l lib.db --json";
    // Moved away and back: size and time of change stay.
    let (here, away) = (f.join("in/5.wav"), f.join("5.wav"));
    let ran = ended(changed_after_the_walk(&f, words, "lib.db", || std::fs::rename(&here, &away).unwrap()));
    ran.ends(3, &["8 inputs: 7 ok, 0 partial, 0 skipped, 1 failed"]);
    assert_eq!(fates(&ran)[5], fate("in/5.wav", "error", "E_IO"));
    std::fs::rename(&away, &here).unwrap();
    // Nobody asked to try again: it is told as it failed.
    let again = f.run(words);
    again.ends(3, &["1 failed, 8 of them known before"]);
    assert_eq!(fates(&again)[5], fate("in/5.wav", "error", "E_IO"));
    let attempts = || f.run("list --failed --json -l lib.db").records()[0]["attempts"].as_u64();
    assert_eq!(attempts(), Some(1));
    let gone = ended(changed_after_the_walk(&f, &format!("{words} --retry-failed"), "lib.db", || {
        std::fs::rename(&here, &away).unwrap();
    }));
    assert_eq!((gone.code, attempts()), (3, Some(2)), "{}", gone.err);
    std::fs::rename(&away, &here).unwrap();
    let retried = f.run(&format!("{words} -q --retry-failed"));
    assert_eq!((retried.code, retried.out), (0, whole.out), "{}", retried.err);
    assert_same_content(&content(&f.join("whole.db")), &content(&f.join("lib.db")), "retried");
    assert_eq!(f.run("list --failed -l lib.db").out, "");
}

#[test]
fn a_library_that_cannot_be_written_is_an_error_before_anything_is_computed() {
    let f = Folder::new("faults-read-only");
    f.file("in/a.wav", &wav(22_050, &planes(1, 1, 9000)));
    f.file("words.db", b"no library, but words, many of them: longer than what a database begins with, by far");
    f.run("analyze in -l words.db --json").ends(1, &["words.db", "not an earprint library"]);
    assert!(std::fs::read(f.join("words.db")).unwrap().starts_with(b"no library"));
    let below = f.run("analyze in -l words.db/lib.db --json");
    below.ends(1, &["words.db/lib.db", "cannot be written"]);
    f.run("analyze in -l nowhere/lib.db").ends(1, &["nowhere/lib.db", "cannot be written"]);
    f.run("analyze in -l in").ends(1, &["in"]);
    f.run("watch in -l nowhere/lib.db").ends(1, &["nowhere/lib.db"]);
    f.run("list -l nowhere/lib.db").ends(1, &["no library at"]);
    assert_eq!((below.out.as_str(), f.join("in/lib.db").exists()), ("", false));

    // Root writes wherever a file system lets it: only one that is mounted for reading says no to everybody.
    let Some(disk) = Disk::new(&f, "size=8m") else { return };
    f.run("analyze in -l disk/lib.db -q").ends(0, &[]);
    f.file("in/b.wav", &wav(22_050, &planes(2, 1, 9000)));
    disk.remount("ro");
    let ran = f.run("analyze in -l disk/lib.db --json");
    ran.ends(1, &["disk/lib.db", "cannot be written", "choose a place you may write to"]);
    f.run("analyze in -l disk/new.db").ends(1, &["disk/new.db", "cannot be written"]);
    assert_eq!(ran.out, "", "nothing was computed");
    // Reading goes on.
    f.run("analyze in -l disk/lib.db --dry-run").ends(0, &["2 inputs, 1 to analyse"]);
    assert_eq!(f.run("list -l disk/lib.db --json").records().len(), 1);
    f.run("export -l disk/lib.db -o disk/all.csv").ends(1, &["disk/all.csv"]);
    f.run("export -l disk/lib.db -o all.csv").ends(0, &["1 rows"]);
    disk.remount("rw");
    f.run("analyze in -l disk/lib.db").ends(0, &["2 ok", "1 of them known before"]);
}

/// A file system of its own below a test's folder.
struct Disk(PathBuf);

impl Disk {
    /// `None`, with words, where nothing may be mounted.
    fn new(f: &Folder, options: &str) -> Option<Self> {
        let at = f.join("disk");
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            return Some(Self(at));
        }
        // Past the harness, which keeps what a test that passes prints.
        let _ = writeln!(std::io::stderr(), "skipped, because a small tmpfs could not be mounted here");
        None
    }

    fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &how]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_the_same_command_continues_once_there_is_space() {
    let f = Folder::new("faults-full");
    corpus(&f, 40, 31);
    let Some(disk) = Disk::new(&f, "size=2m") else { return };
    let words = |library: &str| format!("analyze in -l {library} --json --jobs 2 --batch-files 3");
    let whole = f.run(&words("whole.db"));
    whole.ends(3, &[]);
    let want = content(&f.join("whole.db"));
    let mut part_way = 0;
    // Everything but so many KiB is taken.
    for free in [40, 120, 200, 260, 320, 380] {
        let ballast = f.join("disk/ballast");
        std::fs::write(&ballast, vec![1; (2048 - free) * 1024]).unwrap();
        let ran = f.run(&words("disk/lib.db"));
        let stored =
            if disk.0.join("lib.db").metadata().is_ok_and(|m| m.len() > 0) { ran.out.lines().count() } else { 0 };
        println!("{free} KiB free: exit code {}, {stored} records", ran.code);
        if ran.code != 3 {
            ran.ends(1, &["disk/lib.db", "the disk is full; free space"]);
            part_way += usize::from(stored > 0);
        }
        // What was told is what an undisturbed run tells, and it is stored.
        assert!(ran.out.lines().all(|l| whole.out.lines().any(|w| w == l)), "{free} KiB: {}", ran.out);
        std::fs::remove_file(&ballast).unwrap();
        if stored > 0 {
            assert!(count(&disk.0.join("lib.db"), "file") >= stored as i64, "{free} KiB");
        }
        let resumed = f.run(&words("disk/lib.db"));
        assert_eq!((resumed.code, &resumed.out), (3, &whole.out), "{free} KiB: {}", resumed.err);
        assert_same_content(&want, &content(&disk.0.join("lib.db")), &format!("{free} KiB"));
        for file in std::fs::read_dir(&disk.0).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    assert!(part_way >= 2, "the disk was never full in the middle: {part_way}");
}

#[test]
fn an_export_on_a_full_disk_leaves_nothing_under_its_name() {
    let f = Folder::new("faults-export");
    corpus(&f, 20, 41);
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    let Some(disk) = Disk::new(&f, "size=4k") else { return };
    for end in ["csv", "ndjson", "parquet", "npy"] {
        f.file("disk/ballast", &[1; 4096]);
        let ran = f.run(&format!("export -l lib.db -o disk/all.{end}"));
        ran.ends(1, &["disk/all."]);
        assert!(ran.err.contains("No space left"), "{end}: {}", ran.err);
        let left: Vec<_> = std::fs::read_dir(&disk.0).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["ballast"], "{end}");
    }
}
