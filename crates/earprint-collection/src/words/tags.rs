//! Tags: to what degree a track is energetic, warm, percussive ..., by a table of rules.
//!
//! A rule ties a tag to one end of one dimension. With p the place of the track there ([`Usual::place`]; 1 - p where low speaks for the
//! tag), the rule is true to the degree `clamp(1/2 + (p - threshold) / (2 softness), 0, 1)`: half at the threshold. The membership is the mean of the
//! degrees by weight, over the dimensions that are known; with less than [`KNOWN_AT_LEAST`] of the weight known there is none. A track *has* a tag
//! from [`HAS_AT_LEAST`] on.
//!
//! The rules follow the two axes of affect (J. A. Russell, 1980) where features of arousal are concerned, the review of Y. E. Kim et al. (ISMIR 2010) and
//! P. N. Juslin and P. Laukka (2004) where moods are, and the definitions of the numbers otherwise; every row of `tags.tsv` says which.
//! No listener was asked: memberships are no probabilities. Places in the collection, rather than fixed bounds, keep the tags few on each
//! track and rare enough to tell tracks apart, in any collection; so a tag says "among the most ... here" and not more.

use std::sync::LazyLock;

use super::table::{TableError, rows};
use super::usual::{Usual, heard};
use crate::Values;

/// Membership from which a track has a tag.
pub const HAS_AT_LEAST: f64 = 0.5;

/// Part of a tag's weight that must be known for it to have a membership.
pub const KNOWN_AT_LEAST: f64 = 0.6;

/// What one dimension says for a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Index in `TRACK_DIMENSIONS`.
    pub dimension: usize,
    /// True: its high end speaks for the tag.
    pub high: bool,
    /// Part among the rules of the tag, above 0.
    pub weight: f64,
    /// Place towards the direction, 0 to 1, at which the rule is half true.
    pub threshold: f64,
    /// Half-width of the ramp, above 0 to 1.
    pub softness: f64,
    /// Why.
    pub reason: String,
}

/// A track and a tag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Membership {
    /// To what degree, 0 to 1.
    Degree(f64),
    /// Too few dimensions are known: this part of the tag's weight, below [`KNOWN_AT_LEAST`].
    TooLittleKnown(f64),
}

impl Membership {
    /// The degree, if there is one.
    pub fn degree(self) -> Option<f64> {
        match self {
            Self::Degree(degree) => Some(degree),
            Self::TooLittleKnown(_) => None,
        }
    }

    /// Whether the track has the tag.
    pub fn has(self) -> bool {
        self.degree().is_some_and(|degree| degree >= HAS_AT_LEAST)
    }
}

/// Tags with their rules, in the order of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Tags(Vec<(String, Vec<Rule>)>);

static BUILT_IN: LazyLock<Tags> =
    LazyLock::new(|| Tags::parse(include_str!("tags.tsv")).expect("the built-in rules are a table: a test reads them"));

impl Tags {
    /// The table in this crate.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Rules of a table with the columns tag, dimension, direction, weight, threshold, softness, reason.
    ///
    /// # Errors
    /// Where the table has another form, a field is outside its range, a tag names a dimension twice or a row has no reason.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut tags: Vec<(String, Vec<Rule>)> = Vec::new();
        let columns = ["tag", "dimension", "direction", "weight", "threshold", "softness", "reason"];
        for row in rows(text, columns)? {
            let (tag, dimension) = (row.word("tag", 0)?, row.dimension(1)?);
            let high = match row.fields[2] {
                "high" => true,
                "low" => false,
                _ => return Err(row.wrong("direction", 2, "high or low")),
            };
            if row.fields[6].is_empty() {
                return Err(row.wrong("reason", 6, "why the rule stands"));
            }
            let rule = Rule {
                dimension,
                high,
                weight: row.number("weight", 3, (f64::MIN_POSITIVE, 1000.0), "a number above 0, up to 1000")?,
                threshold: row.number("threshold", 4, (0.0, 1.0), "a number from 0 to 1")?,
                softness: row.number("softness", 5, (f64::MIN_POSITIVE, 1.0), "a number above 0, up to 1")?,
                reason: row.fields[6].to_owned(),
            };
            let at = tags.iter().position(|t| t.0 == tag).unwrap_or_else(|| {
                tags.push((tag.to_owned(), Vec::new()));
                tags.len() - 1
            });
            if tags[at].1.iter().any(|r| r.dimension == dimension) {
                return Err(TableError::Twice { line: row.line, what: format!("{tag} with {}", row.fields[1]) });
            }
            tags[at].1.push(rule);
        }
        Ok(Self(tags))
    }

    /// Number of tags.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never of a parsed table.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names with rules, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Rule])> {
        self.0.iter().map(|(name, rules)| (name.as_str(), rules.as_slice()))
    }

    /// Memberships of a track given in its own units, in the order of the table.
    pub fn memberships(&self, usual: &Usual, values: &Values) -> Vec<Membership> {
        let values = heard(values);
        self.0.iter().map(|(_, rules)| membership(rules, usual, &values)).collect()
    }

    /// Tags that a track has, with their degrees: highest first, the order of the table among equals.
    pub fn of_track(&self, usual: &Usual, values: &Values) -> Vec<(&str, f64)> {
        let all = self.memberships(usual, values).into_iter().zip(&self.0);
        let mut has: Vec<_> =
            all.filter(|(m, _)| m.has()).filter_map(|(m, (name, _))| Some((name.as_str(), m.degree()?))).collect();
        has.sort_by(|a, b| b.1.total_cmp(&a.1));
        has
    }
}

