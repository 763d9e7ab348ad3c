//! The laws of an order, and how near the search comes to the best there is.

use earprint_core::{DIMENSIONS, dim};

use super::*;
use crate::Scale;
use crate::kmeans::philox::uniform;

/// A track in the middle of everything: 120 BPM, -14 LUFS, 3.5 onsets a second, C major.
pub(super) fn plain() -> OrderTrack {
    let mut values = [0.5; DIMENSIONS];
    (values[dim::TEMPO], values[dim::LOUDNESS], values[dim::ONSET_RATE]) = (120.0, -14.0, 3.5);
    OrderTrack { values, scaled: [0.5; DIMENSIONS], key: Some((0, false)), duration: Some(180.0), artist: None }
}

/// Tracks from a seed: numbers over the reference scale, a few unknown, seven artists and some without.
pub(super) fn made_up(n: usize, seed: u64) -> Vec<OrderTrack> {
    let scale = Scale::reference("trk-1").unwrap();
    let mut tracks: Vec<OrderTrack> = (0..n as u64)
        .map(|i| {
            let u = |d: usize| uniform(seed, 99, i * 64 + d as u64);
            let values: Values = std::array::from_fn(|d| {
                let v = scale.low()[d] + u(d) * (scale.high()[d] - scale.low()[d]);
                if u(d + 25) < 0.02 { f32::NAN } else { v as f32 }
            });
            OrderTrack {
                values,
                scaled: [0.0; DIMENSIONS],
                key: (u(50) > 0.1).then(|| ((u(51) * 12.0) as u8, u(52) < 0.5)),
                duration: (u(53) > 0.05).then(|| 60.0 + (u(54) * 300.0).round()),
                artist: (u(55) > 0.2).then(|| format!("artist {}", (u(56) * 7.0) as u8)),
            }
        })
        .collect();
    let scale = Scale::of("trk-1", tracks.iter().map(|t| &t.values)).unwrap();
    for t in &mut tracks {
        t.scaled = scale.scaled("trk-1", &t.values).unwrap();
    }
    tracks
}

/// Every order of `0..n`, to a visitor (B. R. Heap, "Permutations by interchanges", 1963).
fn permutations(n: usize, visit: &mut impl FnMut(&[usize])) {
    fn go(k: usize, order: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
        if k <= 1 {
            return visit(order);
        }
        for i in 0..k {
            go(k - 1, order, visit);
            order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
        }
    }
    go(n, &mut (0..n).collect(), visit);
}

/// The objective of a sequence from the definition, in other words than the search's.
fn objective(tracks: &[OrderTrack], job: &OrderJob, sequence: &[usize]) -> (usize, f64) {
    let n = sequence.len();
    let mut cost = 0.0;
    for w in sequence.windows(2) {
        let total = transition(&tracks[w[0]], &tracks[w[1]]).total;
        cost += if total.is_nan() { UNKNOWN } else { total };
    }
    let limited = job.limits.tracks.is_some() || job.limits.duration.is_some();
    if let (Goal::Path { from, to }, true) = (job.goal, limited) {
        for (i, &t) in sequence.iter().enumerate() {
            let s = i as f64 / (n - 1) as f64;
            let (a, b) = (&tracks[from].scaled, &tracks[to].scaled);
            let point: Values = std::array::from_fn(|d| (f64::from(a[d]) * (1.0 - s) + f64::from(b[d]) * s) as f32);
            let off = crate::distance(&tracks[t].scaled, &point);
            let shared: f64 = (0..DIMENSIONS)
                .filter(|&d| !(tracks[t].scaled[d] - point[d]).is_nan())
                .map(|d| crate::weights()[d])
                .sum();
            cost += job.goal_weight * if shared < 0.5 { UNKNOWN } else { off.total };
        }
    }
    if let Goal::Energy(curve) = job.goal {
        let mut energies: Vec<f64> = tracks.iter().map(energy).filter(|e| !e.is_nan()).collect();
        energies.sort_by(f64::total_cmp);
        for (i, &t) in sequence.iter().enumerate() {
            let want = arc::quantile(&energies, curve.at(i as f64 / (n - 1).max(1) as f64));
            let off = (energy(&tracks[t]) - want).abs();
            cost += job.goal_weight * if off.is_nan() { UNKNOWN } else { off };
        }
    }
    let mut near = 0;
    for j in 0..n {
        for i in 0..j {
            let (a, b) = (&tracks[sequence[i]].artist, &tracks[sequence[j]].artist);
            near += usize::from(a.is_some() && a == b && j - i - 1 < job.limits.artist_gap);
        }
    }
    (near, cost)
}

