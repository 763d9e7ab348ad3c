//! A listening order of a collection: smooth from track to track, from one track to another, or along a curve of energy.
//!
//! Enters: [`OrderTrack`]s, their numbers in units and on the scale of the collection, and an [`OrderJob`]. Leaves: an [`Order`]: the sequence, every
//! [`Transition`] with its parts, the score beside that of the greedy order and of random ones, what was left out and why, and a lint of the
//! sequence. Pure and deterministic: the tracks are first put in the order of their contents, so the result depends on the order they came in
//! only where two are equal in everything.
//!
//! The objective, minimised: the costs of all transitions plus, times a weight, how far each position is from what the goal asks for there. Too
//! little space between tracks of one artist comes before any cost: fewest pairs, then least objective. The problem is a travelling salesman's
//! with ends, so: greedy nearest neighbour from several starts, then 2-opt (G. A. Croes, "A method for solving traveling-salesman problems", Oper.
//! Res. 6, 1958) and moves of one to three tracks (I. Or, thesis, Northwestern University 1976) until none helps, then again after small
//! random kicks (O. Martin, S. W. Otto, E. W. Felten, "Large-step Markov chains for the traveling salesman problem", 1991). Everything is bounded
//! by counts, nothing by a clock.

mod arc;
mod error;
mod greedy;
mod improve;
mod key;
mod lint;
mod moves;
mod problem;
#[cfg(test)]
mod tests;
mod transition;

pub use arc::{Curve, ENERGY, energy};
pub use error::OrderError;
pub use key::{KEY_GRADES, Key, key_named, key_steps};
pub use lint::{Fault, Finding, LintLimits, lint};
pub use transition::{LOUDNESS, ONSETS, Part, TEMPO_FOLD, TEMPO_FULL, Transition, transition};

use crate::Values;
use crate::kmeans::philox::{derived, uniform};
use problem::{Problem, Targets};

/// Uses of the random numbers of a seed; those of k-means end at 7.
mod stream {
    /// Where kicks go.
    pub const KICK: u32 = 40;
    /// Random orders to compare with.
    pub const RANDOM: u32 = 41;
    /// Their seeds.
    pub const RANDOM_ORDER: u32 = 42;
}

/// Cost counted for a transition of which no part is known, and for a track of which nothing is known where a position asks for something: neither good
/// nor bad. The transition itself says NaN.
pub const UNKNOWN: f64 = 0.5;

/// A track to be put in order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderTrack {
    /// Descriptor in its units, NaN where unknown.
    pub values: Values,
    /// The same on the [`crate::Scale`] of the collection, 0 to 1.
    pub scaled: Values,
    /// Pitch class of the tonic, C 0 to B 11, and whether it is minor.
    pub key: Option<Key>,
    /// Seconds.
    pub duration: Option<f64>,
    /// Artist, or any other group whose tracks should not crowd.
    pub artist: Option<String>,
}

/// The number, NaN unless finite.
fn known(value: f32) -> f64 {
    if value.is_finite() { f64::from(value) } else { f64::NAN }
}

/// What the sequence is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The smoothest way through.
    Free,
    /// From one track to another. Under a limit each position asks for a track near its point on the straight line between the two, in scaled
    /// space and evenly spaced; without one all tracks lie between and only smoothness counts.
    Path {
        /// First track.
        from: usize,
        /// Last track.
        to: usize,
    },
    /// Along a curve of energy.
    Energy(Curve),
}

/// What the sequence must keep.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// First track.
    pub first: Option<usize>,
    /// Last track.
    pub last: Option<usize>,
    /// Most tracks of one artist; the others are left out.
    pub per_artist: Option<usize>,
    /// Tracks between two of one artist, at least. Where that cannot be: the fewest pairs that are nearer, listed by the lint.
    pub artist_gap: usize,
    /// Most tracks, ends included.
    pub tracks: Option<usize>,
    /// Most seconds in all. Tracks whose duration is unknown are left out.
    pub duration: Option<f64>,
}

