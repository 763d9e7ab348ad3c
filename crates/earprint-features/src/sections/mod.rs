//! Sections of a track: where it changes, and what each part is.
//!
//! In: the rows of frames as they come ([`Blocks`], one pass, 132 bytes for 0.56 s), and at the end the columns that the track keeps of
//! every frame ([`Columns`]). Out: [`Section`]s without gaps from 0 to the end. Rows to blocks (`blocks.rs`), blocks to a novelty
//! curve (`novelty.rs`), its peaks to boundaries (`boundaries.rs`) and those to frames (`refine.rs`), what lies between to letters
//! and roles (`letters.rs`, `roles.rs`). No threshold is a level, a brightness or a tempo: all are relative to the track; the only
//! fixed sizes are differences that nobody hears as a change (`blocks.rs`) and what counts as a clear one (`boundaries.rs`).
//!
//! A track of one kind, or shorter than two sections of 5 s, is one section; a silent one has none.

mod blocks;
mod boundaries;
mod columns;
mod letters;
mod novelty;
mod refine;
mod roles;
mod spread;

use earprint_core::{Section, TRACK_RATE_HZ, Transition, TransitionKind};
use earprint_signal::track::HOP;

use crate::gate;
use columns::{db, ratio};
use roles::Traits;

pub use blocks::{BLOCK, Blocks};
pub use columns::Columns;

const RATE: f64 = TRACK_RATE_HZ as f64;

/// Blocks between two sections from which on the change is a fade: 1.7 s.
const FADE_BLOCKS: usize = 3;

/// From this change on, dB, what happens at once is a rise or a drop.
const STEP_DB: f64 = 3.0;

/// Sections of a track of `samples` samples at 44,100 Hz; `None` where nothing sounds.
///
/// # Panics
/// If `blocks` and `columns` do not come from the same frames.
pub fn sections(blocks: Blocks, columns: &Columns, samples: u64) -> Option<Vec<Section>> {
    let features = blocks.features()?;
    let frames = columns.frames();
    assert_eq!(features.rows.len(), frames.div_ceil(BLOCK), "blocks and columns of the same frames");
    let (curve, usual) = novelty::novelty(&features);
    let (boundaries, runs) = boundaries::boundaries(&features, &curve, &usual);
    let groups = letters::groups(&runs, &boundaries, &usual);

    let mut edges = vec![0];
    edges.extend(boundaries.iter().map(|b| refine::frame_of(columns, b)));
    edges.push(frames);
    let block_edges: Vec<usize> =
        [0].into_iter().chain(boundaries.iter().map(|b| b.block)).chain([features.rows.len()]).collect();
    let whole = columns.measure(0, frames);
    let parts: Vec<_> = edges.windows(2).map(|e| columns.measure(e[0], e[1])).collect();
    let thirds: Vec<_> = edges
        .windows(2)
        .map(|e| {
            let third = ((e[1] - e[0]) / 3).max(1);
            [columns.measure(e[0], e[0] + third), columns.measure(e[1] - third, e[1])]
        })
        .collect();

    // A frame's centre lies on its first new sample: the change lies half a hop before it.
    let time = |edge: usize| match edge {
        0 => 0.0,
        e if e == frames => samples as f64 / RATE,
        e => (e as f64 - 0.5) * HOP as f64 / RATE,
    };
    let micro = |seconds: f64| libm::round(seconds * 1e6) / 1e6;
    let traits: Vec<Traits> = (0..parts.len())
        .map(|i| {
            let [first, last] = thirds[i];
            Traits {
                seconds: time(edges[i + 1]) - time(edges[i]),
                energy: db(parts[i].power, whole.power)
                    .unwrap_or(f64::NEG_INFINITY)
                    .max(10.0 * libm::log10(gate::GATE)),
                density: ratio(parts[i].flux, whole.flux),
                slope: db(last.power, first.power).unwrap_or(0.0),
                density_slope: last.flux.zip(first.flux).and_then(|(l, f)| db(l, f)).unwrap_or(0.0),
            }
        })
        .collect();
    let roles = roles::roles(&traits);
    let f32_of = |x: Option<f64>| x.map(|x| x as f32);
    let one = |i: usize| {
        let before = i.checked_sub(1).map(|b| (boundaries[b], parts[b]));
        let transition = before.map(|(_, from)| {
            let between =
                refine::blocks_between(&features, [block_edges[i - 1], block_edges[i], block_edges[i + 1]], &usual);
            let change = db(parts[i].power, from.power);
            let loud = change.unwrap_or(if parts[i].power > from.power { f64::INFINITY } else { f64::NEG_INFINITY });
            Transition {
                kind: match () {
                    _ if between >= FADE_BLOCKS => TransitionKind::Fade,
                    _ if loud >= STEP_DB => TransitionKind::Rise,
                    _ if loud <= -STEP_DB => TransitionKind::Drop,
                    _ => TransitionKind::Cut,
                },
                seconds: (between * BLOCK * HOP) as f32 / RATE as f32,
                change_db: f32_of(change),
                brightness_ratio: f32_of(ratio(parts[i].centroid, from.centroid)),
                density_ratio: f32_of(ratio(parts[i].flux, from.flux)),
            }
        });
        let [first, last] = thirds[i];
        Section {
            start: micro(time(edges[i])),
            end: micro(time(edges[i + 1])),
            letter: letters::letter(groups[i]),
            role: roles[i].0,
            membership: roles[i].1 as f32,
            energy: f32_of(db(parts[i].power, whole.power)),
            brightness: f32_of(ratio(parts[i].centroid, whole.centroid)),
            density: f32_of(ratio(parts[i].flux, whole.flux)),
            slope_db: f32_of(db(last.power, first.power)),
            novelty: before.map(|(b, _)| b.strength as f32),
            transition,
        }
    };
    Some((0..parts.len()).map(one).collect())
}
