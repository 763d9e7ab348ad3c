//! Every container but WAV, by symphonia.
//!
//! Enters: a source whose container has been recognised. Leaves: planar finite floats, packet by
//! packet. The bounds on what the file may ask for are checked here before symphonia reserves by
//! them, and each call into it is guarded: a panic becomes an error.

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symphonia::core::codecs::audio::well_known as codec_ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use crate::clip::Samples;
use crate::decode::guard;
use crate::error::AudioError;
use crate::finite::make_finite;
use crate::identity::Hasher;
use crate::limits::Limits;
use crate::note::{Note, Partial};
use crate::sniff::{Container, KNOWN};
use crate::stream::{Source, Step, StreamOptions};

/// Packets in a row that may fail to give a frame. Small enough that a file of empty packets (an
/// MP4 table may announce 2^32 of them) ends soon, large enough for a long video before the sound.
const MAX_IDLE_PACKETS: u32 = 100_000;
/// Frames of one packet: the largest FLAC and ALAC block, and what silence may stand in for.
const MAX_PACKET_FRAMES: u64 = 1 << 16;
/// Longest silence for a run of lost packets, in frames: six minutes at 48 kHz.
const MAX_GAP_FRAMES: u64 = 1 << 24;
/// MP4 and MP3 count whole packets here and trimmed ones there; less than this is no loss.
const SLACK_FRAMES: u64 = 4 * 1152;

pub(crate) struct CodecReader {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    container: Container,
    limits: Limits,
    /// Frames per tick of the container's clock, numerator and denominator.
    frames_per_tick: (u64, u64),
    rate_hz: u32,
    channels: usize,
    frames_hint: Option<u64>,
    /// Frames that must come for the file to count as complete.
    required: Option<u64>,
    /// A decoded block that waits: the first one, which told rate and channels at opening, or one
    /// behind the silence of lost packets.
    ready: Option<Vec<Vec<f32>>>,
    /// Length and number of packets lost since the last good one.
    lost_frames: u64,
    lost_packets: u64,
    /// Hash of the packets so far, where asked for.
    hash: Option<Hasher>,
}

/// MPEG and ADTS streams often begin with junk instead of magic bytes, self-extracting WavPack with a program; there the extension decides
/// whether a search for the first packet is worth it.
pub(crate) fn container_without_magic(hint: Option<&str>) -> Option<Container> {
    match hint?.to_ascii_lowercase().as_str() {
        "mp3" | "mp2" | "mpga" => Some(Container::Mpeg),
        "aac" | "adts" => Some(Container::Adts),
        "wv" => Some(Container::WavPack),
        _ => None,
    }
}

impl CodecReader {
    /// Opens the container, its first audio track and that track's decoder, and decodes up to the
    /// first packet that gives samples.
    pub fn open(
        source: Box<dyn Source>,
        total_bytes: u64,
        container: Container,
        limits: &Limits,
        identify: bool,
    ) -> Result<CodecReader, AudioError> {
        if container == Container::OggOpus {
            return Err(unsupported("Opus in Ogg".into()));
        }
        let name = container.name();
        let source = Arc::new(Mutex::new(source));
        let mut probed = probe(&source, total_bytes, container, true);
        if matches!(probed, Err(AudioError::Truncated { .. } | AudioError::Malformed { .. })) {
            // A file that breaks off: AIFF fails on looking for chunks behind the samples. As a
            // pipe nobody looks, and the samples that are there come out.
            probed = probe(&source, total_bytes, container, false).or(probed);
        }
        let format = probed?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or(AudioError::Empty { what: "the container has no audio track" })?;
        let (track_id, frames_hint) = (track.id, track.num_frames);
        let required = required_frames(container, track);
        let params = audio_params(track)?.clone();
        let frames_per_tick = frames_per_tick(track, &params);
        check_params(&params, limits)?;
        let decoder = make_decoder(&params, container, total_bytes)?;
        let mut reader = CodecReader {
            format,
            decoder,
            track_id,
            container,
            limits: *limits,
            frames_per_tick,
            rate_hz: 0,
            channels: 0,
            frames_hint,
            required,
            ready: None,
            lost_frames: 0,
            lost_packets: 0,
            hash: identify.then(|| hasher(&params)),
        };
        match reader.advance()? {
            // Lost packets before the first good one stay silent at the start, as everywhere.
            Advance::Block(planes) => reader.ready = Some(planes),
            Advance::End(Some(what)) => {
                return Err(AudioError::Decode { decoder: reader.decoder(), what });
            }
            Advance::End(None) if reader.lost_packets > 0 => {
                let what = format!("none of {} packets is intact", reader.lost_packets);
                return Err(AudioError::Decode { decoder: reader.decoder(), what });
            }
            Advance::End(None) if required.is_some_and(|frames| frames > 0) => {
                return Err(AudioError::Truncated {
                    container: name,
                    at_bytes: total_bytes,
                    what: "a packet of audio",
                });
            }
            Advance::End(None) => return Err(AudioError::Empty { what: "the audio track is empty" }),
        }
        Ok(reader)
    }

    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    pub fn frames_hint(&self) -> Option<u64> {
        self.frames_hint
    }

