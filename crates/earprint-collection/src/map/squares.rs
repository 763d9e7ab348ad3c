//! Squared distances of a row to 64 rows at once: the definition of `table`, one row a lane, at every width the same bits.

use earprint_lanes::{Lane, Line, Width, at_width};

use super::table::{Table, rescaled};

/// Rows of a block.
pub(super) const BLOCK: usize = 64;

/// Rows that are asked at once.
pub(super) const ASKED: usize = 4;

/// A table's rows 64 side by side: value `(r, j)` of block `b` at `(b * d + j) * BLOCK + r`. A block holds rows that know all, or
/// rows with gaps; the last of either kind is padded.
pub(super) struct Blocks<'a> {
    table: &'a Table,
    lines: Vec<Line>,
    /// The same for what is known, of blocks with gaps.
    masks: Vec<Line>,
    whole_blocks: usize,
    width: Width,
}

impl<'a> Blocks<'a> {
    pub fn new(table: &'a Table, width: Width) -> Self {
        assert!(Width::available().contains(&width), "{} is not available here", width.name());
        let (n, d) = (table.n, table.d);
        let whole_blocks = table.complete.div_ceil(BLOCK);
        let masked = (n - table.complete).div_ceil(BLOCK);
        let lines = |blocks: usize| vec![Line::ZERO; blocks * d * BLOCK / 16];
        let mut out = Self { table, lines: lines(whole_blocks + masked), masks: lines(masked), whole_blocks, width };
        let (values, masks) = (Line::values_mut(&mut out.lines), Line::values_mut(&mut out.masks));
        for row in 0..n {
            let (block, r) = match row.checked_sub(table.complete) {
                None => (row / BLOCK, row % BLOCK),
                Some(gap) => (whole_blocks + gap / BLOCK, gap % BLOCK),
            };
            for j in 0..d {
                values[(block * d + j) * BLOCK + r] = table.x[row * d + j];
                if block >= whole_blocks {
                    masks[((block - whole_blocks) * d + j) * BLOCK + r] = f32::from(table.knows(row, j));
                }
            }
        }
        out
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.lines.len() * 16 / (self.table.d * BLOCK)
    }

    /// First row of a block, and how many it has.
    pub fn rows(&self, block: usize) -> (usize, usize) {
        let (first, end) = match block.checked_sub(self.whole_blocks) {
            None => (block * BLOCK, self.table.complete),
            Some(gap) => (self.table.complete + gap * BLOCK, self.table.n),
        };
        (first, (end - first).min(BLOCK))
    }

    /// [`Table::square`] of up to [`ASKED`] rows (the last one again where they are fewer) to each row of a block.
    pub fn squares(&self, asked: [usize; ASKED], block: usize, out: &mut [[f32; BLOCK]; ASKED]) {
        let (d, table) = (self.table.d, self.table);
        let values = &Line::values(&self.lines)[block * d * BLOCK..][..d * BLOCK];
        if block < self.whole_blocks && asked.iter().all(|&a| a < table.complete) {
            let rows = asked.map(|a| table.row(a));
            four(values, rows, out, self.width);
            return;
        }
        let mask = block.checked_sub(self.whole_blocks);
        let mask = mask.map(|gap| &Line::values(&self.masks)[gap * d * BLOCK..][..d * BLOCK]);
        for (at, &a) in asked.iter().enumerate() {
            if at > 0 && a == asked[at - 1] {
                out[at] = out[at - 1];
                continue;
            }
            let columns: Vec<usize> = (0..d).filter(|&j| table.knows(a, j)).collect();
            let mut shared = [0.0; BLOCK];
            let own = columns.iter().fold(0.0, |s, &j| s + table.weights[j]);
            let out = &mut out[at];
            match mask {
                Some(mask) => {
                    gaps(values, mask, &columns, table.row(a), &table.weights, out, &mut shared, self.width);
                }
                None => {
                    some(values, &columns, table.row(a), out, self.width);
                    shared = [own; BLOCK];
                }
            }
            for (square, shared) in out.iter_mut().zip(shared) {
                *square = rescaled(*square, shared, own, table.whole);
            }
        }
    }

    /// [`Table::square`] of one row to all, itself too.
    pub fn to_all(&self, row: usize, out: &mut [f32]) {
        let mut found = [[0.0; BLOCK]; ASKED];
        for block in 0..self.len() {
            self.squares([row; ASKED], block, &mut found);
            let (first, rows) = self.rows(block);
            out[first..first + rows].copy_from_slice(&found[0][..rows]);
        }
    }
}

fn four(values: &[f32], rows: [&[f32]; ASKED], out: &mut [[f32; BLOCK]; ASKED], width: Width) {
    assert!(rows.iter().all(|row| values.len() == row.len() * BLOCK));
    at_width!(width, four_lanes(values: &[f32], rows: [&[f32]; ASKED], out: &mut [[f32; BLOCK]; ASKED]));
}