/// An order to be found.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderJob {
    /// What it is for.
    pub goal: Goal,
    /// What it must keep.
    pub limits: Limits,
    /// Weight of what a position asks for (energy off the curve, distance from the line, both 0 to 1) against transitions.
    pub goal_weight: f64,
    /// Greedy starts.
    pub starts: usize,
    /// Most passes over all tracks of one improvement.
    pub passes: usize,
    /// Kicks after it.
    pub kicks: usize,
    /// Random orders to compare with.
    pub randoms: usize,
    /// Seed of kicks and random orders.
    pub seed: u64,
    /// What the lint finds; its `artist_gap` and `per_artist` are those of `limits` where these ask for more.
    pub lint: LintLimits,
}

impl OrderJob {
    /// The goal without limits: weight 2, 8 starts, 50 passes, 1000 kicks, 100 random orders, seed 0.
    pub fn new(goal: Goal) -> Self {
        Self {
            goal,
            limits: Limits::default(),
            goal_weight: 2.0,
            starts: 8,
            passes: 50,
            kicks: 1000,
            randoms: 100,
            seed: 0,
            lint: LintLimits::default(),
        }
    }

    /// What one asks for: a curve of energy; without one a path where both ends are given, and the smoothest way where they are not. Whatever
    /// the goal, the ends are where they are asked for.
    pub fn wanted(curve: Option<Curve>, first: Option<usize>, last: Option<usize>, limits: Limits) -> Self {
        match (curve, first, last) {
            (None, Some(from), Some(to)) => Self { limits, ..Self::new(Goal::Path { from, to }) },
            _ => {
                let goal = curve.map_or(Goal::Free, Goal::Energy);
                Self { limits: Limits { first, last, ..limits }, ..Self::new(goal) }
            }
        }
    }
}

/// How good a sequence is; lower is better in each number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// `transitions + goal`.
    pub total: f64,
    /// Sum of the costs of all transitions, [`UNKNOWN`] for one of which nothing is known.
    pub transitions: f64,
    /// Weighted sum of what the positions are off; 0 where nothing is asked.
    pub goal: f64,
    /// Pairs of tracks of one artist with too few between them.
    pub too_near: usize,
    /// Tracks.
    pub tracks: usize,
}

/// Totals of random orders of the same tracks with the same fixed ends; they keep no space between artists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Randoms {
    /// Number of orders.
    pub orders: usize,
    /// Mean total; NaN of none.
    pub mean: f64,
    /// Population deviation of it.
    pub deviation: f64,
}

/// Why a track is not in the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its artist has the most tracks already.
    PerArtist,
    /// The sequence has the most tracks already.
    Tracks,
    /// There is no time left for it, or another was better for the time.
    Duration,
    /// Its duration is unknown and time is limited.
    DurationUnknown,
}

impl Why {
    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::PerArtist => "per_artist",
            Self::Tracks => "tracks",
            Self::Duration => "duration",
            Self::DurationUnknown => "duration_unknown",
        }
    }
}

/// Tracks in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Indices of the tracks.
    pub sequence: Vec<usize>,
    /// Between them: one fewer.
    pub transitions: Vec<Transition>,
    /// How good it is.
    pub score: Score,
    /// The best greedy order before improvement.
    pub greedy: Score,
    /// Beside chance.
    pub random: Randoms,
    /// Tracks left out, by index.
    pub left_out: Vec<(usize, Why)>,
    /// What a listener may stumble over.
    pub lint: Vec<Finding>,
}

