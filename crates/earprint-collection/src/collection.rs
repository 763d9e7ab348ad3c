//! Tracks of one version on one scale, ready to be searched.

use crate::{CollectionError, Distance, Scale, Values, distance, similar};

/// Scaled descriptors with the ids their owner knows them by, in the order of the ids.
#[derive(Debug, Clone)]
pub struct Collection {
    scale: Scale,
    ids: Vec<i64>,
    rows: Vec<Values>,
}

/// A track near another.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// Its id.
    pub id: i64,
    /// How far, and by what.
    pub distance: Distance,
}

impl Collection {
    /// Scales tracks given with id and version.
    ///
    /// # Errors
    /// `Schema` where a track is of another version than the scale.
    pub fn new<'a>(
        scale: Scale,
        tracks: impl IntoIterator<Item = (i64, &'a str, &'a Values)>,
    ) -> Result<Self, CollectionError> {
        let mut all = Vec::new();
        for (id, schema, values) in tracks {
            all.push((id, scale.scaled(schema, values)?));
        }
        all.sort_by_key(|t| t.0);
        let (ids, rows) = all.into_iter().unzip();
        Ok(Self { scale, ids, rows })
    }

    /// Number of tracks.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True without tracks.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The scale.
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Scaled values of a track.
    pub fn get(&self, id: i64) -> Option<&Values> {
        self.ids.binary_search(&id).ok().map(|at| &self.rows[at])
    }

    /// The `k` nearest tracks to unscaled `values` of version `schema`, nearest first, the lower id first among equals;
    /// without those that share too little with the query ([`crate::SHARED_AT_LEAST`]). `without` leaves one track out: the query itself.
    ///
    /// # Errors
    /// `Schema` where the query is of another version.
    pub fn similar(
        &self,
        schema: &str,
        values: &Values,
        without: Option<i64>,
        k: usize,
    ) -> Result<Vec<Neighbour>, CollectionError> {
        let query = self.scale.scaled(schema, values)?;
        let more = k.saturating_add(usize::from(without.is_some()));
        let found = similar(&query, &self.rows, more);
        let others = found.into_iter().filter(|n| Some(self.ids[n.index]) != without).take(k);
        Ok(others
            .map(|n| Neighbour { id: self.ids[n.index], distance: distance(&query, &self.rows[n.index]) })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_come_by_id_and_versions_never_mix() {
        // Eighths are exact: 1 and 3 are equally far from 2.
        let scale = Scale::from_parts("trk-1", &[0.0; 25], &[8.0; 25]).unwrap();
        let rows = [[1.0; 25], [2.0; 25], [7.0; 25], [3.0; 25]];
        let tracks =
            [(40, "trk-1", &rows[0]), (30, "trk-1", &rows[1]), (20, "trk-1", &rows[2]), (10, "trk-1", &rows[3])];
        let c = Collection::new(scale.clone(), tracks).unwrap();
        let ids = |without, k| {
            let found = c.similar("trk-1", &[2.0; 25], without, k).unwrap();
            found.iter().map(|n| n.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None, 3), [30, 10, 40]); // 10 and 40 are equally far
        assert_eq!(ids(Some(30), 2), [10, 40]);
        assert_eq!(ids(Some(99), 9), [30, 10, 40, 20]);
        assert_eq!(c.similar("trk-1x", &[2.0; 25], None, 1).unwrap_err().code(), "E_SCHEMA_MIX");
        assert!(Collection::new(scale, [(1, "trk-1x", &rows[0])]).is_err());
        assert_eq!(c.get(20), Some(&[0.875; 25]));
    }
}
