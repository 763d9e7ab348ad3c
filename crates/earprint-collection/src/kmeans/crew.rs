//! Who does the work of independent tasks: one thread, or those of a pool outside this crate.

/// Runs tasks, in any order and on any threads.
pub trait Crew: Sync {
    /// How many tasks run at once.
    fn size(&self) -> usize;
    /// Runs `work` on each task and waits for all.
    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send);
}

/// The calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Crew for Alone {
    fn size(&self) -> usize {
        1
    }

    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
        tasks.into_iter().for_each(work);
    }
}
