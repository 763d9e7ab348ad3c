//! Does an MP4 file hold its index? Recorders and interrupted copies leave files that end before it.
//!
//! Enters: a source with the first bytes of ISO MP4. Leaves: nothing, or the error that names what is missing. Only the
//! boxes of the top level are visited. Source: ISO/IEC 14496-12, 4.2 (boxes) and 8.2 (`moov`).

use std::io::SeekFrom;

use crate::error::AudioError;
use crate::stream::{Source, read_full};

/// Boxes of the top level that are visited: more are not looked at, and the reader decides.
const MAX_BOXES: u32 = 10_000;

/// Checks that the index (`moov`) of a file of `total_bytes` is there and whole. The position of `source` moves.
///
/// # Errors
/// [`AudioError::Truncated`] where the file ends before the index or within it; [`AudioError::Io`] of the source.
pub(crate) fn check(source: &mut Box<dyn Source>, total_bytes: u64) -> Result<(), AudioError> {
    let truncated = |what| Err(AudioError::Truncated { container: "MP4", at_bytes: total_bytes, what });
    let mut at = 0_u64;
    for _ in 0..MAX_BOXES {
        if at >= total_bytes {
            return truncated("its index (moov) is missing");
        }
        source.seek(SeekFrom::Start(at)).map_err(|error| AudioError::io("the source", &error))?;
        let mut head = [0; 16];
        let n = read_full(source, &mut head)?;
        if n < 8 {
            return truncated("its index (moov) is missing");
        }
        let size = match (u32::from_be_bytes([head[0], head[1], head[2], head[3]]), n) {
            (0, _) => total_bytes - at,
            (1, 16) => {
                u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]])
            }
            (size, _) => u64::from(size),
        };
        if size < 8 {
            // Not a box: the reader decides.
            return Ok(());
        }
        let end = at.saturating_add(size);
        match &head[4..8] {
            b"moov" if end > total_bytes => return truncated("it breaks off within its index (moov)"),
            b"moov" => return Ok(()),
            _ => at = end,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn code(parts: &[&[u8]]) -> Result<(), String> {
        let bytes = parts.concat();
        let total = bytes.len() as u64;
        let mut source: Box<dyn Source> = Box::new(Cursor::new(bytes));
        check(&mut source, total).map_err(|error| error.to_string())
    }

    #[test]
    fn an_index_is_found_missing_or_cut() {
        const FTYP: &[u8] = b"\0\0\0\x10ftypM4A \0\0\0\0";
        const MOOV: &[u8] = b"\0\0\0\x0Cmoov\0\0\0\0";
        assert_eq!(code(&[FTYP, MOOV]), Ok(()));
        assert_eq!(code(&[FTYP, b"\0\0\0\x0Cmdat\x01\x02\x03\x04", MOOV]), Ok(()));
        assert_eq!(code(&[FTYP, b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x14\x01\x02\x03\x04", MOOV]), Ok(()));
        for missing in [&[FTYP][..], &[FTYP, b"\0\0\x01\0mdat\x01"], &[FTYP, b"\0\0\0\0mdat\x01"], &[FTYP, b"\0\0\0"]] {
            let error = code(missing).unwrap_err();
            assert!(error.contains("its index (moov) is missing; download or copy the file again"), "{error}");
        }
        let error = code(&[FTYP, &MOOV[..10]]).unwrap_err();
        assert!(error.contains("within its index"), "{error}");
        // A size that is none, and one beyond every file.
        assert_eq!(code(&[FTYP, b"\0\0\0\x02free"]), Ok(()));
        assert!(code(&[FTYP, b"\0\0\0\x01mdat\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"]).is_err());
    }
}
