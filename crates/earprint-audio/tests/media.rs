//! AAC, MP4, MOV, Matroska, CAF against what FFmpeg decodes, and under damage. `media/make.py` makes the files.
#![cfg(feature = "codecs")]

mod common;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use common::Dice;
use earprint_audio::{AudioError, Clip, Limits, StreamOptions, decode, decode_guarded, identify};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media")
}

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).expect("file")
}

fn hint(name: &str) -> Option<&str> {
    name.rsplit('.').next()
}

fn read(name: &str) -> Result<Clip, AudioError> {
    decode(bytes_of(name), hint(name), &Limits::default())
}

/// Largest difference that is allowed, in steps of 16 bits.
fn tolerance(name: &str) -> f64 {
    match name {
        // FFmpeg's SBR works in single precision: 5.7 steps at most were measured, 0.45 in the mean square.
        "he-v1.aac" => 6.0,
        _ => 1.0,
    }
}

#[test]
fn files_equal_what_ffmpeg_decodes() {
    let expected = std::fs::read_to_string(folder().join("expected.txt")).expect("expected.txt");
    let (mut right, mut wrong) = (0, Vec::new());
    for line in expected.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, rate, channels, frames, values @ ..] = &words[..] else { panic!("{line}") };
        let number = |word: &str| word.parse::<usize>().expect("number");
        let (rate, channels, frames) = (number(rate), number(channels), number(frames));
        let clip = match read(name) {
            Ok(clip) => clip,
            Err(error) if name.starts_with("ac3") => {
                assert_eq!(error.code(), "E_UNSUPPORTED", "{name}: {error}");
                continue;
            }
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        if clip.note.is_some() || (clip.rate_hz as usize, clip.channels(), clip.frames()) != (rate, channels, frames) {
            wrong.push(format!(
                "{name}: {} Hz, {} channels, {} frames, {:?}; expected {rate}, {channels}, {frames}",
                clip.rate_hz,
                clip.channels(),
                clip.frames(),
                clip.note
            ));
            continue;
        }
        let planes = clip.to_f32();
        let worst = values.iter().enumerate().map(|(i, value)| {
            let (n, c) = (i / channels * (frames / 12), i % channels);
            (f64::from(planes[c][n]) * 32_768.0 - value.parse::<f64>().expect("number")).abs()
        });
        let worst = worst.fold(0.0, f64::max);
        if worst > tolerance(name) {
            wrong.push(format!("{name}: differs by {worst:.2} steps of 16 bits"));
        }
        right += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right >= 29, "{right} files");
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let error = read("ac3.mp4").expect_err("no decoder");
    assert!(error.code() == "E_UNSUPPORTED" && error.to_string().contains("AC-3"), "{error}");
    // The object type of the AudioSpecificConfig, in its first five bits: 2 becomes 42 (USAC) or 3 (SSR).
    let lc = bytes_of("lc.m4a");
    let at = lc.windows(4).position(|w| w == [0x05, 0x80, 0x80, 0x80]).expect("descriptor 5") + 5;
    assert_eq!(lc[at] >> 3, 2, "AAC LC");
    let mut usac = lc.clone();
    (usac[at], usac[at + 1]) = (0xF9, 0x48);
    let error = decode(usac, None, &Limits::default()).expect_err("no decoder");
    assert!(error.code() == "E_UNSUPPORTED" && error.to_string().contains("42"), "{error}");
    // A file without its index, as a download that broke off.
    let index = lc.windows(4).position(|w| w == b"moov").expect("moov");
    let error = decode(lc[..index - 4].to_vec(), None, &Limits::default()).expect_err("no index");
    assert_eq!(error.code(), "E_DECODE_TRUNCATED", "{error}");
    let mut encrypted = bytes_of("lc.m4a");
    let entry = encrypted.windows(4).position(|w| w == b"mp4a").expect("sample entry");
    encrypted[entry..entry + 4].copy_from_slice(b"enca");
    let error = decode(encrypted, None, &Limits::default()).expect_err("encrypted");
    assert!(error.to_string().contains("encrypted"), "{error}");
}

#[test]
fn he_aac_comes_at_its_full_rate() {
    // The core runs at 22,050 Hz; half of the band would be missing at the core's rate.
    for name in ["he-v1.aac", "he-v2.aac"] {
        let clip = read(name).expect("decodes");
        assert_eq!((clip.rate_hz, clip.channels(), clip.decoder), (44_100, 2, "syom-aac"), "{name}");
    }
}

