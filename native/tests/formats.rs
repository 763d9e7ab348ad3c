//! A folder with one file of each of many formats: what is read, what is refused by name, what is left out; and the documents'
//! lists of formats.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;

use std::collections::BTreeMap;

use common::Folder;
use earprint_audio::formats::{self, Support};
use hand_made::{aiff, caf, flac, mp3_silence};
use serde_json::Value;

/// What becomes of a file.
enum Fate {
    /// It has numbers.
    Read(Vec<u8>),
    /// It is refused, and the format named. A format that gains a reader becomes `Read` with a real file.
    Unread(&'static str, Vec<u8>),
    /// It is no audio, whatever its name says.
    NotAudio(&'static str, Vec<u8>),
    /// It is left out.
    Skipped(Vec<u8>),
}
use Fate::{NotAudio, Read, Skipped, Unread};

/// `parts` at their offsets, zeros between them, 2,000 bytes in all.
fn made(parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 2000];
    for (offset, part) in parts {
        bytes[*offset..offset + part.len()].copy_from_slice(part);
    }
    bytes
}

fn starts(magic: &[u8]) -> Vec<u8> {
    made(&[(0, magic)])
}

/// A page of an Ogg stream whose first packet begins with `codec`.
fn ogg(codec: &[u8]) -> Vec<u8> {
    made(&[(0, b"OggS\0\x02"), (26, b"\x01\x40"), (28, codec)])
}

/// A file of the package's own test sounds.
fn sound(name: &str) -> Vec<u8> {
    let path = format!("{}/../web/test/sounds/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A file of the decoders' golden suite.
fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/golden/outside/decode/files/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Half a second of a tone.
fn tone() -> Vec<i16> {
    (0..8_000).map(|n| ((f64::from(n) * 0.2).sin() * 12_000.0) as i16).collect()
}

#[rustfmt::skip]
fn files() -> Vec<(&'static str, Fate)> {
    let planes = [tone()];
    vec![
        ("wav.wav", Read(earprint_audio::wav::write_i16_mono(16_000, &tone()))),
        ("flac.flac", Read(flac(16_000, &planes))),
        ("aiff.aiff", Read(aiff(16_000, &planes))),
        ("caf.caf", Read(caf(16_000, &planes))),
        ("mp3.mp3", Read(mp3_silence(30))),
        ("mp2.mp2", Read(sound("song.mp2"))),
        ("vorbis.ogg", Read(sound("chords.ogg"))),
        ("vorbis.oga", Read(sound("chords.ogg"))),
        ("vorbis-without-extension", Read(sound("chords.ogg"))),
        ("aac.aac", Read(sound("scale.aac"))),
        ("aac.m4a", Read(sound("song.m4a"))),
        ("alac.m4a", Read(sound("scale-22050-alac.m4a"))),
        ("opus.opus", Read(golden("opus-2ch.opus"))),
        ("webm.webm", Read(golden("opus-2ch.webm"))),
        ("mka.mka", Read(golden("flac-2ch.mkv"))),
        ("wavpack.wv", Read(golden("wavpack-s16-2ch.wv"))),
        ("w64.w64", Read(golden("w64-s16.w64"))),
        ("au.au", Read(golden("au-s16.au"))),
        ("movie.mov", Read(golden("aac-2ch.mov"))),
        ("wma.wma", Unread("WMA", starts(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C"))),
        ("wmv.wmv", Unread("WMV", starts(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C"))),
        ("wma-without-extension", Unread("WMA", starts(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C"))),
        ("monkey.ape", Unread("Monkey's Audio", starts(b"MAC \x96\x0F"))),
        ("musepack.mpc", Unread("Musepack", starts(b"MPCKSH"))),
        ("musepack7.mpc", Unread("Musepack", starts(b"MP+\x07"))),
        ("tta.tta", Unread("TTA", starts(b"TTA1\x01\0\x02\0\x10\0"))),
        ("dsd.dsf", Unread("DSD", starts(b"DSD \x1C\0\0\0"))),
        ("dsd.dff", Unread("DSD", made(&[(0, b"FRM8"), (12, b"DSD ")]))),
        ("dolby.ac3", Unread("AC-3", starts(b"\x0B\x77\xDE\x4A\x14\x40"))),
        ("dts.dts", Unread("DTS", starts(b"\x7F\xFE\x80\x01\xFC\x3C"))),
        ("truehd.thd", Unread("TrueHD", made(&[(4, b"\xF8\x72\x6F\xBA")]))),
        ("speex.spx", Unread("Speex", ogg(b"Speex   1.2"))),
        ("amr.amr", Unread("AMR", starts(b"#!AMR\n\x3C"))),
        ("gsm.gsm", Unread("GSM", (0..330).map(|i| if i % 33 == 0 { 0xD2 } else { 9 }).collect())),
        ("real.ra", Unread("RealAudio", starts(b".ra\xFD\0\x04"))),
        ("real.rm", Unread("RealAudio", starts(b".RMF\0\0\0\x12"))),
        ("blaster.voc", Unread("VOC", starts(b"Creative Voice File\x1A\x1A\0"))),
        ("amiga.8svx", Unread("8SVX", made(&[(0, b"FORM"), (8, b"8SVX")]))),
        ("ircam.sf", Unread("IRCAM", starts(b"\x64\xA3\x01\0"))),
        ("nist.sph", Unread("NIST SPHERE", starts(b"NIST_1A\n   1024\n"))),
        ("big-endian.wav", Unread("RIFX", made(&[(0, b"RIFX"), (8, b"WAVE")]))),
        ("shorten.shn", Unread("Shorten", starts(b"ajkg\x02"))),
        ("tak.tak", Unread("TAK", starts(b"tBaK\x01"))),
        ("optimfrog.ofr", Unread("OptimFROG", starts(b"OFR \x0F"))),
        ("qoa.qoa", Unread("QOA", starts(b"qoaf\0\0\x10\0"))),
        ("atrac.oma", Unread("ATRAC", starts(b"ea3\x03\0\0\0\0"))),
        ("book.aax", Unread("Audible", made(&[(3, b"\x20ftypaax ")]))),
        ("notes.mid", Unread("MIDI", starts(b"MThd\0\0\0\x06\0\x01"))),
        ("module.xm", Unread("tracker module", starts(b"Extended Module: song"))),
        ("module.it", Unread("tracker module", starts(b"IMPMsong"))),
        ("module.s3m", Unread("tracker module", made(&[(44, b"SCRM")]))),
        ("module.mod", Unread("tracker module", made(&[(1080, b"M.K.")]))),
        ("chip.nsf", Unread("chip music", starts(b"NESM\x1A\x01"))),
        ("video.avi", Unread("AVI", made(&[(0, b"RIFF"), (8, b"AVI LIST")]))),
        ("video.ts", Unread("MPEG-TS", made(&[(0, b"\x47\x40"), (188, b"\x47\x40"), (376, b"\x47\x40")]))),
        ("video.mpg", Unread("MPEG-PS", starts(b"\0\0\x01\xBA\x44"))),
        ("video.flv", Unread("FLV", starts(b"FLV\x01\x05"))),
        ("video.mxf", Unread("MXF", starts(b"\x06\x0E\x2B\x34\x02\x05\x01\x01"))),
        ("phone.g722", Unread("G.722", starts(b"\xFA\x1C"))),
        ("page.mp3", NotAudio("an HTML page", b"<!DOCTYPE html>\n<html><body>Not found</body></html>".to_vec())),
        ("picture.mp3", NotAudio("a PNG picture", starts(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"))),
        ("letter.mp3", NotAudio("text", b"A letter, and no sound at all.\n".repeat(100))),
        ("packed.flac", NotAudio("gzip data", starts(b"\x1F\x8B\x08"))),
        ("document.wma", NotAudio("a PDF document", starts(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3"))),
        ("code.ts", Skipped(b"import { open } from 'earprint';\n".to_vec())),
        ("go.mod", Skipped(b"module example.com/sound\n\ngo 1.24\n".to_vec())),
        ("board.dts", Skipped(b"/dts-v1/;\n/ { compatible = \"x\"; };\n".to_vec())),
        ("README", Skipped(b"How this folder came to be.\n".to_vec())),
        ("cover.png", Skipped(starts(b"\x89PNG\r\n\x1A\n"))),
        ("program", Skipped(starts(b"\x7FELF\x02\x01\x01"))),
        (".DS_Store", Skipped(starts(b"\0\0\0\x01Bud1"))),
        ("._mp3.mp3", Skipped(starts(b"\0\x05\x16\x07"))),
    ]
}

/// The folder, and what its summary counts: read, refused by format, no audio, left out.
fn folder(name: &str) -> (Folder, u64, BTreeMap<&'static str, u64>, u64, u64) {
    let folder = Folder::new(name);
    let (mut read, mut unread, mut not_audio, mut skipped) = (0, BTreeMap::new(), 0, 0);
    for (name, fate) in files() {
        let bytes = match fate {
            Read(bytes) => {
                read += 1;
                bytes
            }
            Unread(format, bytes) => {
                *unread.entry(format).or_default() += 1;
                bytes
            }
            NotAudio(_, bytes) => {
                not_audio += 1;
                bytes
            }
            Skipped(bytes) => {
                skipped += 1;
                bytes
            }
        };
        folder.file(&format!("in/{name}"), &bytes);
    }
    (folder, read, unread, not_audio, skipped)
}

/// "not supported: 4 tracker module, 2 WMA, …", most files first.
fn line(unread: &BTreeMap<&str, u64>) -> String {
    let mut formats: Vec<_> = unread.iter().collect();
    formats.sort_by_key(|(_, files)| std::cmp::Reverse(**files));
    let words: Vec<String> = formats.iter().map(|(name, files)| format!("{files} {name}")).collect();
    format!("not supported: {}\n", words.join(", "))
}

#[test]
fn every_format_is_read_or_refused_by_name() {
    let (f, read, unread, not_audio, skipped) = folder("formats");
    let refused: u64 = unread.values().sum();
    assert!(read + refused >= 40 && unread.len() + read as usize >= 40);
    let ran = f.run("analyze in --library lib.db --json");
    let failed = refused + not_audio;
    let sums = format!("{read} ok, 0 partial, {skipped} skipped, {failed} failed");
    ran.ends(3, &[&sums, &line(&unread)]);

    let records: BTreeMap<String, Value> =
        ran.records().into_iter().map(|r| (r["path"].as_str().unwrap().to_owned(), r)).collect();
    assert_eq!(records.len(), files().len());
    for (name, fate) in files() {
        let record = &records[&format!("in/{name}")];
        let (status, code, words) = match fate {
            Read(_) => ("ok", None, ""),
            Unread(format, _) => ("error", Some("E_UNSUPPORTED"), format),
            NotAudio(kind, _) => ("error", Some("E_NOT_AUDIO"), kind),
            Skipped(_) => ("skipped", Some("E_NOT_AUDIO"), ""),
        };
        assert_eq!((record["status"].as_str(), record["code"].as_str()), (Some(status), code), "{name}: {record}");
        let detail = record["detail"].as_str().unwrap_or_default();
        let expected = if code == Some("E_UNSUPPORTED") { format!("unsupported: {words}") } else { words.to_owned() };
        assert!(detail.contains(&expected), "{name}: {detail}");
    }

    let listed = f.run("list --failed --library lib.db");
    assert_eq!((listed.code, listed.out.lines().count() as u64), (0, failed));
    assert_eq!(listed.out.matches("E_UNSUPPORTED").count() as u64, refused);
    let again = f.run("analyze in --library lib.db");
    again.ends(3, &[&sums, &line(&unread)]);
}

#[test]
fn arrays_and_pictures_count_the_same() {
    let (f, read, unread, not_audio, skipped) = folder("formats-mel");
    let failed = unread.values().sum::<u64>() + not_audio;
    let sums = format!("{read} ok, 0 partial, {skipped} skipped, {failed} failed");
    f.run("mel in -o rows --preset librosa").ends(3, &[&sums, &line(&unread)]);
    let manifest: Value = serde_json::from_slice(&std::fs::read(f.join("rows/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["events"][0].as_str(), Some(line(&unread).trim()));
    f.run("spec in -o pictures").ends(3, &[&sums, &line(&unread)]);
}

#[cfg(unix)]
#[test]
fn a_broken_link_that_is_no_audio_fails_no_run() {
    let f = Folder::new("broken-links");
    f.tone("in/a.wav", 16_000, 0.5, 440.0);
    std::os::unix::fs::symlink("nowhere", f.join("in/font.ttf")).unwrap();
    f.run("analyze in --library lib.db").ends(0, &["1 ok, 0 partial, 1 skipped, 0 failed"]);
    std::os::unix::fs::symlink("nowhere", f.join("in/b.wav")).unwrap();
    f.run("analyze in --library lib.db").ends(3, &["1 ok, 0 partial, 1 skipped, 1 failed"]);
}

/// The lists of the documents are those of the table.
#[test]
fn documents_list_the_formats_of_the_table() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = words(include_str!("../README.md"));
    for support in [Support::Read, Support::Unread] {
        let list = words(&formats::list(support));
        assert!(page.contains(&list), "native/README.md, \"Formats\", should list: {list}");
    }
    let first = words(include_str!("../../README.md"));
    for format in formats::FORMATS.iter().filter(|f| f.support == Support::Read) {
        assert!(first.contains(format.name), "README.md should say that {} is read", format.name);
    }
    let doctor = words(&Folder::new("doctor-formats").run("doctor").out);
    assert!(doctor.contains(&words(&formats::list(Support::Unread))), "{doctor}");
}
