//! ADPCM in WAV: Microsoft ADPCM (format tag 0x0002) and IMA or DVI ADPCM (0x0011), 4 bits a sample.
//!
//! Enters: one block as stored. Leaves: planar 16-bit samples. Blocks do not depend on each other: each begins
//! with a header that holds its first samples. Source: Microsoft "New Multimedia Data Types and Data Techniques",
//! revision 3.0 (1994), chapters "Microsoft ADPCM" and "DVI ADPCM"; IMA "Recommended Practices for Enhancing Digital
//! Audio Compatibility", revision 3.0 (1992). Where these leave the rounding open, it is FFmpeg's: the predictor's
//! quotient is cut towards zero, and the IMA difference is `(2 d + 1) step / 8`, cut once.

use super::format::SampleFormat;

/// How ADPCM samples are grouped. Sizes are checked by the header's parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdpcmBlocks {
    /// Bytes of one whole block of all channels, at least one header.
    pub block_bytes: usize,
    /// Pairs of predictor coefficients, 256 for 1.0; empty for IMA.
    pub coefficients: Vec<[i16; 2]>,
    /// Bytes of samples that are really there; the last block may be short.
    pub data_bytes: u64,
}

/// The seven pairs every file of Microsoft ADPCM must list first.
pub(super) const MS_COEFFICIENTS: [[i16; 2]; 7] =
    [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];

/// Bytes a channel's header takes in each block; the samples it holds come on top of those in nibbles.
pub(super) fn header_bytes(format: SampleFormat) -> usize {
    if format == SampleFormat::MsAdpcm { 7 } else { 4 }
}

impl AdpcmBlocks {
    /// Frames in `bytes` bytes of blocks, the last of which may be short.
    pub fn frames_in(&self, format: SampleFormat, channels: usize, bytes: u64) -> u64 {
        let whole = bytes / self.block_bytes as u64;
        let rest = (bytes % self.block_bytes as u64) as usize;
        whole
            .saturating_mul(block_frames(format, channels, self.block_bytes) as u64)
            .saturating_add(block_frames(format, channels, rest) as u64)
    }

    /// Appends the samples of `bytes`, whole blocks but for the last, to `planes`. A block whose header is invalid
    /// becomes silence of its length; returns the number of those.
    pub fn decode(&self, format: SampleFormat, bytes: &[u8], planes: &mut [Vec<i16>]) -> u64 {
        let mut damaged = 0;
        for block in bytes.chunks(self.block_bytes) {
            let frames = block_frames(format, planes.len(), block.len());
            let before = planes.first().map_or(0, Vec::len);
            let valid = frames == 0
                || match format {
                    SampleFormat::MsAdpcm => ms_block(block, frames, &self.coefficients, planes),
                    _ => ima_block(block, planes),
                };
            if !valid {
                damaged += 1;
                for plane in planes.iter_mut() {
                    plane.truncate(before);
                    plane.resize(before + frames, 0);
                }
            }
        }
        damaged
    }
}

/// Frames in one block of `bytes` bytes; 0 if not even its header is there.
fn block_frames(format: SampleFormat, channels: usize, bytes: usize) -> usize {
    let header = header_bytes(format) * channels;
    match (format, bytes.checked_sub(header)) {
        (_, None) => 0,
        (SampleFormat::MsAdpcm, Some(nibbles)) => 2 + nibbles * 2 / channels,
        (_, Some(nibbles)) => 1 + nibbles / (4 * channels) * 8,
    }
}

/// Factors of the step size by code, 256 for 1.0.
const MS_ADAPTATION: [i32; 16] = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];

struct MsChannel {
    coefficients: [i32; 2],
    delta: i32,
    /// The last sample and the one before it.
    last: [i32; 2],
}

impl MsChannel {
    fn next(&mut self, code: u8) -> i16 {
        let predicted = (self.last[0] * self.coefficients[0] + self.last[1] * self.coefficients[1]) / 256;
        let signed = (i32::from(code) ^ 8) - 8;
        let sample = predicted.saturating_add(signed.saturating_mul(self.delta)).clamp(-32768, 32767);
        self.last = [sample, self.last[0]];
        // The bound keeps the product below 2^31 whatever codes follow.
        self.delta = ((MS_ADAPTATION[usize::from(code)] * self.delta) >> 8).clamp(16, i32::MAX / 768);
        sample as i16
    }
}

