//! What a result says about its own gaps.

use std::borrow::Cow;
use std::fmt;

use crate::error::Grouped;
use crate::finite::Repairs;

/// What is not as the file promised, although samples could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The audio stops early.
    pub partial: Option<Partial>,
    /// A header field was wrong and has been worked around; the samples are complete.
    pub repaired: Option<&'static str>,
    /// NaN and infinite samples replaced by 0, all channels together.
    pub non_finite: u64,
    /// Samples above ±10^4 clamped to it, all channels together.
    pub clamped: u64,
    /// Packets that did not decode and were replaced by silence of the same length where the
    /// container tells it, so that later sound keeps its time.
    pub lost_packets: u64,
    /// Milliseconds that were read where reading ended early on request: no damage, but not the whole either.
    pub first_ms: Option<u64>,
}

/// How far a file got that stops early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// Frames that could be read.
    pub frames: u64,
    /// Frames the container announced, if it did.
    pub expected_frames: Option<u64>,
    /// Sample rate in Hz, to tell both as times.
    pub rate_hz: u32,
    /// Why it stopped.
    pub reason: Cow<'static, str>,
}

impl Note {
    /// Whether the audio stops early.
    pub fn is_partial(&self) -> bool {
        self.partial.is_some()
    }

    pub(crate) fn count(&mut self, repairs: Repairs) {
        self.non_finite += repairs.non_finite;
        self.clamped += repairs.clamped;
    }

    /// `None` if there is nothing to tell.
    pub(crate) fn some(&self) -> Option<Note> {
        (*self != Note::default()).then(|| self.clone())
    }
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped at {}", Clock(self.frames, self.rate_hz))?;
        if let Some(expected) = self.expected_frames {
            write!(f, " of {}", Clock(expected, self.rate_hz))?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for Note {
    /// One line, parts separated by "; ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(partial) = &self.partial {
            parts.push(partial.to_string());
        }
        if let Some(repaired) = self.repaired {
            parts.push(repaired.to_string());
        }
        if let Some(ms) = self.first_ms {
            parts.push(format!("only the first {} s were read, as asked", ms as f64 / 1000.0));
        }
        let counted = [
            (self.lost_packets, "damaged packets replaced by silence"),
            (self.non_finite, "non-finite samples replaced by 0"),
            (self.clamped, "samples clamped to ±10,000"),
        ];
        for (count, what) in counted {
            if count > 0 {
                parts.push(format!("{} {what}", Grouped(count)));
            }
        }
        f.write_str(&parts.join("; "))
    }
}

/// Frames at a rate as `m:ss` or `h:mm:ss`.
struct Clock(u64, u32);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.0 / u64::from(self.1.max(1));
        match s / 3600 {
            0 => write!(f, "{}:{:02}", s / 60, s % 60),
            h => write!(f, "{h}:{:02}:{:02}", s / 60 % 60, s % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_as_one_line() {
        let note = Note {
            partial: Some(Partial {
                frames: 72 * 44_100,
                expected_frames: Some(220 * 44_100),
                rate_hz: 44_100,
                reason: "the file ends there".into(),
            }),
            non_finite: 1234,
            ..Note::default()
        };
        assert_eq!(
            note.to_string(),
            "stopped at 1:12 of 3:40: the file ends there; 1,234 non-finite samples replaced by 0"
        );
        assert_eq!(Clock(3_725, 1).to_string(), "1:02:05");
        assert!(Note::default().some().is_none());
    }
}
