//! `analyze` → `sections` → `order` → `report`: a collection from sounds to documents, and collections with little in them.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use common::Folder;
use library::{planes, wav};

const DOCUMENTS: [&str; 17] = [
    "report.html",
    "report.md",
    "report.json",
    "report.schema.json",
    "tracks.ndjson",
    "features.csv",
    "sections.csv",
    "clusters.csv",
    "sequence.csv",
    "summary.csv",
    "sequence.m3u8",
    "map.png",
    "number_of_clusters.png",
    "cluster_sizes.png",
    "cluster_centres.png",
    "sequence.png",
    "sections.png",
];

fn report(f: &Folder, library: &str, words: &str) -> serde_json::Value {
    let out = format!("{library}-report");
    let ran = f.run(&format!("report -l {library} -o {out} {words}"));
    ran.ends(0, &[]);
    assert_eq!(ran.out.lines().count(), DOCUMENTS.len());
    for name in DOCUMENTS {
        let bytes = std::fs::read(f.join(&out).join(name)).unwrap();
        // Without tracks there is no line.
        assert!(!bytes.is_empty() || name == "tracks.ndjson", "{name}");
    }
    serde_json::from_slice(&std::fs::read(f.join(&out).join("report.json")).unwrap()).unwrap()
}

/// A hum of `hz`, as loud as `peak`, that stops for a while.
fn hum(hz: f64, peak: f64, seconds: usize) -> Vec<i16> {
    (0..seconds * 22_050)
        .map(|n| {
            let t = n as f64 / 22_050.0;
            let on = if (n / 22_050) % 5 == 4 { 0.1 } else { 1.0 };
            (peak * on * (std::f64::consts::TAU * hz * t).sin()) as i16
        })
        .collect()
}

#[test]
fn from_sounds_to_documents() {
    let f = Folder::new("collection");
    for n in 0..6 {
        let low = hum(80.0 + 3.0 * f64::from(n), 9000.0 + 900.0 * f64::from(n), 6);
        f.file(&format!("in/low, \"{n}\".wav"), &wav(22_050, &[low]));
        let noise = planes(40 + n as u64, 2, 22_050 * 5);
        f.file(&format!("in/deep/noise {n}.wav"), &wav(22_050, &noise));
    }
    f.file("in/broken.wav", b"RIFF");
    // A quiet part and a loud one.
    let change: Vec<i16> = hum(300.0, 600.0, 15).into_iter().chain(planes(9, 1, 22_050 * 15).remove(0)).collect();
    f.file("in/change.wav", &wav(22_050, &[change]));
    f.run("analyze in -l lib.db -q").ends(3, &[]);

    let ran = f.run("sections -l lib.db --path change --json");
    ran.ends(0, &[]);
    let sections = ran.records()[0]["sections"].as_array().unwrap().clone();
    let starts: Vec<f64> = sections.iter().map(|s| s["start"].as_f64().unwrap()).collect();
    assert!(starts.iter().any(|s| (s - 15.0).abs() < 1.0), "{starts:?}");
    assert_eq!(sections[0]["role"], "intro");
    f.run("sections -l lib.db --labels labels").ends(0, &[]);
    let labels = std::fs::read_to_string(f.join("labels/change.wav.txt")).unwrap();
    let first: Vec<&str> = labels.lines().next().unwrap().split('\t').collect();
    assert_eq!((first[0], first.len(), labels.lines().count()), ("0.000000", 3, sections.len()));
    assert!(f.join("labels/noise 3.wav.txt").exists());

    // Order: all tracks once, no worse than greedy, far better than chance.
    let ran = f.run("order -l lib.db --json");
    ran.ends(0, &["13 tracks, the smoothest way through", "random orders"]);
    let order = &ran.records()[0];
    let mut paths: Vec<&str> = order["sequence"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!((paths.len(), order["transitions"].as_array().unwrap().len()), (13, 12));
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), 13);
    let number = |of: &serde_json::Value| of.as_f64().unwrap();
    let (total, greedy, random) = (number(&order["total"]), number(&order["greedy"]), number(&order["random"]["mean"]));
    assert!(total <= greedy && total < 0.8 * random, "{total} {greedy} {random}");
    // From one end to the other, as a playlist that the lint can read, and what does not fit.
    f.run("order -l lib.db --from change --to gone.wav -o path.m3u8").ends(2, &["no track of 13"]);
    f.run("order -l lib.db --from change --to 5.wav -n 5 -o lists/path.m3u8 -q").ends(0, &[]);
    let list = std::fs::read_to_string(f.join("lists/path.m3u8")).unwrap();
    let tracks: Vec<&str> = list.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!((tracks.len(), tracks[0], tracks[4]), (5, "../in/change.wav", "../in/deep/noise 5.wav"));
    let ran = f.run("order -l lib.db --lint lists/path.m3u8 --json");
    ran.ends(0, &["5 tracks"]);
    let findings = |ran: &common::Ran| -> Vec<(i64, String)> {
        let all = ran.records()[0]["findings"].as_array().unwrap().clone();
        all.iter().map(|f| (f["at"].as_i64().unwrap(), f["kind"].as_str().unwrap().to_owned())).collect()
    };
    let before = findings(&ran);
    assert!(before.iter().all(|f| f.1 != "no_such_track"), "{before:?}");
    // A line that names nothing is found where it stands, and moves no other place.
    f.file("lists/odd.m3u8", list.replace(tracks[2], "gone.wav").as_bytes());
    let ran = f.run("order -l lib.db --lint lists/odd.m3u8 --json");
    ran.ends(0, &["5 tracks"]);
    assert!(findings(&ran).contains(&(3, "no_such_track".into())), "{:?}", findings(&ran));
    assert!(ran.records()[0].to_string().contains("gone.wav: not in the library"));
    f.run("order -l lib.db --from change --to change").ends(2, &["two different tracks"]);
    f.run("order -l lib.db --from in").ends(2, &["fits several tracks"]);
    f.run("order -l lib.db --shape rise --per-group 2 --gap 1 -q").ends(0, &[]);

    let all = report(&f, "lib.db", "-k 3 --serial-sample 3");
    assert_eq!((all["tracks"].as_array().unwrap().len(), all["clusters"].as_array().unwrap().len()), (13, 3));
    assert_eq!(all["problems"].as_array().unwrap().len(), 1);
    assert_eq!(all["figures"]["tracks"], 13);
    let html = std::fs::read_to_string(f.join("lib.db-report/report.html")).unwrap();
    assert!(html.contains("low, &quot;3&quot;"), "names are escaped");
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http"));
    let rows = std::fs::read_to_string(f.join("lib.db-report/features.csv")).unwrap();
    assert_eq!(rows.lines().count(), 14);
    // Equal in every byte when asked again, but for what was measured.
    let again = report(&f, "lib.db", "-k 3 -j 1");
    assert_eq!(
        (&all["tracks"], &all["clusters"], &all["sequence"]),
        (&again["tracks"], &again["clusters"], &again["sequence"])
    );
    assert!(again["figures"]["serial_sample_speed_up"].is_null());
}

