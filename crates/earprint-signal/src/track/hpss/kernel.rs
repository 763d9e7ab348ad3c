//! The lane kernel: 16 frames by 16 bins at a time.

use super::HpssScratch;
use super::median::{TOGETHER, WINDOW, sixteen};
use crate::room::room;
use crate::track::reflected;
use crate::track::row::{HARMONIC, PERCUSSIVE, ROW};
use crate::track::segment::MEDIAN_REACH;
use crate::track::spectrum::BINS;
use earprint_lanes::Lane;

/// Bins of a block, and frames.
const B: usize = TOGETHER;
/// Blocks of bins; the last one holds bin 2048 alone.
const BLOCKS: usize = BINS.div_ceil(B);
/// Blocks whose sums make a group.
const GROUP: usize = 16;
/// Bins with the reach on both sides, up to what the last block's windows touch.
const TURNED: usize = BLOCKS * B + 2 * MEDIAN_REACH;

/// See `HpssKernel::run`.
///
/// # Safety
/// Inside a function compiled for `L`'s instruction set; `power` holds `frames + 30` rows of `stride >= BLOCKS * B` values.
#[inline(always)]
pub(super) unsafe fn run<L: Lane>(
    power: &[f32],
    stride: usize,
    frames: usize,
    rows: &mut [f32],
    scratch: &mut HpssScratch,
) {
    for at in (0..frames).step_by(B) {
        let valid = B.min(frames - at);
        let needed = B + WINDOW - 1;
        let window = &power[at * stride..];
        let window = if valid == B {
            window
        } else {
            // The last windows reach behind the last row: zeros there are seen by frames nobody asked for.
            scratch.last.clear();
            scratch.last.extend_from_slice(&window[..(valid + WINDOW - 1) * stride]);
            scratch.last.resize(needed * stride, 0.0);
            &scratch.last
        };
        // SAFETY: 46 rows of `stride` values; the caller's promise.
        unsafe { group::<L>(window, stride, valid, &mut rows[at * ROW..], &mut scratch.turned) }
    }
}

/// Sixteen frames, of which `valid` are wanted; their first window begins with row 0.
#[inline(always)]
unsafe fn group<L: Lane>(
    power: &[f32],
    stride: usize,
    valid: usize,
    rows: &mut [f32],
    turned: &mut Vec<crate::room::Line>,
) {
    // SAFETY: all pointers stay inside the 46 rows, inside `turned` (TURNED, B), or inside the small arrays.
    unsafe {
        let turned = room(turned, TURNED * B);
        turn::<L>(power, stride, turned);
        let mut over_time = [[0.0_f32; B]; B];
        let mut over_bins = [[0.0_f32; B]; B];
        // Sums of a block, of a group of blocks, of all: of harmonic, then of percussive power, per frame.
        let mut all = [[0.0_f32; B]; 2];
        let mut of_group = [[0.0_f32; B]; 2];
        for block in 0..BLOCKS {
            let first = block * B;
            let bins = B.min(BINS - first);
            // Lanes are bins: medians of 16 frames each.
            for lane in (0..B).step_by(L::W) {
                let from = power.as_ptr().add(first + lane);
                let to = over_time.as_mut_ptr().cast::<f32>().add(lane);
                sixteen(|i| L::load(from.add(i * stride)), |frame, m| m.store(to.add(frame * B)));
            }
            transpose::<L>(&mut over_time);
            // Lanes are frames: medians of 16 bins each.
            for lane in (0..B).step_by(L::W) {
                let from = turned.add(first * B + lane).cast_const();
                let to = over_bins.as_mut_ptr().cast::<f32>().add(lane);
                sixteen(|i| L::load(from.add(i * B)), |bin, m| m.store(to.add(bin * B)));
            }
            let tiny = L::splat(f32::MIN_POSITIVE);
            let one = L::splat(1.0);
            for lane in (0..B).step_by(L::W) {
                let (mut h, mut p) = (L::splat(0.0), L::splat(0.0));
                for bin in 0..bins {
                    let power = L::load(turned.add((first + bin + MEDIAN_REACH) * B + lane));
                    let harmonic = L::load(over_time[bin].as_ptr().add(lane));
                    let percussive = L::load(over_bins[bin].as_ptr().add(lane));
                    let inverse = one.div(harmonic.add(percussive).max(tiny));
                    let (mh, mp) = (harmonic.mul(inverse), percussive.mul(inverse));
                    let (eh, ep) = (power.mul(mh.mul(mh)), power.mul(mp.mul(mp)));
                    (h, p) = if bin == 0 { (eh, ep) } else { (h.add(eh), p.add(ep)) };
                }
                for (k, sum) in [h, p].into_iter().enumerate() {
                    let group = of_group[k].as_mut_ptr().add(lane);
                    let total = all[k].as_mut_ptr().add(lane);
                    let sum = if block % GROUP == 0 { sum } else { L::load(group).add(sum) };
                    sum.store(group);
                    if block % GROUP == GROUP - 1 || block == BLOCKS - 1 {
                        let first = block < GROUP;
                        if first { sum } else { L::load(total).add(sum) }.store(total);
                    }
                }
            }
        }
        for frame in 0..valid {
            rows[frame * ROW + HARMONIC] = all[0][frame];
            rows[frame * ROW + PERCUSSIVE] = all[1][frame];
        }
    }
}

