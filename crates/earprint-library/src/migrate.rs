//! From any older version of the file to this program's, one transaction a step.
//!
//! `PRAGMA user_version` holds the version, `PRAGMA application_id` marks the file as a library. An empty database is
//! version 0. A step that fails leaves the file as it was before that step.

use rusqlite::{Connection, TransactionBehavior};

/// Newest version of the file this program knows.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// "eprt": what `file` and other programs may know a library by.
pub(crate) const APPLICATION_ID: i64 = 0x6570_7274;

/// The n-th script brings a file from version n to n + 1. Scripts that were released are never edited.
const MIGRATIONS: &[&str] =
    &[include_str!("../migrations/001_first.sql"), include_str!("../migrations/002_makespan.sql")];

/// What a database file is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A library of this version; 0: an empty database.
    Library(i64),
    /// A database of some other program.
    Foreign(String),
}

/// Reads what the file is, changing nothing.
pub(crate) fn kind(db: &Connection) -> rusqlite::Result<Kind> {
    // One state of the file: another process may be making it a library between two questions.
    let state = db.unchecked_transaction()?;
    let number = |pragma: &str| state.query_row(pragma, [], |r| r.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_master")?;
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    Ok(if application == APPLICATION_ID && version > 0 {
        Kind::Library(version)
    } else if tables == 0 && application == 0 && version == 0 {
        Kind::Library(0)
    } else {
        Kind::Foreign(format!("a database of another program (application id {application:#x}, {tables} tables)"))
    })
}

/// Brings the file to [`VERSION`].
pub(crate) fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    migrate_with(db, MIGRATIONS)
}

fn migrate_with(db: &mut Connection, scripts: &[&str]) -> rusqlite::Result<()> {
    for (from, script) in scripts.iter().enumerate() {
        let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Asked inside the transaction: another process may have done the step meanwhile.
        let version: i64 = step.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if version <= from as i64 {
            step.execute_batch(script)?;
            step.execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};",
                from + 1
            ))?;
        }
        step.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(db: &Connection) -> i64 {
        db.query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap()
    }

    #[test]
    fn a_stored_file_of_version_1_goes_through_later_steps_with_its_rows() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("../tests/fixtures/library_v1.sql")).unwrap();
        assert_eq!(kind(&db).unwrap(), Kind::Library(1));
        let later = [MIGRATIONS[0], "ALTER TABLE track ADD COLUMN title TEXT; UPDATE track SET title = 'x' || id;"];
        migrate_with(&mut db, &later).unwrap();
        let text = "SELECT count(*), max(title), max(tempo) FROM track t JOIN tracks ON track_id = t.id";
        let got: (i64, String, f64) = db.query_row(text, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap();
        assert_eq!((version(&db), got), (2, (1, "x1".into(), 120.5)));
    }

    #[test]
    fn the_stored_file_is_what_version_1_makes() {
        let tables = |db: &Connection| -> Vec<(String, String)> {
            let mut q = db.prepare("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").unwrap();
            let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let stored = Connection::open_in_memory().unwrap();
        stored.execute_batch(include_str!("../tests/fixtures/library_v1.sql")).unwrap();
        let mut made = Connection::open_in_memory().unwrap();
        migrate_with(&mut made, &MIGRATIONS[..1]).unwrap();
        assert_eq!(tables(&stored), tables(&made));
    }

    #[test]
    fn every_table_and_view_explains_itself_in_the_file() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let text = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view')";
        let mut q = db.prepare(text).unwrap();
        let rows = q.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?))).unwrap();
        let rows: Vec<_> = rows.map(Result::unwrap).collect();
        assert_eq!(rows.len(), 12);
        for (name, sql) in rows {
            assert!(sql.lines().nth(1).is_some_and(|l| l.trim_start().starts_with("-- ")), "{name}: {sql}");
        }
    }

    #[test]
    fn an_empty_file_is_version_0_and_a_failing_step_leaves_the_version_before() {
        let mut db = Connection::open_in_memory().unwrap();
        assert_eq!(kind(&db).unwrap(), Kind::Library(0));
        let wrong = [MIGRATIONS[0], "CREATE TABLE half (x); SELECT no_such_column FROM track;"];
        assert!(migrate_with(&mut db, &wrong).is_err());
        assert_eq!(version(&db), 1);
        let half: i64 =
            db.query_row("SELECT count(*) FROM sqlite_master WHERE name = 'half'", [], |r| r.get(0)).unwrap();
        assert_eq!(half, 0);
        migrate(&mut db).unwrap();
        assert_eq!(kind(&db).unwrap(), Kind::Library(VERSION));
    }

    #[test]
    fn other_databases_are_foreign() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE song (x)").unwrap();
        assert!(matches!(kind(&db).unwrap(), Kind::Foreign(_)));
    }

    #[test]
    fn columns_of_record_and_view_are_the_dimensions() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        for (table, before) in [("record", 9), ("tracks", 10)] {
            let q = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let names: Vec<&str> = earprint_core::TRACK_DIMENSIONS.iter().map(|d| d.name).collect();
            assert_eq!(q.column_names().skip(before).take(names.len()).collect::<Vec<_>>(), names, "{table}");
        }
    }
}
