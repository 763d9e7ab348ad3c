//! Every container but WAV.
//!
//! Enters: a source whose container has been recognised. Leaves: planar finite floats, packet by packet. A reader
//! ([`track::PacketReader`]) cuts the container into packets, a decoder ([`track::PacketDecoder`]) turns each into
//! samples; both are ours or symphonia's. What the file asks for is bounded here before a decoder reserves by it, and
//! each call into a third party is guarded: a panic becomes an error.
//!
//! | container | reader | decoders |
//! |---|---|---|
//! | FLAC, joined FLAC | symphonia in `flac_links` | symphonia |
//! | MP3, MP2, MP1 | `mpeg` | symphonia; free format: nanomp3 |
//! | Ogg | `ogg` | Vorbis, FLAC: symphonia; Opus: opus-pure |
//! | MP4, QuickTime; Matroska, WebM; CAF; ADTS | `mp4`, `matroska`, `caf`, `adts` | AAC: syom; Opus: opus-pure; the rest: symphonia |
//! | AIFF | symphonia | symphonia |

#[cfg(feature = "more-codecs")]
mod aac;
#[cfg(feature = "more-codecs")]
mod adts;
#[cfg(feature = "more-codecs")]
mod caf;
mod flac_links;
#[cfg(feature = "more-codecs")]
mod input;
#[cfg(feature = "more-codecs")]
mod matroska;
mod measured;
#[cfg(feature = "more-codecs")]
mod mp4;
mod mpeg;
mod names;
mod ogg;
#[cfg(feature = "more-codecs")]
mod opus;
#[cfg(feature = "more-codecs")]
mod params;
mod symphonia_codec;
mod symphonia_format;
mod track;

use std::io::ErrorKind;

use symphonia::core::codecs::audio::AudioCodecParameters;
#[cfg(feature = "more-codecs")]
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_OPUS};
use symphonia::core::errors::Error as SymphoniaError;

use crate::clip::Samples;
use crate::decode::guard;
use crate::error::AudioError;
use crate::finite::make_finite;
use crate::identity::Hasher;
use crate::limits::Limits;
use crate::note::{Note, Partial};
use crate::pipe::UNKNOWN_BYTES;
use crate::sniff::{Container, KNOWN};
use crate::stream::{Source, Step, StreamOptions};
use flac_links::FlacLinks;
use names::hasher;
use ogg::OggReader;
#[cfg(feature = "more-codecs")]
use opus::OpusCodec;
use symphonia_codec::SymphoniaCodec;
use symphonia_format::SymphoniaFormat;
use track::{CodedPacket, DecodeFailure, Next, PacketDecoder, PacketReader};

/// Packets in a row that may fail to give a frame. Small enough that a file of empty packets (an
/// MP4 table may announce 2^32 of them) ends soon, large enough for a long video before the sound.
const MAX_IDLE_PACKETS: u32 = 100_000;
/// Frames of one packet: the largest FLAC and ALAC block, and what silence may stand in for.
const MAX_PACKET_FRAMES: u64 = 1 << 16;
/// Longest silence for a run of lost packets, in frames: six minutes at 48 kHz.
const MAX_GAP_FRAMES: u64 = 1 << 24;

pub(crate) struct CodecReader {
    packets: Box<dyn PacketReader>,
    decoder: Box<dyn PacketDecoder>,
    container: Container,
    limits: Limits,
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
        "mp3" | "mp2" | "mp1" | "mpga" => Some(Container::Mpeg),
        "aac" | "adts" => Some(Container::Adts),
        "wv" => Some(Container::WavPack),
        _ => None,
    }
}

/// The reader for a container, and the container that it found behind a tag.
fn open_reader(
    source: Box<dyn Source>,
    total_bytes: u64,
    container: Container,
) -> Result<(Box<dyn PacketReader>, Container), AudioError> {
    let (source, container) = match container {
        Container::Mpeg => match mpeg::open(source, total_bytes)? {
            mpeg::Opened::Mpeg(reader) => return Ok((reader, container)),
            mpeg::Opened::Other(source, container) => (source, container),
        },
        container => (source, container),
    };
    let reader: Box<dyn PacketReader> = match container {
        // Joined streams are looked for in files; a pipe is one stream.
        Container::Flac if total_bytes != UNKNOWN_BYTES => Box::new(FlacLinks::open(source, total_bytes)?),
        Container::Ogg | Container::OggOpus => Box::new(OggReader::open(source, total_bytes)?),
        #[cfg(feature = "more-codecs")]
        Container::Mp4 => Box::new(mp4::Mp4Reader::open(source, total_bytes)?),
        #[cfg(feature = "more-codecs")]
        Container::Matroska => Box::new(matroska::MatroskaReader::open(source, total_bytes)?),
        #[cfg(feature = "more-codecs")]
        Container::Caf => Box::new(caf::CafReader::open(source, total_bytes)?),
        #[cfg(feature = "more-codecs")]
        Container::Adts => Box::new(adts::AdtsReader::open(source, total_bytes)?),
        _ => Box::new(SymphoniaFormat::open(source, total_bytes, container)?),
    };
    Ok((reader, container))
}

