//! Analysis windows.

use earprint_core::WindowShape;

/// `n_fft` window values in f64: a periodic window of `win_length` in the middle, zeros around it.
///
/// Source: the cosine-sum definitions; periodic (period `win_length`, not `win_length - 1`) as in
/// `torch.hann_window` and `scipy.signal.get_window(fftbins=True)`.
pub fn window_f64(shape: WindowShape, win_length: usize, n_fft: usize) -> Vec<f64> {
    let mut out = vec![0.0; n_fft];
    let left = (n_fft - win_length) / 2;
    for (i, w) in out[left..left + win_length].iter_mut().enumerate() {
        let c = (std::f64::consts::TAU * i as f64 / win_length as f64).cos();
        *w = match shape {
            WindowShape::Hann => 0.5 - 0.5 * c,
            WindowShape::Hamming => 0.54 - 0.46 * c,
            WindowShape::Rectangular => 1.0,
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hann_of_four_by_hand() {
        let w = window_f64(WindowShape::Hann, 4, 6);
        for (got, want) in w.iter().zip([0.0, 0.0, 0.5, 1.0, 0.5, 0.0]) {
            assert!((got - want).abs() < 1e-15, "{w:?}");
        }
    }
}
