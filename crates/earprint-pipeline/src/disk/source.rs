//! Opening files: plain 16-bit PCM straight into the batch, everything else through the decoders.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use earprint_audio::walk::WalkEntry;
use earprint_audio::wav::{Header, SampleFormat, WavLayout, parse_header};
use earprint_audio::{AudioError, Limits, Mono, StreamOptions};
use earprint_core::MelJob;

use super::known_failure;
use crate::input::{INTERRUPTED, InputOptions};
use crate::prepare::load_mono;
use crate::{Control, Failure, FileMeta, Loaded, Sound, Source};

/// Inputs a worker takes at a time: neighbours on disk, one atomic step.
const BLOCK: usize = 8;

/// Bytes read before the samples of a WAV file must have begun for the direct path.
const HEADER_ROOM: usize = 4096;

/// One worker's share of a queue all workers take from.
pub(super) struct BlockSource<'a> {
    opener: Opener<'a>,
    next: Arc<AtomicUsize>,
    block: std::ops::Range<usize>,
}

impl<'a> BlockSource<'a> {
    pub fn new(opener: Opener<'a>, next: Arc<AtomicUsize>) -> Self {
        Self { opener, next, block: 0..0 }
    }
}

impl Source for BlockSource<'_> {
    fn next(&mut self, batch: &mut Vec<i16>) -> Option<(usize, Result<Loaded, Failure>)> {
        let index = match self.block.next() {
            Some(i) => i,
            None => {
                let first = self.next.fetch_add(BLOCK, Ordering::Relaxed);
                self.block = first..(first + BLOCK).min(self.opener.inputs.len());
                self.block.next()?
            }
        };
        Some((index, self.opener.open(index, batch)))
    }
}

/// Opens inputs of a run, for any of its threads.
#[derive(Clone, Copy)]
pub(super) struct Opener<'a> {
    pub inputs: &'a [WalkEntry],
    pub open: &'a InputOptions,
    pub job: &'a MelJob,
    pub limits: &'a Limits,
    pub control: &'a Control,
}

