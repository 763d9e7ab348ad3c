//! The kernel text that the CUDA backend launches, and the plain kernel it is explained by, run by the emulator: every index and every barrier is checked, and workgroup
//! memory starts as NaNs.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, OnceLock};

use earprint_compute::{
    Backend, BackendInfo, Budget, Collected, ComputeError, GpuTables, Kind, MelBatch, MelPlan, MelValues, Ticket,
};
use earprint_cuda::emulate::{Arg, EmulateError, Emulator};
use earprint_cuda::mel::{self, Sizes};
use earprint_cuda::translate::{CudaKernel, TranslateError, translate};
use earprint_shaders::MEL_PLAIN;

/// The backend's name.
const NAME: &str = "cuda-emulated";

/// The CUDA kernel on the CPU.
pub struct EmulatedCuda {
    info: BackendInfo,
    plain: bool,
    emulator: &'static Emulator,
    done: VecDeque<(u64, MelValues)>,
    next: u64,
}

impl EmulatedCuda {
    /// `mel/mel_fused`, the very text of `earprint_cuda::mel::kernel`; compiled once a process.
    ///
    /// # Errors
    /// Why there is no emulator here, as text.
    pub fn open() -> Result<Self, String> {
        static EMULATOR: OnceLock<Result<Emulator, String>> = OnceLock::new();
        Self::with(false, EMULATOR.get_or_init(|| compile(mel::kernel())))
    }

    /// `mel/mel_plain`.
    ///
    /// # Errors
    /// As [`EmulatedCuda::open`].
    pub fn open_plain() -> Result<Self, String> {
        static EMULATOR: OnceLock<Result<Emulator, String>> = OnceLock::new();
        Self::with(true, EMULATOR.get_or_init(|| compile(translate(MEL_PLAIN.source, MEL_PLAIN.entry))))
    }

    fn with(plain: bool, made: &'static Result<Emulator, String>) -> Result<Self, String> {
        let emulator = made.as_ref().map_err(Clone::clone)?;
        let device = "g++, one fiber per invocation".to_owned();
        let info = BackendInfo { kind: Kind::Other(NAME), device, software: true };
        Ok(Self { info, plain, emulator, done: VecDeque::new(), next: 0 })
    }

    fn compute(&self, plan: &MelPlan, batch: &MelBatch) -> Result<MelValues, ComputeError> {
        let mut sizes = Sizes::of(plan, batch, NAME)?;
        let tables = if self.plain { GpuTables::plain(plan) } else { GpuTables::fused(plan, NAME)? };
        if self.plain && sizes.packed {
            // The plain kernel writes f32 alone.
            sizes = Sizes { packed: false, values: 2 * sizes.values, ..sizes };
        }
        if sizes.values == 0 {
            return Ok(mel::values(plan, sizes, &[]));
        }
        let mut pcm = words(mel::samples(&batch.pcm));
        let mut starts = batch.starts(&plan.grid);
        let mut floats: Vec<u32> = tables.tables.iter().map(|x| x.to_bits()).collect();
        let mut indices = tables.indices.clone();
        // Not zero: a value that no invocation writes is seen.
        let mut out = vec![0x7fc0_dead; sizes.values as usize / 4];
        let outputs = batch.outputs();
        let (x, y) = if self.plain { tables.plain_groups(outputs) } else { tables.fused_groups(outputs) };
        let run = self.emulator.run(
            [x, y, 1],
            &mut [
                Arg::Uniform(&mel::params(&tables, batch, sizes)),
                Arg::Buffer(&mut pcm),
                Arg::Buffer(&mut starts),
                Arg::Buffer(&mut floats),
                Arg::Buffer(&mut indices),
                Arg::Buffer(&mut out),
            ],
        );
        run.map_err(|e| ComputeError::Failed { backend: NAME, why: e.to_string() })?;
        let bytes: Vec<u8> = out.iter().flat_map(|word| word.to_ne_bytes()).collect();
        Ok(mel::values(plan, sizes, &bytes))
    }
}

fn compile(kernel: Result<CudaKernel, TranslateError>) -> Result<Emulator, String> {
    match Emulator::new(&kernel.unwrap_or_else(|e| panic!("{e}"))) {
        Ok(emulator) => Ok(emulator),
        Err(EmulateError::NoCompiler(why)) => Err(format!("g++ cannot be run: {why}")),
        Err(other) => panic!("{other}"),
    }
}

/// Bytes as words, zeros behind the end.
fn words(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut whole = [0; 4];
        whole[..chunk.len()].copy_from_slice(chunk);
        u32::from_ne_bytes(whole)
    };
    bytes.chunks(4).map(word).collect()
}

impl Backend for EmulatedCuda {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn budget(&self) -> Budget {
        Budget { largest_buffer: 64 << 20, total: 192 << 20, outputs: 1 << 22 }
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        let values = self.compute(plan, batch)?;
        self.next += 1;
        self.done.push_back((self.next, values));
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        let (number, values) = self.done.pop_front().expect("a ticket is collected once");
        assert_eq!(number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(ready(Ok(values)))
    }
}
