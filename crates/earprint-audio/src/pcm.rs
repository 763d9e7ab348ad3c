//! Raw PCM: interleaved samples without a header, whose rate, channels and format the caller tells.
//!
//! Enters: bytes of whole frames, from a file or a pipe of unknown length. Leaves: planar samples as of a WAV file
//! with the same samples, and that file's identity. The same reader takes the samples of a WAV file that comes
//! through a pipe.

use std::fmt;
use std::str::FromStr;

use crate::clip::Samples;
use crate::error::AudioError;
use crate::identity::Hasher;
use crate::limits::Limits;
use crate::note::{Note, Partial};
use crate::stream::{BLOCK_SAMPLES, Source, Step, read_full};
use crate::wav::{SampleFormat, f32_planes, i16_planes};

/// Name of this decoder in [`crate::Clip::decoder`].
pub const DECODER: &str = "earprint-pcm";

/// Rate, channels and sample format of raw PCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcmFormat {
    /// Frames per second, 100 to 768,000.
    pub rate_hz: u32,
    /// Interleaved channels, 1 to 64.
    pub channels: u16,
    /// How one sample is stored.
    pub format: SampleFormat,
    /// Whether the bytes of a sample begin with the highest.
    pub big_endian: bool,
}

/// Names of [`PcmFormat::from_str`], little-endian.
const FORMATS: [(&str, SampleFormat); 8] = [
    ("u8", SampleFormat::U8),
    ("s16", SampleFormat::I16),
    ("s24", SampleFormat::I24),
    ("s32", SampleFormat::I32),
    ("f32", SampleFormat::F32),
    ("f64", SampleFormat::F64),
    ("alaw", SampleFormat::ALaw),
    ("mulaw", SampleFormat::MuLaw),
];

impl PcmFormat {
    /// Bytes of one frame, 1 to 512.
    pub fn frame_bytes(&self) -> usize {
        usize::from(self.channels) * self.format.bytes()
    }
}

impl fmt::Display for PcmFormat {
    /// The form that [`PcmFormat::from_str`] reads, such as `48000,2,s16`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FORMATS.iter().find(|(_, format)| *format == self.format).map_or("?", |(name, _)| name);
        write!(f, "{},{},{name}{}", self.rate_hz, self.channels, if self.big_endian { "be" } else { "" })
    }
}

impl FromStr for PcmFormat {
    type Err = String;

    /// Reads `RATE,CHANNELS,FORMAT`. Formats: `u8 s16 s24 s32 f32 f64 alaw mulaw`; those of several bytes also with
    /// `le` (the default) or `be` behind.
    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected RATE,CHANNELS,FORMAT, for example 48000,2,s16; formats: u8, s16, s24, s32, f32, \
                                f64, alaw, mulaw, big-endian as s16be and so on";
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let [rate, channels, format] = parts[..] else { return Err(EXPECTED.into()) };
        let (Ok(rate_hz), Ok(channels)) = (rate.parse::<u32>(), channels.parse::<u16>()) else {
            return Err(EXPECTED.into());
        };
        let format = format.to_ascii_lowercase();
        let (name, big_endian, ordered) = match (format.strip_suffix("be"), format.strip_suffix("le")) {
            (Some(name), _) => (name, true, true),
            (_, Some(name)) => (name, false, true),
            _ => (&*format, false, false),
        };
        let known = FORMATS.iter().find(|(n, f)| *n == name && (f.bytes() > 1 || !ordered));
        let Some(&(_, format)) = known else { return Err(format!("no format {format:?}; {EXPECTED}")) };
        let limits = Limits::default();
        limits
            .check_rate(rate_hz)
            .map_err(|_| format!("{rate_hz} Hz; expected {} to {} Hz", limits.min_rate_hz, limits.max_rate_hz))?;
        limits
            .check_channels(usize::from(channels))
            .map_err(|_| format!("{channels} channels; expected 1 to {}", limits.max_channels))?;
        Ok(Self { rate_hz, channels, format, big_endian })
    }
}

/// How many frames will come, and what it means if they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Raw PCM: to the end of the source; bytes behind the last whole frame are told, they hint at another format.
    Raw,
    /// Not known when the header was written: to the end of the source.
    Open,
    /// As many as the header announces; fewer are a loss.
    Frames(u64),
}

/// Interleaved frames of a source, block by block, in constant memory.
pub(crate) struct FrameReader {
    source: Box<dyn Source>,
    /// Bytes taken from the source already, samples like the rest.
    pending: Vec<u8>,
    format: PcmFormat,
    length: Length,
    frames: u64,
    bytes: Vec<u8>,
    pub hash: Option<Hasher>,
}

