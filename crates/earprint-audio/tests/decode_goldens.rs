//! Every row of `tests/golden/outside/decode/expected.tsv`: what the decoders give beside what the reference decoders
//! gave.
//!
//! The whole table: `cargo test -p earprint-audio --test decode_goldens -- --nocapture`. Some rows:
//! `EARPRINT_GOLDENS=vorbis,opus-chained` (words of name, container or codec); without the right ones:
//! `EARPRINT_GOLDENS_SHOW=wrong`.
#![cfg(feature = "codecs")]

#[path = "goldens/compare.rs"]
mod compare;
#[path = "goldens/rows.rs"]
mod rows;

use compare::{compare, level_db, lsb16};
use earprint_audio::{AudioError, Clip, Limits, decode_path};
use rows::{Match, Row, floats_hash, folder};

/// What became of a row.
#[derive(PartialEq, Eq, Debug, Clone, Copy)]
enum Verdict {
    /// As it must be.
    Right,
    /// The error the table allows, or a remark where the table allows one.
    Told,
    /// An error, or a remark that something is missing, where nothing is.
    Refused,
    /// Other samples than the reference's, without a word.
    Wrong,
}

struct Outcome {
    verdict: Verdict,
    frames: usize,
    shift: isize,
    lsb: f64,
    words: String,
}

fn outcome(verdict: Verdict, words: impl Into<String>) -> Outcome {
    Outcome { verdict, frames: 0, shift: 0, lsb: f64::NAN, words: words.into() }
}

fn judge(row: &Row) -> Outcome {
    match decode_path(&folder().join("files").join(&row.file), &Limits::default()) {
        Err(error) => judge_error(row, &error),
        Ok(_) if row.matched == Match::Refused => outcome(Verdict::Wrong, "samples, where an error must come"),
        Ok(clip) => judge_clip(row, &clip),
    }
}

fn judge_error(row: &Row, error: &AudioError) -> Outcome {
    let allowed = row.code.as_deref() == Some(error.code());
    outcome(if allowed { Verdict::Told } else { Verdict::Refused }, format!("{}: {error}", error.code()))
}

fn judge_clip(row: &Row, clip: &Clip) -> Outcome {
    let missing = clip.note.as_ref().is_some_and(|n| n.partial.is_some() || n.lost_packets > 0);
    let note = clip.note.as_ref().map(ToString::to_string).unwrap_or_default();
    let told = |outcome: Outcome| match (missing, row.code.as_deref() == Some("note")) {
        (true, true) => Outcome { verdict: Verdict::Told, words: join(&outcome.words, &note), ..outcome },
        (true, false) => Outcome { verdict: Verdict::Refused, words: join(&outcome.words, &note), ..outcome },
        (false, _) => Outcome { words: join(&outcome.words, &note), ..outcome },
    };
    if (clip.rate_hz, clip.channels()) != (row.rate_hz, row.channels) {
        let words = format!("{} Hz, {} channels", clip.rate_hz, clip.channels());
        return told(Outcome { frames: clip.frames(), ..outcome(Verdict::Wrong, words) });
    }
    let ours = lsb16(&clip.to_f32());
    let readings = (0..row.references.len()).map(|i| judge_samples(row, clip, &ours, &row.reference(i), i));
    let best = readings.min_by_key(|o| (o.verdict != Verdict::Right, o.shift != 0, o.lsb.to_bits()));
    told(best.expect("a row has a reference"))
}

fn judge_samples(row: &Row, clip: &Clip, ours: &[Vec<f32>], theirs: &[Vec<f32>], index: usize) -> Outcome {
    let frames = clip.frames();
    let mut words = Vec::new();
    if frames != row.frames[index] {
        words.push(format!("{:+} frames", frames as i64 - row.frames[index] as i64));
    }
    if row.matched == Match::Noise {
        let far = ours.iter().zip(theirs).map(|(a, b)| level_db(a, b)).fold(0.0, |m: f64, d| m.max(d.abs()));
        words.extend((far > 0.5).then(|| format!("level differs by {far:.2} dB")));
        let verdict = if words.is_empty() { Verdict::Right } else { Verdict::Wrong };
        return Outcome { verdict, frames, shift: 0, lsb: 0.0, words: words.join(", ") };
    }
    let found = compare(ours, theirs);
    let equal = match row.matched {
        Match::Exact => floats_hash(&clip.samples) == row.sha256[index],
        _ => found.at_zero <= 1.0,
    };
    if !equal {
        match found.shift {
            0 => {}
            late if late > 0 => words.push(format!("late by {late}")),
            early => words.push(format!("early by {}", -early)),
        }
        if found.order.iter().enumerate().any(|(c, &o)| c != o) {
            words.push(format!("channels {:?}", found.order));
        }
        let shifted = found.shift != 0 || found.shifted < found.at_zero;
        words.extend(shifted.then(|| format!("then within {:.2} LSB", found.shifted)));
        words.extend(words.is_empty().then(|| "other samples".to_string()));
    }
    let right = equal && frames == row.frames[index];
    if right && index > 0 {
        words.push(format!("reading {}", index + 1));
    }
    let verdict = if right { Verdict::Right } else { Verdict::Wrong };
    Outcome { verdict, frames, shift: if equal { 0 } else { found.shift }, lsb: found.at_zero, words: words.join(", ") }
}

