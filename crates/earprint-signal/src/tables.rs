//! Everything a mel kernel looks up, built once per job in f64 and rounded once.

use earprint_core::{Log, MelSpec, Power};

use crate::{RealFft, SparseBank, window_f64};

/// What happens to a mel value last: y = ln(max(x, amin)) * scale + offset, or nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PostLog {
    /// False: the value stays linear.
    pub on: bool,
    /// Smallest value the logarithm sees.
    pub amin: f32,
    /// Units per neper.
    pub scale: f32,
    /// Added after scaling.
    pub offset: f32,
}

impl PostLog {
    /// The affine logarithm of a spec. Floors that need a whole file are `finish_file`'s.
    pub fn new(log: Log, power: Power) -> Self {
        let log10 = 1.0 / std::f64::consts::LN_10;
        let per_decade = match power {
            Power::Power => 10.0,
            Power::Magnitude => 20.0,
        };
        let (amin, scale, offset) = match log {
            Log::None => return Self { on: false, amin: 0.0, scale: 1.0, offset: 0.0 },
            Log::Ln { amin } => (amin, 1.0, 0.0),
            Log::Log10 { amin } => (amin, log10, 0.0),
            Log::Whisper => (1e-10, log10, 0.0),
            Log::Db { amin, reference, .. } => {
                (amin, per_decade * log10, -per_decade * f64::from(reference.max(amin)).log10())
            }
        };
        Self { on: true, amin, scale: scale as f32, offset: offset as f32 }
    }
}

/// Tables of one job.
#[derive(Debug, Clone, PartialEq)]
pub struct MelTables {
    /// Plan of the transform.
    pub fft: RealFft,
    /// Window times one half, `(n_fft)`: the half is the split's, folded in here because it is exact.
    pub half_window: Vec<f32>,
    /// Filter bank.
    pub bank: SparseBank,
    /// Logarithm.
    pub post: PostLog,
    /// True: the square root of the power goes through the bank.
    pub magnitude: bool,
}

impl MelTables {
    /// The tables of a spec whose `n_fft` [`crate::fft_supports`].
    pub fn new(spec: &MelSpec) -> Self {
        let window = window_f64(spec.window, spec.win_length, spec.n_fft);
        Self {
            fft: RealFft::new(spec.n_fft),
            half_window: window.iter().map(|w| (0.5 * w) as f32).collect(),
            bank: SparseBank::new(spec),
            post: PostLog::new(spec.log, spec.power),
            magnitude: spec.power == Power::Magnitude,
        }
    }
}