impl Opener<'_> {
    fn open(&self, index: usize, batch: &mut Vec<i16>) -> Result<Loaded, Failure> {
        let input = &self.inputs[index];
        if let Some(failure) = known_failure(input) {
            return Err(failure);
        }
        let direct = if self.open.is_default() { self.direct(input, batch)? } else { None };
        let loaded = match direct {
            Some(loaded) => Ok(loaded),
            None => {
                let rate_hz = self.job.spec.sample_rate;
                let most = self.job.windows.as_ref().map(|w| w.clip_samples);
                let open = || self.open.open(input, most.is_some(), self.limits, StreamOptions::default());
                let clip = earprint_audio::mono_stream(open, rate_hz, most, self.limits);
                clip.map(|c| load_mono(c, rate_hz)).map_err(with_memory_hint)
            }
        };
        if self.open.interrupted(input) {
            return Err(Failure::error(INTERRUPTED, "the run was interrupted while standard input was read"));
        }
        self.control.count_opened(input.bytes);
        loaded
    }

    /// Plain 16-bit PCM of one channel at the job's rate, for a job that takes a fixed stretch: read behind the batch's
    /// samples, header and all, so that nothing is copied. `None`: not such a file; the batch is as it was.
    fn direct(&self, input: &WalkEntry, batch: &mut Vec<i16>) -> Result<Option<Loaded>, Failure> {
        let Some(windows) = &self.job.windows else { return Ok(None) };
        if cfg!(target_endian = "big") {
            return Ok(None);
        }
        let before = batch.len();
        let read = self.read_behind(input, batch, HEADER_ROOM + 2 * windows.clip_samples);
        let read = match read {
            Ok(n) => n,
            Err(e) => {
                batch.truncate(before);
                return Err(AudioError::io(input.path.display().to_string(), &e).into());
            }
        };
        let layout = {
            let bytes: &[u8] = &bytemuck::cast_slice(&batch[before..])[..read];
            match parse_header(bytes, input.bytes.max(read as u64), self.limits) {
                Ok(Header::Ready(layout)) => layout,
                _ => {
                    batch.truncate(before);
                    return Ok(None);
                }
            }
        };
        if !self.is_direct(&layout, read) {
            batch.truncate(before);
            return Ok(None);
        }
        let at = layout.data_offset as usize;
        let samples = ((read - at) / 2).min(layout.frames as usize).min(windows.clip_samples);
        batch.truncate(before + at / 2 + samples);
        let meta = FileMeta {
            frames_read: samples as u64,
            sample_rate: layout.rate_hz,
            channels: 1,
            decoder: earprint_audio::wav::DECODER,
            partial: layout.note.as_ref().is_some_and(|n| n.is_partial()),
            note: layout.note.as_ref().map(ToString::to_string),
        };
        let sound = Sound::InBatch { start: before + at / 2, samples };
        Ok(Some(Loaded { sound, rate_hz: layout.rate_hz, meta }))
    }

    fn is_direct(&self, layout: &WavLayout, read: usize) -> bool {
        layout.format == SampleFormat::I16
            && layout.channels == 1
            && layout.rate_hz == self.job.spec.sample_rate
            && layout.frames > 0
            && layout.data_offset.is_multiple_of(2)
            && (layout.data_offset as usize) <= HEADER_ROOM.min(read)
    }

    /// Reads at most `most` bytes of a file behind the batch; returns how many came.
    fn read_behind(&self, input: &WalkEntry, batch: &mut Vec<i16>, most: usize) -> std::io::Result<usize> {
        let before = batch.len();
        // One byte more than the file has, so that its end is seen without another call.
        let want = most.min(input.bytes as usize + 2).next_multiple_of(2);
        batch.resize(before + want / 2, 0);
        let room: &mut [u8] = bytemuck::cast_slice_mut(&mut batch[before..]);
        let mut file = File::open(&input.path)?;
        let mut read = 0;
        while read < room.len() {
            match file.read(&mut room[read..]) {
                Ok(0) => break,
                Ok(n) => {
                    read += n;
                    // A short read of a regular file is its end.
                    if read as u64 >= input.bytes {
                        break;
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(read)
    }
}

/// Says which knob a limit on a clip's size hangs on.
fn with_memory_hint(e: AudioError) -> Failure {
    let mut failure = Failure::from(e);
    if failure.code == "E_TOO_LARGE" {
        failure.reason +=
            " (a third of a thread's share of the memory budget: give the run more memory or fewer threads)";
    }
    failure
}

/// Files opened ahead by reading threads, given out in order: for a device that computes for everyone.
pub(super) struct Prefetch {
    shelf: Arc<Shelf>,
    next: usize,
    end: usize,
}

struct Shelf {
    ready: Mutex<Ready>,
    moved: Condvar,
}

struct Ready {
    opened: BTreeMap<usize, Result<Loaded, Failure>>,
    /// First input not given out yet: readers stay within reach of it.
    wanted: usize,
    closed: bool,
}

/// Inputs that may lie opened on the shelf.
const AHEAD: usize = 64;

impl Prefetch {
    pub fn start<'scope, 'a: 'scope>(
        scope: &'scope std::thread::Scope<'scope, '_>,
        opener: Opener<'a>,
        next: Arc<AtomicUsize>,
        readers: usize,
    ) -> Self {
        let first = next.load(Ordering::Relaxed);
        let ready = Ready { opened: BTreeMap::new(), wanted: first, closed: false };
        let shelf = Arc::new(Shelf { ready: Mutex::new(ready), moved: Condvar::new() });
        for _ in 0..readers {
            let (shelf, next) = (shelf.clone(), next.clone());
            scope.spawn(move || read_ahead(&opener, &next, &shelf));
        }
        Self { shelf, next: first, end: opener.inputs.len() }
    }
}

fn read_ahead(opener: &Opener, next: &AtomicUsize, shelf: &Shelf) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= opener.inputs.len() {
            return;
        }
        {
            let ready = shelf.ready.lock().expect("no panic holds it");
            let ready = shelf.moved.wait_while(ready, |r| !r.closed && index >= r.wanted + AHEAD);
            if ready.expect("no panic holds it").closed {
                return;
            }
        }
        let mut own = Vec::new();
        let opened = opener.open(index, &mut own).map(|mut loaded| {
            // Samples read behind a batch of this thread's own become a clip that can travel.
            if let Sound::InBatch { start, samples } = loaded.sound {
                loaded.sound = Sound::Mono(Mono::I16(own[start..start + samples].to_vec()));
            }
            loaded
        });
        shelf.ready.lock().expect("no panic holds it").opened.insert(index, opened);
        shelf.moved.notify_all();
    }
}

impl Source for Prefetch {
    fn next(&mut self, _: &mut Vec<i16>) -> Option<(usize, Result<Loaded, Failure>)> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let ready = self.shelf.ready.lock().expect("no panic holds it");
        let mut ready =
            self.shelf.moved.wait_while(ready, |r| !r.opened.contains_key(&index)).expect("no panic holds it");
        let opened = ready.opened.remove(&index).expect("waited for");
        ready.wanted = index + 1;
        drop(ready);
        self.shelf.moved.notify_all();
        Some((index, opened))
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.shelf.ready.lock().expect("no panic holds it").closed = true;
        self.shelf.moved.notify_all();
    }
}
