//! The movie box (`moov`): tracks, their clocks, and which part of their sound is meant to be played.
//!
//! Sources: ISO/IEC 14496-12 (edit lists, section 8.6.6), Apple's gapless tag `iTunSMPB` (hexadecimal numbers:
//! reserved, delay, padding, frames).

use super::super::input::Fields;
use super::boxes::{boxes, find, path};
use super::samples::FragmentDefaults;
use crate::error::AudioError;

/// An audio track as it stands in the movie box.
pub(super) struct MovieTrack<'a> {
    pub id: u32,
    pub enabled: bool,
    /// Ticks per second of the track's clock, at least 1.
    pub timescale: u64,
    pub stbl: &'a [u8],
    pub edit: Option<Edit>,
}

/// The part of a track that is played, in ticks of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub start: u64,
    /// `None` where the part goes to the end.
    pub end: Option<u64>,
    /// How exactly the movie's clock can tell the end.
    pub tolerance: u64,
}

/// The audio tracks of a movie, in the order of the file.
///
/// # Errors
/// [`AudioError::Unsupported`] for an edit list that plays several parts.
pub(super) fn audio_tracks(moov: &[u8]) -> Result<Vec<MovieTrack<'_>>, AudioError> {
    let movie_timescale = find(moov, b"mvhd").and_then(timescale).unwrap_or(1);
    let mut out = Vec::new();
    for trak in boxes(moov).filter(|b| &b.kind == b"trak") {
        let handler = path(trak.body, &[b"mdia", b"hdlr"]).and_then(|b| b.be32_at(8));
        let stbl = path(trak.body, &[b"mdia", b"minf", b"stbl"]);
        let timescale = path(trak.body, &[b"mdia", b"mdhd"]).and_then(timescale);
        let id = find(trak.body, b"tkhd").and_then(|b| b.be32_at(if b.first() == Some(&1) { 20 } else { 12 }));
        let (Some(id), Some(stbl), Some(timescale)) = (id, stbl, timescale) else { continue };
        if handler != Some(u32::from_be_bytes(*b"soun")) {
            continue;
        }
        let edit = match path(trak.body, &[b"edts", b"elst"]) {
            Some(elst) => edit(elst, movie_timescale, timescale)?,
            None => None,
        };
        let enabled = find(trak.body, b"tkhd").and_then(|b| b.u8_at(3)).is_some_and(|flags| flags & 1 != 0);
        out.push(MovieTrack { id, enabled, timescale, stbl, edit });
    }
    Ok(out)
}

/// Defaults of a track's fragments; `None` where the movie has no fragments.
pub(super) fn fragment_defaults(moov: &[u8], track_id: u32) -> Option<FragmentDefaults> {
    let mvex = find(moov, b"mvex")?;
    let trex = boxes(mvex).find(|b| &b.kind == b"trex" && b.body.be32_at(4) == Some(track_id));
    Some(trex.map_or_else(FragmentDefaults::default, |b| FragmentDefaults {
        ticks: b.body.be32_at(12).unwrap_or(0),
        bytes: b.body.be32_at(16).unwrap_or(0),
    }))
}

/// Delay and length in frames from an `iTunSMPB` tag. A file may have several boxes of user data.
pub(super) fn itunes_gapless(moov: &[u8]) -> Option<(u64, u64)> {
    boxes(moov).filter(|b| &b.kind == b"udta").find_map(|udta| gapless_tag(udta.body))
}

fn gapless_tag(udta: &[u8]) -> Option<(u64, u64)> {
    let meta = find(udta, b"meta")?;
    // ISO gives `meta` a version and flags, QuickTime does not.
    let ilst = find(meta.get(4..)?, b"ilst").or_else(|| find(meta, b"ilst"))?;
    let tag = boxes(ilst).filter(|b| &b.kind == b"----").find(|b| {
        let of = |kind| find(b.body, kind).and_then(|name| name.get(4..));
        of(b"mean") == Some(b"com.apple.iTunes") && of(b"name") == Some(b"iTunSMPB")
    })?;
    let text = std::str::from_utf8(find(tag.body, b"data")?.get(8..)?).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16).ok());
    let (_, delay, _, frames) = (numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??);
    Some((delay, frames)).filter(|&(delay, frames)| delay < 1 << 20 && frames > 0)
}

