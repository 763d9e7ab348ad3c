//! The lane kernel of YIN: the difference functions of blocks, one block per lane. Its order of operations is the one of
//! `shaders/track/yin_difference.wgsl`.
//!
//! Lane `l` walks through a run of neighbouring frames of its own, so the spectrum, the energies and the difference
//! function of the block before are where they were left: nothing moves between lanes.

use super::search::search;
use super::{LAGS, POINTS, TAU_MAX, YinScratch};
use crate::butterfly::{C, butterfly, twiddle};
use crate::fft::RealFft;
use crate::room::room;
use crate::track::HOP;
use crate::transform::{pass, write_stage};
use crate::turn::Turn;
use earprint_lanes::Lane;

/// Complex points of the transform.
const M: usize = POINTS / 2;
/// Samples whose squares are summed one by one before the sum joins the sum of the groups before it: a running sum of 32 + 32
/// terms instead of 1,024 keeps the rounding of the energies below that of the transform.
const GROUP: usize = 32;
/// The inverse's factor (2 / M for 2 r, and halves left out: a half in either spectrum, one in even and odd parts).
const SCALE: f32 = 1.0 / 4096.0;

/// See `YinKernel::run`.
///
/// # Safety
/// Inside a function compiled for `L`'s instruction set; lengths as `YinKernel::run` checked them.
#[inline(always)]
pub(super) unsafe fn run<L: Lane>(
    fft: &RealFft,
    pcm: &[f32],
    frames: usize,
    rows: &mut [f32],
    scratch: &mut YinScratch,
) {
    let w = L::W;
    // Frames of a lane.
    let run = frames.div_ceil(w);
    let turn = Turn::new(run * HOP, HOP, w);
    // SAFETY: every pointer below stays inside a buffer of the size asked for here; `L` is the caller's promise.
    unsafe {
        let turned = room(&mut scratch.turned, turn.columns * turn.row);
        let points = room(&mut scratch.points, 2 * M * w);
        let [a, b] = &mut scratch.spectra;
        let (mut spectrum, mut spectrum_before) = (room(a, 2 * M * w), room(b, 2 * M * w));
        let [a, b] = &mut scratch.energies;
        let (mut energy, mut energy_before) = (room(a, (LAGS + 1) * w), room(b, (LAGS + 1) * w));
        let [a, b] = &mut scratch.differences;
        let (mut difference, mut difference_before) = (room(a, LAGS * w), room(b, LAGS * w));

        // Frame g - 2 of a lane needs blocks g - 2 and g - 1; block g - 1 needs the samples of block g.
        for g in 0..run + 2 {
            turn.fill::<L, f32>(&pcm[(g * HOP).min(pcm.len())..], 0, turned);
            energies::<L>(turned, energy);
            forward::<L>(fft, turned, spectrum);
            if g >= 1 {
                correlate::<L>(fft, spectrum_before, spectrum, points);
                differences::<L>(fft, points, energy_before, energy, difference);
            }
            if g >= 2 {
                search::<L>(difference_before, difference, run, g - 2, frames, rows);
            }
            std::mem::swap(&mut spectrum, &mut spectrum_before);
            std::mem::swap(&mut energy, &mut energy_before);
            std::mem::swap(&mut difference, &mut difference_before);
        }
    }
}

/// `energy[i]` = sum of the squares of the block's samples before `i`, for i = 0 ..= TAU_MAX, and of all of them at LAGS.
#[inline(always)]
unsafe fn energies<L: Lane>(turned: *const f32, energy: *mut f32) {
    // SAFETY: turned has HOP rows, energy LAGS + 1.
    unsafe {
        let mut groups = L::splat(0.0);
        for group in (0..HOP).step_by(GROUP) {
            let mut sum = L::splat(0.0);
            for i in group..group + GROUP {
                if i <= TAU_MAX {
                    groups.add(sum).store(energy.add(i * L::W));
                }
                let x = L::load(turned.add(i * L::W));
                sum = sum.add(x.mul(x));
            }
            groups = groups.add(sum);
        }
        groups.store(energy.add(LAGS * L::W));
    }
}

