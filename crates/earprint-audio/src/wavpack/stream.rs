//! Packets in order: gaps, damage, and whether the end is the real one.

use super::block;
use super::reader::{Next, Packet, Reader};
use super::{DECODER, Damage};
use crate::clip::Samples;
use crate::error::AudioError;
use crate::finite::make_finite;
use crate::identity::Hasher;
use crate::limits::Limits;
use crate::note::{Note, Partial};
use crate::sniff::KNOWN;
use crate::stream::{Source, Step, StreamOptions};

const NAME: &str = "WavPack";
/// Steps over damage before the first packet: a file of nothing else ends soon.
const MAX_LOST_AT_OPEN: u32 = 1000;
/// Longest silence for a run of lost packets, in frames: six minutes at 48 kHz.
const MAX_GAP_FRAMES: u64 = 1 << 24;
/// Frames of silence in one block.
const SILENCE_FRAMES: u64 = 1 << 16;

/// An opened WavPack file.
pub(crate) struct WavPackReader {
    reader: Reader,
    rate_hz: u32,
    channels: usize,
    limits: Limits,
    /// Frames of this and all joined files before, where each told it.
    required: Option<u64>,
    /// Number that the next packet should have.
    next_index: u64,
    /// The packet that waits behind silence, or was read at opening.
    ready: Option<Packet>,
    /// Samples that wait behind silence.
    decoded: Option<Vec<Vec<f32>>>,
    silence: u64,
    lost: u64,
    /// Lost packets that the note has not counted yet.
    new_lost: u64,
    first_damage: Option<Damage>,
    hash: Option<Hasher>,
}

impl WavPackReader {
    /// Reads up to the first packet.
    pub fn open(
        source: Box<dyn Source>,
        total_bytes: u64,
        limits: &Limits,
        options: &StreamOptions,
    ) -> Result<WavPackReader, AudioError> {
        let mut reader = Reader::new(source, total_bytes, limits);
        if !reader.head()?.starts_with(b"wvpk") && !reader.skip_preamble()? {
            return Err(no_blocks(&mut reader, total_bytes)?);
        }
        let mut lost = 0;
        let first = loop {
            options.check()?;
            match reader.next()? {
                Next::Packet(packet) => break packet,
                Next::Lost if lost < u64::from(MAX_LOST_AT_OPEN) => lost += 1,
                Next::Lost => return Err(malformed("no packet of audio is whole".into())),
                Next::End(true) => {
                    return Err(AudioError::Truncated {
                        container: NAME,
                        at_bytes: total_bytes,
                        what: "a whole block of audio",
                    });
                }
                Next::End(false) if lost > 0 => return Err(malformed("no packet of audio is whole".into())),
                Next::End(false) => return Err(no_blocks(&mut reader, total_bytes)?),
            }
        };
        if first.is_dsd {
            return Err(AudioError::Unsupported { expected: KNOWN, actual: "DSD in WavPack".into() });
        }
        let rate_hz = first.rate_hz.ok_or_else(|| malformed("the sample rate is missing".into()))?;
        limits.check_rate(rate_hz)?;
        limits.check_channels(first.channels)?;
        // A piece cut from a longer file begins at a later frame; a piece lost to damage is missed.
        let start = if lost > 0 { 0 } else { first.index };
        let hash = options.identify.then(|| Hasher::new("wavpack", format!("{rate_hz} {}", first.channels).as_bytes()));
        Ok(WavPackReader {
            reader,
            rate_hz,
            channels: first.channels,
            limits: *limits,
            required: first.total.map(|total| total.saturating_sub(start)),
            next_index: start,
            ready: Some(first),
            decoded: None,
            silence: 0,
            lost,
            new_lost: lost,
            first_damage: None,
            hash,
        })
    }

    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    pub fn frames_hint(&self) -> Option<u64> {
        self.required
    }

    /// Hash of the packets so far.
    pub fn hash(&self) -> Option<&Hasher> {
        self.hash.as_ref()
    }

    /// Takes the packets that are left into the hash.
    pub fn skip_to_end(&mut self, options: &StreamOptions) -> Result<(), AudioError> {
        while !matches!(self.take(options)?, Next::End(_)) {}
        Ok(())
    }

    /// The next samples; `frames` have been delivered before.
    pub fn next(&mut self, frames: u64, note: &mut Note, options: &StreamOptions) -> Result<Step, AudioError> {
        let step = self.advance(frames, options);
        note.lost_packets += std::mem::take(&mut self.new_lost);
        let mut step = step?;
        if let Step::Samples(Samples::F32(planes)) = &mut step {
            planes.iter_mut().for_each(|plane| note.count(make_finite(plane)));
        }
        Ok(step)
    }

