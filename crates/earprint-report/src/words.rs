//! Numbers and findings as people read them: the same words in every document.

use earprint_core::{DIMENSIONS, Dimension, Status, TRACK_DIMENSIONS, TRACK_EXCERPT_SCHEMA};

use crate::Sequence;
use crate::facts::Facts;

/// `3:25`, `1:02:03`: whole seconds, rounded.
pub fn duration(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// `2.4 hours`, `12 minutes`, `40 seconds`.
pub fn long_duration(seconds: f64) -> String {
    match seconds {
        s if s < 99.5 => format!("{} seconds", number(s, 3)),
        s if s < 5970.0 => format!("{} minutes", number(s / 60.0, 2)),
        s => format!("{} hours", number(s / 3600.0, 2)),
    }
}

/// Decimals that show `digits` significant digits of `v`.
pub fn decimals(v: f64, digits: usize) -> usize {
    // Rounded first: 9.99 with two digits is 10.
    let text = format!("{v:.*e}", digits.max(1) - 1);
    let exponent: i32 = text.rsplit_once('e').map_or(0, |e| e.1.parse().expect("an exponent"));
    (digits as i32 - 1 - exponent).max(0) as usize
}

/// Decimals for the costs of single steps of an order: two digits of their mean.
pub fn step_decimals(sequence: &Sequence) -> usize {
    decimals(sequence.total / sequence.transitions.len().max(1) as f64, 2)
}

/// At least `digits` significant digits where there are so many, no needless zeros, no exponent from 1e-6 on.
pub fn number(v: f64, digits: usize) -> String {
    let places = decimals(v, digits);
    if v == 0.0 {
        return "0".into();
    }
    if places > digits + 5 {
        return format!("{v:.*e}", digits.max(1) - 1);
    }
    let plain = format!("{v:.places$}");
    if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').into() } else { plain }
}

/// With so many decimals; an empty sum, which is -0, is 0.
pub fn fixed(v: f64, places: usize) -> String {
    format!("{:.places$}", v + 0.0)
}

/// A number with its sign and one decimal: `+1.9`, `-0.4`, `0.0`.
pub fn signed(v: f64) -> String {
    let text = format!("{v:+.1}");
    if matches!(&text[..], "-0.0" | "+0.0") { "0.0".into() } else { text }
}

/// `12 tracks`, `1 track`.
pub fn count(n: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// `10,000`.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1.5 GB`, powers of ten.
pub fn bytes(n: u64) -> String {
    let v = n as f64;
    match n {
        0..1_000_000 => format!("{} kB", number(v / 1e3, 2)),
        1_000_000..1_000_000_000 => format!("{} MB", number(v / 1e6, 2)),
        _ => format!("{} GB", number(v / 1e9, 2)),
    }
}

/// A dimension's name as a person reads it: `rhythm stability`.
pub fn dimension(name: &str) -> String {
    name.replace('_', " ")
}

/// A value of dimension `d` with its unit: `120 BPM`.
pub fn value(d: usize, v: f64) -> String {
    let Dimension { unit, .. } = TRACK_DIMENSIONS[d];
    let text = number(v, if unit == "Hz" { 2 } else { 3 });
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}

/// For people: control characters as pictures of themselves (U+2400), so that a name with a line end stays on its line
/// and still shows it; marks of direction as unknown characters.
pub fn one_line(text: &str) -> String {
    let shown = |c: char| match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).expect("a control picture"),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => '\u{fffd}',
        // Marks that turn the direction of what follows: a name must not read as another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Figures of the run as name and words, only those measured.
pub fn figures(facts: &Facts) -> Vec<(&'static str, String)> {
    let report = facts.report;
    let f = &report.figures;
    let mut out = vec![("tracks", thousands(f.tracks)), ("length", long_duration(f.hours * 3600.0))];
    if !report.clusters.is_empty() {
        out.push(("clusters", thousands(report.clusters.len())));
    }
    out.push(("failed", thousands(f.failed)));
    out.extend(f.seconds.map(|s| ("time of the run", long_duration(s))));
    out.extend(f.throughput.map(|t| {
        ("throughput", format!("{} × real time", if t < 1000.0 { number(t, 3) } else { thousands(t.round() as usize) }))
    }));
    out.extend(f.workers.map(|w| ("workers", thousands(w))));
    out.extend(
        f.serial_sample_speed_up.map(|s| ("speed-up over one worker, on a sample", format!("{} ×", number(s, 3)))),
    );
    out.extend(f.peak_memory_bytes.map(|b| ("peak memory", bytes(b))));
    out.extend(f.backend.as_ref().map(|b| ("computed by", b.clone())));
    out
}

/// What a reader should keep in mind, each a sentence or two.
pub fn caveats(facts: &Facts) -> Vec<String> {
    let report = facts.report;
    let tracks = &report.tracks;
    let mut out = Vec::new();
    if report.schema == TRACK_EXCERPT_SCHEMA {
        out.push(
            "The numbers are of excerpts, not of whole tracks: they do not compare with those of whole tracks.".into(),
        );
    }
    let partial = tracks.iter().filter(|t| t.status == Status::Partial).count();
    if partial > 0 {
        out.push(format!("{} could only be read in part: the numbers are of that part.", count(partial, "track")));
    }
    let unknown = tracks.iter().filter(|t| t.values.iter().any(Option::is_none)).count();
    if unknown > 0 {
        let text = count(unknown, "track");
        let lack = if unknown == 1 { "lacks" } else { "lack" };
        out.push(format!(
            "{text} {lack} some of the {DIMENSIONS} numbers; unknown ones are left out of comparisons, never guessed."
        ));
    }
    if !report.clusters.is_empty() {
        out.push(
            "A cluster's name says how its centre differs from the mean of this collection, not what music it is: \"fast\" is \
             fast for these tracks."
                .into(),
        );
        let none = tracks.iter().filter(|t| t.cluster.is_none()).count();
        if none > 0 {
            let belong = if none == 1 { "belongs" } else { "belong" };
            out.push(format!("{} {belong} to no cluster.", count(none, "track")));
        }
    }
    if let Some(choice) = &report.choice
        && let Some(better) = close(choice)
    {
        out.push(format!(
            "{} clusters are almost as good as {}: the difference is within the spread over resamples.",
            better, choice.k
        ));
    }
    if facts.mapped() > 0 {
        let mut text =
            "The map shows who is near whom. Distances between groups far apart, and how large a group looks, mean \
                        little."
                .to_owned();
        if let Some(map) = &report.map
            && map.torn > 0
        {
            let lie = if map.torn == 1 { "lies" } else { "lie" };
            text += &format!(
                " {} {lie} away from the nearest tracks and {} marked with a ring.",
                count(map.torn, "track"),
                if map.torn == 1 { "is" } else { "are" }
            );
        }
        out.push(text);
    }
    if report.sequence.is_some() {
        out.push("The order is a good one by its cost, found by search; another may suit the ear better.".into());
    }
    if report.figures.workers.is_some_and(|w| w > 1) && report.figures.serial_sample_speed_up.is_none() {
        out.push("No speed-up over one worker is stated: no sample was run with one.".into());
    }
    out
}

/// The runner-up, if its silhouette is within the spread of the number chosen.
fn close(choice: &crate::Choice) -> Option<usize> {
    let of = |k: usize| choice.tried.iter().find(|t| t.k == k);
    let (first, second) = (of(choice.k)?, of(choice.runner_up?)?);
    (second.silhouette? >= first.silhouette? - first.spread?).then_some(second.k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_right() {
        let short = [
            (0.0, "0"),
            (9.996, "10"),
            (123.456, "123"),
            (0.012345, "0.0123"),
            (-0.5, "-0.5"),
            (12345.6, "12346"),
            (2e-9, "2.00e-9"),
        ];
        for (v, text) in short {
            assert_eq!(number(v, 3), text);
        }
        assert_eq!([fixed(-0.0, 2), fixed(1.006, 2)], ["0.00", "1.01"]);
        assert_eq!([signed(1.94), signed(-0.04), signed(-2.0)], ["+1.9", "0.0", "-2.0"]);
        assert_eq!(
            [thousands(0), thousands(999), thousands(1000), thousands(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([duration(0.4), duration(59.6), duration(3725.0)], ["0:00", "1:00", "1:02:05"]);
        assert_eq!(
            [long_duration(40.0), long_duration(750.0), long_duration(9000.0)],
            ["40 seconds", "12 minutes", "2.5 hours"]
        );
        assert_eq!([bytes(1500), bytes(25_000_000), bytes(1_500_000_000)], ["1.5 kB", "25 MB", "1.5 GB"]);
        assert_eq!([value(10, 120.04), value(14, 1234.5), value(0, 0.031)], ["120 BPM", "1234 Hz", "0.031"]);
        assert_eq!(one_line("a\nb\u{7f}\u{2028}\u{202e}ü"), "a␊b␡\u{fffd}\u{fffd}ü");
    }
}
