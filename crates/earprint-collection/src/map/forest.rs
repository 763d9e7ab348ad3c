//! The nearest rows of every row, nearly: for collections in which all pairs are too many.
//!
//! Enters: a table and a seed. Leaves: what `neighbours` leaves, with a few wrong. **Start**: trees that halve rows by the plane between two
//! random ones, until few are left (S. Dasgupta, Y. Freund, "Random projection trees and low dimensional manifolds", STOC 2008, with planes as in
//! the usual libraries); in each leaf everyone is compared with everyone. **Descent**: neighbours of neighbours are compared until hardly a list changes (W.
//! Dong, C. Moses, K. Li, "Efficient k-nearest neighbor graph construction for generic similarity measures", WWW 2011).
//! Every row *pulls* from the lists of the round before, so rows can be shared out over threads and the result is the same.

use super::neighbours::{Neighbours, insert};
use super::stream;
use super::table::{NONE, Table};
use crate::kmeans::Crew;
use crate::kmeans::philox::philox;

/// Trees.
const TREES: usize = 6;
/// Rows of a leaf, at most.
const LEAF: usize = 48;
/// Deepest node that is cut by a plane; below it, rows are halved as they stand.
const DEEPEST: u32 = 60;
/// Neighbours of a row, and rows whose neighbour it is, that pass on theirs.
const PASS_ON: usize = 14;
/// Rounds, at most.
const ROUNDS: usize = 8;
/// Ends once fewer than this share of all neighbours is new.
const STILL: f64 = 0.002;
/// Rows of a task.
const CHUNK: usize = 1024;

/// Up to `k` near rows of every row.
pub(super) fn near<C: Crew>(table: &Table, k: usize, seed: u64, crew: &C) -> Neighbours {
    let n = table.n;
    let mut trees: Vec<Tree> = (0..TREES).map(|_| Tree::default()).collect();
    crew.each(trees.iter_mut().enumerate().collect(), |(number, tree): (usize, &mut Tree)| {
        *tree = Tree::grow(table, number as u32, seed);
    });
    // Longer lists than asked for: what is in reach of more rows is found more surely.
    let wide = k + 5;
    let mut lists = Neighbours::none(n, wide);
    let mut fresh = vec![true; n * wide];
    each_row(&mut lists, &mut fresh, crew, |row, list| {
        for tree in &trees {
            list.take(table, row, tree.leaf_of(row));
        }
    });
    for _ in 0..ROUNDS {
        let links = Links::of(&lists, &fresh, n);
        let mut next = lists.clone();
        fresh.fill(false);
        each_row(&mut next, &mut fresh, crew, |row, list| {
            for &(middle, new) in links.of_row(row) {
                let passed = links.of_row(middle as usize).iter().filter(|(_, also)| new || *also);
                list.take_each(table, row, passed.map(|p| p.0));
            }
        });
        lists = next;
        let new = fresh.iter().filter(|&&f| f).count();
        if (new as f64) < STILL * (n * wide) as f64 {
            break;
        }
    }
    let cut = |from: usize| from * wide..from * wide + k;
    Neighbours {
        k,
        ids: (0..n).flat_map(|row| lists.ids[cut(row)].iter().copied()).collect(),
        squares: (0..n).flat_map(|row| lists.squares[cut(row)].iter().copied()).collect(),
    }
}

/// The list of a row while it is made.
struct List<'a> {
    ids: &'a mut [u32],
    squares: &'a mut [f32],
    fresh: &'a mut [bool],
    /// The last row that asked each row.
    asked: &'a mut [u32],
}

impl List<'_> {
    fn take(&mut self, table: &Table, row: usize, others: &[u32]) {
        self.take_each(table, row, others.iter().copied());
    }

    fn take_each(&mut self, table: &Table, row: usize, others: impl Iterator<Item = u32>) {
        for other in others {
            // Once a round is enough for a pair.
            if other as usize == row || std::mem::replace(&mut self.asked[other as usize], row as u32) == row as u32 {
                continue;
            }
            let square = table.square(row, other as usize);
            if square == f32::INFINITY || self.ids.contains(&other) {
                continue;
            }
            if insert(self.ids, self.squares, other, square) {
                let at = self.ids.iter().position(|&id| id == other).expect("it was inserted");
                self.fresh.copy_within(at..self.fresh.len() - 1, at + 1);
                self.fresh[at] = true;
            }
        }
    }
}

