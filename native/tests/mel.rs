//! `earprint mel`, as a script meets it: exit codes, records, shapes.

mod common;

use std::path::Path;

use common::Folder;
use earprint_store::{Manifest, NpyArray};

fn array(path: &Path) -> NpyArray {
    NpyArray::read(path).unwrap()
}

/// Three good files, a damaged one, one that is none.
fn mixed(name: &str) -> Folder {
    let f = Folder::new(name);
    f.tone("in/a.wav", 4096, 10.0, 300.0);
    f.file("in/b.wav", b"RIFF and then nothing that is sound");
    f.tone("in/c/c.wav", 4096, 2.0, 700.0);
    f.tone("in/d.wav", 22_050, 1.0, 500.0);
    f.file("in/readme.txt", b"words");
    f
}

#[test]
fn exit_codes_are_for_scripts() {
    let f = mixed("mel-codes");
    f.run("mel in/a.wav -o good --preset leak").ends(0, &["1 file: 1 ok", "237 rows"]);
    f.run("mel in -o out --preset leak").ends(3, &["5 files: 3 ok, 0 partial, 1 skipped, 1 failed", "711 rows"]);
    f.run("mel in -o out2 --preset leak --fail-on none").ends(0, &["1 failed"]);
    f.run("mel in -o out3 --preset leak --fail-on all").ends(0, &["1 failed"]);
    f.run("mel in/b.wav -o out4 --preset leak --fail-on all").ends(3, &["1 failed"]);
    f.run("mel gone.wav -o out5").ends(3, &["1 failed"]);
    // Usage: what clap refuses and what we refuse.
    f.run("mel in").ends(2, &["--out"]);
    f.run("mel -o out").ends(2, &["PATH"]);
    f.run("mel in -o out --jobs 0").ends(2, &["--jobs"]);
    f.run("mel in -o out --memory 3").ends(2, &["16M"]);
    f.run("mel in -o out --preset nope").ends(2, &["nope", "leak-64"]);
    f.run("mel in -o out --frames pooled").ends(2, &["--frames pooled", "librosa"]);
    // Fatal: nothing to do, nowhere to write.
    std::fs::create_dir(f.join("empty")).unwrap();
    f.run("mel empty -o out").ends(1, &["no files found in empty"]);
    f.file("file", b"in the way");
    f.run("mel in -o file").ends(1, &["file"]);
}

#[test]
fn stdout_is_one_record_per_input_whatever_became_of_it() {
    let f = mixed("mel-records");
    for jobs in [1, 2, 7] {
        let ran = f.run(&format!("mel in gone.wav -o out{jobs} --preset leak --json --jobs {jobs}"));
        ran.ends(3, &[]);
        let records = ran.records();
        let told: Vec<(&str, &str, u64)> = records
            .iter()
            .map(|r| (r["path"].as_str().unwrap(), r["status"].as_str().unwrap(), r["first_row"].as_u64().unwrap()))
            .collect();
        let expected = [
            ("a.wav", "ok", 0),
            ("b.wav", "error", 237),
            ("c/c.wav", "ok", 237),
            ("d.wav", "ok", 474),
            ("readme.txt", "skipped", 711),
            ("gone.wav", "error", 711),
        ];
        assert_eq!(told, expected);
        for r in &records {
            assert_eq!((r["v"].as_u64(), r["schema"].as_str()), (Some(1), Some("mel-1")));
            let ok = r["status"] == "ok";
            assert_eq!(r["code"].is_null() && r["detail"].is_null(), ok, "{r}");
            assert_eq!(r["rows"], if ok { 237 } else { 0 });
            assert_eq!(r["decoder"].is_null(), !ok);
            assert_eq!(r["backend"], "cpu");
        }
    }
    let all = [1, 2, 7].map(|jobs| std::fs::read(f.join(&format!("out{jobs}/features.npy"))).unwrap());
    assert!(all[0] == all[1] && all[1] == all[2], "numbers do not depend on the threads");
    // Without --json stdout is empty and failures are told in words, with -q only they.
    assert_eq!(f.run("mel in -o words --preset leak").out, "");
    let quiet = f.run("mel in -o quiet --preset leak -q");
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.lines().count()), (3, "", 1));
    assert!(quiet.err.starts_with("failed: b.wav: ") && quiet.err.contains("(E_"), "{}", quiet.err);
}

#[test]
fn dry_run_writes_nothing() {
    let f = mixed("mel-dry");
    f.run("mel in -o out --dry-run").ends(0, &["4 audio files of 5"]);
    assert!(!f.join("out").exists());
}

#[test]
fn lists_come_from_stdin_and_files() {
    let f = mixed("mel-lists");
    f.run_with("mel - -o out --preset leak", "in/a.wav\n\nin/c/c.wav\n").ends(0, &["2 files: 2 ok"]);
    f.file("list.txt", b"in/a.wav\nin/d.wav\n");
    f.run("mel --files-from list.txt -o out2 --preset leak").ends(0, &["2 files: 2 ok"]);
    f.run_with("mel in/a.wav --files-from - -o out3 --preset leak", "in/c/c.wav").ends(0, &["2 files: 2 ok"]);
    f.run("mel --files-from gone.txt -o out4").ends(1, &["gone.txt"]);
    f.run_with("mel - -o out5", "").ends(1, &["no files found"]);
}

