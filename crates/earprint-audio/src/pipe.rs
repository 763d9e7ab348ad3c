//! Sound without a known length: raw PCM, and sources that are read forwards only, such as a pipe.
//!
//! A WAV file needs no more than its header to begin with; a data size of 0 or all ones, which programs write that do
//! not know yet how long it will be (ffmpeg, SoX), means the end of the source. FLAC, MP3, AAC in ADTS and Ogg are
//! decoded as they come; other containers may keep what they need at their end and are for sources that can seek.

use std::io::SeekFrom;

use crate::error::AudioError;
use crate::limits::Limits;
use crate::pcm::{self, FrameReader, Length, PcmFormat};
use crate::sniff::{Container, SNIFF_BYTES, sniff};
use crate::stream::{Inner, Source, Stream, StreamOptions, open_other, read_full};
use crate::wav;

/// The length of a source that does not know it.
pub(crate) const UNKNOWN_BYTES: u64 = u64::MAX;

/// Length that the WAV parser is told: beyond any real size, far from overflow.
const ENDLESS: u64 = 1 << 62;

/// Whether a container is decoded as it comes, by [`Stream::open_forward`]. All others need a source that seeks.
pub fn reads_forward(container: Container) -> bool {
    matches!(
        container,
        Container::Wav | Container::Flac | Container::Mpeg | Container::Adts | Container::Ogg | Container::OggOpus
    )
}

/// Whether a WAV file that begins with these bytes holds ADPCM. Its blocks need the length of the file, so it is read
/// whole before it is decoded.
pub fn is_adpcm(head: &[u8]) -> bool {
    let limits = Limits { max_bytes: u64::MAX, max_frames: u64::MAX, ..Limits::default() };
    matches!(wav::parse_header(head, ENDLESS, &limits), Ok(wav::Header::Ready(layout)) if layout.adpcm.is_some())
}

impl Stream {
    /// Opens raw PCM, from the source's beginning to its end.
    ///
    /// The samples and the identity are those of a WAV file with the same samples; the length is not known before the
    /// end.
    ///
    /// # Errors
    /// [`AudioError::Malformed`] for a source that begins like a container: its header would be taken for sound.
    pub fn open_pcm(
        source: Box<dyn Source>,
        format: PcmFormat,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        options.check()?;
        limits.check_rate(format.rate_hz)?;
        limits.check_channels(usize::from(format.channels))?;
        let mut source = options.stoppable(source);
        let mut head = vec![0; SNIFF_BYTES];
        let n = read_full(&mut source, &mut head)?;
        head.truncate(n);
        limits.check_bytes(n as u64)?;
        match sniff(&head) {
            // Sync words of MPEG and ADTS are common among samples; the other magics are at least four letters long.
            None | Some(Container::Mpeg | Container::Adts) => {}
            Some(found) => {
                let name = found.name();
                let what =
                    format!("a header of {name} at its beginning; leave out the format to have the {name} decoded");
                return Err(AudioError::Malformed { container: "raw PCM", what });
            }
        }
        let reader = FrameReader::new(source, head, format, Length::Raw, options.identify);
        Ok(Stream::of_frames(reader, format, pcm::DECODER, limits, options))
    }

    /// Opens a source that is read forwards only and whose length is not known; `hint` as in [`Stream::open`].
    ///
    /// The source has to seek back to its beginning until it was read beyond its first [`SNIFF_BYTES`] bytes, and
    /// nowhere else.
    ///
    /// # Errors
    /// As [`Stream::open`]; containers that [`reads_forward`] does not list may fail although a file with the same
    /// bytes does not.
    pub fn open_forward(
        source: Box<dyn Source>,
        hint: Option<&str>,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        options.check()?;
        let mut source = options.stoppable(source);
        let mut head = [0; SNIFF_BYTES];
        let n = read_full(&mut source, &mut head)?;
        limits.check_bytes(n as u64)?;
        match sniff(&head[..n]) {
            Some(Container::Wav) => open_wav(source, head[..n].to_vec(), limits, options),
            found => {
                source.seek(SeekFrom::Start(0)).map_err(|error| AudioError::io("the source", &error))?;
                open_other(source, UNKNOWN_BYTES, found, hint, &head[..n], limits, options).map_err(without_place)
            }
        }
    }

    fn of_frames(
        reader: FrameReader,
        format: PcmFormat,
        decoder: &'static str,
        limits: &Limits,
        options: StreamOptions,
    ) -> Stream {
        let (rate_hz, channels) = (format.rate_hz, usize::from(format.channels));
        // What a header announces was not compared with bytes that are there: no hint.
        Stream::of(Inner::Frames(Box::new(reader)), rate_hz, channels, None, decoder, limits, options)
    }
}

