//! FLAC files joined to one, tags around them, and headers that count wrong.
#![cfg(feature = "codecs")]

mod common;

use common::{Dice, flac, id3v1, id3v2};
use earprint_audio::{Clip, Limits, Samples, decode, decode_guarded};

fn ramp(frames: usize, step: usize) -> Vec<Vec<i16>> {
    vec![(0..frames).map(|n| (n * step) as i16).collect()]
}

fn read(bytes: Vec<u8>) -> Clip {
    decode(bytes, None, &Limits::default()).expect("decodes")
}

fn floats(parts: &[&[Vec<i16>]]) -> Vec<Vec<f32>> {
    Samples::I16(vec![parts.iter().flat_map(|planes| planes[0].clone()).collect()]).to_f32()
}

#[test]
fn joined_files_give_the_samples_of_all() {
    let (a, b) = (ramp(2000, 37), ramp(777, 91));
    let (first, second) = (flac(44_100, &a), flac(44_100, &b));
    for (what, bytes, parts) in [
        ("two", [&first[..], &second].concat(), vec![&a[..], &b]),
        ("three", [&first[..], &second, &first].concat(), vec![&a[..], &b, &a]),
        ("a tag between", [&first[..], &id3v1(), &second].concat(), vec![&a[..], &b]),
        ("tags around", [&id3v2(3000)[..], &first, &second, &id3v1()].concat(), vec![&a[..], &b]),
    ] {
        println!("{what}");
        let clip = read(bytes);
        assert_eq!(clip.note, None, "{what}");
        assert_eq!(clip.to_f32(), floats(&parts), "{what}");
    }
    let other = read([flac(44_100, &a), flac(48_000, &b)].concat());
    assert_eq!(other.to_f32(), floats(&[&a]));
    let reason = other.note.expect("noted").partial.expect("partial").reason;
    assert!(reason.starts_with("the audio changes from 44100 Hz"), "{reason}");
}

#[test]
fn tags_around_a_file_are_no_audio() {
    let a = ramp(1500, 37);
    let plain = flac(44_100, &a);
    let mut ape = b"APETAGEX\xD0\x07\0\0\x52\0\0\0\x01\0\0\0\0\0\0\xA0".to_vec();
    ape.resize(32 + 50, 0);
    ape.extend(b"APETAGEX\xD0\x07\0\0\x52\0\0\0\x01\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\0");
    for bytes in
        [[&plain[..], &id3v1()].concat(), [&plain[..], &ape, &id3v1()].concat(), [&id3v2(100)[..], &plain].concat()]
    {
        let clip = read(bytes);
        assert_eq!((clip.decoder, clip.note.clone()), ("symphonia-flac", None));
        assert_eq!(clip.to_f32(), floats(&[&a]));
    }
}

#[test]
fn damaged_joined_files_end_in_a_clip_or_an_error() {
    let file = [flac(44_100, &ramp(600, 37)), id3v1(), flac(44_100, &ramp(300, 91))].concat();
    let (mut clips, mut errors) = (0, 0);
    for seed in 1..=3000u64 {
        let mut bytes = file.clone();
        Dice(seed).damage(&mut bytes);
        match decode_guarded(bytes, Some("flac"), &Limits::default()) {
            Ok(clip) => {
                clips += 1;
                assert!(clip.frames() <= 1 << 18, "seed {seed}: {} frames", clip.frames());
            }
            Err(error) => {
                errors += 1;
                assert_ne!(error.code(), "E_DECODER_PANICKED", "seed {seed}: {error}");
            }
        }
    }
    assert!(clips > 300 && errors > 300, "{clips} clips, {errors} errors");
}

/// Writes another number of samples to the header of [`flac`].
fn counting(mut flac: Vec<u8>, frames: u64) -> Vec<u8> {
    let fields = u64::from_be_bytes(flac[18..26].try_into().expect("8 bytes"));
    flac[18..26].copy_from_slice(&(fields >> 36 << 36 | frames).to_be_bytes());
    flac
}

#[test]
fn a_header_that_counts_wrong_hides_nothing() {
    let a = ramp(1500, 37);
    let unknown = read(counting(flac(44_100, &a), 0));
    assert_eq!((unknown.note.clone(), unknown.to_f32()), (None, floats(&[&a])));
    let less = read(counting(flac(44_100, &a), 700));
    assert_eq!(less.to_f32(), floats(&[&a]));
    assert_eq!(less.note.expect("noted").repaired, Some("the header counts fewer samples than the file holds"));
    let more = read(counting(flac(44_100, &a), 5000));
    assert_eq!(more.to_f32(), floats(&[&a]));
    let partial = more.note.expect("noted").partial.expect("partial");
    assert_eq!((partial.frames, partial.expected_frames), (1500, Some(5000)));
}
