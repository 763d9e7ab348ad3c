//! The record of one track as it leaves: one JSON object, the same from the command, the package and the page.
//!
//! Enters: the fate of one input, with its numbers where there are any. Leaves: with the feature `serde`, the fields `v`,
//! `path`, `status`, `code`, `detail`, `audio_id`, `decoder`, `backend`, `schema`, `descriptor`, `why_null`, `table`, always
//! all of them and in this order. A number that is unknown is `null` and has its reason in `why_null`; f32 are printed as
//! the shortest decimal that reads back to the same bits (by any writer of serde that does so for f32, as `serde_json`
//! does; not by way of a `Value`, which holds f64).

use crate::{Descriptor, Status, TRACK_SCHEMA, TrackTable};

/// Version of the record's own layout, field `v`.
pub const RECORD_VERSION: u32 = 1;

/// The fate of one input and its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRecord {
    /// The input, as text. Paths that are not plain text stand in the escaped form of the library.
    pub path: String,
    /// How it ended.
    pub status: Status,
    /// Stable code where the status is not `ok`.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// Hash of the stream's encoded packets: the same for a renamed or retagged copy.
    pub audio_id: Option<String>,
    /// What decoded it.
    pub decoder: Option<String>,
    /// What computed it.
    pub backend: Option<String>,
    /// Version of the definition of the numbers, `trk-1`.
    pub schema: String,
    /// The 25 numbers; `None` where nothing could be measured.
    pub descriptor: Option<Descriptor>,
    /// The wider table.
    pub table: Option<TrackTable>,
}

impl TrackRecord {
    /// A record of the current schema without numbers. `path` is text as [`crate::path_text`] makes it.
    #[must_use]
    pub fn without_numbers(path: String, status: Status) -> Self {
        Self {
            path,
            status,
            code: None,
            detail: None,
            audio_id: None,
            decoder: None,
            backend: None,
            schema: TRACK_SCHEMA.to_owned(),
            descriptor: None,
            table: None,
        }
    }
}

/// What was done to the samples of a source before anything was measured, in words: `mixed from 2 channels, resampled from
/// 48000 Hz to 44100 Hz`; `None` where they are as the source has them. `mixed`: one channel was made of several.
#[must_use]
pub fn processing(channels: u32, mixed: bool, source_rate_hz: u32, rate_hz: u32) -> Option<String> {
    let mix = (mixed && channels > 1).then(|| format!("mixed from {channels} channels"));
    let rate = (source_rate_hz != rate_hz).then(|| format!("resampled from {source_rate_hz} Hz to {rate_hz} Hz"));
    match (mix, rate) {
        (Some(mix), Some(rate)) => Some(format!("{mix}, {rate}")),
        (mix, rate) => mix.or(rate),
    }
}

impl TrackTable {
    /// The same table without numbers that are none: an array with a NaN or an infinity in it becomes unknown as a whole.
    /// JSON knows only finite numbers, and an array with holes would not read back.
    #[must_use]
    pub fn finite(mut self) -> Self {
        fn keep<const N: usize>(a: &mut Option<[f32; N]>) {
            *a = a.filter(|a| a.iter().all(|v| v.is_finite()));
        }
        keep(&mut self.mfcc_mean);
        keep(&mut self.mfcc_std);
        keep(&mut self.chroma);
        keep(&mut self.tonnetz);
        for v in [
            &mut self.key_margin,
            &mut self.tuning,
            &mut self.zero_crossing_rate,
            &mut self.rms_mean,
            &mut self.rms_std,
            &mut self.bandwidth,
            &mut self.flux,
            &mut self.true_peak,
            &mut self.loudness_range,
        ] {
            *v = v.filter(|v| v.is_finite());
        }
        for section in self.sections.iter_mut().flatten() {
            let s = section;
            for v in [&mut s.energy, &mut s.brightness, &mut s.density, &mut s.slope_db, &mut s.novelty] {
                *v = v.filter(|v| v.is_finite());
            }
            if let Some(t) = &mut s.transition {
                for v in [&mut t.change_db, &mut t.brightness_ratio, &mut t.density_ratio] {
                    *v = v.filter(|v| v.is_finite());
                }
            }
        }
        if !self.duration.is_finite() {
            self.duration = 0.0;
        }
        self
    }
}

#[cfg(feature = "serde")]
mod json {
    use std::collections::BTreeMap;

    use serde::de::Error;
    use serde::ser::{SerializeMap, SerializeStruct};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{RECORD_VERSION, TrackRecord};
    use crate::{DIMENSIONS, Descriptor, Status, TRACK_DIMENSIONS, TrackTable, Why};