    pub fn decoder(&self) -> &'static str {
        decoder_name(self.decoder.codec_params().codec)
    }

    /// The next samples; `frames` have been delivered before.
    pub fn next(&mut self, frames: u64, note: &mut Note) -> Result<Step, AudioError> {
        let advance = match self.ready.take() {
            Some(planes) => Advance::Block(planes),
            None => self.advance()?,
        };
        match advance {
            Advance::Block(mut planes) => {
                note.lost_packets += std::mem::take(&mut self.lost_packets);
                if self.lost_frames > 0 {
                    // Silence goes first, in blocks of its own, so that memory stays constant.
                    let silence = self.lost_frames.min(MAX_PACKET_FRAMES);
                    self.lost_frames -= silence;
                    self.ready = Some(planes);
                    planes = vec![vec![0.0; silence as usize]; self.channels];
                    return Ok(Step::Samples(Samples::F32(planes)));
                }
                for plane in &mut planes {
                    note.count(make_finite(plane));
                }
                Ok(Step::Samples(Samples::F32(planes)))
            }
            Advance::End(reason) => Ok(Step::End(self.end(frames, reason))),
        }
    }

    fn end(&self, frames: u64, reason: Option<String>) -> Option<Partial> {
        let missing = self.required.is_some_and(|required| frames < required);
        // MPEG streams commonly end in tags that look like a packet; that is no loss.
        let framed = !matches!(self.container, Container::Mpeg | Container::Adts);
        let reason = match reason {
            Some(reason) => reason,
            None if missing => "the file ends before its audio does".into(),
            None if framed && self.lost_packets > 0 => {
                format!("the last {} packets are damaged", self.lost_packets)
            }
            None => return None,
        };
        let expected_frames = self.frames_hint.filter(|&expected| expected > frames);
        Some(Partial { frames, expected_frames, rate_hz: self.rate_hz, reason: reason.into() })
    }

    /// Hash of the packets so far.
    pub fn hash(&self) -> Option<&Hasher> {
        self.hash.as_ref()
    }

    /// Takes the packets that are left into the hash, as decoding would.
    pub fn skip_to_end(&mut self, options: &StreamOptions) -> Result<(), AudioError> {
        loop {
            options.check()?;
            match guard(self.decoder(), || Ok(self.format.next_packet()))? {
                Ok(Some(packet)) if packet.track_id == self.track_id => {
                    if let Some(hash) = &mut self.hash {
                        hash.packet(&packet.data);
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(SymphoniaError::ResetRequired) if self.restart()? => {}
                Err(SymphoniaError::ResetRequired) => return Ok(()),
                Err(error) => {
                    options.check()?;
                    return self.broken(error).map(|_| ());
                }
            }
        }
    }

    /// Decodes up to the next packet that gives samples.
    fn advance(&mut self) -> Result<Advance, AudioError> {
        let decoder = self.decoder();
        for _ in 0..MAX_IDLE_PACKETS {
            let packet = match guard(decoder, || Ok(self.format.next_packet()))? {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(Advance::End(None)),
                Err(SymphoniaError::ResetRequired) => {
                    // A chained Ogg file: the next link has its own headers.
                    if !self.restart()? {
                        return Ok(Advance::End(Some("the next chained stream is not audio".into())));
                    }
                    continue;
                }
                Err(error) => return self.broken(error),
            };
            if packet.track_id != self.track_id {
                continue;
            }
            if let Some(hash) = &mut self.hash {
                hash.packet(&packet.data);
            }
            let frames = self.frames_from_ticks(packet.dur.get());
            let decoded = guard(decoder, || {
                Ok(self.decoder.decode(&packet).map(|buffer| {
                    let mut planes: Vec<Vec<f32>> = Vec::new();
                    buffer.copy_to_vecs_planar(&mut planes);
                    (buffer.spec().rate(), planes)
                }))
            })?;
            match decoded {
                Ok((rate_hz, planes)) => {
                    let channels = planes.len();
                    if planes.first().is_none_or(Vec::is_empty) {
                        continue;
                    }
                    if self.rate_hz == 0 {
                        self.limits.check_rate(rate_hz)?;
                        self.limits.check_channels(channels)?;
                        (self.rate_hz, self.channels) = (rate_hz, channels);
                    }
                    if (rate_hz, channels) != (self.rate_hz, self.channels) {
                        return self.end_early(format!(
                            "the audio changes from {} Hz, {} channels to {rate_hz} Hz, {channels} channels",
                            self.rate_hz, self.channels
                        ));
                    }
                    return Ok(Advance::Block(planes));
                }
                Err(SymphoniaError::DecodeError(_) | SymphoniaError::IoError(_)) => {
                    self.lost_packets += 1;
                    // An absurd length is not believed, and no gap outgrows some minutes: a small
                    // file must not ask for days of silence.
                    if frames <= MAX_PACKET_FRAMES && self.lost_frames < MAX_GAP_FRAMES {
                        self.lost_frames += frames;
                    }
                }
                Err(error) => return self.end_early(error.to_string()),
            }
        }
        self.end_early(format!("{MAX_IDLE_PACKETS} packets in a row hold no audio"))
    }

    /// The end of what is decoded, while packets are left: they belong to the identity all the same.
    fn end_early(&mut self, reason: String) -> Result<Advance, AudioError> {
        if self.hash.is_some() {
            self.skip_to_end(&StreamOptions::default())?;
        }
        Ok(Advance::End(Some(reason)))
    }

    /// An error that ends the stream: damage gives a partial result, a failing disk does not.
    fn broken(&self, error: SymphoniaError) -> Result<Advance, AudioError> {
        match error {
            SymphoniaError::IoError(error) if error.kind() != ErrorKind::UnexpectedEof => {
                Err(AudioError::io("the source", &error))
            }
            SymphoniaError::IoError(_) => Ok(Advance::End(Some("the file ends within a packet".into()))),
            error => Ok(Advance::End(Some(error.to_string()))),
        }
    }

    fn frames_from_ticks(&self, ticks: u64) -> u64 {
        let (frames, per_ticks) = self.frames_per_tick;
        (u128::from(ticks) * u128::from(frames) / u128::from(per_ticks)).try_into().unwrap_or(u64::MAX)
    }

    /// Goes on with the next link of a chained file; false if it has no audio.
    fn restart(&mut self) -> Result<bool, AudioError> {
        let Some(track) = self.format.default_track(TrackType::Audio) else { return Ok(false) };
        let params = audio_params(track)?.clone();
        self.track_id = track.id;
        self.frames_per_tick = frames_per_tick(track, &params);
        check_params(&params, &self.limits)?;
        self.decoder = make_decoder(&params, self.container, 0)?;
        // The length told at opening was that of the first link.
        self.required = None;
        Ok(true)
    }
}

enum Advance {
    Block(Vec<Vec<f32>>),
    End(Option<String>),
}

/// Finds the reader for a container. `seekable` is what symphonia is told about the source.
fn probe(
    source: &Arc<Mutex<Box<dyn Source>>>,
    total_bytes: u64,
    container: Container,
    seekable: bool,
) -> Result<Box<dyn FormatReader>, AudioError> {
    let mut measured = Measured { source: Arc::clone(source), total_bytes, seekable };
    measured.rewind().map_err(|error| AudioError::io("the source", &error))?;
    guard("symphonia", || {
        let stream = MediaSourceStream::new(Box::new(measured), Default::default());
        symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| open_error(container, total_bytes, error))
    })
}

