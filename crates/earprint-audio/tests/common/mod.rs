//! Hand-made files and a small generator of damage, shared by the test files.
#![allow(dead_code)]

/// xorshift64*: enough randomness for damage, and the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.roll() % n as u64) as usize }
    }

    /// One to four blows: flipped bytes, nasty numbers, cuts, repeats. Most hit the header.
    pub fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let near = if self.below(3) > 0 { bytes.len().min(128) } else { bytes.len() };
            let at = self.below(near);
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = self.roll() as u8,
                2 if at + 4 <= bytes.len() => {
                    let nasty = [0u32, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX, 0xFFFF_FFFE, 0xFFFF, 0x7FFF_F000];
                    let value = nasty[self.below(nasty.len())];
                    let value = if self.below(2) == 0 { value.to_le_bytes() } else { value.to_be_bytes() };
                    bytes[at..at + 4].copy_from_slice(&value);
                }
                3 => bytes.truncate(at.max(self.below(bytes.len()))),
                4 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
    }
}

/// A chunk with its pad byte.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// A plain `fmt ` chunk.
pub fn fmt(tag: u16, channels: u16, rate_hz: u32, bits: u16) -> Vec<u8> {
    let frame = channels.wrapping_mul(bits.div_ceil(8));
    let mut body = tag.to_le_bytes().to_vec();
    body.extend(channels.to_le_bytes());
    body.extend(rate_hz.to_le_bytes());
    body.extend(rate_hz.wrapping_mul(u32::from(frame)).to_le_bytes());
    body.extend(frame.to_le_bytes());
    body.extend(bits.to_le_bytes());
    chunk(b"fmt ", &body)
}

/// A RIFF file of ready chunks.
pub fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let mut out = b"RIFF".to_vec();
    out.extend((body.len() as u32 + 4).to_le_bytes());
    out.extend(b"WAVE");
    out.extend(body);
    out
}

/// FLAC with verbatim subframes only: no prediction, so it can be written by hand. 16 bits.
pub fn flac(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    const BLOCK: usize = 256;
    let (channels, frames) = (planes.len() as u64, planes[0].len());
    let mut out = b"fLaC\x80\x00\x00\x22".to_vec();
    out.extend([(BLOCK >> 8) as u8, BLOCK as u8, (BLOCK >> 8) as u8, BLOCK as u8, 0, 0, 0, 0, 0, 0]);
    out.extend((u64::from(rate_hz) << 44 | (channels - 1) << 41 | 15 << 36 | frames as u64).to_be_bytes());
    out.extend([0; 16]);
    for (number, start) in (0..frames).step_by(BLOCK).enumerate() {
        assert!(number < 128, "frame numbers above 127 take two bytes");
        let end = (start + BLOCK).min(frames);
        let mut frame = vec![0xFF, 0xF8, 0x70, ((channels as u8 - 1) << 4) | 0x08, number as u8];
        frame.extend(((end - start - 1) as u16).to_be_bytes());
        frame.push(crc(&frame, 0x07, 8) as u8);
        for plane in planes {
            frame.push(0x02);
            frame.extend(plane[start..end].iter().flat_map(|x| x.to_be_bytes()));
        }
        let check = crc(&frame, 0x8005, 16);
        frame.extend(check.to_be_bytes());
        out.extend(frame);
    }
    out
}

fn crc(bytes: &[u8], polynomial: u32, bits: u32) -> u16 {
    let mut crc = 0u32;
    for &byte in bytes {
        crc ^= u32::from(byte) << (bits - 8);
        for _ in 0..8 {
            crc = if crc >> (bits - 1) & 1 == 1 { crc << 1 ^ polynomial } else { crc << 1 };
        }
        crc &= (1 << bits) - 1;
    }
    crc as u16
}

/// AIFF, 16 bits. The rate must be a power of two times an integer below 2^16, as all usual ones are.
pub fn aiff(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    let frames = planes[0].len();
    let mut comm = (planes.len() as u16).to_be_bytes().to_vec();
    comm.extend((frames as u32).to_be_bytes());
    comm.extend(16u16.to_be_bytes());
    // 80-bit extended float: biased exponent, then a mantissa with its leading one.
    let shift = rate_hz.leading_zeros();
    comm.extend((16383 + 31 - shift as u16).to_be_bytes());
    comm.extend((u64::from(rate_hz) << (32 + shift)).to_be_bytes());
    let mut ssnd = vec![0u8; 8];
    for n in 0..frames {
        ssnd.extend(planes.iter().flat_map(|plane| plane[n].to_be_bytes()));
    }
    let mut body = b"AIFF".to_vec();
    for (id, chunk) in [(b"COMM", comm), (b"SSND", ssnd)] {
        body.extend(id);
        body.extend((chunk.len() as u32).to_be_bytes());
        body.extend(chunk);
    }
    let mut out = b"FORM".to_vec();
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out
}

/// CAF, 16 bits big-endian.
pub fn caf(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    let channels = planes.len() as u32;
    let mut desc = f64::from(rate_hz).to_be_bytes().to_vec();
    desc.extend(b"lpcm");
    desc.extend([0, 2 * channels, 1, channels, 16].iter().flat_map(|x: &u32| x.to_be_bytes()));
    let mut data = vec![0u8; 4];
    for n in 0..planes[0].len() {
        data.extend(planes.iter().flat_map(|plane| plane[n].to_be_bytes()));
    }
    let mut out = b"caff\x00\x01\x00\x00".to_vec();
    for (id, chunk) in [(b"desc", desc), (b"data", data)] {
        out.extend(id);
        out.extend((chunk.len() as u64).to_be_bytes());
        out.extend(chunk);
    }
    out
}

/// MP3 packets of digital silence: 44.1 kHz stereo, 128 kbit/s, empty side information.
pub fn mp3_silence(packets: usize) -> Vec<u8> {
    let mut packet = vec![0xFF, 0xFB, 0x90, 0x00];
    packet.resize(417, 0);
    packet.repeat(packets)
}

/// An Ogg page that holds whole packets. `flags`: 1 continued, 2 first, 4 last.
pub fn ogg_page(serial: u32, sequence: u32, granule: u64, flags: u8, packets: &[&[u8]]) -> Vec<u8> {
    let mut table = Vec::new();
    for packet in packets {
        table.extend(std::iter::repeat_n(255u8, packet.len() / 255));
        table.push((packet.len() % 255) as u8);
    }
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(serial.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(table.len()).expect("at most 255 segments"));
    page.extend(table);
    page.extend(packets.concat());
    let mut crc = 0u32;
    for &byte in &page {
        crc ^= u32::from(byte) << 24;
        for _ in 0..8 {
            crc = (crc << 1) ^ if crc & 0x8000_0000 != 0 { 0x04C1_1DB7 } else { 0 };
        }
    }
    page[22..26].copy_from_slice(&crc.to_le_bytes());
    page
}

/// An ID3v2.4 tag of `body` bytes behind its header, empty.
pub fn id3v2(body: usize) -> Vec<u8> {
    let mut tag = b"ID3\x04\x00\x00".to_vec();
    // Sizes in ID3 hold seven bits a byte.
    tag.extend([21, 14, 7, 0].map(|shift| (body >> shift & 0x7F) as u8));
    tag.resize(10 + body, 0);
    tag
}

/// An ID3v1 tag.
pub fn id3v1() -> Vec<u8> {
    let mut tag = b"TAGa title".to_vec();
    tag.resize(128, 0);
    tag
}
