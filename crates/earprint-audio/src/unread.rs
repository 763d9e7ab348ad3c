//! How many files were refused for their format, by format: "not supported: 30 Opus, 12 WMA".

use std::collections::BTreeMap;
use std::fmt;

use crate::formats::named_in;

/// Counts of refused files. [`fmt::Display`] gives the line, most files first; empty where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadCounts(BTreeMap<String, u64>);

impl UnreadCounts {
    /// Counts a failure by its code and sentence, if it is one of an unread format.
    pub fn add(&mut self, code: Option<&str>, sentence: Option<&str>) {
        if code == Some("E_UNSUPPORTED")
            && let Some(name) = sentence.and_then(named_in)
        {
            *self.0.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// True where no file was refused for its format.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for UnreadCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut formats: Vec<(&String, &u64)> = self.0.iter().collect();
        // Equal counts stay in the order of their names.
        formats.sort_by_key(|(_, files)| std::cmp::Reverse(**files));
        for (i, (name, files)) in formats.into_iter().enumerate() {
            let before = if i == 0 { "not supported: " } else { ", " };
            write!(f, "{before}{files} {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AudioError;

    #[test]
    fn the_line_counts_by_format_and_leaves_other_failures_out() {
        let mut counts = UnreadCounts::default();
        assert_eq!(counts.to_string(), "");
        for actual in ["WMA", "Opus in Ogg", "WMA", "MIDI", "WMA (by its name; it starts with text)"] {
            let error = AudioError::Unsupported { expected: "WAV", actual: actual.into() };
            counts.add(Some(error.code()), Some(&error.to_string()));
        }
        let other = AudioError::Empty { what: "the audio track is empty" };
        counts.add(Some(other.code()), Some(&other.to_string()));
        counts.add(None, None);
        assert_eq!(counts.to_string(), "not supported: 3 WMA, 1 MIDI, 1 Opus");
    }
}
