//! A collection that never was: clusters around set centres, names that break careless writers. Everything follows from
//! the counts: no chance but a hash of the index.

use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS, dim};
use earprint_report::{
    Choice, Cluster, Figures, Finding, LeftOut, MapQuality, Problem, Report, Second, Section, Sequence, Status, Tag,
    Telling, Track, Transition, Tried,
};

/// Names that break what does not escape.
pub const AWKWARD: [&str; 16] = [
    "comma, and \"quotes\".mp3",
    "bytes:/music/two%0Alines.flac",
    "</script><img src=x onerror=alert(1)>.mp3",
    "pipe | star * [link](x) `code`.ogg",
    "Björk – Jóga.flac",
    "漢字かな.flac",
    "=SUM(A1:A9).wav",
    "\u{202e}txt.exe.mp3",
    "'single' & <b>bold</b>.mp3",
    "#1 hit.mp3",
    " leading blank.mp3",
    "{{title}} {{data}}.mp3",
    "e\u{301}tude nº 3.mp3",
    "<!-- <script>.mp3",
    "A very long name of a piece that goes on and on, in a live recording of the second night, remastered.flac",
    "back\\slash.mp3",
];

const NAMES: [&str; 8] = [
    "bright, fast, wide",
    "dark, slow, even",
    "loud, dense, steady",
    "quiet, tonal, narrow",
    "deep, sparse",
    "noisy, quick, uneven",
    "warm, slow, wide",
    "thin, bright",
];

