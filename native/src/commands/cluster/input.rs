//! What is clustered: tracks of a library, or the rows of an array.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use earprint_analyzer::each_track;
use earprint_collection::Values;
use earprint_collection::kmeans::{KMeansError, Rows, Scaling, Source, Table, Unique};
use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS};
use earprint_library::Library;
use earprint_signal::{Width, f32_from_f16};
use earprint_store::{NpyArray, NpyRows};

use crate::job::usage;

/// Numbers where they are.
enum Numbers {
    /// In memory.
    Table(Table),
    /// In memory, of an array of f64.
    F64(Vec<f64>),
    /// In an array of f16 or f32 on disk.
    File(PathBuf),
}

/// Rows of `d` numbers, with the files they are of if they are tracks.
pub struct Input {
    numbers: Numbers,
    rows: usize,
    pub d: usize,
    pub tracks: Option<Vec<String>>,
}

/// An array on disk as rows to cluster.
struct OnDisk(NpyRows);

impl Source for OnDisk {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        self.0.read(first, out).map_err(|e| e.to_string())
    }
}

/// How rows are taken.
pub struct Taking {
    pub scaling: Scaling,
    /// Equal rows count as one with their weight.
    pub unique: bool,
    /// Rows that need more bytes are read in every pass.
    pub memory: u64,
}

/// Rows that can be clustered.
pub struct Taken {
    pub rows: Rows,
    /// Where equal rows are one.
    pub unique: Option<Unique>,
    /// Whether they are in memory.
    pub held: bool,
}

impl Input {
    /// Opens a library or an array.
    pub fn open(path: &Path) -> Result<Self> {
        let mut first = Vec::new();
        match File::open(path).and_then(|file| file.take(16).read_to_end(&mut first)) {
            Ok(_) if first == b"SQLite format 3\0" => tracks(path),
            Ok(_) => array(path),
            Err(e) => usage(format!("{}: {e}; expected a library or a .npy file", path.display())),
        }
    }

    /// How many.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The descriptors, if the rows are tracks.
    pub fn track_values(&self) -> Option<Vec<Values>> {
        let (Some(_), Numbers::Table(table)) = (&self.tracks, &self.numbers) else { return None };
        let mut flat = vec![0.0; self.rows * DIMENSIONS];
        table.read(0, &mut flat).expect("a table in memory can be read");
        Some(flat.as_chunks::<DIMENSIONS>().0.to_vec())
    }

    /// A column in words.
    pub fn name(&self, column: usize) -> String {
        match self.tracks {
            Some(_) => TRACK_DIMENSIONS[column].name.to_owned(),
            None => column.to_string(),
        }
    }

    /// Rows as they are clustered.
    pub fn take(&self, how: &Taking) -> Result<Taken> {
        let source: Box<dyn Source> = match &self.numbers {
            Numbers::F64(_) if how.unique => {
                return usage("--unique: 64-bit numbers; expected an array of 16- or 32-bit ones, or a library");
            }
            Numbers::F64(values) => {
                let rows = Rows::new(values, self.d, None, how.scaling).or_else(refused)?;
                return Ok(Taken { rows, unique: None, held: true });
            }
            Numbers::Table(table) => Box::new(table.clone()),
            Numbers::File(path) => Box::new(OnDisk(NpyRows::open(path)?)),
        };
        let unique = if how.unique { Some(Unique::of(&*source).or_else(refused)?) } else { None };
        let (source, weights) = match &unique {
            Some(unique) => (unique.over(source), Some(unique.counts())),
            None => (source, None),
        };
        let held = held_bytes(source.rows(), source.columns()) <= how.memory;
        let rows = if held {
            Rows::held(&*source, weights, how.scaling)
        } else {
            Rows::streamed(source, weights, how.scaling)
        };
        Ok(Taken { rows: rows.or_else(refused)?, unique, held })
    }

    /// Mean and population deviation of the known values of every column.
    pub fn moments(&self) -> Result<Vec<(f64, f64)>> {
        let mut sums = vec![(0.0f64, 0.0f64); self.d];
        self.each(&mut |row| {
            for ((n, sum), v) in sums.iter_mut().zip(row).filter(|(_, v)| v.is_finite()) {
                (*n, *sum) = (*n + 1.0, *sum + v);
            }
        })?;
        let means: Vec<f64> = sums.iter().map(|(n, sum)| sum / n.max(1.0)).collect();
        let mut squares = vec![0.0; self.d];
        self.each(&mut |row| {
            for ((sum, mean), v) in squares.iter_mut().zip(&means).zip(row).filter(|(_, v)| v.is_finite()) {
                *sum += (v - mean) * (v - mean);
            }
        })?;
        let deviation = |(sum, (n, _)): (f64, &(f64, f64))| (sum / n.max(1.0)).sqrt();
        Ok(means.into_iter().zip(squares.into_iter().zip(&sums).map(deviation)).collect())
    }

