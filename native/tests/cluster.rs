//! `earprint cluster`: arrays and libraries in, labels, centres and a summary out; what cannot be clustered.

mod common;
#[path = "../../crates/earprint-audio/tests/common/mod.rs"]
mod hand_made;
#[path = "common/library.rs"]
mod library;

use common::Folder;
use earprint_store::{NpyArray, NpyType, npy_header};
use library::{planes, wav};

fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let mut out = npy_header(NpyType::F32, shape);
    out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    out
}

fn labels(f: &Folder, folder: &str) -> Vec<i32> {
    let array = NpyArray::read(&f.join(folder).join("labels.npy")).unwrap();
    assert_eq!(array.header.descr, "<i4");
    array.data.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect()
}

#[test]
fn an_array_on_paper() {
    let f = Folder::new("cluster-array");
    // Two groups in a plane, a row that knows one number and one that knows none.
    let nan = f32::NAN;
    f.file("x.npy", &npy(&[7, 1, 2], &[9., 1., 0., 5., 1., 5., 10., 1., 11., 1., nan, 5., nan, nan]));
    let ran = f.run("cluster x.npy -k 2 --scale none -o out --json");
    ran.ends(0, &["7 rows in 2 clusters"]);
    // Three rows each: the cluster of the first row is first.
    assert_eq!(labels(&f, "out"), [0, 1, 1, 0, 0, 1, -1]);
    let centres = NpyArray::read(&f.join("out/centres.npy")).unwrap();
    assert_eq!(centres.header.shape, [2, 2]);
    let off = centres.f64().into_iter().zip([10.0, 1.0, 0.5, 5.0]).map(|(a, b): (f64, f64)| (a - b).abs());
    assert!(off.fold(0.0, f64::max) < 1e-6);
    let summary = &ran.records()[0];
    let stored: serde_json::Value =
        serde_json::from_slice(&std::fs::read(f.join("out/summary.json")).unwrap()).unwrap();
    assert_eq!(summary, &stored);
    assert!((summary["inertia"].as_f64().unwrap() - 2.5).abs() < 1e-6);
    assert_eq!(summary["without_cluster"], 1);
    // From the other's centre nothing changes, and the threads change nothing.
    for words in [
        "--init out/centres.npy --scale none",
        "-k 2 --device cpu --jobs 4 --seed 7 --scale none",
        "-k 2 --scale robust",
        "-k 2",
    ] {
        f.run(&format!("cluster x.npy {words} -o again")).ends(0, &[]);
        assert_eq!(labels(&f, "again"), labels(&f, "out"), "{words}");
    }
    // Without a number of clusters: the one that is there.
    let clear: Vec<f32> = (0..60).map(|i| (i % 3 * 100 + i) as f32).collect();
    f.file("clear.npy", &npy(&[60, 1], &clear));
    let ran = f.run("cluster clear.npy -o clear --json");
    ran.ends(0, &["best of 19: 3 (silhouette 0.9", "; second "]);
    let choice = &ran.records()[0]["choice"];
    assert_eq!((&choice["k"], choice["tried"].as_array().unwrap().len()), (&3.into(), 19));
    assert!(labels(&f, "clear").iter().enumerate().all(|(i, &l)| l == i as i32 % 3));
    f.run("cluster clear.npy -o clear --k-max 2").ends(0, &["best of one: 2 (", "60 rows in 2 clusters"]);
    f.run("cluster out/centres.npy -k 1 -o one -q").ends(0, &[]);
    assert_eq!(labels(&f, "one"), [0, 0]);
}

#[test]
fn groups_by_density_leave_out_what_lies_alone() {
    let f = Folder::new("cluster-density");
    let line = |from: f32| (0..20).map(move |i| from + i as f32 * 0.1);
    let values: Vec<f32> = line(0.0).chain(line(50.0).take(15)).chain([500.0]).collect();
    f.file("x.npy", &npy(&[36, 1], &values));
    let ran = f.run("cluster x.npy --method density --min-size 5 -o out --json");
    ran.ends(0, &["36 rows: 2 dense groups, 1 rows in none"]);
    let want: Vec<i32> = (0..36)
        .map(|i| match i {
            0..20 => 0,
            20..35 => 1,
            _ => -1,
        })
        .collect();
    assert_eq!(labels(&f, "out"), want);
    let summary = &ran.records()[0];
    assert_eq!((&summary["method"], &summary["without_cluster"]), (&"density".into(), &1.into()));
}

#[test]
fn what_cannot_be_clustered_is_said() {
    let f = Folder::new("cluster-wrong");
    f.file("x.npy", &npy(&[3, 1], &[1., 1., 2.]));
    f.file("inf.npy", &npy(&[2, 1], &[1., f32::INFINITY]));
    f.file("flat.npy", &npy(&[3], &[1., 2., 3.]));
    f.file("none.npy", &npy(&[0, 4], &[]));
    f.file("unknown.npy", &npy(&[2, 1], &[f32::NAN; 2]));
    f.file("text.txt", b"1 2 3");
    for (words, said) in [
        ("x.npy -k 0", "expected 1 to 3"),
        ("x.npy -k 4", "expected 1 to 3"),
        ("x.npy -k 3", "different rows are only 2"),
        ("x.npy --init flat.npy", "(rows, columns)"),
        ("x.npy -k 2 --init x.npy", "3 rows of 1; expected 2 of 1"),
        ("x.npy -k 2 --tol 2", "from 0 to 1"),
        ("inf.npy -k 1", "row 1, column 0 is infinite"),
        ("flat.npy -k 1", "(rows, columns)"),
        ("none.npy -k 1", "no rows"),
        ("unknown.npy -k 1", "expected 1 to 2^40"),
        ("text.txt -k 1", "expected a library or a .npy file"),
        ("gone.npy -k 1", "expected a library or a .npy file"),
        ("x.npy --method density -k 2", "-k is for kmeans"),
        ("x.npy --method density --starts=2", "--starts is for kmeans"),
        ("x.npy --neighbours 2", "it is for --method density"),
        ("x.npy --min-size 2", "it is for --method density"),
        ("x.npy -k 2 --batch 2 --device vulkan", "computed on the CPU"),
        ("x.npy --method density --device cuda", "computed on the CPU"),
    ] {
        f.run(&format!("cluster {words} -o out")).ends(2, &[said]);
        assert!(!f.join("out").exists(), "{words}");
    }
}

