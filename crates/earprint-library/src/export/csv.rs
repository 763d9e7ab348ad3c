//! Comma-separated values after RFC 4180: a header, CRLF, quotes where needed; UTF-8. A number that is unknown is empty.

use std::fmt::Write;
use std::path::Path;

use earprint_core::TRACK_DIMENSIONS;
use earprint_store::csv_field;

use super::Out;
use crate::{Library, LibraryError};

/// Writes records of version `schema`: path, audio_id, schema, status, code, detail, then the 25 numbers. Returns their number.
///
/// # Errors
/// As [`Library::each_record`]; `Store` where the file cannot be written.
pub fn csv(library: &Library, schema: &str, path: &Path) -> Result<usize, LibraryError> {
    let mut out = Out::create(path)?;
    let mut line = String::from("path,audio_id,schema,status,code,detail");
    for d in &TRACK_DIMENSIONS {
        line.push(',');
        line.push_str(d.name);
    }
    line.push_str("\r\n");
    out.put(line.as_bytes())?;
    let mut rows = 0;
    library.each_record(schema, false, |r| {
        line.clear();
        let words = [
            &r.path,
            r.audio_id.as_deref().unwrap_or(""),
            &r.schema,
            r.status.as_str(),
            r.code.as_deref().unwrap_or(""),
            r.detail.as_deref().unwrap_or(""),
        ];
        for (i, word) in words.into_iter().enumerate() {
            if i > 0 {
                line.push(',');
            }
            csv_field(word, &mut line);
        }
        for d in 0..TRACK_DIMENSIONS.len() {
            line.push(',');
            if let Some(v) = r.descriptor.as_ref().map(|r| r.values[d]).filter(|v| v.is_finite()) {
                // Debug is the shortest decimal that reads back, with an exponent where that is shorter.
                write!(line, "{v:?}").expect("memory");
            }
        }
        line.push_str("\r\n");
        out.put(line.as_bytes())?;
        rows += 1;
        Ok(())
    })?;
    out.finish(path)?;
    Ok(rows)
}