#[test]
fn a_movie_without_a_file_type_is_recognised() {
    let file = bytes_of("s24.mov");
    let size = u32::from_be_bytes(*file.first_chunk().expect("size")) as usize;
    assert_eq!(&file[4..8], b"ftyp");
    // Chunk offsets count from the beginning, so the box is renamed and not removed.
    let mut old = file.clone();
    old[4..8].copy_from_slice(b"free");
    assert_eq!(decode(old, None, &Limits::default()).expect("decodes"), read("s24.mov").expect("decodes"), "{size}");
}

#[test]
fn adts_is_found_behind_a_tag_and_goes_on_behind_damage() {
    let plain = bytes_of("lc.aac");
    let clip = read("lc.aac").expect("decodes");
    let mut tagged = b"ID3\x04\x00\x00\x00\x00\x10\x00".to_vec();
    tagged.resize(10 + 2048, 0);
    tagged.extend(&plain);
    assert_eq!(decode(tagged, None, &Limits::default()).expect("decodes"), clip);
    let mut junk = vec![0x55; 700];
    junk.extend(&plain);
    assert_eq!(decode(junk, Some("aac"), &Limits::default()).expect("decodes"), clip);
    // Junk between two frames is stepped over and told.
    let frame = |at: usize| {
        usize::from(plain[at + 3] & 3) << 11 | usize::from(plain[at + 4]) << 3 | usize::from(plain[at + 5] >> 5)
    };
    let second = frame(0);
    let third = second + frame(second);
    let broken = [&plain[..third], &[0; 99], &plain[third..]].concat();
    let repaired = decode(broken, None, &Limits::default()).expect("decodes");
    assert_eq!(repaired.to_f32(), clip.to_f32());
    assert!(repaired.note.expect("noted").repaired.is_some());
    // A frame that is cut.
    let cut = decode(plain[..plain.len() - 20].to_vec(), None, &Limits::default()).expect("decodes");
    assert!(cut.note.expect("noted").is_partial());
}

#[test]
fn files_that_break_off_are_partial() {
    for (name, cut) in [
        ("vorbis.webm", 400),
        ("vorbis-live.webm", 400),
        ("flac.mka", 1000),
        ("s24.caf", 1000),
        ("mulaw.caf", 500),
        ("fragments.mp4", 600),
        ("lc.mka", 500),
    ] {
        let whole = bytes_of(name);
        let clip = decode(whole[..whole.len() - cut].to_vec(), None, &Limits::default()).expect(name);
        assert!(
            clip.frames() > 0 && clip.note.as_ref().is_some_and(|note| note.is_partial()),
            "{name}: {:?}",
            clip.note
        );
    }
}

#[test]
fn caf_without_its_packet_table_is_truncated() {
    // The table, behind the sound, tells where packets begin.
    let whole = bytes_of("alac.caf");
    let error = decode(whole[..whole.len() - 5000].to_vec(), None, &Limits::default()).expect_err("no table");
    assert_eq!(error.code(), "E_DECODE_TRUNCATED", "{error}");
}

#[test]
fn a_damaged_chunk_behind_the_sound_is_told() {
    let whole = read("s24.caf").expect("decodes");
    // A chunk of nearly 2^63 bytes behind the sound, and one of a negative size.
    for size in [0x7FFF_FFFF_0000_0000_u64, 0xC000_0000_0000_0000] {
        let file = [&bytes_of("s24.caf")[..], b"info", &size.to_be_bytes(), &[1, 2, 3]].concat();
        let clip = decode(file, None, &Limits::default()).expect("decodes");
        assert_eq!(clip.to_f32(), whole.to_f32());
        assert!(clip.note.expect("noted").repaired.is_some());
    }
    // The same chunk in front of it leaves nothing to read.
    let mut file = bytes_of("s24.caf");
    file[16..20].copy_from_slice(&[0x7F, 0, 0, 0]);
    let error = decode(file, None, &Limits::default()).expect_err("no sound").code();
    assert!(["E_MALFORMED", "E_DECODE_TRUNCATED"].contains(&error), "{error}");
}

