//! Where the samples of a track lie: the tables of `stbl`, and the runs of a movie fragment.
//!
//! Source: ISO/IEC 14496-12, sections 8.6 to 8.8. Tables are kept as the bytes they are and walked entry by entry, so
//! that a count of 2^32 costs nothing.

use super::super::input::Fields;
use super::boxes::{boxes, find, table};

/// One sample of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub offset: u64,
    pub bytes: u64,
    /// Length in ticks of the track's clock.
    pub ticks: u64,
}

/// Walks the sample tables of a track.
#[derive(Default)]
pub(super) struct SampleTable {
    /// (samples, ticks of each), 8 bytes an entry.
    times: Vec<u8>,
    /// (first chunk, samples in a chunk, description), 12 bytes an entry.
    chunks: Vec<u8>,
    /// Bytes of each sample, 4 bytes an entry; empty where all are equal.
    sizes: Vec<u8>,
    equal_size: u32,
    samples: u64,
    /// Offsets of chunks, `offset_bytes` an entry.
    offsets: Vec<u8>,
    offset_bytes: usize,
    // Where the walk stands.
    sample: u64,
    chunk: u32,
    left_in_chunk: u32,
    next_offset: u64,
    chunk_entry: usize,
    time_entry: usize,
    left_in_time: u32,
}

impl SampleTable {
    /// Takes the tables of an `stbl` box.
    pub fn new(stbl: &[u8]) -> SampleTable {
        let of = |kind| find(stbl, kind).unwrap_or(&[]);
        let size_box = of(b"stsz");
        let equal_size = size_box.be32_at(4).unwrap_or(0);
        let wide = find(stbl, b"co64");
        let mut out = SampleTable {
            times: table(of(b"stts"), 8).to_vec(),
            chunks: table(of(b"stsc"), 12).to_vec(),
            equal_size,
            samples: u64::from(size_box.be32_at(8).unwrap_or(0)),
            offset_bytes: if wide.is_some() { 8 } else { 4 },
            offsets: wide.map_or_else(|| table(of(b"stco"), 4), |b| table(b, 8)).to_vec(),
            ..SampleTable::default()
        };
        if equal_size == 0 {
            out.sizes = table(size_box.get(4..).unwrap_or(&[]), 4).to_vec();
            out.samples = out.sizes.len() as u64 / 4;
        }
        if let Some(compact) = find(stbl, b"stz2") {
            out.sizes = compact_sizes(compact);
            out.samples = out.sizes.len() as u64 / 4;
        }
        out
    }

    pub fn is_empty(&self) -> bool {
        self.samples == 0 || self.offsets.is_empty() || self.chunks.is_empty()
    }

    /// Takes samples as frames of PCM: old QuickTime files say 1 byte for each.
    pub fn set_frame_bytes(&mut self, frame_bytes: u64) {
        if !u64::from(self.equal_size).is_multiple_of(frame_bytes) || self.equal_size == 0 && self.sizes.is_empty() {
            self.equal_size = u32::try_from(frame_bytes).unwrap_or(0);
        }
    }

    /// Ticks of all samples together.
    pub fn total_ticks(&self) -> u64 {
        let (mut ticks, mut left) = (0u64, self.samples);
        for entry in self.times.chunks_exact(8) {
            let count = u64::from(entry.be32_at(0).unwrap_or(0)).min(left);
            ticks = ticks.saturating_add(count.saturating_mul(u64::from(entry.be32_at(4).unwrap_or(0))));
            left -= count;
        }
        ticks
    }

    /// Whether a chunk uses another sample description than the first.
    pub fn changes_description(&self) -> bool {
        self.chunks.chunks_exact(12).any(|entry| entry.be32_at(8) > Some(1))
    }

    /// The next sample.
    pub fn next(&mut self) -> Option<Sample> {
        if self.sample >= self.samples {
            return None;
        }
        if self.left_in_chunk == 0 {
            self.left_in_chunk = self.enter_chunk()?;
        }
        let bytes = match self.equal_size {
            0 => self.sizes.be32_at(usize::try_from(self.sample).ok()? * 4)?,
            size => size,
        };
        let sample = Sample { offset: self.next_offset, bytes: u64::from(bytes), ticks: self.next_ticks() };
        self.next_offset = self.next_offset.saturating_add(sample.bytes);
        self.left_in_chunk -= 1;
        self.sample += 1;
        Some(sample)
    }

    /// Moves to the next chunk that holds samples; returns how many.
    fn enter_chunk(&mut self) -> Option<u32> {
        loop {
            let at = usize::try_from(self.chunk).ok()? * self.offset_bytes;
            self.next_offset = match self.offset_bytes {
                8 => self.offsets.be64_at(at)?,
                _ => u64::from(self.offsets.be32_at(at)?),
            };
            self.chunk += 1;
            // Chunks are counted from 1; an entry holds until the next one's first chunk.
            while self.chunks.be32_at((self.chunk_entry + 1) * 12).is_some_and(|first| first <= self.chunk) {
                self.chunk_entry += 1;
            }
            match self.chunks.be32_at(self.chunk_entry * 12 + 4)? {
                0 => {}
                samples => return Some(samples),
            }
        }
    }

