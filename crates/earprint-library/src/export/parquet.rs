//! Apache Parquet: each record a row, the 25 numbers as columns and once more as one vector, uncompressed.
//!
//! `descriptor` is a fixed-size list of 25 f32, which tools for vectors take as it is; a number that is unknown is null in
//! both places, and the whole vector is null where there are no numbers. The file's key-value metadata say what the
//! numbers are: `earprint.schema`, `earprint.tool`, `earprint.record_version`, `earprint.dimensions` (JSON: name, unit, family).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use earprint_core::{DIMENSIONS, RECORD_VERSION, TOOL_VERSION, TRACK_DIMENSIONS, TrackRecord};
use earprint_store::StoreError;

use super::Out;
use crate::{Library, LibraryError};

/// Rows gathered before they are handed on.
const ROWS: usize = 4096;

/// Columns of words before the numbers.
const WORDS: [&str; 8] = ["path", "audio_id", "schema", "status", "code", "detail", "decoder", "backend"];

fn schema_of_file() -> Schema {
    let mut fields: Vec<Field> =
        WORDS.iter().map(|w| Field::new(*w, DataType::Utf8, !["path", "schema", "status"].contains(w))).collect();
    fields.push(Field::new("duration", DataType::Float64, true));
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    fields.push(Field::new("descriptor", DataType::FixedSizeList(item, DIMENSIONS as i32), true));
    fields.extend(TRACK_DIMENSIONS.iter().map(|d| {
        let unit = (!d.unit.is_empty()).then(|| ("unit".to_owned(), d.unit.to_owned()));
        Field::new(d.name, DataType::Float32, true).with_metadata(unit.into_iter().collect::<HashMap<_, _>>())
    }));
    Schema::new(fields)
}

fn metadata(schema: &str) -> Vec<KeyValue> {
    let dimensions: Vec<_> = TRACK_DIMENSIONS
        .iter()
        .map(|d| serde_json::json!({ "name": d.name, "unit": d.unit, "family": d.family }))
        .collect();
    [
        ("earprint.schema", schema.to_owned()),
        ("earprint.tool", TOOL_VERSION.to_owned()),
        ("earprint.record_version", RECORD_VERSION.to_string()),
        ("earprint.dimensions", serde_json::Value::Array(dimensions).to_string()),
    ]
    .into_iter()
    .map(|(k, v)| KeyValue::new(k.to_owned(), v))
    .collect()
}

/// Columns under construction.
struct Columns {
    words: [StringBuilder; WORDS.len()],
    duration: Float64Builder,
    vector: FixedSizeListBuilder<Float32Builder>,
    numbers: [Float32Builder; DIMENSIONS],
    rows: usize,
}

impl Columns {
    fn new() -> Self {
        Self {
            words: Default::default(),
            duration: Float64Builder::new(),
            vector: FixedSizeListBuilder::new(Float32Builder::new(), DIMENSIONS as i32),
            numbers: Default::default(),
            rows: 0,
        }
    }

    fn push(&mut self, r: &TrackRecord) {
        let words = [
            Some(r.path.as_str()),
            r.audio_id.as_deref(),
            Some(r.schema.as_str()),
            Some(r.status.as_str()),
            r.code.as_deref(),
            r.detail.as_deref(),
            r.decoder.as_deref(),
            r.backend.as_deref(),
        ];
        for (column, word) in self.words.iter_mut().zip(words) {
            column.append_option(word);
        }
        self.duration.append_option(r.table.as_ref().map(|t| t.duration));
        for d in 0..DIMENSIONS {
            let v = r.descriptor.as_ref().map(|r| r.values[d]).filter(|v| v.is_finite());
            self.numbers[d].append_option(v);
            self.vector.values().append_option(v);
        }
        self.vector.append(r.descriptor.is_some());
        self.rows += 1;
    }

    fn take(&mut self, schema: &Arc<Schema>) -> Result<RecordBatch, ParquetError> {
        let mut columns: Vec<ArrayRef> = self.words.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        columns.push(Arc::new(self.duration.finish()));
        columns.push(Arc::new(self.vector.finish()));
        columns.extend(self.numbers.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        self.rows = 0;
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    }
}

/// Writes records of version `schema`. Returns their number.
///
/// # Errors
/// As [`Library::each_record`]; `Store` where the file cannot be written.
pub fn parquet(library: &Library, schema: &str, path: &Path) -> Result<usize, LibraryError> {
    let layout = Arc::new(schema_of_file());
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(metadata(schema)))
        .set_created_by(format!("earprint {TOOL_VERSION}"))
        .build();
    let mut out = Out::create(path)?;
    match write(library, schema, &layout, properties, &mut out) {
        Ok(rows) => {
            out.finish(path)?;
            Ok(rows)
        }
        // What the system said is worth more than what was made of it on the way.
        Err(Failed::Parquet(e)) => {
            let words = || StoreError::Format { path: path.to_owned(), why: e.to_string() };
            Err(LibraryError::Store(out.why.take().unwrap_or_else(words)))
        }
        Err(Failed::Library(e)) => Err(e),
    }
}

enum Failed {
    Library(LibraryError),
    Parquet(ParquetError),
}

fn write(
    library: &Library,
    schema: &str,
    layout: &Arc<Schema>,
    properties: WriterProperties,
    out: &mut Out,
) -> Result<usize, Failed> {
    let mut writer = ArrowWriter::try_new(out, layout.clone(), Some(properties)).map_err(Failed::Parquet)?;
    let mut columns = Columns::new();
    let mut rows = 0;
    let mut failed = None;
    let read = library.each_record(schema, true, |r| {
        columns.push(&r);
        rows += 1;
        if columns.rows == ROWS
            && let Err(e) = columns.take(layout).and_then(|batch| writer.write(&batch))
        {
            // Any error ends the reading; this one is put in its place below.
            let why = e.to_string();
            failed = Some(Failed::Parquet(e));
            return Err(LibraryError::Store(StoreError::Format { path: library.path().to_owned(), why }));
        }
        Ok(())
    });
    if let Some(failed) = failed {
        return Err(failed);
    }
    read.map_err(Failed::Library)?;
    if columns.rows > 0 {
        columns.take(layout).and_then(|batch| writer.write(&batch)).map_err(Failed::Parquet)?;
    }
    writer.close().map_err(Failed::Parquet)?;
    Ok(rows)
}
