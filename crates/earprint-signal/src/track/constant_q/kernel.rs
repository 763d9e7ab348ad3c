//! The lane kernel: lanes are output samples while a rate is halved, and pitch classes while waves are compared.

use super::ConstantQScratch;
use super::tables::{CLASSES, ConstantQTables, FIRST_STAGE, OCTAVES, PADDED, REACH, STAGES};
use crate::track::row::{CHROMA, ROW};
use crate::track::segment::{CONTEXT_SAMPLES, HOP};
use earprint_lanes::Lane;

/// Frames folded together, so that the waves stay in the first-level cache.
const FRAMES: usize = 16;
/// Frames whose sums run side by side: enough of them to hide the time of an addition.
const SIDE: usize = 4;

/// See `ConstantQKernel::run`.
///
/// # Safety
/// Inside a function compiled for `L`'s instruction set; lengths as `ConstantQKernel::run` checked them.
#[inline(always)]
pub(super) unsafe fn run<L: Lane>(
    tables: &ConstantQTables,
    pcm: &[f32],
    frames: usize,
    rows: &mut [f32],
    scratch: &mut ConstantQScratch,
) {
    scratch.stages.resize(STAGES, Vec::new());
    for stage in 0..STAGES {
        let (before, from_here) = scratch.stages.split_at_mut(stage);
        let input = before.last().map_or(pcm, |v| v.as_slice());
        let taps = &tables.half_bands[usize::from(stage > 0)];
        // SAFETY: the caller's promise.
        unsafe { halve_rate::<L>(input, taps, &mut scratch.even, &mut scratch.odd, &mut from_here[0]) };
    }
    for first in (0..frames).step_by(FRAMES) {
        let count = FRAMES.min(frames - first);
        let mut classes = [[0.0_f32; PADDED]; FRAMES];
        for octave in 0..OCTAVES {
            let stage = FIRST_STAGE + OCTAVES - 1 - octave;
            let samples = &scratch.stages[stage - 1];
            for j in 0..count {
                let centre = (CONTEXT_SAMPLES + (first + j) * HOP) >> stage;
                fold(samples, centre, &mut scratch.folded[j]);
            }
            for v in (0..CLASSES).step_by(L::W) {
                let length = tables.length[v] as usize;
                for at in (0..count).step_by(SIDE) {
                    // SAFETY: v + W <= PADDED, at + SIDE <= FRAMES, length <= REACH.
                    unsafe { compare::<L>(tables, v, length, &scratch.folded[at..], &mut classes[at..]) }
                }
            }
        }
        for j in 0..count {
            let row = (first + j) * ROW + CHROMA;
            rows[row..row + CLASSES].copy_from_slice(&classes[j][..CLASSES]);
        }
    }
}

/// Half the rate: `out[n]` stands at `input[2 n]`. Samples outside the input are zeros.
///
/// Order: the centre first, then pairs at distance 1, 3, 5, ..., the earlier sample first in a pair.
#[inline(always)]
unsafe fn halve_rate<L: Lane>(
    input: &[f32],
    taps: &[f32],
    even: &mut Vec<f32>,
    odd: &mut Vec<f32>,
    out: &mut Vec<f32>,
) {
    let (pairs, n) = (taps.len() - 1, input.len().div_ceil(2));
    // odd[pairs + n] is input[2 n + 1]: the zeros around it are what the filter sees outside. What is written anyway is not
    // cleared first.
    odd.resize(n + 2 * pairs + L::W, 0.0);
    even.resize(n + L::W, 0.0);
    let (whole, rest) = input.as_chunks::<2>();
    odd[..pairs].fill(0.0);
    odd[pairs + whole.len()..].fill(0.0);
    even[whole.len()..].fill(0.0);
    for ((even, odd), pair) in even.iter_mut().zip(&mut odd[pairs..]).zip(whole) {
        (*even, *odd) = (pair[0], pair[1]);
    }
    if let [last] = rest {
        even[n - 1] = *last;
    }
    out.resize(n.next_multiple_of(L::W), 0.0);
    // SAFETY: i + W <= n + W; the odd samples reach `pairs` farther on both sides.
    unsafe {
        for i in (0..n).step_by(L::W) {
            let mut sum = L::splat(taps[0]).mul(L::load(even.as_ptr().add(i)));
            for m in 0..pairs {
                let earlier = L::load(odd.as_ptr().add(pairs + i - 1 - m));
                let later = L::load(odd.as_ptr().add(pairs + i + m));
                sum = sum.add(L::splat(taps[1 + m]).mul(earlier.add(later)));
            }
            sum.store(out.as_mut_ptr().add(i));
        }
    }
    out.truncate(n);
}

/// Sums and differences of the samples at equal distance from a frame's centre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folded {
    /// x[c + i] + x[c - i]; x[c] alone at 0.
    even: [f32; REACH],
    /// x[c + i] - x[c - i].
    odd: [f32; REACH],
}

impl Folded {
    pub(super) const ZERO: Self = Self { even: [0.0; REACH], odd: [0.0; REACH] };
}

#[inline(always)]
fn fold(samples: &[f32], centre: usize, to: &mut Folded) {
    let later = &samples[centre..centre + REACH];
    let earlier = &samples[centre + 1 - REACH..=centre];
    for i in 0..REACH {
        let (a, b) = (later[i], earlier[REACH - 1 - i]);
        (to.even[i], to.odd[i]) = (a + b, a - b);
    }
    to.even[0] = samples[centre];
}

/// Adds the magnitudes of classes `v .. v + W` in one octave of `SIDE` frames. Distances ascend from the centre outwards; the
/// shorter windows of a vector's later classes are zeros at the end, which change no sum.
#[inline(always)]
unsafe fn compare<L: Lane>(
    tables: &ConstantQTables,
    v: usize,
    length: usize,
    folded: &[Folded],
    classes: &mut [[f32; PADDED]],
) {
    // SAFETY: as `run`.
    unsafe {
        let cosine = tables.cosine.as_ptr().add(v);
        let sine = tables.sine.as_ptr().add(v);
        let mut re = [L::splat(0.0); SIDE];
        let mut im = [L::splat(0.0); SIDE];
        for i in 0..length {
            let (c, s) = (L::load(cosine.add(i * PADDED)), L::load(sine.add(i * PADDED)));
            for k in 0..SIDE {
                let f = folded.get_unchecked(k);
                re[k] = re[k].add(c.mul(L::splat(*f.even.get_unchecked(i))));
                im[k] = im[k].add(s.mul(L::splat(*f.odd.get_unchecked(i))));
            }
        }
        for k in 0..SIDE {
            let at = classes[k].as_mut_ptr().add(v);
            let magnitude = re[k].mul(re[k]).add(im[k].mul(im[k])).sqrt();
            L::load(at).add(magnitude).store(at);
        }
    }
}
