//! The columns of a row that come out of one power spectrum, `W` frames at a time.

use super::kernel::{CHUNKS, FAN, GROUPS};
use super::{BINS, HZ_PER_BIN, LN_BINS, POWER_FLOOR};
use crate::ln::ln_lanes;
use crate::track::row::{BANDS, BANDWIDTH, CENTROID, FLATNESS, POWER, ROLLOFF};
use earprint_lanes::Lane;

/// Share of the power below the roll-off.
const ROLLOFF_SHARE: f32 = 0.85;
/// Middle of a chunk, counted from its first bin.
const MIDDLE: f32 = (FAN / 2) as f32;
/// ln 2.
const LN_2: f32 = std::f32::consts::LN_2;
/// One bin's share of a mean.
const PER_BIN: f32 = 1.0 / BINS as f32;

/// Vectors of working memory: powers, first and second moments, moments of the frame, logarithms (a chunk each), powers of
/// the groups.
pub(super) const ROOM: usize = 5 * CHUNKS + GROUPS;

/// Columns `POWER ..= BANDWIDTH` of `power (STRIDE, W)` into `to (ROW, W)`.
///
/// # Safety
/// As [`Lane`]; `sums` holds `ROOM` vectors.
#[inline(always)]
pub(super) unsafe fn columns<L: Lane>(bands: &[[u32; 2]], power: *const f32, sums: *mut f32, to: *mut f32) {
    let w = L::W;
    // SAFETY: chunks and groups index the arrays laid out here; bins stay below 2,049.
    unsafe {
        let (zeroth, first, second) = (sums, sums.add(CHUNKS * w), sums.add(2 * CHUNKS * w));
        let (moment, logs) = (sums.add(3 * CHUNKS * w), sums.add(4 * CHUNKS * w));
        let groups = sums.add(5 * CHUNKS * w);

        let mut exponents = L::splat(0.0);
        for c in 0..CHUNKS {
            let p = power.add(FAN * c * w);
            let chunk = if c + 1 < CHUNKS { sum_chunk::<L, FAN>(p) } else { sum_chunk::<L, 1>(p) };
            let at = c * w;
            chunk.zeroth.store(zeroth.add(at));
            chunk.first.store(first.add(at));
            chunk.second.store(second.add(at));
            L::splat(middle_of(c)).mul(chunk.zeroth).add(chunk.first).store(moment.add(at));
            ln_lanes(chunk.mantissas).store(logs.add(at));
            // Whole numbers below 2^24: exact in any order.
            exponents = exponents.add(chunk.exponents);
        }

        let total = tree::<L>(zeroth, Some(groups));
        let (floor, nothing) = (L::splat(POWER_FLOOR), L::splat(0.0));
        let divisor = total.max(floor);
        let centroid = tree::<L>(moment, None).div(divisor);

        // Around the centroid: each chunk's own moments, moved there.
        for c in 0..CHUNKS {
            let at = c * w;
            let d = L::splat(middle_of(c)).sub(centroid);
            let (s0, s1) = (L::load(zeroth.add(at)), L::load(first.add(at)));
            d.mul(s0).add(s1.add(s1)).mul(d).add(L::load(second.add(at))).store(moment.add(at));
        }
        let variance = tree::<L>(moment, None).div(divisor).max(nothing);

        // Exponents relative to the frame's own: exact, so a gain of a power of two changes nothing.
        let (exponent, mantissa) = divisor.split_exponent();
        let exponents = exponents.sub(exponent.mul(L::splat(BINS as f32)));
        let geometric = exponents.mul(L::splat(LN_2)).add(tree::<L>(logs, None)).mul(L::splat(PER_BIN));
        let flatness = geometric.sub(ln_lanes(mantissa)).add(L::splat(LN_BINS)).min(nothing);

        let hz = L::splat(HZ_PER_BIN);
        total.store(to.add(POWER * w));
        total.select_lt(floor, nothing, centroid.mul(hz)).store(to.add(CENTROID * w));
        total.select_lt(floor, nothing, variance.sqrt().mul(hz)).store(to.add(BANDWIDTH * w));
        total.select_lt(floor, nothing, flatness).store(to.add(FLATNESS * w));
        for (b, &[from, end]) in bands.iter().enumerate() {
            band::<L>(from as usize, end as usize, power, zeroth).store(to.add((BANDS + b) * w));
        }

        let threshold = to.add(ROLLOFF * w);
        total.mul(L::splat(ROLLOFF_SHARE)).store(threshold);
        for lane in 0..w {
            let bin = rolloff(w, power.add(lane), zeroth.add(lane), groups.add(lane), *threshold.add(lane));
            let silent = *to.add(POWER * w + lane) < POWER_FLOOR;
            *threshold.add(lane) = if silent { 0.0 } else { bin as f32 * HZ_PER_BIN };
        }
    }
}

