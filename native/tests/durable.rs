//! What survives: kill -9 at random moments, a full disk, a thousand damaged files.

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::Folder;
use earprint_audio::wav::write_i16_mono;

/// xorshift64 (Marsaglia 2003); the seed is printed by every test that uses it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn clip(random: &mut Random, samples: usize) -> Vec<i16> {
    let step = 1 + random.below(900) as u32;
    (0..samples as u32).map(|i| ((i * step) as i16 / 3).wrapping_add((random.next() >> 54) as i16)).collect()
}

fn corpus(folder: &Path, files: usize, seed: u64) {
    let mut random = Random(seed);
    fs::create_dir_all(folder.join("b")).unwrap();
    for n in 0..files {
        let below = if n % 3 == 0 { "b/" } else { "" };
        let samples = 40_960 - random.below(9000);
        let bytes = if n % 17 == 5 { b"no sound".to_vec() } else { write_i16_mono(4096, &clip(&mut random, samples)) };
        fs::write(folder.join(format!("{below}{n:04}.wav")), bytes).unwrap();
    }
}

fn earprint(sounds: &Path, out: &Path, more: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_earprint"));
    c.arg("mel").arg(sounds).args(["--device", "cpu", "-q", "--flush-ms", "5", "-o"]).arg(out).args(more);
    c.env("EARPRINT_CONFIG", "").stdout(Stdio::null()).stderr(Stdio::piped());
    c
}

/// Every file below a folder with its bytes, sorted.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for e in fs::read_dir(next).unwrap() {
            let path = e.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                out.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    out.sort();
    out
}

fn assert_same(want: &Path, got: &Path) {
    let (want, got) = (contents(want), contents(got));
    let names = |v: &[(PathBuf, Vec<u8>)]| v.iter().map(|(p, _)| p.clone()).collect::<Vec<_>>();
    assert_eq!(names(&want), names(&got));
    for ((path, a), (_, b)) in want.iter().zip(&got) {
        assert!(a == b, "{} differs", path.display());
    }
}

/// Kills a run at random moments until one gets through; the result must be that of an undisturbed run.
fn kill_and_resume(name: &str, files: usize, kills: usize, more: &[&str]) {
    let seed = 0x5eed_0001;
    println!("seed {seed:#x}");
    let folder = Folder::new(name);
    let sounds = folder.join("sounds");
    corpus(&sounds, files, seed);
    let whole = folder.join("whole");
    let started = Instant::now();
    let status = earprint(&sounds, &whole, more).status().unwrap();
    assert_eq!(status.code(), Some(3), "some inputs are no sound");
    let takes = started.elapsed();

    let mut random = Random(seed);
    let (mut killed_midway, mut resumed) = (0, 0);
    for round in 0..kills {
        let out = folder.join(&format!("killed-{round}"));
        // A third of the rounds is killed twice.
        for _ in 0..1 + usize::from(round % 3 == 0) {
            let started = Instant::now();
            let mut child = earprint(&sounds, &out, more).spawn().unwrap();
            // A quarter at any moment; the others once so many files need not be computed again, which does not depend on how
            // busy the machine is.
            let (after, known) = (takes.mul_f64(random.below(1000) as f64 / 1000.0), random.below(files));
            let at_a_moment = random.below(4) == 0;
            let due = || if at_a_moment { started.elapsed() >= after } else { journalled(&out) >= known };
            while !due() && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            killed_midway += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            resumed += usize::from(journalled(&out) > 0);
            assert!(!out.join("manifest.json").exists() || !out.join(".earprint-run/features.part").exists());
        }
        // The last time has nothing left to do and must change nothing.
        for _ in 0..2 {
            assert_eq!(earprint(&sounds, &out, more).status().unwrap().code(), Some(3));
            assert_same(&whole, &out);
        }
        fs::remove_dir_all(&out).unwrap();
    }
    println!("{killed_midway} kills hit a running process, {resumed} left files that need not be computed again");
    let least = killed_midway.min(resumed);
    assert!(
        least >= kills / 4,
        "the kills show too little: {killed_midway} of {kills} in time, {resumed} after a flush"
    );
}

