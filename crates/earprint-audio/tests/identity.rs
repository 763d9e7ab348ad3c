//! Who is it? The identity stays through tags, names and other ways of reading, and follows every sample.

mod common;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Dice, chunk, fmt, riff};
use earprint_audio::{AudioId, Limits, Stream, StreamOptions, identify, identify_path};

fn identified(bytes: &[u8], hint: Option<&str>) -> Result<AudioId, String> {
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let found = identify(source, hint, &Limits::default(), StreamOptions::default());
    found.map(|i| i.audio_id).map_err(|e| e.to_string())
}

/// The identity that decoding to the end leaves.
fn decoded(bytes: &[u8], hint: Option<&str>) -> Result<AudioId, String> {
    let options = StreamOptions { identify: true, ..StreamOptions::default() };
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let mut stream = Stream::open_with(source, hint, &Limits::default(), options).map_err(|e| e.to_string())?;
    assert_eq!(stream.audio_id(), None, "no identity before the end");
    while stream.next_block().map_err(|e| e.to_string())?.is_some() {}
    Ok(stream.audio_id().expect("asked for, and at the end"))
}

#[track_caller]
fn id(bytes: &[u8], hint: Option<&str>) -> AudioId {
    let ids = [identified(bytes, hint), decoded(bytes, hint)];
    assert_eq!(ids[0], ids[1], "by its packets and by decoding");
    ids[0].clone().unwrap()
}

fn samples(seed: u64, channels: usize, frames: usize) -> Vec<Vec<i16>> {
    let mut dice = Dice(seed);
    (0..channels).map(|_| (0..frames).map(|_| (dice.roll() >> 50) as i16).collect()).collect()
}

fn interleaved<const N: usize>(planes: &[Vec<i16>], bytes: impl Fn(i16) -> [u8; N]) -> Vec<u8> {
    (0..planes[0].len()).flat_map(|n| planes.iter().map(move |p| p[n])).flat_map(bytes).collect()
}

fn wav16(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    let data = interleaved(planes, i16::to_le_bytes);
    riff(&[fmt(1, planes.len() as u16, rate_hz, 16), chunk(b"data", &data)])
}

/// MP3 packets that decode to silence, with something of their own in the bytes nobody reads.
#[cfg(feature = "codecs")]
fn mp3(seed: u64, packets: usize) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut out = common::mp3_silence(packets);
    for packet in out.chunks_mut(417) {
        packet[40..].iter_mut().for_each(|b| *b = (dice.roll() >> 57) as u8);
    }
    out
}

/// Name, bytes, for every container that can be written by hand.
fn by_hand(planes: &[Vec<i16>]) -> Vec<(&'static str, Vec<u8>)> {
    let channels = planes.len() as u16;
    let float = interleaved(planes, |x| (f32::from(x) / 32_768.0).to_le_bytes());
    let wide = interleaved(planes, |x| [0, x as u8, (x >> 8) as u8]);
    #[allow(unused_mut, reason = "without codecs there is only WAV")]
    let mut out = vec![
        ("pcm16.wav", wav16(44_100, planes)),
        ("pcm24.wav", riff(&[fmt(1, channels, 48_000, 24), chunk(b"data", &wide)])),
        ("float.wav", riff(&[fmt(3, channels, 96_000, 32), chunk(b"data", &float)])),
    ];
    #[cfg(feature = "codecs")]
    out.extend([
        ("hand.flac", common::flac(44_100, planes)),
        ("hand.aiff", common::aiff(44_100, planes)),
        ("hand.caf", common::caf(44_100, planes)),
    ]);
    out
}

#[cfg(feature = "codecs")]
fn clips() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/outside/track/clips");
    let mut all: Vec<_> = std::fs::read_dir(folder).expect("clips").map(|e| e.expect("entry").path()).collect();
    all.sort();
    assert!(all.len() >= 10, "{all:?}");
    all
}

/// A folder of its own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("earprint-audio-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// False where there is no ffmpeg, or where it cannot do that.
fn ffmpeg(args: &[&str]) -> bool {
    let mut c = Command::new("ffmpeg");
    c.args(["-v", "error", "-y"]).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    c.status().is_ok_and(|s| s.success())
}

