//! Walking folders: order, skips, links, failures.
#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::PathBuf;

use earprint_audio::formats::FORMATS;
use earprint_audio::walk::{Outcome, SkipReason, WalkOptions, walk};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[&str]) -> Folder {
        let root = std::env::temp_dir().join(format!("earprint-walk-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).expect("temporary folder");
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
            fs::write(path, file).expect("file");
        }
        Folder(root)
    }

    fn list(&self) -> Vec<(String, Outcome)> {
        walk(std::slice::from_ref(&self.0), &WalkOptions::default())
            .into_iter()
            .map(|e| (e.relative, e.outcome))
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn audio(list: &[(String, Outcome)]) -> Vec<&str> {
    list.iter().filter(|(_, o)| *o == Outcome::Audio).map(|(r, _)| r.as_str()).collect()
}

#[test]
fn files_come_in_component_order_and_the_rest_is_reported() {
    let folder =
        Folder::new("order", &["b.WAV", "a/z.flac", "a.wav", "a/b/c.mp3", "é.ogg", "note.txt", ".x.wav", ".git/y.wav"]);
    let list = folder.list();
    assert_eq!(audio(&list), ["a/b/c.mp3", "a/z.flac", "a.wav", "b.WAV", "é.ogg"]);
    let reason = |name: &str| list.iter().find(|(r, _)| r == name).map(|(_, o)| o.clone());
    assert_eq!(reason("note.txt"), Some(Outcome::Skipped(SkipReason::NotAudio)));
    assert_eq!(reason(".x.wav"), Some(Outcome::Skipped(SkipReason::Hidden)));
    assert_eq!(reason(".git"), Some(Outcome::Skipped(SkipReason::Hidden)));
    let entry = &walk(&[folder.0.join("note.txt")], &WalkOptions::default())[0];
    assert_eq!((entry.relative.as_str(), entry.bytes, &entry.outcome), ("note.txt", 8, &Outcome::Audio));
    let gone = &walk(&[folder.0.join("gone.wav")], &WalkOptions::default())[0];
    let Outcome::Failed(error) = &gone.outcome else { panic!("{gone:?}") };
    assert_eq!(error.code(), "E_IO");
    assert!(error.to_string().contains("gone.wav"), "{error}");
}

#[test]
fn first_bytes_decide_where_the_name_does_not() {
    let folder = Folder::new("bytes", &["Makefile", "main.ts", "notes.mid", "picture.png", "go.mod", ".DS_Store"]);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.0.join(name), bytes).expect("file");
    let mut ts = vec![0; 600];
    for at in [0, 188, 376] {
        ts[at] = 0x47;
    }
    // An MPEG-1 layer 3 frame at 128 kbit/s and 44.1 kHz is 417 bytes long.
    let mut mp3 = vec![0; 421];
    mp3[..4].copy_from_slice(b"\xFF\xFB\x90\x64");
    mp3[417..].copy_from_slice(b"\xFF\xFB\x90\x64");
    let mut ogg = b"OggS".to_vec();
    ogg.resize(28, 0);
    ogg.extend(b"\x01vorbis");
    write("noext", &ogg);
    write("old.backup", b"fLaC\0\0\0\x22");
    write("frames", &mp3);
    write("one-header", &mp3[..417]);
    write("tv.ts", &ts);
    write("song.mid", b"MThd\0\0\0\x06");
    write("untitled", b"MAC \x96\x0F\0\0");
    write("._good.mp3", b"\0\x05\x16\x07");
    write("empty", b"");
    // A name of another kind is believed: nobody opens forty thousand pictures.
    write("flac.png", b"fLaC\0\0\0\x22");
    let list = folder.list();
    assert_eq!(audio(&list), ["frames", "noext", "old.backup", "song.mid", "tv.ts", "untitled"]);
    let others = list.iter().filter(|(name, o)| !name.starts_with('.') && *o != Outcome::Audio);
    assert!(others.clone().all(|(_, o)| *o == Outcome::Skipped(SkipReason::NotAudio)), "{list:?}");
    assert_eq!(others.count(), 8);
    for hidden in [".DS_Store", "._good.mp3"] {
        assert!(list.contains(&(hidden.into(), Outcome::Skipped(SkipReason::Hidden))));
    }
    let options = WalkOptions { look_inside: false, ..WalkOptions::default() };
    assert!(walk(std::slice::from_ref(&folder.0), &options).iter().all(|e| e.outcome != Outcome::Audio));
}

#[test]
fn every_known_format_is_audio_by_its_extension() {
    let extensions: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions).copied().collect();
    let names: Vec<String> = extensions.iter().map(|e| format!("x.{e}")).collect();
    let folder = Folder::new("formats", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let list = folder.list();
    assert_eq!(audio(&list).len(), extensions.len());
    for required in "opus wv w64 au snd mka mkv webm mov ogv oga ogx m4v 3gp wma ape mpc tta dsf dff ac3 xm".split(' ')
    {
        assert!(extensions.contains(&required), "{required}");
    }
}

#[test]
fn a_folder_given_twice_is_listed_once() {
    let folder = Folder::new("twice", &["sub/a.wav"]);
    let found = walk(&[folder.0.clone(), folder.0.join("sub")], &WalkOptions::default());
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].outcome, Outcome::Skipped(SkipReason::AlreadyWalked));
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_never_in_circles() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("links", &["a/one.wav", "b/two.wav"]);
    symlink(&folder.0, folder.0.join("a/up")).expect("link");
    symlink(folder.0.join("b/two.wav"), folder.0.join("a/alias.wav")).expect("link");
    symlink(folder.0.join("nowhere"), folder.0.join("a/broken.wav")).expect("link");
    symlink(folder.0.join("nowhere"), folder.0.join("a/font.ttf")).expect("link");
    symlink(folder.0.join("nowhere"), folder.0.join("a/name")).expect("link");
    symlink(folder.0.join("b"), folder.0.join("c")).expect("link");
    let list = folder.list();
    assert_eq!(audio(&list), ["a/alias.wav", "a/one.wav", "b/two.wav"]);
    let outcome = |name: &str| &list.iter().find(|(r, _)| r == name).expect(name).1;
    assert_eq!(*outcome("a/up"), Outcome::Skipped(SkipReason::LinkLoop));
    assert_eq!(*outcome("c"), Outcome::Skipped(SkipReason::AlreadyWalked));
    assert!(matches!(outcome("a/broken.wav"), Outcome::Failed(_)));
    for name in ["a/font.ttf", "a/name"] {
        assert_eq!(*outcome(name), Outcome::Skipped(SkipReason::BrokenLink));
    }
}
