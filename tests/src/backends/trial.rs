//! A backend on trial: what it promises, against whom, and what came of every comparison.

use std::sync::Arc;

use earprint_compute::{Backend, ComputeError, CpuBackend, Dtype, MelBatch, MelPlan, MelValues};
use earprint_signal::{Width, f32_from_f16};

use super::closeness::{self, Closeness};
use crate::compare;

/// What a backend's values are to those of another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Promise {
    /// The same bits.
    EqualBits,
    /// At most so many dB away, as [`closeness`] measures.
    Within(f64),
}

/// A backend and what is claimed of it.
pub struct Candidate {
    /// The backend.
    pub backend: Box<dyn Backend>,
    /// What its values are compared with.
    pub against: Box<dyn Backend>,
    /// How close they are.
    pub promise: Promise,
    /// Clips of the largest batch: 356 for a fast backend.
    pub clips: usize,
}

impl Candidate {
    /// A fast backend that promises the bits of the scalar CPU kernel.
    pub fn exact(backend: impl Backend + 'static) -> Self {
        let against = Box::new(CpuBackend::with_width(Width::Scalar));
        Self { backend: Box::new(backend), against, promise: Promise::EqualBits, clips: 356 }
    }

    /// A slow backend that stays within `bound_db` of the scalar CPU kernel.
    pub fn within(backend: impl Backend + 'static, bound_db: f64) -> Self {
        Self { promise: Promise::Within(bound_db), clips: 10, ..Self::exact(backend) }
    }
}

/// What a suite found.
#[derive(Debug, Default)]
pub struct Report {
    /// Comparisons made.
    pub comparisons: usize,
    /// Values compared.
    pub values: usize,
    /// How far values were apart where bits are not promised.
    pub closeness: Closeness,
    /// Comparisons that failed, and whatever else went wrong: check, case, what was expected, what came.
    pub failures: Vec<String>,
}

/// A candidate under one check after another.
pub struct Trial {
    /// The candidate.
    pub candidate: Candidate,
    /// Check under way, for failures.
    pub check: &'static str,
    /// What was found so far.
    pub report: Report,
}

impl Trial {
    /// Before the first check.
    pub fn new(candidate: Candidate) -> Self {
        Self { candidate, check: "", report: Report::default() }
    }

    /// The candidate's values; `None` where it fails, which is noted.
    pub fn got(&mut self, case: &str, plan: &Arc<MelPlan>, batch: &MelBatch) -> Option<MelValues> {
        let done = compute(self.candidate.backend.as_mut(), plan, batch);
        self.noted(case, done)
    }

    /// A result, its error noted.
    pub fn noted<T>(&mut self, case: &str, result: Result<T, ComputeError>) -> Option<T> {
        result.map_err(|e| self.fail(case, e.to_string())).ok()
    }

    /// Notes something wrong that is no comparison.
    pub fn fail(&mut self, case: &str, what: String) {
        self.report.failures.push(format!("{}, {case}: {what}", self.check));
    }

    /// The candidate's values of a batch are, as promised, the other one's.
    pub fn agrees(&mut self, case: &str, plan: &Arc<MelPlan>, batch: &MelBatch) -> Option<MelValues> {
        let got = self.got(case, plan, batch)?;
        self.matches(case, plan, batch, &got);
        Some(got)
    }

    /// [`Trial::agrees`] for values that are there already.
    pub fn matches(&mut self, case: &str, plan: &Arc<MelPlan>, batch: &MelBatch, got: &MelValues) {
        let mut wanted = plan.clone();
        if matches!(self.candidate.promise, Promise::Within(_)) {
            // A distance is one of f32 values; rounding comes after.
            wanted = Arc::new(MelPlan { dtype: Dtype::F32, ..(**plan).clone() });
        }
        let want = compute(self.candidate.against.as_mut(), &wanted, batch).expect("the one compared with works");
        match (self.candidate.promise, &want) {
            (Promise::Within(bound_db), MelValues::F32(want)) => {
                self.report.comparisons += 1;
                self.report.values += want.len();
                match closeness::close(plan, want, got, bound_db) {
                    Ok(found) => self.report.add(found),
                    Err(difference) => self.fail(case, difference),
                }
            }
            _ => self.same(case, &want, got),
        }
    }

    /// Two results that must have the same bits, whatever the candidate promises: equal bits to another one, or the
    /// candidate's own by another way.
    pub fn same(&mut self, case: &str, want: &MelValues, got: &MelValues) {
        self.report.comparisons += 1;
        let same = match (want, got) {
            (MelValues::F32(w), MelValues::F32(g)) => {
                self.report.values += w.len();
                compare::equal_bits(w, g)
            }
            (MelValues::F16(w), MelValues::F16(g)) => {
                self.report.values += w.len();
                compare::equal_bits(&wide(w), &wide(g))
            }
            _ => Err("f32 against f16".to_owned()),
        };
        if let Err(difference) = same {
            self.fail(case, difference);
        }
    }
}

impl Report {
    fn add(&mut self, found: Closeness) {
        self.closeness.largest_db = self.closeness.largest_db.max(found.largest_db);
        self.closeness.share = self.closeness.share.max(found.share);
    }
}

/// Submits and collects one batch.
///
/// # Errors
/// The backend's.
pub fn compute(backend: &mut dyn Backend, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<MelValues, ComputeError> {
    let ticket = backend.submit(plan, batch)?;
    pollster::block_on(backend.collect(ticket))
}

fn wide(half: &[u16]) -> Vec<f32> {
    half.iter().map(|&h| f32_from_f16(h)).collect()
}