/// Files of every codec ffmpeg can write; says which are missing.
#[cfg(feature = "codecs")]
fn by_ffmpeg(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    // 16 kHz sets the packets of all of them; a tone in noise fills them with something.
    let source = "anoisesrc=seed=4:amplitude=0.1:duration=1.5:sample_rate=32000,volume=0.5";
    for (name, codec) in [
        ("a.flac", "flac"),
        ("a.mp3", "libmp3lame"),
        ("a.ogg", "libvorbis"),
        ("aac.m4a", "aac"),
        ("alac.m4a", "alac"),
        ("a.aac", "aac"),
        ("a.mp2", "mp2"),
        ("a.wav", "pcm_s24le"),
        ("a.aiff", "pcm_s16be"),
        ("a.caf", "pcm_s16be"),
    ] {
        let path = folder.join(name);
        let text = path.to_str().expect("UTF-8");
        if ffmpeg(&["-f", "lavfi", "-i", source, "-ac", "2", "-c:a", codec, text]) {
            out.push(path);
        } else {
            println!("skipped {name}, because there is no ffmpeg that can write it");
        }
    }
    out
}

#[test]
fn reading_packets_and_decoding_agree_on_every_codec() {
    for (channels, frames) in [(1, 1), (2, 1000), (2, 20_000), (3, 700)] {
        for (name, bytes) in by_hand(&samples(1, channels, frames)) {
            println!("{name}, {channels} x {frames}: {}", id(&bytes, None));
        }
    }
    #[cfg(feature = "codecs")]
    {
        id(&mp3(1, 40), None);
        let folder = Folder::new("agree");
        for path in clips().into_iter().chain(by_ffmpeg(&folder.0)) {
            let hint = path.extension().and_then(|e| e.to_str());
            let bytes = std::fs::read(&path).expect("file");
            println!("{}: {}", path.display(), id(&bytes, hint));
            // What breaks off has the identity of the packets that are there, by both ways.
            for share in [3, 7, 9] {
                let cut = &bytes[..bytes.len() * share / 10];
                assert_eq!(identified(cut, hint), decoded(cut, hint), "{} cut at {share} tenths", path.display());
            }
        }
    }
}

#[test]
fn damage_leaves_both_ways_in_agreement() {
    let planes = samples(5, 2, 1200);
    #[allow(unused_mut, reason = "without codecs there is only WAV")]
    let mut files = by_hand(&planes);
    #[cfg(feature = "codecs")]
    files.push(("silence.mp3", mp3(3, 12)));
    let (mut agreed, mut refused) = (0, 0);
    for seed in 1..=6000 {
        let mut dice = Dice(seed);
        let (name, mut bytes) = files[dice.below(files.len())].clone();
        dice.damage(&mut bytes);
        let hint = name.rsplit('.').next();
        match (identified(&bytes, hint), decoded(&bytes, hint)) {
            (Ok(a), Ok(b)) => {
                assert_eq!(a, b, "seed {seed}, {name}");
                agreed += 1;
            }
            // A decoder may refuse what can still be read.
            (_, Err(_)) => refused += 1,
            (Err(e), Ok(_)) => panic!("seed {seed}, {name}: decoded, but not read: {e}"),
        }
    }
    println!("{agreed} agreed, {refused} refused");
    assert!(agreed > 500 && refused > 500, "damage must hit both sides: {agreed} agreed, {refused} refused");
}

