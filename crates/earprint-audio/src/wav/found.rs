//! What a container's header has told, and what of it is there.

use super::format::{Fmt, WavLayout};
use crate::error::AudioError;
use crate::limits::Limits;
use crate::note::{Note, Partial};

/// Marks a data size that the writer did not know yet.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// What a walk over the header has met so far.
#[derive(Default)]
pub(super) struct Found {
    /// The container's name, for messages.
    pub container: &'static str,
    /// The format of the samples.
    pub fmt: Option<Fmt>,
    /// Where the samples begin and how many bytes they are said to take.
    pub data: Option<(u64, u64)>,
    /// Frames by the `fact` chunk.
    pub fact: Option<u64>,
}

impl Found {
    /// Compares what was said with what is there.
    pub fn finish(self, total_bytes: u64, limits: &Limits) -> Result<WavLayout, AudioError> {
        let container = self.container;
        let (fmt, (data_offset, size)) = match (self.fmt, self.data) {
            (Some(fmt), Some(data)) => (fmt, data),
            (None, Some(_)) => return Err(malformed(container, "no fmt chunk; expected one beside data")),
            (Some(_), None) => {
                return Err(AudioError::Truncated { container, at_bytes: total_bytes, what: "a data chunk" });
            }
            (None, None) => return Err(malformed(container, "neither fmt nor data chunk")),
        };
        let here = total_bytes - data_offset;
        let Fmt { rate_hz, channels, format, adpcm, repaired } = fmt;
        let mut layout = WavLayout { rate_hz, channels, format, data_offset, frames: 0, adpcm, note: None };
        let mut note = Note { repaired, ..Note::default() };
        let data_bytes = size.min(here);
        if let Some(blocks) = &mut layout.adpcm {
            blocks.data_bytes = data_bytes;
        }
        layout.frames = layout.frames_in(data_bytes);
        let mut expected = layout.frames_in(size);
        if layout.adpcm.is_some() {
            match self.fact.map(|frames| (frames, ends_in_last_block(&layout, size, frames))) {
                // Codes beyond the last frame only fill the last block.
                Some((frames, true)) => {
                    expected = frames;
                    layout.frames = layout.frames.min(frames);
                }
                Some((frames, false)) if frames > 0 && size != UNKNOWN => {
                    note.repaired = Some("the fact chunk's number of frames does not fit the data; all were decoded");
                }
                _ => {}
            }
        }
        limits.check_frames(layout.frames)?;
        if size == UNKNOWN {
            note.repaired = Some("the data size in the header was never filled in; read to the end of the file");
        } else if size > here {
            note.partial = Some(Partial {
                frames: layout.frames,
                expected_frames: Some(expected),
                rate_hz,
                reason: "the file ends before its data does".into(),
            });
        }
        layout.note = note.some();
        Ok(layout)
    }
}

/// Whether a number of frames ends within the last block; any other number would cut sound away, or invent it.
fn ends_in_last_block(layout: &WavLayout, size: u64, frames: u64) -> bool {
    let block_bytes = layout.unit().0 as u64;
    let before = layout.frames_in(size.saturating_sub(1) / block_bytes * block_bytes);
    size != UNKNOWN && (before + 1..=layout.frames_in(size)).contains(&frames)
}

fn malformed(container: &'static str, what: &str) -> AudioError {
    AudioError::Malformed { container, what: what.into() }
}