    fn advance(&mut self, frames: u64, options: &StreamOptions) -> Result<Step, AudioError> {
        loop {
            if self.silence > 0 {
                let now = self.silence.min(SILENCE_FRAMES);
                self.silence -= now;
                return Ok(Step::Samples(Samples::F32(vec![vec![0.0; now as usize]; self.channels])));
            }
            if let Some(planes) = self.decoded.take() {
                return Ok(Step::Samples(Samples::F32(planes)));
            }
            match self.take(options)? {
                Next::Lost => {
                    self.lost += 1;
                    self.new_lost += 1;
                }
                Next::End(within) => return self.end(frames, within),
                Next::Packet(packet) => {
                    if (packet.rate_hz, packet.channels) != (Some(self.rate_hz), self.channels) {
                        let rate_hz = packet.rate_hz.unwrap_or(0);
                        let channels = packet.channels;
                        self.skip_to_end(options)?;
                        return Ok(Step::End(Some(self.partial(
                            frames,
                            format!(
                                "the audio changes from {} Hz, {} channels to {rate_hz} Hz, {channels} channels",
                                self.rate_hz, self.channels
                            ),
                        ))));
                    }
                    self.place(packet);
                }
            }
        }
    }

    /// Decodes a packet and finds out how much silence goes before it.
    fn place(&mut self, packet: Packet) {
        let mut planes = Vec::new();
        let decoded = packet.blocks().try_for_each(|(bytes, _)| block::decode(bytes, &mut planes));
        if let Err(damage) = decoded {
            self.lost += 1;
            self.new_lost += 1;
            self.first_damage.get_or_insert(damage);
            return;
        }
        planes.truncate(self.channels);
        if packet.index > 0 && packet.index < self.next_index {
            // Sound that was there before: a block copied by mistake.
            self.lost += 1;
            self.new_lost += 1;
            return;
        }
        if packet.index == 0 && self.next_index > 0 {
            // Another file follows, joined to this one.
            self.required = self.required.zip(packet.total).map(|(all, more)| all.saturating_add(more));
        } else {
            // Frames that are missing become silence; an absurd number is ignored.
            let gap = packet.index.saturating_sub(self.next_index);
            let accepted = gap <= MAX_GAP_FRAMES && self.required.is_none_or(|all| gap <= all);
            self.silence = if accepted { gap } else { 0 };
            if gap > 0 && self.new_lost == 0 && self.lost == 0 {
                self.lost += 1;
                self.new_lost += 1;
            }
        }
        self.next_index = packet.index.saturating_add(u64::from(packet.frames));
        self.decoded = Some(planes);
    }

    fn take(&mut self, options: &StreamOptions) -> Result<Next, AudioError> {
        options.check()?;
        let next = match self.ready.take() {
            Some(packet) => Next::Packet(packet),
            None => self.reader.next()?,
        };
        if let (Next::Packet(packet), Some(hash)) = (&next, &mut self.hash) {
            packet.hash(hash);
        }
        Ok(next)
    }

    fn end(&self, frames: u64, within: bool) -> Result<Step, AudioError> {
        if frames == 0 && self.lost > 0 {
            let what = match self.first_damage {
                Some(damage) => format!("none of {} packets is intact: {damage}", self.lost),
                None => format!("none of {} packets is intact", self.lost),
            };
            return Err(AudioError::Decode { decoder: DECODER, what });
        }
        let short = within || self.required.is_some_and(|required| frames < required);
        let reason = match (self.lost, short) {
            (0, false) => return Ok(Step::End(None)),
            (0, true) => "the file ends before its audio does".to_owned(),
            (lost, _) => format!("{lost} packets are damaged"),
        };
        Ok(Step::End(Some(self.partial(frames, reason))))
    }

    fn partial(&self, frames: u64, reason: String) -> Partial {
        let expected_frames = self.required.filter(|&all| all > frames && all <= self.limits.max_frames);
        Partial { frames, expected_frames, rate_hz: self.rate_hz, reason: reason.into() }
    }
}

/// What a file is in which no block was found.
fn no_blocks(reader: &mut Reader, total_bytes: u64) -> Result<AudioError, AudioError> {
    let head = reader.head()?;
    if !head.starts_with(b"wvpk") {
        return Ok(AudioError::NotAudio { expected: KNOWN, actual: crate::sniff::printable(&head) });
    }
    Ok(match *head {
        [_, _, _, _, _, _, _, _, low, high, ..] if high != 4 => AudioError::Unsupported {
            expected: KNOWN,
            actual: format!("WavPack with stream version 0x{:04x}", u16::from_le_bytes([low, high])),
        },
        _ if head.len() < super::header::HEADER_BYTES => {
            AudioError::Truncated { container: NAME, at_bytes: total_bytes, what: "a block header of 32 bytes" }
        }
        _ => AudioError::Malformed { container: NAME, what: "no block of audio was found".into() },
    })
}

fn malformed(what: String) -> AudioError {
    AudioError::Malformed { container: NAME, what }
}
