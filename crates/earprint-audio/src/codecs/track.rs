//! The two halves of every container but WAV: a reader that cuts a file into packets, and a decoder that turns a
//! packet into samples.

use symphonia::core::codecs::audio::AudioCodecParameters;

use crate::error::AudioError;

/// What the packets of a track are coded with, and how long the track says it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    /// Codec, rate, channels and the codec's own headers.
    pub params: AudioCodecParameters,
    /// Length in frames as the container tells it, after trimming; never reserve memory by it.
    pub frames_hint: Option<u64>,
    /// Frames that must come for the track to be complete; `None` where the container only estimates.
    pub required: Option<u64>,
}

/// One packet of a track.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodedPacket {
    /// The codec's bytes.
    pub data: Box<[u8]>,
    /// Frames that it stands for, without those that are trimmed: the length of the silence that replaces it if it
    /// is damaged. 0 where the container does not tell.
    pub frames: u64,
    /// Decoded frames to drop at its beginning: the encoder's delay.
    pub trim_start: u64,
    /// Decoded frames to drop at its end: the encoder's padding.
    pub trim_end: u64,
}

/// What a reader gives next.
pub(crate) enum Next {
    /// A packet of the current track.
    Packet(CodedPacket),
    /// Another stream follows, as in chained Ogg and joined MP3 files; [`PacketReader::track`] describes it.
    NewTrack,
    /// The end; with words if it comes early.
    End(Option<String>),
}

/// Cuts a container into the packets of one audio track.
pub(crate) trait PacketReader: Send + Sync {
    /// The track that the next packets belong to.
    fn track(&self) -> &Track;

    /// The next packet. Damage is skipped or ends the track with words; it is no error.
    ///
    /// # Errors
    /// [`AudioError::Io`] where the source itself fails.
    fn next_packet(&mut self) -> Result<Next, AudioError>;

    /// What was worked around while reading, in words, once the end has come.
    fn repaired(&self) -> Option<&'static str> {
        None
    }
}

/// Decoded samples of one packet.
pub(crate) struct Decoded {
    /// Frames per second.
    pub rate_hz: u32,
    /// Planar samples, all channels equally long, possibly empty.
    pub planes: Vec<Vec<f32>>,
}

/// Why a packet gave no samples.
#[derive(Debug)]
pub(crate) enum DecodeFailure {
    /// This packet is damaged; the next one may be sound.
    Packet,
    /// The decoder cannot go on, in words.
    Fatal(String),
}

/// Decodes the packets of one track.
pub(crate) trait PacketDecoder: Send + Sync {
    /// Name for records, such as `symphonia-mp3`.
    fn name(&self) -> &'static str;

    /// The samples of a packet, before trimming.
    ///
    /// # Errors
    /// [`DecodeFailure`].
    fn decode(&mut self, packet: &CodedPacket) -> Result<Decoded, DecodeFailure>;
}
