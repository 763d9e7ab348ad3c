//! Blocks from a source, joined to packets that hold all channels of a stretch of sound.

use std::io::SeekFrom;

use super::header::{HEADER_BYTES, Header, flag};
use super::metadata::{checksum_holds, id, sub_blocks};
use crate::error::AudioError;
use crate::identity::Hasher;
use crate::limits::Limits;
use crate::stream::{Source, read_full};

/// Bytes looked through at once in the search for a block.
const SEARCH_BYTES: usize = 1 << 16;
/// Bytes in which the first block must begin.
const MAX_PREAMBLE_BYTES: u64 = 4 << 20;
/// Samples of all channels in one packet: four seconds of eight channels at 96 kHz.
const MAX_PACKET_SAMPLES: usize = 1 << 22;

/// All blocks of one stretch of sound.
pub(super) struct Packet {
    /// Number of the first frame, by the header.
    pub index: u64,
    pub frames: u32,
    /// Frames of the whole file, by the header.
    pub total: Option<u64>,
    pub rate_hz: Option<u32>,
    pub channels: usize,
    pub is_dsd: bool,
    /// Whole blocks, one behind the other.
    pub bytes: Vec<u8>,
}

impl Packet {
    /// The blocks, each with its header.
    pub fn blocks(&self) -> impl Iterator<Item = (&[u8], Header)> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let header = Header::read(rest)?;
            let (block, behind) = rest.split_at_checked(header.block_bytes)?;
            rest = behind;
            Some((block, header))
        })
    }

    /// Takes what decoding needs into the identity; tags, headers of the original file and positions stay out.
    pub fn hash(&self, hasher: &mut Hasher) {
        for (block, header) in self.blocks() {
            let mut kept = Vec::with_capacity(block.len());
            kept.extend(header.version.to_le_bytes());
            kept.extend(header.frames.to_le_bytes());
            kept.extend((header.flags & !flag::CHECKSUM).to_le_bytes());
            kept.extend(header.crc.to_le_bytes());
            for sub in sub_blocks(block).flatten() {
                let matters = sub.id == id::EXTRA_BITS_NEW || sub.id & id::OPTIONAL == 0;
                if matters && sub.id != id::DUMMY && sub.id != id::ENCODER_INFO {
                    kept.push(sub.id);
                    kept.extend((sub.data.len() as u32).to_le_bytes());
                    kept.extend(sub.data);
                }
            }
            hasher.packet(&kept);
        }
    }
}

/// One step through the file.
pub(super) enum Next {
    Packet(Packet),
    /// Something between packets is damaged and was stepped over.
    Lost,
    /// The file ends. True: within a block.
    End(bool),
}

/// Reads blocks one behind the other; searches for the next one where there is none.
pub(super) struct Reader {
    source: Box<dyn Source>,
    offset: u64,
    total_bytes: u64,
    limits: Limits,
}

impl Reader {
    pub fn new(source: Box<dyn Source>, total_bytes: u64, limits: &Limits) -> Reader {
        Reader { source, offset: 0, total_bytes, limits: *limits }
    }

    /// The first bytes of the file, as many as a header has.
    pub fn head(&mut self) -> Result<Vec<u8>, AudioError> {
        self.offset = 0;
        self.seek()?;
        let mut head = vec![0; HEADER_BYTES];
        let here = read_full(&mut self.source, &mut head)?;
        head.truncate(here);
        Ok(head)
    }

    /// The next packet. Blocks without audio are stepped over.
    pub fn next(&mut self) -> Result<Next, AudioError> {
        let mut packet: Option<Packet> = None;
        loop {
            let start = self.offset;
            let Some(header) = self.find_header()? else {
                // Tags behind the last block are no damage, a begun packet is.
                return Ok(Next::End(packet.is_some()));
            };
            if self.offset != start && !self.is_tag(start)? {
                return Ok(Next::Lost);
            }
            if header.frames > 0 && !fits(packet.as_ref(), &header) {
                // With a packet begun, the block may begin the next one. Else it is a later block without its first.
                if packet.is_none() {
                    self.offset += header.block_bytes as u64;
                }
                return Ok(Next::Lost);
            }
            let Some(block) = self.read_block(&header)? else { return Ok(Next::End(true)) };
            if !checksum_holds(&block, &header) {
                return Ok(Next::Lost);
            }
            if header.frames == 0 {
                continue;
            }
            let packet = packet.get_or_insert_with(|| Packet {
                index: header.index,
                frames: header.frames,
                total: header.total,
                rate_hz: rate_hz(&block, &header),
                channels: 0,
                is_dsd: false,
                bytes: Vec::new(),
            });
            packet.channels += header.channels();
            packet.is_dsd |= header.has(flag::DSD);
            packet.bytes.extend_from_slice(&block);
            self.limits.check_channels(packet.channels)?;
            if packet.channels.saturating_mul(header.frames as usize) > MAX_PACKET_SAMPLES {
                return Ok(Next::Lost);
            }
            if header.has(flag::FINAL) {
                if let Some(channels) = told_channels(&block) {
                    packet.channels = packet.channels.min(channels);
                }
                let whole = std::mem::take(&mut packet.bytes);
                return Ok(Next::Packet(Packet { bytes: whole, ..*packet }));
            }
        }
    }