    /// Name to number or null, in the order of the dimensions.
    struct Values<'a>(&'a Descriptor);

    impl Serialize for Values<'_> {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let mut map = s.serialize_map(Some(DIMENSIONS))?;
            for (d, v) in TRACK_DIMENSIONS.iter().zip(self.0.values) {
                map.serialize_entry(d.name, &v.is_finite().then_some(v))?;
            }
            map.end()
        }
    }

    /// Name to reason, only where there is one.
    struct Reasons<'a>(Option<&'a Descriptor>);

    impl Serialize for Reasons<'_> {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let reasons = self.0.map_or([None; DIMENSIONS], |d| d.why);
            let mut map = s.serialize_map(Some(reasons.iter().flatten().count()))?;
            for (d, why) in TRACK_DIMENSIONS.iter().zip(reasons) {
                if let Some(why) = why {
                    map.serialize_entry(d.name, &why)?;
                }
            }
            map.end()
        }
    }

    impl Serialize for TrackRecord {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let mut out = s.serialize_struct("TrackRecord", 12)?;
            out.serialize_field("v", &RECORD_VERSION)?;
            out.serialize_field("path", &self.path)?;
            out.serialize_field("status", &self.status)?;
            out.serialize_field("code", &self.code)?;
            out.serialize_field("detail", &self.detail)?;
            out.serialize_field("audio_id", &self.audio_id)?;
            out.serialize_field("decoder", &self.decoder)?;
            out.serialize_field("backend", &self.backend)?;
            out.serialize_field("schema", &self.schema)?;
            out.serialize_field("descriptor", &self.descriptor.as_ref().map(Values))?;
            out.serialize_field("why_null", &Reasons(self.descriptor.as_ref()))?;
            out.serialize_field("table", &self.table)?;
            out.end()
        }
    }

    #[derive(Deserialize)]
    struct Wire {
        v: u32,
        path: String,
        status: Status,
        code: Option<String>,
        detail: Option<String>,
        audio_id: Option<String>,
        decoder: Option<String>,
        backend: Option<String>,
        schema: String,
        descriptor: Option<BTreeMap<String, Option<f32>>>,
        #[serde(default)]
        why_null: BTreeMap<String, Why>,
        table: Option<TrackTable>,
    }

    fn descriptor(values: &BTreeMap<String, Option<f32>>, why: &BTreeMap<String, Why>) -> Result<Descriptor, String> {
        let mut out = Descriptor { values: [f32::NAN; DIMENSIONS], why: [None; DIMENSIONS] };
        for (i, d) in TRACK_DIMENSIONS.iter().enumerate() {
            match (values.get(d.name), why.get(d.name)) {
                (None, _) => return Err(format!("descriptor has no \"{}\"; expected all {DIMENSIONS} names", d.name)),
                (Some(Some(v)), None) => out.values[i] = *v,
                (Some(None), Some(why)) => out.why[i] = Some(*why),
                (Some(None), None) => return Err(format!("{} is null without a reason in why_null", d.name)),
                (Some(Some(_)), Some(_)) => {
                    return Err(format!("{} has a number and a reason why it has none", d.name));
                }
            }
        }
        if values.len() != DIMENSIONS || why.keys().any(|k| !values.contains_key(k)) {
            return Err("a name that is no dimension".into());
        }
        Ok(out)
    }

    impl<'de> Deserialize<'de> for TrackRecord {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            let w = Wire::deserialize(d)?;
            if w.v != RECORD_VERSION {
                return Err(D::Error::custom(format!("record version {}; expected {RECORD_VERSION}", w.v)));
            }
            let descriptor = w.descriptor.map(|v| descriptor(&v, &w.why_null)).transpose().map_err(D::Error::custom)?;
            Ok(Self {
                path: w.path,
                status: w.status,
                code: w.code,
                detail: w.detail,
                audio_id: w.audio_id,
                decoder: w.decoder,
                backend: w.backend,
                schema: w.schema,
                descriptor,
                table: w.table,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_to_samples_is_said() {
        assert_eq!(processing(1, true, 44_100, 44_100), None);
        assert_eq!(processing(2, false, 44_100, 44_100), None);
        assert_eq!(processing(6, true, 44_100, 44_100).as_deref(), Some("mixed from 6 channels"));
        assert_eq!(processing(2, false, 48_000, 44_100).as_deref(), Some("resampled from 48000 Hz to 44100 Hz"));
        let both = "mixed from 2 channels, resampled from 44100 Hz to 22050 Hz";
        assert_eq!(processing(2, true, 44_100, 22_050).as_deref(), Some(both));
    }

    #[test]
    fn a_table_keeps_what_is_finite() {
        let table = TrackTable {
            mfcc_mean: Some([1.0; 13]),
            chroma: Some([f32::NAN; 12]),
            true_peak: Some(f32::NEG_INFINITY),
            flux: Some(2.0),
            ..TrackTable::default()
        };
        let want = TrackTable { mfcc_mean: Some([1.0; 13]), flux: Some(2.0), ..TrackTable::default() };
        assert_eq!(table.finite(), want);
    }
}
