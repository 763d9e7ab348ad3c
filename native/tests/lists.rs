//! Lists of files: on stdin and in files, by line, with NUL, as playlists.

mod common;

use common::{Folder, Ran};

/// Some sounds with names that lists make trouble of.
fn sounds(name: &str) -> Folder {
    let f = Folder::new(name);
    for (path, hz) in [("in/a.wav", 440.0), ("in/b c.wav", 550.0), ("in/#1.wav", 660.0), ("in/-", 770.0)] {
        f.tone(path, 8000, 0.5, hz);
    }
    f
}

/// Paths of the records, with their states.
#[track_caller]
fn told(ran: &Ran) -> Vec<String> {
    let records = ran.records();
    records.iter().map(|r| format!("{} {}", r["path"].as_str().unwrap(), r["status"].as_str().unwrap())).collect()
}

#[test]
fn names_by_line_and_with_nul() {
    let f = sounds("lists-lines");
    let want = ["in/a.wav ok", "in/b c.wav ok"];
    let text = "\u{feff}# songs\r\nin/a.wav\r\n\r\nin/b c.wav";
    f.file("list", text.as_bytes());
    assert_eq!(told(&f.run("analyze --files-from list")), want);
    assert_eq!(told(&f.run_with("analyze -", text)), want);
    assert_eq!(told(&f.run_with("analyze --files-from -", text)), want);
    assert_eq!(
        told(&f.run_with("analyze in/#1.wav --files-from -", "./in/#1.wav\n")),
        ["in/#1.wav ok", "./in/#1.wav ok"]
    );

    f.file("null", b"in/a.wav\0in/#1.wav\0in/b c.wav\0");
    let want = ["in/a.wav ok", "in/#1.wav ok", "in/b c.wav ok"];
    for words in ["analyze --files-from null -0", "analyze --files-from null --null"] {
        assert_eq!(told(&f.run(words)), want);
    }
    assert_eq!(told(&f.run_with("analyze - -0", "in/a.wav\0in/#1.wav\0in/b c.wav")), want);
    assert_eq!(told(&f.run_with("analyze --files-from - -0", "#1.wav\0")), ["#1.wav error"]);
}

#[cfg(unix)]
#[test]
fn what_find_prints_is_read_whatever_its_names() {
    use std::os::unix::ffi::OsStrExt;
    let f = Folder::new("lists-find");
    std::fs::create_dir(f.join("in")).unwrap();
    f.tone("a.wav", 8000, 0.5, 440.0);
    for name in [&b"two\nlines.wav"[..], b"#x.wav", b"caf\xe9.wav", b" .wav"] {
        std::fs::copy(f.join("a.wav"), f.join("in").join(std::ffi::OsStr::from_bytes(name))).unwrap();
    }
    let find =
        std::process::Command::new("find").args(["in", "-type", "f", "-print0"]).current_dir(&f.0).output().unwrap();
    f.file("found", &find.stdout);
    f.run("analyze --files-from found -0").ends(0, &["4 inputs: 4 ok"]);
    // Without -0 it is no list by lines, and is not read as one.
    f.run("analyze --files-from found").ends(1, &["found: a NUL byte in the list", "-0 (--null)"]);
}

#[test]
fn playlists_begin_where_they_lie() {
    let f = sounds("lists-m3u");
    let far = f.0.canonicalize().unwrap().join("in/a.wav");
    let far = far.to_str().unwrap();
    f.file(
        "in/evening.m3u8",
        format!("\u{feff}#EXTM3U\r\n#EXTINF:1,A - B\r\nb c.wav\r\nfile://{}\r\n{far}\r\n", far.replace('a', "%61"))
            .as_bytes(),
    );
    let far = format!("{far} ok");
    assert_eq!(told(&f.run("analyze --files-from in/evening.m3u8")), ["in/b c.wav ok", &far, &far]);
    f.file("in/old.M3U", b"a.wav\ngone.wav\n");
    let ran = f.run("analyze --files-from in/old.M3U");
    assert_eq!((ran.code, told(&ran)), (3, vec!["in/a.wav ok".into(), "in/gone.wav error".into()]));
    // The command's own playlists.
    f.run("analyze in -l lib.db -q").ends(0, &[]);
    f.run("order -l lib.db -o in/order.m3u8 -q").ends(0, &[]);
    f.run("mel --files-from in/order.m3u8 -o out").ends(0, &["4 files: 4 ok"]);
}

#[cfg(unix)]
#[test]
fn bytes_of_an_older_encoding_stay_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let f = Folder::new("lists-bytes");
    f.tone("a.wav", 8000, 0.5, 440.0);
    std::fs::copy(f.join("a.wav"), f.join("").join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"))).unwrap();
    f.file("list.m3u", b"caf\xe9.wav\r\n");
    assert_eq!(told(&f.run("analyze --files-from list.m3u")), ["bytes:caf%E9.wav ok"]);
}

#[test]
fn what_is_no_list_ends_with_a_sentence() {
    let f = sounds("lists-none");
    f.file("wide.txt", &"in/a.wav\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let mut marked = vec![0xFF, 0xFE];
    marked.extend(std::fs::read(f.join("wide.txt")).unwrap());
    f.file("marked.txt", &marked);
    f.file("long.txt", &vec![b'x'; 200_000]);
    f.run("analyze --files-from wide.txt").ends(1, &["wide.txt: a NUL byte"]);
    f.run("analyze --files-from marked.txt").ends(1, &["marked.txt: a list in UTF-16"]);
    f.run("analyze --files-from long.txt").ends(1, &["long.txt: a name of more than 128 KiB"]);
    f.run("analyze --files-from gone.txt").ends(1, &["reading gone.txt"]);
    f.run("analyze --files-from in").ends(1, &["reading in"]);
    if cfg!(target_os = "linux") {
        f.run("analyze --files-from /dev/zero").ends(1, &["/dev/zero: a NUL byte"]);
        f.run("mel --files-from /dev/zero -0 -o out").ends(1, &["/dev/zero: a list of more than 256 MiB"]);
    }
}
