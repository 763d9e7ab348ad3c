//! Ogg: the packets of one audio stream among those that are multiplexed, and of the streams chained behind it.
//!
//! Pages carry positions (granules), packets carry lengths; what does not agree is trimmed. As libvorbis
//! has it (RFC 7845 forbids it for Opus, which is treated alike): where the first page with audio holds more frames than its position says, the surplus lies at the start,
//! and where the last page does, at the end. A stream of one page is trimmed at its end.
//!
//! Sources: RFC 3533 (Ogg); Vorbis I specification, appendix A.2; RFC 7845, section 4.

mod mapping;
mod page;
#[cfg(test)]
mod tests;
mod vorbis;

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};

use super::track::{CodedPacket, Next, PacketReader, Track};
use super::unsupported;
use crate::error::AudioError;
use crate::pipe::UNKNOWN_BYTES;
use crate::stream::Source;
#[cfg(feature = "more-codecs")]
pub(super) use mapping::opus_frames;
use mapping::{Mapping, Role};

use page::{Page, PageReader};

/// Bytes of one packet: longer ones are dropped. The longest valid ones are pictures in comments.
const MAX_PACKET_BYTES: usize = 1 << 24;
/// Bytes at the end of the source that are searched for the last page.
const TAIL_BYTES: u64 = 1 << 17;
/// Longest silence for lost pages, in frames.
const MAX_GAP_FRAMES: u64 = 1 << 24;

/// A reader of one audio stream.
pub(crate) struct OggReader {
    pages: PageReader,
    stream: Stream,
    track: Track,
    queue: VecDeque<Next>,
    /// Whether the current stream's last page has come.
    finished: bool,
    /// Whether the source has ended.
    ended: bool,
    /// A page of the current stream that waits for the next one, since the last one is trimmed.
    held: Option<Page>,
    /// A first page that follows the current stream.
    following: Option<Page>,
}

/// The stream that is read.
struct Stream {
    serial: u32,
    mapping: Mapping,
    /// Beginning of a packet that goes on on the next page.
    partial: Vec<u8>,
    /// Whether `partial` is without its beginning or too long.
    dropped: bool,
    /// Number of the page before.
    sequence: Option<u32>,
    /// Position behind the last packet, where pages have told it.
    position: Option<u64>,
    /// Frames still to be dropped at the start.
    delay: u64,
}

impl OggReader {
    /// Reads headers up to the first audio packet.
    ///
    /// # Errors
    /// [`AudioError::Unsupported`] naming the codecs where none is read; [`AudioError::Malformed`],
    /// [`AudioError::Truncated`], [`AudioError::Io`].
    pub fn open(mut source: Box<dyn Source>, total_bytes: u64) -> Result<OggReader, AudioError> {
        let tail = last_position(&mut source, total_bytes)?;
        source.seek(SeekFrom::Start(0)).map_err(|error| AudioError::io("the source", &error))?;
        let mut pages = PageReader::new(source);
        let first = pages.next()?;
        let Some((mut stream, mut page)) = choose(&mut pages, first)? else {
            return Err(AudioError::Truncated { container: "Ogg", at_bytes: total_bytes, what: "a complete page" });
        };
        let mut queue = VecDeque::new();
        let mut finished = false;
        loop {
            if let Some(page) = page.take().filter(|page| page.serial == stream.serial) {
                finished = page.last;
                stream.take(&page, page.last, &mut queue)?;
            }
            if stream.mapping.ready() {
                break;
            }
            page = pages.next()?;
            if page.is_none() {
                let what = "all headers of the stream";
                return Err(AudioError::Truncated { container: "Ogg", at_bytes: total_bytes, what });
            }
        }
        let mut track = stream.mapping.track();
        let told = tail.filter(|(serial, _)| *serial == stream.serial);
        track.frames_hint =
            track.frames_hint.or(told.map(|(_, position)| position.saturating_sub(stream.mapping.delay())));
        Ok(OggReader { pages, stream, track, queue, finished, ended: false, held: None, following: None })
    }

