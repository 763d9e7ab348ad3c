//! The header frame of an MP3 file: a frame of silence that carries the number of frames, and the encoder's delay.
//!
//! Source: Xing "VBR Header SDK" (Xing/Info: flags, frame count, byte count, 100 seek points, quality), Gabriel
//! Bouvigne "Mp3 Info Tag rev 1" (LAME: delay and padding of 12 bits each), Fraunhofer IIS "VBRI header" as told by
//! Konrad Windszus, "MPEG Audio Frame Header".

use super::header::{FrameHeader, HEADER_BYTES};

/// Frames by which a layer 3 decoder delays the sound; encoders count their own delay without it.
const DECODER_DELAY: u32 = 529;

/// What a header frame tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InfoHeader {
    /// Number of MPEG frames that follow.
    pub packets: Option<u32>,
    /// Decoded frames to drop at the beginning and at the end, where the encoder tells its delay.
    pub trims: Option<(u32, u32)>,
}

impl InfoHeader {
    /// Reads a header frame; `None` for a frame of audio.
    pub fn parse(header: &FrameHeader, frame: &[u8]) -> Option<InfoHeader> {
        if header.layer != 3 {
            return None;
        }
        // Encoders count the offset from the header without its CRC. Other side information than zeros is audio.
        let side_info_end = HEADER_BYTES + header.side_info_bytes();
        let zeros_from = HEADER_BYTES + if header.has_crc { 2 } else { 0 };
        if frame.get(zeros_from..side_info_end)?.iter().any(|&byte| byte != 0) {
            return None;
        }
        xing(&frame[side_info_end..]).or_else(|| vbri(frame))
    }
}

fn xing(bytes: &[u8]) -> Option<InfoHeader> {
    if !bytes.starts_with(b"Xing") && !bytes.starts_with(b"Info") {
        return None;
    }
    let flags = word(bytes, 4)?;
    let mut at = 8;
    let mut field = |bit: u32, bytes: usize| {
        let here = at;
        let there = flags & bit != 0;
        at += if there { bytes } else { 0 };
        there.then_some(here)
    };
    let packets = field(1, 4).and_then(|at| word(bytes, at));
    field(2, 4);
    field(4, 100);
    field(8, 4);
    Some(InfoHeader { packets: packets.filter(|&count| count > 0), trims: lame(bytes.get(at..).unwrap_or(&[])) })
}

/// LAME's extension, which FFmpeg writes too. Others leave these bytes without meaning.
fn lame(bytes: &[u8]) -> Option<(u32, u32)> {
    if ![&b"LAME"[..], b"Lavf", b"Lavc"].iter().any(|&name| bytes.starts_with(name)) {
        return None;
    }
    let &[a, b, c] = bytes.get(21..24)? else { return None };
    let (delay, padding) = (u32::from(a) << 4 | u32::from(b) >> 4, u32::from(b & 15) << 8 | u32::from(c));
    Some((delay + DECODER_DELAY, padding.saturating_sub(DECODER_DELAY)))
}

/// Fraunhofer's header stands 32 bytes behind the frame's header, whatever the side information takes.
fn vbri(frame: &[u8]) -> Option<InfoHeader> {
    let bytes = frame.get(HEADER_BYTES + 32..)?;
    if !bytes.starts_with(b"VBRI") {
        return None;
    }
    Some(InfoHeader { packets: word(bytes, 14).filter(|&count| count > 0), trims: None })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_frames_tell_count_and_trims() {
        let head = [0xFF, 0xFB, 0x90, 0x00];
        let header = FrameHeader::parse(&head).expect("a header");
        let mut frame = head.to_vec();
        frame.resize(36, 0);
        frame.extend(b"Info\0\0\0\x0F\0\0\x01\x02");
        frame.resize(36 + 120, 7);
        frame.extend(b"LAME3.100\0\0\0\0\0\0\0\0\0\0\0\0\x24\x04\xB1\0\0\0");
        frame.resize(417, 0);
        let parsed = InfoHeader::parse(&header, &frame);
        // 576 and 1201 as the encoder counts them.
        assert_eq!(parsed, Some(InfoHeader { packets: Some(258), trims: Some((576 + 529, 1201 - 529)) }));
        frame[156..160].copy_from_slice(b"GOGO");
        assert_eq!(InfoHeader::parse(&header, &frame).expect("Xing alone").trims, None);
        frame[20] = 1;
        assert_eq!(InfoHeader::parse(&header, &frame), None, "side information that is in use");
        let mut vbri = head.to_vec();
        vbri.resize(36, 0);
        vbri.extend(b"VBRI\0\x01\x0D\xB1\0\x64\0\0\x10\0\0\0\0\x2A");
        vbri.resize(417, 0);
        assert_eq!(InfoHeader::parse(&header, &vbri), Some(InfoHeader { packets: Some(42), trims: None }));
    }
}
