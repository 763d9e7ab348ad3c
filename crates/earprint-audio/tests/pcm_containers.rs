//! WAV with ADPCM, Wave64, AU and WavPack: samples equal those of the reference decoders, damage is told.
//!
//! Files and references: `fixtures/pcm/make.py`.
#![cfg(feature = "codecs")]

mod common;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use common::Dice;
use earprint_audio::{AudioError, Clip, Limits, Samples, StreamOptions, decode, decode_guarded, identify};
use sha2::{Digest, Sha256};

fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pcm").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of `expected.tsv`: file, rate, channels, frames, hash.
fn expected() -> Vec<(String, u32, usize, usize, String)> {
    let text = String::from_utf8(fixture("expected.tsv")).expect("text");
    let rows = text.lines().map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |i: usize| cells[i].parse::<usize>().expect("a number");
        (cells[0].to_owned(), number(1) as u32, number(2), number(3), cells[4].to_owned())
    });
    rows.collect()
}

fn read(bytes: Vec<u8>) -> Result<Clip, AudioError> {
    decode(bytes, None, &Limits::default())
}

/// SHA-256 of interleaved little-endian floats.
fn hash(clip: &Clip) -> String {
    let planes = clip.to_f32();
    let mut bytes = Vec::new();
    for n in 0..clip.frames() {
        bytes.extend(planes.iter().flat_map(|plane| plane[n].to_le_bytes()));
    }
    Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn samples_equal_those_of_the_reference_decoders() {
    let rows = expected();
    assert!(rows.len() >= 80, "{} fixtures", rows.len());
    for (name, rate_hz, channels, frames, sha) in rows {
        let clip = read(fixture(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((clip.rate_hz, clip.channels(), clip.frames()), (rate_hz, channels, frames), "{name}");
        assert_eq!(hash(&clip), sha, "{name}: other samples");
        let partial = clip.note.as_ref().is_some_and(|note| note.is_partial());
        assert!(!partial, "{name}: {:?}", clip.note);
        let decoder = if name.ends_with(".wv") { "earprint-wavpack" } else { "earprint-wav" };
        assert_eq!(clip.decoder, decoder, "{name}");
    }
}

#[test]
fn sixteen_bits_stay_sixteen_bits() {
    for name in ["adpcm_ms-2ch-256.wav", "random-ima-6ch.wav", "pcm_s16be.au", "pcm_s16le.w64"] {
        assert!(matches!(read(fixture(name)).expect(name).samples, Samples::I16(_)), "{name}");
    }
}

/// The file with another number in its fact chunk.
fn with_fact(mut file: Vec<u8>, frames: u32) -> Vec<u8> {
    let at = file.windows(4).position(|w| w == b"fact").expect("a fact chunk") + 8;
    file[at..at + 4].copy_from_slice(&frames.to_le_bytes());
    file
}

#[test]
fn a_fact_chunk_ends_adpcm_within_its_last_block() {
    let padded = fixture("sox-ms-adpcm-2ch.wav");
    assert_eq!(with_fact(padded.clone(), 1501), padded);
    let all = read(with_fact(padded, 0)).expect("decodes");
    assert!(all.frames() > 1501 && all.note.is_none(), "{} frames", all.frames());
}

#[test]
fn a_fact_chunk_that_lies_cuts_nothing() {
    let file = fixture("adpcm_ms-2ch-256.wav");
    let whole = read(file.clone()).expect("decodes");
    let frames = whole.frames() as u32;
    for lie in [100, frames / 2, 2 * frames, u32::MAX] {
        let clip = read(with_fact(file.clone(), lie)).expect("decodes");
        assert_eq!(clip.frames(), whole.frames(), "fact {lie}");
        assert!(clip.samples == whole.samples, "fact {lie}");
        assert!(clip.note.expect("noted").repaired.is_some(), "fact {lie}");
    }
    assert!(read(with_fact(file, 0)).expect("decodes") == whole);
}

/// Whether `part` begins as `whole` does.
fn is_prefix(part: &Clip, whole: &Clip) -> bool {
    part.to_f32().iter().zip(whole.to_f32()).all(|(a, b)| a.len() <= b.len() && a[..] == b[..a.len()])
}

#[test]
fn files_that_break_off_are_partial_and_what_is_there_is_right() {
    for name in ["adpcm_ima_wav-2ch-256.wav", "adpcm_ms-1ch-256.wav", "pcm_s24le.w64", "pcm_s16be.au", "16-blocks.wv"] {
        let file = fixture(name);
        let whole = read(file.clone()).expect(name);
        for keep in [file.len() / 2, file.len() - 300] {
            let clip = read(file[..keep].to_vec()).expect(name);
            let partial = clip.note.as_ref().and_then(|note| note.partial.as_ref()).expect("told");
            assert_eq!(partial.expected_frames, Some(whole.frames() as u64), "{name}");
            assert!(clip.frames() < whole.frames() && is_prefix(&clip, &whole), "{name}");
        }
        let error = read(file[..20].to_vec()).expect_err(name);
        assert!(["E_DECODE_TRUNCATED", "E_NOT_AUDIO"].contains(&error.code()), "{name}: {error}");
    }
}

#[test]
fn au_of_unknown_length_is_read_to_its_end() {
    let whole = read(fixture("pcm_s16be.au")).expect("decodes");
    let mut file = fixture("pcm_s16be.au");
    file[8..12].fill(0xFF);
    let clip = read(file.clone()).expect("decodes");
    assert_eq!((&clip.samples, &clip.note), (&whole.samples, &None));
    file[15] = 23;
    assert!(read(file.clone()).expect_err("refused").to_string().contains("G.721"));
    file[15] = 3;
    file[7] = 20;
    assert_eq!(read(file).expect_err("refused").code(), "E_MALFORMED");
}

#[test]
fn reversed_au_has_the_same_samples() {
    let big = fixture("pcm_s24be.au");
    let at = u32::from_be_bytes([big[4], big[5], big[6], big[7]]) as usize;
    let mut little: Vec<u8> = big[..24].as_chunks::<4>().0.iter().flat_map(|w| w.iter().rev().copied()).collect();
    little.extend(&big[24..at]);
    little.extend(big[at..].as_chunks::<3>().0.iter().flat_map(|x| x.iter().rev()));
    assert_eq!(&little[..4], b"dns.");
    assert_eq!(read(little).expect("decodes"), read(big).expect("decodes"));
}

#[test]
fn an_identity_is_that_of_the_audio() {
    let id = |bytes: Vec<u8>| {
        identify(Box::new(Cursor::new(bytes)), None, &Limits::default(), StreamOptions::default())
            .expect("identified")
            .audio_id
    };
    // The same blocks in WAV and in Wave64.
    assert_eq!(id(fixture("adpcm_ms-2ch-256.wav")), id(fixture("adpcm_ms-2ch.w64")));
    assert_ne!(id(fixture("adpcm_ms-2ch-256.wav")), id(fixture("adpcm_ms-2ch-1024.wav")));
    let plain = fixture("16-2ch.wv");
    let mut tagged = plain.clone();
    tagged.extend(b"APETAGEX\xD0\x07\0\0 a tag that ends here");
    assert_eq!(id(plain.clone()), id(tagged.clone()));
    assert_eq!(read(tagged).expect("decodes"), read(plain.clone()).expect("decodes"));
    assert_ne!(id(plain), id(fixture("16-2ch-h.wv")));
}

#[test]
fn joined_wavpack_files_are_read_to_the_end() {
    let (one, two) = (fixture("16-2ch-h.wv"), fixture("16-blocks.wv"));
    let [first, second] = [one.clone(), two.clone()].map(|bytes| read(bytes).expect("decodes").to_f32());
    for between in [&b""[..], b"APETAGEX and a tag"] {
        let clip = read([&one[..], between, &two[..]].concat()).expect("decodes");
        assert!(clip.note.is_none(), "{:?}", clip.note);
        assert_eq!(clip.to_f32(), [0, 1].map(|c| [&first[c][..], &second[c][..]].concat()));
    }
}

#[test]
fn wavpack_behind_a_program_is_found_by_its_extension() {
    let file = fixture("16-2ch.wv");
    let whole = read(file.clone()).expect("decodes");
    let program = [&b"MZ"[..], &[7; 5000], &file].concat();
    let clip = decode(program.clone(), Some("wv"), &Limits::default()).expect("decodes");
    assert_eq!((&clip.samples, &clip.note), (&whole.samples, &None));
    assert_eq!(read(program[..3000].to_vec()).expect_err("no sound").code(), "E_NOT_AUDIO");
    let error = decode(program[..3000].to_vec(), Some("wv"), &Limits::default());
    assert_eq!(error.expect_err("no sound").code(), "E_NOT_AUDIO");
}

#[test]
fn dsd_and_old_versions_are_refused_with_words() {
    let mut dsd = fixture("16-2ch.wv");
    // The highest bit of the flags marks DSD, bit 28 a checksum.
    dsd[27] = dsd[27] & 0xEF | 0x80;
    let error = read(dsd).expect_err("refused");
    assert_eq!(error.code(), "E_UNSUPPORTED");
    assert!(error.to_string().contains("DSD in WavPack"), "{error}");
    let mut old = fixture("16-2ch.wv");
    old[8..10].copy_from_slice(&[3, 0]);
    assert_eq!(read(old).expect_err("refused").code(), "E_UNSUPPORTED");
}

#[test]
fn a_lost_block_of_wavpack_is_silence_and_told() {
    let file = fixture("16-blocks.wv");
    let whole = read(file.clone()).expect("decodes").to_f32();
    let starts: Vec<usize> = (0..file.len() - 4).filter(|&i| &file[i..i + 4] == b"wvpk").collect();
    assert!(starts.len() >= 6, "{} blocks", starts.len());
    // A damaged block, and one that is not there at all.
    let mut damaged = file.clone();
    damaged[starts[2] + 100] ^= 0x10;
    let mut missing = file.clone();
    missing.drain(starts[2]..starts[3]);
    for bytes in [damaged, missing] {
        let clip = read(bytes).expect("decodes");
        let note = clip.note.as_ref().expect("noted");
        assert!(note.is_partial() && note.lost_packets == 1, "{note}");
        for (plane, right) in clip.to_f32().iter().zip(&whole) {
            assert_eq!(plane[..400], right[..400]);
            assert_eq!(plane[400..600], [0.0; 200]);
            assert_eq!(plane[600..], right[600..]);
        }
    }
}

#[test]
fn no_flipped_bit_of_wavpack_gives_other_samples_without_a_word() {
    for name in ["16-blocks.wv", "f32-wide.wv", "32-2ch.wv", "24-5ch.wv", "16-1ch-hybrid.wv"] {
        let file = fixture(name);
        let whole = read(file.clone()).expect(name);
        let (mut told, mut equal) = (0, 0);
        for at in (4..file.len()).step_by(3) {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            match read(flipped) {
                Ok(clip) if clip.note.as_ref().is_some_and(|note| note.is_partial()) => told += 1,
                Err(_) => told += 1,
                Ok(clip) => {
                    assert_eq!(hash(&clip), hash(&whole), "{name}: byte {at}");
                    assert_eq!(clip.rate_hz, whole.rate_hz, "{name}: byte {at}");
                    equal += 1;
                }
            }
        }
        assert!(told > 10 * equal, "{name}: {told} told, {equal} without effect");
    }
}

#[test]
fn damaged_files_end_in_a_clip_or_an_error() {
    let names: Vec<String> = expected().into_iter().map(|row| row.0).collect();
    // A small file may stand for minutes of silence, but not for more than it was allowed.
    let limits = Limits { max_clip_bytes: 64 << 20, ..Limits::default() };
    let (mut clips, mut errors) = (0, 0);
    for seed in 1..=6000u64 {
        let mut dice = Dice(seed);
        let name = &names[dice.below(names.len())];
        let mut bytes = fixture(name);
        dice.damage(&mut bytes);
        match decode_guarded(bytes, Some("wv"), &limits) {
            Ok(clip) => {
                clips += 1;
                let planes = clip.to_f32();
                assert!(planes.iter().all(|p| p.len() == planes[0].len()), "seed {seed}, {name}");
                assert!(planes.iter().flatten().all(|x| x.abs() <= 1e4), "seed {seed}, {name}");
            }
            Err(error) => {
                errors += 1;
                assert_ne!(error.code(), "E_DECODER_PANICKED", "seed {seed}, {name}: {error}");
            }
        }
    }
    assert!(clips > 1000 && errors > 500, "damage must hit both sides: {clips} clips, {errors} errors");
}