/// How many frames must come, where the container really knows and does not estimate.
fn required_frames(container: Container, track: &Track) -> Option<u64> {
    let frames = track.num_frames?;
    match container {
        Container::Flac | Container::Aiff | Container::Caf => Some(frames),
        // Without an encoder's header the MP3 length is a guess from the first bit rate.
        Container::Mpeg if track.delay.is_none() => None,
        Container::Adts => None,
        _ => Some(frames.saturating_sub(SLACK_FRAMES)),
    }
}

/// Containers may count time in other units than frames; MP4 often does.
fn frames_per_tick(track: &Track, params: &AudioCodecParameters) -> (u64, u64) {
    match (track.time_base, params.sample_rate) {
        (Some(base), Some(rate_hz)) => (u64::from(base.numer.get()) * u64::from(rate_hz), u64::from(base.denom.get())),
        _ => (1, 1),
    }
}

fn audio_params(track: &Track) -> Result<&AudioCodecParameters, AudioError> {
    track
        .codec_params
        .as_ref()
        .and_then(|params| params.audio())
        .ok_or_else(|| unsupported("an audio track with an unknown codec".into()))
}

/// What a decoder would reserve by, before it does.
fn check_params(params: &AudioCodecParameters, limits: &Limits) -> Result<(), AudioError> {
    if let Some(rate_hz) = params.sample_rate {
        limits.check_rate(rate_hz)?;
    }
    if let Some(channels) = &params.channels {
        limits.check_channels(channels.count())?;
    }
    match params.max_frames_per_packet {
        Some(actual) if actual > MAX_PACKET_FRAMES => {
            Err(AudioError::TooLarge { what: "frames in one packet", max: MAX_PACKET_FRAMES, actual })
        }
        _ => Ok(()),
    }
}

