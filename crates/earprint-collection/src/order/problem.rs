//! A job in the terms of the search: candidates in the order of their contents, prices of pairs, what positions ask for.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use earprint_core::DIMENSIONS;

use super::arc::{energy, quantile};
use super::transition::{Ear, Sound};
use super::{Curve, Goal, OrderError, OrderJob, OrderTrack, Score, UNKNOWN, Why};
use crate::distance::sums;
use crate::{SHARED_AT_LEAST, Values, weights};

/// Candidates whose prices are all kept, 8 bytes a pair: 32 MB. Of more, prices are computed whenever they are asked for.
const TABLE_UP_TO: usize = 2000;

/// Cheapest neighbours that moves look at.
pub(super) const NEIGHBOURS: usize = 20;

/// Of a track without an artist.
pub(super) const NOBODY: u32 = u32::MAX;

/// What positions ask for.
pub(super) enum Targets {
    /// Nothing.
    None,
    /// An energy each.
    Energy(Vec<f64>),
    /// A point of scaled space each.
    Points(Vec<Values>),
}

impl Targets {
    pub fn any(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// Candidates by number, 0 to n - 1 in the order of their contents.
pub(super) struct Problem {
    /// Index of each among the tracks that came.
    pub ids: Vec<usize>,
    sounds: Vec<Sound>,
    scaled: Vec<Values>,
    energies: Vec<f64>,
    /// Number of the artist, or `NOBODY`.
    pub artists: Vec<u32>,
    /// How many artists.
    pub artist_count: usize,
    /// Seconds; 0 where time is not limited.
    pub durations: Vec<f64>,
    pub first: Option<u32>,
    pub last: Option<u32>,
    /// Length of every sequence; under a limit of time an estimate, and `most` its most.
    pub length: usize,
    pub most: usize,
    /// Most seconds.
    pub time: Option<f64>,
    pub per_artist: usize,
    pub gap: usize,
    goal: Goal,
    goal_weight: f64,
    limited: bool,
    sorted_energies: Vec<f64>,
    ear: Ear,
    weights: [f64; DIMENSIONS],
    table: Vec<f64>,
    neighbours: Vec<OnceCell<Box<[u32]>>>,
}

impl Problem {
    pub fn new(tracks: &[OrderTrack], job: &OrderJob) -> Result<Self, OrderError> {
        let (first, last) = checked(tracks, job)?;
        let time = job.limits.duration;
        let mut ids: Vec<usize> =
            (0..tracks.len()).filter(|&t| time.is_none() || tracks[t].duration.is_some()).collect();
        ids.sort_by(|&a, &b| by_content(&tracks[a], &tracks[b]).then(a.cmp(&b)));
        let number =
            |end: Option<usize>| end.map(|e| ids.iter().position(|&id| id == e).expect("ends are candidates") as u32);
        let (first, last) = (number(first), number(last));
        // Artists by name, so that their numbers do not depend on the order of the tracks.
        let names: BTreeMap<&str, u32> =
            ids.iter().filter_map(|&t| tracks[t].artist.as_deref()).map(|name| (name, 0)).collect();
        let names: BTreeMap<&str, u32> = names.into_keys().zip(0..).collect();
        let artists: Vec<u32> =
            ids.iter().map(|&t| tracks[t].artist.as_deref().map_or(NOBODY, |name| names[name])).collect();
        let per_artist = job.limits.per_artist.unwrap_or(usize::MAX);
        let mut of = vec![0usize; names.len()];
        for &artist in artists.iter().filter(|&&a| a != NOBODY) {
            of[artist as usize] += 1;
        }
        // One track alone is near nobody: it need not be counted.
        let artists: Vec<u32> =
            artists.into_iter().map(|a| if a != NOBODY && of[a as usize] > 1 { a } else { NOBODY }).collect();
        of.retain(|&count| count > 1);
        let nobodys = artists.iter().filter(|&&a| a == NOBODY).count();
        let most = of.iter().map(|&count| count.min(per_artist)).sum::<usize>() + nobodys;
        let durations: Vec<f64> =
            ids.iter().map(|&t| if time.is_some() { tracks[t].duration.unwrap_or(0.0) } else { 0.0 }).collect();
        let most = most.min(job.limits.tracks.unwrap_or(usize::MAX));
        let mut length = most;
        if let Some(limit) = time {
            let mean = durations.iter().sum::<f64>() / durations.len().max(1) as f64;
            // A cast of an infinite number ends at the largest.
            length = length.min(((limit / mean) as usize).max(2));
        }
        let ear = Ear::new();
        let sounds: Vec<Sound> = ids.iter().map(|&t| ear.sound(&tracks[t])).collect();
        let energies: Vec<f64> = ids.iter().map(|&t| energy(&tracks[t])).collect();
        let mut sorted_energies: Vec<f64> = energies.iter().copied().filter(|e| !e.is_nan()).collect();
        sorted_energies.sort_unstable_by(f64::total_cmp);
        let n = ids.len();
        let mut problem = Self {
            scaled: ids.iter().map(|&t| tracks[t].scaled).collect(),
            ids,
            sounds,
            energies,
            artist_count: names.len(),
            artists,
            durations,
            first,
            last,
            length,
            most,
            time,
            per_artist,
            gap: job.limits.artist_gap,
            goal: job.goal,
            goal_weight: job.goal_weight,
            limited: job.limits.tracks.is_some() || time.is_some(),
            sorted_energies,
            ear,
            weights: weights(),
            table: Vec::new(),
            neighbours: vec![OnceCell::new(); n],
        };
        if n <= TABLE_UP_TO {
            let mut table = vec![0.0; n * n];
            for a in 0..n {
                for b in 0..a {
                    let price = problem.computed(a, b);
                    (table[a * n + b], table[b * n + a]) = (price, price);
                }
            }
            problem.table = table;
        }
        Ok(problem)
    }

    /// Number of candidates.
    pub fn n(&self) -> usize {
        self.ids.len()
    }

    fn computed(&self, a: usize, b: usize) -> f64 {
        let total = self.ear.total(&self.sounds[a], &self.sounds[b]);
        if total.is_nan() { UNKNOWN } else { total }
    }

    /// Cost of a transition, [`UNKNOWN`] where nothing is known. Symmetric to the bit.
    pub fn price(&self, a: u32, b: u32) -> f64 {
        if self.table.is_empty() {
            self.computed(a as usize, b as usize)
        } else {
            self.table[a as usize * self.ids.len() + b as usize]
        }
    }

    /// The cheapest [`NEIGHBOURS`], cheapest first; found when first asked for.
    pub fn neighbours(&self, of: u32) -> &[u32] {
        self.neighbours[of as usize].get_or_init(|| {
            let mut all: Vec<(f64, u32)> =
                (0..self.n() as u32).filter(|&t| t != of).map(|t| (self.price(of, t), t)).collect();
            let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            if all.len() > NEIGHBOURS {
                all.select_nth_unstable_by(NEIGHBOURS, order);
                all.truncate(NEIGHBOURS);
            }
            all.sort_unstable_by(order);
            all.into_iter().map(|(_, t)| t).collect()
        })
    }

    /// What the positions of a sequence of `n` ask for.
    pub fn targets(&self, n: usize) -> Targets {
        let share = |i: usize| if n > 1 { i as f64 / (n - 1) as f64 } else { 0.0 };
        if self.goal_weight == 0.0 {
            return Targets::None;
        }
        match self.goal {
            Goal::Energy(curve) if (self.limited || curve != Curve::Flat) && !self.sorted_energies.is_empty() => {
                Targets::Energy((0..n).map(|i| quantile(&self.sorted_energies, curve.at(share(i)))).collect())
            }
            Goal::Path { .. } if self.limited => {
                let (Some(a), Some(b)) = (self.first, self.last) else { return Targets::None };
                let (a, b) = (&self.scaled[a as usize], &self.scaled[b as usize]);
                let point = |s: f64| -> Values {
                    std::array::from_fn(|d| {
                        let (from, to) = (f64::from(a[d]), f64::from(b[d]));
                        (from + (to - from) * s) as f32
                    })
                };
                Targets::Points((0..n).map(|i| point(share(i))).collect())
            }
            _ => Targets::None,
        }
    }

    /// How far a track is from what a position asks for, weighted.
    pub fn off(&self, targets: &Targets, position: usize, track: u32) -> f64 {
        let off = match targets {
            Targets::None => return 0.0,
            Targets::Energy(energies) => (self.energies[track as usize] - energies[position]).abs(),
            Targets::Points(points) => {
                let own = &self.scaled[track as usize];
                let (squares, weight) = sums(own, &points[position], &self.weights);
                if weight < SHARED_AT_LEAST { f64::NAN } else { (squares / weight).sqrt() }
            }
        };
        self.goal_weight * if off.is_nan() { UNKNOWN } else { off }
    }

    /// Whether two tracks are of one artist.
    pub fn same_artist(&self, a: u32, b: u32) -> bool {
        let artist = self.artists[a as usize];
        artist != NOBODY && artist == self.artists[b as usize]
    }

    pub fn score(&self, sequence: &[u32]) -> Score {
        self.score_with(sequence, &self.targets(sequence.len()))
    }

    pub fn score_with(&self, sequence: &[u32], targets: &Targets) -> Score {
        let transitions = sequence.windows(2).map(|w| self.price(w[0], w[1])).sum::<f64>();
        let goal = sequence.iter().enumerate().map(|(i, &t)| self.off(targets, i, t)).sum::<f64>();
        let mut too_near = 0;
        if self.gap > 0 {
            for (j, &b) in sequence.iter().enumerate() {
                let near = &sequence[j.saturating_sub(self.gap)..j];
                too_near += near.iter().filter(|&&a| self.same_artist(a, b)).count();
            }
        }
        Score { total: transitions + goal, transitions, goal, too_near, tracks: sequence.len() }
    }

    /// Tracks of `n` that a sequence lacks, by index, with the reason.
    pub fn left_out(&self, sequence: &[u32], n: usize) -> Vec<(usize, Why)> {
        let mut why = vec![Some(Why::DurationUnknown); n];
        let mut of = vec![0usize; self.artist_count];
        for &t in sequence {
            if let Some(count) = of.get_mut(self.artists[t as usize] as usize) {
                *count += 1;
            }
        }
        for (t, &id) in self.ids.iter().enumerate() {
            let full = of.get(self.artists[t] as usize).is_some_and(|&count| count >= self.per_artist);
            why[id] = Some(match (full, self.time) {
                (true, _) => Why::PerArtist,
                (_, Some(_)) if sequence.len() < self.most => Why::Duration,
                _ => Why::Tracks,
            });
        }
        for &t in sequence {
            why[self.ids[t as usize]] = None;
        }
        why.into_iter().enumerate().filter_map(|(id, why)| Some((id, why?))).collect()
    }
}

/// Any total order of contents.
fn by_content(a: &OrderTrack, b: &OrderTrack) -> Ordering {
    let values = |a: &Values, b: &Values| {
        a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    };
    let duration = |t: &OrderTrack| t.duration.unwrap_or(-1.0);
    values(&a.values, &b.values)
        .then_with(|| values(&a.scaled, &b.scaled))
        .then_with(|| a.key.cmp(&b.key))
        .then_with(|| duration(a).total_cmp(&duration(b)))
        .then_with(|| a.artist.cmp(&b.artist))
}

/// The ends, once all of the job holds together.
fn checked(tracks: &[OrderTrack], job: &OrderJob) -> Result<(Option<usize>, Option<usize>), OrderError> {
    let n = tracks.len();
    let limits = &job.limits;
    let number = |what, came: String, expected| OrderError::Number { what, came, expected };
    if !(job.goal_weight.is_finite() && job.goal_weight >= 0.0) {
        return Err(number("the weight of the goal", job.goal_weight.to_string(), "a finite number, 0 or more"));
    }
    if let Goal::Energy(Curve::Peak(at)) = job.goal
        && !(0.0..=1.0).contains(&at)
    {
        return Err(number("the share of the sequence before the peak", at.to_string(), "0 to 1"));
    }
    if limits.per_artist == Some(0) {
        return Err(number("the most tracks of one artist", "0".to_owned(), "1 or more"));
    }
    if let Some(limit) = limits.duration
        && !(limit.is_finite() && limit > 0.0)
    {
        return Err(number("the limit of time", format!("{limit} s"), "a finite number of seconds above 0"));
    }
    for track in tracks {
        if let Some((tonic, _)) = track.key
            && tonic > 11
        {
            return Err(number("the pitch class of a key", tonic.to_string(), "0 (C) to 11 (B)"));
        }
        if let Some(duration) = track.duration
            && !(duration.is_finite() && duration >= 0.0)
        {
            return Err(number(
                "a duration",
                format!("{duration} s"),
                "a finite number of seconds, 0 or more, or none",
            ));
        }
    }
    let (mut first, mut last) = (limits.first, limits.last);
    if let Goal::Path { from, to } = job.goal {
        for (what, path, fixed) in [("first", from, first), ("last", to, last)] {
            if let Some(fixed) = fixed
                && fixed != path
            {
                return Err(OrderError::EndsDiffer { what, path, fixed });
            }
        }
        (first, last) = (Some(from), Some(to));
    }
    for (what, end) in [("the first", first), ("the last", last)] {
        if let Some(index) = end
            && index >= n
        {
            return Err(OrderError::NoSuchTrack { what, index, n });
        }
    }
    let asked = n.min(limits.tracks.unwrap_or(n));
    if let (Some(index), true) = (first, first == last) {
        if asked > 1 {
            return Err(OrderError::SameEnds { index, n: asked });
        }
        last = None;
    }
    let mut ends: Vec<usize> = first.into_iter().chain(last).collect();
    let needed = ends.len().max(1);
    if n > 0 && asked < needed {
        return Err(OrderError::Tracks { limit: asked, needed });
    }
    if let ([a, b], Some(1)) = (&ends[..], limits.per_artist)
        && let (Some(artist), true) = (&tracks[*a].artist, tracks[*a].artist == tracks[*b].artist)
    {
        return Err(OrderError::PerArtist { artist: artist.clone(), most: 1 });
    }
    if let (Some(limit), true) = (limits.duration, n > 0) {
        if let Some(&index) = ends.iter().find(|&&e| tracks[e].duration.is_none()) {
            return Err(OrderError::DurationUnknown { index });
        }
        if ends.is_empty() {
            let length = |t: usize| tracks[t].duration.unwrap_or(f64::INFINITY);
            ends.extend((0..n).min_by(|&a, &b| length(a).total_cmp(&length(b))));
        }
        let needed: Option<f64> = ends.iter().map(|&e| tracks[e].duration).sum();
        if needed.is_none_or(|needed| needed > limit) {
            return Err(OrderError::Duration { limit, needed });
        }
    }
    Ok((first, last))
}
