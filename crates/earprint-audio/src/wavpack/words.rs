//! The entropy coder: adaptive Golomb codes around three running medians of each channel.
//!
//! A value's magnitude lies in one of the zones that the medians border; the zone's number is sent in unary, two of
//! them sharing one count. Within a zone the value is sent in as few bits as its width needs or, in lossy files,
//! halved until the allowed error is reached. Runs of zeros are counted where both channels are silent.

use super::Damage;
use super::bits::Bits;
use super::header::{Header, flag};
use super::logarithm::{exp2, log2};

/// Zone counts from here on are sent in another code.
const ESCAPE: u32 = 16;

#[derive(Clone, Copy, Default)]
struct Channel {
    medians: [u32; 3],
    /// Running mean of the logarithm of magnitudes, in lossy files of a constant rate.
    level: u32,
    /// Largest error allowed; 0 for lossless.
    max_error: u32,
}

impl Channel {
    /// Width of zone `n`.
    fn width(&self, n: usize) -> u32 {
        (self.medians[n] >> 4).wrapping_add(1)
    }

    fn raise(&mut self, n: usize) {
        let divisor = 128 >> n;
        let median = &mut self.medians[n];
        *median = median.wrapping_add((median.wrapping_add(divisor) / divisor).wrapping_mul(5));
    }

    fn lower(&mut self, n: usize) {
        let divisor = 128 >> n;
        let median = &mut self.medians[n];
        *median = median.wrapping_sub((median.wrapping_add(divisor - 2) / divisor).wrapping_mul(2));
    }

    fn decay(&mut self) {
        self.level = self.level.wrapping_sub(self.level.wrapping_add(128) >> 8);
    }
}

/// State of the coder for one block.
#[derive(Default)]
pub(super) struct Words {
    channels: [Channel; 2],
    /// The last count of zones was odd: half of it belongs to the next value.
    holding_one: bool,
    /// The last count was even: the next value lies in zone 0.
    holding_zero: bool,
    /// Zeros left in the current run.
    zeros: u32,
    bit_rate: [u32; 2],
    bit_rate_change: [u32; 2],
    hybrid: bool,
    by_rate: bool,
    balance: bool,
    one_coded: bool,
}

impl Words {
    pub fn new(header: &Header) -> Words {
        Words {
            hybrid: header.has(flag::HYBRID),
            by_rate: header.has(flag::HYBRID_BITRATE),
            balance: header.has(flag::HYBRID_BALANCE),
            one_coded: header.one_coded(),
            ..Words::default()
        }
    }

    fn coded(&self) -> usize {
        if self.one_coded { 1 } else { 2 }
    }

    /// Medians of each channel, as logarithms of 16 bits.
    pub fn read_medians(&mut self, data: &[u8]) -> Result<(), Damage> {
        if data.len() != 6 * self.coded() {
            return Err("the entropy variables have a wrong size");
        }
        for (median, log) in self.channels.iter_mut().flat_map(|c| &mut c.medians).zip(data.as_chunks::<2>().0) {
            *median = exp2(i32::from(u16::from_le_bytes(*log))) as u32;
        }
        Ok(())
    }

