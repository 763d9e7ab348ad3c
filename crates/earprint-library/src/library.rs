//! Opening a library: what is checked before anything is read or changed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::LibraryError;
use crate::migrate::{self, Kind, VERSION};

/// How long a process waits for another that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two requests for write-ahead mode: about what making a library takes.
const AGAIN: Duration = Duration::from_millis(5);

/// An open library. One per thread; several processes may have the same file open, one writes at a time.
#[derive(Debug)]
pub struct Library {
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
    read_only: bool,
}

impl Library {
    /// Opens a library for reading and writing and brings an older one up to date.
    ///
    /// # Errors
    /// `Missing`, `NotALibrary`, `Newer`, `Busy`, `Damaged`, `ReadOnly`, `Full`.
    pub fn open(path: &Path) -> Result<Self, LibraryError> {
        Self::present(path)?;
        Self::writable(path, OpenFlags::SQLITE_OPEN_READ_WRITE, PATIENCE)
    }

    /// Makes a library where there is no file yet.
    ///
    /// # Errors
    /// `Exists`; as [`Library::open`].
    pub fn create(path: &Path) -> Result<Self, LibraryError> {
        if path.exists() {
            return Err(LibraryError::Exists { path: path.to_owned() });
        }
        Self::open_or_create(path)
    }

    /// Opens a library, making one where there is no file.
    ///
    /// # Errors
    /// As [`Library::open`], without `Missing`.
    pub fn open_or_create(path: &Path) -> Result<Self, LibraryError> {
        Self::writable(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, PATIENCE)
    }

