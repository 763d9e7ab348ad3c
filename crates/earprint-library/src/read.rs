//! Reading: what is known of a file, lists, failures, records one after another.

use std::path::{Path, PathBuf};

use earprint_core::{DIMENSIONS, Status, TRACK_DIMENSIONS, TrackRecord};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};

use crate::rows::{columns, descriptor, status, table, values};
use crate::{Library, LibraryError, path_from_text, path_text};

/// What is known of a file that has not changed since it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It has numbers.
    Numbers {
        /// `Ok` or `Partial`.
        status: Status,
    },
    /// It was tried, and has none.
    Failed {
        /// `Skipped` or `Error`.
        status: Status,
        /// Stable code.
        code: String,
        /// In words.
        detail: String,
        /// How often it was tried.
        attempts: u32,
    },
}

/// Which files to list: those that meet every condition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Fate of the record: `Ok` or `Partial`.
    pub status: Option<Status>,
    /// A part of the path; ASCII letters match in both cases.
    pub path_contains: Option<String>,
    /// Dimensions (by index) that must lie in a closed range, in their units. Unknown ones do not.
    pub ranges: Vec<(usize, f64, f64)>,
}

/// In which order; ties by path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By path.
    #[default]
    Path,
    /// By a dimension (its index), low first; unknown last.
    Low(usize),
    /// By a dimension (its index), high first; unknown last.
    High(usize),
}

/// A file in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The file's id in this library: stays when the file moves.
    pub file_id: i64,
    /// The track's id in this library: the same for copies.
    pub track_id: i64,
    /// Path as text ([`path_from_text`] gives the path).
    pub path: String,
    /// `Ok` or `Partial`.
    pub status: Status,
    /// Length, seconds.
    pub duration: Option<f64>,
    /// The 25 numbers, NaN where unknown.
    pub values: [f32; DIMENSIONS],
}

/// A file without numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedFile {
    /// Its path; `None` where the text is of another system.
    pub path: Option<PathBuf>,
    /// Path as text.
    pub text: String,
    /// `Skipped` or `Error`.
    pub status: Status,
    /// Stable code.
    pub code: String,
    /// In words.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When last, milliseconds since 1970 UTC.
    pub when_ms: i64,
}

