//! [`WgpuMachine`]: recordings on a device that speaks wgpu.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use earprint_compute::{BackendInfo, ComputeError, Content, Machine, Recording, Room, Step, Ticket, Words};
use earprint_shaders::Shader;
use wgpu::BufferUsages;

use crate::buffers::{Grown, copy_out, write};
use crate::faults::{Faults, ScopeError, Scopes, caught};
use crate::gpu::Gpu;
use crate::oneshot::{Receiver, oneshot};
use crate::{Options, adapters};

/// Recordings under way at most: one uploads while the other computes.
const UNDER_WAY: usize = 2;

/// Storage buffers of a kernel at most: plain WebGPU's limit, which `track/spectrum` uses up.
const STORAGE_BUFFERS: u32 = 8;

/// From one uniform block to the next: the alignment that plain WebGPU asks for.
const BLOCK_STEP: u64 = 256;

/// A device that runs recordings. Belongs to the thread that opened it.
pub struct WgpuMachine {
    info: BackendInfo,
    room: Room,
    gpu: Gpu,
    pipelines: BTreeMap<&'static str, wgpu::ComputePipeline>,
    tables: Vec<(Arc<[u32]>, wgpu::Buffer)>,
    idle: Vec<BufferSet>,
    pending: VecDeque<Pending>,
    next: u64,
}

/// Buffers of one recording under way. They grow and stay.
struct BufferSet {
    blocks: Grown,
    /// One for each buffer of a recording that is no table, by its place.
    own: Vec<Grown>,
    read: Grown,
}

struct Pending {
    number: u64,
    /// Bytes of the whole recording, for errors, and of its result.
    bytes: u64,
    result: u64,
    set: BufferSet,
    /// Submission to wait for, natively.
    submission: wgpu::SubmissionIndex,
    mapped: Receiver<Result<(), wgpu::BufferAsyncError>>,
    /// Scopes that the browser has not answered for yet.
    scopes: Option<ScopeError>,
}

impl WgpuMachine {
    /// Opens a device. Kernels are compiled at their first use.
    ///
    /// # Errors
    /// `NoDevice` says what was looked for and what was found.
    pub async fn open(options: Options) -> Result<Self, ComputeError> {
        let open = async {
            let adapter = adapters::choose(&options.adapter, options.allow_software).await?;
            let info = adapters::info(&adapter);
            let buffers = adapter.limits().max_storage_buffers_per_shader_stage;
            if buffers < STORAGE_BUFFERS {
                let why = format!("{buffers} storage buffers; the kernels of tracks need {STORAGE_BUFFERS}");
                return Err(ComputeError::NoDevice { backend: adapters::FAMILY, why });
            }
            let gpu = Gpu::open(&adapter, info.kind.name()).await?;
            let budget = gpu.budget(options.budget_bytes);
            Ok(Self {
                info,
                room: Room { largest_buffer: budget.largest_buffer, total: budget.total },
                gpu,
                pipelines: BTreeMap::new(),
                tables: Vec::new(),
                idle: Vec::new(),
                pending: VecDeque::new(),
                next: 0,
            })
        };
        let failed = |why| ComputeError::Failed {
            backend: adapters::FAMILY,
            why: format!("wgpu panicked while opening: {why}"),
        };
        caught(open).await.unwrap_or_else(|why| Err(failed(why)))
    }

    /// Ends the device as a crashed driver would, so that tests can follow the loss.
    #[doc(hidden)]
    pub fn lose_for_test(&self) {
        self.gpu.device.destroy();
        // wgpu tells of the loss once the device is idle and somebody asks.
        let _ = self.gpu.device.poll(wgpu::PollType::wait_indefinitely());
    }

