//! Nearest centres on any [`Machine`]: rows that stay there, centres that come and go.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use earprint_collection::kmeans::{BLOCK, CentresView, Device, RowsView, Words};
use earprint_shaders::{KMEANS_NEAREST, NearestParams};

use crate::{ComputeError, Content, Machine, Recording, Ticket};

/// Centres of a tile.
const TILE: usize = 8;

/// What no sum is above: kernels know no infinity.
const HUGE: f32 = 3e38;

/// Rows that are clustered, on a machine.
pub struct KMeansDevice {
    machine: Box<dyn Machine>,
    name: String,
    /// Blocks of a recording; 0 before the first.
    share: usize,
    /// Values and norms of every share, as long as they fit the device together; empty otherwise.
    resident: Vec<[Arc<[u32]>; 2]>,
}

impl KMeansDevice {
    /// On a machine that is used for nothing else.
    pub fn new(machine: Box<dyn Machine>) -> Self {
        let name = machine.info().kind.name().to_owned();
        Self { machine, name, share: 0, resident: Vec::new() }
    }

    /// Most blocks of a recording: twice the bytes of one may be under way.
    fn most_blocks(&self, rows: &RowsView, table_bytes: u64) -> usize {
        let room = self.machine.room();
        let block = (BLOCK * rows.d * 4) as u64;
        let of_all = room.total.saturating_sub(table_bytes) / (block + 3 * BLOCK as u64 * 4);
        (of_all.min(room.largest_buffer / block) as usize).clamp(1, rows.norms.len() / BLOCK)
    }

    /// Cuts the rows in shares of `blocks`; if they may `stay` and fit the device together, they do.
    fn cut(&mut self, rows: &RowsView, blocks: usize, stay: bool) {
        self.share = blocks;
        self.resident.clear();
        let bytes = (rows.values.len() + 2 * rows.norms.len()) as u64 * 4;
        if stay && bytes <= self.machine.room().total {
            self.resident = shares(rows, blocks).map(|(values, norms)| [bits(values), bits(&marked(norms))]).collect();
        }
    }

    async fn look(&mut self, rows: RowsView<'_>, centres: CentresView<'_>) -> Result<Vec<u32>, String> {
        // Beyond this a sum could pass what stands for infinity.
        let largest = centres.halves.iter().copied().fold(0.0, f32::max);
        if !(largest < 1e37 && rows.norms.iter().all(|n| *n < 1e18 || n.is_infinite())) {
            return Err("numbers of 10^18 and more; scale the columns".to_owned());
        }
        let table = tables(&centres, rows.d);
        let table_bytes = table.iter().map(|t| t.len() as u64 * 4).sum();
        if self.share == 0 {
            self.cut(&rows, self.most_blocks(&rows, table_bytes), true);
        }
        loop {
            match self.pass(&rows, &table, &centres).await {
                Ok(found) => return Ok(found),
                // Half as much may fit, and nothing that stays.
                Err(ComputeError::OutOfMemory { .. }) if self.share > 1 => self.cut(&rows, self.share / 2, false),
                Err(e) => return Err(e.to_string()),
            }
        }
    }

    async fn pass(
        &mut self,
        rows: &RowsView<'_>,
        table: &[Arc<[u32]>; 2],
        centres: &CentresView<'_>,
    ) -> Result<Vec<u32>, ComputeError> {
        let mut found = Vec::with_capacity(rows.norms.len());
        let mut under_way: VecDeque<Ticket> = VecDeque::new();
        let mut failed = None;
        for (at, (values, norms)) in shares(rows, self.share).enumerate() {
            let recording = self.record(at, rows.d, values, norms, table, centres);
            if under_way.len() == self.machine.depth() {
                let ticket = under_way.pop_front().expect("one is under way");
                match self.machine.collect(ticket).await {
                    Ok(words) => found.extend(words),
                    Err(e) => failed = Some(e),
                }
            }
            match self.machine.submit(&recording) {
                Ok(ticket) => under_way.push_back(ticket),
                Err(e) => failed = failed.or(Some(e)),
            }
            if failed.is_some() {
                break;
            }
        }
        // All of them, whatever happened: a machine answers in order.
        for ticket in under_way {
            match self.machine.collect(ticket).await {
                Ok(words) => found.extend(words),
                Err(e) => failed = failed.or(Some(e)),
            }
        }
        failed.map_or(Ok(found), Err)
    }

    /// Share `at` of the rows.
    fn record(
        &self,
        at: usize,
        d: usize,
        values: &[f32],
        norms: &[f32],
        table: &[Arc<[u32]>; 2],
        centres: &CentresView,
    ) -> Recording<'static> {
        let mut recording = Recording::new();
        let result = recording.scratch(norms.len());
        recording.result = result;
        let fresh = |words: &[u32]| Content::Fresh(Cow::Owned(words.iter().flat_map(|w| w.to_ne_bytes()).collect()));
        let contents = match self.resident.get(at) {
            Some([values, norms]) => [Content::Table(values.clone()), Content::Table(norms.clone())],
            None => [fresh(&bits(values)), fresh(&bits(&marked(norms)))],
        };
        let [values, marks] = contents.map(|content| recording.buffer(content));
        let [centre_table, halves] = [0, 1].map(|t| recording.buffer(fresh(&table[t])));
        let blocks = norms.len() / BLOCK;
        let params = NearestParams {
            blocks: blocks as u32,
            columns: d as u32,
            tiles: (table[1].len() / TILE) as u32,
            slope: centres.slope,
            offset: centres.offset,
        };
        recording.step(&KMEANS_NEAREST, params.bytes(), blocks, &[values, marks, centre_table, halves, result]);
        recording
    }
}

impl Device for KMeansDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn nearest<'a>(&'a mut self, rows: RowsView<'a>, centres: CentresView<'a>) -> Words<'a> {
        Box::pin(self.look(rows, centres))
    }
}

/// Runs of `blocks` blocks: values and norms.
fn shares<'a>(rows: &RowsView<'a>, blocks: usize) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
    rows.values.chunks(blocks * BLOCK * rows.d).zip(rows.norms.chunks(blocks * BLOCK))
}

fn bits(values: &[f32]) -> Arc<[u32]> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Infinite norms as negative ones.
fn marked(norms: &[f32]) -> Vec<f32> {
    norms.iter().map(|&n| if n.is_infinite() { -1.0 } else { n }).collect()
}

/// Centres as the kernel has them: negated, `(tile, column, TILE)`, and their halves.
fn tables(centres: &CentresView, d: usize) -> [Arc<[u32]>; 2] {
    let k = centres.halves.len();
    let padded = k.next_multiple_of(TILE);
    let value = |i: usize| {
        let (tile, j, c) = (i / (d * TILE), i / TILE % d, i % TILE);
        let c = tile * TILE + c;
        (if c < k { -centres.values[c * d + j] } else { 0.0 }).to_bits()
    };
    let half = |c: usize| (if c < k { centres.halves[c] } else { HUGE }).to_bits();
    [(0..padded * d).map(value).collect(), (0..padded).map(half).collect()]
}
