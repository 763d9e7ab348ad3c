//! Many inputs, few workers: heaviest first, results as they come, a time limit for each.
//!
//! Enters: a weight per input and a [`Worker`]. Leaves: one result per input, in the order in which they were finished, so that
//! nothing finished waits to be stored behind an input that takes long. Inputs are taken from a shared queue, heaviest first
//! among the next [`QueueOptions::window`] ones: a dynamic queue that begins with the heavy items ends within a percent of
//! the lower bound, where fixed shares lose a fifth; the window bounds how many results somebody who wants them in the
//! order of the inputs has to keep.
//!
//! A worker that does not come back is left behind: its input gets a result that says so, and a new worker takes its
//! place. Threads cannot be killed; the one left behind ends with its process, or whenever its decoder returns.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::makespan::Makespan;

/// What one thread does, input by input. Lives on its thread.
pub trait Worker {
    /// What becomes of an input.
    type Out: Send + 'static;

    /// Works on input `index`; looks at `stop` now and then and returns early once it is set.
    fn run(&mut self, index: usize, stop: &Arc<AtomicBool>) -> Self::Out;
}

/// Makes a worker on its own thread, and results for what no worker could finish.
pub trait Workers: Send + Sync + 'static {
    /// The worker.
    type Worker: Worker;

    /// A worker for the calling thread.
    fn make(&self) -> Self::Worker;

    /// The result of an input whose worker did not return within the limit.
    fn timed_out(&self, index: usize, after: Duration) -> <Self::Worker as Worker>::Out;

    /// The result of an input whose worker panicked.
    fn panicked(&self, index: usize, message: String) -> <Self::Worker as Worker>::Out;
}

/// How a queue runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueOptions {
    /// Threads, at least 1.
    pub workers: usize,
    /// Inputs that may be under way or finished before the first unfinished one, at least `workers`.
    pub window: usize,
    /// Time one input may take before it is asked to stop.
    pub limit: Option<Duration>,
    /// Time it then has to do so before its worker is left behind.
    pub grace: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { workers: 1, window: 4096, limit: None, grace: Duration::from_secs(5) }
    }
}

/// Which inputs are waiting, under way, handed over.
struct Picks {
    waiting: BinaryHeap<(u64, std::cmp::Reverse<usize>)>,
    /// Inputs from here on are not in `waiting` yet.
    next: usize,
    /// Inputs before this one have a result.
    first_open: usize,
    closed: bool,
}

struct Shared<W: Workers> {
    workers: W,
    weights: Vec<u64>,
    window: usize,
    picks: Mutex<Picks>,
    changed: Condvar,
}

impl<W: Workers> Shared<W> {
    fn picks(&self) -> MutexGuard<'_, Picks> {
        self.picks.lock().expect("no panic holds it")
    }

    /// The heaviest input inside the window; waits for the window to move; `None` when there is nothing left to begin.
    fn pick(&self) -> Option<usize> {
        let mut p = self.picks();
        loop {
            let end = (p.first_open + self.window).min(self.weights.len());
            while p.next < end {
                let index = p.next;
                p.waiting.push((self.weights[index], std::cmp::Reverse(index)));
                p.next += 1;
            }
            if p.closed {
                return None;
            }
            if let Some((_, std::cmp::Reverse(index))) = p.waiting.pop() {
                return Some(index);
            }
            if p.next == self.weights.len() {
                return None;
            }
            p = self.changed.wait(p).expect("no panic holds it");
        }
    }

    fn close(&self) {
        self.picks().closed = true;
        self.changed.notify_all();
    }
}

/// What a worker tells, with its number.
enum Told<T> {
    Began(usize, usize, Arc<AtomicBool>),
    /// With the times of its begin and its end.
    Done(usize, usize, T, [Instant; 2]),
    Left(usize),
}

/// A worker's input, when it began, how it is asked to stop.
struct UnderWay {
    index: usize,
    since: Instant,
    stop: Arc<AtomicBool>,
}

fn start<W: Workers>(number: usize, shared: &Arc<Shared<W>>, tell: &Sender<Told<<W::Worker as Worker>::Out>>) {
    let (shared, tell) = (shared.clone(), tell.clone());
    let work = move || {
        let mut worker = None;
        while let Some(index) = shared.pick() {
            let stop = Arc::new(AtomicBool::new(false));
            if tell.send(Told::Began(number, index, stop.clone())).is_err() {
                return;
            }
            let began = Instant::now();
            let done = catch_unwind(AssertUnwindSafe(|| {
                worker.get_or_insert_with(|| shared.workers.make()).run(index, &stop)
            }));
            let out = done.unwrap_or_else(|panic| {
                // Whatever it was working with may be half done.
                worker = None;
                shared.workers.panicked(index, crate::words_of_panic(panic.as_ref()))
            });
            if tell.send(Told::Done(number, index, out, [began, Instant::now()])).is_err() {
                return;
            }
        }
        let _ = tell.send(Told::Left(number));
    };
    std::thread::Builder::new().name(format!("earprint-{number}")).spawn(work).expect("the system has threads left");
}

/// Where results go, each once, with the number of its input; `None` a few times a second while there is none.
pub type Sink<'a, T> = &'a mut dyn FnMut(Option<(usize, T)>) -> Result<(), String>;

