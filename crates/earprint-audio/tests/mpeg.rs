//! MPEG audio: samples beside mpg123's, joined files, tags, damage, and what is no MPEG audio.
#![cfg(feature = "codecs")]

mod common;

use common::{Dice, id3v1, id3v2, mp3_silence};
use earprint_audio::{AudioError, Clip, Limits, decode, decode_guarded};

const REFERENCE: &str = include_str!("mpeg/reference.txt");

fn file(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mpeg").join(name)).expect("fixture")
}

fn read(bytes: Vec<u8>) -> Clip {
    decode(bytes, Some("mp3"), &Limits::default()).expect("decodes")
}

fn planes(name: &str) -> Vec<Vec<f32>> {
    read(file(name)).to_f32()
}

#[track_caller]
fn assert_equal(actual: &[Vec<f32>], expected: &[Vec<f32>]) {
    let lengths = |planes: &[Vec<f32>]| planes.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(actual), lengths(expected));
    for (c, (a, b)) in actual.iter().zip(expected).enumerate() {
        let differs = a.iter().zip(b).position(|(x, y)| x != y);
        assert_eq!(differs, None, "channel {c}: first sample that differs");
    }
}

#[test]
fn samples_are_those_of_mpg123() {
    let lines: Vec<&str> = REFERENCE.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 9);
    for line in lines {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |n: usize| fields[n].parse::<f64>().expect("a number");
        let (channels, frames) = (number(2) as usize, number(3) as usize);
        let clip = read(file(fields[0]));
        let actual = (f64::from(clip.rate_hz), clip.channels(), clip.frames(), clip.note.clone());
        assert_eq!(actual, (number(1), channels, frames, None), "{}", fields[0]);
        let planes = clip.to_f32();
        let differences = (0..48).map(|n| {
            let sample = planes[n % channels][n * (frames / 48)];
            (f64::from(sample) * 32_768.0 - number(6 + n)).abs()
        });
        let largest = differences.fold(0.0, f64::max);
        println!("{}: {largest:.3} of a 16-bit step", fields[0]);
        assert!(largest < 0.1, "{}: {largest} steps", fields[0]);
    }
}

#[test]
fn joined_files_give_the_samples_of_both() {
    let (a, b) = (planes("cbr64.mp3"), planes("crc56.mp3"));
    assert_ne!(a[0].len(), b[0].len());
    let joined = read([file("cbr64.mp3"), file("cbr64.mp3")].concat());
    assert_eq!(joined.note, None);
    assert_equal(&joined.to_f32(), &[[&a[0][..], &a[0]].concat()]);
    let tagged = [id3v2(300), file("cbr64.mp3"), id3v1(), id3v2(5000), file("cbr64.mp3"), id3v1()].concat();
    assert_equal(&read(tagged).to_f32(), &[[&a[0][..], &a[0]].concat()]);

    // Another rate: what is left is said.
    let other = read([file("cbr64.mp3"), file("crc56.mp3")].concat());
    assert_equal(&other.to_f32(), &a);
    let partial = other.note.expect("noted").partial.expect("partial");
    assert_eq!(partial.reason, "the audio changes from 44100 Hz, 1 channels to 32000 Hz, 1 channels");
    // A file without a header frame behind one with it: its padding is dropped all the same.
    let bare = [file("cbr64.mp3"), file("vbr-no-header.mp3")].concat();
    let bare = read(bare);
    assert_eq!(bare.frames(), 13_230 + 27_648);
    assert_equal(&[bare.to_f32()[0][..13_230].to_vec()], &a);
    assert!(bare.note.expect("noted").repaired.is_some());
}

#[test]
fn a_length_is_never_guessed() {
    // The first 0.1 s are noise in large frames; by their bit rate the file would end after a third.
    assert_eq!(read(file("vbr-no-header.mp3")).frames(), 24 * 1152);
}

