//! From difference functions of blocks to f0: the cumulative mean and the search, one frame per lane, lags ascending.
//! Its order of operations is the one of `shaders/track/yin_search.wgsl`.

use super::{F0_MAX, F0_MIN, RATE_HZ, ROUNDING, TAU_MAX, TAU_MIN, THRESHOLD};
use crate::track::row::{APERIODICITY, F0, ROW};
use earprint_lanes::Lane;

/// Above every d': tau at most.
const ABOVE: f32 = 1024.0;

/// Searches frame `nth` of every lane's run of `run` frames, whose two blocks have the difference functions `first` and
/// `second` (their energies at lag 0), and writes the rows of those below `frames`.
///
/// # Safety
/// As the kernel's: `first` and `second` have LAGS rows of lanes.
#[inline(always)]
pub(super) unsafe fn search<L: Lane>(
    first: *const f32,
    second: *const f32,
    run: usize,
    nth: usize,
    frames: usize,
    rows: &mut [f32],
) {
    let w = L::W;
    // SAFETY: rows of lanes 0 ..= TAU_MAX are read; the arrays hold the 16 lanes there are at most.
    unsafe {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let rounding = L::load(first).add(L::load(second)).mul(L::splat(ROUNDING));
        let (mut sum, mut tau) = (zero, zero);
        let mut least = L::splat(ABOVE);
        // d' below `limit` is taken: below the threshold at first, then below what was taken last; what is not taken
        // turns `limit` into `missed`: the threshold again, or after a first one taken, nothing any more.
        let (mut limit, mut missed) = (L::splat(THRESHOLD), L::splat(THRESHOLD));
        let (mut chosen, mut chosen_tau) = (L::splat(ABOVE), zero);
        let never = L::splat(-1.0);
        for lag in 1..TAU_MAX {
            tau = tau.add(one);
            let d = L::load(first.add(lag * w)).add(L::load(second.add(lag * w))).max(zero);
            sum = sum.add(d);
            if lag < TAU_MIN {
                continue;
            }
            let normal = rounding.mul(tau).select_lt(sum, d.mul(tau).div(sum), one);
            least = normal.min(least);
            chosen = normal.select_lt(limit, normal, chosen);
            chosen_tau = normal.select_lt(limit, tau, chosen_tau);
            let next = normal.select_lt(limit, normal, missed);
            missed = normal.select_lt(limit, never, missed);
            limit = next;
        }
        let (mut least_of, mut chosen_of, mut tau_of) = ([0.0; 16], [0.0; 16], [0.0; 16]);
        least.store(least_of.as_mut_ptr());
        chosen.store(chosen_of.as_mut_ptr());
        chosen_tau.store(tau_of.as_mut_ptr());
        for l in 0..w {
            let frame = l * run + nth;
            if frame >= frames {
                break;
            }
            let mut f0 = 0.0;
            if tau_of[l] > 0.0 {
                let d = |lag: usize| *first.add(lag * w + l) + *second.add(lag * w + l);
                let lag = tau_of[l] as usize;
                f0 = refined(tau_of[l], d(lag - 1), d(lag), d(lag + 1));
            }
            let row = &mut rows[frame * ROW..][..ROW];
            row[F0] = f0;
            row[APERIODICITY] = if f0 > 0.0 { chosen_of[l] } else { least_of[l] };
        }
    }
}

/// f0 of a minimum at lag `tau` between its neighbours, Hz; 0 outside the range.
fn refined(tau: f32, before: f32, at: f32, after: f32) -> f32 {
    let opening = (before - at) + (after - at);
    let mut offset = 0.0;
    if opening > 0.0 {
        offset = (0.5 * (before - after) / opening).clamp(-1.0, 1.0);
    }
    let f0 = RATE_HZ / (tau + offset);
    if (F0_MIN..=F0_MAX).contains(&f0) { f0 } else { 0.0 }
}
