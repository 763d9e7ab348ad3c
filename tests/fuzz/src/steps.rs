//! A source that counts what is done with it, so that an endless loop ends by its steps and not by a clock.

use std::io::{Cursor, Read, Result, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Calls and bytes that a reader may take of a source of `n` bytes before it counts as one that never ends: `calls(n)`
/// and `bytes(n)`. Sound files of 400 kB take some hundred calls and are read at most a few times over.
fn calls(n: u64) -> u64 {
    50_000 + n
}

fn bytes(n: u64) -> u64 {
    (64 << 20) + 64 * n
}

/// Bytes in memory; sets `stop` once it was asked too often.
pub struct CountingSource {
    inner: Cursor<Vec<u8>>,
    calls_left: u64,
    bytes_left: u64,
    stop: Arc<AtomicBool>,
}

impl CountingSource {
    /// A source of these bytes.
    pub fn new(data: Vec<u8>, stop: Arc<AtomicBool>) -> Self {
        let n = data.len() as u64;
        CountingSource { inner: Cursor::new(data), calls_left: calls(n), bytes_left: bytes(n), stop }
    }

    fn count(&mut self, bytes: u64) {
        self.calls_left = self.calls_left.saturating_sub(1);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        if self.calls_left == 0 || self.bytes_left == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Read for CountingSource {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let n = self.inner.read(out)?;
        self.count(n as u64);
        Ok(n)
    }
}

impl Seek for CountingSource {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.count(0);
        self.inner.seek(to)
    }
}
