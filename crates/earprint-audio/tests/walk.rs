//! Walking folders: order, skips, links, failures.
#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::PathBuf;

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
    symlink(folder.0.join("b"), folder.0.join("c")).expect("link");
    let list = folder.list();
    assert_eq!(audio(&list), ["a/alias.wav", "a/one.wav", "b/two.wav"]);
    let outcome = |name: &str| &list.iter().find(|(r, _)| r == name).expect(name).1;
    assert_eq!(*outcome("a/up"), Outcome::Skipped(SkipReason::LinkLoop));
    assert_eq!(*outcome("c"), Outcome::Skipped(SkipReason::AlreadyWalked));
    assert!(matches!(outcome("a/broken.wav"), Outcome::Failed(_)));
}
