//! NumPy's `.npy`, format 1.0: 6 magic bytes, version, header length (u16), a Python dict as text padded with blanks, data.
//!
//! Source: NumPy enhancement proposal 1 and `numpy.lib.format`. Headers written here are always 128 bytes, so that the
//! number of rows can be set when it is known; data begin at byte 128, aligned for every type.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

const HEADER_BYTES: usize = 128;

/// Element types earprint writes, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NpyType {
    /// `<f2`.
    F16,
    /// `<f4`.
    F32,
    /// `<f8`.
    F64,
    /// `<i4`.
    I32,
    /// `<i8`.
    I64,
}

impl NpyType {
    fn descr(self) -> &'static str {
        match self {
            Self::F16 => "<f2",
            Self::F32 => "<f4",
            Self::F64 => "<f8",
            Self::I32 => "<i4",
            Self::I64 => "<i8",
        }
    }

    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }
}

/// The 128 header bytes of a C-order array.
pub fn npy_header(ty: NpyType, shape: &[usize]) -> Vec<u8> {
    let dims: String = shape.iter().map(|d| format!("{d}, ")).collect();
    let dims = if shape.len() == 1 { dims.trim_end().to_owned() } else { dims.trim_end_matches(", ").to_owned() };
    let mut text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({dims}), }}", ty.descr());
    while text.len() < HEADER_BYTES - 11 {
        text.push(' ');
    }
    text.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend(((HEADER_BYTES - 10) as u16).to_le_bytes());
    out.extend(text.as_bytes());
    out
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpyHeader {
    /// Element type as NumPy spells it.
    pub descr: String,
    /// Dimensions, C order.
    pub shape: Vec<usize>,
    /// Where data begin, bytes.
    pub data_at: usize,
}

impl NpyHeader {
    /// From the first bytes of a file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() < 10 || &bytes[..8] != b"\x93NUMPY\x01\x00" {
            return Err("not a .npy file of format 1.0".into());
        }
        let data_at = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let text = std::str::from_utf8(bytes.get(10..data_at).ok_or("header cut short")?).map_err(|e| e.to_string())?;
        let between = |open: &str, close: &str| -> Result<&str, String> {
            let at = text.find(open).ok_or(format!("no {open} in the header"))? + open.len();
            let end = text[at..].find(close).ok_or(format!("no {close} in the header"))?;
            Ok(&text[at..at + end])
        };
        let descr = between("'descr': '", "'")?.to_owned();
        if between("'fortran_order': ", ",")? != "False" {
            return Err("Fortran order; expected C order".into());
        }
        let shape: Vec<usize> = between("'shape': (", ")")?
            .split(',')
            .map(str::trim)
            .filter(|d| !d.is_empty())
            .map(|d| d.parse().map_err(|_| format!("dimension {d:?}")))
            .collect::<Result<_, _>>()?;
        Ok(Self { descr, shape, data_at })
    }

    /// Bytes of an element, by the digits at the end of its type.
    fn element(&self) -> usize {
        self.descr.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
    }

    /// Whether so many bytes of data are the array.
    pub(crate) fn fill(&self, bytes: u64) -> Result<(), String> {
        let (shape, descr) = (&self.shape, &self.descr);
        let expected = shape.iter().try_fold(self.element() as u64, |bytes, &d| bytes.checked_mul(d as u64));
        if expected == Some(bytes) {
            Ok(())
        } else {
            Err(format!("{bytes} data bytes do not fill {shape:?} of {descr}"))
        }
    }
}

/// A whole array in memory: the reader of everything the writer makes.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray {
    /// Header.
    pub header: NpyHeader,
    /// Data bytes, little-endian.
    pub data: Vec<u8>,
}

impl NpyArray {
    /// Reads a file.
    ///
    /// # Errors
    /// `Io`; `Format` where magic, header or size do not fit.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        let mut file = File::open(path).map_err(StoreError::io("opening", path))?;
        file.read_to_end(&mut bytes).map_err(StoreError::io("reading", path))?;
        Self::parse(&bytes).map_err(|why| StoreError::format(path, why))
    }

    /// Reads an array that is in memory already.
    ///
    /// # Errors
    /// What does not fit, as text.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        Self::parse(bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let header = NpyHeader::parse(bytes)?;
        let data = bytes[header.data_at..].to_vec();
        header.fill(data.len() as u64)?;
        Ok(Self { header, data })
    }

    /// Values as f32 (from `<f4`).
    pub fn f32(&self) -> Vec<f32> {
        self.data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    /// Values as f64 (from `<f8`).
    pub fn f64(&self) -> Vec<f64> {
        self.data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
    }

    /// Bits as u16 (from `<f2` or `<i2`).
    pub fn u16(&self) -> Vec<u16> {
        self.data.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect()
    }

    /// Values as i64 (from `<i8`).
    pub fn i64(&self) -> Vec<i64> {
        self.data.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect()
    }
}