fn check(tracks: &[OrderTrack], job: &OrderJob, o: &Order, what: &str) {
    let n = tracks.len();
    let mut all: Vec<usize> = o.sequence.iter().copied().chain(o.left_out.iter().map(|l| l.0)).collect();
    all.sort_unstable();
    assert_eq!(all, (0..n).collect::<Vec<_>>(), "{what}: each track once, in or out");
    assert_eq!(o.transitions.len(), o.sequence.len().saturating_sub(1), "{what}");
    assert_eq!(o.score.tracks, o.sequence.len(), "{what}");
    let limits = &job.limits;
    let (first, last) = match job.goal {
        Goal::Path { from, to } => (Some(from), Some(to)),
        _ => (limits.first, limits.last),
    };
    assert!(first.is_none_or(|f| o.sequence.first() == Some(&f)), "{what}: first");
    assert!(last.is_none_or(|l| o.sequence.last() == Some(&l)), "{what}: last");
    assert!(o.sequence.len() <= limits.tracks.unwrap_or(n), "{what}: tracks");
    if let Some(limit) = limits.duration {
        let seconds: f64 = o.sequence.iter().map(|&t| tracks[t].duration.expect("known")).sum();
        assert!(seconds <= limit, "{what}: {seconds} of {limit} s");
    }
    let mut counts = std::collections::BTreeMap::new();
    for artist in o.sequence.iter().filter_map(|&t| tracks[t].artist.as_ref()) {
        let count = counts.entry(artist).or_insert(0);
        *count += 1;
        assert!(*count <= limits.per_artist.unwrap_or(n), "{what}: {artist}");
    }
    let (near, cost) = objective(tracks, job, &o.sequence);
    assert_eq!(near, o.score.too_near, "{what}: pairs too near");
    // Flat asks for nothing of all tracks; the energies of candidates are not those of all where time is limited.
    let flat = job.goal == Goal::Energy(Curve::Flat);
    if !flat && limits.duration.is_none() {
        assert!((cost - o.score.total).abs() < 1e-5, "{what}: {cost} and {}", o.score.total);
    }
    assert!(!better(&o.greedy, &o.score), "{what}: improvement made it worse: {:?} {:?}", o.greedy, o.score);
    let listed = o.lint.iter().filter(|f| f.fault == Fault::ArtistNear).count();
    assert_eq!(listed > 0, near > 0, "{what}: the lint says so");
}