#[test]
fn killed_runs_end_byte_equal() {
    kill_and_resume("kill-rows", 1500, 20, &["--preset", "leak-64", "--raw", "--keep-geometry", "--memory", "16M"]);
}

#[test]
fn killed_runs_of_single_arrays_end_byte_equal() {
    kill_and_resume("kill-arrays", 120, 6, &["--preset", "librosa", "--jobs", "2"]);
}

/// Files that the journal of an unfinished run in `out` tells of: the lines behind its header.
fn journalled(out: &Path) -> usize {
    let journal = fs::read(out.join(".earprint-run/journal.ndjson")).unwrap_or_default();
    journal.iter().filter(|&&b| b == b'\n').count().saturating_sub(1)
}

/// Kills a `leak` run once its journal tells of something done. On a busy machine a run may be over before anybody looks:
/// then it is made again.
fn killed_after_a_batch(sounds: &Path, out: &Path) {
    for _ in 0..50 {
        let _ = fs::remove_dir_all(out);
        let mut child = earprint(sounds, out, &["--preset", "leak"]).spawn().unwrap();
        while journalled(out) == 0 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if journalled(out) > 0 {
            return;
        }
    }
    panic!("fifty runs, and none was seen under way");
}

#[test]
fn an_interrupted_run_with_other_settings_is_not_continued() {
    let folder = Folder::new("other");
    let sounds = folder.join("sounds");
    corpus(&sounds, 600, 3);
    let out = folder.join("out");
    killed_after_a_batch(&sounds, &out);
    earprint(&sounds, &out, &["--preset", "leak-64"]).status().unwrap();
    let fresh = folder.join("fresh");
    earprint(&sounds, &fresh, &["--preset", "leak-64"]).status().unwrap();
    assert_eq!(fs::read(out.join("features.npy")).unwrap(), fs::read(fresh.join("features.npy")).unwrap());
}

/// A kill between the manifest and the end of the working folder: rare, so the state is made by hand.
#[test]
fn what_a_kill_at_the_very_end_leaves_is_cleared() {
    let folder = Folder::new("very-end");
    let sounds = folder.join("sounds");
    corpus(&sounds, 600, 5);
    let (out, working) = (folder.join("out"), folder.join("out/.earprint-run"));
    killed_after_a_batch(&sounds, &out);
    let journal = fs::read(working.join("journal.ndjson")).unwrap();
    earprint(&sounds, &out, &["--preset", "leak"]).status().unwrap();
    let whole = contents(&out);
    assert!(!working.exists() && whole.iter().any(|(p, _)| p == Path::new("manifest.json")));
    let left = |journal: &[u8]| {
        fs::create_dir_all(&working).unwrap();
        fs::write(working.join("journal.ndjson"), journal).unwrap();
    };
    left(&journal);
    earprint(&sounds, &out, &["--preset", "leak"]).status().unwrap();
    assert!(!working.exists() && contents(&out) == whole);
    // Of another job, which may be continued yet.
    let other = String::from_utf8(journal).unwrap().replace("\"keep_geometry\":false", "\"keep_geometry\":true");
    left(other.as_bytes());
    earprint(&sounds, &out, &["--preset", "leak"]).status().unwrap();
    assert_eq!(fs::read(working.join("journal.ndjson")).unwrap(), other.as_bytes());
}

#[test]
fn a_full_disk_is_said_and_leaves_no_final_name() {
    let folder = Folder::new("full");
    let sounds = folder.join("sounds");
    corpus(&sounds, 300, 4);
    let disk = folder.join("disk");
    fs::create_dir_all(&disk).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|m| m.status.success()) {
        // Past the harness, which keeps what a test that passes prints.
        let _ = writeln!(std::io::stderr(), "skipped, because a small tmpfs could not be mounted here");
        return;
    }
    for preset in ["leak-64", "whisper"] {
        let out = disk.join(preset);
        let done = earprint(&sounds, &out, &["--preset", preset]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let left: Vec<_> = contents(&disk).into_iter().map(|(p, _)| p).collect();
        let finals = ["features.npy", "index.npy", "manifest.json"];
        let named = left.iter().filter(|p| finals.contains(&p.file_name().unwrap().to_str().unwrap())).count();
        // Arrays of single files that did fit are whole; none is cut short.
        let cut = left
            .iter()
            .filter(|p| p.extension().is_some_and(|e| e == "npy"))
            .any(|p| earprint_store::NpyArray::read(&disk.join(p)).is_err());
        let outcome = (done.status.code(), said.contains("No space left") && said.contains("free space"), named, cut);
        if outcome != (Some(1), true, 0, false) {
            let _ = Command::new("umount").arg(&disk).status();
            panic!("{preset}: {outcome:?}: {said}");
        }
    }
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
}