#[test]
fn tags_and_junk_are_stepped_over() {
    let expected = planes("cbr64.mp3");
    let mut dice = Dice(3);
    let mut junk = |n: usize| (0..n).map(|_| dice.roll() as u8).collect::<Vec<u8>>();
    let footer = [b"ID3\x04\0\x10\0\0\0\x05hello3DI\x04\0\x10\0\0\0\x05".to_vec(), file("cbr64.mp3")].concat();
    let ape = |is_header: u8| {
        let mut tag = b"APETAGEX\xD0\x07\0\0\x52\0\0\0\x01\0\0\0\0\0\0".to_vec();
        tag.push(if is_header == 1 { 0xA0 } else { 0x80 });
        tag.resize(32, 0);
        tag
    };
    let ape = [ape(1), vec![7; 50], ape(0)].concat();
    let lyrics = b"LYRICSBEGININD0000200EAL00003abc000031LYRICS200".to_vec();
    let around = [id3v2(200_000), id3v2(10), ape.clone(), file("cbr64.mp3"), ape, lyrics, id3v1()].concat();
    for (what, bytes) in [
        ("a tag with a footer", footer),
        ("tags before and behind", around),
        ("5,000 bytes of junk", [junk(5000), file("cbr64.mp3")].concat()),
        ("300,000 bytes of junk", [junk(300_000), file("cbr64.mp3")].concat()),
        ("zeros behind a tag", [id3v2(10), vec![0; 100_000], file("cbr64.mp3")].concat()),
        ("junk behind", [file("cbr64.mp3"), junk(3000)].concat()),
    ] {
        println!("{what}");
        let clip = read(bytes);
        assert_eq!(clip.note, None);
        assert_equal(&clip.to_f32(), &expected);
    }
}

#[test]
fn damage_keeps_its_time() {
    let whole = planes("cbr64.mp3");
    let mut bytes = file("cbr64.mp3");
    // Frames are 208 or 209 bytes long; two headers are hit.
    bytes[1200..1500].fill(0x55);
    let clip = read(bytes);
    assert_eq!(clip.frames(), 13_230);
    let note = clip.note.clone().expect("noted");
    assert!(note.partial.is_none() && (1..=4).contains(&note.lost_packets), "{note}");
    let damaged = clip.to_f32();
    assert_eq!(damaged[0][..4 * 1152 - 1105], whole[0][..4 * 1152 - 1105]);
    let (a, b) = (&damaged[0][11_000..], &whole[0][11_000..]);
    assert!(a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-4), "the end stands where it stood");
    assert!(a.iter().any(|x| x.abs() > 0.1));
}

#[test]
fn damage_of_any_kind_ends_in_a_clip_or_an_error() {
    let names =
        ["cbr64.mp3", "joint96.mp3", "vbr-no-header.mp3", "mpeg25.mp3", "free330.mp3", "layer2.mp2", "layer1.mp1"];
    let files: Vec<Vec<u8>> = names.iter().map(|name| file(name)).collect();
    let (mut clips, mut errors) = (0, 0);
    for seed in 1..=3000u64 {
        let mut dice = Dice(seed);
        let mut bytes = files[dice.below(files.len())].clone();
        if dice.below(3) == 0 {
            bytes.extend(&files[dice.below(files.len())]);
        }
        dice.damage(&mut bytes);
        match decode_guarded(bytes.clone(), Some("mp3"), &Limits::default()) {
            Ok(clip) => {
                clips += 1;
                // The shortest frame has 24 bytes, the longest 1,152 frames; silence stands in for no more.
                assert!(clip.frames() <= bytes.len() / 24 * 1152, "seed {seed}: {} frames", clip.frames());
            }
            Err(error) => {
                errors += 1;
                assert_ne!(error.code(), "E_DECODER_PANICKED", "seed {seed}: {error}");
            }
        }
    }
    assert!(clips > 1000 && errors > 10, "{clips} clips, {errors} errors");
}

#[test]
fn a_second_header_frame_is_no_audio() {
    let bytes = file("cbr64.mp3");
    // The header frame is 208 or 209 bytes long; LAME's is followed by a frame of the same header.
    let size = (150..300).find(|&at| bytes[at..at + 2] == bytes[..2]).expect("a second frame");
    let doubled = read([&bytes[..size], &bytes[..]].concat());
    assert_equal(&doubled.to_f32(), &planes("cbr64.mp3"));
    assert_eq!(doubled.note, None);
}

