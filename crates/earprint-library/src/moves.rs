//! Files that are gone, and files that are gone from one place and new in another.
//!
//! A path that is new but holds known audio is a copy or a move. Which of the two shows only when the whole walk is
//! over: so paths are marked as unsettled when they are written, and decided together at the end of a run, whatever the
//! order of the batches was and however often the run was interrupted. One path gone and one path new, with the same audio,
//! is a move. Everything else stays as it is, with a note: of two candidates none is guessed.

use std::path::PathBuf;

use rusqlite::{TransactionBehavior, params};

use crate::{Library, LibraryError, RunId, path_from_text};

/// A file that was found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Path it had, as text.
    pub from: String,
    /// Path it has, as text.
    pub to: String,
}

/// What was decided about new paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Moves, in the order of the old rows.
    pub moves: Vec<Move>,
    /// Notes on audio with several candidates, one for each new path.
    pub undecided: Vec<String>,
}

/// A file row of a track with something to decide.
struct Candidate {
    track: i64,
    id: i64,
    path: String,
    settled: bool,
    gone: bool,
}

/// True where the system is sure that nothing lies at the path.
fn is_gone(text: &str) -> bool {
    path_from_text(text).is_some_and(|p| matches!(p.try_exists(), Ok(false)))
}

impl Library {
    /// Marks files as gone that lay under `roots`, were not met in `run`, and are not there any more. To be called when the
    /// walk of `roots` is complete. Returns their number.
    ///
    /// # Errors
    /// `Busy`, `Full`, `ReadOnly`, `Damaged`.
    pub fn find_gone(&mut self, run: RunId, roots: &[PathBuf]) -> Result<usize, LibraryError> {
        let sql = LibraryError::sql("looking for files that are gone in", &self.path);
        let unseen: Vec<(i64, String)> = {
            let text = "SELECT id, path FROM file WHERE gone = 0 AND seen_run IS NOT ?1";
            let mut q = self.db.prepare_cached(text).map_err(&sql)?;
            let rows = q.query_map([run.0], |r| Ok((r.get(0)?, r.get(1)?))).map_err(&sql)?;
            rows.collect::<Result<_, _>>().map_err(&sql)?
        };
        let under = |text: &str| path_from_text(text).is_some_and(|p| roots.iter().any(|root| p.starts_with(root)));
        let gone: Vec<_> = unseen.into_iter().filter(|(_, text)| under(text) && is_gone(text)).collect();
        if gone.is_empty() {
            return Ok(0);
        }
        let sql = LibraryError::sql("marking files that are gone in", &self.path);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&sql)?;
        for (id, path) in &gone {
            tx.execute("UPDATE file SET gone = 1 WHERE id = ?1 AND path = ?2", params![id, path]).map_err(&sql)?;
        }
        tx.commit().map_err(&sql)?;
        Ok(gone.len())
    }

    /// Decides which new paths are moves, and renames the rows of the files that moved. To be called when a walk is
    /// complete; [`Library::end_run`] of a finished run does so.
    ///
    /// # Errors
    /// `Busy`, `Full`, `ReadOnly`, `Damaged`.
    pub fn settle_moves(&mut self) -> Result<Settled, LibraryError> {
        let sql = LibraryError::sql("looking for moved files in", &self.path);
        let mut candidates = self.candidates().map_err(&sql)?;
        // The file system is asked before the transaction: it may take its time, and nobody should wait for it.
        for c in candidates.iter_mut().filter(|c| c.settled || c.gone) {
            c.gone = is_gone(&c.path);
        }
        let sql = LibraryError::sql("settling moved files in", &self.path);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&sql)?;
        let mut out = Settled::default();
        for track in candidates.chunk_by(|a, b| a.track == b.track) {
            let gone: Vec<_> = track.iter().filter(|c| c.gone).collect();
            let new: Vec<_> = track.iter().filter(|c| !c.settled && !c.gone).collect();
            match (&gone[..], &new[..]) {
                ([], _) | (_, []) => {}
                ([old], [new]) => {
                    rename(&tx, old, new).map_err(&sql)?;
                    out.moves.push(Move { from: old.path.clone(), to: new.path.clone() });
                }
                _ => {
                    let note = format!(
                        "a move is not decided: of the same audio, {} files are gone and {} are new",
                        gone.len(),
                        new.len()
                    );
                    for c in &new {
                        let set = "UPDATE file SET note = ?2 WHERE id = ?1";
                        tx.execute(set, params![c.id, note]).map_err(&sql)?;
                        out.undecided.push(format!("{}: {note}", c.path));
                    }
                }
            }
            for c in gone {
                tx.execute("UPDATE file SET gone = 1 WHERE id = ?1 AND path = ?2", params![c.id, c.path])
                    .map_err(&sql)?;
            }
        }
        tx.execute("UPDATE file SET settled = 1 WHERE settled = 0", []).map_err(&sql)?;
        tx.commit().map_err(&sql)?;
        Ok(out)
    }

    /// All files of tracks that have a new path and a file besides, in the order of track and row.
    fn candidates(&self) -> rusqlite::Result<Vec<Candidate>> {
        let mut q = self.db.prepare_cached(
            "SELECT track_id, id, path, settled, gone FROM file WHERE track_id IN \
             (SELECT track_id FROM file WHERE settled = 0 AND track_id IS NOT NULL) AND track_id IN \
             (SELECT track_id FROM file WHERE track_id IS NOT NULL GROUP BY track_id HAVING count(*) > 1) \
             ORDER BY track_id, id",
        )?;
        let rows = q.query_map([], |r| {
            Ok(Candidate { track: r.get(0)?, id: r.get(1)?, path: r.get(2)?, settled: r.get(3)?, gone: r.get(4)? })
        })?;
        rows.collect()
    }
}

/// Gives the old row the place of the new one, so that what others know it by stays.
fn rename(tx: &rusqlite::Transaction<'_>, old: &Candidate, new: &Candidate) -> rusqlite::Result<()> {
    let (bytes, modified, status, run): (i64, Option<i64>, String, Option<i64>) =
        tx.query_row("SELECT bytes, modified_ns, status, seen_run FROM file WHERE id = ?1", [new.id], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
        })?;
    // Failures under other versions belong to the content, which is the new path's.
    tx.execute("DELETE FROM failure WHERE file_id = ?1", [old.id])?;
    tx.execute("UPDATE failure SET file_id = ?1 WHERE file_id = ?2", params![old.id, new.id])?;
    tx.execute("DELETE FROM file WHERE id = ?1", [new.id])?;
    tx.execute(
        "UPDATE file SET path = ?2, bytes = ?3, modified_ns = ?4, status = ?5, seen_run = ?6, gone = 0, settled = 1, \
         moved_from = path, note = NULL WHERE id = ?1",
        params![old.id, new.path, bytes, modified, status, run],
    )?;
    Ok(())
}
