//! A sequence that is being improved: any move is a stretch of it written anew, priced before it is made and undone if it was in vain.
//!
//! A move cuts a stretch into at most three pieces and puts them down in another order, each forward or reversed. Only the joins between
//! pieces change the cost of transitions, for these are symmetric; what positions ask for is summed over the pieces that come to lie elsewhere or
//! turned; pairs of one artist change only across joins.

use super::problem::{NOBODY, Problem, Targets};

/// Not in the sequence.
pub(super) const OUT: u32 = u32::MAX;

/// Least gain, so that rounding is none.
const GAIN: f64 = 1e-10;

/// Under a limit of time an exchange leaves this share of it filled, or what was filled.
const FILLED: f64 = 0.95;

/// Old positions `from` to `to`, both included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub from: usize,
    pub to: usize,
    pub reversed: bool,
}

impl Piece {
    fn len(&self) -> usize {
        self.to + 1 - self.from
    }

    /// Old position of the `i`-th.
    fn at(&self, i: usize) -> usize {
        if self.reversed { self.to - i } else { self.from + i }
    }
}

/// A piece, forward.
pub(super) fn piece(from: usize, to: usize) -> Piece {
    Piece { from, to, reversed: false }
}

/// A piece, reversed.
pub(super) fn turned(from: usize, to: usize) -> Piece {
    Piece { from, to, reversed: true }
}

/// Change of pairs too near, and of the objective.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Change {
    pub near: i64,
    pub cost: f64,
}

impl Change {
    pub fn gains(self) -> bool {
        self.near < 0 || (self.near == 0 && self.cost < -GAIN)
    }
}

/// What undoes a step.
enum Undo {
    Stretch(usize, Vec<u32>),
    Exchange(usize, u32),
}

pub(super) struct State<'a> {
    pub problem: &'a Problem,
    pub targets: &'a Targets,
    pub seq: Vec<u32>,
    /// Position of each candidate, or `OUT`.
    pub at: Vec<u32>,
    /// Pairs too near in all.
    pub near: i64,
    /// Most tracks a move may take elsewhere where positions ask for something: its price grows with them.
    pub reach: usize,
    /// Tracks whose surroundings changed, first in first out.
    pub queue: std::collections::VecDeque<u32>,
    queued: Vec<bool>,
    /// Sum of all changes made.
    pub change: Change,
    journal: Option<Vec<Undo>>,
    taken: Vec<usize>,
    seconds: f64,
}

impl<'a> State<'a> {
    pub fn new(problem: &'a Problem, targets: &'a Targets, seq: Vec<u32>, reach: usize) -> Self {
        let mut at = vec![OUT; problem.n()];
        let mut taken = vec![0; problem.artist_count];
        let mut seconds = 0.0;
        for (i, &t) in seq.iter().enumerate() {
            at[t as usize] = i as u32;
            seconds += problem.durations[t as usize];
            if let Some(count) = taken.get_mut(problem.artists[t as usize] as usize) {
                *count += 1;
            }
        }
        let near = problem.score_with(&seq, targets).too_near as i64;
        Self {
            problem,
            targets,
            at,
            near,
            reach,
            queue: Default::default(),
            queued: vec![false; problem.n()],
            change: Change::default(),
            journal: None,
            taken,
            seconds,
            seq,
        }
    }

    /// The sequence; what was counted along the way must be what it is.
    pub fn into_sequence(self) -> Vec<u32> {
        let near = self.problem.score_with(&self.seq, self.targets).too_near as i64;
        debug_assert_eq!(self.near, near, "pairs too near were miscounted on the way");
        self.seq
    }

    /// Positions that may change: `[from, to)`.
    pub fn free(&self) -> (usize, usize) {
        let n = self.seq.len();
        (usize::from(self.problem.first.is_some()), n.saturating_sub(usize::from(self.problem.last.is_some())))
    }

    pub fn enqueue(&mut self, track: u32) {
        if !std::mem::replace(&mut self.queued[track as usize], true) {
            self.queue.push_back(track);
        }
    }

    pub fn dequeue(&mut self) -> Option<u32> {
        let track = self.queue.pop_front()?;
        self.queued[track as usize] = false;
        Some(track)
    }

