//! Working memory of the kernels.

pub(crate) use earprint_lanes::Line;

/// `n` f32 of aligned working memory.
pub(crate) fn room(buffer: &mut Vec<Line>, n: usize) -> *mut f32 {
    if buffer.len() * 16 < n {
        buffer.resize(n.div_ceil(16), Line::ZERO);
    }
    buffer.as_mut_ptr().cast()
}
