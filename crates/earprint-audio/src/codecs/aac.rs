//! AAC: LC, Main, LTP, HE-AAC with SBR and parametric stereo, one to eight channels, decoded by `syom`.

use syom::{AacError, ChannelMode, DecodeOptions, Decoder, UnsupportedFeature};

use symphonia::core::codecs::audio::AudioCodecParameters;

use super::params::{AAC_RATES_HZ, AacConfig};
use super::track::{CodedPacket, DecodeFailure, Decoded, PacketDecoder};
use super::unsupported;
use crate::decode::guard;
use crate::error::AudioError;
use crate::sniff::Container;

/// Name for records.
const NAME: &str = "syom-aac";

/// A decoder of AAC access units.
pub(super) struct AacCodec {
    config: Vec<u8>,
    decoder: Decoder,
}

impl AacCodec {
    /// The decoder for a track; a stream without AudioSpecificConfig (ADTS) gets one from rate and channels.
    ///
    /// # Errors
    /// [`AudioError::Unsupported`] for object types no decoder here reads, [`AudioError::Malformed`].
    pub fn open(params: &AudioCodecParameters, container: Container) -> Result<Self, AudioError> {
        let config = match &params.extra_data {
            Some(config) => config.to_vec(),
            None => plain_config(params).ok_or_else(|| AudioError::Malformed {
                container: container.name(),
                what: "the AAC track has no configuration".into(),
            })?,
        };
        let decoder = guard(NAME, || decoder(&config).map_err(|error| open_error(container, &config, error)))?;
        Ok(AacCodec { config, decoder })
    }
}

impl PacketDecoder for AacCodec {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&mut self, packet: &CodedPacket) -> Result<Decoded, DecodeFailure> {
        let mut decoded = Decoded { rate_hz: 0, planes: Vec::new() };
        let result = self.decoder.decode_au(&packet.data, |frame| {
            decoded.rate_hz = frame.sample_rate;
            decoded.planes = frame.planar.iter().map(|plane| plane.to_vec()).collect();
            Ok(())
        });
        match result {
            Ok(()) => Ok(decoded),
            Err(AacError::Unsupported(what)) => Err(DecodeFailure::Fatal(what.to_string())),
            Err(_) => {
                // A failed decoder gives nothing more; a new one goes on with the next packet.
                self.decoder = decoder(&self.config).map_err(|error| DecodeFailure::Fatal(error.to_string()))?;
                Err(DecodeFailure::Packet)
            }
        }
    }
}

/// Rate in Hz and frames of the first of `packets` that decodes: SBR doubles both, and may be told by packets alone.
pub(super) fn measure(params: &AudioCodecParameters, container: Container, packets: &[Vec<u8>]) -> Option<(u32, u64)> {
    let mut codec = AacCodec::open(params, container).ok()?;
    packets.iter().find_map(|data| {
        let packet = CodedPacket { data: data.as_slice().into(), ..CodedPacket::default() };
        let decoded = guard(NAME, || Ok(codec.decode(&packet).ok())).ok()??;
        Some((decoded.rate_hz, decoded.planes.first()?.len() as u64)).filter(|found| found.1 > 0)
    })
}

fn decoder(config: &[u8]) -> Result<Decoder, AacError> {
    // The length has its bound elsewhere; a packet and the channels keep theirs.
    let options = DecodeOptions::unbounded().with_channel_mode(ChannelMode::Split);
    Decoder::from_asc(config, options)
}

/// An AudioSpecificConfig of an LC stream, or of the profile that an ADTS header names.
fn plain_config(params: &AudioCodecParameters) -> Option<Vec<u8>> {
    let rate_hz = params.sample_rate?;
    let index = AAC_RATES_HZ.iter().position(|&rate| rate == rate_hz)? as u16;
    let object_type = params.profile.map_or(2, |profile| profile.get() as u16 + 1);
    let channels = match params.channels.as_ref().map_or(0, |channels| channels.count()) {
        8 => 7,
        n @ 0..=6 => n as u16,
        _ => return None,
    };
    Some((object_type << 11 | index << 7 | channels << 3).to_be_bytes().to_vec())
}

fn open_error(container: Container, config: &[u8], error: AacError) -> AudioError {
    let told = AacConfig::parse(config);
    match error {
        AacError::Unsupported(UnsupportedFeature::AudioObjectType(_)) => {
            let object_type = told.map_or(0, |told| told.object_type);
            unsupported(format!("AAC of object type {object_type} ({})", object_type_name(object_type)))
        }
        AacError::Unsupported(what) => unsupported(format!("AAC ({what})")),
        error => AudioError::Malformed { container: container.name(), what: error.to_string() },
    }
}

/// Names of object types that are met in files: ISO/IEC 14496-3, table 1.17.
fn object_type_name(object_type: u32) -> &'static str {
    match object_type {
        3 => "AAC SSR",
        6 | 20 => "AAC scalable",
        17 => "ER AAC LC",
        23 => "ER AAC LD",
        39 => "ER AAC ELD",
        42 => "USAC, xHE-AAC",
        36 => "MPEG-4 ALS",
        34 => "MP3 in MPEG-4",
        _ => "not AAC LC or HE-AAC",
    }
}
