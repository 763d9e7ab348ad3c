//! Interleaved bytes to planar samples.

use super::format::{SampleFormat, WavLayout};
use crate::clip::Samples;
use crate::finite::{Repairs, make_finite};

/// Planar samples of `bytes`, which hold whole frames or blocks of the layout: 16-bit where they are stored so or are
/// decoded to it. Also returns what was repaired, and the number of damaged blocks that became silence.
pub(crate) fn decode(bytes: &[u8], layout: &WavLayout) -> (Samples, Repairs, u64) {
    let channels = usize::from(layout.channels);
    let none = Repairs::default();
    if let Some(blocks) = &layout.adpcm {
        let mut out = vec![Vec::new(); channels];
        let damaged = blocks.decode(layout.format, bytes, &mut out);
        return (Samples::I16(out), none, damaged);
    }
    match layout.format {
        SampleFormat::I16 => (Samples::I16(i16_planes(bytes, channels)), none, 0),
        SampleFormat::I16Be => (Samples::I16(planes(bytes, channels, |b: &[u8; 2]| i16::from_be_bytes(*b))), none, 0),
        format => {
            let (out, repairs) = f32_planes(bytes, channels, format);
            (Samples::F32(out), repairs, 0)
        }
    }
}

/// Planar 16-bit samples from interleaved little-endian ones; `bytes` holds whole frames.
pub fn i16_planes(bytes: &[u8], channels: usize) -> Vec<Vec<i16>> {
    planes(bytes, channels, |b: &[u8; 2]| i16::from_le_bytes(*b))
}

/// Planar finite floats, full scale 1.0, from interleaved samples; `bytes` holds whole frames. Not for ADPCM, which
/// gives empty planes here.
///
/// `(x - 128) / 128` for 8 bits, `x / 2^(bits-1)` for 16, 24 and 32 bits (the last rounded once to
/// f32), floats as they are. Non-finite floats become 0 and magnitudes above 10^4 are clamped.
pub fn f32_planes(bytes: &[u8], channels: usize, format: SampleFormat) -> (Vec<Vec<f32>>, Repairs) {
    let mut out = match format {
        SampleFormat::U8 => planes(bytes, channels, |b: &[u8; 1]| (f32::from(b[0]) - 128.0) / 128.0),
        SampleFormat::I16 => planes(bytes, channels, |b: &[u8; 2]| f32::from(i16::from_le_bytes(*b)) / 32768.0),
        SampleFormat::I24 => planes(bytes, channels, |b: &[u8; 3]| {
            // Placed in the upper bytes first, so that the shift back carries the sign.
            (i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8) as f32 / 8_388_608.0
        }),
        SampleFormat::I32 => planes(bytes, channels, |b: &[u8; 4]| i32::from_le_bytes(*b) as f32 / 2_147_483_648.0),
        SampleFormat::F32 => planes(bytes, channels, |b: &[u8; 4]| f32::from_le_bytes(*b)),
        SampleFormat::F64 => planes(bytes, channels, |b: &[u8; 8]| narrow(f64::from_le_bytes(*b))),
        SampleFormat::I8 => planes(bytes, channels, |b: &[u8; 1]| f32::from(b[0] as i8) / 128.0),
        SampleFormat::I16Be => planes(bytes, channels, |b: &[u8; 2]| f32::from(i16::from_be_bytes(*b)) / 32768.0),
        SampleFormat::I24Be => {
            planes(bytes, channels, |b: &[u8; 3]| (i32::from_be_bytes([b[0], b[1], b[2], 0]) >> 8) as f32 / 8_388_608.0)
        }
        SampleFormat::I32Be => planes(bytes, channels, |b: &[u8; 4]| i32::from_be_bytes(*b) as f32 / 2_147_483_648.0),
        SampleFormat::F32Be => planes(bytes, channels, |b: &[u8; 4]| f32::from_be_bytes(*b)),
        SampleFormat::F64Be => planes(bytes, channels, |b: &[u8; 8]| narrow(f64::from_be_bytes(*b))),
        SampleFormat::MsAdpcm | SampleFormat::ImaAdpcm => vec![Vec::new(); channels],
        SampleFormat::ALaw => planes(bytes, channels, |b: &[u8; 1]| f32::from(a_law(b[0])) / 32768.0),
        SampleFormat::MuLaw => planes(bytes, channels, |b: &[u8; 1]| f32::from(mu_law(b[0])) / 32768.0),
    };
    let mut repairs = Repairs::default();
    if matches!(format, SampleFormat::F32 | SampleFormat::F64 | SampleFormat::F32Be | SampleFormat::F64Be) {
        for plane in &mut out {
            let r = make_finite(plane);
            repairs.non_finite += r.non_finite;
            repairs.clamped += r.clamped;
        }
    }
    (out, repairs)
}

