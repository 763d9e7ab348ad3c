//! FLAC files, also several joined to one: each is a link, ends where the next one's header begins, and is a track of
//! its own.
//!
//! Source: RFC 9639 §6 (stream marker), §8.1 and §8.2 (metadata blocks, STREAMINFO).

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::mpeg::{tag_bytes, trailing_tag_bytes};
use super::symphonia_format::SymphoniaFormat;
use super::track::{Next, PacketReader, Track};
use crate::error::AudioError;
use crate::sniff::Container;
use crate::stream::Source;

/// Marker, block header and as much of STREAMINFO as tells it from chance.
const HEADER_BYTES: usize = 4 + 4 + 18;
/// An ID3v1 tag, which stays behind a link's last frame where tagged files are joined.
const ID3V1_BYTES: usize = 128;
/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 16;

type Shared = Arc<Mutex<Box<dyn Source>>>;

/// The links of a file, one after the other.
pub(crate) struct FlacLinks {
    source: Shared,
    /// End of the last link: the source's end without its tags.
    limit: u64,
    /// End of the current link, as far as it is known.
    end: Arc<AtomicU64>,
    link: SymphoniaFormat,
    /// Frames of the current link so far.
    frames: u64,
    repaired: Option<&'static str>,
    /// Why a link ended early.
    reason: Option<String>,
}

impl FlacLinks {
    /// Opens the first link.
    ///
    /// # Errors
    /// As [`SymphoniaFormat::open`].
    pub fn open(mut source: Box<dyn Source>, total_bytes: u64) -> Result<Self, AudioError> {
        let limit = total_bytes - trailing_tags(&mut source, total_bytes)?;
        let source = Arc::new(Mutex::new(source));
        let (link, end) = open_link(&source, 0, limit)?;
        Ok(FlacLinks { source, limit, end, link, frames: 0, repaired: None, reason: None })
    }

    /// Whether the current link held more frames than its header counts.
    fn judge_link(&mut self) {
        if self.link.track().required.is_some_and(|required| required < self.frames) {
            self.repaired = Some("the header counts fewer samples than the file holds");
        }
        self.frames = 0;
    }
}

impl PacketReader for FlacLinks {
    fn track(&self) -> &Track {
        self.link.track()
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        match self.link.next_packet()? {
            Next::Packet(packet) => {
                self.frames += packet.frames;
                Ok(Next::Packet(packet))
            }
            Next::End(reason) => {
                self.judge_link();
                self.reason = self.reason.take().or(reason);
                let start = self.end.load(Ordering::Relaxed);
                if start >= self.limit {
                    return Ok(Next::End(self.reason.clone()));
                }
                match open_link(&self.source, start, self.limit) {
                    Ok((link, end)) => {
                        (self.link, self.end) = (link, end);
                        Ok(Next::NewTrack)
                    }
                    Err(error @ AudioError::Io { .. }) => Err(error),
                    Err(error) => {
                        self.end.store(self.limit, Ordering::Relaxed);
                        self.reason.get_or_insert(format!("the next joined stream cannot be read: {error}"));
                        Ok(Next::End(self.reason.clone()))
                    }
                }
            }
            next => Ok(next),
        }
    }

    fn repaired(&self) -> Option<&'static str> {
        self.repaired
    }
}

/// Opens the link that begins at `start`, and tells where it ends once that has been read.
fn open_link(source: &Shared, start: u64, limit: u64) -> Result<(SymphoniaFormat, Arc<AtomicU64>), AudioError> {
    let end = Arc::new(AtomicU64::new(limit));
    let io = |error| AudioError::io("the source", &error);
    let start = start + tag_between(source, start).map_err(io)?;
    let audio = audio_start(source, start, limit).map_err(io)?;
    let link = Link {
        source: Arc::clone(source),
        start,
        audio,
        end: Arc::clone(&end),
        buffer: Vec::new(),
        taken: 0,
        position: start,
    };
    Ok((SymphoniaFormat::open(Box::new(link), limit - start, Container::Flac)?, end))
}

/// Bytes of an ID3v1 tag that was left between two links.
fn tag_between(source: &Shared, at: u64) -> std::io::Result<u64> {
    let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
    let mut head = [0u8; 4];
    source.seek(SeekFrom::Start(at))?;
    let read = source.read_exact(&mut head);
    Ok(if read.is_ok() && head.starts_with(b"TAG") && head != *b"TAG+" { ID3V1_BYTES as u64 } else { 0 })
}

