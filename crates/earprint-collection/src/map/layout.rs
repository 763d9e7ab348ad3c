//! Epochs: neighbours pull, everyone pushes, until the map stands.
//!
//! Enters: affinities and where each row starts. Leaves: places. Gradient descent on the divergence of t-SNE (L. van der Maaten,
//! G. Hinton, JMLR 9, 2008) with momentum and gains (R. Jacobs 1988), affinities exaggerated at first, and rates of n over the exaggeration (A. Belkina et al., Nature
//! Communications 10, 2019); from the principal components, so that the large shape is that of the data and not of chance (D. Kobak, P. Berens, same journal, 2019).
//! t-SNE rather than UMAP: its kernel is a quotient where UMAP's needs a power, its gradient has no sampled part, and it keeps
//! nearest neighbours better, which is what this map promises.
//!
//! Every epoch computes all gradients from the places of the epoch before: rows can be shared out over threads and nothing changes.

use std::ops::ControlFlow;

use super::Epoch;
use super::affinity::Affinity;
use super::repulsion::{CHUNK, Repulsion};
use super::stream;
use crate::kmeans::Crew;
use crate::kmeans::philox::uniform;

/// Affinities are this many times as strong in the first third of the epochs.
const EXAGGERATION: f64 = 12.0;

/// Momentum in the first third, and after it.
const MOMENTUM: [f64; 2] = [0.5, 0.8];

/// Smallest rate.
const RATE: f64 = 200.0;

/// Deviation of the wider coordinate at the start: so small that no pair repels another yet.
const START: f64 = 1e-4;

/// Chance at the start, as a share of that: rows of one line, or at one place of the first two components, come apart.
const CHANCE: f64 = 0.01;

/// Moves places through `epochs`; how many were done, and whether the watcher ended it.
pub(super) fn settle<C: Crew>(
    affinity: &Affinity,
    places: &mut [[f64; 2]],
    epochs: u32,
    seed: u64,
    crew: &C,
    watch: &mut dyn FnMut(Epoch) -> ControlFlow<()>,
) -> (u32, bool) {
    let n = affinity.len();
    assert_eq!(places.len(), n, "a place for each row");
    start(places, seed);
    let mut axes = [0, 1].map(|axis| Axis::new(places.iter().map(|p| p[axis]).collect()));
    let mut repulsion = Repulsion::new(n);
    let first = epochs.div_ceil(3);
    let mut done = 0;
    let mut stopped = false;
    while done < epochs && !stopped {
        let early = done < first;
        let exaggeration = if early { EXAGGERATION } else { 1.0 };
        let step = Step { momentum: MOMENTUM[usize::from(!early)], rate: (n as f64 / EXAGGERATION).max(RATE) };
        let push = repulsion.at(&axes[0].at, &axes[1].at, crew);
        let (x, y) = (axes[0].at.clone(), axes[1].at.clone());
        let [a, b] = &mut axes;
        let tasks: Vec<_> = a.chunks().zip(b.chunks()).enumerate().collect();
        crew.each(tasks, |(chunk, (mut a, mut b))| {
            for i in 0..a.at.len() {
                let row = chunk * CHUNK + i;
                let (to, p) = affinity.row(row);
                let (mut u, mut v) = (0.0, 0.0);
                for (&o, p) in to.iter().zip(p) {
                    let (s, t) = (x[row] - x[o as usize], y[row] - y[o as usize]);
                    let pull = p / (1.0 + (s * s + t * t));
                    u += pull * s;
                    v += pull * t;
                }
                a.go(i, exaggeration * u - push.x[row] / push.sum, &step);
                b.go(i, exaggeration * v - push.y[row] / push.sum, &step);
            }
        });
        done += 1;
        stopped = watch(Epoch { done, of: epochs }).is_break();
    }
    for (i, place) in places.iter_mut().enumerate() {
        *place = [axes[0].at[i], axes[1].at[i]];
    }
    (done, stopped)
}

/// Scales places to the deviation of the start, and adds some chance.
fn start(places: &mut [[f64; 2]], seed: u64) {
    let n = places.len() as f64;
    let deviation = |axis: usize| (places.iter().map(|p| p[axis] * p[axis]).sum::<f64>() / n).sqrt();
    let wide = deviation(0).max(deviation(1));
    let scale = if wide > 0.0 { START / wide } else { 0.0 };
    for (i, place) in places.iter_mut().enumerate() {
        for (axis, v) in place.iter_mut().enumerate() {
            let chance = uniform(seed, stream::START, 2 * i as u64 + axis as u64) - 0.5;
            *v = *v * scale + CHANCE * START * chance;
        }
    }
}

/// What an epoch does with a gradient.
struct Step {
    momentum: f64,
    rate: f64,
}

/// One coordinate of all places.
struct Axis {
    at: Vec<f64>,
    moved: Vec<f64>,
    gain: Vec<f64>,
}

/// The same of a chunk.
struct Part<'a> {
    at: &'a mut [f64],
    moved: &'a mut [f64],
    gain: &'a mut [f64],
}

impl Axis {
    fn new(at: Vec<f64>) -> Self {
        let n = at.len();
        Self { at, moved: vec![0.0; n], gain: vec![1.0; n] }
    }

    fn chunks(&mut self) -> impl Iterator<Item = Part<'_>> {
        let (moved, gain) = (self.moved.chunks_mut(CHUNK), self.gain.chunks_mut(CHUNK));
        self.at.chunks_mut(CHUNK).zip(moved).zip(gain).map(|((at, moved), gain)| Part { at, moved, gain })
    }
}

impl Part<'_> {
    /// Against the gradient: faster where it keeps its direction, slower where it turns.
    fn go(&mut self, i: usize, gradient: f64, step: &Step) {
        let (gain, moved) = (&mut self.gain[i], &mut self.moved[i]);
        *gain = if (gradient > 0.0) == (*moved > 0.0) { (*gain * 0.8).max(0.01) } else { *gain + 0.2 };
        *moved = step.momentum * *moved - step.rate * *gain * gradient;
        self.at[i] += *moved;
    }
}
