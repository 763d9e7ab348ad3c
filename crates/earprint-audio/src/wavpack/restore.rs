//! From the predictors' integers to samples: bits and zeros below them, limits of lossy sound, floats.

use super::bits::Bits;
use super::header::{Header, flag};

/// How integers were made narrower, from the sub-block of that name.
#[derive(Clone, Copy, Default)]
pub(super) struct Int32Info {
    /// Low bits of each sample that are sent apart.
    pub sent_bits: u32,
    /// Low bits of every sample that are 0, or 1, or like the bit above them.
    pub zeros: u32,
    pub ones: u32,
    pub copies: u32,
}

/// How floats were made integers, from the sub-block of that name.
#[derive(Clone, Copy, Default)]
pub(super) struct FloatInfo {
    pub flags: u8,
    pub shift: u32,
    /// Exponent of the largest value.
    pub max_exponent: i32,
    /// Exponent that stands for full scale, 127 for 1.0.
    pub norm_exponent: i32,
}

mod float_flag {
    pub const SHIFT_ONES: u8 = 1;
    pub const SHIFT_SAME: u8 = 2;
    pub const SHIFT_SENT: u8 = 4;
    pub const ZEROS_SENT: u8 = 8;
    pub const NEGATIVE_ZEROS: u8 = 16;
}

/// The bits that are sent apart, with the check value of what they make.
pub(super) struct ExtraBits<'a> {
    bits: Bits<'a>,
    crc: u32,
    computed: u32,
    /// Samples wider than this lose bits at the bottom; 0 for no bound.
    max_width: u32,
    min_zeros: u32,
    max_ones: u32,
}

impl<'a> ExtraBits<'a> {
    /// `newer`: the kind that begins with one or two numbers of 5 bits.
    pub fn new(data: &'a [u8], newer: bool, is_float: bool) -> Option<Self> {
        let (crc, data) = data.split_first_chunk::<4>()?;
        let mut extra = ExtraBits {
            bits: Bits::new(data),
            crc: u32::from_le_bytes(*crc),
            computed: u32::MAX,
            max_width: 0,
            min_zeros: 0,
            max_ones: 0,
        };
        match (newer, is_float) {
            (true, true) => (extra.min_zeros, extra.max_ones) = (extra.bits.take(5), extra.bits.take(5)),
            (true, false) => extra.max_width = extra.bits.take(5),
            _ => {}
        }
        Some(extra)
    }

    /// Whether the samples made with these bits are the encoder's.
    pub fn holds(&self) -> bool {
        self.computed == self.crc && !self.bits.overrun()
    }

    fn check_int(&mut self, sample: i32) {
        let sample = sample as u32;
        self.computed =
            self.computed.wrapping_mul(9).wrapping_add((sample & 0xFFFF).wrapping_mul(3)).wrapping_add(sample >> 16);
    }

    fn check_float(&mut self, value: u32) {
        self.computed = self
            .computed
            .wrapping_mul(27)
            .wrapping_add((value & 0x7F_FFFF).wrapping_mul(9))
            .wrapping_add((value >> 23 & 0xFF).wrapping_mul(3))
            .wrapping_add(value >> 31);
    }

    /// The sample with its low bits put back.
    fn append(&mut self, sample: i32, sent_bits: u32) -> i32 {
        let mut wanted = sent_bits;
        if self.max_width > 0 {
            let magnitude = if sample < 0 { !sample } else { sample } as u32;
            let width = 32 - magnitude.leading_zeros() + sent_bits;
            wanted = sent_bits.saturating_sub(width.saturating_sub(self.max_width));
        }
        let low = self.bits.take(wanted);
        (((sample as u32) << wanted | low) << (sent_bits - wanted)) as i32
    }
}

/// Restores integer samples in place, at the scale of the original file.
pub(super) fn integers(
    header: &Header,
    info: Option<Int32Info>,
    extra: Option<&mut ExtraBits<'_>>,
    samples: &mut [i32],
) {
    let lossy = header.has(flag::HYBRID);
    let mut shift = header.shift();
    if let Some(mut info) = info.filter(|_| header.has(flag::INT32)) {
        match extra {
            Some(extra) => {
                for sample in samples.iter_mut() {
                    *sample = widen(extra.append(*sample, info.sent_bits), &info);
                    extra.check_int(*sample);
                }
            }
            None if info.sent_bits == 0 => {
                // What a lossy sample of 32 bits may exceed is counted before the zeros are put back.
                while lossy && header.sample_bytes() == 4 && shift < 8 {
                    let Some(count) =
                        [&mut info.zeros, &mut info.ones, &mut info.copies].into_iter().find(|count| **count > 0)
                    else {
                        break;
                    };
                    *count -= 1;
                    shift += 1;
                }
                samples.iter_mut().for_each(|sample| *sample = widen(*sample, &info));
            }
            None => shift += info.sent_bits + info.zeros + info.ones + info.copies,
        }
    }
    shift &= 31;
    if lossy {
        let max = i32::MAX >> (32 - 8 * header.sample_bytes()) >> shift;
        samples.iter_mut().for_each(|sample| *sample = (*sample).clamp(!max, max) << shift);
    } else if shift > 0 {
        samples.iter_mut().for_each(|sample| *sample <<= shift);
    }
}