fn ms_block(block: &[u8], frames: usize, coefficients: &[[i16; 2]], planes: &mut [Vec<i16>]) -> bool {
    let channels = planes.len();
    let (header, nibbles) = block.split_at(7 * channels);
    let i16_at = |group: usize, c: usize| {
        let at = channels + (group * channels + c) * 2;
        i32::from(i16::from_le_bytes([header[at], header[at + 1]]))
    };
    let mut states = Vec::with_capacity(channels);
    for (c, plane) in planes.iter_mut().enumerate() {
        let Some(pair) = coefficients.get(usize::from(header[c])) else { return false };
        let last = [i16_at(1, c), i16_at(2, c)];
        plane.extend([last[1] as i16, last[0] as i16]);
        states.push(MsChannel { coefficients: pair.map(i32::from), delta: i16_at(0, c), last });
    }
    let codes = nibbles.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (n, code) in codes.take((frames - 2) * channels).enumerate() {
        let c = n % channels;
        planes[c].push(states[c].next(code));
    }
    true
}

/// Step sizes by index.
const IMA_STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];
/// Change of the index by the code's magnitude.
const IMA_INDEX: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

fn ima_block(block: &[u8], planes: &mut [Vec<i16>]) -> bool {
    let channels = planes.len();
    let (header, words) = block.split_at(4 * channels);
    for (c, plane) in planes.iter_mut().enumerate() {
        let head = &header[4 * c..4 * c + 4];
        let mut sample = i32::from(i16::from_le_bytes([head[0], head[1]]));
        let mut index = i32::from(head[2]);
        if index > 88 {
            return false;
        }
        plane.push(sample as i16);
        // Words of four bytes, eight samples of one channel, go round the channels; the low nibble is the earlier.
        for word in words.chunks_exact(4 * channels).map(|group| &group[4 * c..4 * c + 4]) {
            for code in word.iter().flat_map(|byte| [byte & 15, byte >> 4]) {
                let magnitude = i32::from(code & 7);
                let difference = ((2 * magnitude + 1) * IMA_STEPS[index as usize]) >> 3;
                let signed = if code & 8 != 0 { -difference } else { difference };
                sample = (sample + signed).clamp(-32768, 32767);
                index = (index + IMA_INDEX[magnitude as usize]).clamp(0, 88);
                plane.push(sample as i16);
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(format: SampleFormat, block: &[u8], coefficients: &[[i16; 2]]) -> (Vec<i16>, u64) {
        let blocks = AdpcmBlocks { block_bytes: 64, coefficients: coefficients.to_vec(), data_bytes: 0 };
        let mut planes = vec![Vec::new()];
        let damaged = blocks.decode(format, block, &mut planes);
        (planes.remove(0), damaged)
    }

    #[test]
    fn hand_worked_blocks() {
        // Predictor 1 continues the line: 20 = 2 * 15 - 10. Code 1 adds a step of 16, code 15 takes one off.
        let block = [1, 16, 0, 15, 0, 10, 0, 0x01, 0xF0];
        let (samples, damaged) = one(SampleFormat::MsAdpcm, &block, &MS_COEFFICIENTS);
        assert_eq!((samples, damaged), (vec![10, 15, 20, 41, 46, 51], 0));
        // From 100 with step 7: code 0 adds 7/8 = 0, code 7 adds 105/8 = 13 and raises the step to 16,
        // code 9 takes 3*16/8 = 6 off, then five codes 8 take off 14/8, 13/8, 12/8, 11/8, 10/8 = 1 each.
        let (samples, damaged) = one(SampleFormat::ImaAdpcm, &[100, 0, 0, 0, 0x70, 0x89, 0x88, 0x88], &[]);
        assert_eq!((samples, damaged), (vec![100, 100, 113, 107, 106, 105, 104, 103, 102], 0));
    }

    #[test]
    fn an_invalid_header_is_silence_of_the_same_length() {
        assert_eq!(one(SampleFormat::MsAdpcm, &[7, 16, 0, 15, 0, 10, 0, 0x1F], &MS_COEFFICIENTS), (vec![0; 4], 1));
        assert_eq!(one(SampleFormat::ImaAdpcm, &[100, 0, 89, 0, 1, 2, 3, 4], &[]), (vec![0; 9], 1));
        assert_eq!(one(SampleFormat::ImaAdpcm, &[100, 0, 3], &[]), (vec![], 0));
    }
}
