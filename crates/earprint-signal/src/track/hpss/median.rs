//! Sixteen neighbouring medians of 31 values, by comparisons alone: exact at every width, and nothing depends on the data.
//!
//! Sixteen windows that move by one share 16 of their 31 values. Those are sorted once; then the sixteen windows are halved
//! again and again, and each half sorts the values that only it shares and merges them in. Values that cannot be the
//! median any more leave at each step: of the 2 n that a range of 2 n windows keeps and the n new ones of its half, the n
//! smallest and the n largest go. At the end one value is left for each window. 30 minima and maxima a median.
//!
//! Sources: sorting networks by K. E. Batcher, "Sorting networks and their applications", AFIPS 1968; sharing the sort between
//! windows: the idea of A. Adams, "Fast median filters using separable sorting networks", ACM TOG 40(4), 2021, derived
//! here for one dimension.

use earprint_lanes::Lane;

/// Values of a window.
pub(super) const WINDOW: usize = 31;
/// Windows computed together.
pub(super) const TOGETHER: usize = 16;

/// Compares and exchanges, in the order written.
macro_rules! exchange {
    ($a:ident: $($i:literal $j:literal),* $(,)?) => {
        $(
            let (low, high) = ($a[$i].min($a[$j]), $a[$i].max($a[$j]));
            $a[$i] = low;
            $a[$j] = high;
        )*
    };
}

/// Sorts `a` ascending: Batcher's odd-even merge sort.
#[inline(always)]
unsafe fn sort<L: Lane, const N: usize>(a: &mut [L; N]) {
    // SAFETY: as `Lane`.
    unsafe {
        match N {
            1 => {}
            2 => {
                exchange!(a: 0 1);
            }
            4 => {
                exchange!(a: 0 1, 2 3, 0 2, 1 3, 1 2);
            }
            8 => {
                exchange!(a: 0 1, 2 3, 4 5, 6 7, 0 2, 1 3, 4 6, 5 7, 1 2, 5 6, 0 4, 1 5, 2 6, 3 7, 2 4, 3 5, 1 2, 3 4, 5 6);
            }
            16 => {
                exchange!(a:
                    0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15, 0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15,
                    1 2, 5 6, 9 10, 13 14, 0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15, 2 4, 3 5, 10 12, 11 13,
                    1 2, 3 4, 5 6, 9 10, 11 12, 13 14, 0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15, 4 8, 5 9,
                    6 10, 7 11, 2 4, 3 5, 6 8, 7 9, 10 12, 11 13, 1 2, 3 4, 5 6, 7 8, 9 10, 11 12, 13 14
                );
            }
            _ => unreachable!("networks of 1, 2, 4, 8, 16"),
        }
    }
}

/// Sorts a bitonic sequence ascending.
#[inline(always)]
unsafe fn sort_bitonic<L: Lane, const N: usize>(a: &mut [L; N]) {
    // SAFETY: as `Lane`.
    unsafe {
        match N {
            1 => {}
            2 => {
                exchange!(a: 0 1);
            }
            4 => {
                exchange!(a: 0 2, 1 3, 0 1, 2 3);
            }
            8 => {
                exchange!(a: 0 4, 1 5, 2 6, 3 7, 0 2, 1 3, 4 6, 5 7, 0 1, 2 3, 4 5, 6 7);
            }
            _ => unreachable!("ranges of 1, 2, 4, 8"),
        }
    }
}

/// What half a range of windows keeps: `kept`, sorted, is what the whole range of `2 N` windows kept; `new` are the `N`
/// values that only this half shares. Returns the middle `N` of the `3 N`, sorted.
#[inline(always)]
unsafe fn halve<L: Lane, const N: usize, const N2: usize>(kept: &[L; N2], mut new: [L; N]) -> [L; N] {
    // SAFETY: as `Lane`.
    unsafe {
        sort(&mut new);
        let mut middle = new;
        for i in 0..N {
            // min(...): the 2 N smallest are kept[0 .. N] and these. max(...): the N largest of those.
            middle[i] = kept[i].max(kept[N + i].min(new[N - 1 - i]));
        }
        sort_bitonic(&mut middle);
        middle
    }
}

/// `N` values from number `first` on.
#[inline(always)]
unsafe fn take<L: Lane, const N: usize>(value: &impl Fn(usize) -> L, first: usize) -> [L; N] {
    let mut out = [value(first); N];
    for i in 1..N {
        out[i] = value(first + i);
    }
    out
}

/// Medians of the windows `value(j) .. value(j + 30)`, j = 0 .. 16, each handed to `put(j, median)`.
///
/// # Safety
/// As [`Lane`]; `value` is asked for 0 .. 46.
#[inline(always)]
pub(super) unsafe fn sixteen<L: Lane>(value: impl Fn(usize) -> L, mut put: impl FnMut(usize, L)) {
    // SAFETY: as `Lane`.
    unsafe {
        let mut all: [L; 16] = take(&value, TOGETHER - 1);
        sort(&mut all);
        // A range of n windows from window s on: its left half adds the values before the shared ones, its right half
        // those behind them.
        macro_rules! halves {
            ($kept:ident, $s:expr, $n:literal, $half:literal, |$part:ident, $at:ident| $rest:expr) => {
                for side in 0..2 {
                    let $at = $s + side * $half;
                    let first = if side == 0 { $s + $half - 1 } else { $s + WINDOW };
                    let $part: [L; $half] = halve::<L, $half, $n>(&$kept, take(&value, first));
                    $rest
                }
            };
        }
        halves!(all, 0, 16, 8, |eight, a| halves!(eight, a, 8, 4, |four, b| halves!(four, b, 4, 2, |two, c| halves!(
            two,
            c,
            2,
            1,
            |one, d| put(d, one[0])
        ))));
    }
}