    /// Opens a library for reading. The folder need not be writable, unless another process is writing.
    ///
    /// # Errors
    /// As [`Library::open`]; `Older` where the file would have to be changed first.
    pub fn open_read_only(path: &Path) -> Result<Self, LibraryError> {
        Self::present(path)?;
        let sql = LibraryError::sql("opening", path);
        // A connection that could write removes the side files when it closes; one that could not would leave them behind.
        // Nothing is written through it: that is what `query_only` is for. Where nothing may be written SQLite falls back
        // to reading by itself.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags).map_err(&sql)?;
        if let Err(e) = migrate::kind(&db) {
            // In write-ahead mode even a reader needs its side files. Where the folder cannot be written and there is
            // no log to read, nobody is writing either: the file may be read as it stands.
            let refused = matches!(sql(e), LibraryError::ReadOnly { .. });
            let log = side_file(path, "-wal").metadata().is_ok_and(|m| m.len() > 0);
            if refused && !log {
                let flags =
                    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
                db = Connection::open_with_flags(immutable_uri(path), flags).map_err(&sql)?;
            }
        }
        let library = Self { db, path: path.to_owned(), read_only: true };
        library.prepare(PATIENCE)?;
        library.db.execute_batch("PRAGMA query_only = ON").map_err(&sql)?;
        let version = library.version()?;
        if version < VERSION {
            return Err(LibraryError::Older { path: path.to_owned(), version, known: VERSION });
        }
        Ok(library)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True where it was opened for reading only.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Sets how long a write waits for another process before it fails with `Busy`. Default 10 s.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn set_patience(&mut self, patience: Duration) -> Result<(), LibraryError> {
        self.db.busy_timeout(patience).map_err(LibraryError::sql("setting up", &self.path))
    }

    /// Looks at every page and every reference. Minutes for a very large file.
    ///
    /// # Errors
    /// `Damaged` with the first thing found.
    pub fn check(&self) -> Result<(), LibraryError> {
        let sql = LibraryError::sql("checking", &self.path);
        let found: String = self.db.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0)).map_err(&sql)?;
        let loose: i64 =
            self.db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |r| r.get(0)).map_err(&sql)?;
        let why = match (found.as_str(), loose) {
            ("ok", 0) => return Ok(()),
            ("ok", n) => format!("{n} rows refer to rows that are not there"),
            _ => found,
        };
        Err(LibraryError::Damaged { what: "checking", path: self.path.clone(), why })
    }

    /// The connection, for questions the views answer. Changes made through it are the caller's own.
    pub fn connection(&self) -> &Connection {
        &self.db
    }

    fn present(path: &Path) -> Result<(), LibraryError> {
        match path.metadata() {
            Ok(m) if m.is_file() => Ok(()),
            Ok(_) => Err(LibraryError::NotALibrary { path: path.to_owned(), why: "it is no regular file".into() }),
            Err(_) => Err(LibraryError::Missing { path: path.to_owned() }),
        }
    }

    fn writable(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Self, LibraryError> {
        let sql = LibraryError::sql("opening", path);
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(&sql)?;
        let mut library = Self { db, path: path.to_owned(), read_only: false };
        library.prepare(patience)?;
        // SQLite opens a file it may not write for reading, silently.
        if library.db.is_readonly(rusqlite::MAIN_DB).map_err(&sql)? {
            let why = "the file is write-protected".into();
            return Err(LibraryError::ReadOnly { what: "opening", path: path.to_owned(), why });
        }
        library.version()?;
        let mode = library.write_ahead(patience)?;
        // Without a write-ahead log (some file systems have no shared memory) only FULL survives a power cut.
        let synchronous = if mode == "wal" { "NORMAL" } else { "FULL" };
        library.db.execute_batch(&format!("PRAGMA synchronous = {synchronous}")).map_err(&sql)?;
        migrate::migrate(&mut library.db).map_err(&sql)?;
        Ok(library)
    }

    /// Turns to write-ahead mode, which needs a moment without any other reader or writer. SQLite gives up at once where it
    /// does not get it, whatever its own time-out: so it is asked again until `patience` is over. Returns the mode.
    fn write_ahead(&self, patience: Duration) -> Result<String, LibraryError> {
        let sql = LibraryError::sql("opening", &self.path);
        let started = Instant::now();
        loop {
            match self.db.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0)).map_err(&sql) {
                Err(LibraryError::Busy { .. }) if started.elapsed() < patience => std::thread::sleep(AGAIN),
                mode_or_error => return mode_or_error,
            }
        }
    }

    fn prepare(&self, patience: Duration) -> Result<(), LibraryError> {
        let sql = LibraryError::sql("opening", &self.path);
        self.db.busy_timeout(patience).map_err(&sql)?;
        self.db.set_prepared_statement_cache_capacity(64);
        // Plans that do not depend on the values bound: otherwise this build of SQLite (STAT4) plans again at every question
        // that has values beside an index, which costs ten times the question itself.
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(&sql)?;
        // trusted_schema: a library may come from elsewhere; what its views may call is limited to harmless functions.
        self.db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF").map_err(&sql)
    }

    /// Version of the file, after making sure that it is a library this program may touch.
    fn version(&self) -> Result<i64, LibraryError> {
        let path = self.path.clone();
        match migrate::kind(&self.db).map_err(LibraryError::sql("opening", &self.path))? {
            Kind::Foreign(why) => Err(LibraryError::NotALibrary { path, why }),
            Kind::Library(version) if version > VERSION => Err(LibraryError::Newer { path, version, known: VERSION }),
            Kind::Library(version) => Ok(version),
        }
    }
}

/// `lib.db` with a suffix behind the whole name.
fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A `file:` URI that tells SQLite nobody writes the file.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for b in path.as_os_str().as_encoded_bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*b)),
            b'\\' if cfg!(windows) => uri.push('/'),
            b':' if cfg!(windows) => uri.push(':'),
            _ => uri.push_str(&format!("%{b:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new file in rollback mode that another process is about to write: nobody can turn it to write-ahead mode, and SQLite
    /// says so without waiting.
    fn held(name: &str) -> (PathBuf, Connection) {
        let path = std::env::temp_dir().join(format!("earprint-library-{name}-{}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let db = Connection::open(&path).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        (path, db)
    }

    const NEW: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE);

    #[test]
    fn write_ahead_mode_is_waited_for() {
        let (path, writer) = held("waits");
        std::thread::scope(|s| {
            let waiting = s.spawn(|| Library::writable(&path, NEW, Duration::from_secs(60)));
            std::thread::sleep(Duration::from_millis(30));
            writer.execute_batch("COMMIT").unwrap();
            waiting.join().unwrap().unwrap();
        });
        drop(writer);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn who_never_gets_it_says_how_long_it_waited() {
        let (path, writer) = held("in-vain");
        match Library::writable(&path, NEW, Duration::from_millis(30)).unwrap_err() {
            LibraryError::Busy { waited_s, .. } => assert!(waited_s >= 0.03, "{waited_s}"),
            e => panic!("{e}"),
        }
        drop(writer);
        std::fs::remove_file(path).unwrap();
    }
}
