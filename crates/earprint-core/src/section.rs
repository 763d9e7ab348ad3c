//! The words of a track's sections: where it changes, what each part is beside the others, how one becomes the next.
//!
//! All numbers of a section are relative to its own track: a quiet recording has a climax too. The rules that give roles and
//! kinds stand with their code (`earprint-features`, `sections`); here is what the words mean and how sections leave as
//! labels.

/// The part a section plays in its track. A word for energy, brightness, density and place, not for verse or chorus: nothing here
/// hears words or melodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Role {
    /// The first section, quieter or sparser than the track.
    Intro,
    /// Energy or density rises over it, and what follows is not quieter.
    BuildUp,
    /// None of the others: a verse, a groove, a piece that does not change.
    Steady,
    /// The loudest and densest.
    Climax,
    /// Clearly quieter or sparser than the section before.
    Breakdown,
    /// The last section, quieter or sparser than the track, or fading.
    Outro,
}

impl Role {
    /// All roles, in the order that breaks ties.
    pub const ALL: [Self; 6] = [Self::Intro, Self::BuildUp, Self::Steady, Self::Climax, Self::Breakdown, Self::Outro];

    /// The word in records and labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intro => "intro",
            Self::BuildUp => "build-up",
            Self::Steady => "steady",
            Self::Climax => "climax",
            Self::Breakdown => "breakdown",
            Self::Outro => "outro",
        }
    }
}

/// How a section takes over from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum TransitionKind {
    /// At once, at about the same level.
    Cut,
    /// At once, and louder.
    Rise,
    /// At once, and quieter.
    Drop,
    /// Little by little; the sign of the change says which way.
    Fade,
}

impl TransitionKind {
    /// The word in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Rise => "rise",
            Self::Drop => "drop",
            Self::Fade => "fade",
        }
    }
}

/// From one section to the next. A number is `None` where one of the two is silent or the number before is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transition {
    /// How.
    pub kind: TransitionKind,
    /// How long the change takes, seconds, in steps of a block (0.56 s).
    pub seconds: f32,
    /// Energy of this section minus that of the one before, dB.
    pub change_db: Option<f32>,
    /// Brightness of this section over that of the one before.
    pub brightness_ratio: Option<f32>,
    /// Density of this section over that of the one before.
    pub density_ratio: Option<f32>,
}

/// A stretch of a track that is of one kind. Sections follow each other without gap from 0 to the end of the track.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Section {
    /// Where it starts, seconds from the start of the track, whole microseconds.
    pub start: f64,
    /// Where it ends, seconds.
    pub end: f64,
    /// Sections that sound alike share a letter: `A` first, after `Z` comes `AA`.
    pub letter: String,
    /// The part it plays.
    pub role: Role,
    /// How well the role fits, 0-1: below about 0.5 the label is weak.
    pub membership: f32,
    /// Mean power of the mono mix over that of the whole track, dB; `None` for silence.
    pub energy: Option<f32>,
    /// Median centroid over that of the whole track, a ratio; `None` for silence.
    pub brightness: Option<f32>,
    /// Mean onset flux over that of the whole track, a ratio: attacks and their strength, whatever the tempo; `None` where the track has
    /// none.
    pub density: Option<f32>,
    /// How much the energy rises over the section, last third over first third, dB; `None` where a third is silent.
    pub slope_db: Option<f32>,
    /// How far this section is from the one before, 0-1: the mean over timbre, harmony, level and density of the share of
    /// difference that is not spread within the two. `None` for the first section.
    pub novelty: Option<f32>,
    /// How it takes over; `None` for the first section.
    pub transition: Option<Transition>,
}

/// Sections as an Audacity label track: a line each, `start TAB end TAB label`, seconds with six decimals (Audacity manual, "Importing
/// and Exporting Labels"). The label is the letter and the role, `A intro`.
#[must_use]
pub fn audacity_labels(sections: &[Section]) -> String {
    sections.iter().map(|s| format!("{:.6}\t{:.6}\t{} {}\n", s.start, s.end, s.letter, s.role.name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_lines_of_start_end_and_text() {
        let section = |start, end, letter: &str, role| Section {
            start,
            end,
            letter: letter.into(),
            role,
            membership: 1.0,
            energy: None,
            brightness: None,
            density: None,
            slope_db: None,
            novelty: None,
            transition: None,
        };
        let sections = [section(0.0, 12.345_678, "A", Role::Intro), section(12.345_678, 300.5, "B", Role::BuildUp)];
        assert_eq!(audacity_labels(&sections), "0.000000\t12.345678\tA intro\n12.345678\t300.500000\tB build-up\n");
        assert_eq!(audacity_labels(&[]), "");
    }
}
