//! Recordings on the emulated CUDA device: every index and every barrier is checked, workgroup memory starts as NaNs, and
//! so does scratch.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::sync::{Arc, Mutex, OnceLock};

use earprint_compute::{BackendInfo, ComputeError, Content, Kind, Machine, Recording, Room, Ticket, Words};
use earprint_cuda::emulate::{Arg, EmulateError, Emulator, Rounding};
use earprint_cuda::translate::translate;
use earprint_shaders::Shader;

/// The machine's name.
const NAME: &str = "cuda-emulated";

/// Compiled kernels of this process, by name and by whether they fuse.
type Compiled = BTreeMap<(&'static str, bool), Result<Arc<Emulator>, String>>;

/// Translated kernels on the CPU.
pub struct EmulatedMachine {
    info: BackendInfo,
    room: Room,
    rounding: Rounding,
    done: VecDeque<(u64, Vec<u32>)>,
    next: u64,
}

impl EmulatedMachine {
    /// The machine, if there is a compiler.
    ///
    /// # Errors
    /// Why there is no emulator here, as text.
    pub fn open() -> Result<Self, String> {
        Self::with_rounding(Rounding::Separate)
    }

    /// A machine that rounds otherwise.
    ///
    /// # Errors
    /// As [`EmulatedMachine::open`].
    pub fn with_rounding(rounding: Rounding) -> Result<Self, String> {
        emulator(&earprint_shaders::TRACK_FLUX, rounding)?;
        let device = "g++, one fiber per invocation".to_owned();
        let info = BackendInfo { kind: Kind::Other(NAME), device, software: true };
        let room = Room { largest_buffer: 64 << 20, total: 192 << 20 };
        Ok(Self { info, room, rounding, done: VecDeque::new(), next: 0 })
    }

    /// With less room.
    #[must_use]
    pub fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    fn run(&self, recording: &Recording) -> Result<Vec<u32>, String> {
        let mut buffers: Vec<Vec<u32>> = recording.buffers.iter().map(filled).collect();
        for step in &recording.steps {
            // No buffer twice, so each can be taken out while the kernel has it.
            let mut taken: Vec<Vec<u32>> = step.buffers.iter().map(|id| std::mem::take(&mut buffers[id.0])).collect();
            let mut args = vec![Arg::Uniform(&step.uniform)];
            args.extend(taken.iter_mut().map(|words| Arg::Buffer(words)));
            let (x, y) = step.groups;
            let ran = emulator(step.shader, self.rounding)?.run([x, y, 1], &mut args);
            ran.map_err(|e| format!("{}: {e}", step.shader.name))?;
            for (id, words) in step.buffers.iter().zip(taken) {
                buffers[id.0] = words;
            }
        }
        Ok(std::mem::take(&mut buffers[recording.result.0]))
    }
}

/// A buffer's words as the first kernel finds them.
fn filled(content: &Content) -> Vec<u32> {
    match content {
        Content::Fresh(bytes) => bytes
            .chunks(4)
            .map(|chunk| {
                let mut word = [0; 4];
                word[..chunk.len()].copy_from_slice(chunk);
                u32::from_ne_bytes(word)
            })
            .collect(),
        Content::Table(words) => words.to_vec(),
        // Not zero: a value that no invocation writes is seen.
        Content::Scratch(bytes) => vec![0x7fc0_dead; *bytes as usize / 4],
    }
}

/// A kernel that rounds as the CPU does, compiled once a process; `None`, with the reason printed, where there is no compiler.
///
/// # Panics
/// If its translation does not compile.
pub fn kernel(shader: &Shader) -> Option<Arc<Emulator>> {
    emulator(shader, Rounding::Separate).inspect_err(|why| println!("{} skipped, because {why}", shader.name)).ok()
}

/// A kernel, compiled once a process.
fn emulator(shader: &Shader, rounding: Rounding) -> Result<Arc<Emulator>, String> {
    static COMPILED: OnceLock<Mutex<Compiled>> = OnceLock::new();
    let mut compiled = COMPILED.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
    let made = compiled.entry((shader.name, rounding == Rounding::Fused)).or_insert_with(|| {
        let kernel = translate(shader.source, shader.entry).unwrap_or_else(|e| panic!("{}: {e}", shader.name));
        match Emulator::with_rounding(&kernel, rounding) {
            Ok(emulator) => Ok(Arc::new(emulator)),
            Err(EmulateError::NoCompiler(why)) => Err(format!("g++ cannot be run: {why}")),
            Err(other) => panic!("{}: {other}", shader.name),
        }
    });
    made.clone()
}

impl Machine for EmulatedMachine {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn room(&self) -> Room {
        self.room
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&mut self, recording: &Recording) -> Result<Ticket, ComputeError> {
        let bytes = recording.device_bytes();
        if recording.largest_bytes() > self.room.largest_buffer || bytes > self.room.total {
            return Err(ComputeError::OutOfMemory { backend: NAME, bytes });
        }
        let words = self.run(recording).map_err(|why| ComputeError::Failed { backend: NAME, why })?;
        self.next += 1;
        self.done.push_back((self.next, words));
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Words<'_> {
        let (number, words) = self.done.pop_front().expect("a ticket is collected once");
        assert_eq!(number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(ready(Ok(words)))
    }
}
