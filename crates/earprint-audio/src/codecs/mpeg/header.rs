//! Header of an MPEG audio frame: 4 bytes that tell version, layer, bit rate, sample rate and channels.
//!
//! Source: ISO/IEC 11172-3 §2.4.1.3 and §2.4.2.3, ISO/IEC 13818-3 §2.4.2.3. Version 2.5 extends 13818-3 to halved
//! rates and is in no standard; its header differs by one bit of the sync word.

/// Length of a header in bytes.
pub(super) const HEADER_BYTES: usize = 4;

/// Longest frame with a bit rate in its header: layer 2, MPEG-2.5, 160 kbit/s at 8 kHz.
pub(super) const MAX_FRAME_BYTES: usize = 2881;

/// Bit rates in kbit/s by index 1 to 14.
const KBPS: [[u16; 14]; 5] = [
    // MPEG-1, layers 1, 2, 3
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    // MPEG-2 and 2.5, layer 1; layers 2 and 3
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Generation of the standard, which halves the sample rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 32 to 48 kHz.
    Mpeg1,
    /// 16 to 24 kHz.
    Mpeg2,
    /// 8 to 12 kHz.
    Mpeg25,
}

/// A parsed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub version: Version,
    /// 1, 2 or 3.
    pub layer: u8,
    /// Frames per second.
    pub rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Bit rate in kbit/s; 0 for free format, where the header does not tell it.
    pub kbps: u16,
    /// One slot more than the bit rate gives.
    pub padded: bool,
    /// Two bytes of CRC follow the header.
    pub has_crc: bool,
}

impl FrameHeader {
    /// Parses the first four bytes; `None` where they are no header or hold reserved values.
    pub fn parse(bytes: &[u8]) -> Option<FrameHeader> {
        let &[0xFF, b, c, d, ..] = bytes else { return None };
        if b & 0xE0 != 0xE0 {
            return None;
        }
        let version = match b >> 3 & 3 {
            0 => Version::Mpeg25,
            2 => Version::Mpeg2,
            3 => Version::Mpeg1,
            _ => return None,
        };
        let layer = match b >> 1 & 3 {
            0 => return None,
            bits => 4 - bits,
        };
        let row = match (version, layer) {
            (Version::Mpeg1, layer) => usize::from(layer) - 1,
            (_, 1) => 3,
            _ => 4,
        };
        let kbps = match c >> 4 {
            0 => 0,
            15 => return None,
            index => KBPS[row][usize::from(index) - 1],
        };
        let rate_hz = match c >> 2 & 3 {
            0 => 44_100,
            1 => 48_000,
            2 => 32_000,
            _ => return None,
        } >> match version {
            Version::Mpeg1 => 0,
            Version::Mpeg2 => 1,
            Version::Mpeg25 => 2,
        };
        let channels = if d >> 6 == 3 { 1 } else { 2 };
        Some(FrameHeader { version, layer, rate_hz, channels, kbps, padded: c & 2 != 0, has_crc: b & 1 == 0 })
    }

    /// Frames (samples per channel) that it decodes to.
    pub fn frames(&self) -> u32 {
        match (self.layer, self.version) {
            (1, _) => 384,
            (3, Version::Mpeg2 | Version::Mpeg25) => 576,
            _ => 1152,
        }
    }

    /// Bytes of the slot that bit rates are rounded to.
    fn slot_bytes(&self) -> usize {
        if self.layer == 1 { 4 } else { 1 }
    }

    /// Bytes of padding in this frame.
    pub fn padding_bytes(&self) -> usize {
        if self.padded { self.slot_bytes() } else { 0 }
    }

    /// Length in bytes with the header; `None` for free format.
    pub fn bytes(&self) -> Option<usize> {
        if self.kbps == 0 {
            return None;
        }
        let bits_per_slot = 8 * self.slot_bytes() as u32;
        let slots = self.frames() * u32::from(self.kbps) * 1000 / (self.rate_hz * bits_per_slot);
        Some(slots as usize * self.slot_bytes() + self.padding_bytes())
    }

    /// Length in bytes of layer 3's side information.
    pub fn side_info_bytes(&self) -> usize {
        match (self.version, self.channels) {
            (Version::Mpeg1, 1) => 17,
            (Version::Mpeg1, _) => 32,
            (_, 1) => 9,
            _ => 17,
        }
    }

    /// Whether two frames may follow each other: version, layer and rate stay, and so does free format. Bit rate and
    /// channels may change.
    pub fn may_follow(&self, other: &FrameHeader) -> bool {
        (self.version, self.layer, self.rate_hz, self.kbps == 0)
            == (other.version, other.layer, other.rate_hz, other.kbps == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_standard() {
        let bytes = |header: [u8; 4]| FrameHeader::parse(&header).expect("a header").bytes();
        // MPEG-1 layer 3, 128 kbit/s, 44.1 kHz: 144 · 128,000 / 44,100, with padding one byte more.
        assert_eq!(bytes([0xFF, 0xFB, 0x90, 0x00]), Some(417));
        assert_eq!(bytes([0xFF, 0xFB, 0x92, 0x00]), Some(418));
        // MPEG-2.5 layer 3, 8 kbit/s, 8 kHz, mono: 72 · 8,000 / 8,000.
        assert_eq!(bytes([0xFF, 0xE3, 0x18, 0xC0]), Some(72));
        // MPEG-1 layer 1, 384 kbit/s, 44.1 kHz: (12 · 384,000 / 44,100) · 4, padding is a slot of 4 bytes.
        assert_eq!(bytes([0xFF, 0xFF, 0xC2, 0x00]), Some(104 * 4 + 4));
        // MPEG-2 layer 2, 160 kbit/s, 24 kHz: 144 · 160,000 / 24,000.
        assert_eq!(bytes([0xFF, 0xF5, 0xE4, 0x00]), Some(960));
        assert_eq!(bytes([0xFF, 0xE5, 0xEA, 0x00]), Some(MAX_FRAME_BYTES));
        assert_eq!(bytes([0xFF, 0xFB, 0x00, 0x00]), None, "free format");
    }

    #[test]
    fn reserved_values_are_no_header() {
        for header in [[0xFF, 0xEB, 0x90, 0], [0xFF, 0xF9, 0x90, 0], [0xFF, 0xFB, 0xF0, 0], [0xFF, 0xFB, 0x9C, 0]] {
            assert_eq!(FrameHeader::parse(&header), None, "{header:02x?}");
        }
        assert_eq!(FrameHeader::parse(&[0xFF, 0xFB, 0x90]), None, "too short");
    }
}
