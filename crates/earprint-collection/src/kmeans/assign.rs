//! The nearest centre of every row of a block: a fast kernel that knows when it cannot tell.
//!
//! |x - c|^2 / 2 = |x|^2 / 2 + (|c|^2 / 2 - x . c): the bracket alone decides. It is summed in f32, columns ascending, one row a
//! lane, with or without fused operations. Any order of d + 2 roundings is within `e = (d + 3) u (|x| |c| + |c|^2 / 2)` of
//! the exact sum, to first order (N. J. Higham, "Accuracy and stability of numerical algorithms", 2002, section 3.1; Cauchy and
//! Schwarz for the sum of products), with u = 2^-23: WGSL lets a device round either way. Where the second smallest bracket is more than
//! 2 e above the smallest, the label is certain; elsewhere [`super::part::Part::nearest`], the definition in f64, decides. So labels are
//! the definition's, on every machine, with any rounding. What the definition itself rounds, (d + 2) 2^-52 (|x|^2 + |c|^2) at most, is
//! in the bound too, and so are the terms of second order. Centres too far away for f32 make everything uncertain.
//!
//! A tile of `V` vectors of rows by `C` centres stays in registers while the columns pass; no matrix of distances is stored.

use earprint_lanes::{Lane, Width, at_width};

use super::device::CentresView;
use super::rows::{BLOCK, Rows};

/// Centres of a tile.
pub(super) const TILE: usize = 6;

/// Centres as the kernel takes them.
#[derive(Debug)]
pub(super) struct Centres {
    pub k: usize,
    /// `(k, d)`.
    pub plain: Vec<f32>,
    /// Negated, `(tile, column, TILE)`; zeros past the last.
    table: Vec<f32>,
    /// |c|^2 / 2; infinite past the last.
    halves: Vec<f32>,
    /// A row of norm |x| is certain above `slope |x| + offset`.
    slope: f32,
    offset: f32,
}

impl Centres {
    /// Of centres `(k, d)`.
    pub fn new(plain: Vec<f32>, rows: &Rows) -> Self {
        let d = rows.d;
        let k = plain.len() / d;
        let tiles = k.div_ceil(TILE);
        let mut table = vec![0.0; tiles * d * TILE];
        let mut halves = vec![f32::INFINITY; tiles * TILE];
        let mut largest = 0.0f64;
        for (c, centre) in plain.chunks_exact(d).enumerate() {
            let mut squares = 0.0;
            for (j, &v) in centre.iter().enumerate() {
                table[(c / TILE * d + j) * TILE + c % TILE] = -v;
                squares += f64::from(v) * f64::from(v);
            }
            halves[c] = (0.5 * squares) as f32;
            largest = largest.max(squares);
        }
        // 2 e with five roundings more than there are, and what these lines round.
        let roundings = (d + 8) as f64;
        let share =
            2.0 * roundings * f64::from(f32::EPSILON) * (1.0 + roundings * f64::from(f32::EPSILON)) * (1.0 + 1e-5);
        let of_f64 = roundings * f64::EPSILON * f64::from(rows.reach);
        // Beyond this a sum might be infinite, and no bound holds.
        let far = largest > 1e37;
        Self {
            k,
            plain,
            table,
            halves,
            slope: (share * largest.sqrt() + of_f64) as f32,
            // Products of subnormal size may be lost altogether.
            offset: if far { f32::INFINITY } else { (share * 0.5 * largest) as f32 + (d + 8) as f32 * 1e-37 },
        }
    }
}

impl Centres {
    /// |c|^2 / 2 of centre `c`.
    pub fn half(&self, c: usize) -> f32 {
        self.halves[c]
    }

    /// Infinite where centres are too far away for any bound, else 0.
    pub fn beyond(&self) -> f32 {
        if self.offset.is_finite() { 0.0 } else { f32::INFINITY }
    }

    /// For a device.
    pub fn view(&self) -> CentresView<'_> {
        CentresView { values: &self.plain, halves: &self.halves[..self.k], slope: self.slope, offset: self.offset }
    }
}

/// What the kernel says of a block.
pub(super) struct Nearest {
    /// Centres, as f32: exact, for there are fewer than 2^24.
    pub index: [f32; BLOCK],
    /// 1 where the label is certain, else 0.
    pub certain: [f32; BLOCK],
}

/// The nearest centres of a block: its values, and the norms of its rows.
pub(super) fn nearest((values, norms): (&[f32], &[f32]), centres: &Centres, width: Width, out: &mut Nearest) {
    let d = values.len() / BLOCK;
    assert!(values.len() == d * BLOCK && norms.len() == BLOCK);
    assert!(centres.table.len() == centres.halves.len() * d && centres.plain.len() == centres.k * d);
    at_width!(width, by_width(values: &[f32], norms: &[f32], d: usize, centres: &Centres, out: &mut Nearest));
}

/// # Safety
/// As [`tiles`].
#[inline(always)]
unsafe fn by_width<L: Lane>(values: &[f32], norms: &[f32], d: usize, centres: &Centres, out: &mut Nearest) {
    // 24 sums, 4 rows and a centre of 32 registers; 12, 2 and 1 of 16.
    // SAFETY: as the caller's.
    unsafe {
        if L::W == 16 {
            tiles::<L, 4>(values, norms, d, centres, out);
        } else {
            tiles::<L, 2>(values, norms, d, centres, out);
        }
    }
}

