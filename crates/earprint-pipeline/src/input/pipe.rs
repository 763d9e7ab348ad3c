//! A pipe, read by a thread of its own so that waiting for its bytes can be interrupted.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use earprint_audio::{
    AudioError, Container, Limits, PcmFormat, SNIFF_BYTES, Stream, StreamOptions, is_adpcm, reads_forward, sniff,
};

use super::spool::spool;

/// Bytes of one read.
const BLOCK_BYTES: usize = 1 << 16;
/// Blocks that may wait between the pipe and the decoder.
const AHEAD: usize = 4;
/// How often a reader that waits looks whether it should stop.
const LOOK: Duration = Duration::from_millis(20);

/// A pipe that is read forwards. Its first [`SNIFF_BYTES`] bytes stay until more was read, so that it can begin again.
pub struct PipeReader {
    /// Behind a lock only because a source is shared between threads by type; one thread reads.
    blocks: Mutex<Receiver<io::Result<Vec<u8>>>>,
    block: Vec<u8>,
    at: usize,
    /// Bytes before `block`.
    before: u64,
    ended: bool,
    interrupted: fn() -> bool,
    stop: Option<Arc<AtomicBool>>,
}

impl PipeReader {
    /// Begins to read. `interrupted` is asked while bytes are waited for; once true every read fails.
    ///
    /// # Errors
    /// What the system says where no thread can be started.
    pub fn start(source: impl Read + Send + 'static, interrupted: fn() -> bool) -> io::Result<Self> {
        let (give, blocks) = sync_channel(AHEAD);
        // It is never joined: a pipe that gives nothing holds it until the process ends.
        std::thread::Builder::new().name("earprint-stdin".into()).spawn(move || forward(source, &give))?;
        Ok(Self {
            blocks: Mutex::new(blocks),
            block: Vec::new(),
            at: 0,
            before: 0,
            ended: false,
            interrupted,
            stop: None,
        })
    }

    /// The first bytes, at most `most`; the next reader gets them again.
    ///
    /// # Errors
    /// What the system says; interruption.
    pub fn head(&mut self, most: usize) -> io::Result<&[u8]> {
        while self.before == 0 && self.block.len() < most && !self.ended {
            match self.receive()? {
                Some(more) => self.block.extend(more),
                None => self.ended = true,
            }
        }
        Ok(&self.block[..most.min(self.block.len())])
    }

    /// The next block of the thread; `None` at the end.
    fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let stopped = self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
            if stopped || (self.interrupted)() {
                return Err(io::Error::other("reading was interrupted"));
            }
            let blocks = self.blocks.get_mut().unwrap_or_else(PoisonError::into_inner);
            match blocks.recv_timeout(LOOK) {
                Ok(block) => return block.map(Some),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

/// Hands blocks of a source over until it ends, fails, or its reader is dropped.
fn forward(mut source: impl Read, give: &SyncSender<io::Result<Vec<u8>>>) {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = match source.read(&mut block) {
            Ok(0) => return,
            Ok(n) => Ok(block[..n].to_vec()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => Err(e),
        };
        let failed = read.is_err();
        if give.send(read).is_err() || failed {
            return;
        }
    }
}

impl Read for PipeReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            if self.ended {
                return Ok(0);
            }
            match self.receive()? {
                Some(block) => {
                    self.before += self.block.len() as u64;
                    (self.block, self.at) = (block, 0);
                }
                None => {
                    self.ended = true;
                    return Ok(0);
                }
            }
        }
        let n = out.len().min(self.block.len() - self.at);
        out[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Seek for PipeReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = self.before + self.at as u64;
        let wanted = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => place.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        let within = wanted.and_then(|at| at.checked_sub(self.before)).filter(|&at| at <= self.block.len() as u64);
        match within {
            Some(at) => {
                self.at = at as usize;
                Ok(self.before + at)
            }
            None => Err(io::Error::new(io::ErrorKind::Unsupported, "a pipe is read forwards only")),
        }
    }
}

/// Sound on a pipe, opened once.
pub struct Piped {
    reader: Mutex<Option<PipeReader>>,
    interrupted: fn() -> bool,
    hint: Option<String>,
    memory: u64,
}

