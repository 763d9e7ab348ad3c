//! Vorbis headers and the length of a packet.
//!
//! Source: "Vorbis I specification" (Xiph.Org, 2020), sections 3.2.1, 4.2, 4.3, 6.2.2, 7.2.2 and 8.6.1. The set-up
//! header is read whole, since what is wanted, the block size of each mode, stands at its end.

/// What the headers say that a demuxer must know.
#[derive(Clone, Debug)]
pub(super) struct VorbisHeaders {
    pub rate_hz: u32,
    pub channels: u8,
    /// Log2 of the two block sizes.
    block_exponents: [u8; 2],
    /// For each mode, whether its blocks are long.
    long_modes: Vec<bool>,
    /// Bits that a packet spends on its mode.
    mode_bits: u32,
}

/// The identification header: rate, channels, block sizes.
pub(super) fn identification(packet: &[u8]) -> Option<VorbisHeaders> {
    let body = packet.strip_prefix(b"\x01vorbis")?;
    if body.len() < 23 || body[..4] != [0; 4] {
        return None;
    }
    let channels = body[4];
    let rate_hz = u32::from_le_bytes([body[5], body[6], body[7], body[8]]);
    let block_exponents = [body[21] & 15, body[21] >> 4];
    let sound = channels > 0
        && rate_hz > 0
        && block_exponents.iter().all(|e| (6..=13).contains(e))
        && block_exponents[0] <= block_exponents[1];
    sound.then_some(VorbisHeaders { rate_hz, channels, block_exponents, long_modes: Vec::new(), mode_bits: 0 })
}

impl VorbisHeaders {
    /// Takes the modes from the set-up header; `None` if it breaks its own rules.
    pub fn set_up(&mut self, packet: &[u8]) -> Option<()> {
        let mut bits = Bits { bytes: packet.strip_prefix(b"\x05vorbis")?, at: 0 };
        for _ in 0..bits.take(8)? + 1 {
            codebook(&mut bits)?;
        }
        for _ in 0..bits.take(6)? + 1 {
            bits.skip(16)?;
        }
        for _ in 0..bits.take(6)? + 1 {
            floor(&mut bits)?;
        }
        for _ in 0..bits.take(6)? + 1 {
            residue(&mut bits)?;
        }
        for _ in 0..bits.take(6)? + 1 {
            mapping(&mut bits, self.channels)?;
        }
        let modes = bits.take(6)? + 1;
        self.long_modes = (0..modes)
            .map(|_| {
                let long = bits.take(1)? == 1;
                bits.skip(16 + 16 + 8)?;
                Some(long)
            })
            .collect::<Option<_>>()?;
        self.mode_bits = bit_length(modes - 1);
        (bits.take(1)? == 1).then_some(())
    }

    /// Log2 of the block size of an audio packet; `None` for what is no audio packet.
    pub fn block_exponent(&self, packet: &[u8]) -> Option<u8> {
        let mut bits = Bits { bytes: packet, at: 0 };
        if bits.take(1)? != 0 {
            return None;
        }
        let long = *self.long_modes.get(bits.take(self.mode_bits)? as usize)?;
        Some(self.block_exponents[usize::from(long)])
    }

    /// Frames that a packet adds: a quarter of its block and of the one before.
    pub fn frames(before: u8, now: u8) -> u64 {
        (1 << before >> 2) + (1 << now >> 2)
    }
}

/// Section 3.2.1.
fn codebook(bits: &mut Bits<'_>) -> Option<()> {
    if bits.take(24)? != 0x56_4342 {
        return None;
    }
    let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
    if bits.take(1)? == 0 {
        let sparse = bits.take(1)? == 1;
        for _ in 0..entries {
            if !sparse || bits.take(1)? == 1 {
                bits.skip(5)?;
            }
        }
    } else {
        bits.skip(5)?;
        let mut done = 0;
        while done < entries {
            done += bits.take(bit_length(entries - done))?;
            // A length that no entry has costs bits too, so this ends.
        }
        if done > entries {
            return None;
        }
    }
    let lookup = bits.take(4)?;
    if lookup == 0 {
        return Some(());
    }
    bits.skip(32 + 32)?;
    let value_bits = u64::from(bits.take(4)? + 1);
    bits.skip(1)?;
    let values = match lookup {
        1 => u64::from(lookup1_values(entries, dimensions)?),
        2 => u64::from(entries) * u64::from(dimensions),
        _ => return None,
    };
    bits.skip(values * value_bits)
}

