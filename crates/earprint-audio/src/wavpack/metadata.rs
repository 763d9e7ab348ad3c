//! Sub-blocks: what a block holds behind its header.

use super::Damage;
use super::header::{HEADER_BYTES, Header, flag};

/// Kinds of sub-blocks, without the bits for size.
pub(super) mod id {
    pub const DUMMY: u8 = 0x00;
    pub const ENCODER_INFO: u8 = 0x01;
    pub const TERMS: u8 = 0x02;
    pub const WEIGHTS: u8 = 0x03;
    pub const SAMPLES: u8 = 0x04;
    pub const ENTROPY: u8 = 0x05;
    pub const HYBRID: u8 = 0x06;
    pub const SHAPING: u8 = 0x07;
    pub const FLOAT: u8 = 0x08;
    pub const INT32: u8 = 0x09;
    pub const BITS: u8 = 0x0A;
    pub const CORRECTION: u8 = 0x0B;
    pub const EXTRA_BITS: u8 = 0x0C;
    pub const CHANNELS: u8 = 0x0D;
    pub const RATE: u8 = 0x27;
    pub const EXTRA_BITS_NEW: u8 = 0x2C;
    pub const CHECKSUM: u8 = 0x2F;
    /// Marks what a decoder may ignore.
    pub const OPTIONAL: u8 = 0x20;
}

/// One sub-block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SubBlock<'a> {
    pub id: u8,
    pub data: &'a [u8],
    /// Where it begins within the block, its own header included.
    pub offset: usize,
}

/// The sub-blocks of a whole block, in order; ends after the first that does not fit.
pub(super) fn sub_blocks(block: &[u8]) -> impl Iterator<Item = Result<SubBlock<'_>, Damage>> {
    let mut at = HEADER_BYTES;
    std::iter::from_fn(move || {
        let rest = block.get(at..).filter(|rest| !rest.is_empty())?;
        let read = sub_block(rest, at);
        at = match &read {
            Ok((_, length)) => at + length,
            Err(_) => block.len(),
        };
        Some(read.map(|(sub, _)| sub))
    })
}

/// The first sub-block of `rest`, and the bytes it takes with its padding.
fn sub_block(rest: &[u8], offset: usize) -> Result<(SubBlock<'_>, usize), Damage> {
    const CUT: Damage = "a sub-block ends beyond its block";
    let [kind, words, ..] = *rest else { return Err(CUT) };
    let (mut words, mut head) = (usize::from(words), 2);
    if kind & 0x80 != 0 {
        let [_, _, middle, high, ..] = *rest else { return Err(CUT) };
        words |= usize::from(middle) << 8 | usize::from(high) << 16;
        head = 4;
    }
    let padded = rest.get(head..head + 2 * words).ok_or(CUT)?;
    let odd = kind & 0x40 != 0;
    let data = if odd { padded.split_last().ok_or(CUT)?.1 } else { padded };
    Ok((SubBlock { id: kind & 0x3F, data, offset }, head + 2 * words))
}

/// Whether the block is as its encoder wrote it, by the checksum that WavPack 5 adds. Blocks without one pass.
pub(super) fn checksum_holds(block: &[u8], header: &Header) -> bool {
    if !header.has(flag::CHECKSUM) {
        return true;
    }
    let found = sub_blocks(block).flatten().filter(|sub| sub.id == id::CHECKSUM).last();
    let Some(found) = found else { return false };
    let words = block[..found.offset].as_chunks::<2>().0;
    let sum =
        words.iter().fold(u32::MAX, |sum, word| sum.wrapping_mul(3).wrapping_add(u32::from(u16::from_le_bytes(*word))));
    match *found.data {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]) == sum,
        [a, b] => u32::from(u16::from_le_bytes([a, b])) == (sum ^ sum >> 16) & 0xFFFF,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_words_and_may_be_odd_or_large() {
        let mut block = vec![0; HEADER_BYTES];
        block.extend([0x02, 1, 7, 8, 0x45, 2, 1, 2, 3, 0, 0x8A, 1, 0, 0, 9, 9]);
        let subs: Vec<_> = sub_blocks(&block).map(|s| s.map(|s| (s.id, s.data.to_vec(), s.offset))).collect();
        assert_eq!(subs, [Ok((2, vec![7, 8], 32)), Ok((5, vec![1, 2, 3], 36)), Ok((10, vec![9, 9], 42))]);
        block.extend([0x03, 2, 0]);
        assert!(sub_blocks(&block).last().expect("four").is_err());
        block.truncate(HEADER_BYTES + 1);
        assert_eq!(sub_blocks(&block).count(), 1);
    }
}
