//! The corridor: open, prepare, compute, finish, hand over. Every target walks it.

use std::collections::VecDeque;
use std::sync::Arc;

use earprint_compute::{Budget, Dtype, MelBatch, MelPlan, MelValues, PcmBuffer, Slot};

use crate::engine::{Engine, Flight};
use crate::finish::finish;
use crate::prepare::{Loaded, place, stays_i16};
use crate::{Control, Failure, FileMeta, FileOutcome};

/// Where inputs come from, in the order this thread takes them.
pub trait Source {
    /// The next input, opened. A source of plain 16-bit PCM may put its samples at the end of `batch` itself
    /// (`Sound::InBatch`); it leaves `batch` as it was otherwise.
    fn next(&mut self, batch: &mut Vec<i16>) -> Option<(usize, Result<Loaded, Failure>)>;
}

/// Where outcomes go, in the order of the source.
pub trait Sink {
    /// Takes one outcome. An error ends the run.
    ///
    /// # Errors
    /// Whatever the sink cannot survive, as text for the user.
    fn put(&mut self, outcome: FileOutcome) -> Result<(), String>;
}

/// How much one batch takes at most, besides what the backend's budget allows. No value depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// Inputs.
    pub files: usize,
    /// Bytes of samples and results.
    pub bytes: u64,
}

/// What is to be handed over once the outputs before it are: an input, a failed one, or a piece of a long one.
struct Part {
    index: usize,
    outputs: usize,
    last: bool,
    state: Result<FileMeta, Failure>,
}

#[derive(Default)]
struct Building {
    slots: Vec<Slot>,
    parts: Vec<Part>,
    files: usize,
}

/// Walks every input of `source` through the stages on this thread's engine. Stops early, with everything computed
/// handed over, once `control` says so.
///
/// # Errors
/// The sink's.
pub async fn run(
    source: &mut dyn Source,
    plan: &Arc<MelPlan>,
    dtype: Dtype,
    engine: &mut Engine,
    portion: Portion,
    sink: &mut dyn Sink,
    control: &Control,
) -> Result<(), String> {
    let mut corridor = Corridor {
        plan,
        dtype,
        control,
        budget: engine.backend().budget(),
        portion,
        pcm: PcmBuffer::I16(Vec::new()),
        building: Building::default(),
        flying: VecDeque::new(),
        collected: VecDeque::new(),
        open_file: None,
        spare: None,
    };
    while !control.cancelled() {
        // Plain PCM is read straight behind the samples that wait; a float batch offers an empty one instead.
        let mut aside = Vec::new();
        let behind = match &mut corridor.pcm {
            PcmBuffer::I16(p) => p,
            PcmBuffer::F32(_) => &mut aside,
        };
        let Some((index, opened)) = source.next(behind) else { break };
        match opened {
            Ok(loaded) => corridor.take(index, loaded, aside, engine, sink).await?,
            // A pipe that was left: the input was not read, and is not told.
            Err(failure) if failure.code == "E_INTERRUPTED" => break,
            Err(failure) => corridor.building.parts.push(Part { index, outputs: 0, last: true, state: Err(failure) }),
        }
        if corridor.is_full() {
            corridor.send(engine, sink).await?;
        }
    }
    corridor.send(engine, sink).await?;
    corridor.drain(0, engine, sink).await
}

/// Inputs of one batch at most, failed ones among them: their fates must not wait for a batch that never fills.
const MOST_PARTS: usize = 512;

struct Corridor<'a> {
    plan: &'a Arc<MelPlan>,
    dtype: Dtype,
    control: &'a Control,
    budget: Budget,
    portion: Portion,
    pcm: PcmBuffer,
    building: Building,
    flying: VecDeque<(Flight, MelBatch, Vec<Part>)>,
    collected: VecDeque<(MelValues, Arc<str>, Vec<Part>)>,
    /// Values of the input whose last piece has not come yet.
    open_file: Option<MelValues>,
    spare: Option<PcmBuffer>,
}

