//! WAV: every format and every damage, from hand-made bytes.

mod common;

use common::{Dice, chunk, fmt, riff};
use earprint_audio::wav::{self, Header, SampleFormat, WavLayout};
use earprint_audio::{AudioError, Clip, Limits, Mono, Samples, Stream, decode};

fn read(bytes: Vec<u8>) -> Clip {
    decode(bytes, None, &Limits::default()).expect("decodes")
}

fn fail(bytes: Vec<u8>) -> AudioError {
    decode(bytes, None, &Limits::default()).expect_err("must fail")
}

fn i16_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn what_we_write_we_read_bit_for_bit() {
    let samples: Vec<i16> = (0..1000).map(|n| (n * 65) as i16).collect();
    let clip = read(wav::write_i16_mono(22_050, &samples));
    assert_eq!(clip.mono(), Mono::I16(samples.clone()));
    assert_eq!((clip.rate_hz, clip.channels(), clip.frames(), clip.note), (22_050, 1, 1000, None));
    let clip = read(wav::write_i16_interleaved(48_000, 2, &samples));
    let Samples::I16(planes) = clip.samples else { panic!("16-bit WAV stays 16-bit") };
    assert_eq!(planes[0][..2], [0, 130]);
    assert_eq!(planes[1][..2], [65, 195]);
}

#[test]
fn every_sample_format_is_read() {
    let half: [(u16, u16, Vec<u8>); 9] = [
        (1, 8, vec![192]),
        (1, 16, vec![0, 0x40]),
        (1, 12, vec![0, 0x40]),
        (1, 24, vec![0, 0, 0x40]),
        (1, 32, vec![0, 0, 0, 0x40]),
        (3, 32, 0.5f32.to_le_bytes().to_vec()),
        (3, 64, 0.5f64.to_le_bytes().to_vec()),
        // The codes next above a half in both laws of G.711: 16,896 and 16,764 of 32,768.
        (6, 8, vec![0xA5]),
        (7, 8, vec![0x8F]),
    ];
    for (tag, bits, sample) in half {
        for channels in [1u16, 2, 6] {
            let data = sample.repeat(usize::from(channels) * 3);
            let clip = read(riff(&[fmt(tag, channels, 44_100, bits), chunk(b"data", &data)]));
            assert_eq!((clip.channels(), clip.frames()), (usize::from(channels), 3), "{tag} {bits}");
            for x in clip.to_f32().into_iter().flatten() {
                let tolerance = if tag >= 6 { 0.02 } else { 0.0 };
                assert!((x - 0.5).abs() <= tolerance, "tag {tag}, {bits} bits: {x}");
            }
        }
    }
}