fn each_row<C: Crew>(
    lists: &mut Neighbours,
    fresh: &mut [bool],
    crew: &C,
    work: impl Fn(usize, &mut List<'_>) + Sync + Send,
) {
    let (k, n) = (lists.k, fresh.len() / lists.k);
    let parts = lists.ids.chunks_mut(CHUNK * k).zip(lists.squares.chunks_mut(CHUNK * k));
    let tasks: Vec<_> = parts.zip(fresh.chunks_mut(CHUNK * k)).enumerate().collect();
    crew.each(tasks, |(chunk, ((ids, squares), fresh))| {
        let mut asked = vec![NONE; n];
        let rows = ids.chunks_mut(k).zip(squares.chunks_mut(k)).zip(fresh.chunks_mut(k));
        for (r, ((ids, squares), fresh)) in rows.enumerate() {
            work(chunk * CHUNK + r, &mut List { ids, squares, fresh, asked: &mut asked });
        }
    });
}

/// Who passes on what to whom: some neighbours of each row and some rows whose neighbour it is, each new or not.
struct Links {
    start: Vec<u32>,
    to: Vec<(u32, bool)>,
}

impl Links {
    fn of(lists: &Neighbours, fresh: &[bool], n: usize) -> Self {
        // The nearest of each row whose neighbour it is, by distance and number.
        let mut back = Neighbours::none(n, PASS_ON);
        let mut new = vec![false; n * PASS_ON];
        for row in 0..n {
            for (at, (&id, &square)) in lists.of(row).iter().zip(lists.squares_of(row)).enumerate() {
                let list = id as usize * PASS_ON..(id as usize + 1) * PASS_ON;
                let (ids, squares) = (&mut back.ids[list.clone()], &mut back.squares[list.clone()]);
                if insert(ids, squares, row as u32, square) {
                    let place = ids.iter().position(|&i| i == row as u32).expect("it was inserted");
                    let new = &mut new[list];
                    new.copy_within(place..PASS_ON - 1, place + 1);
                    new[place] = fresh[row * lists.k + at];
                }
            }
        }
        let (mut start, mut to) = (vec![0], Vec::with_capacity(n * 2 * PASS_ON));
        for row in 0..n {
            let first = to.len();
            let ahead = lists.of(row).iter().enumerate().map(|(at, &id)| (id, fresh[row * lists.k + at]));
            // New ones first: they are what has not been passed on yet.
            to.extend(ahead.clone().filter(|l| l.1).take(PASS_ON));
            let left = PASS_ON - (to.len() - first);
            to.extend(ahead.filter(|l| !l.1).take(left));
            let behind = back.of(row).iter().enumerate().map(|(at, &id)| (id, new[row * PASS_ON + at]));
            to.extend(behind);
            start.push(to.len() as u32);
        }
        Self { start, to }
    }

    fn of_row(&self, row: usize) -> &[(u32, bool)] {
        &self.to[self.start[row] as usize..self.start[row + 1] as usize]
    }
}

/// Rows in leaves.
#[derive(Default)]
struct Tree {
    rows: Vec<u32>,
    /// Where the leaf of each row begins and ends in `rows`.
    leaf: Vec<(u32, u32)>,
}

impl Tree {
    fn grow(table: &Table, number: u32, seed: u64) -> Self {
        let mut tree = Self { rows: (0..table.n as u32).collect(), leaf: vec![(0, 0); table.n] };
        let mut spare = Vec::new();
        // Nodes still to be cut: begin, end, depth. Their number in this order names their random numbers.
        let (mut nodes, mut node) = (vec![(0usize, table.n, 0u32)], 0u32);
        while let Some((begin, end, depth)) = nodes.pop() {
            if end - begin <= LEAF {
                for at in begin..end {
                    tree.leaf[tree.rows[at] as usize] = (begin as u32, end as u32);
                }
                continue;
            }
            let rows = &mut tree.rows[begin..end];
            let cut = if depth < DEEPEST { cut(table, rows, [node, number], seed, &mut spare) } else { 0 };
            let cut = if cut == 0 || cut == rows.len() { rows.len() / 2 } else { cut };
            nodes.push((begin + cut, end, depth + 1));
            nodes.push((begin, begin + cut, depth + 1));
            node += 1;
        }
        tree
    }

    fn leaf_of(&self, row: usize) -> &[u32] {
        let (begin, end) = self.leaf[row];
        &self.rows[begin as usize..end as usize]
    }
}

/// Moves rows on one side of the plane between two of them before the others, keeping their order; how many they are.
fn cut(table: &Table, rows: &mut [u32], [node, tree]: [u32; 2], seed: u64, spare: &mut Vec<u32>) -> usize {
    let [a, b, ..] = philox([node, tree, stream::FOREST, 0], [seed as u32, (seed >> 32) as u32]);
    let pick = |r: u32, of: usize| ((u64::from(r) * of as u64) >> 32) as usize;
    let one = pick(a, rows.len());
    let other = (one + 1 + pick(b, rows.len() - 1)) % rows.len();
    let (x, y) = (table.row(rows[one] as usize), table.row(rows[other] as usize));
    let normal: Vec<f32> = x.iter().zip(y).map(|(x, y)| x - y).collect();
    let middle = x.iter().zip(y).zip(&normal).fold(0.0f32, |s, ((x, y), n)| s + 0.5 * (x + y) * n);
    spare.clear();
    let mut before = 0;
    for at in 0..rows.len() {
        let row = rows[at];
        let side = table.row(row as usize).iter().zip(&normal).fold(0.0f32, |s, (x, n)| s + x * n);
        if side > middle {
            rows[before] = row;
            before += 1;
        } else {
            spare.push(row);
        }
    }
    rows[before..].copy_from_slice(spare);
    before
}

#[cfg(test)]
mod tests {
    use earprint_lanes::Width;

    use super::super::neighbours::exact;
    use super::super::table::table;
    use super::super::tests::{blobs, noise, with_gaps};
    use super::*;
    use crate::kmeans::Alone;

    /// Share of true neighbours that are found.
    fn recall(table: &Table, k: usize) -> f64 {
        let (want, got) = (exact(table, k, &Alone, Width::best()), near(table, k, 1, &Alone));
        let found = |row: usize| want.of(row).iter().filter(|id| got.of(row).contains(id)).count();
        let all: usize = (0..table.n).map(|row| want.of(row).len()).sum();
        for row in 0..table.n {
            assert!(got.of(row).iter().zip(got.squares_of(row)).all(|(&o, &s)| table.square(row, o as usize) == s));
            let pairs = || got.squares_of(row).iter().zip(got.of(row));
            assert!(pairs().zip(pairs().skip(1)).all(|(a, b)| a < b));
        }
        (0..table.n).map(found).sum::<usize>() as f64 / all as f64
    }

    #[test]
    fn nearly_all_neighbours_are_found() {
        let sets = [
            ("blobs", blobs(6000, 25, 8, 3.0), 25),
            ("no structure", noise(6000 * 12, 7), 12),
            ("gaps", with_gaps(blobs(5000, 25, 8, 1.0), 25), 25),
        ];
        for (name, values, d) in sets {
            let (t, _) = table(&values, d, None).unwrap();
            let found = recall(&t, 15);
            println!("{name}: recall {found:.4}");
            assert!(found > 0.95, "{name}: recall {found}");
        }
    }

    #[test]
    fn rows_on_one_line_or_nearly_one_place() {
        // Nothing for a plane to cut but the last bits.
        let values: Vec<f32> = (0..5000).flat_map(|i| [1.0 + i as f32 * f32::EPSILON, 1.0]).collect();
        let (t, _) = table(&values, 2, None).unwrap();
        assert_eq!(t.n, 5000);
        assert!(recall(&t, 5) > 0.9);
    }
}
