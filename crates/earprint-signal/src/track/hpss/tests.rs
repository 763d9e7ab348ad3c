use super::*;
use crate::track::row::{HARMONIC, PERCUSSIVE};
use crate::track::{BINS, reflected};

/// xorshift64: any bits do.
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

/// The definition, with the kernel's order of sums.
fn plain(power: &[f32], frames: usize) -> Vec<[f32; 2]> {
    let at = |r: usize, f: usize| power[r * STRIDE + f];
    (0..frames)
        .map(|t| {
            let mut blocks = Vec::new();
            for first in (0..BINS).step_by(16) {
                let mut sum = [0.0_f32; 2];
                for f in first..BINS.min(first + 16) {
                    let mh = median((0..31).map(|i| at(t + i, f)).collect());
                    let across = |i: isize| at(t + 15, reflected(f as isize + i, BINS as isize) as usize);
                    let mp = median((-15..=15).map(across).collect());
                    let inverse = 1.0 / (mh + mp).max(f32::MIN_POSITIVE);
                    for (s, m) in sum.iter_mut().zip([mh * inverse, mp * inverse]) {
                        *s += at(t + 15, f) * (m * m);
                    }
                }
                blocks.push(sum);
            }
            let add = |a: [f32; 2], b: &[f32; 2]| [a[0] + b[0], a[1] + b[1]];
            let groups: Vec<_> = blocks.chunks(16).map(|g| g.iter().fold([0.0; 2], add)).collect();
            groups.iter().fold([0.0; 2], add)
        })
        .collect()
}

fn run(width: Width, power: &[f32], frames: usize) -> Vec<[f32; 2]> {
    let mut rows = vec![-7.0; frames * ROW];
    HpssKernel::new(width).run(power, STRIDE, frames, &mut rows, &mut HpssScratch::default());
    let pick = |r: &[f32]| {
        assert!(r.iter().enumerate().all(|(c, &v)| [HARMONIC, PERCUSSIVE].contains(&c) || v == -7.0));
        [r[HARMONIC], r[PERCUSSIVE]]
    };
    rows.chunks(ROW).map(pick).collect()
}

fn tile(frames: usize, mut value: impl FnMut(usize, usize) -> f32) -> Vec<f32> {
    let mut out = vec![0.0; (frames + 30) * STRIDE];
    for (r, row) in out.chunks_mut(STRIDE).enumerate() {
        for (f, v) in row[..BINS].iter_mut().enumerate() {
            *v = value(r, f);
        }
    }
    out
}

#[test]
fn it_is_the_plain_median_filter_to_the_bit_at_every_width() {
    let mut bits = Bits(0x1234_5678_9abc_def1);
    let kinds: [&dyn Fn(&mut Bits) -> f32; 4] = [
        &|b| b.unit(),
        // Many ties, many zeros.
        &|b| (b.next() % 4) as f32,
        // Over the whole range of floats, subnormal ones too.
        &|b| f32::from_bits((b.next() as u32) % 0x7000_0000) * 1e-10,
        &|_| 0.0,
    ];
    for (kind, value) in kinds.into_iter().enumerate() {
        let frames = 19;
        let power = tile(frames, |_, _| value(&mut bits));
        let want = plain(&power, frames);
        for width in Width::available() {
            let got = run(width, &power, frames);
            for t in 0..frames {
                let (a, b) = (got[t].map(f32::to_bits), want[t].map(f32::to_bits));
                assert_eq!(a, b, "kind {kind}, frame {t}, {}: {:?} {:?}", width.name(), got[t], want[t]);
            }
        }
    }
}

#[test]
fn a_disturbed_value_is_seen() {
    let mut bits = Bits(99);
    let power = tile(3, |_, _| bits.unit());
    let mut other = power.clone();
    other[16 * STRIDE + 700] = 40.0;
    assert_ne!(run(Width::best(), &power, 3), run(Width::best(), &other, 3));
}

#[test]
fn frames_do_not_see_how_they_were_cut() {
    let mut bits = Bits(5);
    let power = tile(70, |_, _| bits.unit());
    let whole = run(Width::best(), &power, 70);
    for (from, frames) in [(0, 1), (3, 16), (17, 40), (69, 1)] {
        let part = run(Width::best(), &power[from * STRIDE..(from + frames + 30) * STRIDE], frames);
        assert_eq!(part, whole[from..from + frames]);
    }
}

#[test]
fn a_steady_line_is_harmonic_and_a_click_percussive() {
    // By hand: a line of one bin has Mh = its power and Mp = 0 in that bin, so all of it is harmonic; a click the reverse.
    let line = tile(4, |_, f| if f == 500 { 8.0 } else { 0.0 });
    assert_eq!(run(Width::best(), &line, 4), [[8.0, 0.0]; 4]);
    let click = tile(4, |r, _| if r == 16 { 1.0 } else { 0.0 });
    let got = run(Width::best(), &click, 4);
    assert_eq!(got, [[0.0, 0.0], [0.0, 2049.0], [0.0, 0.0], [0.0, 0.0]]);
    // Equal in both directions: each mask is a half, its square a quarter.
    let even = tile(2, |_, _| 2.0);
    assert_eq!(run(Width::best(), &even, 2), [[0.25 * 2.0 * 2049.0; 2]; 2]);
}
