//! How close a queue came to the shortest time its workers could have taken.

use std::time::Duration;

/// How long a queue took, and how short it could have been; all measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Makespan {
    /// Threads.
    pub workers: usize,
    /// From the start of the first input to the end of the last.
    pub took: Duration,
    /// Summed over inputs.
    pub busy: Duration,
    /// Of the input that took longest.
    pub longest: Duration,
}

impl Makespan {
    /// No order of these inputs on as many workers ends sooner than the sum shared out evenly, nor than the longest of them (R. L.
    /// Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17, 1969).
    pub fn bound(&self) -> Duration {
        (self.busy / self.workers.max(1) as u32).max(self.longest)
    }

    /// What it took over the bound, 1 or more; `None` where nothing was done.
    pub fn over_bound(&self) -> Option<f64> {
        (self.bound() > Duration::ZERO).then(|| self.took.as_secs_f64() / self.bound().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_even_share_or_the_longest() {
        let [ms4, ms6, ms9, ms10] = [4, 6, 9, 10].map(Duration::from_millis);
        let of = |took, busy, longest| Makespan { workers: 2, took, busy, longest }.over_bound();
        assert_eq!(of(ms6, ms10, ms4), Some(1.2));
        assert_eq!(of(ms9, ms10, ms9), Some(1.0));
        assert_eq!(of(Duration::ZERO, Duration::ZERO, Duration::ZERO), None);
    }
}
