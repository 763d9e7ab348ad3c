//! Rows of an `.npy` array where they lie: read when they are wanted, by any thread.
//!
//! The system's page cache holds what fits; nothing else does. Reading instead of mapping: a file that is cut short meanwhile is an error
//! and no signal.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use earprint_lanes::f32_from_f16;

use crate::{NpyHeader, StoreError};

/// Longest header that is read: the format's 16-bit length, and what comes before it.
const LONGEST_HEADER: u64 = 65_546;

/// An array `(rows, ...)` of f16 or f32 on disk.
#[derive(Debug)]
pub struct NpyRows {
    path: PathBuf,
    file: Handle,
    header: NpyHeader,
    half: bool,
    columns: usize,
}

impl NpyRows {
    /// Opens an array. What follows the first dimension is one row.
    ///
    /// # Errors
    /// `Io`; `Format` where it is no array of `<f2` or `<f4` with at least two dimensions, none of them 0 but the first, or
    /// where its size does not fit.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut file = File::open(path).map_err(StoreError::io("opening", path))?;
        let mut start = Vec::new();
        (&mut file).take(LONGEST_HEADER).read_to_end(&mut start).map_err(StoreError::io("reading", path))?;
        let format = |why| StoreError::format(path, why);
        let header = NpyHeader::parse(&start).map_err(format)?;
        let bytes = file.metadata().map_err(StoreError::io("reading", path))?.len();
        header.fill(bytes.saturating_sub(header.data_at as u64)).map_err(format)?;
        let half = match header.descr.as_str() {
            "<f2" => true,
            "<f4" => false,
            other => return Err(format(format!("numbers of type {other}; expected <f2 or <f4"))),
        };
        let columns = match header.shape.as_slice() {
            [_, rest @ ..] if !rest.is_empty() && !rest.contains(&0) => rest.iter().product(),
            shape => return Err(format(format!("shape {shape:?}; expected (rows, columns)"))),
        };
        Ok(Self { path: path.to_owned(), file: Handle::new(file), header, half, columns })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.header.shape[0]
    }

    /// Numbers of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whole rows from row `first` on into all of `out`.
    ///
    /// # Errors
    /// `Io` from the system; a file that became shorter among them.
    ///
    /// # Panics
    /// If there are no such rows.
    pub fn read(&self, first: usize, out: &mut [f32]) -> Result<(), StoreError> {
        assert!(first * self.columns + out.len() <= self.rows() * self.columns, "rows of the array");
        let size = if self.half { 2 } else { 4 };
        let mut bytes = vec![0; out.len() * size];
        let at = (self.header.data_at + first * self.columns * size) as u64;
        self.file.read(&mut bytes, at).map_err(StoreError::io("reading", &self.path))?;
        if self.half {
            let values = bytes.as_chunks::<2>().0.iter().map(|&b| f32_from_f16(u16::from_le_bytes(b)));
            out.iter_mut().zip(values).for_each(|(to, v)| *to = v);
        } else {
            let values = bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b));
            out.iter_mut().zip(values).for_each(|(to, v)| *to = v);
        }
        Ok(())
    }
}

/// A file that several threads read at places of their own.
#[derive(Debug)]
#[cfg(unix)]
struct Handle(File);

#[cfg(unix)]
impl Handle {
    fn new(file: File) -> Self {
        Self(file)
    }

    fn read(&self, to: &mut [u8], at: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, to, at)
    }
}

/// The same where reading moves the file's only position: one thread after another.
#[derive(Debug)]
#[cfg(not(unix))]
struct Handle(std::sync::Mutex<File>);

#[cfg(not(unix))]
impl Handle {
    fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    fn read(&self, to: &mut [u8], at: u64) -> std::io::Result<()> {
        use std::io::Seek;
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(std::io::SeekFrom::Start(at))?;
        file.read_exact(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NpyType, npy_header};

    #[test]
    fn rows_anywhere_and_files_that_are_none() {
        let dir = std::env::temp_dir().join(format!("earprint-rows-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = |name: &str, ty, shape: &[usize], data: &[u8]| {
            let mut bytes = npy_header(ty, shape);
            bytes.extend(data);
            std::fs::write(dir.join(name), bytes).unwrap();
            dir.join(name)
        };
        let singles: Vec<u8> = (0..12u8).flat_map(|i| f32::from(i).to_le_bytes()).collect();
        let a = NpyRows::open(&file("a.npy", NpyType::F32, &[4, 3, 1], &singles)).unwrap();
        assert_eq!((a.rows(), a.columns()), (4, 3));
        let mut out = [0.0; 6];
        a.read(1, &mut out).unwrap();
        assert_eq!(out, [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        // 1, -2, NaN, 0.5.
        let halves = [0x3c00u16, 0xc000, 0x7e00, 0x3800].map(u16::to_le_bytes).concat();
        let b = NpyRows::open(&file("b.npy", NpyType::F16, &[2, 2], &halves)).unwrap();
        let mut out = [0.0; 4];
        b.read(0, &mut out).unwrap();
        assert!(out[..2] == [1.0, -2.0] && out[2].is_nan() && out[3] == 0.5, "{out:?}");
        // Cut short while open, and before.
        let path = file("a.npy", NpyType::F32, &[4, 3, 1], &singles[..40]);
        assert!(a.read(3, &mut out[..3]).is_err());
        assert!(NpyRows::open(&path).unwrap_err().to_string().contains("do not fill"));
        for (shape, ty, words) in
            [(vec![4], NpyType::F32, "expected (rows, columns)"), (vec![4, 1], NpyType::I32, "expected <f2 or <f4")]
        {
            let error = NpyRows::open(&file("c.npy", ty, &shape, &[0; 16])).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
