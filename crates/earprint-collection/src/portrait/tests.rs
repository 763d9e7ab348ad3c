//! Portraits and explanations by hand and by law.

use std::ops::ControlFlow;

use earprint_core::{DIMENSIONS, dim};

use super::*;
use crate::Scale;
use crate::kmeans::{Alone, Clusters, KMeans, kmeans};

/// All dimensions 0 but onsets and some.
fn track(some: &[(usize, f32)]) -> Values {
    let mut values = [0.0; DIMENSIONS];
    values[dim::ONSET_RATE] = 8.0; // a beat is heard
    some.iter().for_each(|&(d, v)| values[d] = v);
    values
}

/// A scale on which any spread is heard.
fn fine() -> Scale {
    Scale::from_parts("trk-1", &[0.0; DIMENSIONS], &[1e-6; DIMENSIONS]).unwrap()
}

fn of(values: &[Values], labels: &[u32], k: usize) -> Vec<Portrait> {
    let labels: Vec<_> = labels.iter().map(|&l| Some(l)).collect();
    portraits(values, &labels, k, Scaling::ZScore, &Usual::of(&fine(), values)).unwrap()
}

fn names(portraits: &[Portrait]) -> Vec<&str> {
    portraits.iter().map(|p| p.name.as_str()).collect()
}

/// A stated generator, 0 to 1.
fn noise() -> impl FnMut() -> f32 {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 16_777_216.0
    }
}

/// Groups of tracks around different middles, a few numbers unknown.
fn groups(n: usize, k: usize) -> Vec<Values> {
    let mut noise = noise();
    let middles: Vec<Values> = (0..k).map(|_| std::array::from_fn(|_| 4.0 * noise())).collect();
    let value = |v: f32, n: f32| if n > 0.99 { f32::NAN } else { v + 2.0 * n };
    (0..n).map(|i| middles[i % k].map(|v| value(v, noise()))).collect()
}

fn clusters(values: &[Values], k: usize) -> (Rows, Clusters) {
    let rows = rows(values, Scaling::ZScore).unwrap();
    let found = kmeans(&rows, &KMeans::new(k), &Alone, &mut |_| ControlFlow::Continue(())).unwrap();
    (rows, found)
}