#[test]
fn a_file_that_breaks_off_is_partial_where_its_header_tells() {
    let bytes = file("cbr64.mp3");
    let clip = read(bytes[..bytes.len() / 2].to_vec());
    let partial = clip.note.clone().expect("noted").partial.expect("partial");
    assert_eq!((partial.frames, partial.expected_frames), (clip.frames() as u64, Some(13_230)));
    assert_eq!(partial.reason, "the file ends before its audio does");
    assert_equal(&clip.to_f32(), &[planes("cbr64.mp3")[0][..clip.frames()].to_vec()]);
    // A start within a frame: the first whole frame is the first that counts.
    let bytes = file("vbr-no-header.mp3");
    let cut = read(bytes[100..].to_vec());
    assert_eq!(cut.frames() % 1152, 0);
    assert!((22 * 1152..24 * 1152).contains(&cut.frames()), "{}", cut.frames());
}

#[test]
fn what_holds_no_frames_is_no_audio() {
    let fail = |bytes: &[u8]| decode(bytes.to_vec(), Some("mp3"), &Limits::default()).expect_err("no frames");
    let mut dice = Dice(5);
    let noise: Vec<u8> = (0..2_000_000).map(|_| dice.roll() as u8).collect();
    let text = "\u{FEFF}words in a file".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for bytes in
        [&b"<!doctype html><title>404</title><p>not found</p>\n"[..], &noise, &text, b"\x89PNG\r\n\x1a\n\0\0\0"]
    {
        assert_eq!(fail(bytes).code(), "E_NOT_AUDIO", "{:?}", &bytes[..8]);
    }
    assert_eq!(fail(&id3v2(5000)[..3000]).code(), "E_DECODE_TRUNCATED", "within the tag");
    assert_eq!(fail(&id3v2(5000)).code(), "E_DECODE_TRUNCATED", "behind the tag");
    assert_eq!(fail(&[id3v2(50), vec![1; 5000]].concat()).code(), "E_MALFORMED");
    assert_eq!(fail(&file("cbr64.mp3")[..150]).code(), "E_DECODE_TRUNCATED", "within the first frame");
}

#[test]
fn free_format_is_decoded_or_named() {
    let clip = read(file("free330.mp3"));
    assert_eq!((clip.decoder, clip.frames(), clip.note.clone()), ("nanomp3", 4410, None));
    let twice = read([file("free330.mp3"), file("free330.mp3")].concat());
    assert_equal(&twice.to_f32(), &[[&clip.to_f32()[0][..], &clip.to_f32()[0]].concat()]);
    // Layer 2 of free format: frames of silence with a header that tells no bit rate.
    let mut frame = vec![0xFF, 0xFD, 0x00, 0xC0];
    frame.resize(1300, 0);
    let error = decode(frame.repeat(5), None, &Limits::default()).expect_err("not read");
    assert!(matches!(&error, AudioError::Unsupported { actual, .. } if actual.contains("free format")), "{error}");
}

#[test]
fn one_channel_more_ends_the_stream_with_words() {
    let mut mono = vec![0xFF, 0xFB, 0x90, 0xC0];
    mono.resize(417, 0);
    let clip = read([mp3_silence(10), mono.repeat(10)].concat());
    assert_eq!(clip.frames(), 10 * 1152);
    let partial = clip.note.expect("noted").partial.expect("partial");
    assert!(partial.reason.contains("2 channels to 44100 Hz, 1 channels"), "{partial}");
    // A single frame among its like is damage.
    let clip = read([mp3_silence(10), mono, mp3_silence(10)].concat());
    assert_eq!((clip.frames(), clip.note.expect("noted").lost_packets), (21 * 1152, 1));
}

#[test]
fn a_long_tail_that_is_no_audio_is_told() {
    let frames = mp3_silence(40);
    assert_eq!(read(frames.clone()).note, None);
    let clip = read([&frames[..], &[0; 20_000]].concat());
    assert_eq!(clip.frames(), read(frames).frames());
    assert!(clip.note.expect("noted").to_string().contains("left out"));
}
