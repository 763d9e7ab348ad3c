//! Aligned memory for the widest loads.

/// A cache line of values. Buffers of them begin where one begins: a load that straddles two lines costs two.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Line([f32; 16]);

impl Line {
    /// Sixteen zeros.
    pub const ZERO: Self = Self([0.0; 16]);

    /// The values of lines.
    pub fn values(lines: &[Self]) -> &[f32] {
        // SAFETY: a line is sixteen f32 without padding.
        unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * 16) }
    }

    /// The values of lines, to be written.
    pub fn values_mut(lines: &mut [Self]) -> &mut [f32] {
        // SAFETY: as above, and every f32 is one.
        unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * 16) }
    }
}