impl Library {
    /// Versions of numbers that existing files have, with how many files each, by name: what a reader who finds nothing
    /// under its own version can tell instead.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn schemas(&self) -> Result<Vec<(String, usize)>, LibraryError> {
        let sql = LibraryError::sql("reading", &self.path);
        let text = "SELECT r.schema, count(*) FROM file f JOIN record r ON r.track_id = f.track_id WHERE f.gone = 0 \
                    GROUP BY r.schema ORDER BY r.schema";
        let mut q = self.db.prepare_cached(text).map_err(&sql)?;
        let rows = q.query_map([], |r| Ok((r.get(0)?, r.get::<_, i64>(1)? as usize))).map_err(&sql)?;
        rows.collect::<Result<_, _>>().map_err(&sql)
    }

    /// Identities of audio with numbers of version `schema`, in no order; audio without one is left out.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn audio_ids(&self, schema: &str) -> Result<Vec<String>, LibraryError> {
        let sql = LibraryError::sql("reading", &self.path);
        let text = "SELECT t.audio_id FROM track t JOIN record r ON r.track_id = t.id AND r.schema = ?1 \
                    WHERE t.audio_id IS NOT NULL";
        let mut q = self.db.prepare_cached(text).map_err(&sql)?;
        let rows = q.query_map([schema], |r| r.get(0)).map_err(&sql)?;
        rows.collect::<Result<_, _>>().map_err(&sql)
    }

    /// What is known of a file under version `schema`: `None` where it is new, has changed in size or time, or was never
    /// tried under this version.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn known(
        &self,
        path: &Path,
        bytes: u64,
        modified_ns: Option<i64>,
        schema: &str,
    ) -> Result<Option<Known>, LibraryError> {
        let sql = LibraryError::sql("reading", &self.path);
        let (Some(modified_ns), Ok(bytes)) = (modified_ns, i64::try_from(bytes)) else { return Ok(None) };
        let mut q = self
            .db
            .prepare_cached(
                "SELECT r.status, x.status, x.code, x.detail, x.attempts FROM file f \
                 LEFT JOIN record r ON r.track_id = f.track_id AND r.schema = ?4 \
                 LEFT JOIN failure x ON x.file_id = f.id AND x.schema = ?4 \
                 WHERE f.path = ?1 AND f.bytes = ?2 AND f.modified_ns = ?3",
            )
            .map_err(&sql)?;
        q.query_row(params![path_text(path), bytes, modified_ns, schema], |r| {
            Ok(if r.get_ref(0)?.as_str_or_null()?.is_some() {
                Some(Known::Numbers { status: status(r, 0)? })
            } else if r.get_ref(1)?.as_str_or_null()?.is_some() {
                Some(Known::Failed { status: status(r, 1)?, code: r.get(2)?, detail: r.get(3)?, attempts: r.get(4)? })
            } else {
                None
            })
        })
        .optional()
        .map(Option::flatten)
        .map_err(&sql)
    }

    /// [`Library::known`] of many files (path, size, time of change), as one state of the library and in a fraction of the time.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn known_all<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a Path, u64, Option<i64>)>,
        schema: &str,
    ) -> Result<Vec<Option<Known>>, LibraryError> {
        // One read transaction instead of one a question. It ends when dropped; nothing is written in it.
        let sql = LibraryError::sql("reading", &self.path);
        let _state = self.db.unchecked_transaction().map_err(&sql)?;
        files.into_iter().map(|(path, bytes, modified_ns)| self.known(path, bytes, modified_ns, schema)).collect()
    }

    /// Existing files with numbers of version `schema`.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    ///
    /// # Panics
    /// On an index that is no dimension.
    pub fn list(
        &self,
        schema: &str,
        filter: &Filter,
        sort: Sort,
        limit: Option<usize>,
    ) -> Result<Vec<Row>, LibraryError> {
        let sql = LibraryError::sql("listing", &self.path);
        let mut text = format!(
            "SELECT f.id, t.id, f.path, r.status, t.duration, {} FROM file f JOIN track t ON t.id = f.track_id \
             JOIN record r ON r.track_id = t.id AND r.schema = ? WHERE f.gone = 0",
            columns("r.")
        );
        let mut given = vec![Value::Text(schema.to_owned())];
        if let Some(s) = filter.status {
            text.push_str(" AND r.status = ?");
            given.push(Value::Text(s.as_str().to_owned()));
        }
        if let Some(part) = &filter.path_contains {
            text.push_str(" AND instr(lower(f.path), lower(?)) > 0");
            given.push(Value::Text(part.clone()));
        }
        for &(d, low, high) in &filter.ranges {
            text.push_str(&format!(" AND r.{} BETWEEN ? AND ?", TRACK_DIMENSIONS[d].name));
            given.extend([Value::Real(low), Value::Real(high)]);
        }
        match sort {
            Sort::Path => text.push_str(" ORDER BY f.path"),
            Sort::Low(d) => text.push_str(&format!(" ORDER BY r.{} ASC NULLS LAST, f.path", TRACK_DIMENSIONS[d].name)),
            Sort::High(d) => {
                text.push_str(&format!(" ORDER BY r.{} DESC NULLS LAST, f.path", TRACK_DIMENSIONS[d].name))
            }
        }
        if let Some(n) = limit {
            text.push_str(" LIMIT ?");
            given.push(Value::Integer(i64::try_from(n).unwrap_or(i64::MAX)));
        }
        let mut q = self.db.prepare_cached(&text).map_err(&sql)?;
        let rows = q
            .query_map(params_from_iter(given), |r| {
                Ok(Row {
                    file_id: r.get(0)?,
                    track_id: r.get(1)?,
                    path: r.get(2)?,
                    status: status(r, 3)?,
                    duration: r.get(4)?,
                    values: values(r, 5)?,
                })
            })
            .map_err(&sql)?;
        rows.collect::<Result<_, _>>().map_err(&sql)
    }

    /// Existing files that were tried under version `schema` and have no numbers, by path; with `code` only those of one code.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn failed(&self, schema: &str, code: Option<&str>) -> Result<Vec<FailedFile>, LibraryError> {
        let sql = LibraryError::sql("listing failures of", &self.path);
        let mut q = self
            .db
            .prepare_cached(
                "SELECT f.path, x.status, x.code, x.detail, x.attempts, x.when_ms FROM failure x \
                 JOIN file f ON f.id = x.file_id WHERE f.gone = 0 AND x.schema = ?1 AND (?2 IS NULL OR x.code = ?2) \
                 ORDER BY f.path",
            )
            .map_err(&sql)?;
        let rows = q
            .query_map(params![schema, code], |r| {
                let text: String = r.get(0)?;
                Ok(FailedFile {
                    path: path_from_text(&text),
                    text,
                    status: status(r, 1)?,
                    code: r.get(2)?,
                    detail: r.get(3)?,
                    attempts: r.get(4)?,
                    when_ms: r.get(5)?,
                })
            })
            .map_err(&sql)?;
        rows.collect::<Result<_, _>>().map_err(&sql)
    }

    /// The record of one file under version `schema`, failures too. `None` where it is unknown or was never tried.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn record(&self, path: &Path, schema: &str) -> Result<Option<TrackRecord>, LibraryError> {
        let mut found = None;
        self.records("AND f.path = ?2", schema, Some(path_text(path)), true, |r| {
            found = Some(r);
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands every record of version `schema`, failures too, to `sink`, by path, one at a time: memory does not grow with
    /// the library. `wide`: with the wider table. What `sink` sees is one state of the library, whatever is written
    /// meanwhile.
    ///
    /// # Errors
    /// `Busy`, `Damaged`; what `sink` returns, which ends the reading.
    pub fn each_record(
        &self,
        schema: &str,
        wide: bool,
        sink: impl FnMut(TrackRecord) -> Result<(), LibraryError>,
    ) -> Result<(), LibraryError> {
        self.records("", schema, None, wide, sink)
    }

    fn records(
        &self,
        condition: &str,
        schema: &str,
        path: Option<String>,
        wide: bool,
        mut sink: impl FnMut(TrackRecord) -> Result<(), LibraryError>,
    ) -> Result<(), LibraryError> {
        let sql = LibraryError::sql("reading", &self.path);
        let (json, join) =
            if wide { ("w.json", "LEFT JOIN wide w ON w.track_id = t.id AND w.schema = ?1") } else { ("NULL", "") };
        let text = format!(
            "SELECT f.path, coalesce(r.status, x.status), CASE WHEN r.status IS NULL THEN x.code ELSE r.code END, \
             CASE WHEN r.status IS NULL THEN x.detail ELSE r.detail END, t.audio_id, r.decoder, r.backend, r.track_id, \
             {json}, r.why_null, {} FROM file f LEFT JOIN track t ON t.id = f.track_id \
             LEFT JOIN record r ON r.track_id = t.id AND r.schema = ?1 {join} \
             LEFT JOIN failure x ON x.file_id = f.id AND x.schema = ?1 \
             WHERE f.gone = 0 AND (r.status IS NOT NULL OR x.status IS NOT NULL) {condition} ORDER BY f.path",
            columns("r.")
        );
        let mut q = self.db.prepare_cached(&text).map_err(&sql)?;
        let mut rows = match path {
            Some(path) => q.query(params![schema, path]),
            None => q.query(params![schema]),
        }
        .map_err(&sql)?;
        while let Some(r) = rows.next().map_err(&sql)? {
            let record = || -> rusqlite::Result<TrackRecord> {
                let numbers = r.get::<_, Option<i64>>(7)?.is_some();
                Ok(TrackRecord {
                    path: r.get(0)?,
                    status: status(r, 1)?,
                    code: r.get(2)?,
                    detail: r.get(3)?,
                    audio_id: r.get(4)?,
                    decoder: r.get(5)?,
                    backend: r.get(6)?,
                    schema: schema.to_owned(),
                    descriptor: numbers.then(|| descriptor(r, 10, 9)).transpose()?,
                    table: if numbers { table(r, 8)? } else { None },
                })
            };
            sink(record().map_err(&sql)?)?;
        }
        Ok(())
    }
}