impl fmt::Debug for Piped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piped").field("hint", &self.hint).field("memory", &self.memory).finish_non_exhaustive()
    }
}

impl Piped {
    /// Sound that `reader` gives. `hint`: a file extension, as of [`Stream::open`]. `memory`: bytes that may be held
    /// of a container that has to be there as a whole; more of it goes to a temporary file.
    pub fn new(reader: PipeReader, hint: Option<String>, memory: u64) -> Self {
        Self { interrupted: reader.interrupted, reader: Mutex::new(Some(reader)), hint, memory }
    }

    /// True once the run was interrupted.
    pub fn interrupted(&self) -> bool {
        (self.interrupted)()
    }

    /// Opens the sound. `bounded`: the caller takes some first seconds of it.
    ///
    /// WAV and raw PCM are read as they come. Other containers are too where `bounded` and they can be; otherwise
    /// they are read to their end first, so that their samples are those of a file with the same bytes.
    ///
    /// # Errors
    /// As [`Stream::open_with`]; a pipe that was opened before.
    pub fn open(
        &self,
        pcm: Option<PcmFormat>,
        bounded: bool,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        let stop = options.stop.clone();
        self.open_once(pcm, bounded, limits, options).map_err(|error| {
            // A pipe that was asked to stop fails like one that broke.
            let stopped = stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
            if stopped { AudioError::Stopped } else { error }
        })
    }

    fn open_once(
        &self,
        pcm: Option<PcmFormat>,
        bounded: bool,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        let io = |error: io::Error| AudioError::io("standard input", &error);
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut reader = reader.ok_or_else(|| io(io::Error::other("it was read before")))?;
        reader.stop.clone_from(&options.stop);
        if let Some(format) = pcm {
            return Stream::open_pcm(Box::new(reader), format, limits, options);
        }
        let head = reader.head(SNIFF_BYTES).map_err(io)?;
        let forward = match sniff(head) {
            Some(Container::Wav) => !is_adpcm(head),
            container => bounded && container.is_none_or(reads_forward),
        };
        let hint = self.hint.as_deref();
        if forward {
            return Stream::open_forward(Box::new(reader), hint, limits, options);
        }
        Stream::open_with(spool(&mut reader, self.memory, limits)?, hint, limits, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_pipe_begins_again_until_it_is_read_beyond_its_head() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        let mut pipe = PipeReader::start(Cursor::new(bytes.clone()), || false).unwrap();
        assert_eq!(pipe.head(64).unwrap(), &bytes[..64]);
        let mut all = vec![0; 10];
        pipe.read_exact(&mut all).unwrap();
        pipe.seek(SeekFrom::Start(0)).unwrap();
        assert!(pipe.seek(SeekFrom::End(0)).is_err());
        all.clear();
        pipe.read_to_end(&mut all).unwrap();
        assert!(all == bytes);
        assert!(pipe.seek(SeekFrom::Start(0)).is_err() && pipe.read(&mut [0]).unwrap() == 0);
        // A head longer than the whole.
        let mut short = PipeReader::start(&b"abc"[..], || false).unwrap();
        assert_eq!(short.head(64).unwrap(), b"abc");
        assert_eq!(io::read_to_string(&mut short).unwrap(), "abc");
    }

    #[test]
    fn a_pipe_that_gives_nothing_can_be_left() {
        let (reader, _writer) = io::pipe().unwrap();
        let mut pipe = PipeReader::start(reader, || true).unwrap();
        assert!(pipe.head(64).unwrap_err().to_string().contains("interrupted"));
        let (reader, _other) = io::pipe().unwrap();
        let mut pipe = PipeReader::start(reader, || false).unwrap();
        pipe.stop = Some(Arc::new(AtomicBool::new(true)));
        assert!(pipe.read(&mut [0]).is_err());
    }

    #[test]
    fn sound_is_opened_once() {
        let wav = earprint_audio::wav::write_i16_mono(8000, &[1, 2, 3]);
        let piped = Piped::new(PipeReader::start(Cursor::new(wav), || false).unwrap(), None, 1000);
        let limits = Limits::default();
        let open = || piped.open(None, false, &limits, StreamOptions::default());
        assert_eq!(open().unwrap().rate_hz(), 8000);
        assert_eq!(open().err().unwrap().code(), "E_IO");
    }
}