/// The greatest integer whose `dimensions`-th power is at most `entries`; section 9.2.3.
fn lookup1_values(entries: u32, dimensions: u32) -> Option<u32> {
    match dimensions {
        0 => return None,
        1 => return Some(entries),
        _ => {}
    }
    let fits = |root: u32| {
        let mut power = 1u64;
        // Powers above 1 outgrow 24 bits within 24 factors, so this ends soon.
        root <= 1 && entries >= root
            || (0..dimensions).all(|_| {
                power = power.saturating_mul(u64::from(root));
                power <= u64::from(entries)
            })
    };
    let mut root = 0;
    while fits(root + 1) {
        root += 1;
    }
    Some(root)
}

/// Sections 6.2.1 and 7.2.2.
fn floor(bits: &mut Bits<'_>) -> Option<()> {
    match bits.take(16)? {
        0 => {
            bits.skip(8 + 16 + 16 + 6 + 8)?;
            let books = bits.take(4)? + 1;
            bits.skip(u64::from(books) * 8)
        }
        1 => {
            let classes: Vec<u32> = (0..bits.take(5)?).map(|_| bits.take(4)).collect::<Option<_>>()?;
            let mut dimensions = Vec::new();
            for _ in 0..classes.iter().max().map_or(0, |most| most + 1) {
                dimensions.push(u64::from(bits.take(3)? + 1));
                let subclasses = bits.take(2)?;
                if subclasses > 0 {
                    bits.skip(8)?;
                }
                bits.skip(8 << subclasses)?;
            }
            bits.skip(2)?;
            let range_bits = u64::from(bits.take(4)?);
            let points: u64 = classes.iter().map(|&class| dimensions[class as usize]).sum();
            bits.skip(points * range_bits)
        }
        _ => None,
    }
}

/// Section 8.6.1.
fn residue(bits: &mut Bits<'_>) -> Option<()> {
    if bits.take(16)? > 2 {
        return None;
    }
    bits.skip(24 + 24 + 24)?;
    let classes = bits.take(6)? + 1;
    bits.skip(8)?;
    let mut books = 0;
    for _ in 0..classes {
        books += bits.take(3)?.count_ones();
        if bits.take(1)? == 1 {
            books += bits.take(5)?.count_ones();
        }
    }
    bits.skip(u64::from(books) * 8)
}

/// Section 4.2.4, "Mappings".
fn mapping(bits: &mut Bits<'_>, channels: u8) -> Option<()> {
    if bits.take(16)? != 0 {
        return None;
    }
    let submaps = if bits.take(1)? == 1 { bits.take(4)? + 1 } else { 1 };
    if bits.take(1)? == 1 {
        let steps = bits.take(8)? + 1;
        bits.skip(u64::from(steps) * 2 * u64::from(bit_length(u32::from(channels) - 1)))?;
    }
    if bits.take(2)? != 0 {
        return None;
    }
    if submaps > 1 {
        bits.skip(4 * u64::from(channels))?;
    }
    bits.skip(u64::from(submaps) * 24)
}

/// Bits that hold `x`: 0 for 0, 1 for 1, 2 for 2 and 3. The specification's `ilog`.
fn bit_length(x: u32) -> u32 {
    u32::BITS - x.leading_zeros()
}

/// Bits from the least significant of each byte on; section 2.1.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    /// The next `count` bits, at most 32; `None` at the end.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0u64;
        let first = (self.at / 8) as usize;
        let shift = self.at % 8;
        self.skip(u64::from(count))?;
        for (i, &byte) in self.bytes[first..].iter().take(5).enumerate() {
            value |= u64::from(byte) << (8 * i);
        }
        Some(((value >> shift) & ((1u64 << count) - 1)) as u32)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.at = self.at.checked_add(count)?;
        (self.at <= self.bytes.len() as u64 * 8).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_the_greatest_that_fit() {
        assert_eq!(lookup1_values(81, 4), Some(3));
        assert_eq!(lookup1_values(80, 4), Some(2));
        assert_eq!(lookup1_values(0, 3), Some(0));
        assert_eq!(lookup1_values(500, 1), Some(500));
        assert_eq!(lookup1_values(1, 65535), Some(1));
        assert_eq!(lookup1_values(7, 0), None);
    }

    #[test]
    fn a_packet_adds_a_quarter_of_both_blocks() {
        assert_eq!(VorbisHeaders::frames(8, 11), 64 + 512);
        assert_eq!(VorbisHeaders::frames(11, 11), 1024);
    }

    #[test]
    fn bits_come_from_the_low_end() {
        let mut bits = Bits { bytes: &[0b1011_0101, 0xFF, 0, 0, 0x80], at: 0 };
        assert_eq!((bits.take(1), bits.take(3), bits.take(0), bits.take(8)), (Some(1), Some(2), Some(0), Some(0xFB)));
        assert_eq!((bits.take(28), bits.take(1)), (Some(0x800_000F), None));
    }
}
