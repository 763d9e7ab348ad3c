//! Sound on stdin: told by its first bytes or described by `--pcm`, with an end or without.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use std::io::Write;
use std::process::{Child, Command, Stdio};

use common::{Folder, Ran, png_size};
use earprint_store::NpyArray;
use hand_made::{aiff, caf, flac, mp3_silence};
use library::*;
use serde_json::Value;

/// Starts a command with a stdin that is fed by the caller.
fn start(f: &Folder, words: &str) -> Child {
    command(f, words).stdin(Stdio::piped()).spawn().unwrap()
}

/// A file of the decoders' golden suite.
fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/golden/outside/decode/files/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Runs a command with these bytes on stdin.
fn fed(f: &Folder, words: &str, bytes: &[u8]) -> Ran {
    fed_command(command(f, words), bytes)
}

fn fed_command(mut command: Command, bytes: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    // On a thread of its own: a child that waits for its reader never reads more.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let ran = ended(child);
    writer.join().unwrap();
    ran
}

/// Runs a command with `head` on stdin and `block` behind it for ever: it has to end by itself.
fn fed_for_ever(f: &Folder, words: &str, head: &[u8], block: Vec<u8>) -> Ran {
    let mut child = start(f, words);
    let mut stdin = child.stdin.take().unwrap();
    let head = head.to_vec();
    let writer = std::thread::spawn(move || {
        let mut written = stdin.write_all(&head);
        while written.is_ok() {
            written = stdin.write_all(&block);
        }
    });
    let ran = ended(child);
    writer.join().unwrap();
    ran
}

fn bytes_of(planes: &[Vec<i16>]) -> Vec<u8> {
    (0..planes[0].len()).flat_map(|n| planes.iter().map(move |p| p[n])).flat_map(i16::to_le_bytes).collect()
}

/// A WAV file whose header was written before its length was known, as ffmpeg writes into pipes.
fn open_wav(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    let mut bytes = wav(rate_hz, planes);
    bytes[4..8].fill(0xFF);
    bytes[40..44].fill(0xFF);
    bytes
}

/// Every value of a record but how it is called.
fn but_path(mut record: Value) -> Value {
    record.as_object_mut().unwrap().remove("path");
    record
}

fn one_record(ran: &Ran) -> Value {
    let records = ran.records();
    assert_eq!(records.len(), 1, "{}", ran.err);
    records.into_iter().next().unwrap()
}

