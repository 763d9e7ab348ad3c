//! The 32 bytes before each block.

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 32;
/// Largest block, header included: the reference refuses larger ones too.
pub(super) const MAX_BLOCK_BYTES: usize = 1 << 20;
/// Largest number of frames in a block.
const MAX_BLOCK_FRAMES: u32 = 0x3_0000;
/// Stream versions of WavPack 4 and 5.
const VERSIONS: std::ops::RangeInclusive<u16> = 0x402..=0x410;

/// Sample rates by index; 15 says that a sub-block tells it.
const RATES_HZ: [u32; 15] =
    [6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 192_000];

/// Bits of the flags.
pub(super) mod flag {
    pub const MONO: u32 = 1 << 2;
    pub const HYBRID: u32 = 1 << 3;
    pub const JOINT_STEREO: u32 = 1 << 4;
    pub const FLOAT: u32 = 1 << 7;
    pub const INT32: u32 = 1 << 8;
    pub const HYBRID_BITRATE: u32 = 1 << 9;
    pub const HYBRID_BALANCE: u32 = 1 << 10;
    pub const INITIAL: u32 = 1 << 11;
    pub const FINAL: u32 = 1 << 12;
    pub const CHECKSUM: u32 = 1 << 28;
    pub const FALSE_STEREO: u32 = 1 << 30;
    pub const DSD: u32 = 1 << 31;
}

/// A block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the block, header included.
    pub block_bytes: usize,
    pub version: u16,
    /// Number of the block's first frame.
    pub index: u64,
    /// Frames of the whole file, if the encoder knew; of use in the first block only.
    pub total: Option<u64>,
    /// Frames in the block; 0 where it holds only what stands beside the audio.
    pub frames: u32,
    pub flags: u32,
    /// Check value of the decoded integers.
    pub crc: u32,
}

impl Header {
    /// `None` for what is no header of a block of audio.
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let bytes: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
        if &bytes[..4] != b"wvpk" {
            return None;
        }
        let u32_at = |i: usize| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        let size = u32_at(4);
        let header = Header {
            block_bytes: usize::try_from(size).ok()?.checked_add(8)?,
            version: u16::from_le_bytes([bytes[8], bytes[9]]),
            index: u64::from(u32_at(16)) | u64::from(bytes[10]) << 32,
            // The upper byte counts steps of 2^32 - 1, because the lower word keeps all ones for "unknown".
            total: (u32_at(12) != u32::MAX)
                .then(|| u64::from(u32_at(12)) + (u64::from(bytes[11]) << 32) - u64::from(bytes[11])),
            frames: u32_at(20),
            flags: u32_at(24),
            crc: u32_at(28),
        };
        let sound = size.is_multiple_of(2)
            && (HEADER_BYTES..=MAX_BLOCK_BYTES).contains(&header.block_bytes)
            && VERSIONS.contains(&header.version)
            && header.frames < MAX_BLOCK_FRAMES;
        sound.then_some(header)
    }

    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether one channel is coded, though two may be meant.
    pub fn one_coded(&self) -> bool {
        self.has(flag::MONO | flag::FALSE_STEREO)
    }

    /// Channels that the block gives, 1 or 2.
    pub fn channels(&self) -> usize {
        if self.has(flag::MONO) { 1 } else { 2 }
    }

    /// Bytes of one sample in the original file, 1 to 4.
    pub fn sample_bytes(&self) -> u32 {
        (self.flags & 3) + 1
    }

    /// Zero bits below each sample.
    pub fn shift(&self) -> u32 {
        self.flags >> 13 & 0x1F
    }

    /// Sample rate by the flags; `None` if a sub-block tells it.
    pub fn rate_hz(&self) -> Option<u32> {
        RATES_HZ.get((self.flags >> 23 & 15) as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_format_says() {
        let mut bytes = b"wvpk\x18\0\0\0\x10\x04\x01\x02\xFE\xFF\xFF\xFF\x05\0\0\0\x10\x27\0\0".to_vec();
        bytes.extend((flag::INITIAL | flag::FINAL | 9 << 23 | 4 << 13 | 1).to_le_bytes());
        bytes.extend([1, 2, 3, 4]);
        let header = Header::read(&bytes).expect("a header");
        assert_eq!((header.block_bytes, header.version, header.frames), (32, 0x410, 10_000));
        assert_eq!((header.index, header.total), ((1 << 32) + 5, Some(0xFFFF_FFFE + (2 << 32) - 2)));
        assert_eq!(
            (header.rate_hz(), header.sample_bytes(), header.shift(), header.channels()),
            (Some(44_100), 2, 4, 2)
        );
        assert_eq!(header.crc, 0x0403_0201);
        bytes[12] = 0xFF;
        assert_eq!(Header::read(&bytes).expect("a header").total, None);
        for (at, wrong) in [(0, b'W'), (4, 0x19), (4, 0x10), (7, 1), (8, 0x11), (9, 5), (22, 3)] {
            let mut damaged = bytes.clone();
            damaged[at] = wrong;
            assert_eq!(Header::read(&damaged), None, "byte {at}");
        }
        assert_eq!(Header::read(&bytes[..31]), None);
    }
}
