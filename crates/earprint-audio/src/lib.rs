//! Decoding: bytes or planar samples become a [`Clip`].
//!
//! Enters: files, byte buffers, streams, channels of a browser's `AudioBuffer`. Leaves: planar
//! samples that are finite and have a known rate, as a whole ([`decode`]) or block by block in
//! constant memory ([`Stream`]); one channel of them ([`Clip::mono`]); another rate
//! ([`resample`]).
//!
//! This is the only crate that parses foreign data. It never panics on it, never reserves memory
//! by an unchecked header field, and ends on every input: each loop consumes input or counts down.
//! WAV, Wave64, AU ([`wav`]) and WavPack are read and decoded here. All other containers but FLAC and AIFF are read here too;
//! their packets are decoded by symphonia (FLAC, MP3, Vorbis, ALAC, PCM), syom (AAC), opus-pure (Opus) and nanomp3
//! (free-format MP3). Features: `codecs` for FLAC, MP3 and Vorbis, `more-codecs` for the rest.
//! No text on stdout or stderr, no threads, no files except through [`walk`] and the `_path`
//! functions, which browsers do not get.

mod bounded;
mod clip;
#[cfg(feature = "codecs")]
mod codecs;
mod decode;
mod error;
mod finite;
pub mod formats;
mod identity;
mod limits;
#[cfg(all(feature = "resample", not(target_family = "wasm")))]
mod mono;
#[cfg(feature = "codecs")]
mod mp4_index;
mod note;
mod other_kinds;
mod pcm;
mod pipe;
#[cfg(feature = "resample")]
mod planar;
mod recognize;
#[cfg(feature = "resample")]
mod resample;
#[cfg(all(feature = "codecs", not(windows)))]
mod same_math;
mod sniff;
mod stream;
mod unread;
#[cfg(not(target_family = "wasm"))]
pub mod walk;
pub mod wav;
#[cfg(feature = "more-codecs")]
mod wavpack;

pub use clip::{Clip, Mono, Samples, f32_from_i16};
#[cfg(not(target_family = "wasm"))]
pub use decode::decode_path;
pub use decode::{decode, decode_guarded, guarded_decoder};
pub use error::AudioError;
pub use finite::{MAX_MAGNITUDE, Repairs, make_finite};
#[cfg(not(target_family = "wasm"))]
pub use identity::identify_path;
pub use identity::{AudioId, Identity, identify};
pub use limits::Limits;
#[cfg(all(feature = "resample", not(target_family = "wasm")))]
pub use mono::{MonoClip, mono_path, mono_stream};
pub use note::{Note, Partial};
pub use pcm::PcmFormat;
pub use pipe::{is_adpcm, reads_forward};
#[cfg(feature = "resample")]
pub use planar::PlanarStream;
#[cfg(feature = "resample")]
pub use resample::{Resampler, resample, resampled_len};
pub use sniff::{Container, KNOWN, SNIFF_BYTES, printable, sniff};
pub use stream::{Block, Source, Stream, StreamOptions};
pub use unread::UnreadCounts;
