//! Triangular mel filter banks.
//!
//! Sources: HTK book (2595 log10(1 + f / 700)); M. Slaney, Auditory Toolbox, technical report 1998-010 (linear to
//! 1 kHz with 200/3 Hz a mel, then 27 mels per factor 6.4; area normalisation 2 / width).

use earprint_core::{MelNorm, MelScale, MelSpec};

const SLANEY_BREAK_HZ: f64 = 1000.0;
const SLANEY_BREAK_MEL: f64 = 15.0;

fn slaney_log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

/// Mel of a frequency in hertz.
pub fn mel_from_hz(hz: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
        MelScale::Slaney if hz >= SLANEY_BREAK_HZ => SLANEY_BREAK_MEL + (hz / SLANEY_BREAK_HZ).ln() / slaney_log_step(),
        MelScale::Slaney => 3.0 * hz / 200.0,
    }
}

/// Frequency in hertz of a mel.
pub fn hz_from_mel(mel: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0),
        MelScale::Slaney if mel >= SLANEY_BREAK_MEL => {
            SLANEY_BREAK_HZ * ((mel - SLANEY_BREAK_MEL) * slaney_log_step()).exp()
        }
        MelScale::Slaney => 200.0 * mel / 3.0,
    }
}

/// The dense bank in f64, `(M, F)` row-major.
pub fn mel_filter_bank(spec: &MelSpec) -> Vec<f64> {
    let (bins, bands) = (spec.n_bins(), spec.n_mels);
    let (lo, hi) = (mel_from_hz(spec.f_min, spec.mel_scale), mel_from_hz(spec.f_max, spec.mel_scale));
    let edges: Vec<f64> =
        (0..bands + 2).map(|i| hz_from_mel(lo + (hi - lo) * i as f64 / (bands + 1) as f64, spec.mel_scale)).collect();
    let mut bank = vec![0.0; bands * bins];
    for m in 0..bands {
        let (left, centre, right) = (edges[m], edges[m + 1], edges[m + 2]);
        let height = match spec.norm {
            MelNorm::None => 1.0,
            MelNorm::Slaney => 2.0 / (right - left),
        };
        for f in 0..bins {
            let hz = f as f64 * f64::from(spec.sample_rate) / spec.n_fft as f64;
            let rise = (hz - left) / (centre - left);
            let fall = (right - hz) / (right - centre);
            bank[m * bins + f] = rise.min(fall).max(0.0) * height;
        }
    }
    bank
}

/// A bank with only its non-zero runs, f32, each weight rounded once from f64.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseBank {
    /// First bin of band `m`, `(M)`.
    pub first_bin: Vec<u32>,
    /// Where the weights of band `m` begin in `weights`; one more entry than bands, `(M + 1)`.
    pub offset: Vec<u32>,
    /// Weights of all bands one after another.
    pub weights: Vec<f32>,
}

impl SparseBank {
    /// The bank of a spec. A band that no bin falls into has no weights.
    pub fn new(spec: &MelSpec) -> Self {
        let bins = spec.n_bins();
        let dense = mel_filter_bank(spec);
        let mut bank = Self { first_bin: Vec::new(), offset: vec![0], weights: Vec::new() };
        for band in dense.chunks_exact(bins) {
            let first = band.iter().position(|&w| w > 0.0).unwrap_or(0);
            let end = band.iter().rposition(|&w| w > 0.0).map_or(first, |last| last + 1);
            bank.first_bin.push(first as u32);
            bank.weights.extend(band[first..end].iter().map(|&w| w as f32));
            bank.offset.push(bank.weights.len() as u32);
        }
        bank
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::MelJob;

    #[test]
    fn scales_invert_and_meet_known_points() {
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [0.0, 60.0, 999.0, 1000.0, 4321.0, 11025.0] {
                assert!((hz_from_mel(mel_from_hz(hz, scale), scale) - hz).abs() < 1e-8);
            }
        }
        assert_eq!(mel_from_hz(1000.0, MelScale::Slaney), 15.0);
        assert!((mel_from_hz(1000.0, MelScale::Htk) - 999.9855).abs() < 1e-3);
    }

    #[test]
    fn two_bands_by_hand() {
        // Rate 8 Hz, n_fft 8: bins at 0..4 Hz. Slaney is linear here: edges 0, 4/3, 8/3, 4 Hz.
        let mut spec = MelJob::preset("librosa").unwrap().spec;
        (spec.sample_rate, spec.n_fft, spec.n_mels, spec.f_max) = (8, 8, 2, 4.0);
        spec.norm = MelNorm::None;
        let b = mel_filter_bank(&spec);
        let want = [0.0, 0.75, 0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.75, 0.0];
        for (got, want) in b.iter().zip(want) {
            assert!((got - want).abs() < 1e-12, "{b:?}");
        }
        let s = SparseBank::new(&spec);
        assert_eq!((s.first_bin.as_slice(), s.offset.as_slice()), ([1, 2].as_slice(), [0, 2, 4].as_slice()));
    }
}