fn join(a: &str, b: &str) -> String {
    [a, b].into_iter().filter(|x| !x.is_empty()).collect::<Vec<_>>().join("; ")
}

fn wanted(row: &Row, filter: &str) -> bool {
    filter.is_empty()
        || filter.split(',').any(|word| {
            [&row.name, &row.container, &row.codec]
                .iter()
                .any(|text| text.to_lowercase().contains(&word.to_lowercase()))
        })
}

#[test]
fn every_row_equals_its_reference_decoder() {
    let filter = std::env::var("EARPRINT_GOLDENS").unwrap_or_default();
    let only_wrong = std::env::var("EARPRINT_GOLDENS_SHOW").is_ok_and(|v| v == "wrong");
    let rows: Vec<Row> = rows::rows().into_iter().filter(|row| wanted(row, &filter)).collect();
    assert!(!rows.is_empty(), "no row has {filter:?} in its name, container or codec");
    assert!(!filter.is_empty() || rows.len() >= 150, "the whole suite has at least 150 rows: {}", rows.len());
    let mut counts = [0usize; 4];
    println!(
        "{:<8} {:<34} {:<9} {:<13} {:>6} {:>2} {:>13} {:>6} {:>9}  remark",
        "", "name", "container", "codec", "Hz", "ch", "frames/ref", "shift", "LSB16"
    );
    for row in &rows {
        let o = judge(row);
        counts[o.verdict as usize] += 1;
        if only_wrong && matches!(o.verdict, Verdict::Right | Verdict::Told) {
            continue;
        }
        let lsb = if o.lsb.is_nan() { "-".to_string() } else { format!("{:.2}", o.lsb) };
        println!(
            "{:<8} {:<34} {:<9} {:<13} {:>6} {:>2} {:>13} {:>6} {:>9}  {}",
            format!("{:?}", o.verdict).to_lowercase(),
            row.name,
            row.container,
            row.codec,
            row.rate_hz,
            row.channels,
            format!("{}/{}", o.frames, row.frames[0]),
            o.shift,
            lsb,
            join(&o.words, row.remark.as_deref().unwrap_or("")).chars().take(150).collect::<String>()
        );
    }
    let [right, told, refused, wrong] = counts;
    println!("{} rows: {right} right, {told} told, {refused} refused without need, {wrong} wrong", rows.len());
    assert!(refused + wrong == 0, "{wrong} rows are wrong without a word, {refused} are refused without need");
}

#[test]
fn the_comparer_names_shifts_and_swapped_channels_and_turns_red() {
    let wave =
        |f: f64| -> Vec<f32> { (0..6000).map(|n| (1e4 * (f * f64::from(n) * f64::from(n)).sin()) as f32).collect() };
    let theirs = vec![wave(1e-5), wave(2.3e-5)];
    assert_eq!(compare(&theirs, &theirs).at_zero, 0.0);
    let late: Vec<Vec<f32>> = theirs.iter().map(|p| [vec![0.0; 128], p[..5872].to_vec()].concat()).collect();
    let found = compare(&late, &theirs);
    assert_eq!((found.shift, found.shifted, found.order), (128, 0.0, vec![0, 1]));
    let early: Vec<Vec<f32>> = theirs.iter().map(|p| p[1105..].to_vec()).collect();
    assert_eq!(compare(&early, &theirs).shift, -1105);
    let swapped = vec![theirs[1].clone(), theirs[0].clone()];
    let found = compare(&swapped, &theirs);
    assert!(found.at_zero > 1000.0);
    assert_eq!((found.shift, found.shifted, found.order), (0, 0.0, vec![1, 0]));
    let mut one_off = theirs.clone();
    one_off[1][3000] += 1.01;
    assert!(compare(&one_off, &theirs).at_zero > 1.0);
    one_off[1][3000] = f32::NAN;
    assert_eq!(compare(&one_off, &theirs).at_zero, f64::INFINITY);
    assert!((level_db(&theirs[0], &theirs[1])).abs() < 0.1 && level_db(&[10.0; 99], &[5.0; 99]) > 5.9);
}