#[test]
fn extensible_names_its_format_by_guid() {
    let mut body = fmt(0xFFFE, 1, 48_000, 32)[8..].to_vec();
    body.extend([22, 0, 24, 0, 4, 0, 0, 0]);
    body.extend([1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    let file = |body: &[u8]| riff(&[chunk(b"fmt ", body), chunk(b"data", &[0, 0, 0, 0xC0])]);
    assert_eq!(read(file(&body)).to_f32(), [[-0.5]]);
    body[24] = 3;
    assert_eq!(read(file(&body)).to_f32(), [[-2.0]]);
    body[30] = 0x11;
    assert_eq!(fail(file(&body)).code(), "E_UNSUPPORTED");
    assert_eq!(fail(file(&body[..20])).code(), "E_MALFORMED");
}

#[test]
fn chunks_around_the_data_do_not_matter() {
    let data = chunk(b"data", &i16_bytes(&[1, 2, 3]));
    let pcm = fmt(1, 1, 44_100, 16);
    let odd = chunk(b"LIST", b"INFOodd");
    let mut unpadded = chunk(b"LIST", b"INFOodd");
    unpadded.pop();
    let orders = [
        vec![odd.clone(), pcm.clone(), chunk(b"fact", &[0; 4]), data.clone()],
        vec![pcm.clone(), data.clone(), odd.clone()],
        vec![data.clone(), odd.clone(), pcm.clone()],
        vec![pcm.clone(), unpadded, data.clone()],
        vec![chunk(b"bext", &[7; 70_001]), pcm, data],
    ];
    for chunks in orders {
        let clip = read(riff(&chunks));
        assert_eq!((clip.mono(), clip.note), (Mono::I16(vec![1, 2, 3]), None));
    }
}

#[test]
fn a_wrong_data_size_is_worked_around_and_told() {
    let with_size = |size: u32| {
        let mut file = wav::write_i16_mono(44_100, &[1, 2, 3]);
        file[40..44].copy_from_slice(&size.to_le_bytes());
        file
    };
    for size in [0, u32::MAX, 0x7FFF_F000, 0xFFFF_FFF0] {
        let clip = read(with_size(size));
        assert_eq!(clip.mono(), Mono::I16(vec![1, 2, 3]), "size {size}");
        assert!(clip.note.expect("noted").repaired.is_some());
    }
    let clip = read(with_size(44_100 * 2 * 220));
    assert_eq!(clip.frames(), 3);
    let note = clip.note.expect("noted");
    assert_eq!(note.to_string(), "stopped at 0:00 of 3:40: the file ends before its data does");
    // A size within the file is believed; half a frame at its end is not a frame.
    assert_eq!(read(with_size(5)).frames(), 2);
}

#[test]
fn rf64_takes_the_size_from_ds64() {
    let mut ds64 = vec![0u8; 28];
    ds64[8] = 4;
    for magic in [b"RF64", b"BW64"] {
        let mut data = chunk(b"data", &i16_bytes(&[5, 6, 7]));
        data[4..8].copy_from_slice(&[0xFF; 4]);
        let mut file = riff(&[chunk(b"ds64", &ds64), fmt(1, 1, 8000, 16), data]);
        file[..4].copy_from_slice(magic);
        assert_eq!(read(file).mono(), Mono::I16(vec![5, 6]));
    }
}

#[test]
fn headers_that_cannot_be_read_name_expected_and_actual() {
    let data = || chunk(b"data", &[0; 8]);
    let code = |chunks: &[Vec<u8>]| fail(riff(chunks)).code();
    assert_eq!(code(&[fmt(1, 1, 0, 16), data()]), "E_SAMPLE_RATE");
    assert_eq!(code(&[fmt(1, 1, 4_000_000, 16), data()]), "E_SAMPLE_RATE");
    assert_eq!(code(&[fmt(1, 0, 8000, 16), data()]), "E_CHANNELS");
    assert_eq!(code(&[fmt(1, 65, 8000, 16), data()]), "E_CHANNELS");
    assert_eq!(code(&[fmt(1, 1, 8000, 0), data()]), "E_UNSUPPORTED");
    assert_eq!(code(&[fmt(3, 1, 8000, 16), data()]), "E_UNSUPPORTED");
    assert_eq!(code(&[data()]), "E_MALFORMED");
    assert_eq!(code(&[fmt(1, 1, 8000, 16)]), "E_DECODE_TRUNCATED");
    assert_eq!(code(&[fmt(1, 1, 8000, 16), chunk(b"data", &[])]), "E_EMPTY");
    assert_eq!(code(&vec![chunk(b"JUNK", &[]); 5000]), "E_MALFORMED");
    assert!(fail(riff(&[fmt(0x31, 1, 8000, 4), data()])).to_string().contains("GSM 6.10"));
    assert_eq!(code(&[fmt(2, 1, 8000, 4), data()]), "E_MALFORMED", "blocks of one byte");
    assert_eq!(code(&[fmt(0x11, 1, 8000, 3), data()]), "E_UNSUPPORTED");
    assert_eq!(fail(Vec::new()).code(), "E_EMPTY");
    assert_eq!(fail(b"RIFF".to_vec()).code(), "E_NOT_AUDIO");
    assert_eq!(fail(b"hello world, this is text".to_vec()).code(), "E_NOT_AUDIO");
}

#[test]
fn limits_bind() {
    let file = wav::write_i16_mono(44_100, &[0; 1000]);
    let code = |limits: Limits| decode(file.clone(), None, &limits).expect_err("must fail").code();
    assert_eq!(code(Limits { max_frames: 999, ..Limits::default() }), "E_TOO_LARGE");
    assert_eq!(code(Limits { max_bytes: 2000, ..Limits::default() }), "E_TOO_LARGE");
    assert_eq!(code(Limits { max_clip_bytes: 1999, ..Limits::default() }), "E_TOO_LARGE");
    assert_eq!(code(Limits { max_rate_hz: 44_099, ..Limits::default() }), "E_SAMPLE_RATE");
}

#[test]
fn non_finite_samples_are_replaced_and_counted() {
    let data: Vec<u8> = [0.5, f32::NAN, 1e9, f32::INFINITY].iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
    let clip = read(riff(&[fmt(3, 2, 44_100, 32), chunk(b"data", &data)]));
    assert_eq!(clip.to_f32(), [[0.5, 1e4], [0.0, 0.0]]);
    let note = clip.note.expect("noted");
    assert_eq!((note.non_finite, note.clamped), (2, 1));
}

#[test]
fn a_prefix_gives_the_same_layout_as_the_file() {
    let limits = Limits::default();
    let file = riff(&[chunk(b"JUNK", &[1; 333]), fmt(1, 2, 44_100, 16), chunk(b"data", &[0; 4000])]);
    let whole = wav::parse(&file, &limits).expect("parses");
    assert_eq!((whole.format, whole.frames), (SampleFormat::I16, 1000));
    let (found, rounds) = by_prefixes(&file);
    assert_eq!(found, Ok(whole));
    assert!(rounds < 10, "{rounds} rounds");
}

/// Comes back with ever longer prefixes, as a caller that reads piece by piece would.
fn by_prefixes(file: &[u8]) -> (Result<WavLayout, AudioError>, usize) {
    let mut length = 0;
    for round in 0.. {
        match wav::parse_header(&file[..length], file.len() as u64, &Limits::default()) {
            Ok(Header::Ready(layout)) => return (Ok(layout), round),
            Err(error) => return (Err(error), round),
            Ok(Header::NeedMore { at_least }) => {
                let at_least = at_least as usize;
                assert!(at_least > length && at_least <= file.len(), "{length}, then {at_least}");
                length = at_least;
            }
        }
    }
    unreachable!("the loop ends by itself")
}

#[test]
fn blocks_join_to_the_clip() {
    let samples: Vec<i16> = (0..300_001u32).map(|n| n.wrapping_mul(7919) as i16).collect();
    let file = wav::write_i16_mono(44_100, &samples);
    let mut stream =
        Stream::open(Box::new(std::io::Cursor::new(file.clone())), None, &Limits::default()).expect("opens");
    assert_eq!((stream.rate_hz(), stream.channels(), stream.frames_hint()), (44_100, 1, Some(300_001)));
    let mut joined = Vec::new();
    while let Some(block) = stream.next_block().expect("reads") {
        assert!(block.planar[0].len() <= 1 << 16);
        joined.extend_from_slice(&block.planar[0]);
    }
    assert_eq!(joined, read(file).to_f32()[0]);
    assert!(stream.next_block().expect("stays ended").is_none());
}

#[test]
fn damaged_files_end_in_a_sound_clip_or_an_error() {
    let limits = Limits::default();
    let mut ds64 = vec![0u8; 28];
    ds64[8] = 100;
    let mut rf64 = riff(&[chunk(b"ds64", &ds64), fmt(1, 1, 8000, 24), chunk(b"data", &[9; 300])]);
    rf64[..4].copy_from_slice(b"RF64");
    let seeds = [
        wav::write_i16_interleaved(44_100, 2, &[-3; 400]),
        riff(&[chunk(b"LIST", b"INFOodd"), fmt(3, 3, 44_100, 32), chunk(b"data", &[0x7F; 600])]),
        riff(&[chunk(b"data", &[1; 99]), fmt(3, 1, 44_100, 64)]),
        rf64,
    ];
    let (mut clips, mut errors) = (0, 0);
    for seed in 1..=20_000u64 {
        let mut dice = Dice(seed);
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        dice.damage(&mut bytes);
        let n = bytes.len();
        assert_eq!(by_prefixes(&bytes).0, wav::parse(&bytes, &limits), "seed {seed}");
        match decode(bytes, None, &limits) {
            Ok(clip) => {
                clips += 1;
                let planes = clip.to_f32();
                // ADPCM has two samples a byte.
                assert!(clip.frames() * clip.channels() <= 2 * n, "seed {seed}: more samples than bytes hold");
                assert!(planes.iter().all(|p| p.len() == planes[0].len()), "seed {seed}");
                assert!(planes.iter().flatten().all(|x| x.abs() <= 1e4), "seed {seed}");
                limits.check_rate(clip.rate_hz).expect("rate within limits");
            }
            Err(error) => {
                errors += 1;
                assert_ne!(error.code(), "E_DECODER_PANICKED", "seed {seed}: {error}");
            }
        }
    }
    assert!(clips > 1000 && errors > 1000, "damage must hit both sides: {clips} clips, {errors} errors");
}