/// Complex transform of the packed block and as many zeros, bins at `fft.position`.
#[inline(always)]
unsafe fn forward<L: Lane>(fft: &RealFft, turned: *const f32, points: *mut f32) {
    // SAFETY: turned has HOP rows, which are points 0 .. M / 2; points has 2 * M.
    unsafe {
        let tw = |stage: usize| fft.twiddles.as_ptr().add(fft.stages[stage].twiddle_offset);
        let zero = L::splat(0.0);
        for j in 0..M / 8 {
            let mut x = [C { re: zero, im: zero }; 8];
            for q in 0..4 {
                let p = turned.add(2 * (j + q * (M / 8)) * L::W);
                x[q] = C { re: L::load(p), im: L::load(p.add(L::W)) };
            }
            butterfly::<L, 8>(&mut x);
            write_stage::<L, 8>(M / 8, tw(0), 0, j, &x, points);
        }
        for base in (0..M).step_by(128) {
            pass::<L, 8>(128, tw(1), base, base + 128, points);
            pass::<L, 4>(16, tw(2), base, base + 128, points);
            pass::<L, 4>(4, tw(3), base, base + 128, points);
        }
    }
}

/// Spectrum `x[k]` and conj `x[m - k]`, both doubled, of the real block whose packed transform is in `points`.
#[inline(always)]
unsafe fn split<L: Lane>(points: *const f32, low: usize, high: usize, c: L, s: L) -> (C<L>, C<L>) {
    // SAFETY: low and high are positions of points.
    unsafe {
        let (a, b) = (points.add(2 * low * L::W), points.add(2 * high * L::W));
        let (ar, ai) = (L::load(a), L::load(a.add(L::W)));
        let (br, bi) = (L::load(b), L::load(b.add(L::W)));
        let (er, ei) = (ar.add(br), ai.sub(bi));
        let (or, oi) = (ai.add(bi), br.sub(ar));
        let (tr, ti) = (c.mul(or).add(s.mul(oi)), c.mul(oi).sub(s.mul(or)));
        (C { re: er.add(tr), im: ei.add(ti) }, C { re: er.sub(tr), im: ei.sub(ti) })
    }
}

/// conj x (x + next), or conj x (x - next) where `odd`.
#[inline(always)]
unsafe fn cross<L: Lane, const ODD: bool>(x: C<L>, next: C<L>) -> C<L> {
    // SAFETY: as `Lane`.
    unsafe {
        let u = if ODD {
            C { re: x.re.sub(next.re), im: x.im.sub(next.im) }
        } else {
            C { re: x.re.add(next.re), im: x.im.add(next.im) }
        };
        C { re: x.re.mul(u.re).add(x.im.mul(u.im)), im: x.re.mul(u.im).sub(x.im.mul(u.re)) }
    }
}

/// Points k and m - k of what the inverse transforms, conjugated, k <= m / 2. With R = conj x (x + (-1)^k next), which is
/// the spectrum of the real correlation r, the packed r(2 u) + i r(2 u + 1) has the transform V = Ev + i Od with
/// 2 Ev = R[k] + conj R[m - k] and 2 Od = (R[k] - conj R[m - k]) exp(2 pi i k / n); and V[m - k] = conj Ev + i conj Od.
#[inline(always)]
unsafe fn pair<L: Lane, const ODD: bool>(fft: &RealFft, block: *const f32, next: *const f32, k: usize) -> (C<L>, C<L>) {
    // SAFETY: k and m - k are bins of the transform, or 0 for k = 0; split has m / 2 + 1 entries.
    unsafe {
        let position = fft.position.as_ptr();
        let low = *position.add(k) as usize;
        let high = *position.add(if k == 0 { 0 } else { M - k }) as usize;
        let [c, s] = *fft.split.as_ptr().add(k);
        let (c, s) = (L::splat(c), L::splat(s));
        let (x, y) = split(block, low, high, c, s);
        let (x_next, y_next) = split(next, low, high, c, s);
        let (r, q) = (cross::<L, ODD>(x, x_next), cross::<L, ODD>(y, y_next));
        let (er, ei) = (r.re.add(q.re), r.im.add(q.im));
        let o = twiddle(C { re: r.re.sub(q.re), im: r.im.sub(q.im) }, c, s);
        (C { re: er.sub(o.im), im: L::splat(0.0).sub(ei.add(o.re)) }, C { re: er.add(o.im), im: ei.sub(o.re) })
    }
}

/// The inverse of the cross spectrum as the conjugate of a forward transform, all but its last stage, into `points`.
#[inline(always)]
unsafe fn correlate<L: Lane>(fft: &RealFft, block: *const f32, next: *const f32, points: *mut f32) {
    // SAFETY: all three have 2 * M rows.
    unsafe {
        first_butterflies::<L, false>(fft, block, next, points);
        first_butterflies::<L, true>(fft, block, next, points);
        let tw = |stage: usize| fft.twiddles.as_ptr().add(fft.stages[stage].twiddle_offset);
        for base in (0..M).step_by(128) {
            pass::<L, 8>(128, tw(1), base, base + 128, points);
            pass::<L, 4>(16, tw(2), base, base + 128, points);
        }
    }
}