/// Damages bytes the way disks, transfers and broken writers do.
fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..1 + random.below(4) {
        let n = bytes.len().max(1);
        match random.below(6) {
            0 => bytes.truncate(random.below(n)),
            1 => {
                // Headers are where damage hurts most.
                let at = random.below(n.min(64));
                bytes.resize(bytes.len().max(at + 1), 0);
                bytes[at] = random.next() as u8;
            }
            2 => {
                let at = random.below(n.min(60));
                bytes.resize(bytes.len().max(at + 4), 0);
                let extreme = [0, u32::MAX, 0x7fff_ffff, 0x8000_0000, 1][random.below(5)];
                bytes[at..at + 4].copy_from_slice(&extreme.to_le_bytes());
            }
            3 => {
                let (from, len) = (random.below(n), random.below(200));
                let end = (from + len).min(bytes.len());
                bytes[from.min(end)..end].fill(random.next() as u8);
            }
            4 => {
                let (from, to) = (random.below(n), random.below(n));
                let piece: Vec<u8> = bytes.iter().skip(from).take(100).copied().collect();
                let to = to.min(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let at = random.below(n);
                bytes.resize(bytes.len().max(at + 1), 0);
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
}

#[test]
fn a_thousand_damaged_files_are_a_thousand_records() {
    let seed = 0xbad_f11e;
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    let folder = Folder::new("damaged");
    let sounds = folder.join("sounds");
    fs::create_dir_all(&sounds).unwrap();
    let short = write_i16_mono(22_050, &clip(&mut random, 6000));
    let float = {
        // The same samples as 32-bit float, format tag 3.
        let mut b = short[..44].to_vec();
        b[20..22].copy_from_slice(&3_u16.to_le_bytes());
        b[32..36].copy_from_slice(&[4, 0, 32, 0]);
        b.extend((0..3000).flat_map(|i| ((i as f32) / 3000.0).to_le_bytes()));
        b
    };
    let extensions = ["wav", "flac", "mp3", "ogg", "m4a", "aiff"];
    for n in 0..1000 {
        let mut bytes = if n % 3 == 0 { float.clone() } else { short.clone() };
        damage(&mut random, &mut bytes);
        let extension = if n % 4 == 0 { extensions[random.below(6)] } else { "wav" };
        if n % 50 == 49 {
            // A magic number of another container in front of noise.
            let magic: &[u8] = [&b"fLaC"[..], b"OggS", b"ID3\x04", b"\0\0\0\x20ftypM4A ", b"FORM"][random.below(5)];
            bytes.splice(0..0, magic.iter().copied());
        }
        fs::write(sounds.join(format!("{n:04}.{extension}")), bytes).unwrap();
    }
    for preset in ["librosa", "leak-64"] {
        let out = folder.join(preset);
        let mut command = earprint(&sounds, &out, &["--preset", preset, "--json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
            text
        });
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < Duration::from_secs(240), "a damaged file hangs the run");
            std::thread::sleep(Duration::from_millis(20));
        };
        let records: Vec<serde_json::Value> =
            reader.join().unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!((status.code(), records.len()), (Some(3), 1000), "{preset}");
        let failed = records.iter().filter(|r| r["status"] == "error").count();
        assert!(
            records.iter().filter(|r| r["status"] == "error").all(|r| r["code"].is_string() && r["detail"].is_string())
        );
        println!("{preset}: {failed} errors, {} with numbers", 1000 - failed);
        assert!(failed > 50 && failed < 950, "{failed}");
    }
}
