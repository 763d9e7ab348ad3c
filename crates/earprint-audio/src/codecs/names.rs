//! Words for codecs: the decoder's name in records, and what an identity is made with.

use symphonia::core::codecs::audio::well_known as codec_ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use crate::identity::Hasher;

/// The hash of a track's packets before the first one.
pub(super) fn hasher(params: &AudioCodecParameters) -> Hasher {
    let codec = identity_name(params.codec);
    let mut beside = Vec::new();
    match params.codec {
        // Every packet tells rate and channels; taggers and repair tools may rewrite what stands before them.
        codec_ids::CODEC_ID_FLAC | codec_ids::CODEC_ID_MP3 | codec_ids::CODEC_ID_MP2 => {}
        _ => {
            let rate = params.sample_rate.unwrap_or(0);
            let channels = params.channels.as_ref().map_or(0, |c| c.count());
            beside.extend(format!("{} {rate} {channels} ", pcm_name(params.codec)).bytes());
            beside.extend(params.extra_data.iter().flatten());
        }
    }
    Hasher::new(codec, &beside)
}

/// How samples are stored, as identities spell it: libraries keep those for years, so the words stand here and not in a
/// dependency. Empty for what is no PCM; its codec is told beside.
fn pcm_name(codec: AudioCodecId) -> &'static str {
    macro_rules! names {
        ($($name:ident)*) => {
            match codec {
                $(codec_ids::$name => stringify!($name).trim_start_matches("CODEC_ID_PCM_"),)*
                _ => "",
            }
        };
    }
    names! {
        CODEC_ID_PCM_ALAW
        CODEC_ID_PCM_F32BE
        CODEC_ID_PCM_F32BE_PLANAR
        CODEC_ID_PCM_F32LE
        CODEC_ID_PCM_F32LE_PLANAR
        CODEC_ID_PCM_F64BE
        CODEC_ID_PCM_F64BE_PLANAR
        CODEC_ID_PCM_F64LE
        CODEC_ID_PCM_F64LE_PLANAR
        CODEC_ID_PCM_MULAW
        CODEC_ID_PCM_S16BE
        CODEC_ID_PCM_S16BE_PLANAR
        CODEC_ID_PCM_S16LE
        CODEC_ID_PCM_S16LE_PLANAR
        CODEC_ID_PCM_S24BE
        CODEC_ID_PCM_S24BE_PLANAR
        CODEC_ID_PCM_S24LE
        CODEC_ID_PCM_S24LE_PLANAR
        CODEC_ID_PCM_S32BE
        CODEC_ID_PCM_S32BE_PLANAR
        CODEC_ID_PCM_S32LE
        CODEC_ID_PCM_S32LE_PLANAR
        CODEC_ID_PCM_S8
        CODEC_ID_PCM_S8_PLANAR
        CODEC_ID_PCM_U16BE
        CODEC_ID_PCM_U16BE_PLANAR
        CODEC_ID_PCM_U16LE
        CODEC_ID_PCM_U16LE_PLANAR
        CODEC_ID_PCM_U24BE
        CODEC_ID_PCM_U24BE_PLANAR
        CODEC_ID_PCM_U24LE
        CODEC_ID_PCM_U24LE_PLANAR
        CODEC_ID_PCM_U32BE
        CODEC_ID_PCM_U32BE_PLANAR
        CODEC_ID_PCM_U32LE
        CODEC_ID_PCM_U32LE_PLANAR
        CODEC_ID_PCM_U8
        CODEC_ID_PCM_U8_PLANAR
    }
}

/// The codec as identities spell it. Libraries keep those for years, so these words stay although another decoder
/// may read the codec one day.
fn identity_name(codec: AudioCodecId) -> &'static str {
    match codec {
        codec_ids::CODEC_ID_FLAC => "symphonia-flac",
        codec_ids::CODEC_ID_MP3 => "symphonia-mp3",
        codec_ids::CODEC_ID_MP2 => "symphonia-mp2",
        codec_ids::CODEC_ID_VORBIS => "symphonia-vorbis",
        codec_ids::CODEC_ID_AAC => "symphonia-aac",
        codec_ids::CODEC_ID_ALAC => "symphonia-alac",
        // All the PCM variants of AIFF, CAF and MP4.
        _ => "symphonia-pcm",
    }
}

/// The name of symphonia's decoder for a codec, for records.
pub(super) fn decoder_name(codec: AudioCodecId) -> &'static str {
    identity_name(codec)
}
