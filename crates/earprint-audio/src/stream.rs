//! Blocks of samples from a source, in constant memory however long it is.
//!
//! Enters: anything that reads and seeks. Leaves: planar blocks in order. [`crate::decode`] is this
//! stream, collected; there is no second way through a decoder.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clip::Samples;
use crate::error::AudioError;
use crate::identity::{AudioId, Hasher};
use crate::limits::Limits;
use crate::note::{Note, Partial};
use crate::sniff::{self, Container, SNIFF_BYTES};
use crate::wav::{self, SampleFormat, WavLayout};

/// What a stream can be opened from: a file, a cursor over bytes. Pipes cannot seek; read them into
/// memory first.
pub trait Source: Read + Seek + Send + Sync {}
impl<T: Read + Seek + Send + Sync> Source for T {}

/// What a stream does besides giving samples.
#[derive(Clone, Debug, Default)]
pub struct StreamOptions {
    /// Once true, the stream ends with [`AudioError::Stopped`] at its next step, wherever it is: searching for a first
    /// packet, reading, decoding.
    pub stop: Option<Arc<AtomicBool>>,
    /// Whether packets are hashed on their way ([`Stream::audio_id`]).
    pub identify: bool,
}

impl StreamOptions {
    /// [`AudioError::Stopped`] once the stream was asked to stop.
    pub(crate) fn check(&self) -> Result<(), AudioError> {
        if self.stop.as_ref().is_some_and(|s| s.load(Ordering::Relaxed)) { Err(AudioError::Stopped) } else { Ok(()) }
    }
}

/// One block of finite floats, full scale 1.0, `planar[c][n]`, never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The channels, all equally long.
    pub planar: Vec<Vec<f32>>,
}

/// An opened source.
pub struct Stream {
    rate_hz: u32,
    channels: usize,
    frames_hint: Option<u64>,
    decoder: &'static str,
    limits: Limits,
    inner: Inner,
    frames: u64,
    note: Note,
    done: bool,
    options: StreamOptions,
}

enum Inner {
    Wav(Box<WavReader>),
    #[cfg(feature = "codecs")]
    Codec(Box<crate::codecs::CodecReader>),
}

/// One step of a reader behind [`Stream`].
pub(crate) enum Step {
    Samples(Samples),
    /// The end, and why if it comes early.
    End(Option<Partial>),
}

impl Stream {
    /// Opens a source from its current beginning; the container is told by its bytes. `hint` is a
    /// file extension and serves only streams without magic bytes, such as MP3 behind junk.
    ///
    /// # Errors
    /// Everything [`AudioError`] lists except [`AudioError::Empty`] for a header without samples:
    /// such a stream opens and ends at once.
    pub fn open(source: Box<dyn Source>, hint: Option<&str>, limits: &Limits) -> Result<Stream, AudioError> {
        Stream::open_with(source, hint, limits, StreamOptions::default())
    }

    /// As [`Stream::open`], with options.
    ///
    /// # Errors
    /// As [`Stream::open`], and [`AudioError::Stopped`].
    pub fn open_with(
        source: Box<dyn Source>,
        hint: Option<&str>,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        options.check()?;
        let mut source: Box<dyn Source> = match &options.stop {
            Some(stop) => Box::new(Stoppable { source, stop: stop.clone() }),
            None => source,
        };
        let seek =
            |source: &mut Box<dyn Source>, to| source.seek(to).map_err(|error| AudioError::io("the source", &error));
        let total_bytes = seek(&mut source, SeekFrom::End(0))?;
        limits.check_bytes(total_bytes)?;
        seek(&mut source, SeekFrom::Start(0))?;
        let mut head = [0u8; SNIFF_BYTES];
        let n = read_full(&mut source, &mut head)?;
        seek(&mut source, SeekFrom::Start(0))?;
        match sniff::sniff(&head[..n]) {
            Some(Container::Wav) => Stream::open_wav(source, total_bytes, limits, options),
            found => open_other(source, total_bytes, found, hint, &head[..n], limits, options),
        }
    }

    /// Opens a file; its extension becomes the hint.
    ///
    /// # Errors
    /// As [`Stream::open`], and [`AudioError::Io`] with the path.
    #[cfg(not(target_family = "wasm"))]
    pub fn open_path(path: &std::path::Path, limits: &Limits) -> Result<Stream, AudioError> {
        Stream::open_path_with(path, limits, StreamOptions::default())
    }

    /// As [`Stream::open_path`], with options.
    ///
    /// # Errors
    /// As [`Stream::open_with`], and [`AudioError::Io`] with the path.
    #[cfg(not(target_family = "wasm"))]
    pub fn open_path_with(
        path: &std::path::Path,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        let file = std::fs::File::open(path).map_err(|error| AudioError::io(path.display().to_string(), &error))?;
        let hint = path.extension().and_then(|e| e.to_str());
        Stream::open_with(Box::new(file), hint, limits, options)
    }

