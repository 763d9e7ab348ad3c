//! Codecs that symphonia decodes.

use symphonia::core::codecs::audio::well_known::CODEC_ID_ALAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::names::decoder_name;
use super::open_error;
use super::track::{CodedPacket, DecodeFailure, Decoded, PacketDecoder};
use crate::decode::guard;
use crate::error::AudioError;
use crate::sniff::Container;

/// A decoder of symphonia's registry.
pub(crate) struct SymphoniaCodec {
    decoder: Box<dyn AudioDecoder>,
    name: &'static str,
    is_alac: bool,
}

impl SymphoniaCodec {
    /// The decoder for a track.
    ///
    /// # Errors
    /// [`AudioError::Unsupported`], [`AudioError::Malformed`] or [`AudioError::Truncated`] where the codec's headers
    /// are damaged.
    pub fn open(params: &AudioCodecParameters, container: Container, total_bytes: u64) -> Result<Self, AudioError> {
        let name = decoder_name(params.codec);
        let decoder = guard(name, || {
            symphonia::default::get_codecs().make_audio_decoder(params, &AudioDecoderOptions::default()).map_err(
                |error| match error {
                    // A decoder reads its headers from memory: their end is damage and no failure of the source.
                    SymphoniaError::IoError(error) => {
                        AudioError::Malformed { container: container.name(), what: error.to_string() }
                    }
                    error => open_error(container, total_bytes, error),
                },
            )
        })?;
        Ok(SymphoniaCodec { decoder, name, is_alac: params.codec == CODEC_ID_ALAC })
    }
}

impl PacketDecoder for SymphoniaCodec {
    fn name(&self) -> &'static str {
        self.name
    }

    fn decode(&mut self, packet: &CodedPacket) -> Result<Decoded, DecodeFailure> {
        // Without trims: some decoders apply them and some do not; the caller does for all.
        let coded = PacketRef::new(0, Timestamp::new(0), Duration::new(packet.frames), &packet.data);
        match self.decoder.decode_ref(&coded) {
            Ok(buffer) => {
                let mut planes: Vec<Vec<f32>> = Vec::new();
                buffer.copy_to_vecs_planar(&mut planes);
                if self.is_alac {
                    back_behind_front(&mut planes);
                }
                Ok(Decoded { rate_hz: buffer.spec().rate(), planes })
            }
            Err(SymphoniaError::DecodeError(_) | SymphoniaError::IoError(_)) => Err(DecodeFailure::Packet),
            Err(error) => Err(DecodeFailure::Fatal(error.to_string())),
        }
    }
}

/// Puts ALAC of seven and eight channels in the order that containers and FFmpeg have: symphonia gives C of the back
/// before L and R of the back, and the outer pair of the front before them.
fn back_behind_front(planes: &mut [Vec<f32>]) {
    match planes.len() {
        7 => planes[4..].rotate_left(1),
        8 => planes[4..].rotate_left(2),
        _ => {}
    }
}
