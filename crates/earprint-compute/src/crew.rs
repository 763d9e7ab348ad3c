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

/// The threads of the pool that the calling thread is in, or else of the global one: where nobody but the host starts threads, as in a browser.
#[derive(Debug, Clone, Copy, Default)]
pub struct CurrentCrew;

impl Crew for CurrentCrew {
    fn size(&self) -> usize {
        rayon::current_num_threads()
    }

    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
        tasks.into_par_iter().for_each(work);
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
