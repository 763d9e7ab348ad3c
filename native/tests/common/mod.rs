//! What the tests of the command share: a folder, sounds in it, the built binary.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use earprint_audio::wav::write_i16_mono;
use serde_json::Value;

/// A folder of its own for a test, gone with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("earprint-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn join(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    /// A WAV file of `seconds` of a tone.
    pub fn tone(&self, below: &str, rate_hz: u32, seconds: f64, hz: f64) {
        let n = (f64::from(rate_hz) * seconds) as usize;
        let turn = std::f64::consts::TAU * hz / f64::from(rate_hz);
        let samples: Vec<i16> = (0..n).map(|i| ((turn * i as f64).sin() * 12_000.0) as i16).collect();
        self.file(below, &write_i16_mono(rate_hz, &samples));
    }

    pub fn file(&self, below: &str, bytes: &[u8]) {
        let path = self.join(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// `earprint` in this folder, on the CPU and with nothing set in the environment or in files; `words` are split at blanks.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_earprint"));
        for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("EARPRINT_")) {
            command.env_remove(name);
        }
        command.args(words.split_whitespace()).current_dir(&self.0);
        command.env("EARPRINT_DEVICE", "cpu").env("EARPRINT_CONFIG", "");
        command
    }

    /// Runs [`Folder::command`] to its end.
    pub fn run(&self, words: &str) -> Ran {
        self.run_with(words, "")
    }

    /// As [`Folder::run`], with text on stdin.
    pub fn run_with(&self, words: &str, stdin: &str) -> Ran {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its stdin may be gone already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        Ran {
            code: status.code().expect("not ended by a signal"),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Asserts the exit code, that stderr has `words`, and that stdout is empty.
    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Every line of stdout as a record.
    #[track_caller]
    pub fn records(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}

/// Sides of a PNG file, from its header.
pub fn png_size(path: &Path) -> (u32, u32) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{}", path.display());
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}