/// The decoder for a track, once what it would reserve by has been checked.
fn open_decoder(
    params: &AudioCodecParameters,
    container: Container,
    total_bytes: u64,
    limits: &Limits,
) -> Result<Box<dyn PacketDecoder>, AudioError> {
    check_params(params, limits)?;
    Ok(match params.codec {
        #[cfg(feature = "more-codecs")]
        CODEC_ID_AAC => Box::new(aac::AacCodec::open(params, container)?),
        #[cfg(feature = "more-codecs")]
        CODEC_ID_OPUS => Box::new(OpusCodec::open(params)?),
        #[cfg(feature = "more-codecs")]
        mpeg::CODEC_ID_FREE_MP3 => Box::new(mpeg::FreeFormatCodec::new()),
        _ => Box::new(SymphoniaCodec::open(params, container, total_bytes)?),
    })
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
        let (packets, container) = open_reader(source, total_bytes, container)?;
        let track = packets.track();
        let (frames_hint, required) = (track.frames_hint, track.required);
        let decoder = open_decoder(&track.params, container, total_bytes, limits)?;
        let mut reader = CodecReader {
            decoder,
            container,
            limits: *limits,
            rate_hz: 0,
            channels: 0,
            frames_hint,
            required,
            ready: None,
            lost_frames: 0,
            lost_packets: 0,
            hash: identify.then(|| hasher(&track.params)),
            packets,
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
                    container: container.name(),
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
        self.decoder.name()
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
            Advance::End(reason) => {
                note.repaired = note.repaired.or(self.packets.repaired());
                Ok(Step::End(self.end(frames, reason)))
            }
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
            match self.next_packet() {
                Ok(Next::Packet(_) | Next::Lost { .. } | Next::NewTrack) => {}
                Ok(Next::End(_)) => return Ok(()),
                Err(error) => {
                    options.check()?;
                    return Err(error);
                }
            }
        }
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        let next = self.packets.next_packet()?;
        if let (Next::Packet(packet), Some(hash)) = (&next, &mut self.hash) {
            hash.packet(&packet.data);
        }
        Ok(next)
    }

    /// Decodes up to the next packet that gives samples.
    fn advance(&mut self) -> Result<Advance, AudioError> {
        for _ in 0..MAX_IDLE_PACKETS {
            let packet = match self.next_packet()? {
                Next::Packet(packet) => packet,
                Next::End(reason) => return Ok(Advance::End(reason)),
                Next::Lost { packets, frames } => {
                    self.lose(packets, frames);
                    continue;
                }
                Next::NewTrack => {
                    let params = &self.packets.track().params;
                    self.decoder = open_decoder(params, self.container, 0, &self.limits)?;
                    self.required = add(self.required, self.packets.track().required);
                    self.frames_hint = add(self.frames_hint, self.packets.track().frames_hint);
                    continue;
                }
            };
            match guard(self.decoder.name(), || Ok(self.decoder.decode(&packet)))? {
                Ok(mut decoded) => {
                    let (rate_hz, channels) = (decoded.rate_hz, decoded.planes.len());
                    trim(&mut decoded.planes, &packet);
                    if decoded.planes.first().is_none_or(Vec::is_empty) {
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
                    return Ok(Advance::Block(decoded.planes));
                }
                Err(DecodeFailure::Packet) => {
                    // An absurd length is ignored.
                    self.lose(1, if packet.frames <= MAX_PACKET_FRAMES { packet.frames } else { 0 });
                }
                Err(DecodeFailure::Fatal(reason)) => return self.end_early(reason),
            }
        }
        self.end_early(format!("{MAX_IDLE_PACKETS} packets in a row hold no audio"))
    }

    /// Counts lost packets. No gap outgrows some minutes: a small file must not ask for days of silence.
    fn lose(&mut self, packets: u64, frames: u64) {
        self.lost_packets += packets;
        if self.lost_frames < MAX_GAP_FRAMES {
            self.lost_frames += frames.min(MAX_GAP_FRAMES);
        }
    }

    /// The end of what is decoded, while packets are left: they belong to the identity all the same.
    fn end_early(&mut self, reason: String) -> Result<Advance, AudioError> {
        if self.hash.is_some() {
            self.skip_to_end(&StreamOptions::default())?;
        }
        Ok(Advance::End(Some(reason)))
    }
}

enum Advance {
    Block(Vec<Vec<f32>>),
    End(Option<String>),
}

/// Drops the encoder's delay and padding.
fn trim(planes: &mut [Vec<f32>], packet: &CodedPacket) {
    for plane in planes {
        let keep = plane.len().saturating_sub(usize::try_from(packet.trim_end).unwrap_or(usize::MAX));
        plane.truncate(keep);
        plane.drain(..keep.min(usize::try_from(packet.trim_start).unwrap_or(usize::MAX)));
    }
}

/// A sum that is known only where both parts are.
fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    Some(a?.saturating_add(b?))
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