#[test]
fn the_search_against_every_permutation() {
    let (mut found, mut worst, mut greedy_found, mut crowded) = (0, 1.0_f64, 0, 0);
    let cases = 60;
    for case in 0..cases {
        let n = 4 + (case % 5) as usize;
        let mut tracks = made_up(n, 1000 + case);
        if case % 3 == 2 {
            // Room for one artist's tracks is short, or there is none.
            for (i, t) in tracks.iter_mut().enumerate() {
                t.artist = Some(["a", "b", "a", "c", "a", "b", "c", "b"][i].to_owned());
            }
        }
        let goal = match case % 4 {
            0 | 1 => Goal::Free,
            2 => Goal::Energy(Curve::ARC),
            _ => Goal::Path { from: n - 1, to: 0 },
        };
        let mut job = OrderJob { randoms: 0, ..OrderJob::new(goal) };
        job.limits.artist_gap = (case / 4 % 3) as usize;
        job.limits.first = (case % 8 == 1).then_some(1);
        job.limits.tracks = (case % 7 < 2).then_some(n - 2);
        job.limits.per_artist = (case % 11 == 0).then_some(3);
        let (first, last) = match goal {
            Goal::Path { from, to } => (Some(from), Some(to)),
            _ => (job.limits.first, None),
        };
        let o = order(&tracks, &job).unwrap();
        check(&tracks, &job, &o, &format!("case {case}"));
        let length = o.sequence.len();
        let mut best = (usize::MAX, f64::INFINITY);
        permutations(n, &mut |p| {
            let p = &p[..length];
            let own = |a: &String| p.iter().filter(|&&t| tracks[t].artist.as_ref() == Some(a)).count();
            let most = job.limits.per_artist.unwrap_or(n);
            if first.is_none_or(|f| p[0] == f)
                && last.is_none_or(|l| p[length - 1] == l)
                && (most == n || p.iter().filter_map(|&t| tracks[t].artist.as_ref()).all(|a| own(a) <= most))
            {
                let this = objective(&tracks, &job, p);
                best = if this < best { this } else { best };
            }
        });
        assert_eq!(o.score.too_near, best.0, "case {case}: fewest pairs too near");
        crowded += usize::from(best.0 > 0);
        let excess = o.score.total / best.1;
        assert!(excess > 1.0 - 1e-6, "case {case}: better than the best: {excess}");
        worst = worst.max(excess);
        found += usize::from(excess < 1.0 + 1e-6);
        greedy_found += usize::from(o.greedy.too_near == best.0 && o.greedy.total < best.1 * (1.0 + 1e-6));
    }
    println!("optimum in {found} of {cases} (greedy alone: {greedy_found}; {crowded} without room), worst {worst}");
    // Measured 2026-11-21: all 60, greedy alone 45. The seeds are fixed, so nothing is left to chance.
    assert!(found >= 58 && worst < 1.02 && greedy_found < 50, "{found}, worst {worst}, greedy {greedy_found}");
    assert!(crowded > 2, "{crowded}");
}

#[test]
fn limits_are_kept_over_random_jobs() {
    let mut refused = 0;
    for case in 0..240_u64 {
        let u = |i: u64| uniform(case, 77, i);
        let n = (u(0) * 40.0) as usize;
        let tracks = made_up(n, 5000 + case);
        let some = |i: u64| (u(i) < 0.4 && n > 0).then(|| (u(i + 1) * n as f64) as usize);
        let goal = match (u(10) * 4.0) as u8 {
            0 if n > 1 => Goal::Path { from: (u(11) * n as f64) as usize, to: (u(12) * n as f64) as usize },
            1 => Goal::Energy(Curve::Peak(u(13))),
            2 => Goal::Energy([Curve::Rise, Curve::Fall, Curve::Flat][(u(14) * 3.0) as usize]),
            _ => Goal::Free,
        };
        let path = matches!(goal, Goal::Path { .. });
        let mut job = OrderJob { kicks: 50, randoms: 3, ..OrderJob::new(goal) };
        job.limits = Limits {
            first: some(20).filter(|_| !path),
            last: some(22).filter(|_| !path),
            per_artist: (u(24) < 0.5).then(|| 1 + (u(25) * 4.0) as usize),
            artist_gap: (u(26) * 4.0) as usize,
            tracks: (u(27) < 0.5).then(|| 1 + (u(28) * 30.0) as usize),
            duration: (u(29) < 0.3).then(|| 300.0 + u(30) * 5000.0),
        };
        match order(&tracks, &job) {
            Ok(o) => {
                check(&tracks, &job, &o, &format!("case {case}"));
                if job.limits.duration.is_none() && job.limits.per_artist.is_none() {
                    assert_eq!(o.sequence.len(), n.min(job.limits.tracks.unwrap_or(n)), "case {case}");
                }
                // What time left out does not fit any more, or its artist is full.
                if let Some(limit) = job.limits.duration {
                    let used: f64 = o.sequence.iter().map(|&t| tracks[t].duration.unwrap()).sum();
                    for &(t, why) in &o.left_out {
                        assert_eq!(why == Why::DurationUnknown, tracks[t].duration.is_none(), "case {case}");
                        if why == Why::Duration {
                            assert!(used + tracks[t].duration.unwrap() > limit, "case {case}: {t} fits");
                        }
                    }
                }
            }
            Err(_) => refused += 1,
        }
    }
    // Ends that are equal, of one full artist, too long or of unknown length.
    println!("{refused} of 240 jobs could not be");
    assert!((5..60).contains(&refused), "{refused}");
}