/// The first stage of the inverse for even or odd j: butterflies j and 128 - j together, since the points of one are the
/// mirror images of the other's.
#[inline(always)]
unsafe fn first_butterflies<L: Lane, const ODD: bool>(
    fft: &RealFft,
    block: *const f32,
    next: *const f32,
    points: *mut f32,
) {
    const SUB: usize = M / 8;
    // SAFETY: as `correlate`.
    unsafe {
        let zero = C { re: L::splat(0.0), im: L::splat(0.0) };
        let tw = fft.twiddles.as_ptr().add(fft.stages[0].twiddle_offset);
        for j in (ODD as usize..=SUB / 2).step_by(2) {
            let (mut a, mut b) = ([zero; 8], [zero; 8]);
            if j == 0 {
                (a[0], _) = pair::<L, ODD>(fft, block, next, 0);
                for q in 1..=4 {
                    (a[q], a[8 - q]) = pair::<L, ODD>(fft, block, next, q * SUB);
                }
            } else if j == SUB / 2 {
                for q in 0..4 {
                    (a[q], a[7 - q]) = pair::<L, ODD>(fft, block, next, j + q * SUB);
                }
            } else {
                for q in 0..4 {
                    (a[q], b[7 - q]) = pair::<L, ODD>(fft, block, next, j + q * SUB);
                    (b[q], a[7 - q]) = pair::<L, ODD>(fft, block, next, SUB - j + q * SUB);
                }
            }
            butterfly::<L, 8>(&mut a);
            write_stage::<L, 8>(SUB, tw, 0, j, &a, points);
            if j != 0 && j != SUB / 2 {
                butterfly::<L, 8>(&mut b);
                write_stage::<L, 8>(SUB, tw, 0, SUB - j, &b, points);
            }
        }
    }
}

/// Where differences come from and go to.
struct Differences<L> {
    /// Energy of all samples of the block.
    whole: L,
    scale: L,
    energy: *const f32,
    energy_next: *const f32,
    out: *mut f32,
}

impl<L: Lane> Differences<L> {
    /// (e - P(tau)) + P_next(tau) + e.
    #[inline(always)]
    unsafe fn energies(&self, tau: usize) -> L {
        // SAFETY: as `differences`.
        unsafe {
            let gone = self.whole.sub(L::load(self.energy.add(tau * L::W)));
            gone.add(L::load(self.energy_next.add(tau * L::W))).add(self.whole)
        }
    }

    /// D(2 u) and D(2 u + 1): r(2 u) = re, r(2 u + 1) = -im of the conjugate's transform.
    // A function and not a closure: closures are not compiled for the instruction set of what surrounds them.
    #[inline(always)]
    unsafe fn put(&self, u: usize, r: C<L>) {
        // SAFETY: as `differences`.
        unsafe {
            let even = if u == 0 { self.whole } else { self.energies(2 * u).sub(r.re.mul(self.scale)) };
            even.store(self.out.add(2 * u * L::W));
            if 2 * u < TAU_MAX {
                self.energies(2 * u + 1).add(r.im.mul(self.scale)).store(self.out.add((2 * u + 1) * L::W));
            }
        }
    }
}

/// The last stage of the inverse where lags up to TAU_MAX come out, and D = ((e - P(tau)) + P_next(tau)) + e - 2 r(tau). In
/// place of D(0), which is 0, stands the block's energy e: the search wants it.
#[inline(always)]
unsafe fn differences<L: Lane>(
    fft: &RealFft,
    points: *const f32,
    energy: *const f32,
    energy_next: *const f32,
    difference: *mut f32,
) {
    // SAFETY: points has 2 * M rows, the energies LAGS + 1, difference LAGS.
    unsafe {
        let whole = L::load(energy.add(LAGS * L::W));
        let to = Differences { whole, scale: L::splat(SCALE), energy, energy_next, out: difference };
        for u in 0..M / 4 {
            let p = points.add(2 * *fft.position.as_ptr().add(u) as usize * L::W);
            let mut x = [C { re: L::splat(0.0), im: L::splat(0.0) }; 4];
            for (q, x) in x.iter_mut().enumerate() {
                *x = C { re: L::load(p.add(2 * q * L::W)), im: L::load(p.add((2 * q + 1) * L::W)) };
            }
            // What is not stored is not computed: the compiler sees to that.
            butterfly::<L, 4>(&mut x);
            to.put(u, x[0]);
            if 2 * (M / 4 + u) <= TAU_MAX {
                to.put(M / 4 + u, x[1]);
            }
        }
    }
}
