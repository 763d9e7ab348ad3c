use std::io::Cursor;

use super::page::testing::page;
use super::*;

/// A CELT packet of 20 ms: 960 frames.
const PACKET: &[u8] = &[31 << 3, 1, 2, 3];
const FIRST: u8 = 2;
const LAST: u8 = 4;

fn head(pre_skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x02".to_vec();
    head.extend(pre_skip.to_le_bytes());
    head.extend([0x80, 0xBB, 0, 0, 0, 0, 0]);
    head
}

fn headers(serial: u32, pre_skip: u16) -> Vec<u8> {
    let mut bytes = page(serial, 0, 0, FIRST, &[&head(pre_skip)]);
    bytes.extend(page(serial, 1, 0, 0, &[b"OpusTags\0\0\0\0\0\0\0\0"]));
    bytes
}

/// Frames dropped at a packet's start, kept, dropped at its end.
type Trims = (u64, u64, u64);

/// Trims of every packet, the words at the end, and the remark.
fn read(bytes: Vec<u8>) -> (Vec<Trims>, Option<String>, Option<&'static str>) {
    let total = bytes.len() as u64;
    let mut reader = OggReader::open(Box::new(Cursor::new(bytes)), total).expect("opens");
    let mut packets = Vec::new();
    loop {
        match reader.next_packet().expect("reads") {
            Next::Packet(packet) => packets.push((packet.trim_start, packet.frames, packet.trim_end)),
            Next::Lost { frames, .. } => packets.push((0, frames, 0)),
            Next::NewTrack => packets.push((0, 0, 0)),
            Next::End(words) => return (packets, words, reader.repaired()),
        }
    }
}

#[test]
fn delay_is_dropped_at_the_start_and_the_last_position_cuts_the_end() {
    let mut bytes = headers(7, 312);
    bytes.extend(page(7, 2, 2 * 960, 0, &[PACKET, PACKET]));
    bytes.extend(page(7, 3, 3 * 960 + 100, LAST, &[PACKET, PACKET]));
    let (packets, words, remark) = read(bytes);
    assert_eq!(packets, [(312, 648, 0), (0, 960, 0), (0, 960, 0), (0, 100, 860)]);
    assert_eq!((words, remark), (None, None));
}

#[test]
fn a_surplus_of_the_first_page_lies_at_its_start_and_of_a_single_page_at_its_end() {
    let mut bytes = headers(7, 0);
    bytes.extend(page(7, 2, 2 * 960 - 128, 0, &[PACKET, PACKET]));
    bytes.extend(page(7, 3, 3 * 960 - 128, LAST, &[PACKET]));
    assert_eq!(read(bytes).0, [(128, 832, 0), (0, 960, 0), (0, 960, 0)]);
    let mut bytes = headers(7, 0);
    bytes.extend(page(7, 2, 2 * 960 - 1000, LAST, &[PACKET, PACKET]));
    assert_eq!(read(bytes).0, [(0, 920, 40), (0, 0, 960)]);
}

#[test]
fn a_lost_page_becomes_a_gap_of_its_length() {
    let pages: Vec<Vec<u8>> = (2..6u32).map(|i| page(7, i, u64::from(i - 1) * 960, 0, &[PACKET])).collect();
    let mut damaged = headers(7, 0);
    for (i, page) in pages.iter().enumerate() {
        damaged.extend(page);
        if i == 1 {
            // The last byte of the second page: its checksum is wrong.
            *damaged.last_mut().unwrap() ^= 1;
        }
    }
    let (packets, words, remark) = read(damaged);
    assert_eq!(packets, [(0, 960, 0); 4]);
    assert_eq!(words, None);
    assert!(remark.is_some(), "no page said that it is the last");
}

#[test]
fn a_lost_first_page_is_silence_too() {
    let mut bytes = headers(7, 312);
    // Page 2 is missing.
    bytes.extend(page(7, 3, 2 * 960, 0, &[PACKET]));
    bytes.extend(page(7, 4, 3 * 960, LAST, &[PACKET]));
    assert_eq!(read(bytes).0, [(0, 648, 0), (0, 960, 0), (0, 960, 0)]);
}

#[test]
fn other_streams_are_passed_over_and_chained_ones_follow() {
    let mut bytes = page(1, 0, 0, FIRST, &[b"\x80theora"]);
    bytes.extend(page(7, 0, 0, FIRST, &[&head(0)]));
    bytes.extend(page(1, 1, 0, 0, &[b"\x81theora"]));
    bytes.extend(page(7, 1, 0, 0, &[b"OpusTags\0\0\0\0\0\0\0\0"]));
    bytes.extend(page(7, 2, 960, LAST, &[PACKET]));
    bytes.extend(page(1, 2, 99, LAST, &[b"picture"]));
    bytes.extend(headers(8, 10));
    bytes.extend(page(8, 2, 900, LAST, &[PACKET]));
    assert_eq!(read(bytes).0, [(0, 960, 0), (0, 0, 0), (10, 890, 60)]);
}

#[test]
fn a_file_that_ends_within_a_page_or_a_packet_says_so() {
    let mut bytes = headers(7, 0);
    bytes.extend(page(7, 2, 960, 0, &[PACKET]));
    let whole = bytes.len();
    bytes.extend(page(7, 3, 1920, LAST, &[PACKET]));
    let (packets, words, _) = read(bytes[..bytes.len() - 2].to_vec());
    assert_eq!((packets.len(), words.as_deref()), (1, Some("the file ends within a page")));
    let (packets, words, remark) = read(bytes[..whole].to_vec());
    assert_eq!((packets.len(), words), (1, None));
    assert!(remark.is_some());
}

#[test]
fn packets_span_pages() {
    let long = [&[31 << 3][..], &[5; 600]].concat();
    // 601 bytes: two whole segments on one page, the rest on the next.
    let mut bytes = headers(7, 0);
    let mut begins = page(7, 2, u64::MAX, 0, &[&long[..510]]);
    // The table said 255, 255, 0; without the 0 the packet goes on.
    begins.remove(29);
    begins[26] = 2;
    super::page::testing::seal(&mut begins);
    bytes.extend(begins);
    bytes.extend(page(7, 3, 960, LAST | 1, &[&long[510..]]));
    let (packets, words, _) = read(bytes.clone());
    assert_eq!((packets, words), (vec![(0, 960, 0)], None));
    // Without the page on which it begins there is no packet.
    let lost: Vec<u8> = [headers(7, 0), page(7, 3, 960, LAST | 1, &[&long[510..]])].concat();
    assert_eq!(read(lost).0, []);
}