    fn pipeline(&mut self, shader: &'static Shader) -> &wgpu::ComputePipeline {
        let device = &self.gpu.device;
        self.pipelines.entry(shader.name).or_insert_with(|| {
            // With wgpu's checks: recordings carry index tables, and a wrong one must not reach beyond a buffer.
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(shader.name),
                source: wgpu::ShaderSource::Wgsl(shader.source.into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(shader.name),
                layout: None,
                module: &module,
                entry_point: Some(shader.entry),
                // No kernel reads workgroup memory that its workgroup has not written: the emulator starts it as NaNs.
                compilation_options: wgpu::PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        })
    }

    /// Uploads, computes and starts the way back. Errors go to the scopes around.
    fn record(&mut self, recording: &Recording, set: &mut BufferSet) -> (wgpu::SubmissionIndex, Mapped) {
        for step in &recording.steps {
            self.pipeline(step.shader);
        }
        for content in &recording.buffers {
            if let Content::Table(words) = content {
                self.table(words);
            }
        }
        let (device, queue, largest) = (&self.gpu.device, &self.gpu.queue, self.gpu.largest_buffer);
        while set.own.len() < recording.buffers.len() {
            set.own.push(Grown::storage());
        }
        for (content, own) in recording.buffers.iter().zip(&mut set.own) {
            match content {
                Content::Fresh(bytes) => write(queue, own.room(device, content.bytes().max(4), largest), bytes),
                Content::Scratch(bytes) => {
                    own.room(device, (*bytes).max(4), largest);
                }
                Content::Table(_) => {}
            }
        }
        let blocks = set.blocks.room(device, recording.steps.len() as u64 * BLOCK_STEP, largest);
        for (i, step) in recording.steps.iter().enumerate() {
            queue.write_buffer(blocks, i as u64 * BLOCK_STEP, &step.uniform);
        }
        let result_bytes = recording.result_bytes();
        set.read.room(device, result_bytes, largest);

        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (i, step) in recording.steps.iter().enumerate() {
                let pipeline = &self.pipelines[step.shader.name];
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, &self.group(pipeline, recording, set, i, step), &[]);
                pass.dispatch_workgroups(step.groups.0, step.groups.1, 1);
            }
        }
        encoder.copy_buffer_to_buffer(set.own[recording.result.0].get(), 0, set.read.get(), 0, result_bytes);
        let submission = queue.submit([encoder.finish()]);
        // Asked for now, so that the values come down while the next batch is prepared.
        let (tell, mapped) = oneshot();
        set.read.get().map_async(wgpu::MapMode::Read, 0..result_bytes, tell);
        (submission, mapped)
    }

    /// Exactly the recording's part of each buffer: what an earlier one left behind is out of reach.
    fn group(
        &self,
        pipeline: &wgpu::ComputePipeline,
        recording: &Recording,
        set: &BufferSet,
        index: usize,
        step: &Step,
    ) -> wgpu::BindGroup {
        let bind = |buffer, offset, bytes| {
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size: NonZeroU64::new(bytes) })
        };
        let block = bind(set.blocks.get(), index as u64 * BLOCK_STEP, step.uniform.len() as u64);
        let resources = step.buffers.iter().map(|id| match &recording.buffers[id.0] {
            Content::Table(words) => {
                let table = self.tables.iter().find(|(known, _)| Arc::ptr_eq(known, words)).expect("uploaded above");
                bind(&table.1, 0, table.1.size())
            }
            own => bind(set.own[id.0].get(), 0, own.bytes().max(4)),
        });
        let entries: Vec<_> = std::iter::once(block)
            .chain(resources)
            .enumerate()
            .map(|(i, resource)| wgpu::BindGroupEntry { binding: i as u32, resource })
            .collect();
        self.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(step.shader.name),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    /// Uploads a table at its first use. The list keeps the `Arc`, so its address means it.
    fn table(&mut self, words: &Arc<[u32]>) {
        if self.tables.iter().any(|(known, _)| Arc::ptr_eq(known, words)) {
            return;
        }
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let buffer = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("table"),
            size: bytes.len() as u64,
            usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.queue.write_buffer(&buffer, 0, bytes);
        self.tables.push((words.clone(), buffer));
    }

    /// Forgets what a failed recording may have left unmade. Kernels stay where memory alone was short: they take none of
    /// it, and compiling them takes longer than a batch.
    fn forget(&mut self, error: &ComputeError) {
        self.tables.clear();
        self.idle.clear();
        if !matches!(error, ComputeError::OutOfMemory { .. }) {
            self.pipelines.clear();
        }
    }

    fn start(&mut self, recording: &Recording) -> Result<Pending, ComputeError> {
        let bytes = recording.device_bytes();
        let mut set = self.idle.pop().unwrap_or_else(BufferSet::new);
        let scopes = Scopes::open(&self.gpu.device);
        let (submission, mapped) = self.record(recording, &mut set);
        let mut scopes = scopes.close();
        // Natively the answer is there. The loss of a device is told by a poll alone.
        let scopes = match scopes.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(error)) => return Err(self.gpu.faults.error(&error, bytes)),
            Poll::Ready(None) => None,
            Poll::Pending => Some(scopes),
        };
        let _ = self.gpu.device.poll(wgpu::PollType::Poll);
        self.gpu.faults.check()?;
        let result = recording.result_bytes();
        Ok(Pending { number: self.next, bytes, result, set, submission, mapped, scopes })
    }
}

