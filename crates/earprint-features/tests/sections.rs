//! Sections of rendered pieces whose boundaries are known, through the kernels of the CPU: precision and recall at 1 s, and pieces that do
//! not change.

use std::f32::consts::TAU;

use earprint_core::{Role, Section, TrackTable, Transition, TransitionKind};
use earprint_features::{SourceInfo, SourceNote, TrackAnalysis};
use earprint_signal::Width;
use earprint_signal::track::row::ROW;
use earprint_signal::track::{TrackKernel, TrackScratch};

const RATE: usize = 44_100;

/// Numbers from a counter: the same everywhere.
struct Dice(u32);

impl Dice {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// What sounds in a section.
#[derive(Clone, Copy)]
struct Part {
    seconds: f32,
    /// Chords of three notes, semitones from C3, each `chord_seconds` long, over and over.
    chords: &'static [[i32; 3]],
    chord_seconds: f32,
    /// Harmonic h has amplitude `h^-dark`; only odd ones if `hollow`.
    dark: f32,
    hollow: bool,
    /// Amplitude of the chords at the part's start and end.
    pad: [f32; 2],
    /// Drum hits a second, and their amplitude.
    hits: f32,
    drum: f32,
    /// Amplitude of steady white noise.
    noise: f32,
}

const AXIS: &[[i32; 3]] = &[[0, 4, 7], [7, 11, 14], [9, 12, 16], [5, 9, 12]];
const FAR: &[[i32; 3]] = &[[1, 5, 8], [8, 11, 15], [6, 10, 13], [3, 6, 10]];
const MINOR: &[[i32; 3]] = &[[2, 5, 9], [10, 14, 17], [5, 8, 12], [3, 7, 10]];
const HELD: &[[i32; 3]] = &[[0, 4, 7]];

const PART: Part = Part {
    seconds: 16.0,
    chords: AXIS,
    chord_seconds: 2.0,
    dark: 1.5,
    hollow: false,
    pad: [0.3; 2],
    hits: 4.0,
    drum: 0.3,
    noise: 0.002,
};

/// One period of a timbre, 2,048 points, root mean square 0.5.
fn period(dark: f32, hollow: bool) -> Vec<f32> {
    let mut x = vec![0.0f32; 2048];
    for h in (1..=16).filter(|h| !hollow || h % 2 == 1) {
        for (i, x) in x.iter_mut().enumerate() {
            *x += (h as f32).powf(-dark) * (TAU * ((h * i) % 2048) as f32 / 2048.0).sin();
        }
    }
    let rms = (x.iter().map(|x| x * x).sum::<f32>() / 2048.0).sqrt();
    x.into_iter().map(|v| 0.5 * v / rms).collect()
}

/// The samples, and the times at which parts begin, without the first.
fn render(parts: &[Part], seed: u32) -> (Vec<f32>, Vec<f64>) {
    let mut dice = Dice(seed);
    let (mut x, mut starts) = (Vec::new(), Vec::new());
    for p in parts {
        starts.push(x.len() as f64 / RATE as f64);
        let table = period(p.dark, p.hollow);
        let n = (p.seconds * RATE as f32) as usize;
        let mut phase = [0.0f32; 3];
        for i in 0..n {
            let s = i as f32 / RATE as f32;
            let chord = &p.chords[(s / p.chord_seconds) as usize % p.chords.len()];
            let mut tone = 0.0;
            for (phase, &note) in phase.iter_mut().zip(chord) {
                let hz = 130.81 * (note as f32 / 12.0).exp2();
                *phase = (*phase + 2048.0 * hz / RATE as f32) % 2048.0;
                tone += table[*phase as usize % 2048];
            }
            let pad = p.pad[0] + (p.pad[1] - p.pad[0]) * s / p.seconds;
            // A hit: noise that dies away within 60 ms.
            let since = if p.hits > 0.0 { s % (1.0 / p.hits) } else { 1.0 };
            let drum = p.drum * (-since / 0.02).exp() * dice.next();
            x.push(0.3 * pad * tone + drum + p.noise * dice.next());
        }
    }
    starts.remove(0);
    (x, starts)
}

fn table(x: &[f32]) -> TrackTable {
    table_in(x, x.len().max(1), 256)
}

/// The table of mono samples pushed in blocks of `block`, in segments of `segment` frames.
fn table_in(x: &[f32], block: usize, segment: usize) -> TrackTable {
    let source = SourceInfo { rate_hz: 44_100, channels: 1, codec: "pcm".into() };
    let mut analysis = TrackAnalysis::new(source, segment);
    let (kernel, mut scratch) = (TrackKernel::new(Width::best()), TrackScratch::default());
    let mut drain = |analysis: &mut TrackAnalysis| {
        while let Some(segment) = analysis.next_segment() {
            let mut rows = vec![0.0; segment.frames * ROW];
            kernel.run(&segment.view(), &mut rows, &mut scratch);
            analysis.rows(&rows);
        }
    };
    for x in x.chunks(block) {
        analysis.push(&[x]);
        drain(&mut analysis);
    }
    analysis.end(SourceNote { non_finite: 0, frames_at_source_rate: x.len() as u64 });
    drain(&mut analysis);
    analysis.finish().table
}

fn sections(x: &[f32]) -> Vec<Section> {
    table(x).sections.expect("a track that sounds has sections")
}

fn text(sections: &[Section]) -> String {
    let line = |s: &Section| {
        format!(
            "   {:7.2} {:7.2}  {:2} {:9} {:.2}  energy {:5.1?} bright {:.2?} dense {:.2?} slope {:.1?} novelty {:.2?} {:?}\n",
            s.start,
            s.end,
            s.letter,
            s.role.name(),
            s.membership,
            s.energy.unwrap_or(f32::NAN),
            s.brightness.unwrap_or(f32::NAN),
            s.density.unwrap_or(f32::NAN),
            s.slope_db.unwrap_or(f32::NAN),
            s.novelty.unwrap_or(f32::NAN),
            s.transition.map(|t| (t.kind, t.seconds, t.change_db))
        )
    };
    sections.iter().map(line).collect()
}

/// Pieces of 4 to 7 parts.
fn pieces() -> Vec<(&'static str, Vec<Part>)> {
    let with = |seconds: f32, p: Part| Part { seconds, ..p };
    let verse = Part { hits: 2.0, ..PART };
    let chorus = Part { dark: 0.8, pad: [0.5; 2], hits: 8.0, drum: 0.5, chords: MINOR, ..PART };
    let quiet = Part { hits: 0.0, pad: [0.15; 2], dark: 2.5, ..PART };
    let harmony = |chords, seconds| Part { chords, seconds, ..PART };
    let timbre = |dark, hollow, seconds| Part { dark, hollow, seconds, ..PART };
    let noisy = |p: Part| Part { noise: 0.03, ..p };
    let drums = |hits, drum, seconds| Part { hits, drum, seconds, ..PART };
    let level =
        |gain: f32, seconds| Part { pad: [0.3 * gain; 2], drum: 0.3 * gain, noise: 0.002 * gain, seconds, ..PART };
    vec![
        (
            "song",
            vec![
                with(9.3, quiet),
                with(16.7, verse),
                with(15.2, chorus),
                with(17.1, verse),
                with(14.9, chorus),
                with(8.8, quiet),
            ],
        ),
        (
            "harmony alone",
            vec![harmony(AXIS, 16.0), harmony(FAR, 24.0), harmony(AXIS, 16.0), harmony(FAR, 16.0), harmony(HELD, 12.4)],
        ),
        (
            "timbre alone",
            vec![
                timbre(2.2, false, 12.6),
                timbre(0.6, false, 19.3),
                timbre(1.5, true, 10.1),
                timbre(0.3, true, 15.5),
                timbre(2.2, false, 11.1),
            ],
        ),
        (
            "noisy song",
            vec![
                with(12.1, noisy(quiet)),
                with(18.4, noisy(verse)),
                with(13.7, noisy(chorus)),
                with(20.9, noisy(verse)),
                with(9.9, noisy(chorus)),
            ],
        ),
        (
            "drums alone",
            vec![
                drums(0.0, 0.0, 11.5),
                drums(2.0, 0.3, 16.3),
                drums(8.0, 0.3, 16.1),
                drums(0.0, 0.0, 8.7),
                drums(8.0, 0.4, 18.2),
            ],
        ),
        ("level alone", vec![level(0.3, 10.7), level(0.6, 15.3), level(1.2, 14.4), level(0.45, 12.9)]),
        (
            "short parts",
            vec![
                with(8.2, verse),
                with(8.6, chorus),
                with(8.1, verse),
                with(8.9, chorus),
                with(8.4, quiet),
                with(8.3, verse),
                with(9.1, chorus),
            ],
        ),
        (
            "dance",
            vec![
                Part { seconds: 15.1, chords: HELD, pad: [0.1; 2], hits: 2.0, drum: 0.2, ..PART },
                Part { seconds: 22.3, hits: 4.0, drum: 0.4, ..PART },
                Part { seconds: 15.8, hits: 0.0, pad: [0.2; 2], dark: 2.0, chords: MINOR, ..PART },
                Part { seconds: 10.2, hits: 16.0, drum: 0.25, pad: [0.1, 0.5], dark: 1.0, chords: MINOR, ..PART },
                Part { seconds: 24.6, hits: 8.0, drum: 0.6, pad: [0.5; 2], dark: 0.8, ..PART },
                Part { seconds: 12.4, chords: HELD, pad: [0.2, 0.02], hits: 0.0, ..PART },
            ],
        ),
    ]
}

/// How many boundaries were found, claimed and true at +-1 s.
#[derive(Default)]
struct Score {
    found: usize,
    claimed: usize,
    truth: usize,
    /// Distances of the found ones, seconds.
    off: Vec<f64>,
}

impl Score {
    fn add(&mut self, name: &str, parts: &[Part], seed: u32) {
        let (x, truth) = render(parts, seed);
        let sections = sections(&x);
        let got: Vec<f64> = sections[1..].iter().map(|s| s.start).collect();
        let hits = truth.iter().filter(|&&t| got.iter().any(|g| (g - t).abs() <= 1.0)).count();
        println!("{name}: {hits} of {} found, {} claimed; truth {truth:.2?}", truth.len(), got.len());
        print!("{}", text(&sections));
        let off = |t: &f64| got.iter().map(|g| (g - t).abs()).fold(f64::INFINITY, f64::min);
        self.off.extend(truth.iter().map(off).filter(|&off| off <= 1.0));
        self.found += hits;
        self.claimed += got.len();
        self.truth += truth.len();
    }