#[test]
fn sound_on_stdin_is_one_input_and_has_the_numbers_of_the_file() {
    let f = Folder::new("pipe-analyze");
    let planes = planes(1, 2, 31_000);
    for (name, bytes) in [
        ("a.wav", wav(22_050, &planes)),
        ("a.flac", flac(22_050, &planes)),
        ("a.aiff", aiff(22_050, &planes)),
        ("a.caf", caf(22_050, &planes)),
        ("a.mp3", mp3_silence(100)),
        ("adpcm.wav", golden("wav-adpcm-ms-22050-2ch.wav")),
        ("tones.opus", golden("opus-2ch.opus")),
        ("tones.aac", golden("aac-44100.aac")),
        ("tones.m4a", golden("m4a-2ch.m4a")),
        ("tones.webm", golden("opus-2ch.webm")),
        ("tones.wv", golden("wavpack-s16-2ch.wv")),
        ("tones.w64", golden("w64-s16.w64")),
        ("tones.au", golden("au-s16.au")),
        ("cut.wav", wav(22_050, &planes)[..100_000].to_vec()),
    ] {
        f.file(name, &bytes);
        let (file, pipe) = (f.run(&format!("analyze {name} --fail-on none")), fed(&f, "analyze -", &bytes));
        pipe.ends(0, &["1 inputs: "]);
        let (file, pipe) = (one_record(&file), one_record(&pipe));
        assert_eq!((&file["path"], &pipe["path"]), (&name.into(), &"stdin".into()));
        if name != "cut.wav" {
            assert_eq!(but_path(file), but_path(pipe), "{name}");
        } else {
            assert_eq!((&file["status"], &pipe["status"]), (&"partial".into(), &"partial".into()));
            assert_eq!((&file["descriptor"], &file["audio_id"]), (&pipe["descriptor"], &pipe["audio_id"]));
            assert!(pipe["detail"].as_str().unwrap().contains("stopped at 0:01 of 0:01"), "{pipe}");
        }
    }
    // A header without a length, and no header at all.
    let file = but_path(one_record(&f.run("analyze a.wav")));
    assert_eq!(but_path(one_record(&fed(&f, "analyze -", &open_wav(22_050, &planes)))), file);
    let raw = one_record(&fed(&f, "analyze - --pcm 22050,2,s16 --name live/radio.pcm", &bytes_of(&planes)));
    assert_eq!((&raw["path"], &raw["decoder"]), (&"live/radio.pcm".into(), &"earprint-pcm".into()));
    for field in ["audio_id", "descriptor", "table", "status"] {
        assert_eq!(raw[field], file[field], "{field}");
    }
    // Too much for the memory that may hold it: through a temporary file, of which nothing stays.
    let long = aiff(96_000, &library::planes(2, 1, 3_600_000));
    assert!(long.len() > 56_000_000 / 8);
    f.file("long.aiff", &long);
    std::fs::create_dir(f.join("tmp")).unwrap();
    let words = "analyze - --memory 56M --jobs 1";
    let mut small = command(&f, words);
    small.env("TMPDIR", f.join("tmp"));
    assert_eq!(but_path(one_record(&fed_command(small, &long))), but_path(one_record(&f.run("analyze long.aiff"))));
    assert_eq!(std::fs::read_dir(f.join("tmp")).unwrap().count(), 0);
}

#[test]
fn arrays_and_pictures_of_stdin_are_those_of_the_file() {
    let f = Folder::new("pipe-mel");
    let bytes = wav(4096, &planes(3, 1, 45_000));
    f.file("a.wav", &bytes);
    let array = |path: &str| NpyArray::read(&f.join(path)).unwrap();
    for (preset, of_file, of_pipe) in
        [("leak", "features.npy", "features.npy"), ("librosa", "features/a.wav.npy", "features/stdin.npy")]
    {
        f.run(&format!("mel a.wav -o file-{preset} --preset {preset}")).ends(0, &[]);
        let ran = fed(&f, &format!("mel - -o pipe-{preset} --preset {preset} --json"), &bytes);
        ran.ends(0, &["1 file: 1 ok"]);
        assert_eq!(one_record(&ran)["path"], "stdin");
        assert_eq!(array(&format!("file-{preset}/{of_file}")), array(&format!("pipe-{preset}/{of_pipe}")));
    }
    // Beside files, last; two of the same name stay apart.
    f.file("stdin", &bytes);
    let ran = fed(&f, "mel - stdin -o both --json", &wav(4096, &planes(4, 1, 20_000)));
    ran.ends(0, &["2 files: 2 ok"]);
    assert_eq!(array("both/features/stdin.npy"), array("file-librosa/features/a.wav.npy"));
    assert_ne!(array("both/features/stdin~2.npy"), array("both/features/stdin.npy"));
    // Other sound in the same folder is computed, not taken for what is there.
    let other = wav(4096, &planes(5, 1, 45_000));
    f.file("b.wav", &other);
    f.run("mel b.wav -o b --preset leak").ends(0, &[]);
    let ran = fed(&f, "mel - -o pipe-leak --preset leak", &other);
    ran.ends(0, &["1 ok"]);
    assert!(!ran.err.contains("earlier run"), "{}", ran.err);
    assert_eq!(array("pipe-leak/features.npy"), array("b/features.npy"));

    fed(&f, "spec - -o out.png", &bytes).ends(0, &["1 ok"]);
    assert_eq!(png_size(&f.join("out.png")), (1200, 600));
    fed(&f, "spec - -o pictures --name radio.wav", &bytes).ends(0, &["1 ok"]);
    assert!(f.join("pictures/radio.wav.png").exists());
}

