//! How to add a device: this file is a whole backend, for a machine we do not have, that computes from the definition in f64.
//!
//! 1. `info`: a name for records. `Kind::Other("…")` until the device has its own kind.
//! 2. `budget`: what one batch may hold. The pipeline cuts its work by it; kernels never do.
//! 3. `submit`: starts a batch and returns. Refuse what the device cannot do (`Unsupported`), say `OutOfMemory` where half
//!    might fit, `DeviceLost` once everything made from the device is dead; the pipeline knows what to do with each.
//! 4. `collect`: waits for the batches in the order of submission and returns `(T, M)` row-major, in `plan.dtype`.
//! 5. In `tests/tests/suite.rs`: one `suite!` line with what it promises.
//!
//! A GPU takes its tables and uniform block from `earprint_compute::GpuTables` and its kernel from `earprint_shaders`, as
//! `earprint-cuda/src/backend/` does; then it can promise equal bits. Here all comes from `plan.tables` and three sums.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::future::ready;
use std::sync::Arc;

use earprint_compute::{
    Backend, BackendInfo, Budget, Collected, ComputeError, Dtype, Kind, MelBatch, MelPlan, MelValues, PcmBuffer, Ticket,
};
use earprint_signal::f16_from_f32;

/// The definition as a backend: slow, and within [`ExampleBackend::BOUND_DB`] of every other one.
pub struct ExampleBackend {
    info: BackendInfo,
    done: VecDeque<(u64, MelValues)>,
    next: u64,
}

impl ExampleBackend {
    /// Largest difference from the CPU kernel, dB, as `closeness` measures it. Measured 3.1e-4 over the suite, 2026-11, x86-64.
    pub const BOUND_DB: f64 = 1e-3;

    /// Opens the device.
    pub fn open() -> Self {
        let device = "the definition in f64".to_owned();
        Self {
            info: BackendInfo { kind: Kind::Other("example"), device, software: true },
            done: VecDeque::new(),
            next: 0,
        }
    }
}

impl Backend for ExampleBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn budget(&self) -> Budget {
        Budget { largest_buffer: 64 << 20, total: 192 << 20, outputs: 1 << 22 }
    }

    /// Computes at once, so a second batch under way gains nothing.
    fn depth(&self) -> usize {
        1
    }

    fn submit(&mut self, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<Ticket, ComputeError> {
        let mel = compute(plan, batch);
        let values = match plan.dtype {
            Dtype::F32 => MelValues::F32(mel),
            Dtype::F16 => MelValues::F16(mel.into_iter().map(f16_from_f32).collect()),
        };
        self.next += 1;
        self.done.push_back((self.next, values));
        Ok(Ticket(self.next))
    }

    fn collect(&mut self, ticket: Ticket) -> Collected<'_> {
        let (number, values) = self.done.pop_front().expect("a ticket is collected once");
        assert_eq!(number, ticket.0, "tickets are collected in the order of submission");
        Box::pin(ready(Ok(values)))
    }
}

/// Mel of all outputs, `(T, M)`.
fn compute(plan: &MelPlan, batch: &MelBatch) -> Vec<f32> {
    let (tables, grid, n) = (&plan.tables, &plan.grid, plan.grid.n_fft);
    let sample = |i: usize| match &batch.pcm {
        PcmBuffer::I16(s) => f64::from(s[i]) / 32_768.0,
        PcmBuffer::F32(s) => f64::from(s[i]),
    };
    let circle: Vec<(f64, f64)> = (0..n).map(|k| (TAU * k as f64 / n as f64).sin_cos()).collect();
    let mut out = Vec::with_capacity(batch.outputs() * plan.job.spec.n_mels);
    for start in batch.starts(grid) {
        // Power (or magnitude) of every bin, mean over the output's frames.
        let mut power = vec![0.0; n / 2 + 1];
        for frame in 0..grid.pool_frames {
            let first = start as usize + frame * grid.hop;
            // The tables hold half the window: the fast kernels fold a factor in.
            let x: Vec<f64> = (0..n).map(|i| sample(first + i) * 2.0 * f64::from(tables.half_window[i])).collect();
            for (f, sum) in power.iter_mut().enumerate() {
                let (mut re, mut im, mut turn) = (0.0, 0.0, 0);
                for x in &x {
                    let (sin, cos) = circle[turn];
                    re += x * cos;
                    im -= x * sin;
                    turn += f;
                    turn -= if turn >= n { n } else { 0 };
                }
                let p = re * re + im * im;
                *sum += if tables.magnitude { p.sqrt() } else { p } / grid.pool_frames as f64;
            }
        }
        let (bank, post) = (&tables.bank, &tables.post);
        for m in 0..plan.job.spec.n_mels {
            let weights = &bank.weights[bank.offset[m] as usize..bank.offset[m + 1] as usize];
            let bins = &power[bank.first_bin[m] as usize..];
            let mel: f64 = weights.iter().zip(bins).map(|(w, p)| f64::from(*w) * p).sum();
            let amin = f64::from(post.amin);
            let log = || mel.max(amin).ln() * f64::from(post.scale) + f64::from(post.offset);
            out.push(if post.on { log() } else { mel } as f32);
        }
    }
    out
}
