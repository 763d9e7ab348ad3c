//! One JSON object a line: the records as the command prints them.

use std::path::Path;

use super::Out;
use crate::{Library, LibraryError};

/// Writes records of version `schema` with their wider tables. Returns their number.
///
/// # Errors
/// As [`Library::each_record`]; `Store` where the file cannot be written.
pub fn ndjson(library: &Library, schema: &str, path: &Path) -> Result<usize, LibraryError> {
    let mut out = Out::create(path)?;
    let mut line = Vec::new();
    let mut rows = 0;
    library.each_record(schema, true, |r| {
        line.clear();
        serde_json::to_writer(&mut line, &r).expect("plain data");
        line.push(b'\n');
        out.put(&line)?;
        rows += 1;
        Ok(())
    })?;
    out.finish(path)?;
    Ok(rows)
}
