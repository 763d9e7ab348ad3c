//! A source without places that no file can have.
//!
//! Readers seek by the numbers of a file. Beyond some length, which the file system sets, the system refuses with an error
//! of its own; a buffer in memory does not. Here the refusal is the same everywhere, and [`is_refusal`] tells it from a disk
//! that fails.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

use crate::stream::Source;

/// The last place a reader may seek to: 8 TiB, more than any file of [`crate::Limits`].
const LAST: u64 = 1 << 43;

/// True for the error of a seek that the file's own numbers asked for.
pub(crate) fn is_refusal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::InvalidData)
}

pub(crate) struct Bounded(pub Box<dyn Source>);

impl Read for Bounded {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        self.0.read(out)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        match to {
            SeekFrom::Start(at) if at > LAST => Err(refused()),
            to => self.0.seek(to).and_then(|at| if at > LAST { Err(refused()) } else { Ok(at) }),
        }
    }
}

fn refused() -> Error {
    Error::new(ErrorKind::InvalidInput, "a place beyond every file")
}
