//! Beats by dynamic programming: D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 2007.
//!
//! The local score is the envelope over its standard deviation, smoothed by a Gaussian of standard deviation
//! period / 32. A beat at t after one at s costs `100 ln((t - s) / period)^2`; s lies between half a period and two periods
//! before t; a chain that is worth nothing is not joined: t starts its own. The last beat is the last local maximum of the summed score that reaches half the median of the local maxima. Leading and
//! trailing beats whose smoothed local score is at most half the root mean square of all beats' are dropped. Ties go to the
//! nearer predecessor.
//!
//! A beat's time lies between frames: the top of a parabola through the envelope smoothed by (1, 2, 1) / 4 at its
//! largest value within a frame of the beat.
//!
//! Memory is a few numbers a frame: a chain is a step of at most 130 frames, one byte.

use crate::tempo::parabola;

const TIGHTNESS: f64 = 100.0;

/// Times of the beats, frames, ascending. `period` in frames, 10.7 to 64.6.
pub fn beats(envelope: &[f32], period: f64) -> Vec<f64> {
    let Some(local) = local_score(envelope, period) else { return Vec::new() };
    let (sums, steps) = chains(&local, period);
    let Some(last) = last_beat(&sums) else { return Vec::new() };
    let mut frames = vec![last];
    let mut at = last;
    while steps[at] > 0 {
        at -= usize::from(steps[at]);
        frames.push(at);
    }
    frames.reverse();
    trim(&mut frames, &local);
    frames.into_iter().map(|t| refined(envelope, t)).collect()
}

/// `None` where the envelope does not vary.
fn local_score(envelope: &[f32], period: f64) -> Option<Vec<f32>> {
    let spread: crate::stats::Spread = envelope.iter().map(|&x| f64::from(x)).collect();
    let deviation = spread.deviation();
    if deviation <= 0.0 {
        return None;
    }
    // Beyond four deviations a Gaussian is below 4e-4.
    let sigma = period / 32.0;
    let reach = libm::ceil(4.0 * sigma) as usize;
    let weights: Vec<f64> = (0..=reach)
        .map(|n| {
            let x = n as f64 / sigma;
            libm::exp(-0.5 * x * x) / deviation
        })
        .collect();
    let at = |i: usize| envelope.get(i).map_or(0.0, |&x| f64::from(x));
    Some(
        (0..envelope.len())
            .map(|t| {
                let mut sum = weights[0] * at(t);
                for n in 1..=reach {
                    let before = if n <= t { at(t - n) } else { 0.0 };
                    sum += weights[n] * (before + at(t + n));
                }
                sum as f32
            })
            .collect(),
    )
}

/// Best sum of a chain that ends at each frame, and the step to the beat before it; 0 at a chain's start.
fn chains(local: &[f32], period: f64) -> (Vec<f64>, Vec<u8>) {
    let nearest = libm::round(period * 0.5) as usize;
    let farthest = libm::round(period * 2.0) as usize;
    let costs: Vec<f64> = (nearest..=farthest)
        .map(|step| {
            let x = libm::log(step as f64 / period);
            TIGHTNESS * x * x
        })
        .collect();
    let mut sums = vec![0.0f64; local.len()];
    let mut steps = vec![0u8; local.len()];
    for t in 0..local.len() {
        let (mut best, mut step_of_best) = (0.0, 0);
        for step in nearest..=farthest.min(t) {
            let sum = sums[t - step] - costs[step - nearest];
            if sum > best {
                (best, step_of_best) = (sum, step);
            }
        }
        sums[t] = f64::from(local[t]) + best;
        steps[t] = step_of_best as u8;
    }
    (sums, steps)
}

fn last_beat(sums: &[f64]) -> Option<usize> {
    let peak = |t: &usize| {
        let t = *t;
        (t == 0 || sums[t] > sums[t - 1]) && (t + 1 == sums.len() || sums[t] >= sums[t + 1])
    };
    let mut peaks: Vec<f64> = (0..sums.len()).filter(peak).map(|t| sums[t]).collect();
    if peaks.is_empty() {
        return None;
    }
    let half = peaks.len() / 2;
    let (_, &mut median, _) = peaks.select_nth_unstable_by(half, f64::total_cmp);
    (0..sums.len()).rev().find(|t| peak(t) && 2.0 * sums[*t] > median)
}

fn trim(frames: &mut Vec<usize>, local: &[f32]) {
    // Over the beats, not over the frames: (1, 2, 1) / 4.
    let at = |i: Option<usize>| i.and_then(|i| frames.get(i)).map_or(0.0, |&t| f64::from(local[t]));
    let smooth: Vec<f64> =
        (0..frames.len()).map(|i| 0.25 * (at(i.checked_sub(1)) + at(Some(i + 1))) + 0.5 * at(Some(i))).collect();
    let mean_square = smooth.iter().map(|x| x * x).sum::<f64>() / smooth.len() as f64;
    let threshold = 0.5 * libm::sqrt(mean_square);
    let first = smooth.iter().position(|&x| x > threshold).unwrap_or(0);
    let last = smooth.iter().rposition(|&x| x > threshold).unwrap_or(0);
    frames.truncate(last + 1);
    frames.drain(..first);
}

fn refined(envelope: &[f32], t: usize) -> f64 {
    let at = |i: isize| usize::try_from(i).ok().and_then(|i| envelope.get(i)).map_or(0.0, |&x| f64::from(x));
    let smooth = |i: isize| 0.25 * (at(i - 1) + at(i + 1)) + 0.5 * at(i);
    let mut top = t as isize;
    for i in [t as isize - 1, t as isize + 1] {
        if smooth(i) > smooth(top) {
            top = i;
        }
    }
    top as f64 + parabola(smooth(top - 1), smooth(top), smooth(top + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_stand_on_the_pulses_and_bridge_a_gap() {
        let mut e = vec![0.0f32; 400];
        for b in 0..19 {
            e[7 + 20 * b] = 10.0;
        }
        // Three silent beats in the middle are bridged.
        for b in [8, 9, 10] {
            e[7 + 20 * b] = 0.0;
        }
        let want: Vec<f64> = (0..19).map(|b| f64::from(7 + 20 * b)).collect();
        assert_eq!(beats(&e, 20.0), want);
        assert_eq!(beats(&e, 20.4), want, "a period a little off changes nothing");
    }

    #[test]
    fn silence_before_and_after_holds_no_beats() {
        let mut e = vec![0.0f32; 900];
        for b in 0..12 {
            e[300 + 20 * b] = 10.0;
        }
        let found = beats(&e, 20.0);
        assert!(found.len() >= 11 && found[0] >= 299.0 && *found.last().unwrap() <= 521.0, "{found:?}");
    }

    #[test]
    fn a_pulse_between_frames_is_found_there() {
        for tenth in 0..10 {
            let shift = f64::from(tenth) / 10.0;
            let e: Vec<f32> = (0..290)
                .map(|t| {
                    let away = (f64::from(t) - 10.0 - shift + 8.0).rem_euclid(16.0) - 8.0;
                    (10.0 * (-0.5 * away * away).exp()) as f32
                })
                .collect();
            for (i, b) in beats(&e, 16.0).into_iter().enumerate() {
                let want = 10.0 + shift + 16.0 * i as f64;
                assert!((b - want).abs() < 0.06, "shift {shift}: {b} for {want}");
            }
        }
    }

    #[test]
    fn an_envelope_without_variation_has_no_beats() {
        assert!(beats(&[1.0; 200], 20.0).is_empty());
        assert!(beats(&[], 20.0).is_empty());
    }
}