/// 0 to 1, the same for the same numbers everywhere.
fn chance(a: usize, b: usize) -> f64 {
    let mut h = (a as u64) << 32 ^ b as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..3 {
        h = (h ^ h >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (h >> 11) as f64 / (1u64 << 53) as f64
}

/// About normal, deviation 1.
fn normal(a: usize, b: usize) -> f64 {
    ((0..12).map(|i| chance(a, b * 12 + i)).sum::<f64>() - 6.0) * 1.0
}

fn round(v: f64, unit: f64) -> f64 {
    (v * unit).round() / unit
}

/// Middle and width of a dimension.
fn usual(d: usize) -> (f64, f64) {
    match TRACK_DIMENSIONS[d].unit {
        "LUFS" => (-14.0, 3.0),
        "BPM" => (118.0, 22.0),
        "dB" => (9.0, 3.0),
        "LU" => (4.0, 1.5),
        "1/s" => (3.5, 1.2),
        "Hz" => (1800.0, 600.0),
        _ => (0.45, 0.12),
    }
}

/// `n` tracks in `k` clusters, with everything a report can hold.
pub fn collection(n: usize, k: usize) -> Report {
    let mut report = Report::new(format!("A made-up collection of {n}"));
    let of = |i: usize| i % k;
    for i in 0..n {
        let c = of(i);
        let name = match AWKWARD.get(i) {
            Some(name) if name.starts_with("bytes:") => (*name).to_owned(),
            Some(name) => format!("/music/Odd & ends/{name}"),
            None => format!("/music/Artist {:02}/Album {}/{:02} Piece no. {i}.flac", i % 23, i % 5, i % 14 + 1),
        };
        let mut track = Track::unknown(name, Status::Ok);
        for d in 0..DIMENSIONS {
            let (middle, width) = usual(d);
            let toward = (chance(c + 1000, d) - 0.5) * 5.0;
            track.values[d] = Some(round(middle + width * (toward + 0.6 * normal(i, d)), 1e4));
        }
        track.duration_s = Some(round(150.0 + 260.0 * chance(i, 900), 100.0));
        track.key = (i % 9 != 4).then(|| {
            let tonic = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"][i * 7 % 12];
            format!("{tonic} {}", if i % 3 == 0 { "minor" } else { "major" })
        });
        track.tags = ["calm", "driving", "dark", "airy", "dense"]
            .iter()
            .enumerate()
            .filter(|(t, _)| chance(i, 700 + t) > 0.72)
            .map(|(t, name)| Tag { name: (*name).into(), membership: round(0.5 + chance(i, 800 + t) / 2.0, 100.0) })
            .collect();
        track.cluster = Some(c as u32);
        track.second = (k > 1).then(|| Second {
            cluster: ((c + 1) % k) as u32,
            further_by: round(0.05 + chance(i, 600), 1000.0),
            because: vec!["tempo".into(), "centroid".into()],
        });
        track.outlier = i % 29 == 7;
        let angle =
            [[0.0, 0.0], [3.2, 0.6], [0.5, 2.8], [3.5, 3.2], [-2.5, 1.5], [1.5, -2.5], [-2.0, -2.0], [5.5, 1.0]][c % 8];
        track.xy = Some([round(angle[0] + 0.55 * normal(i, 501), 1e3), round(angle[1] + 0.55 * normal(i, 502), 1e3)]);
        track.torn = Some(i % 17 == 5);
        let mut start = 0.0;
        let roles = ["intro", "build-up", "climax", "breakdown", "steady", "climax", "outro"];
        let count = 3 + i % 5;
        for s in 0..count {
            let length = track.duration_s.unwrap() / count as f64 * (0.6 + 0.8 * chance(i, 400 + s));
            let end = if s + 1 == count { track.duration_s.unwrap() } else { round(start + length, 100.0) };
            if end <= start {
                break;
            }
            let role = if s + 1 == count { "outro" } else { roles[s % 6] };
            let energy = match role {
                "climax" => 2.0,
                "intro" | "outro" => -9.0,
                "breakdown" => -6.0,
                _ => -2.0,
            };
            track.sections.push(Section {
                start_s: start,
                end_s: end,
                label: ["A", "B", "C", "B", "D"][s % 5].into(),
                role: role.into(),
                energy_db: Some(round(energy + normal(i, 300 + s), 10.0)),
                brightness: Some(round(1.0 + 0.2 * normal(i, 330 + s), 100.0)),
                density: (s > 0).then(|| round(1.0 + 0.2 * normal(i, 360 + s), 100.0)),
            });
            start = end;
        }
        report.tracks.push(track);
    }
    unusual(&mut report, n);
    for c in 0..k.min(n) {
        report.clusters.push(cluster(&report, c, k));
    }
    report.choice = Some(choice(k));
    let torn = report.tracks.iter().filter(|t| t.torn == Some(true)).count();
    report.map = Some(MapQuality {
        trustworthiness: Some(0.964),
        continuity: Some(0.951),
        neighbours: 15,
        torn,
        sampled: (n > 5000).then_some(2000),
    });
    report.sequence = Some(sequence(&report));
    report.problems = vec![
        Problem {
            path: "/music/broken | one.mp3".into(),
            code: "E_DECODE".into(),
            detail: "no frame in the first 64 kB".into(),
        },
        Problem {
            path: "/music/<i>cut.flac".into(),
            code: "E_DECODE_TRUNCATED".into(),
            detail: "stopped at 1:12 of 3:40".into(),
        },
    ];
    let hours = report.tracks.iter().filter_map(|t| t.duration_s).sum::<f64>() / 3600.0;
    report.figures = Figures {
        tracks: n,
        hours: round(hours, 1e4),
        failed: 1,
        seconds: Some(63.2),
        throughput: Some(round(hours * 3600.0 / 63.2, 10.0)),
        workers: Some(4),
        serial_sample_speed_up: Some(3.6),
        peak_memory_bytes: Some(412_000_000),
        backend: Some("cpu".into()),
    };
    report
}

/// Tracks that are not like the others in kind: in part, without numbers, without place.
fn unusual(report: &mut Report, n: usize) {
    if n < 30 {
        return;
    }
    report.tracks[20].status = Status::Partial;
    report.tracks[21].values[dim::TEMPO] = None;
    report.tracks[21].values[dim::RHYTHM_STABILITY] = None;
    let lost = &mut report.tracks[22];
    *lost = Track::unknown(lost.path.clone(), Status::Error);
    let silent = &mut report.tracks[23];
    silent.values = vec![None; DIMENSIONS];
    (silent.cluster, silent.second, silent.xy, silent.torn) = (None, None, None, None);
}

fn cluster(report: &Report, c: usize, k: usize) -> Cluster {
    let members: Vec<usize> =
        (0..report.tracks.len()).filter(|&i| report.tracks[i].cluster == Some(c as u32)).collect();
    let mean = |d: usize| {
        let known: Vec<f64> = members.iter().filter_map(|&i| report.tracks[i].values[d]).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let name = if k == 1 { "one of a kind".into() } else { NAMES[c % 8].to_owned() };
    Cluster {
        id: c as u32,
        name: if c < 8 { name } else { format!("{name} {c}") },
        size: members.len(),
        homogeneity: Some(round(0.5 + 0.4 * chance(c, 77), 100.0)),
        homogeneity_words: Some(["close", "fairly close", "loose"][c % 3].into()),
        medoids: members.iter().copied().skip(4).take(3).collect(),
        outliers: members.iter().copied().filter(|&i| report.tracks[i].outlier).collect(),
        centre: (0..DIMENSIONS).map(mean).collect(),
        telling: [dim::CENTROID, dim::TEMPO, dim::STEREO_WIDTH]
            .iter()
            .enumerate()
            .map(|(t, &d)| Telling {
                dimension: TRACK_DIMENSIONS[d].name.into(),
                z: round((chance(c + 1000, d) - 0.5) * 4.0 + 0.01 * t as f64, 100.0),
            })
            .collect(),
    }
}

fn choice(k: usize) -> Choice {
    let tried = (2..=12).map(|at| {
        let off = at as f64 - k as f64;
        Tried {
            k: at,
            silhouette: Some(round(0.21 + 0.32 / (1.0 + 0.25 * off * off), 1000.0)),
            spread: Some(round(0.012 + 0.01 * chance(at, 5), 1000.0)),
            stability: Some(round(0.95 / (1.0 + 0.06 * off.abs()), 1000.0)),
        }
    });
    Choice {
        k,
        runner_up: Some(k + 1),
        tried: tried.collect(),
        words: format!("{k} clusters have the highest silhouette over 8 resamples; {} come next.", k + 1),
    }
}

fn sequence(report: &Report) -> Sequence {
    let mut order: Vec<usize> =
        (0..report.tracks.len()).filter(|&i| report.tracks[i].values[dim::LOUDNESS].is_some() && i % 11 != 3).collect();
    order.sort_by(|&a, &b| {
        let tempo = |i: usize| report.tracks[i].values[dim::TEMPO].unwrap_or(0.0);
        tempo(a).total_cmp(&tempo(b))
    });
    let transitions: Vec<Transition> = order
        .windows(2)
        .map(|w| {
            let parts =
                [chance(w[0], 1), chance(w[0], 2), chance(w[1], 3), chance(w[1], 4)].map(|v| round(v / 5.0, 1000.0));
            Transition {
                cost: round(parts.iter().sum(), 1000.0),
                tempo: Some(parts[0]),
                key: (w[0] % 9 != 4 && w[1] % 9 != 4).then_some(parts[1]),
                energy: Some(parts[2]),
                timbre: Some(parts[3]),
                words: if parts[0] > 0.1 { "tempo jumps".into() } else { "tempo holds, key a fifth up".into() },
            }
        })
        .collect();
    let total = round(transitions.iter().map(|t| t.cost).sum(), 1000.0);
    let findings = (2..order.len()).step_by(19).map(|at| Finding {
        at,
        kind: "key_clash".into(),
        severity: "warning".into(),
        words: "keys six fifths apart <b>".into(),
    });
    Sequence {
        goal: "from slow to fast, at most two in a row by one artist".into(),
        findings: findings.collect(),
        greedy: Some(round(total * 1.17, 1000.0)),
        random_mean: Some(round(total * 2.31, 1000.0)),
        random_sd: Some(round(total * 0.07, 1000.0)),
        left_out: (0..report.tracks.len())
            .filter(|i| !order.contains(i))
            .take(5)
            .map(|track| LeftOut { track, reason: "would be a third by one artist".into() })
            .collect(),
        total,
        transitions,
        order,
    }
}