    /// Goes on with the stream that begins with `first`.
    fn chain(&mut self, first: Page) -> Result<Next, AudioError> {
        let Ok(Some((mut stream, mut page))) = choose(&mut self.pages, Some(first)) else {
            return Ok(Next::End(Some("the next chained stream is no audio that can be read".into())));
        };
        self.finished = false;
        while !stream.mapping.ready() {
            if let Some(page) = page.take().filter(|page| page.serial == stream.serial) {
                self.finished = page.last;
                if stream.take(&page, page.last, &mut self.queue).is_err() {
                    return Ok(Next::End(Some("the headers of the next chained stream are damaged".into())));
                }
            }
            if stream.mapping.ready() {
                break;
            }
            page = self.pages.next()?;
            if page.is_none() {
                return Ok(Next::End(Some("the file ends within the headers of the next chained stream".into())));
            }
        }
        if let Some(page) = page.filter(|page| page.serial == stream.serial) {
            self.finished = page.last;
            stream.take(&page, page.last, &mut self.queue)?;
        }
        self.track = stream.mapping.track();
        self.stream = stream;
        Ok(Next::NewTrack)
    }

    fn end(&self) -> Next {
        Next::End(if self.pages.truncated {
            Some("the file ends within a page".into())
        } else if !self.stream.partial.is_empty() {
            Some("the file ends within a packet".into())
        } else {
            None
        })
    }
}

impl PacketReader for OggReader {
    fn track(&self) -> &Track {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        loop {
            if let Some(next) = self.queue.pop_front() {
                return Ok(next);
            }
            if let Some(first) = self.following.take() {
                return self.chain(first);
            }
            let Some(page) = self.pages.next()? else {
                match self.held.take() {
                    // The last page by its place, whether it says so or not.
                    Some(page) => self.stream.take(&page, self.stream.position.is_some(), &mut self.queue)?,
                    None => {
                        self.ended = true;
                        return Ok(self.end());
                    }
                }
                continue;
            };
            if page.serial == self.stream.serial && !self.finished {
                self.finished = page.last;
                if let Some(before) = self.held.replace(page) {
                    self.stream.take(&before, false, &mut self.queue)?;
                }
                if self.finished
                    && let Some(page) = self.held.take()
                {
                    self.stream.take(&page, true, &mut self.queue)?;
                }
            } else if page.first {
                self.following = Some(page);
                if let Some(page) = self.held.take() {
                    self.stream.take(&page, self.stream.position.is_some(), &mut self.queue)?;
                }
            }
        }
    }

    fn repaired(&self) -> Option<&'static str> {
        (self.ended && !self.finished).then_some("the stream has no end mark: it may have been longer")
    }
}

/// Chooses the first audio stream that can be read among the streams that begin together. Also gives the page behind
/// their first pages. `None` at the end of the source.
fn choose(pages: &mut PageReader, first: Option<Page>) -> Result<Option<(Stream, Option<Page>)>, AudioError> {
    let mut chosen: Option<Stream> = None;
    let mut others = Vec::new();
    let mut page = first;
    while let Some(here) = page.take_if(|page| page.first) {
        let packet = here.pieces().first().map_or(&[][..], |(bytes, _)| bytes).to_vec();
        match Mapping::detect(&packet) {
            Some(mapping) if chosen.is_none() => chosen = Some(Stream::new(&here, mapping)),
            Some(_) => {}
            None => {
                let name = codec_name(&packet);
                if !others.contains(&name) {
                    others.push(name);
                }
            }
        }
        page = pages.next()?;
    }
    match chosen {
        Some(stream) => Ok(Some((stream, page))),
        None if !others.is_empty() => Err(unsupported(format!("Ogg with {}", others.join(", ")))),
        None if page.is_some() => {
            Err(AudioError::Malformed { container: "Ogg", what: "the stream's first page is missing".into() })
        }
        None => Ok(None),
    }
}

/// Streams that Ogg may carry and that are not read, by their first bytes.
fn codec_name(packet: &[u8]) -> &'static str {
    const NAMES: [(&[u8], &str); 10] = [
        (b"Speex   ", "Speex"),
        (b"\x80theora", "Theora video"),
        (b"fishead\0", "a skeleton"),
        (b"BBCD", "Dirac video"),
        (b"CELT    ", "CELT"),
        (b"PCM     ", "PCM"),
        (b"\x80kate", "Kate text"),
        (b"\x01video", "OGM video"),
        (b"OVP80", "VP8 video"),
        (b"\x01vorbis", "damaged Vorbis headers"),
    ];
    NAMES.iter().find(|(magic, _)| packet.starts_with(magic)).map_or("an unknown codec", |(_, name)| name)
}

impl Stream {
    fn new(first: &Page, mapping: Mapping) -> Self {
        Stream {
            serial: first.serial,
            delay: mapping.delay(),
            mapping,
            partial: Vec::new(),
            dropped: false,
            sequence: Some(first.sequence),
            position: None,
        }
    }