#[test]
fn damage_gives_a_clip_or_an_error_and_no_panic() {
    let limits = Limits { max_clip_bytes: 1 << 26, ..Limits::default() };
    let names = [
        "lc.m4a",
        "lc-51.m4a",
        "fragments.mp4",
        "mulaw.mov",
        "s24.mov",
        "mp3.mp4",
        "lc.mka",
        "vorbis-live.webm",
        "flac.mka",
        "opus.webm",
        "s16.mka",
        "alac.caf",
        "s24.caf",
        "lc.aac",
        "alac.m4a",
    ];
    let seeds: Vec<(&str, Vec<u8>)> = names.iter().map(|&name| (name, bytes_of(name))).collect();
    let (mut clips, mut errors, mut foreign) = (0, 0, 0);
    for seed in 1..=10_000u64 {
        let mut dice = Dice(seed);
        let (name, mut bytes) = seeds[dice.below(seeds.len())].clone();
        // Headers stand at the end of MP4 files: damage is turned there too.
        let turn = if dice.below(2) == 0 { 0 } else { bytes.len() * 2 / 3 };
        bytes.rotate_left(turn);
        dice.damage(&mut bytes);
        let back = bytes.len() - turn.min(bytes.len());
        bytes.rotate_left(back);
        match decode_guarded(bytes.clone(), hint(name), &limits) {
            Ok(clip) => {
                clips += 1;
                assert!(clip.to_f32().iter().flatten().all(|x| x.abs() <= 1e4), "seed {seed}");
                let source = Box::new(Cursor::new(bytes));
                identify(source, hint(name), &limits, StreamOptions::default()).expect("what decodes has an identity");
            }
            Err(AudioError::DecoderPanicked { decoder, message }) => {
                println!("seed {seed}, {name}: {decoder}: {message}");
                assert!(decoder.starts_with("symphonia"), "seed {seed}, {name}: {decoder}: {message}");
                foreign += 1;
            }
            Err(error) => {
                errors += 1;
                assert_ne!(error.code(), "E_IO", "seed {seed}, {name}: {error}");
            }
        }
    }
    println!("{clips} clips, {errors} errors, {foreign} panics of others");
    assert!(clips > 300 && errors > 300, "damage must hit both sides: {clips} clips, {errors} errors");
}

fn remark(bytes: Vec<u8>) -> (usize, String) {
    let clip = decode(bytes, None, &Limits::default()).expect("decodes");
    (clip.frames(), clip.note.map_or(String::new(), |note| note.to_string()))
}

#[test]
fn what_follows_aac_frames_and_is_left_out_is_told() {
    let plain = bytes_of("lc.aac");
    let (frames, none) = remark(plain.clone());
    assert_eq!(none, "");
    // Another profile is another stream.
    let joined = remark([&plain[..], &bytes_of("lc-main.aac")].concat());
    assert!(joined.0 == frames && joined.1.contains("another AAC stream follows"), "{joined:?}");
    let tail = remark([&plain[..], &[0; 20_000]].concat());
    assert!(tail.0 == frames && tail.1.contains("left out"), "{tail:?}");
    // A tag is none of these.
    let tagged = remark([&plain[..], b"TAG", &[0; 125]].concat());
    assert_eq!(tagged, (frames, String::new()));
}

#[test]
fn a_missing_fragment_is_silence_of_its_length() {
    let whole = bytes_of("fragments.mp4");
    let (frames, none) = remark(whole.clone());
    assert_eq!(none, "");
    // The second fragment begins 4,096 ticks, which are frames here, behind the end of the first.
    let mut late = whole;
    let time = late.windows(4).rposition(|kind| kind == b"tfdt").expect("a decode time") + 8;
    assert_eq!(late[time - 4], 1, "64 bits");
    let ticks = u64::from_be_bytes(late[time..time + 8].try_into().expect("8 bytes"));
    late[time..time + 8].copy_from_slice(&(ticks + 4096).to_be_bytes());
    let (longer, words) = remark(late);
    assert!(longer == frames + 4096 && words.contains("replaced by silence"), "{longer} of {frames}: {words}");
}

#[test]
fn an_unknown_element_of_matroska_is_told() {
    let mut bytes = bytes_of("s16.mka");
    let cluster = bytes.windows(4).position(|id| id == [0x1F, 0x43, 0xB6, 0x75]).expect("a cluster");
    let (frames, none) = remark(bytes.clone());
    assert_eq!(none, "");
    // An element that no segment has, in front of the sound.
    bytes.splice(cluster..cluster, [0x1F, 0x43, 0xB6, 0x74, 0x82, 1, 2]);
    let (left, words) = remark(bytes);
    assert!(left == frames && words.contains("unknown element"), "{left}: {words}");
}
