//! First orders: always the cheapest next track.
//!
//! Built from the first track on, or from the last one back. Before cost comes the space between tracks of one artist; a spreading start also puts
//! the artist first who has most tracks left (the rule for tasks that must cool down), which finds room where the nearest neighbour runs out.

use super::problem::{NOBODY, Problem, Targets};

/// Candidates from which the next track is looked for among the cheapest neighbours first.
const LISTS_ABOVE: usize = 5000;

/// Where a first order begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// From the last position to the first.
    backward: bool,
    /// Its first track, where none is fixed there.
    from: Option<u32>,
    /// Takes the second cheapest (1), third cheapest (2) at the first choice.
    choice: usize,
    /// Artists with most tracks left first.
    spread: bool,
}

/// So many starts, or fewer where there are no more.
pub(super) fn starts(problem: &Problem, count: usize) -> Vec<Start> {
    let n = problem.n();
    let start = |backward, choice| Start { backward, from: None, choice, spread: false };
    match (problem.first.is_some(), problem.last.is_some()) {
        (true, true) => (0..count).map(|c| start(c % 2 == 1, c / 2)).collect(),
        (true, false) => (0..count).map(|c| start(false, c)).collect(),
        (false, true) => (0..count).map(|c| start(true, c)).collect(),
        (false, false) => {
            let count = count.min(n).max(1);
            let targets = problem.targets(problem.length);
            let mut all: Vec<u32> = (0..n as u32).collect();
            if targets.any() {
                // What fits the first position best.
                let off = |t: u32| problem.off(&targets, 0, t);
                all.sort_by(|&a, &b| off(a).total_cmp(&off(b)).then(a.cmp(&b)));
            } else {
                all = (0..count).map(|c| (c * n / count) as u32).collect();
            }
            let fits = |t: u32| problem.time.is_none_or(|limit| problem.durations[t as usize] <= limit);
            let from: Vec<Start> = all
                .into_iter()
                .filter(|&t| t < n as u32 && fits(t))
                .take(count)
                .map(|t| Start { from: Some(t), ..start(false, 0) })
                .collect();
            // None of the evenly spaced fits: the cheapest that does.
            if from.is_empty() { vec![start(false, 0)] } else { from }
        }
    }
}

/// Starts that keep artists apart at any cost.
pub(super) fn spreading(problem: &Problem) -> Vec<Start> {
    if problem.gap == 0 || problem.artist_count == 0 {
        return Vec::new();
    }
    [false, true].map(|backward| Start { backward, from: None, choice: 0, spread: true }).to_vec()
}

/// The state of an order that is being built.
struct Built<'a> {
    problem: &'a Problem,
    targets: &'a Targets,
    start: Start,
    tail: Option<u32>,
    order: Vec<u32>,
    used: Vec<bool>,
    /// Tracks of each artist in the order, the tail counted, and those not in it.
    taken: Vec<usize>,
    left: Vec<usize>,
    seconds: f64,
}

impl Built<'_> {
    fn take(&mut self, track: u32) {
        self.used[track as usize] = true;
        self.seconds += self.problem.durations[track as usize];
        let artist = self.problem.artists[track as usize];
        if artist != NOBODY {
            self.taken[artist as usize] += 1;
            self.left[artist as usize] -= 1;
        }
    }

    fn may(&self, track: u32) -> bool {
        let (problem, artist) = (self.problem, self.problem.artists[track as usize]);
        !self.used[track as usize]
            && (artist == NOBODY || self.taken[artist as usize] < problem.per_artist)
            && problem.time.is_none_or(|limit| self.seconds + problem.durations[track as usize] <= limit)
    }

    /// The next track, `choice` places from the best; `None` where none may follow.
    fn cheapest(&self, lists: bool, choice: usize) -> Option<u32> {
        let keyed = |t: u32| (self.key(t), t);
        if let (true, Some(&last)) = (lists, self.order.last()) {
            let near = self.problem.neighbours(last).iter().copied();
            let best = near.filter(|&t| self.may(t)).map(keyed).min_by(cheaper);
            if let Some(((0, ..), track)) = best {
                return Some(track);
            }
        }
        let all = (0..self.problem.n() as u32).filter(|&t| self.may(t)).map(keyed);
        if choice == 0 {
            return all.min_by(cheaper).map(|(_, track)| track);
        }
        let mut all: Vec<_> = all.collect();
        all.sort_unstable_by(cheaper);
        all.get(choice.min(all.len().saturating_sub(1))).map(|&(_, track)| track)
    }

    /// Pairs too near, then (spreading) tracks of others that have more left, then cost: the lower the better.
    fn key(&self, track: u32) -> (usize, usize, f64) {
        let problem = self.problem;
        let (at, n) = (self.order.len(), problem.length);
        let mut near = 0;
        if problem.gap > 0 {
            let recent = &self.order[at.saturating_sub(problem.gap)..];
            near = recent.iter().filter(|&&t| problem.same_artist(t, track)).count();
            if let Some(tail) = self.tail
                && at + problem.gap >= n - 1
            {
                near += usize::from(problem.same_artist(tail, track));
            }
        }
        let artist = problem.artists[track as usize];
        let rank = if !self.start.spread {
            0
        } else if artist == NOBODY {
            problem.n()
        } else {
            let room = problem.per_artist.saturating_sub(self.taken[artist as usize]);
            problem.n() + 1 - self.left[artist as usize].min(room)
        };
        let price = self.order.last().map_or(0.0, |&before| problem.price(before, track));
        let position = if self.start.backward { (n - 1).saturating_sub(at) } else { at.min(n - 1) };
        (near, rank, price + problem.off(self.targets, position, track))
    }
}

/// Fewest pairs too near, then least cost, then the lower number.
fn cheaper(a: &((usize, usize, f64), u32), b: &((usize, usize, f64), u32)) -> std::cmp::Ordering {
    (a.0.0, a.0.1).cmp(&(b.0.0, b.0.1)).then(a.0.2.total_cmp(&b.0.2)).then(a.1.cmp(&b.1))
}

/// One first order: [`Problem::most`] tracks, or as many as fit in the time.
pub(super) fn greedy(problem: &Problem, start: Start) -> Vec<u32> {
    let n = problem.n();
    if n == 0 {
        return Vec::new();
    }
    let targets = problem.targets(problem.length);
    let lists = n > LISTS_ABOVE && !targets.any() && !start.spread;
    let (head, tail) = if start.backward { (problem.last, problem.first) } else { (problem.first, problem.last) };
    let mut left = vec![0; problem.artist_count];
    for &artist in problem.artists.iter().filter(|&&a| a != NOBODY) {
        left[artist as usize] += 1;
    }
    let mut built = Built {
        problem,
        targets: &targets,
        start,
        tail,
        order: Vec::with_capacity(problem.length),
        used: vec![false; n],
        taken: vec![0; problem.artist_count],
        left,
        seconds: 0.0,
    };
    if let Some(tail) = tail {
        built.take(tail);
    }
    let wanted = problem.most - usize::from(tail.is_some());
    let mut choice = start.choice;
    let mut next = head.or(start.from);
    while built.order.len() < wanted {
        let track = match next.take() {
            Some(fixed) => fixed,
            None => match built.cheapest(lists, std::mem::take(&mut choice)) {
                Some(track) => track,
                None => break,
            },
        };
        built.take(track);
        built.order.push(track);
    }
    let mut order = built.order;
    order.extend(tail);
    if start.backward {
        order.reverse();
    }
    order
}