#[test]
fn a_name_by_hand() {
    // Tempo 100 and 140, five each: percentiles 100 and 140, middle 120: deviations of 3.29 / 2.
    // Loudness -12, but -8 for two of the fast ones: percentile 5 -12, 95 -8, middle -12: 3.29 for two of five, cut at 3: mean 1.2.
    let value = |i: u8| {
        track(&[(dim::TEMPO, if i < 5 { 140.0 } else { 100.0 }), (dim::LOUDNESS, if i < 2 { -8.0 } else { -12.0 })])
    };
    let values: Vec<Values> = (0..10).map(value).collect();
    let found = of(&values, &[0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 2);
    assert_eq!(names(&found), ["very fast, loud", "very slow"]);
    assert!((found[0].deviations[dim::TEMPO] - 1.645).abs() < 1e-6);
    assert!((found[0].deviations[dim::LOUDNESS] - 1.2).abs() < 1e-6);
    assert_eq!((found[0].centre[dim::TEMPO], found[0].centre[dim::LOUDNESS]), (140.0, -10.4));
    assert_eq!((found[1].size, found[1].id, found[1].telling.len()), (5, 1, 1));
}

#[test]
fn names_are_distinct_by_the_next_word_or_a_number() {
    // Fast and slow; one of the two fast clusters is a little wide: 0.25 of 2 is 0.41 deviations, below slightly and above faint. The
    // slow ones differ where there is no word, and the lower centre is named first.
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for c in 0..4u32 {
        for i in 0..5u8 {
            let wide = match (c, i) {
                (0, _) => 0.25,
                (_, 0) => 1.0,
                (_, 1) => -1.0,
                _ => 0.0,
            };
            let mut t = track(&[(dim::TEMPO, if c < 2 { 140.0 } else { 100.0 }), (dim::STEREO_WIDTH, wide)]);
            t[dim::PITCH_STABILITY] = if c == 2 { 1.0 } else { 0.0 };
            values.push(t);
            labels.push(c);
        }
    }
    let found = of(&values, &labels, 4);
    assert_eq!(names(&found), ["very fast, slightly wide", "very fast", "very slow (2)", "very slow (1)"]);
    assert_eq!(found[0].telling.len(), 1);
    // Another order of the ids, and of the tracks: the same names at the same clusters.
    let back: Vec<u32> = labels.iter().map(|l| 3 - l).collect();
    let other = of(&values, &back, 4);
    assert_eq!(names(&other), ["very slow (1)", "very slow (2)", "very fast", "very fast, slightly wide"]);
    assert_eq!((&other[2].medoids, &other[3].medoids), (&found[1].medoids, &found[0].medoids));
    values.reverse();
    assert_eq!(names(&of(&values, &back, 4)), names(&found));
}

#[test]
fn what_stands_out_nowhere_is_typical() {
    let same = vec![track(&[(dim::TEMPO, 120.0)]); 6];
    let found = of(&same, &[0, 0, 0, 1, 1, 1], 3);
    assert_eq!(names(&found), ["typical (1)", "typical (2)", "empty"]);
    assert_eq!(
        (found[0].homogeneity, found[0].alike(), &found[0].medoids),
        (Some(1.0), Some("very alike"), &vec![0, 1, 2])
    );
    assert!(found.iter().all(|p| p.outliers.is_empty() && p.telling.is_empty()));
    assert!(found[2].homogeneity.is_none() && found[2].medoids.is_empty() && found[2].centre[0].is_nan());
    // One track, and one cluster.
    let one = of(&same[..1], &[0], 1);
    assert_eq!((one[0].name.as_str(), &one[0].medoids, one[0].homogeneity), ("typical", &vec![0], Some(1.0)));
    let values = groups(40, 4);
    let all = of(&values, &[0; 40], 1);
    assert!(
        all[0].homogeneity.is_some_and(|h| h.abs() < 1e-9) && all[0].alike() == Some("as varied as the collection")
    );
}

#[test]
fn medoids_homogeneity_and_outliers_by_hand() {
    // In one dimension that counts: 0 1 2 3 4 14 around 4, and 100 to 102.
    let at = [0.0, 1.0, 2.0, 3.0, 4.0, 14.0, 100.0, 101.0, 102.0];
    let values: Vec<Values> = at.map(|v| track(&[(dim::TEMPO, v)])).to_vec();
    let labels: Vec<_> = [0, 0, 0, 0, 0, 0, 1, 1, 1].map(Some).to_vec();
    let found = portraits(&values, &labels, 2, Scaling::None, &Usual::of(&fine(), &values)).unwrap();
    // Sums of distances: 2: 2 + 1 + 1 + 2 + 12 = 18, 3: 3 + 2 + 1 + 1 + 11 = 18, 1: 20, 4: 20, 0: 24, 14: 60.
    assert_eq!(found[0].medoids, [2, 3, 1, 4, 0]);
    assert_eq!(found[1].medoids, [7, 6, 8]);
    // Distances to 4: 4 3 2 1 0 10: median 2.5, MAD of 1.5 .5 .5 1.5 2.5 7.5: 1.5.
    let [outlier] = found[0].outliers[..] else { panic!("{:?}", found[0].outliers) };
    assert!((outlier.bound.unwrap() - (2.5 + 3.0 * 1.4826 * 1.5)).abs() < 1e-4, "{outlier:?}");
    assert!(outlier.track == 5 && (outlier.distance - 10.0).abs() < 1e-4 && outlier.is_far() && outlier.fits.is_none());
    // Means: 20 / 6 against 36 1/3 to all: sum of |x - 36.333| = 2 * (303 - 3 * 36.3333) = 388.
    assert!((found[0].homogeneity.unwrap() - (1.0 - (20.0 / 6.0) / (388.0 / 9.0))).abs() < 1e-5);
}

#[test]
fn a_member_that_fits_elsewhere_is_told() {
    // 0 1 2 x | 10 11 12. Of x = 7: a = (49 + 36 + 25) / 3, b = (9 + 16 + 25) / 3. Of x = 6.1 both are nearly equal.
    let portray = |x: f32| {
        let values: Vec<Values> = [0.0, 1.0, 2.0, x, 10.0, 11.0, 12.0].map(|v| track(&[(dim::TEMPO, v)])).to_vec();
        of(&values, &[0, 0, 0, 0, 1, 1, 1], 2)
    };
    let found = portray(7.0);
    let [outlier] = found[0].outliers[..] else { panic!("{:?}", found[0].outliers) };
    assert!(outlier.track == 3 && !outlier.is_far() && outlier.bound.is_none());
    assert!(outlier.fits.is_some_and(|f| f.other == 1 && (f.silhouette + 60.0 / 110.0).abs() < 1e-6), "{outlier:?}");
    assert!(found[1].outliers.is_empty() && portray(6.1)[0].outliers.is_empty());
}

#[test]
fn who_knows_little_is_not_central() {
    let mut values: Vec<Values> = [0.0, 1.0, 2.0, 3.0].map(|v| [v; DIMENSIONS]).to_vec();
    values.push([f32::NAN; DIMENSIONS]);
    values[4][0] = 1.5; // the very middle of the one number it knows
    values.push([f32::NAN; DIMENSIONS]);
    let labels = [Some(0), Some(0), Some(0), Some(0), Some(0), None];
    let found = portraits(&values, &labels, 1, Scaling::None, &Usual::of(&fine(), &values)).unwrap();
    assert_eq!((&found[0].medoids, found[0].size), (&vec![1, 2, 0, 3], 5));
    assert!((found[0].centre[0] - 1.5).abs() < 1e-12);
    // In a cluster of its own it is all there is; a labelled track without numbers has neither medoid nor homogeneity.
    let labels = [Some(0), Some(0), Some(0), Some(0), Some(1), Some(2)];
    let found = portraits(&values, &labels, 3, Scaling::None, &Usual::of(&fine(), &values)).unwrap();
    assert_eq!((&found[1].medoids, found[1].homogeneity), (&vec![4], Some(1.0)));
    assert!(found[2].medoids.is_empty() && found[2].homogeneity.is_none() && found[2].name == UNKNOWN);
}

#[test]
fn what_few_members_know_gives_no_name() {
    // Five fast tracks of which three, then two, have a beat that is heard.
    let value = |i: usize, heard: usize| {
        let mut t = track(&[(dim::TEMPO, if i < 5 { 140.0 } else { 100.0 })]);
        t[dim::ONSET_RATE] = if i < 5 && i >= heard { 0.1 } else { 8.0 };
        t
    };
    let name = |heard: usize| {
        let values: Vec<Values> = (0..10).map(|i| value(i, heard)).collect();
        let reference = Scale::from_parts("trk-1", &[0.0; DIMENSIONS], &[40.0; DIMENSIONS]).unwrap();
        let labels: Vec<_> = (0..10).map(|i| Some(i / 5)).collect();
        portraits(&values, &labels, 2, Scaling::ZScore, &Usual::of(&reference, &values)).unwrap()[0].name.clone()
    };
    assert!(name(3).contains("very fast"), "{}", name(3));
    assert!(!name(2).contains("fast"), "{}", name(2));
}

#[test]
fn what_cannot_be_portrayed_is_refused() {
    let values = groups(6, 2);
    let usual = Usual::of(&fine(), &values);
    let code = |v: &[Values], l: &[Option<u32>]| portraits(v, l, 2, Scaling::ZScore, &usual).unwrap_err().code();
    assert_eq!(code(&values, &[Some(0)]), "E_SHAPE");
    assert_eq!(code(&values, &[Some(2); 6]), "E_CLUSTERS");
    assert_eq!(code(&[], &[]), "E_SHAPE");
    assert_eq!(code(&[[f32::NAN; DIMENSIONS]], &[None]), "E_WEIGHTS");
    assert_eq!(code(&[[f32::INFINITY; DIMENSIONS]], &[None]), "E_NON_FINITE");
}

#[test]
fn gain_order_copies_and_units_change_no_name() {
    let values = groups(120, 5);
    let (_, found) = clusters(&values, 5);
    let labels = &found.labels;
    let heard = |factor: f64| Scale::from_parts("trk-1", &[0.0; DIMENSIONS], &[8.0 * factor; DIMENSIONS]).unwrap();
    let portray = |v: &[Values], l: &[Option<u32>], factor| {
        portraits(v, l, 5, Scaling::ZScore, &Usual::of(&heard(factor), v)).unwrap()
    };
    let want = portray(&values, labels, 1.0);
    assert!(names(&want).iter().all(|n| n.contains(", ")), "{:?}", names(&want));
    let louder: Vec<Values> = values
        .iter()
        .map(|v| {
            let mut v = *v;
            v[dim::LOUDNESS] += 6.0;
            v
        })
        .collect();
    assert_eq!(names(&portray(&louder, labels, 1.0)), names(&want));
    let units: Vec<Values> = values.iter().map(|v| v.map(|v| v * 1024.0 + 64.0)).collect();
    assert_eq!(names(&portray(&units, labels, 1024.0)), names(&want));
    let back: Vec<Values> = values.iter().rev().copied().collect();
    let labels_back: Vec<_> = labels.iter().rev().copied().collect();
    let reversed = portray(&back, &labels_back, 1.0);
    assert_eq!(names(&reversed), names(&want));
    for (a, b) in reversed.iter().zip(&want) {
        assert_eq!(a.medoids.iter().map(|m| 119 - m).collect::<Vec<_>>(), b.medoids);
        assert!((a.homogeneity.unwrap() - b.homogeneity.unwrap()).abs() < 1e-9);
    }
    let twice: Vec<Values> = values.iter().flat_map(|v| [*v; 2]).collect();
    let labels_twice: Vec<_> = labels.iter().flat_map(|l| [*l; 2]).collect();
    let doubled = portray(&twice, &labels_twice, 1.0);
    assert_eq!(names(&doubled), names(&want));
    for (a, b) in doubled.iter().zip(&want) {
        assert_eq!((a.medoids[0] / 2, a.size), (b.medoids[0], 2 * b.size));
        assert!((a.homogeneity.unwrap() - b.homogeneity.unwrap()).abs() < 1e-6);
    }
}

#[test]
fn why_not_by_hand() {
    // Tempo 0 and 10, width 0 and 1, unscaled; a track at tempo 4, width 0.25.
    let values = [
        track(&[]),
        track(&[(dim::TEMPO, 10.0), (dim::STEREO_WIDTH, 1.0)]),
        track(&[(dim::TEMPO, 4.0), (dim::STEREO_WIDTH, 0.25)]),
    ];
    let rows = rows(&values, Scaling::None).unwrap();
    let centres: Vec<f64> = values[..2].iter().flatten().map(|v| f64::from(*v)).collect();
    let found = explain(&rows, 2, &rows.scaled(&centres)).unwrap();
    let (first, second) = (16.0625f64.sqrt(), 36.5625f64.sqrt());
    assert!(found.first.cluster == 0 && (found.first.distance - first).abs() < 1e-5, "{found:?}");
    assert!((found.farther().unwrap() - (second - first)).abs() < 1e-5);
    let [tempo, width] = found.because[..] else { panic!("{found:?}") };
    assert!(tempo.dimension == dim::TEMPO && (tempo.squares - 20.0).abs() < 1e-4);
    assert!(width.dimension == dim::STEREO_WIDTH && (width.squares - 0.5).abs() < 1e-5);
    assert_eq!(found.sentence(&["slow", "bright, fast"]), "second choice: bright, fast (2 away because of tempo)");
    // Halfway, with tempo unknown: width alone.
    let mut half = values[2];
    half[dim::TEMPO] = f32::NAN;
    let rows = super::rows(&[values[0], values[1], half], Scaling::None).unwrap();
    let found = explain(&rows, 2, &rows.scaled(&centres)).unwrap();
    assert!((found.first.distance - 0.25).abs() < 1e-5 && found.because.len() == 1);
    assert_eq!(found.sentence(&["a", "b"]), "second choice: b (0.5 away because of stereo width)");
    let same = [centres.clone(), centres].concat();
    let found = explain(&rows, 2, &rows.scaled(&same)).unwrap();
    assert_eq!((found.first.cluster, found.second.unwrap().cluster), (0, 2));
    assert_eq!(found.sentence(&["a", "b", "c", "d"]), "second choice: c (as near)");
}

#[test]
fn why_not_is_what_k_means_did() {
    for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
        let mut values = groups(200, 6);
        values[7] = [f32::NAN; DIMENSIONS];
        let rows = rows(&values, scaling).unwrap();
        let found = kmeans(&rows, &KMeans::new(6), &Alone, &mut |_| ControlFlow::Continue(())).unwrap();
        for (track, label) in found.labels.iter().enumerate() {
            let Some(why) = explain(&rows, track, &found.scaled) else {
                assert!(label.is_none() && track == 7);
                continue;
            };
            assert_eq!(Some(why.first.cluster), *label);
            let second = why.second.unwrap();
            let squares = second.distance * second.distance - why.first.distance * why.first.distance;
            assert!((why.because.iter().map(|b| b.squares).sum::<f64>() - squares).abs() < 1e-9 * squares.max(1.0));
            assert!(why.because.is_sorted_by(|a, b| a.squares >= b.squares) && !why.mostly().is_empty());
        }
        let inertia: f64 =
            (0..200).filter_map(|t| explain(&rows, t, &found.scaled)).map(|w| w.first.distance.powi(2)).sum();
        assert!((inertia / found.inertia - 1.0).abs() < 1e-9, "the distances are those of k-means");
        assert_eq!(
            explain(&rows, 0, &found.scaled[..DIMENSIONS]).unwrap().sentence(&["a"]),
            "no second choice: there is one cluster"
        );
    }
}
