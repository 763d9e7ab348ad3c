//! The lane kernel: `W` frames at a time, each in its own lane.

use super::columns::columns;
use super::{MELS, MFCCS, STRIDE, SpectrumOut, SpectrumScratch, SpectrumTables};
use crate::mel::bank_and_log;
use crate::room::room;
use crate::track::row::{BANDWIDTH, MEAN_SQUARE, MFCC, POWER, ROW};
use crate::track::{HOP, N_FFT};
use crate::transform::{load_and_transform, split_power};
use crate::turn::Turn;
use earprint_lanes::Lane;

/// Bins or samples of a chunk, and chunks of a group.
pub(super) const FAN: usize = 16;
/// Chunks of a frame: bin 2048 is a chunk, and a group, of its own.
pub(super) const CHUNKS: usize = 129;
/// Groups of a frame.
pub(super) const GROUPS: usize = 9;
/// Columns that come out of one frame's spectrum.
const COLUMNS: usize = MFCC + MFCCS;
/// Blocks of a frame.
const BLOCKS: usize = N_FFT / HOP;

/// See `SpectrumKernel::run`.
///
/// # Safety
/// Inside a function compiled for `L`'s instruction set; lengths as `SpectrumKernel::run` checked them.
#[inline(always)]
pub(super) unsafe fn run<L: Lane>(
    tables: &SpectrumTables,
    pcm: &[f32],
    frames: usize,
    out: &mut SpectrumOut,
    scratch: &mut SpectrumScratch,
) {
    let w = L::W;
    let fft = &tables.mel.fft;
    let turn = Turn::new(HOP, N_FFT, w);
    let rows = out.rows.len() / ROW;

    // SAFETY: every pointer below stays inside a buffer of the size asked for here; `L` is the caller's promise.
    unsafe {
        let turned = room(&mut scratch.turned, turn.columns * turn.row);
        let points = room(&mut scratch.points, 2 * fft.m * w);
        let power = room(&mut scratch.power, STRIDE * w);
        let mel = room(&mut scratch.mel, MELS * w);
        let sums = room(&mut scratch.sums, super::columns::ROOM * w);
        let in_rows = room(&mut scratch.columns, COLUMNS * w);
        // The last group's table reaches `row - w` blocks behind its own.
        let blocks = room(&mut scratch.blocks, frames.next_multiple_of(w) + turn.row);
        turn.places(N_FFT, &mut scratch.place);
        for pad in fft.m + 1..STRIDE {
            L::splat(0.0).store(power.add(pad * w));
        }

        for at in (0..frames).step_by(w) {
            turn.fill::<L, f32>(pcm, at, turned);
            load_and_transform::<L>(fft, turned, scratch.place.as_ptr(), tables.mel.half_window.as_ptr(), points);
            split_power::<L, false>(fft, points, power, w, false);
            let valid = w.min(frames - at);
            store_frames::<L>(power, STRIDE, out.power.as_mut_ptr().add(at * STRIDE), valid);
            bank_and_log::<L>(&tables.mel, MELS, power, mel);
            store_frames::<L>(mel, MELS, out.log_mel.as_mut_ptr().add(at * MELS), valid);
            squares::<L>(turned, turn.row, blocks.add(at));
            if at + w >= frames {
                for lane in (w..turn.row).step_by(w) {
                    squares::<L>(turned.add(lane), turn.row, blocks.add(at + lane));
                }
            }
            // Frames of context have no row.
            if at + valid <= out.first_row || at >= out.first_row + rows {
                continue;
            }
            columns::<L>(&tables.bands, power, sums, in_rows);
            cepstrum::<L>(&tables.dct, mel, in_rows.add(MFCC * w));
            for lane in 0..valid {
                let Some(r) = (at + lane).checked_sub(out.first_row).filter(|&r| r < rows) else {
                    continue;
                };
                let row = &mut out.rows[r * ROW..][..ROW];
                for c in (POWER..=BANDWIDTH).chain(MFCC..COLUMNS) {
                    row[c] = *in_rows.add(c * w + lane);
                }
            }
        }
        for (r, row) in out.rows.chunks_exact_mut(ROW).enumerate() {
            let own = blocks.add(out.first_row + r);
            let mut sum = *own;
            for b in 1..BLOCKS {
                sum += *own.add(b);
            }
            row[MEAN_SQUARE] = sum * (1.0 / N_FFT as f32);
        }
    }
}

/// Writes `from (n, W)` as `(W, n)`, the first `valid` frames of it. `n` is a multiple of 16.
#[inline(always)]
unsafe fn store_frames<L: Lane>(from: *const f32, n: usize, to: *mut f32, valid: usize) {
    // SAFETY: n is a multiple of W; rows[..W] are whole vectors of `from`, `to` has `valid` rows.
    unsafe {
        for b in (0..n).step_by(L::W) {
            let mut rows = [L::splat(0.0); 16];
            for r in 0..L::W {
                rows[r] = L::load(from.add((b + r) * L::W));
            }
            L::transpose(&mut rows[..L::W]);
            for t in 0..valid {
                rows[t].store(to.add(t * n + b));
            }
        }
    }
}

/// Sum of squares of 1,024 samples: a tree of sixteens. `turned` is the first of 1,024 columns, `row` apart.
#[inline(always)]
unsafe fn squares<L: Lane>(turned: *const f32, row: usize, to: *mut f32) {
    // SAFETY: the columns are inside the turned table.
    unsafe {
        let mut total = L::splat(0.0);
        for group in (0..HOP).step_by(FAN * FAN) {
            let mut sum = L::splat(0.0);
            for chunk in (group..group + FAN * FAN).step_by(FAN) {
                let mut inner = L::splat(0.0);
                for s in chunk..chunk + FAN {
                    let x = L::load(turned.add(s * row));
                    inner = inner.add(x.mul(x));
                }
                sum = sum.add(inner);
            }
            total = total.add(sum);
        }
        total.store(to);
    }
}

/// MFCC of `mel (128, W)` into `to (13, W)`: 16 bands ascending, then eight sums ascending.
#[inline(always)]
unsafe fn cepstrum<L: Lane>(dct: &[f32], mel: *const f32, to: *mut f32) {
    // SAFETY: dct is (13, 128).
    unsafe {
        for k in 0..MFCCS {
            let weights = &dct[k * MELS..][..MELS];
            let mut total = L::splat(0.0);
            for chunk in (0..MELS).step_by(FAN) {
                let mut sum = L::splat(0.0);
                for m in chunk..chunk + FAN {
                    sum = sum.add(L::splat(weights[m]).mul(L::load(mel.add(m * L::W))));
                }
                total = total.add(sum);
            }
            total.store(to.add(k * L::W));
        }
    }
}
