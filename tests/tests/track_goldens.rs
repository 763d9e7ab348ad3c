//! The track descriptor and its wider table against the stored numbers of other programs: `tests/golden/outside/track/`.
//!
//! Each number is stored twice. `definition` is earprint's own definition, worked out in f64 from parts of librosa,
//! pyloudnorm and SciPy: bounds are a little above what was seen on 2026-11-21 (x86-64, AVX-512), most of it the last digits
//! of f32. `library` is what librosa, pyloudnorm and ffmpeg give as they come: where they define something else the bound
//! is as wide as that difference, which README.md there explains. The bounds stand in `bounds.tsv` beside the numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use earprint_audio::{Limits, decode};
use earprint_core::TRACK_DIMENSIONS;
use earprint_features::TrackNumbers;
use earprint_tests::track;
use sha2::{Digest, Sha256};

const CLIPS: [&str; 10] = [
    "chords-a-minor",
    "drums-150-mono",
    "drums-96",
    "fading-detuned-30-cents",
    "noise-am-4hz-mono",
    "noise-wide",
    "scale-d-mono",
    "song-c-major",
    "sweep-40-16000-mono",
    "vibrato-330-mono",
];

/// Numbers that are the same number of earprint's beside a second program.
const SECOND: [&str; 2] = ["_ffmpeg", "_tracker"];

/// A number, a word (the key), or neither: unknown.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(f64),
    Word(String),
    Unknown,
}

/// What another program and the definition say.
#[derive(Debug, Clone)]
struct Stored {
    library: Value,
    definition: Value,
}

/// Bounds of a number, in its unit; none where no program has it.
#[derive(Debug, Clone, Copy)]
struct Bound {
    definition: Option<f64>,
    library: Option<f64>,
}

type Numbers = BTreeMap<String, Value>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/outside/track")
}

fn text(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `rendered.json`, which has one `"track/number": [library, definition]` a line.
fn stored() -> BTreeMap<String, Stored> {
    let value = |s: &str| match s.strip_prefix('"') {
        Some(word) => Value::Word(word.trim_end_matches('"').to_owned()),
        None if s == "null" => Value::Unknown,
        None => Value::Number(s.parse().unwrap_or_else(|_| panic!("{s} is no number"))),
    };
    let all = text("rendered.json");
    let of_line = |line: &str| {
        let (name, pair) = line.trim().trim_end_matches(',').split_once("\": [")?;
        let (library, definition) = pair.trim_end_matches(']').split_once(", ").expect("a pair");
        Some((name.trim_matches('"').to_owned(), Stored { library: value(library), definition: value(definition) }))
    };
    all.lines().filter_map(of_line).collect()
}

/// `bounds.tsv`: number or `number@track` to its bounds.
fn bounds() -> BTreeMap<String, Bound> {
    let of_line = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let bound = |s: &str| (s != "-").then(|| s.parse().unwrap_or_else(|_| panic!("{line}")));
        (columns[0].to_owned(), Bound { definition: bound(columns[2]), library: bound(columns[3]) })
    };
    text("bounds.tsv").lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(of_line).collect()
}

/// The bounds of `number` of `track`: its own line, else that of all tracks; `chroma_7` is `chroma`.
fn bound_of(bounds: &BTreeMap<String, Bound>, track: &str, number: &str) -> Bound {
    let group = match number.rsplit_once('_') {
        Some((head, tail)) if tail.bytes().all(|b| b.is_ascii_digit()) => head,
        _ => number,
    };
    let found = bounds.get(&format!("{group}@{track}")).or_else(|| bounds.get(group));
    *found.unwrap_or_else(|| panic!("bounds.tsv has no line for {number}"))
}

