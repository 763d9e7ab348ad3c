//! Elements of EBML: an identifier, a size and a body. Source: RFC 8794.

/// An element's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub id: u32,
    /// Bytes of the head itself.
    pub head_bytes: u64,
    /// Bytes of the body; `None` where the writer did not know, as of a live stream.
    pub size: Option<u64>,
}

/// Bytes that a head may take.
pub(super) const MAX_HEAD_BYTES: usize = 12;

/// The head of an element; `None` where there is none or it is cut.
pub(super) fn head(bytes: &[u8]) -> Option<Head> {
    let id_bytes = bytes.first()?.leading_zeros() as usize + 1;
    if id_bytes > 4 {
        return None;
    }
    let id = bytes.get(..id_bytes)?.iter().fold(0, |id, &b| id << 8 | u32::from(b));
    let (size, size_bytes) = vint(bytes.get(id_bytes..)?)?;
    Some(Head { id, head_bytes: (id_bytes + size_bytes) as u64, size })
}

/// A number of variable length, and its bytes; all ones mean "unknown".
pub(super) fn vint(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let first = *bytes.first()?;
    let len = first.leading_zeros() as usize + 1;
    if len > 8 {
        return None;
    }
    let rest = bytes.get(1..len)?.iter().fold(0u64, |value, &b| value << 8 | u64::from(b));
    let mask = (1u64 << (7 * len)) - 1;
    let value = ((u64::from(first) << (8 * (len - 1))) | rest) & mask;
    Some(((value != mask).then_some(value), len))
}

/// The elements of a body, up to the first that does not fit.
pub(super) fn elements(body: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let head = head(rest)?;
        let at = head.head_bytes as usize;
        let body = rest.get(at..at.checked_add(usize::try_from(head.size?).ok()?)?)?;
        rest = &rest[at + body.len()..];
        Some((head.id, body))
    })
}

/// The first element of an identifier.
pub(super) fn find(body: &[u8], id: u32) -> Option<&[u8]> {
    elements(body).find(|e| e.0 == id).map(|e| e.1)
}

/// An unsigned number of at most 8 bytes.
pub(super) fn unsigned(body: &[u8]) -> Option<u64> {
    (body.len() <= 8).then(|| body.iter().fold(0, |value, &b| value << 8 | u64::from(b)))
}

/// A signed number of at most 8 bytes.
pub(super) fn signed(body: &[u8]) -> Option<i64> {
    let shift = 64 - 8 * body.len().min(8) as u32;
    if body.is_empty() { Some(0) } else { unsigned(body).map(|value| (value << shift) as i64 >> shift) }
}

/// A floating-point number of 4 or 8 bytes.
pub(super) fn float(body: &[u8]) -> Option<f64> {
    match body.len() {
        0 => Some(0.0),
        4 => Some(f64::from(f32::from_bits(unsigned(body)? as u32))),
        8 => Some(f64::from_bits(unsigned(body)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_numbers_of_the_standard() {
        // RFC 8794, section 4.4: the number 2 in one to four bytes.
        for bytes in [&[0x82][..], &[0x40, 0x02], &[0x20, 0, 0x02], &[0x10, 0, 0, 0x02]] {
            assert_eq!(vint(bytes), Some((Some(2), bytes.len())));
        }
        assert_eq!(vint(&[0xFF]), Some((None, 1)));
        assert_eq!(vint(&[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Some((None, 8)));
        assert_eq!(vint(&[0x00, 0x80]), None);
        let cluster = head(&[0x1F, 0x43, 0xB6, 0x75, 0xFF]).unwrap();
        assert_eq!(cluster, Head { id: 0x1F43_B675, head_bytes: 5, size: None });
        assert_eq!((signed(&[0xFF, 0x00]), signed(&[0x7F]), signed(&[])), (Some(-256), Some(127), Some(0)));
        assert_eq!(float(&[0x40, 0xE5, 0x88, 0x80, 0, 0, 0, 0]), Some(44_100.0));
    }
}