#[test]
fn a_stream_without_end_ends_by_itself() {
    let f = Folder::new("pipe-endless");
    let block = bytes_of(&planes(6, 2, 48_000));
    let head = open_wav(48_000, &[vec![], vec![]]);
    // What a preset with windows takes: 10 s at 4,096 Hz.
    for (n, words) in ["--pcm 48000,2,s16", ""].iter().enumerate() {
        let head = if words.is_empty() { &head[..] } else { &[] };
        fed_for_ever(&f, &format!("mel - -o leak{n} --preset leak {words}"), head, block.clone()).ends(0, &["1 ok"]);
    }
    let [raw, with_header] = [0, 1].map(|n| std::fs::read(f.join(&format!("leak{n}/features.npy"))).unwrap());
    assert!(raw == with_header);
    let silence = mp3_silence(100);
    fed_for_ever(&f, "mel - -o mp3 --preset leak-64", &silence, silence.clone()).ends(0, &["1 ok"]);

    let ran = fed_for_ever(&f, "mel - -o two --seconds 2 --json", &head, block.clone());
    ran.ends(0, &["1 ok"]);
    let record = one_record(&ran);
    assert_eq!((&record["frames_read"], &record["status"]), (&96_000.into(), &"ok".into()));
    assert!(record["detail"].as_str().unwrap().contains("only the first 2 s"), "{record}");
    assert_eq!(NpyArray::read(&f.join("two/features/stdin.npy")).unwrap().header.shape, [128, 87]);
    fed_for_ever(&f, "spec - -o two.png --seconds 2", &head, block.clone()).ends(0, &["1 ok"]);
    let ran = fed_for_ever(&f, "analyze - --seconds 3 --pcm 48000,2,s16", &[], block.clone());
    ran.ends(0, &["1 inputs: 1 ok"]);
    let record = one_record(&ran);
    assert_eq!((&record["table"]["duration"], &record["audio_id"]), (&3.0.into(), &Value::Null));
    // Without an end and without a limit there is still one: the memory of the run.
    let ran = fed_for_ever(&f, "mel - -o all --memory 16M --jobs 1 --json", &head, block.clone());
    ran.ends(3, &["1 failed"]);
    assert_eq!(one_record(&ran)["code"], "E_TOO_LARGE");
}

#[test]
fn seconds_are_those_of_a_file_too() {
    let f = Folder::new("pipe-seconds");
    let planes = planes(7, 2, 66_150);
    f.file("whole.wav", &wav(22_050, &planes));
    let first: Vec<Vec<i16>> = planes.iter().map(|p| p[..33_075].to_vec()).collect();
    f.file("first.wav", &wav(22_050, &first));
    let record = |words: &str| one_record(&f.run(words));
    let (cut, short) = (record("analyze whole.wav --seconds 1.5"), record("analyze first.wav"));
    assert_eq!((&cut["descriptor"], &cut["table"]), (&short["descriptor"], &short["table"]));
    let detail = "only the first 1.5 s were read, as asked; resampled from 22050 Hz to 44100 Hz";
    assert_eq!(cut["detail"], detail);
    assert_eq!(but_path(record("analyze first.wav --seconds 2")), but_path(short));
    let mel = |words: &str| {
        f.run(&format!("mel {words}")).ends(0, &[]);
    };
    mel("whole.wav -o a --preset leak --seconds 1.5");
    mel("first.wav -o b --preset leak");
    mel("whole.wav -o c --preset leak");
    let [a, b, c] = ["a", "b", "c"].map(|o| std::fs::read(f.join(o).join("features.npy")).unwrap());
    assert!(a == b && a != c);
    // The same folder with other seconds is another job.
    mel("whole.wav -o a --preset leak");
    assert!(std::fs::read(f.join("a/features.npy")).unwrap() == c);
    for bad in ["0", "-1", "x"] {
        f.run(&format!("mel whole.wav -o d --seconds={bad}")).ends(2, &["0.001 to 86400"]);
    }
}