#[test]
fn space_between_artists_is_found_where_there_is_any() {
    // Exactly one pattern of artists fits: a b c a b c a, gap 2; the greedy order of costs would crowd.
    for seed in 0..10 {
        let mut tracks = made_up(7, 300 + seed);
        for (t, artist) in tracks.iter_mut().zip(["a", "a", "a", "b", "b", "c", "c"]) {
            t.artist = Some(artist.to_owned());
        }
        let mut job = OrderJob::new(Goal::Free);
        job.limits.artist_gap = 2;
        let o = order(&tracks, &job).unwrap();
        assert_eq!(o.score.too_near, 0, "seed {seed}");
        // Nobody else: n - 1 neighbours and n - 2 at one remove are too near, and the order is still found.
        tracks.iter_mut().for_each(|t| t.artist = Some("a".to_owned()));
        let o = order(&tracks, &job).unwrap();
        assert_eq!((o.score.too_near, o.sequence.len()), (11, 7));
        assert_eq!(o.lint.iter().filter(|f| f.fault == Fault::ArtistNear).count(), 6);
    }
    // Only a repeated pattern of four artists fits.
    for seed in 0..4 {
        let mut tracks = made_up(60, 40 + seed);
        for (i, t) in tracks.iter_mut().enumerate() {
            t.artist = Some(["a", "b", "c", "d"][i % 4].to_owned());
        }
        let mut job = OrderJob { kicks: 0, ..OrderJob::new(Goal::Free) };
        job.limits.artist_gap = 3;
        let o = order(&tracks, &job).unwrap();
        println!("pattern of four, seed {seed}: {} too near, greedy {}", o.score.too_near, o.greedy.too_near);
        assert_eq!(o.score.too_near, 0, "seed {seed}");
    }
    // One artist has to come every third time from the first track on: the cheapest next track uses up the room.
    for seed in 0..4 {
        let mut tracks = made_up(40, 80 + seed);
        for (i, t) in tracks.iter_mut().enumerate() {
            t.artist = Some(if i < 14 {
                "a".to_owned()
            } else if i < 27 {
                "b".to_owned()
            } else {
                format!("{}", i / 2)
            });
        }
        let mut job = OrderJob { kicks: 0, ..OrderJob::new(Goal::Free) };
        job.limits.artist_gap = 2;
        let o = order(&tracks, &job).unwrap();
        println!("two big artists, seed {seed}: {} too near, greedy {}", o.score.too_near, o.greedy.too_near);
        assert_eq!(o.score.too_near, 0, "seed {seed}");
    }
    // Many of one artist among others, both ends fixed.
    let mut tracks = made_up(100, 7);
    for (i, t) in tracks.iter_mut().enumerate() {
        t.artist = Some(if i < 33 { "a".to_owned() } else { format!("{i}") });
    }
    let mut job = OrderJob::new(Goal::Path { from: 0, to: 1 });
    job.limits.artist_gap = 2;
    let o = order(&tracks, &job).unwrap();
    check(&tracks, &job, &o, "a third of one artist");
    assert_eq!(o.score.too_near, 0);
}

#[test]
fn better_than_greedy_and_much_better_than_chance() {
    let tracks = made_up(120, 3);
    for goal in [Goal::Free, Goal::Energy(Curve::ARC), Goal::Path { from: 3, to: 7 }] {
        let o = order(&tracks, &OrderJob::new(goal)).unwrap();
        assert!(o.score.total < 0.97 * o.greedy.total, "{goal:?}: {} of {}", o.score.total, o.greedy.total);
        assert!(o.score.total < o.random.mean - 10.0 * o.random.deviation, "{goal:?}: {:?}", o.random);
        assert_eq!(o.random.orders, 100);
    }
    // Two orders there are: both ends fixed, two between.
    let few = made_up(4, 9);
    let o = order(&few, &OrderJob { randoms: 400, ..OrderJob::new(Goal::Path { from: 0, to: 3 }) }).unwrap();
    let job = OrderJob::new(Goal::Path { from: 0, to: 3 });
    let (a, b) = (objective(&few, &job, &[0, 1, 2, 3]).1, objective(&few, &job, &[0, 2, 1, 3]).1);
    assert!((o.random.mean - (a + b) / 2.0).abs() < 0.1 * (a - b).abs() && o.score.total <= a.min(b) + 1e-12);
    assert!((o.random.deviation - (a - b).abs() / 2.0).abs() < 0.1 * (a - b).abs());
}

