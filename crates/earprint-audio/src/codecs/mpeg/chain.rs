//! Finding frames: four bytes that look like a header are one only if further frames follow where it ends.
//!
//! A header shows in one of some thousand random bytes; a chain of three in one of 10^14.

use super::header::{FrameHeader, HEADER_BYTES, MAX_FRAME_BYTES};
use super::tags::tag_bytes;

/// Frames that must follow each other where nothing else speaks for a stream.
pub(super) const CHAIN_FRAMES: usize = 3;

/// Longest frame of free format that is looked for, in bytes: 640 kbit/s at 16 kHz, layer 2, and some more.
pub(super) const MAX_FREE_BYTES: usize = 8192;

/// Bytes that a chain of [`CHAIN_FRAMES`] may take.
pub(super) const CHAIN_BYTES: usize = CHAIN_FRAMES * MAX_FREE_BYTES + HEADER_BYTES;

/// Bytes of a frame. `free_bytes` is the length of the stream's frames without padding where headers do not tell.
pub(super) fn frame_bytes(header: &FrameHeader, free_bytes: Option<usize>) -> Option<usize> {
    header.bytes().or_else(|| Some(free_bytes? + header.padding_bytes()))
}

/// What follows a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    /// As many frames as were asked for.
    Whole,
    /// So many whole frames up to the end of the source or a tag.
    Ends(usize),
    /// No header stands where the chain goes on.
    Broken,
}

/// Follows the chain of frames from the beginning of `bytes`, whose end is the end of the source where they are
/// shorter than the chain.
pub(super) fn follow(bytes: &[u8], free_bytes: Option<usize>, frames: usize) -> Chain {
    let Some(first) = FrameHeader::parse(bytes) else { return Chain::Broken };
    let (mut header, mut at) = (first, 0);
    for whole in 0..frames {
        let Some(size) = frame_bytes(&header, free_bytes) else { return Chain::Broken };
        if size < HEADER_BYTES {
            return Chain::Broken;
        }
        at += size;
        if at > bytes.len() {
            return Chain::Ends(whole);
        }
        if whole + 1 == frames {
            break;
        }
        let rest = &bytes[at..];
        if rest.len() < HEADER_BYTES || tag_bytes(rest).is_some() {
            return Chain::Ends(whole + 1);
        }
        match FrameHeader::parse(rest) {
            Some(next) if next.may_follow(&first) => header = next,
            _ => return Chain::Broken,
        }
    }
    Chain::Whole
}

/// Length without padding of a free-format frame at the beginning of `bytes`: the distance to the next header that
/// continues a chain.
pub(super) fn find_free_bytes(bytes: &[u8]) -> Option<usize> {
    let first = FrameHeader::parse(bytes).filter(|header| header.kbps == 0)?;
    let end = bytes.len().saturating_sub(HEADER_BYTES).min(MAX_FREE_BYTES);
    let shortest = HEADER_BYTES + first.side_info_bytes();
    (shortest..=end)
        .filter(|&at| bytes[at] == 0xFF && FrameHeader::parse(&bytes[at..]).is_some_and(|h| h.may_follow(&first)))
        .map(|at| at - first.padding_bytes())
        .find(|&size| matches!(follow(bytes, Some(size), CHAIN_FRAMES), Chain::Whole | Chain::Ends(1..)))
}

/// First offset in `bytes` from which a chain of frames follows, and the length of free-format frames. Within `free_limit`
/// bytes free format is looked for too. `ended`: the bytes end with the source; without it the last [`CHAIN_BYTES`]
/// are not judged.
pub(super) fn search(bytes: &[u8], ended: bool, free_limit: usize) -> Option<(usize, Option<usize>)> {
    let end = if ended { bytes.len() } else { bytes.len().saturating_sub(CHAIN_BYTES) };
    let mut at = 0;
    while let Some(step) = bytes[at..end].iter().position(|&byte| byte == 0xFF) {
        at += step;
        let rest = &bytes[at..];
        if let Some(header) = FrameHeader::parse(rest) {
            let free = if header.kbps == 0 && at < free_limit { find_free_bytes(rest) } else { None };
            match follow(rest, free, CHAIN_FRAMES) {
                Chain::Whole | Chain::Ends(2..) => return Some((at, free)),
                _ => {}
            }
        }
        at += 1;
    }
    None
}

const _: () = assert!(CHAIN_FRAMES * MAX_FRAME_BYTES + HEADER_BYTES <= CHAIN_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        let mut frame = vec![0xFF, 0xFB, 0x90, 0x00];
        frame.resize(417, 0);
        frame
    }

    #[test]
    fn a_chain_needs_frames_that_follow_each_other() {
        let bytes = frame().repeat(4);
        assert_eq!(follow(&bytes, None, 3), Chain::Whole);
        assert_eq!(follow(&bytes[..900], None, 3), Chain::Ends(2));
        assert_eq!(follow(&[&bytes[..834], &[0; 900][..]].concat(), None, 3), Chain::Broken);
        assert_eq!(follow(&[&bytes[..834], b"TAGtitle"].concat(), None, 3), Chain::Ends(2));
        let junk = [vec![0xFF, 0xFB, 0x90, 0x00, 1, 2, 3], bytes].concat();
        assert_eq!(search(&junk, true, 0), Some((7, None)));
        assert_eq!(search(&junk[..424], true, 0), None, "a frame behind junk is not enough");
    }

    #[test]
    fn free_format_is_measured() {
        let mut frame = vec![0xFF, 0xFB, 0x00, 0x00];
        frame.resize(1306, 0x55);
        let mut padded = frame.clone();
        padded[2] |= 2;
        padded.push(0x55);
        let bytes = [padded, frame.clone(), frame].concat();
        assert_eq!(find_free_bytes(&bytes), Some(1306));
        assert_eq!(search(&bytes, true, 1), Some((0, Some(1306))));
    }
}