fn planes<T, const B: usize>(bytes: &[u8], channels: usize, from_le: impl Fn(&[u8; B]) -> T) -> Vec<Vec<T>> {
    let samples = bytes.as_chunks::<B>().0;
    let frames = samples.len() / channels;
    (0..channels).map(|c| samples[c..].iter().step_by(channels).take(frames).map(&from_le).collect()).collect()
}

/// A finite f64 beyond f32 is loud, not non-finite; it must arrive at the clamp as such.
fn narrow(x: f64) -> f32 {
    if x.is_finite() { x.clamp(-1e30, 1e30) as f32 } else { f32::NAN }
}

/// ITU-T G.711 A-law, table 1a: sign, 3-bit segment, 4-bit step; every other bit is inverted.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let step = i16::from(code & 0x0F) << 4;
    let magnitude = match (code >> 4) & 7 {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}

/// ITU-T G.711 µ-law, table 2a: all bits inverted, bias 33 (here 132, at 16 bits).
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let magnitude = (((i16::from(code & 0x0F)) << 3) + 132) << ((code >> 4) & 7);
    if code & 0x80 != 0 { 132 - magnitude } else { magnitude - 132 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_reaches_its_full_scale() {
        let one = |format, bytes: &[u8]| f32_planes(bytes, 1, format).0.remove(0);
        assert_eq!(one(SampleFormat::U8, &[0, 128, 255]), [-1.0, 0.0, 127.0 / 128.0]);
        assert_eq!(one(SampleFormat::I16, &[0, 0x80, 1, 0]), [-1.0, 1.0 / 32768.0]);
        assert_eq!(one(SampleFormat::I24, &[0, 0, 0x80, 0xFF, 0xFF, 0xFF]), [-1.0, -1.0 / 8_388_608.0]);
        assert_eq!(one(SampleFormat::I32, &[0, 0, 0, 0x80, 0, 0, 0, 0x40]), [-1.0, 0.5]);
        // G.711: the loudest codes of both laws, the smallest of A-law, and µ-law's two zeros.
        assert_eq!(one(SampleFormat::ALaw, &[0xAA, 0xD5]), [32256.0 / 32768.0, 8.0 / 32768.0]);
        assert_eq!(
            one(SampleFormat::MuLaw, &[0x80, 0x00, 0xFF, 0x7F]),
            [32124.0 / 32768.0, -32124.0 / 32768.0, 0.0, 0.0]
        );
    }

    #[test]
    fn floats_are_made_finite_and_counted() {
        let mut bytes = Vec::new();
        for x in [f64::NAN, 1e300, f64::NEG_INFINITY, 0.25] {
            bytes.extend(x.to_le_bytes());
        }
        let (planes, repairs) = f32_planes(&bytes, 2, SampleFormat::F64);
        assert_eq!(planes, [[0.0, 0.0], [1e4, 0.25]]);
        assert_eq!(repairs, Repairs { non_finite: 2, clamped: 1 });
    }
}
