//! `earprint demo` leaves what it promises, twice in a row.

mod common;

use common::{Folder, png_size};
use earprint_store::{Manifest, NpyArray};

#[test]
fn the_demo_leaves_what_it_promises() {
    let f = Folder::new("demo");
    let first = f.run("demo");
    first.ends(0, &["24 sounds", "$ earprint mel", "$ earprint spec", "$ earprint analyze", "report.md"]);
    assert_eq!(first.out, "", "stdout is for data");
    let demo = f.join("earprint-demo");

    let librosa = Manifest::read(&demo.join("features/librosa")).unwrap();
    assert_eq!(librosa.files.len(), 24);
    for file in &librosa.files {
        let array = NpyArray::read(&demo.join("features/librosa").join(file.features.as_ref().unwrap())).unwrap();
        // Centred frames of 512 samples at 22,050 Hz.
        let seconds = file.frames_read as f64 / f64::from(file.sample_rate);
        let frames = 1 + (seconds * 22_050.0).round() as usize / 512;
        assert_eq!(array.header.shape, [128, frames], "{}", file.path);
        assert_eq!(png_size(&demo.join("pictures").join(format!("{}.png", file.path))), (1200, 600));
        assert!(demo.join("sounds").join(&file.path).exists());
    }
    let leak = NpyArray::read(&demo.join("features/leak-64/features.npy")).unwrap();
    assert_eq!(leak.header.shape, [24 * 237, 32, 1]);
    assert_eq!(png_size(&demo.join("overview.png")), (4 * 480, 6 * 250));
    assert_eq!(png_size(&demo.join("leak-64.png")), (4 * 480, 6 * 180));

    let report = std::fs::read_to_string(demo.join("report.md")).unwrap();
    // The numbers of sounds whose frequency is known: the nearest band's centre, and a centroid near it.
    for (sound, hz) in [("morse", 700.0), ("sonar", 1500.0), ("crickets", 4600.0)] {
        let line = report.lines().find(|l| l.starts_with(&format!("| {sound}.wav"))).unwrap();
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (loudest, centroid): (f64, f64) = (cells[5].parse().unwrap(), cells[6].parse().unwrap());
        assert!((loudest / hz - 1.0).abs() < 0.03 && (centroid / hz - 1.0).abs() < 0.06, "{line}");
    }

    // The heart beats 72 times a minute; the table and the report tell the same.
    let table = std::fs::read_to_string(demo.join("tracks.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 24);
    let column = table.lines().next().unwrap().split(',').position(|c| c == "tempo").unwrap();
    let heart = table.lines().find(|l| l.contains("heart.wav")).unwrap();
    let tempo: f64 = heart.split(',').nth(column).unwrap().parse().unwrap();
    assert!((tempo / 72.0 - 1.0).abs() < 0.01 || (tempo / 144.0 - 1.0).abs() < 0.01, "{tempo} BPM");
    let line = report.lines().find(|l| l.starts_with("| heart.wav") && l.contains(&format!("{tempo:.1}"))).unwrap();
    assert!(line.contains(".wav ("), "a nearest sound: {line}");

    let again = f.run("demo -q");
    assert_eq!((again.code, again.err.as_str()), (0, ""));
    assert_eq!(leak, NpyArray::read(&demo.join("features/leak-64/features.npy")).unwrap());
}
