//! Graded words of dimensions: "slightly warm", "bright", "very fast".
//!
//! **Grades** are deviations from the middle of the collection ([`Usual::deviation`]) and are calibrated on what lies beyond them in a normal
//! population: a quarter of it is "slightly" or more on either side, 15 % plainly, 5 % "very". A word that fits half of the tracks
//! tells nothing, and one that fits one in a thousand is never said. Of seven bands, four numbers of brightness and two of
//! stereo most say the same: every word has a group, and a name takes one of each (`words.tsv`).

use std::sync::LazyLock;

use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS};

use super::table::{TableError, rows};
use super::usual::{Usual, heard};
use crate::Values;

/// Deviation from which a word is said: a quarter of a normal population lies beyond it.
pub const SLIGHTLY: f64 = 0.674;

/// Deviation from which it is said without "slightly": 15 % lie beyond it.
pub const PLAIN: f64 = 1.036;

/// Deviation from which it is said with "very": 5 % lie beyond it.
pub const VERY: f64 = 1.645;

/// Deviation from which a word may tell two clusters apart that would have one name: 40 % lie beyond it.
pub const FAINT: f64 = 0.253;

/// How much of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Up to [`PLAIN`].
    Slightly,
    /// From [`PLAIN`].
    Plain,
    /// From [`VERY`].
    Very,
}

impl Grade {
    /// The grade of a deviation; `None` below [`SLIGHTLY`] and for NaN.
    pub fn of(deviation: f64) -> Option<Self> {
        match deviation.abs() {
            d if d >= VERY => Some(Self::Very),
            d if d >= PLAIN => Some(Self::Plain),
            d if d >= SLIGHTLY => Some(Self::Slightly),
            _ => None,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Slightly => "slightly ",
            Self::Plain => "",
            Self::Very => "very ",
        }
    }
}

/// Words of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Index in `TRACK_DIMENSIONS`.
    pub dimension: usize,
    /// What people call it, for "because of ...".
    pub name: String,
    /// A name takes one word of each.
    pub group: String,
    /// Beyond the usual upwards.
    pub high: String,
    /// Downwards.
    pub low: String,
}

/// What stands out in one dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// Index in `TRACK_DIMENSIONS`.
    pub dimension: usize,
    /// From the middle of the collection, in standard deviations.
    pub deviation: f64,
    /// How much.
    pub grade: Grade,
    /// The word without its grade.
    pub word: String,
    /// Group of the word.
    pub group: String,
}

impl Telling {
    /// The word with its grade.
    pub fn said(&self) -> String {
        format!("{}{}", self.grade.prefix(), self.word)
    }
}

/// A table of words, in the order of the dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Word>);

static BUILT_IN: LazyLock<Words> = LazyLock::new(|| {
    Words::parse(include_str!("words.tsv")).expect("the built-in words are a table: a test reads them")
});

