//! The tracks of a Matroska file, and what their sound is coded with.
//!
//! Sources: RFC 9559 (Matroska), the Matroska codec specifications (CodecID and CodecPrivate of each codec).

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known as codec_ids;

use super::super::input::Fields;
use super::super::{params, unsupported};
use super::ebml::{elements, find, float, unsigned};
use crate::error::AudioError;

/// Longest "stripped header"; real ones are some bytes.
const MAX_STRIPPED_BYTES: usize = 1 << 10;

/// An audio track that can be decoded.
pub(super) struct AudioTrack {
    pub number: u64,
    pub params: AudioCodecParameters,
    /// Frames per second that delays and paddings are told in.
    pub rate_hz: u64,
    /// Encoder's delay in nanoseconds.
    pub delay_ns: u64,
    /// Bytes that were cut off at the beginning of every frame.
    pub stripped: Vec<u8>,
    /// Bytes of a PCM frame; 0 for other codecs.
    pub frame_bytes: u64,
}

/// The default audio track that can be decoded, else the first that can; true if one before it cannot be decoded.
///
/// # Errors
/// [`AudioError::Unsupported`], [`AudioError::Malformed`], [`AudioError::Empty`] without an audio track.
pub(super) fn choose(tracks: &[u8]) -> Result<(AudioTrack, bool), AudioError> {
    let is_audio = |entry: &&[u8]| number(entry, 0x83, 0) == 2;
    let mut entries: Vec<&[u8]> = elements(tracks).filter(|e| e.0 == 0xAE).map(|e| e.1).filter(is_audio).collect();
    // FlagDefault and FlagEnabled are 1 unless told otherwise.
    entries.sort_by_key(|entry| number(entry, 0x88, 1) == 0 || number(entry, 0xB9, 1) == 0);
    let mut refused = None;
    for entry in entries {
        match audio_track(entry) {
            Ok(track) => return Ok((track, refused.is_some())),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(AudioError::Empty { what: "the container has no audio track" }))
}

/// A number of an entry, or what stands for it where it is left out.
fn number(body: &[u8], id: u32, default: u64) -> u64 {
    find(body, id).and_then(unsigned).unwrap_or(default)
}

fn audio_track(entry: &[u8]) -> Result<AudioTrack, AudioError> {
    let codec_id = String::from_utf8_lossy(find(entry, 0x86).unwrap_or(&[])).trim_end_matches('\0').to_string();
    let audio = find(entry, 0xE1).unwrap_or(&[]);
    let rate = |id| find(audio, id).and_then(float).filter(|rate| (1.0..4e9).contains(rate)).map(|rate| rate as u32);
    let rate_hz = rate(0xB5).unwrap_or(8000);
    let channels = u32::try_from(number(audio, 0x9F, 1)).unwrap_or(0);
    let bits = u32::try_from(number(audio, 0x6264, 0)).unwrap_or(0);
    let private = find(entry, 0x63A2).unwrap_or(&[]);
    let params = codec(&codec_id, private, rate_hz, channels, bits)?.ok_or_else(|| AudioError::Malformed {
        container: "Matroska",
        what: format!("the headers of the codec {codec_id} are damaged"),
    })?;
    // SBR doubles the core's rate; the file tells it beside.
    let out_hz = rate(0x78B5).or(params.sample_rate).unwrap_or(rate_hz);
    let count = params.channels.as_ref().map_or(0, |channels| channels.count()) as u64;
    Ok(AudioTrack {
        number: number(entry, 0xD7, 0),
        rate_hz: u64::from(out_hz),
        delay_ns: number(entry, 0x56AA, 0),
        stripped: stripped(entry)?,
        frame_bytes: u64::from(params::pcm_sample_bytes(params.codec)) * count,
        params,
    })
}

/// Codec parameters; `None` where the codec's headers are damaged.
fn codec(
    codec_id: &str,
    private: &[u8],
    rate_hz: u32,
    channels: u32,
    bits: u32,
) -> Result<Option<AudioCodecParameters>, AudioError> {
    let plain = |codec| Some(params::audio(codec, rate_hz, channels));
    Ok(match codec_id {
        "A_OPUS" => params::opus(private),
        "A_VORBIS" => vorbis(private),
        // The native stream's marker and the head of its first block stand before STREAMINFO.
        "A_FLAC" => private.strip_prefix(b"fLaC").and_then(|blocks| params::flac(blocks.get(4..)?)),
        "A_ALAC" => params::alac(private),
        "A_MPEG/L3" => plain(codec_ids::CODEC_ID_MP3),
        "A_MPEG/L2" => plain(codec_ids::CODEC_ID_MP2),
        "A_PCM/INT/LIT" => params::pcm(bits, false, true, bits != 8).and_then(plain),
        "A_PCM/INT/BIG" => params::pcm(bits, false, false, bits != 8).and_then(plain),
        "A_PCM/FLOAT/IEEE" => params::pcm(bits, true, true, true).and_then(plain),
        _ if codec_id.starts_with("A_AAC") && !private.is_empty() => Some(params::aac(private, rate_hz, channels)),
        "A_AAC/MPEG4/LC" | "A_AAC/MPEG2/LC" => plain(codec_ids::CODEC_ID_AAC),
        _ => return Err(unsupported(format!("the codec {} in Matroska", codec_id.escape_debug()))),
    })
}

/// Three headers in one, with the lengths of the first two before them (Xiph lacing).
fn vorbis(private: &[u8]) -> Option<AudioCodecParameters> {
    if private.u8_at(0)? != 2 {
        return None;
    }
    let (mut at, mut lengths) = (1, [0usize; 2]);
    for length in &mut lengths {
        loop {
            let byte = private.u8_at(at)?;
            at += 1;
            *length += usize::from(byte);
            if byte != 255 {
                break;
            }
        }
    }
    let headers = private.get(at..)?;
    let setup_at = lengths[0].checked_add(lengths[1])?;
    params::vorbis(headers.get(..lengths[0])?, headers.get(setup_at..)?)
}

/// Bytes that "header stripping" took from every frame.
fn stripped(entry: &[u8]) -> Result<Vec<u8>, AudioError> {
    let Some(encodings) = find(entry, 0x6D80) else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for (id, encoding) in elements(encodings) {
        if id != 0x6240 {
            continue;
        }
        let Some(compression) = find(encoding, 0x5034) else {
            return Err(unsupported("encrypted audio in Matroska".into()));
        };
        match find(compression, 0x4254).and_then(unsigned).unwrap_or(0) {
            3 => match find(compression, 0x4255).unwrap_or(&[]) {
                // Every packet of the file begins with them.
                bytes if bytes.len() > MAX_STRIPPED_BYTES => {
                    return Err(unsupported(
                        "packets with a stripped header of more than 1,024 bytes in Matroska".into(),
                    ));
                }
                bytes => out = bytes.to_vec(),
            },
            _ => return Err(unsupported("compressed audio packets in Matroska".into())),
        }
    }
    Ok(out)
}
