//! One device for all workers: a thread that owns it, and a [`RowMaker`] for each worker that sends segments there.
//!
//! A worker that has no answer from the device computes the segment itself and says why. It keeps its segment until the
//! answer is there, so nothing is lost with a device, a driver or the thread.

use std::collections::VecDeque;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use earprint_compute::{ComputeError, Machine};
use earprint_features::OwnedSegment;

use super::batches::{Batches, Rows};
use super::maker::{CpuRows, Made, RowMaker};
use super::run::RowMakers;

/// Segments of one worker under way: one is decoded while others are computed.
const DEPTH: usize = 3;

/// How long a device may take for a segment before a worker does without it. A software device with a batch before this one
/// needs a minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// A segment for the device, and where its rows go.
struct Job {
    segment: Arc<OwnedSegment>,
    reply: Sender<Rows>,
}

/// What the device's thread tells of itself.
type Notes = Arc<Mutex<Vec<String>>>;

/// The device of a run.
pub struct DeviceRows {
    /// The workers' end; `Sender` alone could not be shared.
    jobs: Mutex<Sender<Job>>,
    name: Arc<str>,
    notes: Notes,
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
        let notes = Notes::default();
        let own = notes.clone();
        let work = move || match open() {
            Ok(machine) => {
                let batches = Batches::new(machine, segments);
                let _ = tell.send(Ok(batches.name().into()));
                serve(batches, &todo, &own);
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        };
        std::thread::Builder::new().name("earprint-device".into()).spawn(work).expect("the system has threads left");
        let died = || ComputeError::Failed { backend: "device", why: "its thread panicked while opening it".into() };
        let name = opened.recv().unwrap_or_else(|_| Err(died()))?;
        Ok(Self { jobs: Mutex::new(jobs), name, notes })
    }

    /// What happened to the device since the last call: batches halved, the device given up.
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().expect("no panic holds it"))
    }
}

impl RowMakers for DeviceRows {
    fn make(&self) -> Box<dyn RowMaker> {
        let jobs = self.jobs.lock().expect("no panic holds it").clone();
        let (under_way, cpu) = (VecDeque::new(), None);
        Box::new(ClientRows { jobs, name: self.name.clone(), under_way, cpu, patience: PATIENCE })
    }

    fn depth(&self) -> usize {
        DEPTH
    }
}

/// The device's thread: everything that waits goes into the next batch.
fn serve(mut batches: Batches<Sender<Rows>>, todo: &Receiver<Job>, notes: &Notes) {
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
        for (reply, rows) in pollster::block_on(batches.next()) {
            // A worker that was left behind does not listen.
            let _ = reply.send(rows);
        }
        notes.lock().expect("no panic holds it").extend(batches.notes());
    }
}

/// One worker's end.
struct ClientRows {
    jobs: Sender<Job>,
    name: Arc<str>,
    under_way: VecDeque<(Arc<OwnedSegment>, Receiver<Rows>)>,
    /// Made when first needed.
    cpu: Option<CpuRows>,
    patience: Duration,
}

impl ClientRows {
    fn made(&mut self) -> Made {
        let (segment, answer) = self.under_way.pop_front().expect("one collect for each submit");
        let rows = answer.recv_timeout(self.patience).unwrap_or_else(|error| {
            // Patience is for a device that answers late once, not for every segment to come.
            self.patience = Duration::from_secs(1);
            Err(match error {
                RecvTimeoutError::Timeout => "computed on the cpu: the device gave no answer".into(),
                RecvTimeoutError::Disconnected => "computed on the cpu: the device's thread ended".into(),
            })
        });
        // The device may still hold its end for a moment.
        let segment = Arc::try_unwrap(segment).unwrap_or_else(|shared| (*shared).clone());
        match rows {
            Ok(rows) => Made { rows, segment, backend: self.name.clone(), why: None },
            Err(why) => self.cpu.get_or_insert_with(CpuRows::new).make(segment, Some(why)),
        }
    }
}

impl RowMaker for ClientRows {
    fn depth(&self) -> usize {
        DEPTH
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