    fn open_wav(
        mut source: Box<dyn Source>,
        total_bytes: u64,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        let mut fetch = |offset: u64, out: &mut [u8]| {
            source.seek(SeekFrom::Start(offset)).map_err(|error| AudioError::io("the source", &error))?;
            Ok(read_full(&mut source, out)? == out.len())
        };
        let Some(layout) = wav::parse_with(total_bytes, limits, &mut fetch)? else {
            return Err(AudioError::Truncated {
                container: "WAV",
                at_bytes: total_bytes,
                what: "the header (the file became shorter while it was read)",
            });
        };
        source.seek(SeekFrom::Start(layout.data_offset)).map_err(|error| AudioError::io("the source", &error))?;
        Ok(Stream {
            rate_hz: layout.rate_hz,
            channels: usize::from(layout.channels),
            frames_hint: Some(layout.frames),
            decoder: wav::DECODER,
            limits: *limits,
            note: layout.note.clone().unwrap_or_default(),
            inner: Inner::Wav(Box::new(WavReader {
                source,
                hash: options.identify.then(|| wav_hasher(&layout)),
                layout,
                frames: 0,
                bytes: Vec::new(),
            })),
            frames: 0,
            done: false,
            options,
        })
    }

    /// Frames per second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Number of channels, the same in every block.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Length in frames as the container tells it: exact for WAV, a hint otherwise. Never reserve
    /// memory by it.
    pub fn frames_hint(&self) -> Option<u64> {
        self.frames_hint
    }

    /// Frames delivered so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// As [`crate::Clip::decoder`].
    pub fn decoder(&self) -> &'static str {
        self.decoder
    }

    /// What is not as the file promised; complete once the last block has been taken.
    pub fn note(&self) -> Option<Note> {
        self.note.some()
    }

    /// Hash of the stream's packets, once the stream has ended and if [`StreamOptions::identify`] asked for it.
    pub fn audio_id(&self) -> Option<AudioId> {
        let hash = match &self.inner {
            Inner::Wav(reader) => reader.hash.as_ref(),
            #[cfg(feature = "codecs")]
            Inner::Codec(reader) => reader.hash(),
        };
        hash.filter(|_| self.done).map(Hasher::id)
    }

    /// Reads the rest of the stream for its identity alone.
    pub(crate) fn skip_to_end(&mut self) -> Result<(), AudioError> {
        match &mut self.inner {
            Inner::Wav(reader) => {
                while reader.read(&mut self.note)? {
                    self.options.check()?;
                }
            }
            #[cfg(feature = "codecs")]
            Inner::Codec(reader) => reader.skip_to_end(&self.options)?,
        }
        self.done = true;
        Ok(())
    }

    /// The next block as floats, `None` at the end. Blocks are some thousand frames long; their
    /// borders carry no meaning.
    ///
    /// # Errors
    /// [`AudioError::Io`], [`AudioError::TooLarge`], [`AudioError::DecoderPanicked`]. Damage is no
    /// error here: the stream ends early and [`Stream::note`] tells. After an error it has ended.
    pub fn next_block(&mut self) -> Result<Option<Block>, AudioError> {
        Ok(self.next_samples()?.map(|samples| Block {
            planar: match samples {
                Samples::F32(planes) => planes,
                pcm => pcm.to_f32(),
            },
        }))
    }

    /// As [`Stream::next_block`], but 16-bit WAV stays 16-bit.
    ///
    /// # Errors
    /// As [`Stream::next_block`].
    pub fn next_samples(&mut self) -> Result<Option<Samples>, AudioError> {
        if self.done {
            return Ok(None);
        }
        if let Err(stopped) = self.options.check() {
            self.done = true;
            return Err(stopped);
        }
        let step = match &mut self.inner {
            Inner::Wav(reader) => reader.next(&mut self.note),
            #[cfg(feature = "codecs")]
            Inner::Codec(reader) => reader.next(self.frames, &mut self.note),
        };
        let checked = step.and_then(|step| {
            if let Step::Samples(samples) = &step {
                self.frames += samples.frames() as u64;
                self.limits.check_frames(self.frames)?;
            }
            Ok(step)
        });
        match checked {
            Ok(Step::Samples(samples)) => Ok(Some(samples)),
            Ok(Step::End(partial)) => {
                self.done = true;
                if partial.is_some() {
                    self.note.partial = partial;
                }
                Ok(None)
            }
            Err(error) => {
                self.done = true;
                // A reader that was refused its bytes calls it a failure of the file.
                self.options.check()?;
                Err(error)
            }
        }
    }
}

/// A source that refuses to go on once asked to stop.
struct Stoppable {
    source: Box<dyn Source>,
    stop: Arc<AtomicBool>,
}

impl Read for Stoppable {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("stopped"));
        }
        self.source.read(out)
    }
}

impl Seek for Stoppable {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.source.seek(to)
    }
}

fn wav_hasher(layout: &WavLayout) -> Hasher {
    let format = format!("{} {} {}", layout.format.name(), layout.channels, layout.rate_hz);
    Hasher::new("wav", format.as_bytes())
}