#[test]
fn files_are_raw_pcm_where_it_is_said() {
    let f = Folder::new("pipe-pcm");
    let planes = planes(8, 2, 30_000);
    f.file("a.wav", &wav(22_050, &planes));
    f.file("in/a.raw", &bytes_of(&planes));
    f.file("in/a.be", &bytes_of(&planes).chunks(2).flat_map(|b| [b[1], b[0]]).collect::<Vec<u8>>());
    let want = one_record(&f.run("analyze a.wav"));
    for words in ["in/a.raw --pcm 22050,2,s16", "in/a.be --pcm 22050,2,s16be"] {
        let got = one_record(&f.run(&format!("analyze {words}")));
        assert_eq!((&got["descriptor"], &got["audio_id"]), (&want["descriptor"], &want["audio_id"]), "{words}");
    }
    f.run("mel in/a.raw -o raw --preset leak --pcm 22050,2,s16").ends(0, &["1 ok"]);
    f.run("mel a.wav -o wav --preset leak").ends(0, &["1 ok"]);
    let [raw, wav] = ["raw", "wav"].map(|o| std::fs::read(f.join(o).join("features.npy")).unwrap());
    assert!(raw == wav);
    let odd = one_record(&f.run("analyze in/a.raw --pcm 22050,7,s16 --fail-on none"));
    assert_eq!((&odd["status"], &odd["code"]), (&"partial".into(), &"E_DECODE_TRUNCATED".into()));
    assert!(odd["detail"].as_str().unwrap().contains("no whole frame of 14 bytes"), "{odd}");
    let header = one_record(&f.run("analyze a.wav --pcm 22050,2,s16"));
    assert_eq!(header["code"], "E_MALFORMED");
    f.run("analyze in --pcm 22050,2,s16").ends(2, &["in is a folder"]);
    f.run("analyze in/a.raw --pcm 22050,2").ends(2, &["RATE,CHANNELS,FORMAT", "48000,2,s16"]);
    f.run("analyze in/a.raw --pcm 99,2,s16").ends(2, &["99 Hz; expected 100 to 768000"]);
    f.run("analyze in/a.raw --pcm 48000,65,s16").ends(2, &["65 channels; expected 1 to 64"]);
}

#[test]
fn what_is_neither_sound_nor_a_list_is_said() {
    let f = Folder::new("pipe-neither");
    for bytes in
        [&b"\n <!DOCTYPE html><html><body>404</body></html>"[..], b"\xEF\xBB\xBF<?xml version", b"MThd\0\0\0\x06"]
    {
        let ran = fed(&f, "analyze -", bytes);
        assert_eq!(ran.code, 3, "{}", ran.err);
        let record = one_record(&ran);
        assert_eq!((&record["path"], &record["status"]), (&"stdin".into(), &"error".into()));
        assert!(record["code"] == "E_NOT_AUDIO" || record["code"] == "E_UNSUPPORTED", "{record}");
        let ran = fed(&f, "mel - -o out --json --name x.wav", bytes);
        assert_eq!((ran.code, one_record(&ran)["path"].as_str()), (3, Some("x.wav")), "{}", ran.err);
    }
    for words in ["analyze -", "mel - -o out", "spec - -o out"] {
        fed(&f, words, b"").ends(1, &["no files found in - (stdin is empty); expected"]);
    }
    let empty = one_record(&fed(&f, "analyze - --pcm 8000,1,u8", b""));
    assert_eq!(empty["code"], "E_EMPTY");
    fed(&f, "analyze --files-from -", &wav(8000, &[vec![1; 100]])).ends(2, &["stdin holds WAV, not a list"]);
    fed(&f, "analyze - --files-from -", b"").ends(2, &["- and --files-from - are both stdin"]);
    fed(&f, "analyze - --name ../x", b"").ends(2, &["expected a name"]);
    fed(&f, "analyze - --name x", &[]).ends(3, &[]);
    f.file("a.wav", &wav(8000, &[vec![1; 100]]));
    f.run("analyze a.wav --name x").ends(2, &["--name is for sound on stdin"]);
}