/// # Safety
/// The machine has the lanes' instructions; `values` is a block of `d` columns, `norms` has its rows, and `centres` are of as many
/// columns.
#[inline(always)]
unsafe fn tiles<L: Lane, const V: usize>(
    values: &[f32],
    norms: &[f32],
    d: usize,
    centres: &Centres,
    out: &mut Nearest,
) {
    // SAFETY: V vectors of rows lie inside a block, for V times the lanes divides BLOCK; column d - 1 is its last. The table has d columns for each of its tiles, and `halves` TILE.
    unsafe {
        let infinite = L::splat(f32::INFINITY);
        for first in (0..BLOCK).step_by(V * L::W) {
            let rows = values.as_ptr().add(first);
            let (mut best, mut second) = ([infinite; V], [infinite; V]);
            let mut index = [L::splat(0.0); V];
            let mut table = centres.table.as_ptr();
            let mut here = L::splat(0.0);
            for halves in centres.halves.chunks_exact(TILE) {
                let mut sums: [[L; V]; TILE] = core::array::from_fn(|c| [L::splat(halves[c]); V]);
                for j in 0..d {
                    let x: [L; V] = core::array::from_fn(|v| L::load(rows.add(j * BLOCK + v * L::W)));
                    for (c, sums) in sums.iter_mut().enumerate() {
                        let centre = L::splat(*table.add(c));
                        for v in 0..V {
                            sums[v] = x[v].near(centre, sums[v]);
                        }
                    }
                    table = table.add(TILE);
                }
                for sums in &sums {
                    for v in 0..V {
                        second[v] = second[v].min(best[v].max(sums[v]));
                        index[v] = sums[v].select_lt(best[v], here, index[v]);
                        best[v] = best[v].min(sums[v]);
                    }
                    here = here.add(L::splat(1.0));
                }
            }
            let (slope, offset) = (L::splat(centres.slope), L::splat(centres.offset));
            for v in 0..V {
                let row = first + v * L::W;
                let bound = L::load(norms.as_ptr().add(row)).mul(slope).add(offset);
                let certain = bound.select_lt(second[v].sub(best[v]), L::splat(1.0), L::splat(0.0));
                index[v].store(out.index.as_mut_ptr().add(row));
                certain.store(out.certain.as_mut_ptr().add(row));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::philox::uniform;
    use super::super::rows::Room;
    use super::super::scaling::Scaling;
    use super::*;

    /// Every certain label is the definition's, at every width, and random rows are mostly certain.
    #[test]
    fn certain_labels_are_right() {
        for (n, d, k, grid) in [(300, 1, 2, false), (500, 25, 7, false), (200, 128, 40, false), (640, 3, 30, true)] {
            let number = |i: usize| {
                let u = uniform(5, 0, i as u64) as f32 - 0.5;
                // A coarse grid has ties.
                if grid { (u * 4.0).round() } else { u }
            };
            let values: Vec<f32> = (0..n * d).map(number).collect();
            let rows = Rows::new(&values, d, None, Scaling::None).unwrap();
            let centres: Vec<f32> =
                (0..k).flat_map(|c| (0..d).map(move |j| (c * 7 % n, j))).map(|(r, j)| rows.value(r, j)).collect();
            let centres = Centres::new(centres, &rows);
            for width in Width::available() {
                let mut out = Nearest { index: [0.0; BLOCK], certain: [0.0; BLOCK] };
                let mut certain = 0;
                let mut room = Room::default();
                let part = rows.part(0, n, &mut room);
                let mut blocks = part.blocks();
                for row in 0..n {
                    if row % BLOCK == 0 {
                        nearest(blocks.next().unwrap(), &centres, width, &mut out);
                    }
                    if out.certain[row % BLOCK] > 0.0 {
                        certain += 1;
                        let want = part.nearest(row, &centres.plain);
                        assert_eq!(out.index[row % BLOCK] as u32, want, "{} d {d} row {row}", width.name());
                    }
                }
                assert!(
                    if grid { certain < n } else { certain * 10 > n * 9 },
                    "{} d {d}: {certain} of {n}",
                    width.name()
                );
            }
        }
    }

    /// Two centres as far from a row as each other but for the last bit of f32: nothing that is certain may be wrong.
    #[test]
    fn rows_between_two_centres() {
        for d in [2, 5, 25, 128] {
            let n = 256;
            let number = |stream, i: usize| uniform(6, stream, i as u64) as f32 - 0.5;
            let values: Vec<f32> = (0..n * d).map(|i| number(0, i)).collect();
            let rows = Rows::new(&values, d, None, Scaling::None).unwrap();
            let mut room = Room::default();
            let part = rows.part(0, n, &mut room);
            let blocks: Vec<_> = part.blocks().collect();
            let (mut doubtful, mut close) = (0, 0);
            for row in 0..n {
                // The second is the first seen from the row with its coordinates turned round.
                let x: Vec<f32> = (0..d).map(|j| part.value(row, j)).collect();
                let first: Vec<f32> = (0..d).map(|j| number(1, row * d + j)).collect();
                let second = (0..d).map(|j| x[j] + (first[d - 1 - j] - x[d - 1 - j]));
                let plain: Vec<f32> = first.iter().copied().chain(second).collect();
                close += usize::from(part.distance(row, &plain[..d]) != part.distance(row, &plain[d..]));
                let centres = Centres::new(plain, &rows);
                for width in Width::available() {
                    let mut out = Nearest { index: [0.0; BLOCK], certain: [0.0; BLOCK] };
                    nearest(blocks[row / BLOCK], &centres, width, &mut out);
                    let (label, certain) = (out.index[row % BLOCK] as u32, out.certain[row % BLOCK] > 0.0);
                    assert!(!certain || label == part.nearest(row, &centres.plain), "{} d {d} row {row}", width.name());
                    doubtful += usize::from(!certain);
                }
            }
            assert!(doubtful > n / 2 && close > n / 2, "d {d}: {doubtful} doubtful, {close} differ");
        }
    }
}
