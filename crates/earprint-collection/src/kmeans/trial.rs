//! How fast a device finds nearest centres of the first rows, so that the fastest can be taken.

use std::ops::ControlFlow;

use super::{Crew, Device, KMeans, Rows, kmeans_on};

/// Rows of a trial: some milliseconds of work.
const ROWS: usize = 1 << 16;

/// Runs; the first also compiles and uploads, and the best counts.
const TIMES: usize = 3;

/// The first rows and centres of a job. A device that took part holds these rows: the job itself needs one of its own.
pub struct Trial {
    rows: Rows,
    init: Vec<f64>,
}

impl Trial {
    /// For `k` clusters of `rows`: their first 65,536, from the first `k` of those.
    pub fn new(rows: &Rows, k: usize) -> Self {
        let rows = rows.first(ROWS);
        let init = (0..k.clamp(1, rows.len())).flat_map(|row| rows.row(row)).collect();
        Self { rows, init }
    }

    /// Rows a second of a run of one iteration (two passes and the inertia), the best of three; `now` tells the time in seconds. Without
    /// a device: of `crew`.
    ///
    /// # Errors
    /// What the device or the rows say.
    pub async fn rate<C: Crew>(
        &self,
        crew: &C,
        mut device: Option<&mut dyn Device>,
        now: &dyn Fn() -> f64,
    ) -> Result<f64, String> {
        let k = self.init.len() / self.rows.columns();
        let job = KMeans { max_iter: 1, init: Some(self.init.clone()), ..KMeans::new(k) };
        let mut seconds = f64::INFINITY;
        for _ in 0..TIMES {
            let started = now();
            let on = device.as_mut().map(|device| &mut **device as &mut dyn Device);
            let done = kmeans_on(&self.rows, &job, 1, crew, on, &mut |_| ControlFlow::Continue(())).await;
            if let Some(why) = done.map_err(|e| e.to_string())?.note {
                return Err(why);
            }
            seconds = seconds.min(now() - started);
        }
        Ok(self.rows.len() as f64 / seconds.max(1e-9))
    }
}
