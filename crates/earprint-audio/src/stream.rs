//! Blocks of samples from a source, in constant memory however long it is.
//!
//! Enters: anything that reads and seeks. Leaves: planar blocks in order. [`crate::decode`] is this
//! stream, collected; there is no second way through a decoder.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::bounded::{Bounded, is_refusal};
use crate::clip::Samples;
use crate::error::AudioError;
use crate::identity::{AudioId, Hasher};
use crate::limits::Limits;
use crate::note::{Note, Partial};
use crate::pcm::FrameReader;
use crate::recognize;
use crate::sniff::{self, Container};
use crate::wav::{self, WavLayout};

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
    /// The source, refusing to go on once the stream was asked to stop.
    pub(crate) fn stoppable(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        match &self.stop {
            Some(stop) => Box::new(Stoppable { source, stop: stop.clone() }),
            None => source,
        }
    }

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
    pub(crate) note: Note,
    done: bool,
    options: StreamOptions,
    /// Frames after which the stream was asked to end.
    most_frames: u64,
}

pub(crate) enum Inner {
    Wav(Box<WavReader>),
    /// Raw PCM, and WAV of unknown length.
    Frames(Box<FrameReader>),
    #[cfg(feature = "more-codecs")]
    WavPack(Box<crate::wavpack::WavPackReader>),
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
        let mut source = options.stoppable(source);
        let seek =
            |source: &mut Box<dyn Source>, to| source.seek(to).map_err(|error| AudioError::io("the source", &error));
        let total_bytes = seek(&mut source, SeekFrom::End(0))?;
        limits.check_bytes(total_bytes)?;
        seek(&mut source, SeekFrom::Start(0))?;
        let found = recognize::recognize(&mut source, total_bytes, hint)?;
        seek(&mut source, SeekFrom::Start(0))?;
        let mut head = [0u8; 64];
        let n = read_full(&mut source, &mut head)?;
        seek(&mut source, SeekFrom::Start(0))?;
        match found {
            Some(container @ (Container::Wav | Container::Wave64 | Container::Au)) => {
                Stream::open_wav(source, total_bytes, container, limits, options)
            }
            found => open_other(Box::new(Bounded(source)), total_bytes, found, hint, &head[..n], limits, options)
                .map_err(|error| blame(error, found, &head[..n])),
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
        container: Container,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        let mut fetch = |offset: u64, out: &mut [u8]| {
            source.seek(SeekFrom::Start(offset)).map_err(|error| AudioError::io("the source", &error))?;
            Ok(read_full(&mut source, out)? == out.len())
        };
        let parse = match container {
            Container::Wave64 => wav::parse_wave64,
            Container::Au => wav::parse_au,
            _ => wav::parse_with,
        };
        let Some(layout) = parse(total_bytes, limits, &mut fetch)? else {
            return Err(AudioError::Truncated {
                container: container.name(),
                at_bytes: total_bytes,
                what: "the header (the file became shorter while it was read)",
            });
        };
        source.seek(SeekFrom::Start(layout.data_offset)).map_err(|error| AudioError::io("the source", &error))?;
        let (rate_hz, channels, frames) = (layout.rate_hz, usize::from(layout.channels), layout.frames);
        let note = layout.note.clone().unwrap_or_default();
        let hash = options.identify.then(|| wav_hasher(&layout));
        let reader = WavReader { source, hash, layout, read_bytes: 0, frames: 0, damaged: 0, bytes: Vec::new() };
        let inner = Inner::Wav(Box::new(reader));
        let mut stream = Stream::of(inner, rate_hz, channels, Some(frames), wav::DECODER, limits, options);
        stream.note = note;
        Ok(stream)
    }

    /// A stream before its first block.
    pub(crate) fn of(
        inner: Inner,
        rate_hz: u32,
        channels: usize,
        frames_hint: Option<u64>,
        decoder: &'static str,
        limits: &Limits,
        options: StreamOptions,
    ) -> Stream {
        let note = Note::default();
        let limits = *limits;
        let (frames, done, most_frames) = (0, false, u64::MAX);
        Stream { rate_hz, channels, frames_hint, decoder, limits, inner, frames, note, done, options, most_frames }
    }

