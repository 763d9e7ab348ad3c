//! Where the time of a run goes, stage by stage.

use std::time::Duration;

/// Time of the stages, summed over workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes {
    /// Reading, decoding, bringing to 44,100 Hz.
    pub decode: Duration,
    /// Levels, loudness, and what becomes of rows.
    pub levels: Duration,
    /// Rows: kernels, or waiting for the device.
    pub rows: Duration,
    /// Writing to the library.
    pub commit: Duration,
}

impl StageTimes {
    /// Adds another worker's.
    pub fn add(&mut self, other: &Self) {
        self.decode += other.decode;
        self.levels += other.levels;
        self.rows += other.rows;
        self.commit += other.commit;
    }

    /// Stages with their names.
    pub fn named(&self) -> [(&'static str, Duration); 4] {
        [("decode", self.decode), ("levels", self.levels), ("rows", self.rows), ("commit", self.commit)]
    }

    /// The stage that took most, where any took time.
    pub fn bottleneck(&self) -> Option<&'static str> {
        self.named().into_iter().max_by_key(|s| s.1).filter(|s| !s.1.is_zero()).map(|s| s.0)
    }
}

/// A clock that may be missing: in wasm `Instant` panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Times are measured.
    #[cfg(not(target_family = "wasm"))]
    Running,
    /// All times are zero.
    Absent,
}

/// A moment of a [`Clock`].
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    #[cfg(not(target_family = "wasm"))]
    at: Option<std::time::Instant>,
}

impl Clock {
    /// Now.
    pub fn now(self) -> Moment {
        Moment {
            #[cfg(not(target_family = "wasm"))]
            at: (self == Self::Running).then(std::time::Instant::now),
        }
    }

    /// Time since `from`.
    pub fn since(self, from: Moment) -> Duration {
        #[cfg(not(target_family = "wasm"))]
        return from.at.map_or(Duration::ZERO, |at| at.elapsed());
        #[cfg(target_family = "wasm")]
        {
            let _ = from;
            Duration::ZERO
        }
    }

    /// What `work` returns, and how long it took.
    pub fn time<R>(self, work: impl FnOnce() -> R) -> (R, Duration) {
        let from = self.now();
        let done = work();
        (done, self.since(from))
    }
}