/// Makes a library of the sounds in a folder and asks everything of it.
fn small(f: &Folder, name: &str, tracks: usize) -> serde_json::Value {
    let library = format!("{name}.db");
    f.run(&format!("analyze {name} -l {library} -q")).ends(0, &[]);
    let all = report(f, &library, "");
    assert_eq!(all["tracks"].as_array().unwrap().len(), tracks, "{name}");
    let order = f.run(&format!("order -l {library} --json"));
    if tracks == 0 {
        order.ends(2, &["no tracks with numbers"]);
    } else {
        order.ends(0, &[]);
        assert_eq!(order.records()[0]["sequence"].as_array().unwrap().len(), tracks);
    }
    f.run(&format!("sections -l {library}")).ends(0, &[]);
    all
}

#[test]
fn collections_with_little_in_them() {
    let f = Folder::new("collection-small");
    std::fs::create_dir_all(f.join("empty")).unwrap();
    let all = small(&f, "empty", 0);
    assert_eq!(all["clusters"], serde_json::json!([]));
    f.file("one/a.wav", &wav(22_050, &planes(1, 1, 40_000)));
    let all = small(&f, "one", 1);
    assert_eq!((all["clusters"].as_array().unwrap().len(), &all["tracks"][0]["cluster"]), (1, &0.into()));
    for n in 0..2 {
        f.file(&format!("two/{n}.wav"), &wav(22_050, &planes(n, 1, 40_000)));
    }
    small(&f, "two", 2);
    // The same sound again and again, in files that differ in their last sample alone.
    for n in 0..5 {
        let mut sound = planes(3, 1, 40_000);
        sound[0].push(n);
        f.file(&format!("same/{n}.wav"), &wav(22_050, &sound));
    }
    let all = small(&f, "same", 5);
    assert!(all["clusters"].as_array().unwrap().iter().all(|c| c["name"].is_string()));
    // Silence of several lengths: nothing to tell them apart by.
    for n in 0..4 {
        f.file(&format!("silent/{n}.wav"), &wav(22_050, &[vec![0; 30_000 + n]]));
    }
    let all = small(&f, "silent", 4);
    assert!(all["tracks"].as_array().unwrap().iter().all(|t| t["sections"] == serde_json::json!([])));
    f.run("report -l two.db -k 5 -o no").ends(2, &["expected 1 to 2"]);
    assert!(!f.join("no").exists());
}
