//! Writing: one batch, one transaction.

use std::path::PathBuf;

use earprint_core::{DIMENSIONS, Status, TOOL_VERSION};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params, params_from_iter, types::Value};

use crate::library::now_ms;
use crate::rows::{columns, why_json};
use crate::{Entry, Library, LibraryError, Numbers, Outcome, RunId, path_text};

/// The row of a path before the look that is being written.
struct Before {
    file: i64,
    track: Option<i64>,
    unchanged: bool,
}

/// The statement that writes a record, built once a batch. Files with the same packets share one record but may differ in what
/// their headers promise; of those met in one run the same one stays whichever came last.
struct Sql {
    record: String,
}

impl Sql {
    fn new() -> Self {
        let marks = vec!["?"; 10 + DIMENSIONS].join(", ");
        let set: Vec<String> = columns("").split(", ").map(|c| format!("{c} = excluded.{c}")).collect();
        let record = format!(
            "INSERT INTO record (track_id, schema, status, code, detail, decoder, backend, tool_version, made_run, {}, \
             why_null) VALUES ({marks}) ON CONFLICT (track_id, schema) DO UPDATE SET status = excluded.status, \
             code = excluded.code, detail = excluded.detail, decoder = excluded.decoder, backend = excluded.backend, \
             tool_version = excluded.tool_version, made_run = excluded.made_run, why_null = excluded.why_null, {} \
             WHERE made_run <> excluded.made_run OR (excluded.status, coalesce(excluded.detail, '')) < \
             (record.status, coalesce(record.detail, ''))",
            columns(""),
            set.join(", ")
        );
        Self { record }
    }
}

impl Library {
    /// Writes looks at files, all or none of them: numbers of version `schema`, made in `run`.
    ///
    /// A look with numbers or a failure takes the place of what the path had before. A path that is new, or holds other
    /// audio than before, may be a move of a file that is gone: [`Library::settle_moves`] decides that at the end of a run.
    ///
    /// # Errors
    /// `Busy`, `Full`, `ReadOnly`, `Damaged`; `NoRecord` where `Outcome::Existing` names audio without numbers;
    /// `OutOfRange` for sizes above 2^63. In every case nothing of the batch is written.
    pub fn commit(&mut self, run: RunId, schema: &str, batch: &[Entry]) -> Result<(), LibraryError> {
        let sql = LibraryError::sql("writing", &self.path);
        let statements = Sql::new();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&sql)?;
        let now = now_ms();
        for entry in batch {
            let bytes = i64::try_from(entry.bytes).map_err(|_| LibraryError::OutOfRange {
                what: "the size of a file",
                got: entry.bytes.to_string(),
                expected: "at most 2^63 - 1 bytes",
            })?;
            let written = write(&tx, run, schema, entry, bytes, now, &statements).map_err(&sql)?;
            if !written {
                return Err(LibraryError::NoRecord {
                    path: path_text(&entry.path),
                    audio_id: entry.audio_id.clone().unwrap_or_else(|| "none".into()),
                    schema: schema.to_owned(),
                });
            }
        }
        sign_of_life(&tx, run, now).map_err(&sql)?;
        tx.commit().map_err(&sql)
    }

    /// Notes that files known already were met in `run` and lie where they lay. Unknown paths are passed over.
    ///
    /// # Errors
    /// As [`Library::commit`].
    pub fn seen(&mut self, run: RunId, paths: &[PathBuf]) -> Result<(), LibraryError> {
        let sql = LibraryError::sql("writing", &self.path);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&sql)?;
        {
            let text = "UPDATE file SET seen_run = ?2, gone = 0 WHERE path = ?1";
            let mut update = tx.prepare_cached(text).map_err(&sql)?;
            for path in paths {
                update.execute(params![path_text(path), run.0]).map_err(&sql)?;
            }
        }
        sign_of_life(&tx, run, now_ms()).map_err(&sql)?;
        tx.commit().map_err(&sql)
    }
}

/// A run that commits is alive, whatever another process thought of it.
fn sign_of_life(tx: &Transaction<'_>, run: RunId, now: i64) -> rusqlite::Result<()> {
    let text =
        "UPDATE run SET last_ms = ?2, state = CASE WHEN ended_ms IS NULL THEN 'running' ELSE state END WHERE id = ?1";
    tx.prepare_cached(text)?.execute(params![run.0, now])?;
    Ok(())
}

