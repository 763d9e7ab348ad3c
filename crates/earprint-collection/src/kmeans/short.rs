//! The nearest centre of every row of a block from products of 16-bit integers: half the work of [`super::assign`], for more rows in doubt.
//!
//! A row is written as `s q + e`: integers q, a step s of its own, an error of the norm |e|. The centres have one step t for all, and E is the largest
//! norm of what they lose. The bracket of [`super::assign`], |c|^2 / 2 - x . c, is then within `|e| C + (|x| + |e|) E` of |c|^2 / 2 - s t q . p (Cauchy
//! and Schwarz twice; C is the largest |c|), and q . p is summed without any rounding: the steps are chosen so that |q| |p| stays below
//! 2^31, and so does every partial sum. What is left rounds a handful of times. Compared are brackets over s t. Where the second smallest is above the
//! smallest by more than twice all that, the label is certain, and so the definition's; the others are looked for in f32 again.

use earprint_lanes::{Pairs, Width, at_width_in_pairs, pair, widest};

use super::assign::{Centres, Nearest, TILE};
use super::rows::BLOCK;

/// Norms of the integers stay below: the product of two is below 2^31.
const MOST: f32 = 46_340.0;

/// A little more than one, for roundings of f32 on the way to a bound: the root of a sum of so many squares is off by `COLUMNS` 2^-25 of it.
const SLACK: f32 = 1.0 + 1e-4;

/// Most columns.
const COLUMNS: usize = 2048;

/// Roundings of a bracket once its integers are there, and two more: of |c|^2 / 2, its quotient by t, 1 / s, their product, the integers' sum as
/// f32, the difference.
const ROUNDINGS: f32 = 8.0;

/// Between these, squares are f32's own, and what vanishes beside the largest makes no difference.
const MAGNITUDES: std::ops::Range<f32> = 1e-15..1e15;

/// Halves over t from here on could make a bracket infinite beside a row's own 1 / s, which is below 1e20.
const FAR: f32 = 1e18;

/// Rows as pairs of integers.
#[derive(Debug)]
pub(super) struct ShortRows {
    d: usize,
    /// `(B, pairs, BLOCK)`: columns 2 i and 2 i + 1.
    pairs: Vec<i32>,
    /// 1 / s.
    inverse: Vec<f32>,
    /// Not below |e|.
    lost: Vec<f32>,
}

/// A block of them.
#[derive(Clone, Copy)]
pub(super) struct ShortBlock<'a> {
    pairs: &'a [i32],
    inverse: &'a [f32],
    lost: &'a [f32],
    /// Not below |x|; infinite where a row must not be certain.
    norms: &'a [f32],
}

/// The largest integer norm before rounding, which adds half an integer in every column at most.
fn room(d: usize) -> f32 {
    (MOST - 0.5 * (d as f32).sqrt() - 1.0) / SLACK
}

/// The step of numbers of a norm and a largest magnitude, and its inverse; (1, 0) leaves nothing of them.
fn step(norm: f32, largest: f32, d: usize) -> (f32, f32) {
    let s = (norm / room(d)).max(largest / 32_766.0);
    if MAGNITUDES.contains(&largest) { (s, 1.0 / s) } else { (1.0, 0.0) }
}

/// The nearest integer as f32 and as it is, of up to 2^22.
#[inline(always)]
fn rounded(x: f32) -> (f32, i32) {
    // The sum has no bits left for a fraction.
    const HALF_WAY: f32 = 12_582_912.0;
    let sum = x + HALF_WAY;
    (sum - HALF_WAY, sum.to_bits() as i32 - HALF_WAY.to_bits() as i32)
}