/// The 16 frames in the middle of the rows, turned: `turned[f + 15][frame]`, reflected at both ends of the bins.
#[inline(always)]
unsafe fn turn<L: Lane>(power: &[f32], stride: usize, turned: *mut f32) {
    // SAFETY: rows 15 .. 31 of `power` have at least BLOCKS * B values; `turned` has TURNED rows of B.
    unsafe {
        let from = power.as_ptr().add(MEDIAN_REACH * stride);
        let body = turned.add(MEDIAN_REACH * B);
        for first in (0..BLOCKS * B).step_by(L::W) {
            for lane in (0..B).step_by(L::W) {
                let mut rows = [L::splat(0.0); 16];
                for r in 0..L::W {
                    rows[r] = L::load(from.add((lane + r) * stride + first));
                }
                L::transpose(&mut rows[..L::W]);
                for r in 0..L::W {
                    rows[r].store(body.add((first + r) * B + lane));
                }
            }
        }
        let copy = |to: usize, bin: isize| {
            let bin = reflected(bin, BINS as isize) as usize;
            std::ptr::copy_nonoverlapping(body.add(bin * B), turned.add(to * B), B);
        };
        for i in 0..MEDIAN_REACH {
            copy(i, i as isize - MEDIAN_REACH as isize);
        }
        // Behind the last bin: the reach is reflected; what the last block's windows touch beyond is of no bin.
        for i in BINS..BINS + MEDIAN_REACH {
            copy(i + MEDIAN_REACH, i as isize);
        }
        for i in BINS + 2 * MEDIAN_REACH..TURNED {
            for lane in (0..B).step_by(L::W) {
                L::splat(0.0).store(turned.add(i * B + lane));
            }
        }
    }
}

/// Transposes a 16 by 16 matrix in place.
#[inline(always)]
unsafe fn transpose<L: Lane>(m: &mut [[f32; B]; B]) {
    // SAFETY: W by W squares inside the matrix.
    unsafe {
        let at = m.as_mut_ptr().cast::<f32>();
        for i in (0..B).step_by(L::W) {
            for j in (0..=i).step_by(L::W) {
                let mut a = [L::splat(0.0); 16];
                let mut b = [L::splat(0.0); 16];
                for r in 0..L::W {
                    a[r] = L::load(at.add((i + r) * B + j));
                    b[r] = L::load(at.add((j + r) * B + i));
                }
                L::transpose(&mut a[..L::W]);
                L::transpose(&mut b[..L::W]);
                for r in 0..L::W {
                    a[r].store(at.add((j + r) * B + i));
                    b[r].store(at.add((i + r) * B + j));
                }
            }
        }
    }
}