    /// Precision and recall. Boundaries lie 5 s apart and parts 8 s: no claim counts for two.
    fn rates(&mut self) -> [f64; 2] {
        self.off.sort_by(f64::total_cmp);
        let at = |share: f64| self.off[(share * (self.off.len() - 1) as f64) as usize];
        println!("found within {:.3} s (median), {:.3} s (90 %), {:.3} s (all)", at(0.5), at(0.9), at(1.0));
        // Seen: 0.043 and 0.132 s; a block is 0.56 s.
        assert!(at(0.5) < 0.06 && at(0.9) < 0.2, "boundaries must be placed to the frame");
        let rates = [self.claimed, self.truth].map(|of| self.found as f64 / of as f64);
        println!(
            "{} found of {}, {} claimed: precision {:.3}, recall {:.3}",
            self.found, self.truth, self.claimed, rates[0], rates[1]
        );
        rates
    }
}

#[test]
fn boundaries_of_rendered_pieces_are_found() {
    let mut score = Score::default();
    for (i, (name, parts)) in pieces().into_iter().enumerate() {
        score.add(name, &parts, 1 + i as u32);
    }
    let [precision, recall] = score.rates();
    // Seen: 35 of 35.
    assert!(precision >= 0.95 && recall >= 0.95, "precision {precision:.3}, recall {recall:.3}");
}

/// Pieces by dice, which nothing was tuned on: each part changes at least one of chords, timbre, level and drums clearly.
#[test]
fn boundaries_of_pieces_by_dice_are_found() {
    let mut dice = Dice(20_261_121);
    let mut up_to = |n: usize| ((dice.next() * 0.5 + 0.5) * n as f32) as usize % n;
    let mut score = Score::default();
    for piece in 0..16 {
        let mut part = Part {
            chord_seconds: [1.0, 1.5, 2.0][up_to(3)],
            noise: [0.001, 0.005, 0.02][up_to(3)],
            chords: [AXIS, FAR, MINOR, HELD][up_to(4)],
            ..PART
        };
        let parts: Vec<Part> = (0..4 + up_to(4))
            .map(|_| {
                let before = part;
                let mut changes = 0;
                while changes == 0 {
                    if up_to(2) == 0 {
                        part.chords = [AXIS, FAR, MINOR, HELD][up_to(4)];
                        // Chords alone need 16 s (`sections/boundaries.rs`): they come with another change.
                    }
                    if up_to(2) == 0 {
                        (part.dark, part.hollow) = [(2.2, false), (1.5, true), (0.8, false), (0.4, true)][up_to(4)];
                        changes += usize::from(part.dark != before.dark);
                    }
                    if up_to(2) == 0 {
                        part.pad = [[0.1, 0.2, 0.4, 0.8][up_to(4)]; 2];
                        changes += usize::from(part.pad != before.pad);
                    }
                    if up_to(2) == 0 {
                        (part.hits, part.drum) = [(0.0, 0.0), (2.0, 0.3), (4.0, 0.3), (8.0, 0.5)][up_to(4)];
                        changes += usize::from(part.hits != before.hits);
                    }
                }
                part.seconds = 8.0 + 0.1 * up_to(171) as f32;
                part
            })
            .collect();
        score.add(&format!("dice {piece}"), &parts, 100 + piece);
    }
    let [precision, recall] = score.rates();
    // Seen: 72 of 75, one false.
    assert!(precision >= 0.93 && recall >= 0.92, "precision {precision:.3}, recall {recall:.3}");
}

#[test]
fn pieces_that_do_not_change_are_one_section() {
    for (name, part) in [
        ("loop with drums", PART),
        ("chords of 4 s", Part { chord_seconds: 4.0, hits: 0.0, ..PART }),
        ("held chord", Part { chords: HELD, hits: 0.0, noise: 0.0, ..PART }),
        ("noise", Part { pad: [0.0; 2], hits: 0.0, noise: 0.2, ..PART }),
        ("drums", Part { pad: [0.0; 2], ..PART }),
        ("slow drums", Part { pad: [0.0; 2], hits: 0.7, ..PART }),
        ("loop in noise", Part { noise: 0.05, ..PART }),
        ("far loop of 4 s chords with drums", Part { chord_seconds: 4.0, chords: FAR, ..PART }),
        ("bright minor loop", Part { chord_seconds: 1.5, chords: MINOR, dark: 0.5, ..PART }),
        ("hollow loop", Part { chord_seconds: 3.0, hollow: true, hits: 1.0, ..PART }),
    ] {
        let (x, _) = render(&[Part { seconds: 60.0, ..part }], 9);
        let sections = sections(&x);
        print!("{name}\n{}", text(&sections));
        assert_eq!(sections.len(), 1, "{name}");
        assert_eq!((sections[0].start, sections[0].end), (0.0, 60.0));
        assert_eq!((sections[0].letter.as_str(), sections[0].role, sections[0].membership), ("A", Role::Steady, 1.0));
    }
}

fn short_song() -> Vec<f32> {
    let quiet = Part { hits: 0.0, pad: [0.15; 2], dark: 2.5, seconds: 12.0, ..PART };
    let loud = Part { dark: 0.8, pad: [0.5; 2], hits: 8.0, drum: 0.5, chords: MINOR, seconds: 14.0, ..PART };
    render(&[quiet, loud, Part { seconds: 11.0, ..quiet }], 5).0
}

#[test]
fn sections_do_not_depend_on_blocks_or_segments() {
    let x = short_song();
    let want = table_in(&x, x.len(), 4096);
    assert_eq!(want.sections.as_ref().map(Vec::len), Some(3));
    for (block, segment) in [(777, 1000), (100_000, 33), (4410, 7)] {
        let got = table_in(&x, block, segment);
        assert_eq!(format!("{got:?}"), format!("{want:?}"), "blocks of {block}, segments of {segment}");
    }
    // The comparison can fail.
    let mut other = x.clone();
    other[500_000..530_000].iter_mut().for_each(|x| *x *= 0.5);
    assert_ne!(table(&other).sections, want.sections);
}

#[test]
fn a_gain_moves_no_boundary_and_no_role() {
    let x = short_song();
    let a = sections(&x);
    for gain in [0.25, 0.1, 1.7] {
        let b = sections(&x.iter().map(|x| x * gain).collect::<Vec<_>>());
        assert_eq!(b.len(), a.len());
        for (a, b) in a.iter().zip(&b) {
            assert_eq!((a.start, a.end, &a.letter, a.role), (b.start, b.end, &b.letter, b.role), "gain {gain}");
            assert!((a.energy.unwrap() - b.energy.unwrap()).abs() < 1e-3);
        }
    }
}

#[test]
fn sections_tile_the_track_and_tell_how_they_differ() {
    let x = short_song();
    let s = sections(&x);
    assert_eq!((s[0].start, s[2].end), (0.0, 37.0));
    assert!(s.windows(2).all(|w| w[0].end == w[1].start && w[0].end - w[0].start > 4.0));
    assert_eq!(s.iter().map(|s| s.letter.as_str()).collect::<String>(), "ABA");
    assert_eq!(s.iter().map(|s| s.role).collect::<Vec<_>>(), [Role::Intro, Role::Climax, Role::Outro]);
    let [up, down] = [1, 2].map(|i| s[i].transition.unwrap());
    assert_eq!((up.kind, down.kind), (TransitionKind::Rise, TransitionKind::Drop));
    assert!((up.change_db.unwrap() + down.change_db.unwrap()).abs() < 0.1 && up.change_db.unwrap() > 9.0);
    assert!(up.brightness_ratio.unwrap() > 2.0 && up.density_ratio.unwrap() > 2.0);
    assert_eq!((s[0].novelty, s[0].transition), (None, None));
    // The same energy as their difference.
    assert!((s[1].energy.unwrap() - s[0].energy.unwrap() - up.change_db.unwrap()).abs() < 1e-4);
}

#[test]
fn a_swell_is_a_fade_and_a_riser_a_build_up() {
    let held = Part { chords: HELD, hits: 0.0, noise: 0.01, ..PART };
    let swell = [
        Part { seconds: 20.0, pad: [0.02; 2], ..held },
        Part { seconds: 12.0, pad: [0.02, 0.6], ..held },
        Part { seconds: 20.0, pad: [0.6; 2], ..held },
    ];
    let s = sections(&render(&swell, 3).0);
    print!("{}", text(&s));
    let fades = |t: &Transition| t.kind == TransitionKind::Fade && t.seconds > 1.6 && t.change_db.unwrap() > 3.0;
    assert!(s.iter().filter_map(|s| s.transition).any(|t| fades(&t)));

    let riser = [
        Part { seconds: 18.0, ..PART },
        Part { seconds: 12.0, dark: 0.5, pad: [0.1, 0.6], hits: 0.0, ..PART },
        Part { seconds: 20.0, pad: [0.6; 2], hits: 8.0, drum: 0.5, ..PART },
    ];
    let s = sections(&render(&riser, 3).0);
    print!("{}", text(&s));
    assert_eq!((s.len(), s[1].role), (3, Role::BuildUp));
    assert!(s[1].slope_db.unwrap() > 6.0);
}

#[test]
fn short_and_silent_tracks() {
    // Silence, and less than a frame, have none: for the reason that their descriptor gives.
    assert_eq!(table(&vec![0.0; 20 * RATE]).sections, None);
    assert_eq!(table(&[0.5; 3000]).sections, None);
    assert_eq!(table(&[]).sections, None);
    let (x, _) = render(&[PART], 2);
    for n in [4096, 4097, 24 * 1024, RATE, 9 * RATE] {
        let s = sections(&x[..n]);
        assert_eq!((s.len(), s[0].start, s[0].role), (1, 0.0, Role::Steady), "{n} samples");
        assert!((s[0].end - n as f64 / RATE as f64).abs() <= 5e-7);
        assert!(s[0].energy.unwrap().abs() < 1e-6);
    }
    // Sound after silence: a silent section has neither energy nor brightness.
    let mut late = vec![0.0; 15 * RATE];
    late.extend_from_slice(&x);
    let s = sections(&late);
    assert_eq!(s.len(), 2);
    assert!((s[1].start - 15.0).abs() < 0.1, "{}", s[1].start);
    assert_eq!((s[0].brightness, s[0].density, s[1].transition.unwrap().kind), (None, None, TransitionKind::Rise));
    // One click in silence.
    let mut click = vec![0.0; 30 * RATE];
    click[10 * RATE] = 1.0;
    assert!(table(&click).sections.is_some_and(|s| s.iter().all(|s| s.membership >= 0.0)));
}