    /// Every row, in order.
    fn each(&self, of: &mut dyn FnMut(&[f64])) -> Result<()> {
        let source: Box<dyn Source> = match &self.numbers {
            Numbers::F64(values) => {
                values.chunks_exact(self.d).for_each(of);
                return Ok(());
            }
            Numbers::Table(table) => Box::new(table.clone()),
            Numbers::File(path) => Box::new(OnDisk(NpyRows::open(path)?)),
        };
        const AT_ONCE: usize = 4096;
        let mut row = vec![0.0; self.d];
        let mut values = vec![0.0f32; AT_ONCE * self.d];
        for first in (0..self.rows).step_by(AT_ONCE) {
            values.truncate((self.rows - first).min(AT_ONCE) * self.d);
            source.read(first, &mut values).map_err(anyhow::Error::msg)?;
            for values in values.chunks_exact(self.d) {
                row.iter_mut().zip(values).for_each(|(to, &v)| *to = f64::from(v));
                of(&row);
            }
        }
        Ok(())
    }
}

/// Bytes of rows that are held: as f32 and, where that is faster, once more as integers of half the size.
pub fn held_bytes(rows: usize, columns: usize) -> u64 {
    let of_number = if Width::best().prefers_pairs() { 6 } else { 4 };
    (rows as u64).saturating_mul(columns as u64 * of_number)
}

/// What cannot be clustered was asked for wrongly, unless it could not be read.
pub fn refused<T>(error: KMeansError) -> Result<T> {
    match error {
        KMeansError::Source { .. } => Err(error.into()),
        _ => usage(error.to_string()),
    }
}

/// The tracks of a library.
fn tracks(path: &Path) -> Result<Input> {
    let (mut values, mut paths) = (Vec::new(), Vec::new());
    each_track(&Library::open_read_only(path)?, |path, numbers| {
        values.extend(numbers);
        paths.push(path);
    })?;
    let rows = paths.len();
    match Table::new(values, DIMENSIONS) {
        Ok(table) => Ok(Input { numbers: Numbers::Table(table), rows, d: DIMENSIONS, tracks: Some(paths) }),
        Err(_) => no_rows(path),
    }
}

fn no_rows<T>(path: &Path) -> Result<T> {
    usage(format!("{}: no rows; expected at least one", path.display()))
}

/// An array, ready to be clustered.
fn array(path: &Path) -> Result<Input> {
    if let Ok(on_disk) = NpyRows::open(path) {
        let (rows, d) = (on_disk.rows(), on_disk.columns());
        let input = Input { numbers: Numbers::File(path.to_owned()), rows, d, tracks: None };
        return if rows == 0 { no_rows(path) } else { Ok(input) };
    }
    let (values, d) = read(path)?;
    let rows = values.len() / d;
    let input = Input { numbers: Numbers::F64(values), rows, d, tracks: None };
    if rows == 0 { no_rows(path) } else { Ok(input) }
}

/// An array `(rows, …)` of f16, f32 or f64 in memory, and its columns: what follows the first dimension is one row.
pub fn read(path: &Path) -> Result<(Vec<f64>, usize)> {
    let array = match NpyArray::read(path) {
        Ok(array) => array,
        Err(e) => return usage(format!("{e}; expected a library or a .npy file")),
    };
    let values = match array.header.descr.as_str() {
        "<f2" => array.u16().into_iter().map(|bits| f64::from(f32_from_f16(bits))).collect(),
        "<f4" => array.f32().into_iter().map(f64::from).collect(),
        "<f8" => array.f64(),
        other => return usage(format!("{}: numbers of type {other}; expected <f2, <f4 or <f8", path.display())),
    };
    match array.header.shape.as_slice() {
        [_, rest @ ..] if !rest.is_empty() && !rest.contains(&0) => {
            let d = rest.iter().try_fold(1usize, |d, &n| d.checked_mul(n));
            d.map_or_else(|| usage(format!("{}: rows too long", path.display())), |d| Ok((values, d)))
        }
        shape => usage(format!("{}: shape {shape:?}; expected (rows, columns)", path.display())),
    }
}