#[test]
fn a_curve_is_where_it_was_asked() {
    let tracks = made_up(100, 21);
    let shape = |goal: Goal, limit: Option<usize>| -> Vec<f64> {
        let mut job = OrderJob::new(goal);
        job.limits.tracks = limit;
        order(&tracks, &job).unwrap().sequence.iter().map(|&t| energy(&tracks[t])).collect()
    };
    let mean = |e: &[f64]| e.iter().sum::<f64>() / e.len() as f64;
    for at in [0.3, 0.5, 0.7] {
        let e = shape(Goal::Energy(Curve::Peak(at)), None);
        // The middle of the ten highest, and of a mean over nine.
        let smooth: Vec<f64> = e.windows(9).map(mean).collect();
        let top = (0..smooth.len()).max_by(|&a, &b| smooth[a].total_cmp(&smooth[b])).unwrap() + 4;
        assert!((top as f64 / 99.0 - at).abs() < 0.08, "peak {at}: at {top}");
        let mut ranked: Vec<usize> = (0..100).collect();
        ranked.sort_by(|&a, &b| e[b].total_cmp(&e[a]));
        let middle = ranked[..10].iter().sum::<usize>() as f64 / 10.0 / 99.0;
        assert!((middle - at).abs() < 0.08, "peak {at}: the highest around {middle}");
        assert!(mean(&e[..10]) < mean(&e) - 0.1 && mean(&e[90..]) < mean(&e) - 0.1);
    }
    // Rank correlation with the position.
    let rise = |e: &[f64]| {
        let n = e.len();
        let pairs: f64 = (0..n).flat_map(|j| (0..j).map(move |i| (i, j))).map(|(i, j)| (e[j] - e[i]).signum()).sum();
        pairs / (n * (n - 1) / 2) as f64
    };
    let [up, down, free] =
        [Goal::Energy(Curve::Rise), Goal::Energy(Curve::Fall), Goal::Free].map(|g| rise(&shape(g, None)));
    println!("rank correlation of energy and position: {up:.3} rising, {down:.3} falling, {free:.3} free");
    assert!(up > 0.8 && down < -0.8 && free.abs() < 0.4, "{up} {down} {free}");
    // Flat with a choice of a fifth: the span is far narrower than that of all.
    let spread = |e: &[f64]| (e.iter().map(|x| (x - mean(e)).powi(2)).sum::<f64>() / e.len() as f64).sqrt();
    let all: Vec<f64> = tracks.iter().map(energy).collect();
    assert!(spread(&shape(Goal::Energy(Curve::Flat), Some(20))) < 0.35 * spread(&all));
    // With all tracks flat asks for nothing.
    let (flat, free) = (OrderJob::new(Goal::Energy(Curve::Flat)), OrderJob::new(Goal::Free));
    let (flat, free) = (order(&tracks, &flat).unwrap(), order(&tracks, &free).unwrap());
    assert_eq!((flat.sequence, flat.score), (free.sequence, free.score));
}

