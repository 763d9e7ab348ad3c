//! From a first order to one that no move makes better.
//!
//! Tracks whose surroundings changed stand in a queue. Of each, with its cheapest neighbours: 2-opt (turn the stretch between, so that the
//! two lie side by side), Or-opt (take one to three tracks from there to beside the neighbour, either way round), the turns and moves that use an open end,
//! and the neighbours that are out in its neighbours' places. Where positions ask for something, artists crowd or tracks are out, wider passes
//! of the best order follow: any two tracks change places, any track goes anywhere, any track that is out comes in for any other. The first gain is taken.
//!
//! Then kicks: two short stretches side by side change places (a double bridge within 50 positions), the queue works off what that disturbed, and
//! all is undone unless it gained.

use super::moves::{OUT, Piece, State, piece, turned};
use super::problem::{NEIGHBOURS, Problem};
use super::{OrderJob, stream};
use crate::kmeans::philox::uniform;

/// Tracks that one move takes elsewhere.
const SEGMENT: usize = 3;
/// Most tracks that a move takes elsewhere where positions ask for something: what it costs to look grows with them.
const REACH: usize = 250;
/// Pairs of positions that change places in a wide pass, at most; of long sequences the nearer ones.
const PAIRS: usize = 1_000_000;
/// The same during kicks; also the positions that a kick stays within.
const KICK: usize = 50;
/// Tracks looked at after one kick.
const AFTER_KICK: usize = 1000;
/// Pairs of a position and a track that is out which a wide pass tries in full; of more, only neighbours come in.
const EXCHANGES: usize = 20_000_000;

/// Improves by moves among neighbours until none gains, `passes` times over all tracks at most.
pub(super) fn settle(problem: &Problem, first: Vec<u32>, job: &OrderJob) -> Vec<u32> {
    let targets = problem.targets(first.len());
    let mut state = State::new(problem, &targets, first, REACH);
    let mut budget = job.passes.saturating_mul(state.seq.len());
    all(&mut state, &mut budget);
    state.into_sequence()
}

/// Improves by wider passes too, so many at most.
pub(super) fn widen(problem: &Problem, settled: Vec<u32>, job: &OrderJob) -> Vec<u32> {
    let targets = problem.targets(settled.len());
    let mut state = State::new(problem, &targets, settled, REACH);
    let mut budget = job.passes.saturating_mul(state.seq.len());
    for _ in 0..job.passes {
        if !wide(&mut state) {
            break;
        }
        all(&mut state, &mut budget);
    }
    state.into_sequence()
}

/// Looks at every track, and again where something changed.
fn all(state: &mut State, budget: &mut usize) {
    for i in 0..state.seq.len() {
        state.enqueue(state.seq[i]);
    }
    drain(state, budget);
}

/// Kicks an order and keeps what gains.
pub(super) fn kick(problem: &Problem, settled: Vec<u32>, job: &OrderJob) -> Vec<u32> {
    let targets = problem.targets(settled.len());
    let mut state = State::new(problem, &targets, settled, KICK);
    let (from, to) = state.free();
    if to.saturating_sub(from) < 3 {
        return state.into_sequence();
    }
    for k in 0..job.kicks as u64 {
        let draw = |i: u64, most: usize| (uniform(job.seed, stream::KICK, 4 * k + i) * most as f64) as usize;
        // Two stretches [a, b) and [b, c) within [from, to).
        let span = (to - from).min(KICK);
        let a = from + draw(0, to - from - span + 1) + draw(1, span - 1);
        let most = (to - a).min(KICK);
        let b = a + 1 + draw(2, most - 1);
        let c = b + 1 + draw(3, a + most - b);
        state.begin();
        if state.force(&[piece(b, c - 1), piece(a, b - 1)]) {
            let mut budget = AFTER_KICK;
            drain(&mut state, &mut budget);
        }
        if !state.change.gains() {
            state.undo();
        }
        while state.dequeue().is_some() {}
    }
    state.into_sequence()
}

/// Works off the queue.
fn drain(state: &mut State, budget: &mut usize) {
    while *budget > 0 {
        let Some(track) = state.dequeue() else { return };
        *budget -= 1;
        if state.at[track as usize] == OUT {
            continue;
        }
        if around(state, track) {
            state.enqueue(track);
        }
    }
}

/// The first gain around one track.
fn around(state: &mut State, track: u32) -> bool {
    let problem = state.problem;
    let (from, to) = state.free();
    let n = state.seq.len();
    let i = state.at[track as usize] as usize;
    // Open ends: the stretch from here to the end turned, and the tracks here taken there.
    if to == n && (state.attempt(&[turned(i, n - 1)]) || (i + 1 < n && state.attempt(&[turned(i + 1, n - 1)]))) {
        return true;
    }
    if from == 0 && (state.attempt(&[turned(0, i)]) || (i > 0 && state.attempt(&[turned(0, i - 1)]))) {
        return true;
    }
    if segments(state, i, 0) || segments(state, i, n) {
        return true;
    }
    for rank in 0..NEIGHBOURS {
        let Some(&other) = problem.neighbours(track).get(rank) else { break };
        let j = state.at[other as usize];
        if j == OUT {
            if (i + 1 < n && state.exchange(i + 1, other)) || (i > 0 && state.exchange(i - 1, other)) {
                return true;
            }
            continue;
        }
        let j = j as usize;
        let (lo, hi) = (i.min(j), i.max(j));
        if hi > lo + 1 && (state.attempt(&[turned(lo + 1, hi)]) || state.attempt(&[turned(lo, hi - 1)])) {
            return true;
        }
        if segments(state, i, j) || segments(state, i, j + 1) {
            return true;
        }
    }
    false
}