impl ShortRows {
    /// Of blocks of `d` columns; `None` where nothing would be gained.
    pub fn new(blocks: &[f32], d: usize) -> Option<Self> {
        // A column alone is half a pair.
        if !(2..=COLUMNS).contains(&d) {
            return None;
        }
        let rows = blocks.len() / d;
        let mut made = Self { d, pairs: Vec::new(), inverse: vec![0.0; rows], lost: vec![0.0; rows] };
        // Nobody asked for it: without room f32 does as well.
        made.pairs.try_reserve_exact(rows * d.div_ceil(2)).ok()?;
        made.pairs.resize(rows * d.div_ceil(2), 0);
        let to = &mut made;
        widest!(convert(blocks: &[f32], to: &mut ShortRows));
        Some(made)
    }

    /// Block `at`, with the norms of its rows.
    pub fn block<'a>(&'a self, at: usize, norms: &'a [f32]) -> ShortBlock<'a> {
        let rows = at * BLOCK..(at + 1) * BLOCK;
        let size = self.d.div_ceil(2) * BLOCK;
        ShortBlock {
            pairs: &self.pairs[at * size..][..size],
            inverse: &self.inverse[rows.clone()],
            lost: &self.lost[rows],
            norms,
        }
    }
}

#[inline(always)]
fn convert(blocks: &[f32], to: &mut ShortRows) {
    let d = to.d;
    let each = to.pairs.chunks_exact_mut(d.div_ceil(2) * BLOCK);
    let each = each.zip(to.inverse.chunks_exact_mut(BLOCK)).zip(to.lost.chunks_exact_mut(BLOCK));
    for (block, ((pairs, inverse), lost)) in blocks.chunks_exact(d * BLOCK).zip(each) {
        let (mut squares, mut largest) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
        for column in block.chunks_exact(BLOCK) {
            for r in 0..BLOCK {
                squares[r] += column[r] * column[r];
                largest[r] = largest[r].max(column[r].abs());
            }
        }
        let mut steps = [0.0f32; BLOCK];
        for r in 0..BLOCK {
            (steps[r], inverse[r]) = step(squares[r].sqrt() * SLACK, largest[r], d);
        }
        let mut errors = [0.0f32; BLOCK];
        for (columns, pairs) in block.chunks(2 * BLOCK).zip(pairs.chunks_exact_mut(BLOCK)) {
            let (low, high) = columns.split_at(BLOCK);
            for r in 0..BLOCK {
                let (value, low_int) = rounded(low[r] * inverse[r]);
                let error = low[r] - steps[r] * value;
                errors[r] += error * error;
                pairs[r] = low_int & 0xffff;
            }
            for r in 0..high.len() {
                let (value, high_int) = rounded(high[r] * inverse[r]);
                let error = high[r] - steps[r] * value;
                errors[r] += error * error;
                pairs[r] |= high_int << 16;
            }
        }
        for r in 0..BLOCK {
            // The second term: an error is the difference of two numbers of which one was rounded; the third: squares that vanished.
            lost[r] = errors[r].sqrt() * SLACK + squares[r].sqrt() * (SLACK * f32::EPSILON) + 1e-18;
            if inverse[r] == 0.0 {
                // Nothing is left of it: the error is the row.
                lost[r] = squares[r].sqrt() * SLACK + d as f32 * 1e-18;
                inverse[r] = 1.0;
            }
        }
    }
}

/// Centres as the kernel takes them.
#[derive(Debug)]
pub(super) struct ShortCentres {
    /// Negated, `(tile, pair, TILE)`; zeros past the last.
    table: Vec<i32>,
    /// |c|^2 / (2 t); infinite past the last.
    halves: Vec<f32>,
    /// A row is certain where the brackets differ by more than (of_lost |e| + of_norm |x| + offset) / s.
    of_lost: f32,
    of_norm: f32,
    offset: f32,
}

