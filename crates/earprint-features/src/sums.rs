//! Sums over a run of samples: the inner loops of the level numbers.
//!
//! Four partial sums, sample `i` of the run in partial sum `i % 4`, then `(s0 + s1) + (s2 + s3)`: an order that a
//! compiler may vectorise and that depends on the run alone. Products and sums in f64.

use earprint_lanes::widest;

use earprint_lanes::{Lanes, Quad, quads};

/// Samples whose sign changes are counted at once.
const BLOCK: usize = 64;

/// Sums of one channel's run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct One {
    /// Sum of x^2.
    pub square: f64,
    /// Largest |x|.
    pub peak: f32,
}

/// Sums of two channels' run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pair {
    /// Sum of l^2.
    pub ll: f64,
    /// Sum of r^2.
    pub rr: f64,
    /// Sum of l r.
    pub lr: f64,
    /// Sum of l.
    pub l: f64,
    /// Sum of r.
    pub r: f64,
    /// Largest |l| or |r|.
    pub peak: f32,
}

/// The sum of four partial sums.
fn total(s: Quad) -> f64 {
    (s[0] + s[1]) + (s[2] + s[3])
}

/// The largest of four samples.
fn largest(peaks: Quad) -> f32 {
    // Samples, so that nothing is rounded.
    peaks.into_iter().fold(0.0, f64::max) as f32
}

/// The last samples of a run. The zeros after them change no sum and no peak.
fn filled(rest: &[f32]) -> [f32; 4] {
    std::array::from_fn(|j| rest.get(j).copied().unwrap_or(0.0))
}

/// Sums of a run of one channel.
pub fn one(x: &[f32]) -> One {
    quads!(sum_one(x: &[f32]) -> One)
}

/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn sum_one<L: Lanes>(x: &[f32]) -> One {
    let (whole, rest) = x.as_chunks();
    // SAFETY: as the caller's.
    unsafe {
        let [mut square, mut peak] = [L::of([0.0; 4]); 2];
        for x in whole.iter().chain([&filled(rest)]) {
            let x = L::samples(*x);
            (square, peak) = (square.plus(x.times(x)), peak.or_larger(x));
        }
        One { square: total(square.quad()), peak: largest(peak.quad()) }
    }
}

/// Sums of a run of two channels of the same length.
pub fn pair(l: &[f32], r: &[f32]) -> Pair {
    quads!(sum_pair(l: &[f32], r: &[f32]) -> Pair)
}

/// Partial sums of two channels.
#[derive(Clone, Copy)]
struct PairLanes<L> {
    ll: L,
    rr: L,
    lr: L,
    l: L,
    r: L,
    peak: L,
}

impl<L: Lanes> PairLanes<L> {
    /// # Safety
    /// As [`Lanes`].
    #[inline(always)]
    unsafe fn add(&mut self, l: &[f32; 4], r: &[f32; 4]) {
        // SAFETY: as the caller's.
        unsafe {
            let (l, r) = (L::samples(*l), L::samples(*r));
            self.ll = self.ll.plus(l.times(l));
            self.rr = self.rr.plus(r.times(r));
            self.lr = self.lr.plus(l.times(r));
            (self.l, self.r) = (self.l.plus(l), self.r.plus(r));
            self.peak = self.peak.or_larger(l).or_larger(r);
        }
    }
}

/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn sum_pair<L: Lanes>(l: &[f32], r: &[f32]) -> Pair {
    let (whole_l, rest_l) = l.as_chunks();
    let (whole_r, rest_r) = r.as_chunks();
    // SAFETY: as the caller's.
    unsafe {
        let none = L::of([0.0; 4]);
        let mut sums = PairLanes { ll: none, rr: none, lr: none, l: none, r: none, peak: none };
        for (l, r) in whole_l.iter().zip(whole_r) {
            sums.add(l, r);
        }
        sums.add(&filled(rest_l), &filled(rest_r));
        let PairLanes { ll, rr, lr, l, r, peak } = sums;
        let [ll, rr, lr, l, r] = [ll, rr, lr, l, r].map(|sums| total(sums.quad()));
        Pair { ll, rr, lr, l, r, peak: largest(peak.quad()) }
    }
}

/// Sign changes; zeros keep the sign before them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Crossings {
    /// Sign of the last sample that was not zero: its sign bit.
    negative: Option<bool>,
    count: u64,
}

impl Crossings {
    /// The next samples.
    pub fn push(&mut self, x: &[f32]) {
        let crossings = self;
        widest!(count(crossings: &mut Crossings, x: &[f32]));
    }

    /// Blocks without zeros at once.
    #[inline(always)]
    fn push_blocks(&mut self, x: &[f32]) {
        let (blocks, rest) = x.as_chunks::<BLOCK>();
        for x in blocks {
            let no_zeros = x.iter().fold(true, |all, &x| all & (x != 0.0));
            match self.negative {
                Some(negative) if no_zeros => {
                    let changes: u32 = x.windows(2).map(|w| (w[0].to_bits() ^ w[1].to_bits()) >> 31).sum();
                    self.count += u64::from(changes) + u64::from(negative != x[0].is_sign_negative());
                    self.negative = Some(x[BLOCK - 1].is_sign_negative());
                }
                _ => self.push_slowly(x),
            }
        }
        self.push_slowly(rest);
    }

    fn push_slowly(&mut self, x: &[f32]) {
        for &x in x {
            if x != 0.0 {
                let negative = x < 0.0;
                self.count += u64::from(self.negative.is_some_and(|before| before != negative));
                self.negative = Some(negative);
            }
        }
    }

    /// Sign changes so far.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[inline(always)]
fn count(crossings: &mut Crossings, x: &[f32]) {
    crossings.push_blocks(x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_seven_samples() {
        let l = [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0];
        let r = [0.5, 0.0, -0.5, 8.0, 0.0, 0.0, 1.0];
        assert_eq!(one(&l), One { square: 140.0, peak: 7.0 });
        assert_eq!(pair(&l, &r), Pair { ll: 140.0, rr: 65.5, lr: -26.0, l: 4.0, r: 9.0, peak: 8.0 });
        assert_eq!((one(&[]), pair(&[], &[])), (One::default(), Pair::default()));
    }

    #[test]
    fn zeros_keep_the_sign_before_them() {
        let x = [0.0, 1.0, 0.0, -0.0, 2.0, -1.0, 0.0, -1.0, 3.0, 4.0, -4.0, 4.0];
        for block in 1..=x.len() {
            let mut c = Crossings::default();
            for b in x.chunks(block) {
                c.push(b);
            }
            assert_eq!(c.count(), 4, "blocks of {block}");
        }
    }
}