/// Earprint's numbers under the goldens' names.
fn named(numbers: &TrackNumbers) -> Numbers {
    let mut out = Numbers::new();
    for (dimension, &v) in TRACK_DIMENSIONS.iter().zip(&numbers.descriptor.values) {
        let v = if v.is_nan() { Value::Unknown } else { Value::Number(f64::from(v)) };
        out.insert(dimension.name.to_owned(), v);
    }
    let t = &numbers.table;
    let mut one = |name: &str, v: Option<f32>| {
        out.insert(name.to_owned(), v.map_or(Value::Unknown, |v| Value::Number(f64::from(v))));
    };
    for (name, v) in [
        ("key_margin", t.key_margin),
        ("tuning", t.tuning),
        ("zero_crossing_rate", t.zero_crossing_rate),
        ("rms_mean", t.rms_mean),
        ("rms_std", t.rms_std),
        ("bandwidth", t.bandwidth),
        ("flux", t.flux),
        ("true_peak", t.true_peak),
        ("loudness_range", t.loudness_range),
    ] {
        one(name, v);
    }
    let mut many = |name: &str, values: Option<&[f32]>, count: usize| {
        (0..count).for_each(|i| one(&format!("{name}_{i}"), values.map(|v| v[i])));
    };
    many("mfcc_mean", t.mfcc_mean.as_ref().map(<[f32; 13]>::as_slice), 13);
    many("mfcc_std", t.mfcc_std.as_ref().map(<[f32; 13]>::as_slice), 13);
    many("chroma", t.chroma.as_ref().map(<[f32; 12]>::as_slice), 12);
    many("tonnetz", t.tonnetz.as_ref().map(<[f32; 6]>::as_slice), 6);
    let key = t.key.as_ref().zip(t.mode.as_ref());
    out.insert("key".to_owned(), key.map_or(Value::Unknown, |(k, m)| Value::Word(format!("{k} {m}"))));
    out
}

/// What earprint says of every clip.
fn ours() -> BTreeMap<&'static str, Numbers> {
    let describe = |clip| {
        let path = folder().join(format!("clips/{clip}.flac"));
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let decoded = decode(bytes, None, &Limits::default())
            .unwrap_or_else(|e| panic!("{clip}: {e} (FLAC needs earprint-audio's feature `codecs`)"));
        assert_eq!(decoded.rate_hz, 44_100, "{clip}");
        (clip, named(&track::numbers(&decoded.to_f32())))
    };
    CLIPS.into_iter().map(describe).collect()
}

/// Distance in the number's unit, `None` where only one side knows it. Tunings meet again after 100 cents; words are 0 or 1
/// apart.
fn away(number: &str, want: &Value, got: &Value) -> Option<f64> {
    match (want, got) {
        (Value::Number(a), Value::Number(b)) => {
            let d = (a - b).abs();
            Some(if number == "tuning" { d.min(100.0 - d) } else { d })
        }
        (Value::Word(a), Value::Word(b)) => Some(f64::from(u8::from(a != b))),
        (Value::Unknown, Value::Unknown) => Some(0.0),
        _ => None,
    }
}

/// Every number whose `definition` is farther away than its bound, or known on one side alone.
fn beside_the_definition(
    stored: &BTreeMap<String, Stored>,
    bounds: &BTreeMap<String, Bound>,
    ours: &BTreeMap<&str, Numbers>,
) -> Vec<String> {
    let mut failures = Vec::new();
    for (track, numbers) in ours {
        for (number, got) in numbers {
            let at = format!("{track}/{number}");
            let want = &stored.get(&at).unwrap_or_else(|| panic!("{at} is not stored")).definition;
            let bound = bound_of(bounds, track, number).definition.expect("every number has a definition");
            match away(number, want, got) {
                Some(d) if d <= bound => (),
                Some(d) => {
                    failures.push(format!("{at}: {want:?} expected, {got:?} came, {d:e} apart, allowed {bound:e}"))
                }
                None => failures.push(format!("{at}: {want:?} expected, {got:?} came")),
            }
        }
    }
    failures
}