/// The clock of an `mvhd` or `mdhd` box.
fn timescale(body: &[u8]) -> Option<u64> {
    let at = if body.first() == Some(&1) { 20 } else { 12 };
    body.be32_at(at).filter(|&ticks| ticks > 0).map(u64::from)
}

fn edit(elst: &[u8], movie_timescale: u64, timescale: u64) -> Result<Option<Edit>, AudioError> {
    let wide = elst.first() == Some(&1);
    let entry_bytes = if wide { 20 } else { 12 };
    // One tick of the movie's clock, and one for rounding.
    let tolerance = timescale / movie_timescale + 1;
    let mut out: Option<Edit> = None;
    for entry in super::boxes::table(elst, entry_bytes).chunks_exact(entry_bytes) {
        let (duration, start) = if wide {
            (entry.be64_at(0), entry.be64_at(8).map(|t| t as i64))
        } else {
            (entry.be32_at(0).map(u64::from), entry.be32_at(4).map(|t| i64::from(t as i32)))
        };
        let (Some(duration), Some(start)) = (duration, start) else { break };
        // An empty edit delays the track against the picture; its sound begins where it begins.
        let Ok(start) = u64::try_from(start) else { continue };
        let ticks = u128::from(duration) * u128::from(timescale) / u128::from(movie_timescale);
        let end = (duration > 0).then(|| start.saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX)));
        out = Some(match out {
            None => Edit { start, end, tolerance },
            // Parts that follow each other are one.
            Some(first) if first.end.is_some_and(|before| before.abs_diff(start) <= tolerance) => Edit { end, ..first },
            Some(_) => return Err(super::super::unsupported("an MP4 edit list of several parts".into())),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    #[test]
    fn an_itunes_tag_tells_delay_and_length() {
        let text = b" 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
        let tag = [
            atom(b"mean", b"\0\0\0\0com.apple.iTunes"),
            atom(b"name", b"\0\0\0\0iTunSMPB"),
            atom(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0][..], text].concat()),
        ];
        let ilst = atom(b"ilst", &atom(b"----", &tag.concat()));
        let meta = atom(b"meta", &[&[0; 4][..], &ilst].concat());
        assert_eq!(itunes_gapless(&atom(b"udta", &meta)), Some((0x840, 0x3F_31F6)));
        let second = [atom(b"udta", b""), atom(b"udta", &meta)].concat();
        assert_eq!(itunes_gapless(&second), Some((0x840, 0x3F_31F6)));
        assert_eq!(itunes_gapless(&atom(b"udta", &atom(b"meta", &ilst))), Some((0x840, 0x3F_31F6)));
        assert_eq!(itunes_gapless(&atom(b"udta", b"")), None);
    }

    #[test]
    fn edits_become_one_part_or_are_refused() {
        let list = |entries: &[(u32, i32)]| {
            let mut out = [[0; 4], (entries.len() as u32).to_be_bytes()].concat();
            for (duration, start) in entries {
                out.extend([duration.to_be_bytes(), start.to_be_bytes(), [0, 1, 0, 0]].concat());
            }
            edit(&out, 1000, 44_100)
        };
        let part = |start, end| Some(Edit { start, end, tolerance: 45 });
        assert_eq!(list(&[(2000, 1024)]), Ok(part(1024, Some(89_224))));
        assert_eq!(list(&[(0, 1024)]), Ok(part(1024, None)));
        // A delay against the picture, then the sound.
        assert_eq!(list(&[(500, -1), (2000, 2112)]), Ok(part(2112, Some(90_312))));
        // Two parts that follow each other.
        assert_eq!(list(&[(1000, 0), (1000, 44_100)]), Ok(part(0, Some(88_200))));
        assert_eq!(list(&[]), Ok(None));
        assert!(list(&[(1000, 0), (1000, 441_000)]).is_err());
    }
}