#[test]
fn a_library_keeps_files_only() {
    let f = Folder::new("pipe-library");
    let bytes = wav(22_050, &planes(9, 1, 20_000));
    f.file("a.wav", &bytes);
    for words in ["- -l lib.db", "- --library=lib.db", "- -llib.db"] {
        fed(&f, &format!("analyze {words}"), &bytes)
            .ends(2, &["--library keeps whole files", "save the sound as a file"]);
    }
    f.run("analyze a.wav -l lib.db --seconds 1").ends(2, &["--library keeps whole files"]);
    f.run("analyze a.wav -l lib.db --pcm 8000,1,u8").ends(2, &["--library keeps whole files"]);
    assert!(!f.join("lib.db").exists());
    let mut c = command(&f, "analyze -");
    c.env("EARPRINT_LIBRARY", "lib.db");
    let ran = fed_command(c, &bytes);
    ran.ends(0, &["note: the library is not used", "1 ok"]);
    assert_eq!(one_record(&ran)["path"], "stdin");
    assert!(!f.join("lib.db").exists());
    // A list is no sound.
    fed(&f, "analyze - -l lib.db", b"a.wav\n").ends(0, &["1 ok"]);
    assert_eq!(count(&f.join("lib.db"), "file"), 1);
}

#[cfg(unix)]
#[test]
fn an_interrupted_stream_leaves_nothing() {
    let f = Folder::new("pipe-interrupt");
    let block = bytes_of(&planes(10, 1, 500_000));
    for (words, pcm) in [
        ("mel - -o out --memory 2G", "--pcm 48000,1,s16"),
        ("mel - -o out --preset leak", "--pcm 768000,1,s16"),
        ("spec - -o out --memory 2G", "--pcm 48000,1,s16"),
        ("analyze -", "--pcm 48000,1,s16"),
        ("analyze -", ""),
    ] {
        let mut child = start(&f, &format!("{words} {pcm} --json"));
        let mut stdin = child.stdin.take().unwrap();
        if pcm.is_empty() {
            stdin.write_all(&open_wav(48_000, &[vec![]])).unwrap();
        }
        // More than pipe and thread hold: once it is written the child is in the middle of its sound.
        stdin.write_all(&block).unwrap();
        interrupt(&child);
        let ran = ended(child);
        ran.ends(130, &["interrupted"]);
        assert_eq!(ran.out, "", "{words}");
        assert!(std::fs::read_dir(f.join("out")).is_ok_and(|mut all| all.next().is_none()) || !f.join("out").exists());
        drop(stdin);
    }
    // Before anything can be told of it.
    let mut child = start(&f, "analyze -");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"RIFF").unwrap();
    #[cfg(target_os = "linux")]
    {
        let threads = format!("/proc/{}/task", child.id());
        let reads = || {
            std::fs::read_dir(&threads).is_ok_and(|all| {
                all.flatten().any(|t| {
                    std::fs::read_to_string(t.path().join("comm")).is_ok_and(|c| c.starts_with("earprint-stdin"))
                })
            })
        };
        wait_until("the reader of stdin", reads);
        interrupt(&child);
        ended(child).ends(130, &[]);
    }
    #[cfg(not(target_os = "linux"))]
    drop((stdin, ended(child)));
}
