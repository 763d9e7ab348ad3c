//! What a run tells while it goes on, and how it is stopped.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use earprint_core::Status;

/// Shared by the threads of one run.
#[derive(Debug, Default)]
pub struct Control {
    cancel: AtomicBool,
    opened: AtomicU64,
    computed: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
    waiting: AtomicU64,
    events: Mutex<Vec<String>>,
}

/// A moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Files opened and decoded.
    pub opened: u64,
    /// Files computed.
    pub computed: u64,
    /// Files whose fate is written, without those that were left out on purpose.
    pub done: u64,
    /// Of these, without numbers.
    pub failed: u64,
    /// Bytes of the files opened.
    pub bytes: u64,
    /// Results that wait for an earlier file.
    pub waiting: u64,
}

impl Control {
    /// Asks every thread to stop after the batch it works on.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// True once [`Control::cancel`] was called.
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Something that concerns the run as a whole, said once and kept.
    pub fn event(&self, text: String) {
        self.events.lock().expect("no panic holds it").push(text);
    }

    /// All events so far.
    pub fn events(&self) -> Vec<String> {
        self.events.lock().expect("no panic holds it").clone()
    }

    /// The moment.
    pub fn counts(&self) -> Counts {
        let get = |a: &AtomicU64| a.load(Ordering::Relaxed);
        Counts {
            opened: get(&self.opened),
            computed: get(&self.computed),
            done: get(&self.done),
            failed: get(&self.failed),
            bytes: get(&self.bytes),
            waiting: get(&self.waiting),
        }
    }

    /// One file was opened.
    pub fn count_opened(&self, bytes: u64) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// One file was computed.
    pub fn count_computed(&self) {
        self.computed.fetch_add(1, Ordering::Relaxed);
    }

    /// One file's fate is written. Files left out on purpose cost no time and do not count.
    pub fn count_done(&self, status: Status) {
        self.done.fetch_add(u64::from(status != Status::Skipped), Ordering::Relaxed);
        self.failed.fetch_add(u64::from(status == Status::Error), Ordering::Relaxed);
    }

    /// Results that wait for an earlier file.
    pub fn set_waiting(&self, n: u64) {
        self.waiting.store(n, Ordering::Relaxed);
    }
}
