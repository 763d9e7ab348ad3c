//! The transform of `fft.rs` with one frame per lane: window, stages, split into the power of the real frame. Its order of
//! operations is the definition that `shaders/` repeats.

use crate::RealFft;
use crate::butterfly::{C, butterfly, twiddle};
use crate::fft::Stage;
use earprint_lanes::Lane;

/// Points a pass may touch before the smaller passes inside it are finished first: what a first-level cache holds.
const CACHE_BYTES: usize = 32 << 10;

/// Window and all stages for one frame per lane: `points` holds the transform, bin `k` at `fft.position[k]`.
///
/// The sizes of the presets are spelled out, so that the compiler knows every stride; the generic way below them does
/// the same operations.
#[inline(always)]
pub(crate) unsafe fn load_and_transform<L: Lane>(
    fft: &RealFft,
    turned: *const f32,
    place: *const u32,
    window: *const f32,
    points: *mut f32,
) {
    let from = Samples { turned, place, window };
    // SAFETY: place has n_fft entries from here on, points 2 * m * W values; lengths below multiply to m.
    unsafe {
        macro_rules! tw {
            ($stage:literal) => {
                fft.twiddles.as_ptr().add(fft.stages[$stage].twiddle_offset)
            };
        }
        match fft.m {
            32 => {
                first_pass::<L, 8>(&from, 32, tw!(0), points);
                pass::<L, 4>(4, tw!(1), 0, 32, points);
            }
            200 => {
                first_pass::<L, 5>(&from, 200, tw!(0), points);
                for base in (0..200).step_by(40) {
                    pass::<L, 5>(40, tw!(1), base, base + 40, points);
                    pass::<L, 8>(8, tw!(2), base, base + 40, points);
                }
            }
            256 => {
                first_pass::<L, 8>(&from, 256, tw!(0), points);
                for base in (0..256).step_by(32) {
                    pass::<L, 8>(32, tw!(1), base, base + 32, points);
                    pass::<L, 4>(4, tw!(2), base, base + 32, points);
                }
            }
            1024 => {
                first_pass::<L, 8>(&from, 1024, tw!(0), points);
                for base in (0..1024).step_by(128) {
                    pass::<L, 8>(128, tw!(1), base, base + 128, points);
                    pass::<L, 4>(16, tw!(2), base, base + 128, points);
                    pass::<L, 4>(4, tw!(3), base, base + 128, points);
                }
            }
            2048 => {
                first_pass::<L, 8>(&from, 2048, tw!(0), points);
                for base in (0..2048).step_by(256) {
                    pass::<L, 8>(256, tw!(1), base, base + 256, points);
                    pass::<L, 8>(32, tw!(2), base, base + 256, points);
                    pass::<L, 4>(4, tw!(3), base, base + 256, points);
                }
            }
            _ => any_size::<L>(fft, &from, points),
        }
    }
}

/// [`load_and_transform`] for a plan of any size.
#[inline(always)]
pub(crate) unsafe fn any_size<L: Lane>(fft: &RealFft, from: &Samples, points: *mut f32) {
    let Some((outer, inner)) = fft.stages.split_first() else {
        return;
    };
    // SAFETY: as `load_and_transform`.
    unsafe {
        let tw = fft.twiddles.as_ptr();
        match outer.radix {
            2 => first_pass::<L, 2>(from, outer.len, tw, points),
            3 => first_pass::<L, 3>(from, outer.len, tw, points),
            4 => first_pass::<L, 4>(from, outer.len, tw, points),
            5 => first_pass::<L, 5>(from, outer.len, tw, points),
            _ => first_pass::<L, 8>(from, outer.len, tw, points),
        }
        // Whole passes while a block outgrows the cache, then each block to its end.
        let deep = inner.iter().position(|s| s.len * L::W * 8 <= CACHE_BYTES).unwrap_or(inner.len());
        for stage in &inner[..deep] {
            any_pass::<L>(stage, tw, 0, fft.m, points);
        }
        if let Some(block) = inner.get(deep) {
            for base in (0..fft.m).step_by(block.len) {
                for stage in &inner[deep..] {
                    any_pass::<L>(stage, tw, base, base + block.len, points);
                }
            }
        }
    }
}

/// [`pass`] with the radix of `stage`.
#[inline(always)]
pub(crate) unsafe fn any_pass<L: Lane>(
    stage: &Stage,
    twiddles: *const [f32; 2],
    from: usize,
    to: usize,
    points: *mut f32,
) {
    // SAFETY: as `pass`.
    unsafe {
        let tw = twiddles.add(stage.twiddle_offset);
        match stage.radix {
            2 => pass::<L, 2>(stage.len, tw, from, to, points),
            3 => pass::<L, 3>(stage.len, tw, from, to, points),
            4 => pass::<L, 4>(stage.len, tw, from, to, points),
            5 => pass::<L, 5>(stage.len, tw, from, to, points),
            _ => pass::<L, 8>(stage.len, tw, from, to, points),
        }
    }
}

/// Where a frame's samples come from: turned samples, their places, the window in their scale.
pub(crate) struct Samples {
    turned: *const f32,
    place: *const u32,
    window: *const f32,
}

