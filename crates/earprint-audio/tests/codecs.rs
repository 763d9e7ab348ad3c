//! The symphonia path, from files written by hand and, where ffmpeg exists, by ffmpeg.
#![cfg(feature = "codecs")]

mod common;

use common::{Dice, aiff, caf, flac, mp3_silence};
use earprint_audio::{Clip, Limits, Samples, Stream, decode, decode_guarded};

fn ramps(frames: usize) -> Vec<Vec<i16>> {
    vec![(0..frames).map(|n| (n * 37) as i16).collect(), (0..frames).map(|n| (n * 91 + 5) as i16).collect()]
}

fn read(bytes: Vec<u8>) -> Clip {
    decode(bytes, None, &Limits::default()).expect("decodes")
}

fn floats(planes: Vec<Vec<i16>>) -> Vec<Vec<f32>> {
    Samples::I16(planes).to_f32()
}

#[test]
fn lossless_files_are_read_exactly() {
    for planes in [ramps(2000), ramps(1), ramps(777)[..1].to_vec()] {
        let clip = read(flac(44_100, &planes));
        assert_eq!((clip.rate_hz, clip.decoder, clip.note.clone()), (44_100, "symphonia-flac", None));
        assert_eq!(clip.to_f32(), floats(planes.clone()));
        for file in [aiff(48_000, &planes), caf(48_000, &planes)] {
            let clip = read(file);
            assert_eq!((clip.rate_hz, clip.decoder, clip.note.clone()), (48_000, "symphonia-pcm", None));
            assert_eq!(clip.to_f32(), floats(planes.clone()));
        }
    }
}

#[test]
fn the_extension_has_no_say() {
    let clip = decode(flac(44_100, &ramps(300)), Some("mp3"), &Limits::default()).expect("decodes");
    assert_eq!(clip.decoder, "symphonia-flac");
    let error = decode(b"\0\0\0 just some text \0\0".to_vec(), Some("flac"), &Limits::default());
    assert_eq!(error.expect_err("must fail").code(), "E_NOT_AUDIO");
}

#[test]
fn mp3_is_read_with_and_without_a_tag_before_it() {
    let plain = mp3_silence(40);
    // 2 MiB of tag: cover art that exceeds every reasonable search depth.
    let mut tagged = b"ID3\x03\x00\x00\x01\x00\x00\x00".to_vec();
    tagged.resize(10 + (1 << 21), 0);
    tagged.extend(&plain);
    for bytes in [plain, tagged] {
        let clip = read(bytes);
        assert_eq!((clip.rate_hz, clip.channels(), clip.decoder), (44_100, 2, "symphonia-mp3"));
        assert!((38 * 1152..=40 * 1152).contains(&clip.frames()), "{} frames", clip.frames());
        assert!(clip.to_f32().iter().flatten().all(|&x| x == 0.0));
    }
    let mut junk = vec![0x55; 5000];
    junk.extend(mp3_silence(40));
    assert_eq!(decode(junk.clone(), None, &Limits::default()).expect_err("no magic").code(), "E_NOT_AUDIO");
    decode(junk, Some("MP3"), &Limits::default()).expect("the hint allows a search");
}

#[test]
fn a_file_that_breaks_off_gives_its_first_part_and_a_note() {
    let planes = ramps(2000);
    let whole = flac(44_100, &planes);
    let clip = read(whole[..whole.len() / 2].to_vec());
    assert!((512..1024).contains(&clip.frames()), "{} frames", clip.frames());
    let n = clip.frames();
    assert_eq!(clip.to_f32()[1], floats(planes.clone())[1][..n]);
    let partial = clip.note.expect("noted").partial.expect("partial");
    assert_eq!((partial.frames, partial.expected_frames), (n as u64, Some(2000)));

    let planes = ramps(9000);
    let whole = aiff(44_100, &planes);
    let clip = read(whole[..whole.len() / 2].to_vec());
    let n = clip.frames();
    assert!((2000..=4500).contains(&n), "{n} frames");
    assert_eq!(clip.to_f32()[0], floats(planes)[0][..n]);
    assert!(clip.note.expect("noted").is_partial());

    let header_only = flac(44_100, &ramps(2000))[..42].to_vec();
    let error = decode(header_only, None, &Limits::default()).expect_err("no packet");
    assert_eq!(error.code(), "E_DECODE_TRUNCATED", "{error}");
}

#[test]
fn limits_bind_decoders_too() {
    let file = flac(44_100, &ramps(2000));
    let code = |limits: Limits| decode(file.clone(), None, &limits).expect_err("must fail").code();
    assert_eq!(code(Limits { max_channels: 1, ..Limits::default() }), "E_CHANNELS");
    assert_eq!(code(Limits { max_rate_hz: 8000, ..Limits::default() }), "E_SAMPLE_RATE");
    assert_eq!(code(Limits { max_frames: 1999, ..Limits::default() }), "E_TOO_LARGE");
    assert_eq!(code(Limits { max_clip_bytes: 15_999, ..Limits::default() }), "E_TOO_LARGE");
}

