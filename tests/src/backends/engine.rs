//! What the pipeline's engine makes of backends that go wrong: the numbers of the CPU, and every step told.

use std::sync::Arc;

use earprint_audio::Mono;
use earprint_compute::{
    Backend, BackendInfo, Budget, Collected, ComputeError, CpuBackend, Dtype, Kind, MelBatch, MelPlan, Ticket,
};
use earprint_core::MelJob;
use earprint_pipeline::{Control, Engine, Failure, FileMeta, FileOutcome, Loaded, Portion, Sink, Sound, Source, run};

use super::doubles::{Disturbance, Disturbed, LostAt, OutOfMemoryAbove};
use super::example::ExampleBackend;
use crate::signals;

const FILES: usize = 23;

struct Clips(std::ops::Range<usize>);

impl Source for Clips {
    fn next(&mut self, _: &mut Vec<i16>) -> Option<(usize, Result<Loaded, Failure>)> {
        let index = self.0.next()?;
        if index == 5 {
            return Some((index, Err(Failure::error("E_TEST", "this one cannot be read"))));
        }
        let mono = Mono::I16(signals::varied_i16(index as u64, 3000, 4096.0));
        let meta =
            FileMeta { frames_read: 3000, sample_rate: 4096, channels: 1, decoder: "test", partial: false, note: None };
        Some((index, Ok(Loaded { sound: Sound::Mono(mono), rate_hz: 4096, meta })))
    }
}

#[derive(Default)]
struct Kept(Vec<FileOutcome>);

impl Sink for Kept {
    fn put(&mut self, outcome: FileOutcome) -> Result<(), String> {
        self.0.push(outcome);
        Ok(())
    }
}

/// Outcomes and events of a run over [`FILES`] inputs, four a batch.
fn outcomes(backend: Box<dyn Backend>) -> (Vec<FileOutcome>, Vec<String>) {
    let mut job = MelJob::preset("leak").unwrap();
    job.windows.as_mut().unwrap().clip_samples = 3072;
    let plan = Arc::new(MelPlan::new(job, Dtype::F16).unwrap());
    let (mut engine, control, mut kept) = (Engine::new(backend), Control::default(), Kept::default());
    let portion = Portion { files: 4, bytes: 1 << 30 };
    let mut clips = Clips(0..FILES);
    let going = run(&mut clips, &plan, Dtype::F16, &mut engine, portion, &mut kept, &control);
    pollster::block_on(going).unwrap();
    (kept.0, control.events())
}

/// Which outcome's order, fate or numbers are not those of a run on the CPU, whatever computed them.
fn differing_from_the_cpu(got: &[FileOutcome]) -> Vec<usize> {
    let (want, events) = outcomes(Box::new(CpuBackend::new()));
    assert_eq!((want.len(), events.len()), (FILES, 0));
    assert_eq!(got.len(), FILES);
    assert!(got[5].features.is_err() && got[6].features.is_ok());
    let same = |w: &FileOutcome, g: &FileOutcome| (w.index, &w.meta, &w.features) == (g.index, &g.meta, &g.features);
    (0..FILES).filter(|&i| !same(&want[i], &got[i])).collect()
}

fn by(outcomes: &[FileOutcome], name: &str) -> usize {
    outcomes.iter().filter(|o| &*o.backend == name).count()
}

/// A CPU under another name, to see who computed what.
struct Named(CpuBackend, BackendInfo);

fn named() -> Box<dyn Backend> {
    let cpu = CpuBackend::new();
    let info = BackendInfo { kind: Kind::Other("double"), ..cpu.info().clone() };
    Box::new(Named(cpu, info))
}

impl Backend for Named {
    fn info(&self) -> &BackendInfo {
        &self.1
    }
    fn budget(&self) -> Budget {
        self.0.budget()
    }
    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        self.0.submit(plan, batch)
    }
    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        self.0.collect(ticket)
    }
}

#[test]
fn batches_that_do_not_fit_are_halved() {
    // A clip has 11 outputs, four make a batch.
    let (got, events) = outcomes(Box::new(OutOfMemoryAbove { inner: named(), outputs: 12 }));
    assert!(differing_from_the_cpu(&got).is_empty());
    assert!(!events.is_empty() && events.iter().all(|e| e.contains("halved")), "{events:?}");
    assert_eq!(by(&got, "cpu"), 0);
}

#[test]
fn without_memory_for_one_output_the_cpu_goes_on() {
    let (got, events) = outcomes(Box::new(OutOfMemoryAbove { inner: named(), outputs: 0 }));
    assert!(differing_from_the_cpu(&got).is_empty());
    assert_eq!(events.iter().filter(|e| e.contains("continuing on the cpu")).count(), 1, "{events:?}");
    assert_eq!(by(&got, "double"), 0);
}

#[test]
fn a_lost_device_is_replaced_by_the_cpu_at_any_batch() {
    for batch in 0..7 {
        let (got, events) = outcomes(Box::new(LostAt::new(named(), batch)));
        assert!(differing_from_the_cpu(&got).is_empty());
        if batch < 6 {
            assert_eq!(events.len(), 1, "lost at {batch}: {events:?}");
            assert!(events[0].contains("lost") && events[0].ends_with("continuing on the cpu"), "{events:?}");
            assert!(by(&got, "cpu") > 0 && (by(&got, "double") > 0) == (batch > 0), "lost at {batch}");
        } else {
            assert!(events.is_empty(), "the run has six batches: {events:?}");
        }
    }
}

#[test]
fn a_disturbed_value_reaches_the_outcome() {
    let disturbed = Disturbed { inner: Box::new(CpuBackend::new()), how: Disturbance::LowestBit };
    let (got, _) = outcomes(Box::new(disturbed));
    // One value of each of six batches.
    assert_eq!(differing_from_the_cpu(&got).len(), 6);
    let (foreign, events) = outcomes(Box::new(ExampleBackend::open()));
    assert!(events.is_empty() && by(&foreign, "example") == FILES, "a foreign backend walks the same way");
}
