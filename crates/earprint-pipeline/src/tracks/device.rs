//! One device for all workers: a thread that owns it, and a [`RowMaker`] for each worker that sends segments there.
//!
//! A worker that has no answer from the device computes the segment itself and says why. It keeps its segment until the
//! answer is there, so nothing is lost with a device, a driver or the thread.

use std::collections::VecDeque;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use earprint_compute::{ComputeError, Machine};
use earprint_features::OwnedSegment;

use super::batches::{Batches, Rows};
use super::maker::{CpuRows, Made, RowMaker};
use super::run::RowMakers;

/// How long the end of a run waits for the device to be closed.
const GOODBYE: Duration = Duration::from_secs(5);

/// Segments of one worker under way: one is decoded while others are computed.
const DEPTH: usize = 3;

/// How long a device may answer nobody before it counts as hanging. A software device with a batch before this one needs a
/// minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// A segment for the device, and where its rows go.
struct Job {
    segment: Arc<OwnedSegment>,
    reply: Sender<Rows>,
}

/// What the device's thread and its clients tell each other.
#[derive(Default)]
struct Shared {
    /// What happened to the device.
    notes: Mutex<Vec<String>>,
    /// Answers so far.
    answers: AtomicU64,
    /// Set by the first client that waited in vain: nobody waits again.
    hangs: AtomicBool,
}

impl Shared {
    fn note(&self, words: impl IntoIterator<Item = String>) {
        self.notes.lock().expect("no panic holds it").extend(words);
    }
}

/// The device of a run.
pub struct DeviceRows {
    /// The workers' end, until this is dropped; `Sender` alone could not be shared.
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Option<JoinHandle<()>>,
    name: Arc<str>,
    reserved: u64,
    shared: Arc<Shared>,
}

impl DeviceRows {
    /// Opens a machine on a thread of its own. `segments`: most segments of one batch, `None` for as many as fit; no number
    /// depends on it.
    ///
    /// # Errors
    /// What `open` returns.
    pub fn open(
        open: impl FnOnce() -> Result<Box<dyn Machine>, ComputeError> + Send + 'static,
        segments: Option<usize>,
    ) -> Result<Self, ComputeError> {
        let (jobs, todo) = channel();
        let (tell, opened) = channel();
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        let work = move || match open() {
            Ok(machine) => {
                let reserved = host_bytes(machine.as_ref());
                let batches = Batches::new(machine, segments);
                let _ = tell.send(Ok((batches.name().into(), reserved)));
                serve(batches, &todo, &own);
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new().name("earprint-device".into()).spawn(work);
        let thread = thread.expect("the system has threads left");
        let died = || ComputeError::Failed { backend: "device", why: "its thread panicked while opening it".into() };
        let (name, reserved) = opened.recv().unwrap_or_else(|_| Err(died()))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Some(thread), name, reserved, shared })
    }

    /// What happened to the device since the last call: batches halved, the device given up.
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.notes.lock().expect("no panic holds it"))
    }
}

