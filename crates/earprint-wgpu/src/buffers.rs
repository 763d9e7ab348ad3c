//! The buffers of one batch under way. They grow and stay: allocating per batch would cost more than small batches do.

use wgpu::{Buffer, BufferUsages, Device};

/// A buffer that grows.
pub(crate) struct Grown {
    label: &'static str,
    usage: BufferUsages,
    buffer: Option<Buffer>,
}

impl Grown {
    const fn new(label: &'static str, usage: BufferUsages) -> Self {
        Self { label, usage, buffer: None }
    }

    /// Uniform blocks.
    pub const fn uniform() -> Self {
        Self::new("params", BufferUsages::UNIFORM.union(BufferUsages::COPY_DST))
    }

    /// Anything kernels read or write.
    pub const fn storage() -> Self {
        Self::new("storage", BufferUsages::STORAGE.union(BufferUsages::COPY_DST).union(BufferUsages::COPY_SRC))
    }

    /// Results where the host can read them.
    pub const fn read() -> Self {
        Self::new("read", BufferUsages::MAP_READ.union(BufferUsages::COPY_DST))
    }

    /// A buffer of at least `bytes`, which must not exceed `largest`. A new one gets a quarter more, so that a batch
    /// a little larger than the last finds room.
    pub fn room(&mut self, device: &Device, bytes: u64, largest: u64) -> &Buffer {
        if self.buffer.as_ref().is_none_or(|b| b.size() < bytes) {
            // The old one goes first: both together may not fit.
            self.buffer = None;
            let size = (bytes + bytes / 4).next_multiple_of(256).min(largest).max(bytes);
            self.buffer = Some(device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(self.label),
                size,
                usage: self.usage,
                mapped_at_creation: false,
            }));
        }
        self.buffer.as_ref().expect("made above")
    }

    /// The buffer of the last `room`.
    pub fn get(&self) -> &Buffer {
        self.buffer.as_ref().expect("room was made")
    }
}

/// Buffers of one batch.
pub(crate) struct BufferSet {
    /// Uniform block.
    pub params: Grown,
    /// Samples.
    pub pcm: Grown,
    /// First sample of every output.
    pub starts: Grown,
    /// Values, on the device.
    pub out: Grown,
    /// Values, where the host can read them.
    pub read: Grown,
}

impl BufferSet {
    /// Without memory yet.
    pub const fn new() -> Self {
        const STORAGE: BufferUsages = BufferUsages::STORAGE;
        Self {
            params: Grown::uniform(),
            pcm: Grown::new("pcm", STORAGE.union(BufferUsages::COPY_DST)),
            starts: Grown::new("starts", STORAGE.union(BufferUsages::COPY_DST)),
            out: Grown::new("out", STORAGE.union(BufferUsages::COPY_SRC)),
            read: Grown::read(),
        }
    }
}

/// Writes bytes from the start of a buffer; a last, broken word is filled with zeros.
pub(crate) fn write(queue: &wgpu::Queue, buffer: &wgpu::Buffer, bytes: &[u8]) {
    let (whole, rest) = bytes.split_at(bytes.len() & !3);
    queue.write_buffer(buffer, 0, whole);
    if !rest.is_empty() {
        let mut word = [0; 4];
        word[..rest.len()].copy_from_slice(rest);
        queue.write_buffer(buffer, whole.len() as u64, &word);
    }
}

/// The bytes of a mapped buffer.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn copy_out(view: &wgpu::BufferView, bytes: &mut [u8]) {
    bytes.copy_from_slice(view);
}

/// From the browser's memory straight into the values: reading the view as a slice would copy twice.
#[cfg(target_family = "wasm")]
pub(crate) fn copy_out(view: &wgpu::BufferView, bytes: &mut [u8]) {
    view.as_uint8array().copy_to(bytes);
}