/// Takes the tracks from `i` on, and those up to `i`, to before the position `to`, either way round.
fn segments(state: &mut State, i: usize, to: usize) -> bool {
    for len in 1..=SEGMENT {
        for (start, end) in [(i, i + len - 1), ((i + 1).saturating_sub(len), i)] {
            if end >= state.seq.len() || end + 1 - start != len || (len == 1 && start != i) {
                continue;
            }
            if shift(state, start, end, to) {
                return true;
            }
        }
    }
    false
}

/// Takes positions `start` to `end` to before the position `to`, either way round.
fn shift(state: &mut State, start: usize, end: usize, to: usize) -> bool {
    let both: [fn(usize, usize) -> Piece; 2] = [piece, turned];
    for as_is in both {
        let done = if to < start {
            state.attempt(&[as_is(start, end), piece(to, start - 1)])
        } else if to > end + 1 {
            state.attempt(&[piece(end + 1, to - 1), as_is(start, end)])
        } else {
            false
        };
        if done {
            return true;
        }
        if start == end {
            break;
        }
    }
    false
}

/// Moves without regard to neighbours, where costs are not of neighbours alone. True where something gained.
fn wide(state: &mut State) -> bool {
    let n = state.seq.len();
    let mut gained = false;
    if state.targets.any() || state.near > 0 {
        for i in 0..n {
            for j in i + 1..n.min(i + 1 + PAIRS / n) {
                gained |= if j == i + 1 {
                    state.attempt(&[turned(i, j)])
                } else {
                    state.attempt(&[piece(j, j), piece(i + 1, j - 1), piece(i, i)])
                };
            }
        }
    }
    if state.near > 0 {
        for i in 0..n {
            for to in 0..=n {
                gained |= shift(state, i, i, to);
            }
        }
    }
    let out: Vec<u32> = (0..state.problem.n() as u32).filter(|&t| state.at[t as usize] == OUT).collect();
    if n.saturating_mul(out.len()) <= EXCHANGES {
        for i in 0..n {
            for &t in &out {
                gained |= state.exchange(i, t);
            }
        }
    }
    gained
}

/// Under a limit of time: puts in what fits in the time that exchanges left, cheapest first. Else nothing.
pub(super) fn fill(problem: &Problem, mut seq: Vec<u32>) -> Vec<u32> {
    let Some(limit) = problem.time else { return seq };
    loop {
        let seconds: f64 = seq.iter().map(|&t| problem.durations[t as usize]).sum();
        let mut taken = vec![0; problem.artist_count];
        let mut used = vec![false; problem.n()];
        for &t in &seq {
            used[t as usize] = true;
            if let Some(count) = taken.get_mut(problem.artists[t as usize] as usize) {
                *count += 1;
            }
        }
        let from = usize::from(problem.first.is_some());
        let to = seq.len() - usize::from(problem.last.is_some());
        let targets = problem.targets(seq.len() + 1);
        let mut best: Option<((usize, f64), Vec<u32>)> = None;
        if seq.len() < problem.most {
            for t in (0..problem.n() as u32).filter(|&t| !used[t as usize]) {
                let full = taken.get(problem.artists[t as usize] as usize).is_some_and(|&c| c >= problem.per_artist);
                if full || seconds + problem.durations[t as usize] > limit {
                    continue;
                }
                for place in from..=to {
                    let mut tried = seq.clone();
                    tried.insert(place, t);
                    let score = problem.score_with(&tried, &targets);
                    let key = (score.too_near, score.total);
                    if best.as_ref().is_none_or(|b| key < b.0) {
                        best = Some((key, tried));
                    }
                }
            }
        }
        match best {
            Some((_, longer)) => seq = longer,
            None => return seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::made_up;
    use super::super::{Curve, Goal, greedy};
    use super::*;

    #[test]
    fn each_stage_finds_what_the_one_before_left() {
        let tracks = made_up(120, 40);
        let mut job = OrderJob::new(Goal::Energy(Curve::ARC));
        job.limits.artist_gap = 2;
        let problem = Problem::new(&tracks, &job).unwrap();
        let first = greedy::greedy(&problem, greedy::starts(&problem, 1)[0]);
        let settled = settle(&problem, first.clone(), &job);
        let widened = widen(&problem, settled.clone(), &job);
        let kicked = kick(&problem, widened.clone(), &job);
        let stages = [first, settled, widened, kicked].map(|s| problem.score(&s));
        for pair in stages.windows(2) {
            assert!(super::super::better(&pair[1], &pair[0]), "{stages:?}");
        }
        // The costs of changes add up to the change of cost.
        let targets = problem.targets(120);
        let mut state = State::new(&problem, &targets, kick(&problem, Vec::from_iter(0..120), &job), REACH);
        let before = problem.score(&state.seq);
        state.begin();
        wide(&mut state);
        all(&mut state, &mut 10_000);
        let (change, after) = (state.change, problem.score(&state.into_sequence()));
        assert!(change.cost < -0.1 || change.near < 0, "{change:?}");
        assert!((after.total - before.total - change.cost).abs() < 1e-9, "{change:?} from {before:?} to {after:?}");
        assert_eq!(after.too_near as i64 - before.too_near as i64, change.near);
    }
}
