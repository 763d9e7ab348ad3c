//! The 25 columns: their names in statements, their values in rows.

use std::fmt::Write;

use earprint_core::{DIMENSIONS, Descriptor, Status, TRACK_DIMENSIONS, TrackTable, Why};
use rusqlite::Row;
use rusqlite::types::Type;

/// `prefix.sub_bass, prefix.bass, ...`.
pub(crate) fn columns(prefix: &str) -> String {
    let names: Vec<String> = TRACK_DIMENSIONS.iter().map(|d| format!("{prefix}{}", d.name)).collect();
    names.join(", ")
}

/// The values in the columns from `at` on; NULL is NaN.
pub(crate) fn values(row: &Row<'_>, at: usize) -> rusqlite::Result<[f32; DIMENSIONS]> {
    let mut out = [f32::NAN; DIMENSIONS];
    for (d, v) in out.iter_mut().enumerate() {
        // Stored as f64, which holds every f32.
        if let Some(x) = row.get::<_, Option<f64>>(at + d)? {
            *v = x as f32;
        }
    }
    Ok(out)
}

/// The reasons as JSON; `None` where every number is known.
pub(crate) fn why_json(descriptor: &Descriptor) -> Option<String> {
    let mut out = String::new();
    for (d, why) in TRACK_DIMENSIONS.iter().zip(descriptor.why) {
        if let Some(why) = why {
            let comma = if out.is_empty() { '{' } else { ',' };
            write!(out, "{comma}\"{}\":\"{}\"", d.name, why.as_str()).expect("memory");
        }
    }
    (!out.is_empty()).then(|| out + "}")
}

/// Values and reasons together again. A NULL without a reason, as another program may have left, is `Undefined`.
pub(crate) fn descriptor(row: &Row<'_>, values_at: usize, why_at: usize) -> rusqlite::Result<Descriptor> {
    let values = values(row, values_at)?;
    let mut why: [Option<Why>; DIMENSIONS] = [None; DIMENSIONS];
    if let Some(text) = row.get_ref(why_at)?.as_str_or_null()? {
        let named: std::collections::BTreeMap<String, Why> = json(why_at, text)?;
        for (d, w) in TRACK_DIMENSIONS.iter().zip(&mut why) {
            *w = named.get(d.name).copied();
        }
    }
    for (v, w) in values.iter().zip(&mut why) {
        *w = if v.is_nan() { Some(w.unwrap_or(Why::Undefined)) } else { None };
    }
    Ok(Descriptor { values, why })
}

/// The wider table of a column, where there is one.
pub(crate) fn table(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<TrackTable>> {
    row.get_ref(at)?.as_str_or_null()?.map(|text| json(at, text)).transpose()
}

fn json<'a, T: serde::Deserialize<'a>>(column: usize, text: &'a str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}

/// A status word.
pub(crate) fn status(row: &Row<'_>, at: usize) -> rusqlite::Result<Status> {
    let word: String = row.get(at)?;
    [Status::Ok, Status::Partial, Status::Skipped, Status::Error]
        .into_iter()
        .find(|s| s.as_str() == word)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(at, "status".into(), Type::Text))
}