    fn edge(&self, a: Option<u32>, b: Option<u32>) -> f64 {
        match (a, b) {
            (Some(a), Some(b)) => self.problem.price(a, b),
            _ => 0.0,
        }
    }

    fn before(&self, position: usize) -> Option<u32> {
        position.checked_sub(1).map(|p| self.seq[p])
    }

    fn after(&self, position: usize) -> Option<u32> {
        self.seq.get(position + 1).copied()
    }

    /// Pairs too near whose first lies before a cut and whose second behind it, each counted once.
    fn pairs(&self, cuts: &[usize], track: impl Fn(usize) -> u32) -> i64 {
        let (gap, n) = (self.problem.gap, self.seq.len());
        let (mut count, mut previous) = (0, 0);
        for &cut in cuts {
            for i in previous.max(cut.saturating_sub(gap))..cut {
                let a = track(i);
                if self.problem.artists[a as usize] == NOBODY {
                    continue;
                }
                for j in cut..n.min(i.saturating_add(gap).saturating_add(1)) {
                    count += i64::from(self.problem.same_artist(a, track(j)));
                }
            }
            previous = cut;
        }
        count
    }

    /// What writing `pieces`, a stretch cut up, in this order would change; `None` where it may not be. Pairs are
    /// counted only where they could decide, or in `full`.
    fn price(&self, pieces: &[Piece], full: bool) -> Option<Change> {
        let lo = pieces.iter().map(|p| p.from).min()?;
        let hi = pieces.iter().map(|p| p.to).max()?;
        let (from, to) = self.free();
        if lo < from || hi >= to {
            return None;
        }
        let mut position = lo;
        let mut moved = 0;
        for p in pieces {
            let stays = p.from == position && (!p.reversed || p.len() == 1);
            moved += if stays { 0 } else { p.len() };
            position += p.len();
        }
        if self.targets.any() && moved > self.reach {
            return None;
        }
        let mut cost = -self.edge(Some(self.seq[hi]), self.after(hi));
        for p in pieces {
            cost -= self.edge(self.before(p.from), Some(self.seq[p.from]));
        }
        let mut last = self.before(lo);
        for p in pieces {
            cost += self.edge(last, Some(self.seq[p.at(0)]));
            last = Some(self.seq[p.at(p.len() - 1)]);
        }
        cost += self.edge(last, self.after(hi));
        if self.targets.any() {
            let mut position = lo;
            for p in pieces {
                if p.from != position || (p.reversed && p.len() > 1) {
                    for i in 0..p.len() {
                        let track = self.seq[p.at(i)];
                        cost += self.problem.off(self.targets, position + i, track);
                        cost -= self.problem.off(self.targets, p.at(i), track);
                    }
                }
                position += p.len();
            }
        }
        // No pair can go where there is none.
        if self.problem.gap == 0 || (self.near == 0 && cost >= -GAIN && !full) {
            return Some(Change { near: 0, cost });
        }
        let mut old = [0; 4];
        let mut new = [0; 4];
        let k = pieces.len();
        for (i, p) in pieces.iter().enumerate() {
            old[i] = p.from;
            new[i + 1] = p.len();
        }
        old[k] = hi + 1;
        old[..=k].sort_unstable();
        new[0] = lo;
        for i in 0..k {
            new[i + 1] += new[i];
        }
        let before = self.pairs(&old[..=k], |i| self.seq[i]);
        let after = self.pairs(&new[..=k], |i| {
            if i < lo || i > hi {
                return self.seq[i];
            }
            let which = (0..k).find(|&p| i < new[p + 1]).expect("within the stretch");
            self.seq[pieces[which].at(i - new[which])]
        });
        Some(Change { near: after - before, cost })
    }

    /// Makes the move if it gains.
    pub fn attempt(&mut self, pieces: &[Piece]) -> bool {
        match self.price(pieces, false) {
            Some(change) if change.gains() => {
                self.write(pieces, change);
                true
            }
            _ => false,
        }
    }

