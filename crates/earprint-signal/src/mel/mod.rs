//! Mel of a stretch of samples, one frame per SIMD lane.
//!
//! In: samples `(N)`, 16-bit or f32, where output `j` starts at `j * step`. Out: mel values, `(T, M)` or `(M, T)`,
//! f32 or f16, logarithm applied, per-file floors not (they are `finish_file`'s).
//!
//! Per frame: window, real transform (see `fft.rs`), power, [sum over the pooled frames, mean], sparse filter bank
//! with bins ascending, logarithm. Twins: `shaders/mel/mel_plain.wgsl`, `shaders/mel/mel_fused.wgsl`.

mod kernel;

pub(crate) use kernel::bank_and_log;

use std::sync::Arc;

use earprint_core::MelSpec;

use crate::room::Line;
use crate::{FrameGrid, MelTables, Width};
use earprint_lanes::at_width;

/// Samples as they come through the door.
#[derive(Debug, Clone, Copy)]
pub enum PcmSlice<'a> {
    /// 16-bit integers; full scale is 32768.
    I16(&'a [i16]),
    /// Finite floats; full scale is 1.
    F32(&'a [f32]),
}

impl PcmSlice<'_> {
    /// Samples.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(s) => s.len(),
            Self::F32(s) => s.len(),
        }
    }

    /// True without samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Order of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `(T, M)`: the bands of an output stand together.
    TimeMajor,
    /// `(M, T)`: the outputs of a band stand together.
    BandMajor,
}

/// Where the values go: `T * M` of them.
#[derive(Debug)]
pub enum Out<'a> {
    /// 32-bit.
    F32(&'a mut [f32]),
    /// 16-bit, rounded once.
    F16(&'a mut [u16]),
}

/// A mel kernel for one job: tables, grid, instruction set.
#[derive(Debug, Clone)]
pub struct MelKernel {
    tables: Arc<MelTables>,
    grid: FrameGrid,
    width: Width,
    n_mels: usize,
}

/// Working memory of one thread. Grows to what the largest call needs and stays.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Samples, transposed: lane = output.
    turned: Vec<Line>,
    /// Points of the transform.
    points: Vec<Line>,
    /// Power of one group of outputs.
    power: Vec<Line>,
    /// Sums of whole chunks, and of the first frames of chunks.
    whole: Vec<Line>,
    first: Vec<Line>,
    /// Mel of one group.
    mel: Vec<Line>,
    /// Where sample `o` of a frame group stands in `turned`.
    place: Vec<u32>,
    /// The window in the samples' scale.
    window: Vec<f32>,
}

impl MelKernel {
    /// A kernel over tables and a grid.
    ///
    /// # Panics
    /// If this machine lacks the instruction set.
    pub fn new(spec: &MelSpec, tables: Arc<MelTables>, grid: FrameGrid, width: Width) -> Self {
        assert!(Width::available().contains(&width), "{} is not available on this machine", width.name());
        Self { tables, grid, width, n_mels: spec.n_mels }
    }

    /// Instruction set in use.
    pub fn width(&self) -> Width {
        self.width
    }

    /// Computes `outputs` outputs; see the module for shapes.
    ///
    /// # Panics
    /// If `pcm` is shorter than the grid's `samples(outputs)` or `out` is not `outputs * n_mels` long.
    pub fn run(&self, pcm: PcmSlice, outputs: usize, layout: Layout, mut out: Out, scratch: &mut Scratch) {
        let needed = self.grid.samples(outputs);
        assert!(pcm.len() >= needed, "{outputs} outputs read {needed} samples, {} came", pcm.len());
        let len = match &out {
            Out::F32(o) => o.len(),
            Out::F16(o) => o.len(),
        };
        assert_eq!(len, outputs * self.n_mels, "out must be (T, M) = ({outputs}, {})", self.n_mels);
        if outputs == 0 {
            return;
        }
        let (tables, grid, n_mels, out) = (&*self.tables, &self.grid, self.n_mels, &mut out);
        at_width!(
            self.width,
            kernel::run(
                tables: &MelTables,
                grid: &FrameGrid,
                n_mels: usize,
                pcm: PcmSlice,
                outputs: usize,
                layout: Layout,
                out: &mut Out,
                scratch: &mut Scratch,
            )
        );
    }
}
