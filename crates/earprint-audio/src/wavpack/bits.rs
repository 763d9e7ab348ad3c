//! Bits of a sub-block, lowest bit of each byte first.

/// A reader that gives zeros beyond the end, and tells so.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The next bits, the very next lowest.
    held: u64,
    count: u32,
    overrun: bool,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Bits { rest: data, held: 0, count: 0, overrun: false }
    }

    /// Whether more bits were taken than there are.
    pub fn overrun(&self) -> bool {
        self.overrun
    }

    #[inline]
    fn fill(&mut self) {
        if let Some((eight, _)) = self.rest.split_first_chunk::<8>() {
            // Bits above `count` may already hold the same bytes; they are the same ones again.
            self.held |= u64::from_le_bytes(*eight) << self.count;
            let taken = (63 - self.count) / 8;
            self.rest = &self.rest[taken as usize..];
            self.count += taken * 8;
        } else {
            while self.count <= 56 {
                let Some((&byte, rest)) = self.rest.split_first() else { break };
                self.held |= u64::from(byte) << self.count;
                self.count += 8;
                self.rest = rest;
            }
        }
    }

    /// Steps over `n` bits, 0 to 33, that were looked at.
    #[inline]
    fn skip(&mut self, n: u32) {
        if self.count < n {
            self.overrun = true;
            (self.held, self.count, self.rest) = (0, 64, &[]);
        }
        self.held >>= n;
        self.count -= n;
    }

    /// `n` bits, 0 to 32.
    #[inline]
    pub fn take(&mut self, n: u32) -> u32 {
        if self.count < n {
            self.fill();
        }
        let bits = self.held & ((1 << n) - 1);
        self.skip(n);
        bits as u32
    }

    /// Counts ones up to `limit`, at most 33, and steps over the zero that ends them if it comes before the limit.
    #[inline]
    pub fn ones(&mut self, limit: u32) -> u32 {
        if self.count <= limit {
            self.fill();
        }
        let ones = self.held.trailing_ones().min(limit);
        self.skip(ones + u32::from(ones < limit));
        ones
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_lowest_first_and_the_end_is_told() {
        let mut bits = Bits::new(&[0b1011_0111, 0xFF, 0x01]);
        assert_eq!((bits.ones(33), bits.take(2), bits.ones(33)), (3, 3, 0));
        assert_eq!((bits.take(1), bits.ones(5), bits.ones(33)), (1, 5, 4));
        assert_eq!((bits.take(6), bits.overrun()), (0, false));
        assert_eq!((bits.take(1), bits.overrun()), (0, true));
        let bytes: Vec<u8> = (0..40u8).map(|n| n.wrapping_mul(37)).collect();
        let mut bits = Bits::new(&bytes);
        for (n, byte) in bytes.iter().enumerate() {
            let low = bits.take(3);
            assert_eq!(low | bits.take(5) << 3, u32::from(*byte), "byte {n}");
        }
        assert!(!bits.overrun());
        let mut all = Bits::new(&[0xFF; 5]);
        assert_eq!((all.ones(33), all.take(7), all.overrun()), (33, 127, false));
        assert_eq!((all.ones(33), all.overrun()), (0, true));
    }
}