/// Offset of the first frame: behind tags and the blocks of metadata, which may hold pictures and other files.
fn audio_start(source: &Shared, start: u64, limit: u64) -> std::io::Result<u64> {
    let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
    let mut at = start;
    let mut head = [0u8; 10];
    let mut read = |at: u64, n: usize| -> std::io::Result<Option<[u8; 10]>> {
        if at.saturating_add(n as u64) > limit {
            return Ok(None);
        }
        source.seek(SeekFrom::Start(at))?;
        match source.read_exact(&mut head[..n]) {
            Ok(()) => Ok(Some(head)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    };
    while let Some(tag) = read(at, 10)?.and_then(|head| tag_bytes(&head)) {
        at = at.saturating_add(tag);
    }
    at = at.saturating_add(4);
    // A header of 4 bytes a block; every turn moves on.
    while let Some([kind, a, b, c, ..]) = read(at, 4)? {
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(at)
}

/// Bytes of the tags behind the last frame.
fn trailing_tags(source: &mut Box<dyn Source>, total_bytes: u64) -> Result<u64, AudioError> {
    let io = |error| AudioError::io("the source", &error);
    let mut tags = 0;
    let mut tail = [0u8; 160];
    loop {
        let n = (total_bytes - tags).min(tail.len() as u64);
        source.seek(SeekFrom::Start(total_bytes - tags - n)).map_err(io)?;
        let tail = &mut tail[..n as usize];
        source.read_exact(tail).map_err(io)?;
        match trailing_tag_bytes(tail) {
            Some(bytes) if tags + bytes < total_bytes => tags += bytes,
            _ => return Ok(tags),
        }
    }
}

/// One link as a source of its own.
struct Link {
    source: Shared,
    /// Its offset in the file, and that of its first frame.
    start: u64,
    audio: u64,
    end: Arc<AtomicU64>,
    /// Bytes read ahead, of which `taken` are gone; `position` is the offset of the next one.
    buffer: Vec<u8>,
    taken: usize,
    position: u64,
}

impl Link {
    /// Reads a chunk, so that no header is split where the bytes are given out.
    fn fill(&mut self) -> std::io::Result<()> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let mut filled = self.buffer.len();
        let room = self.end.load(Ordering::Relaxed).saturating_sub(self.position + filled as u64);
        self.buffer.resize(filled + room.min(CHUNK_BYTES as u64) as usize, 0);
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.seek(SeekFrom::Start(self.position + filled as u64))?;
        while filled < self.buffer.len() {
            match source.read(&mut self.buffer[filled..]) {
                Ok(0) => {
                    self.end.fetch_min(self.position + filled as u64, Ordering::Relaxed);
                    break;
                }
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(filled);
                    return Err(error);
                }
            }
        }
        self.buffer.truncate(filled);
        let from = usize::try_from(self.audio.saturating_sub(self.position)).unwrap_or(usize::MAX);
        if let Some(at) = self.buffer.get(from..).and_then(find_header) {
            let before = &self.buffer[..from + at];
            let tagged = before.len().checked_sub(ID3V1_BYTES).is_some_and(|at| before[at..].starts_with(b"TAG"));
            let end = before.len() - if tagged { ID3V1_BYTES } else { 0 };
            self.buffer.truncate(end);
            self.end.fetch_min(self.position + end as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Bytes that may be given out: all but those that a header may begin in.
    fn ready(&self) -> usize {
        let behind = self.position + (self.buffer.len() - self.taken) as u64;
        let held = if behind >= self.end.load(Ordering::Relaxed) { 0 } else { ID3V1_BYTES + HEADER_BYTES - 1 };
        (self.buffer.len() - self.taken).saturating_sub(held)
    }
}

impl Read for Link {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.ready() == 0 && self.position < self.end.load(Ordering::Relaxed) {
            self.fill()?;
        }
        let n = self.ready().min(out.len());
        out[..n].copy_from_slice(&self.buffer[self.taken..self.taken + n]);
        self.taken += n;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for Link {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let end = self.end.load(Ordering::Relaxed);
        let target = match to {
            SeekFrom::Start(n) => self.start.checked_add(n),
            SeekFrom::End(n) => end.checked_add_signed(n),
            SeekFrom::Current(n) => self.position.checked_add_signed(n),
        };
        let Some(target) = target.filter(|&target| target >= self.start) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        self.buffer.clear();
        (self.taken, self.position) = (0, target);
        Ok(target - self.start)
    }
}

/// Offset of a header: marker, a first block that is STREAMINFO, and fields within their ranges.
fn find_header(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at + HEADER_BYTES <= bytes.len() {
        // Without branches inside the chunk, which compilers turn into vectors.
        let chunk = &bytes[at..bytes.len().min(at + 32)];
        if chunk.iter().fold(false, |found, &byte| found | (byte == b'f')) {
            let found = (at..at + chunk.len()).find(|&at| bytes.get(at..at + HEADER_BYTES).is_some_and(is_header));
            if found.is_some() {
                return found;
            }
        }
        at += 32;
    }
    None
}

fn is_header(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"fLaC") || bytes[4] & 0x7F != 0 || bytes[5..8] != [0, 0, 34] {
        return false;
    }
    let (min, max) = (u16::from_be_bytes([bytes[8], bytes[9]]), u16::from_be_bytes([bytes[10], bytes[11]]));
    let rate_hz = u32::from_be_bytes([0, bytes[18], bytes[19], bytes[20]]) >> 4;
    (16..=max).contains(&min) && rate_hz > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn header() -> Vec<u8> {
        let mut header = b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0A\xC4\x42\xF0\0\0\0\0".to_vec();
        header.resize(42, 0);
        header
    }

    #[test]
    fn a_link_ends_where_the_next_one_begins() {
        // At every place near the border of a chunk, so that the header is split in all ways.
        for before in (CHUNK_BYTES - 60..CHUNK_BYTES + 30).chain([100, 3 * CHUNK_BYTES - 7]) {
            let mut file = header();
            file[4] = 0x80;
            file.resize(before, b'f');
            let joined = [&file[..], &header(), &[1; 500]].concat();
            let total = joined.len() as u64;
            let source: Shared = Arc::new(Mutex::new(Box::new(Cursor::new(joined))));
            let end = Arc::new(AtomicU64::new(total));
            let audio = audio_start(&source, 0, total).expect("reads");
            let (start, buffer) = (0, Vec::new());
            let mut link = Link { source, start, audio, end: end.clone(), buffer, taken: 0, position: 0 };
            let mut out = Vec::new();
            link.read_to_end(&mut out).expect("reads");
            assert!(out == file, "{before}: {} bytes", out.len());
            assert_eq!(end.load(Ordering::Relaxed), before as u64);
        }
    }
}
