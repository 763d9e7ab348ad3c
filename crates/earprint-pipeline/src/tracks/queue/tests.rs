//! Workers that sleep, panic and hang.

use super::*;
use std::sync::atomic::AtomicUsize;

/// Sleeps `weights` milliseconds; panics on input 3 where told to; on input 2 it waits for nothing or for whatever it is
/// told to. Limits are far above any of the times, since a busy machine may hold up anybody for a good part of a second.
struct Sleepers {
    millis: Vec<u64>,
    panics: bool,
    hangs: Option<Arc<Gate>>,
    made: Arc<AtomicUsize>,
    order: Arc<Mutex<Vec<usize>>>,
}

/// Shut until it is opened, or for a minute.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn pass(&self) {
        let minute = Duration::from_secs(60);
        drop(self.1.wait_timeout_while(self.0.lock().unwrap(), minute, |open| !*open).unwrap());
    }
}

struct Sleeper(Vec<u64>, bool, Option<Arc<Gate>>, Arc<Mutex<Vec<usize>>>);

impl Worker for Sleeper {
    type Out = String;
    fn run(&mut self, index: usize, stop: &Arc<AtomicBool>) -> String {
        self.3.lock().unwrap().push(index);
        assert!(!(self.1 && index == 3), "three");
        if let (2, Some(gate)) = (index, &self.2) {
            gate.pass();
        }
        let until = Instant::now() + Duration::from_millis(self.0[index]);
        while Instant::now() < until {
            if stop.load(Ordering::Relaxed) {
                return format!("{index} stopped");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        format!("{index} done")
    }
}

impl Workers for Sleepers {
    type Worker = Sleeper;
    fn make(&self) -> Sleeper {
        self.made.fetch_add(1, Ordering::Relaxed);
        Sleeper(self.millis.clone(), self.panics, self.hangs.clone(), self.order.clone())
    }
    fn timed_out(&self, index: usize, _: Duration) -> String {
        format!("{index} left behind")
    }
    fn panicked(&self, index: usize, message: String) -> String {
        format!("{index} panicked: {message}")
    }
}

fn sleepers(millis: &[u64]) -> Sleepers {
    Sleepers { millis: millis.to_vec(), panics: false, hangs: None, made: Arc::default(), order: Arc::default() }
}

/// Inputs in the order of their results, and the results in the order of the inputs.
fn run(s: Sleepers, options: QueueOptions, cancelled: &dyn Fn() -> bool) -> (Vec<usize>, Vec<String>) {
    let weights = s.millis.clone();
    let mut indices = Vec::new();
    let mut results = BTreeMap::new();
    let (handed_over, makespan) = run_queue(s, weights, options, cancelled, &mut |result| {
        if let Some((i, text)) = result {
            indices.push(i);
            assert!(results.insert(i, text).is_none(), "one result for {i}");
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(handed_over, indices.len());
    // Workers do one thing at a time, so no run is shorter than its bound.
    assert!(makespan.over_bound().is_none_or(|over| over >= 1.0), "{makespan:?}");
    (indices, results.into_values().collect())
}

#[test]
fn results_come_when_they_are_there_and_the_heaviest_begin_first() {
    // Number 2 ends only after everything else has its result.
    let (mut s, gate) = (sleepers(&[1, 2, 300, 3, 20, 1]), Arc::<Gate>::default());
    s.hangs = Some(gate.clone());
    let order = s.order.clone();
    let (weights, mut results) = (s.millis.clone(), Vec::new());
    let options = QueueOptions { workers: 2, ..Default::default() };
    let done = run_queue(s, weights, options, &|| false, &mut |result| {
        results.extend(result);
        if results.len() == 5 {
            gate.open();
        }
        Ok(())
    });
    assert_eq!(done.unwrap().0, 6);
    assert_eq!(results[5].0, 2, "nothing waits for the slowest one: {results:?}");
    results.sort_unstable();
    assert!(results.iter().enumerate().all(|(n, (index, text))| n == *index && text.ends_with("done")), "{results:?}");
    // One worker does all the others, heaviest first, the first among equals.
    let order: Vec<usize> = order.lock().unwrap().iter().copied().filter(|&index| index != 2).collect();
    assert_eq!(order, [4, 3, 1, 0, 5]);
}

#[test]
fn a_window_bounds_how_far_ahead_work_goes() {
    let mut millis = vec![1; 40];
    millis[39] = 50;
    let s = sleepers(&millis);
    let order = s.order.clone();
    run(s, QueueOptions { workers: 2, window: 4, ..Default::default() }, &|| false);
    let order = order.lock().unwrap();
    for (at, &index) in order.iter().enumerate() {
        assert!(index < at + 4 + 2, "input {index} began as number {at}");
    }
}

#[test]
fn a_panic_and_a_hang_cost_one_input_each() {
    let mut s = sleepers(&[1, 1, 1, 1, 1, 1]);
    let gate = Arc::<Gate>::default();
    (s.panics, s.hangs) = (true, Some(gate.clone()));
    let limit = Duration::from_secs(3);
    let options = QueueOptions { workers: 2, window: 100, limit: Some(limit), grace: limit };
    let (indices, texts) = run(s, options, &|| false);
    gate.open();
    assert_eq!((indices.len(), texts.len()), (6, 6));
    assert_eq!(texts[2], "2 left behind");
    assert!(texts[3].starts_with("3 panicked: ") && texts[3].contains("three"), "{}", texts[3]);
    assert_eq!((texts[1].as_str(), texts[5].as_str()), ("1 done", "5 done"));
}

#[test]
fn a_slow_sink_makes_no_input_late() {
    let limit = Some(Duration::from_secs(3));
    let options = QueueOptions { workers: 2, limit, grace: Duration::from_millis(100), ..Default::default() };
    let mut texts = Vec::new();
    run_queue(sleepers(&[2; 8]), vec![1; 8], options, &|| false, &mut |result| {
        if let Some((_, text)) = result {
            texts.push(text);
            // While both workers have a next one.
            if texts.len() == 1 {
                std::thread::sleep(Duration::from_millis(3500));
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(texts.len() == 8 && texts.iter().all(|t| t.ends_with("done")), "{texts:?}");
}

#[test]
fn a_long_input_stops_when_asked() {
    let options = QueueOptions { workers: 1, limit: Some(Duration::from_secs(3)), ..Default::default() };
    let (_, texts) = run(sleepers(&[1, 60_000, 1]), options, &|| false);
    assert_eq!(texts, ["0 done", "1 stopped", "2 done"]);
}

#[test]
fn cancelling_finishes_what_is_under_way_and_a_failing_sink_ends_the_run() {
    let s = sleepers(&[30; 500]);
    let made = s.made.clone();
    let (indices, _) = run(s, QueueOptions { workers: 2, ..Default::default() }, &|| made.load(Ordering::Relaxed) > 1);
    assert!(!indices.is_empty() && indices.len() < 400, "{}", indices.len());
    let s = sleepers(&[1; 50]);
    let ended = run_queue(s, vec![1; 50], QueueOptions::default(), &|| false, &mut |result| match result {
        Some((3, _)) => Err("disk full".into()),
        _ => Ok(()),
    });
    assert_eq!(ended, Err("disk full".into()));
}