    /// Ends the stream after its first `frames` frames, if it has that many: nothing behind them is read, the note
    /// says so ([`Note::first_ms`]), and there is no identity.
    pub fn end_after(&mut self, frames: u64) {
        self.most_frames = frames;
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

    /// The limits it was opened with.
    #[cfg(feature = "resample")]
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
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
            Inner::Frames(reader) => reader.hash.as_ref(),
            #[cfg(feature = "more-codecs")]
            Inner::WavPack(reader) => reader.hash(),
            #[cfg(feature = "codecs")]
            Inner::Codec(reader) => reader.hash(),
        };
        hash.filter(|_| self.done && self.note.first_ms.is_none()).map(Hasher::id)
    }

    /// Reads the rest of the stream for its identity alone.
    pub(crate) fn skip_to_end(&mut self) -> Result<(), AudioError> {
        match self.skip_all() {
            // As in decoding: a size or offset that leads outside of the file ends it.
            Err(AudioError::Io { kind, .. }) if is_refusal(kind) => {}
            skipped => skipped?,
        }
        self.done = true;
        Ok(())
    }

    fn skip_all(&mut self) -> Result<(), AudioError> {
        match &mut self.inner {
            Inner::Wav(reader) => {
                while reader.read(&mut self.note)? {
                    self.options.check()?;
                }
            }
            Inner::Frames(reader) => {
                while reader.read(&mut self.note)? {
                    self.options.check()?;
                }
            }
            #[cfg(feature = "more-codecs")]
            Inner::WavPack(reader) => reader.skip_to_end(&self.options)?,
            #[cfg(feature = "codecs")]
            Inner::Codec(reader) => reader.skip_to_end(&self.options)?,
        }
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
            Inner::Frames(reader) => reader.next(&mut self.note),
            #[cfg(feature = "more-codecs")]
            Inner::WavPack(reader) => reader.next(self.frames, &mut self.note, &self.options),
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
            Ok(Step::Samples(mut samples)) => {
                self.cut(&mut samples);
                Ok(Some(samples))
            }
            Ok(Step::End(partial)) => {
                self.done = true;
                if partial.is_some() {
                    self.note.partial = partial;
                }
                Ok(None)
            }
            Err(AudioError::Io { kind, .. }) if is_refusal(kind) => {
                self.done = true;
                let expected_frames = self.frames_hint.filter(|&expected| expected > self.frames);
                let (frames, rate_hz) = (self.frames, self.rate_hz);
                self.note.partial = Some(Partial { frames, expected_frames, rate_hz, reason: OUTSIDE.into() });
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

    /// Cuts a block at the frame after which the stream was asked to end.
    fn cut(&mut self, samples: &mut Samples) {
        if self.frames < self.most_frames {
            return;
        }
        samples.truncate(samples.frames() - (self.frames - self.most_frames) as usize);
        (self.frames, self.done) = (self.most_frames, true);
        let ms = u128::from(self.frames) * 1000 / u128::from(self.rate_hz.max(1));
        self.note.first_ms = Some(ms.try_into().unwrap_or(u64::MAX));
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
    let mut format = format!("{} {} {}", layout.format.name(), layout.channels, layout.rate_hz);
    if let Some(blocks) = &layout.adpcm {
        format.push_str(&format!(" {} {:?}", blocks.block_bytes, blocks.coefficients));
    }
    Hasher::new("wav", format.as_bytes())
}

#[cfg(feature = "codecs")]
pub(crate) fn open_other(
    source: Box<dyn Source>,
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
    if !container.in_this_build() {
        return Err(AudioError::Unsupported { expected: sniff::KNOWN, actual: container.name().to_string() });
    }
    #[cfg(feature = "more-codecs")]
    if container == Container::WavPack {
        let reader = crate::wavpack::WavPackReader::open(source, total_bytes, limits, &options)?;
        let (rate_hz, channels) = (reader.rate_hz(), reader.channels());
        let hint = reader.frames_hint().filter(|&frames| frames <= limits.max_frames);
        let inner = Inner::WavPack(Box::new(reader));
        return Ok(Stream::of(inner, rate_hz, channels, hint, crate::wavpack::DECODER, limits, options));
    }
    let opened = crate::codecs::CodecReader::open(source, total_bytes, container, limits, options.identify);
    let reader = match opened {
        Err(error) => {
            options.check()?;
            return Err(error);
        }
        Ok(reader) => reader,
    };
    let (rate_hz, channels, decoder) = (reader.rate_hz(), reader.channels(), reader.decoder());
    let hint = reader.frames_hint().filter(|&frames| frames <= limits.max_frames);
    Ok(Stream::of(Inner::Codec(Box::new(reader)), rate_hz, channels, hint, decoder, limits, options))
}

#[cfg(not(feature = "codecs"))]
pub(crate) fn open_other(
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

/// What a reader's failure to open says about the file. Where only the name promised audio and no packet was found, the file
/// is none; a place that the file's own numbers name and no file can have is damage, and not the system's error.
fn blame(error: AudioError, found: Option<Container>, head: &[u8]) -> AudioError {
    use AudioError::{Empty, Io, Malformed, NotAudio, Truncated, Unsupported};
    match (error, found) {
        (NotAudio { .. } | Unsupported { .. } | Malformed { .. } | Truncated { .. } | Empty { .. }, None)
            if !head.is_empty() =>
        {
            not_audio(head)
        }
        (Io { kind, .. }, Some(container)) if is_refusal(kind) => {
            Malformed { container: container.name(), what: OUTSIDE.into() }
        }
        (error, _) => error,
    }
}

const OUTSIDE: &str = "a size or offset in it leads outside of the file";

fn not_audio(head: &[u8]) -> AudioError {
    AudioError::NotAudio { expected: sniff::KNOWN, actual: recognize::describe(head) }
}

/// Frames of one WAV block times channels: 64 Ki samples fill the cache, not the memory.
pub(crate) const BLOCK_SAMPLES: usize = 1 << 16;

pub(crate) struct WavReader {
    source: Box<dyn Source>,
    layout: WavLayout,
    /// Bytes of data read so far.
    read_bytes: u64,
    /// Frames delivered so far.
    frames: u64,
    /// ADPCM blocks that became silence.
    damaged: u64,
    bytes: Vec<u8>,
    hash: Option<Hasher>,
}

impl WavReader {
    /// Reads the next whole frames or blocks into `bytes`; false where there are none.
    fn read(&mut self, note: &mut Note) -> Result<bool, AudioError> {
        let (unit_bytes, unit_frames) = self.layout.unit();
        let samples = (unit_frames * u64::from(self.layout.channels)).max(1);
        let at_once = (BLOCK_SAMPLES as u64 / samples).max(1) * unit_bytes as u64;
        let take = (self.layout.data_bytes() - self.read_bytes).min(at_once) as usize;
        self.bytes.resize(take, 0);
        let mut here = read_full(&mut self.source, &mut self.bytes)?;
        if self.layout.adpcm.is_none() {
            here -= here % unit_bytes;
        }
        self.bytes.truncate(here);
        self.read_bytes += here as u64;
        if here < take {
            // The length was measured at opening; now the file is shorter.
            let expected_frames = Some(self.layout.frames);
            self.layout.frames = self.layout.frames.min(self.layout.frames_in(self.read_bytes));
            if let Some(blocks) = &mut self.layout.adpcm {
                blocks.data_bytes = self.read_bytes;
            }
            note.partial = Some(Partial {
                frames: self.layout.frames,
                expected_frames,
                rate_hz: self.layout.rate_hz,
                reason: "the file became shorter while it was read".into(),
            });
        }
        if let Some(hash) = &mut self.hash {
            hash.bytes(&self.bytes);
        }
        Ok(here > 0)
    }

    fn next(&mut self, note: &mut Note) -> Result<Step, AudioError> {
        while self.read(note)? {
            let (mut samples, repairs, damaged) = wav::decode(&self.bytes, &self.layout);
            note.count(repairs);
            note.lost_packets += damaged;
            self.damaged += damaged;
            let left = (self.layout.frames - self.frames).min(samples.frames() as u64);
            samples.truncate(left as usize);
            self.frames += left;
            if left > 0 {
                return Ok(Step::Samples(samples));
            }
        }
        Ok(Step::End((self.damaged > 0 && note.partial.is_none()).then(|| Partial {
            frames: self.frames,
            expected_frames: None,
            rate_hz: self.layout.rate_hz,
            reason: format!("{} ADPCM blocks are damaged", self.damaged).into(),
        })))
    }
}

/// Reads until `out` is full or the source ends; returns the bytes read.
pub(crate) fn read_full(source: &mut Box<dyn Source>, out: &mut [u8]) -> Result<usize, AudioError> {
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
