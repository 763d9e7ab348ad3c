//! The lane kernel: `W` outputs at a time, each in its own lane. Longer than most files on purpose: the order of operations,
//! from sample to stored value, is one definition and is read in one piece beside `shaders/mel/mel_fused.wgsl`.

use super::{Layout, Out, PcmSlice, Scratch};
use crate::ln::ln_lanes;
use crate::room::room;
use crate::transform::{load_and_transform, split_power};
use crate::turn::Turn;
use crate::{FrameGrid, MelTables, PostLog, f16_from_f32};
use earprint_lanes::Lane;

/// Scales integers to full scale 1. The product with the window is exact up to the window's own rounding, because the
/// factor is a power of two.
const I16_SCALE: f32 = 1.0 / 32768.0;

/// See `MelKernel::run`.
///
/// # Safety
/// Inside a function compiled for `L`'s instruction set; lengths as `MelKernel::run` checked them.
#[inline(always)]
pub(super) unsafe fn run<L: Lane>(
    tables: &MelTables,
    grid: &FrameGrid,
    n_mels: usize,
    pcm: PcmSlice,
    outputs: usize,
    layout: Layout,
    out: &mut Out,
    scratch: &mut Scratch,
) {
    let w = L::W;
    let fft = &tables.fft;
    let bins = fft.m + 1;
    // A group of lanes reads frames at `lane * step + i * hop`, i < chunk: samples 0 .. reach of each lane's row.
    let reach = (grid.chunk - 1) * grid.hop + grid.n_fft;
    let turn = Turn::new(grid.step, reach, w);
    let whole_chunks = grid.pool_frames / grid.chunk;
    let rest = grid.pool_frames % grid.chunk;
    let pooled = grid.pool_frames > 1;
    let blocks = if pooled { outputs + grid.pool_frames.div_ceil(grid.chunk) - 1 } else { outputs };
    // Rows of sums are read a few lanes past the last group.
    let sum_row = if pooled { blocks.next_multiple_of(w) + 2 * w + whole_chunks } else { 0 };

    // SAFETY: every pointer below stays inside a buffer of the size asked for here; `L` is the caller's promise.
    unsafe {
        let turned = room(&mut scratch.turned, turn.columns * turn.row);
        let points = room(&mut scratch.points, 2 * fft.m * w);
        let power = room(&mut scratch.power, bins * w);
        let whole = room(&mut scratch.whole, bins * sum_row);
        let first = room(&mut scratch.first, if rest > 0 { bins * sum_row } else { 0 });
        let mel = room(&mut scratch.mel, n_mels.next_multiple_of(w) * w);
        turn.places(reach, &mut scratch.place);
        let place = scratch.place.as_ptr();
        let scale = match pcm {
            PcmSlice::I16(_) => I16_SCALE,
            PcmSlice::F32(_) => 1.0,
        };
        scratch.window.clear();
        scratch.window.extend(tables.half_window.iter().map(|w| scale * w));
        let window = scratch.window.as_ptr();

        for group in 0..blocks.div_ceil(w) {
            let at = group * w;
            match pcm {
                PcmSlice::I16(s) => turn.fill::<L, i16>(s, at, turned),
                PcmSlice::F32(s) => turn.fill::<L, f32>(s, at, turned),
            }
            for i in 0..grid.chunk {
                load_and_transform::<L>(fft, turned, place.add(i * grid.hop), window, points);
                if !pooled {
                    split_power::<L, false>(fft, points, power, w, tables.magnitude);
                } else if i == 0 {
                    split_power::<L, false>(fft, points, whole.add(at), sum_row, tables.magnitude);
                } else {
                    split_power::<L, true>(fft, points, whole.add(at), sum_row, tables.magnitude);
                }
                if rest > 0 && i + 1 == rest {
                    for f in 0..bins {
                        L::load(whole.add(f * sum_row + at)).store(first.add(f * sum_row + at));
                    }
                }
            }
            if !pooled {
                bank_and_log::<L>(tables, n_mels, power, mel);
                store_group::<L>(mel, n_mels, at, outputs, layout, out);
            }
        }
        if pooled {
            let mean = L::splat((1.0 / grid.pool_frames as f64) as f32);
            for at in (0..outputs).step_by(w) {
                for f in 0..bins {
                    let row = whole.add(f * sum_row + at);
                    let mut sum = L::load(row);
                    for c in 1..whole_chunks {
                        sum = sum.add(L::load(row.add(c)));
                    }
                    if rest > 0 {
                        sum = sum.add(L::load(first.add(f * sum_row + at + whole_chunks)));
                    }
                    sum.mul(mean).store(power.add(f * w));
                }
                bank_and_log::<L>(tables, n_mels, power, mel);
                store_group::<L>(mel, n_mels, at, outputs, layout, out);
            }
        }
    }
}