#[test]
fn tracks_of_a_library() {
    let f = Folder::new("cluster-library");
    f.run("analyze in -l lib.db -q");
    f.run("cluster lib.db -k 1 -o out").ends(2, &["no rows"]);
    f.file("in/one, and only.wav", &wav(22_050, &planes(1, 1, 22_050)));
    f.run("analyze in -l lib.db -q").ends(0, &[]);
    f.run("cluster lib.db -k 1 -o out").ends(0, &["1 rows in 1 clusters"]);
    // A copy is the same track; silence knows few numbers; what is no audio has none.
    f.file("in/copy.wav", &wav(22_050, &planes(1, 1, 22_050)));
    f.file("in/quiet.wav", &wav(22_050, &[vec![0; 22_050]]));
    f.file("in/stereo.wav", &wav(44_100, &planes(2, 2, 44_100)));
    f.file("in/broken.wav", b"RIFF");
    f.run("analyze in -l lib.db -q").ends(3, &[]);
    let ran = f.run("cluster lib.db -k 2 -o out");
    ran.ends(0, &["3 rows in 2 clusters"]);
    assert_eq!(ran.out.lines().count(), 2);
    let table = std::fs::read_to_string(f.join("out/members.csv")).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!((rows.len(), rows[0]), (4, "path,cluster,name,outlier,second,second_name,further_by,because"));
    assert!(table.contains("copy.wav,") && table.contains("stereo.wav,") && !table.contains("broken"), "{table}");
    f.run("cluster lib.db -k 4 -o out").ends(2, &["expected 1 to 3"]);
    // Nothing but silence: one kind of track.
    f.file("still/a.wav", &wav(22_050, &[vec![0; 22_050]]));
    f.file("still/b.wav", &wav(22_050, &[vec![0; 33_000]]));
    f.run("analyze still -l still.db -q").ends(0, &[]);
    f.run("cluster still.db -k 1 -o still-out").ends(0, &[]);
    f.run("cluster still.db -k 2 -o still-out").ends(2, &["different rows are only 1"]);
}

#[test]
fn rows_in_memory_rows_on_disk_and_equal_rows() {
    let f = Folder::new("cluster-disk");
    // 18 MB, and 12 without the third that are copies: more than nothing, less than --memory's least where they are left out.
    let n = 140_000u32;
    let of = |row: u32, j: u32| {
        let row = if row % 3 == 2 { row - 2 } else { row };
        let noise = (row * 31 + j).wrapping_mul(2_654_435_761) >> 16;
        (row % 7 * (j % 5)) as f32 + noise as f32 / 65_536.0
    };
    let values: Vec<f32> = (0..n).flat_map(|row| (0..32).map(move |j| of(row, j))).collect();
    f.file("x.npy", &npy(&[n as usize, 32], &values));
    let first: Vec<f32> = (0..7).flat_map(|row| (0..32).map(move |j| of(row, j))).collect();
    f.file("init.npy", &npy(&[7, 32], &first));
    let run = |words: &str, out: &str| {
        let ran = f.run(&format!("cluster x.npy --init init.npy --json --max-iter 6 {words} -o {out}"));
        ran.ends(0, &[]);
        ran.records()[0].clone()
    };
    let held = run("--device cpu", "held");
    let read = run("--memory 16M", "read");
    assert_eq!((&held["in_memory"], &read["in_memory"]), (&true.into(), &false.into()));
    let unique = run("--memory 16M --unique", "unique");
    // Row 3 i + 2 is row 3 i.
    assert_eq!(unique["different_rows"], n - n / 3);
    for (other, name) in [(&read, "read"), (&unique, "unique")] {
        assert_eq!(labels(&f, name), labels(&f, "held"), "{name}");
        let close = other["inertia"].as_f64().unwrap() / held["inertia"].as_f64().unwrap();
        assert!((close - 1.0).abs() < 1e-9, "{name}: {close}");
        assert_eq!(other["clusters"].as_array().unwrap().len(), 7);
    }
    let bytes = |name: &str| std::fs::read(f.join(name).join("centres.npy")).unwrap();
    assert!(bytes("held") == bytes("read"));
    f.run("cluster x.npy -k 3 --memory 16M --device vulkan -o no").ends(2, &["needs the rows in memory", "--memory"]);
    // Batches come near.
    let ran = f.run("cluster x.npy -k 7 --batch 500 --json -o batch --seed 1 --memory 16M");
    ran.ends(0, &[]);
    let of_batches = &ran.records()[0];
    assert_eq!((&of_batches["batch"], &of_batches["starts"]), (&500.into(), &1.into()));
    assert_eq!(labels(&f, "batch").len(), n as usize);
    f.file("double.npy", &{
        let mut out = npy_header(NpyType::F64, &[2, 1]);
        out.extend([1.0f64, 2.0].iter().flat_map(|v| v.to_le_bytes()));
        out
    });
    f.run("cluster double.npy --unique -o no").ends(2, &["16- or 32-bit"]);
}
