//! The stored scale of the collection, and its tracks on it.

use earprint_collection::{Collection, REFERENCE_UNDER, Scale, Values};
use earprint_core::TRACK_DIMENSIONS;
use rusqlite::{TransactionBehavior, params};

use crate::rows::{columns, values};
use crate::{Library, LibraryError, RunId};

/// A scale and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredScale {
    /// The scale.
    pub scale: Scale,
    /// Tracks it was made from; under 20 it is the reference scale.
    pub tracks: usize,
    /// The last run before it was made.
    pub run: Option<RunId>,
}

impl StoredScale {
    /// True for the fixed reference scale.
    pub fn is_reference(&self) -> bool {
        self.tracks < REFERENCE_UNDER
    }
}

impl Library {
    /// Tracks with an existing file and numbers of version `schema`: id and numbers, by id; copies count once.
    ///
    /// # Errors
    /// `Busy`, `Damaged`.
    pub fn vectors(&self, schema: &str) -> Result<Vec<(i64, Values)>, LibraryError> {
        let sql = LibraryError::sql("reading", &self.path);
        let text = format!(
            "SELECT r.track_id, {} FROM record r WHERE r.schema = ?1 AND EXISTS \
             (SELECT 1 FROM file f WHERE f.track_id = r.track_id AND f.gone = 0) ORDER BY r.track_id",
            columns("r.")
        );
        let mut q = self.db.prepare_cached(&text).map_err(&sql)?;
        let rows = q.query_map([schema], |r| Ok((r.get(0)?, values(r, 1)?))).map_err(&sql)?;
        rows.collect::<Result<_, _>>().map_err(&sql)
    }

    /// Makes the scale anew from the tracks there are, and stores it.
    ///
    /// # Errors
    /// `Busy`, `Full`, `ReadOnly`, `Damaged`; `Collection` for a version without a reference scale.
    pub fn update_scale(&mut self, schema: &str) -> Result<StoredScale, LibraryError> {
        let tracks = self.vectors(schema)?;
        let scale = Scale::of(schema, tracks.iter().map(|t| &t.1))?;
        let sql = LibraryError::sql("storing the scale of", &self.path);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&sql)?;
        let run: Option<i64> = tx.query_row("SELECT max(id) FROM run", [], |r| r.get(0)).map_err(&sql)?;
        tx.execute("DELETE FROM scale WHERE schema = ?1", [schema]).map_err(&sql)?;
        for (d, dimension) in TRACK_DIMENSIONS.iter().enumerate() {
            let row =
                params![schema, d as i64, dimension.name, scale.low()[d], scale.high()[d], tracks.len() as i64, run];
            tx.execute("INSERT INTO scale VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", row).map_err(&sql)?;
        }
        tx.commit().map_err(&sql)?;
        Ok(StoredScale { scale, tracks: tracks.len(), run: run.map(RunId) })
    }

    /// The stored scale; the reference scale where none was stored.
    ///
    /// # Errors
    /// `Busy`, `Damaged`; `Collection` for a version without a reference scale, or stored numbers that are none.
    pub fn scale(&self, schema: &str) -> Result<StoredScale, LibraryError> {
        let sql = LibraryError::sql("reading the scale of", &self.path);
        let text = "SELECT low, high, tracks, run FROM scale WHERE schema = ?1 ORDER BY position";
        let mut q = self.db.prepare_cached(text).map_err(&sql)?;
        let (mut low, mut high, mut tracks, mut run) = (Vec::new(), Vec::new(), 0_i64, None);
        let mut rows = q.query([schema]).map_err(&sql)?;
        while let Some(r) = rows.next().map_err(&sql)? {
            low.push(r.get(0).map_err(&sql)?);
            high.push(r.get(1).map_err(&sql)?);
            tracks = r.get(2).map_err(&sql)?;
            run = r.get(3).map_err(&sql)?;
        }
        let scale = if low.is_empty() { Scale::reference(schema)? } else { Scale::from_parts(schema, &low, &high)? };
        Ok(StoredScale { scale, tracks: usize::try_from(tracks).unwrap_or(0), run: run.map(RunId) })
    }

    /// The tracks of version `schema` on the stored scale, ready to be searched; ids are track ids.
    ///
    /// # Errors
    /// As [`Library::scale`].
    pub fn collection(&self, schema: &str) -> Result<Collection, LibraryError> {
        let scale = self.scale(schema)?.scale;
        let tracks = self.vectors(schema)?;
        Ok(Collection::new(scale, tracks.iter().map(|(id, v)| (*id, schema, v)))?)
    }
}
