//! `earprint spec`, as a user meets it.

mod common;

use common::{Folder, png_size};
use earprint_store::NpyArray;

#[test]
fn one_file_becomes_one_picture() {
    let f = Folder::new("spec-one");
    f.tone("a.wav", 22_050, 2.0, 440.0);
    let ran = f.run("spec a.wav -o out/picture.png --npy");
    ran.ends(0, &["1 file: 1 ok", "device: cpu"]);
    assert_eq!(ran.out, "");
    assert_eq!(png_size(&f.join("out/picture.png")), (1200, 600));
    assert_eq!(NpyArray::read(&f.join("out/picture.npy")).unwrap().header.shape, [128, 87]);

    // One pixel per value, nothing around it.
    f.run("spec a.wav -o exact.png --exact --no-axes -q").ends(0, &[]);
    assert_eq!(png_size(&f.join("exact.png")), (87, 128));
    f.run("spec a.wav -o small.png --width 300 --height 200 --color gray --range -60,0").ends(0, &[]);
    assert_eq!(png_size(&f.join("small.png")), (300, 200));
    let read = |name: &str| std::fs::read(f.join(name)).unwrap();
    f.run("spec a.wav -o auto.png --width 300 --height 200 --color gray").ends(0, &[]);
    assert_ne!(read("small.png"), read("auto.png"), "--range does nothing");
    f.run("spec a.wav -o magma.png --width 300 --height 200").ends(0, &[]);
    assert_ne!(read("magma.png"), read("auto.png"), "--color does nothing");
}

#[test]
fn values_are_those_of_mel() {
    let f = Folder::new("spec-mel");
    f.tone("a.wav", 44_100, 1.0, 1000.0);
    f.run("spec a.wav -o s --format npy --set n_mels=40").ends(0, &[]);
    f.run("mel a.wav -o m --dtype f32 --set n_mels=40").ends(0, &[]);
    let (s, m) = (f.join("s/a.wav.npy"), f.join("m/features/a.wav.npy"));
    assert_eq!(NpyArray::read(&s).unwrap(), NpyArray::read(&m).unwrap());
    assert!(!f.join("s/a.wav.png").exists(), "--format npy writes the array instead");
}

#[test]
fn a_tree_keeps_its_shape_and_a_bad_file_does_not_stop_it() {
    let f = Folder::new("spec-tree");
    f.tone("in/a.wav", 22_050, 0.5, 440.0);
    f.file("in/deep/bad.wav", b"this is no sound at all");
    f.tone("in/deep/er/c.wav", 8_000, 0.5, 440.0);
    f.file("in/notes.txt", b"left out");
    let ran = f.run("spec in -o out --json --jobs 2");
    ran.ends(3, &["4 files: 2 ok, 0 partial, 1 skipped, 1 failed; in out"]);
    let records = ran.records();
    let told: Vec<(&str, &str)> =
        records.iter().map(|r| (r["path"].as_str().unwrap(), r["status"].as_str().unwrap())).collect();
    assert_eq!(told, [("a.wav", "ok"), ("deep/bad.wav", "error"), ("deep/er/c.wav", "ok"), ("notes.txt", "skipped")]);
    assert_eq!(records[1]["code"], "E_NOT_AUDIO");
    assert!(records[1]["picture"].is_null());
    for r in [&records[0], &records[2]] {
        assert_eq!(png_size(&f.join(r["picture"].as_str().unwrap())), (1200, 600));
    }
    assert!(f.join("out/deep/er/c.wav.png").exists() && !f.join("out/deep/bad.wav.png").exists());
    // Nothing half-written stays.
    let names: Vec<_> = std::fs::read_dir(f.join("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|n| !n.to_string_lossy().ends_with(".part")), "{names:?}");
}

#[test]
fn equal_names_from_two_folders_stay_apart() {
    let f = Folder::new("spec-twice");
    f.tone("x/a.wav", 22_050, 0.5, 440.0);
    f.tone("y/a.wav", 22_050, 1.0, 440.0);
    f.run("spec x y -o out --format npy").ends(0, &["2 ok"]);
    let frames = |name: &str| NpyArray::read(&f.join(name)).unwrap().header.shape[1];
    assert_eq!((frames("out/a.wav.npy"), frames("out/a.wav~2.npy")), (22, 44));
}

#[test]
fn silence_and_the_shortest_sound_have_pictures() {
    let f = Folder::new("spec-edge");
    f.file("silence.wav", &earprint_audio::wav::write_i16_mono(22_050, &[0; 4000]));
    f.file("one.wav", &earprint_audio::wav::write_i16_mono(22_050, &[5]));
    f.run("spec silence.wav one.wav -o out").ends(0, &["2 ok"]);
    f.run("spec silence.wav one.wav -o exact --exact").ends(0, &["2 ok"]);
}

#[test]
fn wrong_inputs_say_what_is_wrong() {
    let f = Folder::new("spec-wrong");
    f.tone("a.wav", 22_050, 0.5, 440.0);
    f.tone("b.wav", 22_050, 0.5, 440.0);
    f.file("text.wav", b"just some words, long enough to be looked at");
    std::fs::create_dir(f.join("empty")).unwrap();

    f.run("spec gone.wav -o out.png").ends(3, &["1 failed"]);
    let gone = f.run("spec gone.wav -o out.png --json -q");
    assert_eq!((gone.records()[0]["code"].as_str(), gone.err.as_str()), (Some("E_IO"), ""));
    f.run("spec text.wav -o out.png").ends(3, &["1 failed"]);
    assert!(!f.join("out.png").exists());
    f.run("spec text.wav -o out.png --fail-on none").ends(0, &["1 failed"]);
    f.run("spec a.wav text.wav -o out --fail-on all").ends(0, &["1 failed"]);
    f.run("spec empty -o out").ends(1, &["no files found in empty"]);

    f.run("spec a.wav -o out.png --preset leak").ends(2, &["leak", "windows", "librosa"]);
    f.run("spec a.wav -o out.png --preset nope").ends(2, &["nope", "librosa"]);
    f.run("spec a.wav b.wav -o out.png").ends(2, &["one file", "2 inputs", "folder"]);
    f.run("spec a.wav -o out.npy").ends(2, &["--format npy"]);
    f.run("spec a.wav -o out.png --range 0,-80").ends(2, &["LOW below HIGH"]);
    f.run("spec a.wav -o out.png --exact --width 300").ends(2, &["--exact", "--width"]);
    f.run("spec a.wav -o out.png --set n_fft=99999999").ends(2, &["n_fft", "65536"]);
    f.run("spec a.wav").ends(2, &["--out"]);
    f.run("spec a.wav -o out.png --width 20 --height 20").ends(3, &["1 failed"]);
    f.run("spec a.wav -o out.png --width 60000 --height 60000").ends(2, &["--memory"]);
}

#[test]
fn a_name_too_long_for_its_output_is_that_files_misfortune() {
    let f = Folder::new("spec-long");
    let long = format!("{}.wav", "n".repeat(249));
    f.tone(&format!("in/{long}"), 22_050, 0.5, 440.0);
    f.tone("in/a.wav", 22_050, 0.5, 440.0);
    let ran = f.run("spec in -o pictures --json");
    ran.ends(3, &["1 ok", "1 failed"]);
    assert_eq!(ran.records()[1]["code"], "E_NAME");
}