/// Mel of `power (F, W)`, bins ascending, and its logarithm into `mel (M, W)`.
#[inline(always)]
pub(crate) unsafe fn bank_and_log<L: Lane>(tables: &MelTables, n_mels: usize, power: *const f32, mel: *mut f32) {
    let bank = &tables.bank;
    // SAFETY: first_bin + run length <= bins for every band.
    unsafe {
        for m in 0..n_mels {
            let weights = &bank.weights[bank.offset[m] as usize..bank.offset[m + 1] as usize];
            let mut p = power.add(bank.first_bin[m] as usize * L::W);
            let mut sum = L::splat(0.0);
            for &weight in weights {
                sum = sum.add(L::splat(weight).mul(L::load(p)));
                p = p.add(L::W);
            }
            if tables.post.on {
                sum = post_log(sum, &tables.post);
            }
            sum.store(mel.add(m * L::W));
        }
    }
}

/// The logarithm as the post-processing has it.
#[inline(always)]
unsafe fn post_log<L: Lane>(x: L, post: &PostLog) -> L {
    // SAFETY: as `Lane`.
    unsafe {
        let ln = ln_lanes(x.max(L::splat(post.amin)));
        ln.mul(L::splat(post.scale)).add(L::splat(post.offset))
    }
}

/// Writes the outputs `at .. at + W` that exist.
#[inline(always)]
unsafe fn store_group<L: Lane>(mel: *mut f32, n_mels: usize, at: usize, outputs: usize, layout: Layout, out: &mut Out) {
    let w = L::W;
    let valid = w.min(outputs - at);
    // SAFETY: full vectors are stored only where W values of a row exist.
    unsafe {
        if layout == Layout::BandMajor {
            for m in 0..n_mels {
                let from = mel.add(m * w);
                let to = m * outputs + at;
                match out {
                    Out::F32(o) if valid == w => L::load(from).store(o.as_mut_ptr().add(to)),
                    Out::F16(o) if valid == w => L::load(from).store_f16(o.as_mut_ptr().add(to)),
                    Out::F32(o) => {
                        for t in 0..valid {
                            o[to + t] = *from.add(t);
                        }
                    }
                    Out::F16(o) => {
                        for t in 0..valid {
                            o[to + t] = f16_from_f32(*from.add(t));
                        }
                    }
                }
            }
            return;
        }
        let mut m = 0;
        while m + w <= n_mels {
            let mut rows = [L::splat(0.0); 16];
            for r in 0..w {
                rows[r] = L::load(mel.add((m + r) * w));
            }
            L::transpose(&mut rows[..w]);
            for t in 0..valid {
                let to = (at + t) * n_mels + m;
                match out {
                    Out::F32(o) => rows[t].store(o.as_mut_ptr().add(to)),
                    Out::F16(o) => rows[t].store_f16(o.as_mut_ptr().add(to)),
                }
            }
            m += w;
        }
        for m in m..n_mels {
            for t in 0..valid {
                let (v, to) = (*mel.add(m * w + t), (at + t) * n_mels + m);
                match out {
                    Out::F32(o) => o[to] = v,
                    Out::F16(o) => o[to] = f16_from_f32(v),
                }
            }
        }
    }
}