#[test]
fn ogg_without_an_audio_stream_is_named_in_the_error() {
    // One page of one packet: a Speex header.
    let error = decode(common::ogg_page(7, 0, 0, 2, &[b"Speex   1.2"]), None, &Limits::default());
    let error = error.expect_err("no decoder");
    assert_eq!(error.code(), "E_UNSUPPORTED");
    assert!(error.to_string().contains("Speex"), "{error}");
    let mut cut = b"OggS".to_vec();
    cut.resize(28, 0);
    cut.extend(b"OpusHead");
    assert_eq!(decode(cut, None, &Limits::default()).expect_err("no page").code(), "E_DECODE_TRUNCATED");
}

#[test]
fn streams_give_what_decode_gives() {
    let file = flac(44_100, &ramps(2000));
    let mut stream =
        Stream::open(Box::new(std::io::Cursor::new(file.clone())), None, &Limits::default()).expect("opens");
    assert_eq!(stream.frames_hint(), Some(2000));
    let mut joined = vec![Vec::new(); stream.channels()];
    while let Some(block) = stream.next_block().expect("reads") {
        for (plane, more) in joined.iter_mut().zip(block.planar) {
            plane.extend(more);
        }
    }
    assert_eq!(joined, read(file).to_f32());
}

#[test]
fn damaged_files_end_in_a_sound_clip_or_an_error() {
    let limits = Limits { max_clip_bytes: 1 << 28, ..Limits::default() };
    let seeds = [flac(44_100, &ramps(1200)), aiff(44_100, &ramps(300)), caf(44_100, &ramps(300)), mp3_silence(6)];
    let (mut clips, mut errors, mut panics) = (0, 0, Vec::new());
    for seed in 1..=40_000u64 {
        let mut dice = Dice(seed);
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        dice.damage(&mut bytes);
        match decode_guarded(bytes, Some("mp3"), &limits) {
            Ok(clip) => {
                clips += 1;
                let planes = clip.to_f32();
                assert!(planes.iter().all(|p| p.len() == planes[0].len()), "seed {seed}");
                assert!(planes.iter().flatten().all(|x| x.abs() <= 1e4), "seed {seed}");
            }
            Err(error) => {
                errors += 1;
                if error.code() == "E_DECODER_PANICKED" {
                    panics.push((seed, error.to_string()));
                }
            }
        }
    }
    // A panic of a third party is caught and typed; it is shown here, and ours would be one too many.
    for (seed, panic) in &panics {
        println!("seed {seed}: {panic}");
        assert!(!panic.starts_with("earprint"), "seed {seed}: {panic}");
    }
    assert!(clips > 300 && errors > 300, "damage must hit both sides: {clips} clips, {errors} errors");
}

#[test]
fn ffmpeg_and_we_agree_on_what_a_file_holds() {
    use std::process::{Command, Stdio};
    let dir = std::env::temp_dir().join(format!("earprint-audio-{}", std::process::id()));
    let run = |args: &[&str]| {
        Command::new("ffmpeg").args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    if run(&["-version"]).is_err() {
        println!("skipped, because ffmpeg is not installed");
        return;
    }
    std::fs::create_dir_all(&dir).expect("temporary folder");
    for (extension, decoder) in
        [("flac", "symphonia-flac"), ("mp3", "symphonia-mp3"), ("ogg", "symphonia-vorbis"), ("m4a", "syom-aac")]
    {
        let path = dir.join(format!("tone.{extension}"));
        let file = path.to_str().expect("UTF-8");
        let tone = "sine=frequency=1000:sample_rate=44100:duration=2";
        let made = run(&["-y", "-f", "lavfi", "-i", tone, file]).is_ok_and(|status| status.success());
        if !made {
            println!("skipped {extension}, because this ffmpeg cannot write it");
            continue;
        }
        let clip = earprint_audio::decode_path(&path, &Limits::default()).expect("decodes");
        assert_eq!((clip.rate_hz, clip.decoder), (44_100, decoder));
        assert!((clip.duration_s() - 2.0).abs() < 0.1, "{extension}: {} s", clip.duration_s());
        let mono = clip.into_mono().into_f32();
        let rms = (mono.iter().map(|x| f64::from(x * x)).sum::<f64>() / mono.len() as f64).sqrt();
        // lavfi's sine has an amplitude of 1/8.
        assert!((rms - 0.125 / 2f64.sqrt()).abs() < 0.005, "{extension}: rms {rms}");
    }
    std::fs::remove_dir_all(&dir).expect("temporary folder");
}