#[cfg(feature = "codecs")]
fn open_other(
    mut source: Box<dyn Source>,
    total_bytes: u64,
    found: Option<Container>,
    hint: Option<&str>,
    head: &[u8],
    limits: &Limits,
    options: StreamOptions,
) -> Result<Stream, AudioError> {
    let Some(container) = found.or_else(|| crate::codecs::container_without_magic(hint)) else {
        return Err(not_audio(head));
    };
    let container = if cfg!(feature = "more-codecs") { container } else { behind_tag(&mut source, container, head)? };
    if !container.in_this_build() {
        return Err(AudioError::Unsupported { expected: sniff::KNOWN, actual: container.name().to_string() });
    }
    let opened = crate::codecs::CodecReader::open(source, total_bytes, container, limits, options.identify);
    let reader = match opened {
        Err(error) => {
            options.check()?;
            return Err(error);
        }
        Ok(reader) => reader,
    };
    Ok(Stream {
        rate_hz: reader.rate_hz(),
        channels: reader.channels(),
        frames_hint: reader.frames_hint().filter(|&frames| frames <= limits.max_frames),
        decoder: reader.decoder(),
        limits: *limits,
        inner: Inner::Codec(Box::new(reader)),
        frames: 0,
        note: Note::default(),
        done: false,
        options,
    })
}

/// The container behind an ID3v2 tag (id3.org, ID3v2.4 section 3.1: ten bytes with the size, seven bits a byte, at
/// their end), where it can be told; else `container`.
#[cfg(feature = "codecs")]
fn behind_tag(source: &mut Box<dyn Source>, container: Container, head: &[u8]) -> Result<Container, AudioError> {
    let ([b'I', b'D', b'3', ..], Some(size)) = (head, head.get(6..10)) else { return Ok(container) };
    let size = size.iter().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
    let mut behind = [0; sniff::SNIFF_BYTES];
    source.seek(SeekFrom::Start(10 + size)).map_err(|error| AudioError::io("the source", &error))?;
    let n = read_full(source, &mut behind)?;
    Ok(sniff::sniff(&behind[..n]).unwrap_or(container))
}

#[cfg(not(feature = "codecs"))]
fn open_other(
    _source: Box<dyn Source>,
    _total_bytes: u64,
    found: Option<Container>,
    _hint: Option<&str>,
    head: &[u8],
    _limits: &Limits,
    _options: StreamOptions,
) -> Result<Stream, AudioError> {
    match found {
        Some(container) => {
            Err(AudioError::Unsupported { expected: sniff::KNOWN, actual: container.name().to_string() })
        }
        None => Err(not_audio(head)),
    }
}

fn not_audio(head: &[u8]) -> AudioError {
    AudioError::NotAudio { expected: sniff::KNOWN, actual: sniff::printable(head) }
}

/// Frames of one WAV block times channels: 64 Ki samples fill the cache, not the memory.
const BLOCK_SAMPLES: usize = 1 << 16;

struct WavReader {
    source: Box<dyn Source>,
    layout: WavLayout,
    frames: u64,
    bytes: Vec<u8>,
    hash: Option<Hasher>,
}

impl WavReader {
    /// Reads the next whole frames into `bytes`; false where there are none.
    fn read(&mut self, note: &mut Note) -> Result<bool, AudioError> {
        let channels = usize::from(self.layout.channels);
        let frame_bytes = self.layout.frame_bytes();
        let left = self.layout.frames - self.frames;
        if left == 0 {
            self.bytes.clear();
            return Ok(false);
        }
        let frames = left.min((BLOCK_SAMPLES / channels).max(1) as u64) as usize;
        self.bytes.resize(frames * frame_bytes, 0);
        let whole = read_full(&mut self.source, &mut self.bytes)? / frame_bytes;
        self.frames += whole as u64;
        if whole < frames {
            // The length was measured at opening; now the file is shorter.
            let partial = Partial {
                frames: self.frames,
                expected_frames: Some(self.layout.frames),
                rate_hz: self.layout.rate_hz,
                reason: "the file became shorter while it was read".into(),
            };
            self.layout.frames = self.frames;
            note.partial = Some(partial);
        }
        self.bytes.truncate(whole * frame_bytes);
        if let Some(hash) = &mut self.hash {
            hash.bytes(&self.bytes);
        }
        Ok(whole > 0)
    }

    fn next(&mut self, note: &mut Note) -> Result<Step, AudioError> {
        if !self.read(note)? {
            return Ok(Step::End(None));
        }
        let (bytes, channels) = (&self.bytes, usize::from(self.layout.channels));
        if self.layout.format == SampleFormat::I16 {
            return Ok(Step::Samples(Samples::I16(wav::i16_planes(bytes, channels))));
        }
        let (planes, repairs) = wav::f32_planes(bytes, channels, self.layout.format);
        note.count(repairs);
        Ok(Step::Samples(Samples::F32(planes)))
    }
}

/// Reads until `out` is full or the source ends; returns the bytes read.
fn read_full(source: &mut Box<dyn Source>, out: &mut [u8]) -> Result<usize, AudioError> {
    let mut n = 0;
    while n < out.len() {
        match source.read(&mut out[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(AudioError::io("the source", &error)),
        }
    }
    Ok(n)
}
