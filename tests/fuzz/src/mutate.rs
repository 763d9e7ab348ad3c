//! Damage: flipped bits, extreme numbers near the names of structures, cuts, repeats, pieces of other files.

use crate::random::Random;

/// Largest mutant; its parents are smaller.
const MAX_BYTES: usize = 400_000;

/// Values that size fields, counts and rates are set to.
const NUMBERS: [u64; 26] = [
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x1_0000,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
    0x4000_0000,
    0x7FFF_FFFF_FFFF_FFFF,
    u64::MAX,
    44_100,
    768_000,
    768_001,
    4_000_000_000,
];

/// Names that structures of audio containers begin with; numbers stand before or behind them.
const NAMES: [&[u8]; 62] = [
    b"RIFF",
    b"RF64",
    b"WAVE",
    b"fmt ",
    b"data",
    b"LIST",
    b"ds64",
    b"fact",
    b"riff",
    b"wave",
    b"FORM",
    b"AIFF",
    b"AIFC",
    b"COMM",
    b"SSND",
    b"caff",
    b"desc",
    b"pakt",
    b"kuki",
    b"chan",
    b".snd",
    b"OggS",
    b"fLaC",
    b"wvpk",
    b"OpusHead",
    b"OpusTags",
    b"\x01vorbis",
    b"\x03vorbis",
    b"\x05vorbis",
    b"BCV",
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"stsd",
    b"stsz",
    b"stts",
    b"stsc",
    b"stco",
    b"co64",
    b"esds",
    b"mdhd",
    b"mvhd",
    b"tkhd",
    b"elst",
    b"mp4a",
    b"alac",
    b"dOps",
    b"dfLa",
    b"ftyp",
    b"mdat",
    b"moof",
    b"traf",
    b"tfhd",
    b"trun",
    b"mvex",
    b"Xing",
    b"Info",
    b"VBRI",
    b"ID3",
    b"\x1A\x45\xDF\xA3",
];

/// IDs of Matroska elements whose sizes are worth damaging: Segment, Tracks, TrackEntry, Cluster, SimpleBlock,
/// CodecPrivate.
const EBML: [&[u8]; 6] = [b"\x18\x53\x80\x67", b"\x16\x54\xAE\x6B", b"\xAE", b"\x1F\x43\xB6\x75", b"\xA3", b"\x63\xA2"];

/// Damages `bytes` one to eight times; `other` is the file that pieces are taken from.
pub fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..random.of(&[1, 1, 1, 2, 2, 3, 5, 8]) {
        if bytes.len() < 4 {
            bytes.extend((0..16).map(|_| random.roll() as u8));
        }
        damage(random, bytes, other);
        bytes.truncate(MAX_BYTES);
    }
    if bytes.starts_with(b"OggS") && random.percent(70) {
        repair_ogg(bytes);
    }
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let n = bytes.len();
    match random.below(100) {
        0..18 => {
            let within = if random.percent(60) { n.min(random.of(&[64, 256, 1024])) } else { n };
            for _ in 0..random.of(&[1, 1, 2, 4, 16, 64, 256]) {
                bytes[random.below(within)] ^= 1 << random.below(8);
            }
        }
        18..26 => {
            let to = match random.below(3) {
                0 => random.below(n),
                1 => random.below(n.min(128)),
                _ => n.saturating_sub(1 + random.below(63)),
            };
            bytes.truncate(to);
        }
        26..50 => {
            let at = near_structure(random, bytes);
            put(random, bytes, at);
        }
        50..62 => {
            let within = n.min(random.of(&[48, 200, 2000]));
            let at = random.below(within);
            put(random, bytes, at);
        }
        62..70 => {
            let (at, from) = (random.below(n), random.below(other.len()));
            let piece = &other[from..(from + random.of(&[16, 256, 4096, other.len()])).min(other.len())];
            let rest = if random.percent(50) { bytes[at..].to_vec() } else { Vec::new() };
            bytes.truncate(at);
            bytes.extend_from_slice(piece);
            bytes.extend(rest);
        }
        70..76 => {
            let at = random.below(n);
            let mut piece = random.of(&NAMES).to_vec();
            piece.extend((random.of(&NUMBERS) as u32).to_be_bytes());
            bytes.splice(at..at, piece);
        }
        76..82 => {
            let at = random.below(n);
            bytes.drain(at..(at + random.of(&[1, 2, 4, 8, 64, 1000])).min(n));
        }
        82..88 => {
            let at = random.below(n);
            let piece = bytes[at..(at + random.of(&[1, 4, 16, 64, 512, 4096])).min(n)].to_vec();
            bytes.splice(at..at, piece.repeat(random.of(&[1, 2, 8])));
        }
        88..93 => {
            let at = random.below(n);
            let end = (at + random.of(&[4, 32, 512, 4096])).min(n);
            bytes[at..end].fill(random.of(&[0, 0xFF, 0x80, 0x55]));
        }
        _ => {
            let at = random.below(n);
            let end = (at + random.of(&[4, 32, 512, 4096])).min(n);
            bytes[at..end].iter_mut().for_each(|b| *b = random.roll() as u8);
        }
    }
}

