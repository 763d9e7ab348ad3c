//! Shares of power by band (1-7) and the ratio of bass to mids (10), from sums over all frames, in the order of time.
//!
//! The shares are of the sum of the known bands: they add up to 1. A band that starts at or above half the source's
//! rate is `above_nyquist`.

use earprint_core::{BANDS_HZ, Known, Why};
use earprint_signal::track::row::BANDS;

/// Sums of power per band.
#[derive(Debug, Clone, Default)]
pub struct Bands {
    power: [f64; BANDS_HZ.len()],
}

impl Bands {
    /// One frame's row.
    pub fn add(&mut self, row: &[f32]) {
        for (sum, &x) in self.power.iter_mut().zip(&row[BANDS..]) {
            *sum += f64::from(x);
        }
    }

    /// Shares, and 10 log10 of 60-250 Hz over 250-2,000 Hz, of a source of this rate.
    pub fn finish(&self, source_rate_hz: u32) -> ([Known; BANDS_HZ.len()], Known) {
        let known = |b: usize| BANDS_HZ[b].0 < 0.5 * f64::from(source_rate_hz);
        let total: f64 = (0..BANDS_HZ.len()).filter(|&b| known(b)).map(|b| self.power[b]).sum();
        let share = |b: usize| match (known(b), total > 0.0) {
            (false, _) => Err(Why::AboveNyquist),
            (_, false) => Err(Why::Silence),
            _ => Ok(self.power[b] / total),
        };
        let [_, bass, low_mid, mid, ..] = self.power;
        let mids = low_mid + mid;
        let ratio = match () {
            _ if !known(3) => Err(Why::AboveNyquist),
            _ if total == 0.0 => Err(Why::Silence),
            _ if bass > 0.0 && mids > 0.0 => Ok(10.0 * libm::log10(bass / mids)),
            _ => Err(Why::Undefined),
        };
        (std::array::from_fn(share), ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_signal::track::row::ROW;

    #[test]
    fn shares_of_two_frames() {
        let mut bands = Bands::default();
        let mut row = [0.0; ROW];
        row[BANDS..BANDS + 7].copy_from_slice(&[1.0, 10.0, 0.5, 0.5, 2.0, 1.0, 1.0]);
        bands.add(&row);
        bands.add(&row);
        let (shares, ratio) = bands.finish(44_100);
        assert_eq!(shares, [1.0, 10.0, 0.5, 0.5, 2.0, 1.0, 1.0].map(|x| Ok(x / 16.0)));
        assert_eq!(ratio, Ok(10.0));
        // 8 kHz: Nyquist is 4 kHz, the bands from 4 kHz on are unknown and the others make up the whole.
        let (shares, _) = bands.finish(8000);
        assert_eq!(shares[5..], [Err(Why::AboveNyquist); 2]);
        assert_eq!(shares[..5].iter().map(|s| s.unwrap()).sum::<f64>(), 1.0);
        // 8,001 Hz: the band from 4 kHz starts below 4,000.5 Hz.
        assert!(bands.finish(8001).0[5].is_ok());
    }

    #[test]
    fn without_power_there_are_no_shares() {
        let (shares, ratio) = Bands::default().finish(44_100);
        assert_eq!((shares, ratio), ([Err(Why::Silence); 7], Err(Why::Silence)));
        let mut row = [0.0; ROW];
        row[BANDS + 4] = 1.0;
        let mut bands = Bands::default();
        bands.add(&row);
        assert_eq!(bands.finish(44_100).1, Err(Why::Undefined));
    }
}
