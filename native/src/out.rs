//! stdout: data, gathered in a buffer, and never lost without a word; and texts that keep to one line.
//!
//! A reader that closes the pipe has seen enough: [`closed`] tells `main` that this is a quiet end. Everything else that stdout
//! refuses (a full disk behind it) is an error of the verb.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::OnceLock;

use anyhow::{Context, Result};

/// Lines on stdout. Ends with [`Out::flush`]: what is left in a buffer that is dropped may be lost.
pub struct Out<W: Write = Stdout>(BufWriter<W>);

/// stdout.
pub fn out() -> Out {
    Out(BufWriter::new(io::stdout()))
}

impl<W: Write> Out<W> {
    /// One line.
    ///
    /// # Errors
    /// What the system says.
    pub fn line(&mut self, text: impl Display) -> Result<()> {
        writeln!(self.0, "{text}").context(WRITING)
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// What the system says.
    pub fn flush(&mut self) -> Result<()> {
        self.0.flush().context(WRITING)
    }
}

const WRITING: &str = "writing to stdout";

/// True where the reader of a pipe has gone.
pub fn closed(e: &anyhow::Error) -> bool {
    e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

static LOST: OnceLock<anyhow::Error> = OnceLock::new();

/// Notes a line that stdout did not take, for verbs whose files go on without it. A closed pipe is the reader's choice.
pub fn note_lost(written: Result<()>) {
    if let Err(e) = written
        && !closed(&e)
    {
        // The first one counts.
        let _ = LOST.set(e);
    }
}

/// Asked once a verb has ended.
///
/// # Errors
/// What [`note_lost`] noted.
pub fn all_written() -> Result<()> {
    LOST.get().map_or(Ok(()), |e| Err(anyhow::anyhow!("{}", words(e))))
}

/// An error with its causes, none of them twice: some say in their own words what caused them.
pub fn words(e: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in e.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text += if text.is_empty() { "" } else { ": " };
            text += &cause;
        }
    }
    text
}

/// Text that has one line and moves no cursor: control characters stand as `\n`, `\t` or `\u{1b}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out.into()
}

/// A number for people: three digits that mean something, `-` where it is unknown.
pub fn number(v: f32) -> String {
    match v.abs() {
        a if !a.is_finite() => "-".to_owned(),
        100.0.. => format!("{v:.0}"),
        10.0.. => format!("{v:.1}"),
        // Zero has no digits that mean more.
        0.1.. | 0.0 => format!("{v:.3}"),
        0.01.. => format!("{v:.4}"),
        0.001.. => format!("{v:.5}"),
        _ => format!("{v:.2e}"),
    }
}

/// Milliseconds since 1970 as `2026-11-21 08:40 UTC`.
pub fn date(ms: i64) -> String {
    let (days, minutes) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 60_000);
    // Years that begin in March, so that the leap day is the last one; 400 of them have 146,097 days.
    let (era, day) = ((days + 719_468).div_euclid(146_097), (days + 719_468).rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year + i64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
    let mut text = String::new();
    write!(text, "{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60).expect("memory");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing, for a reason.
    struct Refuses(io::ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_not_taken_is_an_error_and_a_closed_pipe_is_told_from_it() {
        for (kind, quiet) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
            let mut out = Out(BufWriter::new(Refuses(kind)));
            out.line("in the buffer").unwrap();
            let e = out.flush().unwrap_err();
            assert_eq!(closed(&e), quiet);
            assert!(words(&e).starts_with("writing to stdout: "));
        }
    }

    #[test]
    fn a_cause_is_told_once() {
        let io = io::Error::other("no space");
        let e = anyhow::Error::from(earprint_store::StoreError::io("writing", "a.csv".as_ref())(io));
        assert_eq!(format!("{e:#}").matches("no space").count(), 2, "as anyhow tells it");
        assert_eq!(words(&e.context("exporting")), "exporting: writing a.csv: no space");
    }

    #[test]
    fn texts_keep_to_one_line_and_numbers_have_digits() {
        assert_eq!(plain("a/é b.wav"), "a/é b.wav");
        assert_eq!(plain("a\nb\tc\u{1b}[1m"), "a\\nb\\tc\\u{1b}[1m");
        let numbers = [f32::NAN, 0.0, -14.26, 120.4, 0.5, 0.012_345, 0.001_234, 0.000_123_4, -3.2e-9];
        let want = ["-", "0.000", "-14.3", "120", "0.500", "0.0123", "0.00123", "1.23e-4", "-3.20e-9"];
        assert_eq!(numbers.map(number), want);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59 UTC"),
            (1_795_250_404, "2026-11-21 08:40 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(date(seconds * 1000), text);
        }
    }
}