#[test]
fn a_path_of_few_keeps_to_the_line() {
    let tracks = made_up(300, 33);
    let mut job = OrderJob::new(Goal::Path { from: 10, to: 20 });
    job.limits.tracks = Some(8);
    let o = order(&tracks, &job).unwrap();
    check(&tracks, &job, &o, "path of 8");
    assert_eq!((o.sequence.len(), o.sequence[0], o.sequence[7]), (8, 10, 20));
    assert!(o.left_out.iter().all(|l| l.1 == Why::Tracks) && o.left_out.len() == 292);
    // Positions asked for nothing at the ends, which lie on the line; further on tracks are nearer to the end than before.
    let w = crate::weights();
    let to = |t: usize, end: usize| {
        let d = crate::distance(&tracks[t].scaled, &tracks[end].scaled);
        assert!(d.compared > 15 && w.len() == 25);
        d.total
    };
    let side: Vec<f64> = o.sequence.iter().map(|&t| to(t, 10) - to(t, 20)).collect();
    assert!(side[1..4].iter().sum::<f64>() < side[4..7].iter().sum::<f64>(), "{side:?}");
    // Nearer to the line than a smooth path that knows no line.
    let free = order(&tracks, &OrderJob { goal_weight: 0.0, ..job.clone() }).unwrap();
    assert_eq!(free.score.goal, 0.0);
    let line = |s: &[usize]| s.iter().map(|&t| to(t, 10) + to(t, 20)).sum::<f64>();
    assert!(line(&o.sequence) < line(&free.sequence));
    assert!(free.score.transitions <= o.score.transitions);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let tracks = made_up(40, 17);
    for (case, goal) in [Goal::Free, Goal::Energy(Curve::ARC), Goal::Path { from: 4, to: 9 }].into_iter().enumerate() {
        let mut job = OrderJob::new(goal);
        job.limits =
            Limits { artist_gap: 1, per_artist: Some(5), tracks: [None, Some(20)][case % 2], ..Limits::default() };
        let want = order(&tracks, &job).unwrap();
        for seed in 0..3 {
            let mut shuffled: Vec<usize> = (0..40).collect();
            shuffled.sort_by(|&a, &b| uniform(seed, 55, a as u64).total_cmp(&uniform(seed, 55, b as u64)));
            let other: Vec<OrderTrack> = shuffled.iter().map(|&t| tracks[t].clone()).collect();
            let mut job = job.clone();
            if let Goal::Path { from, to } = goal {
                let place = |t| shuffled.iter().position(|&s| s == t).unwrap();
                job.goal = Goal::Path { from: place(from), to: place(to) };
            }
            let got = order(&other, &job).unwrap();
            assert_eq!(got.sequence.iter().map(|&t| shuffled[t]).collect::<Vec<_>>(), want.sequence, "{goal:?}");
            assert_eq!((got.score, got.greedy, got.random), (want.score, want.greedy, want.random));
            assert_eq!(got.lint, want.lint);
        }
    }
}

#[test]
fn gain_over_the_whole_collection_changes_nothing() {
    // Eighths of a decibel are exact, so the differences are too; the scale moves along.
    let mut tracks = made_up(50, 4);
    tracks.iter_mut().for_each(|t| t.values[dim::LOUDNESS] = (t.values[dim::LOUDNESS] * 8.0).round() / 8.0);
    let louder = |by: f32| -> Vec<OrderTrack> {
        let mut out = tracks.clone();
        out.iter_mut().for_each(|t| t.values[dim::LOUDNESS] += by);
        let scale = Scale::of("trk-1", out.iter().map(|t| &t.values)).unwrap();
        out.iter_mut().for_each(|t| t.scaled = scale.scaled("trk-1", &t.values).unwrap());
        out
    };
    let job = OrderJob::new(Goal::Energy(Curve::ARC));
    let (a, b) = (order(&louder(0.0), &job).unwrap(), order(&louder(6.0), &job).unwrap());
    // Bits, for NaN is unequal to itself.
    let bits = |o: &Order| o.transitions.iter().map(|t| t.parts.map(f64::to_bits)).collect::<Vec<_>>();
    assert_eq!((&a.sequence, bits(&a)), (&b.sequence, bits(&b)));
    assert!((a.score.total - b.score.total).abs() < 1e-6);
}

#[test]
fn hardly_any_tracks() {
    for goal in [Goal::Free, Goal::Energy(Curve::ARC)] {
        let job = OrderJob::new(goal);
        let none = order(&[], &job).unwrap();
        assert!(none.sequence.is_empty() && none.transitions.is_empty() && none.score.total == 0.0);
        let one = order(&made_up(1, 1), &job).unwrap();
        assert_eq!((one.sequence, one.transitions.len()), (vec![0], 0));
        let two = order(&made_up(2, 1), &job).unwrap();
        assert_eq!((two.sequence.len(), two.transitions.len()), (2, 1));
        let same = vec![plain(); 30];
        let o = order(&same, &job).unwrap();
        check(&same, &job, &o, "all the same");
        assert_eq!(o.score.total, 0.0);
        let dark = OrderTrack { values: [f32::NAN; 25], scaled: [f32::NAN; 25], key: None, ..plain() };
        let o = order(&vec![dark; 5], &job).unwrap();
        assert!(o.transitions.iter().all(|t| t.total.is_nan()) && o.score.transitions == 4.0 * UNKNOWN);
        assert_eq!(o.lint.iter().filter(|f| f.fault == Fault::Unknown).count(), 4);
    }
    let job = OrderJob::new(Goal::Path { from: 1, to: 0 });
    assert_eq!(order(&made_up(2, 1), &job).unwrap().sequence, [1, 0]);
}

