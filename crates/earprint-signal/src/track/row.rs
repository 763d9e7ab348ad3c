//! Columns of a frame's row, `(T, ROW)` f32 row-major. All from the mono signal of the frame.

/// Mean square of the frame's 4,096 samples, unwindowed; full scale 1.
pub const MEAN_SQUARE: usize = 0;
/// Sum of |X|^2 over bins 0 ..= 2048. For those who look into rows: no number comes of it.
pub const POWER: usize = 1;
/// |X|^2 in the seven bands of `earprint_core::BANDS_HZ`, by bin centre.
pub const BANDS: usize = 2;
/// Centroid of |X|^2, Hz; 0 without power.
pub const CENTROID: usize = 9;
/// Frequency of the first bin at which the running sum of |X|^2 reaches 85 % of the whole, Hz; 0 without power.
pub const ROLLOFF: usize = 10;
/// ln of geometric over arithmetic mean of |X|^2 over bins 0 ..= 2048, at most 0; 0 without power. In the geometric mean no
/// bin counts less than 1e-30.
pub const FLATNESS: usize = 11;
/// Square root of the power-weighted mean of (f - centroid)^2, Hz; 0 without power.
pub const BANDWIDTH: usize = 12;
/// Sum of |X|^2 times the squared harmonic mask.
pub const HARMONIC: usize = 13;
/// Sum of |X|^2 times the squared percussive mask.
pub const PERCUSSIVE: usize = 14;
/// f0 by YIN, Hz; 0 where the threshold is not met.
pub const F0: usize = 15;
/// Smallest value of the cumulative-mean-normalised difference that YIN chose, or its minimum where unvoiced. As POWER.
pub const APERIODICITY: usize = 16;
/// Onset envelope: mean over 128 mel bands of the rise since the frame before, dB.
pub const FLUX: usize = 17;
/// 13 MFCC of the 128-band mel spectrum in dB.
pub const MFCC: usize = 18;
/// 36 pitch classes, a third of a semitone apart, from C: magnitudes of the constant-Q bins, summed over 7 octaves.
pub const CHROMA: usize = 31;
/// Columns.
pub const ROW: usize = 67;