fn membership(rules: &[Rule], usual: &Usual, values: &Values) -> Membership {
    let (mut sum, mut known, mut all) = (0.0, 0.0, 0.0);
    for rule in rules {
        all += rule.weight;
        let place = usual.place(rule.dimension, values[rule.dimension]);
        if place.is_nan() {
            continue;
        }
        let towards = if rule.high { place } else { 1.0 - place };
        known += rule.weight;
        sum += rule.weight * (0.5 + (towards - rule.threshold) / (2.0 * rule.softness)).clamp(0.0, 1.0);
    }
    if known < KNOWN_AT_LEAST * all || known == 0.0 {
        return Membership::TooLittleKnown(known / all);
    }
    Membership::Degree(sum / known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scale;
    use earprint_core::{DIMENSIONS, dim};

    const HEAD: &str = "tag\tdimension\tdirection\tweight\tthreshold\tsoftness\treason\n";

    /// 100 tracks, every dimension 0 to 99.
    fn usual() -> Usual {
        let tracks: Vec<Values> = (0..100u8).map(|i| [f32::from(i); DIMENSIONS]).collect();
        Usual::of(&Scale::from_parts("trk-1", &[0.0; 25], &[10.0; 25]).unwrap(), &tracks)
    }

    #[test]
    fn memberships_by_hand() {
        let rules = "wild\ttempo\thigh\t3\t0.6\t0.2\twhy\nwild\tcrest\tlow\t1\t0.5\t0.25\twhy\n";
        let tags = Tags::parse(&format!("{HEAD}{rules}")).unwrap();
        let mut track = [1.0; DIMENSIONS];
        // Places 0.705 and 0.305, which is 0.695 towards low: degrees 0.7625 and 0.89.
        (track[dim::TEMPO], track[dim::CREST]) = (70.0, 30.0);
        let degree = |t: &Values| tags.memberships(&usual(), t)[0];
        let Membership::Degree(got) = degree(&track) else { panic!("known") };
        assert!((got - (3.0 * 0.7625 + 0.89) / 4.0).abs() < 1e-12, "{got}");
        assert_eq!(tags.of_track(&usual(), &track), [("wild", got)]);
        // Crest unknown: tempo alone. Tempo unknown: a quarter of the weight is too little.
        track[dim::CREST] = f32::NAN;
        assert!((degree(&track).degree().unwrap() - 0.7625).abs() < 1e-12);
        (track[dim::CREST], track[dim::TEMPO]) = (30.0, f32::NAN);
        assert_eq!(degree(&track), Membership::TooLittleKnown(0.25));
        assert!(!degree(&track).has() && tags.of_track(&usual(), &track).is_empty());
        assert_eq!(degree(&[f32::NAN; DIMENSIONS]), Membership::TooLittleKnown(0.0));
    }

    #[test]
    fn every_tag_can_be_reached_and_missed() {
        let (usual, tags) = (usual(), Tags::built_in());
        assert!((12..=18).contains(&tags.len()), "{}", tags.len());
        for (at, (name, rules)) in tags.iter().enumerate() {
            assert!(rules.len() >= 2, "{name}: one number alone is a word, no tag");
            let track = |towards: f32, away: f32| {
                let mut t = [50.0; DIMENSIONS];
                rules.iter().for_each(|r| t[r.dimension] = if r.high { towards } else { away });
                t
            };
            let degree = |t: Values| tags.memberships(&usual, &t)[at].degree().unwrap();
            assert!(degree(track(99.0, 0.0)) > 0.99, "{name} cannot be reached");
            assert!(degree(track(0.0, 99.0)) < 0.01, "{name} cannot be missed");
            assert!(degree([50.0; DIMENSIONS]) < HAS_AT_LEAST, "{name} fits what is usual");
        }
        assert!(tags.memberships(&usual, &[f32::NAN; DIMENSIONS]).iter().all(|m| m.degree().is_none()));
    }

    #[test]
    fn equal_tracks_have_no_tags() {
        let tracks = vec![[0.3; DIMENSIONS]; 40];
        let usual = Usual::of(&Scale::reference("trk-1").unwrap(), &tracks);
        assert!(Tags::built_in().of_track(&usual, &tracks[0]).is_empty());
    }

    #[test]
    fn duplicates_order_and_units_change_no_membership() {
        let tracks: Vec<Values> =
            (0..60u16).map(|i| std::array::from_fn(|d| f32::from(1 + (i * 37 + d as u16 * 11) % 64))).collect();
        // Onsets enough for every tempo.
        let scale = |low: f64, high: f64| Scale::from_parts("trk-1", &[low; 25], &[high; 25]).unwrap();
        let usual = Usual::of(&scale(0.0, 64.0), &tracks);
        let twice: Vec<Values> = tracks.iter().rev().chain(&tracks).copied().collect();
        let of_twice = Usual::of(&scale(0.0, 64.0), &twice);
        let moved: Vec<Values> = tracks.iter().map(|t| t.map(|v| v * 4.0 + 16.0)).collect();
        let of_moved = Usual::of(&scale(16.0, 272.0), &moved);
        for (track, moved) in tracks.iter().zip(&moved) {
            let want = Tags::built_in().memberships(&usual, track);
            assert_eq!(want, Tags::built_in().memberships(&of_twice, track));
            assert_eq!(want, Tags::built_in().memberships(&of_moved, moved));
        }
        assert!(tracks.iter().any(|t| !Tags::built_in().of_track(&usual, t).is_empty()));
    }

    #[test]
    fn rules_that_say_nothing_are_refused() {
        let parse = |rows: &str| Tags::parse(&format!("{HEAD}{rows}"));
        assert!(parse("a\ttempo\thigh\t1\t0.5\t0.2\twhy").is_ok());
        assert_eq!(parse("# nothing\n"), Err(TableError::Empty));
        assert!(matches!(Tags::parse("tag\tdimension\n"), Err(TableError::Header { .. })));
        assert_eq!(parse("a\ttempo\thigh"), Err(TableError::Fields { line: 2, actual: 3, expected: 7 }));
        let field = |row: &str| match parse(row) {
            Err(e @ TableError::Field { line: 2, column, .. }) if e.code() == "E_TABLE" => column,
            other => panic!("{row}: {other:?}"),
        };
        assert_eq!(field("\ttempo\thigh\t1\t0.5\t0.2\twhy"), "tag");
        assert_eq!(field("a\ttempi\thigh\t1\t0.5\t0.2\twhy"), "dimension");
        assert_eq!(field("a\ttempo\tup\t1\t0.5\t0.2\twhy"), "direction");
        for (column, bad) in [(3, ["0", "-1", "NaN"]), (4, ["1.1", "-0.1", "x"]), (5, ["0", "2", "inf"])] {
            for bad in bad {
                let mut fields = ["a", "tempo", "high", "1", "0.5", "0.2", "why"];
                fields[column] = bad;
                assert_eq!(field(&fields.join("\t")), ["weight", "threshold", "softness"][column - 3]);
            }
        }
        assert_eq!(field("a\ttempo\thigh\t1\t0.5\t0.2\t"), "reason");
        let twice = parse("a\ttempo\thigh\t1\t0.5\t0.2\twhy\na\ttempo\tlow\t1\t0.5\t0.2\twhy");
        assert_eq!(
            twice.unwrap_err().to_string(),
            "line 3: a with tempo stands in an earlier row already; keep one of the two"
        );
    }
}