    /// Steps over what stands before the first block, a program that unpacks itself for example; false if no block
    /// begins within [`MAX_PREAMBLE_BYTES`].
    pub fn skip_preamble(&mut self) -> Result<bool, AudioError> {
        let end = self.total_bytes;
        self.total_bytes = end.min(MAX_PREAMBLE_BYTES);
        let found = self.find_header();
        self.total_bytes = end;
        Ok(found?.is_some())
    }

    /// Whether a tag begins at `offset`: an APEv2, ID3v1 or ID3v2 tag.
    fn is_tag(&mut self, offset: u64) -> Result<bool, AudioError> {
        let here = std::mem::replace(&mut self.offset, offset);
        self.seek()?;
        self.offset = here;
        let mut head = [0; 8];
        let n = read_full(&mut self.source, &mut head)?;
        Ok([&b"APETAGEX"[..], b"TAG", b"ID3"].iter().any(|magic| head[..n].starts_with(magic)))
    }

    /// The header at `offset`, or the first one behind it; `None` if there is none up to the end.
    fn find_header(&mut self) -> Result<Option<Header>, AudioError> {
        let mut bytes = vec![0; HEADER_BYTES];
        loop {
            if self.offset >= self.total_bytes {
                return Ok(None);
            }
            self.seek()?;
            let here = read_full(&mut self.source, &mut bytes)?;
            let window = &bytes[..here];
            if let Some(header) = Header::read(window) {
                return Ok(Some(header));
            }
            if here < HEADER_BYTES {
                return Ok(None);
            }
            let next = (1..=here - HEADER_BYTES).find(|&at| Header::read(&window[at..]).is_some());
            // Without one, go on where a header could still begin.
            self.offset += next.unwrap_or(here - HEADER_BYTES + 1) as u64;
            bytes.resize(SEARCH_BYTES, 0);
        }
    }

    fn read_block(&mut self, header: &Header) -> Result<Option<Vec<u8>>, AudioError> {
        if self.total_bytes.saturating_sub(self.offset) < header.block_bytes as u64 {
            self.offset = self.total_bytes;
            return Ok(None);
        }
        self.seek()?;
        // At most a mebibyte, and the file is that long.
        let mut block = vec![0; header.block_bytes];
        let whole = read_full(&mut self.source, &mut block)? == block.len();
        self.offset += block.len() as u64;
        Ok(whole.then_some(block))
    }

    fn seek(&mut self) -> Result<(), AudioError> {
        let sought = self.source.seek(SeekFrom::Start(self.offset));
        sought.map(|_| ()).map_err(|error| AudioError::io("the source", &error))
    }
}

/// Whether a block can come next in a packet that has begun, or begin one.
fn fits(packet: Option<&Packet>, header: &Header) -> bool {
    match packet {
        None => header.has(flag::INITIAL),
        Some(packet) => !header.has(flag::INITIAL) && (header.index, header.frames) == (packet.index, packet.frames),
    }
}

/// The sample rate, from the flags or a sub-block.
fn rate_hz(block: &[u8], header: &Header) -> Option<u32> {
    header.rate_hz().or_else(|| {
        let sub = sub_blocks(block).flatten().find(|sub| sub.id == id::RATE)?;
        match *sub.data {
            [a, b, c] => Some(u32::from_le_bytes([a, b, c, 0])),
            [a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d & 0x7F])),
            _ => None,
        }
    })
}

/// The number of channels by the sub-block that tells it.
fn told_channels(block: &[u8]) -> Option<usize> {
    let sub = sub_blocks(block).flatten().find(|sub| sub.id == id::CHANNELS)?;
    let channels = match *sub.data {
        [low, _, high, _, _, _, ..] => (usize::from(low) | usize::from(high & 15) << 8) + 1,
        [channels, ..] => usize::from(channels),
        [] => 0,
    };
    (channels > 0).then_some(channels)
}
