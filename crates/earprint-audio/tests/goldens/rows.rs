//! The table of the decoder goldens and their stored samples.

use std::path::PathBuf;

use earprint_audio::{Limits, Samples, decode_path};
use sha2::{Digest, Sha256};

/// How a row is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Match {
    /// Equal as 32-bit floats.
    Exact,
    /// Within 1 LSB of 16 bits.
    Lsb16,
    /// Length and level only.
    Noise,
    /// An error and no samples.
    Refused,
}

/// One line of `expected.tsv`.
pub struct Row {
    pub name: String,
    pub file: String,
    pub container: String,
    pub codec: String,
    pub rate_hz: u32,
    pub channels: usize,
    /// Frames of every reading.
    pub frames: Vec<usize>,
    pub matched: Match,
    pub references: Vec<String>,
    pub sha256: Vec<String>,
    /// The error that is allowed, or "note" where the result may say that something is missing.
    pub code: Option<String>,
    pub remark: Option<String>,
}

/// `tests/golden/outside/decode` of the workspace.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/outside/decode")
}

/// Every row, in the order of the table.
pub fn rows() -> Vec<Row> {
    let path = folder().join("expected.tsv");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().skip(1).map(row).collect()
}

fn row(line: &str) -> Row {
    let fields: Vec<&str> = line.split('\t').collect();
    let &[name, file, container, codec, rate, channels, frames, matched, references, sha256, code, remark] =
        fields.as_slice()
    else {
        panic!("12 fields were expected: {line}");
    };
    let list = |text: &str| match text {
        "-" => Vec::new(),
        names => names.split(',').map(str::to_string).collect(),
    };
    let some = |text: &str| (text != "-").then(|| text.to_string());
    Row {
        name: name.into(),
        file: file.into(),
        container: container.into(),
        codec: codec.into(),
        rate_hz: rate.parse().expect("a rate"),
        channels: channels.parse().expect("a channel count"),
        frames: frames.split(',').map(|n| n.parse().expect("a number of frames")).collect(),
        matched: match matched {
            "exact" => Match::Exact,
            "lsb16" => Match::Lsb16,
            "noise" => Match::Noise,
            "refused" => Match::Refused,
            other => panic!("{other} is no kind of match"),
        },
        references: list(references),
        sha256: list(sha256),
        code: some(code),
        remark: some(remark),
    }
}

impl Row {
    /// The stored samples of a reference, of `exact` rows only the first ones; units of 1/32768, `planar[c][n]`. Its file name is their hash.
    pub fn reference(&self, index: usize) -> Vec<Vec<f32>> {
        let name = &self.references[index];
        let clip = decode_path(&folder().join(format!("reference/{name}.flac")), &Limits::default())
            .unwrap_or_else(|e| panic!("reference {name}: {e}"));
        let planes: Vec<Vec<f32>> =
            clip.to_f32().into_iter().map(|plane| plane.into_iter().map(|x| x * 32768.0).collect()).collect();
        let mut hash = Sha256::new();
        for n in 0..clip.frames() {
            for plane in &planes {
                hash.update((plane[n] as i16).to_le_bytes());
            }
        }
        hash.update([planes.len() as u8]);
        assert_eq!(hex(&hash.finalize())[..12], **name, "the FLAC decoder changed reference {name}");
        planes
    }
}

/// SHA-256 of interleaved little-endian floats.
pub fn floats_hash(samples: &Samples) -> String {
    let planes = samples.to_f32();
    let mut hash = Sha256::new();
    for n in 0..samples.frames() {
        for plane in &planes {
            hash.update(plane[n].to_le_bytes());
        }
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