#[test]
fn fields_are_set_by_name() {
    let f = mixed("mel-set");
    f.run("mel in/d.wav -o out --set n_mels=40 --set f_max=8000 --set mel_scale=htk").ends(0, &[]);
    assert_eq!(array(&f.join("out/features/d.wav.npy")).header.shape, [40, 44]);
    let manifest = Manifest::read(&f.join("out")).unwrap();
    assert_eq!((manifest.job.spec.n_mels, manifest.job.spec.f_max), (40, 8000.0));
    assert!(manifest.job.name.contains("n_mels=40"));
    for (set, words) in [
        ("n_mels", &["FIELD=VALUE"][..]),
        ("mels=40", &["no field mels", "n_mels"]),
        ("n_mels=many", &["n_mels=many"]),
        ("n_mels=0", &["n_mels is 0", "1 to 4096"]),
        ("f_max=20000", &["f_max", "11025"]),
        ("n_fft=2050", &["n_fft 2050", "2, 3 and 5"]),
        ("hop_length=0", &["hop_length"]),
    ] {
        f.run(&format!("mel in/d.wav -o out --set {set}")).ends(2, words);
    }
}

#[test]
fn equal_names_from_two_folders_stay_apart() {
    let f = Folder::new("mel-twice");
    f.tone("x/a.wav", 22_050, 0.5, 440.0);
    f.tone("y/a.wav", 22_050, 1.0, 440.0);
    f.run("mel x y -o out").ends(0, &["2 ok"]);
    let frames = |name: &str| array(&f.join(name)).header.shape[1];
    assert_eq!((frames("out/features/a.wav.npy"), frames("out/features/a.wav~2.npy")), (22, 44));
    let manifest = Manifest::read(&f.join("out")).unwrap();
    assert_eq!(manifest.files[1].features.as_deref(), Some("features/a.wav~2.npy"));
}

#[test]
fn shapes_are_the_published_ones() {
    let f = mixed("mel-shapes");
    for (words, frames) in [
        ("--preset leak", 1),
        ("--preset leak-64", 1),
        ("--preset leak-64 --frames all", 29),
        ("--preset leak-64 --frames pooled", 1),
        ("--preset leak --dtype f32", 1),
    ] {
        f.run(&format!("mel in/a.wav in/c in/d.wav -o out {words}")).ends(0, &["3 ok"]);
        let a = array(&f.join("out/features.npy"));
        assert_eq!(a.header.shape, [3 * 237, 32, frames], "{words}");
        assert_eq!(a.header.descr, if words.contains("f32") { "<f4" } else { "<f2" });
        let index = array(&f.join("out/index.npy"));
        assert_eq!(index.header.shape, [3 * 237, 6]);
        // row, file, long, short, start, end of the last row.
        assert_eq!(index.i64()[6 * 710..], [710, 2, 78, 2, 78 * 512 + 512, 40_960]);
    }
}

#[test]
fn keep_geometry_gives_unreadable_files_rows_of_zeros() {
    let f = mixed("mel-geometry");
    f.run("mel in -o out --preset leak --keep-geometry --jobs 2").ends(3, &["948 rows"]);
    let a = array(&f.join("out/features.npy"));
    assert_eq!(a.header.shape, [4 * 237, 32, 1]);
    let bits = a.u16();
    let rows = |from: usize, to: usize| &bits[from * 32..to * 32];
    assert!(rows(237, 474).iter().all(|&b| b == 0), "b.wav is unreadable");
    assert!(rows(0, 237).iter().any(|&b| b != 0) && rows(474, 711).iter().any(|&b| b != 0));
    let files = array(&f.join("out/index.npy")).i64();
    assert_eq!((files[6 * 237 + 1], files[6 * 474 + 1]), (1, 2), "file k owns its rows");
}

#[test]
fn raw_copies_are_the_data() {
    let f = mixed("mel-raw");
    f.run("mel in/a.wav in/d.wav -o rows --preset leak --raw").ends(0, &[]);
    for name in ["features", "index"] {
        let raw = std::fs::read(f.join(&format!("rows/{name}.raw"))).unwrap();
        assert!(raw == array(&f.join(&format!("rows/{name}.npy"))).data, "{name}");
    }
    f.run("mel in/d.wav -o each --raw").ends(0, &[]);
    let raw = std::fs::read(f.join("each/features/d.wav.raw")).unwrap();
    assert!(raw == array(&f.join("each/features/d.wav.npy")).data);
}

#[test]
fn the_same_command_again_gives_the_same_files() {
    let f = mixed("mel-again");
    let words = "mel in -o out --preset leak-64";
    f.run(words).ends(3, &[]);
    let read = || ["features.npy", "index.npy", "manifest.json"].map(|n| std::fs::read(f.join("out").join(n)).unwrap());
    let before = read();
    f.run(words).ends(3, &[]);
    assert!(before == read());
    assert!(!f.join("out/.earprint-run").exists());
}

#[test]
fn many_failures_are_counted_not_listed() {
    let f = Folder::new("mel-many");
    for i in 0..8 {
        f.file(&format!("in/{i}.wav"), b"no sound");
    }
    let ran = f.run("mel in -o out -q");
    ran.ends(3, &["failed: 4.wav", "failed: 3 more, see out/manifest.json"]);
    assert_eq!(ran.err.lines().count(), 6);
}

#[test]
fn a_name_too_long_for_the_output_fails_that_file_only() {
    let f = Folder::new("mel-long-name");
    for name in ["a.wav", &format!("{}.wav", "n".repeat(249)), "z.wav"] {
        f.tone(&format!("in/{name}"), 22_050, 1.0, 500.0);
    }
    let ran = f.run("mel in -o out --json");
    assert_eq!((ran.code, ran.out.lines().count()), (3, 3), "{}", ran.err);
    assert_eq!((ran.out.matches("E_NAME").count(), ran.out.matches("\"ok\"").count()), (1, 2), "{}", ran.out);
}

#[test]
fn keep_geometry_without_windows_is_a_usage_error() {
    let f = mixed("mel-geometry-usage");
    f.run("mel in -o out --preset librosa --keep-geometry").ends(2, &["--keep-geometry", "leak"]);
}
