//! A NumPy array `(N, 25)` f32, NaN where unknown, and a text with the path of each row.

use std::path::Path;

use earprint_core::DIMENSIONS;
use earprint_store::{NpyType, npy_header};

use super::Out;
use crate::{Filter, Library, LibraryError, Sort};

/// Writes the numbers of version `schema` to `path`, and the paths, one a line, beside it: `x.npy` and `x.paths.txt`. Returns the
/// number of rows.
///
/// # Errors
/// As [`Library::list`]; `Store` where a file cannot be written.
pub fn npy(library: &Library, schema: &str, path: &Path) -> Result<usize, LibraryError> {
    let rows = library.list(schema, &Filter::default(), Sort::Path, None)?;
    let beside = path.with_extension("paths.txt");
    let (mut array, mut paths) = (Out::create(path)?, Out::create(&beside)?);
    array.put(&npy_header(NpyType::F32, &[rows.len(), DIMENSIONS]))?;
    for row in &rows {
        for v in row.values {
            array.put(&v.to_le_bytes())?;
        }
        paths.put(row.path.as_bytes())?;
        paths.put(b"\n")?;
    }
    paths.finish(&beside)?;
    array.finish(path)?;
    Ok(rows.len())
}
