//! Ogg pages: found, checked, cut out of a source.
//!
//! Source: RFC 3533 (Pfeiffer 2003), section 6.

use std::io::Read;

use crate::error::AudioError;
use crate::stream::Source;

/// Bytes of a page header before its table of segments.
const HEADER_BYTES: usize = 27;
/// Bytes read from the source at once.
const READ_BYTES: usize = 1 << 16;
/// A granule position that says: no packet ends on this page.
const NO_GRANULE: u64 = u64::MAX;

/// One page.
pub(super) struct Page {
    /// Which of the multiplexed streams it belongs to.
    pub serial: u32,
    /// Its number within that stream.
    pub sequence: u32,
    /// Position at its end, in the codec's units; `None` where no packet ends on it.
    pub granule: Option<u64>,
    /// Whether it is the first page of its stream.
    pub first: bool,
    /// Whether it is the last page of its stream.
    pub last: bool,
    /// Whether its first bytes continue a packet of the page before.
    pub continued: bool,
    /// Lengths of its segments; 255 means that the packet goes on.
    segments: Vec<u8>,
    body: Vec<u8>,
}

impl Page {
    /// Its pieces of packets, each with whether the packet ends here.
    pub fn pieces(&self) -> Vec<(&[u8], bool)> {
        let mut pieces = Vec::new();
        let (mut from, mut to) = (0, 0);
        for (i, &length) in self.segments.iter().enumerate() {
            to += usize::from(length);
            if length < 255 || i + 1 == self.segments.len() {
                pieces.push((&self.body[from..to], length < 255));
                from = to;
            }
        }
        pieces
    }
}

/// Reads pages in order. Bytes between pages and pages whose checksum is wrong are passed over.
pub(super) struct PageReader {
    source: Box<dyn Source>,
    buffer: Vec<u8>,
    /// Start of what is left in `buffer`.
    at: usize,
    ended: bool,
    /// Whether the source ended within a page.
    pub truncated: bool,
    /// Pages whose checksum was wrong.
    pub damaged: u64,
}

impl PageReader {
    pub fn new(source: Box<dyn Source>) -> Self {
        PageReader { source, buffer: Vec::new(), at: 0, ended: false, truncated: false, damaged: 0 }
    }

    /// The next page, `None` at the end of the source.
    ///
    /// # Errors
    /// [`AudioError::Io`].
    pub fn next(&mut self) -> Result<Option<Page>, AudioError> {
        let mut incomplete = false;
        loop {
            if !self.find_capture()? {
                self.truncated |= incomplete;
                return Ok(None);
            }
            match self.page_here()? {
                Found::Page(page) => return Ok(Some(page)),
                Found::Damaged => self.damaged += 1,
                Found::Incomplete => incomplete = true,
                Found::NoPage => {}
            }
            // What looked like a page may hide a real one.
            self.at += 4;
        }
    }

    /// Moves to the next "OggS"; false if there is none.
    fn find_capture(&mut self) -> Result<bool, AudioError> {
        loop {
            let left = &self.buffer[self.at..];
            if let Some(offset) = left.windows(4).position(|four| four == b"OggS") {
                self.at += offset;
                return Ok(true);
            }
            // The last three bytes may begin a capture pattern.
            self.at = self.buffer.len() - left.len().min(3);
            let wanted = self.buffer.len() - self.at + 1;
            if !self.fill(wanted)? {
                return Ok(false);
            }
        }
    }

