//! A pipe read to its end, so that it can be read like a file: in memory, or in a temporary file without a name.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use earprint_audio::{AudioError, Limits, Source};

/// Reads `from` to its end. At most `memory` bytes stay in memory; with more, all of it goes to a temporary file.
///
/// # Errors
/// [`AudioError::TooLarge`] beyond `limits.max_bytes`; what the system says of the pipe or the temporary file.
pub(super) fn spool(from: &mut impl Read, memory: u64, limits: &Limits) -> Result<Box<dyn Source>, AudioError> {
    let pipe = |error: io::Error| AudioError::io("standard input", &error);
    let mut held = Vec::new();
    from.by_ref().take(memory.saturating_add(1)).read_to_end(&mut held).map_err(pipe)?;
    if held.len() as u64 <= memory {
        return Ok(Box::new(Cursor::new(held)));
    }
    let folder = std::env::temp_dir();
    let disk = |error: io::Error| AudioError::io(format!("a temporary file in {}", folder.display()), &error);
    let mut file = unnamed(&folder).map_err(disk)?;
    file.write_all(&held).map_err(disk)?;
    let mut bytes = held.len() as u64;
    held.resize(1 << 16, 0);
    loop {
        limits.check_bytes(bytes)?;
        match from.read(&mut held) {
            Ok(0) => break,
            Ok(n) => file.write_all(&held[..n]).map_err(disk)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(pipe(e)),
        }
        bytes = file.stream_position().map_err(disk)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    Ok(Box::new(file))
}

/// A new file that is gone once it is closed, readable by its owner alone.
fn unnamed(folder: &std::path::Path) -> io::Result<File> {
    // An unpredictable name, created exclusively: no existing file or link is followed.
    let name = format!("earprint-{}-{:016x}", std::process::id(), RandomState::new().hash_one(0));
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // FILE_FLAG_DELETE_ON_CLOSE: an open file cannot be removed there.
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000);
    let file = options.open(&path)?;
    #[cfg(not(windows))]
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_memory_is_read_back_from_a_file() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let limits = Limits::default();
        for memory in [0, 1, 299_999, 300_000, 1 << 20] {
            let mut source = spool(&mut &bytes[..], memory, &limits).unwrap();
            let mut all = Vec::new();
            source.read_to_end(&mut all).unwrap();
            assert!(all == bytes, "{memory}");
            source.seek(SeekFrom::Start(299_990)).unwrap();
            all.clear();
            source.read_to_end(&mut all).unwrap();
            assert_eq!(all, &bytes[299_990..]);
        }
        let small = Limits { max_bytes: 200_000, ..limits };
        assert_eq!(spool(&mut &bytes[..], 1000, &small).err().unwrap().code(), "E_TOO_LARGE");
    }
}