fn make_decoder(
    params: &AudioCodecParameters,
    container: Container,
    total_bytes: u64,
) -> Result<Box<dyn AudioDecoder>, AudioError> {
    let name = decoder_name(params.codec);
    guard(name, || {
        symphonia::default::get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default())
            .map_err(|error| open_error(container, total_bytes, error))
    })
}

/// The hash of a track's packets before the first one.
fn hasher(params: &AudioCodecParameters) -> Hasher {
    let codec = decoder_name(params.codec);
    let mut beside = Vec::new();
    match params.codec {
        // Every packet tells rate and channels; taggers and repair tools may rewrite what stands before them.
        codec_ids::CODEC_ID_FLAC | codec_ids::CODEC_ID_MP3 | codec_ids::CODEC_ID_MP2 => {}
        _ => {
            let rate = params.sample_rate.unwrap_or(0);
            let channels = params.channels.as_ref().map_or(0, |c| c.count());
            beside.extend(format!("{} {rate} {channels} ", pcm_name(params.codec)).bytes());
            beside.extend(params.extra_data.iter().flatten());
        }
    }
    Hasher::new(codec, &beside)
}

/// How samples are stored, as identities spell it: libraries keep those for years, so the words stand here and not in a
/// dependency. Empty for what is no PCM; its codec is told beside.
fn pcm_name(codec: AudioCodecId) -> &'static str {
    macro_rules! names {
        ($($name:ident)*) => {
            match codec {
                $(codec_ids::$name => stringify!($name).trim_start_matches("CODEC_ID_PCM_"),)*
                _ => "",
            }
        };
    }
    names! {
        CODEC_ID_PCM_ALAW
        CODEC_ID_PCM_F32BE
        CODEC_ID_PCM_F32BE_PLANAR
        CODEC_ID_PCM_F32LE
        CODEC_ID_PCM_F32LE_PLANAR
        CODEC_ID_PCM_F64BE
        CODEC_ID_PCM_F64BE_PLANAR
        CODEC_ID_PCM_F64LE
        CODEC_ID_PCM_F64LE_PLANAR
        CODEC_ID_PCM_MULAW
        CODEC_ID_PCM_S16BE
        CODEC_ID_PCM_S16BE_PLANAR
        CODEC_ID_PCM_S16LE
        CODEC_ID_PCM_S16LE_PLANAR
        CODEC_ID_PCM_S24BE
        CODEC_ID_PCM_S24BE_PLANAR
        CODEC_ID_PCM_S24LE
        CODEC_ID_PCM_S24LE_PLANAR
        CODEC_ID_PCM_S32BE
        CODEC_ID_PCM_S32BE_PLANAR
        CODEC_ID_PCM_S32LE
        CODEC_ID_PCM_S32LE_PLANAR
        CODEC_ID_PCM_S8
        CODEC_ID_PCM_S8_PLANAR
        CODEC_ID_PCM_U16BE
        CODEC_ID_PCM_U16BE_PLANAR
        CODEC_ID_PCM_U16LE
        CODEC_ID_PCM_U16LE_PLANAR
        CODEC_ID_PCM_U24BE
        CODEC_ID_PCM_U24BE_PLANAR
        CODEC_ID_PCM_U24LE
        CODEC_ID_PCM_U24LE_PLANAR
        CODEC_ID_PCM_U32BE
        CODEC_ID_PCM_U32BE_PLANAR
        CODEC_ID_PCM_U32LE
        CODEC_ID_PCM_U32LE_PLANAR
        CODEC_ID_PCM_U8
        CODEC_ID_PCM_U8_PLANAR
    }
}