    fn page_here(&mut self) -> Result<Found, AudioError> {
        if !self.fill(HEADER_BYTES)? {
            return Ok(Found::Incomplete);
        }
        let header = &self.buffer[self.at..self.at + HEADER_BYTES];
        if header[4] != 0 {
            return Ok(Found::NoPage);
        }
        let segments = usize::from(header[26]);
        if !self.fill(HEADER_BYTES + segments)? {
            return Ok(Found::Incomplete);
        }
        let table = &self.buffer[self.at + HEADER_BYTES..self.at + HEADER_BYTES + segments];
        let body = table.iter().map(|&length| usize::from(length)).sum::<usize>();
        let total = HEADER_BYTES + segments + body;
        if !self.fill(total)? {
            return Ok(Found::Incomplete);
        }
        let bytes = &mut self.buffer[self.at..self.at + total];
        let u32_at = |i: usize, bytes: &[u8]| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        let checksum = u32_at(22, bytes);
        // The checksum is that of the page with four zeros in its place.
        bytes[22..26].fill(0);
        let actual = crc32(bytes);
        bytes[22..26].copy_from_slice(&checksum.to_le_bytes());
        if actual != checksum {
            return Ok(Found::Damaged);
        }
        let granule = u64::from(u32_at(6, bytes)) | u64::from(u32_at(10, bytes)) << 32;
        let page = Page {
            serial: u32_at(14, bytes),
            sequence: u32_at(18, bytes),
            granule: (granule != NO_GRANULE).then_some(granule),
            continued: bytes[5] & 1 != 0,
            first: bytes[5] & 2 != 0,
            last: bytes[5] & 4 != 0,
            segments: bytes[HEADER_BYTES..HEADER_BYTES + segments].to_vec(),
            body: bytes[HEADER_BYTES + segments..].to_vec(),
        };
        self.at += total;
        Ok(Found::Page(page))
    }

    /// Reads until `wanted` bytes are left in the buffer; false if the source ends before. A page has at most 65,307.
    fn fill(&mut self, wanted: usize) -> Result<bool, AudioError> {
        while self.buffer.len() - self.at < wanted {
            if self.ended {
                return Ok(false);
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let before = self.buffer.len();
            self.buffer.resize(before + READ_BYTES, 0);
            let read = loop {
                match self.source.read(&mut self.buffer[before..]) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) => return Err(AudioError::io("the source", &error)),
            }
        }
        Ok(true)
    }
}

enum Found {
    Page(Page),
    /// The checksum is wrong.
    Damaged,
    /// The source ends within it.
    Incomplete,
    /// Of an unknown version.
    NoPage,
}

/// Tables of the CRC of RFC 3533: polynomial 0x04C11DB7, most significant bit first, from 0. Table `k` is of a byte
/// with `k` bytes behind it.
const CRC: [[u32; 256]; 4] = {
    let mut tables = [[0; 256]; 4];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder << 1) ^ if remainder & 0x8000_0000 != 0 { 0x04C1_1DB7 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = remainder;
        byte += 1;
    }
    let mut behind = 1;
    while behind < 4 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[behind - 1][byte];
            tables[behind][byte] = (before << 8) ^ tables[0][(before >> 24) as usize];
            byte += 1;
        }
        behind += 1;
    }
    tables
};

fn crc32(bytes: &[u8]) -> u32 {
    let (fours, rest) = bytes.as_chunks::<4>();
    let crc = fours.iter().fold(0, |crc: u32, four| {
        let [a, b, c, d] = (crc ^ u32::from_be_bytes(*four)).to_be_bytes().map(usize::from);
        CRC[3][a] ^ CRC[2][b] ^ CRC[1][c] ^ CRC[0][d]
    });
    rest.iter().fold(crc, |crc, &byte| (crc << 8) ^ CRC[0][((crc >> 24) as u8 ^ byte) as usize])
}

/// Pages made by hand.
#[cfg(test)]
pub(super) mod testing {
    /// A page of whole packets. `flags`: 1 continued, 2 first, 4 last.
    pub fn page(serial: u32, sequence: u32, granule: u64, flags: u8, packets: &[&[u8]]) -> Vec<u8> {
        let mut table = Vec::new();
        for packet in packets {
            table.extend(std::iter::repeat_n(255u8, packet.len() / 255));
            table.push((packet.len() % 255) as u8);
        }
        let mut page = [&b"OggS\0"[..], &[flags], &granule.to_le_bytes(), &serial.to_le_bytes()].concat();
        page.extend([&sequence.to_le_bytes()[..], &[0; 4], &[table.len() as u8], &table, &packets.concat()].concat());
        seal(&mut page);
        page
    }

    /// Writes the checksum.
    pub fn seal(page: &mut [u8]) {
        page[22..26].fill(0);
        let crc = super::crc32(page);
        page[22..26].copy_from_slice(&crc.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_bitwise_one() {
        let bytes: Vec<u8> = (0..1003_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut slow = 0u32;
        for &byte in &bytes {
            slow ^= u32::from(byte) << 24;
            for _ in 0..8 {
                slow = (slow << 1) ^ if slow & 0x8000_0000 != 0 { 0x04C1_1DB7 } else { 0 };
            }
        }
        assert_eq!(crc32(&bytes), slow);
    }
}