impl ShortCentres {
    /// Of centres; `reach`: the largest norm of a row.
    pub fn new(centres: &Centres, d: usize, reach: f32) -> Self {
        let norm = |c: &[f32]| c.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
        let longest = centres.plain.chunks_exact(d).map(norm).fold(0.0, f64::max);
        let largest = centres.plain.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        let (t, inverse) = step(longest as f32 * SLACK, largest, d);
        let (tiles, pairs) = (centres.k.div_ceil(TILE), d.div_ceil(2));
        let mut table = vec![0; tiles * pairs * TILE];
        let mut halves = vec![f32::INFINITY; tiles * TILE];
        let mut lost = 0.0f64;
        for (c, centre) in centres.plain.chunks_exact(d).enumerate() {
            let mut squares = 0.0;
            let mut integer = |v: f32| {
                let (value, integer) = rounded(v * inverse);
                let error = f64::from(v) - f64::from(t) * f64::from(value);
                squares += error * error;
                -integer as i16
            };
            for (p, two) in centre.chunks(2).enumerate() {
                let (low, high) = (integer(two[0]), two.get(1).map_or(0, |&v| integer(v)));
                table[(c / TILE * pairs + p) * TILE + c % TILE] = pair(low, high);
            }
            lost = lost.max(squares.sqrt());
            halves[c] = centres.half(c) / t;
        }
        let (longest, lost) = (longest as f32 * SLACK, lost as f32 * SLACK + f32::MIN_POSITIVE);
        let far = if halves.iter().all(|h| *h < FAR || h.is_infinite()) { 0.0 } else { f32::INFINITY };
        let share = 2.0 * ROUNDINGS * f32::EPSILON;
        let of_both = share * (longest + lost);
        let of_f64 = (d + 8) as f32 * f64::EPSILON as f32 * reach;
        Self {
            table,
            halves,
            of_lost: (2.0 * (longest + lost) + of_both) * SLACK / t,
            of_norm: (2.0 * lost + of_both + of_f64) * SLACK / t,
            // As for f32: products that vanish, and centres beyond it.
            // Brackets over s t must stay f32's own.
            offset: (share * 0.5 * longest * longest + (d + 8) as f32 * 1e-37 + centres.beyond() + far) * SLACK / t,
        }
    }
}

/// The nearest centres of a block. The width must have pairs.
pub(super) fn nearest(block: ShortBlock, centres: &ShortCentres, width: Width, out: &mut Nearest) {
    let pairs = block.pairs.len() / BLOCK;
    assert!(width.has_pairs() && block.pairs.len() == pairs * BLOCK);
    assert!(block.inverse.len() == BLOCK && block.lost.len() == BLOCK && block.norms.len() == BLOCK);
    assert!(centres.table.len() == centres.halves.len() * pairs && centres.halves.len().is_multiple_of(TILE));
    at_width_in_pairs!(width, by_width(block: ShortBlock, centres: &ShortCentres, out: &mut Nearest));
}

/// # Safety
/// As [`tiles`].
#[inline(always)]
unsafe fn by_width<L: Pairs>(block: ShortBlock, centres: &ShortCentres, out: &mut Nearest) {
    // SAFETY: as the caller's.
    unsafe {
        if L::W == 16 {
            tiles::<L, 4>(block, centres, out);
        } else {
            tiles::<L, 2>(block, centres, out);
        }
    }
}

