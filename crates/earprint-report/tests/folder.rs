//! A folder of documents: all of them, whole, and a playlist that finds its files.

mod made_up;

use std::fs;
use std::path::{Path, PathBuf};

use earprint_core::path_text;
use earprint_report::{Document, Report, Sequence, Status, Track, Transition, write_all};
use made_up::{AWKWARD, collection};

/// A folder of its own for each test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("earprint-report-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn all_documents_stand_in_the_folder_and_nothing_else() {
    let folder = Folder::new("all");
    let out = folder.0.join("new/report");
    let report = collection(60, 4);
    let written = write_all(&report, &out).unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut expected: Vec<String> = Document::ALL.map(|d| d.file_name().to_owned()).into();
    expected.sort();
    assert_eq!(names, expected);
    for (path, document) in written.iter().zip(Document::ALL) {
        assert_eq!(*path, out.join(document.file_name()));
        assert_eq!(fs::read(path).unwrap(), document.bytes(&report, &out).unwrap(), "{document:?}");
    }
    // A report with less in it leaves nothing of the one before.
    fs::write(out.join("of the user.txt"), "kept").unwrap();
    write_all(&Report::new("less"), &out).unwrap();
    assert_eq!(fs::read_to_string(out.join("sequence.m3u8")).unwrap(), "#EXTM3U\n");
    assert!(!fs::read_to_string(out.join("report.html")).unwrap().contains("made-up"));
    assert_eq!(fs::read_to_string(out.join("of the user.txt")).unwrap(), "kept");
}

#[test]
fn what_cannot_be_written_is_said_and_leaves_nothing_half() {
    let folder = Folder::new("fails");
    let mut unsound = collection(60, 4);
    unsound.clusters[0].medoids.push(1000);
    let out = folder.0.join("out");
    assert_eq!(write_all(&unsound, &out).unwrap_err().code(), "E_REPORT_UNSOUND");
    assert!(!out.exists(), "nothing is begun");
    fs::write(&out, "a file").unwrap();
    let error = write_all(&collection(2, 1), &out).unwrap_err();
    assert_eq!(error.code(), "E_IO");
    assert!(error.to_string().contains("out"), "{error}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "a file");
}

/// Entries of an extended M3U with what stands before them; panics where the text is none.
fn read_playlist(text: &str) -> Vec<(i64, String, String)> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("#EXTM3U"));
    let (mut entries, mut before) = (Vec::new(), None);
    for line in lines {
        if let Some(info) = line.strip_prefix("#EXTINF:") {
            let (seconds, title) = info.split_once(',').unwrap();
            before = Some((seconds.parse().unwrap(), title.to_owned()));
        } else if !line.starts_with('#') {
            let (seconds, title) = before.take().expect("an entry has its length");
            // As players do.
            entries.push((seconds, title, line.trim().to_owned()));
        }
    }
    entries
}

#[cfg(unix)]
#[test]
fn a_playlist_finds_every_file_it_names() {
    let folder = Folder::new("playlist");
    let mut report = Report::new("playlist");
    let mut files: Vec<PathBuf> = AWKWARD
        .iter()
        .filter(|n| !n.contains('/'))
        .enumerate()
        .map(|(i, name)| folder.0.join(["music", "music/deep er", "."][i % 3]).join(name))
        .collect();
    files.push(folder.0.join("music/two\nlines.mp3"));
    for file in &files {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "sound").unwrap();
        let mut track = Track::unknown(path_text(file), Status::Ok);
        track.duration_s = Some(61.5);
        report.tracks.push(track);
    }
    let way = Transition { cost: 1.0, tempo: None, key: None, energy: None, timbre: None, words: String::new() };
    report.sequence = Some(Sequence {
        goal: "as it comes".into(),
        order: (0..files.len()).collect(),
        transitions: vec![way; files.len() - 1],
        total: 1.0,
        greedy: None,
        random_mean: None,
        random_sd: None,
        left_out: vec![],
        findings: vec![],
    });
    for out in ["music", "out/report", "."] {
        let out = folder.0.join(out);
        write_all(&report, &out).unwrap();
        let text = fs::read_to_string(out.join(Document::Playlist.file_name())).unwrap();
        let entries = read_playlist(&text);
        assert_eq!(entries.len(), files.len() - 1, "all but the one with a line end");
        for ((seconds, _, entry), file) in entries.iter().zip(&files) {
            assert_eq!(*seconds, 62);
            assert!(Path::new(entry).is_relative(), "{entry}");
            let found = fs::canonicalize(out.join(entry)).unwrap_or_else(|e| panic!("{entry}: {e}"));
            assert_eq!(found, fs::canonicalize(file).unwrap());
        }
        assert!(text.contains("# left out, its name cannot be written here: "));
    }
}
