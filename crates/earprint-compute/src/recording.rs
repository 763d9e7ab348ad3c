//! A batch as every GPU sees it ([`Recording`]): buffers, kernels over them in order, one result; and the trait of what
//! runs it ([`Machine`]). What is computed stands here and in the kernels, once for all GPUs; a machine only moves bytes
//! and starts kernels.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use earprint_shaders::Shader;

use crate::{BackendInfo, ComputeError, Ticket};

/// Place of a buffer in [`Recording::buffers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// What a buffer holds when the first kernel starts.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    /// Bytes of this batch; a last, broken word is filled with zeros.
    Fresh(Cow<'a, [u8]>),
    /// Words that batch after batch shares: the same `Arc` is uploaded once.
    Table(Arc<[u32]>),
    /// Nothing: so many bytes, a multiple of 4, that kernels write before they read.
    Scratch(u64),
}

impl Content<'_> {
    /// Bytes on the device.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Fresh(bytes) => (bytes.len() as u64).next_multiple_of(4),
            Self::Table(words) => words.len() as u64 * 4,
            Self::Scratch(bytes) => *bytes,
        }
    }
}

/// One dispatch.
#[derive(Debug, Clone)]
pub struct Step {
    /// The kernel.
    pub shader: &'static Shader,
    /// Its uniform block, at binding 0.
    pub uniform: Vec<u8>,
    /// Buffers of bindings 1, 2, ...: no buffer twice.
    pub buffers: Vec<BufferId>,
    /// Workgroups in x and y: see [`spread`].
    pub groups: (u32, u32),
}

/// One batch. Each step sees what the steps before it wrote.
#[derive(Debug, Clone)]
pub struct Recording<'a> {
    /// Buffers, by [`BufferId`].
    pub buffers: Vec<Content<'a>>,
    /// Dispatches, in order.
    pub steps: Vec<Step>,
    /// The scratch buffer that goes back to the host, whole.
    pub result: BufferId,
}

impl<'a> Recording<'a> {
    /// Nothing yet; the result is buffer 0, which must be scratch.
    pub fn new() -> Self {
        Self { buffers: Vec::new(), steps: Vec::new(), result: BufferId(0) }
    }

    /// Adds a buffer.
    pub fn buffer(&mut self, content: Content<'a>) -> BufferId {
        self.buffers.push(content);
        BufferId(self.buffers.len() - 1)
    }

    /// Adds a buffer of this batch's words.
    pub fn words(&mut self, words: Vec<u32>) -> BufferId {
        let bytes = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        self.buffer(Content::Fresh(Cow::Owned(bytes)))
    }

    /// Adds scratch of `values` 32-bit values.
    pub fn scratch(&mut self, values: usize) -> BufferId {
        self.buffer(Content::Scratch(values as u64 * 4))
    }

    /// Adds a dispatch.
    pub fn step(&mut self, shader: &'static Shader, uniform: Vec<u8>, groups: usize, buffers: &[BufferId]) {
        let step = Step { shader, uniform, buffers: buffers.to_vec(), groups: spread(groups) };
        self.steps.push(step);
    }

    /// Bytes of the result.
    pub fn result_bytes(&self) -> u64 {
        self.buffers[self.result.0].bytes()
    }

    /// What the device holds: all buffers, and the result once more for reading back.
    pub fn device_bytes(&self) -> u64 {
        self.buffers.iter().map(Content::bytes).sum::<u64>() + self.result_bytes()
    }

    /// Largest buffer.
    pub fn largest_bytes(&self) -> u64 {
        self.buffers.iter().map(Content::bytes).max().unwrap_or(0)
    }
}

impl Default for Recording<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// `groups` workgroups as a rectangle whose sides WebGPU allows; the kernels skip the corner beyond the last one.
pub fn spread(groups: usize) -> (u32, u32) {
    const SIDE: usize = 65_535;
    let y = groups.div_ceil(SIDE).max(1);
    (groups.div_ceil(y) as u32, y as u32)
}

/// How much one recording may hold on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Largest single buffer, bytes.
    pub largest_buffer: u64,
    /// All buffers together, with the result once more: [`Recording::device_bytes`].
    pub total: u64,
}

/// What [`Machine::collect`] returns: the words of the result. Not `Send`: in a browser nothing is.
pub type Words<'a> = Pin<Box<dyn Future<Output = Result<Vec<u32>, ComputeError>> + 'a>>;

/// A GPU that runs recordings. Belongs to the thread that opened it.
pub trait Machine {
    /// What it is.
    fn info(&self) -> &BackendInfo;

    /// How much one recording may hold.
    fn room(&self) -> Room;

    /// Recordings worth having under way at once.
    fn depth(&self) -> usize {
        2
    }

    /// Starts a recording with at least one step and a result of at least one word.
    ///
    /// # Errors
    /// `OutOfMemory` where half of it may fit; `DeviceLost`; `Failed` for a kernel the driver refuses.
    fn submit(&mut self, recording: &Recording) -> Result<Ticket, ComputeError>;

    /// Waits for a recording, in the order of submission.
    ///
    /// # Errors
    /// As `submit`.
    fn collect(&mut self, ticket: Ticket) -> Words<'_>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_the_result_twice() {
        let mut r = Recording::new();
        r.result = r.scratch(3);
        r.words(vec![1, 2]);
        r.buffer(Content::Fresh(Cow::Borrowed(&[1, 2, 3])));
        r.buffer(Content::Table(Arc::from([7])));
        assert_eq!((r.result_bytes(), r.device_bytes(), r.largest_bytes()), (12, 12 + 8 + 4 + 4 + 12, 12));
    }

    #[test]
    fn rectangles_cover_every_group() {
        for n in [1, 65_535, 65_536, 200_000, 7_000_001] {
            let (x, y) = spread(n);
            assert!(x <= 65_535 && y <= 65_535 && x as usize * y as usize >= n, "{n}: {x} {y}");
            assert!((x as usize * y as usize - n) < y as usize);
        }
    }
}
