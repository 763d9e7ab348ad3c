//! Features while a track streams past: chunk by chunk, and of the whole.
//!
//! A chunk is a run of frames; its [`Aggregate`] holds count, mean and sum of squared deviations of every column of their rows (B. P. Welford,
//! "Note on a method for calculating corrected sums of squares and products", Technometrics 4, 1962). Aggregates merge (T. F.
//! Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979), so the
//! chunks of a track, merged, are the whole, but for the last bits of f64. Rows do not depend on where a track is cut
//! (`earprint-signal/src/track`), so neither do they.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use earprint_core::TRACK_RATE_HZ;
use earprint_features::OwnedSegment;
use earprint_pipeline::tracks::{CpuRows, Made, RowMaker};
use earprint_signal::track::HOP;
use earprint_signal::track::row::ROW;

/// Count, mean and spread of the columns of rows ([`earprint_signal::track::row`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    count: u64,
    mean: [f64; ROW],
    /// Sums of squared deviations from the mean.
    squares: [f64; ROW],
}

impl Default for Aggregate {
    fn default() -> Self {
        Self { count: 0, mean: [0.0; ROW], squares: [0.0; ROW] }
    }
}

impl Aggregate {
    /// Of rows `(T, ROW)`.
    pub fn of(rows: &[f32]) -> Self {
        let mut out = Self::default();
        rows.chunks_exact(ROW).for_each(|row| out.add(row));
        out
    }

    /// One row more.
    ///
    /// # Panics
    /// If it is no row.
    pub fn add(&mut self, row: &[f32]) {
        assert_eq!(row.len(), ROW, "a row");
        self.count += 1;
        for ((mean, squares), &v) in self.mean.iter_mut().zip(&mut self.squares).zip(row) {
            let off = f64::from(v) - *mean;
            *mean += off / self.count as f64;
            *squares += off * (f64::from(v) - *mean);
        }
    }

    /// All rows of another too.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        for j in 0..ROW {
            let off = other.mean[j] - self.mean[j];
            self.mean[j] += off * (b / (a + b));
            self.squares[j] += other.squares[j] + off * off * (a * b / (a + b));
        }
        self.count += other.count;
    }

    /// Rows.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean of a column; `None` without rows.
    pub fn mean(&self, column: usize) -> Option<f64> {
        (self.count > 0).then(|| self.mean[column])
    }

    /// Population variance of a column; `None` without rows.
    pub fn variance(&self, column: usize) -> Option<f64> {
        (self.count > 0).then(|| self.squares[column] / self.count as f64)
    }
}

/// A stretch of a track.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// From 0.
    pub index: usize,
    /// Centre of its first frame, seconds.
    pub start_s: f64,
    /// Centre of the frame after its last one, seconds.
    pub end_s: f64,
    /// Its rows.
    pub aggregate: Aggregate,
}

/// A track that has streamed past.
#[derive(Debug, Clone, PartialEq)]
pub struct Streamed {
    /// Its record, as `analyze_directory` stores it.
    pub record: earprint_core::TrackRecord,
    /// All its rows, each once, whatever the overlap.
    pub whole: Aggregate,
    /// Chunks that were handed out.
    pub chunks: usize,
}

/// Rows of frames, cut in chunks that may overlap.
pub(crate) struct Chunks<'a> {
    /// Frames of a chunk.
    length: usize,
    /// Frames from one chunk to the next.
    step: usize,
    waiting: VecDeque<f32>,
    /// Frames before the waiting ones.
    first: usize,
    /// Frames that came.
    came: usize,
    pub whole: Aggregate,
    pub chunks: usize,
    hand_out: &'a mut dyn FnMut(Chunk),
}

impl<'a> Chunks<'a> {
    pub fn new(length: usize, overlap: usize, hand_out: &'a mut dyn FnMut(Chunk)) -> Self {
        assert!(length > overlap, "{overlap} frames of {length} overlap");
        Self {
            length,
            step: length - overlap,
            waiting: VecDeque::new(),
            first: 0,
            came: 0,
            whole: Aggregate::default(),
            chunks: 0,
            hand_out,
        }
    }

    /// The next rows.
    pub fn push(&mut self, rows: &[f32]) {
        rows.chunks_exact(ROW).for_each(|row| self.whole.add(row));
        self.came += rows.len() / ROW;
        self.waiting.extend(rows);
        while self.waiting.len() >= self.length * ROW {
            self.hand_out(self.length);
            self.waiting.drain(..self.step * ROW);
            self.first += self.step;
        }
    }

