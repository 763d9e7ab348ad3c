//! Mel of a stretch of samples, one frame per SIMD lane.
//!
//! In: samples `(N)`, 16-bit or f32, where output `j` starts at `j * step`. Out: mel values, `(T, M)` or `(M, T)`,
//! f32 or f16, logarithm applied, per-file floors not (they are `finish_file`'s).
//!
//! Per frame: window, real transform (see `fft.rs`), power, [sum over the pooled frames, mean], sparse filter bank
//! with bins ascending, logarithm. Twins: `shaders/mel/mel_plain.wgsl`, `shaders/mel/mel_fused.wgsl`.

mod butterfly;
mod kernel;

use std::sync::Arc;

use earprint_core::MelSpec;

use crate::{FrameGrid, MelTables, Width, lane};

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

/// A cache line of values: keeps every scratch buffer aligned for the widest loads.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// `n` f32 of aligned working memory.
fn room(buffer: &mut Vec<Line>, n: usize) -> *mut f32 {
    if buffer.len() * 16 < n {
        buffer.resize(n.div_ceil(16), Line([0.0; 16]));
    }
    buffer.as_mut_ptr().cast()
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
        macro_rules! go {
            ($lane:ty) => {
                kernel::run::<$lane>(&self.tables, &self.grid, self.n_mels, pcm, outputs, layout, &mut out, scratch)
            };
        }
        match self.width {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            // SAFETY: no instruction set beyond the target's own.
            Width::Scalar => unsafe { go!(lane::portable::Portable<1>) },
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            // SAFETY: as above.
            Width::Portable4 => unsafe { go!(lane::portable::Portable<4>) },
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => {
                #[target_feature(enable = "avx2,f16c")]
                unsafe fn wide(k: &MelKernel, pcm: PcmSlice, n: usize, l: Layout, out: &mut Out, s: &mut Scratch) {
                    // SAFETY: this function is compiled for the lanes' instruction set.
                    unsafe { kernel::run::<lane::avx2::Avx2>(&k.tables, &k.grid, k.n_mels, pcm, n, l, out, s) }
                }
                // SAFETY: `new` checked that the machine has AVX2 and F16C.
                unsafe { wide(self, pcm, outputs, layout, &mut out, scratch) }
            }
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                unsafe fn wide(k: &MelKernel, pcm: PcmSlice, n: usize, l: Layout, out: &mut Out, s: &mut Scratch) {
                    // SAFETY: this function is compiled for the lanes' instruction set.
                    unsafe { kernel::run::<lane::avx512::Avx512>(&k.tables, &k.grid, k.n_mels, pcm, n, l, out, s) }
                }
                // SAFETY: `new` checked that the machine has AVX-512 F, BW, DQ and VL.
                unsafe { wide(self, pcm, outputs, layout, &mut out, scratch) }
            }
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            // SAFETY: simd128 is on for the whole build.
            Width::Simd128 => unsafe { go!(lane::simd128::Simd128) },
            #[allow(unreachable_patterns)]
            other => unreachable!("{} was refused by new", other.name()),
        }
    }
}
