//! k-means against scikit-learn from the same centres: `tests/golden/outside/kmeans/`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use earprint_collection::kmeans::{
    Alone, Clusters, Crew, KMeans, Rows, Scaling, adjusted_rand, euclidean_silhouette, kmeans, validity,
};
use earprint_compute::PoolCrew;
use earprint_signal::Width;
use earprint_store::NpyArray;
use serde_json::Value;

/// Largest relative distance of the inertia, and of a centre to the spread of its column. 2026-11-21, x86-64; largest seen 2.1e-8 and
/// 4.6e-8: centres are f32.
const INERTIA_BOUND: f64 = 1e-6;
const CENTRE_BOUND: f64 = 1e-6;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/outside/kmeans").join(name)
}

fn read(name: &str) -> NpyArray {
    NpyArray::read(&golden(name)).unwrap_or_else(|e| panic!("{e}"))
}

fn results() -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden("results.json")).expect("results")).expect("JSON")
}

fn nearest(x: &[f32], centres: &[f64], d: usize) -> Vec<Option<u32>> {
    let square = |row: &[f32], c: &[f64]| row.iter().zip(c).map(|(x, c)| (f64::from(*x) - c).powi(2)).sum::<f64>();
    let nearest = |row: &[f32]| {
        let all = centres.chunks_exact(d).enumerate().map(|(c, centre)| (square(row, centre), c as u32));
        all.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
    };
    x.chunks_exact(d).map(nearest).collect()
}

fn cluster(x: &[f32], d: usize, init: Vec<f64>, width: Width, crew: &impl Crew) -> Clusters {
    let rows = Rows::new(x, d, None, Scaling::None).expect("rows");
    let job = KMeans { init: Some(init.clone()), width, max_iter: 1000, ..KMeans::new(init.len() / d) };
    kmeans(&rows, &job, crew, &mut |_| ControlFlow::Continue(())).expect("clusters")
}

/// Labels, and the two distances.
fn compare(got: &Clusters, labels: &[i64], want: &Value, x: &[f32], d: usize) -> (bool, f64, f64) {
    let same = got.labels.iter().zip(labels).all(|(a, b)| a.map(i64::from) == Some(*b));
    let inertia = want["inertia"].as_f64().expect("a number");
    let centres = want["centres"].as_array().expect("rows").iter().flat_map(|r| r.as_array().expect("a row"));
    let spread = |j: usize| {
        let column = x.iter().skip(j).step_by(d);
        let (low, high) = column.fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        f64::from(high - low).max(f64::MIN_POSITIVE)
    };
    let spreads: Vec<f64> = (0..d).map(spread).collect();
    let off = centres
        .zip(&got.centres)
        .enumerate()
        .map(|(at, (want, got))| (want.as_f64().expect("a number") - got).abs() / spreads[at % d]);
    (same, (got.inertia / inertia - 1.0).abs(), off.fold(0.0, f64::max))
}

#[test]
fn labels_are_scikit_learns() {
    let results = results();
    let results = results.as_object().expect("sets");
    assert!(results.len() >= 8);
    let mut worst = (0.0f64, 0.0f64);
    for (name, want) in results {
        let (x, init) = (read(&format!("{name}.x.npy")), read(&format!("{name}.init.npy")).f64());
        let labels = read(&format!("{name}.labels.npy")).i64();
        let (d, x) = (x.header.shape[1], x.f32());
        let alone = cluster(&x, d, init.clone(), Width::Scalar, &Alone);
        let (same, inertia, centres) = compare(&alone, &labels, want, &x, d);
        println!(
            "{name}: inertia {inertia:.1e}, centres {centres:.1e}, {} passes, {} checked again",
            alone.iterations, alone.rechecked
        );
        assert!(same, "{name}");
        assert!(inertia < INERTIA_BOUND && centres < CENTRE_BOUND, "{name}: {inertia} {centres}");
        worst = (worst.0.max(inertia), worst.1.max(centres));
        for width in Width::available() {
            for threads in [1, 2, 4] {
                let crew = PoolCrew::new(threads).expect("threads");
                let got = cluster(&x, d, init.clone(), width, &crew);
                let but_checks = |c: &Clusters| Clusters { rechecked: 0, ..c.clone() };
                assert_eq!(but_checks(&got), but_checks(&alone), "{name}, {}, {threads} threads", width.name());
            }
        }
    }
    println!("largest: inertia {:.1e}, centres {:.1e}", worst.0, worst.1);
}

/// What scikit-learn's metrics say of its labels. 2026-11-21, x86-64; largest seen 4.0e-8, relative.
#[test]
fn metrics_are_scikit_learns() {
    let results = results();
    let mut worst = 0.0f64;
    for (name, want) in results.as_object().expect("sets") {
        let x = read(&format!("{name}.x.npy"));
        let rows = Rows::new(&x.f32(), x.header.shape[1], None, Scaling::None).expect("rows");
        let labels: Vec<_> = read(&format!("{name}.labels.npy")).i64().iter().map(|&l| u32::try_from(l).ok()).collect();
        let k = want["k"].as_u64().expect("a number") as usize;
        let crew = PoolCrew::new(2).expect("threads");
        let alone = validity(&rows, &labels, k, &Alone);
        assert_eq!(alone, validity(&rows, &labels, k, &crew), "{name}");
        let found = alone.expect("two clusters");
        let euclidean = euclidean_silhouette(&rows, &labels, k, usize::MAX, 0, &crew).expect("two clusters");
        let first = nearest(&x.f32(), &read(&format!("{name}.init.npy")).f64(), x.header.shape[1]);
        for (key, got) in [
            ("silhouette_squared", found.silhouette),
            ("silhouette", euclidean.mean),
            ("calinski_harabasz", found.calinski_harabasz),
            ("davies_bouldin", found.davies_bouldin),
            ("rand_to_init", adjusted_rand(&labels, &first)),
        ] {
            let off = (got / want[key].as_f64().expect("a number") - 1.0).abs();
            assert!(off < 1e-6, "{name}, {key}: {got}, {}", want[key]);
            worst = worst.max(off);
        }
    }
    println!("largest: {worst:.1e}");
}

/// The comparison can fail: one label, one row.
#[test]
fn a_difference_is_seen() {
    let results = results();
    let (x, init) = (read("apart.x.npy").f32(), read("apart.init.npy").f64());
    let mut labels = read("apart.labels.npy").i64();
    let got = cluster(&x, 2, init.clone(), Width::best(), &Alone);
    labels[17] = (labels[17] + 1) % 6;
    assert!(!compare(&got, &labels, &results["apart"], &x, 2).0);
    let mut moved = x.clone();
    moved[0] += 1.0;
    let (_, inertia, centres) =
        compare(&cluster(&moved, 2, init, Width::best(), &Alone), &labels, &results["apart"], &x, 2);
    assert!(inertia > INERTIA_BOUND && centres > CENTRE_BOUND, "{inertia} {centres}");
}