impl Drop for DeviceRows {
    /// Waits until the thread has closed the device: a driver that is still at work while the process ends may crash. Not for one that
    /// hangs, and not for workers that were left behind with it.
    fn drop(&mut self) {
        *self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        let (thread, since) = (self.thread.take().expect("dropped once"), Instant::now());
        while !thread.is_finished() {
            if self.shared.hangs.load(Ordering::Relaxed) || since.elapsed() > GOODBYE {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // What it panicked with, its clients have said.
        let _ = thread.join();
    }
}

/// Memory of this machine that a device takes at most: samples of two recordings and once more where they go up from, a fifth of
/// a recording each; a software device keeps everything here, in buffers up to a quarter larger than asked for.
fn host_bytes(machine: &dyn Machine) -> u64 {
    let (total, under_way) = (machine.room().total, machine.depth() as u64);
    let samples = under_way * total * 2 / 5;
    if machine.info().software { samples + under_way * (total + total / 4) } else { samples }
}

impl RowMakers for DeviceRows {
    fn make(&self) -> Box<dyn RowMaker> {
        let jobs = self.jobs.lock().expect("no panic holds it").clone().expect("there until this is dropped");
        Box::new(ClientRows {
            jobs,
            name: self.name.clone(),
            under_way: VecDeque::new(),
            cpu: None,
            stop: Arc::default(),
            shared: self.shared.clone(),
        })
    }

    fn depth(&self) -> usize {
        DEPTH
    }

    fn reserved(&self) -> u64 {
        self.reserved
    }
}

/// The device's thread: everything that waits goes into the next batch.
fn serve(mut batches: Batches<Sender<Rows>>, todo: &Receiver<Job>, shared: &Shared) {
    loop {
        if batches.is_idle() {
            let Ok(job) = todo.recv() else { return };
            batches.push(job.reply, job.segment);
        }
        loop {
            match todo.try_recv() {
                Ok(job) => batches.push(job.reply, job.segment),
                Err(TryRecvError::Empty) => break,
                // Nobody waits for the rest.
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let answers = pollster::block_on(batches.next());
        // First, so that who has all answers finds the notes, too.
        shared.note(batches.notes());
        for (reply, rows) in answers {
            // A worker that was left behind does not listen.
            let _ = reply.send(rows);
            shared.answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One worker's end.
struct ClientRows {
    jobs: Sender<Job>,
    name: Arc<str>,
    under_way: VecDeque<(Arc<OwnedSegment>, Receiver<Rows>)>,
    /// Made when first needed.
    cpu: Option<CpuRows>,
    stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl ClientRows {
    fn made(&mut self) -> Made {
        let (segment, answer) = self.under_way.pop_front().expect("one collect for each submit");
        let rows = self.wait(&answer);
        // The device may still hold its end for a moment.
        let segment = Arc::try_unwrap(segment).unwrap_or_else(|shared| (*shared).clone());
        match rows {
            Ok(rows) => Made { rows, segment, backend: self.name.clone(), why: None },
            Err(why) => self.cpu.get_or_insert_with(CpuRows::new).make(segment, Some(why)),
        }
    }

    /// The device's answer, or why there is none: its thread ended, it hangs, or nobody waits for this track any more. A device
    /// that answers nobody while a track's time runs out counts as hanging: the tracks after it shall not pay for it.
    fn wait(&self, answer: &Receiver<Rows>) -> Rows {
        let (since, before) = (Instant::now(), self.shared.answers.load(Ordering::Relaxed));
        loop {
            match answer.recv_timeout(Duration::from_millis(20)) {
                Ok(rows) => return rows,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("computed on the cpu: the device's thread ended".into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let stopped = self.stop.load(Ordering::Relaxed);
            let silent = self.shared.answers.load(Ordering::Relaxed) == before;
            if silent && (stopped || since.elapsed() > PATIENCE) && !self.shared.hangs.swap(true, Ordering::Relaxed) {
                let words = format!("{}: no answer for {:.1} s", self.name, since.elapsed().as_secs_f64());
                self.shared.note([format!("{words}; continuing on the cpu")]);
            }
            if stopped || self.shared.hangs.load(Ordering::Relaxed) {
                return Err("computed on the cpu: the device gave no answer".into());
            }
        }
    }
}

impl RowMaker for ClientRows {
    fn depth(&self) -> usize {
        DEPTH
    }

    fn begin(&mut self, stop: &Arc<AtomicBool>) {
        self.stop = stop.clone();
    }

    fn submit(&mut self, segment: OwnedSegment) {
        let segment = Arc::new(segment);
        let (reply, answer) = channel();
        // Without a thread at the other end `answer` says so.
        let _ = self.jobs.send(Job { segment: segment.clone(), reply });
        self.under_way.push_back((segment, answer));
    }

    fn collect(&mut self) -> Pin<Box<dyn Future<Output = Made> + '_>> {
        Box::pin(ready(self.made()))
    }
}
