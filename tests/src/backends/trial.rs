//! A backend on trial: what it promises, against whom, and what came of every comparison.

use std::sync::Arc;

use earprint_compute::{Backend, ComputeError, CpuBackend, MelBatch, MelPlan, MelValues};
use earprint_signal::{Width, f32_from_f16};

use crate::compare;

/// What a backend's values are to those of another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Promise {
    /// The same bits.
    EqualBits,
    /// At most so far away in the job's unit (dB, bels for `whisper`); linear values relative to the largest one.
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

    /// A slow backend that stays within `bound` of the scalar CPU kernel.
    pub fn within(backend: impl Backend + 'static, bound: f64) -> Self {
        Self { promise: Promise::Within(bound), clips: 10, ..Self::exact(backend) }
    }
}

/// What a suite found.
#[derive(Debug, Default)]
pub struct Report {
    /// Comparisons made.
    pub comparisons: usize,
    /// Values compared.
    pub values: usize,
    /// Values whose bits were equal.
    pub equal: usize,
    /// Largest difference, in the values' unit.
    pub largest: f64,
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
        let want = compute(self.candidate.against.as_mut(), plan, batch).expect("the one compared with works");
        self.compare(case, &want, got, self.candidate.promise, plan.tables.post.on);
    }

    /// Two results of the candidate itself: the same bits whatever it promises.
    pub fn same(&mut self, case: &str, want: &MelValues, got: &MelValues) {
        self.compare(case, want, got, Promise::EqualBits, true);
    }

    fn compare(&mut self, case: &str, want: &MelValues, got: &MelValues, promise: Promise, logarithmic: bool) {
        self.report.comparisons += 1;
        let (half, w, g) = match (want, got) {
            (MelValues::F32(w), MelValues::F32(g)) => (false, w.clone(), g.clone()),
            (MelValues::F16(w), MelValues::F16(g)) => (true, wide(w), wide(g)),
            _ => return self.fail(case, "f32 against f16".to_owned()),
        };
        self.report.values += w.len();
        self.report.equal += w.iter().zip(&g).filter(|(w, g)| w.to_bits() == g.to_bits()).count();
        let found = match promise {
            Promise::EqualBits => compare::equal_bits(&w, &g),
            Promise::Within(bound) => {
                let largest = f64::from(w.iter().map(|x| x.abs()).fold(0.0, f32::max));
                // Rounding to 11 bits may fall either way: one step at the largest value.
                let step = if half { largest / 1024.0 } else { 0.0 };
                let bound = if logarithmic { bound } else { bound * largest };
                compare::within(&compare::wide(&w), &compare::wide(&g), bound + step).map(|d| {
                    // A bound is about f32 in the job's unit; steps of f16 and linear values would only blur it.
                    if !half && logarithmic {
                        self.report.largest = self.report.largest.max(d.largest);
                    }
                })
            }
        };
        if let Err(difference) = found {
            self.fail(case, difference);
        }
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
