//! Containers that symphonia reads: FLAC, MP3, Ogg, AIFF.

use std::io::{ErrorKind, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track as SymphoniaTrack, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::measured::Measured;
use super::track::{CodedPacket, Next, PacketReader, Track};
use super::{open_error, unsupported};
use crate::decode::guard;
use crate::error::AudioError;
use crate::sniff::Container;
use crate::stream::Source;

/// MP4 counts whole packets here and trimmed ones there; less than this is no loss.
const SLACK_FRAMES: u64 = 4 * 1152;

/// A container opened by symphonia.
pub(crate) struct SymphoniaFormat {
    format: Box<dyn FormatReader>,
    container: Container,
    track_id: u32,
    track: Track,
    /// Frames per tick of the container's clock, numerator and denominator.
    frames_per_tick: (u64, u64),
}

impl SymphoniaFormat {
    /// Opens the container and chooses its default audio track.
    ///
    /// # Errors
    /// [`AudioError::Truncated`], [`AudioError::Malformed`], [`AudioError::Unsupported`], [`AudioError::Empty`],
    /// [`AudioError::Io`].
    pub fn open(source: Box<dyn Source>, total_bytes: u64, container: Container) -> Result<Self, AudioError> {
        let source = Arc::new(Mutex::new(source));
        let mut probed = probe(&source, total_bytes, container, total_bytes != crate::pipe::UNKNOWN_BYTES);
        if matches!(probed, Err(AudioError::Truncated { .. } | AudioError::Malformed { .. })) {
            // A file that breaks off: AIFF fails on looking for chunks behind the samples. Read as a pipe no chunk
            // behind the samples is looked for, and the samples that are there are returned.
            probed = probe(&source, total_bytes, container, false).or(probed);
        }
        let mut reader = SymphoniaFormat {
            format: probed?,
            container,
            track_id: 0,
            track: Track::default(),
            frames_per_tick: (1, 1),
        };
        if !reader.choose_track()? {
            return Err(AudioError::Empty { what: "the container has no audio track" });
        }
        Ok(reader)
    }

    /// Takes the default audio track; false if there is none.
    fn choose_track(&mut self) -> Result<bool, AudioError> {
        let Some(track) = self.format.default_track(TrackType::Audio) else { return Ok(false) };
        let params = audio_params(track)?.clone();
        self.track_id = track.id;
        self.frames_per_tick = frames_per_tick(track, &params);
        self.track = Track { params, frames_hint: track.num_frames, required: required_frames(self.container, track) };
        Ok(true)
    }

    fn frames_from_ticks(&self, ticks: u64) -> u64 {
        let (frames, per_ticks) = self.frames_per_tick;
        (u128::from(ticks) * u128::from(frames) / u128::from(per_ticks)).try_into().unwrap_or(u64::MAX)
    }
}

impl PacketReader for SymphoniaFormat {
    fn track(&self) -> &Track {
        &self.track
    }

    fn next_packet(&mut self) -> Result<Next, AudioError> {
        loop {
            match guard("symphonia", || Ok(self.format.next_packet()))? {
                Ok(Some(packet)) if packet.track_id == self.track_id => {
                    return Ok(Next::Packet(CodedPacket {
                        frames: self.frames_from_ticks(packet.dur.get()),
                        trim_start: self.frames_from_ticks(packet.trim_start.get()),
                        trim_end: self.frames_from_ticks(packet.trim_end.get()),
                        data: packet.data,
                    }));
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(Next::End(None)),
                Err(SymphoniaError::ResetRequired) => {
                    let found = self.choose_track()?;
                    // The length told at opening was that of the first link.
                    self.track.required = None;
                    return Ok(if found {
                        Next::NewTrack
                    } else {
                        Next::End(Some("the next chained stream is not audio".into()))
                    });
                }
                // Damage gives a partial result, a failing disk does not.
                Err(SymphoniaError::IoError(error)) if error.kind() != ErrorKind::UnexpectedEof => {
                    return Err(AudioError::io("the source", &error));
                }
                Err(SymphoniaError::IoError(_)) => return Ok(Next::End(Some("the file ends within a packet".into()))),
                Err(error) => return Ok(Next::End(Some(error.to_string()))),
            }
        }
    }
}

/// Finds the reader for a container. `seekable` is what symphonia is told about the source.
fn probe(
    source: &Arc<Mutex<Box<dyn Source>>>,
    total_bytes: u64,
    container: Container,
    seekable: bool,
) -> Result<Box<dyn FormatReader>, AudioError> {
    let mut measured = Measured { source: Arc::clone(source), total_bytes, seekable };
    measured.seek(SeekFrom::Start(0)).map_err(|error| AudioError::io("the source", &error))?;
    guard("symphonia", || {
        let stream = MediaSourceStream::new(Box::new(measured), Default::default());
        symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| open_error(container, total_bytes, error))
    })
}

/// How many frames must come, where the container really knows and does not estimate.
fn required_frames(container: Container, track: &SymphoniaTrack) -> Option<u64> {
    let frames = track.num_frames?;
    match container {
        Container::Flac | Container::Aiff | Container::Caf => Some(frames),
        Container::Adts => None,
        _ => Some(frames.saturating_sub(SLACK_FRAMES)),
    }
}

/// Containers may count time in other units than frames; MP4 often does.
fn frames_per_tick(track: &SymphoniaTrack, params: &AudioCodecParameters) -> (u64, u64) {
    match (track.time_base, params.sample_rate) {
        (Some(base), Some(rate_hz)) => (u64::from(base.numer.get()) * u64::from(rate_hz), u64::from(base.denom.get())),
        _ => (1, 1),
    }
}

fn audio_params(track: &SymphoniaTrack) -> Result<&AudioCodecParameters, AudioError> {
    track
        .codec_params
        .as_ref()
        .and_then(|params| params.audio())
        .ok_or_else(|| unsupported("an audio track with an unknown codec".into()))
}
