//! The inner loop: sums of products in one order on every machine.

use super::filter::{Filter, LANES};

/// Output samples of one phase that are computed side by side: each coefficient is loaded once for all of them.
pub(super) const SIDE_BY_SIDE: usize = 4;

/// Coefficients whose products are summed in f32. Rounding then lies 145 dB below the signal, however long the filter is.
const BLOCK: usize = 1024;

/// A run of output samples.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// Where in the input held the first one's row begins.
    pub start: usize,
    /// Its phase.
    pub phase: usize,
    /// Samples.
    pub count: usize,
}

/// Appends the samples of a run, computed from the input held.
pub(super) fn filter(filter: &Filter, held: &[f32], run: Run, out: &mut Vec<f32>) {
    let before = out.len();
    out.resize(before + run.count, 0.0);
    let out = &mut out[before..];
    match filter.shape.interpolated {
        None => earprint_lanes::widest!(by_phase(filter: &Filter, held: &[f32], run: Run, out: &mut [f32])),
        Some(_) => earprint_lanes::widest!(in_order(filter: &Filter, held: &[f32], run: Run, out: &mut [f32])),
    }
}

/// Every phase has its row: all samples of one phase, then those of the next.
#[inline(always)]
fn by_phase(filter: &Filter, held: &[f32], run: Run, out: &mut [f32]) {
    let (phases, step) = (filter.shape.phases, filter.shape.step);
    for first in 0..phases.min(run.count) {
        let at = run.phase + first * step;
        let row = filter.row(at % phases);
        let (mut start, mut n) = (run.start + at / phases, first);
        while n + (SIDE_BY_SIDE - 1) * phases < run.count {
            let sums: [f64; SIDE_BY_SIDE] = dots(row, std::array::from_fn(|k| &held[start + k * step..]));
            for (k, sum) in sums.into_iter().enumerate() {
                out[n + k * phases] = sum as f32;
            }
            start += SIDE_BY_SIDE * step;
            n += SIDE_BY_SIDE * phases;
        }
        while n < run.count {
            let [sum] = dots(row, [&held[start..]]);
            out[n] = sum as f32;
            start += step;
            n += phases;
        }
    }
}

/// Rows are interpolated: four sums a sample.
#[inline(always)]
fn in_order(filter: &Filter, held: &[f32], run: Run, out: &mut [f32]) {
    let (shape, between) = (&filter.shape, filter.shape.interpolated.unwrap_or(1));
    let (mut start, mut phase) = (run.start, run.phase);
    for out in out {
        let (row, w) = filter.cubic(phase, between);
        let s: [f64; 4] = dots(&held[start..start + shape.taps], std::array::from_fn(|k| filter.row(row + k)));
        *out = ((w[0] * s[0] + w[1] * s[1]) + (w[2] * s[2] + w[3] * s[3])) as f32;
        phase += shape.step;
        start += phase / shape.phases;
        phase %= shape.phases;
    }
}

/// Sums of `a[j] * b[n][j]` over all j, alone or side by side with the same bits. Over [`BLOCK`] coefficients there are eight partial
/// sums in f32, one for each j modulo 8, added in pairs; blocks are added in f64.
#[inline(always)]
fn dots<const N: usize>(a: &[f32], b: [&[f32]; N]) -> [f64; N] {
    let mut sums = [0.0; N];
    for (number, a) in a.chunks(BLOCK).enumerate() {
        let block = block(a, b.map(|b| &b[number * BLOCK..][..a.len()]));
        for (sum, block) in sums.iter_mut().zip(together(&block)) {
            *sum += f64::from(block);
        }
    }
    sums
}

/// The partial sums of a block: a vector of eight, of four, and no vector give the same bits.
#[inline(always)]
fn block<const N: usize>(a: &[f32], b: [&[f32]; N]) -> [[f32; LANES]; N] {
    let (a, _) = a.as_chunks::<LANES>();
    let b = b.map(|b| &b.as_chunks::<LANES>().0[..a.len()]);
    let mut sums = [[0.0; LANES]; N];
    for (j, a) in a.iter().enumerate() {
        for n in 0..N {
            for l in 0..LANES {
                sums[n][l] += a[l] * b[n][j][l];
            }
        }
    }
    sums
}

/// The partial sums of each, added. Not inlined: seeing these additions, compilers put partial sums of different samples into
/// one vector and shuffle in the loop, which then takes several times as long.
#[inline(never)]
fn together<const N: usize>(sums: &[[f32; LANES]; N]) -> [f32; N] {
    sums.map(|s| ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resample::filter::Shape;

    /// What is compiled for the target alone gives the bits of what is compiled for the widest registers, alone and side by side.
    #[test]
    fn every_width_gives_the_same_bits() {
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        };
        for (from, to) in [(44_100, 22_050), (48_000, 44_100), (192_000, 16_000), (44_101, 44_100)] {
            let filter = Filter::new(Shape::new(from, to)).unwrap();
            let held: Vec<f32> = (0..filter.shape.taps + 3000).map(|_| noise()).collect();
            let run = Run { start: 3, phase: 0, count: 2900 * filter.shape.phases / filter.shape.step };
            let mut wide = Vec::new();
            super::filter(&filter, &held, run, &mut wide);
            let mut plain = vec![0.0; run.count];
            match filter.shape.interpolated {
                None => by_phase(&filter, &held, run, &mut plain),
                Some(_) => in_order(&filter, &held, run, &mut plain),
            }
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&wide), bits(&plain), "{from} to {to}");
            // One by one.
            let mut single = Vec::new();
            let (mut start, mut phase) = (run.start, run.phase);
            for _ in 0..run.count {
                super::filter(&filter, &held, Run { start, phase, count: 1 }, &mut single);
                phase += filter.shape.step;
                start += phase / filter.shape.phases;
                phase %= filter.shape.phases;
            }
            assert_eq!(bits(&single), bits(&plain), "{from} to {to}");
        }
    }
}
