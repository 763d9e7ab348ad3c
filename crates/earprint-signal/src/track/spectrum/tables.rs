//! What the spectrum of a track looks up: built in f64, rounded once.

use earprint_core::{BANDS_HZ, Log, MelNorm, MelScale, MelSpec, PadMode, Power, TRACK_RATE_HZ, WindowShape};

use crate::MelTables;
use crate::track::{HOP, N_FFT};

/// Bins of a frame, 0 ..= 2048.
pub const BINS: usize = N_FFT / 2 + 1;
/// ln 2049: what turns the logarithm of a sum over bins into that of their mean.
pub const LN_BINS: f32 = 7.625_107_3;
/// f32 from one frame of `power` to the next: the bins and zeros up to a whole cache line.
pub const STRIDE: usize = BINS.next_multiple_of(16);
/// Bands of the mel spectrum.
pub const MELS: usize = 128;
/// MFCC kept.
pub const MFCCS: usize = 13;
/// Hertz from one bin to the next; exact in f32.
pub const HZ_PER_BIN: f32 = TRACK_RATE_HZ as f32 / N_FFT as f32;
/// Smallest mel power the logarithm sees, -200 dB. Normal in f32, and some 80 dB below the noise of 24-bit samples (about
/// 5e-13 a bin), so that only digital silence meets it.
pub const MEL_AMIN: f32 = 1e-20;
/// Smallest power of a bin in the geometric mean, and of a frame that has power at all. Normal in f32.
pub const POWER_FLOOR: f32 = 1e-30;

/// Tables of the spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumTables {
    /// Transform, half window, 128 Slaney bands of 0 .. 22,050 Hz, decibels.
    pub mel: MelTables,
    /// Orthonormal DCT-II, `(13, 128)` row-major.
    pub dct: Vec<f32>,
    /// First bin, and bin behind the last, of each of `earprint_core::BANDS_HZ`, by bin centre.
    pub bands: [[u32; 2]; BANDS_HZ.len()],
}

/// The mel spectrum of a track, in the words of the mel kernels.
pub fn track_mel_spec() -> MelSpec {
    MelSpec {
        sample_rate: TRACK_RATE_HZ,
        n_fft: N_FFT,
        win_length: N_FFT,
        hop_length: HOP,
        window: WindowShape::Hann,
        center: true,
        pad_mode: PadMode::Zero,
        drop_last: false,
        power: Power::Power,
        n_mels: MELS,
        f_min: 0.0,
        f_max: f64::from(TRACK_RATE_HZ) / 2.0,
        mel_scale: MelScale::Slaney,
        norm: MelNorm::Slaney,
        log: Log::Db { amin: MEL_AMIN, reference: 1.0, top_db: None },
    }
}

impl SpectrumTables {
    /// The tables; there is one set.
    pub fn new() -> Self {
        let first_from = |hz: f64| (hz / f64::from(HZ_PER_BIN)).ceil() as u32;
        Self {
            mel: MelTables::new(&track_mel_spec()),
            dct: (0..MFCCS * MELS).map(|i| dct(i / MELS, i % MELS) as f32).collect(),
            bands: BANDS_HZ.map(|(from, to)| [first_from(from), first_from(to)]),
        }
    }
}

impl Default for SpectrumTables {
    fn default() -> Self {
        Self::new()
    }
}

/// Entry of the orthonormal DCT-II of 128 points: sqrt((1 or 2) / 128) cos(pi k (2 m + 1) / 256).
fn dct(k: usize, m: usize) -> f64 {
    let scale = if k == 0 { 1.0 } else { 2.0 } / MELS as f64;
    libm::sqrt(scale) * libm::cos(std::f64::consts::PI * (k * (2 * m + 1)) as f64 / (2 * MELS) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_by_hand_and_without_gaps() {
        let bands = SpectrumTables::new().bands;
        // 20 Hz is bin 1.86, 60 Hz 5.57, 250 Hz 23.2, 20 kHz 1857.6.
        assert_eq!((bands[0], bands[1], bands[6][1]), ([2, 6], [6, 24], 1858));
        assert!(bands.windows(2).all(|b| b[0][1] == b[1][0]));
    }

    #[test]
    fn dct_rows_are_orthonormal() {
        for a in 0..MFCCS {
            for b in 0..MFCCS {
                let product: f64 = (0..MELS).map(|m| dct(a, m) * dct(b, m)).sum();
                assert!((product - f64::from(u8::from(a == b))).abs() < 1e-12, "{a} {b}");
            }
        }
    }
}