/// Where a field of some structure may stand: a little before or behind one of the names.
fn near_structure(random: &mut Random, bytes: &[u8]) -> usize {
    let names = if bytes.starts_with(NAMES[61]) { &EBML[..] } else { &NAMES[..] };
    let found: Vec<usize> = names
        .iter()
        .flat_map(|name| {
            bytes.windows(name.len()).enumerate().filter(move |(_, w)| w == name).map(|(at, _)| at).take(20)
        })
        .collect();
    if found.is_empty() {
        return random.below(bytes.len().min(200));
    }
    let by = random.of(&[-8i64, -4, 1, 2, 4, 4, 5, 6, 8, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 36, 40]);
    (random.of(&found) as i64 + by).clamp(0, bytes.len() as i64 - 1) as usize
}

/// Writes a number of one to eight bytes over what stands there.
fn put(random: &mut Random, bytes: &mut [u8], at: usize) {
    let width = random.of(&[1, 2, 3, 4, 4, 4, 8]).min(bytes.len() - at);
    let value = if random.percent(80) { random.of(&NUMBERS) } else { random.roll() };
    let little = value.to_le_bytes();
    let field = &mut bytes[at..at + width];
    field.copy_from_slice(&little[..width]);
    if random.percent(50) {
        field.reverse();
    }
}

/// Computes the checksum of every whole page again (RFC 3533), so that damage gets past it.
fn repair_ogg(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|w| w == b"OggS") {
        at += found;
        let Some(&segments) = bytes.get(at + 26) else { return };
        let body = at + 27 + usize::from(segments);
        let Some(table) = bytes.get(at + 27..body) else { return };
        let end = body + table.iter().map(|&n| usize::from(n)).sum::<usize>();
        if let Some(page) = bytes.get_mut(at..end) {
            page[22..26].fill(0);
            let crc = page.iter().fold(0u32, |crc, &byte| {
                (0..8).fold(crc ^ u32::from(byte) << 24, |c, _| c << 1 ^ if c >> 31 == 1 { 0x04C1_1DB7 } else { 0 })
            });
            page[22..26].copy_from_slice(&crc.to_le_bytes());
        }
        at += 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_the_same_bytes_every_time_and_its_pages_have_checksums() {
        // A page of one segment: header, table [1], one byte.
        let mut page = b"OggS\0\x02\0\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\x01\x01A".to_vec();
        repair_ogg(&mut page);
        assert_ne!(page[22..26], [0; 4]);
        let again = page.clone();
        repair_ogg(&mut page);
        assert_eq!(page, again);
        let make = |case| {
            let mut bytes = page.repeat(9);
            mutate(&mut Random::of_case(7, case), &mut bytes, &page);
            bytes
        };
        assert_eq!(make(3), make(3));
        // A blow on a checksum alone is undone by the repair; most cases differ.
        assert!((0..50).filter(|&k| make(k) == page.repeat(9)).count() < 10);
    }
}