#[test]
fn what_cannot_be_is_said() {
    let tracks = made_up(10, 2);
    let code = |job: &OrderJob| order(&tracks, job).unwrap_err().code();
    let with = |limits: Limits| OrderJob { limits, ..OrderJob::new(Goal::Free) };
    let none = Limits::default();
    assert_eq!(code(&OrderJob::new(Goal::Path { from: 0, to: 10 })), "E_NO_TRACK");
    assert_eq!(code(&with(Limits { first: Some(10), ..none.clone() })), "E_NO_TRACK");
    assert_eq!(order(&[], &with(Limits { last: Some(0), ..none.clone() })).unwrap_err().code(), "E_NO_TRACK");
    assert_eq!(code(&OrderJob::new(Goal::Path { from: 3, to: 3 })), "E_SAME_ENDS");
    let mut one = OrderJob::new(Goal::Path { from: 3, to: 3 });
    one.limits.tracks = Some(1);
    assert_eq!(order(&tracks, &one).unwrap().sequence, [3]);
    let mut both = OrderJob::new(Goal::Path { from: 3, to: 4 });
    both.limits.last = Some(5);
    assert_eq!(code(&both), "E_ENDS_DIFFER");
    both.limits = Limits { tracks: Some(1), ..none.clone() };
    assert_eq!(code(&both), "E_LIMIT_TRACKS");
    assert_eq!(code(&with(Limits { tracks: Some(0), ..none.clone() })), "E_LIMIT_TRACKS");
    assert_eq!(code(&with(Limits { per_artist: Some(0), ..none.clone() })), "E_NUMBER");
    assert_eq!(code(&with(Limits { duration: Some(f64::NAN), ..none.clone() })), "E_NUMBER");
    assert_eq!(code(&with(Limits { duration: Some(10.0), ..none.clone() })), "E_LIMIT_DURATION");
    assert_eq!(code(&OrderJob::new(Goal::Energy(Curve::Peak(1.5)))), "E_NUMBER");
    assert_eq!(code(&OrderJob { goal_weight: -1.0, ..OrderJob::new(Goal::Free) }), "E_NUMBER");
    let mut tracks = vec![plain(), plain(), plain()];
    tracks[0].artist = Some("a".to_owned());
    tracks[1].artist = Some("a".to_owned());
    tracks[2].duration = None;
    let fails = |limits: Limits| order(&tracks, &with(limits)).unwrap_err();
    let ends = Limits { first: Some(0), last: Some(1), ..none.clone() };
    assert_eq!(fails(Limits { per_artist: Some(1), ..ends.clone() }).code(), "E_PER_ARTIST");
    let long = fails(Limits { duration: Some(359.0), ..ends });
    assert_eq!(long, OrderError::Duration { limit: 359.0, needed: Some(360.0) });
    assert!(long.to_string().contains("360 s"), "{long}");
    let end = fails(Limits { last: Some(2), duration: Some(1e6), ..none.clone() });
    assert_eq!(end.code(), "E_DURATION_UNKNOWN");
    tracks.iter_mut().for_each(|t| t.duration = None);
    let none_known = order(&tracks, &with(Limits { duration: Some(1e6), ..none })).unwrap_err();
    assert_eq!(none_known, OrderError::Duration { limit: 1e6, needed: None });
    tracks[0].key = Some((12, true));
    assert_eq!(order(&tracks, &OrderJob::new(Goal::Free)).unwrap_err().code(), "E_NUMBER");
    tracks[0] = OrderTrack { duration: Some(-1.0), ..plain() };
    assert_eq!(order(&tracks, &OrderJob::new(Goal::Free)).unwrap_err().code(), "E_NUMBER");
}
