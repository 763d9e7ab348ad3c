//! What the tests of `analyze` and its library share: sounds that all differ, runs that can be stopped, the content of a library
//! as text.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use earprint_audio::wav::write_i16_interleaved;
use earprint_library::Library;

use super::common::{Folder, Ran};
use super::hand_made::{Dice, aiff, caf, flac, mp3_silence};

/// Noise that falls off, with a beat: `channels` planes of `frames` samples, other ones for every seed.
pub fn planes(seed: u64, channels: usize, frames: usize) -> Vec<Vec<i16>> {
    let mut dice = Dice(seed * 2 + 1);
    let beat = 3000 + dice.below(6000);
    (0..channels)
        .map(|_| {
            let loud = |n: usize| 9000 / (1 + (n % beat) / 400) as i64;
            (0..frames).map(|n| ((i64::from(dice.roll() as i16) * loud(n)) >> 15) as i16).collect()
        })
        .collect()
}

/// A WAV file of them.
pub fn wav(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    let interleaved: Vec<i16> = (0..planes[0].len()).flat_map(|n| planes.iter().map(move |p| p[n])).collect();
    write_i16_interleaved(rate_hz, planes.len() as u16, &interleaved)
}

/// `files` sounds below `in`, of four containers and several rates: no two hold the same audio, but for number 8, which is
/// a copy of number 3. One in twelve is damaged, one in fifteen is no sound.
pub fn corpus(folder: &Folder, files: usize, seed: u64) {
    for n in 0..files {
        let mut dice = Dice(seed + n as u64 + 1);
        let frames = 16_000 + dice.below(16_000);
        let planes = planes(seed + if n == 8 { 3 } else { n as u64 }, 1 + n % 2, frames);
        let below = if n % 3 == 0 { "in/deep/" } else { "in/" };
        let (end, bytes) = match n % 5 {
            _ if n == 3 || n == 8 => ("wav", wav(22_050, &self::planes(seed + 3, 2, 20_000))),
            _ if n % 12 == 11 => ("wav", b"no sound at all".to_vec()),
            _ if n % 15 == 14 => ("txt", b"words".to_vec()),
            0 => ("wav", wav(44_100, &planes)),
            1 => ("flac", flac(22_050, &planes)),
            2 => ("aiff", aiff(48_000, &planes)),
            3 => ("wav", wav(16_000, &planes)),
            _ => ("caf", caf(32_000, &planes)),
        };
        folder.file(&format!("{below}{n:03}.{end}"), &bytes);
    }
    // Packets whose side information is empty decode to silence: a track of which most numbers are unknown.
    folder.file("in/silence.mp3", &mp3_silence(30));
    folder.file("in/cut.flac", &flac(22_050, &self::planes(seed + 999, 1, 12_000))[..13_000]);
}

/// [`Folder::command`], ready to be started: nothing on stdin, its words kept.
pub fn command(folder: &Folder, words: &str) -> Command {
    let mut command = folder.command(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the end of a run.
pub fn ended(child: Child) -> Ran {
    let done = child.wait_with_output().unwrap();
    Ran {
        code: done.status.code().expect("not ended by a signal"),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// What a terminal sends on Ctrl-C.
pub fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Waits until `ready` says so; a minute is forever.
#[track_caller]
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Starts a run over a library and calls `change` in the moment when it knows its inputs and has opened none of them: it
/// waits for the library, which is locked meanwhile.
#[cfg(target_os = "linux")]
pub fn changed_after_the_walk(folder: &Folder, words: &str, library: &str, change: impl FnOnce()) -> Child {
    let held = Library::open_or_create(&folder.join(library)).unwrap();
    held.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    let child = command(folder, words).spawn().unwrap();
    let open_files = PathBuf::from(format!("/proc/{}/fd", child.id()));
    let path = folder.join(library).canonicalize().unwrap();
    wait_until("the run to open the library", || {
        let links = std::fs::read_dir(&open_files).into_iter().flatten().flatten();
        links.filter_map(|l| std::fs::read_link(l.path()).ok()).any(|l| l == path)
    });
    change();
    held.connection().execute_batch("COMMIT").unwrap();
    child
}

/// Waits until every worker of a run waits for something, and goes on waiting: for a pipe nobody writes to.
#[cfg(target_os = "linux")]
pub fn wait_for_a_sleeping_worker(child: &Child) {
    let asleep = || {
        let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        let stats = threads.filter_map(|t| std::fs::read_to_string(t.unwrap().path().join("stat")).ok());
        // `id (name) state`; workers are called earprint-0 and so on.
        let mut workers = stats.filter(|s| s.contains("(earprint-")).peekable();
        workers.peek().is_some() && workers.all(|s| s.rsplit(") ").next().is_some_and(|s| s.starts_with('S')))
    };
    let mut looks = 0;
    wait_until("the worker to wait", || {
        looks = if asleep() { looks + 1 } else { 0 };
        looks > 150
    });
}

/// A pipe in the place of a file: whoever opens it for reading waits until somebody opens it for writing.
pub fn pipe_at(path: &Path) {
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success(), "mkfifo {}", path.display());
}

/// Columns that say when and in which run: all that may differ between two ways to the same library.
const OF_THE_WAY: [&str; 6] = ["id", "run", "seen_run", "made_run", "when_ms", "first_seen_ms"];

/// Every row of every table but `run`, without [`OF_THE_WAY`], with what a row refers to in the place of its number; sorted.
pub fn content(path: &Path) -> Vec<String> {
    let library = Library::open_read_only(path).unwrap_or_else(|e| panic!("{e}"));
    library.check().unwrap();
    let strings = |sql: &str| -> Vec<String> {
        let mut q = library.connection().prepare(sql).unwrap();
        let rows = q.query_map([], |r| r.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let mut out = Vec::new();
    for table in
        strings("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('run', 'sqlite_sequence')")
    {
        let columns = strings(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let cells: Vec<String> = columns
            .iter()
            .filter(|c| !OF_THE_WAY.contains(&c.as_str()))
            .map(|c| match c.as_str() {
                "track_id" => format!("(SELECT quote(audio_id) FROM track t WHERE t.id = {table}.track_id)"),
                "file_id" => format!("(SELECT quote(path) FROM file f WHERE f.id = {table}.file_id)"),
                _ => format!("quote({c})"),
            })
            .map(|cell| format!("coalesce({cell}, 'NULL')"))
            .collect();
        let mut rows = strings(&format!("SELECT '{table}|' || {} FROM {table}", cells.join(" || '|' || ")));
        rows.sort();
        out.append(&mut rows);
    }
    out
}

/// Rows of a table.
pub fn count(path: &Path, table: &str) -> i64 {
    let library = Library::open_read_only(path).unwrap();
    library.connection().query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get(0)).unwrap()
}

/// Asserts that two libraries hold the same, and shows the first rows that differ.
#[track_caller]
pub fn assert_same_content(want: &[String], got: &[String], words: &str) {
    let missing = want.iter().find(|row| !got.contains(row));
    let more = got.iter().find(|row| !want.contains(row));
    assert!(want == got, "{words}: {} and {} rows\nmissing {missing:?}\nbeside {more:?}", want.len(), got.len());
}
