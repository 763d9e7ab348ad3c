//! Words, tags and names on real descriptors: `tests/golden/own/words/descriptors.tsv`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use earprint_collection::kmeans::{Alone, KMeans, Scaling, kmeans};
use earprint_collection::portrait::{explain, portraits, rows};
use earprint_collection::words::{Tags, Telling, Usual, Words};
use earprint_collection::{Scale, Values};
use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS, TRACK_SCHEMA};

/// Kind, name and numbers of each track.
fn tracks() -> Vec<(String, String, Values)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/own/words/descriptors.tsv");
    let text = std::fs::read_to_string(path).expect("descriptors");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let names: Vec<&str> = lines.next().expect("a header").split('\t').skip(2).collect();
    assert_eq!(names, TRACK_DIMENSIONS.map(|d| d.name));
    let track = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let values: Vec<f32> = fields[2..].iter().map(|v| v.parse().expect("a number")).collect();
        (fields[0].to_owned(), fields[1].to_owned(), values.try_into().expect("25 numbers"))
    };
    lines.map(track).collect()
}

/// Of the kinds whose names hold `kind`.
fn values(kind: &str) -> Vec<Values> {
    tracks().into_iter().filter(|t| t.0.contains(kind)).map(|t| t.2).collect()
}

fn usual(values: &[Values]) -> Usual {
    Usual::of(&Scale::reference(TRACK_SCHEMA).expect("the reference"), values)
}

/// Share of tracks with each tag.
fn shares(values: &[Values]) -> Vec<(&'static str, f64)> {
    let usual = usual(values);
    let all: Vec<_> = values.iter().map(|v| Tags::built_in().memberships(&usual, v)).collect();
    let share = |at: usize| all.iter().filter(|m| m[at].has()).count() as f64 / all.len() as f64;
    Tags::built_in().iter().enumerate().map(|(at, (name, _))| (name, share(at))).collect()
}

#[test]
fn tags_are_discriminating_and_used() {
    // All 303, the 246 pieces, the 33 whole tracks, the 24 built-in sounds. 2026-11-21: at most 29, 30, 36 and 33 %; all used but two of
    // the 18 for the built-in sounds, which are mono: they have neither spacious nor intimate ones.
    for kind in ["", "piece", "whole", "built-in"] {
        let shares = shares(&values(kind));
        println!("{kind}: {shares:?}");
        let most = shares.iter().map(|s| s.1).fold(0.0, f64::max);
        assert!(most <= 0.4, "{kind}: {shares:?}");
        let used = shares.iter().filter(|s| s.1 > 0.0).count();
        assert!(used as f64 >= 0.8 * shares.len() as f64, "{kind}: {shares:?}");
    }
}

#[test]
fn tags_say_different_things() {
    let values = values("");
    let usual = usual(&values);
    let has: Vec<Vec<bool>> =
        values.iter().map(|v| Tags::built_in().memberships(&usual, v).into_iter().map(|m| m.has()).collect()).collect();
    let names: Vec<&str> = Tags::built_in().iter().map(|t| t.0).collect();
    let count = |of: &dyn Fn(&[bool]) -> bool| has.iter().filter(|h| of(h)).count() as f64;
    for a in 0..names.len() {
        for b in 0..a {
            // Jaccard: 0.56 at most, 2026-11-21, of dreamy and spacious.
            let shared = count(&|h| h[a] && h[b]) / count(&|h| h[a] || h[b]);
            assert!(shared <= 0.6, "{} and {}: {shared}", names[a], names[b]);
        }
    }
    // Opposites share the number that weighs most.
    let exclusive = [("energetic", "calm"), ("bright", "dark"), ("spacious", "intimate"), ("drone-like", "driving")];
    for (x, y) in exclusive {
        let at = |name| names.iter().position(|n| *n == name).expect("a tag");
        assert_eq!(count(&|h| h[at(x)] && h[at(y)]), 0.0, "{x} and {y}");
    }
    let tags = count(&|_| true).recip() * has.iter().flatten().filter(|h| **h).count() as f64;
    assert!((2.0..5.0).contains(&tags), "{tags} tags a track");
}

#[test]
fn words_of_different_groups_are_no_synonyms() {
    let values = values("");
    let usual = usual(&values);
    let column = |d: usize| values.iter().map(|v| usual.place(d, v[d]) - 0.5).collect::<Vec<_>>();
    let columns: Vec<Vec<f64>> = (0..DIMENSIONS).map(column).collect();
    // By rank: 0.73 at most, 2026-11-21, of chroma concentration and harmonic ratio.
    for a in 0..DIMENSIONS {
        for b in 0..a {
            let pairs = columns[a].iter().zip(&columns[b]).filter(|(x, y)| !x.is_nan() && !y.is_nan());
            let (xy, xx, yy) = pairs.fold((0.0, 0.0, 0.0), |s, (x, y)| (s.0 + x * y, s.1 + x * x, s.2 + y * y));
            let correlation: f64 = xy / f64::sqrt(xx * yy);
            let group = |d| Words::built_in().of(d).map(|w| w.group.clone());
            assert!(
                correlation.abs() <= 0.75 || group(a) == group(b),
                "{} and {}: {correlation}",
                TRACK_DIMENSIONS[a].name,
                TRACK_DIMENSIONS[b].name
            );
        }
    }
}

#[test]
fn clusters_of_real_tracks_have_names_of_their_own() {
    for (kind, k) in [("", 12), ("piece", 8), ("whole", 5), ("built-in", 4)] {
        for scaling in [Scaling::ZScore, Scaling::Robust] {
            let values = values(kind);
            let rows = rows(&values, scaling).expect("rows");
            let found = kmeans(&rows, &KMeans::new(k), &Alone, &mut |_| ControlFlow::Continue(())).expect("clusters");
            let portraits = portraits(&values, &found.labels, k, scaling, &usual(&values)).expect("portraits");
            let names: BTreeSet<&str> = portraits.iter().map(|p| p.name.as_str()).collect();
            assert_eq!(names.len(), k, "{names:?}");
            let typical = portraits.iter().filter(|p| p.name.starts_with("typical")).count();
            assert!(typical <= 1, "{names:?}");
            for p in &portraits {
                println!("{kind} {} {}: {} {:?} {:?}", scaling.name(), p.id, p.size, p.name, p.homogeneity);
                let groups: BTreeSet<_> = p.telling.iter().map(|t: &Telling| &t.group).collect();
                assert_eq!(groups.len(), p.telling.len(), "{:?}", p.telling);
                let members = |t: &usize| found.labels[*t] == Some(p.id);
                assert!(p.medoids.iter().all(members) && p.outliers.iter().all(|o| members(&o.track)));
                assert_eq!(p.medoids.len(), p.size.min(5));
                for (d, centre) in p.centre.iter().enumerate() {
                    let of_k_means = found.centres[p.id as usize * DIMENSIONS + d];
                    let spread = 1e-5 * usual(&values).middle(d).abs().max(of_k_means.abs());
                    assert!(
                        centre.is_nan() || (centre - of_k_means).abs() <= spread.max(1e-5),
                        "{centre} {of_k_means}"
                    );
                }
            }
            let names: Vec<&str> = portraits.iter().map(|p| p.name.as_str()).collect();
            for track in 0..values.len() {
                let why = explain(&rows, track, &found.scaled);
                assert_eq!(why.as_ref().map(|w| w.first.cluster), found.labels[track]);
                let sentence = why.map(|w| w.sentence(&names));
                assert!(sentence.is_none_or(|s| s.starts_with("second choice: ")));
            }
        }
    }
}