/// Where a file of unknown length ends is not known either.
fn without_place(error: AudioError) -> AudioError {
    match error {
        AudioError::Truncated { container, at_bytes: UNKNOWN_BYTES, what } => {
            AudioError::Malformed { container, what: format!("the stream ends before {what}") }
        }
        error => error,
    }
}

/// The bytes of a header, as random access over what is read forwards.
struct Header<'a> {
    source: &'a mut Box<dyn Source>,
    /// Bytes that were read last, and where they begin.
    kept: Vec<u8>,
    from: u64,
    limits: &'a Limits,
}

impl Header<'_> {
    fn end(&self) -> u64 {
        self.from + self.kept.len() as u64
    }

    /// Fills `out` with the bytes at `offset`; false where the source ends before, or where they are gone.
    fn fetch(&mut self, offset: u64, out: &mut [u8]) -> Result<bool, AudioError> {
        let need = offset.saturating_add(out.len() as u64);
        self.limits.check_bytes(need)?;
        let mut skipped = [0; 4096];
        while self.end() < offset {
            let most = (offset - self.end()).min(skipped.len() as u64) as usize;
            let n = read_full(self.source, &mut skipped[..most])?;
            self.from = self.end() + n as u64;
            self.kept.clear();
            if n < most {
                return Ok(false);
            }
        }
        if offset < self.from {
            return Ok(false);
        }
        if need > self.end() {
            let known = self.kept.len();
            let more = (need - self.end()) as usize;
            self.kept.resize(known + more, 0);
            let n = read_full(self.source, &mut self.kept[known..])?;
            self.kept.truncate(known + n);
            if n < more {
                return Ok(false);
            }
        }
        let at = (offset - self.from) as usize;
        out.copy_from_slice(&self.kept[at..at + out.len()]);
        Ok(true)
    }
}

fn open_wav(
    mut source: Box<dyn Source>,
    head: Vec<u8>,
    limits: &Limits,
    options: StreamOptions,
) -> Result<Stream, AudioError> {
    let mut header = Header { source: &mut source, kept: head, from: 0, limits };
    // Sizes come from a header that was not compared with the source; real frames are counted as they come.
    let unbounded = Limits { max_bytes: u64::MAX, max_frames: u64::MAX, ..*limits };
    let parsed = wav::parse_with(ENDLESS, &unbounded, &mut |offset, out| header.fetch(offset, out));
    let ended = header.end();
    let layout = match parsed {
        Ok(Some(layout)) => layout,
        Ok(None) => {
            let what = "its format and then its samples (a pipe is not read backwards)";
            return Err(AudioError::Truncated { container: "WAV", at_bytes: ended, what });
        }
        Err(AudioError::Truncated { container, what, .. }) => {
            return Err(AudioError::Truncated { container, at_bytes: ended, what });
        }
        Err(error) => return Err(error),
    };
    if layout.adpcm.is_some() {
        let actual = "ADPCM in a WAV file on a pipe (its header is long); save it to a file".into();
        return Err(AudioError::Unsupported { expected: "PCM, float, A-law or mu-law", actual });
    }
    if layout.data_offset < header.from || layout.data_offset > header.end() {
        return Err(AudioError::Malformed { container: "WAV", what: "its data comes before its format".into() });
    }
    let length = length(&layout, &mut header)?;
    let pending = header.kept.split_off((layout.data_offset - header.from) as usize);
    let format =
        PcmFormat { rate_hz: layout.rate_hz, channels: layout.channels, format: layout.format, big_endian: false };
    let reader = FrameReader::new(source, pending, format, length, options.identify);
    let mut stream = Stream::of_frames(reader, format, wav::DECODER, limits, options);
    // A size that is open is how pipes work and no damage; a wrong frame size is told as of a file.
    if length != Length::Open {
        stream.note.repaired = layout.note.and_then(|note| note.repaired);
    }
    Ok(stream)
}

/// How many frames a data chunk announces.
fn length(layout: &wav::WavLayout, header: &mut Header<'_>) -> Result<Length, AudioError> {
    let bytes = layout.data_bytes();
    if bytes == 0 {
        // Truly empty only where nothing comes, or another chunk by its name. Four letters alone may be samples.
        let mut next = [0; 8];
        let there = header.fetch(layout.data_offset, &mut next)?;
        let known: [&[u8; 4]; 8] = [b"LIST", b"id3 ", b"ID3 ", b"fact", b"cue ", b"JUNK", b"bext", b"iXML"];
        let chunk = there && known.iter().any(|name| next.starts_with(*name));
        return Ok(if chunk { Length::Frames(0) } else { Length::Open });
    }
    Ok(if wav::is_placeholder(bytes) || bytes > ENDLESS / 2 { Length::Open } else { Length::Frames(layout.frames) })
}