impl Corridor<'_> {
    /// Prepares one input behind the batch and cuts it into pieces the backend can hold.
    async fn take(
        &mut self,
        index: usize,
        loaded: Loaded,
        aside: Vec<i16>,
        engine: &mut Engine,
        sink: &mut dyn Sink,
    ) -> Result<(), String> {
        let wants_i16 = stays_i16(&loaded, self.plan);
        let mut loaded = loaded;
        if wants_i16 != matches!(self.pcm, PcmBuffer::I16(_)) {
            self.send(engine, sink).await?;
            self.pcm = if wants_i16 { PcmBuffer::I16(Vec::new()) } else { PcmBuffer::F32(Vec::new()) };
            if let (crate::Sound::InBatch { start, samples }, PcmBuffer::I16(p)) = (&mut loaded.sound, &mut self.pcm) {
                p.extend_from_slice(&aside[*start..*start + *samples]);
                *start = 0;
            }
        }
        let before = len(&self.pcm);
        let (slot, meta) = match place(loaded, self.plan, &mut self.pcm) {
            Ok(placed) => placed,
            Err(failure) => {
                truncate(&mut self.pcm, before);
                self.building.parts.push(Part { index, outputs: 0, last: true, state: Err(failure) });
                return Ok(());
            }
        };
        self.building.files += 1;
        let piece = self.budget.outputs_alone(self.plan, self.pcm.sample_bytes());
        if slot.outputs <= piece {
            self.building.slots.push(slot);
            self.building.parts.push(Part { index, outputs: slot.outputs, last: true, state: Ok(meta) });
            return Ok(());
        }
        // A long input: its pieces leave in batches of their own, each with only its samples.
        let step = self.plan.grid.step;
        let clip = self.pcm.clone();
        truncate(&mut self.pcm, before.min(slot.start));
        self.building.files -= 1;
        self.send(engine, sink).await?;
        for first in (0..slot.outputs).step_by(piece) {
            let outputs = piece.min(slot.outputs - first);
            let from = slot.start + first * step;
            let to = from + self.plan.grid.samples(outputs);
            self.pcm = match &clip {
                PcmBuffer::I16(p) => PcmBuffer::I16(p[from..to].to_vec()),
                PcmBuffer::F32(p) => PcmBuffer::F32(p[from..to].to_vec()),
            };
            let last = first + outputs == slot.outputs;
            self.building.slots.push(Slot { start: 0, outputs });
            self.building.parts.push(Part { index, outputs, last, state: Ok(meta.clone()) });
            self.send(engine, sink).await?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        let outputs: usize = self.building.slots.iter().map(|s| s.outputs).sum();
        let bytes = self.plan.bytes(len(&self.pcm), self.pcm.sample_bytes(), outputs);
        // Room for one more input like the largest so far must remain.
        let largest = self.building.slots.iter().map(|s| s.outputs).max().unwrap_or(0);
        let more = self.plan.grid.samples(largest);
        let next = self.plan.bytes(len(&self.pcm) + more, self.pcm.sample_bytes(), outputs + largest);
        self.building.parts.len() >= self.portion.files.min(MOST_PARTS)
            || bytes.device() >= self.portion.bytes
            || !self.budget.holds(next, outputs + largest)
    }

    /// Starts the batch that was built; hands over what is finished.
    async fn send(&mut self, engine: &mut Engine, sink: &mut dyn Sink) -> Result<(), String> {
        let building = std::mem::take(&mut self.building);
        if building.slots.is_empty() {
            if building.parts.is_empty() {
                return Ok(());
            }
            // Only failures: they still wait for what is under way.
            self.drain(0, engine, sink).await?;
            self.collected.push_back((MelValues::F32(Vec::new()), "".into(), building.parts));
            return self.hand_over(sink);
        }
        let empty = match (&self.pcm, self.spare.take()) {
            (PcmBuffer::I16(_), Some(PcmBuffer::I16(s))) => PcmBuffer::I16(s),
            (PcmBuffer::F32(_), Some(PcmBuffer::F32(s))) => PcmBuffer::F32(s),
            (PcmBuffer::I16(_), _) => PcmBuffer::I16(Vec::new()),
            (PcmBuffer::F32(_), _) => PcmBuffer::F32(Vec::new()),
        };
        let batch = MelBatch { pcm: std::mem::replace(&mut self.pcm, empty), slots: building.slots };
        let flight = engine.submit(self.plan, &batch);
        self.flying.push_back((flight, batch, building.parts));
        self.drain(engine.depth() - 1, engine, sink).await
    }

    /// Collects until at most `keep` batches are under way.
    async fn drain(&mut self, keep: usize, engine: &mut Engine, sink: &mut dyn Sink) -> Result<(), String> {
        while self.flying.len() > keep {
            let (flight, batch, parts) = self.flying.pop_front().expect("counted");
            match engine.collect(flight).await {
                Ok((values, by)) => {
                    self.collected.push_back((values, by, parts));
                    self.recycle(batch);
                }
                Err(why) => {
                    // Nothing else may be under way while a batch is computed again.
                    let mut later = Vec::new();
                    while let Some((flight, batch, parts)) = self.flying.pop_front() {
                        later.push((engine.collect(flight).await, batch, parts));
                    }
                    let (values, by) = engine.recover(self.plan, &batch, why, self.control).await;
                    self.collected.push_back((values, by, parts));
                    for (result, batch, parts) in later {
                        let (values, by) = match result {
                            Ok(done) => done,
                            Err(why) => engine.recover(self.plan, &batch, why, self.control).await,
                        };
                        self.collected.push_back((values, by, parts));
                    }
                }
            }
            self.hand_over(sink)?;
        }
        Ok(())
    }

    fn recycle(&mut self, batch: MelBatch) {
        let mut pcm = batch.pcm;
        truncate(&mut pcm, 0);
        self.spare = Some(pcm);
    }

    fn hand_over(&mut self, sink: &mut dyn Sink) -> Result<(), String> {
        let bands = self.plan.job.spec.n_mels;
        while let Some((values, by, parts)) = self.collected.pop_front() {
            let mut at = 0;
            for part in parts {
                let piece = slice(&values, at * bands, (at + part.outputs) * bands);
                at += part.outputs;
                let (meta, features) = match part.state {
                    Err(failure) => (None, Err(failure)),
                    Ok(meta) => {
                        let whole = match self.open_file.take() {
                            Some(mut so_far) => {
                                append(&mut so_far, piece);
                                so_far
                            }
                            None => piece,
                        };
                        if !part.last {
                            self.open_file = Some(whole);
                            continue;
                        }
                        self.control.count_computed();
                        (Some(meta), Ok(finish(whole, self.plan, self.dtype)))
                    }
                };
                sink.put(FileOutcome { index: part.index, meta, features, backend: by.clone() })?;
            }
        }
        Ok(())
    }
}

fn len(pcm: &PcmBuffer) -> usize {
    match pcm {
        PcmBuffer::I16(p) => p.len(),
        PcmBuffer::F32(p) => p.len(),
    }
}

fn truncate(pcm: &mut PcmBuffer, n: usize) {
    match pcm {
        PcmBuffer::I16(p) => p.truncate(n),
        PcmBuffer::F32(p) => p.truncate(n),
    }
}

fn slice(values: &MelValues, from: usize, to: usize) -> MelValues {
    match values {
        MelValues::F32(v) => MelValues::F32(v[from..to].to_vec()),
        MelValues::F16(v) => MelValues::F16(v[from..to].to_vec()),
    }
}

fn append(to: &mut MelValues, from: MelValues) {
    match (to, from) {
        (MelValues::F32(a), MelValues::F32(b)) => a.extend(b),
        (MelValues::F16(a), MelValues::F16(b)) => a.extend(b),
        _ => unreachable!("one plan has one type"),
    }
}