    /// What is left becomes a last chunk, unless the one before had all of it.
    pub fn end(&mut self) {
        let seen = if self.chunks == 0 { 0 } else { self.first - self.step + self.length };
        if self.came > seen {
            self.hand_out(self.waiting.len() / ROW);
        }
    }

    fn hand_out(&mut self, frames: usize) {
        let mut aggregate = Aggregate::default();
        let rows = self.waiting.make_contiguous();
        rows[..frames * ROW].chunks_exact(ROW).for_each(|row| aggregate.add(row));
        let second = |frame: usize| (frame * HOP) as f64 / f64::from(TRACK_RATE_HZ);
        let (start_s, end_s) = (second(self.first), second(self.first + frames));
        (self.hand_out)(Chunk { index: self.chunks, start_s, end_s, aggregate });
        self.chunks += 1;
    }
}

/// The CPU's rows, looked at as they pass.
pub(crate) struct Looking<'a> {
    rows: CpuRows,
    pub chunks: Chunks<'a>,
}

impl<'a> Looking<'a> {
    pub fn new(chunks: Chunks<'a>) -> Self {
        Self { rows: CpuRows::default(), chunks }
    }
}

impl RowMaker for Looking<'_> {
    fn depth(&self) -> usize {
        self.rows.depth()
    }

    fn submit(&mut self, segment: OwnedSegment) {
        self.rows.submit(segment);
    }

    fn collect(&mut self) -> Pin<Box<dyn Future<Output = Made> + '_>> {
        Box::pin(async {
            let made = self.rows.collect().await;
            self.chunks.push(&made.rows);
            made
        })
    }

    fn recycle(&mut self, rows: Vec<f32>) {
        self.rows.recycle(rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<f32> {
        (0..n * ROW).map(|i| ((i * 7919 + i / 13) % 1009) as f32 * 0.37 - 90.0 + (i % ROW) as f32 * 1e4).collect()
    }

    #[test]
    fn merged_chunks_are_the_whole() {
        let all = rows(1000);
        let whole = Aggregate::of(&all);
        for length in [1, 7, 64, 333, 1000, 5000] {
            let mut merged = Aggregate::default();
            let mut take = |chunk: Chunk| merged.merge(&chunk.aggregate);
            let mut chunks = Chunks::new(length, 0, &mut take);
            // In portions of another size.
            all.chunks(37 * ROW).for_each(|rows| chunks.push(rows));
            chunks.end();
            assert_eq!((chunks.whole.clone(), chunks.chunks), (whole.clone(), 1000usize.div_ceil(length)));
            assert_eq!(merged.count(), 1000);
            for j in 0..ROW {
                // The definition, in two passes.
                let column: Vec<f64> = all.iter().skip(j).step_by(ROW).map(|&v| f64::from(v)).collect();
                let mean = column.iter().sum::<f64>() / 1000.0;
                let variance = column.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 1000.0;
                for found in [&merged, &whole] {
                    let (m, v) = (found.mean(j).unwrap(), found.variance(j).unwrap());
                    assert!((m / mean - 1.0).abs() < 1e-12, "{length} {j}: {m} {mean}");
                    assert!((v / variance - 1.0).abs() < 1e-9, "{length} {j}: {v} {variance}");
                }
            }
        }
    }

    #[test]
    fn overlapping_chunks_share_frames_and_the_whole_counts_them_once() {
        let all = rows(100);
        let mut seen = Vec::new();
        let mut take =
            |c: Chunk| seen.push((c.index, (c.start_s * 44_100.0 / 1024.0).round() as usize, c.aggregate.count()));
        let mut chunks = Chunks::new(40, 10, &mut take);
        all.chunks(9 * ROW).for_each(|rows| chunks.push(rows));
        chunks.end();
        assert_eq!(chunks.whole.count(), 100);
        drop(chunks);
        // The third ends with the track: nothing is left for a fourth.
        assert_eq!(seen, [(0, 0, 40), (1, 30, 40), (2, 60, 40)]);
        let mut seen = Vec::new();
        let mut take = |c: Chunk| seen.push(c.aggregate.count());
        let mut chunks = Chunks::new(40, 0, &mut take);
        chunks.push(&all[..90 * ROW]);
        chunks.end();
        drop(chunks);
        assert_eq!(seen, [40, 40, 10]);
        let mut none = |_: Chunk| panic!("there is nothing");
        let mut empty = Chunks::new(40, 0, &mut none);
        empty.end();
        assert_eq!((empty.whole.mean(0), empty.whole.variance(0)), (None, None));
    }
}
