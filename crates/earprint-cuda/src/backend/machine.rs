//! [`CudaMachine`]: recordings on an NVIDIA GPU, two under way.
//!
//! Each has a stream of its own: what is fresh goes up in one copy, the kernels run, the result comes down, all queued by
//! `submit` without waiting; the recording before it computes meanwhile. `collect` waits for its stream alone.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::sync::Arc;

use earprint_compute::{BackendInfo, ComputeError, Content, Kind, Machine, Recording, Room, Step, Ticket, Words};
use earprint_shaders::Shader;

use super::faults::{BACKEND, failed, from_cuda};
use super::set::room;
use super::{DEFAULT_TOTAL, Options, UNDER_WAY};
use crate::driver::{Buffer, CudaError, Device, Driver, Kernel, LaunchArg, Staging, Stream};
use crate::mel::LARGEST_BUFFER;
use crate::translate::{CudaKernel, translate};

/// Makes a kernel ready on a device.
pub type Load = Box<dyn Fn(&Device, &CudaKernel) -> Result<Kernel, CudaError>>;

/// A CUDA device that runs recordings. Belongs to the thread that opened it.
pub struct CudaMachine {
    info: BackendInfo,
    room: Room,
    pending: VecDeque<Pending>,
    idle: Vec<BufferSet>,
    tables: Vec<(Arc<[u32]>, Buffer)>,
    kernels: BTreeMap<&'static str, Kernel>,
    load: Load,
    device: Device,
    /// The driver's words, once the device is lost.
    lost: Option<String>,
    next: u64,
}

struct Pending {
    number: u64,
    /// Bytes of the whole recording, for errors, and of its result.
    bytes: u64,
    result: u64,
    set: BufferSet,
}

/// What one recording under way needs. It grows and stays.
struct BufferSet {
    /// What is fresh, as it goes up; and what it is copied from.
    up: Option<Staging>,
    input: Option<Buffer>,
    /// One for each buffer of a recording, by its place; scratch alone uses it.
    scratch: Vec<Option<Buffer>>,
    down: Option<Staging>,
    stream: Stream,
}

impl CudaMachine {
    /// Opens a device. Kernels are compiled for it at their first use, or taken as CUBIN from the user's cache.
    ///
    /// # Errors
    /// `MissingLibrary` without libcuda, `NoDevice`.
    pub fn open(options: Options) -> Result<Self, ComputeError> {
        let device = Driver::open(None).and_then(|driver| driver.device(options.ordinal)).map_err(from_cuda(0))?;
        Self::on(device, Box::new(|device, kernel| device.load(kernel)), options.budget_bytes)
    }

    /// A machine on an open device with a loader: for drivers and images from elsewhere.
    ///
    /// # Errors
    /// `DeviceLost`.
    pub fn on(device: Device, load: Load, budget_bytes: Option<u64>) -> Result<Self, ComputeError> {
        let (free, _) = device.memory().map_err(from_cuda(0))?;
        // Two recordings are under way, each in buffers up to a quarter larger than it asked for.
        let total = budget_bytes.unwrap_or_else(|| DEFAULT_TOTAL.min(free / 4));
        Ok(Self {
            info: BackendInfo { kind: Kind::Cuda, device: device.info().name.clone(), software: false },
            room: Room { largest_buffer: total.min(LARGEST_BUFFER), total },
            pending: VecDeque::new(),
            idle: Vec::new(),
            tables: Vec::new(),
            kernels: BTreeMap::new(),
            load,
            device,
            lost: None,
            next: 0,
        })
    }

    /// Compiles a kernel at its first use.
    fn kernel(&mut self, shader: &'static Shader) -> Result<(), ComputeError> {
        if !self.kernels.contains_key(shader.name) {
            let text = translate(shader.source, shader.entry).map_err(failed)?;
            let kernel = (self.load)(&self.device, &text).map_err(from_cuda(0))?;
            self.kernels.insert(shader.name, kernel);
        }
        Ok(())
    }

    /// Uploads a table at its first use, which waits. The list keeps the `Arc`, so its address means it.
    fn table(&mut self, words: &Arc<[u32]>) -> Result<(), CudaError> {
        if !self.tables.iter().any(|(known, _)| Arc::ptr_eq(known, words)) {
            let bytes: &[u8] = bytemuck::cast_slice(words);
            let buffer = self.device.alloc(bytes.len() as u64)?;
            self.device.upload(&buffer, 0, bytes)?;
            self.tables.push((words.clone(), buffer));
        }
        Ok(())
    }

    fn start(&mut self, recording: &Recording) -> Result<BufferSet, ComputeError> {
        for step in &recording.steps {
            self.kernel(step.shader)?;
        }
        self.queue(recording).map_err(from_cuda(recording.device_bytes()))
    }

