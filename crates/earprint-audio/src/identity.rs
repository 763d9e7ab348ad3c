//! Who is it? A hash of the stream's encoded packets: the same for a renamed, moved or retagged file, another one for every
//! other encoding.
//!
//! What goes in, in this order: the version of this definition; the codec; what its decoder needs to know and packets do
//! not tell (Vorbis: identification and set-up headers, AAC: its configuration; rate, channels and sample format of plain
//! PCM; nothing for FLAC and MPEG, whose packets tell it themselves and whose headers a tagger may rewrite); then each
//! packet with its length. Tags, pictures, chunks of other kinds, seek tables and padding are no packets. A damaged
//! file has the identity of the packets that are there.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::AudioError;
use crate::limits::Limits;
use crate::stream::{Source, Stream, StreamOptions};

/// Version of the definition, hashed first.
const VERSION: &str = "earprint-audio-id-1";

/// The first 128 bits of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AudioId([u8; 16]);

impl fmt::Display for AudioId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for AudioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AudioId({self})")
    }
}

/// The hash on its way.
#[derive(Clone)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    /// `beside`: what the decoder needs beside the packets.
    pub fn new(codec: &str, beside: &[u8]) -> Self {
        let mut hash = Self(Sha256::new());
        for part in [VERSION.as_bytes(), codec.as_bytes(), beside] {
            hash.packet(part);
        }
        hash
    }

    /// A packet whose borders belong to the stream.
    pub fn packet(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Bytes of a stream without packets.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn id(&self) -> AudioId {
        let digest = self.0.clone().finalize();
        AudioId(std::array::from_fn(|i| digest[i]))
    }
}

/// What a file is, told without decoding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Hash of its packets.
    pub audio_id: AudioId,
    /// Decoder that would decode it.
    pub decoder: &'static str,
}

/// The identity of a file, by reading its packets alone.
///
/// # Errors
/// As [`Stream::open`]: what cannot be opened has no identity.
#[cfg(not(target_family = "wasm"))]
pub fn identify_path(path: &std::path::Path, limits: &Limits, options: StreamOptions) -> Result<Identity, AudioError> {
    let file = std::fs::File::open(path).map_err(|error| AudioError::io(path.display().to_string(), &error))?;
    let hint = path.extension().and_then(|e| e.to_str());
    identify(Box::new(file), hint, limits, options)
}

/// As [`identify_path`], of any source.
///
/// # Errors
/// As [`Stream::open`].
pub fn identify(
    source: Box<dyn Source>,
    hint: Option<&str>,
    limits: &Limits,
    options: StreamOptions,
) -> Result<Identity, AudioError> {
    crate::decode::guard("earprint-audio", || {
        let mut stream = Stream::open_with(source, hint, limits, StreamOptions { identify: true, ..options })?;
        stream.skip_to_end()?;
        let audio_id = stream.audio_id().expect("asked for, and the stream has ended");
        Ok(Identity { audio_id, decoder: stream.decoder() })
    })
}
