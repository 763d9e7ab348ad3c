//! Equal rows as one row with a weight.
//!
//! Windows of sound overlap, and silence is silence: of the rows of a collection a third may be there twice. One row that counts for
//! all its copies gives the same centres and labels from the same first centres, for sums of rows are integers.
//!
//! Rows are sorted by a hash of their bits; rows of one hash are compared, so no collision joins what differs. -0 and 0 differ, NaN of
//! the same bits are equal. Memory: 12 bytes a row while this works, then 4 a row and 8 a different one.

use std::sync::Arc;

use super::KMeansError;
use super::source::{Input, Source, Stream};

/// Most rows, of which numbers fit 32 bits with room for a mark.
const MOST: u64 = u32::MAX as u64;

/// Rows read at once when those between are not wanted.
const SPAN: usize = 4096;

/// Which rows are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// The first of each, ascending.
    firsts: Arc<[u32]>,
    /// How many there are of each.
    counts: Vec<u32>,
    /// For every row its place among the firsts.
    place: Vec<u32>,
}

impl Unique {
    /// Looks through rows.
    ///
    /// # Errors
    /// `Source` where they cannot be read, or are 2^32 or more.
    pub fn of(source: &dyn Source) -> Result<Self, KMeansError> {
        let n = source.rows();
        if n as u64 >= MOST {
            return Err(KMeansError::Source {
                why: format!("{n} rows; expected fewer than {MOST} to find equal ones"),
            });
        }
        // The upper bits of a hash, and the row.
        let bits = u64::BITS - (n as u64).leading_zeros();
        let mut keys = Vec::with_capacity(n);
        Stream(source).each(&mut |first, values| {
            let rows = values.chunks_exact(source.columns().max(1)).enumerate();
            keys.extend(rows.map(|(r, row)| hash(row) >> bits << bits | (first + r) as u64));
            Ok(())
        })?;
        keys.sort_unstable();
        // First the row that each is a copy of, at most itself.
        let mut place = vec![0u32; n];
        let row_of = |key: &u64| (key & ((1 << bits) - 1)) as u32;
        for same in keys.chunk_by(|a, b| a >> bits == b >> bits) {
            if let [one] = same {
                place[row_of(one) as usize] = row_of(one);
                continue;
            }
            let mut left: Vec<u32> = same.iter().map(row_of).collect();
            while let Some(&first) = left.first() {
                let want = read(source, first)?;
                let mut other = Vec::new();
                for &row in &left {
                    if row == first || read(source, row)? == want {
                        place[row as usize] = first;
                    } else {
                        other.push(row);
                    }
                }
                left = other;
            }
        }
        drop(keys);
        let (mut firsts, mut counts) = (Vec::new(), Vec::<u32>::new());
        for row in 0..n {
            let first = place[row] as usize;
            if first == row {
                place[row] = firsts.len() as u32;
                firsts.push(row as u32);
                counts.push(1);
            } else {
                // What it copies came before, and knows its place already.
                place[row] = place[first];
                counts[place[row] as usize] += 1;
            }
        }
        Ok(Self { firsts: firsts.into(), counts, place })
    }

    /// How many rows each different one stands for: its weight.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The different rows of `source`, in the order of their first copies.
    pub fn over(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        assert_eq!(source.rows(), self.place.len(), "the rows that were looked through");
        Box::new(Firsts { source, firsts: self.firsts.clone() })
    }

    /// What the different rows were given, for every row.
    ///
    /// # Panics
    /// If they are not as many.
    pub fn spread<T: Copy>(&self, of_firsts: &[T]) -> Vec<T> {
        assert_eq!(of_firsts.len(), self.firsts.len(), "one for each different row");
        self.place.iter().map(|&at| of_firsts[at as usize]).collect()
    }
}

/// Some rows of a source.
struct Firsts {
    source: Box<dyn Source>,
    firsts: Arc<[u32]>,
}

impl Source for Firsts {
    fn rows(&self) -> usize {
        self.firsts.len()
    }

    fn columns(&self) -> usize {
        self.source.columns()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        let d = self.columns();
        let wanted = &self.firsts[first..first + out.len() / d];
        let mut room = Vec::new();
        let mut out = out.chunks_exact_mut(d);
        let mut from = 0;
        while from < wanted.len() {
            // As many as lie close together, with those between.
            let start = wanted[from];
            let near = wanted[from..].partition_point(|&row| ((row - start) as usize) < SPAN);
            let here = &wanted[from..from + near];
            room.resize(((here[near - 1] - start) as usize + 1) * d, 0.0);
            self.source.read(start as usize, &mut room)?;
            for (&row, out) in here.iter().zip(&mut out) {
                out.copy_from_slice(&room[(row - start) as usize * d..][..d]);
            }
            from += near;
        }
        Ok(())
    }
}

/// The bits of one row.
fn read(source: &dyn Source, row: u32) -> Result<Vec<u32>, KMeansError> {
    let mut values = vec![0.0; source.columns()];
    source.read(row as usize, &mut values).map_err(|why| KMeansError::Source { why })?;
    Ok(values.into_iter().map(f32::to_bits).collect())
}

/// Multiply and fold, with the increment of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014) as the factor. Rows that collide are compared, so its quality is a matter of time alone.
fn hash(row: &[f32]) -> u64 {
    row.iter().fold(0x9E37_79B9_7F4A_7C15, |h, v| {
        let h = (h ^ u64::from(v.to_bits())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        h ^ h >> 29
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::Table;
    use super::*;

    #[test]
    fn equal_rows_are_found_and_put_back() {
        let (n, d) = (10_000, 3);
        // Row i is a copy where 7 divides i: of row i / 7.
        let mut values: Vec<f32> = Vec::new();
        for i in 0usize..n {
            let row = if i > 0 && i.is_multiple_of(7) {
                values[i / 7 * d..][..d].to_vec()
            } else {
                vec![i as f32, -0.0, f32::NAN]
            };
            values.extend(row);
        }
        values[5 * d + 1] = 0.0; // by its bits another row than before
        let source = Table::new(values.clone(), d).unwrap();
        let unique = Unique::of(&source).unwrap();
        let root = |mut i: usize| {
            while i > 0 && i.is_multiple_of(7) {
                i /= 7;
            }
            i
        };
        let firsts: Vec<u32> = (0..n as u32).filter(|&i| root(i as usize) == i as usize).collect();
        // Row 35 was made of row 5 as it was.
        let mut want = firsts.clone();
        want.insert(want.partition_point(|&f| f < 35), 35);
        assert_eq!(*unique.firsts, want);
        assert_eq!(unique.counts.iter().map(|&c| c as usize).sum::<usize>(), n);
        let rows = unique.over(Box::new(source));
        let mut read = vec![0.0; unique.firsts.len() * d];
        rows.read(0, &mut read).unwrap();
        let read: Vec<[u32; 3]> = read.as_chunks::<3>().0.iter().map(|row| row.map(f32::to_bits)).collect();
        let back = unique.spread(&read);
        let all: Vec<[u32; 3]> = values.as_chunks::<3>().0.iter().map(|row| row.map(f32::to_bits)).collect();
        assert!(back == all);
    }
}