/// Puts back the low bits that all samples share.
fn widen(sample: i32, info: &Int32Info) -> i32 {
    if info.zeros > 0 {
        sample << info.zeros
    } else if info.ones > 0 {
        (sample.wrapping_add(1) << info.ones).wrapping_sub(1)
    } else if info.copies > 0 {
        let lowest = sample & 1;
        (sample.wrapping_add(lowest) << info.copies).wrapping_sub(lowest)
    } else {
        sample
    }
}

/// The float that an integer stands for, full scale 1.0.
pub(super) fn float(info: &FloatInfo, extra: Option<&mut ExtraBits<'_>>, sample: i32) -> f32 {
    let bits = match extra {
        Some(extra) => {
            let bits = exact_float(info, extra, sample);
            extra.check_float(bits);
            bits
        }
        None => near_float(info, sample),
    };
    f32::from_bits(normalized(bits, 127 - info.norm_exponent))
}

fn join(negative: bool, exponent: i32, mantissa: u32) -> u32 {
    u32::from(negative) << 31 | (exponent as u32 & 0xFF) << 23 | mantissa & 0x7F_FFFF
}

/// The very float that was encoded.
fn exact_float(info: &FloatInfo, extra: &mut ExtraBits<'_>, sample: i32) -> u32 {
    let set = |flag| info.flags & flag != 0;
    if sample == 0 {
        // A value so small that nothing of it is left in the integer.
        if set(float_flag::ZEROS_SENT) && extra.bits.take(1) != 0 {
            let mantissa = extra.bits.take(23);
            let exponent = if info.max_exponent >= 25 { extra.bits.take(8) } else { 0 };
            return join(extra.bits.take(1) != 0, exponent as i32, mantissa);
        }
        let signed = set(float_flag::ZEROS_SENT) && set(float_flag::NEGATIVE_ZEROS);
        return join(signed && extra.bits.take(1) != 0, 0, 0);
    }
    let sample = sample << info.shift;
    let negative = sample < 0;
    let mut value = sample.unsigned_abs();
    if value == 0x100_0000 {
        let mantissa = if extra.bits.take(1) != 0 { extra.bits.take(23) } else { 0 };
        return join(negative, 255, mantissa);
    }
    let (exponent, shifted) = normalize(&mut value, info.max_exponent);
    if shifted > 0 {
        let all = (1 << shifted) - 1;
        if set(float_flag::SHIFT_ONES) || (set(float_flag::SHIFT_SAME) && extra.bits.take(1) != 0) {
            value |= all;
        } else if set(float_flag::SHIFT_SENT) {
            let beyond = if extra.max_ones > 0 { shifted.saturating_sub(extra.max_ones) } else { 0 };
            let zeros = beyond.max(extra.min_zeros.min(shifted));
            value |= (extra.bits.take(shifted - zeros) << zeros) & all;
        }
    }
    join(negative, exponent, value)
}

/// The float of a lossy file, or of a file whose floats are plain integers.
fn near_float(info: &FloatInfo, sample: i32) -> u32 {
    if sample == 0 {
        return 0;
    }
    let sample = sample << info.shift;
    let negative = sample < 0;
    let mut value = sample.unsigned_abs() & i32::MAX as u32;
    let mut exponent = info.max_exponent;
    if value >= 0x100_0000 {
        while value & 0xF00_0000 != 0 {
            value >>= 1;
            exponent += 1;
        }
    } else {
        let shifted;
        (exponent, shifted) = normalize(&mut value, info.max_exponent);
        if info.flags & float_flag::SHIFT_ONES != 0 {
            value |= (1 << shifted) - 1;
        }
    }
    join(negative, exponent, value)
}

/// Shifts the leading one to bit 23, as far as the exponent can be lowered; returns the exponent and the shift, at most
/// 31.
fn normalize(value: &mut u32, max_exponent: i32) -> (i32, u32) {
    let (mut exponent, mut shifted) = (max_exponent, 0);
    while exponent > 0 && *value & 0x80_0000 == 0 {
        exponent -= 1;
        if exponent == 0 {
            break;
        }
        *value <<= 1;
        shifted += 1;
    }
    (exponent, shifted & 31)
}

/// Moves the exponent so that full scale is 1.0.
fn normalized(bits: u32, delta: i32) -> u32 {
    let exponent = (bits >> 23 & 0xFF) as i32;
    if delta == 0 {
        bits
    } else if exponent == 0 || exponent + delta <= 0 {
        0
    } else if exponent == 255 || exponent + delta >= 255 {
        bits & 0x8000_0000 | 255 << 23
    } else {
        bits & !(255 << 23) | ((exponent + delta) as u32) << 23
    }
}
