//! Who computes here.

use earprint_collection::kmeans::{Alone, Crew};

/// The threads of this instance.
pub(super) enum Hands {
    Alone,
    #[cfg(all(feature = "threads", target_feature = "atomics"))]
    Pool(earprint_compute::CurrentCrew),
}

impl Hands {
    /// The pool where one was started.
    pub fn here() -> Self {
        #[cfg(all(feature = "threads", target_feature = "atomics"))]
        if crate::threads::running() > 0 {
            return Self::Pool(earprint_compute::CurrentCrew);
        }
        Self::Alone
    }
}

impl Crew for Hands {
    fn size(&self) -> usize {
        match self {
            Self::Alone => Alone.size(),
            #[cfg(all(feature = "threads", target_feature = "atomics"))]
            Self::Pool(pool) => pool.size(),
        }
    }

    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
        match self {
            Self::Alone => Alone.each(tasks, work),
            #[cfg(all(feature = "threads", target_feature = "atomics"))]
            Self::Pool(pool) => pool.each(tasks, work),
        }
    }
}
