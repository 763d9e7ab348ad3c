//! One block: 1 or 2 channels of a stretch of sound.

use super::Damage;
use super::bits::Bits;
use super::decorrelate::Decorrelator;
use super::header::{Header, flag};
use super::metadata::{SubBlock, id, sub_blocks};
use super::restore::{self, ExtraBits, FloatInfo, Int32Info};
use super::words::Words;

/// What a block's sub-blocks set up.
struct Setup<'a> {
    words: Words,
    decorrelator: Decorrelator,
    audio: Option<&'a [u8]>,
    extra: Option<ExtraBits<'a>>,
    int32: Option<Int32Info>,
    float: Option<FloatInfo>,
}

/// Decodes a whole block and appends its channels to `planes`, full scale 1.0.
///
/// # Errors
/// Anything that is not as the encoder left it: the check values of the decoded integers and of the bits that were
/// sent apart are compared. The checksum of the block has been, in the reader.
pub(super) fn decode(block: &[u8], planes: &mut Vec<Vec<f32>>) -> Result<(), Damage> {
    let header = Header::read(block).ok_or("no block header")?;
    let mut setup = Setup {
        words: Words::new(&header),
        decorrelator: Decorrelator::new(if header.one_coded() { 1 } else { 2 }),
        audio: None,
        extra: None,
        int32: None,
        float: None,
    };
    for sub in sub_blocks(block) {
        setup.read(sub?, &header)?;
    }
    let mut samples = setup.integers(&header)?;
    let scale = 1.0 / (1u64 << (8 * header.sample_bytes() - 1)) as f32;
    let floats: Vec<f32> = if header.has(flag::FLOAT) {
        let info = setup.float.ok_or("a block of floats does not say how they are stored")?;
        samples.iter().map(|&sample| restore::float(&info, setup.extra.as_mut(), sample)).collect()
    } else {
        restore::integers(&header, setup.int32, setup.extra.as_mut(), &mut samples);
        samples.iter().map(|&sample| sample as f32 * scale).collect()
    };
    let used = header.has(flag::FLOAT) || header.has(flag::INT32);
    if used && setup.extra.as_ref().is_some_and(|extra| !extra.holds()) {
        return Err("the check value of the extended samples is wrong");
    }
    match (header.channels(), header.one_coded()) {
        (1, _) => planes.push(floats),
        (_, true) => planes.extend([floats.clone(), floats]),
        _ => {
            let pairs = floats.as_chunks::<2>().0;
            planes.push(pairs.iter().map(|pair| pair[0]).collect());
            planes.push(pairs.iter().map(|pair| pair[1]).collect());
        }
    }
    Ok(())
}

impl<'a> Setup<'a> {
    fn read(&mut self, sub: SubBlock<'a>, header: &Header) -> Result<(), Damage> {
        match sub.id {
            id::TERMS => self.decorrelator.read_terms(sub.data)?,
            id::WEIGHTS => self.decorrelator.read_weights(sub.data)?,
            id::SAMPLES => {
                // The first version put the state of noise shaping here, which decoding alone does not need.
                let shaping = if header.version == 0x402 && header.has(flag::HYBRID) { 2 } else { 0 };
                let skip = if header.one_coded() { shaping } else { 2 * shaping };
                self.decorrelator
                    .read_samples(sub.data.get(skip..).ok_or("the decorrelation samples are too short")?)?;
            }
            id::ENTROPY => self.words.read_medians(sub.data)?,
            id::HYBRID => self.words.read_hybrid_profile(sub.data)?,
            id::FLOAT => {
                let [flags, shift, max_exponent, norm_exponent] = *sub.data else {
                    return Err("the float information has a wrong size");
                };
                self.float = Some(FloatInfo {
                    flags,
                    shift: u32::from(shift & 31),
                    max_exponent: max_exponent.into(),
                    norm_exponent: norm_exponent.into(),
                });
            }
            id::INT32 => {
                let [sent_bits, zeros, ones, copies] = *sub.data else {
                    return Err("the integer information has a wrong size");
                };
                let [sent_bits, zeros, ones, copies] = [sent_bits, zeros, ones, copies].map(|n| u32::from(n & 31));
                self.int32 = Some(Int32Info { sent_bits, zeros, ones, copies });
            }
            id::BITS => self.audio = Some(sub.data),
            id::EXTRA_BITS | id::EXTRA_BITS_NEW => {
                let extra = ExtraBits::new(sub.data, sub.id == id::EXTRA_BITS_NEW, header.has(flag::FLOAT));
                self.extra = Some(extra.ok_or("the extended bits are too short")?);
            }
            id::DUMMY | id::ENCODER_INFO | id::SHAPING | id::CORRECTION | id::CHANNELS => {}
            other if other & id::OPTIONAL != 0 => {}
            _ => return Err("an unknown sub-block that decoding needs"),
        }
        Ok(())
    }

    /// The integers of all coded channels, interleaved, as the predictors leave them; their check value is compared.
    fn integers(&mut self, header: &Header) -> Result<Vec<i32>, Damage> {
        let mut bits = Bits::new(self.audio.ok_or("a block without audio bits")?);
        let coded = if header.one_coded() { 1 } else { 2 };
        let mut samples = Vec::with_capacity(header.frames as usize * coded);
        for _ in 0..header.frames {
            for c in 0..coded {
                samples.push(self.words.next(&mut bits, c)?);
            }
            if bits.overrun() {
                return Err("the audio bits end early");
            }
        }
        self.decorrelator.run(&mut samples);
        let mut crc = u32::MAX;
        if coded == 1 {
            for &sample in &samples {
                crc = crc.wrapping_mul(3).wrapping_add(sample as u32);
            }
        } else {
            for pair in samples.as_chunks_mut::<2>().0 {
                if header.has(flag::JOINT_STEREO) {
                    pair[1] = pair[1].wrapping_sub(pair[0] >> 1);
                    pair[0] = pair[0].wrapping_add(pair[1]);
                }
                let [left, right] = pair.map(|sample| sample as u32);
                crc = crc.wrapping_mul(9).wrapping_add(left.wrapping_mul(3)).wrapping_add(right);
            }
        }
        if crc == header.crc { Ok(samples) } else { Err("the block's check value is wrong") }
    }
}