#[cfg(feature = "codecs")]
#[test]
fn streams_that_change_on_their_way_have_one_identity() {
    // Packets of 48 kHz behind those of 44.1 kHz: decoding ends where they begin, and the file does not.
    let mut packet = vec![0xFF, 0xFB, 0x94, 0x00];
    packet.resize(384, 0);
    let bytes = [mp3(1, 20), packet.repeat(20)].concat();
    assert_ne!(id(&bytes, Some("mp3")), id(&mp3(1, 20), Some("mp3")), "what follows belongs to the file");

    let folder = Folder::new("chained");
    let made = |name: &str, rate: &str, seconds: &str| {
        let path = folder.0.join(name);
        let source = format!("sine=duration={seconds}:sample_rate=44100");
        let done = ffmpeg(&["-f", "lavfi", "-i", &source, "-ar", rate, path.to_str().expect("UTF-8")]);
        done.then(|| std::fs::read(path).expect("file"))
    };
    let (Some(a), Some(b), Some(c)) =
        (made("a.ogg", "44100", "1"), made("b.ogg", "44100", "2"), made("c.ogg", "32000", "1"))
    else {
        println!("skipped chained Ogg, because there is no ffmpeg that can write Vorbis");
        return;
    };
    let ids = [[&a[..], &b].concat(), [&b[..], &a].concat(), [&a[..], &c].concat()].map(|bytes| id(&bytes, None));
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[0] != id(&a, None), "{ids:?}");
}

/// FLAC with blocks of metadata behind its first one.
#[cfg(feature = "codecs")]
fn with_flac_blocks(flac: &[u8], blocks: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let streaminfo_end = 4 + 4 + 34;
    let mut out = flac[..streaminfo_end].to_vec();
    out[4] &= 0x7F;
    for (i, (kind, body)) in blocks.iter().enumerate() {
        let last = if i + 1 == blocks.len() { 0x80 } else { 0 };
        out.push(kind | last);
        out.extend(&(body.len() as u32).to_be_bytes()[1..]);
        out.extend(body);
    }
    out.extend(&flac[streaminfo_end..]);
    out
}

#[cfg(feature = "codecs")]
fn id3v2(body: usize) -> Vec<u8> {
    let mut tag = b"ID3\x04\x00\x00".to_vec();
    // Sizes in ID3 hold seven bits a byte.
    tag.extend([21, 14, 7, 0].map(|shift| (body >> shift & 0x7F) as u8));
    let text = b"\x03a title";
    tag.extend(b"TIT2\x00\x00\x00\x08\x00\x00");
    tag.extend(text);
    tag.resize(10 + body, 0);
    tag
}

#[test]
fn tags_written_by_hand_change_nothing() {
    let planes = samples(9, 2, 5000);
    let data = interleaved(&planes, i16::to_le_bytes);
    let (head, data) = (fmt(1, 2, 44_100, 16), chunk(b"data", &data));
    let plain = id(&riff(&[head.clone(), data.clone()]), None);
    let list = chunk(b"LIST", b"INFOINAM\x06\x00\x00\x00title\x00");
    for (words, chunks) in [
        ("behind", vec![head.clone(), data.clone(), list.clone()]),
        ("between", vec![head.clone(), list.clone(), data.clone()]),
        ("in front, of odd length", vec![chunk(b"junk", &[7; 333]), head, data, chunk(b"id3 ", &[1; 99])]),
    ] {
        assert_eq!(id(&riff(&chunks), None), plain, "a chunk {words}");
    }
    #[cfg(feature = "codecs")]
    {
        let flac = common::flac(44_100, &planes);
        let comment = b"\x04\x00\x00\x00test\x01\x00\x00\x00\x07\x00\x00\x00TITLE=x".to_vec();
        let tagged = with_flac_blocks(&flac, &[(4, comment), (1, vec![0; 4000])]);
        assert_eq!(id(&tagged, None), id(&flac, None), "FLAC with a comment and padding");
        let mut resummed = flac.clone();
        resummed[26..42].fill(0xAB);
        assert_eq!(identified(&resummed, None), identified(&flac, None), "the sum of the samples in the header");

        let mp3 = mp3(1, 40);
        let plain = id(&mp3, Some("mp3"));
        for body in [20, 5000, 300_000] {
            let tagged = [id3v2(body), mp3.clone()].concat();
            assert_eq!(id(&tagged, Some("mp3")), plain, "a tag of {body} bytes in front");
        }
        let mut old = b"TAGa title".to_vec();
        old.resize(128, 0);
        assert_eq!(id(&[mp3.clone(), old].concat(), Some("mp3")), plain, "an old tag behind");
    }
}

