//! What symphonia reads from.

use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symphonia::core::io::MediaSource;

use crate::stream::Source;

/// A source with the length that was measured at opening. Shared, so that a second attempt can be
/// made after symphonia has dropped the first; the lock is never contended.
pub(super) struct Measured {
    pub source: Arc<Mutex<Box<dyn Source>>>,
    pub total_bytes: u64,
    pub seekable: bool,
}

impl Measured {
    fn source(&self) -> MutexGuard<'_, Box<dyn Source>> {
        // A poisoned lock means a panic in the caller's source; its position is set anew anyway.
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Measured {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.source().read(out)
    }
}

impl Seek for Measured {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.source().seek(to)
    }
}

impl MediaSource for Measured {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.seekable.then_some(self.total_bytes)
    }
}
