//! All channels of a source at one rate, block by block, in constant memory.
//!
//! Enters: a [`Stream`] of any rate. Leaves: planar blocks at the rate asked for, the same samples as of resampling every
//! channel whole, to the bit; block borders carry no meaning. A block of a source at a low rate becomes many samples: it is
//! resampled in parts, so that memory does not grow by the ratio of the rates.

use crate::decode::guard;
use crate::error::AudioError;
use crate::identity::AudioId;
use crate::note::Note;
use crate::resample::Resampler;
use crate::stream::{Block, Stream};

/// Samples of all channels together that one part of a block becomes, or those of one frame where that is more.
const PART_SAMPLES: usize = 1 << 17;

/// A stream whose channels were brought to one rate.
pub struct PlanarStream {
    stream: Stream,
    /// One per channel; none where the source has the rate already.
    resamplers: Vec<Resampler>,
    /// The block that is being resampled, and how many of its frames are done.
    block: Block,
    done: usize,
    /// Frames of a block that are resampled at a time.
    part: usize,
    ended: bool,
}

impl PlanarStream {
    /// The channels of `stream` at `rate_hz`.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`] for a rate that cannot be resampled to, [`AudioError::TooLarge`] where resampling all channels
    /// takes more memory than the stream's limits allow.
    pub fn new(stream: Stream, rate_hz: u32) -> Result<Self, AudioError> {
        let from = stream.rate_hz();
        let resamplers = if from == rate_hz {
            Vec::new()
        } else {
            Resampler::for_channels(from, rate_hz, stream.channels(), stream.limits())?
        };
        let part =
            PART_SAMPLES as u64 * u64::from(from) / (u64::from(rate_hz).max(1) * stream.channels().max(1) as u64);
        let block = Block { planar: Vec::new() };
        Ok(Self { stream, resamplers, block, done: 0, part: (part as usize).max(1), ended: false })
    }

    /// The next block, `None` at the end.
    ///
    /// # Errors
    /// As [`Stream::next_block`]; a panic on the way is [`AudioError::DecoderPanicked`]. After an error the stream has ended.
    pub fn next_block(&mut self) -> Result<Option<Block>, AudioError> {
        if self.ended {
            return Ok(None);
        }
        let next = guard("earprint-audio", || self.advance());
        self.ended = !matches!(next, Ok(Some(_)));
        next
    }

    fn advance(&mut self) -> Result<Option<Block>, AudioError> {
        loop {
            let frames = self.block.planar.first().map_or(0, Vec::len);
            if self.done == frames {
                let Some(block) = self.stream.next_block()? else { break };
                if self.resamplers.is_empty() {
                    return Ok(Some(block));
                }
                (self.block, self.done) = (block, 0);
                continue;
            }
            let part = self.done..frames.min(self.done + self.part);
            self.done = part.end;
            let each = self.resamplers.iter_mut().zip(&self.block.planar);
            let planar = each.map(|(r, plane)| r.push(&plane[part.clone()])).collect::<Result<Vec<_>, _>>()?;
            if !planar[0].is_empty() {
                return Ok(Some(Block { planar }));
            }
        }
        let rest = std::mem::take(&mut self.resamplers);
        if rest.is_empty() || self.stream.frames() == 0 {
            return Ok(None);
        }
        let planar = rest.into_iter().map(Resampler::finish).collect::<Result<Vec<_>, _>>()?;
        Ok((!planar[0].is_empty()).then_some(Block { planar }))
    }

    /// The source's own rate, Hz.
    pub fn source_rate_hz(&self) -> u32 {
        self.stream.rate_hz()
    }

    /// Frames decoded so far, at the source's own rate.
    pub fn source_frames(&self) -> u64 {
        self.stream.frames()
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        self.stream.channels()
    }

    /// As [`Stream::decoder`].
    pub fn decoder(&self) -> &'static str {
        self.stream.decoder()
    }

    /// As [`Stream::note`].
    pub fn note(&self) -> Option<Note> {
        self.stream.note()
    }

    /// As [`Stream::audio_id`].
    pub fn audio_id(&self) -> Option<AudioId> {
        self.stream.audio_id()
    }
}