/// Puts tracks in order. No tracks: an empty order.
///
/// Time grows with the square of the candidates (every pair is looked at once) and linearly with `kicks`.
///
/// # Errors
/// [`OrderError`]: an end that is no track, ends that contradict each other or the limits, a limit nothing fits in, a number out of its range.
pub fn order(tracks: &[OrderTrack], job: &OrderJob) -> Result<Order, OrderError> {
    let problem = Problem::new(tracks, job)?;
    let mut best: Option<(Vec<u32>, Score)> = None;
    let mut greedy_best: Option<Score> = None;
    for round in [greedy::starts(&problem, job.starts.max(1)), greedy::spreading(&problem)] {
        // Spreading costs smoothness: only where the others crowd.
        if best.as_ref().is_some_and(|b| b.1.too_near == 0) {
            break;
        }
        let mut seen: Vec<Vec<u32>> = Vec::new();
        let mut of_round: Option<(Vec<u32>, Score)> = None;
        for start in round {
            let first = greedy::greedy(&problem, start);
            let score = problem.score(&first);
            if greedy_best.is_none_or(|b| better(&score, &b)) {
                greedy_best = Some(score);
            }
            if !seen.contains(&first) {
                keep(&problem, &mut of_round, first.clone());
                keep(&problem, &mut of_round, improve::settle(&problem, first.clone(), job));
                seen.push(first);
            }
        }
        if let Some((settled, _)) = of_round {
            keep(&problem, &mut best, settled.clone());
            keep(&problem, &mut best, improve::widen(&problem, settled, job));
        }
    }
    let settled = best.clone().expect("there is at least one start").0;
    keep(&problem, &mut best, improve::kick(&problem, settled, job));
    let (sequence, score) = best.expect("there is at least one start");
    let greedy = greedy_best.expect("there is at least one start");
    let random = randoms(&problem, &sequence, job);
    let left_out = problem.left_out(&sequence, tracks.len());
    let sequence: Vec<usize> = sequence.iter().map(|&t| problem.ids[t as usize]).collect();
    let mut limits = job.lint.clone();
    limits.artist_gap = limits.artist_gap.max(job.limits.artist_gap);
    limits.per_artist = job.limits.per_artist.or(limits.per_artist);
    Ok(Order {
        transitions: sequence.windows(2).map(|w| transition(&tracks[w[0]], &tracks[w[1]])).collect(),
        lint: lint(tracks, &sequence, &limits),
        sequence,
        score,
        greedy,
        random,
        left_out,
    })
}

/// Keeps the better, filled up; the earlier among equals.
fn keep(problem: &Problem, best: &mut Option<(Vec<u32>, Score)>, sequence: Vec<u32>) {
    let sequence = improve::fill(problem, sequence);
    let score = problem.score(&sequence);
    if best.as_ref().is_none_or(|b| better(&score, &b.1)) {
        *best = Some((sequence, score));
    }
}

/// Fewer pairs too near, then the lower total; of sequences of different length the lower total a track.
fn better(a: &Score, b: &Score) -> bool {
    let key = |s: &Score| s.total / s.tracks.max(1) as f64;
    if a.tracks == b.tracks {
        (a.too_near, a.total) < (b.too_near, b.total)
    } else {
        (a.too_near, key(a)) < (b.too_near, key(b))
    }
}

/// Shuffles of a sequence between its fixed ends (R. Durstenfeld, "Algorithm 235: Random permutation", 1964).
fn randoms(problem: &Problem, sequence: &[u32], job: &OrderJob) -> Randoms {
    let n = sequence.len();
    let targets: Targets = problem.targets(n);
    let from = usize::from(problem.first.is_some());
    let to = n.saturating_sub(usize::from(problem.last.is_some()));
    // From one order of the same tracks, however the search left them.
    let mut tracks = sequence.to_vec();
    if from < to {
        tracks[from..to].sort_unstable();
    }
    let totals: Vec<f64> = (0..job.randoms)
        .map(|r| {
            let seed = derived(job.seed, stream::RANDOM_ORDER, [r as u32, 0]);
            let mut order = tracks.clone();
            for i in (from + 1..to).rev() {
                let u = uniform(seed, stream::RANDOM, i as u64);
                order.swap(i, from + (u * (i + 1 - from) as f64) as usize);
            }
            problem.score_with(&order, &targets).total
        })
        .collect();
    let mean = totals.iter().sum::<f64>() / totals.len() as f64;
    let variance = totals.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / totals.len() as f64;
    Randoms { orders: totals.len(), mean, deviation: variance.sqrt() }
}