#[cfg(feature = "codecs")]
#[test]
fn retagging_by_ffmpeg_changes_nothing() {
    let folder = Folder::new("retag");
    let made = by_ffmpeg(&folder.0);
    if made.is_empty() {
        println!("skipped, because ffmpeg is not installed");
        return;
    }
    let limits = Limits::default();
    let id_of = |path: &Path| identify_path(path, &limits, StreamOptions::default()).expect("identified").audio_id;
    for path in &made {
        let name = path.file_name().and_then(|n| n.to_str()).expect("UTF-8");
        let out = folder.0.join(format!("tagged-{name}"));
        let (from, to) = (path.to_str().expect("UTF-8"), out.to_str().expect("UTF-8"));
        let title = "title=another, and longer, title than the one before";
        assert!(ffmpeg(&["-i", from, "-c", "copy", "-metadata", title, "-metadata", "artist=somebody", to]), "{name}");
        let (before, after) = (std::fs::read(path).expect("file"), std::fs::read(&out).expect("file"));
        // Bare streams have no place for tags, or none that ffmpeg writes to.
        let bare = [".aac", ".mp2", ".caf"].iter().any(|end| name.ends_with(end));
        assert!(bare || before != after, "{name}: nothing was written");
        assert_eq!(id_of(path), id_of(&out), "{name}");
    }
}

#[test]
fn one_sample_more_or_other_is_another_identity() {
    let planes = samples(11, 2, 3000);
    let mut louder = planes.clone();
    louder[1][1700] ^= 1;
    let shorter: Vec<Vec<i16>> = planes.iter().map(|p| p[..2999].to_vec()).collect();
    let swapped = vec![planes[1].clone(), planes[0].clone()];
    let mut seen = std::collections::HashSet::new();
    for version in [&planes, &louder, &shorter, &swapped] {
        for (name, bytes) in by_hand(version) {
            // The same packets in two containers, as of AIFF and CAF here, may be one piece of audio.
            assert!(seen.insert((name, id(&bytes, None))), "{name}");
        }
    }
    // The same bytes under another rate, and as one channel of twice the length.
    let data = chunk(b"data", &interleaved(&planes, i16::to_le_bytes));
    assert!(seen.insert(("pcm16.wav", id(&riff(&[fmt(1, 2, 48_000, 16), data.clone()]), None))));
    assert!(seen.insert(("pcm16.wav", id(&riff(&[fmt(1, 1, 44_100, 16), data]), None))));
    #[cfg(feature = "codecs")]
    {
        let mut bytes = mp3(1, 40);
        assert!(seen.insert(("mp3", id(&bytes, None))));
        bytes[417 * 20 + 300] ^= 1;
        assert!(seen.insert(("mp3", id(&bytes, None))), "one bit of one packet");
        assert!(seen.insert(("mp3", id(&bytes[..417 * 39], None))), "one packet less");
    }
}

#[test]
fn names_have_no_say() {
    let folder = Folder::new("names");
    for (name, bytes) in by_hand(&samples(13, 1, 900)) {
        let want = id(&bytes, None);
        for other in ["a.wav", "b.mp3", "no extension", "ü~.flac"] {
            let path = folder.0.join(other);
            std::fs::write(&path, &bytes).expect("file");
            let found = identify_path(&path, &Limits::default(), StreamOptions::default()).expect("identified");
            assert_eq!(found.audio_id, want, "{name} as {other}");
        }
    }
    let gone = identify_path(&folder.0.join("gone.wav"), &Limits::default(), StreamOptions::default());
    assert_eq!(gone.expect_err("no such file").code(), "E_IO");
}

/// Libraries keep identities for years: what they are made of is a promise. The digits are those of `hashlib` over the parts
/// that the definition names, each with its length as 8 bytes before it: version, codec, what stands beside the packets,
/// packets; the bytes of WAV have no length before them.
#[test]
fn the_definition_is_kept() {
    let planes = vec![(0..600).map(|n| (n * 37) as i16).collect::<Vec<_>>()];
    assert_eq!(id(&wav16(22_050, &planes), None).to_string(), "311bb47b614dde40601266f3ec89bb1e");
    #[cfg(feature = "codecs")]
    assert_eq!(id(&common::flac(22_050, &planes), None).to_string(), "26265545f4b8dd24153de5f708ebca6a");
}
