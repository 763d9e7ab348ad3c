//! Reading ahead in a source: bytes are looked at before they are taken, in bounded memory.

use std::io::{ErrorKind, Seek, SeekFrom};

use crate::error::AudioError;
use crate::stream::Source;

/// Bytes that can be looked at ahead. Fits a chain of free-format frames.
pub(super) const LOOKAHEAD: usize = 1 << 16;

/// A source with a window of bytes from the current position on.
pub(super) struct Window {
    source: Box<dyn Source>,
    buffer: Vec<u8>,
    /// First byte of `buffer` that has not been taken.
    start: usize,
    /// Offset of that byte in the source.
    position: u64,
    ended: bool,
}

impl Window {
    /// A window at the beginning of the source.
    ///
    /// # Errors
    /// [`AudioError::Io`].
    pub fn open(mut source: Box<dyn Source>) -> Result<Self, AudioError> {
        source.seek(SeekFrom::Start(0)).map_err(|error| AudioError::io("the source", &error))?;
        Ok(Window { source, buffer: Vec::new(), start: 0, position: 0, ended: false })
    }

    /// Offset of the next byte in the source.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Gives the source back, at an arbitrary position.
    pub fn into_source(self) -> Box<dyn Source> {
        self.source
    }

    /// The next bytes: at least `n` where the source has them, at most [`LOOKAHEAD`] are asked for.
    ///
    /// # Errors
    /// [`AudioError::Io`].
    pub fn peek(&mut self, n: usize) -> Result<&[u8], AudioError> {
        debug_assert!(n <= LOOKAHEAD, "asked for more than the window holds");
        if self.buffer.len() - self.start < n && !self.ended {
            self.fill(n)?;
        }
        Ok(&self.buffer[self.start..])
    }

    fn fill(&mut self, n: usize) -> Result<(), AudioError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut filled = self.buffer.len();
        // A second window's worth, so that the bytes are moved once a window and not once a frame.
        self.buffer.resize(2 * LOOKAHEAD, 0);
        while filled < n && !self.ended {
            match self.source.read(&mut self.buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(filled);
                    return Err(AudioError::io("the source", &error));
                }
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    /// Steps over `n` bytes, or to the end of the source; returns the bytes that were stepped over.
    ///
    /// # Errors
    /// [`AudioError::Io`].
    pub fn skip(&mut self, n: u64) -> Result<u64, AudioError> {
        let held = (self.buffer.len() - self.start) as u64;
        if n <= held {
            self.start += n as usize;
            self.position += n;
            return Ok(n);
        }
        // Long tags are not read. Seeking behind the end is allowed by some sources and refused by others.
        let io = |error| AudioError::io("the source", &error);
        let end = match self.source.seek(SeekFrom::End(0)) {
            Ok(end) => end,
            // A pipe: read on.
            Err(error) if error.kind() == ErrorKind::Unsupported => return self.read_over(n),
            Err(error) => return Err(io(error)),
        };
        let target = self.position.saturating_add(n).min(end.max(self.position + held));
        self.source.seek(SeekFrom::Start(target)).map_err(io)?;
        self.buffer.clear();
        self.start = 0;
        self.ended = false;
        let skipped = target - self.position;
        self.position = target;
        Ok(skipped)
    }

    /// As [`Window::skip`], by reading.
    fn read_over(&mut self, n: u64) -> Result<u64, AudioError> {
        let mut skipped = 0;
        while skipped < n {
            let held = self.peek((n - skipped).min(LOOKAHEAD as u64) as usize)?.len() as u64;
            if held == 0 {
                break;
            }
            let step = held.min(n - skipped);
            self.start += step as usize;
            self.position += step;
            skipped += step;
        }
        Ok(skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn bytes_are_looked_at_before_they_are_taken() {
        let bytes: Vec<u8> = (0..400_000u32).map(|n| (n % 251) as u8).collect();
        let mut window = Window::open(Box::new(Cursor::new(bytes.clone()))).expect("opens");
        assert_eq!(window.peek(100).expect("reads")[..100], bytes[..100]);
        assert_eq!(window.skip(50).expect("skips"), 50);
        assert_eq!(window.peek(LOOKAHEAD).expect("reads")[..LOOKAHEAD], bytes[50..50 + LOOKAHEAD]);
        assert_eq!(window.skip(300_000).expect("skips"), 300_000);
        assert_eq!(
            (window.position(), window.peek(3).expect("reads")[..3].to_vec()),
            (300_050, bytes[300_050..300_053].to_vec())
        );
        assert_eq!(window.skip(1 << 40).expect("skips"), 99_950);
        assert_eq!((window.peek(1).expect("reads").len(), window.position()), (0, 400_000));
    }
}
