//! The vectors, built in. Scripts, versions and dates: `tests/golden/outside/mel/README.md`.

use earprint_core::MelJob;
use earprint_store::NpyArray;

/// One clip and its numbers.
pub struct Vector {
    /// Preset.
    pub preset: &'static str,
    clip: &'static [u8],
    expected: &'static [u8],
    /// The stored part: every n-th frame of a job without windows.
    every: usize,
    /// Largest difference allowed, dB.
    pub bound_db: f64,
}

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/golden/outside/mel/", $name, ".npy"))
    };
}

/// All vectors.
pub const VECTORS: [Vector; 4] = [
    Vector {
        preset: "leak",
        clip: golden!("clips/varied-4096"),
        expected: golden!("varied-4096.leak.torchaudio.f64"),
        every: 1,
        bound_db: 1e-3,
    },
    Vector {
        preset: "leak-64",
        clip: golden!("clips/varied-4096"),
        expected: golden!("varied-4096.leak-64.torchaudio.f64"),
        every: 1,
        bound_db: 1e-3,
    },
    Vector {
        preset: "librosa",
        clip: golden!("clips/varied-22050"),
        expected: golden!("varied-22050.librosa.librosa.f64"),
        every: 1,
        bound_db: 1e-3,
    },
    Vector {
        preset: "whisper",
        clip: golden!("clips/varied-16000"),
        expected: golden!("varied-16000.whisper.whisper.f64"),
        every: 2,
        bound_db: 1e-3,
    },
];

impl Vector {
    /// The job of the preset.
    pub fn job(&self) -> MelJob {
        MelJob::preset(self.preset).expect("a preset of the table")
    }

    /// Samples, 16-bit, at the job's rate.
    pub fn clip(&self) -> Vec<i16> {
        let bits = NpyArray::from_bytes(self.clip).expect("a stored array").u16();
        bits.into_iter().map(|b| b as i16).collect()
    }

    /// Expected values in f64.
    pub fn expected(&self) -> Vec<f64> {
        NpyArray::from_bytes(self.expected).expect("a stored array").f64()
    }

    /// dB in one unit of the values.
    pub fn unit_db(&self) -> f64 {
        // Whisper's (log10 + 4) / 4.
        if self.preset == "whisper" { 40.0 } else { 1.0 }
    }

    /// The part of a result `(rows, M, frames)` that is stored.
    pub fn kept(&self, all: &[f32], shape: [usize; 3]) -> Vec<f32> {
        let frames = shape[2];
        all.chunks_exact(frames).flat_map(|band| band.iter().step_by(self.every).copied()).collect()
    }
}
