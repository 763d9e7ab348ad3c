//! Sums over a run of samples: the inner loops of the level numbers.
//!
//! Four partial sums, sample `i` of the run in partial sum `i % 4`, then `(s0 + s1) + (s2 + s3)`: an order that a
//! compiler may vectorise and that depends on the run alone. Products and sums in f64.

/// Partial sums.
const LANES: usize = 4;

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

fn total(s: [f64; LANES]) -> f64 {
    (s[0] + s[1]) + (s[2] + s[3])
}

fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Sums of a run of one channel.
#[inline(always)]
pub fn one(x: &[f32]) -> One {
    let mut square = [0.0f64; LANES];
    let mut peak = [0.0f32; LANES];
    let mut add = |j: usize, x: f32| {
        let d = f64::from(x);
        square[j] += d * d;
        peak[j] = larger(peak[j], x.abs());
    };
    let (whole, rest) = x.as_chunks::<LANES>();
    for x in whole {
        for j in 0..LANES {
            add(j, x[j]);
        }
    }
    for (j, &x) in rest.iter().enumerate() {
        add(j, x);
    }
    One { square: total(square), peak: peak.into_iter().fold(0.0, larger) }
}

/// Sums of a run of two channels of the same length.
#[inline(always)]
pub fn pair(l: &[f32], r: &[f32]) -> Pair {
    let (mut ll, mut rr, mut lr) = ([0.0f64; LANES], [0.0f64; LANES], [0.0f64; LANES]);
    let (mut sl, mut sr, mut peak) = ([0.0f64; LANES], [0.0f64; LANES], [0.0f32; LANES]);
    let mut add = |j: usize, l: f32, r: f32| {
        peak[j] = larger(peak[j], larger(l.abs(), r.abs()));
        let (l, r) = (f64::from(l), f64::from(r));
        ll[j] += l * l;
        rr[j] += r * r;
        lr[j] += l * r;
        sl[j] += l;
        sr[j] += r;
    };
    let (whole_l, rest_l) = l.as_chunks::<LANES>();
    let (whole_r, rest_r) = r.as_chunks::<LANES>();
    for (l, r) in whole_l.iter().zip(whole_r) {
        for j in 0..LANES {
            add(j, l[j], r[j]);
        }
    }
    for (j, (&l, &r)) in rest_l.iter().zip(rest_r).enumerate() {
        add(j, l, r);
    }
    let peak = peak.into_iter().fold(0.0, larger);
    Pair { ll: total(ll), rr: total(rr), lr: total(lr), l: total(sl), r: total(sr), peak }
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
    #[inline(always)]
    pub fn push(&mut self, x: &[f32]) {
        let (Some(negative), true) = (self.negative, x.iter().fold(true, |all, &x| all & (x != 0.0))) else {
            return self.push_slowly(x);
        };
        let Some((&first, &last)) = x.first().zip(x.last()) else { return };
        let changes: u32 = x.windows(2).map(|w| (w[0].to_bits() ^ w[1].to_bits()) >> 31).sum();
        self.count += u64::from(changes) + u64::from(negative != first.is_sign_negative());
        self.negative = Some(last.is_sign_negative());
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