impl Words {
    /// The table in this crate.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Words of a table with the columns dimension, name, group, high, low, why. A dimension without a row has no word.
    ///
    /// # Errors
    /// Where the table has another form, names no dimension, one twice or the same word twice.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut words: Vec<Word> = Vec::new();
        for row in rows(text, ["dimension", "name", "group", "high", "low", "why"])? {
            let dimension = row.dimension(0)?;
            let [name, group] = [row.word("name", 1)?, row.word("group", 2)?].map(str::to_owned);
            let [high, low] = [row.word("high", 3)?, row.word("low", 4)?].map(str::to_owned);
            let twice = |what: &str| Err(TableError::Twice { line: row.line, what: what.to_owned() });
            if words.iter().any(|w| w.dimension == dimension) {
                return twice(row.fields[0]);
            }
            if high == low {
                return twice(&high);
            }
            if let Some(word) =
                [&high, &low].into_iter().find(|word| words.iter().any(|w| [&w.high, &w.low].contains(word)))
            {
                return twice(word);
            }
            words.push(Word { dimension, name, group, high, low });
        }
        words.sort_by_key(|w| w.dimension);
        Ok(Self(words))
    }

    /// Words of a dimension, if it has any.
    pub fn of(&self, dimension: usize) -> Option<&Word> {
        self.0.iter().find(|w| w.dimension == dimension)
    }

    /// What people call a dimension: its own name where it has no words.
    ///
    /// # Panics
    /// If there is no such dimension.
    pub fn name(&self, dimension: usize) -> String {
        self.of(dimension).map_or_else(|| TRACK_DIMENSIONS[dimension].name.replace('_', " "), |w| w.name.clone())
    }

    /// All of them, in the order of the dimensions.
    pub fn iter(&self) -> impl Iterator<Item = &Word> {
        self.0.iter()
    }

    /// What stands out from `least` deviations on, most first, the lower dimension first among equals; the first of each group alone.
    /// Below [`SLIGHTLY`] the grade is slightly.
    pub fn telling(&self, deviations: &[f64; DIMENSIONS], least: f64) -> Vec<Telling> {
        let mut found: Vec<&Word> = self.0.iter().filter(|w| deviations[w.dimension].abs() >= least).collect();
        // Stable, and the words stand in the order of the dimensions.
        found.sort_by(|a, b| deviations[b.dimension].abs().total_cmp(&deviations[a.dimension].abs()));
        let mut out: Vec<Telling> = Vec::new();
        for word in found {
            if out.iter().any(|t| t.group == word.group) {
                continue;
            }
            let deviation = deviations[word.dimension];
            out.push(Telling {
                dimension: word.dimension,
                deviation,
                grade: Grade::of(deviation).unwrap_or(Grade::Slightly),
                word: if deviation > 0.0 { word.high.clone() } else { word.low.clone() },
                group: word.group.clone(),
            });
        }
        out
    }

    /// What stands out of one track.
    pub fn of_track(&self, usual: &Usual, values: &Values) -> Vec<Telling> {
        let values = heard(values);
        self.telling(&std::array::from_fn(|d| usual.deviation(d, values[d])), SLIGHTLY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scale;
    use earprint_core::dim;

    #[test]
    fn grades_stand_at_quarter_fifteenth_and_twentieth() {
        // Of a normal population, by the complementary error function.
        for (deviation, beyond) in [(SLIGHTLY, 0.25), (PLAIN, 0.15), (VERY, 0.05), (FAINT, 0.40)] {
            assert!((libm::erfc(deviation / std::f64::consts::SQRT_2) / 2.0 - beyond).abs() < 0.001, "{deviation}");
        }
        let grade = |d| Grade::of(d);
        assert_eq!([grade(0.67), grade(-0.7), grade(f64::NAN)], [None, Some(Grade::Slightly), None]);
        assert_eq!(
            [grade(1.036), grade(-1.644), grade(1.645)].map(Option::unwrap),
            [Grade::Plain, Grade::Plain, Grade::Very]
        );
    }

    #[test]
    fn the_most_telling_come_first_and_one_of_each_group() {
        let mut deviations = [0.0; DIMENSIONS];
        deviations[dim::CENTROID] = 1.5;
        deviations[dim::ROLLOFF] = 1.7; // the same group: brightness
        deviations[dim::TEMPO] = -0.8;
        deviations[dim::LOUDNESS] = 1.1;
        deviations[dim::STEREO_WIDTH] = 0.5;
        deviations[dim::PITCH_STABILITY] = f64::NAN;
        let said = |least| Words::built_in().telling(&deviations, least).iter().map(Telling::said).collect::<Vec<_>>();
        assert_eq!(said(SLIGHTLY), ["very treble-rich", "loud", "slightly slow"]);
        assert_eq!(said(FAINT), ["very treble-rich", "loud", "slightly slow", "slightly wide"]);
        // Equal deviations: the lower dimension.
        assert_eq!(Words::built_in().telling(&[2.0; DIMENSIONS], SLIGHTLY)[0].word, "deep");
        assert!(Words::built_in().telling(&[f64::NAN; DIMENSIONS], SLIGHTLY).is_empty());
    }

    #[test]
    fn words_of_a_track() {
        let tracks: Vec<Values> = (0..41u8).map(|i| [f32::from(i); DIMENSIONS]).collect();
        let usual = Usual::of(&Scale::from_parts("trk-1", &[0.0; 25], &[10.0; 25]).unwrap(), &tracks);
        let mut track = [20.0; DIMENSIONS];
        assert!(Words::built_in().of_track(&usual, &track).is_empty());
        (track[dim::TEMPO], track[dim::FLATNESS]) = (40.0, 10.0); // 3.29 * 20 / 36 and -3.29 * 10 / 36
        let said: Vec<_> = Words::built_in().of_track(&usual, &track).iter().map(Telling::said).collect();
        assert_eq!(said, ["very fast", "slightly tonal"]);
    }

    #[test]
    fn every_dimension_has_words_but_one() {
        let without: Vec<usize> = (0..DIMENSIONS).filter(|&d| Words::built_in().of(d).is_none()).collect();
        assert_eq!(without, [dim::PITCH_STABILITY]);
        assert_eq!(Words::built_in().name(dim::PITCH_STABILITY), "pitch stability");
        assert_eq!(Words::built_in().of(dim::TEMPO).map(|w| (w.high.as_str(), w.low.as_str())), Some(("fast", "slow")));
    }

    #[test]
    fn tables_that_say_nothing_are_refused() {
        let head = "dimension\tname\tgroup\thigh\tlow\twhy\n";
        let parse = |rows: &str| Words::parse(&format!("# comment\n\n{head}{rows}")).map(|w| w.0.len());
        assert_eq!(parse("tempo\ttempo\ttempo\tfast\tslow\tbecause"), Ok(1));
        assert_eq!(parse(""), Err(TableError::Empty));
        assert!(matches!(Words::parse("tempo\tfast\tslow"), Err(TableError::Header { .. })));
        assert_eq!(parse("tempo\tfast"), Err(TableError::Fields { line: 4, actual: 2, expected: 6 }));
        let field = |rows: &str| match parse(rows) {
            Err(TableError::Field { line, column, .. }) => (line, column),
            other => panic!("{other:?}"),
        };
        assert_eq!(field("temp\tt\tt\tfast\tslow\t"), (4, "dimension"));
        assert_eq!(field("tempo\tt\tt\tfast, wild\tslow\t"), (4, "high"));
        assert_eq!(field("tempo\tt\t\tfast\tslow\t"), (4, "group"));
        let twice = |rows: &str| matches!(parse(rows), Err(TableError::Twice { line: 5, .. }));
        assert!(twice("tempo\tt\tt\tfast\tslow\t\ntempo\tt\tt\tquick\tlame\t"));
        assert!(twice("tempo\tt\tt\tfast\tslow\t\ncrest\tt\tt\tfast\tlame\t"));
    }
}