    /// Takes a page of this stream: its packets go to the queue, trimmed by the page's position. `last`: whether the
    /// stream ends with it.
    fn take(&mut self, page: &Page, last: bool, queue: &mut VecDeque<Next>) -> Result<(), AudioError> {
        let lost_pages = self.sequence.is_some_and(|before| before.wrapping_add(1) != page.sequence);
        self.sequence = Some(page.sequence);
        if lost_pages || !page.continued {
            self.partial.clear();
        }
        // Without its beginning, what continues is no packet.
        self.dropped = page.continued && (self.dropped || self.partial.is_empty());
        let mut audio = Vec::new();
        for (bytes, ends) in page.pieces() {
            if self.partial.len() + bytes.len() > MAX_PACKET_BYTES {
                self.dropped = true;
                self.partial.clear();
            }
            if !self.dropped {
                self.partial.extend_from_slice(bytes);
            }
            if !ends {
                continue;
            }
            let packet = std::mem::take(&mut self.partial);
            if std::mem::take(&mut self.dropped) || packet.is_empty() {
                continue;
            }
            match self.mapping.take(&packet) {
                Role::Audio(frames) => {
                    audio.push(CodedPacket { data: packet.into(), frames, trim_start: 0, trim_end: 0 });
                }
                Role::Header => {}
                Role::Broken(what) => return Err(AudioError::Malformed { container: "Ogg", what: what.into() }),
            }
        }
        if !audio.is_empty() {
            self.place(audio, page, last, lost_pages, queue);
        }
        Ok(())
    }

    /// Trims the packets that end on a page, and fills the gap of lost pages.
    fn place(&mut self, mut audio: Vec<CodedPacket>, page: &Page, last: bool, lost: bool, queue: &mut VecDeque<Next>) {
        let total: u64 = audio.iter().map(|packet| packet.frames).sum();
        let mut at_end = 0;
        match (self.position, page.granule) {
            (None, Some(end)) if lost && end > total => {
                // Pages before this one are missing: what they held beside the delay is silence.
                let gap = (end - total).min(MAX_GAP_FRAMES);
                let cut = self.delay.min(gap);
                self.delay -= cut;
                queue.push_back(Next::Lost { packets: 1, frames: gap - cut });
            }
            (None, Some(end)) if last => at_end = total.saturating_sub(end),
            (None, Some(end)) => self.delay += total.saturating_sub(end),
            (Some(position), Some(end)) if lost && end > position + total => {
                let frames = (end - position - total).min(MAX_GAP_FRAMES);
                queue.push_back(Next::Lost { packets: 1, frames });
            }
            (Some(position), Some(end)) if last => at_end = (position + total).saturating_sub(end).min(total),
            _ => {}
        }
        self.position = page.granule.or(self.position.map(|position| position + total));
        for packet in &mut audio {
            packet.trim_start = self.delay.min(packet.frames);
            self.delay -= packet.trim_start;
            packet.frames -= packet.trim_start;
        }
        for packet in audio.iter_mut().rev() {
            packet.trim_end = at_end.min(packet.frames);
            at_end -= packet.trim_end;
            packet.frames -= packet.trim_end;
        }
        queue.extend(audio.into_iter().map(Next::Packet));
    }
}

/// Serial and position of the last page, without reading the whole source; a pipe is not asked.
fn last_position(source: &mut Box<dyn Source>, total_bytes: u64) -> Result<Option<(u32, u64)>, AudioError> {
    if total_bytes == UNKNOWN_BYTES {
        return Ok(None);
    }
    let from = total_bytes.saturating_sub(TAIL_BYTES);
    let io = |error: std::io::Error| AudioError::io("the source", &error);
    source.seek(SeekFrom::Start(from)).map_err(io)?;
    let mut tail = Vec::new();
    source.take(TAIL_BYTES).read_to_end(&mut tail).map_err(io)?;
    let u32_at = |i: usize| tail.get(i..i + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let found = (0..tail.len().saturating_sub(27)).rev().filter(|&i| tail[i..].starts_with(b"OggS\0")).find_map(|i| {
        let granule = u64::from(u32_at(i + 6)?) | u64::from(u32_at(i + 10)?) << 32;
        (granule != u64::MAX).then_some((u32_at(i + 14)?, granule))
    });
    Ok(found)
}
