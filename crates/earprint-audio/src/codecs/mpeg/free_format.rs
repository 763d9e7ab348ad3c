//! MP3 of free format, whose bit rate is none of the table's: decoded by nanomp3, since symphonia refuses it.

use crate::codecs::track::{CodedPacket, DecodeFailure, Decoded, PacketDecoder};
use nanomp3_core::{Channels, Decoder, MAX_SAMPLES_PER_FRAME};

/// Decodes frame by frame.
pub(in crate::codecs) struct FreeFormatCodec {
    decoder: Box<Decoder>,
    bytes: Vec<u8>,
    samples: Vec<f32>,
}

impl FreeFormatCodec {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        let samples = vec![0.0; MAX_SAMPLES_PER_FRAME];
        FreeFormatCodec { decoder: Box::new(Decoder::new()), bytes: Vec::new(), samples }
    }
}

impl PacketDecoder for FreeFormatCodec {
    fn name(&self) -> &'static str {
        "nanomp3"
    }

    fn decode(&mut self, packet: &CodedPacket) -> Result<Decoded, DecodeFailure> {
        // The decoder believes in a frame whose like follows it, and measures free format by that. Our reader has
        // verified the stream and gives one frame at a time, so that the frame itself has to follow.
        self.bytes.clear();
        for _ in 0..3 {
            self.bytes.extend_from_slice(&packet.data);
        }
        match self.decoder.decode(&self.bytes, &mut self.samples) {
            (consumed, Ok(info)) if consumed == packet.data.len() => {
                let channels = if info.channels == Channels::Mono { 1 } else { 2 };
                let samples = &self.samples[..info.samples_produced * channels];
                let plane = |c: usize| samples.iter().skip(c).step_by(channels).copied().collect();
                Ok(Decoded { rate_hz: info.sample_rate, planes: (0..channels).map(plane).collect() })
            }
            _ => Err(DecodeFailure::Packet),
        }
    }
}