/// # Safety
/// The machine has the lanes' instructions; every row has as many columns as the block.
#[inline(always)]
unsafe fn four_lanes<L: Lane>(values: &[f32], rows: [&[f32]; ASKED], out: &mut [[f32; BLOCK]; ASKED]) {
    // SAFETY: vectors lie inside a column of the block, which is a multiple of two of the widest; columns as promised.
    unsafe {
        for r in (0..BLOCK).step_by(2 * L::W) {
            let mut sums = [[L::splat(0.0); 2]; ASKED];
            for j in 0..rows[0].len() {
                let p = values.as_ptr().add(j * BLOCK + r);
                let (a, b) = (L::load(p), L::load(p.add(L::W)));
                for q in 0..ASKED {
                    let x = L::splat(*rows[q].get_unchecked(j));
                    let (s, t) = (x.sub(a), x.sub(b));
                    sums[q] = [sums[q][0].add(s.mul(s)), sums[q][1].add(t.mul(t))];
                }
            }
            for q in 0..ASKED {
                let p = out[q].as_mut_ptr().add(r);
                sums[q][0].store(p);
                sums[q][1].store(p.add(L::W));
            }
        }
    }
}

/// Rows that know all, for a row that knows `columns`.
fn some(values: &[f32], columns: &[usize], row: &[f32], out: &mut [f32; BLOCK], width: Width) {
    assert!(values.len() == row.len() * BLOCK && columns.iter().all(|&j| j < row.len()));
    at_width!(width, some_lanes(values: &[f32], columns: &[usize], row: &[f32], out: &mut [f32; BLOCK]));
}

/// # Safety
/// As [`four_lanes`]; `columns` are columns.
#[inline(always)]
unsafe fn some_lanes<L: Lane>(values: &[f32], columns: &[usize], row: &[f32], out: &mut [f32; BLOCK]) {
    // SAFETY: as above.
    unsafe {
        for r in (0..BLOCK).step_by(L::W) {
            let mut sum = L::splat(0.0);
            for &j in columns {
                let t = L::splat(row[j]).sub(L::load(values.as_ptr().add(j * BLOCK + r)));
                sum = sum.add(t.mul(t));
            }
            sum.store(out.as_mut_ptr().add(r));
        }
    }
}

/// Rows with gaps. Terms of what is unknown are multiplied by 0: adding 0 to a sum that is 0 or more changes no bit of it.
fn gaps(
    values: &[f32],
    mask: &[f32],
    columns: &[usize],
    row: &[f32],
    weights: &[f32],
    out: &mut [f32; BLOCK],
    shared: &mut [f32; BLOCK],
    width: Width,
) {
    assert!(values.len() == row.len() * BLOCK && mask.len() == values.len() && weights.len() == row.len());
    assert!(columns.iter().all(|&j| j < row.len()));
    at_width!(
        width,
        gaps_lanes(
            values: &[f32], mask: &[f32], columns: &[usize], row: &[f32], weights: &[f32], out: &mut [f32; BLOCK],
            shared: &mut [f32; BLOCK]
        )
    );
}

/// # Safety
/// As [`some_lanes`]; the mask is of the block.
#[inline(always)]
unsafe fn gaps_lanes<L: Lane>(
    values: &[f32],
    mask: &[f32],
    columns: &[usize],
    row: &[f32],
    weights: &[f32],
    out: &mut [f32; BLOCK],
    shared: &mut [f32; BLOCK],
) {
    // SAFETY: as above.
    unsafe {
        for r in (0..BLOCK).step_by(L::W) {
            let (mut sum, mut weight) = (L::splat(0.0), L::splat(0.0));
            for &j in columns {
                let known = L::load(mask.as_ptr().add(j * BLOCK + r));
                let t = L::splat(row[j]).sub(L::load(values.as_ptr().add(j * BLOCK + r)));
                sum = sum.add(t.mul(t).mul(known));
                weight = weight.add(L::splat(weights[j]).mul(known));
            }
            sum.store(out.as_mut_ptr().add(r));
            weight.store(shared.as_mut_ptr().add(r));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::table;
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn every_width_gives_the_definition() {
        let mut values = noise(500 * 7, 3);
        for at in (0..values.len()).filter(|at| at % 11 == 3 && at / 7 % 3 == 0) {
            values[at] = f32::NAN;
        }
        let (t, _) = table(&values, 7, Some(&[1.0, 2.0, 3.0, 1.0, 0.5, 1.0, 1.0])).unwrap();
        assert!(t.complete > 100 && t.n - t.complete > 65);
        let mut found = vec![0.0; t.n];
        for width in Width::available() {
            let blocks = Blocks::new(&t, width);
            for row in 0..t.n {
                blocks.to_all(row, &mut found);
                for of in 0..t.n {
                    assert_eq!(found[of].to_bits(), t.square(row, of).to_bits(), "{} {row} {of}", width.name());
                }
            }
        }
    }
}
