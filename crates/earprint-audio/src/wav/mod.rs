//! WAV: RIFF, RF64 and BW64 with PCM, float, G.711 or ADPCM samples, and two relatives of it: Sony Wave64 and Sun AU.
//! Our own parser, because plain PCM is the fast path and because recorders leave headers in every state of damage.
//!
//! Enters: bytes, or a prefix of them and the total length. Leaves: where the samples lie and in
//! which format. Source: Microsoft "Multimedia Programming Interface 1.0" (1991) for RIFF,
//! "Multiple channel audio data and WAVE files" (2001) for `WAVE_FORMAT_EXTENSIBLE`,
//! EBU Tech 3306 (RF64) and ITU-R BS.2088 (BW64) for `ds64`.

mod adpcm;
mod au;
mod format;
mod found;
mod parse;
mod sample;
mod wave64;
mod write;

pub use adpcm::AdpcmBlocks;
pub(crate) use au::{is_au, parse_au};
pub use format::{SampleFormat, WavLayout};
pub(crate) use parse::is_placeholder;
pub use parse::{Fetch, Header, parse, parse_header, parse_with};
pub(crate) use sample::decode;
pub use sample::{f32_planes, i16_planes};
pub(crate) use wave64::{is_wave64, parse_wave64};
pub use write::{write_i16_interleaved, write_i16_mono};

/// Name of this decoder in [`crate::Clip::decoder`].
pub const DECODER: &str = "earprint-wav";

/// Whether the bytes begin like a WAV file that [`parse`] can try.
pub fn is_wav(prefix: &[u8]) -> bool {
    prefix.len() >= 12 && matches!(&prefix[..4], b"RIFF" | b"RF64" | b"BW64") && &prefix[8..12] == b"WAVE"
}
