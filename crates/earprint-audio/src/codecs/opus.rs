//! Opus, by the `opus-pure` crate: RFC 6716 packets to 48 kHz floats.
//!
//! The decoder's own delay (pre-skip) is trimmed by the container's reader; the header's output gain is applied here
//! (RFC 7845, section 5.1). Channels leave in the order of WAV files, as from every decoder.

use opus_pure::{OpusDecoder, OpusMSDecoder};
use symphonia::core::codecs::audio::AudioCodecParameters;

use super::track::{CodedPacket, DecodeFailure, Decoded, PacketDecoder};
use super::unsupported;
use crate::error::AudioError;

/// Every Opus stream decodes to this rate.
const RATE_HZ: u32 = 48_000;
/// Frames of the longest packet, 120 ms.
const MAX_FRAMES: usize = 5760;

/// For each channel of a WAV file, the channel of Opus's (and Vorbis's) order; RFC 7845, section 5.1.1.2.
const WAV_FROM_OPUS: [&[usize]; 8] = [
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

/// A decoder of one Opus stream.
pub(crate) struct OpusCodec {
    streams: Streams,
    order: &'static [usize],
    gain: f32,
    interleaved: Vec<f32>,
}

enum Streams {
    One(Box<OpusDecoder>),
    Many(Box<OpusMSDecoder>),
}

impl OpusCodec {
    /// A decoder by the stream's `OpusHead`, which is the parameters' extra data.
    ///
    /// # Errors
    /// [`AudioError::Malformed`] for a damaged header, [`AudioError::Unsupported`] for channel mappings other than
    /// mono, stereo and the surround layouts of family 1.
    pub fn open(params: &AudioCodecParameters) -> Result<OpusCodec, AudioError> {
        let malformed = |what: &str| AudioError::Malformed { container: "Opus", what: what.into() };
        let head = params.extra_data.as_deref().unwrap_or_default();
        if head.len() < 19 || !head.starts_with(b"OpusHead") || head[8] >> 4 != 0 {
            return Err(malformed("no OpusHead of version 1"));
        }
        let channels = usize::from(head[9]);
        let gain_q8 = i16::from_le_bytes([head[16], head[17]]);
        let family = head[18];
        let Some(order) = channels.checked_sub(1).and_then(|i| WAV_FROM_OPUS.get(i)) else {
            return Err(unsupported(format!("Opus with {channels} channels")));
        };
        let streams = match (family, channels) {
            (0, 1 | 2) => Streams::One(Box::new(
                OpusDecoder::new(RATE_HZ as i32, channels).map_err(|error| malformed(&error.to_string()))?,
            )),
            (1, _) => {
                let decoder = OpusMSDecoder::new(RATE_HZ as i32, channels, family)
                    .map_err(|error| malformed(&error.to_string()))?;
                let layout = decoder.layout();
                let told = (head.get(19), head.get(20), head.get(21..21 + channels));
                let usual = (layout.nb_streams as u8, layout.nb_coupled_streams as u8, layout.mapping.as_slice());
                if told != (Some(&usual.0), Some(&usual.1), Some(usual.2)) {
                    return Err(unsupported("Opus with an unusual assignment of channels".into()));
                }
                Streams::Many(Box::new(decoder))
            }
            _ => return Err(unsupported(format!("Opus with channel mapping family {family}"))),
        };
        let gain = libm::pow(10.0, f64::from(gain_q8) / (20.0 * 256.0)) as f32;
        Ok(OpusCodec { streams, order, gain, interleaved: vec![0.0; MAX_FRAMES * channels] })
    }
}

impl PacketDecoder for OpusCodec {
    fn name(&self) -> &'static str {
        "opus-pure"
    }

    fn decode(&mut self, packet: &CodedPacket) -> Result<Decoded, DecodeFailure> {
        // An empty packet would ask for concealment; a lost one is silence here, as for every codec.
        if packet.data.is_empty() {
            return Err(DecodeFailure::Packet);
        }
        let frames = match &mut self.streams {
            Streams::One(decoder) => decoder.decode(&packet.data, MAX_FRAMES, &mut self.interleaved),
            Streams::Many(decoder) => decoder.decode(&packet.data, MAX_FRAMES, &mut self.interleaved),
        }
        .map_err(|_| DecodeFailure::Packet)?;
        let channels = self.order.len();
        let samples = &self.interleaved[..frames * channels];
        let plane = |&from: &usize| samples.iter().skip(from).step_by(channels).map(|&x| x * self.gain).collect();
        Ok(Decoded { rate_hz: RATE_HZ, planes: self.order.iter().map(plane).collect() })
    }
}