/// Point `k`: samples `2 k` and `2 k + 1` under the window.
#[inline(always)]
pub(crate) unsafe fn read_point<L: Lane>(from: &Samples, k: usize) -> C<L> {
    // SAFETY: as `load_and_transform`.
    unsafe {
        let re = L::load(from.turned.add(*from.place.add(2 * k) as usize));
        let im = L::load(from.turned.add(*from.place.add(2 * k + 1) as usize));
        C { re: re.mul(L::splat(*from.window.add(2 * k))), im: im.mul(L::splat(*from.window.add(2 * k + 1))) }
    }
}

/// The first stage: reads the samples, never `points`.
#[inline(always)]
pub(crate) unsafe fn first_pass<L: Lane, const R: usize>(
    from: &Samples,
    len: usize,
    tw: *const [f32; 2],
    points: *mut f32,
) {
    let sub = len / R;
    // SAFETY: as `load_and_transform`.
    unsafe {
        for j in 0..sub {
            let mut x = [C { re: L::splat(0.0), im: L::splat(0.0) }; R];
            for q in 0..R {
                x[q] = read_point(from, j + q * sub);
            }
            butterfly::<L, R>(&mut x);
            write_stage::<L, R>(sub, tw, 0, j, &x, points);
        }
    }
}

/// One stage of blocks of `len` over points `from .. to`.
#[inline(always)]
pub(crate) unsafe fn pass<L: Lane, const R: usize>(
    len: usize,
    tw: *const [f32; 2],
    from: usize,
    to: usize,
    points: *mut f32,
) {
    let sub = len / R;
    // SAFETY: from .. to are whole blocks inside the m points.
    unsafe {
        for base in (from..to).step_by(len) {
            for j in 0..sub {
                let mut x = [C { re: L::splat(0.0), im: L::splat(0.0) }; R];
                for q in 0..R {
                    let p = points.add(2 * (base + j + q * sub) * L::W);
                    x[q] = C { re: L::load(p), im: L::load(p.add(L::W)) };
                }
                butterfly::<L, R>(&mut x);
                write_stage::<L, R>(sub, tw, base, j, &x, points);
            }
        }
    }
}

/// Turns the outputs of butterfly `j` by their twiddles and puts them back.
#[inline(always)]
pub(crate) unsafe fn write_stage<L: Lane, const R: usize>(
    sub: usize,
    tw: *const [f32; 2],
    base: usize,
    j: usize,
    x: &[C<L>; R],
    points: *mut f32,
) {
    // SAFETY: base + j + p * sub < m; twiddles of the stage have (R - 1) * sub entries.
    unsafe {
        for p in 0..R {
            // At j = 0 all twiddles are 1: leaving the product out changes no value.
            let y = if p == 0 || j == 0 {
                x[p]
            } else {
                let [wr, wi] = *tw.add((p - 1) * sub + j);
                twiddle(x[p], L::splat(wr), L::splat(wi))
            };
            let to = points.add(2 * (base + j + p * sub) * L::W);
            y.re.store(to);
            y.im.store(to.add(L::W));
        }
    }
}

/// Power of bins 0 ..= m of the real frame into `power[f * row ..]`, set or added.
///
/// With Z the transform of the packed points and a = Z[k], b = conj Z[m - k]: X[k] = (a + b) / 2 + W (a - b) / 2i, and
/// X[m - k] is the conjugate of the same with a minus. The halves were folded into the window.
#[inline(always)]
pub(crate) unsafe fn split_power<L: Lane, const ADD: bool>(
    fft: &RealFft,
    points: *const f32,
    power: *mut f32,
    row: usize,
    magnitude: bool,
) {
    let m = fft.m;
    let position = fft.position.as_ptr();
    // SAFETY: k and m - k are bins of the transform, or 0 for k = 0; power has m + 1 rows.
    unsafe {
        for k in 0..=m / 2 {
            let a = points.add(2 * *position.add(k) as usize * L::W);
            let b = points.add(2 * *position.add(if k == 0 { 0 } else { m - k }) as usize * L::W);
            let (ar, ai) = (L::load(a), L::load(a.add(L::W)));
            let (br, bi) = (L::load(b), L::load(b.add(L::W)));
            let [c, s] = *fft.split.as_ptr().add(k);
            let (c, s) = (L::splat(c), L::splat(s));
            let (er, ei) = (ar.add(br), ai.sub(bi));
            let (or, oi) = (ai.add(bi), br.sub(ar));
            let (tr, ti) = (c.mul(or).add(s.mul(oi)), c.mul(oi).sub(s.mul(or)));
            let (xr, xi) = (er.add(tr), ei.add(ti));
            let (yr, yi) = (er.sub(tr), ei.sub(ti));
            let mut low = xr.mul(xr).add(xi.mul(xi));
            let mut high = yr.mul(yr).add(yi.mul(yi));
            if magnitude {
                (low, high) = (low.sqrt(), high.sqrt());
            }
            let (to_low, to_high) = (power.add(k * row), power.add((m - k) * row));
            if ADD {
                L::load(to_low).add(low).store(to_low);
                // At k = m / 2 both are the same bin: it is added once.
                if k != m - k {
                    L::load(to_high).add(high).store(to_high);
                }
            } else {
                high.store(to_high);
                low.store(to_low);
            }
        }
    }
}