/// Whether a result can be read.
type Mapped = Receiver<Result<(), wgpu::BufferAsyncError>>;

impl BufferSet {
    fn new() -> Self {
        Self { blocks: Grown::uniform(), own: Vec::new(), read: Grown::read() }
    }
}

impl Machine for WgpuMachine {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn room(&self) -> Room {
        self.room
    }

    fn submit(&mut self, recording: &Recording) -> Result<Ticket, ComputeError> {
        let faults = self.gpu.faults.clone();
        faults.check()?;
        if self.pending.len() == UNDER_WAY {
            return Err(faults.failed(format!("{UNDER_WAY} recordings are under way; collect one first")));
        }
        let bytes = recording.device_bytes();
        if recording.largest_bytes() > self.room.largest_buffer || bytes > self.room.total {
            return Err(ComputeError::OutOfMemory { backend: faults.backend(), bytes });
        }
        self.next += 1;
        match faults.guard(|| self.start(recording)) {
            Ok(pending) => self.pending.push_back(pending),
            Err(error) => {
                self.forget(&error);
                return Err(error);
            }
        }
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Words<'_> {
        let pending = self.pending.pop_front().expect("a ticket is collected once");
        assert_eq!(pending.number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(async move {
            let faults = self.gpu.faults.clone();
            match faults.guard_async(arrive(&self.gpu, &faults, pending)).await {
                Ok((words, set)) => {
                    self.idle.push(set);
                    Ok(words)
                }
                Err(error) => {
                    self.forget(&error);
                    Err(error)
                }
            }
        })
    }
}

/// Waits for the result of a recording and reads it.
async fn arrive(gpu: &Gpu, faults: &Faults, pending: Pending) -> Result<(Vec<u32>, BufferSet), ComputeError> {
    let Pending { bytes, result, set, submission, mapped, scopes, .. } = pending;
    if let Some(scopes) = scopes
        && let Some(error) = scopes.await
    {
        return Err(faults.error(&error, bytes));
    }
    gpu.wait(submission, || mapped.is_ready())?;
    let mapped = mapped.await;
    faults.check()?;
    if mapped.is_err() {
        // The scopes were clean, so the call was right: only a device on its way out refuses it. A browser may tell
        // of the loss after it tells of the mapping.
        faults.lose("the values could not be mapped".to_owned());
        faults.check()?;
    }
    let read = set.read.get();
    let view = read.get_mapped_range(0..result).map_err(|e| faults.failed(e.to_string()))?;
    let mut words = vec![0_u32; result as usize / 4];
    copy_out(&view, bytemuck::cast_slice_mut(&mut words));
    drop(view);
    read.unmap();
    Ok((words, set))
}