/// Bin in the middle of chunk `c`.
#[inline(always)]
fn middle_of(c: usize) -> f32 {
    (FAN * c) as f32 + MIDDLE
}

/// What is kept of a chunk: moments around its middle, product of the mantissas and sum of the exponents of its powers.
struct Chunk<L> {
    zeroth: L,
    first: L,
    second: L,
    mantissas: L,
    exponents: L,
}

#[inline(always)]
unsafe fn sum_chunk<L: Lane, const N: usize>(power: *const f32) -> Chunk<L> {
    // SAFETY: power has N vectors.
    unsafe {
        let (mut zeroth, mut first, mut second) = (L::splat(0.0), L::splat(0.0), L::splat(0.0));
        let (mut mantissas, mut exponents) = (L::splat(1.0), L::splat(0.0));
        for i in 0..N {
            let p = L::load(power.add(i * L::W));
            let from_middle = i as f32 - MIDDLE;
            zeroth = zeroth.add(p);
            first = first.add(L::splat(from_middle).mul(p));
            second = second.add(L::splat(from_middle * from_middle).mul(p));
            // Sixteen mantissas of sqrt(1/2) .. sqrt(2): the product stays within 2^-8 .. 2^8.
            let (e, m) = p.max(L::splat(POWER_FLOOR)).split_exponent();
            mantissas = mantissas.mul(m);
            exponents = exponents.add(e);
        }
        Chunk { zeroth, first, second, mantissas, exponents }
    }
}

/// Sum over chunks: sixteen ascending a group, groups ascending. Keeps the groups where asked.
#[inline(always)]
unsafe fn tree<L: Lane>(chunks: *const f32, groups: Option<*mut f32>) -> L {
    // SAFETY: CHUNKS vectors of chunks, GROUPS of groups.
    unsafe {
        let mut total = L::splat(0.0);
        for g in 0..GROUPS {
            let mut sum = L::splat(0.0);
            for c in g * FAN..CHUNKS.min((g + 1) * FAN) {
                sum = sum.add(L::load(chunks.add(c * L::W)));
            }
            if let Some(groups) = groups {
                sum.store(groups.add(g * L::W));
            }
            total = total.add(sum);
        }
        total
    }
}

/// [`tree`] over bins `from .. end` alone.
#[inline(always)]
unsafe fn band<L: Lane>(from: usize, end: usize, power: *const f32, chunks: *const f32) -> L {
    // SAFETY: end <= BINS.
    unsafe {
        let mut total = L::splat(0.0);
        for g in from / (FAN * FAN)..end.div_ceil(FAN * FAN) {
            let mut sum = L::splat(0.0);
            for c in (g * FAN).max(from / FAN)..((g + 1) * FAN).min(end.div_ceil(FAN)) {
                let (low, high) = (from.max(c * FAN), end.min((c + 1) * FAN));
                if high - low == FAN {
                    sum = sum.add(L::load(chunks.add(c * L::W)));
                    continue;
                }
                let mut inner = L::splat(0.0);
                for f in low..high {
                    inner = inner.add(L::load(power.add(f * L::W)));
                }
                sum = sum.add(inner);
            }
            total = total.add(sum);
        }
        total
    }
}

/// First bin at which the running sum reaches `threshold`. The running sum is groups before + (chunks before + (bins so
/// far)), each sum ascending: it never falls, and ends at the total.
///
/// # Safety
/// Values of one frame, `step` apart.
unsafe fn rolloff(step: usize, power: *const f32, chunks: *const f32, groups: *const f32, threshold: f32) -> usize {
    // SAFETY: the loops' bounds; they also end a search that NaNs would lead astray.
    unsafe {
        let (mut g, mut before) = (0, 0.0);
        while g + 1 < GROUPS && before + *groups.add(g * step) < threshold {
            before += *groups.add(g * step);
            g += 1;
        }
        let (mut c, mut inside) = (g * FAN, 0.0);
        let last = (CHUNKS - 1).min(c + FAN - 1);
        while c < last && before + (inside + *chunks.add(c * step)) < threshold {
            inside += *chunks.add(c * step);
            c += 1;
        }
        let (mut f, mut bins) = (c * FAN, 0.0);
        let last = (BINS - 1).min(f + FAN - 1);
        while f < last && before + (inside + (bins + *power.add(f * step))) < threshold {
            bins += *power.add(f * step);
            f += 1;
        }
        f
    }
}
