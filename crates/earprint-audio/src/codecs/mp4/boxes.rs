//! Boxes (atoms) of a byte slice: ISO/IEC 14496-12, section 4.2, and the QuickTime File Format Specification.

use super::super::input::Fields;

/// A box: its type and its body.
#[derive(Clone, Copy)]
pub(super) struct Box4<'a> {
    pub kind: [u8; 4],
    pub body: &'a [u8],
}

/// Length of a box from its header: bytes of the header and of the whole box; 0 for "to the end".
pub(super) fn header(bytes: &[u8]) -> Option<(usize, u64, [u8; 4])> {
    let (size, kind) = (bytes.be32_at(0)?, *bytes.get(4..)?.first_chunk()?);
    match size {
        0 => Some((8, 0, kind)),
        1 => bytes.be64_at(8).filter(|&size| size >= 16).map(|size| (16, size, kind)),
        _ => Some((8, u64::from(size), kind)).filter(|_| size >= 8),
    }
}

/// The boxes of a body, up to the first that does not fit.
pub(super) fn boxes(body: &[u8]) -> impl Iterator<Item = Box4<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (head, size, kind) = header(rest)?;
        let size = if size == 0 { rest.len() } else { usize::try_from(size).ok()? };
        let body = rest.get(head..size)?;
        rest = &rest[size..];
        Some(Box4 { kind, body })
    })
}

/// The first box of a type.
pub(super) fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(body).find(|b| &b.kind == kind).map(|b| b.body)
}

/// The box at the end of a path of types.
pub(super) fn path<'a>(body: &'a [u8], kinds: &[&[u8; 4]]) -> Option<&'a [u8]> {
    kinds.iter().try_fold(body, |body, kind| find(body, kind))
}

/// The entries of a table box: version and flags (4 bytes), a count, then `entry_bytes` each. What is cut is left out.
pub(super) fn table(body: &[u8], entry_bytes: usize) -> &[u8] {
    let count = body.be32_at(4).unwrap_or(0) as usize;
    let entries = body.get(8..).unwrap_or(&[]);
    let whole = (entries.len() / entry_bytes).min(count);
    &entries[..whole * entry_bytes]
}

/// A box type as words.
pub(super) fn printable(kind: [u8; 4]) -> String {
    kind.escape_ascii().to_string()
}