/// Runs every input and hands each result to `sink` as it comes, on the calling thread. `cancelled` is asked now and then;
/// once true no further input is begun and what is under way is finished. Returns the number of results handed over, and how long
/// they took.
///
/// # Errors
/// What `sink` returns; the queue then stops like a cancelled one and further results are dropped.
pub fn run_queue<W: Workers>(
    workers: W,
    weights: Vec<u64>,
    options: QueueOptions,
    cancelled: &dyn Fn() -> bool,
    sink: Sink<<W::Worker as Worker>::Out>,
) -> Result<(usize, Makespan), String> {
    let threads = options.workers.max(1).min(weights.len().max(1));
    let picks = Picks { waiting: BinaryHeap::new(), next: 0, first_open: 0, closed: false };
    let (window, changed) = (options.window.max(threads), Condvar::new());
    let shared = Arc::new(Shared { workers, weights, window, picks: Mutex::new(picks), changed });
    let (tell, told) = channel();
    for number in 0..threads {
        start(number, &shared, &tell);
    }
    let (under_way, lost) = (BTreeMap::new(), BTreeSet::new());
    let makespan = Makespan { workers: threads, ..Makespan::default() };
    let mut run = Collect {
        shared,
        tell,
        told,
        options,
        alive: threads,
        started: threads,
        under_way,
        lost,
        makespan,
        ends: None,
    };
    run.collect(cancelled, sink).map(|handed_over| (handed_over, run.makespan))
}

/// The calling thread's side.
struct Collect<W: Workers> {
    shared: Arc<Shared<W>>,
    tell: Sender<Told<<W::Worker as Worker>::Out>>,
    told: Receiver<Told<<W::Worker as Worker>::Out>>,
    options: QueueOptions,
    alive: usize,
    started: usize,
    under_way: BTreeMap<usize, UnderWay>,
    /// Workers left behind.
    lost: BTreeSet<usize>,
    makespan: Makespan,
    /// The first begin and the last end so far.
    ends: Option<[Instant; 2]>,
}

impl<W: Workers> Collect<W> {
    fn collect(
        &mut self,
        cancelled: &dyn Fn() -> bool,
        sink: Sink<<W::Worker as Worker>::Out>,
    ) -> Result<usize, String> {
        // Inputs with a result beyond the first one without.
        let mut ahead = BTreeSet::new();
        let (mut first_open, mut handed_over, mut closed) = (0, 0, false);
        let mut failed = Ok(());
        let all = self.shared.weights.len();
        // Every input that was begun ends in one result; only a run that was stopped ends before all have one.
        while handed_over < all && !(closed && self.alive == 0) {
            let mut finished = Vec::new();
            match self.told.recv_timeout(Duration::from_millis(50)) {
                Ok(told) => finished.extend(self.heard(told)),
                Err(RecvTimeoutError::Timeout) => failed = failed.and_then(|()| sink(None)),
                Err(RecvTimeoutError::Disconnected) => unreachable!("this side keeps a sender"),
            }
            // All of it, before anybody is called late: a sink that took its time made nobody slow.
            while let Ok(told) = self.told.try_recv() {
                finished.extend(self.heard(told));
            }
            finished.extend(self.overdue());
            for (index, out) in finished {
                failed = failed.and_then(|()| sink(Some((index, out))));
                handed_over += 1;
                ahead.insert(index);
            }
            if !closed && (cancelled() || failed.is_err()) {
                closed = true;
                self.shared.close();
            }
            let before = first_open;
            while ahead.remove(&first_open) {
                first_open += 1;
            }
            if first_open > before {
                self.shared.picks().first_open = first_open;
                self.shared.changed.notify_all();
            }
        }
        failed.map(|()| handed_over)
    }

    /// What a worker tells; its result, if it is one that is still waited for.
    fn heard(&mut self, told: Told<<W::Worker as Worker>::Out>) -> Option<(usize, <W::Worker as Worker>::Out)> {
        match told {
            Told::Began(number, index, stop) => {
                // Left behind in the moment it came back: it goes on as one more worker.
                self.alive += usize::from(self.lost.remove(&number));
                self.under_way.insert(number, UnderWay { index, since: Instant::now(), stop });
                None
            }
            // `None`: a worker that was left behind and came back after all; its input has a result already.
            Told::Done(number, index, out, times) => {
                let waited_for = self.under_way.remove(&number)?;
                debug_assert_eq!(waited_for.index, index);
                self.count(times);
                Some((index, out))
            }
            Told::Left(number) => {
                self.alive -= usize::from(!self.lost.remove(&number));
                None
            }
        }
    }

    /// Adds the time of an input.
    fn count(&mut self, [began, ended]: [Instant; 2]) {
        let took = ended.duration_since(began);
        self.makespan.busy += took;
        self.makespan.longest = self.makespan.longest.max(took);
        let [first, last] = self.ends.unwrap_or([began, ended]);
        let ends = [first.min(began), last.max(ended)];
        self.makespan.took = ends[1].duration_since(ends[0]);
        self.ends = Some(ends);
    }

    /// Asks overdue inputs to stop; leaves behind the workers that do not, and replaces them.
    fn overdue(&mut self) -> Vec<(usize, <W::Worker as Worker>::Out)> {
        let Some(limit) = self.options.limit else { return Vec::new() };
        let mut out = Vec::new();
        let mut lost = Vec::new();
        let mut left = Vec::new();
        for (&number, at) in &self.under_way {
            let took = at.since.elapsed();
            if took > limit {
                at.stop.store(true, Ordering::Relaxed);
            }
            if took > limit + self.options.grace {
                out.push((at.index, self.shared.workers.timed_out(at.index, took)));
                lost.push(number);
                left.push(at.since);
            }
        }
        left.into_iter().for_each(|since| self.count([since, Instant::now()]));
        for number in lost {
            self.under_way.remove(&number);
            self.lost.insert(number);
            // One in, one out: `alive` stays.
            start(self.started, &self.shared, &self.tell);
            self.started += 1;
        }
        out
    }
}

#[cfg(test)]
mod tests;