fn open_error(container: Container, total_bytes: u64, error: SymphoniaError) -> AudioError {
    let name = container.name();
    match error {
        SymphoniaError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            AudioError::Truncated { container: name, at_bytes: total_bytes, what: "a complete header" }
        }
        SymphoniaError::IoError(error) => AudioError::io("the source", &error),
        SymphoniaError::Unsupported(what) => unsupported(format!("{name} ({what})")),
        error => AudioError::Malformed { container: name, what: error.to_string() },
    }
}

fn unsupported(actual: String) -> AudioError {
    AudioError::Unsupported { expected: KNOWN, actual }
}

fn decoder_name(codec: AudioCodecId) -> &'static str {
    match codec {
        codec_ids::CODEC_ID_FLAC => "symphonia-flac",
        codec_ids::CODEC_ID_MP3 => "symphonia-mp3",
        codec_ids::CODEC_ID_MP2 => "symphonia-mp2",
        codec_ids::CODEC_ID_VORBIS => "symphonia-vorbis",
        codec_ids::CODEC_ID_AAC => "symphonia-aac",
        codec_ids::CODEC_ID_ALAC => "symphonia-alac",
        // All the PCM variants of AIFF, CAF and MP4.
        _ => "symphonia-pcm",
    }
}

/// A source with the length that was measured at opening. Shared, so that a second attempt can be
/// made after symphonia has dropped the first; nobody ever waits for the lock.
struct Measured {
    source: Arc<Mutex<Box<dyn Source>>>,
    total_bytes: u64,
    seekable: bool,
}

impl Measured {
    fn source(&self) -> MutexGuard<'_, Box<dyn Source>> {
        // A poisoned lock means a panic in the caller's source; its position is set anew anyway.
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Measured {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.source().read(out)
    }
}

impl Seek for Measured {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.source().seek(to)
    }
}

impl MediaSource for Measured {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.seekable.then_some(self.total_bytes)
    }
}