    fn write(&mut self, pieces: &[Piece], change: Change) {
        let lo = pieces.iter().map(|p| p.from).min().expect("a piece");
        let old = self.seq[lo..=pieces.iter().map(|p| p.to).max().expect("a piece")].to_vec();
        let mut position = lo;
        for p in pieces {
            for i in 0..p.len() {
                self.seq[position + i] = old[p.at(i) - lo];
            }
            position += p.len();
        }
        for i in lo..position {
            self.at[self.seq[i] as usize] = i as u32;
        }
        // Both sides of every join.
        let mut cut = lo;
        for len in pieces.iter().map(Piece::len).chain([0]) {
            for i in cut.saturating_sub(1)..(cut + 1).min(self.seq.len()) {
                self.enqueue(self.seq[i]);
            }
            cut += len;
        }
        self.near += change.near;
        self.change.near += change.near;
        self.change.cost += change.cost;
        if let Some(journal) = &mut self.journal {
            journal.push(Undo::Stretch(lo, old));
        }
    }

    /// Makes the move whatever it costs, where it may be.
    pub fn force(&mut self, pieces: &[Piece]) -> bool {
        let Some(change) = self.price(pieces, true) else { return false };
        self.write(pieces, change);
        true
    }

    /// Puts a track that is out in place of the one at a position, if that gains and keeps the limits.
    pub fn exchange(&mut self, position: usize, track: u32) -> bool {
        let (problem, old) = (self.problem, self.seq[position]);
        let (from, to) = self.free();
        if position < from || position >= to || self.at[track as usize] != OUT {
            return false;
        }
        let (was, is) = (problem.artists[old as usize], problem.artists[track as usize]);
        if is != was && is != NOBODY && self.taken[is as usize] >= problem.per_artist {
            return false;
        }
        let seconds = self.seconds - problem.durations[old as usize] + problem.durations[track as usize];
        if let Some(limit) = problem.time
            && (seconds > limit || seconds < self.seconds.min(FILLED * limit))
        {
            return false;
        }
        let (before, after) = (self.before(position), self.after(position));
        let cost = self.edge(before, Some(track)) - self.edge(before, Some(old)) + self.edge(Some(track), after)
            - self.edge(Some(old), after)
            + problem.off(self.targets, position, track)
            - problem.off(self.targets, position, old);
        let mut near = 0;
        if problem.gap > 0 && is != was {
            let around = position.saturating_sub(problem.gap)
                ..self.seq.len().min(position.saturating_add(problem.gap).saturating_add(1));
            for i in around.filter(|&i| i != position) {
                near += i64::from(problem.same_artist(track, self.seq[i]));
                near -= i64::from(problem.same_artist(old, self.seq[i]));
            }
        }
        let change = Change { near, cost };
        if !change.gains() {
            return false;
        }
        self.put(position, track);
        self.near += near;
        self.change.near += near;
        self.change.cost += cost;
        for i in position.saturating_sub(1)..(position + 2).min(self.seq.len()) {
            self.enqueue(self.seq[i]);
        }
        if let Some(journal) = &mut self.journal {
            journal.push(Undo::Exchange(position, old));
        }
        true
    }

    fn put(&mut self, position: usize, track: u32) {
        let old = std::mem::replace(&mut self.seq[position], track);
        (self.at[old as usize], self.at[track as usize]) = (OUT, position as u32);
        for (t, more) in [(old, false), (track, true)] {
            if let Some(count) = self.taken.get_mut(self.problem.artists[t as usize] as usize) {
                *count = if more { *count + 1 } else { *count - 1 };
            }
        }
        self.seconds += self.problem.durations[track as usize] - self.problem.durations[old as usize];
    }

    /// From here on everything can be undone, and [`State::change`] counts from 0.
    pub fn begin(&mut self) {
        self.journal = Some(Vec::new());
        self.change = Change::default();
    }

    /// Undoes everything since [`State::begin`].
    pub fn undo(&mut self) {
        for step in self.journal.take().into_iter().flatten().rev() {
            match step {
                Undo::Stretch(lo, old) => {
                    for (i, t) in old.into_iter().enumerate() {
                        self.seq[lo + i] = t;
                        self.at[t as usize] = (lo + i) as u32;
                    }
                }
                Undo::Exchange(position, old) => self.put(position, old),
            }
        }
        self.near -= self.change.near;
        self.change = Change::default();
        while self.dequeue().is_some() {}
    }
}
