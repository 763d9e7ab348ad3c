//! Working memory of the kernels.

/// A cache line of values: keeps every scratch buffer aligned for the widest loads.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([f32; 16]);

/// `n` f32 of aligned working memory.
pub(crate) fn room(buffer: &mut Vec<Line>, n: usize) -> *mut f32 {
    if buffer.len() * 16 < n {
        buffer.resize(n.div_ceil(16), Line([0.0; 16]));
    }
    buffer.as_mut_ptr().cast()
}
