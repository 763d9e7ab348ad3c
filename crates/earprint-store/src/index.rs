//! `index.npy`: which stretch of which file each row is. `(rows, 6)` i64: row, file, long, short, start, end
//! (samples at the job's rate, which the manifest tells as `offsets_rate_hz`).

use std::path::Path;

use earprint_core::Windows;

use crate::{AtomicFile, FileEntry, NpyType, StoreError, npy_header};

const COLUMNS: usize = 6;

/// Writes the index of `files` to `path`, whole or not at all. A file with rows has all of its windows' rows.
///
/// # Errors
/// `Io` from the system.
pub fn write_index(path: &Path, raw: Option<&Path>, windows: &Windows, files: &[FileEntry]) -> Result<u64, StoreError> {
    let rows: u64 = files.iter().map(|f| f.rows).sum();
    // The pattern of one file; per file only row and file number are added.
    let mut pattern: Vec<[i64; COLUMNS]> = Vec::with_capacity(windows.rows());
    for long in 0..windows.longs() {
        for short in 0..windows.shorts_per_long() {
            let start = windows.start(long, short);
            let end = start + windows.short_length;
            pattern.push([pattern.len() as i64, 0, long as i64, short as i64, start as i64, end as i64]);
        }
    }
    let mut to = vec![AtomicFile::create(path)?];
    to[0].write(&npy_header(NpyType::I64, &[rows as usize, COLUMNS]))?;
    if let Some(raw) = raw {
        to.push(AtomicFile::create(raw)?);
    }
    // Several files' rows per write: large writes, small memory.
    const FILES_PER_WRITE: usize = 64;
    let mut block: Vec<[i64; COLUMNS]> = Vec::with_capacity(FILES_PER_WRITE * pattern.len());
    let mut first = 0;
    for (chunk, group) in files.chunks(FILES_PER_WRITE).enumerate() {
        block.clear();
        for (i, f) in group.iter().enumerate() {
            let file = (chunk * FILES_PER_WRITE + i) as i64;
            assert!(f.rows == 0 || f.rows == pattern.len() as u64, "a file has all its rows or none");
            if f.rows > 0 {
                block.extend(pattern.iter().map(|p| [p[0] + first, file, p[2], p[3], p[4], p[5]]));
            }
            first += f.rows as i64;
        }
        write_little_endian(&mut to, &block)?;
    }
    for f in to {
        f.finish()?;
    }
    Ok(rows)
}

fn write_little_endian(to: &mut [AtomicFile], block: &[[i64; COLUMNS]]) -> Result<(), StoreError> {
    if cfg!(target_endian = "little") {
        return to.iter_mut().try_for_each(|f| f.write(bytemuck::cast_slice(block)));
    }
    let bytes: Vec<u8> = block.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
    to.iter_mut().try_for_each(|f| f.write(&bytes))
}
