//! The small transforms inside a stage: `R` complex points, decimation in frequency, output `p` = sum over q of
//! x_q exp(-2 pi i p q / R). The order of every addition is part of the definition; `shaders/mel/butterfly.wgsl`
//! writes the same ones.

use earprint_lanes::Lane;

/// One complex point in every lane.
#[derive(Clone, Copy)]
pub(crate) struct C<L> {
    pub re: L,
    pub im: L,
}

pub(crate) const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
const SIN_60: f32 = 0.866_025_4;
const COS_72: f32 = 0.309_017;
const COS_144: f32 = -0.809_017;
const SIN_72: f32 = 0.951_056_5;
const SIN_144: f32 = 0.587_785_25;

#[inline(always)]
unsafe fn add<L: Lane>(a: C<L>, b: C<L>) -> C<L> {
    // SAFETY: same contract as the caller's.
    unsafe { C { re: a.re.add(b.re), im: a.im.add(b.im) } }
}

#[inline(always)]
unsafe fn sub<L: Lane>(a: C<L>, b: C<L>) -> C<L> {
    // SAFETY: same contract as the caller's.
    unsafe { C { re: a.re.sub(b.re), im: a.im.sub(b.im) } }
}

/// a - i b.
#[inline(always)]
unsafe fn sub_i<L: Lane>(a: C<L>, b: C<L>) -> C<L> {
    // SAFETY: same contract as the caller's.
    unsafe { C { re: a.re.add(b.im), im: a.im.sub(b.re) } }
}

/// a + i b.
#[inline(always)]
unsafe fn add_i<L: Lane>(a: C<L>, b: C<L>) -> C<L> {
    // SAFETY: same contract as the caller's.
    unsafe { C { re: a.re.sub(b.im), im: a.im.add(b.re) } }
}

/// y (wr + i wi).
#[inline(always)]
pub(crate) unsafe fn twiddle<L: Lane>(y: C<L>, wr: L, wi: L) -> C<L> {
    // SAFETY: same contract as the caller's.
    unsafe { C { re: y.re.mul(wr).sub(y.im.mul(wi)), im: y.re.mul(wi).add(y.im.mul(wr)) } }
}

#[inline(always)]
unsafe fn four<L: Lane>(x: [C<L>; 4]) -> [C<L>; 4] {
    // SAFETY: same contract as the caller's.
    unsafe {
        let (s0, s1) = (add(x[0], x[2]), sub(x[0], x[2]));
        let (s2, s3) = (add(x[1], x[3]), sub(x[1], x[3]));
        [add(s0, s2), sub_i(s1, s3), sub(s0, s2), add_i(s1, s3)]
    }
}

/// Transforms `x[0..R]` in place.
///
/// # Safety
/// As [`Lane`].
#[inline(always)]
pub(crate) unsafe fn butterfly<L: Lane, const R: usize>(x: &mut [C<L>; R]) {
    // SAFETY: same contract as the caller's.
    unsafe {
        match R {
            2 => (x[0], x[1]) = (add(x[0], x[1]), sub(x[0], x[1])),
            3 => {
                let t = add(x[1], x[2]);
                let d = sub(x[1], x[2]);
                let (half, sin) = (L::splat(0.5), L::splat(SIN_60));
                let m = C { re: x[0].re.sub(half.mul(t.re)), im: x[0].im.sub(half.mul(t.im)) };
                let n = C { re: sin.mul(d.re), im: sin.mul(d.im) };
                x[0] = add(x[0], t);
                x[1] = sub_i(m, n);
                x[2] = add_i(m, n);
            }
            4 => {
                let y = four([x[0], x[1], x[2], x[3]]);
                (x[0], x[1], x[2], x[3]) = (y[0], y[1], y[2], y[3]);
            }
            5 => {
                let (t1, t2) = (add(x[1], x[4]), add(x[2], x[3]));
                let (t3, t4) = (sub(x[1], x[4]), sub(x[2], x[3]));
                let (c1, c2) = (L::splat(COS_72), L::splat(COS_144));
                let (s1, s2) = (L::splat(SIN_72), L::splat(SIN_144));
                let m1 = C {
                    re: x[0].re.add(c1.mul(t1.re)).add(c2.mul(t2.re)),
                    im: x[0].im.add(c1.mul(t1.im)).add(c2.mul(t2.im)),
                };
                let m2 = C {
                    re: x[0].re.add(c2.mul(t1.re)).add(c1.mul(t2.re)),
                    im: x[0].im.add(c2.mul(t1.im)).add(c1.mul(t2.im)),
                };
                let n1 = C { re: s1.mul(t3.re).add(s2.mul(t4.re)), im: s1.mul(t3.im).add(s2.mul(t4.im)) };
                let n2 = C { re: s2.mul(t3.re).sub(s1.mul(t4.re)), im: s2.mul(t3.im).sub(s1.mul(t4.im)) };
                x[0] = add(add(x[0], t1), t2);
                x[1] = sub_i(m1, n1);
                x[2] = sub_i(m2, n2);
                x[3] = add_i(m2, n2);
                x[4] = add_i(m1, n1);
            }
            _ => {
                // Eight: the even outputs are the four-point transform of the sums, the odd ones that of the
                // differences turned by an eighth.
                let h = L::splat(SQRT_HALF);
                let even = four([add(x[0], x[4]), add(x[1], x[5]), add(x[2], x[6]), add(x[3], x[7])]);
                let (b0, b1) = (sub(x[0], x[4]), sub(x[1], x[5]));
                let (b2, b3) = (sub(x[2], x[6]), sub(x[3], x[7]));
                let t1 = C { re: h.mul(b1.re.add(b1.im)), im: h.mul(b1.im.sub(b1.re)) };
                let t3 = C { re: h.mul(b3.im.sub(b3.re)), im: h.mul(b3.re.add(b3.im)) };
                // t2 = -i b2 and t3 = -(its conjugate turn): the signs go into the additions below.
                let (s0, s1) = (sub_i(b0, b2), add_i(b0, b2));
                let (s2, s3) = (
                    C { re: t1.re.add(t3.re), im: t1.im.sub(t3.im) },
                    C { re: t1.re.sub(t3.re), im: t1.im.add(t3.im) },
                );
                for q in 0..4 {
                    x[2 * q] = even[q];
                }
                x[1] = add(s0, s2);
                x[3] = sub_i(s1, s3);
                x[5] = sub(s0, s2);
                x[7] = add_i(s1, s3);
            }
        }
    }
}