impl FrameReader {
    pub fn new(source: Box<dyn Source>, pending: Vec<u8>, format: PcmFormat, length: Length, identify: bool) -> Self {
        let hash = identify.then(|| {
            let beside = format!("{} {} {}", format.format.name(), format.channels, format.rate_hz);
            Hasher::new("wav", beside.as_bytes())
        });
        Self { source, pending, format, length, frames: 0, bytes: Vec::new(), hash }
    }

    /// Reads the next whole frames into `bytes`, little-endian; false where there are none.
    pub fn read(&mut self, note: &mut Note) -> Result<bool, AudioError> {
        let frame_bytes = self.format.frame_bytes();
        let block = (BLOCK_SAMPLES / usize::from(self.format.channels)).max(1) as u64;
        let frames = match self.length {
            Length::Frames(all) => block.min(all - self.frames),
            Length::Raw | Length::Open => block,
        } as usize;
        self.bytes.clear();
        if frames == 0 {
            return Ok(false);
        }
        let known = self.pending.len().min(frames * frame_bytes);
        self.bytes.extend(self.pending.drain(..known));
        self.bytes.resize(frames * frame_bytes, 0);
        let read = known + read_full(&mut self.source, &mut self.bytes[known..])?;
        let (whole, rest) = (read / frame_bytes, read % frame_bytes);
        self.frames += whole as u64;
        if whole < frames {
            self.end(rest, note);
        }
        self.bytes.truncate(whole * frame_bytes);
        if self.format.big_endian {
            self.bytes.chunks_exact_mut(self.format.format.bytes()).for_each(<[u8]>::reverse);
        }
        if let Some(hash) = &mut self.hash {
            hash.bytes(&self.bytes);
        }
        Ok(whole > 0)
    }

    /// Says what the end of the source lacks; `rest`: bytes behind its last whole frame.
    fn end(&mut self, rest: usize, note: &mut Note) {
        let (expected_frames, reason) = match self.length {
            Length::Frames(all) => (Some(all), "the stream ends before its data does".into()),
            Length::Raw if rest > 0 => {
                let frame = self.format.frame_bytes();
                (None, format!("{rest} bytes at the end are no whole frame of {frame} bytes").into())
            }
            Length::Raw | Length::Open => return self.length = Length::Frames(self.frames),
        };
        self.length = Length::Frames(self.frames);
        note.partial = Some(Partial { frames: self.frames, expected_frames, rate_hz: self.format.rate_hz, reason });
    }

    pub fn next(&mut self, note: &mut Note) -> Result<Step, AudioError> {
        if !self.read(note)? {
            return Ok(Step::End(None));
        }
        let channels = usize::from(self.format.channels);
        if self.format.format == SampleFormat::I16 {
            return Ok(Step::Samples(Samples::I16(i16_planes(&self.bytes, channels))));
        }
        let (planes, repairs) = f32_planes(&self.bytes, channels, self.format.format);
        note.count(repairs);
        Ok(Step::Samples(Samples::F32(planes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_read_and_say_what_is_expected() {
        let read = |text: &str| text.parse::<PcmFormat>();
        for text in ["48000,2,s16", "768000,64,f64be", "100,1,u8", "44100,1,s24be", "8000,1,mulaw"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        let spaced = read(" 44100, 2, S16LE").unwrap();
        assert_eq!(spaced, PcmFormat { rate_hz: 44_100, channels: 2, format: SampleFormat::I16, big_endian: false });
        assert_eq!(read("96000,3,s24").unwrap().frame_bytes(), 9);
        for (text, words) in [
            ("", "expected RATE,CHANNELS,FORMAT, for example 48000,2,s16"),
            ("48000,2", "expected RATE,CHANNELS,FORMAT"),
            ("48000,2,s16,x", "expected RATE,CHANNELS,FORMAT"),
            ("s16,48000,2", "expected RATE,CHANNELS,FORMAT"),
            ("48000,2,s17", "no format \"s17\"; expected"),
            ("48000,2,u8be", "no format \"u8be\""),
            ("99,2,s16", "99 Hz; expected 100 to 768000 Hz"),
            ("768001,2,s16", "768001 Hz; expected"),
            ("48000,0,s16", "0 channels; expected 1 to 64"),
            ("48000,65,s16", "65 channels; expected 1 to 64"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.contains(words), "{text}: {wrong}");
        }
    }
}