    fn next_ticks(&mut self) -> u64 {
        while self.left_in_time == 0 {
            let Some(count) = self.times.be32_at(self.time_entry * 8) else { return 0 };
            self.left_in_time = count;
            self.time_entry += 1;
        }
        self.left_in_time -= 1;
        u64::from(self.times.be32_at((self.time_entry - 1) * 8 + 4).unwrap_or(0))
    }
}

/// Sizes of 4, 8 or 16 bits, spread to 32.
fn compact_sizes(stz2: &[u8]) -> Vec<u8> {
    let (bits, count) = (stz2.u8_at(7).unwrap_or(0), stz2.be32_at(8).unwrap_or(0) as usize);
    let fields = stz2.get(12..).unwrap_or(&[]);
    let values: Vec<u32> = match bits {
        4 => fields.iter().flat_map(|b| [u32::from(b >> 4), u32::from(b & 15)]).collect(),
        8 => fields.iter().map(|&b| u32::from(b)).collect(),
        16 => fields.chunks_exact(2).map(|b| u32::from(b[0]) << 8 | u32::from(b[1])).collect(),
        _ => Vec::new(),
    };
    values.iter().take(count).flat_map(|size| size.to_be_bytes()).collect()
}

/// Defaults that a track's fragments start from (`trex`).
#[derive(Clone, Copy, Default)]
pub(super) struct FragmentDefaults {
    pub ticks: u32,
    pub bytes: u32,
}

/// One run of samples (`trun`), walked entry by entry.
pub(super) struct Run {
    fields: Vec<u8>,
    flags: u32,
    left: u32,
    at: usize,
    offset: u64,
    defaults: FragmentDefaults,
    /// When its fragment begins, in ticks of the track, where the fragment tells it and this is its first run.
    pub start: Option<u64>,
}

impl Run {
    /// The next sample.
    pub fn next(&mut self) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        let (mut ticks, mut bytes) = (self.defaults.ticks, self.defaults.bytes);
        for (flag, value) in [(0x100, Some(&mut ticks)), (0x200, Some(&mut bytes)), (0x400, None), (0x800, None)] {
            if self.flags & flag != 0 {
                let field = self.fields.be32_at(self.at)?;
                self.at += 4;
                if let Some(value) = value {
                    *value = field;
                }
            }
        }
        let sample = Sample { offset: self.offset, bytes: u64::from(bytes), ticks: u64::from(ticks) };
        self.offset = self.offset.saturating_add(sample.bytes);
        Some(sample)
    }

    /// Bytes of all samples that are left.
    fn total_bytes(&self) -> u64 {
        if self.flags & 0x200 == 0 {
            return u64::from(self.left) * u64::from(self.defaults.bytes);
        }
        let stride = 4 * (self.flags >> 8 & 15).count_ones() as usize;
        let skip = if self.flags & 0x100 != 0 { 4 } else { 0 };
        let sizes = self.fields.get(self.at..).unwrap_or(&[]).chunks_exact(stride).take(self.left as usize);
        sizes.map(|entry| u64::from(entry.be32_at(skip).unwrap_or(0))).sum()
    }
}

/// The runs of one track in a fragment at `moof_at`.
pub(super) fn runs(moof: &[u8], moof_at: u64, track_id: u32, defaults: FragmentDefaults) -> Vec<Run> {
    let mut out = Vec::new();
    // Without a base of its own, a track's data follow those of the track before.
    let mut implicit_base = moof_at;
    for traf in boxes(moof).filter(|b| &b.kind == b"traf") {
        let Some(tfhd) = find(traf.body, b"tfhd") else { continue };
        let (Some(flags), Some(id)) = (tfhd.be32_at(0), tfhd.be32_at(4)) else { continue };
        let mut at = 8;
        let mut base = if flags & 0x2_0000 != 0 { moof_at } else { implicit_base };
        if flags & 1 != 0 {
            base = tfhd.be64_at(at).unwrap_or(base);
            at += 8;
        }
        at += if flags & 2 != 0 { 4 } else { 0 };
        let mut defaults = defaults;
        for (flag, value) in [(8, &mut defaults.ticks), (16, &mut defaults.bytes)] {
            if flags & flag != 0 {
                *value = tfhd.be32_at(at).unwrap_or(*value);
                at += 4;
            }
        }
        let mut offset = base;
        // Base media decode time: 64 bits in version 1.
        let tfdt = find(traf.body, b"tfdt");
        let mut start =
            tfdt.and_then(|b| if b.first() == Some(&1) { b.be64_at(4) } else { b.be32_at(4).map(u64::from) });
        for trun in boxes(traf.body).filter(|b| &b.kind == b"trun") {
            let Some(mut run) = run(trun.body, base, offset, defaults) else { continue };
            run.start = start.take();
            offset = run.offset.saturating_add(run.total_bytes());
            if id == track_id {
                out.push(run);
            }
        }
        implicit_base = offset;
    }
    out
}

fn run(trun: &[u8], base: u64, follows: u64, defaults: FragmentDefaults) -> Option<Run> {
    let (flags, left) = (trun.be32_at(0)? & 0xFF_FFFF, trun.be32_at(4)?);
    let mut at = 8;
    let mut offset = follows;
    if flags & 1 != 0 {
        offset = base.saturating_add_signed(i64::from(trun.be32_at(at)? as i32));
        at += 4;
    }
    at += if flags & 4 != 0 { 4 } else { 0 };
    Some(Run { fields: trun.get(at..)?.to_vec(), flags, left, at: 0, offset, defaults, start: None })
}
