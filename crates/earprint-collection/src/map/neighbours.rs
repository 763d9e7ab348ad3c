//! The nearest rows of every row, exactly: all distances, 64 rows against 64 at a time.
//!
//! Enters: a table. Leaves: for each row up to `k` others, nearest first, the lower row first among equals; without those that share too
//! little with it. The 25 columns of 64 rows stay in the first cache while 64 rows ask for them: at d = 25 a core does more than
//! half a billion pairs a second, so up to some ten thousands of rows nothing cleverer pays (`forest` takes over).

use earprint_lanes::Width;

use super::squares::{ASKED, BLOCK, Blocks};
use super::table::{NONE, Table};
use crate::kmeans::Crew;

/// Nearest rows of all rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Neighbours {
    /// Most of a row.
    pub k: usize,
    /// `(n, k)`: rows, [`NONE`] behind the last of a row that has fewer.
    pub ids: Vec<u32>,
    /// `(n, k)`: their squared distances, infinite behind the last.
    pub squares: Vec<f32>,
}

impl Neighbours {
    /// Nobody's neighbours.
    pub fn none(n: usize, k: usize) -> Self {
        Self { k, ids: vec![NONE; n * k], squares: vec![f32::INFINITY; n * k] }
    }

    /// Neighbours of a row.
    pub fn of(&self, row: usize) -> &[u32] {
        &self.ids[row * self.k..][..self.count(row)]
    }

    /// Their squared distances.
    pub fn squares_of(&self, row: usize) -> &[f32] {
        &self.squares[row * self.k..][..self.count(row)]
    }

    fn count(&self, row: usize) -> usize {
        self.ids[row * self.k..][..self.k].iter().take_while(|&&id| id != NONE).count()
    }

    /// Rows with a neighbour, or that are somebody's.
    pub fn connected(&self, n: usize) -> Vec<u32> {
        let mut found = vec![false; n];
        for row in 0..n {
            for &of in self.of(row) {
                (found[row], found[of as usize]) = (true, true);
            }
        }
        (0..n as u32).filter(|&r| found[r as usize]).collect()
    }

    /// Of the rows of `keep` alone, ascending, which hold all neighbours of each other.
    pub fn only(&self, keep: &[u32], n: usize) -> Self {
        let mut place = vec![NONE; n];
        keep.iter().enumerate().for_each(|(at, &row)| place[row as usize] = at as u32);
        let rows = |row: &u32| (*row as usize * self.k)..(*row as usize + 1) * self.k;
        let id = |id: &u32| if *id == NONE { NONE } else { place[*id as usize] };
        Self {
            k: self.k,
            ids: keep.iter().flat_map(|r| self.ids[rows(r)].iter().map(id)).collect(),
            squares: keep.iter().flat_map(|r| &self.squares[rows(r)]).copied().collect(),
        }
    }
}

/// Takes a row into a sorted list if it is nearer than the last, or as near with a lower number. True where it was.
#[inline(always)]
pub(super) fn insert(ids: &mut [u32], squares: &mut [f32], id: u32, square: f32) -> bool {
    let last = ids.len() - 1;
    if (square, id) >= (squares[last], ids[last]) {
        return false;
    }
    let mut at = last;
    while at > 0 && (square, id) < (squares[at - 1], ids[at - 1]) {
        (ids[at], squares[at]) = (ids[at - 1], squares[at - 1]);
        at -= 1;
    }
    (ids[at], squares[at]) = (id, square);
    true
}

/// The `k` nearest of every row, `k` from 1.
pub(super) fn exact<C: Crew>(table: &Table, k: usize, crew: &C, width: Width) -> Neighbours {
    let blocks = Blocks::new(table, width);
    let mut out = Neighbours::none(table.n, k);
    let tasks: Vec<_> = out.ids.chunks_mut(BLOCK * k).zip(out.squares.chunks_mut(BLOCK * k)).enumerate().collect();
    crew.each(tasks, |(chunk, (ids, squares))| {
        let (first, rows) = (chunk * BLOCK, ids.len() / k);
        let mut found = [[0.0; BLOCK]; ASKED];
        for block in 0..blocks.len() {
            let (start, size) = blocks.rows(block);
            for q in (0..rows).step_by(ASKED) {
                let asked = std::array::from_fn(|i| first + (q + i).min(rows - 1));
                blocks.squares(asked, block, &mut found);
                for (i, found) in found.iter().enumerate().take(rows - q) {
                    let row = q + i;
                    let (ids, squares) = (&mut ids[row * k..][..k], &mut squares[row * k..][..k]);
                    // Rows come ascending: who is only as near as the last comes too late.
                    let nearest = found[..size].iter().fold(f32::INFINITY, |m, &s| if s < m { s } else { m });
                    if nearest >= squares[k - 1] {
                        continue;
                    }
                    for (r, &square) in found[..size].iter().enumerate() {
                        if square < squares[k - 1] && start + r != first + row {
                            insert(ids, squares, (start + r) as u32, square);
                        }
                    }
                }
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::super::table::table;
    use super::super::tests::{noise, with_gaps};
    use super::*;
    use crate::kmeans::Alone;

    /// Sorted by distance and then by number, as the definition has it.
    pub(in super::super) fn by_the_book(table: &Table, k: usize) -> Neighbours {
        let mut out = Neighbours::none(table.n, k);
        for row in 0..table.n {
            let mut all: Vec<(f32, u32)> = (0..table.n as u32)
                .filter(|&o| o as usize != row)
                .map(|o| (table.square(row, o as usize), o))
                .filter(|s| s.0.is_finite())
                .collect();
            all.sort_by(|a, b| a.partial_cmp(b).unwrap());
            for (at, (square, id)) in all.into_iter().take(k).enumerate() {
                (out.ids[row * k + at], out.squares[row * k + at]) = (id, square);
            }
        }
        out
    }

    #[test]
    fn the_nearest_are_those_of_a_full_sort() {
        // A coarse grid has ties; gaps make rows that are nobody's neighbours.
        let grid: Vec<f32> = noise(400 * 3, 1).iter().map(|x| (x * 3.0).round()).collect();
        for (values, d) in [(noise(501 * 5, 2), 5), (grid, 3), (with_gaps(noise(400 * 6, 5), 6), 6), (noise(40, 4), 4)]
        {
            let (t, _) = table(&values, d, None).unwrap();
            for k in [1, 2, 15] {
                assert_eq!(exact(&t, k, &Alone, Width::best()), by_the_book(&t, k), "n {} d {d} k {k}", t.n);
            }
        }
    }

    #[test]
    fn fewer_rows_than_neighbours() {
        let (t, _) = table(&[0.0, 1.0, 3.0], 1, None).unwrap();
        let found = exact(&t, 5, &Alone, Width::best());
        assert_eq!((found.of(0), found.of(1), found.of(2)), (&[1, 2][..], &[0, 2][..], &[1, 0][..]));
    }

    #[test]
    fn rows_without_neighbours_are_left_out() {
        let n = f32::NAN;
        let (t, place) = table(&[0.0, 0.0, n, n, 1.0, 0.0, n, n, n, n, n, 7.0], 4, None).unwrap();
        let found = exact(&t, 2, &Alone, Width::best());
        let keep = found.connected(t.n);
        assert_eq!(keep, [place[0], place[1]]);
        let (t, found) = (t.only(&keep), found.only(&keep, t.n));
        assert_eq!(found, exact(&t, 2, &Alone, Width::best()));
    }
}