    /// Levels, bit rates and their change, each for every channel.
    pub fn read_hybrid_profile(&mut self, data: &[u8]) -> Result<(), Damage> {
        const SIZE: Damage = "the hybrid profile has a wrong size";
        let mut logs = data.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b));
        let coded = self.coded();
        if self.by_rate {
            for channel in &mut self.channels[..coded] {
                channel.level = exp2(i32::from(logs.next().ok_or(SIZE)?)) as u32;
            }
        }
        for rate in &mut self.bit_rate[..coded] {
            *rate = u32::from(logs.next().ok_or(SIZE)?) << 16;
        }
        if logs.len() > 0 {
            for change in &mut self.bit_rate_change[..coded] {
                *change = exp2(i32::from(logs.next().ok_or(SIZE)? as i16)) as u32;
            }
        }
        if logs.len() == 0 && data.len().is_multiple_of(2) { Ok(()) } else { Err(SIZE) }
    }

    /// The next value, of coded channel `c`.
    #[inline]
    pub fn next(&mut self, bits: &mut Bits<'_>, c: usize) -> Result<i32, Damage> {
        let silent = self.channels[0].medians[0] < 2 && self.channels[1].medians[0] < 2;
        if silent && !self.holding_zero && !self.holding_one {
            if self.zeros > 0 {
                self.zeros -= 1;
                if self.zeros > 0 {
                    self.channels[c].decay();
                    return Ok(0);
                }
            } else {
                self.zeros = long_count(bits)?;
                if self.zeros > 0 {
                    self.channels[c].decay();
                    self.channels[0].medians = [0; 3];
                    self.channels[1].medians = [0; 3];
                    return Ok(0);
                }
            }
        }
        let zone = self.zone(bits)?;
        if self.hybrid && c == 0 {
            self.update_errors();
        }
        let channel = &mut self.channels[c];
        let (low, high) = bounds(channel, zone);
        let magnitude = if channel.max_error == 0 {
            low.wrapping_add(remainder(bits, high - low))
        } else {
            halve(bits, low, high, channel.max_error)
        };
        let negative = bits.take(1) != 0;
        if self.by_rate {
            channel.decay();
            channel.level = channel.level.wrapping_add(log2(magnitude));
        }
        Ok((if negative { !magnitude } else { magnitude }) as i32)
    }

    /// Number of the zone, from a count that may be shared with the value before or after.
    #[inline]
    fn zone(&mut self, bits: &mut Bits<'_>) -> Result<u32, Damage> {
        if self.holding_zero {
            self.holding_zero = false;
            return Ok(0);
        }
        let mut count = bits.ones(ESCAPE + 1);
        if count == ESCAPE + 1 {
            return Err("an invalid code in the audio");
        }
        if count == ESCAPE {
            count = long_count(bits)?.wrapping_add(ESCAPE);
        }
        let shared = self.holding_one;
        self.holding_one = count & 1 != 0;
        self.holding_zero = !self.holding_one;
        Ok((count >> 1).wrapping_add(u32::from(shared)))
    }

    /// The errors that the bit rate allows at the present level.
    fn update_errors(&mut self) {
        let coded = self.coded();
        let mut rates = [0i32; 2];
        for (c, rate) in rates[..coded].iter_mut().enumerate() {
            self.bit_rate[c] = self.bit_rate[c].wrapping_add(self.bit_rate_change[c]);
            *rate = self.bit_rate[c] as i32 >> 16;
        }
        if !self.by_rate {
            for (channel, rate) in self.channels[..coded].iter_mut().zip(rates) {
                channel.max_error = exp2(rate) as u32;
            }
            return;
        }
        let levels = self.channels.map(|channel| (channel.level.wrapping_add(128) >> 8) as i32);
        if self.balance && coded == 2 {
            let balance = (levels[1] - levels[0] + rates[1] + 1) >> 1;
            rates = match rates[0] {
                rate if balance > rate => [0, rate * 2],
                rate if -balance > rate => [rate * 2, 0],
                rate => [rate - balance, rate + balance],
            };
        }
        for (c, channel) in self.channels[..coded].iter_mut().enumerate() {
            let excess = levels[c] - rates[c];
            channel.max_error = if excess > -0x100 { exp2(excess + 0x100) as u32 } else { 0 };
        }
    }
}

/// A count whose number of binary digits is sent in unary.
fn long_count(bits: &mut Bits<'_>) -> Result<u32, Damage> {
    match bits.ones(33) {
        33 => Err("an invalid code in the audio"),
        digits @ 0..2 => Ok(digits),
        digits => Ok(bits.take(digits - 1) | 1 << (digits - 1)),
    }
}

/// Smallest and largest magnitude in a zone; moves the medians.
#[inline]
fn bounds(channel: &mut Channel, zone: u32) -> (u32, u32) {
    let mut low = 0u32;
    let width = match zone {
        0 => {
            let width = channel.width(0);
            channel.lower(0);
            width
        }
        1 => {
            low = channel.width(0);
            channel.raise(0);
            let width = channel.width(1);
            channel.lower(1);
            width
        }
        _ => {
            low = channel.width(0);
            channel.raise(0);
            low = low.wrapping_add(channel.width(1));
            channel.raise(1);
            let width = channel.width(2);
            low = low.wrapping_add((zone - 2).wrapping_mul(width));
            if zone == 2 {
                channel.lower(2);
            } else {
                channel.raise(2);
            }
            width
        }
    };
    let high = low.wrapping_add(width).wrapping_sub(1) & 0x7FFF_FFFF;
    low &= 0x7FFF_FFFF;
    (low, high.max(low))
}

/// A number of 0 to `max` in as few bits as that needs: the lower ones in one bit less.
#[inline]
fn remainder(bits: &mut Bits<'_>, max: u32) -> u32 {
    if max < 2 {
        return bits.take(max);
    }
    let digits = 32 - max.leading_zeros();
    // `max` has at most 31 digits.
    let short = (1u32 << digits) - max - 1;
    let code = bits.take(digits - 1);
    if code >= short { (code << 1) - short + bits.take(1) } else { code }
}

/// Halves the range, a bit each time, until it is no wider than the error.
fn halve(bits: &mut Bits<'_>, mut low: u32, mut high: u32, max_error: u32) -> u32 {
    let mut middle = (high + low + 1) >> 1;
    while high - low > max_error {
        if bits.take(1) != 0 {
            low = middle;
        } else {
            high = middle - 1;
        }
        middle = (high + low + 1) >> 1;
    }
    middle
}