    /// Queues one upload, every launch and one download.
    fn queue(&mut self, recording: &Recording) -> Result<BufferSet, CudaError> {
        for content in &recording.buffers {
            if let Content::Table(words) = content {
                self.table(words)?;
            }
        }
        let mut set = match self.idle.pop() {
            Some(set) => set,
            None => BufferSet::new(&self.device)?,
        };
        let fresh_at = set.upload(&self.device, recording)?;
        set.scratch.resize_with(recording.buffers.len().max(set.scratch.len()), || None);
        for (content, own) in recording.buffers.iter().zip(&mut set.scratch) {
            if let Content::Scratch(bytes) = content {
                room(own, (*bytes).max(4), Buffer::bytes, |bytes| self.device.alloc(bytes))?;
            }
        }
        for step in &recording.steps {
            let args = self.arguments(recording, step, &set, &fresh_at);
            let (x, y) = step.groups;
            self.kernels[step.shader.name].launch_on(&set.stream, [x, y, 1], &args)?;
        }
        let result = recording.result_bytes();
        let stream = &set.stream;
        let down = room(&mut set.down, result, Staging::bytes, |bytes| stream.staging(bytes))?;
        down.download(set.scratch[recording.result.0].as_ref().expect("the result is scratch"), result)?;
        Ok(set)
    }

    /// Exactly the recording's part of each buffer, in the order of the bindings.
    fn arguments<'a>(
        &'a self,
        recording: &'a Recording,
        step: &'a Step,
        set: &'a BufferSet,
        fresh_at: &[u64],
    ) -> Vec<LaunchArg<'a>> {
        let buffers = step.buffers.iter().map(|id| match &recording.buffers[id.0] {
            Content::Table(words) => {
                let table = self.tables.iter().find(|(known, _)| Arc::ptr_eq(known, words)).expect("uploaded above");
                LaunchArg::Buffer(&table.1)
            }
            content @ Content::Fresh(_) => LaunchArg::Range {
                buffer: set.input.as_ref().expect("uploaded above"),
                offset: fresh_at[id.0],
                bytes: content.bytes().max(4),
            },
            Content::Scratch(bytes) => LaunchArg::Range {
                buffer: set.scratch[id.0].as_ref().expect("made above"),
                offset: 0,
                bytes: (*bytes).max(4),
            },
        });
        std::iter::once(LaunchArg::Uniform(&step.uniform)).chain(buffers).collect()
    }

    /// Keeps what an error means for the recordings to come.
    fn note(&mut self, error: ComputeError) -> ComputeError {
        // Idle buffers and tables may hold the memory that a smaller recording needs.
        self.idle.clear();
        if matches!(error, ComputeError::OutOfMemory { .. }) {
            self.tables.clear();
        }
        if let ComputeError::DeviceLost { why, .. } = &error {
            self.lost = Some(why.clone());
            self.tables.clear();
        }
        error
    }
}

impl BufferSet {
    fn new(device: &Device) -> Result<Self, CudaError> {
        Ok(Self { up: None, input: None, scratch: Vec::new(), down: None, stream: device.stream()? })
    }

    /// Queues the copy of everything fresh; returns where each buffer stands.
    fn upload(&mut self, device: &Device, recording: &Recording) -> Result<Vec<u64>, CudaError> {
        let mut at = Vec::new();
        let mut end = 0;
        for content in &recording.buffers {
            at.push(end);
            if matches!(content, Content::Fresh(_)) {
                // Launch arguments begin at multiples of 16; 256 is what cuMemAlloc aligns to.
                end = (end + content.bytes().max(4)).next_multiple_of(256);
            }
        }
        let stream = &self.stream;
        let up = room(&mut self.up, end.max(4), Staging::bytes, |bytes| stream.staging(bytes))?;
        let input = room(&mut self.input, end.max(4), Buffer::bytes, |bytes| device.alloc(bytes))?;
        let host = up.wait()?;
        for (content, &at) in recording.buffers.iter().zip(&at) {
            if let Content::Fresh(bytes) = content {
                let (at, whole) = (at as usize, content.bytes() as usize);
                host[at..at + bytes.len()].copy_from_slice(bytes);
                host[at + bytes.len()..at + whole].fill(0);
            }
        }
        up.upload(input, end)?;
        Ok(at)
    }
}

impl Machine for CudaMachine {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn room(&self) -> Room {
        self.room
    }

    fn submit(&mut self, recording: &Recording) -> Result<Ticket, ComputeError> {
        if let Some(why) = &self.lost {
            return Err(ComputeError::DeviceLost { backend: BACKEND, why: why.clone() });
        }
        if self.pending.len() == UNDER_WAY {
            return Err(failed(format!("{UNDER_WAY} recordings are under way; collect one first")));
        }
        let bytes = recording.device_bytes();
        if recording.largest_bytes() > self.room.largest_buffer || bytes > self.room.total {
            return Err(ComputeError::OutOfMemory { backend: BACKEND, bytes });
        }
        let set = self.start(recording).map_err(|error| self.note(error))?;
        self.next += 1;
        self.pending.push_back(Pending { number: self.next, bytes, result: recording.result_bytes(), set });
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Words<'_> {
        let Pending { number, bytes, result, mut set } = self.pending.pop_front().expect("a ticket is collected once");
        assert_eq!(number, ticket.0, "tickets are collected in the order of submission");
        let down = set.down.as_mut().expect("a recording was started");
        let words = down.wait().map(|host| bytemuck::pod_collect_to_vec(&host[..result as usize]));
        Box::pin(ready(match words {
            Ok(words) => {
                self.idle.push(set);
                Ok(words)
            }
            Err(error) => Err(self.note(from_cuda(bytes)(error))),
        }))
    }
}