#[test]
fn every_number_is_what_its_definition_gives_elsewhere() {
    let (stored, bounds, ours) = (stored(), bounds(), ours());
    let failures = beside_the_definition(&stored, &bounds, &ours);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Nothing stored is left out.
    let beside_second = stored.keys().filter(|k| !SECOND.iter().any(|s| k.ends_with(s))).count();
    assert_eq!(ours.values().map(Numbers::len).sum::<usize>(), beside_second);
    assert_eq!(ours.len(), CLIPS.len());
}

#[test]
fn other_programs_differ_by_what_their_definitions_differ() {
    let (stored, bounds, ours) = (stored(), bounds(), ours());
    let mut failures = Vec::new();
    let mut compared = 0;
    for (at, pair) in &stored {
        let (track, number) = at.split_once('/').expect("track/number");
        let Some(bound) = bound_of(&bounds, track, number).library else { continue };
        let own = SECOND.iter().find_map(|s| number.strip_suffix(s)).unwrap_or(number);
        // librosa gives a tempo to whatever it hears and pyloudnorm no range below three seconds.
        let Value::Number(_) = pair.library else { continue };
        let Some(d) = away(number, &pair.library, &ours[track][own]) else { continue };
        compared += 1;
        if d > bound {
            failures
                .push(format!("{at}: {:?} and {:?}, {d:e} apart, allowed {bound:e}", pair.library, ours[track][own]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared > 600, "{compared} numbers compared");
}

#[test]
fn the_suite_turns_red_when_one_stored_number_is_disturbed() {
    let (mut stored, bounds, ours) = (stored(), bounds(), ours());
    let names: Vec<String> = stored.keys().cloned().collect();
    for at in names {
        let (track, number) = at.split_once('/').expect("track/number");
        let Some(bound) = bound_of(&bounds, track, number).definition else { continue };
        let right = stored[&at].definition.clone();
        let disturbed = match &right {
            // Two bounds away from the stored number is more than one away from ours.
            Value::Number(x) => vec![Value::Number(x + 2.5 * bound), Value::Number(x - 2.5 * bound), Value::Unknown],
            Value::Word(_) => vec![Value::Word("H major".into()), Value::Unknown],
            Value::Unknown => vec![Value::Number(0.0)],
        };
        for wrong in disturbed {
            stored.get_mut(&at).expect("its own name").definition = wrong;
            let failures = beside_the_definition(&stored, &bounds, &ours);
            assert_eq!(failures.len(), 1, "{at}");
            assert!(failures[0].starts_with(&at), "{}", failures[0]);
        }
        stored.get_mut(&at).expect("its own name").definition = right;
    }
}

#[test]
fn bounds_are_far_below_what_the_numbers_differ_by() {
    // A bound as wide as the clips are apart would pass for any of them.
    let (bounds, ours) = (bounds(), ours());
    for d in TRACK_DIMENSIONS {
        let values: Vec<f64> = ours
            .values()
            .filter_map(|n| match n[d.name] {
                Value::Number(x) => Some(x),
                _ => None,
            })
            .collect();
        let spread = values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min);
        let bound = bounds[d.name].definition.expect("every number has a definition");
        assert!(values.len() >= 3 && spread > 1000.0 * bound, "{}: {values:?}, bound {bound:e}", d.name);
    }
}

#[test]
fn stored_files_are_the_ones_their_lines_describe() {
    let readme = text("README.md");
    let clips = CLIPS.iter().map(|c| format!("clips/{c}.flac"));
    let files: Vec<String> = clips.chain(["rendered.json".to_owned()]).collect();
    for name in &files {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let digest: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        let line = readme.lines().find(|l| l.contains(&format!("| `{name}` |"))).unwrap_or_else(|| panic!("{name}"));
        assert!(line.contains(&digest), "{name} is not the file README.md describes: {digest}");
    }
    assert_eq!(std::fs::read_dir(folder().join("clips")).unwrap().count(), CLIPS.len());
}
