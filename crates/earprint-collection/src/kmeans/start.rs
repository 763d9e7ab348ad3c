//! Where the centres start: k-means++ (D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007).
//!
//! The first centre is a row drawn by weight, each further one by weight times squared distance to the nearest so far. Squared
//! distances are f32, one row a lane, columns ascending, each operation rounded: the same bits at every width. Their
//! sums are f64 in chunks of [`CHUNK`] rows, eight partial sums each, and chunks in order: the same draw on any number of threads.

use earprint_lanes::{Lane, Width, at_width};

use super::crew::Crew;
use super::part::Part;
use super::philox::uniform;
use super::rows::{BLOCK, CHUNK, Room, Rows};
use super::{KMeansError, stream};

/// Scaled centres `(k, d)`.
pub(super) fn plus_plus<C: Crew>(
    rows: &Rows,
    k: usize,
    seed: u64,
    crew: &C,
    width: Width,
) -> Result<Vec<f32>, KMeansError> {
    let d = rows.d;
    let mut near: Vec<f32> = vec![f32::INFINITY; rows.norms.len()];
    let mut sums = vec![0.0f64; near.len().div_ceil(CHUNK)];
    let total: u64 = rows.weights.iter().map(|&w| u64::from(w)).sum();
    let mut passed = 0;
    // 2^40 is the most, so the product is exact enough to be a rank.
    let rank = (uniform(seed, stream::START, 0) * total as f64) as u64;
    let first = rows.weights.iter().position(|&w| {
        passed += u64::from(w);
        passed > rank
    });
    let mut chosen = first.expect("a rank below the total");
    let mut centres = Vec::with_capacity(k * d);
    loop {
        // An unknown number of a centre is the collection's middle.
        let centre = rows.one(chosen);
        let tasks: Vec<_> = near.chunks_mut(CHUNK).zip(&mut sums).enumerate().collect();
        crew.each(tasks, |(chunk, (near, sum))| {
            let mut room = Room::default();
            let part = rows.part(chunk * CHUNK, near.len(), &mut room);
            closer(part.values(), &centre, near, width);
            *sum = weigh(rows, part, chunk * CHUNK, &centre, near);
        });
        centres.extend_from_slice(&centre);
        let number = centres.len() / d;
        if number == k {
            return Ok(centres);
        }
        rows.fault()?;
        let total: f64 = sums.iter().sum();
        if total <= 0.0 {
            return Err(KMeansError::TooFew { k, different: number });
        }
        chosen = draw(rows, &near, &sums, uniform(seed, stream::START, number as u64) * total);
    }
}

/// Takes the squared distances to `centre` where they are smaller.
fn closer(blocks: &[f32], centre: &[f32], near: &mut [f32], width: Width) {
    assert!(blocks.len() == near.len() * centre.len() && near.len().is_multiple_of(BLOCK));
    at_width!(width, lanes(blocks: &[f32], centre: &[f32], near: &mut [f32]));
}

/// # Safety
/// The machine has the lanes' instructions; `blocks` are of as many rows as `near` and as many columns as `centre`.
#[inline(always)]
unsafe fn lanes<L: Lane>(blocks: &[f32], centre: &[f32], near: &mut [f32]) {
    // SAFETY: vectors of rows lie inside a block; see the caller's assertion.
    unsafe {
        for row in (0..near.len()).step_by(L::W) {
            let x = blocks.as_ptr().add(row / BLOCK * BLOCK * centre.len() + row % BLOCK);
            let mut sum = L::splat(0.0);
            for (j, &c) in centre.iter().enumerate() {
                let t = L::load(x.add(j * BLOCK)).sub(L::splat(c));
                sum = sum.add(t.mul(t));
            }
            let p = near.as_mut_ptr().add(row);
            L::load(p).min(sum).store(p);
        }
    }
}

/// The sum of weighted squared distances of a chunk that begins at row `first`. Rows with unknown numbers are put right, rows past the
/// last one and rows without weight cleared.
fn weigh(rows: &Rows, part: Part, first: usize, centre: &[f32], near: &mut [f32]) -> f64 {
    let here = rows.n.saturating_sub(first).min(near.len());
    near[here..].fill(0.0);
    for (&row, _) in rows.missing.range(first..first + here) {
        // The kernel took zeros for what is unknown: never nearer than without those columns.
        near[row - first] = near[row - first].min(part.distance(row, centre) as f32);
    }
    let mut partial = [0.0f64; 8];
    for (i, (near, &w)) in near[..here].iter_mut().zip(&rows.weights[first..]).enumerate() {
        if w == 0 {
            *near = 0.0;
        }
        partial[i % 8] += f64::from(*near) * f64::from(w);
    }
    partial.iter().sum()
}

/// The row at which the sum of weighted squared distances passes `target`.
fn draw(rows: &Rows, near: &[f32], sums: &[f64], target: f64) -> usize {
    let weighted = |row: usize| f64::from(near[row]) * f64::from(rows.weights[row]);
    let (mut before, mut chunk) = (0.0, 0);
    // What rounding leaves over belongs to the last chunk that has something.
    let last = sums.iter().rposition(|&s| s > 0.0).expect("a total above 0");
    while chunk < last && before + sums[chunk] <= target {
        before += sums[chunk];
        chunk += 1;
    }
    let (from, to) = (chunk * CHUNK, ((chunk + 1) * CHUNK).min(rows.n));
    let mut sum = before;
    let found = (from..to).find(|&row| {
        sum += weighted(row);
        weighted(row) > 0.0 && sum > target
    });
    found.unwrap_or_else(|| (from..to).rfind(|&row| weighted(row) > 0.0).expect("a chunk with something"))
}
