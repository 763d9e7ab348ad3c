//! One channel of a file at the rate a job wants, in the memory of that channel alone.
//!
//! A song of five minutes is 110 MB as planar stereo floats, and 26 MB as one channel at 22,050 Hz: blocks are mixed down and
//! resampled as they are decoded. The samples are those of decoding everything first, to the bit.

use std::path::Path;

use crate::clip::Mono;
use crate::decode::guard;
use crate::error::AudioError;
use crate::limits::Limits;
use crate::note::Note;
use crate::resample::Resampler;
use crate::stream::Stream;

/// A file's channels as one.
#[derive(Clone, Debug, PartialEq)]
pub struct MonoClip {
    /// Mean of the channels at the rate asked for; 16-bit where the file is and nothing was changed.
    pub samples: Mono,
    /// The file's own rate, Hz.
    pub source_rate_hz: u32,
    /// The file's own channels.
    pub source_channels: usize,
    /// Frames decoded, at the file's own rate.
    pub frames_read: u64,
    /// Who decoded it.
    pub decoder: &'static str,
    /// What is not as the file promised.
    pub note: Option<Note>,
}

/// Decodes a file to one channel at `rate_hz`, at most `most` samples of it.
///
/// # Errors
/// As [`crate::decode`]; `limits.max_clip_bytes` bounds the resulting channel, not the decoded planes.
pub fn mono_path(path: &Path, rate_hz: u32, most: Option<usize>, limits: &Limits) -> Result<MonoClip, AudioError> {
    mono_stream(|| Stream::open_path(path, limits), rate_hz, most, limits)
}

/// As [`mono_path`], of any stream; `open` is guarded like the decoding.
///
/// # Errors
/// As [`mono_path`], and those of `open`.
pub fn mono_stream(
    open: impl FnOnce() -> Result<Stream, AudioError>,
    rate_hz: u32,
    most: Option<usize>,
    limits: &Limits,
) -> Result<MonoClip, AudioError> {
    guard("earprint-audio", || mono(open()?, rate_hz, most.unwrap_or(usize::MAX), limits))
}

fn mono(mut stream: Stream, rate_hz: u32, most: usize, limits: &Limits) -> Result<MonoClip, AudioError> {
    let (source_rate_hz, source_channels) = (stream.rate_hz(), stream.channels());
    let mut resampler = match source_rate_hz == rate_hz {
        true => None,
        false => Resampler::for_channels(source_rate_hz, rate_hz, 1, limits)?.pop(),
    };
    let mut samples: Option<Mono> = None;
    while samples.as_ref().map_or(0, Mono::len) < most {
        let Some(block) = stream.next_samples()? else { break };
        let block = match &mut resampler {
            Some(resampler) => Mono::F32(resampler.push(&block.into_mono().into_f32())?),
            None => block.into_mono(),
        };
        append(&mut samples, block, limits)?;
    }
    let mut samples = samples.ok_or(AudioError::Empty { what: "the file holds 0 frames" })?;
    if let Some(resampler) = resampler
        && samples.len() < most
    {
        let mut all = Some(samples);
        append(&mut all, Mono::F32(resampler.finish()?), limits)?;
        samples = all.expect("put there above");
    }
    match &mut samples {
        Mono::I16(s) => s.truncate(most),
        Mono::F32(s) => s.truncate(most),
    }
    let (frames_read, decoder, note) = (stream.frames(), stream.decoder(), stream.note());
    Ok(MonoClip { samples, source_rate_hz, source_channels, frames_read, decoder, note })
}

fn append(all: &mut Option<Mono>, block: Mono, limits: &Limits) -> Result<(), AudioError> {
    match (all.as_mut(), block) {
        (None, block) => *all = Some(block),
        (Some(Mono::I16(all)), Mono::I16(block)) => grow(all, &block, limits)?,
        (Some(Mono::F32(all)), Mono::F32(block)) => grow(all, &block, limits)?,
        (Some(_), _) => unreachable!("a stream keeps its type"),
    }
    Ok(())
}

fn grow<T: Copy>(all: &mut Vec<T>, block: &[T], limits: &Limits) -> Result<(), AudioError> {
    let bytes = ((all.len() + block.len()) * size_of::<T>()) as u64;
    limits.check_clip_bytes(bytes)?;
    all.try_reserve(block.len()).map_err(|_| AudioError::OutOfMemory { bytes })?;
    all.extend_from_slice(block);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wav::write_i16_interleaved;
    use crate::{decode_path, resample};

    #[test]
    fn streaming_gives_the_samples_of_the_whole() {
        let folder = std::env::temp_dir().join(format!("earprint-mono-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let limits = Limits::default();
        for channels in [1_u16, 2] {
            let path = folder.join(format!("{channels}.wav"));
            let pcm: Vec<i16> =
                (0..90_000_u32 * u32::from(channels)).map(|i| (i.wrapping_mul(40_503) >> 7) as i16).collect();
            std::fs::write(&path, write_i16_interleaved(44_100, channels, &pcm)).unwrap();
            let whole = decode_path(&path, &limits).unwrap().into_mono();
            assert_eq!(mono_path(&path, 44_100, None, &limits).unwrap().samples, whole);
            let resampled = resample(&whole.clone().into_f32(), 44_100, 16_000).unwrap();
            let got = mono_path(&path, 16_000, None, &limits).unwrap();
            assert_eq!(
                (got.samples, got.frames_read, got.source_rate_hz),
                (Mono::F32(resampled.clone()), 90_000, 44_100)
            );
            let part = mono_path(&path, 16_000, Some(1000), &limits).unwrap();
            assert_eq!(part.samples, Mono::F32(resampled[..1000].to_vec()));
            assert!(part.frames_read < 90_000);
        }
        let small = Limits { max_clip_bytes: 1000, ..limits };
        assert_eq!(mono_path(&folder.join("1.wav"), 44_100, None, &small).unwrap_err().code(), "E_TOO_LARGE");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