/// Writes one look. `false`: it refers to numbers that are not there.
fn write(
    tx: &Transaction<'_>,
    run: RunId,
    schema: &str,
    entry: &Entry,
    bytes: i64,
    now: i64,
    statements: &Sql,
) -> rusqlite::Result<bool> {
    let path = path_text(&entry.path);
    let before = tx
        .prepare_cached("SELECT id, bytes, modified_ns, track_id FROM file WHERE path = ?1")?
        .query_row([&path], |r| {
            let same = r.get::<_, i64>(1)? == bytes && r.get::<_, Option<i64>>(2)? == entry.modified_ns;
            Ok(Before { file: r.get(0)?, track: r.get(3)?, unchanged: same && entry.modified_ns.is_some() })
        })
        .optional()?;
    let track = track_of(tx, entry, before.as_ref(), now)?;
    let status = match &entry.outcome {
        Outcome::Numbers(n) => {
            write_record(tx, track.expect("numbers have a track"), run, schema, n, &statements.record)?;
            n.status().as_str().to_owned()
        }
        Outcome::Existing => {
            let mut find = tx.prepare_cached("SELECT status FROM record WHERE track_id = ?1 AND schema = ?2")?;
            let Some(status) = find.query_row(params![track, schema], |r| r.get(0)).optional()? else {
                return Ok(false);
            };
            status
        }
        Outcome::Failure { skipped: true, .. } => Status::Skipped.as_str().to_owned(),
        Outcome::Failure { skipped: false, .. } => Status::Error.as_str().to_owned(),
    };
    let file: i64 = tx
        .prepare_cached(
            "INSERT INTO file (path, bytes, modified_ns, track_id, status, seen_run) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, modified_ns = excluded.modified_ns, \
             settled = settled AND NOT gone AND track_id IS excluded.track_id, track_id = excluded.track_id, \
             status = excluded.status, seen_run = excluded.seen_run, gone = 0 RETURNING id",
        )?
        .query_row(params![path, bytes, entry.modified_ns, track, status, run.0], |r| r.get(0))?;
    if let Some(b) = &before {
        forget(tx, b, track)?;
    }
    match &entry.outcome {
        Outcome::Failure { skipped, code, detail } => {
            let status = if *skipped { Status::Skipped } else { Status::Error }.as_str();
            tx.prepare_cached(
                "INSERT INTO failure (file_id, schema, status, code, detail, run, when_ms, attempts) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1) ON CONFLICT (file_id, schema) DO UPDATE SET \
                 status = excluded.status, code = excluded.code, detail = excluded.detail, run = excluded.run, \
                 when_ms = excluded.when_ms, attempts = attempts + 1",
            )?
            .execute(params![file, schema, status, code, detail, run.0, now])?;
        }
        _ => {
            tx.prepare_cached("DELETE FROM failure WHERE file_id = ?1 AND schema = ?2")?
                .execute(params![file, schema])?;
        }
    }
    Ok(true)
}

/// What no longer holds once the content of a path has changed: its failures, and a track that was nobody else's.
fn forget(tx: &Transaction<'_>, before: &Before, track: Option<i64>) -> rusqlite::Result<()> {
    if !before.unchanged {
        tx.prepare_cached("DELETE FROM failure WHERE file_id = ?1")?.execute([before.file])?;
    }
    if before.track != track {
        tx.prepare_cached("DELETE FROM track WHERE id = ?1 AND audio_id IS NULL")?.execute([before.track])?;
    }
    Ok(())
}

/// The track of a look: by its identity; without one, its own as long as the file does not change.
fn track_of(tx: &Transaction<'_>, entry: &Entry, before: Option<&Before>, now: i64) -> rusqlite::Result<Option<i64>> {
    let table = match &entry.outcome {
        Outcome::Numbers(n) => Some(&n.table),
        _ => None,
    };
    let facts =
        (table.map(|t| &t.codec), table.map(|t| t.sample_rate), table.map(|t| t.channels), table.map(|t| t.duration));
    let kept = before.filter(|b| b.unchanged).and_then(|b| b.track);
    if let Some(audio) = &entry.audio_id {
        let mut upsert = tx.prepare_cached(
            "INSERT INTO track (audio_id, codec, sample_rate, channels, duration, first_seen_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (audio_id) DO UPDATE SET codec = coalesce(excluded.codec, codec), \
             sample_rate = coalesce(excluded.sample_rate, sample_rate), channels = coalesce(excluded.channels, channels), \
             duration = coalesce(excluded.duration, duration) RETURNING id",
        )?;
        return upsert.query_row(params![audio, facts.0, facts.1, facts.2, facts.3, now], |r| r.get(0)).map(Some);
    }
    if table.is_none() || kept.is_some() {
        return Ok(kept);
    }
    let text = "INSERT INTO track (codec, sample_rate, channels, duration, first_seen_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.prepare_cached(text)?.execute(params![facts.0, facts.1, facts.2, facts.3, now])?;
    Ok(Some(tx.last_insert_rowid()))
}

fn write_record(
    tx: &Transaction<'_>,
    track: i64,
    run: RunId,
    schema: &str,
    n: &Numbers,
    statement: &str,
) -> rusqlite::Result<()> {
    let text = |s: &Option<String>| s.clone().map_or(Value::Null, Value::Text);
    let mut row = vec![
        Value::Integer(track),
        Value::Text(schema.to_owned()),
        Value::Text(n.status().as_str().to_owned()),
        text(&n.code),
        text(&n.detail),
        text(&n.decoder),
        text(&n.backend),
        Value::Text(TOOL_VERSION.to_owned()),
        Value::Integer(run.0),
    ];
    row.extend(
        n.descriptor.values.iter().map(|v| if v.is_finite() { Value::Real(f64::from(*v)) } else { Value::Null }),
    );
    row.push(text(&why_json(&n.descriptor)));
    tx.prepare_cached(statement)?.execute(params_from_iter(row))?;
    let json = serde_json::to_string(&n.table.clone().finite()).expect("plain data");
    let text =
        "INSERT INTO wide (track_id, schema, json) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET json = excluded.json";
    tx.prepare_cached(text)?.execute(params![track, schema, json])?;
    Ok(())
}
