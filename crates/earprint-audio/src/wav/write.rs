//! The plainest WAV there is: a 44-byte header and 16-bit samples. For tests and corpora.

/// A mono 16-bit WAV file.
///
/// # Panics
/// If the file would exceed the 4 GiB that RIFF can express.
pub fn write_i16_mono(rate_hz: u32, samples: &[i16]) -> Vec<u8> {
    write_i16_interleaved(rate_hz, 1, samples)
}

/// A 16-bit WAV file of `channels` interleaved channels.
///
/// # Panics
/// If `channels` is 0, if the last frame is incomplete, or if the file would exceed 4 GiB.
pub fn write_i16_interleaved(rate_hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    assert!(channels > 0 && samples.len().is_multiple_of(usize::from(channels)), "samples must be (N, C)");
    let data_bytes = u32::try_from(samples.len() * 2).expect("RIFF holds at most 4 GiB");
    let riff_bytes = data_bytes.checked_add(36).expect("RIFF holds at most 4 GiB");
    let frame_bytes = channels * 2;
    let mut out = Vec::with_capacity(44 + samples.len() * 2);
    out.extend(b"RIFF");
    out.extend(riff_bytes.to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate_hz.to_le_bytes());
    out.extend(rate_hz.saturating_mul(u32::from(frame_bytes)).to_le_bytes());
    out.extend(frame_bytes.to_le_bytes());
    out.extend(16u16.to_le_bytes());
    out.extend(b"data");
    out.extend(data_bytes.to_le_bytes());
    out.extend(samples.iter().flat_map(|x| x.to_le_bytes()));
    out
}
