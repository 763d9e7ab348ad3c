//! pitch_stability (19): how far f0 strays from its own running median.
//!
//! Of every voiced frame that counts: 12 log2(f0 / m) semitones, m the median of the voiced frames among the 21 (0.49 s)
//! around it; the population deviation s of these; 1 / (1 + s). Under ten voiced frames `unvoiced`.

use earprint_core::{Known, Why};

use crate::stats::Spread;

/// Frames to each side of the running median.
const REACH: usize = 10;

/// Voiced frames that are needed.
const NEEDED: u64 = 10;

/// Stability of f0 per frame, Hz, 0 where unvoiced.
pub fn stability(f0: &[f32]) -> Known {
    let mut window: Vec<f32> = Vec::with_capacity(2 * REACH + 1);
    let place = |window: &[f32], f: f32| window.partition_point(|&w| w < f);
    let mut strays = Spread::default();
    let mut incoming = 0;
    for (t, &f) in f0.iter().enumerate() {
        while incoming < f0.len() && incoming <= t + REACH {
            let new = f0[incoming];
            if new > 0.0 {
                window.insert(place(&window, new), new);
            }
            incoming += 1;
        }
        if t > REACH && f0[t - REACH - 1] > 0.0 {
            window.remove(place(&window, f0[t - REACH - 1]));
        }
        if f > 0.0 {
            let half = window.len() / 2;
            let median = if window.len() % 2 == 1 {
                f64::from(window[half])
            } else {
                (f64::from(window[half - 1]) + f64::from(window[half])) * 0.5
            };
            strays.add(12.0 * libm::log2(f64::from(f) / median));
        }
    }
    if strays.count() < NEEDED { Err(Why::Unvoiced) } else { Ok(1.0 / (1.0 + strays.deviation())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_tone_is_stable_and_nine_frames_are_too_few() {
        assert_eq!(stability(&[220.0; 30]), Ok(1.0));
        let mut nine = [0.0; 100];
        nine[20..29].fill(220.0);
        assert_eq!(stability(&nine), Err(Why::Unvoiced));
        assert_eq!(stability(&[]), Err(Why::Unvoiced));
    }

    #[test]
    fn a_step_of_a_fifth_is_no_instability_and_alternation_is() {
        let mut step = [220.0; 200];
        step[100..].fill(330.0);
        assert_eq!(stability(&step), Ok(1.0));
        // Every third frame a semitone up: the median stays below, and the deviation is sqrt(1/3 * 2/3).
        let up = 220.0 * 2f32.powf(1.0 / 12.0);
        let trill: Vec<f32> = (0..300).map(|t| if t % 3 == 1 { up } else { 220.0 }).collect();
        let s = stability(&trill).unwrap();
        assert!((s - 1.0 / (1.0 + (2f64 / 9.0).sqrt())).abs() < 1e-6, "{s}");
    }

    #[test]
    fn the_running_window_is_the_plain_one() {
        let mut s = 3u32;
        let f0: Vec<f32> = (0..300)
            .map(|_| {
                s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if s >> 30 == 0 { 0.0 } else { 100.0 + (s >> 24) as f32 }
            })
            .collect();
        let plain: Spread = (0..f0.len())
            .filter(|&t| f0[t] > 0.0)
            .map(|t| {
                let mut w: Vec<f64> = f0[t.saturating_sub(10)..(t + 11).min(f0.len())]
                    .iter()
                    .filter(|&&f| f > 0.0)
                    .map(|&f| f64::from(f))
                    .collect();
                w.sort_by(f64::total_cmp);
                let m = (w[(w.len() - 1) / 2] + w[w.len() / 2]) / 2.0;
                12.0 * libm::log2(f64::from(f0[t]) / m)
            })
            .collect();
        assert_eq!(stability(&f0), Ok(1.0 / (1.0 + plain.deviation())));
    }
}
