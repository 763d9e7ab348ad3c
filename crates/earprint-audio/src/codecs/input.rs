//! Bytes of a source at any offset, through one buffer of fixed size.

use std::io::{ErrorKind, SeekFrom};

use crate::error::AudioError;
use crate::stream::Source;

/// Bytes read at once: small elements stand close together, and a packet rarely exceeds this.
const BUFFER_BYTES: usize = 1 << 16;

/// A source of known length. Nothing is reserved beyond what the source really holds.
pub(super) struct Input {
    source: Box<dyn Source>,
    len: u64,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte.
    buffer_at: u64,
}

impl Input {
    /// `len` is the length in bytes that was measured at opening.
    pub fn new(source: Box<dyn Source>, len: u64) -> Self {
        Input { source, len, buffer: Vec::new(), buffer_at: 0 }
    }

    /// The source, wherever it stands.
    pub fn into_source(self) -> Box<dyn Source> {
        self.source
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Up to `max` bytes at `offset`; fewer only at the end of the source, at most `BUFFER_BYTES`.
    ///
    /// # Errors
    /// [`AudioError::Io`].
    pub fn peek(&mut self, offset: u64, max: usize) -> Result<&[u8], AudioError> {
        let max = max.min(BUFFER_BYTES);
        let inside =
            offset.checked_sub(self.buffer_at).filter(|&at| at.saturating_add(max as u64) <= self.buffer.len() as u64);
        let at = match inside {
            Some(at) => at as usize,
            None => {
                let mut buffer = std::mem::take(&mut self.buffer);
                buffer.resize(self.len.saturating_sub(offset).min(BUFFER_BYTES as u64) as usize, 0);
                let read = self.read_at(offset, &mut buffer)?;
                buffer.truncate(read);
                (self.buffer, self.buffer_at) = (buffer, offset);
                0
            }
        };
        Ok(&self.buffer[at..self.buffer.len().min(at + max)])
    }

    /// The `len` bytes at `offset`, or `None` where the source ends before.
    ///
    /// # Errors
    /// [`AudioError::Io`], [`AudioError::OutOfMemory`].
    pub fn take(&mut self, offset: u64, len: u64) -> Result<Option<Vec<u8>>, AudioError> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        if len <= BUFFER_BYTES as u64 / 4 {
            let bytes = self.peek(offset, len as usize)?;
            return Ok((bytes.len() as u64 == len).then(|| bytes.to_vec()));
        }
        let mut out = Vec::new();
        let reserved = usize::try_from(len).ok().filter(|&n| out.try_reserve_exact(n).is_ok());
        out.resize(reserved.ok_or(AudioError::OutOfMemory { bytes: len })?, 0);
        let read = self.read_at(offset, &mut out)?;
        Ok((read == out.len()).then_some(out))
    }

    fn read_at(&mut self, offset: u64, out: &mut [u8]) -> Result<usize, AudioError> {
        let failed = |error| AudioError::io("the source", &error);
        self.source.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut n = 0;
        while n < out.len() {
            match self.source.read(&mut out[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(n)
    }
}

/// Big-endian fields of a byte slice; a field that lies outside is `None`.
pub(super) trait Fields {
    fn u8_at(&self, at: usize) -> Option<u8>;
    fn be16_at(&self, at: usize) -> Option<u16>;
    fn be32_at(&self, at: usize) -> Option<u32>;
    fn be64_at(&self, at: usize) -> Option<u64>;
}

impl Fields for [u8] {
    fn u8_at(&self, at: usize) -> Option<u8> {
        self.get(at).copied()
    }

    fn be16_at(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(*self.get(at..)?.first_chunk()?))
    }

    fn be32_at(&self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(*self.get(at..)?.first_chunk()?))
    }

    fn be64_at(&self, at: usize) -> Option<u64> {
        Some(u64::from_be_bytes(*self.get(at..)?.first_chunk()?))
    }
}
