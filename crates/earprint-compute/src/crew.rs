//! Threads of rayon as the crew of `earprint-collection`.

use earprint_collection::kmeans::Crew;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// Some threads.
#[derive(Debug)]
pub struct PoolCrew(ThreadPool);

impl PoolCrew {
    /// A pool of `threads` threads.
    ///
    /// # Errors
    /// What the system says where it has no more threads.
    pub fn new(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        ThreadPoolBuilder::new().num_threads(threads).build().map(Self)
    }
}

impl Crew for PoolCrew {
    fn size(&self) -> usize {
        self.0.current_num_threads()
    }

    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
        self.0.install(|| tasks.into_par_iter().for_each(work));
    }
}
