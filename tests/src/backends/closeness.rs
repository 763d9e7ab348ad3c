//! The comparer for backends that do not promise equal bits: how far a value may lie from another one's, in dB.
//!
//! f32 rounds relative to what is loudest in a frame, so an error of fixed size in amplitude is the larger in dB the quieter a
//! band is. A bound therefore holds down to [`DEPTH_DB`] below the loudest band of the same output, and doubles with every
//! 6 dB below that.

use earprint_compute::{MelPlan, MelValues};
use earprint_core::Power;
use earprint_signal::{f16_from_f32, f32_from_f16};

/// Depth below the loudest band down to which a bound is meant as it stands, dB.
pub const DEPTH_DB: f64 = 60.0;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Closeness {
    /// Largest difference down to [`DEPTH_DB`], dB.
    pub largest_db: f64,
    /// Largest difference anywhere, as a share of what is allowed there.
    pub share: f64,
}

/// Compares `got`, f32 or f16 `(T, M)`, with `want` in f32: within `bound_db`, then rounded to the type of `got`.
///
/// # Errors
/// The first value outside, or that is not finite, or another number of values.
pub fn close(plan: &MelPlan, want: &[f32], got: &MelValues, bound_db: f64) -> Result<Closeness, String> {
    let half = matches!(got, MelValues::F16(_));
    let got: Vec<f32> = match got {
        MelValues::F32(v) => v.clone(),
        MelValues::F16(v) => v.iter().map(|&h| f32_from_f16(h)).collect(),
    };
    if want.len() != got.len() {
        return Err(format!("{} values expected, {} came", want.len(), got.len()));
    }
    let unit = Unit::of(plan);
    let n_mels = plan.job.spec.n_mels;
    let mut found = Closeness::default();
    for (t, (want, got)) in want.chunks(n_mels).zip(got.chunks(n_mels)).enumerate() {
        let loudest = want.iter().map(|&w| unit.db(w.into())).fold(f64::NEG_INFINITY, f64::max);
        for (m, (&w, &g)) in want.iter().zip(got).enumerate() {
            let w_db = unit.db(w.into());
            let deep = loudest - w_db > DEPTH_DB;
            let allowed = bound_db * if deep { 10_f64.powf((loudest - w_db - DEPTH_DB) / 20.0) } else { 1.0 };
            let round = |x: f64| if half { f32_from_f16(f16_from_f32(x as f32)) } else { x as f32 };
            let (low, high) = (round(unit.moved(w.into(), -allowed)), round(unit.moved(w.into(), allowed)));
            if !(low..=high).contains(&g) || !g.is_finite() {
                return Err(format!(
                    "output {t} band {m}: {g} came, expected {low} to {high} ({w} +- {allowed:.1e} dB)"
                ));
            }
            // Steps of f16 would only blur what is measured.
            let apart = (unit.db(g.into()) - w_db).abs();
            if !half && apart.is_finite() {
                found.largest_db = found.largest_db.max(if deep { 0.0 } else { apart });
                found.share = found.share.max(apart / allowed);
            }
        }
    }
    Ok(found)
}

/// What a value of a job means in dB.
struct Unit {
    logarithmic: bool,
    /// dB of a neper of the value before the logarithm.
    db_per_neper: f64,
    /// The value's units per neper.
    scale: f64,
}

impl Unit {
    fn of(plan: &MelPlan) -> Self {
        let per_decade = match plan.job.spec.power {
            Power::Power => 10.0,
            Power::Magnitude => 20.0,
        };
        let post = plan.tables.post;
        let db_per_neper = per_decade / std::f64::consts::LN_10;
        Self { logarithmic: post.on, db_per_neper, scale: post.scale.into() }
    }

    /// dB relative to anything.
    fn db(&self, value: f64) -> f64 {
        if self.logarithmic { value / self.scale * self.db_per_neper } else { value.ln() * self.db_per_neper }
    }

    /// The value `db` higher.
    fn moved(&self, value: f64, db: f64) -> f64 {
        let neper = db / self.db_per_neper;
        match value {
            _ if self.logarithmic => value + neper * self.scale,
            // Nothing is any number of dB above silence.
            0.0 => 0.0,
            _ => value * neper.exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_compute::Dtype;
    use earprint_core::{Log, MelJob};

    fn plan(log: Log, power: Power) -> MelPlan {
        let mut job = MelJob::preset("leak").unwrap();
        (job.spec.n_mels, job.spec.log, job.spec.power) = (3, log, power);
        MelPlan::new(job, Dtype::F32).unwrap()
    }

    #[test]
    fn bounds_are_db_whatever_the_unit_and_widen_with_depth() {
        let db = Log::Db { amin: 1e-10, reference: 1.0, top_db: None };
        // (log, power, values of 0, -60 and -80 dB, their unit's change by 1 dB)
        let cases = [
            (db, Power::Power, [0.0, -60.0, -80.0], 1.0),
            (db, Power::Magnitude, [0.0, -60.0, -80.0], 1.0),
            (Log::Log10 { amin: 1e-10 }, Power::Power, [0.0, -6.0, -8.0], 0.1),
            (Log::Log10 { amin: 1e-10 }, Power::Magnitude, [0.0, -3.0, -4.0], 0.05),
        ];
        for (log, power, want, unit) in cases {
            let plan = plan(log, power);
            let at = |i: usize, db: f32| {
                let mut got = want;
                got[i] += db * unit;
                close(&plan, &want, &MelValues::F32(got.to_vec()), 0.01)
            };
            assert!(at(1, 0.009).is_ok() && at(1, 0.011).is_err(), "{log:?} {power:?}");
            assert!(at(2, 0.09).is_ok() && at(2, -0.11).is_err(), "{log:?} {power:?}");
            assert!((at(0, -0.009).unwrap().largest_db - 0.009).abs() < 1e-4);
            assert!(at(0, f32::NAN).is_err());
        }
        let linear = plan(Log::None, Power::Power);
        let close = |got: [f32; 3]| close(&linear, &[1.0, 0.5, 0.0], &MelValues::F32(got.to_vec()), 0.01);
        assert!(close([1.002, 0.5, 0.0]).is_ok() && close([1.003, 0.5, 0.0]).is_err());
        assert!(close([1.0, 0.5, 1e-9]).is_err(), "silence stays silent");
    }

    #[test]
    fn halves_may_be_the_neighbour_only_where_the_bound_reaches_it() {
        let plan = plan(Log::Db { amin: 1e-10, reference: 1.0, top_db: None }, Power::Power);
        let step = 2.0_f32.powi(-5);
        let of = |x: f32| MelValues::F16(vec![f16_from_f32(x); 3]);
        let near_half = 40.0 + step / 2.0 - 0.0005;
        assert!(close(&plan, &[near_half; 3], &of(40.0), 1e-3).is_ok());
        assert!(close(&plan, &[near_half; 3], &of(40.0 + step), 1e-3).is_ok());
        assert!(close(&plan, &[40.0; 3], &of(40.0 + step), 1e-3).is_err());
    }
}