/// # Safety
/// The machine has the lanes' instructions; the block has the norms, inverses and errors of its rows, and `centres` are of as many pairs.
#[inline(always)]
unsafe fn tiles<L: Pairs, const V: usize>(block: ShortBlock, centres: &ShortCentres, out: &mut Nearest) {
    let pairs = block.pairs.len() / BLOCK;
    // SAFETY: V vectors of rows lie inside a block, for V times the lanes divides BLOCK; pair `pairs - 1` is its last. The table has as many for each of
    // its tiles, and `halves` TILE.
    unsafe {
        let infinite = L::splat(f32::INFINITY);
        for first in (0..BLOCK).step_by(V * L::W) {
            let rows = block.pairs.as_ptr().add(first);
            let of_rows = |of: &[f32], v: usize| L::load(of.as_ptr().add(first + v * L::W));
            let (mut best, mut second) = ([infinite; V], [infinite; V]);
            let mut index = [L::splat(0.0); V];
            let mut table = centres.table.as_ptr();
            let mut here = L::splat(0.0);
            for halves in centres.halves.chunks_exact(TILE) {
                let mut sums = [[L::zeros(); V]; TILE];
                for p in 0..pairs {
                    let x: [L::Ints; V] = core::array::from_fn(|v| L::load_pairs(rows.add(p * BLOCK + v * L::W)));
                    for (c, sums) in sums.iter_mut().enumerate() {
                        let centre = L::splat_pair(*table.add(c));
                        for v in 0..V {
                            sums[v] = L::dot(x[v], centre, sums[v]);
                        }
                    }
                    table = table.add(TILE);
                }
                for (sums, &half) in sums.iter().zip(halves) {
                    let half = L::splat(half);
                    for v in 0..V {
                        let bracket = of_rows(block.inverse, v).near(half, L::floats(sums[v]));
                        second[v] = second[v].min(best[v].max(bracket));
                        index[v] = bracket.select_lt(best[v], here, index[v]);
                        best[v] = best[v].min(bracket);
                    }
                    here = here.add(L::splat(1.0));
                }
            }
            let of = [centres.of_lost, centres.of_norm, centres.offset].map(|x| L::splat(x));
            for v in 0..V {
                let all = of_rows(block.norms, v).mul(of[1]).add(of[2]);
                let bound = of_rows(block.lost, v).mul(of[0]).add(all).mul(of_rows(block.inverse, v));
                let certain = bound.select_lt(second[v].sub(best[v]), L::splat(1.0), L::splat(0.0));
                index[v].store(out.index.as_mut_ptr().add(first + v * L::W));
                certain.store(out.certain.as_mut_ptr().add(first + v * L::W));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::philox::uniform;
    use super::super::rows::{Room, Rows};
    use super::super::scaling::Scaling;
    use super::*;

    /// Checks every row at every width: what is certain is the definition's. Returns the share that is.
    fn share_certain(values: &[f32], d: usize, centres: Vec<f32>) -> f64 {
        share_of(&Rows::new(values, d, None, Scaling::None).unwrap(), centres)
    }

    fn share_of(rows: &Rows, centres: Vec<f32>) -> f64 {
        let d = rows.d;
        let mut room = Room::default();
        let part = rows.part(0, rows.len(), &mut room);
        let short = ShortRows::new(part.values(), d).expect("enough columns");
        let centres = Centres::new(centres, rows);
        let short_centres = ShortCentres::new(&centres, d, rows.reach);
        let mut certain = 0;
        let widths: Vec<_> = Width::available().into_iter().filter(|w| w.has_pairs()).collect();
        for &width in &widths {
            let mut out = Nearest { index: [0.0; BLOCK], certain: [0.0; BLOCK] };
            for row in 0..rows.len() {
                if row % BLOCK == 0 {
                    nearest(short.block(row / BLOCK, &rows.norms[row..row + BLOCK]), &short_centres, width, &mut out);
                }
                if out.certain[row % BLOCK] > 0.0 {
                    certain += 1;
                    let want = part.nearest(row, &centres.plain);
                    assert_eq!(out.index[row % BLOCK] as u32, want, "{} d {d} row {row}", width.name());
                }
            }
        }
        f64::from(certain) / (rows.len() * widths.len()) as f64
    }

    fn noise(stream: u32, n: usize) -> Vec<f32> {
        (0..n).map(|i| uniform(8, stream, i as u64) as f32 - 0.5).collect()
    }

    #[test]
    fn certain_labels_are_right() {
        for (n, d, k) in [(500, 2, 3), (500, 25, 7), (300, 32, 64), (200, 128, 40), (130, 601, 9)] {
            let values = noise(0, n * d);
            let share = share_certain(&values, d, noise(1, k * d));
            assert!(share > 0.9, "d {d}: {share}");
            // A coarse grid has ties: none of them may be certain.
            let grid: Vec<f32> = values.iter().map(|v| (v * 4.0).round()).collect();
            let centres = noise(1, k * d).iter().map(|v| (v * 4.0).round()).collect();
            share_certain(&grid, d, centres);
        }
    }

    /// Rows of all magnitudes at once, rows of nothing, and one column that drowns the others.
    #[test]
    fn magnitudes_are_no_trap() {
        for d in [2, 7, 30] {
            for power in [-30, -20, -12, 0, 12, 17] {
                let scale = 10f32.powi(power);
                let values: Vec<f32> = noise(2, 256 * d)
                    .iter()
                    .enumerate()
                    .map(|(i, v)| match (i / d % 8, i % d) {
                        (0, _) => 0.0,
                        (1, _) => v * scale,
                        (2, 0) => v * 1e6,
                        (3, 1) => v * scale,
                        _ => *v,
                    })
                    .collect();
                for by in [1.0, scale] {
                    share_certain(&values, d, noise(3, 6 * d).iter().map(|v| v * by).collect());
                }
            }
        }
    }

    /// Brackets beyond f32: one that is infinite says nothing of how near the other is.
    #[test]
    fn centres_too_far_for_f32_are_never_certain() {
        let d = 2048;
        for power in [14, 16, 17, 18] {
            let centres = noise(7, 2 * d).iter().map(|v| v * 10f32.powi(power)).collect();
            assert_eq!(share_certain(&noise(6, 64 * d), d, centres), 0.0, "1e{power}");
        }
    }

    /// Two centres as far from a row as each other but for a little: nothing that is certain may be wrong.
    #[test]
    fn rows_between_two_centres() {
        for d in [2, 5, 25, 128] {
            let (mut doubtful, n) = (0.0, 64);
            for (round, apart) in [0.0f32, 1e-7, 1e-5, 1e-3].into_iter().enumerate() {
                for row in 0..n {
                    let x = &noise(4, n * d)[row * d..][..d];
                    // With its mirror image, so that the middle is nought.
                    let both: Vec<f32> = x.iter().copied().chain(x.iter().map(|v| -v)).collect();
                    let rows = Rows::new(&both, d, None, Scaling::None).unwrap();
                    let x = rows.one(0);
                    let first = &noise(5 + round as u32, n * d)[row * d..][..d];
                    let turned = (0..d).map(|j| x[j] + (first[d - 1 - j] - x[d - 1 - j]) * (1.0 + apart));
                    doubtful += 1.0 - share_of(&rows, first.iter().copied().chain(turned).collect());
                }
            }
            assert!(doubtful > 0.2 * n as f64, "d {d}: {doubtful}");
        }
    }

    #[test]
    fn integers_stay_within_their_norm() {
        for d in [2, 3, 25, 2048] {
            for shape in 0..3 {
                let mut values = noise(9, BLOCK * d);
                for (i, v) in values.iter_mut().enumerate() {
                    *v = match shape {
                        0 => *v,
                        1 => v.signum(),
                        _ => *v * if i < BLOCK { 1.0 } else { 1e-5 },
                    };
                }
                let short = ShortRows::new(&values, d).expect("columns");
                for r in 0..BLOCK {
                    let two = (0..d.div_ceil(2)).map(|p| short.pairs[p * BLOCK + r]);
                    let squares = two.map(|pair| i64::from(pair as i16).pow(2) + i64::from(pair >> 16).pow(2));
                    let norm = (squares.sum::<i64>() as f64).sqrt();
                    assert!(norm < f64::from(MOST) && norm > 1000.0, "d {d} shape {shape}: {norm}");
                }
            }
        }
        assert!(ShortRows::new(&[0.0; BLOCK], 1).is_none());
    }
}