/// An array that grows row by row in a working file and gets its shape and its final name at the end.
#[derive(Debug)]
pub struct NpyWriter {
    path: PathBuf,
    file: File,
    ty: NpyType,
    row_shape: Vec<usize>,
    rows: usize,
}

impl NpyWriter {
    /// Opens the working file `path`, keeping its first `rows` rows (0: a new array). Rows have shape `row_shape`.
    ///
    /// # Errors
    /// `Io`; `Format` where the file holds fewer rows than are to be kept.
    pub fn open(path: &Path, ty: NpyType, row_shape: &[usize], rows: usize) -> Result<Self, StoreError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(StoreError::io("opening", path))?;
        let row_bytes = ty.bytes() * row_shape.iter().product::<usize>();
        let keep = (HEADER_BYTES + rows * row_bytes) as u64;
        let has = file.metadata().map_err(StoreError::io("reading", path))?.len();
        if rows > 0 && has < keep {
            return Err(StoreError::format(path, format!("{has} bytes; expected at least {keep} for {rows} rows")));
        }
        file.set_len(keep).map_err(StoreError::io("cutting", path))?;
        file.seek(SeekFrom::Start(0)).map_err(StoreError::io("seeking in", path))?;
        file.write_all(&[0; HEADER_BYTES]).map_err(StoreError::io("writing", path))?;
        file.seek(SeekFrom::Start(keep)).map_err(StoreError::io("seeking in", path))?;
        Ok(Self { path: path.to_owned(), file, ty, row_shape: row_shape.to_vec(), rows })
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Appends whole rows given as their bytes.
    ///
    /// # Errors
    /// `Io` from the system, disk full among them.
    ///
    /// # Panics
    /// If the bytes are not whole rows.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let row_bytes = self.ty.bytes() * self.row_shape.iter().product::<usize>();
        assert!(bytes.len().is_multiple_of(row_bytes), "{} bytes are not rows of {row_bytes}", bytes.len());
        self.file.write_all(bytes).map_err(StoreError::io("writing", &self.path))?;
        self.rows += bytes.len() / row_bytes;
        Ok(())
    }

    /// A second handle, to flush data while rows are appended.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn handle(&self) -> Result<File, StoreError> {
        self.file.try_clone().map_err(StoreError::io("opening", &self.path))
    }

    /// Writes the header, flushes, and moves the file to `to`. The folder is the caller's to flush.
    ///
    /// # Errors
    /// `Io` from the system.
    pub fn finish(mut self, to: &Path) -> Result<(), StoreError> {
        let shape: Vec<usize> = std::iter::once(self.rows).chain(self.row_shape.iter().copied()).collect();
        let header = npy_header(self.ty, &shape);
        let f = &mut self.file;
        f.seek(SeekFrom::Start(0))
            .and_then(|_| f.write_all(&header))
            .and_then(|()| f.sync_all())
            .and_then(|()| std::fs::rename(&self.path, to))
            .map_err(StoreError::io("finishing", to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_128_bytes_and_read_back() {
        for shape in [vec![3], vec![9_376_431, 32, 1], vec![0, 6]] {
            let h = npy_header(NpyType::I64, &shape);
            assert_eq!(h.len(), HEADER_BYTES);
            let mut bytes = h.clone();
            bytes.resize(HEADER_BYTES + 8 * shape.iter().product::<usize>().min(100), 7);
            let parsed = NpyArray::parse(&bytes);
            if shape.iter().product::<usize>() <= 100 {
                assert_eq!(parsed.unwrap().header.shape, shape);
            } else {
                assert!(parsed.unwrap_err().contains("do not fill"));
            }
        }
        assert!(NpyArray::parse(b"RIFF").is_err());
    }

    #[test]
    fn writer_keeps_rows_and_cuts_what_follows() {
        let dir = std::env::temp_dir().join(format!("earprint-npy-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (part, whole) = (dir.join("a.part"), dir.join("a.npy"));
        let mut w = NpyWriter::open(&part, NpyType::F16, &[2, 1], 0).unwrap();
        w.append(&[1, 0, 2, 0, 3, 0, 4, 0]).unwrap();
        drop(w);
        let mut w = NpyWriter::open(&part, NpyType::F16, &[2, 1], 1).unwrap();
        w.append(&[9, 0, 9, 0]).unwrap();
        w.finish(&whole).unwrap();
        let a = NpyArray::read(&whole).unwrap();
        assert_eq!((a.header.shape.clone(), a.u16()), (vec![2, 2, 1], vec![1, 2, 9, 9]));
        assert!(!part.exists());
        assert!(NpyWriter::open(&part, NpyType::F16, &[2, 1], 5).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
